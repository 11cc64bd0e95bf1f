"""Documents that support a claim: statements, contracts, delivery receipts, reports."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sancai.downloads import sha256_of
from sancai.errors import InvalidValueError
from sancai.session import Session
from sancai.shapes import shaped
from sancai.transfers import Upload, Uploads

SIZE_MAX_BYTES: Final = 20 << 20


@dataclass(frozen=True, slots=True)
class Evidence:
    """A document of a case; its content is named by digest and read by those concerned only."""

    id: str
    kind: str = "other"
    file_name: str = ""
    size_bytes: int | None = None
    sha256: str | None = None
    state: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class _Begun:
    id: str
    upload: Upload


class EvidenceRoom:
    """Evidence of one service."""

    def __init__(self, session: Session, uploads: Uploads) -> None:
        """Use ``session`` for questions and ``uploads`` for bytes."""
        self._session: Final = session
        self._uploads: Final = uploads

    def file(self, path: Path | str, kind: str = "other") -> Evidence:
        """File the document at ``path`` and return it, verified.

        Args:
            path: The document, at most 20 MiB.
            kind: statement, contract, delivery_receipt, quality_report, licence or other.

        Raises:
            InvalidValueError: ``evidence_too_large``; or as the service refuses.
        """
        document = Path(path)
        size_bytes = document.stat().st_size
        if size_bytes > SIZE_MAX_BYTES:
            raise InvalidValueError(
                "evidence_too_large",
                f"{document.name} has {size_bytes} bytes; a document has at most {SIZE_MAX_BYTES}. Make it smaller.",
                size_bytes=size_bytes,
                most_bytes=SIZE_MAX_BYTES,
            )
        body = {
            "kind": kind,
            "file_name": document.name,
            "size_bytes": size_bytes,
            "sha256": sha256_of(document),
        }
        begun = shaped(_Begun, self._session.post("/evidence", body))
        self._uploads.send(begun.upload, document)
        return self.show(begun.id)

    def show(self, evidence: str) -> Evidence:
        """Return a document with an address to read it, for those who may. Raises NotFoundError."""
        return shaped(Evidence, self._session.get(f"/evidence/{evidence}"))
