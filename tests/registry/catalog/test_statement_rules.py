"""What grade a version has, and what may be stated of it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.catalog.industries import KeyIndustry, industry_name, key_industries
from registry.catalog.model import Contributor, ContributorRole, Origin, Version, VersionState
from registry.catalog.statement_model import Grade, Registration, RegistrationKind, Right, RightKind
from registry.catalog.statement_rules import (
    GradeFacts,
    grade_of,
    grades_of,
    highest,
    require_embargo,
    require_embargo_change,
    require_grade_statement,
    require_grade_taken,
    require_registrations,
    require_rights,
)
from registry.errors import ConflictError, InvalidValueError, RuleError
from registry.values.identifiers import DatasetId, FirmId, VersionId
from registry.values.moment import Moment

NOW = Moment.of_text("2026-03-02T02:00:00Z")
DAY = timedelta(days=1)
PUBLISHER = FirmId.new()
RANK = list(Grade)
GRADES = st.sampled_from(Grade)


@st.composite
def lineages(draw: st.DrawFn) -> dict[VersionId, GradeFacts]:
    """Versions of which each names some that were there before it, in the order of their publication."""
    made: dict[VersionId, GradeFacts] = {}
    for _ in range(draw(st.integers(1, 9))):
        parents = draw(st.sets(st.sampled_from(sorted(made)), max_size=4)) if made else set()
        made[VersionId.new()] = GradeFacts(draw(GRADES), draw(st.booleans()), tuple(sorted(parents)))
    return made


@given(lineages())
def test_no_version_without_an_assessment_is_below_a_parent_or_below_what_was_stated(
    facts: dict[VersionId, GradeFacts],
) -> None:
    grades = grades_of(facts, {})
    for version, held in facts.items():
        if held.assessed:
            assert grades[version] is held.stated
        else:
            least = [held.stated, *(grades[parent] for parent in held.parents)]
            assert grades[version] is highest(least)
            assert all(RANK.index(grades[version]) >= RANK.index(grade) for grade in least)


@given(lineages(), GRADES)
def test_raising_a_version_lowers_nobody(facts: dict[VersionId, GradeFacts], grade: Grade) -> None:
    before = grades_of(facts, {})
    version = next(iter(facts))
    raised = highest([facts[version].stated, grade])
    after = grades_of(facts | {version: replace(facts[version], stated=raised)}, {})
    assert all(RANK.index(after[each]) >= RANK.index(before[each]) for each in facts)


@given(lineages())
def test_parts_of_a_lineage_get_the_grades_the_whole_has(facts: dict[VersionId, GradeFacts]) -> None:
    whole = grades_of(facts, {})
    later = dict(list(facts.items())[len(facts) // 2 :])
    assert grades_of(later, whole) == {version: whole[version] for version in later}


def test_a_circle_is_never_taken_for_a_lineage() -> None:
    one, other = VersionId.new(), VersionId.new()
    with pytest.raises(AssertionError, match="circle"):
        grades_of(
            {one: GradeFacts(Grade.GENERAL, False, (other,)), other: GradeFacts(Grade.GENERAL, False, (one,))}, {}
        )


def test_an_assessed_version_takes_nothing_from_its_parents() -> None:
    assert grade_of(Grade.GENERAL, [Grade.IMPORTANT], assessed=True) is Grade.GENERAL
    assert grade_of(Grade.GENERAL, [Grade.GENERAL, Grade.IMPORTANT]) is Grade.IMPORTANT


def test_core_data_is_refused_and_says_which_parent_brought_it() -> None:
    require_grade_taken(Grade.IMPORTANT)
    with pytest.raises(RuleError) as refused:
        require_grade_taken(Grade.CORE, ["lab/wind@v1"])
    assert [each.parameters["version"] for each in refused.value.obstacles] == ["lab/wind@v1"]
    with pytest.raises(RuleError) as refused:
        require_grade_taken(Grade.CORE)
    assert [each.code for each in refused.value.obstacles] == ["grade_is_core"]


def test_only_a_lower_grade_needs_a_document() -> None:
    require_grade_statement(Grade.GENERAL, Grade.CORE, "found a map", with_document=False)
    require_grade_statement(Grade.IMPORTANT, Grade.GENERAL, "aggregated", with_document=True)
    with pytest.raises(RuleError, match="grade_assessment_missing"):
        require_grade_statement(Grade.IMPORTANT, Grade.GENERAL, "aggregated", with_document=False)
    with pytest.raises(InvalidValueError, match="text_length"):
        require_grade_statement(Grade.GENERAL, Grade.IMPORTANT, "", with_document=True)


def a_version(until: Moment | None, *contributors: Contributor, origin: Origin = Origin.ENTERPRISE) -> Version:
    return Version(
        id=VersionId.new(), dataset=DatasetId.new(), publisher=PUBLISHER, number=1, state=VersionState.PUBLISHED,
        message="", origin=origin, source="x", source_url=None, source_licence=None, earlier_publications=(),
        parents=(), parent_names=(), contributors=contributors, grade=Grade.GENERAL, desensitised=False,
        embargo_until=until, files=1, size_bytes=1, rows=1, report={}, faults=(), overlap=(), new_share_bp=None,
        content_digest=None, manifest_digest=None, created_at=NOW, published_at=NOW, withdrawn_reason=None,
    )  # fmt: skip


def test_only_an_embargo_that_runs_is_changed() -> None:
    running = a_version(NOW.plus(10 * DAY))
    require_embargo_change(running, NOW, NOW)
    require_embargo_change(running, NOW.plus(1096 * DAY), NOW)
    for over in (None, NOW):
        with pytest.raises(ConflictError, match="embargo_over"):
            require_embargo_change(a_version(over), NOW.plus(DAY), NOW)
    with pytest.raises(InvalidValueError, match="embargo_in_past"):
        require_embargo_change(running, NOW.plus(-DAY), NOW)
    with pytest.raises(InvalidValueError, match="embargo_too_long"):
        require_embargo_change(running, NOW.plus(1096 * DAY + timedelta(microseconds=1)), NOW)
    require_embargo(None, NOW)


@pytest.mark.parametrize("role", [ContributorRole.SOURCE, ContributorRole.FUNDER, ContributorRole.RIGHTS_HOLDER])
def test_an_embargo_others_rely_on_is_not_shortened(role: ContributorRole) -> None:
    end = NOW.plus(10 * DAY)
    others = a_version(end, Contributor(None, "气象局", role))
    require_embargo_change(others, end.plus(DAY), NOW)
    for found in (others, a_version(end, origin=Origin.THIRD_PARTY)):
        with pytest.raises(RuleError, match="embargo_relied_on"):
            require_embargo_change(found, end.plus(-DAY), NOW)
    own = a_version(end, Contributor(PUBLISHER, "ourselves", role), Contributor(None, "B", ContributorRole.MAKER))
    require_embargo_change(own, NOW, NOW)


def test_rights_and_registrations_are_stated_once_and_whole() -> None:
    right = Right(RightKind.HOLDING, "own meters")
    require_rights((right, Right(RightKind.OPERATION, "own meters")))
    with pytest.raises(InvalidValueError, match="stated_twice"):
        require_rights((right, right))
    with pytest.raises(InvalidValueError, match="text_length"):
        require_rights((Right(RightKind.HOLDING, ""),))
    made = Registration(RegistrationKind.DATA_IP, "粤数知登 2026-1", "知识产权局", date(2026, 3, 2))
    require_registrations((made,), date(2026, 3, 2))
    with pytest.raises(InvalidValueError, match="day_to_come"):
        require_registrations((made,), date(2026, 3, 1))
    with pytest.raises(InvalidValueError, match="stated_twice"):
        require_registrations((made, replace(made, kind=RegistrationKind.DATA_PROPERTY)), date(2026, 3, 2))


def test_a_code_of_gb_t_4754_has_a_letter_and_a_division_of_that_section() -> None:
    assert industry_name("B06").division == "煤炭开采和洗选业"
    assert industry_name("B0610").section == "采矿业"
    for code, reason in [("B", "malformed"), ("B061000", "malformed"), ("b06", "malformed"), ("A06", "unknown")]:
        with pytest.raises(InvalidValueError, match=f"industry_{reason}"):
            industry_name(code)
    divisions = [f"{letter}{n:02d}" for letter in "ABCDEFGHIJKLMNOPQRST" for n in range(100)]

    def known(code: str) -> bool:
        try:
            industry_name(code)
        except InvalidValueError:
            return False
        return True

    assert sum(map(known, divisions)) == 97
    assert len({code[0] for code in divisions if known(code)}) == 20


def test_thirteen_industries_are_named_and_eight_of_them_for_quality() -> None:
    assert list(key_industries()) == list(KeyIndustry)
    assert len(KeyIndustry) == 13
    assert [each.name for each in key_industries().values() if each.quality] == [
        "交通运输", "医疗健康", "教育教学", "文化旅游", "工业制造", "智慧能源", "城市治理", "应急管理",
    ]  # fmt: skip
