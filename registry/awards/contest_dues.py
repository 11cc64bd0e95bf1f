"""What contests of novelty wait for: a decision, a reviewer, a recusal; and what was paid to whoever lost one."""

from collections.abc import Iterator

from registry.actors.model import Role
from registry.awards import contest_deciding, officers, records
from registry.awards.contest_model import Contest
from registry.awards.model import Case
from registry.awards.records import contests as contest_records
from registry.awards.waiting import Due, Matter, Wait
from registry.catalog import novelty
from registry.errors import UnavailableError
from registry.journal.work import View
from registry.offices import rules as office_rules
from registry.offices import service as offices
from registry.offices.model import ROLE_OF_STEP, Bench, Officer, Step
from registry.offices.records import terms_of
from registry.offices.terms import shipped_terms
from registry.policy import service as policy
from registry.values.identifiers import AuthorityId, FirmId
from registry.values.moment import Moment

DECIDED_MAX = 1_000
"""How many decided contests of an office are looked at for ties of whoever decided: more than an office has."""


def dues_within(view: View, office: AuthorityId) -> Iterator[Due]:
    """Yield what the contests of an office wait for, and the reviews of what was paid to whoever lost."""
    for desk in contest_deciding.dues_within(view, office):
        if desk.due:
            able = (desk.drawn,) if desk.drawn and desk.due.able else ()
            wait = Wait(Step.CONTEST_DECISION, Role.REVIEWER, desk.due.began_at)
            yield Due(_matter(desk.contest), wait, desk.due.term, desk.due.due_at, desk.due.days_late, able)
    bench = offices.bench_within(view, office)
    for contest in contest_records.decided_contests_in(view.connection, office, DECIDED_MAX):
        made = novelty.decision_of(view, contest.id)
        if made and made.decided_by and contest_deciding.tie_of_decider(view, bench, contest, made.decided_by):
            yield _due(view, bench, _matter(contest), Step.CONTEST_RECUSAL, made.decided_at, contest.firms)
    for review in contest_records.open_reviews_in(view.connection, office, DECIDED_MAX):
        case = records.case_of(view.connection, review.case)
        if case is not None:
            firms = officers.concerned(view, bench, [case])[case.id]
            yield _due(view, bench, case, Step.PAYMENT_REVIEW, review.opened_at, firms)


def _matter(contest: Contest) -> Matter:
    return Matter(contest.id, contest.authority, contest.state)


def _due(view: View, bench: Bench, case: Case | Matter, step: Step, began_at: Moment, firms: frozenset[FirmId]) -> Due:
    wait = Wait(step, ROLE_OF_STEP[step], began_at)
    able: tuple[Officer, ...] = tuple(office_rules.able(bench, wait.role, firms, (), view.now))
    term = office_rules.term_of(step, began_at, shipped_terms(), terms_of(view.connection, case.authority))
    try:
        due_at = office_rules.due_at(began_at, term, policy.calendar())
        late = office_rules.working_days_late(due_at, view.now, policy.calendar())
    except UnavailableError:
        return Due(case, wait, term, None, 0, able)
    return Due(case, wait, term, due_at, late, able)
