"""What contests of novelty do to a case: an open one holds it, a lost one ends it."""

from registry.awards import contest_deciding, contest_rules
from registry.awards.model import Case
from registry.awards.records import contests as records
from registry.catalog import novelty
from registry.catalog.novelty_model import lost_by
from registry.errors import Obstacle, RuleError
from registry.journal.work import View, Work
from registry.offices import service as offices


def obstacles(view: View, case: Case) -> tuple[Obstacle, ...]:
    """Return what keeps a case from being passed and instructed: a contest on its lineage, open, lost, or ill decided.

    The caller holds the lock of the case where it decides by it: a contest is opened only with the locks of the cases
    on both lineages.
    """
    lineages = contest_rules.lineages_of(case)
    found = contest_rules.obstacles(records.open_contests_on(view.connection, case.authority, lineages))
    # What was instructed when the decision came is still out: without this it would be instructed again.
    lost_it = (Obstacle("novelty_lost", "RULINGS 8", evidence=("decision",)),) if lost(view, case) else ()
    return (*found, *lost_it, *_tied(view, case))


def _tied(view: View, case: Case) -> tuple[Obstacle, ...]:
    """Return the decisions on the lineages of a case that rest on somebody who is tied to a side: they must be void."""
    lineages = contest_rules.lineages_of(case)
    made = [each for dataset in lineages for each in novelty.decisions_on(view, dataset, case.authority)]
    if not made:
        return ()
    found, bench = [], offices.bench_within(view, case.authority)
    for each in made:
        contest = records.contest_of(view.connection, each.contest)
        if contest is None or each.decided_by is None:
            continue
        if contest_deciding.tie_of_decider(view, bench, contest, each.decided_by):
            parameters = {"contest": contest.id, "officer": each.decided_by}
            found.append(Obstacle("contest_decider_tied", "RULINGS 32", parameters=parameters))
    return tuple(found)


def require_free(view: View, case: Case) -> None:
    """Raise RuleError ``review_incomplete`` while a contest on the lineage of a case is open, or after it was lost."""
    if found := obstacles(view, case):
        raise RuleError("review_incomplete", found, id=case.id)


def lost(view: View, case: Case) -> bool:
    """Say whether the lineage of a case is not first by a decision of its authority."""
    return any(
        lost_by(novelty.decisions_on(view, dataset, case.authority), dataset)
        for dataset in contest_rules.lineages_of(case)
    )


def look_again_within(work: Work, paid: Case) -> None:
    """Open a review of a case that was paid after its lineage had lost: the instruction was out when it was decided."""
    for dataset in contest_rules.lineages_of(paid):
        for each in novelty.decisions_on(work, dataset, paid.authority):
            if dataset in each.losers:
                records.add_contest_review(work.connection, each.contest, paid.id, work.now)
