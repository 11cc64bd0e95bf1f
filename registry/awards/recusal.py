"""Recusal (回避) and reopening: which acts of a case are void, and where that leaves the case.

Rules (RULINGS 32):
* Whoever is recused from a case does nothing more in it, and what the officer decided in it before is void.
* An assessment that is void takes the review that rests on it, a review that is void takes the signatures that were
  given on it; a signature that is void takes those of the ranks above. An answer to an objection that is void leaves
  the objection open, and so does a void decision that lines go on in spite of a late one.
* Scores that were opened rest on every expert and on the officer who opened them: when one of them goes, so do the
  opening and whatever was assessed and reviewed on it. The slips of the others stay as they were given.
* A notice stays: the page stood before the public whoever put it there. So does what finance told the bank. What
  the bank then pays is recorded, and looked at afterwards; what it sends back waits until others did again what is
  void.
* A refusal that a remedy annuls takes everything that officers decided before it and the notice with it. Whoever
  decided then is new to nothing any more and acts as little as whoever was recused (RULINGS 34); so do the experts
  whose scores were opened, and their slips do not count. Departments are asked again.
* After the payment nothing becomes void; the recusal stays on the case for whoever looks at it again.
"""

from collections.abc import Iterable, Sequence

from registry.awards.lines import signatures_complete
from registry.awards.model import OPEN_STATES, Act, ActKind, Case, CaseState
from registry.values.identifiers import AccountId

_ON_OBJECTIONS = frozenset({ActKind.ANSWERED, ActKind.LATE_DECIDED})
_DECIDING = frozenset({ActKind.ASSESSED, ActKind.REVIEWED, ActKind.SIGNED}) | _ON_OBJECTIONS
_DECIDED = _DECIDING | {ActKind.REFUSED}
_DEPARTMENTS = frozenset({ActKind.DEPARTMENTS_ASKED, ActKind.DEPARTMENT_ANSWERED})
_REFUSED_ON = (
    _DECIDED | _DEPARTMENTS | {ActKind.SCORES_OPENED, ActKind.ALLOTTED, ActKind.NOTICED, ActKind.REFUSAL_SERVED}
)
_VOIDING = frozenset({ActKind.RECUSED, ActKind.REOPENED, ActKind.CONTEST_VOIDED})


def standing(acts: Sequence[Act]) -> tuple[Act, ...]:
    """Return the acts that no recusal, no annulment and no void decision on a contest made void."""
    void = {number for act in acts if act.kind in _VOIDING for number in act.content["voids"]}
    return tuple(act for act in acts if act.number not in void)


def recused_from(case: Case) -> frozenset[AccountId]:
    """Return the officers who were recused from a case, or whose refusal of it was annulled."""
    recused = frozenset(AccountId(act.content["officer"]) for act in case.acts if act.kind is ActKind.RECUSED)
    return recused | decided_before_annulment(case)


def decided_before_annulment(case: Case) -> frozenset[AccountId]:
    """Return who decided what an annulment made void: others decide anew."""
    annulled = [act for act in case.acts if act.number in _annulled(case)]
    scored = {each for act in annulled if act.kind is ActKind.SCORES_OPENED for each in _rests_on(act)}
    return frozenset({act.account for act in annulled if act.kind in _DECIDED} | scored)


def _annulled(case: Case) -> frozenset[int]:
    return frozenset(number for act in case.acts if act.kind is ActKind.REOPENED for number in act.content["voids"])


def voided_by_annulment(case: Case) -> tuple[int, ...]:
    """Return the numbers of the acts that an annulment of the refusal makes void."""
    return tuple(act.number for act in standing(case.acts) if act.kind in _REFUSED_ON)


def deciders(case: Case) -> frozenset[AccountId]:
    """Return the officers on whose standing acts a case rests."""
    acts = standing(case.acts)
    scored = {expert for act in acts if act.kind is ActKind.SCORES_OPENED for expert in _rests_on(act)}
    return frozenset({act.account for act in acts if act.kind in _DECIDING} | scored)


def _rests_on(opened: Act) -> frozenset[AccountId]:
    """Return on whom opened scores rest."""
    return frozenset({opened.account, *(AccountId(each) for each in opened.content["panel"])})


def voided_by(case: Case, officer: AccountId) -> tuple[int, ...]:
    """Return the numbers of the acts that become void when ``officer`` is recused; none once the case has ended."""
    if case.state not in OPEN_STATES:
        return ()
    acts = standing(case.acts)
    assessed = [act for act in acts if act.kind is ActKind.ASSESSED]
    opened = [act.number for act in acts if act.kind is ActKind.SCORES_OPENED and officer in _rests_on(act)]
    rests_on_it = bool(opened) or (bool(assessed) and assessed[-1].account == officer)
    reviewed = [act.number for act in acts if act.kind is ActKind.REVIEWED and (act.account == officer or rests_on_it)]
    ranks = [act.content["rank"] for act in acts if act.kind is ActKind.SIGNED and act.account == officer]
    # A review that goes takes every signature with it, a signature those of the ranks above.
    from_rank = 1 if reviewed else min(ranks, default=None)
    void = {*opened, *reviewed, *(act.number for act in assessed if opened or act.account == officer)}
    for act in acts:
        if act.kind in _ON_OBJECTIONS and act.account == officer:
            void.add(act.number)
        if act.kind is ActKind.SIGNED and from_rank is not None and act.content["rank"] >= from_rank:
            void.add(act.number)
    return tuple(sorted(void))


def state_after(case: Case, void: Iterable[int]) -> CaseState:
    """Return where a case stands once these acts are void. An instruction that is out stays out."""
    kinds = {act.kind for act in case.acts if act.number in set(void)}
    if case.state not in {CaseState.REVIEWED, CaseState.RETURNED} or not kinds:
        return case.state
    return CaseState.APPLIED if ActKind.REVIEWED in kinds else CaseState.REVIEWED


def state_when_returned(case: Case) -> CaseState:
    """Return where a case stands when the bank has sent the money back: to be done again where a recusal said so."""
    if case.review is None:
        return CaseState.APPLIED
    complete = signatures_complete(case) and not case.objections_open
    return CaseState.RETURNED if complete else CaseState.REVIEWED
