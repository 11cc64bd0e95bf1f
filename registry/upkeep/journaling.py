"""What upkeep did, stated in the journal."""

import uuid
from collections.abc import Callable

from registry.journal.work import Command, Work, perform
from registry.upkeep.premises import KEEPER, Premises
from registry.values.canonical import Json
from registry.values.digest import Digest


def journaled(
    premises: Premises,
    entry_type: str,
    subject: str,
    stated: dict[str, Json],
    act: Callable[[Work], None] = lambda _: None,
) -> None:
    """Do ``act`` and state it, in one transaction."""

    def within(work: Work) -> dict[str, Json]:
        act(work)
        work.journal(entry_type, subject, **stated)
        return stated

    named = Command(entry_type, str(uuid.uuid4()), Digest.of_json({"subject": subject, **stated}))
    perform(premises.database, premises.clock, KEEPER, named, within)
