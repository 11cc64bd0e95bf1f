"""A decision on a contest that falls: annulled with the refusal it led to, or taken by somebody who is found tied.

Rules (RULINGS 32, 34):
* The decision is void from then on, by an entry of its own, and stays as it was: what was decided by it until then is
  replayed with it. Priority is as it was before.
* The contest is open again, its awards wait, and a reviewer is drawn who is new to both sides and decided it never.
* A case that the decision had ended goes back to where it stood; what else officers did in it holds, since nothing is
  wrong with that. Where another award on the lineage has taken its place it stays ended. (The case whose refusal a
  remedy annulled is decided anew as a whole, ``reopening.py``.)
* What was paid stays paid. Where its money was to be recovered by the decision, a reviewer looks at it again.
* Whoever decided says so of itself; of another decider a registrar does, where a tie to a side is declared or detected.
  Until then nothing is instructed on either lineage (``contested.py``).
"""

from collections.abc import Sequence

from registry.actors.model import OFFICERS, Action
from registry.awards import contest_deciding, records
from registry.awards.acting import account_of, act_within
from registry.awards.contest_model import Contest, ContestDesk, ContestState
from registry.awards.model import Act, ActKind, Case, CaseState
from registry.awards.records import contests as contest_records
from registry.awards.recusal import standing
from registry.catalog import novelty
from registry.catalog.novelty_model import NoveltyDecision, VoidGround
from registry.errors import ConflictError, NotFoundError, RuleError
from registry.journal.work import View, Work
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.offices import service as offices
from registry.values.canonical import Json
from registry.values.identifiers import CaseId, ContestId, DatasetId

REFUSED_BY_CONTEST = "novelty_contest_lost"
"""The code of a refusal that a contest led to."""


# Which decision, which acts.


def decision_behind(view: View, case: Case) -> NoveltyDecision | None:
    """Return the decision on a contest that ended a case and stands; None where something else ended it."""
    said = _said_by_contest(case)
    if said is None:
        return None
    made = novelty.decisions_in(view, ContestId(said.content["contest"]))
    return next(
        (each for each in made if each.decision_number == said.content["number"] and each.stands_at(view.now)), None
    )


def _said_by_contest(case: Case) -> Act | None:
    """Return the act by which a contest ended a case that is refused now, or None."""
    if case.state is not CaseState.REFUSED or case.refusal is None or case.refusal.code != REFUSED_BY_CONTEST:
        return None
    return [act for act in standing(case.acts) if act.kind is ActKind.REDECIDED][-1]


def voided_acts(case: Case, decision: NoveltyDecision) -> tuple[int, ...]:
    """Return the acts of a case that fall with a decision: that it was decided again, and the refusal that followed."""
    acts = standing(case.acts)
    said = [act for act in acts if act.kind is ActKind.REDECIDED and is_by(act, decision)]
    if not said:
        return ()
    ended = _said_by_contest(case)
    if ended is None or not is_by(ended, decision):
        return tuple(act.number for act in said)
    later = {ActKind.REFUSED, ActKind.REFUSAL_SERVED}
    return (*(act.number for act in said), *(a.number for a in acts if a.kind in later and a.number > ended.number))


def is_by(act: Act, decision: NoveltyDecision) -> bool:
    """Say whether an act is of this decision."""
    return (act.content["contest"], act.content["number"]) == (decision.contest, decision.decision_number)


def state_without(case: Case, void: Sequence[int]) -> CaseState:
    """Return where a case stands once these acts are void: where it was when it was refused."""
    ends_fall = any(act.kind is ActKind.REFUSED and act.number in void for act in case.acts)
    if case.state is not CaseState.REFUSED or not ends_fall:
        return case.state
    left = [act for act in standing(case.acts) if act.number not in void]
    kinds = {act.kind for act in left}
    if ActKind.REVIEWED in kinds:
        return CaseState.REVIEWED
    # What the firm was asked to mend and has not is waited for.
    waiting = ActKind.CORRECTION_ASKED in kinds and ActKind.CORRECTED not in kinds
    return CaseState.CORRECTING if waiting else CaseState.APPLIED


# What falls with it.


def lock_first(work: Work, case: CaseId) -> None:
    """Lock the contest behind a refusal and the cases of both sides in the order in which a decision locks them.

    The caller locks the case, and may be about to annul its refusal.
    """
    seen = records.case_of(work.connection, case)
    said = _said_by_contest(seen) if seen else None
    if said is None:
        return
    found = contest_records.contest_of(work.connection, ContestId(said.content["contest"]), lock=True)
    if found is not None:
        contest_records.cases_on(work.connection, found.authority, found.datasets, lock=True)


def void_within(
    work: Work, decision: NoveltyDecision, ground: VoidGround, *, by: str, beside: CaseId | None = None
) -> Contest:
    """Make a decision void in the use case that found why; its journal entry is about ``by`` and is made already.

    Args:
        work: The open transaction; it holds the locks of the contest and of the cases on both lineages.
        decision: What falls.
        ground: Why.
        by: The contest, or the case whose refusal was annulled.
        beside: A case that was brought back already.
    """
    found = contest_records.contest_of(work.connection, decision.contest, lock=True)
    if found is None or work.entry is None:
        raise AssertionError("a decision without contest, or without journal entry")
    novelty.void_within(work, decision, ground)
    contest_records.set_contest_state(work.connection, found.id, ContestState.OPEN)
    content: dict[str, Json] = {
        "contest": found.id,
        "number": decision.decision_number,
        "ground": ground.value,
        "by": by,
    }
    ids = contest_records.cases_on(work.connection, found.authority, found.datasets, lock=True)
    for case in records.cases_named(work.connection, ids):
        if case.id != beside:
            _bring_back(work, case, decision, content)
    for paid in contest_records.recovered_by(work.connection, found.id):
        contest_records.add_contest_review(work.connection, found.id, paid, work.now)
    cases = records.cases_named(work.connection, ids)
    contest_deciding.draw_within(work, found, cases, work.entry, ground.value)
    told = {"number": decision.decision_number, "ground": ground.value}
    announce(work, contest_deciding.event(Topic.CONTEST_REOPENED, found, **told))
    return found


def _bring_back(work: Work, case: Case, decision: NoveltyDecision, content: dict[str, Json]) -> None:
    void = voided_acts(case, decision)
    if not void:
        return
    if case.state is CaseState.REFUSED and _place_taken(work, case):
        void = ()
    act_within(work, case, ActKind.CONTEST_VOIDED, content | {"voids": list(void)}, state_without(case, void))


def _place_taken(work: Work, case: Case) -> bool:
    """Say whether another award on the lineage is paid or may still be."""
    for line in case.lines:
        if isinstance(line.subject, DatasetId):
            # A new application has no row to lock before it commits.
            records.lock_place(work.connection, line.subject)
            if records.other_award(work.connection, case.authority, case.instrument, line.subject, case.id):
                return True
    return False


def recuse_decider(work: Work, contest_id: ContestId, reason: str) -> ContestDesk:
    """Make the decision of a contest void since whoever took it is tied to a side: as that officer, or as a registrar.

    Raises:
        NotAllowedError, NotFoundError: Not this office's contest; another's decision is a registrar's business.
        ConflictError: It is not decided.
        RuleError: A registrar says so of an officer of whom no tie is declared or detected.
    """
    found = contest_deciding.found_contest(work, contest_id, Action.DECLARE_INTEREST, lock=True)
    if not work.actor.roles & OFFICERS:
        raise NotFoundError("contest_not_found", id=contest_id)
    decision = found.decision
    if decision is None or decision.decided_by is None:
        raise ConflictError("contest_not_decided", id=found.id, state=found.state.value)
    own = decision.decided_by == account_of(work.actor)
    if not own:
        contest_deciding.found_contest(work, contest_id, Action.MANAGE_OFFICERS)
        bench = offices.bench_within(work, found.authority)
        if not contest_deciding.tie_of_decider(work, bench, found, decision.decided_by):
            raise RuleError("contest_decider_free", (), id=found.id, officer=decision.decided_by)
    contest_records.cases_on(work.connection, found.authority, found.datasets, lock=True)
    work.journal(
        "awards.contest_decider_recused",
        found.id,
        contest=found.id,
        number=decision.decision_number,
        officer=decision.decided_by,
        declared=own,
        reason=reason.strip(),
    )
    void_within(work, decision, VoidGround.DECIDER_TIED, by=found.id)
    return contest_deciding.desk_of(work, contest_deciding.found_contest(work, contest_id, Action.READ_OFFICE))
