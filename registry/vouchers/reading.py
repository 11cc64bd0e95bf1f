"""Queries of vouchers: what a firm sees of its own and officers of those of their authority."""

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.errors import NotFoundError
from registry.journal.work import View
from registry.policy import service as policy
from registry.values.identifiers import FirmId, VoucherId
from registry.vouchers import records
from registry.vouchers.model import AccountLine, Decision, FirmYear, Voucher


def voucher_asked(view: View, voucher_id: VoucherId) -> Voucher:
    """Return a voucher, whoever asks; who may see it is for the caller to say. Raises NotFoundError."""
    if found := records.voucher_of(view.connection, voucher_id):
        return found
    raise NotFoundError("voucher_not_found", id=voucher_id)


def resource_of(found: Voucher) -> Resource:
    """Return what a voucher is to those who act on it."""
    return Resource(frozenset({found.firm}), found.authority, subject=found.id)


def voucher(view: View, voucher_id: VoucherId) -> Voucher:
    """Return a voucher to its firm and to the officers of its authority. Raises NotFoundError."""
    found = voucher_asked(view, voucher_id)
    require_visible(view.actor, Action.READ_VOUCHER, resource_of(found), "voucher")
    return found


def vouchers(view: View, after: VoucherId | None, limit: int) -> list[Voucher]:
    """Return the vouchers the actor may see, newest first."""
    require(view.actor, Action.READ_VOUCHER)
    return records.vouchers_page(view.connection, view.actor.firm, view.actor.authority, after, limit)


def decisions(view: View, voucher_id: VoucherId) -> list[Decision]:
    """Return what the steps of a voucher were decided on. Raises NotFoundError."""
    voucher(view, voucher_id)
    return records.decisions_of(view.connection, voucher_id)


def firm_years(view: View, firm: FirmId | None, year: int | None) -> list[FirmYear]:
    """Return firm-years: a firm its own, officers those of their authority."""
    require(view.actor, Action.READ_VOUCHER)
    if view.actor.firm is not None:
        if firm not in {None, view.actor.firm}:
            raise NotFoundError("firm_not_found", id=str(firm))
        firm = view.actor.firm
    return records.firm_years_of(view.connection, firm, year, view.actor.authority)


def ledger_lines(view: View) -> list[AccountLine]:
    """Return the accounts of the officer's authority with what was posted to them."""
    require(view.actor, Action.READ_LEDGER)
    return records.account_lines(view.connection, policy.office_of(view.actor))
