"""Policy documents as authorities have loaded them, and the rulings on their silent places."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote

from sancai.policy_records import CheckedPolicy, ExplainedInstrument, InstrumentVerdict, PolicyDocument, PolicyText
from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """A document in the hands of an authority; ``years`` are the firm-years its term touches.

    ``last_day`` and ``claims_until`` are None where the document names no end.
    """

    document: str
    authority: str
    revision: int
    revision_digest: str
    title_en: str
    title_zh: str
    issued_on: date
    reference: str
    first_day: date
    last_day: date | None
    claims_until: date | None
    status: str
    years: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """A numbered decision on one assumption."""

    id: str
    document: str
    assumption: str
    number: str
    decided_on: date
    organ: str
    text: str
    text_digest: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class PolicyCap:
    """The most that may be granted in a scope over a period."""

    id: str
    scope: str
    period: str
    amount_fen: int
    amount_text: str
    clause: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """One grant of a document; ``open_assumptions`` stop its payment until they are ruled on."""

    id: str
    clause: str
    title_en: str
    title_zh: str
    kind: str
    evidence: tuple[str, ...] = ()
    caps: tuple[PolicyCap, ...] = ()
    open_assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assumption:
    """A silent place of a document; ``value`` is what holds today, ``open`` says that no ruling answers it."""

    id: str
    clause: str
    question_en: str
    question_zh: str
    type: str
    reason_en: str
    reason_zh: str
    open: bool
    default: Any = None
    value: Any = None
    rulings: tuple[Ruling, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyDetail:
    """A loaded document with its instruments and assumptions."""

    document: str
    authority: str
    title_en: str
    title_zh: str
    issued_on: date
    reference: str
    first_day: date
    last_day: date | None
    claims_until: date | None
    status: str
    years: tuple[int, ...]
    instruments: tuple[Instrument, ...]
    assumptions: tuple[Assumption, ...]


class Policy:
    """Policy of a service."""

    def __init__(self, session: Session) -> None:
        self._session: Final = session

    def load(self, document: str, issued_on: date, reference: str) -> LoadedPolicy:
        """Put a shipped document into force with its issue date and number. Raises SancaiError."""
        body = {"document": document, "issued_on": issued_on.isoformat(), "reference": reference}
        return shaped(LoadedPolicy, self._session.post("/policies", body))

    def loaded(self) -> Iterator[LoadedPolicy]:
        """Yield the documents that authorities have loaded. Raises SancaiError."""
        for item in self._session.pages("/policies"):
            yield shaped(LoadedPolicy, item)

    def show(self, document: str, authority: str | None = None) -> PolicyDetail:
        """Return a loaded document with instruments, assumptions and rulings. Raises SancaiError."""
        return shaped(PolicyDetail, self._session.get(f"/policies/{quote(document, safe='')}", authority=authority))

    def rule(
        self,
        document: str,
        assumption: str,
        *,
        number: str,
        decided_on: date,
        organ: str,
        text: str,
        value: str | None = None,
    ) -> Ruling:
        """Enter a ruling on an assumption; without ``value`` it confirms the default. Raises SancaiError."""
        body = {
            "document": document,
            "assumption": assumption,
            "number": number,
            "decided_on": decided_on.isoformat(),
            "organ": organ,
            "text": text,
            "value": value,
        }
        return shaped(Ruling, self._session.post("/rulings", body))

    def rulings(self, document: str | None = None, authority: str | None = None) -> Iterator[Ruling]:
        """Yield rulings in the order they were entered. Raises SancaiError."""
        for item in self._session.pages("/rulings", document=document, authority=authority):
            yield shaped(Ruling, item)

    def documents(self) -> Iterator[PolicyText]:
        """Yield the policy documents that come with the service, every revision. Raises SancaiError."""
        for item in self._session.pages("/policy-documents"):
            yield shaped(PolicyText, item)

    def document(self, document: str, revision: int | None = None) -> PolicyDocument:
        """Return a policy document that comes with the service, without ``revision`` the newest. Raises SancaiError."""
        path = f"/policy-documents/{quote(document, safe='')}"
        return shaped(PolicyDocument, self._session.get(path, revision=revision))

    def explain(self, instrument: str, authority: str | None = None) -> ExplainedInstrument:
        """Return an instrument with clause, terms, conditions, evidence and open places. Raises SancaiError."""
        path = f"/policy-instruments/{quote(instrument, safe='')}"
        return shaped(ExplainedInstrument, self._session.get(path, authority=authority))

    def check(self, text: str, name: str = "policy.toml") -> CheckedPolicy:
        """Check a policy file. Raises SancaiError, whose ``file``, ``line`` and ``key`` say what is wrong."""
        return shaped(CheckedPolicy, self._session.post("/policy-checks", {"name": name, "text": text}, keyed=False))

    def verdict(  # noqa: PLR0913 -- each is a part of the question that may be left out
        self,
        instrument: str,
        facts: Mapping[str, Any],
        *,
        day: date | None = None,
        used: Mapping[str, int] | None = None,
        granted_before: bool | None = None,
        benefits: Sequence[Mapping[str, Any]] | None = None,
        keys: Mapping[str, str] | None = None,
        authority: str | None = None,
        as_of: datetime | None = None,
    ) -> InstrumentVerdict:
        """Return what an instrument comes to for stated facts; what is left out is unknown and helps nobody.

        Args:
            instrument: Its id, for example ``xw-1-new``.
            facts: By the names ``explain`` lists: amounts in fen, days as ``2026-01-31``.
            day: The day of the decision, today without it.
            used: What was granted under each cap before, by its id, in fen.
            granted_before: Whether what is rewarded once was rewarded before.
            benefits: Benefits of other policies; an empty list says that somebody looked and found none.
            keys: Subject and content (firm, worker, lineage …).
            authority: Whose rulings; by default those of the first that loaded the document.
            as_of: Go by what was recorded by this instant, which has passed; with a zone.

        Raises:
            SancaiError: A fact is unknown to the vocabulary or of another type; there is no such instrument.
        """
        body = {
            "instrument": instrument,
            "day": day.isoformat() if day else None,
            "as_of": as_of.isoformat() if as_of else "",
            "authority": authority or "",
            "facts": dict(facts),
            "used": dict(used or {}),
            "granted_before": granted_before,
            "benefits": None if benefits is None else [dict(each) for each in benefits],
            "keys": dict(keys or {}),
        }
        return shaped(InstrumentVerdict, self._session.post("/policy-verdicts", body, keyed=False))
