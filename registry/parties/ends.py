"""Use cases of the register of ends: enter that a firm was deregistered, merged or left, take an entry back, ask."""

from collections.abc import Collection
from datetime import date

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.errors import ConflictError, NotFoundError, RuleError
from registry.journal.work import View, Work
from registry.parties import corrections
from registry.parties.correction_model import Register
from registry.parties.end_model import EVERYWHERE, EnterEnd, FirmEnd, RevokeEnd
from registry.parties.model import Period
from registry.parties.records import ends as records
from registry.parties.registers import lock_firms, provenance_of
from registry.values.identifiers import AuthorityId, FactId, FirmId


def enter_end(work: Work, command: EnterEnd) -> FirmEnd:
    """Enter the end of a firm; a backward one opens a review of what was decided since.

    Raises:
        NotAllowedError, NotFoundError: The actor keeps no registers, or there is no such firm.
        InvalidValueError: The source was looked at ahead.
        ConflictError: An end of the firm stands recorded, or the successor has ended by that day.
    """
    require(work.actor, Action.KEEP_REGISTERS)
    provenance = provenance_of(work, command.source, command.obtained_on)
    lock_firms(work, sorted({command.firm, *([command.successor] if command.successor else [])}))
    made = FirmEnd(
        id=FactId.new(),
        firm=command.firm,
        kind=command.kind,
        ended_on=command.ended_on,
        successor=command.successor,
        document_number=command.document_number.strip(),
        document_digest=command.document_digest,
        provenance=provenance,
    )
    if records.ends_of(work.connection, made.firm, provenance.authority, work.now):
        raise ConflictError("firm_end_stands", firm=made.firm)
    if made.successor and ended(work, provenance.authority, made.successor, made.ended_on):
        raise ConflictError("firm_end_successor_ended", firm=made.successor)
    records.add_end(work.connection, made)
    register = Register.END if made.kind in EVERYWHERE else Register.FACT
    corrections.note_within(work, register, made.id, [made.firm], Period(made.ended_on, None))
    work.journal(
        "parties.firm_ended",
        made.id,
        firm=made.firm,
        kind=made.kind.value,
        ended_on=made.ended_on.isoformat(),
        successor=made.successor,
        number=made.document_number,
        document=str(made.document_digest),
    )
    return made


def revoke_end(work: Work, command: RevokeEnd) -> FirmEnd:
    """Take back an entry of one's own authority; what was decided meanwhile is looked at again.

    Raises NotAllowedError, NotFoundError (none stands recorded, or it is another authority's).
    """
    require(work.actor, Action.KEEP_REGISTERS)
    found = records.end_of(work.connection, command.end, work.now)
    if found is None:
        raise NotFoundError("firm_end_not_found", id=command.end)
    own = Resource(authority=found.provenance.authority, subject=found.id)
    require_visible(work.actor, Action.KEEP_REGISTERS, own, "firm_end")
    lock_firms(work, [found.firm])
    number, reason = command.document_number.strip(), command.reason.strip()
    if not records.revoke_end(work.connection, found.id, number, reason, work.now):
        raise NotFoundError("firm_end_not_found", id=command.end)
    register = Register.END if found.kind in EVERYWHERE else Register.FACT
    corrections.note_within(work, register, found.id, [found.firm], Period(found.ended_on, None))
    work.journal("parties.firm_end_revoked", found.id, firm=found.firm, number=number, reason=reason)
    return found


def ended(view: View, authority: AuthorityId | None, firm: FirmId, day: date) -> FirmEnd | None:
    """Return by what a firm is no payee on ``day`` for an authority, or None; ``authority`` None: for every one."""
    found = records.ends_of(view.connection, firm, authority, view.now, day)
    return found[0] if found else None


def firms_with_end(view: View, firms: Collection[FirmId]) -> set[FirmId]:
    """Return those of some firms of which any end stands recorded, for whomever and whenever it acts."""
    return records.firms_with_end(view.connection, firms, view.now)


def require_standing(view: View, authority: AuthorityId | None, firm: FirmId) -> None:
    """Raise RuleError when a firm has ended: it files, orders and redeems nothing any more."""
    if found := ended(view, authority, firm, view.now.civil_day()):
        raise RuleError("firm_has_ended", (found.obstacle(),), firm=firm)


def ends_page(view: View, firm: FirmId | None, after: FactId | None, limit: int) -> list[FirmEnd]:
    """Return a page of the ends that stand recorded, of every authority, the newest first; a firm sees its own.

    Raises NotAllowedError.
    """
    require(view.actor, Action.READ_REGISTERS)
    own = view.actor.firm
    if own is not None:
        require(view.actor, Action.READ_REGISTERS, Resource(firms=frozenset({firm or own})))
    return records.ends_page(view.connection, own or firm, after, limit, view.now)
