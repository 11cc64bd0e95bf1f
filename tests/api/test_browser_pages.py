"""Rounds and contests as a real browser shows them, in both languages."""

import re
from dataclasses import replace
from html import unescape

import pytest

from registry.awards import rounds
from registry.awards.round_model import PublishRound, Round
from registry.house import House
from registry.values.money import Money
from tests import chromium
from tests.api import contests
from tests.conftest import FixedClock
from tests.live import application_of, live
from tests.registry.awards.grant_builders import (
    Office,
    an_application,
    an_office,
    apply,
    assess,
    instruct,
    of_another,
    pay,
    post_notice,
    review,
    sign_all,
)
from tests.registry.awards.scoring_builders import SHEET, some_terms
from tests.registry.exchange.builders import do
from tests.registry.policy.applicants import YIZHOU
from tests.world import DATASET, World

LANGUAGES = {"en": "en-US", "zh": "zh-CN"}


def shown(house: House, path: str) -> dict[str, str]:
    """Return the text of a page in each language as the browser shows it."""
    with live(lambda url: application_of(house, url)) as url:
        pages = {name: chromium.read(f"{url}{path}", stated) for name, stated in LANGUAGES.items()}
    assert '<html lang="en">' in pages["en"]
    assert '<html lang="zh-CN">' in pages["zh"]
    texts = {name: unescape(re.sub(r"<[^>]+>", " ", page)) for name, page in pages.items()}
    for text in texts.values():
        assert not re.findall(r"\bpage_[a-z_]+", text), "a code without words"
    return {name: re.sub(r"\s+", " ", text) for name, text in texts.items()}


def a_round(office: Office, clock: FixedClock, *, scored: bool) -> Round:
    terms = replace(
        some_terms(office, clock, SHEET if scored else None),
        budget=Money.of_yuan("300000"),
        extra_items=("现场演示",),
    )
    instrument = "yz-14b" if scored else "yz-8-case"
    command = PublishRound(instrument, terms)
    return do(office.house, office.registrar, lambda work: rounds.publish_round(work, command))


def test_a_round_shows_guide_window_budget_checklist_and_score_sheet(house: House, clock: FixedClock) -> None:
    office = an_office(house, clock, YIZHOU)
    made = a_round(office, clock, scored=True)
    clock.set(made.now.opens_at)
    for text in shown(house, f"/rounds/{made.id}").values():
        for said in ("2026年第一轮", "https://www.example.gov.cn/guide/1", "¥300,000.00", "现场演示"):
            assert said in text
        assert "数据规模" in text
        assert made.now.opens_at.civil_day().isoformat() in text
    texts = shown(house, "/rounds?state=open")
    assert "Rounds" in texts["en"]
    assert "open" in texts["en"]
    assert "受理中" in texts["zh"]
    assert all("2026年第一轮" in text for text in texts.values())
    closed = shown(house, "/rounds?state=closed")
    assert "No such round was published." in closed["en"]
    assert "没有符合条件的轮次" in closed["zh"]


def test_the_result_of_a_round_is_public_by_its_notice_and_not_before(house: House, clock: FixedClock) -> None:
    office = an_office(house, clock, YIZHOU)
    made = a_round(office, clock, scored=False)
    clock.set(made.now.opens_at)
    offices = (office, of_another(office))
    first, second = (
        apply(each, an_application(each, "yz-8-case", serial=str(number))) for number, each in enumerate(offices)
    )
    clock.set(made.now.closes_at)
    for case in (first, second):
        assess(office, case)
        review(office, case.id)
    do(house, office.reviewer, lambda work: rounds.allot(work, made.id))
    units = [case.lines[0].firm_name for case in (first, second)]
    texts = shown(house, f"/rounds/{made.id}")
    assert not [unit for unit in units if unit in texts["en"]], "divided, and not noticed yet"
    assert "No result was noticed yet." in texts["en"]
    sign_all(office, second.id)
    noticed = post_notice(office, second.id)
    assert noticed.notice is not None
    texts = shown(house, f"/rounds/{made.id}")
    for text in texts.values():
        assert units[1] in text
        assert "¥100,000.00" in text
        assert "https://www.example.gov.cn/notice/2" in text
    assert "in public notice until" in texts["en"]
    assert "公示中" in texts["zh"]
    clock.set(noticed.notice.ends_at)
    instruct(office, second.id)
    paid = pay(office, second.id)
    assert paid.payment is not None
    texts = shown(house, f"/rounds/{made.id}")
    assert f"paid on {paid.payment.paid_on.isoformat()}" in texts["en"]
    assert f"已于 {paid.payment.paid_on.isoformat()} 拨付" in texts["zh"]
    assert "https://www.example.gov.cn/notice/2" not in texts["en"], "the page of a notice is taken down after its term"


def test_a_dataset_shows_that_its_novelty_is_contested_and_how_it_was_decided(world: World) -> None:
    decider = contests.a_reviewer(world)
    contest = contests.a_contest(world)
    opened = world.today()
    path = f"/datasets/{DATASET}"
    texts = shown(world.house, path)
    assert f"since {opened}" in texts["en"]
    assert "首发争议" in texts["zh"]
    for text in texts.values():
        assert contests.OWN not in text, "a draft is nobody's to know of"
        assert "我方2025年已采集" not in text
    decided = contests.decide(world, decider, contest, "moves", day="2025-11-03", place="silk.example")
    number = decided["decision"]["number"]
    texts = shown(world.house, path)
    assert f"decided on {world.today()} by decision {number}: the other dataset was first." in texts["en"]
    assert "First public on 2025-11-03 in silk.example." in texts["en"]
    assert f"以第 {number} 号决定作出处理： 对方数据集为首次发布。" in texts["zh"]
    assert "采集日志可信" not in texts["zh"], "reasons are the sides'"


@pytest.mark.parametrize("path", ["/rounds", "/rounds?state=nonsense"])
def test_without_rounds_the_page_says_so(house: House, path: str) -> None:
    assert "No such round was published." in shown(house, path)["en"]
