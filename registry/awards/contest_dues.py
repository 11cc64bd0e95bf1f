"""What contests of novelty wait for: a decision, a reviewer, a recusal; and what was paid to whoever lost one."""

from collections.abc import Iterator

from registry.actors.model import Role
from registry.awards import contest_deciding, officers, records
from registry.awards.contest_model import Contest
from registry.awards.model import Case
from registry.awards.records import contests as contest_records
from registry.awards.waiting import Desk, Due, Matter, Wait, due_by
from registry.catalog import novelty
from registry.journal.work import View
from registry.offices import rules as office_rules
from registry.offices import service as offices
from registry.offices.model import ROLE_OF_STEP, Step
from registry.offices.records import terms_of
from registry.offices.terms import shipped_terms
from registry.policy import service as policy
from registry.values.identifiers import AuthorityId, FirmId
from registry.values.moment import Moment

DECIDED_MAX = 1_000
"""How many decided contests of an office are looked at for ties of whoever decided: more than an office has."""


def dues_within(view: View, office: AuthorityId) -> Iterator[Due]:
    """Yield what the contests of an office wait for, and the reviews of what was paid to whoever lost."""
    for each in contest_deciding.dues_within(view, office):
        if each.due:
            able = (each.drawn,) if each.drawn and each.due.able else ()
            wait = Wait(Step.CONTEST_DECISION, Role.REVIEWER, each.due.began_at)
            yield Due(_matter(each.contest), wait, each.due.term, each.due.due_at, each.due.days_late, able)
    bench = offices.bench_within(view, office)
    desk = Desk(bench, shipped_terms(), terms_of(view.connection, office), policy.calendar())
    for contest in contest_records.decided_contests_in(view.connection, office, DECIDED_MAX):
        made = novelty.decision_of(view, contest.id)
        if made and made.decided_by and contest_deciding.tie_of_decider(view, bench, contest, made.decided_by):
            yield _due(view, desk, _matter(contest), Step.CONTEST_RECUSAL, made.decided_at, contest.firms)
    reviews = contest_records.open_reviews_in(view.connection, office, DECIDED_MAX)
    cases = {case.id: case for case in records.cases_named(view.connection, [each.case for each in reviews])}
    concerned = officers.concerned(view, bench, list(cases.values()))
    for review in reviews:
        if case := cases.get(review.case):
            yield _due(view, desk, case, Step.PAYMENT_REVIEW, review.opened_at, concerned[case.id])


def _matter(contest: Contest) -> Matter:
    return Matter(contest.id, contest.authority, contest.state)


def _due(view: View, desk: Desk, case: Case | Matter, step: Step, began_at: Moment, firms: frozenset[FirmId]) -> Due:
    wait = Wait(step, ROLE_OF_STEP[step], began_at)
    return due_by(desk, case, wait, tuple(office_rules.able(desk.bench, wait.role, firms, (), view.now)), view.now)
