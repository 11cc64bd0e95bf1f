"""Recoveries of money that was paid: opened, heard, decided, served, repaid; paid back when annulled."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sancai.cases import Case
from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class ProofOfService:
    """On which day a document reached its party, how, and the digest of what proves it.

    ``way`` is in_person, mail, electronic, left or public_notice.
    """

    served_on: date
    way: str
    proof_sha256: str


@dataclass(frozen=True, slots=True)
class NamedRemedy:
    """A remedy a decision names, with its organ and term in days or months."""

    kind: str
    organ: str
    days: int | None = None
    months: int | None = None


@dataclass(frozen=True, slots=True)
class RecoveryDecision:
    """The numbered decision."""

    number: str
    amount_fen: int
    amount_text: str
    amount_capitals: str
    facts: str
    clause: str
    reasons: str
    remedies: tuple[NamedRemedy, ...]
    decided_by: str
    decided_at: str


@dataclass(frozen=True, slots=True)
class Repayment:
    """Cash that came back; ``reopened``: it reopened appropriation, pool and cap at once."""

    amount_fen: int
    bank_receipt: str
    received_on: date
    reopened: bool


@dataclass(frozen=True, slots=True)
class Recovery:
    """A recovery with everything done in it so far; amounts are whole fen."""

    id: str
    authority: str
    case: str
    line: int
    firm: str
    ground: str
    origin: str
    source: str | None
    state: str
    amount_fen: int
    amount_text: str
    facts: str
    clause: str
    opened_by: str
    opened_at: str
    notice: ProofOfService | None
    answer_until: date | None
    heard: bool
    statement: str | None
    decision: RecoveryDecision | None
    service: ProofOfService | None
    repayments: tuple[Repayment, ...]
    repaid_fen: int
    due_fen: int
    reappropriated_fen: int
    to_pay_back_fen: int
    suspended: bool


class Recoveries:
    """Recoveries of a service."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session: Final = session

    def open(
        self,
        case: str,
        *,
        ground: str,
        amount_fen: int,
        facts: str,
        clause: str,
        line: int = 1,
        origin: str = "own",
        source: str | None = None,
    ) -> Recovery:
        """Open the recovery of money paid on a line of a case. Raises SancaiError.

        ``ground`` is fraud, misuse, false_material, mistake, later_correction, refund or red_letter; ``origin`` own,
        sample, adoption_review, register_review or contest_review, with the id it came of as ``source``.
        """
        body = {
            "line": line,
            "ground": ground,
            "amount_fen": amount_fen,
            "facts": facts,
            "clause": clause,
            "origin": origin,
            "source": source,
        }
        return shaped(Recovery, self._session.post(f"/cases/{case}/recoveries", body))

    def recoveries(self, case: str = "") -> Iterator[Recovery]:
        """Yield the recoveries of your office or firm, or of a case of it, the newest first. Raises SancaiError."""
        asked = {"case": case} if case else {}
        return (shaped(Recovery, item) for item in self._session.pages("/recoveries", **asked))

    def recovery(self, recovery: str) -> Recovery:
        """Return a recovery. Raises NotFoundError."""
        return shaped(Recovery, self._session.get(f"/recoveries/{recovery}"))

    def notify(self, recovery: str, service: ProofOfService) -> Recovery:
        """Record that the party had notice; its days to answer begin on the day after. Raises SancaiError."""
        return self._act(recovery, "notice", _json(service))

    def state(self, recovery: str, statement: str) -> Recovery:
        """Say what your firm has to say, once. Raises SancaiError."""
        return self._act(recovery, "statement", {"statement": statement})

    def hear(self, recovery: str, statement: str | None) -> Recovery:
        """Record what the party said on paper; None: it was silent and its term has ended. Raises SancaiError."""
        return self._act(recovery, "hearing", {"statement": statement})

    def decide(self, recovery: str, amount_fen: int, reasons: str) -> Recovery:
        """Decide what comes back, at most what the party was heard on. Raises SancaiError."""
        return self._act(recovery, "decision", {"amount_fen": amount_fen, "reasons": reasons})

    def drop(self, recovery: str, reasons: str) -> Recovery:
        """End a recovery without a decision against the party. Raises SancaiError."""
        return self._act(recovery, "drop", {"reasons": reasons})

    def serve(self, recovery: str, service: ProofOfService) -> Recovery:
        """Record that the decision was served. Raises SancaiError."""
        return self._act(recovery, "service", _json(service))

    def repay(self, recovery: str, amount_fen: int, bank_receipt: str, received_on: date) -> Recovery:
        """Book cash that came back. Raises SancaiError."""
        body = {"amount_fen": amount_fen, "bank_receipt": bank_receipt, "received_on": received_on.isoformat()}
        return self._act(recovery, "repayments", body)

    def reappropriate(self, recovery: str, budget_year: int, line: str, number: str) -> Recovery:
        """Appropriate by number what came back in a later budget year. Raises SancaiError."""
        body = {"budget_year": budget_year, "line": line, "number": number}
        return self._act(recovery, "reappropriation", body)

    def pay_back(
        self,
        recovery: str,
        *,
        budget_year: int,
        line: str,
        payment_voucher_number: str,
        bank_receipt: str,
        paid_on: date,
    ) -> Recovery:
        """Record that what had come back was paid again, since the decision was annulled. Raises SancaiError."""
        body = {
            "budget_year": budget_year,
            "line": line,
            "payment_voucher_number": payment_voucher_number,
            "bank_receipt": bank_receipt,
            "paid_on": paid_on.isoformat(),
        }
        return self._act(recovery, "pay-back", body)

    def serve_refusal(self, case: str, service: ProofOfService) -> Case:
        """Record that the refusal of a case was served. Raises SancaiError."""
        return shaped(Case, self._session.post(f"/cases/{case}/refusal-service", _json(service)))

    def _act(self, recovery: str, step: str, body: dict[str, Any]) -> Recovery:
        return shaped(Recovery, self._session.post(f"/recoveries/{recovery}/{step}", body))


def _json(service: ProofOfService) -> dict[str, Any]:
    return {"served_on": service.served_on.isoformat(), "way": service.way, "proof_sha256": service.proof_sha256}
