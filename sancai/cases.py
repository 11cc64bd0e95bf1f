"""Awards and payment batches on their way to a payment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition that was looked at, what was found, and what to do."""

    code: str
    clause: str
    finding: str
    detail: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an application for an award would come to today."""

    instrument: str
    dataset_id: str
    eligible: bool
    amount_fen: int
    amount_text: str
    amount_capitals: str
    conditions: tuple[Condition, ...]
    open_assumptions: tuple[str, ...]
    revision: str
    facts_digest: str

    @property
    def unmet(self) -> tuple[Condition, ...]:
        """The conditions that are not met, or not known to be."""
        return tuple(each for each in self.conditions if each.finding != "met")


@dataclass(frozen=True, slots=True)
class CasePayee:
    """Where a case or a line pays to; the number is whole for finance only."""

    account_name: str
    bank: str
    account_number: str
    digest: str


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One payment of a case."""

    firm: str
    firm_name: str
    subject: str
    instrument: str
    clause: str
    standard: str
    amount_fen: int
    amount_text: str
    payee: CasePayee | None = None
    number: int = 1
    digest: str = ""
    notice_ends_at: str | None = None
    held: bool = False
    share_bp: int | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """The share of one joint maker in basis points, and whether it agreed to the split as it is."""

    line: int
    firm: str
    firm_name: str
    share_bp: int
    signed: bool


@dataclass(frozen=True, slots=True)
class Split:
    """How joint makers share what a case pays; each but the applicant signs ``digest``."""

    digest: str
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseNotice:
    """The public notice of a case; ``ends_at`` as posted, ``prolonged_to`` by the gaps its probe found."""

    page_url: str
    capture_sha256: str
    lines_digest: str
    posted_at: str
    ends_at: str
    probed: bool = False
    prolonged_to: str | None = None


@dataclass(frozen=True, slots=True)
class CaseSignature:
    """The opinion of one rank."""

    rank: int
    role: str
    account: str
    approved: bool
    opinion: str
    lines_digest: str
    signed_at: str
    delegation: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentReview:
    """What a reviewer said of a payment before whose receipt something had come: it ``stands``, or ``recover``."""

    outcome: str
    reason: str
    reviewed_at: str


@dataclass(frozen=True, slots=True)
class CasePayment:
    """The bank's receipt; ``in_spite_of`` says to the office what had come between the instruction and its record."""

    bank_receipt: str
    paid_on: str
    recorded_at: str
    in_spite_of: tuple[str, ...] = ()
    review: PaymentReview | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection and its answer; ``lines`` it is about, none for all.

    Of a ``late`` one, which came after the notice, ``hold`` is what an officer decided; None until then.
    """

    number: int
    reason: str
    raised_at: str
    outcome: str | None = None
    answer: str = ""
    lines: tuple[int, ...] = ()
    late: bool = False
    hold: bool | None = None
    decision: str = ""


@dataclass(frozen=True, slots=True)
class SetApart:
    """Lines that left one case and stand in another now."""

    lines: tuple[int, ...]
    from_case: str
    into_case: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """The numbered decision that ended a case."""

    number: str
    code: str
    clause: str
    reason: str
    detail: str
    decided_at: str
    served_on: date | None = None
    service_way: str | None = None
    service_proof_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A case with everything decided on it so far."""

    id: str
    authority: str
    kind: str
    document: str
    instrument: str
    state: str
    applied_at: str
    amount_fen: int
    amount_text: str
    amount_capitals: str
    lines: tuple[CaseLine, ...]
    lines_digest: str
    revision: str
    facts_digest: str
    sign_off_levels: tuple[str, ...]
    notice_days: int
    applicant: str | None = None
    payee: CasePayee | None = None
    notice: CaseNotice | None = None
    signatures: tuple[CaseSignature, ...] = ()
    payment: CasePayment | None = None
    objections: tuple[Objection, ...] = ()
    set_apart: tuple[SetApart, ...] = ()
    refusal: Refusal | None = None
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """What the public reads of one payment."""

    unit: str
    instrument: str
    clause: str
    standard: str
    amount_fen: int
    amount_text: str
    number: int = 1
    digest: str = ""
    ends_at: str = ""


@dataclass(frozen=True, slots=True)
class PublicNotice:
    """A public notice that runs."""

    case: str
    document: str
    lines: tuple[NoticeLine, ...]
    lines_digest: str
    page_url: str
    posted_at: str
    ends_at: str


@dataclass(frozen=True, slots=True)
class FormCheck:
    """Whether a printed form is genuine, how its case stands, and how often it went on since it was printed."""

    genuine: bool
    document: str
    acts_since: int
    state: str | None = None


class Cases:
    """Cases of one service."""

    def __init__(self, session: Session) -> None:
        """Use ``session`` for every request."""
        self._session = session

    def check(
        self,
        instrument: str,
        dataset: str,
        *,
        as_of: datetime | None = None,
        joint_makers: Mapping[str, int] | None = None,
    ) -> Verdict:
        """Say what an application would come to today, or by what was recorded ``as_of``.

        With ``joint_makers``, the shares of all makers in basis points, it is one that they file together. Raises
        SancaiError.
        """
        asked = {"instrument": instrument, "dataset": dataset, "as_of": as_of.isoformat() if as_of else ""}
        joint = ",".join(f"{firm}={share}" for firm, share in (joint_makers or {}).items())
        return shaped(Verdict, self._session.get("/award-check", **asked, joint=joint))

    def apply(
        self,
        instrument: str,
        dataset: str,
        *,
        account_name: str,
        bank: str,
        account_number: str,
        undertaking: bool,
        joint_makers: Mapping[str, int] | None = None,
        key: str | None = None,
    ) -> Case:
        """Apply for an award for a dataset of your own.

        Args:
            instrument: For example ``yz-14a``.
            dataset: The name, ``namespace/slug``.
            account_name: The name of the account; it is the firm's.
            bank: The bank that keeps it.
            account_number: Its number.
            undertaking: The undertaking that everything is true (真实性承诺).
            joint_makers: The shares of firms in basis points, your own among them, together 10,000.
            key: The idempotency key, to repeat a request of an earlier process.

        Raises:
            RuleError: Every obstacle at once.
        """
        payee = {"account_name": account_name, "bank": bank, "account_number": account_number}
        body: dict[str, Any] = {
            "instrument": instrument,
            "dataset": dataset,
            "undertaking": undertaking,
            "payee": payee,
            "joint_makers": dict(joint_makers or {}),
        }
        return shaped(Case, self._session.post("/awards", body, key=key))

    def sign_split(self, case: str, split: str, *, account_name: str, bank: str, account_number: str) -> Case:
        """Agree, as a joint maker, to the split with this digest, and say where your part goes. Raises SancaiError."""
        payee = {"account_name": account_name, "bank": bank, "account_number": account_number}
        return self._act(case, "split-signature", {"split": split, "payee": payee})

    def withdraw_split_signature(self, case: str) -> Case:
        """Take your signature under the split of a case back, before its review. Raises SancaiError."""
        return self._act(case, "split-signature/withdrawal", {})

    def form_batch(self, document: str, vouchers: Sequence[str] | None = None) -> Case:
        """Settle redeemed vouchers of a document, all by default, and open their payment case. Raises SancaiError."""
        body = {"document": document, "vouchers": None if vouchers is None else list(vouchers)}
        return shaped(Case, self._session.post("/payment-batches", body))

    def case(self, case: str) -> Case:
        """Return a case. Raises NotFoundError."""
        return shaped(Case, self._session.get(f"/cases/{case}"))

    def cases(self) -> Iterator[Case]:
        """Yield the cases of your authority or firm, the newest first."""
        return (shaped(Case, item) for item in self._session.pages("/cases"))

    def notices(self) -> tuple[PublicNotice, ...]:
        """Return the public notices that run."""
        return tuple(shaped(PublicNotice, item) for item in self._session.get("/notices")["items"])

    def review(
        self,
        case: str,
        *,
        passed: bool,
        opinion: str,
        originals_seen: bool,
        searched_where: str | None = None,
        found_earlier: bool = False,
        search_note: str = "",
    ) -> Case:
        """Record what the check of a case found; ``searched_where`` is needed to pass an award. Raises SancaiError."""
        search = None
        if searched_where is not None:
            search = {"where": searched_where, "found_earlier": found_earlier, "note": search_note}
        body = {"passed": passed, "opinion": opinion, "originals_seen": originals_seen, "outside_search": search}
        return self._act(case, "review", body)

    def notice(self, case: str, page_url: str, capture_sha256: str) -> Case:
        """Record that the public notice stands, with the digest of a capture of its page. Raises SancaiError."""
        return self._act(case, "notice", {"page_url": page_url, "capture_sha256": capture_sha256})

    def sign(self, case: str, opinion: str, *, approved: bool = True) -> Case:
        """Sign in your rank; ranks sign in order. Raises SancaiError."""
        return self._act(case, "signatures", {"opinion": opinion, "approved": approved})

    def object(self, case: str, reason: str, *, lines: Sequence[int] = ()) -> Objection:
        """Object to lines of a case by their numbers; a case of one line needs none. Raises SancaiError.

        One that comes after the notice is late: an officer decides whether it holds the lines.
        """
        body = {"reason": reason, "lines": list(lines)}
        return shaped(Objection, self._session.post(f"/cases/{case}/objections", body))

    def decide_late(self, case: str, number: int, reason: str, *, hold: bool) -> Case:
        """Decide whether an objection that came after the notice holds its lines, or they go on. Raises SancaiError."""
        return self._act(case, f"objections/{number}/decision", {"hold": hold, "reason": reason})

    def answer(self, case: str, number: int, answer: str, *, upheld: bool) -> Case:
        """Answer an objection in writing; an upheld one ends its lines. Returns their case. Raises SancaiError."""
        body = {"outcome": "upheld" if upheld else "dismissed", "answer": answer}
        return self._act(case, f"objections/{number}/answer", body)

    def withdraw(self, case: str, reason: str) -> Case:
        """Withdraw an application of your own, or your lines of a batch. Raises SancaiError."""
        return self._act(case, "withdraw", {"reason": reason})

    def instruct(
        self,
        case: str,
        *,
        budget_year: int,
        project_code: str,
        subject_code: str,
        payment_voucher_number: str,
        lines: Sequence[int] = (),
    ) -> Case:
        """Instruct the bank; ``project_code`` is the budget line money was appropriated to.

        Of a batch ``lines`` by their numbers, by default all that no objection holds; the others wait in a case of
        their own. Raises SancaiError.
        """
        body = {
            "budget_year": budget_year,
            "project_code": project_code,
            "subject_code": subject_code,
            "payment_voucher_number": payment_voucher_number,
            "lines": list(lines),
        }
        return self._act(case, "instruction", body)

    def pay(self, case: str, bank_receipt: str, paid_on: date, *, lines: Sequence[int] = ()) -> Case:
        """Record the bank's receipt, of a batch maybe for some lines.

        What came between the instruction and it is looked at afterwards. Raises SancaiError.
        """
        body = {"bank_receipt": bank_receipt, "paid_on": paid_on.isoformat(), "lines": list(lines)}
        return self._act(case, "payment", body)

    def review_payment(self, case: str, reason: str, *, stands: bool, lines: Sequence[int] = ()) -> Case:
        """Say whether a payment stands in spite of what had come before its receipt.

        Of one that does not ``lines`` are recovered, by default all. Raises SancaiError.
        """
        body = {"outcome": "stands" if stands else "recover", "reason": reason, "lines": list(lines)}
        return self._act(case, "payment-review", body)

    def record_return(self, case: str, reason: str, *, lines: Sequence[int] = ()) -> Case:
        """Record that the bank sent the payment, or some lines of it, back. Raises SancaiError."""
        return self._act(case, "return", {"reason": reason, "lines": list(lines)})

    def dossier(self, case: str) -> bytes:
        """Return the dossier of a case: one JSON file that anyone can recompute offline. Raises SancaiError."""
        return self._session.content(f"/cases/{case}/dossier")

    def form(self, case: str) -> bytes:
        """Return a case as the document's form, one HTML file in four numbered copies. Raises SancaiError."""
        return self._session.content(f"/cases/{case}/form")

    def check_form(self, case: str, digest: str) -> FormCheck:
        """Say whether a printed form is genuine; for anyone who holds the paper. Raises SancaiError."""
        return shaped(FormCheck, self._session.get(f"/form-checks/{case}/{digest}"))

    def payment_list(self, case: str, kind: str = "xlsx") -> bytes:
        """Return the payments of a case with their accounts, for finance; ``kind`` is xlsx or csv."""
        return self._session.content(f"/cases/{case}/payments.{kind}")

    def _act(self, case: str, what: str, body: dict[str, Any]) -> Case:
        return shaped(Case, self._session.post(f"/cases/{case}/{what}", body))
