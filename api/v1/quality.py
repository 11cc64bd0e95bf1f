"""Reports of quality laboratories."""

from typing import Annotated, Self

from flask import Response
from pydantic import Field

from api.calls import write
from api.door import Answer, Door, Strict, Whole
from registry.actors.model import Action
from registry.adoption import service
from registry.quality.model import SCORE_HUNDREDTHS_MAX, Score
from registry.quality.reports import FileReport, QualityReport
from registry.values.digest import Digest
from registry.values.identifiers import EvidenceId
from registry.values.names import PublicName

door = Door("quality", __name__, url_prefix="/v1")

Hundredths = Annotated[Whole, Field(ge=0, le=SCORE_HUNDREDTHS_MAX, description="Hundredths of a point, 0 to 100.00.")]


class QualityReportBody(Strict):
    """What a laboratory found in the three dimensions of TC609, with its signed report as a document."""

    dataset: str = Field(max_length=200)
    content_digest: str = Field(max_length=80)
    documentation_hundredths: Hundredths
    data_quality_hundredths: Hundredths
    model_application_hundredths: Hundredths
    method: str = Field(min_length=1, max_length=2000)
    report: str = Field(max_length=60)

    def command(self) -> FileReport:
        """Return what is asked of the registry. Raises InvalidValueError."""
        return FileReport(
            dataset=PublicName.parse(self.dataset),
            content_digest=Digest.parse(self.content_digest),
            documentation=Score(self.documentation_hundredths),
            data_quality=Score(self.data_quality_hundredths),
            model_application=Score(self.model_application_hundredths),
            method=self.method,
            report=EvidenceId(self.report),
        )


class QualityReportView(Answer):
    """A laboratory's report on a content."""

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

    @classmethod
    def of(cls, value: QualityReport) -> Self:
        """Return the view of a report."""
        return cls(
            id=value.id,
            dataset_id=value.dataset,
            content_digest=str(value.content_digest),
            laboratory=value.laboratory,
            documentation_hundredths=value.documentation.hundredths,
            data_quality_hundredths=value.data_quality.hundredths,
            model_application_hundredths=value.model_application.hundredths,
            method=value.method,
            report=value.report,
            filed_at=str(value.filed_at),
        )


@door.operation("POST", "/quality-reports", {201: QualityReportView}, action=Action.REPORT_QUALITY)
def file_quality_report(body: QualityReportBody) -> Response:
    """File your laboratory's report on a published content."""
    return write(lambda work: service.file_quality_report(work, body.command()), QualityReportView.of)
