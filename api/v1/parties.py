"""Parties over HTTP: firms, control relations, facts, credit, leader lists, providers, sanctions."""

from flask import Response

from api.calls import read, write
from api.door import Door, PageQuery
from api.paging import after_of, page_of
from api.v1.parties_bodies import (
    ControlBody,
    CreditBody,
    FactBody,
    FirmBody,
    FirmChangeBody,
    FirmsQuery,
    LeaderImportBody,
    LeaderListBody,
    ListFileBody,
    ProviderBody,
    SanctionBody,
    WithdrawalBody,
)
from api.v1.parties_views import (
    ControlView,
    FactView,
    FirmsView,
    FirmView,
    LeaderEntryView,
    LeaderListsView,
    LeaderListView,
    NewFirmView,
    ProvidersView,
    ProviderView,
    SanctionView,
)
from api.v1.sheet_views import ListReportView
from registry.accounts import service as accounts
from registry.actors.model import Action
from registry.journal.work import View, Work
from registry.parties import service
from registry.parties.model import Firm, LeaderEntry, LeaderList, ListedFirm, Provider
from registry.values.identifiers import FactId, FirmId, LeaderListId
from registry.values.uscc import Uscc

door = Door("parties", __name__, url_prefix="/v1")


@door.operation("POST", "/firms", {201: NewFirmView}, action=Action.KEEP_REGISTERS)
def register_firm(body: FirmBody) -> Response:
    """Register a firm and, if asked, invite its first owner."""
    command = body.command()

    def act(work: Work) -> tuple[Firm, str | None]:
        if body.owner_login is None:
            return service.register_firm(work, command), None
        return accounts.register_firm_with_owner(work, command, body.owner_login, body.owner_name or body.owner_login)

    return write(act, NewFirmView.of_registered, once=("activation_code",))


@door.operation("GET", "/firms", {200: FirmsView}, public=True)
def list_firms(query: FirmsQuery) -> Response:
    """List firms in the order of their registration, or find the one that has or had a code."""
    uscc = Uscc(query.uscc) if query.uscc else None
    first = after_of(query, FirmId)

    def ask(view: View) -> list[Firm]:
        if uscc is None:
            return service.firms_page(view, first, query.limit + 1)
        found = service.firm_by_uscc(view, uscc)
        return [found] if found else []

    def present(found: list[Firm]) -> FirmsView:
        page, following = page_of(found, query, lambda each: [each.id])
        return FirmsView(items=[FirmView.of(each) for each in page], next_cursor=following)

    return read(ask, present)


@door.operation("GET", "/firms/<firm>", {200: FirmView}, public=True)
def show_firm(firm: str) -> Response:
    """Show a firm."""
    firm_id = FirmId(firm)
    return read(lambda view: service.firm(view, firm_id), FirmView.of)


@door.operation("POST", "/firms/<firm>/changes", {201: FirmView}, action=Action.KEEP_REGISTERS)
def change_firm(firm: str, body: FirmChangeBody) -> Response:
    """Enter a firm's new code, name, region or kind."""
    command = body.command(firm)
    return write(lambda work: service.change_firm(work, command), FirmView.of)


@door.operation("POST", "/controls", {201: ControlView}, action=Action.KEEP_REGISTERS)
def record_control(body: ControlBody) -> Response:
    """Enter a control relation."""
    command = body.command()
    return write(lambda work: service.record_control(work, command), ControlView.of)


@door.operation("POST", "/facts", {201: FactView}, action=Action.KEEP_REGISTERS)
def record_fact(body: FactBody) -> Response:
    """Enter what is known of a firm."""
    command = body.command()
    return write(lambda work: service.record_fact(work, command), FactView.of)


@door.operation("POST", "/credit-answers", {201: FactView}, action=Action.KEEP_REGISTERS)
def record_credit(body: CreditBody) -> Response:
    """Enter what a public credit system answered of a firm."""
    command = body.command()
    return write(lambda work: service.record_credit(work, command), FactView.of)


@door.operation("POST", "/leader-lists", {201: LeaderListView}, action=Action.KEEP_REGISTERS)
def admit_leader_list(body: LeaderListBody) -> Response:
    """Admit one version of a list of leading firms."""
    command = body.command()

    def present(made: LeaderList) -> LeaderListView:
        return LeaderListView.of(
            made, tuple(LeaderEntry(made, entry.uscc, entry.name, None) for entry in command.entries)
        )

    return write(lambda work: service.admit_leader_list(work, command), present)


@door.operation("POST", "/leader-lists/imports", {201: LeaderListView}, action=Action.KEEP_REGISTERS)
def import_leader_list(body: LeaderImportBody) -> Response:
    """Admit one version of a list of leading firms from a file, whole or not at all."""
    command = body.command()

    def present(made: tuple[LeaderList, tuple[ListedFirm, ...]]) -> LeaderListView:
        found, entries = made
        return LeaderListView.of(found, tuple(LeaderEntry(found, each.uscc, each.name, None) for each in entries))

    return write(lambda work: service.import_leader_list(work, command), present)


@door.operation(
    "POST", "/leader-lists/checks", {200: ListReportView}, action=Action.KEEP_REGISTERS, keyed=False, problems=(400,)
)
def check_leader_list(body: ListFileBody) -> Response:
    """Report on the file of a leader list, line by line. Nothing is kept."""
    content = body.content
    return read(lambda view: service.check_list_file(view, content), ListReportView.of)


@door.operation("GET", "/leader-lists", {200: LeaderListsView}, public=True)
def list_leader_lists(query: PageQuery) -> Response:
    """List the admitted lists of leading firms with their entries."""
    first = after_of(query, LeaderListId)

    def present(found: list[tuple[LeaderList, tuple[LeaderEntry, ...]]]) -> LeaderListsView:
        page, following = page_of(found, query, lambda each: [each[0].id])
        return LeaderListsView(items=[LeaderListView.of(*each) for each in page], next_cursor=following)

    return read(lambda view: service.leader_lists(view, first, query.limit + 1), present)


@door.operation("POST", "/leader-lists/<leader_list>/withdrawals", {201: LeaderEntryView}, action=Action.KEEP_REGISTERS)
def withdraw_leader(leader_list: str, body: WithdrawalBody) -> Response:
    """Take a firm off a list from a day on."""
    command = body.command(leader_list)
    return write(lambda work: service.withdraw_leader(work, command), LeaderEntryView.of)


@door.operation("POST", "/providers", {201: ProviderView}, action=Action.KEEP_REGISTERS)
def register_provider(body: ProviderBody) -> Response:
    """Enter a data exchange, compute centre or quality laboratory."""
    command = body.command()
    return write(lambda work: service.register_provider(work, command), ProviderView.of)


@door.operation("GET", "/providers", {200: ProvidersView}, public=True)
def list_providers(query: PageQuery) -> Response:
    """List the registered providers."""
    first = after_of(query, FactId)

    def present(found: list[Provider]) -> ProvidersView:
        page, following = page_of(found, query, lambda each: [each.id])
        return ProvidersView(items=[ProviderView.of(each) for each in page], next_cursor=following)

    return read(lambda view: service.providers_page(view, first, query.limit + 1), present)


@door.operation("POST", "/sanctions", {201: SanctionView}, action=Action.KEEP_REGISTERS)
def record_sanction(body: SanctionBody) -> Response:
    """Enter a sanction that was served on a firm."""
    command = body.command()
    return write(lambda work: service.record_sanction(work, command), SanctionView.of)
