"""Atom feeds: what RFC 4287 asks of a document, pages of RFC 5005, and that a reader is not sent the same twice."""

from xml.etree import ElementTree as ET

import pytest

from api import feeds
from tests import world as steps
from tests.world import OPEN_DATASET, PUBLISHER, World

ATOM = "{http://www.w3.org/2005/Atom}"


def fetched(world: World, path: str, **headers: str) -> ET.Element:
    answer = world.web.raw("GET", path, headers=headers)
    assert (answer.status_code, answer.content_type) == (200, "application/atom+xml; charset=utf-8")
    return checked(ET.fromstring(answer.data))


def checked(feed: ET.Element) -> ET.Element:
    """Return a feed after holding it to what RFC 4287 §4.1.1 and §4.1.2 demand."""
    assert feed.tag == f"{ATOM}feed"
    assert len(feed.findall(f"{ATOM}author")) >= 1
    for element in [feed, *feed.findall(f"{ATOM}entry")]:
        for tag in ("id", "title", "updated"):
            (found,) = element.findall(f"{ATOM}{tag}")
            assert found.text
        assert element.findtext(f"{ATOM}id", "").startswith("tag:")
        links = [(link.get("rel"), link.get("type")) for link in element.findall(f"{ATOM}link")]
        assert len(set(links)) == len(links)
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)
    stamps = [entry.findtext(f"{ATOM}updated", "") for entry in feed.findall(f"{ATOM}entry")]
    assert stamps == sorted(stamps, reverse=True)
    return feed


def titles(feed: ET.Element) -> list[str]:
    return [entry.findtext(f"{ATOM}title", "") for entry in feed.findall(f"{ATOM}entry")]


def link(feed: ET.Element, relation: str) -> str:
    found = [each.get("href", "") for each in feed.findall(f"{ATOM}link") if each.get("rel") == relation]
    return found[0].removeprefix("http://sancai.test") if found else ""


def withdraw(world: World) -> None:
    path = f"/v1/datasets/{OPEN_DATASET}/versions/v1/withdraw"
    world.as_(PUBLISHER).post(path, {"reason": "仪表有误"}, status=200)


@pytest.mark.parametrize(
    "path", ["/feeds/datasets.atom", "/feeds/lvtu.atom", "/feeds/LVTU.atom", f"/datasets/{OPEN_DATASET}/feed.atom"]
)
def test_publications_and_withdrawals_stand_in_the_feeds(world: World, path: str) -> None:
    before = fetched(world, path, **{"Accept-Language": "en"})
    assert f"new version: {OPEN_DATASET}@v1" in titles(before)
    withdraw(world)
    after = fetched(world, path, **{"Accept-Language": "zh"})
    assert titles(after)[0] == f"版本撤回：{OPEN_DATASET}@v1"
    assert before.findtext(f"{ATOM}id") == after.findtext(f"{ATOM}id")


def test_a_notice_stands_in_the_feed_of_notices(world: World) -> None:
    assert titles(fetched(world, "/feeds/notices.atom")) == []
    steps.review(world, world.ids["case"])
    steps.notice(world, world.ids["case"])
    (title,) = titles(fetched(world, "/feeds/notices.atom", **{"Accept-Language": "en"}))
    assert title == f"public notice: {world.ids['case']}"


def test_a_reader_that_has_it_gets_nothing_until_something_happens(world: World) -> None:
    path = f"/datasets/{OPEN_DATASET}/feed.atom"
    etag = world.web.raw("GET", path).headers["ETag"]
    assert world.web.raw("GET", path, headers={"If-None-Match": etag}).status_code == 304
    withdraw(world)
    assert world.web.raw("GET", path, headers={"If-None-Match": etag}).status_code == 200


def test_pages_lead_to_all_entries_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = titles(fetched(world, "/feeds/datasets.atom"))
    monkeypatch.setattr(feeds, "ENTRIES_MAX", 1)
    found, path = [], "/feeds/datasets.atom"
    while path:
        page = fetched(world, path)
        assert link(page, "first") == "/feeds/datasets.atom"
        found += titles(page)
        path = link(page, "next")
    assert found == whole
    assert len(whole) > 1


def test_feeds_of_nothing_are_not_found_and_cursors_are_ours(world: World) -> None:
    assert world.web.raw("GET", "/feeds/nobody-has-it.atom").status_code == 404
    assert world.web.raw("GET", "/datasets/no/such/feed.atom").status_code == 404
    assert world.web.raw("GET", "/feeds/datasets.atom?cursor=AAAA").status_code == 400


def test_an_earlier_name_leads_to_the_feed(world: World) -> None:
    world.as_(PUBLISHER).post(f"/v1/datasets/{OPEN_DATASET}/rename", {"name": "lvtu/renamed"}, status=200)
    answer = world.web.raw("GET", f"/datasets/{OPEN_DATASET}/feed.atom")
    assert (answer.status_code, answer.headers["Location"]) == (308, "/datasets/lvtu/renamed/feed.atom")


def test_pages_say_where_the_feeds_are(world: World) -> None:
    page = world.web.raw("GET", f"/datasets/{OPEN_DATASET}").get_data(as_text=True)
    assert f'href="/datasets/{OPEN_DATASET}/feed.atom"' in page
    assert 'href="/feeds/notices.atom"' in page
