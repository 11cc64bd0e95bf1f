"""An adopter takes its attestation back, and what was paid on it is looked at again.

Before a payment nothing has to be done: the verdict is taken anew on the day (``payments.py``). After it a review is
opened for every paid award in whose decisions the receipt was counted; it is never silent (POLICY §4.3, invariant 14).
"""

from registry.adoption import reviews, service
from registry.adoption.model import AdoptionReview, Receipt, WithdrawAdoption
from registry.awards import records, verdicts
from registry.awards.model import Case
from registry.journal.work import Work
from registry.values.identifiers import DatasetId, ReceiptId


# Invariant 14 (revocation).
def withdraw_adoption(work: Work, command: WithdrawAdoption) -> Receipt:
    """Take an attestation back and open a review of every award that was paid on it. Raises as ``service.withdraw``."""
    if held := service.receipt(work, command.receipt):
        records.lock_awards(work.connection, held.dataset)
    withdrawn = service.withdraw(work, command)
    for case in records.paid_awards(work.connection, withdrawn.dataset):
        if _rests_on(work, case, withdrawn.id, withdrawn.dataset):
            left = service.count(work, case.authority, withdrawn.dataset, work.now.civil_day())
            reviews.open_within(
                work,
                AdoptionReview(
                    receipt=withdrawn.id,
                    case=case.id,
                    authority=case.authority,
                    dataset=withdrawn.dataset,
                    counted=left.counted,
                    needed=left.needed,
                    opened_at=work.now,
                ),
            )
    return withdrawn


def _rests_on(work: Work, case: Case, receipt: ReceiptId, dataset: DatasetId) -> bool:
    """Say whether a receipt was counted in a decision on a case."""
    return any(
        judged.counts and judged.receipt.id == receipt
        for decision, _ in records.decisions_of(work.connection, case.id)
        if "adoption" in decision.facts
        for judged in verdicts.count_of_snapshot(decision.facts["adoption"], dataset).receipts
    )
