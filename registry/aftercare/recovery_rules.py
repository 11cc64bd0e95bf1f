"""When money is recovered, by whom, how much, and what cash that comes back reopens.

Rules:
* Only what was paid comes back: on a line never more than was paid on it, all its recoveries together (invariant 18 of
  POLICY §4.3: nothing is restored by the order itself).
* The party is heard first: nobody decides before it has answered, or before its term has ended (RULINGS 34).
* Whoever opened the recovery, or formed, assessed, reviewed, signed or paid the case, does not decide it; whoever
  opened or decided it does not book its money.
* At most what the party was heard on is decided; at most what is due is booked.
* Cash that comes back in the budget year of the payment, without fault, reopens appropriation, pool and firm-year.
  Later cash closes the receivable and reopens them only by a re-appropriation with a number; what comes back for fault
  reopens nothing (RULINGS 17).
"""

from collections.abc import Collection, Iterable
from datetime import date

from registry.aftercare.recovery_model import (
    OF_FAULT,
    RECOVERY_MOVES,
    OpenRecovery,
    Recovery,
    RecoveryGround,
    RecoveryState,
    Service,
)
from registry.aftercare.rules import acted_in
from registry.awards.model import Case, CaseKind, CaseState, Line
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.values.identifiers import AccountId, FirmId, VoucherId
from registry.values.money import ZERO, Money


def require_move(recovery: Recovery, to: RecoveryState) -> None:
    """Raise ConflictError unless the recovery may go to ``to`` now."""
    if to not in RECOVERY_MOVES[recovery.state]:
        raise ConflictError("recovery_wrong_state", id=recovery.id, state=recovery.state.value, wanted=to.value)


def left_of_line(line: Line, recoveries: Iterable[Recovery]) -> Money:
    """Return what of a line's payment no recovery takes yet.

    What came back on a decision that was annulled is taken until the party is paid again: it has no such money now, and
    a voucher whose pool and base it reopened has nothing left to come back.
    """
    return line.amount.less(sum((each.takes + each.to_pay_back for each in recoveries), ZERO))


def line_of(case: Case, number: int) -> Line:
    """Return the line of that number, which it keeps when others are set apart. Raises NotFoundError."""
    for line in case.lines:
        if line.number == number:
            return line
    raise NotFoundError("case_line_not_found", id=case.id, number=number)


def line_paying(case: Case, voucher: VoucherId) -> Line:
    """Return the line of a batch that pays a voucher."""
    return next(line for line in case.lines if line.subject == voucher)


def lines_touched(case: Case, firms: Collection[FirmId]) -> tuple[Line, ...]:
    """Return the lines of a paid case that fall with what a correction says of ``firms``.

    Of a batch those of these firms, or all when it has none of them; what joint makers share is one benefit and falls
    as a whole.
    """
    of_batch = case.kind is CaseKind.VOUCHER_BATCH
    return tuple(line for line in case.lines if of_batch and line.firm in firms) or case.lines


def paid_line(case: Case, number: int) -> Line:
    """Return a line of a case that was paid. Raises ConflictError, NotFoundError."""
    if case.state is not CaseState.PAID:
        raise ConflictError("case_wrong_state", id=case.id, state=case.state.value, wanted=CaseState.PAID.value)
    return line_of(case, number)


def require_openable(case: Case, recoveries: Iterable[Recovery], command: OpenRecovery) -> Line:
    """Return the line unless more is asked for than was paid on it and not recovered yet.

    Raises:
        ConflictError: The case was not paid.
        NotFoundError: It has no such line.
        RuleError: ``recovery_exceeds_payment``.
    """
    line = paid_line(case, command.line)
    left = left_of_line(line, recoveries)
    if command.amount > left:
        raise RuleError(
            "recovery_exceeds_payment", (), id=case.id, line=command.line, left=str(left), amount=str(command.amount)
        )
    return line


def require_served(service: Service, first: date, today: date) -> None:
    """Raise RuleError unless a document can have been served on that day: made on ``first``, not in the future."""
    if not first <= service.served_on <= today:
        raise RuleError(
            "served_on_out_of_range", (), served_on=str(service.served_on), first=str(first), last=str(today)
        )


def require_heard(recovery: Recovery, statement: str | None, today: date) -> None:
    """Raise unless the party was given notice, and has answered or let its term end.

    Raises ConflictError: it was given no notice or was heard before; RuleError: its term still runs.
    """
    require_move(recovery, RecoveryState.HEARD)
    until = recovery.answer_until
    if until is None:
        raise ConflictError("party_not_notified", id=recovery.id)
    if statement is None and today <= until:
        raise RuleError("hearing_still_open", (), id=recovery.id, until=until.isoformat())


def require_decider(case: Case, recovery: Recovery, officer: AccountId) -> None:
    """Raise NotAllowedError when the officer opened the recovery or acted in the case that was paid."""
    if officer in deciders_barred(case, recovery):
        raise NotAllowedError("officer_already_acted", id=recovery.id)


def deciders_barred(case: Case, recovery: Recovery) -> frozenset[AccountId]:
    """Return who may not decide a recovery."""
    return acted_in(case) | {recovery.opened_by}


def require_decision(recovery: Recovery, amount: Money) -> None:
    """Raise unless the party was heard, and on no less than is decided. Raises ConflictError, RuleError."""
    require_move(recovery, RecoveryState.DECIDED)
    if amount > recovery.amount:
        raise RuleError("recovery_exceeds_hearing", (), id=recovery.id, heard=str(recovery.amount), amount=str(amount))


def require_booker(recovery: Recovery, officer: AccountId) -> None:
    """Raise NotAllowedError when whoever opened or decided a recovery would book its money too."""
    if officer in {recovery.opened_by, *(each.account for each in recovery.acts if each.kind.value == "decided")}:
        raise NotAllowedError("payer_already_acted", id=recovery.case)


def state_when_repaid(
    recovery: Recovery, amount: Money, received_on: date, paid_on: date, today: date
) -> RecoveryState:
    """Return where cash leaves a recovery.

    Raises:
        ConflictError: Nothing is due: not served yet, repaid, dropped or annulled.
        RuleError: It is more than is due, or cannot have come on that day.
    """
    require_move(recovery, RecoveryState.REPAID)
    if amount > recovery.due:
        raise RuleError("repayment_exceeds_due", (), id=recovery.id, due=str(recovery.due), amount=str(amount))
    if not paid_on <= received_on <= today:
        raise RuleError(
            "received_on_out_of_range", (), received_on=str(received_on), first=str(paid_on), last=str(today)
        )
    return RecoveryState.REPAID if amount == recovery.due else RecoveryState.PART_REPAID


def reopens(ground: RecoveryGround, received_on: date, budget_year: int) -> bool:
    """Say whether cash reopens appropriation, pool and firm-year at once (RULINGS 17)."""
    return ground not in OF_FAULT and received_on.year == budget_year


def later_cash(recovery: Recovery) -> Money:
    """Return what may still be appropriated again by number. Raises ConflictError, RuleError when nothing may."""
    if recovery.state not in {RecoveryState.PART_REPAID, RecoveryState.REPAID}:
        require_move(recovery, RecoveryState.REPAID)
        raise RuleError("nothing_to_reappropriate", (), id=recovery.id)
    if recovery.ground in OF_FAULT:
        raise RuleError("recovery_of_fault_reopens_nothing", (), id=recovery.id, ground=recovery.ground.value)
    later = sum((each.amount for each in recovery.repayments if not each.reopened), ZERO)
    left = later.less(recovery.reappropriated)
    if not left:
        raise RuleError("nothing_to_reappropriate", (), id=recovery.id)
    return left


def require_pay_back(recovery: Recovery, paid_on: date, today: date) -> Money:
    """Return what is paid back. Raises ConflictError when nothing is owed, RuleError for a day that cannot be."""
    owed = recovery.to_pay_back
    if not owed:
        raise ConflictError("nothing_to_pay_back", id=recovery.id, state=recovery.state.value)
    annulled = next(each for each in recovery.acts if each.kind.value == "annulled")
    first = annulled.at.civil_day()
    if not first <= paid_on <= today:
        raise RuleError("paid_on_out_of_range", (), paid_on=str(paid_on), first=str(first), last=str(today))
    return owed
