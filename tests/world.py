"""A small world that was brought into being through the HTTP interface: authorities, firms, datasets, orders, cases.

``build`` takes some seconds, so it is done once and cloned: a ``World`` is nothing but a client, the tokens of its
people and the identifiers of its things, each under a name of its own.
"""

import base64
import csv
import hashlib
import io
import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cli.demo import cast
from cli.working import run_once
from registry.actors.model import FIRM_ROLES, MACHINE_ROLES, OFFICE_ROLES, Role, Scope
from registry.house import House, application_url
from registry.journal import service as journal
from registry.journal.signing import SigningKey
from registry.values.moment import Clock, Moment
from storage.database import Database
from storage.local_store import LocalStore
from storage.settings import read_settings
from tests.api.bureau import a_bureau, activated
from tests.web import Web

START: Final = Moment.of_text("2026-03-02T02:00:00Z")
ORIGIN: Final = "sancai.test"
STORE_SECRET: Final = b"a secret of the tests, 32 bytes."

OFFICE: Final = "yizhou"
OTHER_OFFICE: Final = "barkol"
PUBLISHER, BUYER, EXCHANGE, COMPUTE = cast.PUBLISHER.key, cast.BUYER.key, cast.EXCHANGE.key, cast.COMPUTE.key
LABORATORY, STRANGER = cast.LABORATORY.key, cast.SILK.key
ADOPTERS: Final = (cast.TIANSHAN.key, cast.KUNLUN.key, cast.XIYU.key)
FIRMS: Final = (
    *(cast.PUBLISHER, cast.BUYER, cast.EXCHANGE, cast.COMPUTE, cast.LABORATORY, cast.SILK),
    *(cast.TIANSHAN, cast.KUNLUN, cast.XIYU),
)
STAFFED: Final = (PUBLISHER, BUYER, EXCHANGE, STRANGER)
"""Firms with a member of every role; the others have their owner."""
INSTRUMENTS: Final = frozenset({"yz-4-data", "yz-4-compute", "yz-14a"})
DATASET: Final = "lvtu/wind"
"""Published, gated, adopted by three leading firms."""
OPEN_DATASET: Final = "lvtu/open"
ISSUED_ON, TODAY = "2026-01-20", "2026-03-02"
AWARD_LINE, VOUCHER_LINE = "yz-14a", "yz-4"
NARROW: Final = "narrow"
"""A service account of a firm, or an officer, with every role's rights but a token for reading only."""


class MovableClock:
    """A clock that stands still until somebody moves it."""

    def __init__(self, now: Moment = START) -> None:
        self._now = now

    def now(self) -> Moment:
        """Return the instant it stands at."""
        return self._now

    def advance(self, span: timedelta) -> None:
        """Move forward."""
        self._now = self._now.plus(span)


@dataclass
class World:
    """People by ``party/role`` and things by name, behind one client."""

    web: Web
    clock: MovableClock
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def as_(self, party: str, role: str = Role.OWNER) -> Web:
        """Return a client of the member of ``party`` with ``role``."""
        return self.web.as_token(self.tokens[f"{party}/{role}"])

    @property
    def house(self) -> House:
        """Return the installation behind the client."""
        return self.web.house

    def today(self) -> str:
        """Return the day in Shanghai."""
        return self.clock.now().civil_day().isoformat()


@contextmanager
def open_house(owner_url: str, folder: Path, clock: Clock, key: SigningKey) -> Iterator[House]:
    """Open an installation on a migrated database, with a local store in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = read_settings({"SANCAI_HOME": str(folder), "SANCAI_PUBLIC_URL": f"http://{ORIGIN}"})
    database = Database(application_url(owner_url), pool_size=4)
    try:
        journal.bear(database, "real", ORIGIN)
        store = LocalStore(settings.objects_folder, settings.public_url, STORE_SECRET)
        store.prepare()
        yield House(
            settings=settings,
            database=database,
            clock=clock,
            store=store,
            signing_key=key,
            secret=STORE_SECRET,
            _opened=ExitStack(),
        )
    finally:
        database.dispose()


def web_of(house: House) -> Web:
    """Return a client of nobody."""
    from api.app import create_app

    return Web(create_app(house), house)


def build(house: House, clock: MovableClock) -> World:
    """Bring the whole world into being."""
    world = World(web_of(house), clock)
    _found(world)
    _register(world)
    _staff(world)
    _publish(world)
    _adopt(world)
    _trade(world)
    return world


# Registers.


def _found(world: World) -> None:
    for slug in (OFFICE, OTHER_OFFICE):
        registrar, authority = a_bureau(world.web, slug)
        world.ids[slug] = authority
        _keep(world, slug, Role.REGISTRAR, registrar)
        for role in sorted(OFFICE_ROLES - {Role.REGISTRAR}):
            login = f"{slug}.{role.replace('_', '-')}"
            made = registrar.post("/v1/officers", {"login": login, "display_name": login, "roles": [role]})
            world.ids[login] = made["id"]
            _keep(world, slug, role, activated(world.web, login, made["activation_code"]))
        for role in sorted(MACHINE_ROLES):
            stated = {"login": f"{slug}.{role}", "display_name": role, "roles": [role]}
            world.tokens[f"{slug}/{role}"] = machine_token(world.web, registrar.post("/v1/officers", stated))


def _keep(world: World, party: str, role: str, client: Web) -> None:
    world.tokens[f"{party}/{role}"] = str(client.token)


def _register(world: World) -> None:
    registrar = world.as_(OFFICE, Role.REGISTRAR)
    registrar.post("/v1/policies", {"document": cast.DOCUMENT, "issued_on": ISSUED_ON, "reference": "印发文号"})
    for number, found in enumerate(registrar.get(f"/v1/policies/{cast.DOCUMENT}")["assumptions"]):
        if found["open"] and INSTRUMENTS & set(found["applies_to"]):
            registrar.post("/v1/rulings", ruling(found["id"], f"YZ-{number}"))
    for firm in FIRMS:
        made = registrar.post("/v1/firms", firm_body(firm) | {"owner_login": firm.login, "owner_name": firm.name})
        world.ids[firm.key] = made["id"]
        _keep(world, firm.key, Role.OWNER, activated(world.web, firm.login, made["activation_code"]))
    for key in (PUBLISHER, BUYER):
        for predicate in ("data_annotation_firm", "operates_in_region", "credit_clean"):
            registrar.post("/v1/facts", fact(world.ids[key], predicate))
    leaders = registrar.post("/v1/leader-lists", leader_list([firm for firm in FIRMS if firm.key in ADOPTERS]))
    world.ids["leader_list"] = leaders["id"]
    for key, kind in ((EXCHANGE, "data_exchange"), (COMPUTE, "compute_centre"), (LABORATORY, "quality_laboratory")):
        registrar.post("/v1/providers", provider(world.ids[key], kind))
    registrar.post("/v1/pools", {"document": cast.DOCUMENT, "pool": "yz-4"})
    world.ids["pool"] = registrar.get("/v1/pools")["items"][0]["id"]
    for line in (AWARD_LINE, VOUCHER_LINE):
        world.as_(OFFICE, Role.PAYER).post("/v1/appropriations", appropriation(line, f"F-{line}"))


def ruling(assumption: str, number: str) -> dict[str, Any]:
    """Return a ruling that confirms a default."""
    stated = {
        "number": number,
        "decided_on": "2026-02-02",
        "organ": "伊州区发改委",
        "text": "采默认读法",
        "value": None,
    }
    return {"document": cast.DOCUMENT, "assumption": assumption, **stated}


def firm_body(firm: cast.DemoFirm) -> dict[str, Any]:
    """Return a firm as it is registered."""
    return {"uscc": firm.uscc, "name": firm.name, "region": firm.region, "kind": firm.kind}


def fact(firm: str, predicate: str = "credit_clean") -> dict[str, Any]:
    """Return a fact that holds from the first day of the year."""
    since = {"valid_from": "2026-01-01", "valid_until": None, "source": "登记", "obtained_on": ISSUED_ON}
    return {"firm": firm, "predicate": predicate, "finding": "true", **since}


def leader_list(firms: list[cast.DemoFirm], batch: str = "2025-1") -> dict[str, Any]:
    """Return an admitted list of leading firms of new energy."""
    admission = {"number": f"L-{batch}", "decided_on": "2026-02-02", "organ": "伊州区发改委", "criteria": "省级公布"}
    return {
        "name": "新能源行业龙头企业名单",
        "issuer": "发布单位",
        "level": "provincial",
        "sectors": ["new_energy"],
        "batch": batch,
        "valid_from": "2025-06-01",
        "valid_until": "2028-06-01",
        "document_sha256": "sha256:" + "1" * 64,
        "admission": admission,
        "entries": [{"uscc": firm.uscc, "name": firm.name} for firm in firms],
    }


def provider(firm: str, kind: str) -> dict[str, Any]:
    """Return a provider; a compute centre has its green certificate."""
    green = {"kind": "green", "number": "G-1", "valid_from": "2026-01-01", "valid_until": "2027-01-01"}
    return {
        "firm": firm,
        "kind": kind,
        "licence_number": f"LIC-{kind}",
        "valid_from": "2025-01-01",
        "valid_until": "2029-01-01",
        "certificates": [green] if kind == "compute_centre" else [],
        "source": "登记",
        "obtained_on": ISSUED_ON,
    }


def opening() -> dict[str, Any]:
    """Return the body that proposes what the buyer had before the system."""
    content = f"pool,instrument,uscc,year,base,amount\nyz-4,,{cast.BUYER.uscc},2026,1000,300.00\n"
    return {"content_base64": base64.b64encode(content.encode()).decode()}


def appropriation(line: str, number: str) -> dict[str, Any]:
    """Return money for a budget line."""
    return {"budget_year": 2026, "line": line, "amount_fen": 200_000_000, "number": number}


def _staff(world: World) -> None:
    for key in STAFFED:
        for role in sorted(FIRM_ROLES - {Role.OWNER}):
            login = f"{key}.{role}"
            made = world.as_(key).post("/v1/members", member(login, role))
            world.ids[login] = made["id"]
            _keep(world, key, role, activated(world.web, login, made["activation_code"]))
        _keep_narrow(world, key, world.as_(key))
    for slug, role in ((OFFICE, Role.REGISTRAR), (OFFICE, Role.REVIEWER), (OFFICE, Role.PAYER)):
        _keep_narrow(world, f"{slug}/{role}", world.as_(slug, role))
    made = world.as_(BUYER).post("/v1/members", member("buyer.machine", Role.BUYER) | {"kind": "service"})
    world.tokens[f"{BUYER}/machine"] = machine_token(world.web, made, Scope.READ)


def machine_token(web: Web, made: Mapping[str, Any], scope: str = "") -> str:
    """Return a token of a service account that was just made."""
    granted = web.raw(
        "POST",
        "/oauth/token",
        data={"grant_type": "client_credentials", **({"scope": scope} if scope else {})},
        headers=_basic(made["client_id"], made["client_secret"]),
        base_url=f"https://{ORIGIN}",
    )
    assert granted.status_code == 200, granted.data
    return str(granted.get_json()["access_token"])


def _basic(name: str, secret: str) -> dict[str, str]:
    from base64 import b64encode

    return {"Authorization": "Basic " + b64encode(f"{name}:{secret}".encode()).decode()}


def _keep_narrow(world: World, party: str, client: Web) -> None:
    body = {"label": NARROW, "scopes": [Scope.READ], "datasets": None, "expires_in_days": 30}
    world.tokens[f"{party}/{NARROW}"] = client.post("/v1/tokens", body)["token"]


def member(login: str, role: str) -> dict[str, Any]:
    """Return a member of one role."""
    return {"login": login, "display_name": login, "roles": [role]}


# Datasets.


def table(seed: int, rows: int = 300) -> bytes:
    """Return a CSV whose rows no other seed shares."""
    values, text = random.Random(seed), io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["station", "wind_speed", "power"])
    for row in range(rows):
        writer.writerow(
            [f"站点{seed}-{row % 40}", round(values.gauss(8 + seed, 2), 4), round(values.gauss(900, 150), 3)]
        )
    return text.getvalue().encode()


def dataset_body(name: str, **stated: Any) -> dict[str, Any]:
    """Return a dataset as it is created."""
    return {"name": name, "title": "风电机组功率", "sector": "new_energy", "licence": "CC-BY-4.0", **stated}


def draft_body(**stated: Any) -> dict[str, Any]:
    """Return a version as it is begun."""
    return {"message": "首次发布", "origin": "self_built", "source": "自有测风塔", **stated}


REGISTRATION = {
    "kind": "data_property",
    "number": "粤数登 2026-0001",
    "registrar": "数据产权登记中心",
    "registered_on": "2026-01-15",
}


def begin_draft(client: Web, name: str, **stated: Any) -> str:
    """Create a dataset and begin its first version."""
    client.post("/v1/datasets", dataset_body(name, **stated))
    return str(client.post(f"/v1/datasets/{name}/drafts", draft_body())["id"])


def add_file(client: Web, draft: str, path: str, size_bytes: int) -> str:
    """Announce a file and return its upload."""
    return str(client.post(f"/v1/drafts/{draft}/files", {"path": path, "size_bytes": size_bytes})["upload"]["id"])


def send(client: Web, upload: str, content: bytes, digest: str | None = None) -> None:
    """Send the one part of an upload and complete it."""
    signed = client.post(f"/v1/uploads/{upload}/parts", {"numbers": [1]}, status=200)["urls"][0]["url"]
    assert put(client, signed, content) == 200
    body = {"sha256": digest or hashlib.sha256(content).hexdigest()}
    client.post(f"/v1/uploads/{upload}/complete", body, status=200)


def put(client: Web, url: str, content: bytes) -> int:
    """Send bytes to a signed address and return the status."""
    parts = urlsplit(url)
    return client.raw("PUT", f"{parts.path}?{parts.query}", data=content).status_code


def verified_draft(world: World, client: Web, name: str, files: Mapping[str, bytes], **stated: Any) -> str:
    """Bring a draft to where it can be published."""
    draft = begin_draft(client, name, **stated)
    for path, content in files.items():
        send(client, add_file(client, draft, path, len(content)), content)
    client.post(f"/v1/drafts/{draft}/submit", status=200)
    run_once(world.house)
    found = client.get(f"/v1/drafts/{draft}")
    assert found["state"] == "verified", found["faults"]
    return draft


def file_evidence(client: Web, kind: str, content: bytes) -> str:
    """File a document and return it."""
    digest = hashlib.sha256(content).hexdigest()
    body = {"kind": kind, "file_name": f"{kind}.txt", "size_bytes": len(content), "sha256": digest}
    begun = client.post("/v1/evidence", body)
    send(client, begun["upload"]["id"], content)
    return str(begun["id"])


def _publish(world: World) -> None:
    client = world.as_(PUBLISHER)
    for number, (name, access) in enumerate(((DATASET, "gated"), (OPEN_DATASET, "public")), 1):
        draft = verified_draft(world, client, name, {"data/wind.csv": table(number)}, access=access)
        world.ids[name] = client.post(f"/v1/drafts/{draft}/publish")["content_digest"]
    world.ids["draft_verified"] = verified_draft(world, client, "lvtu/next", {"a.csv": table(3)})
    world.ids["draft_open"] = begin_draft(client, "lvtu/later")
    content = table(4)
    send(client, add_file(client, world.ids["draft_open"], "done.csv", len(content)), content)
    world.ids["upload_open"] = add_file(client, world.ids["draft_open"], "open.csv", 10)
    world.ids["evidence_open"] = client.post(
        "/v1/evidence", {"kind": "other", "file_name": "a.txt", "size_bytes": 3, "sha256": "0" * 64}
    )["upload"]["id"]


# Adoption and cases.


def adoption_body(world: World, firm: str) -> dict[str, Any]:
    """File the three documents of an adopter and return its attestation."""
    client = world.as_(firm)
    documents = {"statement": "statement", "contract": "contract", "delivery": "delivery_receipt"}
    filed = {name: file_evidence(client, kind, f"{kind} {firm}".encode()) for name, kind in documents.items()}
    return {
        "dataset": DATASET,
        "content_digest": world.ids[DATASET],
        "purpose": "model_training",
        "product": "功率预测模型",
        "started_on": TODAY,
        **filed,
    }


def report_body(world: World) -> dict[str, Any]:
    """File a laboratory's document and return its report."""
    report = file_evidence(world.as_(LABORATORY), "quality_report", b"report")
    scores = {"documentation": 9500, "data_quality": 9320, "model_application": 9150}
    return {
        "dataset": DATASET,
        "content_digest": world.ids[DATASET],
        **{f"{name}_hundredths": score for name, score in scores.items()},
        "method": "TC609-5-2025-04",
        "report": report,
    }


def _adopt(world: World) -> None:
    world.as_(LABORATORY).post("/v1/quality-reports", report_body(world))
    for firm in ADOPTERS:
        body = adoption_body(world, firm)
        world.ids[f"evidence_{firm}"] = body["contract"]
        world.ids[f"receipt_{firm}"] = world.as_(firm).post("/v1/adoptions", body)["id"]


def award_body() -> dict[str, Any]:
    """Return an application of the publisher."""
    payee = {"account_name": cast.PUBLISHER.name, "bank": "演示银行", "account_number": "6222000000000000001"}
    return {"instrument": "yz-14a", "dataset": DATASET, "undertaking": True, "payee": payee}


def apply(world: World) -> str:
    """Apply for the award and return the case."""
    return str(world.as_(PUBLISHER).post("/v1/awards", award_body())["id"])


def review_body() -> dict[str, Any]:
    """Return a review that passes."""
    search = {"where": "目录与搜索引擎", "found_earlier": False, "note": "未发现"}
    return {"passed": True, "opinion": "同意", "originals_seen": True, "outside_search": search}


NOTICE: Final = {"page_url": "https://www.example.gov.cn/notice", "capture_sha256": "sha256:" + "ab" * 32}
SIGNATURE: Final = {"opinion": "同意", "approved": True}
SIGNERS: Final = (Role.SECTION_HEAD, Role.LEADER_IN_CHARGE, Role.PRINCIPAL_LEADER)


def review(world: World, case: str) -> None:
    """Let the reviewer pass a case."""
    world.as_(OFFICE, Role.REVIEWER).post(f"/v1/cases/{case}/review", review_body(), status=200)


def notice(world: World, case: str) -> None:
    """Post the notice of a reviewed case."""
    world.as_(OFFICE, Role.REVIEWER).post(f"/v1/cases/{case}/notice", NOTICE, status=200)


def sign(world: World, case: str) -> None:
    """Let three officers sign a reviewed case."""
    for role in SIGNERS:
        world.as_(OFFICE, role).post(f"/v1/cases/{case}/signatures", SIGNATURE, status=200)


def instruction(line: str, number: str) -> dict[str, Any]:
    """Return what finance tells the bank."""
    return {
        "budget_year": 2026,
        "project_code": line,
        "subject_code": "2150299",
        "payment_voucher_number": number,
    }


def ask_credit(world: World, case: str) -> None:
    """Record what the public credit system answers now of every firm of a case."""
    registrar = world.as_(OFFICE, Role.REGISTRAR)
    lines = world.as_(OFFICE, Role.PAYER).get(f"/v1/cases/{case}")["lines"]
    for firm in sorted({line["firm"] for line in lines}):
        asked = {"queried_at": str(world.clock.now()), "result_sha256": "sha256:" + "cd" * 32, "source": "信用中国"}
        registrar.post("/v1/credit-answers", {"firm": firm, "standing": "clean", "valid_until": None, **asked})


def make_payable(world: World, case: str) -> None:
    """Review, sign, post, let the notice run out and ask for the credit of the day."""
    review(world, case)
    sign(world, case)
    notice(world, case)
    world.clock.advance(timedelta(days=9))
    ask_credit(world, case)


def instruct(world: World, case: str, line: str) -> None:
    """Instruct the bank on a payable case."""
    body = instruction(line, f"PV-{case[-6:]}")
    world.as_(OFFICE, Role.PAYER).post(f"/v1/cases/{case}/instruction", body, status=200)


def pay(world: World, case: str) -> None:
    """Record the bank's receipt."""
    body = {"bank_receipt": f"BANK-{case[-6:]}", "paid_on": world.today()}
    world.as_(OFFICE, Role.PAYER).post(f"/v1/cases/{case}/payment", body, status=200)


# Trade.


def listing_evidence(world: World, firm: str) -> dict[str, str]:
    """Return the documents behind an offer of a firm, filed once."""
    if f"listing_evidence_{firm}" not in world.ids:
        world.ids[f"listing_evidence_{firm}"] = file_evidence(world.as_(firm), "statement", f"offer {firm}".encode())
    document = world.ids[f"listing_evidence_{firm}"]
    return {"source_evidence": document, "rights_evidence": document}


def listing_body(world: World, seller: str, **stated: Any) -> dict[str, Any]:
    """Return an offer of compute."""
    return {
        "dataset": None,
        "version": None,
        "provider": world.ids[seller],
        "product_kind": "compute",
        "title": "模型训练算力",
        "unit": "千卡时",
        "unit_price_fen": 1_000_000,
        "vat_rate_bp": 600,
        "terms": "按用量结算。",
        "purposes": ["model_training"],
        "source_statement": "自有算力",
        "rights_statement": "自有设施",
        **listing_evidence(world, COMPUTE),
        **stated,
    }


def data_listing_body(world: World, **stated: Any) -> dict[str, Any]:
    """Return the publisher's offer of its dataset through the exchange."""
    offer = {"dataset": DATASET, "version": "v1", "product_kind": "dataset", "title": "风电机组功率", "unit": "套"}
    named = {"licence": "LicenseRef-listing-terms", **listing_evidence(world, PUBLISHER)}
    return listing_body(world, EXCHANGE, **{**offer, **named, **stated})


def order_body(world: World, listing: str, quantity: int = 1) -> dict[str, Any]:
    """Return an order under the terms as they are shown."""
    terms = world.web.get(f"/v1/listings/{listing}")["terms_sha256"]
    return {"listing": listing, "quantity": quantity, "purpose": "model_training", "terms_sha256": terms}


def place(world: World, listing: str, quantity: int = 1) -> str:
    """Let the buyer order."""
    return str(world.as_(BUYER).post("/v1/orders", order_body(world, listing, quantity))["id"])


def accept(world: World, order: str) -> str:
    """Let the exchange accept an order, the buyer sign, and return it."""
    sign_contract(world, order, offer_contract(world, order))
    return order


def offer_contract(world: World, order: str) -> str:
    """Let the exchange accept an order and return the digest of the contract, which the buyer has yet to sign."""
    return str(world.as_(EXCHANGE).post(f"/v1/orders/{order}/accept", status=200)["contract_digest"])


def sign_contract(world: World, order: str, contract: str) -> None:
    """Let the buyer sign a contract."""
    world.as_(BUYER).post(f"/v1/orders/{order}/sign", {"contract_digest": contract}, status=200)
    return order


def deliver(world: World, order: str) -> None:
    """Let the buyer confirm that the dataset arrived."""
    body = {"content_digest": world.ids[DATASET], "usage": None}
    world.as_(BUYER).post(f"/v1/orders/{order}/delivery", body, status=200)


def invoice_body(world: World, number: int, net_fen: int = 1_000_000) -> dict[str, Any]:
    """Return an invoice of today with six per cent tax."""
    return {
        "number": f"{world.today()[2:4]}652{number:015d}",
        "issued_on": world.today(),
        "net_fen": net_fen,
        "vat_fen": net_fen * 6 // 100,
        "kind": "special",
    }


def invoice(world: World, order: str, number: int) -> str:
    """Let the exchange issue an invoice."""
    return str(world.as_(EXCHANGE).post(f"/v1/orders/{order}/invoices", invoice_body(world, number))["id"])


def verify(world: World, made: str) -> None:
    """Let the reviewer record what the tax platform answered."""
    body = {"status": "verified", "checked_on": world.today()}
    world.as_(OFFICE, Role.REVIEWER).post(f"/v1/invoices/{made}/verification", body, status=200)


def payment_body(world: World, reference: str) -> dict[str, Any]:
    """Return the buyer's bank payment of one unit with tax."""
    stated = {"reference": reference, "from_own_account": True}
    return {"paid_on": world.today(), "amount_fen": 1_060_000, **stated}


def redeemable(world: World, number: int) -> tuple[str, str]:
    """Bring an order to where its voucher can be redeemed; return the voucher and the invoice."""
    order = accept(world, place(world, world.ids["listing"]))
    voucher = str(world.as_(BUYER).post("/v1/vouchers", {"order": order})["id"])
    deliver(world, order)
    made = invoice(world, order, number)
    verify(world, made)
    world.as_(BUYER).post(f"/v1/orders/{order}/payments", payment_body(world, f"PAY-{number}"))
    return voucher, made


def redeem(world: World, voucher: str, made: str) -> str:
    """Redeem a voucher and return it."""
    world.as_(BUYER).post(f"/v1/vouchers/{voucher}/redeem", redemption(made), status=200)
    return voucher


def redemption(made: str) -> dict[str, Any]:
    """Return what redeems a voucher on an invoice, to the buyer's own account."""
    payee = {"account_name": cast.BUYER.name, "bank": "演示银行", "account_number": "6222000000000000002"}
    return {"invoice": made, "payee": payee}


def form_batch(world: World, *vouchers: str) -> str:
    """Settle vouchers into a payment case."""
    body = {"document": cast.DOCUMENT, "vouchers": list(vouchers)}
    return str(world.as_(OFFICE, Role.REVIEWER).post("/v1/payment-batches", body)["id"])


def _trade(world: World) -> None:
    ids, publisher, exchange = world.ids, world.as_(PUBLISHER), world.as_(EXCHANGE)
    ids["listing"] = publisher.post("/v1/listings", data_listing_body(world))["id"]
    exchange.post(f"/v1/listings/{ids['listing']}/accept", status=200)
    ids["listing_offered"] = publisher.post("/v1/listings", data_listing_body(world))["id"]
    ids["order_placed"] = place(world, ids["listing"])
    ids["order"] = accept(world, place(world, ids["listing"]))
    ids["order_delivered"] = accept(world, place(world, ids["listing"]))
    deliver(world, ids["order_delivered"])
    ids["invoice"] = invoice(world, ids["order_delivered"], 1)
    ids["voucher_held"] = world.as_(BUYER).post("/v1/vouchers", {"order": ids["order"]})["id"]
    ids["voucher"], ids["voucher_invoice"] = redeemable(world, 2)
    ids["voucher_redeemed"] = redeem(world, *redeemable(world, 3))
    ids["batch"] = form_batch(world, redeem(world, *redeemable(world, 4)))
    ids["case"] = apply(world)


def moved(world: World, house: House, clock: MovableClock) -> World:
    """Return the same people and things on a copy of the installation."""
    return replace(world, web=web_of(house), clock=clock)
