"""The probe of notice pages: a real page, a real probe, the API and what a payment makes of it."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cli.probing import Kept, Round, probe_round
from registry.actors.model import Role
from registry.dossier.rules import recompute_bytes
from registry.values.moment import Moment
from sancai.client import Client
from sancai.errors import UnavailableError
from sancai.notice_probes import NoticeProbes
from storage.web_pages import read_page
from tests import world as steps
from tests.api.samples import PROBE_TERM, run_once
from tests.live import application_of, live
from tests.world import AWARD_LINE, OFFICE, OTHER_OFFICE, PUBLISHER, STRANGER, World

CAPTURE = b"<h1>\xe5\x85\xac\xe7\xa4\xba</h1>"


class Board:
    """A web page that may change and go."""

    def __init__(self) -> None:
        self.content, self.status, self.cut = CAPTURE, "200 OK", False

    def __call__(self, _: Any, start: Any) -> list[bytes]:
        start(self.status, [("Content-Type", "text/html"), ("Content-Length", str(len(self.content)))])
        return [self.content[: len(self.content) // 2] if self.cut else self.content]


@contextmanager
def a_board() -> Iterator[tuple[Board, str]]:
    board = Board()
    with live(lambda _: board) as url:
        yield board, f"{url}/notice/1"


def post(world: World, case: str, url: str, status: int = 200) -> Any:
    body = {"page_url": url, "capture_sha256": hashlib.sha256(CAPTURE).hexdigest()}
    return world.as_(OFFICE, Role.REVIEWER).post(f"/v1/cases/{case}/notice", body, status=status)


def probing(world: World) -> None:
    world.as_(OFFICE, Role.REGISTRAR).post("/v1/notice-probe-terms", PROBE_TERM)


def record(world: World, case: str) -> Any:
    return world.as_(PUBLISHER).get(f"/v1/cases/{case}/notice-probes")


def a_prober(world: World, office: str = OFFICE) -> Any:
    """Return a client of a probe, with a token of this hour."""
    login = f"{office}.probe-{len(world.ids)}"
    stated = {"login": login, "display_name": "probe", "roles": ["prober"]}
    made = world.as_(office, Role.REGISTRAR).post("/v1/officers", stated)
    world.ids[login] = made["id"]
    return world.web.as_token(steps.machine_token(world.web, made))


def look(world: World, case: str, **changes: Any) -> dict[str, Any]:
    seen = {"status": 200, "page_sha256": hashlib.sha256(CAPTURE).hexdigest(), "found": False}
    return {"case": case, "probed_at": str(world.clock.now()), **seen, **changes}


def stated(world: World, *looks: dict[str, Any], client: Any = None) -> list[str | None]:
    answer = (client or a_prober(world)).post("/v1/notice-probes", {"probes": list(looks)}, status=200)
    return [each["refused"] for each in answer["items"]]


def test_a_page_that_was_gone_for_two_days_prolongs_the_notice_by_them(world: World, tmp_path: Path) -> None:
    case, kept = world.ids["case"], Kept.at(tmp_path / "probe.json")
    payer = world.as_(OFFICE, Role.PAYER)
    steps.review(world, case)
    steps.sign(world, case)
    probing(world)
    with a_board() as (board, page), live(lambda url: application_of(world.house, url)) as service:
        noticed = post(world, case, page)["notice"]
        assert (noticed["probed"], noticed["prolonged_to"]) == (True, None)

        def look_after(hours: float) -> Round:
            world.clock.advance(timedelta(hours=hours))
            client = Client(service, a_prober(world).token)
            read = partial(read_page, private_allowed=True)
            return probe_round(lambda: client.notice_probes, read, lambda: world.clock.now().instant, kept)

        assert look_after(1) == Round(looked=1, seen=1, sent=1, waiting=0)
        board.content = f"<nav>new</nav><p>{noticed['lines_digest']}</p>".encode()
        assert look_after(20).seen == 1
        board.status = "404 Not Found"
        assert look_after(20).seen == 0
        assert record(world, case)["ends_at"] == noticed["ends_at"]
        board.status, board.content = "200 OK", b"<p>another notice</p>"
        assert look_after(20).seen == 0
        # Unseen for 40 hours by now: the end moves on with the clock.
        assert record(world, case)["ends_at"] > noticed["ends_at"]
        board.content = CAPTURE
        assert look_after(10).seen == 1
        for _ in range(9):
            look_after(20)
        found = record(world, case)
    # 50 hours, through 24:00 of the day they come to.
    ends = Moment.of_text(noticed["ends_at"]).plus(timedelta(days=3))
    assert (found["ends_at"], found["stated_ends_at"]) == (str(ends), noticed["ends_at"])
    assert [each["sighting"] for each in found["items"]][:5] == ["same", "changed", "missing", "missing", "same"]
    assert len(found["gaps"]) == 1
    shown = world.as_(PUBLISHER).get(f"/v1/cases/{case}")["notice"]
    assert (shown["ends_at"], shown["prolonged_to"]) == (noticed["ends_at"], str(ends))
    instruction = steps.instruction(AWARD_LINE, "V-1")
    assert Moment.of_text(noticed["ends_at"]) < world.clock.now() < ends
    steps.ask_credit(world, case)
    refused = payer.post(f"/v1/cases/{case}/instruction", instruction, status=422)
    assert [each["code"] for each in refused["obstacles"]] == ["notice_still_runs"]
    assert [each["ends_at"] for each in world.web.get("/v1/notices")["items"] if each["case"] == case] == [str(ends)]
    world.clock.advance(ends.instant - world.clock.now().instant)
    steps.ask_credit(world, case)
    payer.post(f"/v1/cases/{case}/instruction", instruction, status=200)
    steps.pay(world, case)
    run_once(world.house)
    dossier = world.as_(PUBLISHER).raw("GET", f"/v1/cases/{case}/dossier").get_data()
    assert len(json.loads(dossier)["notice_probes"]["probes"]) == 14
    assert recompute_bytes(dossier, [world.house.signing_key.verifier]) == []


def test_an_office_without_a_probe_says_so_and_prolongs_nothing(world: World) -> None:
    case = world.ids["case"]
    steps.review(world, case)
    world.as_(PUBLISHER).get(f"/v1/cases/{case}/notice-probes", status=409)
    noticed = post(world, case, "https://www.example.gov.cn/1")["notice"]
    world.clock.advance(timedelta(seconds=1))
    probing(world)
    world.clock.advance(timedelta(hours=60))
    found = record(world, case)
    assert (noticed["probed"], found["limit_hours"], found["ends_at"]) == (False, None, noticed["ends_at"])
    assert a_prober(world).get("/v1/probed-notices")["items"] == []
    post(world, case, "https://www.example.gov.cn/2", status=409)


def test_a_page_nobody_sees_any_more_is_posted_anew(world: World) -> None:
    case = world.ids["case"]
    probing(world)
    steps.review(world, case)
    post(world, case, "https://www.example.gov.cn/1")
    post(world, case, "https://www.example.gov.cn/2", status=409)
    world.clock.advance(timedelta(days=20))
    assert Moment.of_text(record(world, case)["ends_at"]) > world.clock.now()
    again = post(world, case, "https://www.example.gov.cn/2")["notice"]
    assert (again["page_url"], again["prolonged_to"]) == ("https://www.example.gov.cn/2", None)
    assert stated(world, look(world, case)) == [None]


def test_what_is_stated_late_ahead_or_otherwise_than_before_closes_no_gap(world: World) -> None:
    case = world.ids["case"]
    probing(world)
    steps.review(world, case)
    noticed = post(world, case, "https://www.example.gov.cn/1")["notice"]
    posted = Moment.of_text(noticed["posted_at"])
    world.clock.advance(timedelta(hours=30))
    now, client = world.clock.now(), a_prober(world)
    late = look(world, case, probed_at=str(posted.plus(timedelta(hours=15))))
    ahead = look(world, case, probed_at=str(now.plus(timedelta(minutes=3))))
    before = look(world, case, probed_at=str(posted.plus(-timedelta(seconds=1))))
    strange = look(world, world.ids["batch"])
    assert stated(world, late, ahead, before, strange, client=client) == [
        None,
        "probe_ahead",
        "probe_before_notice",
        "notice_not_posted",
    ]
    found = record(world, case)
    assert [(each["sighting"], each["late"]) for each in found["items"]] == [("same", True)]
    assert found["ends_at"] > noticed["ends_at"]
    # Again is as once; the same instant with another story is refused.
    other = {**late, "status": None, "page_sha256": None}
    assert stated(world, late, client=client) == [None]
    assert stated(world, other, client=client) == ["probe_recorded_differently"]
    assert len(record(world, case)["items"]) == 1
    assert stated(world, look(world, case), client=a_prober(world, OTHER_OFFICE)) == ["case_not_found"]
    contradicting = look(world, case, status=None)
    assert client.post("/v1/notice-probes", {"probes": [contradicting]}, status=400)["code"] == (
        "probe_contradicts_itself"
    )


def test_a_notice_is_probed_on_while_its_review_is_done_again(world: World) -> None:
    case = world.ids["case"]
    steps.review(world, case)
    probing(world)
    post(world, case, "https://www.example.gov.cn/notice/1")
    prober = a_prober(world)

    def wanted() -> list[str]:
        return [each["case"] for each in prober.get("/v1/probed-notices")["items"]]

    assert wanted() == [case]
    reviewer = world.as_(OFFICE, Role.REVIEWER)
    assert reviewer.post(f"/v1/cases/{case}/recusals", {"reason": "tie"})["state"] == "applied"
    assert wanted() == [case]
    assert stated(world, look(world, case), client=prober) == [None]


def test_a_probe_can_do_nothing_else_and_nobody_else_can_probe(world: World) -> None:
    case, client = world.ids["case"], a_prober(world)
    assert client.post("/v1/tokens", {"label": "x", "scopes": ["probe"], "expires_in_days": 1}, status=403)
    for path in (f"/v1/cases/{case}", "/v1/members", "/v1/samples"):
        client.get(path, status=403)
    for party, role in ((OFFICE, Role.REVIEWER), (OFFICE, Role.REGISTRAR), (STRANGER, Role.OWNER)):
        world.as_(party, role).post("/v1/notice-probes", {"probes": [look(world, case)]}, status=403)
    mixed = {"login": "yizhou.both", "display_name": "x", "roles": ["prober", "reviewer"]}
    world.as_(OFFICE, Role.REGISTRAR).post("/v1/officers", mixed, status=400)


def test_what_was_seen_while_the_service_was_down_waits_and_comes_late(world: World, tmp_path: Path) -> None:
    case, path = world.ids["case"], tmp_path / "probe.json"
    probing(world)
    steps.review(world, case)

    def down() -> NoticeProbes:
        raise UnavailableError("unreachable", "The service does not answer.")

    with a_board() as (_, page), live(lambda url: application_of(world.house, url)) as service:
        post(world, case, page)
        read = partial(read_page, private_allowed=True)

        def now() -> Any:
            return world.clock.now().instant

        client = Client(service, a_prober(world).token)
        assert probe_round(lambda: client.notice_probes, read, now, Kept.at(path)).sent == 1
        world.clock.advance(timedelta(hours=1))
        failed = probe_round(down, read, now, Kept.at(path))
        assert failed == Round(looked=1, seen=1, sent=0, waiting=1, failure="unreachable")
        world.clock.advance(timedelta(hours=1))
        client = Client(service, a_prober(world).token)
        assert probe_round(lambda: client.notice_probes, read, now, Kept.at(path)).sent == 2
    assert Kept.at(path).waiting == []
    assert [(each["sighting"], each["late"]) for each in record(world, case)["items"]] == [
        ("same", False),
        ("same", True),
        ("same", False),
    ]


@pytest.mark.parametrize("hours", [1, 169])
def test_a_limit_out_of_range_is_refused(world: World, hours: int) -> None:
    world.as_(OFFICE, Role.REGISTRAR).post("/v1/notice-probe-terms", {**PROBE_TERM, "limit_hours": hours}, status=400)


def test_a_page_that_is_taken_down_while_it_is_read_was_not_seen(world: World, tmp_path: Path) -> None:
    case, kept = world.ids["case"], Kept.at(tmp_path / "probe.json")
    steps.review(world, case)
    probing(world)
    with a_board() as (board, page), live(lambda url: application_of(world.house, url)) as service:
        post(world, case, page)

        def look_now() -> Round:
            world.clock.advance(timedelta(hours=1))
            client = Client(service, a_prober(world).token)
            read = partial(read_page, private_allowed=True)
            return probe_round(lambda: client.notice_probes, read, lambda: world.clock.now().instant, kept)

        # The first half of the very bytes of the capture is no page.
        board.cut = True
        assert look_now() == Round(looked=1, seen=0, sent=1, waiting=0)
        board.cut = False
        assert look_now().seen == 1
    assert [each["sighting"] for each in record(world, case)["items"]] == ["missing", "same"]
