"""Terms, requests and the gate as people type them, against the real service."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from registry.actors.model import Role
from tests.cli.runner import Ran, sancai
from tests.live import application_of, live
from tests.world import DATASET, OFFICE, OPEN_DATASET, PUBLISHER, STRANGER, World

Typed = Callable[..., Ran]


@pytest.fixture
def typed(world: World) -> Iterator[Typed]:
    """Runs a command as a member of a party."""
    with live(lambda url: application_of(world.house, url)) as url:

        def run(party: str, *given: str, role: str = Role.OWNER) -> Ran:
            token = world.tokens[f"{party}/{role}"]
            return sancai(*given, SANCAI_URL=url, SANCAI_TOKEN=token, SANCAI_LANG="en")

        yield run


def stated(ran: Ran) -> Any:
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_terms_are_set_read_accepted_and_ended(typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "terms.txt"
    file.write_bytes("仅限研究。\r\n".encode())
    made = stated(typed(PUBLISHER, "dataset", "terms", "set", OPEN_DATASET, str(file), "--json"))
    assert (made["number"], made["text"]) == (1, "仅限研究。\n")
    refused = typed(STRANGER, "dataset", "access", OPEN_DATASET)
    assert "sancai dataset terms accept" in refused.out
    assert "仅限研究。" in typed(STRANGER, "dataset", "terms", "show", OPEN_DATASET).out
    assert typed(STRANGER, "dataset", "terms", "accept", OPEN_DATASET, "--sha256", "0" * 64).code == 7
    accepted = typed(STRANGER, "dataset", "terms", "accept", OPEN_DATASET, "--sha256", made["sha256"])
    assert accepted.out.strip() == "Accepted: text 1."
    assert "It may be read." in typed(STRANGER, "dataset", "access", OPEN_DATASET).out
    assert "\t1\t" in typed(PUBLISHER, "dataset", "terms", "accepted", OPEN_DATASET).out
    assert stated(typed(PUBLISHER, "dataset", "terms", "end", OPEN_DATASET, "--json"))["text"] is None
    assert typed(STRANGER, "dataset", "terms", "show", OPEN_DATASET).code == 5


def test_terms_that_are_no_text_are_refused(typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "terms.txt"
    file.write_bytes("仅限研究".encode("gbk"))
    assert typed(PUBLISHER, "dataset", "terms", "set", OPEN_DATASET, str(file)).code == 3


def test_a_grant_is_asked_for_granted_explained_and_ended(typed: Typed, world: World) -> None:
    ask = ("dataset", "request", "ask", DATASET, "--purpose", "训练", "--contact", "王工", "--json")
    made = stated(typed(STRANGER, *ask))["id"]
    assert made in typed(PUBLISHER, "dataset", "request", "list", "--side", "received", "--state", "asked").out
    until = ("--until", "2027-12-31")
    assert stated(typed(PUBLISHER, "dataset", "request", "grant", made, *until, "--json"))["state"] == "granted"
    explained = typed(PUBLISHER, "dataset", "access", DATASET, "--explain", "--for", world.ids[STRANGER])
    assert "grant\tyes\tThe firm has a grant that lasts." in explained.out
    assert made in typed(PUBLISHER, "dataset", "request", "grants", DATASET).out
    assert "granted" in typed(STRANGER, "dataset", "request", "show", made).out
    assert "ended" in typed(PUBLISHER, "dataset", "request", "end", made, "--reason", "到期").out
    assert "grant\tno\t" in typed(STRANGER, "dataset", "access", DATASET, "--explain").out
    again = stated(typed(STRANGER, *ask))["id"]
    assert "refused" in typed(PUBLISHER, "dataset", "request", "refuse", again, "--reason", "用途不符").out
    last = stated(typed(STRANGER, *ask))["id"]
    assert "taken_back" in typed(STRANGER, "dataset", "request", "take-back", last).out


def test_an_owner_gates_a_dataset_and_is_told_what_cannot_be_called_back(typed: Typed) -> None:
    change = ("dataset", "access", OPEN_DATASET, "--set", "gated")
    assert typed(PUBLISHER, *change).code == 2, "a change says why"
    done = typed(PUBLISHER, *change, "--reason", "合同要求")
    assert f"{OPEN_DATASET}: public → gated" in done.out
    assert "What was downloaded before cannot be called back" in done.out
    assert typed(PUBLISHER, *change, "--reason", "合同要求").code == 6
    assert "grant\tno\t" in typed(STRANGER, "dataset", "access", OPEN_DATASET, "--explain").out
    opened = typed(PUBLISHER, "dataset", "access", OPEN_DATASET, "--set", "public", "--reason", "开放", "--json")
    assert stated(opened)["access"] == "public"


def test_staff_open_and_end_an_access_and_recall_and_the_owner_sees_all_of_it(typed: Typed) -> None:
    for_staff = ("dataset", "staff", "open", DATASET, "--days", "2", "--reason", "核验", "--json")
    made = stated(typed(OFFICE, *for_staff, role=Role.REVIEWER))["id"]
    assert made in typed(PUBLISHER, "dataset", "staff", "list", DATASET).out
    assert typed(PUBLISHER, "dataset", "staff", "reads", made).code == 0
    assert made in typed(OFFICE, "dataset", "staff", "end", made, role=Role.REVIEWER).out
    orders = ("--reason", "个人信息", "--basis", "数据安全法 44", "--document", "伊数〔2026〕7号")
    assert typed(OFFICE, "dataset", "recall", DATASET, *orders, role=Role.REVIEWER).code == 2
    done = typed(OFFICE, "dataset", "recall", f"{DATASET}@v1", *orders, role=Role.REVIEWER)
    assert "recalled" in done.out, done.err
    assert "yes" in typed(PUBLISHER, "dataset", "holders", f"{DATASET}@v1").out


def test_an_erasure_is_requested_by_one_officer_and_confirmed_by_another(typed: Typed, world: World) -> None:
    orders = ("--reason", "个人信息", "--basis", "个人信息保护法 47", "--document", "9号", "--json")
    ask = ("admin", "erase", "request", f"{OPEN_DATASET}@v1")
    assert typed(PUBLISHER, *ask, *orders).code == 4
    first = stated(typed(OFFICE, *ask, *orders, role=Role.REVIEWER))["id"]
    assert "taken_back" in typed(OFFICE, "admin", "erase", "take-back", first, role=Role.REVIEWER).out
    made = stated(typed(OFFICE, *ask, *orders, role=Role.REVIEWER))["id"]
    assert typed(OFFICE, "admin", "erase", "confirm", made, role=Role.REVIEWER).code == 4
    assert "confirmed" in typed(OFFICE, "admin", "erase", "confirm", made, role=Role.SECTION_HEAD).out
    assert made in typed(OFFICE, "admin", "erase", "list", role=Role.AUDITOR).out
    assert "0/1" in typed(OFFICE, "admin", "erase", "show", made, role=Role.AUDITOR).out
    assert "erased" in typed(PUBLISHER, "dataset", "access", f"{OPEN_DATASET}@v1").out
