"""What is new in a lineage: declared parents, silence about a source, third-party data."""

from dataclasses import replace
from datetime import date

import pytest

from registry.awards.assessment import new_share
from registry.awards.award_model import AwardFacts, AwardTerms
from registry.awards.verdicts import THIRD_PARTY, conditions_14a
from registry.catalog.model import FoundOverlap, Version
from registry.errors import Finding
from registry.house import House
from registry.values.identifiers import VersionId
from tests.registry.adoption.builders import a_scene
from tests.registry.exchange.builders import a_market

DAY = date(2026, 6, 1)
TERMS = AwardTerms(
    instrument="yz-14a",
    clause="S1 cl.14",
    sectors=None,
    sectors_clause="",
    adopters_needed=3,
    leader_levels=("national",),
    new_share_least_bp=3_000,
    score_least=90,
    term_first=date(2026, 1, 5),
    term_last=date(2028, 1, 4),
    claims_until=date(2028, 4, 3),
    tiers=((3, None, 5_000_000),),
)
FACTS = AwardFacts(
    day=DAY,
    event_on=DAY,
    in_force=True,
    is_publisher=True,
    sector="new_energy",
    adopters=3,
    published_on=date(2026, 3, 1),
    earlier=None,
    origin="self_built",
    derived=False,
    new_share_bp=None,
    scores_hundredths=(9_500, 9_500, 9_500),
    awarded_before=None,
    open_case=None,
    credit_clean="met",
    operates_in_region="met",
)


@pytest.fixture
def version(house: House) -> Version:
    """The published version of a scene."""
    return a_scene(a_market(house)).version


def finding(facts: AwardFacts, code: str) -> Finding:
    """Return what is found of one condition."""
    return next(each.finding for each in conditions_14a(TERMS, facts) if each.code == code)


def test_third_party_data_is_not_first_published_by_naming_a_parent() -> None:
    assert finding(FACTS, "first_publication") is Finding.MET
    borrowed = replace(FACTS, origin=THIRD_PARTY, derived=True, new_share_bp=10_000)
    assert finding(borrowed, "first_publication") is Finding.UNMET


def test_silence_about_a_source_is_counted_as_the_screen_found_it(version: Version) -> None:
    elsewhere = FoundOverlap(VersionId.new(), "other/data@v1", row_containment_bp=7_500, column_containment_bp=0)
    silent = replace(version, overlap=(elsewhere,))
    assert new_share([version]) == (False, None)
    assert new_share([silent]) == (True, 2_500)
    assert new_share([silent], {elsewhere.version}) == (False, None), "it was decided that it repeats nothing"
    assert new_share([silent, replace(version, id=VersionId.new())]) == (True, 2_500)
    assert new_share([replace(silent, overlap=(replace(elsewhere, version=version.id),))]) == (False, None)


def test_a_declared_parent_is_measured_and_an_older_version_of_its_own_is_none(version: Version) -> None:
    derived = replace(version, parents=(VersionId.new(),), new_share_bp=4_000)
    assert new_share([derived]) == (True, 4_000)
    assert new_share([derived, replace(derived, id=VersionId.new(), new_share_bp=None)]) == (True, None)
    assert new_share([version, replace(version, id=VersionId.new(), parents=(version.id,))]) == (False, None)
