"""Use cases of external pools: record by document number what a firm had of one, and end what was recorded wrongly.

Rules:
* The money is not ours: nothing is posted, held or paid, and no ledger or pool of ours is touched.
* Only what a loaded policy document names as external is recorded, by an officer who keeps the registers.
* A use that stands excludes a voucher for the same order or invoice (RULINGS 11; POLICY §5, F6 and F20).
* A line of an organ's document is recorded once while the record stands. An order belongs to the firm, and its office
  is concerned with it.
"""

from dataclasses import replace

from registry.actors.model import Action
from registry.actors.rules import require
from registry.errors import ConflictError, NotAllowedError, NotFoundError
from registry.exchange import service as exchange
from registry.journal.work import View, Work
from registry.parties import service as parties
from registry.policy import service as policy
from registry.policy.external import ExternalInstrument
from registry.values.identifiers import AccountId, ExternalUseId
from registry.vouchers import records
from registry.vouchers.external_model import EndExternalUse, ExternalUse, RecordExternalUse, invoice_number


def record(work: Work, command: RecordExternalUse) -> ExternalUse:
    """Record what a firm had of an external pool.

    Raises:
        NotAllowedError: The actor keeps no registers of an authority.
        NotFoundError: The document is not loaded or names no such pool, or there is no such firm or order of it.
        ConflictError: A record of this line of the organ's document stands.
    """
    require(work.actor, Action.KEEP_REGISTERS)
    office = policy.office_of(work.actor)
    named = _instrument(work, command)
    parties.firm(work, command.firm)
    if command.order is not None:
        found = exchange.order(work, command.order)
        if found.buyer != command.firm or not parties.concerns(work, office, [found.buyer, found.seller]):
            raise NotFoundError("order_not_found", id=command.order)
    made = ExternalUse(
        id=ExternalUseId.new(),
        authority=office,
        document=command.document,
        instrument=named.id,
        firm=command.firm,
        organ=command.organ.strip(),
        number=command.number.strip(),
        line=command.line,
        decided_on=command.decided_on,
        amount=command.amount,
        order=command.order,
        invoice=invoice_number(command.invoice) if command.invoice is not None else None,
        source=command.source.strip(),
        recorded_by=_account(work),
        recorded_at=work.now,
    )
    if not records.add_external_use(work.connection, made):
        raise ConflictError("external_use_known", number=made.number, line=made.line)
    work.journal("vouchers.external_use_recorded", made.id, instrument=made.instrument, line=made.line)
    return made


def _instrument(view: View, command: RecordExternalUse) -> ExternalInstrument:
    loaded = policy.loaded_policy(view, policy.office_of(view.actor), command.document)
    for each in loaded.document.external:
        if each.id == command.instrument:
            return each
    raise NotFoundError("policy_instrument_unknown", given=command.instrument[:60])


def end(work: Work, command: EndExternalUse) -> ExternalUse:
    """End a use that was recorded wrongly or was taken back. Raises NotAllowedError, NotFoundError, ConflictError."""
    require(work.actor, Action.KEEP_REGISTERS)
    found = records.external_use_of(work.connection, command.use)
    if found is None or found.authority != policy.office_of(work.actor):
        raise NotFoundError("external_use_not_found", id=command.use)
    if not records.end_external_use(work.connection, command, _account(work), work.now):
        raise ConflictError("external_use_ended", id=command.use)
    work.journal("vouchers.external_use_ended", found.id, instrument=found.instrument)
    return replace(found, ended_by_number=command.number, ended_reason=command.reason, ended_at=work.now)


def uses(view: View, after: ExternalUseId | None, limit: int) -> list[ExternalUse]:
    """Return recorded uses, the newest first: a firm its own, officers those of their authority."""
    require(view.actor, Action.READ_VOUCHER)
    reader = view.actor.firm or view.actor.authority
    return records.external_uses_page(view.connection, reader, after, limit) if reader else []


def _account(work: Work) -> AccountId:
    if work.actor.account is None:
        raise NotAllowedError("unauthenticated")
    return work.actor.account
