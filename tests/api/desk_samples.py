"""What the samples of the bureau's and of finance's desk need of the world."""

import base64
from typing import Any

from cli.demo import cast
from registry.actors.model import Role
from tests.api.bureau import activated
from tests.world import BUYER, OFFICE, World

LIAOCHENG = "liaocheng-2025-measures"
DECISION = {"digest": "sha256:" + "0" * 64, "outcome": "cleared", "number": "核1号", "reason": "已核查"}


def external_use(world: World) -> dict[str, Any]:
    """Load a document with external pools, where that is not done, and return the body that records a use."""
    registrar = world.as_(OFFICE, Role.REGISTRAR)
    if LIAOCHENG not in {each["document"] for each in registrar.get("/v1/policies")["items"]}:
        body = {"document": LIAOCHENG, "issued_on": "2025-12-24", "reference": "聊政办字〔2025〕19号"}
        registrar.post("/v1/policies", body)
    return {
        "document": LIAOCHENG,
        "instrument": "lc-7-data-voucher",
        "firm": world.ids[BUYER],
        "organ": "省大数据局",
        "number": f"鲁数〔2026〕{len(world.ids)}号",
        "line": 1,
        "decided_on": "2026-03-01",
        "amount_fen": 100,
        "order": None,
        "invoice": f"26{cast.BUYER.uscc[2:4]}{'0' * 15}9",
        "source": "公示",
    }


def ended_use(world: World) -> str:
    """Record a use and return it."""
    made = world.as_(OFFICE, Role.REGISTRAR).post("/v1/external-uses", external_use(world))
    return str(made["id"])


def claim_to_lessen(world: World) -> str:
    """Let the invoice of a redeemed voucher turn red, and return the voucher."""
    voucher = str(world.ids["voucher_redeemed"])
    invoice = world.as_(OFFICE, Role.REVIEWER).get(f"/v1/vouchers/{voucher}")["invoice"]
    body = {"status": "red", "checked_on": world.today()}
    world.as_(OFFICE, Role.REVIEWER).post(f"/v1/invoices/{invoice}/verification", body, status=200)
    return voucher


FINANCE_FILE = base64.b64encode(b"line,number,amount,paid_on\nyz-9,PV-7,1,2026-03-01\n").decode()
RECONCILED = {"budget_year": 2025, "content_base64": FINANCE_FILE}


def reconciliation(world: World) -> dict[str, Any]:
    """Compare the year before with a file of finance and return the comparison."""
    made: dict[str, Any] = world.as_(OFFICE, Role.PAYER).post("/v1/finance/reconciliations", RECONCILED)
    return made


def reconciled(world: World) -> dict[str, Any]:
    """Compare the year before and sign it off; return the body that proposes its close."""
    made = reconciliation(world)
    body = {"file": made["file"], "statement": "核对一致"}
    world.as_(OFFICE, Role.PAYER).post(f"/v1/finance/reconciliations/{made['id']}/sign", body, status=200)
    return {"budget_year": 2025, "carried": []}


def closing(world: World) -> dict[str, Any]:
    """Propose the close of the year before, as another officer of finance, and return it."""
    body = reconciled(world)
    registrar = world.as_(OFFICE, Role.REGISTRAR)
    login = f"{OFFICE}.payer-{len(world.ids)}"
    made = registrar.post("/v1/officers", {"login": login, "display_name": login, "roles": [Role.PAYER]})
    world.ids[login] = made["id"]
    second = activated(world.web, login, made["activation_code"])
    proposed: dict[str, Any] = second.post("/v1/finance/closings", body)
    return proposed
