"""Reports of quality laboratories."""

from dataclasses import dataclass

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class QualityReport:
    """A laboratory's scores of a content, in hundredths of a point."""

    id: str
    dataset_id: str
    content_digest: str
    laboratory: str
    documentation_hundredths: int
    data_quality_hundredths: int
    model_application_hundredths: int
    method: str
    report: str
    filed_at: str


class Quality:
    """Quality reports of one service."""

    def __init__(self, session: Session) -> None:
        """Use ``session`` for every request."""
        self._session = session

    def report(
        self,
        dataset: str,
        content_digest: str,
        *,
        documentation_hundredths: int,
        data_quality_hundredths: int,
        model_application_hundredths: int,
        method: str,
        report: str,
    ) -> QualityReport:
        """File your laboratory's report on a published content; ``report`` is the evidence id of the signed document.

        Raises SancaiError as the service refuses it.
        """
        body = {
            "dataset": dataset,
            "content_digest": content_digest,
            "documentation_hundredths": documentation_hundredths,
            "data_quality_hundredths": data_quality_hundredths,
            "model_application_hundredths": model_application_hundredths,
            "method": method,
            "report": report,
        }
        return shaped(QualityReport, self._session.post("/quality-reports", body))
