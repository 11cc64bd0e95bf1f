"""Webhooks over HTTP: made, tested, delivered, replayed, rotated, disabled; nothing is sent where it must not be."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cli.working import deliver_messages
from registry.actors.model import Role
from registry.house import House
from tests.storage.test_outbox import Receiver, served
from tests.web import Web
from tests.world import OFFICE, OPEN_DATASET, PUBLISHER, STRANGER, World


@pytest.fixture
def inside(world: World) -> House:
    """The house of the world, with receivers in an own network allowed."""
    house = replace(world.house, settings=replace(world.house.settings, private_webhooks=True))
    world.web.app.extensions["house"] = house
    return house


def made(client: Web, url: str, *topics: str, **more: Any) -> Any:
    return client.post("/v1/webhooks", {"url": url, "topics": list(topics), **more})


def signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Return whether a message is signed with ``secret``, as a receiver checks it."""
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return wanted in headers["webhook-signature"].split(" ")


def test_a_test_message_arrives_signed_and_can_be_replayed(world: World, inside: House) -> None:
    owner, receiver = world.as_(PUBLISHER), Receiver(500)
    with served(receiver):
        webhook = made(owner, receiver.address, "version.published")
        path = f"/v1/webhooks/{webhook['id']}"
        sent = owner.post(f"{path}/test")
        deliver_messages(inside)
        (failed,) = owner.get(f"{path}/deliveries")["items"]
        assert (failed["state"], failed["attempts"], failed["reason"]) == ("waiting", 1, "answered 500")
        owner.post(f"{path}/deliveries/{sent['id']}/replay", status=200)
        deliver_messages(inside)
    assert owner.get(f"{path}/deliveries", state="delivered")["items"][0]["id"] == sent["id"]
    assert owner.get(f"{path}/deliveries", state="parked")["items"] == []
    assert {headers["webhook-id"] for headers, _ in receiver.received} == {sent["id"]}
    headers, body = receiver.received[-1]
    assert signed(webhook["secret"], headers, body)
    assert json.loads(body)["type"] == "webhook.tested"


def test_after_a_rotation_both_secrets_sign_for_a_day(world: World, inside: House) -> None:
    owner, receiver = world.as_(PUBLISHER), Receiver()
    with served(receiver):
        webhook = made(owner, receiver.address, "version.published")
        path = f"/v1/webhooks/{webhook['id']}"
        rotated = owner.post(f"{path}/rotate", status=200)
        assert owner.get(f"{path}/secret")["secret"] == rotated["secret"] != webhook["secret"]
        owner.post(f"{path}/test")
        deliver_messages(inside)
        world.clock.advance(timedelta(days=1))
        owner.post(f"{path}/test")
        deliver_messages(inside)
    (first, second) = receiver.received
    assert signed(webhook["secret"], *first)
    assert signed(rotated["secret"], *first)
    assert signed(rotated["secret"], *second)
    assert not signed(webhook["secret"], *second)


def test_what_waits_for_a_disabled_webhook_is_parked(world: World, inside: House) -> None:
    owner, receiver = world.as_(PUBLISHER), Receiver()
    with served(receiver):
        webhook = made(owner, receiver.address, "version.published")
        path = f"/v1/webhooks/{webhook['id']}"
        owner.post(f"{path}/test")
        owner.post(f"{path}/disable", status=200)
        deliver_messages(inside)
    assert receiver.received == []
    assert owner.get(f"{path}/deliveries")["items"][0]["state"] == "parked"
    assert owner.post(f"{path}/test", status=409)["code"] == "webhook_disabled"


def test_a_follower_is_told_of_a_new_version_of_anothers_dataset(world: World, inside: House) -> None:
    stranger, receiver = world.as_(STRANGER), Receiver()
    with served(receiver):
        made(stranger, receiver.address, "version.withdrawn", datasets=[OPEN_DATASET])
        world.as_(PUBLISHER).post(f"/v1/datasets/{OPEN_DATASET}/versions/v1/withdraw", {"reason": "有误"}, status=200)
        deliver_messages(inside)
    ((_, body),) = receiver.received
    assert json.loads(body)["data"]["name"] == f"{OPEN_DATASET}@v1"


def test_addresses_inside_are_refused_with_the_reason(world: World) -> None:
    body = {"url": "http://127.0.0.1:8470/", "topics": ["version.published"]}
    refused = world.as_(PUBLISHER).post("/v1/webhooks", body, status=400)
    assert refused["code"] == "webhook_target_private"
    assert "SANCAI_PRIVATE_WEBHOOKS" in refused["detail"]


def test_an_address_that_leads_inside_later_gets_nothing(world: World, inside: House) -> None:
    owner, receiver = world.as_(PUBLISHER), Receiver()
    with served(receiver):
        webhook = made(owner, receiver.address, "version.published")
        owner.post(f"/v1/webhooks/{webhook['id']}/test")
        deliver_messages(world.house)
    (found,) = owner.get(f"/v1/webhooks/{webhook['id']}/deliveries")["items"]
    assert receiver.received == []
    assert found["reason"] == "not sent: webhook_target_private host=127.0.0.1 address=127.0.0.1"


def test_one_receiver_that_is_down_holds_up_no_other(world: World, inside: House) -> None:
    owner, stranger, receiver = world.as_(PUBLISHER), world.as_(STRANGER), Receiver()
    with served(receiver):
        down = made(owner, "http://127.0.0.1:1/", "version.published")
        up = made(stranger, receiver.address, "version.published")
        for _ in range(3):
            owner.post(f"/v1/webhooks/{down['id']}/test")
            stranger.post(f"/v1/webhooks/{up['id']}/test")
        deliver_messages(inside)
    attempts = [each["attempts"] for each in owner.get(f"/v1/webhooks/{down['id']}/deliveries")["items"]]
    assert len(receiver.received) == 3
    assert sorted(attempts) == [0, 0, 1]


def test_a_webhook_is_not_found_by_another_party(world: World) -> None:
    webhook = made(world.as_(PUBLISHER), "https://1.1.1.1/", "version.published")
    world.as_(STRANGER).get(f"/v1/webhooks/{webhook['id']}/secret", status=404)
    world.as_(OFFICE, Role.REGISTRAR).get(f"/v1/webhooks/{webhook['id']}/deliveries", status=404)


def test_a_party_has_a_limited_number(world: World) -> None:
    owner = world.as_(PUBLISHER)
    for number in range(10):
        made(owner, f"https://1.1.1.1/{number}", "version.published")
    body = {"url": "https://1.1.1.1/", "topics": ["version.published"]}
    assert owner.post("/v1/webhooks", body, status=409)["code"] == "webhooks_many"


def test_deliveries_come_page_by_page(world: World) -> None:
    owner = world.as_(PUBLISHER)
    webhook = made(owner, "https://1.1.1.1/", "version.published")
    path = f"/v1/webhooks/{webhook['id']}"
    sent = [owner.post(f"{path}/test")["id"] for _ in range(3)]
    first = owner.get(f"{path}/deliveries", limit=2)
    second = owner.get(f"{path}/deliveries", limit=2, cursor=first["next_cursor"])
    assert [each["id"] for each in first["items"] + second["items"]] == sent[::-1]
    assert second["next_cursor"] is None
