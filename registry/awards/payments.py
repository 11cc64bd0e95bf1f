"""Use cases of finance: instruct, record what the bank paid or sent back. Everything is asked again on the day."""

from registry.actors.model import Action
from registry.awards import assessment, gathering, granting, officers, recusal, register_reviews, rules
from registry.awards.acting import account_of, act, case_event, found_case, vouchers_of
from registry.awards.batches import batch_verdict
from registry.awards.commands import InstructPayment, RecordPayment, RecordReturn
from registry.awards.model import ActKind, Case, CaseKind, CaseState, Line, Occasion
from registry.awards.service import keep_batch_decision, keep_decision
from registry.catalog import service as catalog
from registry.errors import NotAllowedError, Obstacle
from registry.journal.work import View, Work
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.parties import service as parties
from registry.policy.activation import ActiveInstrument
from registry.values.canonical import Json
from registry.values.identifiers import DatasetId, VoucherId
from registry.vouchers import service as vouchers

_PAYABLE = frozenset({CaseState.REVIEWED, CaseState.INSTRUCTED, CaseState.RETURNED})


def instruct(work: Work, command: InstructPayment) -> Case:
    """Instruct the bank to pay a case from a line of the year's budget (拨付指令).

    Raises:
        NotAllowedError, NotFoundError: The actor pays nothing here, or reviewed or signed the case.
        ConflictError: The case is not reviewed, or an instruction is unresolved.
        RuleError: ``case_not_payable`` with every obstacle; ``instruction_refused`` beyond the appropriation.
    """
    found = found_case(work, command.case, Action.PAY_CASE, lock=True)
    rules.require_move(found, CaseState.INSTRUCTED)
    _require_payable(work, found)
    place = (found.authority, command.budget_year, command.project_code.strip())
    if found.kind is CaseKind.VOUCHER_BATCH:
        vouchers.mark_instructed_within(work, vouchers_of(found), found.id)
    vouchers.instruct_within(work, *place, found.amount, found.id)
    content: dict[str, Json] = {
        "budget_year": command.budget_year,
        "project_code": command.project_code.strip(),
        "subject_code": command.subject_code.strip(),
        "payment_voucher_number": command.payment_voucher_number.strip(),
        "lines": str(found.lines_digest),
        "amount_fen": found.amount.fen,
    }
    return act(work, found, ActKind.INSTRUCTED, "awards.payment_instructed", content, CaseState.INSTRUCTED)


def pay(work: Work, command: RecordPayment) -> Case:
    """Record the bank's receipt of an instructed payment, after asking everything again.

    Raises:
        NotAllowedError, NotFoundError: The actor pays nothing here, or reviewed or signed the case.
        RuleError: ``case_not_payable`` with every obstacle, for example ``notice_still_runs`` with its end; the bank
            cannot have paid on that day.
        ConflictError: The case is not instructed.
    """
    found = found_case(work, command.case, Action.PAY_CASE, lock=True)
    if found.state not in _PAYABLE:
        rules.require_move(found, CaseState.PAID)
    # What is missing is said also to one who skips the instruction: that is what has to be mended first.
    _require_payable(work, found)
    rules.require_move(found, CaseState.PAID)
    rules.require_bank_day(found, command, work.now.civil_day())
    instruction = found.instruction
    if instruction is None:
        raise AssertionError("an instructed case without instruction")
    if found.kind is CaseKind.VOUCHER_BATCH:
        vouchers.mark_paid_within(work, vouchers_of(found), found.id)
    place = (found.authority, instruction.budget_year, instruction.project_code)
    vouchers.appropriation_paid_within(work, *place, found.amount, found.id)
    content: dict[str, Json] = {
        "bank_receipt": command.bank_receipt.strip(),
        "paid_on": command.paid_on.isoformat(),
        "lines": str(found.lines_digest),
        "amount_fen": found.amount.fen,
        "payee_digest": str(found.payee.digest) if found.payee else None,
    }
    paid = act(work, found, ActKind.PAID, "awards.case_paid", content, CaseState.PAID)
    _keep_decision(work, found)
    announce(work, case_event(Topic.CASE_PAID, paid, paid_on=command.paid_on.isoformat()))
    return paid


def record_return(work: Work, command: RecordReturn) -> Case:
    """Record that the bank sent a payment back (退汇); it may be instructed again.

    Raises NotAllowedError, NotFoundError, ConflictError (no instruction is unresolved).
    """
    found = found_case(work, command.case, Action.PAY_CASE, lock=True)
    rules.require_move(found, CaseState.RETURNED)
    rules.require_payer(found, account_of(work.actor))
    instruction = found.instruction
    if instruction is None:
        raise AssertionError("an instructed case without instruction")
    if found.kind is CaseKind.VOUCHER_BATCH:
        vouchers.mark_returned_within(work, vouchers_of(found), found.id)
    place = (found.authority, instruction.budget_year, instruction.project_code)
    vouchers.appropriation_returned_within(work, *place, found.amount, found.id)
    reason = command.reason.strip()
    # Where an officer was recused while the instruction was out, what is void is done again first.
    to = recusal.state_when_returned(found)
    return act(work, found, ActKind.RETURNED, "awards.payment_returned", {"reason": reason}, to)


def _require_payable(work: Work, case: Case) -> None:
    """Raise unless the actor may pay the case at this instant."""
    payer = account_of(work.actor)
    rules.require_payer(case, payer)
    if payer in register_reviews.answered_by(work, case):
        raise NotAllowedError("payer_already_acted", id=case.id)
    officers.require_free(work, case)
    stopped = (*officers.tied_deciders(work, case), *_stopped(work, case))
    rules.require_payable(case, work.now, open_assumptions=_open_assumptions(work, case), stopped=stopped)


def _policies(view: View, case: Case) -> list[ActiveInstrument]:
    """Return the instruments of a case as a decision of today finds them."""
    if case.kind is CaseKind.GRANT:
        return [gathering.policy_of(view, case)]
    today = view.now.civil_day()
    return [
        assessment.deciding_policy(view, case.authority, instrument, today)
        for instrument in sorted({line.instrument for line in case.lines})
    ]


def _open_assumptions(view: View, case: Case) -> tuple[Obstacle, ...]:
    """Return the assumptions without a ruling, each once though several instruments may rest on it."""
    found = {
        obstacle.parameters["assumption"]: obstacle
        for active in _policies(view, case)
        for obstacle in active.payment_verdict.obstacles
    }
    return tuple(found.values())


def _stopped(view: View, case: Case) -> tuple[Obstacle, ...]:
    """Return sanctions in force, and whatever is no longer met on the day."""
    found: list[Obstacle] = [*register_reviews.obstacles(view, case)]
    for line in case.lines:
        found += _sanctions(view, case, line)
        if case.kind is CaseKind.GRANT:
            found += granting.no_longer_deserved(view, case)
        elif isinstance(line.subject, VoucherId):
            found += vouchers.standing(view, line.subject).obstacles
        elif isinstance(line.subject, DatasetId):
            found += _no_longer_deserved(view, case, line, line.subject)
    return tuple(found)


# Invariant 21 (freeze).
def _sanctions(view: View, case: Case, line: Line) -> list[Obstacle]:
    return [
        Obstacle(
            "sanction_stops_payment",
            "RULINGS 30",
            parameters={"firm": line.firm_name, "organ": each.organ, "number": each.document_number},
        )
        for each in parties.sanctions(view, case.authority, line.firm, view.now.civil_day())
        if each.stops(line.instrument)
    ]


def _no_longer_deserved(view: View, case: Case, line: Line, dataset: DatasetId) -> list[Obstacle]:
    """Return what an award no longer meets: an adoption that was withdrawn is counted out (invariant 14)."""
    active = assessment.deciding_policy(view, case.authority, line.instrument, view.now.civil_day())
    verdict = assessment.assess(view, active, catalog.dataset(view, dataset), line.firm, beside=case.id)
    found = list(verdict.obstacles)
    if not found and verdict.amount != line.amount:
        stated = {"decided": str(line.amount), "due": str(verdict.amount)}
        found.append(Obstacle("award_amount_changed", line.clause, parameters=stated))
    return found


def _keep_decision(work: Work, case: Case) -> None:
    """Store what the payment was decided from."""
    line = case.lines[0]
    if case.kind is CaseKind.GRANT:
        granting.keep_grant_decision(work, case.id, Occasion.PAYMENT, granting.payment_verdict(work, case))
        return
    if not isinstance(line.subject, DatasetId):
        keep_batch_decision(
            work, case, Occasion.PAYMENT, batch_verdict(case.document, case.lines, _policies(work, case))
        )
        return
    active = assessment.deciding_policy(work, case.authority, line.instrument, work.now.civil_day())
    verdict = assessment.assess(work, active, catalog.dataset(work, line.subject), line.firm, beside=case.id)
    keep_decision(work, case, Occasion.PAYMENT, verdict)
