"""Vouchers over HTTP: pools, quotes, holds, redemptions, firm-years and the ledger."""

from typing import Any

from flask import Response, current_app
from pydantic import Field

from api.calls import answered, asked, current_actor, house, read, write
from api.door import Door, Fen, PageQuery, Strict, Whole
from api.paging import after_of, page_of
from api.v1.payees import PayeeBody
from api.v1.vouchers_views import (
    AppropriationsView,
    AppropriationView,
    FirmYearsView,
    FirmYearView,
    LedgerView,
    PoolsView,
    PoolView,
    QuoteView,
    VouchersView,
    VoucherView,
)
from registry.actors.model import Action
from registry.awards import lessening
from registry.values.identifiers import FirmId, InvoiceId, OrderId, PoolId, VoucherId
from registry.values.money import Money
from registry.vouchers import desk, service
from registry.vouchers.model import Appropriate, OpenPool, RedeemVoucher, Voucher
from registry.vouchers.waiting import WaitingHolds

door = Door("vouchers", __name__, url_prefix="/v1")


class PoolBody(Strict):
    """A pool that a loaded policy document names, for example ``yz-4``."""

    document: str = Field(max_length=100)
    pool: str = Field(max_length=100)

    def command(self) -> OpenPool:
        """Return the command."""
        return OpenPool(self.document, self.pool)


class HoldBody(Strict):
    """The order a voucher is held for."""

    order: str = Field(max_length=60)


class RedeemBody(Strict):
    """The invoice a voucher is redeemed on, and the firm's own account to pay to."""

    invoice: str = Field(max_length=60)
    payee: PayeeBody

    def command(self, voucher: str) -> RedeemVoucher:
        """Return the command. Raises InvalidValueError."""
        return RedeemVoucher(VoucherId(voucher), InvoiceId(self.invoice), self.payee.given())


class AppropriationBody(Strict):
    """Money appropriated to a budget line by a numbered document."""

    budget_year: Whole
    line: str = Field(max_length=60)
    amount_fen: Fen
    number: str = Field(max_length=100)

    def command(self) -> Appropriate:
        """Return the command. Raises InvalidValueError."""
        return Appropriate(self.budget_year, self.line, Money(self.amount_fen), self.number)


class QuoteQuery(Strict):
    """The order that is asked about."""

    order: str = Field(max_length=60)


class FirmYearsQuery(Strict):
    """Whose years, and which; a firm sees its own."""

    firm: str | None = Field(default=None, max_length=60)
    year: int | None = Field(default=None, ge=2000, le=2999)


# Pools.


@door.operation("POST", "/pools", {201: PoolView}, action=Action.OPEN_POOL)
def open_pool(body: PoolBody) -> Response:
    """Open a pool with the budget its policy document states."""
    return write(lambda work: service.open_pool(work, body.command()), PoolView.of)


@door.operation("GET", "/pools", {200: PoolsView}, public=True)
def list_pools() -> Response:
    """List the pools of public money."""
    return read(
        lambda view: [PoolView.of(each, desk.standing_of(view, each)) for each in service.pools(view)],
        lambda found: PoolsView(items=found),
    )


@door.operation("GET", "/pools/<pool>", {200: PoolView}, public=True)
def show_pool(pool: str) -> Response:
    """Show a pool and what is left of it."""
    return read(lambda view: desk.pool_standing(view, PoolId(pool)), lambda found: PoolView.of(found.pool, found))


# Vouchers.


@door.operation("GET", "/voucher-quote", {200: QuoteView}, action=Action.READ_VOUCHER, problems=(404, 422))
def quote_voucher(query: QuoteQuery) -> Response:
    """Quote what a voucher would cover of an order today; it promises nothing."""
    return read(lambda view: service.quote(view, OrderId(query.order)), QuoteView.of)


@door.operation("POST", "/vouchers", {201: VoucherView}, action=Action.HOLD_VOUCHER)
def hold_voucher(body: HoldBody) -> Response:
    """Hold a voucher for an order."""
    return answered(_waiting().hold(current_actor(), asked(), OrderId(body.order), _shown), 201)


def _waiting() -> WaitingHolds:
    """Return where the holds of this process wait for each other."""
    kept: dict[str, Any] = current_app.extensions
    found: WaitingHolds = kept.get("holds") or kept.setdefault("holds", WaitingHolds(house().database, house().clock))
    return found


def _shown(made: Voucher) -> dict[str, Any]:
    return VoucherView.of(made).model_dump(mode="json", by_alias=True)


@door.operation("POST", "/vouchers/<voucher>/redeem", {200: VoucherView}, action=Action.REDEEM_VOUCHER)
def redeem_voucher(voucher: str, body: RedeemBody) -> Response:
    """Redeem a voucher on a verified, paid invoice."""
    secret = house().secret
    return write(lambda work: service.redeem(work, secret, body.command(voucher)), VoucherView.of, 200)


@door.operation("POST", "/vouchers/<voucher>/release", {200: VoucherView}, action=Action.HOLD_VOUCHER)
def release_voucher(voucher: str) -> Response:
    """Give a held voucher back."""
    return write(lambda work: service.release(work, VoucherId(voucher)), VoucherView.of, 200)


@door.operation("POST", "/vouchers/<voucher>/lessen", {200: VoucherView}, action=Action.LESSEN_CLAIM)
def lessen_claim(voucher: str) -> Response:
    """Lessen what an unpaid voucher claims to what is left of its invoice; where nothing is left, it is released."""
    return write(lambda work: lessening.lessen_claim(work, VoucherId(voucher)), VoucherView.of, 200)


@door.operation("GET", "/vouchers", {200: VouchersView}, action=Action.READ_VOUCHER)
def list_vouchers(query: PageQuery) -> Response:
    """List vouchers, newest first."""
    after = after_of(query, VoucherId)

    def present(found: list[Voucher]) -> VouchersView:
        shown, more = page_of(found, query, lambda each: [each.id])
        return VouchersView(items=[VoucherView.of(each) for each in shown], next_cursor=more)

    return read(lambda view: service.vouchers(view, after, query.limit + 1), present)


@door.operation("GET", "/vouchers/<voucher>", {200: VoucherView}, action=Action.READ_VOUCHER)
def show_voucher(voucher: str) -> Response:
    """Show a voucher."""
    return read(lambda view: service.voucher(view, VoucherId(voucher)), VoucherView.of)


@door.operation("GET", "/firm-years", {200: FirmYearsView}, action=Action.READ_VOUCHER, problems=(404,))
def list_firm_years(query: FirmYearsQuery) -> Response:
    """Show what firms use of their yearly caps."""
    firm = FirmId(query.firm) if query.firm else None
    return read(
        lambda view: service.firm_years(view, firm, query.year),
        lambda found: FirmYearsView(items=[FirmYearView.of(each) for each in found]),
    )


# The ledger and budget lines.


@door.operation("GET", "/ledger", {200: LedgerView}, action=Action.READ_LEDGER)
def show_ledger() -> Response:
    """Show the accounts of one's authority and whether they balance."""
    return read(service.ledger_lines, LedgerView.of)


@door.operation("POST", "/appropriations", {201: AppropriationView}, action=Action.APPROPRIATE)
def appropriate(body: AppropriationBody) -> Response:
    """Record money appropriated to a budget line."""
    return write(lambda work: service.appropriate(work, body.command()), AppropriationView.of)


@door.operation("GET", "/appropriations", {200: AppropriationsView}, action=Action.READ_LEDGER)
def list_appropriations() -> Response:
    """List the budget lines of one's authority."""
    return read(
        service.appropriations,
        lambda found: AppropriationsView(items=[AppropriationView.of(each) for each in found]),
    )
