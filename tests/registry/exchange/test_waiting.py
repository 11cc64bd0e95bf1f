"""What of orders waits for whom, and what is reminded of, on a real database."""

from registry.actors.model import Actor
from registry.exchange import reminding, service
from registry.exchange.model import Order, Verification
from registry.messages.model import Topic
from registry.values.identifiers import OrderId
from registry.values.moment import Moment
from tests.conftest import FixedClock
from tests.registry.exchange.builders import (
    Market,
    a_listing,
    a_market,
    a_placed_order,
    accept,
    an_invoice,
    ask,
    deliver,
    offer_contract,
    pay,
    verify,
)
from tests.registry.messages.test_announcing import a_webhook, told


def waiting(market: Market, who: Actor) -> list[tuple[OrderId, list[str]]]:
    found, _ = ask(market.house, who, lambda view: service.waiting(view, None, 10))
    return [(OrderId(file.order.id), [each.wait.step.value for each in file.dues]) for file in found]


def test_each_step_waits_for_the_one_who_has_to_act_and_for_nobody_else(market: Market) -> None:
    order = a_placed_order(market, a_listing(market))
    sides = (market.buyer, market.centre, market.reviewer)

    def of_sides() -> list[list[str]]:
        return [[step for _, steps in waiting(market, who) for step in steps] for who in sides]

    assert of_sides() == [[], ["acceptance"], []]
    offer_contract(market, order, market.centre)
    assert of_sides() == [["contract_signature"], [], []]
    ask_again = ask(market.house, market.buyer, lambda view: service.order_file(view, OrderId(order.id)))
    assert [each.wait.step.value for each in ask_again.dues] == ["contract_signature"]


def test_an_office_looks_up_what_concerns_it_and_an_order_that_is_done_waits_for_nobody(market: Market) -> None:
    order = accept(market, a_placed_order(market, a_listing(market)), market.centre)
    deliver(market, order)
    pay(market, order)
    assert waiting(market, market.centre) == [(order.id, ["invoice"])]
    invoice = an_invoice(market, order, market.centre)
    assert waiting(market, market.reviewer) == [(order.id, ["invoice_look_up"])]
    assert waiting(market, a_market(market.house).reviewer) == []
    verify(market, invoice, Verification.VERIFIED)
    assert [waiting(market, who) for who in (market.buyer, market.centre, market.reviewer)] == [[], [], []]


def test_what_waits_is_listed_page_by_page(market: Market) -> None:
    listing = a_listing(market)
    made = [a_placed_order(market, listing) for _ in range(3)]
    seen: list[Order] = []
    after: OrderId | None = None
    for _ in range(4):
        page, after = ask(market.house, market.centre, lambda view, last=after: service.waiting(view, last, 1))
        seen += [file.order for file in page]
        if after is None:
            break
    assert [each.id for each in seen] == [each.id for each in reversed(made)]


def test_a_step_is_reminded_of_once_on_its_last_day_once_overdue_and_then_told_to_all(
    market: Market, clock: FixedClock
) -> None:
    house = market.house
    topics = (Topic.ORDER_DUE, Topic.ORDER_OVERDUE, Topic.ORDER_ESCALATED)
    hooks = {
        str(a_webhook(house, firm, topic)): f"{side} {topic.value}"
        for side, firm in (("buyer", market.buyer), ("seller", market.centre))
        for topic in topics
    }
    a_placed_order(market, a_listing(market))

    def reminded(at: str) -> list[str]:
        clock.set(Moment.of_text(at))
        reminding.remind(house.database, house.clock)
        return sorted(hooks[each] for each in told(house))

    assert reminded("2026-03-06T02:00:00Z") == []
    # Monday the 9th is the last of five working days.
    assert reminded("2026-03-09T02:00:00Z") == ["seller order.due"]
    assert reminded("2026-03-09T03:00:00Z") == ["seller order.due"]
    overdue = ["seller order.due", "seller order.overdue"]
    assert reminded("2026-03-10T02:00:00Z") == overdue
    assert reminded("2026-03-16T02:00:00Z") == overdue
    everything = ["buyer order.escalated", "seller order.due", "seller order.escalated", "seller order.overdue"]
    assert reminded("2026-03-17T02:00:00Z") == everything
    assert reminded("2026-03-18T02:00:00Z") == everything
    assert waiting(market, market.reviewer) == [
        (OrderId(ask(house, market.buyer, lambda view: service.orders(view, None, 1))[0].id), ["acceptance"])
    ]
