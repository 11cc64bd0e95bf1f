"""What officers do with content: read it for a while, recall a version, see who holds it."""

from typing import Self

from flask import Response
from pydantic import Field

from api.calls import cursor_of, position_of, read, write
from api.door import Answer, Door, PageQuery, Strict, Whole
from api.paging import after_of, page_of
from api.v1.dataset_bodies import version_number
from api.v1.dataset_naming import of_dataset
from api.v1.dataset_views import VersionView
from registry.actors.model import Action
from registry.catalog import oversight
from registry.catalog.access_model import (
    Holder,
    OpenStaffAccess,
    Recall,
    RecallVersion,
    StaffAccess,
    StaffRead,
)
from registry.catalog.model import VersionName
from registry.values.identifiers import CaseId, ReadId, StaffAccessId
from registry.values.moment import Moment
from registry.values.names import PublicName

door = Door("oversight", __name__, url_prefix="/v1")


class StaffAccessBody(Strict):
    """For how many days an officer reads, and why: for a case, or (null) for an audit."""

    days: Whole = Field(ge=1, le=14)
    reason: str = Field(min_length=1, max_length=2_000)
    case: str | None = Field(default=None, max_length=60)


class RecallBody(Strict):
    """Why a version is recalled, on which legal basis, by which document."""

    reason: str = Field(min_length=1, max_length=2_000)
    legal_basis: str = Field(min_length=1, max_length=2_000)
    document_number: str = Field(min_length=1, max_length=100)


class StaffAccessView(Answer):
    """An officer's access to a dataset; without a case it is for an audit."""

    id: str
    dataset: str
    authority: str
    account: str
    reason: str
    case: str | None
    opened_at: str
    ends_at: str

    @classmethod
    def of(cls, found: StaffAccess) -> Self:
        """Return the view of an access."""
        return cls(
            id=found.id,
            dataset=found.dataset,
            authority=found.authority,
            account=found.account,
            reason=found.reason,
            case=found.case,
            opened_at=str(found.opened_at),
            ends_at=str(found.ends_at),
        )


class StaffAccessesView(Answer):
    """The accesses of staff to a dataset, the newest first."""

    items: list[StaffAccessView]
    next_cursor: str | None = None


class StaffReadView(Answer):
    """One address of one file that was given to an officer."""

    id: str
    read_at: str
    version: int
    path: str
    size_bytes: int

    @classmethod
    def of(cls, found: StaffRead) -> Self:
        """Return the view of a read."""
        return cls(
            id=found.id,
            read_at=str(found.read_at),
            version=found.number,
            path=found.path,
            size_bytes=found.size_bytes,
        )


class StaffReadsView(Answer):
    """What was read under an access, the earliest first."""

    items: list[StaffReadView]
    next_cursor: str | None = None


class RecallView(Answer):
    """Which authority recalled a version, when and why."""

    authority: str
    reason: str
    legal_basis: str
    document_number: str
    recalled_at: str

    @classmethod
    def of(cls, found: Recall) -> Self:
        """Return the view of a recall."""
        return cls(
            authority=found.authority,
            reason=found.reason,
            legal_basis=found.legal_basis,
            document_number=found.document_number,
            recalled_at=str(found.recalled_at),
        )


class HolderView(Answer):
    """Who may hold content of a version: how often addresses were given out, and whether there is or was a grant."""

    party: str
    name: str
    reads: int
    first_read_at: str | None
    last_read_at: str | None
    granted: bool

    @classmethod
    def of(cls, found: Holder) -> Self:
        """Return the view of a holder."""
        return cls(
            party=found.party,
            name=found.name,
            reads=found.reads,
            first_read_at=str(found.first_read_at) if found.first_read_at else None,
            last_read_at=str(found.last_read_at) if found.last_read_at else None,
            granted=found.granted,
        )


class HoldersView(Answer):
    """A page of holders, by party."""

    items: list[HolderView]
    next_cursor: str | None = None


@door.operation(
    "POST", "/datasets/<namespace>/<slug>/staff-accesses", {201: StaffAccessView}, action=Action.OPEN_STAFF_ACCESS
)
def open_staff_access(namespace: str, slug: str, body: StaffAccessBody) -> Response:
    """Open an access to a dataset for yourself as an officer; its owner sees it with the reason."""
    case = CaseId(body.case) if body.case else None
    command = OpenStaffAccess(PublicName(namespace, slug), body.days, body.reason, case)
    return write(lambda work: oversight.open_staff_access(work, command), StaffAccessView.of)


@door.operation("POST", "/staff-accesses/<access>/end", {200: StaffAccessView}, action=Action.OPEN_STAFF_ACCESS)
def end_staff_access(access: str) -> Response:
    """End an access of yours before its time."""
    return write(lambda work: oversight.end_staff_access(work, StaffAccessId(access)), StaffAccessView.of, 200)


@door.operation(
    "GET", "/datasets/<namespace>/<slug>/staff-accesses", {200: StaffAccessesView, 308: None}, action=Action.READ_ACCESS
)
def list_staff_accesses(namespace: str, slug: str, query: PageQuery) -> Response:
    """List the accesses of staff to a dataset, for its publisher and offices concerned with it."""
    after = after_of(query, StaffAccessId)

    def presented(found: list[StaffAccess]) -> StaffAccessesView:
        shown, more = page_of(found, query, lambda each: [each.id])
        return StaffAccessesView(items=[StaffAccessView.of(each) for each in shown], next_cursor=more)

    return of_dataset(
        namespace, slug, lambda view, held: oversight.staff_accesses(view, held.name, after, query.limit + 1), presented
    )


@door.operation("GET", "/staff-accesses/<access>/reads", {200: StaffReadsView}, action=Action.READ_ACCESS)
def list_staff_reads(access: str, query: PageQuery) -> Response:
    """List what was read under an access of staff, for the publisher and offices concerned with it."""
    position = position_of(query.cursor, 2)
    after = (Moment.of_text(str(position[0])), ReadId(str(position[1]))) if position else None

    def present(found: list[StaffRead]) -> StaffReadsView:
        shown, more = page_of(found, query, lambda each: [str(each.read_at), each.id])
        return StaffReadsView(items=[StaffReadView.of(each) for each in shown], next_cursor=more)

    return read(lambda view: oversight.staff_reads(view, StaffAccessId(access), after, query.limit + 1), present)


@door.operation(
    "POST",
    "/datasets/<namespace>/<slug>/versions/<version>/recall",
    {200: VersionView},
    action=Action.RECALL_VERSION,
)
def recall_version(namespace: str, slug: str, version: str, body: RecallBody) -> Response:
    """Recall a version: from then on nobody reads it."""
    command = RecallVersion(
        PublicName(namespace, slug), version_number(version), body.reason, body.legal_basis, body.document_number
    )
    return write(lambda work: oversight.recall_version(work, command), VersionView.of, 200)


@door.operation(
    "GET", "/datasets/<namespace>/<slug>/versions/<version>/recall", {200: RecallView, 308: None}, public=True
)
def show_recall(namespace: str, slug: str, version: str) -> Response:
    """Show which authority recalled a version, when and why."""
    number = version_number(version)
    return of_dataset(
        namespace,
        slug,
        lambda view, held: oversight.recall(view, VersionName(held.name, number)),
        RecallView.of,
    )


@door.operation(
    "GET",
    "/datasets/<namespace>/<slug>/versions/<version>/holders",
    {200: HoldersView, 308: None},
    action=Action.READ_ACCESS,
    problems=(422,),
)
def list_holders(namespace: str, slug: str, version: str, query: PageQuery) -> Response:
    """List who may hold content of a recalled or erased version, for its publisher and offices concerned with it."""
    number = version_number(version)
    position = position_of(query.cursor, 1)
    after = str(position[0]) if position else ""

    def presented(found: list[Holder]) -> HoldersView:
        shown = found[: query.limit]
        following = cursor_of([shown[-1].party]) if len(found) > query.limit else None
        return HoldersView(items=[HolderView.of(each) for each in shown], next_cursor=following)

    return of_dataset(
        namespace,
        slug,
        lambda view, held: oversight.holders(view, VersionName(held.name, number), after, query.limit + 1),
        presented,
    )
