import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from registry.policy.kinds import Fixed, Percent, ScoredRange
from registry.policy.loader import load_shipped
from registry.policy.model import CapPeriod, CapScope
from registry.values.money import Money
from tests.checks.policy_page import PAGE, policy_page
from tests.registry.policy.documents import revision

YIZHOU = revision("yizhou-2-year-measures", 1)

CLAUSE_4 = (
    "设立总额度1000万元的“伊州数据券”和“伊州算力券”……每年可申领不超过其数据采购费用或算力服务费用30%的券补贴，"
    "单个企业年度补贴总额不超过50万元。"
)
CLAUSE_14A = "对首次公开发布且被3家以上国内行业龙头企业采信使用的高质量数据集，给予一次性奖励5万元。"
CLAUSE_14B = "对企业向数据交易服务机构开放高质量数据集（经脱敏处理），按数据规模和应用价值给予10-50万元奖励。"
CHAPTER_4 = "本措施自印发之日起施行，有效期2年。"

GOLDEN = {
    ("datong-2022-policies", 1): "sha256:5e2ba4057b64f92bc32c0bcead9838fd3e0ad6e3090dd57ea2b6d1a087241199",
    ("datong-2024-base-plan", 1): "sha256:73a24c98efb6861e20e58f577c54b3aa346915a4a07d1be1de3685a03490db8e",
    ("liaocheng-2025-measures", 1): "sha256:384dc2b544afe1f696e87e8098d88e5e8335fbb27dbe9ea5696cb101a5d66fbb",
    ("liaocheng-2025-measures", 2): "sha256:fef8b2d7b16eb0acef9414ba6080e647e6274e114f843f3b1b083e324b6f1091",
    ("xunwu-2022-measures", 1): "sha256:6da453cd9bab815b2b4e0df32e133a449a93ce20ee4463564f1df93243ed0d8a",
    ("yizhou-2-year-measures", 1): "sha256:cbf316cf7fbd2e676655a7e2d51084e34cf28a444f8f6c205f47453efd8f7bdf",
    ("yizhou-2-year-measures", 2): "sha256:68b84ed06d5112662db79737513fe026a88e9136897006c5bc1fe9ed4a333118",
}


def ten_thousands(clause: str) -> list[Money]:
    """Return the amounts of a clause written in 万元, in order."""
    return [Money(int(figure) * 1_000_000) for figure in re.findall(r"(\d+)(?=万元|-\d+万元)", clause)]


def test_a_shipped_revision_is_never_edited() -> None:
    # When this fails, restore the file and add your change as a new revision with its own line here.
    shipped = {(each.revision.document, each.revision.number): str(each.revision.digest) for each in load_shipped()}
    assert shipped == GOLDEN


@pytest.mark.parametrize("instrument_id", ["yz-4-data", "yz-4-compute"])
def test_the_vouchers_have_the_figures_of_clause_4(instrument_id: str) -> None:
    voucher = YIZHOU.instrument(instrument_id)
    percent = re.search(r"(\d+)%", CLAUSE_4)
    assert isinstance(voucher.terms, Percent)
    assert percent is not None
    assert voucher.terms.rate.basis_points == int(percent[1]) * 100
    assert [voucher.cap(CapScope.POOL).amount, voucher.cap(CapScope.FIRM).amount] == ten_thousands(CLAUSE_4)


def test_both_vouchers_share_their_caps() -> None:
    assert YIZHOU.instrument("yz-4-data").caps == YIZHOU.instrument("yz-4-compute").caps


def test_the_pool_lasts_the_term_and_the_cap_of_a_firm_a_year() -> None:
    caps = {cap.scope: (cap.period, cap.group) for cap in YIZHOU.instrument("yz-4-data").caps}
    assert caps == {CapScope.FIRM: (CapPeriod.YEAR, "yz-4"), CapScope.POOL: (CapPeriod.TERM, "yz-4")}


def test_the_adoption_award_has_the_figures_of_clause_14() -> None:
    terms = YIZHOU.instrument("yz-14a").terms
    firms = re.search(r"(\d+)家以上", CLAUSE_14A)
    assert isinstance(terms, Fixed)
    assert firms is not None
    assert [(tier.interval.first, tier.interval.last, tier.amount) for tier in terms.tiers] == [
        (int(firms[1]), None, *ten_thousands(CLAUSE_14A))
    ]


def test_the_opening_award_has_the_figures_of_clause_14() -> None:
    terms = YIZHOU.instrument("yz-14b").terms
    assert isinstance(terms, ScoredRange)
    assert [terms.least, terms.most] == ten_thousands(CLAUSE_14B)


def test_the_term_has_the_figure_of_chapter_4() -> None:
    years = re.search(r"有效期(\d+)年", CHAPTER_4)
    assert years is not None
    assert YIZHOU.term_rule.months == int(years[1]) * 12


def test_the_sectors_of_clause_14_pass_at_once_and_others_by_decision() -> None:
    sectors = YIZHOU.instrument("yz-14a").sectors
    assert sectors is not None
    assert (sectors.codes, sectors.others) == (
        ("smart_mining", "new_energy", "cultural_tourism", "modern_agriculture"),
        "by_decision",
    )


def test_what_was_borrowed_says_from_where() -> None:
    procedure = YIZHOU.procedure
    assert (procedure.notice_days, procedure.notice_borrowed_from) == (7, "S0 art.7")
    assert ([level.title_zh for level in procedure.sign_off], procedure.sign_off_borrowed_from) == (
        ["科室负责人", "分管领导", "主要领导"],
        "S0 附件3",
    )


def test_the_issue_date_is_the_only_place_without_a_default() -> None:
    assert [each.id for each in YIZHOU.assumptions if each.default is None] == ["yz.issue-date"]


def test_every_cap_of_an_instrument_and_its_assumption_belong_to_it() -> None:
    for instrument in YIZHOU.instruments:
        resting = {each.id for each in instrument.assumptions}
        assert {cap.assumption for cap in instrument.caps} <= resting | {None}


def test_every_assumption_is_written_in_both_languages() -> None:
    for each in YIZHOU.assumptions:
        for chinese in (each.question_zh, each.reason_zh):
            assert re.search(r"[\u4e00-\u9fff]", chinese), each.id
        for english in (each.question_en, each.reason_en):
            assert re.search(r"[a-z]{3}", english), each.id


def test_the_page_of_the_policy_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == policy_page()


def test_the_page_lists_every_assumption() -> None:
    page = policy_page()
    assert [each.id for each in YIZHOU.assumptions if f"#### `{each.id}`" not in page] == []


def test_every_code_of_the_room_has_words() -> None:
    root = Path(__file__).parents[3]
    files = ("policy.toml", "policy_service.toml", "policy_verdicts.toml")
    words = tomllib.loads("\n".join((root / "api/words" / name).read_text(encoding="utf-8") for name in files))
    source = "".join(path.read_text(encoding="utf-8") for path in (root / "registry/policy").glob("*.py"))
    codes = set(re.findall(r'"((?:policy|calendar|no_conditions|assumption)_[a-z_]+)"', source)) - {"assumption_id"}
    assert codes - set(words) == set()
    assert [code for code, said in words.items() if set(said) != {"en", "zh"}] == []


def test_a_later_revision_keeps_every_silent_place_that_a_ruling_may_have_answered() -> None:
    # Rulings are read by the newest revision, whichever one an authority has loaded.
    for older, newer in pairwise(load_shipped()):
        if older.revision.document != newer.revision.document:
            continue
        for each in older.assumptions:
            kept = newer.assumption(each.id)
            assert (kept.type, set(kept.choices) >= set(each.choices)) == (each.type, True)
            if each.least is not None:
                assert (kept.least or 0) <= each.least <= (each.most or 0) <= (kept.most or 0)
