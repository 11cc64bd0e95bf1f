"""How many cases are drawn, which, and who may look at them.

Rules (S0 art.8, 10, 12; POLICY §4.3, invariant 10):
* The share is rounded up, is ``least`` at least, and never more than there are.
* Everyone who has the seed and the population draws the same cases.
* Whoever decided in a case or paid it does not check it.
"""

from registry.aftercare.model import FULL_BP, DrawSample, RecordFinding, Sample
from registry.awards.model import ActKind, Case
from registry.awards.recusal import recused_from
from registry.errors import ConflictError, NotAllowedError, NotFoundError, RuleError
from registry.offices.rules import by_lot
from registry.values.identifiers import AccountId, CaseId

_ACTS_OF_OFFICERS = frozenset(ActKind) - {ActKind.OBJECTED, ActKind.WITHDRAWN, ActKind.CORRECTED}


def sample_size(population: int, share_bp: int, least: int) -> int:
    """Return how many of ``population`` cases are drawn."""
    share = -(-population * share_bp // FULL_BP)
    return min(population, max(least, share))


def drawn_cases(seed: bytes, command: DrawSample, population: tuple[CaseId, ...]) -> tuple[CaseId, ...]:
    """Return the cases that the seed draws, the lowest lot first. Raises RuleError when there is nothing to draw."""
    if not population:
        raise RuleError("sample_of_nothing", (), first=str(command.first), last=str(command.last))
    count = sample_size(len(population), command.share_bp, command.least)
    return tuple(CaseId(case) for case in by_lot(seed, "sample", population, count))


def require_finding(sample: Sample, case: Case, checker: AccountId, command: RecordFinding) -> None:
    """Raise unless ``checker`` may state what was found.

    Raises:
        NotFoundError: The case was not drawn in this sample.
        ConflictError: Its finding is stated already.
        NotAllowedError: The checker acted in the case or was recused from it.
    """
    if command.case not in sample.drawn:
        raise NotFoundError("case_not_in_sample", id=command.case, sample=sample.id)
    if command.case not in sample.open:
        raise ConflictError("sample_finding_stated", id=command.case, sample=sample.id)
    if checker in acted_in(case) | recused_from(case):
        raise NotAllowedError("checker_already_acted", id=case.id)


def acted_in(case: Case) -> frozenset[AccountId]:
    """Return everyone who acted in a case, also in what has become void: none of them looks at it afterwards."""
    return frozenset(act.account for act in case.acts if act.kind in _ACTS_OF_OFFICERS) | {case.applied_by}
