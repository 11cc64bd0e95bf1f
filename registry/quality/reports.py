"""Reports of quality laboratories: scores in the three dimensions of TC609-5-2025-04 for one content.

Rules:
* A laboratory files from its own account, with its signed report as a document (RULINGS 9).
* It stands in a register of laboratories on the day it files.
* A report is never changed; a newer one of the same content goes before.
"""

from dataclasses import dataclass
from typing import Final

from registry.policy.plain_text import require_text
from registry.quality.model import LaboratoryScores, Score
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, DatasetId, EntryId, EvidenceId, FirmId, ReportId
from registry.values.moment import Moment
from registry.values.names import PublicName

METHOD_LENGTH_MAX: Final = 2_000


@dataclass(frozen=True, slots=True)
class FileReport:
    """File a report on a content; every dimension has a score."""

    dataset: PublicName
    content_digest: Digest
    documentation: Score
    data_quality: Score
    model_application: Score
    method: str
    report: EvidenceId

    def __post_init__(self) -> None:
        """Refuse a report that does not say how it was made. Raises InvalidValueError."""
        require_text(self.method, "method", METHOD_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What a laboratory found; ``report_digest`` is the digest of its signed document, ``entry`` its journal line."""

    id: ReportId
    dataset: DatasetId
    content_digest: Digest
    laboratory: FirmId
    documentation: Score
    data_quality: Score
    model_application: Score
    method: str
    report: EvidenceId
    report_digest: Digest
    filed_at: Moment
    filed_by: AccountId
    entry: EntryId | None = None

    @property
    def scores(self) -> LaboratoryScores:
        """The scores as the rules ask for them."""
        return LaboratoryScores(self.documentation, self.data_quality, self.model_application)

    @property
    def scores_hundredths(self) -> tuple[int, int, int]:
        """The scores in whole hundredths of a point: documentation, data quality, model application."""
        return (self.documentation.hundredths, self.data_quality.hundredths, self.model_application.hundredths)

    def as_json(self) -> dict[str, Json]:
        """Return the report as a snapshot keeps it."""
        return {
            "id": str(self.id),
            "dataset": str(self.dataset),
            "content_digest": str(self.content_digest),
            "laboratory": str(self.laboratory),
            "documentation_hundredths": self.documentation.hundredths,
            "data_quality_hundredths": self.data_quality.hundredths,
            "model_application_hundredths": self.model_application.hundredths,
            "method": self.method,
            "report": {"id": str(self.report), "sha256": self.report_digest.hex},
            "filed_at": str(self.filed_at),
        }
