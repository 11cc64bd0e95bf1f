"""Requests on orders of the small world after they were invoiced and paid."""

import hashlib
from typing import Any

from tests import world as steps
from tests.world import BUYER, COMPUTE, EXCHANGE, World, file_evidence

NET_FEN = 400_000
DECISION = {"remedy": "nothing", "number": "伊数裁〔2026〕1号", "reasons": "与约定相符"}


def red_letter_body(world: World, number: int) -> dict[str, Any]:
    """Return a red letter of today over a part of an invoice."""
    body = steps.invoice_body(world, number, NET_FEN)
    return {name: body[name] for name in ("number", "issued_on", "net_fen", "vat_fen")}


def red_letter(world: World) -> str:
    """Take back a part of the world's invoice."""
    path = f"/v1/invoices/{world.ids['invoice']}/red-letters"
    return str(world.as_(EXCHANGE).post(path, red_letter_body(world, 70))["id"])


def refund_body(world: World, invoice: str) -> dict[str, Any]:
    """Return money that went back today."""
    return {"invoice": invoice, "amount_fen": NET_FEN, "refunded_on": world.today(), "reference": "BACK-70"}


def paid(world: World) -> str:
    """Pay the delivered order, which is invoiced."""
    order = world.ids["order_delivered"]
    world.as_(BUYER).post(f"/v1/orders/{order}/payments", steps.payment_body(world, "PAY-70"))
    return order


def refund(world: World) -> str:
    """Let the seller send a part back."""
    path = f"/v1/orders/{paid(world)}/refunds"
    return str(world.as_(EXCHANGE).post(path, refund_body(world, world.ids["invoice"]))["id"])


def dispute(world: World) -> str:
    """Let the buyer dispute the delivered order."""
    path = f"/v1/orders/{world.ids['order_delivered']}/disputes"
    return str(world.as_(BUYER).post(path, {"reason": "半数为空"})["id"])


def compute_order(world: World) -> str:
    """Let the buyer order compute, both sign, and return the order."""
    seller, buyer = world.as_(COMPUTE), world.as_(BUYER)
    listing = str(seller.post("/v1/listings", steps.listing_body(world, COMPUTE))["id"])
    order = steps.place(world, listing)
    contract = str(seller.post(f"/v1/orders/{order}/accept", status=200)["contract_digest"])
    buyer.post(f"/v1/orders/{order}/sign", {"contract_digest": contract}, status=200)
    return order


def period_body(world: World) -> dict[str, Any]:
    """Return all that was ordered, used on the day of the contract."""
    log = "sha256:" + "5" * 64
    return {"first_day": world.today(), "last_day": world.today(), "used": 1, "log_sha256": log}


def period(world: World) -> str:
    """Let the centre state what was used under an order of compute."""
    path = f"/v1/orders/{compute_order(world)}/periods"
    return str(world.as_(COMPUTE).post(path, period_body(world))["id"])


def period_with_log(world: World) -> str:
    """Let the centre state what was used, and file its log."""
    content = b"hour,cards\n0,1000\n"
    filed = file_evidence(world.as_(COMPUTE), "statement", content)
    stated = {"log_sha256": f"sha256:{hashlib.sha256(content).hexdigest()}", "evidence": filed}
    path = f"/v1/orders/{compute_order(world)}/periods"
    return str(world.as_(COMPUTE).post(path, period_body(world) | stated)["id"])


def proposed(world: World) -> str:
    """Let the seller offer another delivery."""
    made = dispute(world)
    world.as_(EXCHANGE).post(f"/v1/disputes/{made}/proposal", {"remedy": "redelivery"}, status=200)
    return made
