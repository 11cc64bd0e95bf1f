"""A dossier is recomputed offline; whatever is changed in it is found, even by whoever could sign it again."""

import base64
import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from registry.dossier import service
from registry.dossier.rules import recompute, recompute_bytes, signed_bytes
from registry.errors import NotFoundError, UnavailableError
from registry.house import House
from registry.journal import service as journal
from registry.journal.signing import SigningKey, Verifier
from tests.registry.awards.builders import Desk, a_desk, apply, instruct, pay, ready_for_payment, review
from tests.registry.exchange.builders import a_firm, a_market, ask


@pytest.fixture
def desk(house: House) -> Desk:
    return a_desk(a_market(house))


def sequence(desk: Desk) -> None:
    while journal.sequence(desk.house.database, desk.house.clock, desk.house.signing_key):
        pass


@dataclass(frozen=True)
class File:
    """The dossier of a paid award, and the key that signed it."""

    content: bytes
    key: SigningKey

    @property
    def verifier(self) -> Verifier:
        """The key the reader trusts."""
        return self.key.verifier


_made: list[File] = []


@pytest.fixture
def file(request: pytest.FixtureRequest) -> File:
    """Return the dossier of a paid award: bytes that no test changes, so one case serves them all."""
    if not _made:
        desk, clock = request.getfixturevalue("desk"), request.getfixturevalue("clock")
        case = ready_for_payment(desk, clock)
        instruct(desk, case.id)
        pay(desk, case.id)
        sequence(desk)
        key = desk.house.signing_key
        _made.append(File(ask(desk.house, desk.payer, lambda view: service.dossier(view, key, case.id)), key))
    return _made[0]


def test_the_dossier_of_a_paid_award_holds(file: File) -> None:
    assert recompute_bytes(file.content, [file.verifier]) == []


def test_a_dossier_names_no_account_number(file: File) -> None:
    assert b"6222020012345678" not in file.content


def test_a_key_the_reader_does_not_trust_proves_nothing(file: File) -> None:
    stranger = SigningKey.create("elsewhere.test").verifier
    parts = {found.part.partition("/")[0] for found in recompute_bytes(file.content, [stranger])}
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
def test_a_change_is_found_where_it_is_although_the_file_is_signed_again(file: File, what: str) -> None:
    change, part = CHANGES[what]
    dossier = json.loads(file.content)
    dossier["entries"].sort(key=lambda entry: entry["opening"] is not None)
    change(dossier)
    signature = base64.b64encode(file.key.sign(signed_bytes(dossier))).decode()
    dossier["signature"] = {"signed_by": str(file.verifier), "value": signature}
    assert part in {found.part.partition("/")[0] for found in recompute(dossier, [file.verifier])}


def test_a_change_of_any_part_breaks_the_signature_of_the_file(file: File) -> None:
    whole = json.loads(file.content)
    for name in sorted(whole.keys() - {"signature"}):
        dossier = copy.deepcopy(whole)
        dossier[name] = flip(dossier[name]) if isinstance(dossier[name], str) else [dossier[name]]
        assert "file" in {found.part for found in recompute(dossier, [file.verifier])}, name


def test_a_file_that_is_no_dossier_is_said_to_be_none() -> None:
    key = SigningKey.create("sancai.test").verifier
    assert [found.code for found in recompute_bytes(b"{", [key])] == ["dossier_malformed"]
    assert [found.code for found in recompute_bytes(b"[]", [key])] == ["dossier_malformed"]


def test_a_dossier_waits_for_the_log_and_is_not_a_strangers(desk: Desk) -> None:
    case = apply(desk)
    sequence(desk)
    key = desk.house.signing_key
    stranger = a_firm(desk.house, desk.scene.market.registrar)
    with pytest.raises(NotFoundError, match="case_not_found"):
        ask(desk.house, stranger, lambda view: service.dossier(view, key, case.id))
    review(desk, case.id)
    with pytest.raises(UnavailableError, match="dossier_not_ready"):
        ask(desk.house, desk.reviewer, lambda view: service.dossier(view, key, case.id))
