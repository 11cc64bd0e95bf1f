"""Listings, orders, vouchers, adoption, awards and cases as people type them, against the real service."""

from datetime import timedelta
from pathlib import Path

import pytest

from registry.actors.model import Role
from registry.journal import service as journal
from tests import world as small
from tests.cli.desk import At
from tests.world import (
    ADOPTERS,
    AWARD_LINE,
    BUYER,
    COMPUTE,
    DATASET,
    EXCHANGE,
    LABORATORY,
    OFFICE,
    OTHER_OFFICE,
    PUBLISHER,
    STRANGER,
    TODAY,
    World,
)

DOCUMENT = small.cast.DOCUMENT


@pytest.fixture
def terms(tmp_path: Path) -> str:
    """A file with the terms of an offer."""
    path = tmp_path / "terms.txt"
    path.write_text("按用量结算。", encoding="utf-8")
    return str(path)


def proofs(document: str) -> tuple[str, ...]:
    """Name a file as proof of source and right to trade."""
    return ("--source-document", document, "--rights-document", document)


def test_a_listing_is_offered_accepted_shown_and_ended(at: At, world: World, terms: str) -> None:
    publisher, exchange = at(PUBLISHER), at(EXCHANGE)
    made = publisher(
        "listing", "offer", "--provider", world.ids[EXCHANGE], "--kind", "dataset", "--dataset", DATASET,
        "--version", "v1", "--title", "风电", "--unit", "套", "--price", "12.34", "--vat", "6", "--terms", terms,
        "--purpose", "model_training", "--source", "自有", "--rights", "自有", *proofs(terms),
        "--licence", "mulanpsl-2.0", "--price-kind", "by_volume", "--unit-size", "1000000", "--delivery", "download",
        "--buyer", world.ids[BUYER],
    )  # fmt: skip
    assert (made["conditions"]["licence"], made["conditions"]["unit_size"]) == ("MulanPSL-2.0", 1_000_000)
    assert made["conditions"]["buyers"] == {"kind": "firms", "firms": [world.ids[BUYER]], "sectors": []}
    assert "LicenseRef-MulanPubL-2.0" in publisher.text("listing", "licences")
    assert (made["state"], made["unit_price_fen"], made["vat_rate_bp"]) == ("offered", 1_234, 600)
    assert exchange("listing", "accept", made["id"])["state"] == "on_sale"
    assert "按用量结算。" in publisher.text("listing", "show", made["id"])
    assert made["id"] in publisher.text("listing", "list", "--kind", "dataset")
    assert publisher("listing", "end", made["id"])["state"] == "ended"


def test_compute_is_ordered_delivered_invoiced_and_paid(at: At, world: World, terms: str) -> None:
    buyer, seller = at(BUYER), at(COMPUTE)
    listing = seller(
        "listing", "offer", "--provider", world.ids[COMPUTE], "--kind", "compute", "--title", "算力",
        "--unit", "千卡时", "--price", "10000", "--vat", "6", "--terms", terms, "--purpose", "model_training",
        "--source", "自有", "--rights", "自有", *proofs(terms),
    )  # fmt: skip
    order = buyer("order", "place", listing["id"], "--purpose", "model_training")["id"]
    assert seller("order", "accept", order)["contract"]["digest"]
    assert buyer("order", "sign", order)["buyer_signature"]["signature"]
    assert buyer("order", "deliver", order, "--usage", "1 千卡时")["state"] == "delivered"
    number = f"26652{9:015d}"
    amounts = ["--net", "10000", "--vat", "600"]
    invoice = seller("order", "invoice", order, "--number", number, "--issued-on", TODAY, *amounts)["id"]
    at(OFFICE, Role.REVIEWER)("order", "verify", invoice, "--status", "verified", "--checked-on", TODAY)
    buyer("order", "pay", order, "--amount", "10600", "--paid-on", TODAY, "--reference", "BANK-9")
    shown = buyer.text("order", "show", order)
    assert "closed" in shown
    assert number in shown
    assert "¥10,600.00" in shown
    assert order in buyer.text("order", "list")
    metered = buyer("order", "metering", order, "--first", TODAY, "--last", TODAY)
    assert (metered["lines"], metered["price_kind"], metered["due_fen"]) == ([], "fixed", None)
    assert buyer("order", "metering") == []


def test_compute_is_stated_and_accepted_by_periods(at: At, world: World, terms: str, tmp_path: Path) -> None:
    buyer, seller = at(BUYER), at(COMPUTE)
    listing = seller(
        "listing", "offer", "--provider", world.ids[COMPUTE], "--kind", "compute", "--title", "算力",
        "--unit", "千卡时", "--price", "10000", "--vat", "6", "--terms", terms, "--purpose", "model_training",
        "--source", "自有", "--rights", "自有", *proofs(terms),
    )  # fmt: skip
    order = buyer("order", "place", listing["id"], "--purpose", "model_training")["id"]
    seller("order", "accept", order)
    buyer("order", "sign", order)
    stated = ("--from", TODAY, "--to", TODAY, "--used", "1", "--log-sha256", "sha256:" + "5" * 64)
    wrong = seller("order", "state-period", order, *stated)["id"]
    assert buyer("order", "object-period", wrong, "--reason", "日志重复计时")["state"] == "objected"
    log = tmp_path / "usage.csv"
    log.write_text("hour,cards\n0,1000\n")
    right = seller("order", "state-period", order, *stated[:-2], "--log", str(log))["id"]
    kept = tmp_path / "kept.csv"
    written = buyer("order", "period-log", right, "--to", str(kept))
    assert written["sha256"] == buyer("order", "periods", order)[-1]["log_sha256"]
    assert kept.read_bytes() == log.read_bytes()
    assert buyer("order", "accept-period", right)["state"] == "accepted"
    shown = buyer.text("order", "periods", order)
    assert (wrong in shown, right in shown, "¥10,000.00" in shown) == (True, True, True)
    amounts = ("--net", "10000", "--vat", "600", "--period", right)
    number = f"26652{19:015d}"
    made = seller("order", "invoice", order, "--number", number, "--issued-on", TODAY, *amounts)
    assert made["periods"] == [right]
    assert "delivered" in buyer.text("order", "show", order)


def test_an_invoice_is_taken_back_in_part_and_a_delivery_is_disputed(at: At, world: World) -> None:
    buyer, seller, reviewer = at(BUYER), at(EXCHANGE), at(OFFICE, Role.REVIEWER)
    order, invoice = world.ids["order_delivered"], world.ids["invoice"]
    assert [each["id"] for each in reviewer("order", "waiting")] == [order]
    number = f"{TODAY[2:4]}652{80:015d}"
    amounts = ("--net", "4000", "--vat", "240")
    red = seller("order", "red-letter", invoice, "--number", number, "--issued-on", TODAY, *amounts)["id"]
    seen = reviewer("order", "verify-red-letter", red, "--status", "verified", "--checked-on", TODAY)
    assert (seen["verification"], seen["net_fen"]) == ("verified", 400_000)
    buyer("order", "pay", order, "--amount", "10600", "--paid-on", TODAY, "--reference", "BANK-80")
    sent = ("--amount", "4240", "--refunded-on", TODAY, "--reference", "BACK-80", "--invoice", invoice)
    refund = seller("order", "refund", order, *sent)["id"]
    assert buyer("order", "answer-refund", refund, "--arrived")["state"] == "confirmed"
    dispute = buyer("order", "dispute", "open", order, "--reason", "半数为空")["id"]
    assert seller("order", "dispute", "propose", dispute, "--remedy", "redelivery")["proposed_remedy"] == "redelivery"
    assert buyer("order", "dispute", "settle", dispute)["state"] == "settled"
    shown = buyer.text("order", "show", order)
    assert number in shown
    assert "¥4,240.00" in shown
    assert "半数为空" in shown


def test_an_order_that_was_not_accepted_is_cancelled(at: At, world: World) -> None:
    assert at(BUYER)("order", "cancel", world.ids["order_placed"])["state"] == "cancelled"


def test_a_voucher_is_released_quoted_held_and_redeemed(at: At, world: World) -> None:
    buyer = at(BUYER)
    assert buyer("voucher", "release", world.ids["voucher_held"])["state"] == "released"
    assert "¥3,000.00" in buyer.text("voucher", "quote", world.ids["order"])
    held = buyer("voucher", "hold", world.ids["order"])["id"]
    assert "held" in buyer.text("voucher", "show", held)
    payee = (
        "--payee-name",
        small.cast.BUYER.name,
        "--payee-bank",
        "演示银行",
        "--payee-account",
        "6222000000000000002",
    )
    redeemed = buyer("voucher", "redeem", world.ids["voucher"], world.ids["voucher_invoice"], *payee)
    assert redeemed["state"] == "redeemed"
    assert held in buyer.text("voucher", "list")
    assert "2026" in buyer.text("voucher", "years", "--year", "2026")


def test_pools_budget_lines_and_the_ledger(at: At, world: World) -> None:
    registrar, payer = at(OTHER_OFFICE, Role.REGISTRAR), at(OFFICE, Role.PAYER)
    registrar("policy", "load", DOCUMENT, "--issued-on", "2026-01-20", "--reference", "印发文号")
    assert registrar("pool", "open", DOCUMENT, "yz-4")["used_fen"] == 0
    assert "yz-4" in payer.text("pool", "show", world.ids["pool"])
    assert world.ids["pool"] in payer.text("pool", "list")
    assert payer("pool", "ledger")["balanced"]
    assert payer("pool", "appropriate", "2027", "yz-4", "--amount", "0.05", "--number", "财预9号")["left_fen"] == 5


def test_the_books_are_opened_by_two_officers(at: At, world: World, tmp_path: Path) -> None:
    file = tmp_path / "paid-before.toml"
    line = f'pool = "yz-4"\nuscc = "{small.cast.BUYER.uscc}"\nyear = 2026\nbase = "1000"\namount = "300.00"\n'
    file.write_text(f"[[line]]\n{line}", encoding="utf-8")
    registrar, payer = at(OFFICE, Role.REGISTRAR), at(OFFICE, Role.PAYER)
    made = registrar("ledger", "open", str(file))
    assert made["used_fen"] == 30_000
    assert small.cast.BUYER.uscc in payer.text("ledger", "show", made["id"])
    assert "¥300.00" in payer.text("ledger", "confirm", made["id"], "--digest", made["digest"])
    assert payer("pool", "ledger")["balanced"]


def test_an_adoption_is_attested_counted_and_withdrawn(at: At, world: World, tmp_path: Path) -> None:
    adopter, files = at(ADOPTERS[0]), []
    adopter("adopt", "withdraw", world.ids[f"receipt_{ADOPTERS[0]}"], "--reason", "误报")
    assert "2 of 3" in adopter.text("adopt", "count", DATASET)
    for option in ("statement", "contract", "delivery"):
        (tmp_path / option).write_bytes(f"new {option}".encode())
        files += [f"--{option}", str(tmp_path / option)]
    said = ["--purpose", "model_training", "--product", "功率预测", "--since", TODAY]
    assert adopter("adopt", "attest", f"{DATASET}@v1", *said, *files)["adopter"] == world.ids[ADOPTERS[0]]
    assert "3 of 3" in adopter.text("adopt", "count", DATASET)


def test_a_laboratory_files_a_report(at: At, world: World, tmp_path: Path) -> None:
    report = tmp_path / "report.pdf"
    report.write_bytes(b"a signed report")
    scores = ["--documentation", "9750", "--data-quality", "9300", "--model-application", "9500"]
    made = at(LABORATORY)("quality", "report", f"{DATASET}@v1", str(report), *scores, "--method", "TC609-5-2025-04")
    assert (made["content_digest"], made["data_quality_hundredths"]) == (world.ids[DATASET], 9_300)


def test_an_award_is_withdrawn_checked_and_applied_for(at: At, world: World) -> None:
    applicant = at(PUBLISHER)
    assert applicant("case", "withdraw", world.ids["case"], "--reason", "补充材料")["state"] == "withdrawn"
    assert "eligible: ¥" in applicant.text("award", "check", DATASET)
    account = [
        "--account-name",
        small.cast.PUBLISHER.name,
        "--bank",
        "演示银行",
        "--account-number",
        "6222000000000001",
    ]
    made = applicant("award", "apply", DATASET, *account, "--undertaking")
    assert made["instrument"] == "yz-14a"
    assert made["id"] in applicant.text("case", "list")


def test_a_case_goes_from_review_to_payment_and_its_dossier_holds(at: At, world: World, tmp_path: Path) -> None:
    reviewer, payer, case = at(OFFICE, Role.REVIEWER), at(OFFICE, Role.PAYER), world.ids["case"]
    reviewer("case", "review", case, "--opinion", "材料齐全", "--originals-seen", "--searched", "目录与搜索引擎")
    for role in small.SIGNERS:
        at(OFFICE, role)("case", "sign", case, "--opinion", "同意")
    capture = tmp_path / "capture.png"
    capture.write_bytes(b"a capture")
    page = "https://www.example.gov.cn/notice"
    assert reviewer("case", "notice", case, page, "--capture", str(capture))["notice"]["page_url"] == page
    assert "¥" in at(STRANGER).text("case", "notices")
    at(STRANGER)("case", "object", case, "--reason", "曾经发布")
    reviewer("case", "answer", case, "1", "--answer", "查无实据", "--dismiss")
    world.clock.advance(timedelta(days=9))
    late = at(STRANGER)("case", "object", case, "--line", "1", "--reason", "另有发布")
    assert (late["late"], late["lines"]) == (True, [1])
    assert "1" in reviewer.text("case", "show", case)
    assert reviewer("case", "decide", case, "2", "--go-on", "--reason", "已查")["objections"][1]["hold"] is False
    small.ask_credit(world, case)
    codes = ["--year", "2026", "--project", AWARD_LINE, "--subject", "2150299"]
    payer("case", "instruct", case, *codes, "--voucher-number", "PV-1")
    assert payer("case", "return", case, "--reason", "账户暂停")["state"] == "returned"
    payer("case", "instruct", case, *codes, "--voucher-number", "PV-2")
    assert payer("case", "pay", case, "--receipt", "ICBC-1", "--on", world.today())["state"] == "paid"
    assert "ICBC" not in reviewer.text("case", "show", case)
    journal.sequence(world.house.database, world.house.clock, world.house.signing_key)
    dossier = tmp_path / "dossier.json"
    reviewer("award", "dossier", case, "--to", str(dossier))
    key = str(world.house.signing_key.verifier)
    assert "OK" in reviewer.text("award", "verify-dossier", str(dossier), "--key", key)
    dossier.write_text(dossier.read_text(encoding="utf-8").replace("材料齐全", "材料不齐"), encoding="utf-8")
    assert reviewer.run("award", "verify-dossier", str(dossier), "--key", key).code == 9


def test_redeemed_vouchers_are_settled_in_a_batch(at: At, world: World) -> None:
    reviewer = at(OFFICE, Role.REVIEWER)
    made = reviewer("case", "batch", DOCUMENT, "--voucher", world.ids["voucher_redeemed"])
    assert [each["subject"] for each in made["lines"]] == [world.ids["voucher_redeemed"]]
