"""The life of an order over HTTP, and what it opens on the doors until it ends."""

from typing import Any

from tests import world as steps
from tests.api import order_samples
from tests.api.test_access import reads
from tests.world import BUYER, COMPUTE, DATASET, EXCHANGE, STRANGER, World


def waits_of(order: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["step"], each["side"]) for each in order["waits_for"]]


def test_what_an_order_opens_begins_with_the_second_signature_and_ends_with_the_whole_refund(world: World) -> None:
    buyer, seller = world.as_(STRANGER), world.as_(EXCHANGE)
    order = buyer.post("/v1/orders", steps.order_body(world, world.ids["listing"]))["id"]
    path = f"/v1/orders/{order}"
    assert waits_of(buyer.get(path)) == [("acceptance", "seller")]
    accepted = seller.post(f"{path}/accept", status=200)
    assert reads(buyer, DATASET, 403) == "grant_missing"
    assert waits_of(accepted) == [("contract_signature", "buyer")]
    (waiting,) = buyer.get("/v1/orders/waiting")["items"]
    assert (waiting["id"], waits_of(waiting)) == (order, [("contract_signature", "buyer")])
    wrong = {"contract_digest": "sha256:" + "0" * 64}
    assert buyer.post(f"{path}/sign", wrong, status=409)["code"] == "contract_differs"
    signed = buyer.post(f"{path}/sign", {"contract_digest": accepted["contract_digest"]}, status=200)
    assert signed["buyer_signature"]["firm"] == world.ids[STRANGER]
    assert buyer.post(f"{path}/cancel", status=409)["code"] == "order_wrong_state"
    assert reads(buyer, DATASET) == "read"
    buyer.post(f"{path}/payments", steps.payment_body(world, "PAY-S"))
    back = {"amount_fen": 1_060_000, "refunded_on": world.today(), "reference": "BACK-S"}
    refund = seller.post(f"{path}/refunds", back)
    assert reads(buyer, DATASET) == "read"
    assert ("refund_answer", "buyer") in waits_of(buyer.get(path))
    buyer.post(f"/v1/refunds/{refund['id']}/answer", {"arrived": True}, status=200)
    ended = buyer.get(path)
    assert (ended["state"], ended["refunded_fen"], ended["waits_for"]) == ("refunded", 1_060_000, [])
    assert reads(buyer, DATASET, 403) == "grant_ended"


def test_a_period_is_stated_and_accepted_once_also_when_the_answer_was_lost(world: World) -> None:
    buyer, seller = world.as_(BUYER), world.as_(COMPUTE)
    order = order_samples.compute_order(world)
    path, body = f"/v1/orders/{order}", order_samples.period_body(world)
    made = seller.post(f"{path}/periods", body, key="period-of-march")
    assert seller.post(f"{path}/periods", body, key="period-of-march") == made
    assert seller.post(f"{path}/periods", body | {"used": 0}, status=409, key="period-of-march")["code"]
    refused = seller.post(f"{path}/periods", body, status=422)["obstacles"]
    assert [each["code"] for each in refused] == ["period_over_quantity", "period_overlaps"]
    assert waits_of(buyer.get(path)) == [("period_acceptance", "buyer")]
    answer = f"/v1/periods/{made['id']}"
    accepted = buyer.post(f"{answer}/accept", {"reason": ""}, status=200, key="acceptance-of-march")
    assert accepted == made | {"state": "accepted", "answered_at": accepted["answered_at"]}
    assert buyer.post(f"{answer}/accept", {"reason": ""}, status=200, key="acceptance-of-march") == accepted
    assert buyer.post(f"{answer}/object", {"reason": "太多"}, status=409)["code"] == "period_answered"
    buyer.post(f"{answer}/object", {"reason": " "}, status=400)
    found = buyer.get(path)
    assert (found["state"], found["periods"]) == ("delivered", [accepted])
    invoice = seller.post(f"{path}/invoices", steps.invoice_body(world, 91) | {"periods": [made["id"]]})
    assert invoice["periods"] == [made["id"]]
