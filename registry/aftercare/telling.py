"""What is told of a recovery and of a remedy: each step, to the party whose affair it is and to the office.

Nothing of amounts, facts or persons stands in a message: whoever may know it reads it (``sancai case recovery show``).
"""

from typing import Final

from registry.aftercare.recovery_model import Recovery, RecoveryActKind
from registry.aftercare.remedy_model import Remedy, RemedyActKind
from registry.journal.work import Work
from registry.messages.announcing import announce
from registry.messages.model import Event, Topic
from registry.values.canonical import Json

TOPIC_OF_RECOVERY: Final = {
    RecoveryActKind.NOTIFIED: Topic.RECOVERY_NOTIFIED,
    RecoveryActKind.HEARD: Topic.RECOVERY_HEARD,
    RecoveryActKind.DECIDED: Topic.RECOVERY_DECIDED,
    RecoveryActKind.DROPPED: Topic.RECOVERY_DROPPED,
    RecoveryActKind.SERVED: Topic.RECOVERY_SERVED,
    RecoveryActKind.REPAID: Topic.RECOVERY_REPAID,
    RecoveryActKind.ANNULLED: Topic.RECOVERY_ANNULLED,
    RecoveryActKind.PAID_BACK: Topic.RECOVERY_PAID_BACK,
}
"""That money is appropriated again is the budget's affair, and nobody is told of it."""

TOPIC_OF_REMEDY: Final = {
    RemedyActKind.SUSPENDED: Topic.REMEDY_SUSPENDED,
    RemedyActKind.RESUMED: Topic.REMEDY_RESUMED,
    RemedyActKind.UPHELD: Topic.REMEDY_UPHELD,
    RemedyActKind.ANNULLED: Topic.REMEDY_ANNULLED,
    RemedyActKind.WITHDRAWN: Topic.REMEDY_WITHDRAWN,
}


def tell_of_recovery(work: Work, found: Recovery, topic: Topic | None) -> None:
    """Tell what was done to a recovery; None is told to nobody."""
    if topic is None:
        return
    until = found.answer_until
    data: dict[str, Json] = {
        "recovery": found.id,
        "case": found.case,
        "line": found.line,
        "authority": found.authority,
        "state": found.state.value,
        "until": until.isoformat() if until else None,
    }
    announce(work, Event(topic, found.id, data, frozenset({found.firm}), frozenset({found.authority})))


def tell_of_remedy(work: Work, found: Remedy, topic: Topic) -> None:
    """Tell what was done to a remedy."""
    data: dict[str, Json] = {
        "remedy": found.id,
        "kind": found.kind.value,
        "subject": str(found.subject),
        "case": found.case,
        "authority": found.authority,
        "state": found.state.value,
    }
    announce(work, Event(topic, found.id, data, frozenset({found.firm}), frozenset({found.authority})))
