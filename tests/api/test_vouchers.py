"""Orders and vouchers over HTTP, from the offer to the books."""

import pytest

from tests.api.bureau import a_bureau, activated
from tests.registry.parties.builders import a_uscc
from tests.web import Web
from tests.world import file_evidence

ORIGIN = {"valid_from": "2026-01-01", "valid_until": None, "source": "register", "obtained_on": "2026-01-01"}
TODAY = "2026-03-02"


class Street:
    """A buyer and a compute centre under a bureau whose pool is open."""

    def __init__(self, web: Web) -> None:
        self.registrar, _ = a_bureau(web)
        self.web = web
        self.buyer, self.buyer_id = self._firm("buyer", 1)
        self.centre, self.centre_id = self._firm("centre", 2)
        self.reviewer, self.payer = self._officer("reviewer"), self._officer("payer")
        for predicate in ("data_annotation_firm", "operates_in_region", "credit_clean"):
            body = {"firm": self.buyer_id, "predicate": predicate, "finding": "true", **ORIGIN}
            self.registrar.post("/v1/facts", body)
        certificates = [{"kind": "green", "number": "G-1", "valid_from": "2026-01-01", "valid_until": None}]
        provider = {"firm": self.centre_id, "kind": "compute_centre", "licence_number": "L-1"}
        self.registrar.post("/v1/providers", {**provider, "certificates": certificates, **ORIGIN})
        document = {"document": "yizhou-2-year-measures", "issued_on": "2026-01-05", "reference": "No. 1"}
        self.registrar.post("/v1/policies", document)
        self.pool = self.registrar.post("/v1/pools", {"document": document["document"], "pool": "yz-4"})

    def _firm(self, login: str, number: int) -> tuple[Web, str]:
        firm = {"uscc": str(a_uscc(number)), "name": login, "region": "652201", "kind": "enterprise"}
        made = self.registrar.post("/v1/firms", {**firm, "owner_login": login, "owner_name": login})
        return activated(self.web, login, made["activation_code"]), made["id"]

    def _officer(self, role: str) -> Web:
        made = self.registrar.post("/v1/officers", {"login": role, "display_name": role, "roles": [role]})
        return activated(self.web, role, made["activation_code"])

    def accepted_order(self) -> str:
        """Return the id of an accepted order of ¥120,000.00 without VAT."""
        document = file_evidence(self.centre, "statement", b"own machines")
        offer = {
            "source_evidence": document,
            "rights_evidence": document,
            "provider": self.centre_id,
            "product_kind": "compute",
            "title": "GPU hours",
            "unit": "hour",
            "unit_price_fen": 12_000_000,
            "vat_rate_bp": 600,
            "terms": "By usage.",
            "purposes": ["model_training"],
            "source_statement": "Own machines.",
            "rights_statement": "Own machines.",
        }
        listing = self.centre.post("/v1/listings", offer)
        shown = self.web.get(f"/v1/listings/{listing['id']}")
        wanted = {"listing": shown["id"], "quantity": 1, "purpose": "model_training"}
        order = self.buyer.post("/v1/orders", {**wanted, "terms_sha256": shown["terms_sha256"]})
        accepted = self.centre.post(f"/v1/orders/{order['id']}/accept", status=200)
        assert accepted["contract"]["digest"] == accepted["contract_digest"]
        signing = {"contract_digest": accepted["contract_digest"]}
        signed = self.buyer.post(f"/v1/orders/{order['id']}/sign", signing, status=200)
        assert signed["buyer_signature"]["firm"] == order["buyer"]
        return str(order["id"])


@pytest.fixture
def street(web: Web) -> Street:
    return Street(web)


def test_an_order_is_quoted_held_delivered_invoiced_paid_and_redeemed(street: Street) -> None:
    order = street.accepted_order()
    quote = street.buyer.get("/v1/voucher-quote", order=order)
    assert (quote["amount_text"], quote["amount_capitals"], quote["binds"]) == ("¥36,000.00", "叁万陆仟元整", "rate")
    assert quote["eligible"]
    voucher = street.buyer.post("/v1/vouchers", {"order": order})
    street.buyer.post(f"/v1/orders/{order}/delivery", {"usage": "1000 hours"}, status=200)
    stated = {"number": "26652000000000000001", "issued_on": TODAY, "net_fen": 12_000_000, "vat_fen": 720_000}
    invoice = street.centre.post(f"/v1/orders/{order}/invoices", {**stated, "kind": "special"})
    checked = {"status": "verified", "checked_on": TODAY}
    street.reviewer.post(f"/v1/invoices/{invoice['id']}/verification", checked, status=200)
    paid = {"paid_on": TODAY, "amount_fen": 12_720_000, "reference": "BANK-1", "from_own_account": True}
    street.buyer.post(f"/v1/orders/{order}/payments", paid)
    assert street.buyer.get(f"/v1/orders/{order}")["state"] == "closed"
    firm = street.buyer.get(f"/v1/firms/{voucher['firm']}")["name"]
    payee = {"account_name": firm, "bank": "ICBC Hami", "account_number": "6222000011115678"}
    claim = {"invoice": invoice["id"], "payee": payee}
    redeemed = street.buyer.post(f"/v1/vouchers/{voucher['id']}/redeem", claim, status=200)
    assert (redeemed["state"], redeemed["amount_fen"]) == ("redeemed", 3_600_000)
    assert street.web.get(f"/v1/pools/{street.pool['id']}")["used_text"] == "¥36,000.00"
    assert street.buyer.get("/v1/firm-years", year=2026)["items"][0]["used_fen"] == 3_600_000
    ledger = street.reviewer.get("/v1/ledger")
    assert ledger["balanced"]
    balances = {line["account"].rpartition("/")[2]: line["balance_fen"] for line in ledger["accounts"]}
    assert balances["redeemed"] == 3_600_000
    assert balances["budget"] == balances["available"] + balances["redeemed"]


def test_a_refusal_lists_every_obstacle_in_the_readers_language(street: Street) -> None:
    order = street.accepted_order()
    street.buyer.post("/v1/vouchers", {"order": order})
    headers = {"Accept-Language": "zh", "Idempotency-Key": "a-second-hold"}
    answer = street.buyer.raw("POST", "/v1/vouchers", json={"order": order}, headers=headers)
    assert answer.status_code == 422
    (obstacle,) = answer.get_json()["obstacles"]
    assert obstacle["code"] == "order_without_voucher"
    assert obstacle["detail"].startswith("该订单已有券")


def test_a_repeated_request_holds_once(street: Street) -> None:
    order = street.accepted_order()
    first = street.buyer.post("/v1/vouchers", {"order": order}, key="hold-this-order")
    assert street.buyer.post("/v1/vouchers", {"order": order}, key="hold-this-order") == first
    assert [each["id"] for each in street.buyer.get("/v1/vouchers")["items"]] == [first["id"]]


def test_money_is_appropriated_by_the_payer_only(street: Street) -> None:
    body = {"budget_year": 2026, "line": "2150805", "amount_fen": 5_000_000, "number": "No. 7"}
    street.reviewer.post("/v1/appropriations", body, status=403)
    assert street.payer.post("/v1/appropriations", body)["left_fen"] == 5_000_000
    assert len(street.payer.get("/v1/appropriations")["items"]) == 1
