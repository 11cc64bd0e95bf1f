"""Opening balances over HTTP: one officer proposes a file, another confirms it."""

import base64
from typing import Annotated, ClassVar, Final, Self

from flask import Response
from pydantic import Field

from api.calls import read, write
from api.door import Answer, Door, PageQuery, Strict
from api.paging import after_of, page_of
from registry.actors.model import Action
from registry.errors import InvalidValueError
from registry.parties.list_files import FILE_BYTES_MAX
from registry.values.digest import Digest
from registry.values.identifiers import OpeningId
from registry.vouchers import opening as openings
from registry.vouchers.opening_model import OpeningListed, OpeningShown, WrittenLine

BODY_BYTES_MAX: Final = FILE_BYTES_MAX * 4 // 3 + 40_000

door = Door("openings", __name__, url_prefix="/v1")


class OpeningBody(Strict):
    """A file of opening balances, CSV, XLSX or TOML, in base64."""

    body_bytes_max: ClassVar[int] = BODY_BYTES_MAX

    content_base64: Annotated[str, Field(max_length=BODY_BYTES_MAX)]

    @property
    def content(self) -> bytes:
        """The bytes of the file. Raises InvalidValueError."""
        try:
            return base64.b64decode(self.content_base64, validate=True)
        except ValueError as error:
            raise InvalidValueError("opening_file_unreadable") from error


class OpeningConfirmationBody(Strict):
    """The digest of the file one has looked at."""

    digest: str = Field(max_length=80)


class OpeningLineView(Answer):
    """A line: what a firm had from a pool in a year, or an award that was paid."""

    line: int
    pool: str
    instrument: str
    uscc: str
    year: int
    base_fen: int
    amount_fen: int
    dataset: str

    @classmethod
    def of(cls, line: WrittenLine) -> Self:
        """Return the view of a line."""
        return cls(
            line=line.line,
            pool=line.pool,
            instrument=line.instrument,
            uscc=line.uscc,
            year=line.year,
            base_fen=line.base.fen,
            amount_fen=line.amount.fen,
            dataset=line.dataset,
        )


class OpeningBalancesView(Answer):
    """Opening balances with all their lines, at most 2,000; they count once ``confirmed_at`` is there."""

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
    lines: list[OpeningLineView]

    @classmethod
    def of(cls, shown: OpeningShown) -> Self:
        """Return the view of opening balances."""
        made = shown.opening
        return cls(
            id=made.id,
            authority=made.authority,
            digest=str(made.digest),
            proposed_by=made.proposed_by,
            proposed_at=str(made.proposed_at),
            confirmed_by=made.confirmed_by,
            confirmed_at=str(made.confirmed_at) if made.confirmed_at else None,
            used_fen=shown.used.fen,
            used_text=str(shown.used),
            awarded_fen=shown.awarded.fen,
            awarded_text=str(shown.awarded),
            lines=[OpeningLineView.of(each) for each in shown.lines],
        )


class OpeningListedView(Answer):
    """Opening balances in a list; they count once ``confirmed_at`` is there."""

    id: str
    authority: str
    digest: str
    proposed_by: str
    proposed_at: str
    confirmed_by: str | None
    confirmed_at: str | None

    @classmethod
    def of(cls, found: OpeningListed) -> Self:
        """Return the view of opening balances in a list."""
        return cls(
            id=found.id,
            authority=found.authority,
            digest=str(found.digest),
            proposed_by=found.proposed_by,
            proposed_at=str(found.proposed_at),
            confirmed_by=found.confirmed_by,
            confirmed_at=str(found.confirmed_at) if found.confirmed_at else None,
        )


class OpeningsView(Answer):
    """A page of opening balances, the newest first."""

    items: list[OpeningListedView]
    next_cursor: str | None


@door.operation("GET", "/ledger/openings", {200: OpeningsView}, action=Action.READ_LEDGER)
def list_openings(query: PageQuery) -> Response:
    """List what was proposed at one's authority, the newest first."""
    after = after_of(query, OpeningId)

    def present(found: list[OpeningListed]) -> OpeningsView:
        page, following = page_of(found, query, lambda each: [each.id])
        return OpeningsView(items=[OpeningListedView.of(each) for each in page], next_cursor=following)

    return read(lambda view: openings.openings(view, after, query.limit + 1), present)


@door.operation("POST", "/ledger/openings", {201: OpeningBalancesView}, action=Action.PROPOSE_OPENING)
def propose_opening(body: OpeningBody) -> Response:
    """Propose what was paid before the system; nothing counts until another officer confirms it."""
    content = body.content
    return write(lambda work: openings.propose(work, content), OpeningBalancesView.of)


@door.operation("POST", "/ledger/openings/<opening>/confirm", {200: OpeningBalancesView}, action=Action.CONFIRM_OPENING)
def confirm_opening(opening: str, body: OpeningConfirmationBody) -> Response:
    """Open the books of one's authority, once, with what another officer proposed."""
    return write(
        lambda work: openings.confirm(work, OpeningId(opening), Digest.parse(body.digest)), OpeningBalancesView.of, 200
    )


@door.operation("GET", "/ledger/openings/<opening>", {200: OpeningBalancesView}, action=Action.READ_LEDGER)
def show_opening(opening: str) -> Response:
    """Show opening balances to the officers of their authority."""
    return read(lambda view: openings.opening(view, OpeningId(opening)), OpeningBalancesView.of)
