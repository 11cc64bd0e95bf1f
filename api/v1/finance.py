"""Finance over HTTP: what was paid of a year as a table, the comparison with finance's own, the close of the year."""

import base64
from typing import Annotated, ClassVar, Final, Self

from flask import Response
from pydantic import Field

from api.calls import current_actor, house, read, write
from api.door import Answer, Door, PageQuery, Strict, Whole
from api.paging import after_of, page_of
from registry.actors.model import Action
from registry.errors import InvalidValueError
from registry.finance import files, service
from registry.finance.model import (
    Difference,
    DifferenceKind,
    ProposeClosing,
    Reconciliation,
    SignReconciliation,
)
from registry.parties.list_files import FILE_BYTES_MAX
from registry.values.digest import Digest
from registry.values.identifiers import ClosingId, ReconciliationId
from registry.vouchers.closing_model import Closing

BODY_BYTES_MAX: Final = FILE_BYTES_MAX * 4 // 3 + 40_000
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DIFFERENCES_LISTED_MAX: Final = 1_000

door = Door("finance", __name__, url_prefix="/v1/finance")


class FinanceFileBody(Strict):
    """A file of finance, CSV or XLSX, in base64, and the budget year it is of."""

    body_bytes_max: ClassVar[int] = BODY_BYTES_MAX

    budget_year: Annotated[Whole, Field(ge=2000, le=2999)]
    content_base64: Annotated[str, Field(max_length=BODY_BYTES_MAX)]

    @property
    def content(self) -> bytes:
        """The bytes of the file. Raises InvalidValueError."""
        try:
            return base64.b64decode(self.content_base64, validate=True)
        except ValueError as error:
            raise InvalidValueError("list_file_unreadable", line=1) from error


class ReconciliationSignatureBody(Strict):
    """The digest of the file one has looked at, and what is said of the differences."""

    file: str = Field(max_length=80)
    statement: str = Field(max_length=2_000)


class CarriedBody(Strict):
    """A case whose instruction is carried over, and the number of the document that says so."""

    case: str = Field(max_length=60)
    number: str = Field(max_length=100)


class ClosingBody(Strict):
    """A budget year to close, with the open instructions that are carried over."""

    budget_year: Annotated[Whole, Field(ge=2000, le=2999)]
    carried: list[CarriedBody] = Field(default_factory=list, max_length=1_000)

    def command(self) -> ProposeClosing:
        """Return the command. Raises InvalidValueError."""
        return ProposeClosing(self.budget_year, tuple((each.case, each.number) for each in self.carried))


class ClosingConfirmationBody(Strict):
    """The digest of the statement one has looked at."""

    digest: str = Field(max_length=80)


class DifferenceView(Answer):
    """A difference on one payment: what stands here, what there, and in which row of the file."""

    kind: DifferenceKind
    line: str
    number: str
    here: str
    there: str
    row: int | None

    @classmethod
    def of(cls, found: Difference) -> Self:
        """Return the view of a difference."""
        return cls(
            kind=found.kind,
            line=found.key.line,
            number=found.key.number,
            here=found.here,
            there=found.there,
            row=found.row,
        )


class ReconciliationView(Answer):
    """A comparison with a file of finance; of more differences than ``differences`` lists, ``differing`` says how many.

    ``ours`` is the digest of our side when it was compared; ``signed_at`` null: nobody signed it off.
    """

    id: str
    authority: str
    budget_year: int
    file: str
    ours: str
    payments: int
    rows: int
    differing: int
    differences: list[DifferenceView]
    made_by: str
    made_at: str
    signed_by: str | None
    signed_at: str | None
    statement: str | None

    @classmethod
    def of(cls, found: Reconciliation) -> Self:
        """Return the view of a comparison."""
        return cls(
            id=found.id,
            authority=found.authority,
            budget_year=found.budget_year,
            file=str(found.file),
            ours=str(found.ours),
            payments=found.payments,
            rows=found.rows,
            differing=len(found.differences),
            differences=[DifferenceView.of(each) for each in found.differences[:DIFFERENCES_LISTED_MAX]],
            made_by=found.made_by,
            made_at=str(found.made_at),
            signed_by=found.signed_by,
            signed_at=str(found.signed_at) if found.signed_at else None,
            statement=found.statement,
        )


class ReconciliationsView(Answer):
    """A page of comparisons, the newest first."""

    items: list[ReconciliationView]
    next_cursor: str | None


class ClosingLineView(Answer):
    """What a budget line came to: ``lapsed_fen`` is what was granted and never instructed."""

    line: str
    granted_fen: int
    paid_fen: int
    instructed_fen: int
    lapsed_fen: int


class CarriedView(Answer):
    """An instruction that is carried over the close by a numbered document."""

    case: str
    number: str
    amount_fen: int


class OpenHoldsView(Answer):
    """Holds of the year that are open; ``fate`` says what the close does to them."""

    count: int
    amount_fen: int
    fate: str


class ClosingNotesView(Answer):
    """What stood open beside the payments of the year, and goes on after its close."""

    unpaid_cases: int
    unbatched_fen: int
    open_holds: OpenHoldsView


class ClosingView(Answer):
    """The close of a budget year; it holds once ``confirmed_at`` is there."""

    id: str
    authority: str
    budget_year: int
    digest: str
    lines: list[ClosingLineView]
    payments: int
    paid_fen: int
    carried: list[CarriedView]
    reconciliation: str
    differences: int
    noted: ClosingNotesView
    proposed_by: str
    proposed_at: str
    confirmed_by: str | None
    confirmed_at: str | None

    @classmethod
    def of(cls, found: Closing) -> Self:
        """Return the view of a close."""
        content = found.content
        return cls(
            id=found.id,
            authority=found.authority,
            budget_year=found.budget_year,
            digest=str(found.digest),
            lines=[ClosingLineView(**each) for each in content["lines"]],
            payments=content["payments"],
            paid_fen=content["paid_fen"],
            carried=[CarriedView(**each) for each in content["carried"]],
            reconciliation=content["reconciliation"],
            differences=content["differences"],
            noted=ClosingNotesView(**content["noted"]),
            proposed_by=found.proposed_by,
            proposed_at=str(found.proposed_at),
            confirmed_by=found.confirmed_by,
            confirmed_at=str(found.confirmed_at) if found.confirmed_at else None,
        )


class ClosingsView(Answer):
    """A page of closes, the newest first."""

    items: list[ClosingView]
    next_cursor: str | None


# What was paid, as a table.


@door.operation(
    "GET", "/years/<int:year>/payments.csv", {200: None}, action=Action.READ_LEDGER, media={200: "text/csv"}
)
def list_year_payments_csv(year: int) -> Response:
    """Return what was instructed and paid of a budget year as CSV, by line and payment voucher number."""
    return _table(year, "csv", "text/csv; charset=utf-8")


@door.operation("GET", "/years/<int:year>/payments.xlsx", {200: None}, action=Action.READ_LEDGER, media={200: XLSX})
def list_year_payments_xlsx(year: int) -> Response:
    """Return what was instructed and paid of a budget year as an Excel file."""
    return _table(year, "xlsx", XLSX)


def _table(year: int, kind: str, content_type: str) -> Response:
    with house().view(current_actor()) as view:
        found = service.payments_of(view, year)
    answer = Response(files.as_csv(found) if kind == "csv" else files.as_xlsx(found), content_type=content_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="payments-{year}.{kind}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


# Reconciliation.


@door.operation("POST", "/reconciliations", {201: ReconciliationView}, action=Action.PAY_CASE)
def reconcile_year(body: FinanceFileBody) -> Response:
    """Compare a budget year with a file of finance; every difference is named, nothing is changed."""
    content = body.content
    return write(lambda work: service.reconcile(work, body.budget_year, content), ReconciliationView.of)


@door.operation("GET", "/reconciliations", {200: ReconciliationsView}, action=Action.READ_LEDGER)
def list_reconciliations(query: PageQuery) -> Response:
    """List the comparisons of one's authority, the newest first."""
    after = after_of(query, ReconciliationId)

    def present(found: list[Reconciliation]) -> ReconciliationsView:
        page, following = page_of(found, query, lambda each: [each.id])
        return ReconciliationsView(items=[ReconciliationView.of(each) for each in page], next_cursor=following)

    return read(lambda view: service.reconciliations(view, after, query.limit + 1), present)


@door.operation("GET", "/reconciliations/<reconciliation>", {200: ReconciliationView}, action=Action.READ_LEDGER)
def show_reconciliation(reconciliation: str) -> Response:
    """Show a comparison."""
    return read(lambda view: service.reconciliation(view, ReconciliationId(reconciliation)), ReconciliationView.of)


@door.operation("POST", "/reconciliations/<reconciliation>/sign", {200: ReconciliationView}, action=Action.PAY_CASE)
def sign_reconciliation(reconciliation: str, body: ReconciliationSignatureBody) -> Response:
    """Sign a comparison off, while our side is what was compared."""
    command = SignReconciliation(ReconciliationId(reconciliation), Digest.parse(body.file), body.statement)
    return write(lambda work: service.sign_reconciliation(work, command), ReconciliationView.of, 200)


# The close of a year.


@door.operation("POST", "/closings", {201: ClosingView}, action=Action.PAY_CASE)
def propose_closing(body: ClosingBody) -> Response:
    """Propose to close a budget year; another officer of finance confirms it."""
    command = body.command()
    return write(lambda work: service.propose_closing(work, command), ClosingView.of)


@door.operation("GET", "/closings", {200: ClosingsView}, action=Action.READ_LEDGER)
def list_closings(query: PageQuery) -> Response:
    """List what was proposed and closed at one's authority, the newest first."""
    after = after_of(query, ClosingId)

    def present(found: list[Closing]) -> ClosingsView:
        page, following = page_of(found, query, lambda each: [each.id])
        return ClosingsView(items=[ClosingView.of(each) for each in page], next_cursor=following)

    return read(lambda view: service.closings(view, after, query.limit + 1), present)


@door.operation("GET", "/closings/<closing>", {200: ClosingView}, action=Action.READ_LEDGER)
def show_closing(closing: str) -> Response:
    """Show the close of a budget year."""
    return read(lambda view: service.closing(view, ClosingId(closing)), ClosingView.of)


@door.operation("POST", "/closings/<closing>/confirm", {200: ClosingView}, action=Action.PAY_CASE)
def confirm_closing(closing: str, body: ClosingConfirmationBody) -> Response:
    """Close a budget year, once, with what another officer proposed."""
    return write(
        lambda work: service.confirm_closing(work, ClosingId(closing), Digest.parse(body.digest)), ClosingView.of, 200
    )
