"""Where a version comes from, stated when it is drafted and corrected after its publication.

Rules of a correction:
* It is a signed, dated statement beside the content; the earlier ones stay, and so do digests, receipts and badges.
* Origin class, source, its address and licence, and earlier publications are stated anew. What the version also
  derives from is added; a parent that was stated is never taken out, since the screen for near-duplicates let the
  version pass by it.
* A parent was published before the version. Its grade holds for the version, and for all that derives from it, at once.
  What share of the version is new was measured against the parents it had, so it is unknown from then on.
* An earlier publication counts against an award (RULINGS 8). Whoever moves the earliest one to a later day, or takes it
  out, shows a document; an earlier day, another place or a further one is stated at once.
* What was stated as the data of a third party becomes one's own only with a document, since others rely on its being
  theirs; that data is a third party's is stated at once, with their licence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from registry.actors.model import Action
from registry.catalog import records, rules, statement_rules
from registry.catalog.model import (
    PARENTS_MAX,
    Dataset,
    EarlierPublication,
    Origin,
    Version,
    VersionName,
    VersionState,
)
from registry.catalog.ownership import own_dataset
from registry.catalog.publishing import index_standing
from registry.catalog.reading import may_read, version_named
from registry.catalog.signing_statements import add_within, provenance_body
from registry.catalog.statement_model import Statement, StatementKind
from registry.errors import ConflictError, InvalidValueError, NotFoundError, RuleError
from registry.journal.signing import SigningKey
from registry.journal.work import Work
from registry.manifests import service as manifests
from registry.values.canonical import Json
from registry.values.identifiers import EvidenceId

CORRECTABLE: Final = frozenset({VersionState.PUBLISHED, VersionState.WITHDRAWN, VersionState.RECALLED})


@dataclass(frozen=True, slots=True)
class CorrectProvenance:
    """State anew where a published version comes from; ``parents`` are those it derives from beside the stated ones."""

    version: VersionName
    origin: Origin
    source: str
    source_url: str | None
    source_licence: str | None
    earlier_publications: tuple[EarlierPublication, ...]
    reason: str
    parents: tuple[VersionName, ...] = ()
    evidence: EvidenceId | None = None


def readable_parent(work: Work, name: VersionName) -> Version:
    """Return a version that the actor may read and so may derive from. Raises NotFoundError, RuleError."""
    found = version_named(work, name)
    statement_rules.require_grade_taken(found.grade, [str(name)])
    if not may_read(work, found).allowed:
        raise NotFoundError("version_not_found", name=str(name))
    return found


def correct_provenance(work: Work, command: CorrectProvenance, key: SigningKey) -> Statement:
    """State anew where a version of one's own comes from.

    Raises:
        InvalidValueError: Something is beyond its limits, a day is to come, or a parent is named twice.
        RuleError: ``source_licence_missing``, ``origin_unproved``, ``earlier_publication_unproved``,
            ``parent_not_before``, ``grade_core_refused``.
        ConflictError: ``provenance_unchanged``, or the version is erased.
        NotFoundError: There is no such version, parent or document.
    """
    held, found = _owned(work, command.version)
    rules.require_reason(command.reason)
    rules.require_source(command.source, command.source_url, command.source_licence, command.origin)
    earlier, proved = command.earlier_publications, command.evidence is not None
    rules.require_earlier_publications(earlier)
    statement_rules.require_days_past(earlier, work.now.civil_day())
    statement_rules.require_own(found.origin, command.origin, with_document=proved)
    statement_rules.require_proved(found.earlier_publications, earlier, with_document=proved)
    records.lock_grades(work.connection)
    added = _added(work, found, command)
    corrected = _corrected(work, found, command, added)
    if corrected == found:
        raise ConflictError("provenance_unchanged", version=str(command.version))
    _save(work, held, corrected, tuple(added.values()))
    body: dict[str, Json] = {**provenance_body(corrected), "reason": command.reason, "evidence": None}
    if command.evidence is not None:
        document = manifests.require_evidence(work, [command.evidence])[0]
        body["evidence"] = {"id": document.id, "sha256": document.digest.hex}
    made = add_within(work, held, corrected, [(StatementKind.PROVENANCE, body)], key)[0]
    work.journal(
        "catalog.provenance_stated",
        found.id,
        name=f"{held.name}@v{found.number}",
        number=made.number,
        digest=str(made.digest),
        parents_added=[each.id for each in added.values()],
    )
    return made


def _owned(work: Work, name: VersionName) -> tuple[Dataset, Version]:
    held = own_dataset(work, name.dataset, Action.PUBLISH_VERSION)
    found = records.numbered(work.connection, held.id, name.number)
    if found is None:
        raise NotFoundError("version_not_found", name=str(name))
    if found.state not in CORRECTABLE:
        raise ConflictError("version_not_standing", version=str(name), state=found.state.value)
    return held, found


def _added(work: Work, found: Version, command: CorrectProvenance) -> dict[VersionName, Version]:
    """Return the parents that a correction adds, by the name they are given."""
    if len(set(map(str, command.parents))) != len(command.parents):
        raise InvalidValueError("parent_twice")
    named = {name: readable_parent(work, name) for name in command.parents}
    added = {name: each for name, each in named.items() if each.id not in found.parents}
    number = len(found.parents) + len(added)
    if number > PARENTS_MAX:
        raise InvalidValueError("too_many", field="parents", given=number, limit=PARENTS_MAX)
    for name, each in added.items():
        # So that nothing derives from itself, by however many steps.
        if not each.published_at or not found.published_at or each.published_at >= found.published_at:
            raise RuleError("parent_not_before", parent=str(name), version=str(command.version))
    return added


def _corrected(work: Work, found: Version, command: CorrectProvenance, added: Mapping[VersionName, Version]) -> Version:
    """Return the version as it is after the correction; grades are locked by the caller."""
    parents = (*found.parents, *(each.id for each in added.values()))
    grades = records.grades(work.connection, parents)
    foreign = any(each.dataset != found.dataset for each in added.values())
    return replace(
        found,
        origin=command.origin,
        source=command.source,
        source_url=command.source_url,
        source_licence=command.source_licence,
        earlier_publications=command.earlier_publications,
        parents=parents,
        parent_names=(*found.parent_names, *map(str, added)),
        new_share_bp=None if foreign else found.new_share_bp,
        grade=statement_rules.grade_of(found.stated_grade, grades.values(), assessed=found.grade_assessed),
    )


def _save(work: Work, held: Dataset, now: Version, added: Sequence[Version]) -> None:
    """Write what holds now, also the grades of what derives from the version."""
    records.set_version(
        work.connection,
        now.id,
        origin=now.origin.value,
        source=now.source,
        source_url=now.source_url,
        source_licence=now.source_licence,
        earlier_publications=[each.as_json() for each in now.earlier_publications],
        new_share_bp=now.new_share_bp,
        grade=now.grade,
    )
    records.add_parents(work.connection, now.id, [each.id for each in added], len(now.parents) - len(added))
    facts, outside = records.derived_grades(work.connection, now.id)
    grades = statement_rules.grades_of(facts, outside)
    records.set_grades(work.connection, {each: new for each, new in grades.items() if outside[each] is not new})
    index_standing(work, held)
