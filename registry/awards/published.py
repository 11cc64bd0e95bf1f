"""What everybody may read of the result of a round, and of the contests of a dataset.

Rules (RULINGS 25, 35):
* Of a round that has a budget nothing is shown before its money was divided, and of a case nothing before its notice
  was posted: a result is told by the notice and not before it. Of a case that ended otherwise nothing is shown.
* A line is shown while a notice carries it as it is. The name of a unit stays; that of a natural person, one character
  masked, is shown for as long as the notice runs and is taken down with it.
* Of a contest is said which dataset it is about, since when, and how it was decided; nothing of what the sides filed or
  of the reasons, and a version that is not public is not named.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from registry.awards import lines, records
from registry.awards.model import Case, CaseState, Line
from registry.awards.probing import notice_end
from registry.awards.records import contests as contest_records
from registry.awards.records import published_results
from registry.awards.rounds import round_of
from registry.catalog import novelty
from registry.catalog.novelty_model import NoveltyDecision
from registry.catalog.records import versions_by_id
from registry.journal.work import View
from registry.values.identifiers import CaseId, ContestId, DatasetId, RoundId
from registry.values.moment import Moment
from registry.values.money import Money

CONTESTS_SHOWN_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class ResultLine:
    """What a unit receives in a round. ``unit`` None: a natural person whose notice has ended."""

    unit: str | None
    amount: Money
    page_url: str
    notice_ends_at: Moment
    notice_runs: bool
    paid_on: date | None


def round_result(
    view: View, wanted: RoundId, after: CaseId | None, limit: int
) -> tuple[tuple[tuple[CaseId, tuple[ResultLine, ...]], ...], CaseId | None]:
    """Return the noticed lines of a page of the cases of a round, and behind which case the next page begins.

    Raises NotFoundError.
    """
    found = round_of(view, wanted)
    ids = published_results.noticed_of_round(view.connection, found.id, after, limit + 1)
    cases = records.cases_named(view.connection, ids[:limit])
    divided = [each for each in cases if found.now.budget is None or each.allotted is not None]
    shown = [(each.id, [result_line(each, line, view.now) for line in each.lines]) for each in divided]
    told = [(case, tuple(line for line in found if line)) for case, found in shown]
    return tuple(each for each in told if each[1]), ids[limit - 1] if len(ids) > limit else None


def result_line(case: Case, line: Line, now: Moment) -> ResultLine | None:
    """Return what may be shown of a line at an instant; None while no notice carries it, or where it has nothing."""
    notice = lines.notice_of(case, line)
    if notice is None or not line.amount:
        return None
    ends = notice_end(notice, now)
    runs = now < ends
    paid_on = case.payment.paid_on if case.state is CaseState.PAID and case.payment else None
    unit = line.firm_name if runs or not line.person else None
    return ResultLine(unit, line.amount, notice.page_url, ends, runs, paid_on)


@dataclass(frozen=True, slots=True)
class ContestShown:
    """That the novelty of a dataset is or was contested.

    ``contested``: the data of this dataset is said to be no news; otherwise this dataset says so of the other.
    ``other`` and ``place`` are empty where they would name what is not public.
    """

    contested: bool
    since: Moment
    other: str
    decision: NoveltyDecision | None
    place: str


def contests_of(view: View, dataset: DatasetId) -> tuple[ContestShown, ...]:
    """Return the contests about a dataset that stand open or were decided, the newest first, for anyone."""
    ids = published_results.contests_of_dataset(view.connection, dataset, CONTESTS_SHOWN_MAX)
    return tuple(_contest(view, each, dataset) for each in ids)


def _contest(view: View, wanted: ContestId, dataset: DatasetId) -> ContestShown:
    found = contest_records.contest_of(view.connection, wanted)
    if found is None:
        raise AssertionError("a contest that was listed is there")
    contested = found.respondent.dataset == dataset
    other = found.contester if contested else found.respondent
    decision = novelty.decision_of(view, found.id)
    sides = (found.contester, found.respondent)
    held = versions_by_id(view.connection, [side.version for side in sides])
    # A draft is nobody's to know of.
    hidden = {side.name for side in sides if side.version not in held or held[side.version].is_draft}
    place = decision.place if decision else ""
    return ContestShown(
        contested,
        found.opened_at,
        "" if other.name in hidden else other.name,
        decision,
        "" if place in hidden else place,
    )
