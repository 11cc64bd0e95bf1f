"""Use cases of a recovery's money: book the cash, appropriate it again, undo it, pay it back (RULINGS 17, 34)."""

from registry.actors.model import Action
from registry.aftercare import records
from registry.aftercare import recovery_rules as rules
from registry.aftercare.recoveries import act, found_recovery, write_act
from registry.aftercare.recovery_model import (
    Reappropriate,
    RecordPayBack,
    RecordRepayment,
    Recovery,
    RecoveryActKind,
    RecoveryState,
)
from registry.awards import officers
from registry.awards.acting import account_of
from registry.awards.model import Case
from registry.errors import ConflictError
from registry.journal.work import Work
from registry.values.canonical import Json
from registry.values.identifiers import RecoveryId, VoucherId
from registry.values.money import Money
from registry.vouchers import closing, receivables
from registry.vouchers.model import Appropriate


def repay(work: Work, command: RecordRepayment) -> Recovery:
    """Book cash that came back; what it reopens is decided by its day and the ground (RULINGS 17).

    Raises:
        NotAllowedError, NotFoundError: The actor pays nothing here, or opened or decided the recovery.
        ConflictError: Nothing is due, or this receipt of the bank is booked already.
        RuleError: It is more than is due, or cannot have come on that day.
    """
    case, found = found_recovery(work, command.recovery, Action.PAY_CASE)
    officers.require_free(work, case)
    rules.require_booker(found, account_of(work.actor))
    instruction, payment = case.instruction, case.payment
    if instruction is None or payment is None:
        raise AssertionError("a recovery of a case that was not paid")
    receipt = command.bank_receipt.strip()
    to = rules.state_when_repaid(found, command.amount, command.received_on, payment.paid_on, work.now.civil_day())
    if not records.claim_receipt(work.connection, found.authority, receipt, found.id):
        raise ConflictError("bank_receipt_booked", receipt=receipt[:60])
    # Of a year that was closed meanwhile nothing reopens: the cash waits to be appropriated again.
    reopened = rules.reopens(found.ground, command.received_on, instruction.budget_year) and not closing.is_closed(
        work, found.authority, instruction.budget_year
    )
    receivables.collect_within(work, found.id, command.amount)
    if reopened:
        place = (found.authority, instruction.budget_year, instruction.project_code)
        _reopen_voucher(work, case, found, command.amount)
        receivables.reopen_line_within(work, *place, command.amount, case.id)
    content: dict[str, Json] = {
        "amount_fen": command.amount.fen,
        "bank_receipt": receipt,
        "received_on": command.received_on.isoformat(),
        "reopened": reopened,
    }
    return act(work, found, RecoveryActKind.REPAID, "aftercare.money_came_back", content, to)


def reappropriate(work: Work, command: Reappropriate) -> Recovery:
    """Appropriate by number what came back in a later budget year; of a voucher it also reopens pool and firm-year.

    Raises:
        NotAllowedError, NotFoundError: The actor pays nothing here.
        ConflictError: The document of that number is recorded already.
        RuleError: Nothing came back later, or it came back for fault.
    """
    case, found = found_recovery(work, command.recovery, Action.PAY_CASE)
    officers.require_free(work, case)
    rules.require_booker(found, account_of(work.actor))
    amount = rules.later_cash(found)
    granted = Appropriate(command.budget_year, command.line.strip(), amount, command.number.strip())
    _reopen_voucher(work, case, found, amount)
    receivables.appropriate_again_within(work, found.authority, granted)
    content: dict[str, Json] = {
        "amount_fen": amount.fen,
        "budget_year": granted.budget_year,
        "line": granted.line,
        "number": granted.number,
    }
    kind = RecoveryActKind.REAPPROPRIATED
    return act(work, found, kind, "aftercare.money_reappropriated", content, found.state)


def _reopen_voucher(work: Work, case: Case, recovery: Recovery, amount: Money) -> None:
    """Give a voucher's cash back to firm-year and pool; before the budget line, as an instruction locks them."""
    subject = rules.line_of(case, recovery.line).subject
    if isinstance(subject, VoucherId):
        receivables.reopen_voucher_within(work, subject, recovery.id, len(recovery.acts) + 1, amount)


def annul_within(work: Work, recovery: RecoveryId, content: dict[str, Json]) -> Recovery:
    """Annul a decision in the use case that ends its remedy; what had come back is owed to the party.

    The caller has locked the case. Raises ConflictError: it was annulled before.
    """
    found = records.lock_recovery(work.connection, recovery)
    if found is None or work.entry is None:
        raise AssertionError("a remedy against a recovery that is not there, or without journal entry")
    rules.require_move(found, RecoveryState.ANNULLED)
    receivables.reverse_within(work, found.id, found.due, found.repaid)
    return write_act(work, found, RecoveryActKind.ANNULLED, content, RecoveryState.ANNULLED, work.entry)


def pay_back(work: Work, command: RecordPayBack) -> Recovery:
    """Record that finance paid the party what had come back; pool and firm-year take again what was reopened.

    Raises:
        NotAllowedError, NotFoundError: The actor pays nothing here.
        ConflictError: Nothing is owed, or this receipt of the bank is booked already.
        RuleError: The budget line, the pool or the firm-year has not enough left; not on that day.
    """
    case, found = found_recovery(work, command.recovery, Action.PAY_CASE)
    officers.require_free(work, case)
    rules.require_booker(found, account_of(work.actor))
    owed = rules.require_pay_back(found, command.paid_on, work.now.civil_day())
    receipt, line = command.bank_receipt.strip(), command.line.strip()
    if not records.claim_receipt(work.connection, found.authority, receipt, found.id):
        raise ConflictError("bank_receipt_booked", receipt=receipt[:60])
    subject = rules.line_of(case, found.line).subject
    if isinstance(subject, VoucherId):
        receivables.retake_voucher_within(work, subject, found.id, len(found.acts) + 1)
    receivables.pay_back_within(work, found.authority, command.budget_year, line, owed, found.id, case.id)
    content: dict[str, Json] = {
        "amount_fen": owed.fen,
        "budget_year": command.budget_year,
        "line": line,
        "payment_voucher_number": command.payment_voucher_number.strip(),
        "bank_receipt": receipt,
        "paid_on": command.paid_on.isoformat(),
    }
    return act(work, found, RecoveryActKind.PAID_BACK, "aftercare.money_paid_back", content, found.state)
