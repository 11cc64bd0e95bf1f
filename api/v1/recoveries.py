"""Recoveries over HTTP: open, give notice, hear, decide or drop, serve, book the cash, pay back after an annulment."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Self

from flask import Response
from pydantic import Field

from api.calls import read, write
from api.door import Answer, Door, Fen, PageQuery, Strict, Whole
from api.paging import after_of, page_of
from api.v1.case_views import CaseView
from registry.actors.model import Action
from registry.aftercare import collecting, recoveries
from registry.aftercare.recovery_model import (
    LINES_MAX,
    NUMBER_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    DecideRecovery,
    DropRecovery,
    HearParty,
    NotifyParty,
    OpenRecovery,
    Reappropriate,
    RecordPayBack,
    RecordRepayment,
    Recovery,
    RecoveryAct,
    RecoveryActKind,
    RecoveryGround,
    RecoveryOrigin,
    RecoveryState,
    Service,
)
from registry.awards import reopening
from registry.journal.work import View, Work
from registry.parties.hearing import ServiceWay
from registry.values.digest import Digest
from registry.values.identifiers import CaseId, RecoveryId
from registry.values.money import Money

door = Door("recoveries", __name__, url_prefix="/v1")

Text = Annotated[str, Field(min_length=1, max_length=TEXT_LENGTH_MAX)]
Number = Annotated[str, Field(min_length=1, max_length=NUMBER_LENGTH_MAX)]
Day = Annotated[date, Field(strict=False)]


class RecoveriesQuery(PageQuery):
    """Which recoveries: those of a case, or all."""

    case: str = Field(default="", max_length=60)


class OpenRecoveryBody(Strict):
    """What was paid wrongly on which line; ``source`` is the sample, receipt or correction it came of."""

    line: Whole = Field(default=1, ge=1, le=LINES_MAX)
    ground: RecoveryGround = Field(strict=False)
    amount_fen: Fen
    facts: Text
    clause: Text
    origin: RecoveryOrigin = Field(default=RecoveryOrigin.OWN, strict=False)
    source: str | None = Field(default=None, max_length=60)


class ServiceBody(Strict):
    """On which day a document reached its party, how, and the digest of what proves it."""

    served_on: Day
    way: ServiceWay = Field(strict=False)
    proof_sha256: str = Field(max_length=80)

    def service(self) -> Service:
        """Return the proof. Raises InvalidValueError."""
        return Service(self.served_on, self.way, Digest.parse(self.proof_sha256))


class StatementOfPartyBody(Strict):
    """What the party says."""

    statement: Text


class HearPartyBody(Strict):
    """What the party said on paper; null: it was silent, and its term has ended."""

    statement: Text | None


class DecideRecoveryBody(Strict):
    """What comes back, at most what the party was heard on, and why."""

    amount_fen: Fen
    reasons: Text


class DropRecoveryBody(Strict):
    """Why nothing is decided against the party."""

    reasons: Text


class RepaymentBody(Strict):
    """Cash that came back."""

    amount_fen: Fen
    bank_receipt: Number
    received_on: Day


class ReappropriationBody(Strict):
    """The document that appropriates what came back in a later year."""

    budget_year: Whole = Field(ge=2000, le=2999)
    line: str = Field(min_length=1, max_length=40)
    number: str = Field(min_length=1, max_length=100)


class PayBackBody(Strict):
    """What the bank paid the party, and from which budget line."""

    budget_year: Whole = Field(ge=2000, le=2999)
    line: str = Field(min_length=1, max_length=40)
    payment_voucher_number: Number
    bank_receipt: Number
    paid_on: Day


class DocumentServiceView(Answer):
    """Proof that a document was served."""

    served_on: date
    way: ServiceWay
    proof_sha256: str

    @classmethod
    def of(cls, value: Service | None) -> Self | None:
        """Return the view of a proof, or None."""
        return cls(served_on=value.served_on, way=value.way, proof_sha256=str(value.proof)) if value else None


class RemedyOfDecisionView(Answer):
    """A remedy a decision names, with its organ and term."""

    kind: str
    organ: str
    days: int | None = None
    months: int | None = None


class RecoveryDecisionView(Answer):
    """The numbered decision."""

    number: str
    amount_fen: int
    amount_text: str
    amount_capitals: str
    facts: str
    clause: str
    reasons: str
    remedies: list[RemedyOfDecisionView]
    decided_by: str
    decided_at: str


class RepaymentView(Answer):
    """Cash that came back; ``reopened``: it reopened appropriation, pool and cap at once."""

    amount_fen: int
    bank_receipt: str
    received_on: date
    reopened: bool


class RecoveryView(Answer):
    """A recovery with everything done in it so far. Amounts are whole fen.

    ``to_pay_back_fen`` is what is owed to the party after an annulment, ``suspended`` that a decision in a remedy stops
    the collection.
    """

    id: str
    authority: str
    case: str
    line: int
    firm: str
    ground: RecoveryGround
    origin: RecoveryOrigin
    source: str | None
    state: RecoveryState
    amount_fen: int
    amount_text: str
    facts: str
    clause: str
    opened_by: str
    opened_at: str
    notice: DocumentServiceView | None
    answer_until: date | None
    heard: bool
    statement: str | None
    decision: RecoveryDecisionView | None
    service: DocumentServiceView | None
    repayments: list[RepaymentView]
    repaid_fen: int
    due_fen: int
    reappropriated_fen: int
    to_pay_back_fen: int
    suspended: bool

    @classmethod
    def of(cls, value: Recovery) -> Self:
        """Return the view of a recovery."""
        notified, heard = value.act(RecoveryActKind.NOTIFIED), value.act(RecoveryActKind.HEARD)
        return cls(
            id=value.id,
            authority=value.authority,
            case=value.case,
            line=value.line,
            firm=value.firm,
            ground=value.ground,
            origin=value.origin,
            source=value.source,
            state=value.state,
            amount_fen=value.amount.fen,
            amount_text=str(value.amount),
            facts=value.facts,
            clause=value.clause,
            opened_by=value.opened_by,
            opened_at=str(value.opened_at),
            notice=DocumentServiceView.of(Service.of_json(notified.content) if notified else None),
            answer_until=value.answer_until,
            heard=heard is not None,
            statement=heard.content["statement"] if heard else None,
            decision=_decision(value.act(RecoveryActKind.DECIDED)),
            service=DocumentServiceView.of(value.service),
            repayments=[
                RepaymentView(
                    amount_fen=each.amount.fen,
                    bank_receipt=each.bank_receipt,
                    received_on=each.received_on,
                    reopened=each.reopened,
                )
                for each in value.repayments
            ],
            repaid_fen=value.repaid.fen,
            due_fen=value.due.fen,
            reappropriated_fen=value.reappropriated.fen,
            to_pay_back_fen=value.to_pay_back.fen,
            suspended=value.suspended,
        )


def _decision(made: RecoveryAct | None) -> RecoveryDecisionView | None:
    if made is None:
        return None
    amount = Money(made.content["amount_fen"])
    return RecoveryDecisionView(
        number=made.content["number"],
        amount_fen=amount.fen,
        amount_text=str(amount),
        amount_capitals=amount.in_capitals(),
        facts=made.content["facts"],
        clause=made.content["clause"],
        reasons=made.content["reasons"],
        remedies=[RemedyOfDecisionView(**each) for each in made.content["remedies"]],
        decided_by=made.account,
        decided_at=str(made.at),
    )


class RecoveriesView(Answer):
    """A page of recoveries, the newest first."""

    items: list[RecoveryView]
    next_cursor: str | None


def _write(use_case: Callable[[Work], Recovery], status: int = 200) -> Response:
    return write(use_case, RecoveryView.of, status)


@door.operation("POST", "/cases/<case>/recoveries", {201: RecoveryView}, action=Action.REVIEW_CASE)
def open_recovery(case: str, body: OpenRecoveryBody) -> Response:
    """Open the recovery of money that was paid on a line of a case."""
    command = OpenRecovery(
        CaseId(case),
        body.line,
        body.ground,
        Money(body.amount_fen),
        body.facts,
        body.clause,
        body.origin,
        body.source,
    )
    return _write(lambda work: recoveries.open_recovery(work, command), 201)


@door.operation("GET", "/recoveries", {200: RecoveriesView}, action=Action.READ_CASE)
def list_recoveries(query: RecoveriesQuery) -> Response:
    """List the recoveries of your office or firm, the newest first; those of a case on request."""
    after, case = after_of(query, RecoveryId), CaseId(query.case) if query.case else None

    def ask(view: View) -> tuple[Recovery, ...]:
        return recoveries.recoveries(view, case, after, query.limit + 1)

    def present(found: tuple[Recovery, ...]) -> RecoveriesView:
        page, following = page_of(found, query, lambda each: [each.id])
        return RecoveriesView(items=[RecoveryView.of(each) for each in page], next_cursor=following)

    return read(ask, present)


@door.operation("GET", "/recoveries/<recovery>", {200: RecoveryView}, action=Action.READ_CASE)
def show_recovery(recovery: str) -> Response:
    """Return a recovery."""
    wanted = RecoveryId(recovery)
    return read(lambda view: recoveries.recovery(view, wanted), RecoveryView.of)


@door.operation("POST", "/recoveries/<recovery>/notice", {200: RecoveryView}, action=Action.REVIEW_CASE)
def notify_party_of_recovery(recovery: str, body: ServiceBody) -> Response:
    """Record that the party had notice of what is held against it; its days to answer begin on the day after."""
    command = NotifyParty(RecoveryId(recovery), body.service())
    return _write(lambda work: recoveries.notify(work, command))


@door.operation("POST", "/recoveries/<recovery>/statement", {200: RecoveryView}, action=Action.APPLY_FOR_AWARD)
def state_on_recovery(recovery: str, body: StatementOfPartyBody) -> Response:
    """Say what your firm has to say to a recovery, once."""
    command = HearParty(RecoveryId(recovery), body.statement)
    return _write(lambda work: recoveries.state(work, command))


@door.operation("POST", "/recoveries/<recovery>/hearing", {200: RecoveryView}, action=Action.REVIEW_CASE)
def hear_party_of_recovery(recovery: str, body: HearPartyBody) -> Response:
    """Record what the party said on paper, or its silence once its term has ended."""
    command = HearParty(RecoveryId(recovery), body.statement)
    return _write(lambda work: recoveries.hear(work, command))


@door.operation("POST", "/recoveries/<recovery>/decision", {200: RecoveryView}, action=Action.SIGN_CASE)
def decide_recovery(recovery: str, body: DecideRecoveryBody) -> Response:
    """Decide in a numbered document what comes back."""
    command = DecideRecovery(RecoveryId(recovery), Money(body.amount_fen), body.reasons)
    return _write(lambda work: recoveries.decide(work, command))


@door.operation("POST", "/recoveries/<recovery>/drop", {200: RecoveryView}, action=Action.SIGN_CASE)
def drop_recovery(recovery: str, body: DropRecoveryBody) -> Response:
    """End a recovery without a decision against the party."""
    command = DropRecovery(RecoveryId(recovery), body.reasons)
    return _write(lambda work: recoveries.drop(work, command))


@door.operation("POST", "/recoveries/<recovery>/service", {200: RecoveryView}, action=Action.REVIEW_CASE)
def serve_recovery(recovery: str, body: ServiceBody) -> Response:
    """Record that the decision was served."""
    wanted, service = RecoveryId(recovery), body.service()
    return _write(lambda work: recoveries.serve(work, wanted, service))


@door.operation("POST", "/recoveries/<recovery>/repayments", {201: RecoveryView}, action=Action.PAY_CASE)
def record_repayment(recovery: str, body: RepaymentBody) -> Response:
    """Book cash that came back, in part or in full."""
    command = RecordRepayment(RecoveryId(recovery), Money(body.amount_fen), body.bank_receipt, body.received_on)
    return _write(lambda work: collecting.repay(work, command), 201)


@door.operation("POST", "/recoveries/<recovery>/reappropriation", {200: RecoveryView}, action=Action.PAY_CASE)
def reappropriate_recovery(recovery: str, body: ReappropriationBody) -> Response:
    """Appropriate by number what came back in a later budget year."""
    command = Reappropriate(RecoveryId(recovery), body.budget_year, body.line, body.number)
    return _write(lambda work: collecting.reappropriate(work, command))


@door.operation("POST", "/recoveries/<recovery>/pay-back", {200: RecoveryView}, action=Action.PAY_CASE)
def pay_back_recovery(recovery: str, body: PayBackBody) -> Response:
    """Record that what had come back was paid to the party again, since the decision was annulled."""
    command = RecordPayBack(
        RecoveryId(recovery),
        body.budget_year,
        body.line,
        body.payment_voucher_number,
        body.bank_receipt,
        body.paid_on,
    )
    return _write(lambda work: collecting.pay_back(work, command))


@door.operation("POST", "/cases/<case>/refusal-service", {200: CaseView}, action=Action.REVIEW_CASE)
def serve_refusal(case: str, body: ServiceBody) -> Response:
    """Record that the refusal of a case was served; the terms of its remedies run from the next day."""
    wanted, service = CaseId(case), body.service().as_json()
    return write(lambda work: reopening.serve_refusal(work, wanted, service), CaseView.of, 200)
