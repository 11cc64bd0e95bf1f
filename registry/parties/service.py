"""Use cases of parties: register firms, write register lines, ask who controls whom and what is known on a day.

A firm is national: every authority sees it. Register lines belong to the authority whose officer wrote them, and only
its own decisions rest on them; control relations of all authorities are read together, because a tie that one of them
knows of is a tie (RULINGS 1, 24).
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date

from registry.actors.model import Action
from registry.actors.rules import require
from registry.errors import ConflictError, NotFoundError
from registry.journal.work import View, Work
from registry.parties import corrections, records, rules
from registry.parties.commands import ChangeFirm, RecordControl, RegisterFirm
from registry.parties.correction_model import Register
from registry.parties.model import Control, ControlLine, Firm, Period, Relation
from registry.parties.records import FirmLine
from registry.parties.registers import (
    admit_leader_list,
    check_list_file,
    days_of,
    end_sanction_within,
    fact,
    facts_of_firms,
    import_leader_list,
    leader_entries,
    leader_list,
    leader_lists,
    lock_firms,
    provenance_of,
    provider,
    provider_lines,
    providers_page,
    record_credit,
    record_fact,
    record_sanction,
    register_provider,
    sanction,
    sanctions,
    sanctions_elsewhere,
    unknown_fact,
    withdraw_leader,
)
from registry.values.identifiers import AuthorityId, FactId, FirmId
from registry.values.uscc import Uscc

__all__ = [
    "admit_leader_list",
    "change_firm",
    "check_list_file",
    "concerned_office",
    "concerns",
    "control",
    "controller",
    "controllers",
    "end_sanction_within",
    "fact",
    "facts_of_firms",
    "firm",
    "firm_by_uscc",
    "firms",
    "firms_page",
    "import_leader_list",
    "leader_entries",
    "leader_list",
    "leader_lists",
    "provider",
    "provider_lines",
    "providers_page",
    "record_control",
    "record_credit",
    "record_fact",
    "record_sanction",
    "register_firm",
    "register_firm_within",
    "register_provider",
    "relation",
    "sanction",
    "sanctions",
    "sanctions_elsewhere",
    "unknown_fact",
    "withdraw_leader",
]
"""The use cases of the room; those of the registers stand in ``registers``."""

# Firms.


def register_firm(work: Work, command: RegisterFirm) -> Firm:
    """Register a firm. Raises NotAllowedError, and ConflictError when a firm has or had this code."""
    made = register_firm_within(work, command)
    work.journal("parties.firm_registered", made.id, uscc=str(made.uscc), name=made.name, kind=made.kind.value)
    return made


def register_firm_within(work: Work, command: RegisterFirm) -> Firm:
    """Register a firm inside another use case, which makes the journal entry. Raises as ``register_firm`` does."""
    require(work.actor, Action.KEEP_REGISTERS)
    made = Firm(FirmId.new(), command.uscc, command.name.strip(), command.region, command.kind)
    provenance = provenance_of(work, command.source, work.now.civil_day())
    records.add_firm(work.connection, made.id, provenance.authority, work.now)
    _claim_code(work, made)
    # What the register learns today was true before; the first line therefore has no first day.
    records.add_firm_line(work.connection, FirmLine(FactId.new(), made, Period(None, None), provenance))
    return made


def change_firm(work: Work, command: ChangeFirm) -> Firm:
    """Enter what a firm is from a day on: a new code, name, region or kind.

    Raises:
        NotAllowedError: The actor keeps no registers.
        NotFoundError: There is no such firm.
        ConflictError: Another firm has or had this code.
    """
    require(work.actor, Action.KEEP_REGISTERS)
    provenance = provenance_of(work, command.source, command.obtained_on)
    lock_firms(work, [command.firm])
    changed = Firm(command.firm, command.uscc, command.name.strip(), command.region, command.kind)
    _claim_code(work, changed)
    valid = Period(command.valid_from, None)
    for line in records.lines_of_firms(work.connection, [command.firm]):
        if line.valid.overlaps(valid):
            records.close_firm_line(work.connection, line.id, work.now)
            for rest in line.valid.without(valid):
                kept = replace(line.provenance, recorded_at=work.now)
                records.add_firm_line(work.connection, FirmLine(FactId.new(), line.firm, rest, kept))
    made = FirmLine(FactId.new(), changed, valid, provenance)
    records.add_firm_line(work.connection, made)
    corrections.note_within(work, Register.FIRM, made.id, [changed.id], valid)
    work.journal(
        "parties.firm_changed",
        changed.id,
        uscc=str(changed.uscc),
        name=changed.name,
        kind=changed.kind.value,
        valid_from=command.valid_from.isoformat(),
    )
    return changed


def _claim_code(work: Work, firm: Firm) -> None:
    holder = records.claim_code(work.connection, firm.uscc, firm.id)
    if holder != firm.id:
        raise ConflictError("firm_registered_already", uscc=str(firm.uscc), firm=holder)


def firm(view: View, firm_id: FirmId) -> Firm:
    """Return a firm as it is today. Raises NotFoundError."""
    if found := firms(view, [firm_id]).get(firm_id):
        return found
    raise NotFoundError("firm_not_found", id=firm_id)


def firms(view: View, ids: Iterable[FirmId]) -> dict[FirmId, Firm]:
    """Return those of some firms that there are, as they are today."""
    lines = records.lines_of_firms(view.connection, list(set(ids)), view.now)
    return records.firms_on(lines, view.now.civil_day())


def firm_by_uscc(view: View, uscc: Uscc) -> Firm | None:
    """Return the firm that has or had a code, as it is today, or None."""
    found = records.firm_of_code(view.connection, uscc)
    return firm(view, found) if found else None


def firms_page(view: View, after: FirmId | None, limit: int) -> list[Firm]:
    """Return a page of firms in the order of their registration."""
    ids = records.firm_ids(view.connection, after, limit)
    known = firms(view, ids)
    return [known[each] for each in ids if each in known]


# Concern.


def concerns(view: View, authority: AuthorityId, ids: Iterable[FirmId]) -> bool:
    """Say whether one of some firms stands in the register of ``authority`` (RULINGS 24; the rule is in ``rules``)."""
    return records.concerns(view.connection, authority, ids)


def concerned_office(view: View, ids: Iterable[FirmId]) -> AuthorityId | None:
    """Return the actor's authority if it is concerned with one of some firms: the office their things are open to."""
    office = view.actor.authority
    return office if office and concerns(view, office, ids) else None


# Control.


def record_control(work: Work, command: RecordControl) -> ControlLine:
    """Enter a control relation; what the authority wrote about the same tie and the same days is closed.

    Raises:
        NotAllowedError: The actor keeps no registers.
        NotFoundError: One of the firms is not registered.
        RuleError: The shares of the firm would exceed the whole on some day.
    """
    require(work.actor, Action.KEEP_REGISTERS)
    provenance = provenance_of(work, command.source, command.obtained_on)
    link = command.link
    lock_firms(work, [link.holder, link.held])
    lines = records.controls_of(work.connection, provenance.authority, link.held)
    tied = [
        line
        for line in lines
        if (line.link.holder, line.link.kind) == (link.holder, link.kind) and line.valid.overlaps(command.valid)
    ]
    rules.require_whole([line for line in lines if line not in tied], link, command.valid)
    for line in tied:
        records.close_control(work.connection, line.id, work.now)
        for rest in line.valid.without(command.valid):
            kept = replace(line.provenance, recorded_at=work.now)
            records.add_control(work.connection, ControlLine(FactId.new(), line.link, rest, kept))
    made = ControlLine(FactId.new(), link, command.valid, provenance)
    records.add_control(work.connection, made)
    corrections.note_control_within(work, made)
    work.journal(
        "parties.control_recorded",
        made.id,
        holder=link.holder,
        held=link.held,
        kind=link.kind.value,
        share_bp=link.share_bp,
        source=provenance.source,
        **days_of(command.valid),
    )
    return made


def relation(view: View, one: FirmId, other: FirmId, day: date) -> Relation | None:
    """Return why two firms are related on ``day`` (公告2016年第42号), or None."""
    return rules.relation(records.graph_above(view.connection, [one, other], day, view.now), one, other)


def relations(
    view: View, pairs: Collection[tuple[FirmId, FirmId]], day: date
) -> dict[tuple[FirmId, FirmId], Relation | None]:
    """Return why the firms of each pair are related on ``day``, or None, reading the register once."""
    asked = list(dict.fromkeys(each for pair in pairs for each in pair))
    graph = records.graph_above(view.connection, asked, day, view.now)
    return {pair: rules.relation(graph, *pair) for pair in pairs}


def control(view: View, firm_id: FirmId, day: date) -> Control:
    """Return who controls a firm on ``day``, the chain that leads down from there, and the state above it."""
    return rules.control(records.graph_above(view.connection, [firm_id], day, view.now), firm_id)


def controller(view: View, firm_id: FirmId, day: date) -> FirmId:
    """Return the highest party below organs of the state that controls a firm on ``day``; itself when nobody does."""
    return controllers(view, [firm_id], day)[firm_id]


def controllers(view: View, ids: Iterable[FirmId], day: date) -> dict[FirmId, FirmId]:
    """Return the controller of each of some firms on ``day``, reading the register once."""
    asked = list(dict.fromkeys(ids))
    graph = records.graph_above(view.connection, asked, day, view.now)
    return {each: rules.controller(graph, each) for each in asked}
