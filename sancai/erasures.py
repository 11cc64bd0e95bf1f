"""Erasure by law: orders of an authority, requested by one officer and confirmed by another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sancai.datasets import address_of
from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class Erasure:
    """An order to erase: requested, taken_back, confirmed (nobody reads) or done (no byte lies any more)."""

    id: str
    authority: str
    state: str
    versions: tuple[str, ...]
    keep: tuple[str, ...]
    reason: str
    legal_basis: str
    document_number: str
    hide_files: bool
    requested_by: str
    requested_at: str
    confirmed_by: str | None = None
    confirmed_at: str | None = None
    done_at: str | None = None
    stuck: str | None = None
    objects: int = 0
    objects_gone: int = 0


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stays of an erased version."""

    authority: str
    legal_basis: str
    document_number: str
    erased_at: str


class Erasures:
    """Orders to erase of one service."""

    def __init__(self, session: Session) -> None:
        """Ask through ``session``."""
        self._session = session

    def request(
        self,
        versions: Sequence[str],
        *,
        reason: str,
        legal_basis: str,
        document_number: str,
        keep: Sequence[str] = (),
        hide_files: bool = False,
    ) -> Erasure:
        """Ask to erase versions (``namespace/slug@v1``) and drafts (by id).

        Raises:
            RuleError: ``content_held_elsewhere``, naming what else holds some of the content.
        """
        body = {
            "versions": list(versions),
            "keep": list(keep),
            "reason": reason,
            "legal_basis": legal_basis,
            "document_number": document_number,
            "hide_files": hide_files,
        }
        return shaped(Erasure, self._session.post("/erasures", body))

    def confirm(self, erasure: str) -> Erasure:
        """Confirm an order of a colleague. Raises SancaiError."""
        return shaped(Erasure, self._session.post(f"/erasures/{erasure}/confirm"))

    def take_back(self, erasure: str) -> Erasure:
        """Take an order back before it is confirmed. Raises SancaiError."""
        return shaped(Erasure, self._session.post(f"/erasures/{erasure}/take-back"))

    def show(self, erasure: str) -> Erasure:
        """Return an order of your authority. Raises NotFoundError."""
        return shaped(Erasure, self._session.get(f"/erasures/{erasure}"))

    def orders(self) -> Iterator[Erasure]:
        """Yield the orders of your authority, newest first. Raises SancaiError."""
        return (shaped(Erasure, item) for item in self._session.pages("/erasures"))

    def tombstone(self, name: str, version: int) -> Tombstone:
        """Return what stays of an erased version. Raises NotFoundError."""
        return shaped(Tombstone, self._session.get(f"{address_of(name)}/versions/v{version}/erasure"))
