"""A dossier is recomputed offline; whatever is changed in it is found, even by whoever could sign it again."""

import base64
import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from registry.dossier import service
from registry.dossier.rules import recompute, recompute_bytes, signed_bytes
from registry.errors import NotAllowedError, NotFoundError, UnavailableError
from registry.house import House
from registry.journal import service as journal
from registry.journal.signing import SigningKey
from tests.conftest import FixedClock
from tests.registry.awards.builders import Desk, a_desk, apply, instruct, pay, ready_for_payment
from tests.registry.exchange.builders import a_firm, a_market, ask


@pytest.fixture
def desk(house: House) -> Desk:
    return a_desk(a_market(house))


def sequence(desk: Desk) -> None:
    while journal.sequence(desk.house.database, desk.house.clock, desk.house.signing_key):
        pass


@pytest.fixture
def content(desk: Desk, clock: FixedClock) -> bytes:
    case = ready_for_payment(desk, clock)
    instruct(desk, case.id)
    pay(desk, case.id)
    sequence(desk)
    return ask(desk.house, desk.payer, lambda view: service.dossier(view, desk.house.signing_key, case.id))


def test_the_dossier_of_a_paid_award_holds(desk: Desk, content: bytes) -> None:
    assert recompute_bytes(content, [desk.house.signing_key.verifier]) == []


def test_a_dossier_names_no_account_number(content: bytes) -> None:
    assert b"6222" not in content


def test_a_key_the_reader_does_not_trust_proves_nothing(content: bytes) -> None:
    stranger = SigningKey.create("elsewhere.test").verifier
    parts = {found.part.partition("/")[0] for found in recompute_bytes(content, [stranger])}
    assert {"file", "entries", "receipts", "manifests"} <= parts


def flip(text: str) -> str:
    """Change the last letter or digit of a text into another one."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def set_at(dossier: Any, *path: Any) -> None:
    """Flip the last character at a path; numbers grow by one."""
    *way, last = path
    place = dossier
    for step in way:
        place = place[step]
    place[last] = place[last] + 1 if isinstance(place[last], int) else flip(place[last])


CHANGES: dict[str, tuple[Callable[[Any], None], str]] = {
    "amount": (lambda d: set_at(d, "case", "lines", 0, "amount_fen"), "case"),
    "unit": (lambda d: set_at(d, "case", "lines", 0, "firm_name"), "case"),
    "lines digest": (lambda d: set_at(d, "case", "lines_digest"), "case"),
    "signature of an officer": (lambda d: set_at(d, "acts", 1, "content", "opinion"), "acts"),
    "end of the notice": (lambda d: set_at(d, "acts", 4, "content", "page_url"), "acts"),
    "a fact": (lambda d: set_at(d, "decisions", 0, "facts", "facts", "adopters"), "decisions"),
    "the verdict": (lambda d: set_at(d, "decisions", 0, "verdict", "amount_fen"), "decisions"),
    "the facts digest": (lambda d: set_at(d, "decisions", 0, "facts_digest"), "decisions"),
    "the policy": (lambda d: set_at(d, "policies", 0, "sha256"), "policy"),
    "a ruling": (lambda d: set_at(d, "rulings", 0, "text"), "rulings"),
    "a receipt": (lambda d: set_at(d, "receipts", 0, "statement", "product"), "receipts"),
    "a manifest": (lambda d: set_at(d, "manifests", 0, "version"), "manifests"),
    "an entry": (lambda d: set_at(d, "entries", 0, "commitment"), "entries"),
    "a proof": (lambda d: set_at(d, "entries", 0, "proof", 0), "entries"),
    "an opening": (lambda d: set_at(d, "entries", -1, "opening", "salt"), "entries"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_found_where_it_is_although_the_file_is_signed_again(desk: Desk, content: bytes, what: str) -> None:
    change, part = CHANGES[what]
    dossier = json.loads(content)
    dossier["entries"].sort(key=lambda entry: entry["opening"] is not None)
    change(dossier)
    key = desk.house.signing_key
    signature = base64.b64encode(key.sign(signed_bytes(dossier))).decode()
    dossier["signature"] = {"signed_by": str(key.verifier), "value": signature}
    assert part in {found.part.partition("/")[0] for found in recompute(dossier, [key.verifier])}


def test_one_changed_byte_anywhere_breaks_the_signature_of_the_file(desk: Desk, content: bytes) -> None:
    key = desk.house.signing_key.verifier
    whole = json.loads(content)
    for name in sorted(whole.keys() - {"signature", "format"}):
        dossier = copy.deepcopy(whole)
        dossier[name] = flip(dossier[name]) if isinstance(dossier[name], str) else [dossier[name]]
        assert "file" in {found.part for found in recompute(dossier, [key])}, name


def test_a_file_that_is_no_dossier_is_said_to_be_none(desk: Desk) -> None:
    key = desk.house.signing_key.verifier
    assert [found.code for found in recompute_bytes(b"{", [key])] == ["dossier_malformed"]
    assert [found.code for found in recompute_bytes(b"[]", [key])] == ["dossier_malformed"]


def test_a_dossier_waits_for_the_log(desk: Desk) -> None:
    case = apply(desk)
    sequence(desk)
    from tests.registry.awards.builders import review

    review(desk, case.id)
    with pytest.raises(UnavailableError, match="dossier_not_ready"):
        ask(desk.house, desk.reviewer, lambda view: service.dossier(view, desk.house.signing_key, case.id))


def test_a_stranger_gets_no_dossier(desk: Desk) -> None:
    case = apply(desk)
    sequence(desk)
    stranger = a_firm(desk.house, desk.scene.market.registrar)
    with pytest.raises((NotFoundError, NotAllowedError)):
        ask(desk.house, stranger, lambda view: service.dossier(view, desk.house.signing_key, case.id))
