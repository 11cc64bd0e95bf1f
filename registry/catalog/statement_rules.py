"""What may be stated of a dataset or a version, and what holds then.

Rules of the grade (GB/T 43697-2024, 就高从严):
* A version has at least the grade its publisher stated, and at least the highest grade any of its parents has now.
* A statement of a grade with a document that proves it is an assessment: from then on the version has the assessed
  grade, whatever its parents have or get. A lower grade needs an assessment; a higher one may be stated at once.
* What a parent's new grade changes holds at once for every version derived from it, however far, that has no assessment
  of its own.
* Core data is refused as a draft and at publication, also when it is core by a parent. A published version that turns
  out to be core stays listed and is read by nobody.

Rules of the embargo:
* Only an embargo that still runs is changed; what was open once is not closed again.
* It lasts at most three years from publication.
* It is never shortened where others rely on it: on data of a third party, or with somebody else named as source, funder
  or holder of rights.

A deprecation says why, may name a successor that is not deprecated itself, and may be taken back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from graphlib import CycleError, TopologicalSorter
from typing import Final

from registry.catalog.industries import industry_name
from registry.catalog.model import ContributorRole, EarlierPublication, Origin, Version, VersionState
from registry.catalog.statement_model import (
    BASIS_LENGTH_MAX,
    EMBARGO_DAYS_MAX,
    REGISTRAR_LENGTH_MAX,
    REGISTRATION_NUMBER_LENGTH_MAX,
    REGISTRATIONS_MAX,
    RIGHTS_MAX,
    Grade,
    Industry,
    Registration,
    Right,
)
from registry.catalog.texts import require_text
from registry.errors import ConflictError, InvalidValueError, Obstacle, RuleError
from registry.values.identifiers import VersionId
from registry.values.moment import Moment

_RANK: Final = {grade: rank for rank, grade in enumerate(Grade)}
_RELYING: Final = frozenset({ContributorRole.SOURCE, ContributorRole.FUNDER, ContributorRole.RIGHTS_HOLDER})


@dataclass(frozen=True, slots=True)
class GradeFacts:
    """What the grade of a version follows from: the publisher's word, whether it is an assessment, and its parents."""

    stated: Grade
    assessed: bool
    parents: tuple[VersionId, ...] = ()


def highest(grades: Iterable[Grade]) -> Grade:
    """Return the highest of some grades, general data without any."""
    return max(grades, key=_RANK.__getitem__, default=Grade.GENERAL)


def grade_of(stated: Grade, parents: Iterable[Grade], *, assessed: bool = False) -> Grade:
    """Return the grade of a version whose parents have the grades ``parents`` now."""
    return stated if assessed else highest([stated, *parents])


def grades_of(facts: Mapping[VersionId, GradeFacts], outside: Mapping[VersionId, Grade]) -> dict[VersionId, Grade]:
    """Return the grades of versions that derive from each other.

    Args:
        facts: Those whose grades are asked for.
        outside: The grades of all parents that are not among them.
    """
    order = TopologicalSorter({version: [p for p in held.parents if p in facts] for version, held in facts.items()})
    known = dict(outside)
    try:
        for version in order.static_order():
            held = facts[version]
            known[version] = grade_of(held.stated, (known[p] for p in held.parents), assessed=held.assessed)
    except CycleError as error:
        # A parent is published before a draft can name it, and names never change: there is no way back.
        raise AssertionError("versions derive from each other in a circle") from error
    return {version: known[version] for version in facts}


def require_grade_taken(grade: Grade, core_parents: Iterable[str] = ()) -> None:
    """Raise RuleError ``grade_core_refused`` for core data, naming the parents it comes from."""
    if grade is not Grade.CORE:
        return
    obstacles = tuple(
        Obstacle("parent_is_core", "GB/T 43697-2024", parameters={"version": name}) for name in core_parents
    )
    raise RuleError("grade_core_refused", obstacles or (Obstacle("grade_is_core", "数据安全法 21"),))


def require_grade_statement(current: Grade, stated: Grade, basis: str, *, with_document: bool) -> None:
    """Raise unless a grade may be stated so. Raises InvalidValueError, RuleError ``grade_assessment_missing``."""
    require_text("basis", basis, 1, BASIS_LENGTH_MAX, lines=True)
    if _RANK[stated] < _RANK[current] and not with_document:
        raise RuleError(
            "grade_assessment_missing",
            (
                Obstacle(
                    "grade_assessment_missing",
                    "GB/T 43697-2024",
                    parameters={"current": current.value, "wanted": stated.value},
                    evidence=("assessment",),
                ),
            ),
            current=current.value,
            wanted=stated.value,
        )


def require_rights(rights: tuple[Right, ...]) -> None:
    """Raise InvalidValueError for too many rights, one without basis, or a kind twice."""
    if len(rights) > RIGHTS_MAX:
        raise InvalidValueError("too_many", field="rights", given=len(rights), limit=RIGHTS_MAX)
    for right in rights:
        require_text("rights", right.basis, 1, BASIS_LENGTH_MAX, lines=True)
    if len({(right.kind, right.basis) for right in rights}) != len(rights):
        raise InvalidValueError("stated_twice", field="rights")


def require_registrations(registrations: tuple[Registration, ...], today: date) -> None:
    """Raise InvalidValueError for too many registrations, one of a day to come, or one twice."""
    if len(registrations) > REGISTRATIONS_MAX:
        raise InvalidValueError("too_many", field="registrations", given=len(registrations), limit=REGISTRATIONS_MAX)
    for each in registrations:
        require_text("registrations", each.number, 1, REGISTRATION_NUMBER_LENGTH_MAX)
        require_text("registrations", each.registrar, 1, REGISTRAR_LENGTH_MAX)
        if each.registered_on > today:
            raise InvalidValueError("day_to_come", field="registrations", given=each.registered_on.isoformat())
    if len({(each.registrar, each.number) for each in registrations}) != len(registrations):
        raise InvalidValueError("stated_twice", field="registrations")


def require_days_past(stated: Iterable[EarlierPublication], today: date) -> None:
    """Raise InvalidValueError for an earlier publication on a day to come."""
    for each in stated:
        if each.published_on > today:
            raise InvalidValueError("day_to_come", field="earlier_publications", given=each.published_on.isoformat())


def require_own(before: Origin, after: Origin, *, with_document: bool) -> None:
    """Raise RuleError where data of a third party is said to be one's own and no document shows it."""
    if before is not Origin.THIRD_PARTY or after is before or with_document:
        return
    obstacle = Obstacle("origin_unproved", "数据安全法 33", parameters={"wanted": after.value}, evidence=("origin",))
    raise RuleError("origin_unproved", (obstacle,), wanted=after.value)


def require_proved(
    before: Iterable[EarlierPublication], after: Iterable[EarlierPublication], *, with_document: bool
) -> None:
    """Raise RuleError unless the earliest publication stays or comes earlier, or a document shows it was wrong."""
    earliest = min((each.published_on for each in before), default=None)
    now = min((each.published_on for each in after), default=None)
    if earliest is None or with_document or (now is not None and now <= earliest):
        return
    parameters = {"stated": earliest.isoformat(), "wanted": now.isoformat() if now else ""}
    obstacle = Obstacle(
        "earlier_publication_unproved", "RULINGS 8", parameters=parameters, evidence=("earlier_publication",)
    )
    raise RuleError("earlier_publication_unproved", (obstacle,), **parameters)


def require_industry(industry: Industry) -> None:
    """Raise InvalidValueError for a code that GB/T 4754-2017 does not have."""
    if industry.code is not None:
        industry_name(industry.code)


def require_embargo(until: Moment | None, since: Moment) -> None:
    """Raise InvalidValueError ``embargo_too_long`` for an embargo of more than three years from ``since``."""
    if until is not None and until > since.plus(timedelta(days=EMBARGO_DAYS_MAX)):
        raise InvalidValueError("embargo_too_long", until=str(until), days_max=EMBARGO_DAYS_MAX)


def require_embargo_change(found: Version, until: Moment, now: Moment) -> None:
    """Raise unless the embargo of a published version may end at ``until`` instead.

    Raises:
        ConflictError: ``embargo_over``: there is none that still runs.
        InvalidValueError: ``embargo_in_past``, ``embargo_too_long``.
        RuleError: ``embargo_relied_on``: others rely on it.
    """
    if found.embargo_until is None or now >= found.embargo_until:
        raise ConflictError("embargo_over")
    if until < now:
        raise InvalidValueError("embargo_in_past", until=str(until))
    require_embargo(until, found.published_at or now)
    if until >= found.embargo_until:
        return
    others = [each for each in found.contributors if each.role in _RELYING and each.firm != found.publisher]
    if others or found.origin is Origin.THIRD_PARTY:
        obstacles = tuple(
            Obstacle("embargo_relied_on_by", "RULINGS 2", parameters={"name": each.name, "role": each.role.value})
            for each in others
        )
        raise RuleError("embargo_relied_on", obstacles, until=str(found.embargo_until))


def require_standing(found: Version, name: str) -> None:
    """Raise ConflictError unless a version stands published: of what is over nothing new is stated."""
    if found.state is not VersionState.PUBLISHED:
        raise ConflictError("version_not_standing", version=name, state=found.state.value)
