"""What came between an instruction and the bank's receipt: it hinders no record, and is looked at after it.

Rules (RULINGS 25, 29, 30; POLICY §4.3, invariants 9, 14, 21):
* What may not be paid is not instructed. The bank acts on the instruction: what it has paid is recorded with receipt
  and day, whatever was found since (an objection, a contest of novelty, a sanction, credit, an adoption withdrawn, a
  recusal, a policy that has ended). Only what the office itself has still to do stands in the way of the record: to ask
  the credit system of the day.
* What had come between stands in the act by its codes. An open objection is answered and an open contest decided as
  before a payment; of whatever else was found a reviewer says whether the payment stands. Money that is not deserved is
  recovered (``aftercare``): nothing is silent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from registry.actors.model import Action
from registry.awards import officers, rules
from registry.awards.acting import act, case_event, found_case
from registry.awards.commands import OPINION_LENGTH_MAX, require_line_numbers
from registry.awards.model import ActKind, Case, CaseState
from registry.errors import ConflictError, InvalidValueError, Obstacle
from registry.journal.work import Work
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.policy.plain_text import require_text
from registry.values.canonical import Json
from registry.values.identifiers import CaseId

_OWN_DUTIES: Final = frozenset({"credit_not_asked"})


@dataclass(frozen=True, slots=True)
class ReviewPayment:
    """Say whether a payment stands in spite of what had come between, or which lines of it are recovered; none: all."""

    case: CaseId
    stands: bool
    reason: str
    lines: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an answer without reason, and lines to recover of what stands. Raises InvalidValueError."""
        require_text(self.reason, "reason", OPINION_LENGTH_MAX)
        require_line_numbers(self.lines)
        if self.stands and self.lines:
            raise InvalidValueError("payment_stands_with_lines")


def hindering(case: Case, found: Sequence[Obstacle]) -> tuple[Obstacle, ...]:
    """Return what of the obstacles found on the day keeps a payment of ``case`` from being recorded.

    Of a case that is not instructed all of them: the bank cannot have paid it.
    """
    if case.state is not CaseState.INSTRUCTED:
        return tuple(found)
    return tuple(each for each in found if each.code in _OWN_DUTIES)


def stated(found: Sequence[Obstacle]) -> dict[str, Json]:
    """Return what the act of a payment says of what had come between; nothing where nothing had."""
    codes: list[Json] = [*sorted({each.code for each in found})]
    return {"in_spite_of": codes} if codes else {}


def review_payment(work: Work, command: ReviewPayment) -> Case:
    """Say whether a payment stands although something had come between; what follows if not is for ``aftercare``.

    Raises:
        NotAllowedError, NotFoundError: The actor reviews nothing here or is not free; there is no such line.
        ConflictError: Nothing had come between that is to be looked at, or it was.
    """
    found = found_case(work, command.case, Action.REVIEW_CASE, lock=True)
    officers.require_free(work, found)
    if found.payment is None or not found.payment.to_review:
        raise ConflictError("payment_review_not_open", id=found.id)
    rules.require_lines(found, command.lines)
    content: dict[str, Json] = {
        "stands": command.stands,
        "reason": command.reason.strip(),
        "lines": sorted(command.lines),
    }
    return act(work, found, ActKind.PAYMENT_REVIEWED, "awards.payment_reviewed", content)


def tell(work: Work, paid: Case) -> None:
    """Tell the office, and nobody else, that a case was paid although something had come between."""
    if paid.payment is None or not paid.payment.in_spite_of:
        return
    codes: list[Json] = [*paid.payment.in_spite_of]
    told = case_event(Topic.CASE_REVIEW_OPENED, paid, in_spite_of=codes)
    announce(work, replace(told, firms=frozenset()))
