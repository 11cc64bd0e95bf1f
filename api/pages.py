"""Pages for people: find a dataset, look at one, sign in, let a device in, read the API.

Plain HTML; nothing is loaded from elsewhere.
"""

import os
import secrets
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, current_app, g, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from api.auth import begin_session, counting_failures, end_session, form_text, page_actor, require_own_form
from api.calls import cursor_of, house, position_of
from api.openapi import document
from api.problems import language, status_of
from api.wording import sentence
from registry.accounts import devices
from registry.accounts import service as accounts
from registry.accounts.rules import scopes_of
from registry.actors.model import ANONYMOUS, Actor
from registry.adoption import service as adoption
from registry.adoption.model import AdoptionCount
from registry.catalog import service as catalog
from registry.catalog.model import Search
from registry.errors import NotAllowedError, NotFoundError, RuleError, SancaiError
from registry.journal.work import Command, View
from registry.parties import service as parties
from registry.values.digest import Digest
from registry.values.money import Money
from registry.values.names import PublicName

HITS_MAX: Final = 20
STYLE_LIFE_S: Final = 3600

pages = Blueprint("pages", __name__)


def install(app: Flask) -> None:
    """Serve the pages on ``app``."""
    app.register_blueprint(pages)


@pages.errorhandler(SancaiError)
def refused(error: SancaiError) -> tuple[str, int]:
    """Say on a page why something is refused."""
    reader = language()
    status = status_of(error)
    title = sentence(f"status_{status.value}", {}, reader)
    return _page("refused", title=title, detail=sentence(error.code, error.parameters, reader)), status.value


@pages.get("/static/style.css")
def style() -> Response:
    """Return the style sheet."""
    text = (files("api") / "static" / "style.css").read_text(encoding="utf-8")
    return Response(text, content_type="text/css; charset=utf-8", headers={"Cache-Control": f"max-age={STYLE_LIFE_S}"})


@pages.get("/")
def home() -> str:
    """Find datasets."""
    q = request.args.get("q", "").replace("\0", "")[:200]
    sector = request.args.get("sector", "").replace("\0", "")[:40]
    position = position_of(request.args.get("cursor", ""), 3)
    wanted = Search(text=q, sector=sector or None, limit=HITS_MAX)
    with house().view(_somebody()) as view:
        page = catalog.search(view, wanted, (position[0], position[1], position[2]) if position else None)
    prices = [
        sentence("page_free", {}, language()) if hit.price_fen is None else str(Money(hit.price_fen))
        for hit in page.hits
    ]
    sectors = sorted(page.facets.get("sector", {}).items(), key=lambda item: -item[1])
    following = cursor_of(page.next_position) if page.next_position else ""
    return _page("home", q=q, sector=sector, page=page, prices=prices, sectors=sectors, following=following, url=_url)


@pages.get("/datasets/<namespace>/<slug>")
def show_dataset(namespace: str, slug: str) -> str | AnyResponse:
    """Show a dataset."""
    name = PublicName(namespace, slug)
    with house().view(_somebody()) as view:
        held = catalog.dataset(view, name)
        if held.name.key != name.key:
            return redirect(f"/datasets/{held.name}", 308)
        versions = catalog.versions(view, held.id)
        publisher = parties.firm(view, held.publisher).name
        count = _count(view, held.name)
    return _page(
        "dataset",
        dataset=held,
        versions=versions[::-1],
        publisher=publisher,
        count=count,
        receipts=_judged(count) if count else [],
    )


def _count(view: View, name: PublicName) -> AdoptionCount | None:
    """Return how many adopters count; None while no authority has an award for it, or none in force."""
    try:
        return adoption.count_for_public(view, name)
    except (NotFoundError, RuleError):
        return None


def _judged(count: AdoptionCount) -> list[dict[str, str]]:
    reader = language()
    return [
        {
            "name": judged.adopter_name,
            "verdict": sentence("page_counts", {}, reader)
            if judged.counts
            else " ".join(sentence(reason.code, reason.parameters, reader) for reason in judged.reasons),
        }
        for judged in count.receipts
    ]


@pages.get("/sign-in")
def ask_to_sign_in() -> str:
    """Show the sign-in form."""
    return _page("sign_in", user_code=request.args.get("user_code", ""), login="", wrong="")


@pages.post("/sign-in")
def sign_in() -> str | tuple[str, int] | AnyResponse:
    """Sign a person in."""
    require_own_form()
    login, user_code = request.form.get("login", "").strip().lower(), request.form.get("user_code", "")
    try:
        with counting_failures(login), house().view() as view:
            account = accounts.sign_in(view, login, request.form.get("password", ""))
    except NotAllowedError as error:
        wrong = sentence(error.code, error.parameters, language())
        return _page("sign_in", user_code=user_code, login=login, wrong=wrong), status_of(error).value
    begin_session(account)
    return redirect(f"/device?{urlencode({'user_code': user_code})}" if user_code else "/", 303)


@pages.post("/sign-out")
def sign_out() -> str:
    """Sign out."""
    require_own_form()
    end_session()
    g.pop("signed_in", None)
    reader = language()
    return _page("said", title=sentence("page_sign_out", {}, reader), detail=sentence("page_signed_out", {}, reader))


@pages.get("/device")
def ask_about_device() -> str | tuple[str, int] | AnyResponse:
    """Ask for a user code, then whether to let the device in."""
    user_code = request.args.get("user_code", "")
    actor = _somebody()
    if actor.is_anonymous:
        return redirect(f"/sign-in?{urlencode({'user_code': user_code})}" if user_code else "/sign-in", 303)
    if not user_code:
        return _page("device", device=None, wrong="")
    try:
        with house().view(actor) as view:
            device = devices.device_to_answer(view, user_code)
    except NotFoundError as error:
        return _page("device", device=None, wrong=sentence(error.code, error.parameters, language())), 404
    scopes = sorted(scope.value for scope in device.scopes & scopes_of(actor.roles))
    return _page("device", device=device, scopes=scopes, wrong="")


@pages.post("/device")
def answer_device() -> str | AnyResponse:
    """Let a device in, or not."""
    actor = _somebody()
    if actor.is_anonymous:
        return redirect("/sign-in", 303)
    require_own_form()
    approved = request.form.get("answer") == "approve"
    user_code = request.form.get("user_code", "")
    command = Command("pages.answer_device", secrets.token_urlsafe(24), Digest.of(os.urandom(32)))

    def act(work: Any) -> Mapping[str, Any]:
        devices.answer_device(work, user_code, approved=approved)
        return {}

    house().perform(actor, command, act)
    reader = language()
    said = sentence("page_approved" if approved else "page_denied", {}, reader)
    return _page("said", title=sentence("page_device", {}, reader), detail=said)


@pages.get("/docs")
def show_api() -> str:
    """Show the API for people."""
    described = document(current_app)
    schemas = described["components"]["schemas"]
    by_tag: dict[str, list[dict[str, Any]]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            shown = {**operation, "path": path, "method": method.upper(), "fields": _fields(operation, schemas)}
            by_tag.setdefault(operation["tags"][0], []).append(shown)
    return _page("docs", tags=[{"name": tag, "operations": found} for tag, found in sorted(by_tag.items())])


def _fields(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return parameters and body fields of an operation as rows of a table."""
    rows = [
        {
            "name": each["name"],
            "required": each["required"],
            "kind": f"{each['in']}: {_kind(each['schema'])}",
            "meaning": each.get("description", ""),
        }
        for each in operation["parameters"]
    ]
    if body := operation.get("requestBody"):
        stated = body["content"]["application/json"]["schema"]
        schema = schemas[stated["$ref"].rsplit("/", 1)[1]] if "$ref" in stated else stated
        needed = schema.get("required", ())
        rows += [
            {"name": name, "required": name in needed, "kind": _kind(each), "meaning": each.get("description", "")}
            for name, each in schema.get("properties", {}).items()
        ]
    return rows


def _kind(schema: Mapping[str, Any]) -> str:
    """Return a schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    if "anyOf" in schema:
        return " | ".join(_kind(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"[{_kind(schema.get('items', {}))}]"
    return str(schema.get("type", "any"))


def _somebody() -> Actor:
    """Return who is signed in to the pages, or nobody."""
    if "signed_in" not in g:
        g.signed_in = page_actor() or ANONYMOUS
    signed_in: Actor = g.signed_in
    return signed_in


def _page(name: str, **shown: Any) -> str:
    reader = language()

    def say(code: str, **parameters: Any) -> str:
        return sentence(code, parameters, reader)

    actor = _somebody()
    somebody = None if actor.is_anonymous else actor
    return render_template(f"{name}.html", reader=reader, say=say, somebody=somebody, form=form_text(), **shown)


def _url(**query: str) -> str:
    return "/?" + urlencode({name: value for name, value in query.items() if value})
