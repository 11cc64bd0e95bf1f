"""The mutants: what is broken, where, and the few tests that must notice.

Each is one change of the source, made in a copy; ``before`` stands exactly once in its file.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Mutant:
    """One way to get it wrong. ``invariant`` counts as POLICY §4.3 does."""

    name: str
    invariant: int
    path: str
    before: str
    after: str
    tests: tuple[str, ...]


_RULES = "tests/registry/vouchers/test_rules.py"
_REPLAY = "tests/registry/vouchers/test_replay.py"
_OPENING = "tests/registry/vouchers/test_opening.py"
_AMOUNTS = "tests/registry/policy/test_rules_of_vouchers.py"
_EXCHANGE = "tests/registry/exchange/test_rules.py"
_OBSTACLES = "tests/registry/awards/test_payment_obstacles.py"
_CASES = "tests/registry/awards/test_case_machine.py"
_POLICY = "tests/registry/policy/test_rules.py"
_MOVES = "tests/registry/vouchers/test_moves.py"
_SERVICE = "tests/registry/vouchers/test_service.py"
_AT_ONCE = "tests/registry/vouchers/test_at_once.py"
_CLOCKS = "tests/registry/vouchers/test_clock_steps.py"
_YEARS = "tests/registry/vouchers/test_december_january.py"
_RECOVERY = "tests/registry/aftercare/test_recovery_rules.py"
_REFUNDS = "tests/registry/aftercare/test_refunds.py"
_WORK = "tests/registry/journal/test_work.py"
_ADOPTION = "tests/registry/adoption/test_rules.py"
_MOMENT = "tests/registry/values/test_moment.py"

MUTANTS: Final = (
    Mutant("share rounded half up", 16, "registry/values/money.py", "amount.fen * self.basis_points // FULL_RATE_BP",
           "(amount.fen * self.basis_points + FULL_RATE_BP // 2) // FULL_RATE_BP", (_AMOUNTS,)),
    Mutant("rate on each invoice alone", 16, "registry/policy/rules.py",
           "ceiling = voucher_ceiling(terms.rate, so_far.base + base, terms.firm_year_cap)\n    return min(base, ceiling.less(so_far.awarded))",
           "return min(base, voucher_ceiling(terms.rate, base, terms.firm_year_cap.less(so_far.awarded)))", (_AMOUNTS, _RULES)),
    Mutant("firm's cap forgotten", 3, "registry/policy/rules.py", "return min(cap, rate.of_rounded_down(sum_of_base))",
           "return rate.of_rounded_down(sum_of_base)", (_AMOUNTS, _RULES)),
    Mutant("quote without the pool", 2, "registry/policy/rules.py", "        LimitKind.POOL: pool_left,\n",
           "        LimitKind.POOL: base,\n", (_AMOUNTS,)),
    Mutant("quote without what was awarded", 3, "registry/policy/rules.py",
           "        LimitKind.FIRM_YEAR: terms.firm_year_cap.less(so_far.awarded),\n",
           "        LimitKind.FIRM_YEAR: terms.firm_year_cap,\n", (_AMOUNTS,)),
    Mutant("year of the earlier date", 12, "registry/policy/rules.py", "else max(invoice_day, payment_day).year",
           "else min(invoice_day, payment_day).year", (_AMOUNTS,)),
    Mutant("days of London", 12, "registry/values/moment.py", 'ZoneInfo("Asia/Shanghai")', 'ZoneInfo("Europe/London")',
           (_MOMENT, _AMOUNTS)),
    Mutant("notice from the day of posting", 9, "registry/policy/rules.py",
           "posted_at.civil_day() + timedelta(days=days))", "posted_at.civil_day() + timedelta(days=days - 1))", (_POLICY,)),
    Mutant("holds do not count", 2, "registry/vouchers/model.py",
           "frozenset(VoucherState) - {VoucherState.RELEASED, VoucherState.EXPIRED}",
           "frozenset(VoucherState) - {VoucherState.HELD, VoucherState.RELEASED, VoucherState.EXPIRED}", (_MOVES,)),
    Mutant("settled twice", 6, "registry/vouchers/model.py",
           "VoucherState.SETTLED: frozenset({VoucherState.INSTRUCTED, VoucherState.REDEEMED}),",
           "VoucherState.SETTLED: frozenset({VoucherState.INSTRUCTED, VoucherState.SETTLED, VoucherState.REDEEMED}),",
           (_MOVES,)),
    Mutant("expired twice", 6, "registry/vouchers/model.py", "    VoucherState.EXPIRED: frozenset(),\n",
           "    VoucherState.EXPIRED: frozenset({VoucherState.EXPIRED}),\n", (_MOVES,)),
    Mutant("any state may be redeemed", 6, "registry/vouchers/rules.py", "if to not in VOUCHER_MOVES[voucher.state]:",
           "if voucher.state is to:", (_RULES,)),
    Mutant("a hold ends an instant late", 15, "registry/vouchers/rules.py", "    if now >= voucher.expires_at:\n",
           "    if now > voucher.expires_at:\n", (_RULES,)),
    Mutant("redeemed beyond the hold", 6, "registry/vouchers/rules.py", "amount = min(voucher.amount, voucher_amount(base, so_far, terms),",
           "amount = min(voucher_amount(base, so_far, terms),", (_RULES,)),
    Mutant("log time of the wall clock", 15, "registry/vouchers/chain.py",
           "max(microseconds(each.posted_at), debit.logged_us + 1, credit.logged_us + 1)", "microseconds(each.posted_at)",
           (_REPLAY,)),
    Mutant("hash without the amount", 7, "registry/vouchers/chain.py", '"|".join(map(str, fields))',
           '"|".join(map(str, fields[:3] + fields[4:]))', (_REPLAY,)),
    Mutant("hash without what was before", 7, "registry/vouchers/replay.py", "if chain != link(before,", "if False and chain != link(before,",
           (_REPLAY,)),
    Mutant("credit adds to both", 1, "registry/vouchers/chain.py", "fen if debited != self.is_credit else -fen", "fen",
           (_REPLAY,)),
    Mutant("overdrawn for an instant", 19, "registry/vouchers/replay.py",
           "if debited.balance < 0 or credited.balance < 0:", "if debited.balance < 0:", (_REPLAY,)),
    Mutant("a gap in the log", 20, "registry/vouchers/replay.py",
           "if debit_move != debited.moves + 1 or credit_move != credited.moves + 1:", "if debit_move <= debited.moves:",
           (_REPLAY,)),
    Mutant("an entry that covers other postings", 20, "registry/vouchers/replay.py",
           "if committed is not None and committed != covered(chains):", "if committed is None:", (_REPLAY,)),
    Mutant("base with deductible VAT", 4, "registry/exchange/billing.py",
           "base = invoice.net if invoice.kind is InvoiceKind.SPECIAL else invoice.gross", "base = invoice.gross", (_EXCHANGE,)),
    Mutant("paid from any account", 4, "registry/exchange/billing.py", "        if not payment.from_own_account:\n",
           "        if False:\n", (_EXCHANGE,)),
    Mutant("payer was the reviewer", 10, "registry/awards/rules.py", "if payer in officers_who_acted(case):", "if False:",
           (_CASES,)),
    Mutant("one signs for all ranks", 10, "registry/awards/rules.py",
           "if signer in _may_not_sign(case) and not taken_back:", "if False:", (_CASES,)),
    Mutant("a changed line keeps its notice", 9, "registry/awards/lines.py",
           "self.notices = [replace(each, digests=each.digests - {before.digest}) for each in self.notices]",
           "self.notices = [replace(each, digests=each.digests | {changed.digest}) for each in self.notices]",
           (_OBSTACLES,)),
    Mutant("a line changed back is noticed again", 9, "registry/awards/lines.py",
           "self.notices = [replace(each, digests=each.digests - {before.digest}) for each in self.notices]", "pass",
           (_OBSTACLES,)),
    Mutant("a notice of other lines does", 9, "registry/awards/lines.py",
           "    if not_noticed(case):\n        return None\n", "", (_OBSTACLES,)),
    Mutant("paid while the notice runs", 9, "registry/awards/rules.py", "    elif now < ends:\n",
           "    elif False:\n", (_OBSTACLES,)),
    Mutant("paid against an open objection", 9, "registry/awards/rules.py", "    if case.objections_open:\n", "    if False:\n",
           (_OBSTACLES,)),
    Mutant("a batch redeems a hold", 6, "registry/vouchers/rules.py", "    if voucher.state is VoucherState.HELD:\n        raise",
           "    if False:\n        raise", (_MOVES,)),
    Mutant("what is only held earns for another", 4, "registry/vouchers/rules.py",
           "voucher_amount(base, so_far, terms), voucher_amount(base, approved, terms))", "voucher_amount(base, so_far, terms))",
           (_SERVICE + "::test_a_hold_that_is_given_back_has_earned_nothing_for_another",)),
    Mutant("debit and credit changed", 1, "registry/vouchers/rules.py", "return ACCOUNT_OF[after], credited",
           "return credited, ACCOUNT_OF[after]", (_RULES,)),
    Mutant("a hold the firm-year does not know", 3, "registry/vouchers/holding.py",
           "    if unchanged := records.change_firm_years(connection, years):\n", "    if unchanged := None:\n", (_AT_ONCE + "::test_32_holds_at_once_exceed_neither_cap",)),
    Mutant("a release the pool does not know", 18, "registry/vouchers/counters.py",
           "    change_pool(work, held.pool, -held.amount.fen)\n", "", (_SERVICE + "::test_a_released_order_can_be_held_for_again",)),
    Mutant("what is lessened the pool does not know", 18, "registry/vouchers/lessening.py",
           "    change_pool(work, found.pool, -due.back.fen)\n", "",
           ("tests/registry/vouchers/test_lessening.py::test_it_is_lessened_as_often_as_something_is_taken_back",)),
    Mutant("a claim lessened by what is only stated", 17, "registry/vouchers/refunds.py",
           "    return as_settled(claimed_invoice(view, voucher), exchange.refunds(view, voucher.order))\n",
           "    return claimed_invoice(view, voucher), exchange.refunds(view, voucher.order)\n",
           ("tests/registry/vouchers/test_lessening.py::test_what_is_only_stated_lessens_nothing",)),
    Mutant("claimed on the base that was held", 5, "registry/vouchers/service.py",
           "records.claim_invoice(work.connection, invoice, made.id, made.base)",
           "records.claim_invoice(work.connection, invoice, made.id, held.base)",
           (_SERVICE + "::test_what_the_real_base_does_not_earn_is_released",)),
    Mutant("an invoice claimed by two", 5, "registry/vouchers/service.py",
           "    if claimed := records.claim_of(work.connection, invoice_id):\n", "    if claimed := None:\n",
           (_SERVICE + "::test_an_invoice_is_claimed_once",)),
    Mutant("invoices beyond their order", 5, "registry/exchange/billing.py",
           "    if net + command.net > order.net or gross + command.net + command.vat > order.gross:\n", "    if False:\n", (_EXCHANGE,)),
    Mutant("holds run out by the wall clock", 15, "registry/vouchers/ledger.py",
           "return max(work.now, last) if last else work.now", "return work.now",
           (_CLOCKS + "::test_a_hold_runs_out_by_log_time_to_the_microsecond",)),
    Mutant("more instructed than appropriated", 18, "registry/vouchers/records/appropriations.py",
           "after.between(0, cast(appropriations.c.appropriated, BigInteger))", "after >= 0",
           (_SERVICE + "::test_no_more_is_instructed_than_appropriated",)),
    Mutant("the share of a base rounded up", 18, "registry/vouchers/receivables.py",
           "return Money(base.fen * back.fen // amount.fen)", "return Money(-(-base.fen * back.fen // amount.fen))", (_RECOVERY,)),
    Mutant("cash of a fraud reopens", 18, "registry/aftercare/recovery_rules.py",
           "return ground not in OF_FAULT and received_on.year == budget_year", "return received_on.year == budget_year", (_RECOVERY,)),
    Mutant("cash of a later year reopens", 18, "registry/aftercare/recovery_rules.py",
           "return ground not in OF_FAULT and received_on.year == budget_year", "return ground not in OF_FAULT",
           (_YEARS + "::test_cash_reopens_in_the_budget_year_of_the_payment_and_without_fault",)),
    Mutant("a refund takes everything", 17, "registry/policy/rules.py",
           "return min(amount, standing.awarded.less(voucher_ceiling(terms.rate, standing.base, terms.firm_year_cap)))",
           "return amount", (_REFUNDS + "::test_the_excess_is_what_is_above_the_ceiling_of_the_year",)),
    Mutant("another body under a key", 8, "registry/journal/work.py", "        if body != command.body:\n", "        if False:\n", (_WORK,)),
    Mutant("a refusal is forgotten", 8, "registry/journal/work.py",
           "        _keep(view, slot, kept_refusal(refusal), keep)\n        return refusal\n", "        raise\n", (_WORK,)),
    Mutant("benefits of one document exclude each other", 11, "registry/policy/exclusivity.py",
           "        and each.document != document\n", "", ("tests/registry/policy/test_exclusivity.py",)),
    Mutant("two of one controller count", 13, "registry/adoption/rules.py",
           "        if not reasons and (first := first_of.get(known.controller)):\n",
           "        if not reasons and (first := first_of.get(receipt.id)):\n", (_ADOPTION,)),
    Mutant("a withdrawn adoption counts", 14, "registry/adoption/rules.py", "    if receipt.withdrawn_at is not None:\n",
           "    if False:\n", (_ADOPTION,)),
    Mutant("a sanction of some funds stops nothing", 21, "registry/parties/model.py",
           "return ALL_FUNDS in self.scope or instrument in self.scope", "return ALL_FUNDS in self.scope",
           ("tests/registry/parties/test_service.py::test_a_sanction_stops_its_scope_at_its_own_authority",)),
    Mutant("an amount above its base", 4, "registry/vouchers/opening_files.py", "(pool and amount > base)", "(pool and amount < base)",
           (_OPENING + "::test_a_line_that_is_not_well_formed_is_told",)),
)  # fmt: skip
