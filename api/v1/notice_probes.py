"""Probes of notice pages: the terms of an office, what the probe is to look at, what it saw, the record of a case."""

from datetime import date
from typing import Annotated, Self

from flask import Response
from pydantic import Field

from api.calls import position_of, read, write
from api.door import Answer, Door, PageQuery, Strict, Whole
from api.paging import after_of, page_of
from api.v1.notice_views import PublicNoticeView
from registry.actors.model import Action
from registry.awards import notice_probes
from registry.awards.model import Case
from registry.awards.notice_probes import NoticeRecord, Recorded
from registry.awards.probe_model import (
    LIMIT_HOURS_ASSUMED,
    LIMIT_HOURS_MAX,
    PROBES_AT_ONCE_MAX,
    TEXT_LENGTH_MAX,
    Probe,
    ProbeGiven,
    ProbeTerm,
    SetProbeTerm,
)
from registry.journal.work import View
from registry.values.digest import Digest
from registry.values.identifiers import CaseId
from registry.values.moment import Moment

door = Door("notice_probes", __name__, url_prefix="/v1")


class ProbeTermBody(Strict):
    """How many hours a notice may stay unseen, by which decision; 0: notices are not probed any more."""

    number: str = Field(min_length=1, max_length=100)
    limit_hours: Whole = Field(default=LIMIT_HOURS_ASSUMED, ge=0, le=LIMIT_HOURS_MAX)
    organ: str = Field(min_length=1, max_length=200)
    decided_on: date = Field(strict=False)
    text: str = Field(min_length=1, max_length=TEXT_LENGTH_MAX)

    def command(self) -> SetProbeTerm:
        """Return what is asked of the registry. Raises InvalidValueError."""
        return SetProbeTerm(self.number, self.limit_hours, self.organ, self.decided_on, self.text)


class ProbeTermView(Answer):
    """A term of an office's probe."""

    number: str
    limit_hours: int
    organ: str
    decided_on: str
    text: str
    set_at: str
    set_by: str

    @classmethod
    def of(cls, value: ProbeTerm) -> Self:
        """Return the view of a term."""
        return cls(
            number=value.number,
            limit_hours=value.limit_hours,
            organ=value.organ,
            decided_on=value.decided_on.isoformat(),
            text=value.text,
            set_at=str(value.set_at),
            set_by=value.set_by,
        )


class ProbeTermsView(Answer):
    """The terms of an office in the order they were set; none: its notices are not probed and not prolonged."""

    items: list[ProbeTermView]
    next_cursor: str | None = None


class ProbedNoticeView(PublicNoticeView):
    """A notice the probe is to look at, with the SHA-256 of its capture."""

    capture_sha256: str

    @classmethod
    def of(cls, value: Case, now: Moment) -> Self:
        """Return the view of a noticed case as it stands at ``now``."""
        shown = PublicNoticeView.of(value, now)
        capture = value.notice.capture.hex if value.notice else ""
        return cls(**shown.model_dump(exclude={"lines"}), lines=shown.lines, capture_sha256=capture)


class ProbedNoticesView(Answer):
    """A page of the notices the probe is to look at."""

    items: list[ProbedNoticeView]
    next_cursor: str | None = None


class ProbeBody(Strict):
    """One look: when, what the server answered (null: nothing), the SHA-256 of it, whether the lines stand in it."""

    case: str = Field(max_length=60)
    probed_at: str = Field(max_length=40)
    status: Annotated[Whole, Field(ge=100, le=999)] | None = None
    page_sha256: str | None = Field(default=None, max_length=80)
    found: bool = False

    def given(self) -> ProbeGiven:
        """Return what is asked of the registry. Raises InvalidValueError."""
        page = None if self.page_sha256 is None else Digest.parse(self.page_sha256)
        return ProbeGiven(CaseId(self.case), Moment.of_text(self.probed_at), self.status, page, self.found)


class ProbesBody(Strict):
    """What a probe saw in one round, or in several that could not be sent at once."""

    probes: list[ProbeBody] = Field(min_length=1, max_length=PROBES_AT_ONCE_MAX)


class RecordedView(Answer):
    """What became of one probe; ``refused`` null: it is recorded."""

    case: str
    probed_at: str
    refused: str | None


class RecordedProbesView(Answer):
    """What became of each probe."""

    items: list[RecordedView]

    @classmethod
    def of(cls, value: tuple[Recorded, ...]) -> Self:
        """Return the view of what became of probes."""
        return cls(
            items=[
                RecordedView(case=each.given.case, probed_at=str(each.given.probed_at), refused=each.refused)
                for each in value
            ]
        )


class NoticeProbeView(Answer):
    """One look at the page of a notice; a late one closes no gap."""

    probed_at: str
    status: int | None
    page_sha256: str | None
    sighting: str
    late: bool
    recorded_at: str

    @classmethod
    def of(cls, value: Probe) -> Self:
        """Return the view of a probe."""
        return cls(
            probed_at=str(value.probed_at),
            status=value.status,
            page_sha256=value.page.hex if value.page else None,
            sighting=value.sighting.value,
            late=value.late,
            recorded_at=str(value.recorded_at),
        )


class GapView(Answer):
    """A time in which nobody saw the notice."""

    first: str
    last: str


class NoticeProbesView(Answer):
    """The record of a notice; ``limit_hours`` null: the office has no probe, and the notice is not prolonged.

    ``stated_ends_at`` is as posted, ``ends_at`` what holds now; ``gaps`` are those over that count.
    """

    case: str
    page_url: str
    posted_at: str
    stated_ends_at: str
    ends_at: str
    limit_hours: int | None
    gaps: list[GapView]
    items: list[NoticeProbeView]
    next_cursor: str | None = None

    @classmethod
    def of(cls, value: NoticeRecord, shown: list[Probe], following: str | None) -> Self:
        """Return the view of a record with one page of its probes."""
        notice = value.case.notice
        if notice is None:
            raise AssertionError("a record of a notice that was never posted")
        watch = notice.watch
        return cls(
            case=value.case.id,
            page_url=notice.page_url,
            posted_at=str(notice.posted_at),
            stated_ends_at=str(notice.ends_at),
            ends_at=str(value.ends_at),
            limit_hours=int(watch.limit.total_seconds()) // 3600 if watch else None,
            gaps=[GapView(first=str(each.first), last=str(each.last)) for each in watch.gaps] if watch else [],
            items=[NoticeProbeView.of(each) for each in shown],
            next_cursor=following,
        )


@door.operation("POST", "/notice-probe-terms", {201: ProbeTermView}, action=Action.ENTER_RULING)
def set_probe_term(body: ProbeTermBody) -> Response:
    """Have the notices of your office probed, or no more, for notices that are posted from now on."""
    return write(lambda work: notice_probes.set_probe_term(work, body.command()), ProbeTermView.of)


@door.operation("GET", "/notice-probe-terms", {200: ProbeTermsView}, action=Action.READ_OFFICE)
def list_probe_terms() -> Response:
    """List the terms of your office's probe."""
    return read(
        notice_probes.probe_terms, lambda found: ProbeTermsView(items=[ProbeTermView.of(each) for each in found])
    )


@door.operation("GET", "/probed-notices", {200: ProbedNoticesView}, action=Action.PROBE_NOTICE)
def list_probed_notices(query: PageQuery) -> Response:
    """List the notices of your office that a probe is to look at now."""
    after = after_of(query, CaseId)

    def listed(view: View) -> ProbedNoticesView:
        found = list(notice_probes.probed_notices(view, after, query.limit + 1))
        shown, following = page_of(found, query, lambda each: [each.id])
        return ProbedNoticesView(items=[ProbedNoticeView.of(each, view.now) for each in shown], next_cursor=following)

    return read(listed, lambda made: made)


@door.operation("POST", "/notice-probes", {200: RecordedProbesView}, action=Action.PROBE_NOTICE)
def record_notice_probes(body: ProbesBody) -> Response:
    """Record what a probe saw of notices of your office."""
    given = tuple(each.given() for each in body.probes)
    return write(lambda work: notice_probes.record_probes(work, given), RecordedProbesView.of, 200)


@door.operation("GET", "/cases/<case>/notice-probes", {200: NoticeProbesView}, action=Action.READ_CASE, problems=(409,))
def list_case_probes(case: str, query: PageQuery) -> Response:
    """Return what the probe saw of a case's notice, and when the notice ends."""
    wanted = CaseId(case)
    position = position_of(query.cursor, 1)
    after = Moment.of_text(str(position[0])) if position else None

    def present(found: NoticeRecord) -> NoticeProbesView:
        shown, following = page_of(list(found.probes), query, lambda each: [str(each.probed_at)])
        return NoticeProbesView.of(found, list(shown), following)

    return read(lambda view: notice_probes.notice_record(view, wanted, after, query.limit + 1), present)
