"""Use cases of finance: instruct, record what the bank paid or sent back. Everything is asked again on the day.

What is found then keeps a case from being instructed. A payment that the bank has made is recorded all the same
(``came_between.py``).
"""

from dataclasses import replace
from datetime import date

from registry.actors.model import Action
from registry.awards import (
    assessment,
    came_between,
    contested,
    ended,
    gathering,
    granting,
    lines,
    officers,
    pattern_reviews,
    recusal,
    register_reviews,
    rounds,
    rules,
)
from registry.awards.acting import account_of, case_event, found_case, vouchers_of
from registry.awards.award_model import AwardVerdict
from registry.awards.batches import batch_verdict
from registry.awards.commands import InstructPayment, RecordPayment, RecordReturn
from registry.awards.lines import numbers_of
from registry.awards.model import ActKind, Case, CaseKind, CaseState, Line, Occasion
from registry.awards.parting import act_on, require_partable
from registry.awards.payment_day import credit_asked_from, credit_obstacles, credit_since
from registry.awards.service import keep_batch_decision, keep_decision
from registry.catalog import service as catalog
from registry.errors import NotAllowedError, Obstacle, RuleError
from registry.journal.work import View, Work
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.parties import service as parties
from registry.policy.activation import ActiveInstrument
from registry.values.canonical import Json
from registry.values.identifiers import DatasetId, FirmId, VoucherId
from registry.vouchers import service as vouchers

_PAYABLE = frozenset({CaseState.REVIEWED, CaseState.INSTRUCTED, CaseState.RETURNED})


def instruct(work: Work, command: InstructPayment) -> Case:
    """Instruct the bank to pay a case, or some lines of a batch, from a line of the year's budget (拨付指令).

    The other lines of a batch are set apart and wait in a case of their own.

    Raises:
        NotAllowedError, NotFoundError: The actor pays nothing here, or reviewed or signed the case.
        ConflictError: The case is not reviewed, or an instruction is unresolved.
        RuleError: ``case_not_payable`` with every obstacle; ``instruction_refused`` beyond the appropriation.
    """
    found = found_case(work, command.case, Action.PAY_CASE, lock=True)
    rules.require_move(found, CaseState.INSTRUCTED)
    chosen = _chosen(found, command.lines)
    _require_payable(work, chosen, work.now.civil_day())
    place = (found.authority, command.budget_year, command.project_code.strip())
    if found.kind is CaseKind.VOUCHER_BATCH:
        vouchers.mark_instructed_within(work, vouchers_of(chosen), found.id)
    vouchers.instruct_within(work, *place, chosen.amount, found.id)
    content: dict[str, Json] = {
        "budget_year": command.budget_year,
        "project_code": command.project_code.strip(),
        "subject_code": command.subject_code.strip(),
        "payment_voucher_number": command.payment_voucher_number.strip(),
        "lines": str(chosen.lines_digest),
        "amount_fen": chosen.amount.fen,
    }
    numbers, to = numbers_of(chosen), CaseState.INSTRUCTED
    return act_on(work, found, numbers, ActKind.INSTRUCTED, "awards.payment_instructed", content, to, leaving=False)


def pay(work: Work, command: RecordPayment) -> Case:
    """Record the bank's receipt of an instructed payment, after asking everything again.

    What came between instruction and receipt stands in the act and is looked at afterwards. Of a batch it may be of
    some lines: the others stay instructed, in a case of their own.

    Raises:
        NotAllowedError, NotFoundError: The actor pays nothing here, or reviewed or signed the case.
        RuleError: ``case_not_payable``: the credit of the day was not asked, or the case is not instructed, with every
            obstacle, for example ``notice_still_runs`` with its end; the bank cannot have paid on that day.
        ConflictError: The case is not instructed.
    """
    found = found_case(work, command.case, Action.PAY_CASE, lock=True)
    if found.state not in _PAYABLE:
        rules.require_move(found, CaseState.PAID)
    chosen = _chosen(found, command.lines)
    # What is missing is said also to one who skips the instruction: that is what has to be mended first.
    instructed_on = found.instruction.instructed_at.civil_day() if found.instruction else command.paid_on
    since = credit_since(credit_asked_from(), instructed_on, command.paid_on)
    _require_payer(work, chosen)
    came = _found_today(work, chosen, min(since, work.now.civil_day()))
    if hindering := came_between.hindering(found, came):
        raise RuleError("case_not_payable", hindering, id=found.id)
    rules.require_move(found, CaseState.PAID)
    rules.require_bank_day(found, command, work.now.civil_day())
    instruction = found.instruction
    if instruction is None:
        raise AssertionError("an instructed case without instruction")
    if found.kind is CaseKind.VOUCHER_BATCH:
        vouchers.mark_paid_within(work, vouchers_of(chosen), found.id)
    place = (found.authority, instruction.budget_year, instruction.project_code)
    # What the bank paid is what was instructed: a recusal in the meantime may have made the amount of the line void.
    amount = lines.instructed_amount(chosen)
    vouchers.appropriation_paid_within(work, *place, amount, found.id, lines.origins(found.id, found.acts))
    content: dict[str, Json] = {
        "bank_receipt": command.bank_receipt.strip(),
        "paid_on": command.paid_on.isoformat(),
        "lines": str(chosen.lines_digest),
        "amount_fen": amount.fen,
        "payee_digest": str(found.payee.digest) if found.payee else None,
        **came_between.stated(came),
    }
    numbers = numbers_of(chosen)
    paid = act_on(work, found, numbers, ActKind.PAID, "awards.case_paid", content, CaseState.PAID, leaving=False)
    _keep_decision(work, chosen, came)
    contested.look_again_within(work, paid)
    announce(work, case_event(Topic.CASE_PAID, paid, paid_on=command.paid_on.isoformat()))
    came_between.tell(work, paid)
    return paid


def record_return(work: Work, command: RecordReturn) -> Case:
    """Record that the bank sent a payment back (退汇), of a batch maybe some lines; it may be instructed again.

    Raises NotAllowedError, NotFoundError, ConflictError (no instruction is unresolved).
    """
    found = found_case(work, command.case, Action.PAY_CASE, lock=True)
    rules.require_move(found, CaseState.RETURNED)
    rules.require_payer(found, account_of(work.actor))
    instruction = found.instruction
    if instruction is None:
        raise AssertionError("an instructed case without instruction")
    chosen = lines.only(found, rules.require_lines(found, command.lines) or numbers_of(found))
    if found.kind is CaseKind.VOUCHER_BATCH:
        vouchers.mark_returned_within(work, vouchers_of(chosen), found.id)
    place = (found.authority, instruction.budget_year, instruction.project_code)
    # What comes back is what was instructed: a recusal in the meantime may have made the amount of the line void.
    vouchers.appropriation_returned_within(work, *place, lines.instructed_amount(chosen), found.id)
    content: dict[str, Json] = {"reason": command.reason.strip()}
    # Where an officer was recused while the instruction was out, what is void is done again first.
    to, numbers = recusal.state_when_returned(chosen), numbers_of(chosen)
    if to is CaseState.RETURNED and contested.lost(work, found):  # The last rank takes its approval back.
        to = CaseState.REVIEWED
    return act_on(work, found, numbers, ActKind.RETURNED, "awards.payment_returned", content, to, leaving=True)


def _chosen(case: Case, numbers: tuple[int, ...]) -> Case:
    """Return a case as if it were of the lines that finance names; without any, of those that no objection holds.

    Raises NotFoundError, ConflictError (no such line any more, or the case is paid as a whole).
    """
    named = rules.require_lines(case, numbers)
    if not named and case.kind is CaseKind.VOUCHER_BATCH:
        named = numbers_of(case) - lines.held(case)
    wanted = named or numbers_of(case)
    require_partable(case, wanted)
    return lines.only(case, wanted)


def _require_payable(work: Work, case: Case, credit_asked_since: date) -> None:
    """Raise unless the actor may pay the case at this instant, with credit answers of that day or later."""
    _require_payer(work, case)
    if found := _obstacles(work, case, credit_asked_since):
        raise RuleError("case_not_payable", found, id=case.id)


def _require_payer(work: Work, case: Case) -> None:
    """Raise NotAllowedError unless the actor may pay the case: it decided nothing in it and is free."""
    payer = account_of(work.actor)
    rules.require_payer(case, payer)
    decided = pattern_reviews.deciders(work, vouchers_of(case))
    if payer in register_reviews.answered_by(work, case) | decided:
        raise NotAllowedError("payer_already_acted", id=case.id)
    officers.require_free(work, case)


def _obstacles(view: View, case: Case, credit_asked_since: date) -> tuple[Obstacle, ...]:
    """Return everything that stands between a case and its payment now. Raises RuleError: its policy has ended."""
    stopped = (
        *officers.tied_deciders(view, case),
        *rounds.undivided(view, case),
        *_stopped(view, case, credit_asked_since),
    )
    return rules.payment_obstacles(case, view.now, open_assumptions=_open_assumptions(view, case), stopped=stopped)


def _found_today(view: View, case: Case, credit_asked_since: date) -> tuple[Obstacle, ...]:
    """Return the same on the day of a receipt. A policy that has ended since the instruction is one obstacle more."""
    try:
        return _obstacles(view, case, credit_asked_since)
    except RuleError as ended:
        if case.state is not CaseState.INSTRUCTED:
            raise
        found = rules.payment_obstacles(case, view.now, open_assumptions=(), stopped=contested.obstacles(view, case))
        return (*found, Obstacle(ended.code, "RULINGS 21"))


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


def _stopped(view: View, case: Case, credit_asked_since: date) -> tuple[Obstacle, ...]:
    """Return sanctions in force, and whatever is no longer met on the day."""
    found: list[Obstacle] = [*register_reviews.obstacles(view, case), *contested.obstacles(view, case)]
    # Of several lines finance has to know which one to leave out.
    several = len(case.applied_lines) > 1
    for line in case.lines:
        named = {"line": line.number} if several else {}
        stopped = [*_line_stopped(view, case, line), *credit_obstacles(view, case, line, credit_asked_since)]
        found += [replace(each, parameters={**each.parameters, **named}) for each in stopped]
    return (*found, *_whole_stopped(view, case))


def _whole_stopped(view: View, case: Case) -> tuple[Obstacle, ...]:
    """Return what an award or a grant no longer meets; its lines are shares of one benefit, decided once."""
    if case.kind is CaseKind.GRANT:
        return granting.no_longer_deserved(view, case)
    first = case.lines[0]
    return _no_longer_deserved(view, case, first, first.subject) if isinstance(first.subject, DatasetId) else ()


def _line_stopped(view: View, case: Case, line: Line) -> list[Obstacle]:
    """Return what stops one line today."""
    found = [*ended.line_obstacles(view, case, line), *_sanctions(view, case, line)]
    if isinstance(line.subject, VoucherId):
        found += vouchers.standing(view, line.subject).obstacles
    return found


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


def _no_longer_deserved(view: View, case: Case, line: Line, dataset: DatasetId) -> tuple[Obstacle, ...]:
    """Return what an award no longer meets: an adoption that was withdrawn is counted out (invariant 14)."""
    active = assessment.deciding_policy(view, case.authority, line.instrument, view.now.civil_day())
    verdict = _verdict_now(view, case, active, dataset, line.firm)
    found = list(verdict.obstacles)
    if not found and verdict.amount != case.own_amount:
        stated = {"decided": str(case.own_amount), "due": str(verdict.amount)}
        found.append(Obstacle("award_amount_changed", line.clause, parameters=stated))
    return tuple(found)


def _verdict_now(
    view: View, case: Case, active: ActiveInstrument, dataset: DatasetId, applicant: FirmId
) -> AwardVerdict:
    """Return the verdict of today on an award; the line of its applicant is the first one."""
    lineage = catalog.dataset(view, dataset)
    return assessment.assess(view, active, lineage, applicant, makers=case.makers, beside=case.id)


def _keep_decision(work: Work, case: Case, came: tuple[Obstacle, ...]) -> None:
    """Store what the payment was decided from; of a policy that has ended since the instruction nothing follows."""
    try:
        _keep_verdict(work, case)
    except RuleError:
        if not came:
            raise


def _keep_verdict(work: Work, case: Case) -> None:
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
    keep_decision(work, case, Occasion.PAYMENT, _verdict_now(work, case, active, line.subject, line.firm))
