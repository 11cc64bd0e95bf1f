"""Archives over HTTP: archive a case, read and fetch, hold, propose and decide disposals."""

from datetime import date
from typing import Annotated, Self

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from api.calls import current_actor, house, read, write
from api.case_form import form_maker
from api.door import Answer, Door, PageQuery, Strict
from api.paging import after_of, page_of
from registry.actors.model import Action
from registry.archive import service
from registry.archive.gathering import Filing
from registry.archive.model import (
    NUMBER_LENGTH_MAX,
    REASON_LENGTH_MAX,
    Archive,
    CaseOutcome,
    DecideDisposal,
    Disposal,
    DisposalState,
    HoldOrder,
    HoldReason,
    LiftHold,
    ProposeDisposal,
    SetHold,
    Shelf,
)
from registry.journal.work import View
from registry.values.identifiers import ArchiveHoldId, CaseId

door = Door("archives", __name__, url_prefix="/v1")

PACKAGE: str = "application/zip"
REVISIONS_MAX = 100_000
Reason = Annotated[str, Field(min_length=1, max_length=REASON_LENGTH_MAX)]
Number = Annotated[str, Field(min_length=1, max_length=NUMBER_LENGTH_MAX)]


class PackageQuery(BaseModel):
    """Which revision; the newest by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int | None = Field(default=None, ge=1, le=REVISIONS_MAX)


class ArchivesQuery(PageQuery):
    """Which archives: all, or those that may be disposed of today."""

    disposable: bool = False


class ArchiveOrderBody(Strict):
    """A numbered order with its reason."""

    number: Number
    reason: Reason


class ProposeDisposalBody(Strict):
    """Why an archive is to be disposed of."""

    reason: Reason


class DecideDisposalBody(Strict):
    """Whether a proposed disposal is confirmed, and why."""

    confirmed: bool
    reason: Reason


class ArchiveView(Answer):
    """One revision of the archive of a case; ``keep_until`` null: for ever; ``made_by`` null: the service itself."""

    case: str
    authority: str
    number: int
    outcome: CaseOutcome
    retention_class: str
    closed_on: date
    keep_until: date | None
    sha256: str
    size_bytes: int
    retain_until: str
    made_by: str | None
    made_at: str

    @classmethod
    def of(cls, value: Archive) -> Self:
        """Return the view of a revision."""
        return cls(
            case=value.case,
            authority=value.authority,
            number=value.number,
            outcome=value.outcome,
            retention_class=value.retention_class,
            closed_on=value.closed_on,
            keep_until=value.keep_until,
            sha256=value.digest.hex,
            size_bytes=value.size_bytes,
            retain_until=str(value.retain_until),
            made_by=value.made_by,
            made_at=str(value.made_at),
        )


class ArchiveHoldView(Answer):
    """A numbered order that an archive is held; ``lifted_at`` null: it still is."""

    id: str
    case: str
    number: str
    reason: str
    set_by: str
    set_at: str
    lifting_number: str | None
    lifting_reason: str | None
    lifted_by: str | None
    lifted_at: str | None

    @classmethod
    def of(cls, value: HoldOrder) -> Self:
        """Return the view of an order."""
        return cls(
            id=value.id,
            case=value.case,
            number=value.number,
            reason=value.reason,
            set_by=value.set_by,
            set_at=str(value.set_at),
            lifting_number=value.lifting_number,
            lifting_reason=value.lifting_reason,
            lifted_by=value.lifted_by,
            lifted_at=str(value.lifted_at) if value.lifted_at else None,
        )


class DisposalView(Answer):
    """The disposal of an archive; ``removed_at`` null: its packages are still in the store."""

    id: str
    case: str
    state: DisposalState
    reason: str
    proposed_by: str
    proposed_at: str
    decision_reason: str | None
    decided_by: str | None
    decided_at: str | None
    removed_at: str | None

    @classmethod
    def of(cls, value: Disposal) -> Self:
        """Return the view of a disposal."""
        return cls(
            id=value.id,
            case=value.case,
            state=value.state,
            reason=value.reason,
            proposed_by=value.proposed_by,
            proposed_at=str(value.proposed_at),
            decision_reason=value.decision_reason,
            decided_by=value.decided_by,
            decided_at=str(value.decided_at) if value.decided_at else None,
            removed_at=str(value.removed_at) if value.removed_at else None,
        )


class ShelfView(Answer):
    """What is known of the archive of a case. A firm sees revisions and what holds them, and no orders or disposals."""

    case: str
    revisions: list[ArchiveView]
    held: list[HoldReason]
    orders: list[ArchiveHoldView]
    disposals: list[DisposalView]
    disposed: bool

    @classmethod
    def of(cls, value: Shelf) -> Self:
        """Return the view of a shelf."""
        return cls(
            case=value.case,
            revisions=[ArchiveView.of(each) for each in value.revisions],
            held=list(value.held),
            orders=[ArchiveHoldView.of(each) for each in value.orders],
            disposals=[DisposalView.of(each) for each in value.disposals],
            disposed=value.disposed,
        )


class ArchivesView(Answer):
    """A page of the newest revisions of archives, in order of their cases."""

    items: list[ArchiveView]
    next_cursor: str | None


def _filing() -> Filing:
    found = house()
    return Filing(
        store=found.store,
        signing_key=found.signing_key,
        secret=found.secret,
        retention=found.settings.log_retention,
        public_url=found.settings.public_url,
        form=form_maker(found.settings.public_url),
    )


@door.operation("POST", "/cases/<case>/archive", {201: ArchiveView}, action=Action.REVIEW_CASE)
def archive_case(case: str) -> Response:
    """Archive a closed case as it is now: a signed package with an index, kept under retention."""
    wanted, filing = CaseId(case), _filing()
    return write(lambda work: service.archive_case(work, filing, wanted), ArchiveView.of)


@door.operation("GET", "/cases/<case>/archive", {200: ShelfView}, action=Action.READ_CASE)
def show_archive(case: str) -> Response:
    """Return the revisions of a case's archive, what holds it, and what became of it."""
    wanted = CaseId(case)
    return read(lambda view: service.shelf(view, wanted), ShelfView.of)


@door.operation(
    "GET",
    "/cases/<case>/archive/package",
    {200: None},
    action=Action.READ_CASE,
    problems=(409,),
    media={200: PACKAGE},
)
def fetch_archive(case: str, query: PackageQuery) -> Response:
    """Return a package; the firm of the case gets it without what other parties filed."""
    wanted = CaseId(case)
    with house().view(current_actor()) as view:
        found, content = service.package(view, house().store, wanted, query.number)
    answer = Response(content, content_type=PACKAGE)
    answer.headers["Content-Disposition"] = f'attachment; filename="{wanted}-{found.number}.zip"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@door.operation("GET", "/archives", {200: ArchivesView}, action=Action.READ_OFFICE)
def list_archives(query: ArchivesQuery) -> Response:
    """List the archives of your office, or those whose term has ended and that nothing holds."""
    after = after_of(query, CaseId)

    def ask(view: View) -> tuple[Archive, ...]:
        return service.archives(view, disposable=query.disposable, after=after, limit=query.limit + 1)

    def present(found: tuple[Archive, ...]) -> ArchivesView:
        page, following = page_of(found, query, lambda each: [each.case])
        return ArchivesView(items=[ArchiveView.of(each) for each in page], next_cursor=following)

    return read(ask, present)


@door.operation("POST", "/cases/<case>/archive/holds", {201: ArchiveHoldView}, action=Action.SIGN_CASE)
def hold_archive(case: str, body: ArchiveOrderBody) -> Response:
    """Hold the archive of a case by a numbered order: it is not disposed of until the order is lifted."""
    command = SetHold(CaseId(case), body.number, body.reason)
    return write(lambda work: service.set_hold(work, command), ArchiveHoldView.of)


@door.operation("POST", "/archive-holds/<hold>/lifting", {200: ArchiveHoldView}, action=Action.SIGN_CASE)
def lift_archive_hold(hold: str, body: ArchiveOrderBody) -> Response:
    """End an order that holds an archive, by another numbered one."""
    command = LiftHold(ArchiveHoldId(hold), body.number, body.reason)
    return write(lambda work: service.lift_hold(work, command), ArchiveHoldView.of, 200)


@door.operation("POST", "/cases/<case>/archive/disposal", {201: DisposalView}, action=Action.REVIEW_CASE)
def propose_archive_disposal(case: str, body: ProposeDisposalBody) -> Response:
    """Propose that an archive whose term has ended is disposed of; another officer decides."""
    command = ProposeDisposal(CaseId(case), body.reason)
    return write(lambda work: service.propose_disposal(work, command), DisposalView.of)


@door.operation("POST", "/cases/<case>/archive/disposal/decision", {200: DisposalView}, action=Action.SIGN_CASE)
def decide_archive_disposal(case: str, body: DecideDisposalBody) -> Response:
    """Confirm a disposal that another officer proposed, or reject it; its packages are then removed from the store."""
    command = DecideDisposal(CaseId(case), body.confirmed, body.reason)
    return write(lambda work: service.decide_disposal(work, command), DisposalView.of, 200)
