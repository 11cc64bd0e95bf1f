"""Use cases of rounds (申报轮次): publish, publish anew, move the closing; everybody may read them.

An officer of one authority publishes nothing of another's (RULINGS 24).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.awards import assessment, lines, officers, records, round_rules, rules
from registry.awards.acting import account_of, act_within, found_case
from registry.awards.model import ActKind, Case, CaseState
from registry.awards.records import rounds as round_records
from registry.awards.round_model import MoveClosing, PublishRound, Round, RoundRevision, RoundState, RoundTerms
from registry.awards.round_rules import Ask
from registry.errors import ConflictError, Finding, NotFoundError, Obstacle, RuleError
from registry.journal.work import View, Work
from registry.manifests import service as manifests
from registry.messages.announcing import announce
from registry.messages.model import Event, Topic
from registry.policy import service as policy
from registry.policy.activation import ActiveInstrument
from registry.policy.assumptions import table_of, written
from registry.policy.model import Allocation
from registry.policy.rules import effective_value, ruling_in_effect
from registry.values.canonical import Json
from registry.values.identifiers import AuthorityId, CaseId, RoundId
from registry.values.moment import Moment
from registry.values.money import ZERO, Money

ENDED: Final = frozenset({CaseState.REFUSED, CaseState.WITHDRAWN})
UNCHECKED: Final = frozenset({CaseState.APPLIED, CaseState.CORRECTING})
SETTLED: Final = frozenset({CaseState.INSTRUCTED, CaseState.PAID})


def publish_round(work: Work, command: PublishRound) -> Round:
    """Publish a round of an instrument of one's own authority before it opens.

    Raises:
        NotAllowedError, NotFoundError: The actor publishes no rounds, or there is no such instrument or guide.
        RuleError: It would open at once or in the past, lacks the score sheet its instrument asks for, lets pass what
            earns nothing, divides its money otherwise than the policy says, or the instrument is not in force.
        ConflictError: Its window meets that of another round of the instrument.
    """
    require(work.actor, Action.PUBLISH_ROUND)
    office = policy.office_of(work.actor)
    active = _active(work, office, command.instrument)
    made = Round(RoundId.new(), office, active.document.revision.document, active.instrument.id, ())
    round_records.lock_rounds(work.connection, office, made.instrument)
    round_rules.require_before_opening(command.terms.opens_at, work.now)
    _require_apart(work, made, command.terms)
    made = replace(made, revisions=(_revision(work, made, active, command.terms),))
    round_records.add_round(work.connection, made)
    _tell(work, made)
    return made


def revise_round(work: Work, wanted: RoundId, terms: RoundTerms) -> Round:
    """Publish a round of one's own authority anew, as a whole, before it opens.

    Raises NotAllowedError, NotFoundError, RuleError and ConflictError as ``publish_round``; ConflictError too once it
    has opened.
    """
    found = _locked(work, wanted)
    round_rules.require_revisable(found, work.now)
    round_rules.require_before_opening(terms.opens_at, work.now)
    _require_apart(work, found, terms)
    active = _active(work, found.authority, found.instrument)
    made = replace(found, revisions=(*found.revisions, _revision(work, found, active, terms)))
    _add(work, made)
    _tell(work, made)
    return made


def move_closing(work: Work, command: MoveClosing) -> Round:
    """Close an open round early or keep it open for longer, by a numbered decision; nothing else of it changes.

    Raises NotAllowedError, NotFoundError, ConflictError (it is not open), RuleError (a closing in the past).
    """
    found = _locked(work, command.round)
    round_rules.require_closing(found, command.closes_at, work.now)
    others = round_records.rounds_of(work.connection, found.authority, found.instrument)
    round_rules.require_apart(others, found.id, found.now.opens_at, command.closes_at)
    number = found.now.number + 1
    entry = work.journal("awards.round_closing_moved", found.id, number=number, closes_at=str(command.closes_at))
    moved = replace(
        found.now,
        number=number,
        closes_at=command.closes_at,
        decision_number=command.number.strip(),
        reason=command.reason.strip(),
        published_at=work.now,
        published_by=account_of(work.actor),
        entry=entry,
    )
    made = replace(found, revisions=(*found.revisions, moved))
    _add(work, made)
    _tell(work, made)
    return made


def _locked(work: Work, wanted: RoundId) -> Round:
    """Return a round of the actor's authority, locked. Raises NotAllowedError, NotFoundError."""
    require(work.actor, Action.PUBLISH_ROUND)
    found = round_of(work, wanted)
    own = Resource(authority=found.authority, subject=found.id)
    require_visible(work.actor, Action.PUBLISH_ROUND, own, "round")
    round_records.lock_rounds(work.connection, found.authority, found.instrument)
    return round_of(work, wanted)


def _active(work: Work, office: AuthorityId, instrument: str) -> ActiveInstrument:
    assessment.authority_of(work, instrument, office)
    return assessment.deciding_policy(work, office, instrument, work.now.civil_day())


def _require_apart(work: Work, made: Round, terms: RoundTerms) -> None:
    others = round_records.rounds_of(work.connection, made.authority, made.instrument)
    round_rules.require_apart(others, made.id, terms.opens_at, terms.closes_at)


def _revision(work: Work, made: Round, active: ActiveInstrument, terms: RoundTerms) -> RoundRevision:
    """Return what is published now, with the figures that policy and rulings give it."""
    guide = manifests.require_evidence(work, [terms.guide])[0]
    table = next(
        (
            found
            for each in active.instrument.assumptions
            if each.default is not None
            and (found := table_of(effective_value(active.instrument, each.id, active.rulings, active.day)))
        ),
        (),
    )
    passing = terms.sheet.pass_score if terms.sheet else 0
    round_rules.require_sheet(active.instrument, terms.sheet is not None, passing, table)
    number = len(made.revisions) + 1
    tiers = written(table) if table else []
    return RoundRevision(
        number=number,
        title=terms.title.strip(),
        guide=guide.id,
        guide_digest=guide.digest,
        guide_url=terms.guide_url.strip(),
        opens_at=terms.opens_at,
        closes_at=terms.closes_at,
        budget=terms.budget,
        allocation=_allocation(active, terms.allocation),
        checklist=active.instrument.evidence,
        extra_items=tuple(each.strip() for each in terms.extra_items),
        sheet=terms.sheet,
        score_table=tuple(each for each in tiers if isinstance(each, dict)) if isinstance(tiers, list) else (),
        published_at=work.now,
        published_by=account_of(work.actor),
        entry=work.journal(
            "awards.round_published",
            made.id,
            number=number,
            instrument=made.instrument,
            guide=str(guide.digest),
            opens_at=str(terms.opens_at),
            closes_at=str(terms.closes_at),
        ),
    )


def _allocation(active: ActiveInstrument, stated: Allocation | None) -> Allocation:
    """Return how the money is divided: as a ruling says; where none does, as stated, else pro rata (RULINGS 20)."""
    for each in active.instrument.assumptions:
        ruling = ruling_in_effect(each.id, active.rulings, active.day) if each.id.endswith(".allocation") else None
        if ruling is not None:
            ruled = Allocation(str(ruling.value))
            if stated not in {None, ruled}:
                raise RuleError("round_allocation_ruled", (), ruled=ruled.value, number=ruling.number)
            return ruled
    return stated or Allocation.PRO_RATA


def _add(work: Work, made: Round) -> None:
    if not round_records.add_revision(work.connection, made.id, made.now):
        raise ConflictError("round_changed_meanwhile", id=made.id)


def _tell(work: Work, made: Round) -> None:
    announce(
        work,
        Event(
            Topic.ROUND_PUBLISHED,
            made.id,
            {
                "round": made.id,
                "instrument": made.instrument,
                "authority": made.authority,
                "title": made.now.title,
                "opens_at": str(made.now.opens_at),
                "closes_at": str(made.now.closes_at),
            },
            authorities=frozenset({made.authority}),
            public=True,
        ),
    )


# Applications.


def enter_within(work: Work, active: ActiveInstrument) -> Round | None:
    """Return the round an application goes into; None where its authority published none of the instrument.

    The window is judged under the lock of the rounds: a closing that moves in the meantime is waited for.

    Raises RuleError: no window is open, or an instrument that is scored has no round.
    """
    round_records.lock_rounds(work.connection, active.authority, active.instrument.id)
    found = round_records.rounds_of(work.connection, active.authority, active.instrument.id)
    return round_rules.round_of_application(active.instrument, found, work.now)


def remember_within(work: Work, case: CaseId, entered: Round | None) -> None:
    """Write in which round a case came in."""
    if entered is not None:
        round_records.add_case_round(work.connection, case, entered.id)


def round_of_case_within(view: View, case: CaseId) -> Round | None:
    """Return the round a case came in, whoever asks."""
    return round_records.round_of_case(view.connection, case)


# Queries.


def round_of(view: View, wanted: RoundId) -> Round:
    """Return a round, for anyone. Raises NotFoundError."""
    found = round_records.round_of(view.connection, wanted)
    if found is None:
        raise NotFoundError("round_not_found", id=wanted)
    return found


def rounds(
    view: View, after: RoundId | None, limit: int, *, instrument: str = "", state: RoundState | None = None
) -> tuple[Round, ...]:
    """Return a page of the rounds of every authority, the newest first, for anyone."""
    return round_records.rounds_page(view.connection, after, limit, instrument=instrument, state=state, now=view.now)


def round_of_case(view: View, case_id: CaseId) -> Round:
    """Return the round a case came in, to those who may read the case. Raises NotFoundError."""
    found = round_of_case_within(view, found_case(view, case_id, Action.READ_CASE).id)
    if found is None:
        raise NotFoundError("case_without_round", id=case_id)
    return found


def division(
    view: View, wanted: RoundId, after: tuple[Moment, CaseId] | None, limit: int
) -> tuple[tuple[Case, Money], ...]:
    """Return a page of what the cases of a round of one's own authority receive, in order of acceptance.

    Refused and withdrawn cases receive nothing and are left out; undecided ones count with what they come to so far.
    What one receives depends on all of them: every page looks at the whole round.

    Raises NotAllowedError, NotFoundError.
    """
    found = round_of(view, wanted)
    require(view.actor, Action.READ_OFFICE)
    require_visible(view.actor, Action.READ_OFFICE, Resource(authority=found.authority, subject=found.id), "round")
    standing = _standing(view, found)
    shares = _shares(found, standing)
    page = [each for each in standing if after is None or (each.applied_at, each.id) > after]
    return tuple((each, shares[each.id]) for each in page[:limit])


def _shares(found: Round, standing: Sequence[Case]) -> dict[CaseId, Money]:
    """Return what each case receives; what the bank has or was told keeps its amount and comes off the budget."""
    settled = {each.id: lines.instructed_amount(each) for each in standing if each.state in SETTLED}
    asks = [
        Ask(each.id, each.own_amount, each.scores.total_hundredths if each.scores else None)
        for each in standing
        if each.id not in settled
    ]
    spent = sum(settled.values(), ZERO)
    left = None if found.now.budget is None else found.now.budget.less(spent)
    return settled | round_rules.allotted(asks, left, found.now.allocation)


def allot(work: Work, wanted: RoundId) -> Round:
    """Divide the money of a closed round among its cases; the line of each amounts to its share from then on.

    It is done when every case was checked, and again when one is decided anew; what the bank was told stays.

    Raises:
        NotAllowedError, NotFoundError: The actor reviews nothing in this authority, or acted for one of the cases.
        ConflictError: The round takes applications still, has no budget, or a case of it waits for its check.
    """
    require(work.actor, Action.REVIEW_CASE)
    found = round_of(work, wanted)
    own = Resource(authority=found.authority, subject=found.id)
    require_visible(work.actor, Action.REVIEW_CASE, own, "round")
    round_records.lock_rounds(work.connection, found.authority, found.instrument)
    found = round_of(work, wanted)
    standing = _standing(work, found, lock=True)
    waiting = sum(each.state in UNCHECKED for each in standing)
    round_rules.require_divisible(found, waiting, work.now)
    for each in standing:
        officers.require_free(work, each)
    shares = _shares(found, standing)
    work.journal("awards.round_allotted", found.id, cases=len(standing))
    for each in standing:
        if each.state not in SETTLED and each.allotted != shares[each.id]:
            content: dict[str, Json] = {"round": found.id, "share_fen": shares[each.id].fen}
            act_within(work, each, ActKind.ALLOTTED, content, rules.state_assessed(each))
    return found


def undivided(view: View, case: Case) -> tuple[Obstacle, ...]:
    """Return what keeps a case from its money: the budget of its round is not divided, or leaves nothing for it."""
    entered = round_of_case_within(view, case.id)
    if entered is None or entered.now.budget is None:
        return ()
    if case.allotted is None:
        return (Obstacle("round_not_divided", "RULINGS 20", Finding.UNKNOWN, {"round": entered.id}, ("decision",)),)
    return () if case.allotted else (Obstacle("round_money_used", "RULINGS 20", parameters={"round": entered.id}),)


def _standing(view: View, found: Round, *, lock: bool = False) -> list[Case]:
    """Return the cases of a round that may still be paid or are, in order of acceptance; locked in one order."""
    held = records.cases_named(view.connection, round_records.cases_of_round(view.connection, found.id), lock=lock)
    return sorted((each for each in held if each.state not in ENDED), key=lambda each: (each.applied_at, each.id))
