"""Opening balances of the ledger: what an authority paid before it kept its books here."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class OpeningLine:
    """What a firm had from ``pool`` in a year, or an award paid under ``instrument``."""

    line: int
    pool: str
    instrument: str
    uscc: str
    year: int
    base_fen: int
    amount_fen: int
    dataset: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Opening balances as proposed and, once they count, as confirmed."""

    id: str
    authority: str
    digest: str
    proposed_by: str
    proposed_at: str
    confirmed_by: str | None
    confirmed_at: str | None
    used_fen: int
    used_text: str
    awarded_fen: int
    awarded_text: str
    lines: tuple[OpeningLine, ...]


@dataclass(frozen=True, slots=True)
class OpeningListed:
    """Opening balances in a list, without their lines."""

    id: str
    authority: str
    digest: str
    proposed_by: str
    proposed_at: str
    confirmed_by: str | None
    confirmed_at: str | None


class Openings:
    """Opening balances of one service."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session = session

    def propose(self, content: bytes) -> Opening:
        """Propose a file (CSV, XLSX or TOML). Raises SancaiError; ``RuleError`` lists every bad line."""
        body = {"content_base64": base64.b64encode(content).decode()}
        return shaped(Opening, self._session.post("/ledger/openings", body))

    def confirm(self, opening: str, digest: str) -> Opening:
        """Open the books with what another officer proposed; ``digest`` is that of the file. Raises SancaiError."""
        return shaped(Opening, self._session.post(f"/ledger/openings/{opening}/confirm", {"digest": digest}))

    def list(self) -> Iterator[OpeningListed]:
        """Yield what was proposed at one's authority, the newest first. Raises SancaiError."""
        return (shaped(OpeningListed, item) for item in self._session.pages("/ledger/openings"))

    def get(self, opening: str) -> Opening:
        """Return opening balances. Raises SancaiError."""
        return shaped(Opening, self._session.get(f"/ledger/openings/{opening}"))
