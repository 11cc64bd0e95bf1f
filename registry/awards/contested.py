"""What contests of novelty do to a case: an open one holds it, a lost one ends it."""

from registry.awards import contest_rules
from registry.awards.model import Case
from registry.awards.records import contests as records
from registry.catalog import novelty
from registry.catalog.novelty_model import lost_by
from registry.errors import Obstacle, RuleError
from registry.journal.work import View


def obstacles(view: View, case: Case) -> tuple[Obstacle, ...]:
    """Return what keeps a case from being passed, instructed and paid: a contest on its lineage, open or lost.

    The caller holds the lock of the case where it decides by it: a contest is opened only with the locks of the cases
    on both lineages.
    """
    lineages = contest_rules.lineages_of(case)
    found = contest_rules.obstacles(records.open_contests_on(view.connection, case.authority, lineages))
    # What was instructed when the decision came is still out: without this it would be paid, or instructed again.
    return (*found, Obstacle("novelty_lost", "RULINGS 8", evidence=("decision",))) if lost(view, case) else found


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
