"""Who may read a dataset: terms to accept, grants on request, and the gate explained."""

from flask import Response

from api.calls import position_of, read, write
from api.door import Door, PageQuery
from api.paging import after_of, page_of
from api.v1.access_views import (
    AcceptancesView,
    AcceptanceView,
    AcceptBody,
    AccessBody,
    AccessChangeView,
    AccessQuery,
    AccessView,
    GrantBody,
    GrantsView,
    GrantView,
    ReasonBody,
    RequestBody,
    RequestsQuery,
    RequestsView,
    RequestView,
    TermsBody,
    TermsListView,
    TermsView,
    acceptances_shown,
)
from api.v1.dataset_bodies import version_number
from api.v1.dataset_naming import of_dataset
from registry.actors.model import Action
from registry.catalog import opening, requests, service, terms
from registry.catalog.access_model import AskForGrant, Grant, GrantRequest, GrantUntil, Terms
from registry.catalog.model import Openness, VersionName
from registry.errors import InvalidValueError
from registry.values.digest import Digest
from registry.values.identifiers import FirmId, GrantRequestId, OrderId
from registry.values.names import PublicName

door = Door("access", __name__, url_prefix="/v1")

SIDES = {"both": None, "made": False, "received": True}
TERMS_NUMBER_MAX = 999_999_999


# The gate.


@door.operation(
    "GET",
    "/datasets/<namespace>/<slug>/versions/<version>/access",
    {200: AccessView, 308: None},
    public=True,
    problems=(403,),
)
def explain_access(namespace: str, slug: str, version: str, query: AccessQuery) -> Response:
    """Say whether a version may be read, with every condition: for oneself, or as its publisher for another firm."""
    number = version_number(version)
    firm = FirmId(query.firm) if query.firm else None

    return of_dataset(
        namespace,
        slug,
        lambda view, held: (
            f"{held.name}@v{number}",
            firm or view.actor.firm,
            service.explained(view, VersionName(held.name, number), firm),
        ),
        lambda found: AccessView.of(*found),
    )


@door.operation("POST", "/datasets/<namespace>/<slug>/access", {200: AccessChangeView}, action=Action.SET_ACCESS)
def set_access(namespace: str, slug: str, body: AccessBody) -> Response:
    """Open a dataset to everybody or gate it; the answer says what holds for those who read it before."""
    name, access = PublicName(namespace, slug), Openness(body.access)
    return write(lambda work: opening.set_access(work, name, access, body.reason), AccessChangeView.of, 200)


# Terms.


@door.operation("POST", "/datasets/<namespace>/<slug>/terms", {201: TermsView}, action=Action.SET_TERMS)
def set_terms(namespace: str, slug: str, body: TermsBody) -> Response:
    """Give a dataset another text of its terms, which every reader accepts anew, or end them."""
    return write(lambda work: terms.set_terms(work, PublicName(namespace, slug), body.text), TermsView.of)


@door.operation("GET", "/datasets/<namespace>/<slug>/terms", {200: TermsListView, 308: None}, public=True)
def list_terms(namespace: str, slug: str, query: PageQuery) -> Response:
    """List the texts of the terms of a dataset, the newest first."""
    position = position_of(query.cursor, 1)
    before = int(position[0]) if position else None

    def presented(found: list[Terms]) -> TermsListView:
        shown, more = page_of(found, query, lambda each: [each.number])
        return TermsListView(items=[TermsView.of(each) for each in shown], next_cursor=more)

    return of_dataset(
        namespace, slug, lambda view, held: terms.terms_page(view, held.name, before, query.limit + 1), presented
    )


@door.operation(
    "POST",
    "/datasets/<namespace>/<slug>/terms/<int:number>/accept",
    {201: AcceptanceView},
    action=Action.ACCEPT_TERMS,
)
def accept_terms(namespace: str, slug: str, number: int, body: AcceptBody) -> Response:
    """Accept the terms of a dataset for your firm, as they stand."""
    if number > TERMS_NUMBER_MAX:
        raise InvalidValueError("terms_number", given=number, limit=TERMS_NUMBER_MAX)
    name, digest = PublicName(namespace, slug), Digest(body.sha256)
    return write(lambda work: terms.accept_terms(work, name, number, digest), AcceptanceView.of)


@door.operation(
    "GET",
    "/datasets/<namespace>/<slug>/acceptances",
    {200: AcceptancesView, 308: None},
    action=Action.READ_ACCESS,
)
def list_acceptances(namespace: str, slug: str, query: PageQuery) -> Response:
    """List who accepted which text of the terms, for the publisher and offices concerned with it."""
    position = position_of(query.cursor, 2)
    after = (FirmId(str(position[0])), int(position[1])) if position else None
    return of_dataset(
        namespace,
        slug,
        lambda view, held: terms.acceptances(view, held.name, after, query.limit + 1),
        lambda found: acceptances_shown(found, query),
    )


# Grants on request.


@door.operation("POST", "/datasets/<namespace>/<slug>/requests", {201: RequestView}, action=Action.REQUEST_GRANT)
def ask_for_grant(namespace: str, slug: str, body: RequestBody) -> Response:
    """Ask the owner of a gated dataset for a grant to your firm."""
    command = AskForGrant(PublicName(namespace, slug), body.purpose, body.contact)
    return write(lambda work: requests.ask_for_grant(work, command), RequestView.of)


@door.operation("GET", "/grant-requests", {200: RequestsView}, action=Action.READ_REQUEST)
def list_grant_requests(query: RequestsQuery) -> Response:
    """List the requests your firm made and received, newest first."""
    after = after_of(query, GrantRequestId)

    def present(found: list[GrantRequest]) -> RequestsView:
        shown, more = page_of(found, query, lambda each: [each.id])
        return RequestsView(items=[RequestView.of(each) for each in shown], next_cursor=more)

    return read(
        lambda view: requests.requests(view, SIDES[query.side], query.state, after, query.limit + 1),
        present,
    )


@door.operation("GET", "/grant-requests/<request>", {200: RequestView}, action=Action.READ_REQUEST)
def show_grant_request(request: str) -> Response:
    """Show a request, to both sides."""
    return read(lambda view: requests.request(view, GrantRequestId(request)), RequestView.of)


@door.operation("POST", "/grant-requests/<request>/grant", {200: RequestView}, action=Action.ANSWER_REQUEST)
def grant_request(request: str, body: GrantBody) -> Response:
    """Grant what was asked for, through a last day or without end."""
    command = GrantUntil(GrantRequestId(request), body.until)
    return write(lambda work: requests.grant_request(work, command), RequestView.of, 200)


@door.operation("POST", "/grant-requests/<request>/refuse", {200: RequestView}, action=Action.ANSWER_REQUEST)
def refuse_request(request: str, body: ReasonBody) -> Response:
    """Refuse what was asked for, with a reason."""
    return write(lambda work: requests.refuse_request(work, GrantRequestId(request), body.reason), RequestView.of, 200)


@door.operation("POST", "/grant-requests/<request>/end", {200: RequestView}, action=Action.ANSWER_REQUEST)
def end_granted(request: str, body: ReasonBody) -> Response:
    """End what was granted on request; new addresses are refused at once."""
    return write(lambda work: requests.end_granted(work, GrantRequestId(request), body.reason), RequestView.of, 200)


@door.operation("POST", "/grant-requests/<request>/take-back", {200: RequestView}, action=Action.REQUEST_GRANT)
def take_back_request(request: str) -> Response:
    """Take a request of your firm back before it is answered."""
    return write(lambda work: requests.take_back_request(work, GrantRequestId(request)), RequestView.of, 200)


@door.operation("GET", "/datasets/<namespace>/<slug>/grants", {200: GrantsView, 308: None}, action=Action.READ_ACCESS)
def list_grants(namespace: str, slug: str, query: PageQuery) -> Response:
    """List every grant of a dataset, by order and by request, for the publisher and offices concerned with it."""
    position = position_of(query.cursor, 2)
    after = (FirmId(str(position[0])), _source(str(position[1]))) if position else None

    def presented(found: list[Grant]) -> GrantsView:
        shown, more = page_of(found, query, lambda each: [each.firm, each.source])
        return GrantsView(items=[GrantView.of(each) for each in shown], next_cursor=more)

    return of_dataset(
        namespace, slug, lambda view, held: requests.grants(view, held.name, after, query.limit + 1), presented
    )


def _source(text: str) -> OrderId | GrantRequestId:
    return OrderId(text) if text.startswith(f"{OrderId.prefix}_") else GrantRequestId(text)
