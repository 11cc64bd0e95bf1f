"""The life of an order over HTTP, and what it opens on the doors until it ends."""

from typing import Any

from tests import world as steps
from tests.api.test_access import reads
from tests.world import DATASET, EXCHANGE, STRANGER, World


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
