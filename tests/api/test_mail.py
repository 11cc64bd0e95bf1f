"""Mail to members: confirmed first, in their language, left with one click; none lost when the server dies."""

import base64
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest

from cli.working import deliver_messages
from registry.house import House
from storage.settings import MailServer, SettingsError, read_settings
from tests.storage.test_outbox import MailReceiver, now_due, served
from tests.web import Web
from tests.world import BUYER, OPEN_DATASET, PUBLISHER, STRANGER, World


@pytest.fixture
def desk() -> Iterator[MailReceiver]:
    """A mail server that keeps what it is handed."""
    server = MailReceiver()
    with served(server):
        yield server


@pytest.fixture
def house(world: World, desk: MailReceiver) -> House:
    """The house of the world, with that mail server."""
    settings = replace(world.house.settings, mail=MailServer("127.0.0.1", desk.server_address[1], "desk@sancai.test"))
    made = replace(world.house, settings=settings)
    world.web.app.extensions["house"] = made
    return made


def mails(desk: MailReceiver) -> list[EmailMessage]:
    return [cast("EmailMessage", message_from_string(each, policy=policy.default)) for each in desk.mails]


def text(mail: EmailMessage) -> str:
    return base64.b64decode(mail.get_payload()).decode() if mail["Content-Transfer-Encoding"] == "base64" else ""


def stated(client: Web, house: House, desk: MailReceiver, address: str = "li@x.test", language: str = "zh") -> str:
    """State an address and return the code that was mailed there."""
    client.post("/v1/me/mail", {"address": address, "language": language, "topics": None}, status=200)
    deliver_messages(house)
    found = re.search(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", text(mails(desk)[-1]))
    assert found
    return found[0]


def confirmed(client: Web, house: House, desk: MailReceiver, address: str = "li@x.test", language: str = "zh") -> None:
    client.post("/v1/me/mail/verify", {"code": stated(client, house, desk, address, language)}, status=200)


def withdraw(world: World) -> None:
    path = f"/v1/datasets/{OPEN_DATASET}/versions/v1/withdraw"
    world.as_(PUBLISHER).post(path, {"reason": "仪表有误"}, status=200)


def test_nothing_is_sent_before_the_code_came_back(world: World, house: House, desk: MailReceiver) -> None:
    follower = world.as_(STRANGER)
    code = stated(follower, house, desk)
    follower.post(f"/v1/datasets/{OPEN_DATASET}/follow", status=200)
    withdraw(world)
    deliver_messages(house)
    assert len(desk.mails) == 1
    assert follower.post("/v1/me/mail/verify", {"code": "AAAA"}, status=400)["code"] == "mail_code_wrong"
    assert follower.post("/v1/me/mail/verify", {"code": code.lower()}, status=200)["verified_at"]


def test_a_follower_reads_of_a_withdrawal_in_the_own_language(world: World, house: House, desk: MailReceiver) -> None:
    for party, language in ((STRANGER, "en"), (BUYER, "zh")):
        confirmed(world.as_(party), house, desk, f"{party}@x.test", language)
        world.as_(party).post(f"/v1/datasets/{OPEN_DATASET}/follow", status=200)
    assert world.as_(BUYER).get("/v1/me/follows")["items"] == [OPEN_DATASET]
    withdraw(world)
    deliver_messages(house)
    told = {mail["To"]: mail for mail in mails(desk)[2:]}
    assert told[f"{STRANGER}@x.test"]["Subject"] == f"[Sancai] version withdrawn: {OPEN_DATASET}@v1"
    assert told[f"{BUYER}@x.test"]["Subject"] == f"【三采】版本撤回：{OPEN_DATASET}@v1"
    assert "仪表有误" in text(told[f"{BUYER}@x.test"])
    assert f"http://sancai.test/datasets/{OPEN_DATASET}?version=v1" in text(told[f"{BUYER}@x.test"])


def test_one_click_ends_all_mail_without_signing_in(world: World, house: House, desk: MailReceiver) -> None:
    follower = world.as_(STRANGER)
    confirmed(follower, house, desk)
    follower.post(f"/v1/datasets/{OPEN_DATASET}/follow", status=200)
    withdraw(world)
    deliver_messages(house)
    mail = mails(desk)[-1]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail["List-Unsubscribe"].strip("<>").removeprefix("http://sancai.test")
    assert world.web.raw("GET", link).status_code == 200
    assert follower.get("/v1/me/mail")["unsubscribed_at"] is None
    assert world.web.raw("POST", link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert follower.get("/v1/me/mail")["unsubscribed_at"]
    assert world.web.raw("POST", link.replace("token=acc_", "token=acc_0")[:-1]).status_code == 400


def test_the_link_of_the_code_confirms_by_its_button_only(world: World, house: House, desk: MailReceiver) -> None:
    follower = world.as_(STRANGER)
    stated(follower, house, desk)
    found = re.search(r"http://sancai.test(/mail/verify\S+)", text(mails(desk)[-1]))
    assert found
    world.web.raw("GET", found[1])
    assert follower.get("/v1/me/mail")["verified_at"] is None
    assert world.web.raw("POST", found[1]).status_code == 200
    assert follower.get("/v1/me/mail")["verified_at"]


def test_codes_run_out_and_are_few(world: World, house: House, desk: MailReceiver) -> None:
    client = world.as_(STRANGER)
    code = stated(client, house, desk)
    world.clock.advance(timedelta(days=1))
    client.post("/v1/me/mail/verify", {"code": code}, status=400)
    body = {"address": "li@x.test", "language": "zh", "topics": None}
    for _ in range(5):
        client.post("/v1/me/mail", body, status=200)
    assert client.post("/v1/me/mail", body, status=409)["code"] == "mail_codes_many"


def test_without_a_mail_server_nothing_is_promised(world: World) -> None:
    body = {"address": "li@x.test", "language": "zh", "topics": None}
    assert world.as_(STRANGER).post("/v1/me/mail", body, status=409)["code"] == "mail_not_configured"


def test_a_server_that_dies_on_the_way_loses_no_mail_and_repeats_one_at_most(
    world: World, house: House, desk: MailReceiver
) -> None:
    parties = (STRANGER, BUYER)
    for party in parties:
        confirmed(world.as_(party), house, desk, f"{party}@x.test")
        world.as_(party).post(f"/v1/datasets/{OPEN_DATASET}/follow", status=200)
    desk.mails.clear()
    withdraw(world)
    desk.dies_after = 1
    for _ in range(4):
        deliver_messages(house)
        now_due(house.database)
    told = Counter(str(mail["To"]) for mail in mails(desk))
    assert set(told) == {f"{party}@x.test" for party in parties}
    assert sum(told.values()) <= len(parties) + 1
    assert len({mail["Message-ID"] for mail in mails(desk)}) == len(parties)


@pytest.mark.parametrize(
    ("url", "sender"),
    [
        ("", "desk@x.test"),
        ("smtp://mail.x.test", ""),
        ("http://mail.x.test", "desk@x.test"),
        ("smtp://user@mail.x.test", "desk@x.test"),
        ("smtp://mail.x.test:99999", "desk@x.test"),
        ("smtp://mail.x.test/path", "desk@x.test"),
    ],
)
def test_a_mail_server_that_cannot_be_right_is_refused(tmp_path: Path, url: str, sender: str) -> None:
    with pytest.raises(SettingsError, match="SANCAI_"):
        read_settings({"SANCAI_HOME": str(tmp_path), "SANCAI_SMTP_URL": url, "SANCAI_MAIL_FROM": sender})


def test_the_password_of_the_mail_server_is_not_printed(tmp_path: Path) -> None:
    url = "smtps://desk:p%40ss@mail.x.test"
    stated = {"SANCAI_HOME": str(tmp_path), "SANCAI_SMTP_URL": url, "SANCAI_MAIL_FROM": "desk@x.test"}
    settings = read_settings(stated)
    assert settings.mail is not None
    assert (settings.mail.password, settings.mail.port, settings.mail.implicit_tls) == ("p@ss", 465, True)
    assert "p@ss" not in settings.masked()["mail"]
