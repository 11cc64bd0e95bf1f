"""What a closed budget year lets happen to its lines; how it is closed is for the room of finance.

Rules:
* Nothing is appropriated, instructed or paid on a line of a closed year. An instruction that was carried over by number
  may still be paid, or sent back.
* Cash that comes back later reopens nothing of a closed year: it waits to be appropriated again (RULINGS 17).
* The year and its lines are locked first, so that a payment or a new line and the close of its year come one after
  the other.
"""

from collections.abc import Collection

from registry.errors import ConflictError
from registry.journal.work import View, Work
from registry.values.identifiers import AuthorityId, CaseId
from registry.vouchers import records


def require_open_within(
    work: Work, authority: AuthorityId, budget_year: int, line: str, carried_as: Collection[CaseId] = ()
) -> None:
    """Lock a line and raise ConflictError when its year is closed; ``carried_as`` are cases that may be carried over.

    A case that was parted stands under the names of those it came from, too.
    """
    records.lock_lines(work.connection, authority, budget_year, line)
    if not records.is_closed(work.connection, authority, budget_year):
        return
    if not carried_as or not records.is_carried(work.connection, authority, budget_year, carried_as):
        raise ConflictError("budget_year_closed", year=budget_year, line=line[:60])


def is_closed(view: View, authority: AuthorityId, budget_year: int) -> bool:
    """Say whether a budget year is closed."""
    return records.is_closed(view.connection, authority, budget_year)
