"""Policy documents as authorities have loaded them, and the rulings on their silent places."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import quote

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """A document in the hands of an authority; ``years`` are the firm-years its term touches."""

    document: str
    authority: str
    revision: int
    revision_digest: str
    title_en: str
    title_zh: str
    issued_on: date
    reference: str
    first_day: date
    last_day: date
    claims_until: date
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
    last_day: date
    claims_until: date
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
