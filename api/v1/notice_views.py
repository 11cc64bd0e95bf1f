"""What public notices look like in answers."""

from typing import Self

from api.door import Answer
from registry.awards.lines import notice_ends, notice_of
from registry.awards.model import Case, Line
from registry.awards.probing import notice_end
from registry.values.moment import Moment


class NoticeLineView(Answer):
    """What the public reads of one payment: unit, instrument, clause, standard, amount.

    An objection names it by ``number``; ``digest`` is what was noticed.
    """

    number: int
    digest: str
    ends_at: str
    unit: str
    instrument: str
    clause: str
    standard: str
    amount_fen: int
    amount_text: str


class PublicNoticeView(Answer):
    """A public notice that runs; nothing of persons or accounts."""

    case: str
    document: str
    lines: list[NoticeLineView]
    lines_digest: str
    page_url: str
    posted_at: str
    ends_at: str

    @classmethod
    def of(cls, value: Case, now: Moment) -> Self:
        """Return the view of a noticed case as it stands at ``now``."""
        if value.notice is None:
            raise AssertionError("a notice is listed that was never posted")
        return cls(
            case=value.id,
            document=value.document,
            lines=[
                NoticeLineView(
                    number=line.number,
                    digest=str(line.digest),
                    ends_at=str(_ends_at(value, line, now)),
                    unit=line.firm_name,
                    instrument=line.instrument,
                    clause=line.clause,
                    standard=line.standard,
                    amount_fen=line.amount.fen,
                    amount_text=str(line.amount),
                )
                for line in value.lines
            ],
            lines_digest=str(value.lines_digest),
            page_url=value.notice.page_url,
            posted_at=str(value.notice.posted_at),
            ends_at=str(notice_ends(value, now) or notice_end(value.notice, now)),
        )


def _ends_at(case: Case, line: Line, now: Moment) -> Moment | None:
    notice = notice_of(case, line)
    return notice_end(notice, now) if notice else None


class NoticesView(Answer):
    """The public notices that run."""

    items: list[PublicNoticeView]
    next_cursor: str | None = None
