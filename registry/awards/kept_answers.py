"""What is kept of an answer that names a natural person (RULINGS 35).

Rules:
* An answer of the write path is kept for ever, and the masked name of a person may stand in it. Whom it may name is
  noted beside it: the person that asked, and for officers every person whose id, or a case of whom, stands in it.
* With the person's data those answers are erased; that the request was carried out, or refused, stays, so that the same
  key acts once for ever.
* An answer that is kept while its person is being erased is either found by the erasure or kept erased.
"""

import re
from collections.abc import Iterator
from typing import Final

from registry.actors.model import Role
from registry.awards.records import answers
from registry.journal.work import ERASED, Slot, View
from registry.values.canonical import Json
from registry.values.identifiers import CaseId, FirmId

_NAMED: Final = re.compile(r"\b(?:firm|case)_[0-9a-f]{32}\b", re.ASCII)


def keep_answer(view: View, slot: Slot, outcome: dict[str, Json]) -> dict[str, Json]:
    """Note whom an answer names, and return what is kept of it."""
    actor = view.actor
    if actor.firm is not None and Role.PERSON not in actor.roles:
        return outcome  # What a firm is told is of firms.
    found = {each for text in _texts(outcome) for each in _NAMED.findall(text)}
    parties = {FirmId(each) for each in found if each.startswith("firm_")} | ({actor.firm} if actor.firm else set())
    cases = {CaseId(each) for each in found if each.startswith("case_")}
    if not (parties or cases):
        return outcome
    named = answers.persons_among(view.connection, parties, cases)
    answers.note_answer(view.connection, named, slot)
    # Its name may have been read before it was erased, unless this is the erasure itself.
    meanwhile = any(
        at is not None and at >= view.now and (at, by) != (view.now, actor.account) for at, by in named.values()
    )
    return {ERASED: "result" in outcome} if meanwhile else outcome


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
