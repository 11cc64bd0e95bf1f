"""``sancai webhook``, quotas, mail and usage in processes of their own, against the real service."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from storage.settings import MailServer
from tests.cli.runner import Ran, sancai
from tests.live import live
from tests.world import OFFICE, OPEN_DATASET, PUBLISHER, World

Run = Callable[..., Ran]


@pytest.fixture
def run(world: World) -> Iterator[Run]:
    """Run a command as the member ``who`` of the world, whose mail server nobody speaks to."""
    settings = replace(world.house.settings, mail=MailServer("127.0.0.1", 1, "desk@x.test"))
    world.web.app.extensions["house"] = replace(world.house, settings=settings)
    with live(lambda _: world.web.app) as url:

        def ran(who: str, *arguments: str) -> Ran:
            return sancai(*arguments, SANCAI_URL=url, SANCAI_TOKEN=world.tokens[who], SANCAI_LANG="en")

        yield ran


def made(run: Run, who: str, *arguments: str) -> Any:
    """Run a command with ``--json`` and return what it printed."""
    done = run(who, *arguments, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


OWNER = f"{PUBLISHER}/owner"


def test_a_webhook_is_made_tested_listed_rotated_and_disabled(run: Run) -> None:
    webhook = made(
        run,
        OWNER,
        "webhook",
        "create",
        "https://1.1.1.1/hook",
        "--topic",
        "version.published",
        "--dataset",
        OPEN_DATASET,
    )
    assert webhook["secret"].startswith("whsec_")
    assert made(run, OWNER, "webhook", "secret", webhook["id"])["secret"] == webhook["secret"]
    sent = made(run, OWNER, "webhook", "test", webhook["id"])
    assert [each["id"] for each in made(run, OWNER, "webhook", "deliveries", webhook["id"])] == [sent["id"]]
    assert made(run, OWNER, "webhook", "replay", webhook["id"], sent["id"])["state"] == "waiting"
    assert made(run, OWNER, "webhook", "rotate", webhook["id"])["secret"] != webhook["secret"]
    assert made(run, OWNER, "webhook", "disable", webhook["id"])["state"] == "disabled"
    assert "disabled" in run(OWNER, "webhook", "list").out
    refused = run(OWNER, "webhook", "create", "http://127.0.0.1/", "--topic", "version.published")
    assert (refused.code, "127.0.0.1" in refused.err) == (3, True)


def test_an_office_sets_the_quota_that_a_firm_reads(run: Run, world: World) -> None:
    firm = world.ids[PUBLISHER]
    made(run, f"{OFFICE}/registrar", "firm", "quota", firm, "--bytes", "2GiB", "--drafts", "7")
    lines = {each["figure"]: each for each in made(run, OWNER, "account", "quota")["lines"]}
    assert (lines["bytes_stored"]["limit"], lines["drafts_open"]["limit"]) == (2 << 30, 7)
    assert "2.0 GiB" in run(OWNER, "account", "quota").out
    back = made(run, f"{OFFICE}/registrar", "firm", "quota", firm, "--drafts", "default")
    assert {each["figure"]: each["set_by"] for each in back["lines"]}["drafts_open"] == "release"


def test_mail_is_stated_and_datasets_are_followed(run: Run) -> None:
    stated = run(OWNER, "account", "mail", "set", "li@x.test", "--topic", "case.paid")
    assert (stated.code, "account mail verify" in stated.err) == (0, True)
    assert run(OWNER, "account", "mail", "verify", "AAAA-AAAA").code == 3
    assert made(run, OWNER, "account", "mail", "show")["topics"] == ["case.paid"]
    assert made(run, OWNER, "dataset", "follow", OPEN_DATASET)["following"]
    assert not made(run, OWNER, "dataset", "unfollow", OPEN_DATASET)["following"]
    assert run(OWNER, "account", "mail", "remove").code == 0
    assert run(OWNER, "account", "mail", "show").code == 5


def test_usage_is_shown_by_day(run: Run, world: World) -> None:
    world.web.post(f"/v1/datasets/{OPEN_DATASET}/versions/v1/reads", {"paths": ["data/wind.csv"]}, status=200)
    (day,) = made(run, OWNER, "dataset", "usage", OPEN_DATASET)
    assert (day["reads"], day["downloads"]) == (1, 0)
