"""Rounds of vouchers of the small world, brought about through the interface."""

from datetime import timedelta
from typing import Any

from registry.actors.model import Role
from registry.values.identifiers import AuthorityId, FirmId, OrderId, VoucherRequestId, VoucherRoundId
from registry.values.moment import Moment
from registry.vouchers import records
from registry.vouchers.round_model import VoucherRequest, VoucherRequestState
from tests.world import BUYER, OFFICE, World


def voucher_round_terms(world: World, *, lasts_minutes: int = 20) -> dict[str, Any]:
    """Return a flash round of the office's pool that opens within ten minutes; a ruling of the world says so."""
    now = world.clock.now()
    opens = Moment(now.instant.replace(second=0, microsecond=0)).plus(timedelta(minutes=10))
    return {
        "pool": world.ids["pool"],
        "title": "2026年第一批",
        "opens_at": str(opens),
        "closes_at": str(opens.plus(timedelta(minutes=lasts_minutes))),
        "budget_fen": 10_000_000,
        "allocation": "first_come",
    }


def a_voucher_round(world: World, *, lasts_minutes: int = 20, minutes_later: int = 0) -> str:
    """Publish a round and let time pass."""
    terms = voucher_round_terms(world, lasts_minutes=lasts_minutes)
    made = str(world.as_(OFFICE, Role.REGISTRAR).post("/v1/voucher-rounds", terms)["id"])
    world.clock.advance(timedelta(minutes=minutes_later))
    return made


def later_closing(world: World) -> dict[str, Any]:
    """Return what moves the closing of a round that was just published."""
    closes = Moment.of_text(voucher_round_terms(world)["closes_at"]).plus(timedelta(minutes=5))
    return {"closes_at": str(closes), "number": "数发〔2026〕9号", "reason": "系统检修顺延"}


def a_voucher_request(world: World) -> str:
    """File a request in a round that is open, past the rules: a ruling of the world gives to who comes first."""
    entered = VoucherRoundId(a_voucher_round(world, minutes_later=11))
    made = VoucherRequest(
        id=VoucherRequestId.new(),
        round=entered,
        authority=AuthorityId(world.ids[OFFICE]),
        firm=FirmId(world.ids[BUYER]),
        order=OrderId(world.ids["order_delivered"]),
        filed_at=world.clock.now(),
        state=VoucherRequestState.FILED,
    )
    with world.house.database.writing() as connection:
        records.add_voucher_request(connection, made, None)
    return made.id
