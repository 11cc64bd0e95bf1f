"""Open or close an existing dataset: from "everybody may read" to "who has a grant may", and back.

Rules:
* The firm of the dataset changes it, with a reason; it holds from that instant for every version, old and new. Terms
  that stand bind either way: with them a dataset is never open to everyone, and gated ones ask for
  them before the grant.
* Closing takes nothing back that was given: grants by order and on request go on as they were granted, and what was
  downloaded stays where it is, under the licence and the terms it was given with. New addresses are refused at once,
  those given out end after at most fifteen minutes.
* Opening ends nothing either: grants and waiting requests are kept, and count again when the dataset is closed again.
  Data of grade "important" needs a grant all the same (``gate``).
* The answer says all of this with its figures, so that nobody takes a closed door for bytes that came back.
"""

from typing import Final

from registry.actors.model import Action
from registry.catalog import records, rules
from registry.catalog.access_model import AccessChange, Consequence
from registry.catalog.model import Openness, VersionState
from registry.catalog.ownership import own_dataset
from registry.catalog.statement_model import Grade
from registry.errors import ConflictError, InvalidValueError
from registry.journal.work import Work
from registry.values.names import PublicName

SETTABLE: Final = (Openness.PUBLIC, Openness.GATED)


def set_access(work: Work, name: PublicName, access: Openness, reason: str) -> AccessChange:
    """Open a dataset of one's own to everybody, or gate it.

    Raises:
        NotFoundError, NotAllowedError: It is not the actor's, or the actor may not.
        InvalidValueError: No reason, or ``terms``, which follows from a text that stands.
        ConflictError: ``access_unchanged``.
    """
    held = own_dataset(work, name, Action.SET_ACCESS)
    rules.require_reason(reason)
    if access not in SETTABLE:
        raise InvalidValueError("access_not_settable", given=access.value)
    terms = records.terms_standing(work.connection, held.id)
    wanted = Openness.TERMS if access is Openness.PUBLIC and terms is not None else access
    if wanted is held.access:
        raise ConflictError("access_unchanged", name=str(held.name), access=wanted.value)
    records.set_dataset(work.connection, held.id, access=wanted)
    work.journal("catalog.access_set", held.id, name=str(held.name), before=held.access, after=wanted, reason=reason)
    important = [
        each
        for each in records.versions_of(work.connection, held.id)
        if each.grade is Grade.IMPORTANT and each.state is VersionState.PUBLISHED
    ]
    return AccessChange(
        name=str(held.name),
        before=held.access,
        access=wanted,
        changed_at=work.now,
        terms=terms,
        terms_accepted=records.count_acceptances(work.connection, held.id, terms) if terms is not None else 0,
        grants=records.count_grants(work.connection, held.id, work.now),
        requests=records.count_waiting_requests(work.connection, held.id),
        important=len(important),
        price_fen=records.price_of(work.connection, held.id),
    )


def consequences(change: AccessChange) -> tuple[Consequence, ...]:
    """Return what holds from now on for those who read before, and for those who want to."""
    said: list[tuple[bool, Consequence]]
    terms = Consequence("access_terms_stay", {"terms": change.terms or 0, "firms": change.terms_accepted})
    if change.access is Openness.GATED:
        said = [
            (True, Consequence("access_by_grant_now")),
            (True, Consequence("access_grants_open", {"grants": change.grants})),
            (change.terms is not None, terms),
            (True, Consequence("access_downloaded_stays")),
        ]
    else:
        said = [
            (change.terms is None, Consequence("access_open_now")),
            (change.terms is not None, Consequence("access_on_terms_now")),
            (change.terms is not None, terms),
            (change.grants > 0, Consequence("access_grants_kept", {"grants": change.grants})),
            (change.requests > 0, Consequence("access_requests_wait", {"requests": change.requests})),
            (change.important > 0, Consequence("access_important_stays", {"versions": change.important})),
            (change.price_fen is not None, Consequence("access_still_on_sale", {"price_fen": change.price_fen or 0})),
            (True, Consequence("access_opened_for_good")),
        ]
    return tuple(each for holds, each in said if holds)
