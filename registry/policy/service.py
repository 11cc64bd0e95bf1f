"""Use cases of policy: found an authority, load a document, enter a ruling, ask what is in force on a day."""

from collections.abc import Sequence
from datetime import date
from functools import cache

from registry.actors.model import Action, Actor
from registry.actors.rules import require
from registry.errors import ConflictError, CorruptContentError, NotAllowedError, NotFoundError, Obstacle, RuleError
from registry.journal.work import View, Work
from registry.policy import records
from registry.policy.activation import (
    ActiveInstrument,
    Authority,
    EnteredRuling,
    EnterRuling,
    FoundAuthority,
    LoadedPolicy,
    LoadPolicy,
    require_loadable,
    require_ruling_allowed,
)
from registry.policy.assumptions import Ruling
from registry.policy.loader import load_shipped, load_shipped_calendar
from registry.policy.model import LegalStatus, PolicyDocument
from registry.policy.records import PolicyRow, RulingRow
from registry.policy.rules import instrument_status, require_ruling
from registry.policy.working_days import WorkingCalendar
from registry.values.identifiers import AuthorityId, RulingId


@cache
def shipped() -> tuple[PolicyDocument, ...]:
    """Return every revision of every document that comes with the software."""
    return load_shipped()


@cache
def calendar() -> WorkingCalendar:
    """Return the official calendar of every year that comes with the software."""
    return load_shipped_calendar()


def office_of(actor: Actor) -> AuthorityId:
    """Return the authority an officer acts for. Raises NotAllowedError for anyone else."""
    if actor.authority is None:
        raise NotAllowedError("not_yours")
    return actor.authority


# Authorities.


def found_authority(work: Work, command: FoundAuthority) -> Authority:
    """Found an authority: the operator's act that lets a first officer be appointed. Raises ConflictError."""
    made = Authority(
        AuthorityId.new(),
        command.slug,
        command.name_zh.strip(),
        command.name_en.strip(),
        command.region,
        command.zone,
        work.now,
    )
    if not records.add_authority(work.connection, made):
        raise ConflictError("authority_founded_already", slug=command.slug)
    work.journal("policy.authority_founded", made.id, slug=made.slug, name=made.name_zh, region=made.region)
    return made


def authorities(view: View) -> tuple[Authority, ...]:
    """Return every authority by slug."""
    return records.all_authorities(view.connection)


def authority(view: View, authority_id: AuthorityId) -> Authority:
    """Return an authority. Raises NotFoundError."""
    if found := records.authority_of(view.connection, authority_id):
        return found
    raise NotFoundError("authority_not_found", id=authority_id)


# Documents.


def load_policy(work: Work, command: LoadPolicy) -> LoadedPolicy:
    """Load the newest shipped revision of a document with its issue date.

    Raises:
        NotAllowedError: The actor keeps no registers of an authority.
        NotFoundError: No such document comes with the software.
        ConflictError: The authority has loaded this revision before.
        RuleError: The issue date lies ahead or is not the one the document states, or the document grants nothing.
    """
    require(work.actor, Action.LOAD_POLICY)
    office = office_of(work.actor)
    document = shipped_revision(command.document)
    require_loadable(document, command.issued_on, work.now.civil_day())
    loaded = LoadedPolicy(office, document, command.issued_on, command.reference.strip(), work.now)
    row = PolicyRow(
        office,
        document.revision.document,
        document.revision.number,
        document.revision.digest,
        loaded.issued_on,
        loaded.reference,
        work.now,
    )
    if not records.add_policy(work.connection, row, work.actor.account):
        raise ConflictError("policy_loaded_already", document=row.document, revision=row.revision)
    work.journal(
        "policy.document_loaded",
        office,
        document=row.document,
        revision=row.revision,
        digest=str(row.revision_digest),
        issued_on=row.issued_on.isoformat(),
        reference=row.reference,
    )
    return loaded


def _rows_loaded(
    view: View, authority_id: AuthorityId | None, documents: Sequence[str] | None = None
) -> list[PolicyRow]:
    """Return what was loaded by the instant of the view, by document, revision and authority."""
    rows = records.loaded_rows(view.connection, authority_id, documents)
    return [row for row in rows if row.loaded_at <= view.now]


def is_loaded(view: View, authority_id: AuthorityId | None, document: str) -> bool:
    """Say whether an authority, or without one any, has loaded a document."""
    return bool(_rows_loaded(view, authority_id, [document]))


def loaded_policies(view: View, authority_id: AuthorityId | None = None) -> tuple[LoadedPolicy, ...]:
    """Return what authorities have loaded, by document and revision."""
    return tuple(_loaded(row) for row in _rows_loaded(view, authority_id))


def loaded_policy(view: View, authority_id: AuthorityId | None, document: str) -> LoadedPolicy:
    """Return the newest loaded revision of a document: of an authority, or of the first that loaded it.

    Raises:
        NotFoundError: Nobody asked for has loaded it.
    """
    rows = _rows_loaded(view, authority_id, [document])
    if not rows:
        raise NotFoundError("policy_not_loaded", document=document[:60])
    first = min(rows, key=lambda row: (row.loaded_at, row.authority)).authority
    return _loaded([row for row in rows if row.authority == first][-1])


def shipped_revision(document: str, number: int | None = None) -> PolicyDocument:
    """Return a revision of a document that comes with the software, without ``number`` the newest.

    Raises:
        NotFoundError: There is no such document, or no such revision of it.
    """
    revisions = [each for each in shipped() if each.revision.document == document]
    if not revisions:
        known = ", ".join(sorted({each.revision.document for each in shipped()}))
        raise NotFoundError("policy_document_unknown", given=document[:60], known=known)
    for each in reversed(revisions):
        if number in {None, each.revision.number}:
            return each
    raise NotFoundError("policy_revision_unknown", document=document, given=number)


def _loaded(row: PolicyRow) -> LoadedPolicy:
    """Join a row with its document; a revision whose digest has changed is not the one that was loaded."""
    for document in shipped():
        if (document.revision.document, document.revision.number) == (row.document, row.revision):
            if document.revision.digest != row.revision_digest:
                break
            return LoadedPolicy(row.authority, document, row.issued_on, row.reference, row.loaded_at)
    raise CorruptContentError("policy_revision_changed", document=row.document, revision=row.revision)


# Rulings.


def enter_ruling(work: Work, command: EnterRuling) -> EnteredRuling:
    """Enter a ruling on an assumption; it acts on decisions of its date and later, never on one already taken.

    Raises:
        NotAllowedError: The actor enters no rulings of an authority.
        NotFoundError: The document is not loaded, or has no such assumption.
        InvalidValueError: The value is no value of the assumption.
        RuleError: The ruling is dated ahead, or names another issue date than the one loaded.
        ConflictError: This number has answered this assumption before.
    """
    require(work.actor, Action.ENTER_RULING)
    office = office_of(work.actor)
    loaded = loaded_policy(work, office, command.document)
    ruling = command.ruling(loaded.document.assumption(command.assumption))
    require_ruling(loaded.document, ruling)
    require_ruling_allowed(loaded, ruling, work.now.civil_day())
    entered = EnteredRuling(RulingId.new(), office, command.document, ruling, command.text, work.now)
    place = (office, command.document)
    if not records.add_ruling(
        work.connection, entered.id, place, ruling, command.text, at=work.now, by=work.actor.account
    ):
        raise ConflictError("ruling_entered_already", number=ruling.number, assumption=ruling.assumption_id)
    work.journal(
        "policy.ruling_entered",
        entered.id,
        document=command.document,
        assumption=ruling.assumption_id,
        number=ruling.number,
        decided_on=ruling.date.isoformat(),
        organ=ruling.organ,
        text_digest=str(ruling.text_digest),
    )
    return entered


def rulings(
    view: View, authority_id: AuthorityId | None = None, document: str | None = None
) -> tuple[EnteredRuling, ...]:
    """Return the rulings that were recorded by the instant of the view, in the order of their recording."""
    rows = records.ruling_rows(view.connection, authority_id, document)
    return tuple(_entered(row) for row in rows if row.recorded_at <= view.now)


def _entered(row: RulingRow) -> EnteredRuling:
    assumption = shipped_revision(row.document).assumption(row.assumption)
    ruling = Ruling(row.number, row.decided_on, row.organ, row.text_digest, row.assumption, assumption.read(row.value))
    return EnteredRuling(row.id, row.authority, row.document, ruling, row.text, row.recorded_at)


# What is in force.


def in_force(view: View, authority_id: AuthorityId, instrument: str, day: date) -> ActiveInstrument:
    """Return an instrument as a decision of ``day`` finds it, with the rulings that act on that day.

    Raises:
        NotFoundError: No document that comes with the software has such an instrument.
        RuleError: ``instrument_not_in_force``; the obstacle says why: not loaded, not yet, suspended, expired.
    """
    found = for_event(view, authority_id, instrument, day, decided_on=day)
    status = instrument_status(found.document, found.instrument, found.issued_on, found.rulings, day)
    if status is not LegalStatus.IN_FORCE:
        raise _not_in_force(
            instrument, day, f"policy_{status}", found.document.revision.document, found.document.source
        )
    return found


def for_event(
    view: View, authority_id: AuthorityId, instrument: str, event_on: date, *, decided_on: date
) -> ActiveInstrument:
    """Return an instrument by the revision of an event's day and the rulings of the day it is decided on (RULINGS 19).

    Whether it holds on those days is not asked here: the evaluator says so, as one condition of several.

    Raises:
        NotFoundError: No document that comes with the software has such an instrument.
        RuleError: ``instrument_not_in_force``: nobody of the authority has loaded it, or only an older revision.
    """
    holding = [each for each in shipped() if any(one.id == instrument for one in each.instruments)]
    if not holding:
        raise NotFoundError("policy_instrument_unknown", given=instrument[:60])
    names = sorted({each.revision.document for each in holding})
    rows = _rows_loaded(view, authority_id, names)
    if not rows:
        raise _not_in_force(instrument, event_on, "policy_not_loaded", names[0], holding[0].source)
    # Later revisions come later; before the first was issued, the first one says "not yet".
    issued = [row for row in rows if row.issued_on <= event_on] or rows[:1]
    loaded = _loaded(issued[-1])
    document = loaded.document
    entered = rulings(view, authority_id, document.revision.document)
    acting = tuple(each.ruling for each in entered if each.ruling.date <= decided_on)
    if all(each.id != instrument for each in document.instruments):
        raise _not_in_force(instrument, event_on, "policy_revision_older", document.revision.document, document.source)
    return ActiveInstrument(
        authority=authority_id,
        instrument=document.instrument(instrument),
        document=document,
        issued_on=loaded.issued_on,
        day=decided_on,
        rulings=(*loaded.rulings_of_loading, *acting),
        calendar=calendar(),
    )


def _not_in_force(instrument: str, day: date, code: str, document: str, source: str) -> RuleError:
    parameters = {"document": document, "day": day.isoformat()}
    obstacle = Obstacle(code, source, parameters=parameters, evidence=("policy",))
    return RuleError("instrument_not_in_force", (obstacle,), instrument=instrument, day=day.isoformat())
