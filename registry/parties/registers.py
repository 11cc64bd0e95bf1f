"""Use cases of the registers an authority keeps on firms: facts, credit, leader lists, providers, sanctions.

A line is closed and written anew, never changed; only decisions of the authority that wrote it rest on it (RULINGS 24).
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date

from registry.actors.model import Action, Resource
from registry.actors.rules import require
from registry.errors import ConflictError, Finding, InvalidValueError, NotFoundError, RuleError
from registry.journal.work import View, Work
from registry.parties import corrections, records, rules
from registry.parties.commands import (
    AdmitLeaderList,
    ImportLeaderList,
    RecordCredit,
    RecordFact,
    RecordSanction,
    RegisterProvider,
    WithdrawLeader,
)
from registry.parties.correction_model import Register
from registry.parties.list_files import ReadList, read_list, require_faultless
from registry.parties.model import (
    KnownFact,
    LeaderEntry,
    LeaderList,
    ListedFirm,
    Period,
    Predicate,
    Provenance,
    Provider,
    ProviderKind,
    Sanction,
)
from registry.parties.records.ends import ends_of
from registry.policy.service import office_of
from registry.values.canonical import Json
from registry.values.identifiers import AuthorityId, FactId, FirmId, LeaderListId

# What every line needs.


def provenance_of(work: Work, source: str, obtained_on: date) -> Provenance:
    """Return whose line it is and where it comes from. Raises NotAllowedError, InvalidValueError (looked at ahead)."""
    today = work.now.civil_day()
    if obtained_on > today:
        raise InvalidValueError("obtained_ahead", given=obtained_on.isoformat(), today=today.isoformat())
    return Provenance(office_of(work.actor), source.strip(), obtained_on, work.actor.account, work.now)


def lock_firms(work: Work, ids: list[FirmId]) -> None:
    """Lock firms whose lines are about to be written. Raises NotFoundError."""
    there = records.lock_firms(work.connection, ids)
    for each in ids:
        if each not in there:
            raise NotFoundError("firm_not_found", id=each)


def days_of(valid: Period) -> dict[str, str | None]:
    """Return the days of a line as a journal entry states them."""
    return {
        "valid_from": valid.first.isoformat() if valid.first else None,
        "valid_until": valid.until.isoformat() if valid.until else None,
    }


# Facts.


def record_fact(work: Work, command: RecordFact) -> KnownFact:
    """Enter what is known of a firm; what the authority wrote about the same days is closed.

    Raises NotAllowedError, NotFoundError.
    """
    require(work.actor, Action.KEEP_REGISTERS)
    provenance = provenance_of(work, command.source, command.obtained_on)
    made = KnownFact(command.firm, command.predicate, command.finding, FactId.new(), command.valid, provenance)
    return _write_fact(work, made, command.valid, provenance, "parties.fact_recorded")


def record_credit(work: Work, command: RecordCredit) -> KnownFact:
    """Enter what a public credit system answered (RULINGS 31); it replaces what was known of the same days.

    Raises:
        NotAllowedError: The actor keeps no registers.
        NotFoundError: There is no such firm.
        InvalidValueError: The system was asked after now.
    """
    require(work.actor, Action.KEEP_REGISTERS)
    answer = command.answer
    if answer.queried_at > work.now:
        raise InvalidValueError("credit_queried_ahead", given=str(answer.queried_at), now=str(work.now))
    provenance = provenance_of(work, command.source, answer.queried_at.civil_day())
    finding = rules.credit_finding(answer.standing)
    made = KnownFact(command.firm, Predicate.CREDIT_CLEAN, finding, FactId.new(), command.valid, provenance, answer)
    return _write_fact(
        work,
        made,
        command.valid,
        provenance,
        "parties.credit_recorded",
        standing=answer.standing.value,
        queried_at=str(answer.queried_at),
        result=str(answer.result_digest),
    )


def _write_fact(
    work: Work, made: KnownFact, valid: Period, provenance: Provenance, entry_type: str, **more: Json
) -> KnownFact:
    """Close what the authority wrote about the same days and write the line."""
    lock_firms(work, [made.firm])
    for line in records.facts_of(work.connection, provenance.authority, made.firm, made.predicate):
        if line.id is None or line.valid is None or line.provenance is None or not line.valid.overlaps(valid):
            continue
        records.close_fact(work.connection, line.id, work.now)
        for rest in line.valid.without(valid):
            kept = replace(line.provenance, recorded_at=work.now)
            records.add_fact(work.connection, FactId.new(), line, rest, kept)
    records.add_fact(work.connection, made.id or FactId.new(), made, valid, provenance)
    corrections.note_within(work, Register.FACT, str(made.id), [made.firm], valid)
    work.journal(
        entry_type,
        str(made.id),
        firm=made.firm,
        predicate=made.predicate.value,
        finding=made.finding.value,
        source=provenance.source,
        **days_of(valid),
        **more,
    )
    return made


def fact(view: View, authority: AuthorityId, firm_id: FirmId, predicate: str, day: date) -> KnownFact:
    """Return what the register of ``authority`` says of a firm on ``day``; without a line the finding is unknown.

    Raises:
        InvalidValueError: The register keeps no such predicate.
    """
    try:
        asked = Predicate(predicate)
    except ValueError as error:
        raise InvalidValueError("predicate_unknown", given=predicate[:60], offered=", ".join(Predicate)) from error
    if asked is Predicate.OPERATES_IN_REGION:
        # Whoever was deregistered, merged or left operates nowhere here, whatever was written before.
        for end in ends_of(view.connection, firm_id, authority, view.now, day):
            return KnownFact(firm_id, asked, Finding.UNMET, end.id, Period(end.ended_on, None), end.provenance)
    found = records.facts_of(view.connection, authority, firm_id, asked, day=day, at=view.now)
    return found[-1] if found else KnownFact(firm_id, asked, Finding.UNKNOWN)


def unknown_fact(firm_id: FirmId, predicate: Predicate) -> KnownFact:
    """Return what is known of a firm the register has no line of."""
    return KnownFact(firm_id, predicate, Finding.UNKNOWN)


def facts_of_firms(
    view: View, firm_ids: Collection[FirmId], day: date
) -> dict[tuple[AuthorityId, FirmId, Predicate], KnownFact]:
    """Return what the registers of every authority say of firms on ``day``, reading them once.

    Unlike ``fact`` it does not look at ends of firms (see ``ends.firms_with_end``), and says nothing of the days and
    the source of a line.
    """
    return records.facts_of_firms(view.connection, firm_ids, day, view.now)


# Leader lists.


def admit_leader_list(work: Work, command: AdmitLeaderList) -> LeaderList:
    """Admit one version of a leader list by a numbered decision.

    Raises:
        NotAllowedError: The actor keeps no registers.
        RuleError: The decision is dated ahead.
        ConflictError: This version (issuer, name, batch) was admitted before.
    """
    require(work.actor, Action.KEEP_REGISTERS)
    admission = command.admission
    if admission.decided_on > work.now.civil_day():
        raise RuleError("admission_dated_ahead", decided_on=admission.decided_on.isoformat())
    made = LeaderList(
        id=LeaderListId.new(),
        name=command.name.strip(),
        issuer=command.issuer.strip(),
        level=command.level,
        sectors=command.sectors,
        batch=command.batch.strip(),
        valid=command.valid,
        document_digest=command.document_digest,
        admission=admission,
        provenance=provenance_of(work, admission.number, admission.decided_on),
    )
    if not records.add_leader_list(work.connection, made, command.entries):
        raise ConflictError("leader_list_admitted_already", name=made.name, batch=made.batch)
    codes = [str(entry.uscc) for entry in command.entries]
    corrections.note_leaders_within(work, made.id, codes, made.valid)
    work.journal(
        "parties.leader_list_admitted",
        made.id,
        name=made.name,
        issuer=made.issuer,
        level=made.level.value,
        batch=made.batch,
        document=str(made.document_digest),
        admission=admission.number,
        entries=len(command.entries),
        **days_of(made.valid),
    )
    return made


def import_leader_list(work: Work, command: ImportLeaderList) -> tuple[LeaderList, tuple[ListedFirm, ...]]:
    """Admit one version of a leader list from a file, whole or not at all.

    Raises:
        NotAllowedError: The actor keeps no registers.
        InvalidValueError: The file is no table with codes and names.
        RuleError: Lines of the file cannot stand, each is told; or the decision is dated ahead.
        ConflictError: This version (issuer, name, batch) was admitted before.
    """
    require(work.actor, Action.KEEP_REGISTERS)
    entries = require_faultless(read_list(command.content))
    return admit_leader_list(work, command.with_entries(entries)), entries


def check_list_file(view: View, content: bytes) -> ReadList:
    """Return what a file would bring in, and every line of it that cannot stand. Nothing is written.

    Raises NotAllowedError, and InvalidValueError when it is no table with codes and names.
    """
    require(view.actor, Action.KEEP_REGISTERS)
    return read_list(content)


def withdraw_leader(work: Work, command: WithdrawLeader) -> LeaderEntry:
    """Take a firm off a leader list from a day on.

    Raises:
        NotAllowedError: The list belongs to another authority, or the actor keeps no registers.
        NotFoundError: There is no such list, or the firm is not on it.
        ConflictError: The firm was taken off before.
    """
    listed = leader_list(work, command.list)
    require(work.actor, Action.KEEP_REGISTERS, Resource(authority=listed.provenance.authority))
    entries = records.entries_of(work.connection, lists=[command.list], usccs=[str(command.uscc)], at=work.now)
    if not entries:
        raise NotFoundError("leader_entry_not_found", list=command.list, uscc=str(command.uscc))
    entry = (command.list, command.uscc)
    reason = command.reason.strip()
    if not records.add_withdrawal(
        work.connection, entry, command.withdrawn_on, reason, by=work.actor.account, at=work.now
    ):
        raise ConflictError("leader_withdrawn_already", uscc=str(command.uscc))
    off = Period(command.withdrawn_on, None)
    corrections.note_leaders_within(work, command.list, [str(command.uscc)], off)
    work.journal(
        "parties.leader_withdrawn",
        command.list,
        uscc=str(command.uscc),
        withdrawn_on=command.withdrawn_on.isoformat(),
        reason=reason,
    )
    return replace(entries[0], withdrawn_on=command.withdrawn_on)


def leader_list(view: View, list_id: LeaderListId) -> LeaderList:
    """Return a leader list. Raises NotFoundError."""
    if found := records.leader_list_of(view.connection, list_id):
        return found
    raise NotFoundError("leader_list_not_found", id=list_id)


def leader_lists(
    view: View, after: LeaderListId | None, limit: int
) -> list[tuple[LeaderList, tuple[LeaderEntry, ...]]]:
    """Return a page of leader lists with their entries, in the order of their admission."""
    lists = records.leader_lists_page(view.connection, after, limit)
    found: dict[LeaderListId, list[LeaderEntry]] = {each.id: [] for each in lists}
    for entry in records.entries_of(view.connection, lists=list(found), at=view.now):
        found[entry.list.id].append(entry)
    return [(each, tuple(found[each.id])) for each in lists]


def leader_entries(
    view: View, authority: AuthorityId, firm_id: FirmId, day: date, sector: str
) -> tuple[LeaderEntry, ...]:
    """Return the entries that make a firm a leader of ``sector`` on ``day``; any code it has or had is looked for.

    National and provincial entries count at once; municipal ones are among them with ``needs_ruling`` (RULINGS 4).
    """
    codes = records.codes_of_firm(view.connection, firm_id)
    entries = records.entries_of(view.connection, authority=authority, usccs=codes, at=view.now)
    return tuple(entry for entry in entries if rules.is_listed(entry, day, sector))


# Providers.


def register_provider(work: Work, command: RegisterProvider) -> Provider:
    """Enter a provider; what the authority wrote about the same register and days is closed.

    Raises NotAllowedError, NotFoundError.
    """
    require(work.actor, Action.KEEP_REGISTERS)
    provenance = provenance_of(work, command.source, command.obtained_on)
    lock_firms(work, [command.firm])
    kept_lines = records.providers_of(
        work.connection, authority=provenance.authority, firm=command.firm, kind=command.kind
    )
    for line in kept_lines:
        if line.valid.overlaps(command.valid):
            records.close_provider(work.connection, line.id, work.now)
            for rest in line.valid.without(command.valid):
                kept = replace(line.provenance, recorded_at=work.now)
                records.add_provider(work.connection, replace(line, id=FactId.new(), valid=rest, provenance=kept))
    made = Provider(
        id=FactId.new(),
        firm=command.firm,
        kind=command.kind,
        licence_number=command.licence_number.strip(),
        valid=command.valid,
        certificates=command.certificates,
        provenance=provenance,
    )
    records.add_provider(work.connection, made)
    corrections.note_within(work, Register.PROVIDER, made.id, [made.firm], made.valid)
    work.journal(
        "parties.provider_registered",
        made.id,
        firm=made.firm,
        kind=made.kind.value,
        licence_number=made.licence_number,
        certificates=[each.number for each in made.certificates],
        source=provenance.source,
        **days_of(made.valid),
    )
    return made


def provider(view: View, authority: AuthorityId, firm_id: FirmId, kind: ProviderKind, day: date) -> Provider | None:
    """Return a firm's line in a register of providers that is valid on ``day``, or None."""
    found = records.providers_of(view.connection, authority=authority, firm=firm_id, kind=kind, day=day, at=view.now)
    return found[-1] if found else None


def provider_lines(
    view: View, firm_id: FirmId, kind: ProviderKind, authority: AuthorityId | None = None
) -> list[Provider]:
    """Return every line of a firm in a register of providers, of an authority or of any, whichever days it is valid."""
    return records.providers_of(view.connection, authority=authority, firm=firm_id, kind=kind, at=view.now)


def providers_page(view: View, after: FactId | None, limit: int) -> list[Provider]:
    """Return a page of all providers whose lines stand, in the order they were written."""
    return records.providers_of(view.connection, at=view.now, page=(after, limit))


# Sanctions.


def record_sanction(work: Work, command: RecordSanction) -> Sanction:
    """Enter a sanction that was served on a firm. Raises NotAllowedError, NotFoundError."""
    require(work.actor, Action.KEEP_REGISTERS)
    lock_firms(work, [command.firm])
    made = Sanction(
        id=FactId.new(),
        firm=command.firm,
        organ=command.organ.strip(),
        document_number=command.document_number.strip(),
        legal_basis=command.legal_basis.strip(),
        scope=command.scope,
        valid=command.valid,
        served_on=command.served_on,
        statement=command.statement.strip(),
        provenance=provenance_of(work, command.source, command.obtained_on),
        hearing=command.hearing,
    )
    records.add_sanction(work.connection, made)
    corrections.note_within(work, Register.SANCTION, made.id, [made.firm], made.valid)
    work.journal(
        "parties.sanction_recorded",
        made.id,
        firm=made.firm,
        organ=made.organ,
        document_number=made.document_number,
        scope=list(made.scope),
        **days_of(made.valid),
    )
    return made


def sanction(view: View, sanction_id: FactId) -> Sanction | None:
    """Return a sanction that stands recorded, of whatever authority; who may ask is for the caller."""
    return records.sanction_of(view.connection, sanction_id, view.now)


def end_sanction_within(work: Work, sanction_id: FactId) -> None:
    """End a sanction that a remedy annulled, in that use case: from now on it stops nothing."""
    found = records.sanction_of(work.connection, sanction_id, work.now)
    if found is None:
        raise NotFoundError("sanction_not_found", id=sanction_id)
    lock_firms(work, [found.firm])
    records.close_sanction(work.connection, sanction_id, work.now)


def sanctions(view: View, authority: AuthorityId, firm_id: FirmId, day: date) -> tuple[Sanction, ...]:
    """Return the sanctions of ``authority`` that act on a firm on ``day``; they stop its payments in their scope."""
    found = records.sanctions_of(view.connection, firm_id, day, view.now)
    return tuple(each for each in found if each.provenance.authority == authority)


def sanctions_elsewhere(view: View, authority: AuthorityId, firm_id: FirmId, day: date) -> tuple[Sanction, ...]:
    """Return what other authorities have imposed: a finding for ``authority``, which stops nothing (RULINGS 30)."""
    found = records.sanctions_of(view.connection, firm_id, day, view.now)
    return tuple(each for each in found if each.provenance.authority != authority)
