"""Use cases of the office of a contest: who decides, the decision, cases decided again, reviews of what was paid."""

from collections.abc import Sequence
from dataclasses import replace

from registry.actors.model import Action, Resource, Role
from registry.actors.rules import require, require_visible
from registry.awards import assessment, contest_rules, officers, records
from registry.awards.acting import account_of, act_within, case_event, found_case, refuse_within
from registry.awards.contest_model import (
    AnswerContestReview,
    Contest,
    ContestDesk,
    ContestDraw,
    ContestDue,
    ContestReview,
    ContestState,
    DecideContest,
)
from registry.awards.model import OPEN_STATES, ActKind, Case, CaseKind, CaseState, Occasion
from registry.awards.records import contests as contest_records
from registry.awards.service import keep_decision
from registry.awards.waiting import Standing
from registry.catalog import novelty
from registry.catalog import service as catalog
from registry.catalog.novelty_model import NoveltyDecision, NoveltyOutcome
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError, UnavailableError
from registry.journal import service as journal
from registry.journal.work import View, Work
from registry.messages.announcing import announce
from registry.messages.model import Event, Topic
from registry.offices import rules as office_rules
from registry.offices import service as offices
from registry.offices.model import FOLLOWED_UP_AFTER, Bench, Step
from registry.offices.records import terms_of
from registry.offices.terms import shipped_terms
from registry.policy import service as policy
from registry.values.canonical import Json
from registry.values.identifiers import AccountId, AuthorityId, CaseId, ContestId, DatasetId, EntryId, FirmId
from registry.values.moment import Moment

OPEN_CONTESTS_MAX = 1_000
"""How many open contests of an office are looked at: more than an office has at a time."""


def found_contest(view: View, contest_id: ContestId, action: Action, *, lock: bool = False) -> Contest:
    """Return a contest the actor may do ``action`` to, with its decision. Raises NotFoundError, NotAllowedError."""
    require(view.actor, action)
    found = contest_records.contest_of(view.connection, contest_id, lock=lock)
    if found is None:
        raise NotFoundError("contest_not_found", id=contest_id)
    side = found.contester if view.actor.firm == found.contester.firm else found.respondent
    resource = Resource(found.firms, authority=found.authority, dataset=side.dataset, subject=found.id)
    require_visible(view.actor, action, resource, "contest")
    return replace(found, decision=novelty.decision_of(view, found.id))


def event(topic: Topic, found: Contest, **more: Json) -> Event:
    """Return what happened in a contest, for both sides and the office; nothing of what was filed."""
    data: dict[str, Json] = {
        "contest": found.id,
        "contester": found.contester.name,
        "respondent": found.respondent.name,
        "authority": found.authority,
        **more,
    }
    return Event(topic, found.id, data, firms=found.firms, authorities=frozenset({found.authority}))


# Who decides.


def draw_within(work: Work, found: Contest, cases: Sequence[Case], entry: EntryId, reason: str) -> ContestDraw | None:
    """Draw who decides a contest by the commitment of ``entry``; None when nobody may."""
    before = contest_records.contest_draws_of(work.connection, [found.id]).get(found.id, ())
    bench = offices.bench_within(work, found.authority)
    firms = _concerned(work, bench, found)
    able = office_rules.able(bench, Role.REVIEWER, firms, (), work.now)
    reviewers = offices.draws_within(work, [case.id for case in cases])
    barred = contest_rules.barred(cases, (draw.drawn for draws in reviewers.values() for draw in draws))
    barred |= officers.detected_officers(work, found.authority, firms) | _decided_before(work, found)
    candidates = tuple(sorted(each.account for each in able if each.account not in barred))
    if not candidates:
        return None
    number, seed = len(before) + 1, journal.lot_seed(work, entry)
    drawn = AccountId(office_rules.by_lot(seed, f"contest {found.id} {number}", candidates)[0])
    made = ContestDraw(found.id, number, seed, candidates, drawn, reason, work.now, account_of(work.actor), entry)
    contest_records.add_contest_draw(work.connection, made)
    return made


def _decided_before(view: View, found: Contest) -> frozenset[AccountId]:
    """Return who decided a contest by a decision that is void: none of them decides it again."""
    return frozenset(each.decided_by for each in novelty.decisions_in(view, found.id) if each.decided_by)


def tie_of_decider(view: View, bench: Bench, found: Contest, officer: AccountId) -> FirmId | None:
    """Return a firm of a side to which whoever decided a contest is tied, declared or detected; or None."""
    firms = _concerned(view, bench, found)
    if declared := office_rules.ties(bench.interests, officer, firms):
        return declared[0].firm
    detected = officers.detected_within(view, found.authority, firms)
    return next((each.firm for each in detected if each.officer == officer), None)


def _concerned(view: View, bench: Bench, found: Contest) -> frozenset[FirmId]:
    return officers.with_groups(view, bench, {found.id: found.firms})[found.id]


def _cases(view: View, found: Contest, *, lock: bool = False) -> tuple[Case, ...]:
    ids = contest_records.cases_on(view.connection, found.authority, found.datasets, lock=lock)
    return records.cases_named(view.connection, ids)


def draw_again(work: Work, contest_id: ContestId, reason: str) -> ContestDraw:
    """Draw another reviewer where nobody was drawn, or whoever was may not decide any more; every lot stays.

    Raises:
        NotAllowedError, NotFoundError: The actor manages no officers here.
        ConflictError: It is not open, or the reviewer who was drawn may decide.
        RuleError: Nobody of the office may decide it.
    """
    found = found_contest(work, contest_id, Action.MANAGE_OFFICERS, lock=True)
    contest_rules.require_open(found)
    cases = _cases(work, found)
    before = contest_records.contest_draws_of(work.connection, [found.id]).get(found.id, ())
    bench = offices.bench_within(work, found.authority)
    if before and _may_decide(work, bench, found, before[-1].drawn, cases):
        raise ConflictError("contest_reviewer_drawn_already", id=found.id, officer=before[-1].drawn)
    entry = work.journal("awards.contest_reviewer_drawn", found.id, number=len(before) + 1, reason=reason.strip())
    made = draw_within(work, found, cases, entry, reason.strip())
    if made is None:
        raise RuleError("contest_no_reviewer", (), id=found.id)
    return made


def _may_decide(view: View, bench: Bench, found: Contest, officer: AccountId, cases: Sequence[Case]) -> bool:
    firms = _concerned(view, bench, found)
    free = contest_rules.may_decide(bench, officer, firms, view.now)
    barred = contest_rules.barred(cases, ()) | officers.detected_officers(view, found.authority, firms)
    return free and officer not in barred | _decided_before(view, found)


# What it waits for.


def desk_of(view: View, found: Contest) -> ContestDesk:
    """Return a contest as its reader may see it, with the cases that wait, who decides and until when."""
    return desks_of(view, [found])[0]


def desks_of(view: View, contests: Sequence[Contest]) -> tuple[ContestDesk, ...]:
    """Return contests as their office sees them; a side sees no officer and only its own cases."""
    drawn = contest_records.contest_draws_of(view.connection, [each.id for each in contests])
    benches: dict[AuthorityId, Bench] = {}
    made = []
    for each in contests:
        if each.authority not in benches:
            benches[each.authority] = offices.bench_within(view, each.authority)
        lots = drawn.get(each.id, ())
        made.append(_desk(view, benches[each.authority], each, lots[-1].drawn if lots else None))
    return tuple(made)


def _desk(view: View, bench: Bench, found: Contest, drawn: AccountId | None) -> ContestDesk:
    cases = _cases(view, found)
    taken = novelty.decisions_in(view, found.id)
    decision = found.decision or next((each for each in taken if each.voided_at is None), None)
    firm = view.actor.firm
    own = firm is None
    fallen = tuple(each for each in taken if each.voided_at is not None)
    if decision is not None and not own:
        decision = replace(decision, decided_by=None)
    if not own:
        fallen = tuple(replace(each, decided_by=None) for each in fallen)
    return ContestDesk(
        contest=replace(found, decision=decision),
        cases=tuple(case for case in cases if own or firm in case.firms),
        drawn=bench.officer(drawn) if drawn is not None and own else None,
        due=_due(view, bench, found, drawn, cases, fallen) if own and found.state is ContestState.OPEN else None,
        fallen=fallen,
    )


def _due(
    view: View,
    bench: Bench,
    found: Contest,
    drawn: AccountId | None,
    cases: Sequence[Case],
    fallen: Sequence[NoveltyDecision],
) -> ContestDue:
    """Return until when a contest is to be decided; it begins when evidence ends, or when a decision fell."""
    began_at = max([found.evidence_until, *(each.voided_at for each in fallen if each.voided_at is not None)])
    rulings = terms_of(view.connection, found.authority)
    term = office_rules.term_of(Step.CONTEST_DECISION, began_at, shipped_terms(), rulings)
    able, began = drawn is not None and _may_decide(view, bench, found, drawn, cases), view.now >= began_at
    try:
        due_at = office_rules.due_at(began_at, term, policy.calendar())
        late = office_rules.working_days_late(due_at, view.now, policy.calendar())
    except UnavailableError:
        return ContestDue(term, None, 0, able, began, began_at)
    return ContestDue(term, due_at, late, able, began, began_at)


def standing_of(due: ContestDue) -> Standing:
    """Return how a contest stands with its term: it escalates when nobody may decide, or when it stays undone."""
    if not due.able or due.days_late > FOLLOWED_UP_AFTER:
        return Standing.ESCALATED
    if due.due_at is None:
        return Standing.UNKNOWN
    return Standing.OVERDUE if due.days_late else Standing.WITHIN


def dues_within(view: View, office: AuthorityId) -> tuple[ContestDesk, ...]:
    """Return the open contests of an office that wait for a decision or for a reviewer, the oldest first."""
    found = desks_of(view, contest_records.open_contests_in(view.connection, office, OPEN_CONTESTS_MAX))
    return tuple(each for each in found if each.due and (each.due.began or not each.due.able))


# The decision.


def decide(work: Work, command: DecideContest) -> ContestDesk:
    """Decide a contest: the cases of both lineages are decided again, those of whoever lost end.

    Raises:
        NotAllowedError, NotFoundError: The actor was not drawn, is tied or away, or acted in a case.
        ConflictError: It is not open.
        RuleError: Evidence may still be filed.
    """
    found = found_contest(work, command.contest, Action.REVIEW_CASE, lock=True)
    officer = account_of(work.actor)
    lots = contest_records.contest_draws_of(work.connection, [found.id]).get(found.id, ())
    contest_rules.require_decision(found, officer, lots[-1].drawn if lots else None, command, work.now)
    cases = _cases(work, found, lock=True)
    bench = offices.bench_within(work, found.authority)
    firms = _concerned(work, bench, found)
    office_rules.require_free(bench, officer, firms, work.now)
    officers.require_undetected(work, found.authority, firms)
    if officer in contest_rules.barred(cases, ()) | _decided_before(work, found):
        raise NotAllowedError("officer_already_acted", id=found.id)
    made = _decision(work, found, command, officer)
    content: dict[str, Json] = {
        "contest": found.id,
        "number": made.decision_number,
        "outcome": made.outcome.value,
        "place": made.place,
        "day": made.day.isoformat() if made.day else None,
        "reason": made.reason,
    }
    work.journal("awards.contest_decided", found.id, **content)
    novelty.decide_within(work, made)
    contest_records.set_contest_state(work.connection, found.id, ContestState.DECIDED)
    for case in cases:
        _decide_again(work, case, made, content)
    told = event(Topic.CONTEST_DECIDED, found, number=made.decision_number, outcome=made.outcome.value)
    announce(work, told)
    return desk_of(work, replace(found, state=ContestState.DECIDED, decision=made))


def _decision(work: Work, found: Contest, command: DecideContest, officer: AccountId) -> NoveltyDecision:
    day, place, year = command.day, command.place.strip(), work.now.civil_day().year
    if command.outcome is NoveltyOutcome.STAYS:
        first = catalog.version(work, found.respondent.version)
        day = first.published_at.civil_day() if first.published_at else found.opened_at.civil_day()
        place = found.respondent.name
    elif command.outcome is NoveltyOutcome.MOVES:
        place = place or found.contester.name
    return NoveltyDecision(
        contest=found.id,
        authority=found.authority,
        year=year,
        number=novelty.next_number_within(work, found.authority, year),
        outcome=command.outcome,
        contester=found.contester.dataset,
        contester_version=found.contester.version,
        respondent=found.respondent.dataset,
        respondent_version=found.respondent.version,
        place=place,
        day=day,
        reason=command.reason.strip(),
        decided_by=officer,
        decided_at=work.now,
    )


def _decide_again(work: Work, case: Case, decision: NoveltyDecision, content: dict[str, Json]) -> None:
    """Decide a case again by a contest: it goes on or ends, what was paid to whoever lost is looked at again."""
    lost = bool(contest_rules.lineages_of(case) & decision.losers)
    if case.state is CaseState.PAID and lost:
        contest_records.add_contest_review(work.connection, decision.contest, case.id, work.now)
        told = case_event(Topic.CASE_REVIEW_OPENED, case, in_spite_of=["novelty_lost"])
        announce(work, replace(told, firms=frozenset()))
    if case.state not in OPEN_STATES:
        return
    again = act_within(work, case, ActKind.REDECIDED, content)
    _keep_verdict(work, again)
    if contest_rules.ends(again, decision):
        refuse_within(work, again, "novelty_contest_lost", "RULINGS 8", decision.reason)


def _keep_verdict(work: Work, case: Case) -> None:
    """Store what an award comes to now; of a policy that is not in force any more nothing follows."""
    dataset = next((line.subject for line in case.lines if isinstance(line.subject, DatasetId)), None)
    if case.kind is not CaseKind.AWARD or dataset is None or case.applicant is None:
        return
    try:
        active = assessment.deciding_policy(work, case.authority, case.instrument, work.now.civil_day())
    except RuleError:
        return
    verdict = assessment.assess(
        work, active, catalog.dataset(work, dataset), case.applicant, makers=case.makers, beside=case.id
    )
    keep_decision(work, case, Occasion.CONTEST, verdict)


# Reviews of what was paid.


def reviews(view: View, after: tuple[Moment, CaseId] | None, limit: int) -> tuple[ContestReview, ...]:
    """Return the paid awards of the actor's office whose lineage lost, the newest first. Raises NotAllowedError."""
    office = offices.require_office(view.actor, Action.READ_OFFICE)
    return contest_records.contest_reviews_page(view.connection, office, after, limit)


def answer_review(work: Work, command: AnswerContestReview) -> ContestReview:
    """Say with a reason whether a paid award stands or its money is to be recovered.

    Raises:
        NotAllowedError, NotFoundError: The actor reviews nothing here, is not free, or there is no such review.
        ConflictError: It was answered before.
    """
    case = found_case(work, command.case, Action.REVIEW_CASE, lock=True)
    officers.require_free(work, case)
    found = contest_records.contest_review_of(work.connection, command.contest, case.id)
    if found is None:
        raise NotFoundError("contest_review_not_found", id=command.contest)
    if found.outcome is not None:
        raise ConflictError("contest_review_answered", id=command.contest)
    made = replace(
        found,
        outcome=command.outcome,
        reason=command.reason.strip(),
        answered_at=work.now,
        answered_by=account_of(work.actor),
    )
    entry = work.journal(
        "awards.contest_review_answered",
        case.id,
        contest=command.contest,
        outcome=command.outcome.value,
        reason=made.reason,
    )
    contest_records.answer_contest_review(work.connection, made, entry)
    return made
