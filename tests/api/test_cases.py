"""Adoption, quality and cases over HTTP, as nobody sees them."""

import pytest

from tests.web import Web

CASE = "case_" + "0" * 32


def test_anyone_reads_the_notices_that_run(web: Web) -> None:
    assert web.get("/v1/notices") == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/payment-batches", {"document": "yizhou-2-year-measures"}),
        (f"/v1/cases/{CASE}/review", {"passed": True, "opinion": "Complete.", "originals_seen": True}),
        (f"/v1/cases/{CASE}/signatures", {"opinion": "Agreed.", "approved": True}),
        (f"/v1/cases/{CASE}/objections", {"reason": "Published before."}),
        (f"/v1/cases/{CASE}/payment", {"bank_receipt": "ICBC-0001", "paid_on": "2026-03-10"}),
    ],
)
def test_nobody_in_particular_moves_no_case(web: Web, path: str, body: dict[str, object]) -> None:
    assert web.post(path, body, status=401)["code"] == "unauthenticated"


def test_cases_are_not_public(web: Web) -> None:
    assert web.get("/v1/cases", status=401)["code"] == "unauthenticated"
    assert web.get(f"/v1/cases/{CASE}/dossier", status=401)["code"] == "unauthenticated"


def test_an_account_number_that_is_none_is_refused_without_repeating_it(web: Web) -> None:
    payee = {"account_name": "Firm", "bank": "ICBC", "account_number": "not a number"}
    body = {"instrument": "yz-14a", "dataset": "lab/wind", "undertaking": True, "payee": payee}
    refused = web.post("/v1/awards", body, status=400)
    assert refused["code"] == "account_number_malformed"
    assert "not a number" not in str(refused)


def test_an_unknown_dataset_has_no_adopters_to_count(web: Web) -> None:
    assert web.get("/v1/datasets/lab/wind/adoption", status=404)["code"] == "dataset_not_found"
