"""Use cases that state something of a dataset or a version, and the queries of what was stated.

Each writes one signed statement, sets what now holds beside it, and makes one journal entry.
"""

from collections.abc import Mapping
from dataclasses import replace

from registry.actors.model import Action
from registry.catalog import records, rules, statement_rules
from registry.catalog.holding import firms_holding_any, holding_firms
from registry.catalog.model import Dataset, Version, VersionName, VersionState
from registry.catalog.ownership import own_dataset
from registry.catalog.publishing import index_standing
from registry.catalog.reading import dataset, version_named
from registry.catalog.signing_statements import add_within, card_body
from registry.catalog.statement_model import (
    BASIS_LENGTH_MAX,
    Deprecation,
    Grade,
    Industry,
    Registration,
    Right,
    Statement,
    StatementKind,
)
from registry.catalog.telling import dataset_event, version_event
from registry.catalog.texts import require_text
from registry.errors import ConflictError, InvalidValueError, NotFoundError
from registry.journal.signing import SigningKey
from registry.journal.work import View, Work
from registry.manifests import service as manifests
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.values.canonical import Json
from registry.values.identifiers import EvidenceId, VersionId
from registry.values.moment import Moment
from registry.values.names import PublicName


def _standing(work: Work, name: VersionName, *, also_ended: bool = False) -> tuple[Dataset, Version]:
    """Return a published version of the actor's own; the dataset is locked. Raises NotFoundError, ConflictError.

    ``also_ended``: a withdrawn or recalled one will do, since others derive from it.
    """
    held = own_dataset(work, name.dataset, Action.PUBLISH_VERSION)
    found = records.numbered(work.connection, held.id, name.number)
    if found is None:
        raise NotFoundError("version_not_found", name=str(name))
    if not (also_ended and found.state in (VersionState.WITHDRAWN, VersionState.RECALLED)):
        statement_rules.require_standing(found, str(name))
    return held, found


def _state(
    work: Work,
    about: tuple[Dataset, Version | None],
    kind: StatementKind,
    body: Mapping[str, Json],
    key: SigningKey,
) -> Statement:
    """Keep one statement and journal it."""
    held, found = about
    made = add_within(work, held, found, [(kind, body)], key)[0]
    subject = found.id if found else held.id
    name = f"{held.name}@v{found.number}" if found else str(held.name)
    work.journal(f"catalog.{kind.value}_stated", subject, name=name, number=made.number, digest=str(made.digest))
    return made


def _document(work: Work, evidence: EvidenceId | None) -> Json:
    """Return a document of the actor's own as a statement names it. Raises NotFoundError, RuleError."""
    if evidence is None:
        return None
    found = manifests.require_evidence(work, [evidence])[0]
    return {"id": found.id, "sha256": found.digest.hex}


def state_grade(
    work: Work, name: VersionName, grade: Grade, basis: str, evidence: EvidenceId | None, key: SigningKey
) -> Statement:
    """State the grade of a version anew; with a document it is an assessment. It holds at once, also for what derives.

    Raises:
        RuleError: ``grade_assessment_missing``: a lower grade needs a document.
        NotFoundError, ConflictError: There is no such version of one's own, or it does not stand.
    """
    held, found = _standing(work, name, also_ended=True)
    records.lock_grades(work.connection)
    parents = records.grades(work.connection, found.parents)
    assessed = evidence is not None
    present = records.grades(work.connection, [found.id])[found.id]
    statement_rules.require_grade_statement(present, grade, basis, with_document=assessed)
    # A higher grade that is only stated leaves an earlier assessment standing: it takes nothing from parents again.
    stands_alone = assessed or found.grade_assessed
    holds = statement_rules.grade_of(grade, parents.values(), assessed=stands_alone)
    document = _document(work, evidence)
    records.set_version(work.connection, found.id, grade=holds, stated_grade=grade, grade_assessed=stands_alone)
    facts, outside = records.derived_grades(work.connection, found.id)
    now = statement_rules.grades_of(facts, outside)
    records.set_grades(work.connection, {each: new for each, new in now.items() if outside[each] is not new})
    body: dict[str, Json] = {
        "grade": grade.value,
        "holds": holds.value,
        "assessed": assessed,
        "basis": basis,
        "evidence": document,
    }
    return _state(work, (held, found), StatementKind.GRADE, body, key)


def require_rights_within(work: Work, rights: tuple[Right, ...]) -> None:
    """Raise unless rights are well stated and their documents are the actor's own."""
    statement_rules.require_rights(rights)
    manifests.require_evidence(work, [each.evidence for each in rights if each.evidence])


def state_rights(work: Work, name: VersionName, rights: tuple[Right, ...], key: SigningKey) -> Statement:
    """State which rights the publisher has in a version. Raises InvalidValueError, NotFoundError, RuleError."""
    held, found = _standing(work, name)
    require_rights_within(work, rights)
    kept: list[Json] = [each.as_json() for each in rights]
    records.set_version(work.connection, found.id, rights=kept)
    return _state(work, (held, found), StatementKind.RIGHTS, {"rights": kept}, key)


def state_registrations(
    work: Work, name: VersionName, registrations: tuple[Registration, ...], key: SigningKey
) -> Statement:
    """State under which numbers a version is registered. Raises InvalidValueError, NotFoundError."""
    held, found = _standing(work, name)
    statement_rules.require_registrations(registrations, work.now.civil_day())
    kept: list[Json] = [each.as_json() for each in registrations]
    records.set_version(work.connection, found.id, registrations=kept)
    return _state(work, (held, found), StatementKind.REGISTRATIONS, {"registrations": kept}, key)


def state_industry(work: Work, name: VersionName, industry: Industry, key: SigningKey) -> Statement:
    """State which industry a version is about. Raises InvalidValueError, NotFoundError."""
    held, found = _standing(work, name)
    statement_rules.require_industry(industry)
    records.set_version(work.connection, found.id, industry=industry.code, key_industry=industry.key)
    index_standing(work, held)
    body: dict[str, Json] = {"code": industry.code, "key_industry": industry.key}
    return _state(work, (held, found), StatementKind.INDUSTRY, body, key)


def state_embargo(work: Work, name: VersionName, until: Moment | None, key: SigningKey) -> Statement:
    """Let a running embargo end at another instant, None: now. Raises as ``require_embargo_change``."""
    held, found = _standing(work, name)
    end = until or work.now
    statement_rules.require_embargo_change(found, end, work.now)
    records.set_version(work.connection, found.id, embargo_until=end)
    told = version_event(Topic.VERSION_EMBARGO_CHANGED, held, found, holding_firms(work, found), until=str(end))
    announce(work, told)
    return _state(work, (held, found), StatementKind.EMBARGO, {"until": str(end)}, key)


def deprecate_version(work: Work, name: VersionName, reason: str, successor: str | None, key: SigningKey) -> Statement:
    """Say that a version should no longer be used. Raises InvalidValueError, NotFoundError, ConflictError."""
    held, found = _standing(work, name)
    made = _deprecation(work, str(replace(name, dataset=held.name)), reason, successor)
    records.set_version(work.connection, found.id, deprecation=made.as_json())
    told = version_event(Topic.VERSION_DEPRECATED, held, found, holding_firms(work, found), reason=reason)
    announce(work, told)
    body: dict[str, Json] = {"deprecated": True, "reason": reason, "successor": made.successor}
    return _state(work, (held, found), StatementKind.DEPRECATION, body, key)


def restore_version(work: Work, name: VersionName, reason: str, key: SigningKey) -> Statement:
    """Take the deprecation of a version back. Raises ConflictError ``not_deprecated``, NotFoundError."""
    held, found = _standing(work, name)
    rules.require_reason(reason)
    if found.deprecation is None:
        raise ConflictError("not_deprecated", name=str(name))
    records.set_version(work.connection, found.id, deprecation=None)
    body: dict[str, Json] = {"deprecated": False, "reason": reason, "successor": None}
    return _state(work, (held, found), StatementKind.DEPRECATION, body, key)


def _own(work: Work, name: PublicName) -> Dataset:
    return own_dataset(work, name, Action.PUBLISH_VERSION)


def deprecate_dataset(work: Work, name: PublicName, reason: str, successor: str | None, key: SigningKey) -> Statement:
    """Say that no version of a dataset should be used any longer. Raises as ``deprecate_version``."""
    held = _own(work, name)
    made = _deprecation(work, str(held.name), reason, successor)
    records.set_dataset(work.connection, held.id, deprecation=made.as_json())
    announce(work, dataset_event(Topic.VERSION_DEPRECATED, held, firms_holding_any(work, held), reason=reason))
    body: dict[str, Json] = {"deprecated": True, "reason": reason, "successor": made.successor}
    return _state(work, (held, None), StatementKind.DEPRECATION, body, key)


def restore_dataset(work: Work, name: PublicName, reason: str, key: SigningKey) -> Statement:
    """Take the deprecation of a dataset back. Raises ConflictError ``not_deprecated``, NotFoundError."""
    held = _own(work, name)
    rules.require_reason(reason)
    if held.deprecation is None:
        raise ConflictError("not_deprecated", name=str(held.name))
    records.set_dataset(work.connection, held.id, deprecation=None)
    body: dict[str, Json] = {"deprecated": False, "reason": reason, "successor": None}
    return _state(work, (held, None), StatementKind.DEPRECATION, body, key)


def _deprecation(work: Work, of: str, reason: str, successor: str | None) -> Deprecation:
    """Return a deprecation whose successor is there, under its present name, and is not deprecated itself."""
    rules.require_reason(reason)
    return Deprecation(reason, _successor(work, of, successor) if successor else None, work.now)


def _successor(work: Work, of: str, successor: str) -> str:
    name, at, version = successor.partition("@")
    digits = version.removeprefix("v")
    if at and not (version.startswith("v") and digits.isascii() and digits.isdecimal() and len(digits) < 9):
        raise InvalidValueError("version_malformed", given=version[:40])
    held = dataset(work, PublicName.parse(name))
    found = version_named(work, VersionName(held.name, int(digits))) if at else None
    known = f"{held.name}@v{found.number}" if found else str(held.name)
    if known.lower() == of.lower():
        raise InvalidValueError("successor_is_itself", name=known)
    if held.newest is None or (found and not rules.is_listed(found.state)):
        raise NotFoundError("version_not_found", name=known)
    # A version may point to its own dataset, which is deprecated only as a whole.
    if held.deprecation or (found and found.deprecation):
        raise ConflictError("successor_deprecated", name=known)
    return known


def correct_card(
    work: Work,
    name: PublicName,
    title: str,
    description: str,
    keywords: tuple[str, ...],
    key: SigningKey,
) -> Statement:
    """Correct title, description and keywords of a dataset; digests stay. Raises InvalidValueError, NotFoundError."""
    held = _own(work, name)
    now = replace(held, title=title, description=description, keywords=keywords)
    rules.require_card(now.title, now.description, now.keywords)
    records.set_dataset(
        work.connection, held.id, title=now.title, description=now.description, keywords=list(now.keywords)
    )
    index_standing(work, now)
    return _state(work, (now, None), StatementKind.CARD, card_body(now), key)


def state_licence(work: Work, name: PublicName, licence: str, reason: str, key: SigningKey) -> Statement:
    """Correct the licence of a dataset; who received content under another keeps it. Raises as ``correct_card``."""
    held = _own(work, name)
    rules.require_licence(licence)
    require_text("reason", reason, 1, BASIS_LENGTH_MAX, lines=True)
    now = replace(held, licence=licence)
    records.set_dataset(work.connection, held.id, licence=licence)
    index_standing(work, now)
    return _state(work, (now, None), StatementKind.LICENCE, {"licence": licence, "reason": reason}, key)


def statements(
    view: View, name: PublicName, number: int | None, before: int | None, limit: int
) -> tuple[Statement, ...]:
    """Return what was stated of a dataset, or of one of its versions, the newest first. Raises NotFoundError."""
    held = dataset(view, name)
    version: VersionId | None = version_named(view, VersionName(held.name, number)).id if number is not None else None
    return records.statements_of(view.connection, held.id, version, before, limit)
