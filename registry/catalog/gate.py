"""Every condition of reading the content of a version, in the order they are asked; the verdict follows from them.

Rules of reading:
* A draft is its own firm's; to everyone else it does not exist.
* Erased and recalled content is nobody's. Withdrawn content is left to its publisher, and to staff with an access.
* A token that is made for some datasets reads no other.
* Before the end of an embargo only the publisher reads, and staff with an access.
* Content of a dataset that is public, without terms and of grade "general" is open to everyone.
* Everything else is read by a member of a firm with a role and a scope to read, whose firm has accepted the terms as
  they stand now (number and digest), where there are terms, and which has a grant that lasts, where the dataset is
  gated.
* Data that turned out to be "core" is nobody's here. The grade is the one that holds now (``statement_rules``).
* Data of grade "important" is never open to the public (数据安全法 21, 31): it needs a grant whatever the dataset says.
* An officer reads what is not open to everyone only while an access that the officer opened, with a reason the
  publisher sees, lasts. Such an access needs no terms and no grant, and reaches what the publisher itself may read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from registry.actors.model import PERMISSIONS, Action, Actor, Resource
from registry.actors.rules import refusal
from registry.catalog.model import Openness, Verdict, VersionState
from registry.catalog.statement_model import Grade
from registry.errors import Parameter
from registry.values.digest import Digest
from registry.values.identifiers import DatasetId, FirmId
from registry.values.moment import Moment

ALLOWED: Final = Verdict(allowed=True)


@dataclass(frozen=True, slots=True)
class ReadFacts:
    """All that the gate asks of a version, of what the actor's firm was given, and of what the officer opened.

    ``grant_ends`` has one element for each grant of the actor's firm: when it ended or will, None while it has no end.
    ``terms`` is the number of the text that stands now, None without one, and ``terms_digest`` its digest;
    ``terms_accepted`` and ``accepted_digest`` are those of the newest text the firm accepted. ``staff_ends`` has one
    element for each access of the officer to the dataset.
    """

    dataset: DatasetId
    publisher: FirmId
    state: VersionState
    access: Openness
    grade: Grade
    embargo_until: Moment | None
    now: Moment
    grant_ends: tuple[Moment | None, ...] = ()
    terms: int | None = None
    terms_accepted: int | None = None
    terms_digest: Digest | None = None
    accepted_digest: Digest | None = None
    terms_address: str = ""
    staff_ends: tuple[Moment, ...] = ()


@dataclass(frozen=True, slots=True)
class Required:
    """One condition of reading. ``reason`` is the code of what is missing, None when it is met.

    ``name`` says what is asked: ``standing``, ``grade``, ``token``, ``embargo``, ``signed_in``, ``role``, ``terms``,
    ``grant`` or ``staff_access``.
    """

    name: str
    reason: str | None = None
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """Whether nothing is missing."""
        return self.reason is None


def conditions(actor: Actor, facts: ReadFacts) -> tuple[Required, ...]:
    """Return every condition that ``actor`` must meet to read a version, in the order they are asked."""
    own = actor.firm is not None and actor.firm == facts.publisher
    inside = own or _opened(actor, facts)
    asked = [Required("standing", _state_reason(facts.state, inside=inside))]
    if facts.grade is Grade.CORE:
        asked.append(Required("grade", "grade_core"))
    covered = actor.datasets is None or facts.dataset in actor.datasets
    asked.append(Required("token", None if covered else "token_not_for_dataset"))
    if own:
        return tuple(asked)
    if facts.embargo_until is not None and not inside:
        reason = "embargo" if facts.now < facts.embargo_until else None
        asked.append(Required("embargo", reason, {"until": str(facts.embargo_until)}))
    gated = facts.access is Openness.GATED or facts.grade is Grade.IMPORTANT
    if not gated and facts.terms is None and facts.access is Openness.PUBLIC and not inside:
        return tuple(asked)
    asked.append(Required("signed_in", "unauthenticated" if actor.is_anonymous else None))
    if actor.authority is not None:
        asked.append(_staff_access(actor, facts))
        return tuple(asked)
    reader = Resource(firms=frozenset({actor.firm} if actor.firm else ()), dataset=facts.dataset)
    asked.append(Required("role", refusal(actor, Action.READ_CONTENT, reader), _needed(Action.READ_CONTENT)))
    if facts.terms is not None:
        asked.append(_terms(facts, facts.terms))
    if gated:
        asked.append(_grant(facts))
    return tuple(asked)


def verdict(asked: tuple[Required, ...]) -> Verdict:
    """Return what follows from the conditions: the first that is not met is the reason. No condition at all is a no."""
    if not asked:
        return Verdict(allowed=False, reason="not_yours")
    missing = next((each for each in asked if each.reason is not None), None)
    if missing is None or missing.reason is None:
        return ALLOWED
    return Verdict(allowed=False, reason=missing.reason, parameters=missing.parameters)


def _state_reason(state: VersionState, *, inside: bool) -> str | None:
    if state is VersionState.PUBLISHED:
        return None
    if state in (VersionState.ERASED, VersionState.RECALLED):
        return state.value
    if inside:
        return None
    return "withdrawn" if state is VersionState.WITHDRAWN else "draft"


def _terms(facts: ReadFacts, number: int) -> Required:
    sha256 = facts.terms_digest.hex if facts.terms_digest else ""
    parameters: dict[str, Parameter] = {"terms": number, "address": facts.terms_address, "sha256": sha256}
    accepted = facts.terms_accepted == number and facts.accepted_digest == facts.terms_digest
    return Required("terms", None if accepted else "terms_not_accepted", parameters)


def _grant(facts: ReadFacts) -> Required:
    if any(ended is None or facts.now < ended for ended in facts.grant_ends):
        return Required("grant")
    if facts.grant_ends:
        return Required("grant", "grant_ended")
    return Required("grant", "grade_important" if facts.grade is Grade.IMPORTANT else "grant_missing")


def _needed(action: Action) -> dict[str, Parameter]:
    """Return which roles and which scope an action takes."""
    held = PERMISSIONS[action]
    roles = sorted(role.value for role in held.firm_roles | held.office_roles)
    return {"roles": ", ".join(roles), "scope": held.scope.value}


def _opened(actor: Actor, facts: ReadFacts) -> bool:
    """Return whether an officer's own access lasts; drafts are beyond it."""
    drafted = facts.state not in (VersionState.PUBLISHED, VersionState.WITHDRAWN)
    return actor.authority is not None and not drafted and any(facts.now < end for end in facts.staff_ends)


def _staff_access(actor: Actor, facts: ReadFacts) -> Required:
    office = Resource(authority=actor.authority, dataset=facts.dataset)
    if code := refusal(actor, Action.OPEN_STAFF_ACCESS, office):
        return Required("staff_access", code, _needed(Action.OPEN_STAFF_ACCESS))
    if any(facts.now < end for end in facts.staff_ends):
        return Required("staff_access")
    return Required("staff_access", "staff_access_ended" if facts.staff_ends else "staff_access_missing")
