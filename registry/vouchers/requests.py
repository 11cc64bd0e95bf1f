"""Use cases of closed rounds: a firm requests or withdraws, the budget is divided after the closing, all is read.

A division holds a voucher for each request in one transaction, with one journal entry: after a crash it has happened
as a whole or not at all, and is done again. It decides nothing that the rules do not (``round_rules.divided``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.errors import ConflictError, NotFoundError, RuleError
from registry.exchange import service as exchange
from registry.exchange.model import Order
from registry.journal.work import View, Work
from registry.messages.announcing import announce
from registry.messages.model import Event, Topic
from registry.policy.rules import what_binds
from registry.values.canonical import Json
from registry.values.identifiers import FirmId, OrderId, VoucherId, VoucherRequestId, VoucherRoundId
from registry.values.money import ZERO, Money
from registry.vouchers import records, round_rules, rules
from registry.vouchers.counters import let_go, lock_years_and_pools
from registry.vouchers.holding import Held, Standing, assessed, drafted, pool_of, require_own, write
from registry.vouchers.known import Known
from registry.vouchers.model import FirmYear, FirmYearKey, Pool, Voucher, VoucherState
from registry.vouchers.quoting import Assessment, so_far_of
from registry.vouchers.round_model import REQUESTS_MAX, VoucherRequest, VoucherRequestState, VoucherRound
from registry.vouchers.round_rules import Asked
from registry.vouchers.rounds import voucher_round


def request_voucher(work: Work, order_id: OrderId) -> VoucherRequest:
    """Request a voucher for an order of one's own in the closed round that is open.

    Raises:
        NotAllowedError, NotFoundError: The actor buys nothing by this order.
        RuleError: Every condition that is unmet or unknown; or no round takes requests now.
        ConflictError: The order is requested for already, or the round has as many requests as can be divided.
    """
    # Nothing hangs on the order yet: the division looks at it again, locked.
    order = exchange.order(work, order_id)
    require_own(work, order)
    found = assessed(work, order, Known(work))
    entered = round_rules.round_of_request(records.rounds_of_pool(work.connection, [pool_of(found)]), work.now)
    # A division that has begun is waited for; one that begins waits for this request.
    entered = records.share_round(work.connection, entered.id)
    round_rules.round_of_request([entered], work.now)
    if records.count_requests(work.connection, entered.id) >= REQUESTS_MAX:
        raise ConflictError("voucher_round_full", id=entered.id, most=REQUESTS_MAX)
    made = VoucherRequest(
        id=VoucherRequestId.new(),
        round=entered.id,
        authority=entered.authority,
        firm=order.buyer,
        order=order.id,
        filed_at=work.now,
        state=VoucherRequestState.FILED,
    )
    if not records.add_voucher_request(work.connection, made, work.actor.account):
        raise ConflictError("voucher_requested_already", order=order.id, round=entered.id)
    work.journal(
        "vouchers.voucher_requested", made.id, order=str(made.order), firm=str(made.firm), round=str(made.round)
    )
    return made


def withdraw_voucher_request(work: Work, wanted: VoucherRequestId) -> VoucherRequest:
    """Withdraw one's own request before its round closes; its order may be requested for again.

    Raises:
        NotAllowedError, NotFoundError: The actor has no such request.
        ConflictError: It was withdrawn or decided on, or its round has closed.
    """
    require(work.actor, Action.HOLD_VOUCHER)
    found = records.voucher_request_of(work.connection, wanted)
    if found is None:
        raise NotFoundError("voucher_request_not_found", id=wanted)
    own = Resource(frozenset({found.firm}), subject=found.id)
    require_visible(work.actor, Action.HOLD_VOUCHER, own, "voucher_request")
    require_own(work, exchange.order(work, found.order))
    # As when it was filed: a division that has begun is waited for.
    entered = records.share_round(work.connection, found.round)
    found = records.lock_request(work.connection, wanted)
    round_rules.require_withdrawable(found, entered, work.now)
    made = replace(found, state=VoucherRequestState.WITHDRAWN, withdrawn_at=work.now)
    records.withdraw_request(work.connection, made.id, work.now)
    work.journal("vouchers.voucher_request_withdrawn", made.id, order=str(made.order), round=str(made.round))
    return made


def voucher_requests(
    view: View, wanted: VoucherRoundId, after: VoucherRequestId | None, limit: int
) -> list[VoucherRequest]:
    """Return a page of the requests of a round: a firm its own, officers those of their authority.

    Raises NotAllowedError, NotFoundError.
    """
    require(view.actor, Action.READ_VOUCHER)
    found = voucher_round(view, wanted)
    firm: FirmId | None = view.actor.firm
    if firm is None:
        own = Resource(authority=found.authority, subject=found.id)
        require_visible(view.actor, Action.READ_VOUCHER, own, "voucher_round")
    return records.requests_page(view.connection, wanted, firm, after, limit)


# The division.


Met = tuple[VoucherRequest, Assessment]
"""A request that nothing stands in the way of, with what is known of it."""


def divide_voucher_round(work: Work, wanted: VoucherRoundId) -> VoucherRound:
    """Divide the budget of a closed round among its requests and hold a voucher for each that receives something.

    Conditions are looked at again, as of now; a request that does not meet them any more receives nothing and says why.

    Raises:
        NotAllowedError, NotFoundError: The actor reviews nothing in this authority.
        ConflictError: It is a flash round, takes requests still, was cancelled or divided before.
    """
    require(work.actor, Action.DIVIDE_VOUCHER_ROUND)
    found = voucher_round(work, wanted)
    own = Resource(authority=found.authority, subject=found.id)
    require_visible(work.actor, Action.DIVIDE_VOUCHER_ROUND, own, "voucher_round")
    # A second division waits here, and this one for requests that are being filed. Then as ever: orders, vouchers,
    # firm-years, pool.
    entered = records.voucher_round_of(work.connection, wanted, to_change=True)
    if entered is None:
        raise NotFoundError("voucher_round_not_found", id=wanted)
    round_rules.require_divisible(entered, work.now)
    filed = records.requests_of_round(work.connection, wanted)
    orders = exchange.lock_orders_within(work, [each.order for each in filed])
    met, refused = _met(work, entered, orders, filed)
    due = _due(work, orders)
    years, pool = _locked(work, entered, met, due)
    asked = [Asked(_key(work, each), each.price, so_far_of(years[_key(work, each)]), each.terms) for _, each in met]
    most = round_rules.ceilings(asked)
    given = round_rules.divided(most, min(entered.left, pool.left))
    standing = Standing(years, {pool.id: pool}, {pool.id: [entered]})
    held, ended = [], list(refused)
    for (request, known), ceiling, amount in zip(met, most, given, strict=True):
        if amount:
            held.append(_held(work, known, amount, standing))
            voucher = held[-1].voucher.id
            ended.append(_ended(request, VoucherRequestState.HELD, ceiling, amount, voucher=voucher))
        else:
            reason = "voucher_share_below_one_fen" if ceiling else "firm_year_full"
            ended.append(_ended(request, VoucherRequestState.REFUSED, ceiling, ZERO, reason=reason))
    write(held)
    records.end_requests(work.connection, ended)
    records.end_round(work.connection, wanted, cancelled=None, divided=work.now)
    work.journal(
        "vouchers.round_divided",
        entered.id,
        requests=len(filed),
        vouchers=[str(each.voucher.id) for each in held],
        amount_fen=sum(each.voucher.amount.fen for each in held),
        expired=[str(each.id) for each in due],
    )
    for each in ended:
        announce(work, _decided(each))
    return voucher_round(work, wanted)


def _decided(request: VoucherRequest) -> Event:
    """Return what the firm of a request is told of the division; no amount stands in a message."""
    data: dict[str, Json] = {
        "request": request.id,
        "round": request.round,
        "order": request.order,
        "state": request.state.value,
        "reason": request.reason or None,
    }
    return Event(Topic.VOUCHER_REQUEST_DECIDED, request.id, data, firms=frozenset({request.firm}))


def _met(
    work: Work, entered: VoucherRound, orders: Mapping[OrderId, Order], filed: Sequence[VoucherRequest]
) -> tuple[list[Met], list[VoucherRequest]]:
    """Return what nothing stands in the way of, in order of acceptance, and the rest with what does."""
    known, met, refused = Known(work), [], []
    known.read_for(orders.values(), work.now.civil_day())
    for each in filed:
        try:
            found = assessed(work, orders[each.order], known)
        except RuleError as refusal:
            reason = refusal.obstacles[0].code if refusal.obstacles else refusal.code
            refused.append(_ended(each, VoucherRequestState.REFUSED, ZERO, ZERO, reason=reason))
            continue
        if pool_of(found) == entered.pool:
            met.append((each, found))
        else:
            reason = "voucher_round_of_other_pool"
            refused.append(_ended(each, VoucherRequestState.REFUSED, ZERO, ZERO, reason=reason))
    return met, refused


def _due(work: Work, orders: Mapping[OrderId, Order]) -> list[Voucher]:
    """Return the holds of these orders that have run out, locked: an order is free only once its own hold is ended."""
    counting = records.counting_of_orders(work.connection, orders)
    ids = [each.id for of_order in counting.values() for each in of_order if rules.has_run_out(each, work.now)]
    return [each for each in records.lock_vouchers(work.connection, ids) if rules.has_run_out(each, work.now)]


def _locked(
    work: Work, entered: VoucherRound, met: Sequence[Met], due: Sequence[Voucher]
) -> tuple[dict[FirmYearKey, FirmYear], Pool]:
    """Return firm-years and pool, locked, after what has run out was given back to them."""
    caps = {_key(work, found): found.terms.firm_year_cap for _, found in met}
    ended, pools = [each.firm_year for each in due], {entered.pool, *(each.pool for each in due)}
    years, locked = lock_years_and_pools(work, caps, ended, pools)
    for each in due:
        let_go(work, each, VoucherState.EXPIRED)
    if due:
        years, locked = lock_years_and_pools(work, caps, ended, pools)
    return years, locked[entered.pool]


def _held(work: Work, found: Assessment, amount: Money, standing: Standing) -> Held:
    """Return the hold of a share, which is what binds least here."""
    pool = standing.pools[pool_of(found)]
    entered = standing.rounds[pool.id][0]
    so_far = so_far_of(standing.years[_key(work, found)])
    quoted = what_binds(found.price, so_far, pool.left, found.terms, amount)
    held = drafted(work, found, quoted, standing, entered)
    standing.take(held.voucher)
    return held


def _key(work: Work, found: Assessment) -> FirmYearKey:
    return found.firm_year(work.now.civil_day().year)


def _ended(
    request: VoucherRequest,
    state: VoucherRequestState,
    ceiling: Money,
    amount: Money,
    *,
    voucher: VoucherId | None = None,
    reason: str = "",
) -> VoucherRequest:
    return replace(request, state=state, ceiling=ceiling, amount=amount, voucher=voucher, reason=reason)
