"""Samples of paid cases: drawn by a seed from the log, and what was found in them."""

from datetime import date
from typing import Self

from flask import Response
from pydantic import Field

from api.calls import read, write
from api.door import Answer, Door, PageQuery, Strict, Whole
from api.paging import after_of, page_of
from registry.actors.model import Action
from registry.aftercare import service
from registry.aftercare.model import CASES_LEAST_MAX, FULL_BP, DrawSample, RecordFinding, Sample
from registry.values.identifiers import CaseId, SampleId

door = Door("samples", __name__, url_prefix="/v1")


class DrawSampleBody(Strict):
    """From the cases paid from the first through the last day: a share in basis points, ``least`` cases at least."""

    first: date = Field(strict=False)
    last: date = Field(strict=False)
    share_bp: Whole = Field(ge=1, le=FULL_BP)
    least: Whole = Field(default=1, ge=1, le=CASES_LEAST_MAX)
    reason: str = Field(min_length=1, max_length=4000)


class FindingBody(Strict):
    """What was found in a case."""

    case: str = Field(max_length=60)
    in_order: bool
    text: str = Field(min_length=1, max_length=4000)


class FindingView(Answer):
    """What was found in a case of a sample."""

    case: str
    in_order: bool
    text: str
    found_by: str
    found_at: str


class SampleView(Answer):
    """A sample; ``seed`` is the commitment of ``entry`` in the log, so that anyone draws the same from ``population``.

    ``open`` are the cases that nobody has looked at yet.
    """

    id: str
    first: str
    last: str
    share_bp: int
    least: int
    reason: str
    population: list[str]
    drawn: list[str]
    open: list[str]
    seed: str
    entry: str
    drawn_by: str
    drawn_at: str
    findings: list[FindingView]

    @classmethod
    def of(cls, value: Sample) -> Self:
        """Return the view of a sample."""
        return cls(
            id=value.id,
            first=value.first.isoformat(),
            last=value.last.isoformat(),
            share_bp=value.share_bp,
            least=value.least,
            reason=value.reason,
            population=list(value.population),
            drawn=list(value.drawn),
            open=list(value.open),
            seed=value.seed.hex(),
            entry=value.entry,
            drawn_by=value.drawn_by,
            drawn_at=str(value.drawn_at),
            findings=[
                FindingView(
                    case=each.case,
                    in_order=each.in_order,
                    text=each.text,
                    found_by=each.found_by,
                    found_at=str(each.found_at),
                )
                for each in value.findings
            ],
        )


class SamplesView(Answer):
    """A page of the samples of an office, the newest first."""

    items: list[SampleView]
    next_cursor: str | None = None


@door.operation("POST", "/samples", {201: SampleView}, action=Action.AUDIT)
def draw_sample(body: DrawSampleBody) -> Response:
    """Draw a sample of the cases your office paid in a period."""
    command = DrawSample(body.first, body.last, body.share_bp, body.least, body.reason)
    return write(lambda work: service.draw_sample(work, command), SampleView.of)


@door.operation("GET", "/samples", {200: SamplesView}, action=Action.READ_OFFICE)
def list_samples(query: PageQuery) -> Response:
    """List the samples of your office, the newest first."""

    def shown(found: tuple[Sample, ...]) -> SamplesView:
        page, following = page_of(found, query, lambda each: [each.id])
        return SamplesView(items=[SampleView.of(each) for each in page], next_cursor=following)

    return read(lambda view: service.samples(view, after_of(query, SampleId), query.limit + 1), shown)


@door.operation("GET", "/samples/<sample>", {200: SampleView}, action=Action.READ_OFFICE)
def show_sample(sample: str) -> Response:
    """Return a sample with what was found."""
    wanted = SampleId(sample)
    return read(lambda view: service.sample(view, wanted), SampleView.of)


@door.operation("POST", "/samples/<sample>/findings", {201: SampleView}, action=Action.AUDIT)
def record_sample_finding(sample: str, body: FindingBody) -> Response:
    """State what was found in a case of a sample, once."""
    command = RecordFinding(SampleId(sample), CaseId(body.case), body.in_order, body.text)
    return write(lambda work: service.record_finding(work, command), SampleView.of)
