"""Lessening the claim of a redeemed voucher (核减): less of its invoice stands than it claimed, and it is not paid yet.

Rules (RULINGS 13, 16, 17):
* What counts is what is certain: an invoice that the tax platform calls void or red, red letters that were looked up,
  refunds that arrived. What is only stated keeps a voucher from being paid and lessens nothing: it may not come.
* The claim comes to what its redemption would have given on the base that is left, at the rate it was redeemed at and
  under the cap of its firm-year today. The difference goes back to pool, round and firm-year, by a posting of its own;
  claim and redemption stay as they were made, and this decision stands beside them with its facts.
* Where nothing is left, the voucher is released and its order is free: what was invoiced anew may be held for again.
* A voucher in a batch is not changed under its line; of one that is paid the excess is recovered.

Who may do it is for the room of cases, which knows ties and recusals.
"""

from dataclasses import replace

from registry.exchange import service as exchange
from registry.exchange.billing import standing_base
from registry.journal.work import Work
from registry.messages.announcing import announce
from registry.messages.model import Event, Topic
from registry.policy.rules import FirmYearSoFar, VoucherTerms
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import VoucherId
from registry.vouchers import ledger, records, refunds, rules
from registry.vouchers.counters import (
    approved_within,
    change_pool,
    change_round,
    change_year,
    lock_years_and_pools,
    locked,
)
from registry.vouchers.model import Decision, DecisionStep, Voucher, VoucherState
from registry.vouchers.quoting import approved_json, claim_json, so_far_of
from registry.vouchers.reading import voucher_asked


def lessen_within(work: Work, voucher_id: VoucherId) -> Voucher:
    """Lessen what a redeemed voucher claims to what is left of its invoice, and write the journal entry.

    Raises:
        NotFoundError: There is no such voucher.
        ConflictError: It is not redeemed, in a batch or paid, or nothing certain lessens it.
    """
    asked = voucher_asked(work, voucher_id)
    exchange.lock_order_within(work, asked.order)
    found = locked(work, voucher_id)
    rules.require_lessenable(found)
    years, _ = lock_years_and_pools(work, {}, [found.firm_year], [found.pool])
    year = years[found.firm_year]
    decided = records.decisions_of(work.connection, found.id)
    own, terms = (found.base, found.amount), VoucherTerms(refunds.rate_of(decided), year.cap)
    so_far, approved = so_far_of(year, own), approved_within(work, found.firm_year, own)
    invoice, arrived = refunds.certain_of(work, found)
    due = rules.lessening(found, standing_base(invoice, arrived), so_far, terms, approved=approved)
    facts = {
        **_facts(found, due, terms, so_far),
        "approved": approved_json(approved),
        **claim_json(
            invoice,
            exchange.payments(work, found.order),
            tuple(each for each in arrived if each.invoice == invoice.id),
        ),
    }
    made = _made(found, due, Digest.of_json(facts))
    base_back = found.base - due.base if due.amount else found.base
    change_year(work, found.firm_year, -base_back.fen, -due.back.fen)
    change_pool(work, found.pool, -due.back.fen)
    change_round(work, found, -due.back.fen)
    records.save_voucher(work.connection, made)
    number = 1 + sum(each.step is DecisionStep.LESSENED for each in decided)
    step = Decision(made.id, DecisionStep.LESSENED, work.now, made.revision, made.facts_digest, facts, number)
    records.add_decisions(work.connection, [step])
    back = ledger.move_of_voucher(found.pool, VoucherState.REDEEMED, VoucherState.RELEASED, due.back)
    ledger.post(work, [back], found.id)
    work.journal(
        "vouchers.claim_lessened",
        made.id,
        number=number,
        invoice=str(made.invoice),
        base_fen=due.base.fen,
        amount_fen=due.amount.fen,
        back_fen=due.back.fen,
        year=made.year,
        facts=str(made.facts_digest),
    )
    _tell(work, made)
    return made


def _tell(work: Work, made: Voucher) -> None:
    """Tell the firm; no amount stands in a message."""
    data: dict[str, Json] = {
        "voucher": made.id,
        "invoice": made.invoice,
        "order": made.order,
        "state": made.state.value,
    }
    announce(work, Event(Topic.VOUCHER_CLAIM_LESSENED, made.id, data, firms=frozenset({made.firm})))


def _made(found: Voucher, due: rules.Lessening, facts: Digest) -> Voucher:
    """Return the voucher as it is then; one that is released keeps its figures, as a hold does, and counts nowhere."""
    if not due.amount:
        return replace(found, state=VoucherState.RELEASED, facts_digest=facts)
    return replace(found, base=due.base, amount=due.amount, facts_digest=facts)


def _facts(found: Voucher, due: rules.Lessening, terms: VoucherTerms, so_far: FirmYearSoFar) -> dict[str, Json]:
    """Return what of the firm-year the decision was made of; with it and the invoice the amount is computed again."""
    return {
        "format": "sancai/voucher-lessening/v1",
        "decided_before": str(found.facts_digest),
        "before": {"base_fen": found.base.fen, "amount_fen": found.amount.fen},
        "amounts": {
            "rate_bp": terms.rate.basis_points,
            "firm_year_cap_fen": terms.firm_year_cap.fen,
            "year": found.year,
            "year_base_fen": so_far.base.fen,
            "year_used_fen": so_far.awarded.fen,
            "base_fen": due.base.fen,
            "amount_fen": due.amount.fen,
        },
    }
