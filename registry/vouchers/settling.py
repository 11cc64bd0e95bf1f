"""What the payment of a batch does to vouchers and budget lines; the awards room calls it inside its own use cases.

Rules:
* Settling fixes what is due and moves no money (RULINGS 23). A settled voucher belongs to one batch; a refused batch or
  a withdrawn line gives it back.
* Finance instructs, the bank pays or returns; a returned payment is instructed again, never a second one while the
  first is unresolved (RULINGS 29). The table of moves holds that.
* Σ instructed on a budget line of a year ≤ what was appropriated to it (RULINGS 18), for vouchers and awards alike.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from registry.actors.model import Action
from registry.actors.rules import require
from registry.errors import ConflictError, CorruptContentError, Finding, NotFoundError, Obstacle, Parameter, RuleError
from registry.exchange import service as exchange
from registry.exchange.model import Invoice, Order, Verification
from registry.journal.work import View, Work
from registry.parties import service as parties
from registry.parties.model import Predicate
from registry.policy import service as policy
from registry.policy.model import Condition, Verdict
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, CaseId, VoucherId
from registry.values.money import ZERO, Money
from registry.vouchers import ledger, payee, records, refunds, rules
from registry.vouchers.closing import require_open_within
from registry.vouchers.known import Known
from registry.vouchers.model import (
    Appropriate,
    Appropriation,
    AppropriationAccount,
    SettledLine,
    Voucher,
    VoucherState,
)
from registry.vouchers.patterns import gathering
from registry.vouchers.patterns.model import Effect
from registry.vouchers.payee import PayeeGiven
from registry.vouchers.related import related_by

# Vouchers in a batch.


def redeemed(view: View, authority: AuthorityId, document: str) -> tuple[Voucher, ...]:
    """Return the vouchers under a document that wait for a payment batch, in the order they were held."""
    instruments = [each.id for each in policy.loaded_policy(view, authority, document).document.instruments]
    return tuple(records.redeemed_of(view.connection, authority, instruments))


def settle_within(work: Work, vouchers: Sequence[VoucherId], case: CaseId | None = None) -> tuple[SettledLine, ...]:
    """Fix what is due for redeemed vouchers of the officer's authority, once; ``case`` is the batch they go into.

    Raises:
        NotFoundError: One is not there, or belongs to another authority.
        ConflictError: One is not redeemed, or in a batch already.
    """
    moved = _moved(work, vouchers, VoucherState.SETTLED, case)
    stated = records.payees_of(work.connection, {each.id for each in moved})
    return tuple(
        SettledLine(each.id, each.firm, each.amount, each.instrument, _clause_of(each), stated[each.id][0])
        for each in moved
    )


def payees_opened_within(view: View, secret: bytes, frozen: Mapping[VoucherId, Digest]) -> dict[VoucherId, PayeeGiven]:
    """Return the whole accounts of vouchers, against the digests their lines froze; who may ask is for the caller.

    Raises:
        CorruptContentError: An account is not what was sealed and frozen.
    """
    stated = records.payees_of(view.connection, frozen)
    return {each: payee.opened(secret, each, stated[each][1], digest) for each, digest in frozen.items()}


def unsettle_within(work: Work, vouchers: Sequence[VoucherId], office: AuthorityId | None = None) -> None:
    """Take vouchers out of a batch that was refused, or whose lines were withdrawn.

    ``office`` is theirs where it is not an officer who acts.
    """
    _moved(work, vouchers, VoucherState.REDEEMED, None, office)


def rehome_within(work: Work, vouchers: Sequence[VoucherId], case: CaseId, into: CaseId) -> None:
    """Note that the lines of vouchers stand in another case now; no money moves.

    Raises NotFoundError, ConflictError (they stand in yet another one).
    """
    found = records.lock_vouchers(work.connection, vouchers)
    if missing := set(vouchers) - {each.id for each in found}:
        raise NotFoundError("voucher_not_found", id=min(missing))
    for each in found:
        if each.case != case:
            raise ConflictError("voucher_in_other_case", id=each.id, case=each.case)
        records.save_voucher(work.connection, replace(each, case=into))


def may_settle_within(work: Work, vouchers: Sequence[VoucherId]) -> bool:
    """Say whether all of these wait for a batch, and lock them; one may have gone into another batch meanwhile."""
    found = records.lock_vouchers(work.connection, vouchers)
    return all(each.state is VoucherState.REDEEMED for each in found)


def mark_instructed_within(work: Work, vouchers: Sequence[VoucherId], case: CaseId) -> None:
    """Note that finance instructed the bank. Raises ConflictError unless each is settled or was returned."""
    _moved(work, vouchers, VoucherState.INSTRUCTED, case)


def mark_paid_within(work: Work, vouchers: Sequence[VoucherId], case: CaseId) -> None:
    """Note that the bank paid. Raises ConflictError unless each is instructed."""
    _moved(work, vouchers, VoucherState.PAID, case)


def mark_returned_within(work: Work, vouchers: Sequence[VoucherId], case: CaseId) -> None:
    """Note that the bank sent the payment back (退汇). Raises ConflictError unless each is instructed."""
    _moved(work, vouchers, VoucherState.RETURNED, case)


def _moved(
    work: Work,
    wanted: Sequence[VoucherId],
    to: VoucherState,
    case: CaseId | None,
    office: AuthorityId | None = None,
) -> list[Voucher]:
    """Move vouchers of one authority and their money, all or none."""
    found = records.lock_vouchers(work.connection, wanted)
    authority = office or policy.office_of(work.actor)
    there = {each.id for each in found if each.authority == authority}
    for missing in set(wanted) - there:
        raise NotFoundError("voucher_not_found", id=missing)
    for each in found:
        rules.require_claimed(each, to)
        rules.require_move(each, to)
        if case is not None and each.case not in {None, case}:
            raise ConflictError("voucher_in_other_case", id=each.id, case=each.case)
    records.lock_pools(work.connection, {each.pool for each in found})
    moved = []
    for each in found:
        made = replace(each, state=to, case=case)
        records.save_voucher(work.connection, made)
        ledger.post(work, [ledger.move_of_voucher(each.pool, each.state, to, each.amount)], each.id)
        moved.append(made)
    return moved


def _clause_of(voucher: Voucher) -> str:
    """Return the clause a voucher was decided by, from the revision it was decided under."""
    for document in policy.shipped():
        if document.revision.digest == voucher.revision:
            return document.instrument(voucher.instrument).clause
    raise CorruptContentError("policy_revision_changed", document=voucher.instrument, revision=str(voucher.revision))


def standing(view: View, voucher_id: VoucherId) -> Verdict:
    """Return what is asked of a voucher again on payment day (RULINGS 22, 29).

    The invoice is still good and carries what was claimed on it, the order is not disputed, the buyer's credit is still
    clean, the buyer has not moved away, nothing that was entered since ties it to whom it bought from (RULINGS 1), and
    what the patterns found was cleared (POLICY §5). The periods an invoice bills stand accepted, with licence and green
    certificate through them.

    Raises:
        NotFoundError: There is no such voucher, or it claims nothing yet.
    """
    found = records.voucher_of(view.connection, voucher_id)
    if found is None or found.invoice is None:
        raise NotFoundError("voucher_not_found", id=voucher_id)
    credit, region = (
        parties.fact(view, found.authority, found.firm, predicate, view.now.civil_day())
        for predicate in (Predicate.CREDIT_CLEAN, Predicate.OPERATES_IN_REGION)
    )
    invoice = next(each for each in exchange.invoices(view, found.order) if each.id == found.invoice)
    good = invoice.verification is Verification.VERIFIED
    lacking = refunds.lacking(found, invoice, exchange.refunds(view, found.order)) if good else ZERO
    event = [found.event_on] if found.event_on else []
    order = exchange.order(view, found.order)
    chain = related_by(Known(view), order, event)
    return Verdict(
        (
            Condition("buyer_credit_clean", "RULINGS 31", credit.finding, evidence=("credit_report",)),
            Condition("buyer_operates_in_region", "RULINGS 29", region.finding, evidence=("register",)),
            Condition(
                "seller_not_related",
                "RULINGS 1",
                Finding.UNMET if chain else Finding.MET,
                {"chain": " → ".join(chain)},
                ("register",),
            ),
            Condition(
                "invoice_still_verified",
                "RULINGS 22",
                Finding.MET if good else Finding.UNMET,
                {"number": invoice.number, "result": invoice.verification.value},
                ("invoice_verification",),
            ),
            Condition(
                refunds.STILL_CARRIES_CLAIM,
                "RULINGS 13",
                Finding.UNMET if lacking else Finding.MET,
                {"number": invoice.number, "base": str(found.base), "lacking": str(lacking)},
                ("red_letter", "refund"),
            ),
            Condition(
                "order_disputed",
                "RULINGS 37",
                Finding.UNMET if exchange.is_disputed(view, found.order) else Finding.MET,
                {"order": found.order},
                ("dispute",),
            ),
            *_periods(view, found, order, invoice),
            *_patterns(view, found.id),
        )
    )


def _periods(view: View, voucher: Voucher, order: Order, invoice: Invoice) -> tuple[Condition, ...]:
    """Return a condition for each period billed that does not stand any more as it was claimed (S1 cl.4; RULINGS 22).

    An invoice without periods bills none; what was stated after the claim is no part of it.
    """
    if not invoice.periods:
        return ()
    return tuple(
        Condition(each.code, each.clause, Finding.UNMET, each.parameters, each.evidence)
        for each in exchange.claim_obstacles(view, order, invoice, voucher.authority)
    )


def _patterns(view: View, voucher_id: VoucherId) -> tuple[Condition, ...]:
    """Return a condition for each finding of a pattern that is not only shown."""
    return tuple(
        Condition(
            f"{each.finding.code.value}_found",
            each.finding.clause,
            Finding.UNMET if each.finding.effect is Effect.BLOCK or each.decision else Finding.UNKNOWN,
            {**each.finding.figures, "pattern": each.finding.code.value},
            ("pattern_decision",),
        )
        for each in gathering.findings(view, voucher_id)
        if each.stops
    )


# Budget lines.


def appropriate(work: Work, command: Appropriate) -> Appropriation:
    """Record money appropriated to a budget line.

    Raises:
        NotAllowedError: The actor does not pay for an authority.
        ConflictError: The document of that number is recorded already, or the year is closed.
    """
    require(work.actor, Action.APPROPRIATE)
    office = policy.office_of(work.actor)
    require_open_within(work, office, command.budget_year, command.line)
    if not records.add_appropriation(work.connection, office, command, work.actor.account, work.now):
        raise ConflictError("appropriation_known", number=command.number)
    place = (office, command.budget_year, command.line)
    ledger.open_line_accounts(work, *place)
    _post(work, place, AppropriationAccount.AVAILABLE, AppropriationAccount.GRANTED, command.amount, office)
    work.journal(
        "vouchers.money_appropriated",
        office,
        budget_year=command.budget_year,
        line=command.line,
        amount_fen=command.amount.fen,
        number=command.number,
    )
    return _line(work, place)


def appropriations(view: View) -> list[Appropriation]:
    """Return the budget lines of the officer's authority."""
    require(view.actor, Action.READ_LEDGER)
    return records.appropriations_of(view.connection, policy.office_of(view.actor))


def instruct_within(
    work: Work, authority: AuthorityId, budget_year: int, line: str, amount: Money, case: CaseId
) -> None:
    """Take ``amount`` from what is appropriated to a line, for an instruction to the bank.

    Raises:
        ConflictError: The year is closed.
        RuleError: The line has less left (``appropriation_exceeded``).
    """
    place = (authority, budget_year, line)
    require_open_within(work, *place)
    if not records.change_appropriation(work.connection, *place, amount.fen):
        left = _left(work, place)
        parameters: dict[str, Parameter] = {
            "year": budget_year,
            "line": line[:60],
            "left": str(left),
            "amount": str(amount),
        }
        raise RuleError(
            "instruction_refused",
            (Obstacle("appropriation_exceeded", "RULINGS 18", parameters=parameters, evidence=("appropriation",)),),
        )
    _post(work, place, AppropriationAccount.INSTRUCTED, AppropriationAccount.AVAILABLE, amount, case)


def appropriation_paid_within(
    work: Work,
    authority: AuthorityId,
    budget_year: int,
    line: str,
    amount: Money,
    case: CaseId,
    carried_as: Collection[CaseId] = (),
) -> None:
    """Note that what was instructed on a line was paid; ``carried_as`` are the cases it may be carried over as.

    Raises ConflictError: the year is closed, and the instruction was not carried over.
    """
    place = (authority, budget_year, line)
    require_open_within(work, *place, {case, *carried_as})
    _post(work, place, AppropriationAccount.PAID, AppropriationAccount.INSTRUCTED, amount, case)


def appropriation_returned_within(
    work: Work, authority: AuthorityId, budget_year: int, line: str, amount: Money, case: CaseId
) -> None:
    """Put back on a line what the bank sent back; it is taken again when it is instructed again."""
    place = (authority, budget_year, line)
    if not records.change_appropriation(work.connection, *place, -amount.fen):
        raise CorruptContentError("ledger_line_differs", line=line[:60], year=budget_year, found=str(amount))
    _post(work, place, AppropriationAccount.AVAILABLE, AppropriationAccount.INSTRUCTED, amount, case)


Place = tuple[AuthorityId, int, str]


def _post(
    work: Work,
    place: Place,
    debit: AppropriationAccount,
    credit: AppropriationAccount,
    amount: Money,
    subject: AuthorityId | CaseId,
) -> None:
    move = (ledger.account_of_line(*place, debit), ledger.account_of_line(*place, credit), amount)
    ledger.post(work, [move], subject)


def _line(view: View, place: Place) -> Appropriation:
    for each in records.appropriations_of(view.connection, place[0]):
        if (each.authority, each.budget_year, each.line) == place:
            return each
    raise NotFoundError("appropriation_not_found", year=place[1], line=place[2][:60])


def _left(view: View, place: Place) -> Money:
    try:
        found = _line(view, place)
    except NotFoundError:
        return Money(0)
    return found.appropriated - found.instructed
