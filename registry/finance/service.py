"""Use cases of finance: compare a year with what finance has, sign that off, close the year by two officers.

Locks: the lines of the year first, then nothing of cases is changed; payments take their line before their accounts.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from registry.actors.model import Action
from registry.actors.rules import require
from registry.awards import lines
from registry.awards import records as cases
from registry.awards.acting import account_of
from registry.awards.model import Case, CaseState
from registry.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError, RuleError
from registry.finance import files, records, rules
from registry.finance.model import (
    LINES_MAX,
    YEARS,
    OwnPayment,
    PaymentKey,
    ProposeClosing,
    Reconciliation,
    SignReconciliation,
)
from registry.journal.work import View, Work
from registry.policy import service as policy
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, CaseId, ClosingId, ReconciliationId
from registry.values.money import ZERO, Money
from registry.vouchers import desk
from registry.vouchers import records as vouchers
from registry.vouchers.closing_model import Closing

# Our side.


def payments_of(view: View, budget_year: int) -> tuple[OwnPayment, ...]:
    """Return what was instructed and paid of a budget year of the actor's authority, by line and number.

    Raises:
        NotAllowedError: The actor is no officer.
        InvalidValueError: There is no such year.
        RuleError: The year has more payments than one comparison holds.
    """
    require(view.actor, Action.READ_LEDGER)
    if budget_year not in YEARS:
        raise InvalidValueError("budget_year_malformed", given=budget_year)
    return _payments(view, policy.office_of(view.actor), budget_year)


def _payments(view: View, office: AuthorityId, budget_year: int) -> tuple[OwnPayment, ...]:
    named = records.instructed_cases(view.connection, office, budget_year, LINES_MAX + 1)
    back = records.paid_back(view.connection, office, budget_year, LINES_MAX + 1)
    if len(named) + len(back) > LINES_MAX:
        raise RuleError("finance_year_too_large", (), year=budget_year, most=LINES_MAX)
    found = [
        _of_case(each)
        for each in cases.cases_named(view.connection, named)
        if each.instruction is not None and each.instruction.budget_year == budget_year
    ]
    found += [_of_pay_back(each) for each in back]
    return _together(found)


def _of_pay_back(content: Mapping[str, Any]) -> OwnPayment:
    """Return what was paid back to a party after a recovery was annulled; it is paid as it is recorded."""
    amount = Money(content["amount_fen"])
    return OwnPayment(
        PaymentKey(content["line"], content["payment_voucher_number"]),
        (content["case"],),
        amount,
        amount,
        ZERO,
        date.fromisoformat(content["paid_on"]),
        (content["bank_receipt"],),
        None,
    )


def _of_case(case: Case) -> OwnPayment:
    instruction = case.instruction
    if instruction is None:
        raise AssertionError("an instructed case without instruction")
    amount = lines.instructed_amount(case)
    paid = case.payment if case.state is CaseState.PAID else None
    own = case.payee.digest if case.payee else None
    payees = sorted({str(each.payee_digest or own) for each in case.lines if each.payee_digest or own})
    return OwnPayment(
        PaymentKey(instruction.project_code, instruction.payment_voucher_number),
        (str(case.id),),
        amount,
        amount if paid else ZERO,
        ZERO if paid else amount,
        paid.paid_on if paid else None,
        (paid.bank_receipt,) if paid else (),
        _digest(payees),
    )


def _digest(payees: list[str]) -> Digest | None:
    if len(payees) == 1:
        return Digest.parse(payees[0])
    return Digest.of_json(list(payees)) if payees else None


def _together(found: Iterable[OwnPayment]) -> tuple[OwnPayment, ...]:
    """Return payments of one number as one: a batch that was parted is still one payment for finance."""
    by_key: dict[PaymentKey, list[OwnPayment]] = {}
    for each in found:
        by_key.setdefault(each.key, []).append(each)
    made = []
    for key, some in sorted(by_key.items()):
        days = [each.paid_on for each in some if each.paid_on]
        receipts = sorted({receipt for each in some for receipt in each.bank_receipts})
        payees = sorted({str(each.payee) for each in some if each.payee})
        made.append(
            OwnPayment(
                key,
                tuple(sorted(case for each in some for case in each.cases)),
                sum((each.instructed for each in some), ZERO),
                sum((each.paid for each in some), ZERO),
                sum((each.open for each in some), ZERO),
                max(days) if days else None,
                tuple(receipts),
                _digest(payees),
            )
        )
    return tuple(made)


# Reconciliation.


def reconcile(work: Work, budget_year: int, content: bytes) -> Reconciliation:
    """Compare a budget year with a file of finance; nothing is changed by it.

    Raises:
        NotAllowedError: The actor pays nothing for an authority.
        InvalidValueError, RuleError: The file cannot be read; every bad line.
    """
    require(work.actor, Action.PAY_CASE)
    office = policy.office_of(work.actor)
    theirs = files.read_payments(content)
    ours = _payments(work, office, budget_year)
    made = Reconciliation(
        id=ReconciliationId.new(),
        authority=office,
        budget_year=budget_year,
        file=Digest.of(content),
        ours=rules.digest_of(ours),
        payments=len(ours),
        rows=len(theirs),
        differences=rules.differences(ours, theirs),
        made_by=account_of(work.actor),
        made_at=work.now,
    )
    records.add_reconciliation(work.connection, made)
    work.journal(
        "finance.year_reconciled",
        made.id,
        budget_year=budget_year,
        file=str(made.file),
        ours=str(made.ours),
        differences=len(made.differences),
    )
    return made


def sign_reconciliation(work: Work, command: SignReconciliation) -> Reconciliation:
    """Sign a comparison off, by the digest of the file one has looked at.

    Raises:
        NotAllowedError: The actor pays nothing for an authority.
        NotFoundError: There is no such comparison at the actor's authority.
        ConflictError: The file is another, it is signed off, or our side has changed since.
    """
    require(work.actor, Action.PAY_CASE)
    found = reconciliation(work, command.reconciliation)
    if command.file != found.file:
        raise ConflictError("finance_file_differs", given=str(command.file), file=str(found.file))
    vouchers.lock_lines(work.connection, found.authority, found.budget_year)
    if rules.digest_of(_payments(work, found.authority, found.budget_year)) != found.ours:
        raise ConflictError("reconciliation_old", id=found.id)
    if not records.sign(work.connection, command, account_of(work.actor), work.now):
        raise ConflictError("reconciliation_signed", id=found.id)
    work.journal("finance.reconciliation_signed", found.id, file=str(found.file))
    return reconciliation(work, found.id)


def reconciliation(view: View, wanted: ReconciliationId) -> Reconciliation:
    """Return a comparison to the officers of its authority. Raises NotAllowedError, NotFoundError."""
    require(view.actor, Action.READ_LEDGER)
    found = records.reconciliation_of(view.connection, wanted)
    if found is None or found.authority != policy.office_of(view.actor):
        raise NotFoundError("reconciliation_not_found", id=wanted)
    return found


def reconciliations(view: View, after: ReconciliationId | None, limit: int) -> list[Reconciliation]:
    """Return the comparisons of the actor's authority, the newest first. Raises NotAllowedError."""
    require(view.actor, Action.READ_LEDGER)
    return records.reconciliations_page(view.connection, policy.office_of(view.actor), after, limit)


# The close of a year.


def propose_closing(work: Work, command: ProposeClosing) -> Closing:
    """Propose to close a budget year; nothing is closed until another officer of finance confirms it.

    Raises:
        NotAllowedError: The actor pays nothing for an authority.
        ConflictError: The year is closed.
        RuleError: ``closing_refused`` with everything that stands in the way.
    """
    require(work.actor, Action.PAY_CASE)
    office = policy.office_of(work.actor)
    content = _statement(work, office, command.budget_year, command.carried) | {"noted": _noted(work, command)}
    made = Closing(
        ClosingId.new(),
        office,
        command.budget_year,
        content,
        Digest.of_json(content),
        account_of(work.actor),
        work.now,
    )
    vouchers.add_closing(work.connection, made)
    work.journal("finance.closing_proposed", made.id, budget_year=made.budget_year, statement=str(made.digest))
    return made


def confirm_closing(work: Work, closing_id: ClosingId, digest: Digest) -> Closing:
    """Close a budget year as another officer proposed; ``digest`` is that of the statement one has looked at.

    Raises:
        NotAllowedError: The actor pays nothing for an authority, or proposed it.
        NotFoundError: There is no such proposal at the actor's authority.
        ConflictError: The statement is another, by now too, or the year is closed.
        RuleError: Something stands in the way by now.
    """
    require(work.actor, Action.PAY_CASE)
    found = closing(work, closing_id)
    officer = account_of(work.actor)
    if found.proposed_by == officer:
        raise NotAllowedError("closing_by_same_officer")
    if digest != found.digest:
        raise ConflictError("closing_statement_differs", given=str(digest), statement=str(found.digest))
    over = tuple((str(case), number) for case, number in found.carried.items())
    # Looked at again under the lock of the lines: what was paid or granted meanwhile makes it another statement.
    now = _statement(work, found.authority, found.budget_year, over)
    if now != {name: value for name, value in found.content.items() if name != "noted"}:
        raise ConflictError("closing_statement_differs", given=str(digest), statement=str(Digest.of_json(now)))
    if not vouchers.confirm_closing(work.connection, found, officer, work.now):
        raise ConflictError("budget_year_closed", year=found.budget_year, line="")
    work.journal("finance.year_closed", found.id, budget_year=found.budget_year, statement=str(found.digest))
    return closing(work, closing_id)


def closing(view: View, closing_id: ClosingId) -> Closing:
    """Return the close of a year to the officers of its authority. Raises NotAllowedError, NotFoundError."""
    require(view.actor, Action.READ_LEDGER)
    found = vouchers.closing_of(view.connection, closing_id)
    if found is None or found.authority != policy.office_of(view.actor):
        raise NotFoundError("closing_not_found", id=closing_id)
    return found


def closings(view: View, after: ClosingId | None, limit: int) -> list[Closing]:
    """Return what was proposed and closed at the actor's authority, the newest first. Raises NotAllowedError."""
    require(view.actor, Action.READ_LEDGER)
    return vouchers.closings_page(view.connection, policy.office_of(view.actor), after, limit)


def _statement(
    work: Work, office: AuthorityId, budget_year: int, carried: tuple[tuple[str, str], ...]
) -> dict[str, Json]:
    """Return what a year comes to, under the lock of its lines. Raises ConflictError, RuleError."""
    vouchers.lock_lines(work.connection, office, budget_year)
    if vouchers.is_closed(work.connection, office, budget_year):
        raise ConflictError("budget_year_closed", year=budget_year, line="")
    ours = _payments(work, office, budget_year)
    still_open = _open_instructions(work, ours)
    newest = records.newest_reconciliation(work.connection, office, budget_year)
    current = newest is not None and newest.ours == rules.digest_of(ours)
    signed = newest is not None and newest.signed_at is not None
    obstacles = rules.closing_obstacles(
        budget_year, work.now.civil_day(), still_open, carried, signed=signed, current=current
    )
    if obstacles or newest is None:
        raise RuleError("closing_refused", obstacles, year=budget_year)
    return {
        "format": "sancai/year-closing/v1",
        "budget_year": budget_year,
        "lines": [
            {
                "line": each.line,
                "granted_fen": each.granted.fen,
                "paid_fen": each.paid.fen,
                "instructed_fen": each.instructed.fen,
                "lapsed_fen": each.available.fen,
            }
            for each in desk.budget_lines(work, budget_year)
        ],
        "payments": len(ours),
        "paid_fen": sum(each.paid.fen for each in ours),
        "carried": [
            {"case": case, "number": number, "amount_fen": still_open[case].fen} for case, number in sorted(carried)
        ],
        "reconciliation": str(newest.id),
        "differences": len(newest.differences),
        "ours": str(newest.ours),
    }


def _noted(work: Work, command: ProposeClosing) -> dict[str, Json]:
    """Return what stood open beside the payments of a year when its close was proposed; it goes on after the close."""
    office = policy.office_of(work.actor)
    count, amount = vouchers.holds_of_year(work.connection, office, command.budget_year)
    return {
        "unpaid_cases": records.waiting_cases(work.connection, office),
        "unbatched_fen": desk.waiting_for_batch(work).fen,
        "open_holds": {"count": count, "amount_fen": amount.fen, "fate": "stay_until_redeemed_or_run_out"},
    }


def _open_instructions(view: View, ours: Iterable[OwnPayment]) -> dict[str, Money]:
    """Return the cases whose instruction is neither paid nor sent back, with its amount."""
    named = [CaseId(case) for each in ours if each.open for case in each.cases]
    found = cases.cases_named(view.connection, named) if named else ()
    return {str(each.id): lines.instructed_amount(each) for each in found if each.state is CaseState.INSTRUCTED}
