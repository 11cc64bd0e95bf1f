"""Who controls a firm and which firms are related, on small graphs and on drawn ones."""

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import RuleError
from registry.parties.model import (
    ControlKind,
    ControlLine,
    ControlLink,
    FirmKind,
    Period,
    Provenance,
    RelationKind,
)
from registry.parties.rules import ControlGraph, control, controller, relation, require_whole, share_bp
from registry.values.identifiers import AuthorityId, FactId, FirmId
from registry.values.moment import Moment
from tests.registry.parties.builders import a_firm_id, a_graph, equity

A, B, C, D, E, F = (a_firm_id(number) for number in range(1, 7))


def tie(holder: FirmId, held: FirmId, kind: ControlKind) -> ControlLink:
    return ControlLink(holder, held, kind)


# Control.


def test_a_firm_nobody_holds_is_its_own_controller() -> None:
    assert controller(a_graph(), A) == A


def test_the_controller_is_at_the_top_of_the_majorities() -> None:
    assert controller(a_graph(equity(A, B, 6_000), equity(B, C, 5_100)), C) == A


@pytest.mark.parametrize(("share", "expected"), [(5_000, B), (5_001, A)])
def test_control_begins_above_half(share: int, expected: FirmId) -> None:
    assert controller(a_graph(equity(A, B, share)), B) == expected


def test_shares_of_a_controlled_firm_add_to_those_of_its_controller() -> None:
    graph = a_graph(equity(A, B, 10_000), equity(A, C, 2_600), equity(B, C, 2_500))
    assert controller(graph, C) == A


def test_half_the_directors_control() -> None:
    assert controller(a_graph(tie(A, B, ControlKind.DIRECTORS)), B) == A


@pytest.mark.parametrize("kind", [ControlKind.LOAN, ControlKind.FAMILY])
def test_loans_and_families_do_not_control(kind: ControlKind) -> None:
    assert controller(a_graph(tie(A, B, kind)), B) == B


@pytest.mark.parametrize("kind", [FirmKind.ORGAN_OF_STATE, FirmKind.STATE_HOLDER])
def test_control_stops_below_the_state(kind: FirmKind) -> None:
    graph = a_graph(equity(A, B, 10_000), equity(B, C, 10_000), f1=kind)
    assert controller(graph, C) == B


def test_an_institution_is_a_controller() -> None:
    assert controller(a_graph(equity(A, B, 10_000), f1=FirmKind.INSTITUTION), B) == A


def test_a_state_holder_between_two_firms_cuts_the_chain() -> None:
    graph = a_graph(equity(A, B, 10_000), equity(B, C, 10_000), f2=FirmKind.STATE_HOLDER)
    assert controller(graph, C) == C


def test_of_two_who_hold_each_other_the_lowest_id_stands_for_both() -> None:
    graph = a_graph(equity(A, B, 6_000), equity(B, A, 6_000), equity(B, C, 6_000))
    assert {controller(graph, each) for each in (A, B, C)} == {A}


def test_who_holds_the_shares_goes_before_who_appoints_the_directors() -> None:
    graph = a_graph(tie(A, C, ControlKind.DIRECTORS), equity(B, C, 6_000))
    assert controller(graph, C) == B


def test_the_chain_leads_down_from_the_controller_and_says_where_the_state_begins() -> None:
    graph = a_graph(
        equity(A, B, 10_000), equity(B, C, 6_000), equity(C, D, 5_100), equity(E, D, 4_900), f1=FirmKind.STATE_HOLDER
    )
    found = control(graph, D)
    assert (found.controller, found.chain) == (B, ("F2 → F3 (60%)", "F3 → F4 (51%)"))
    assert found.stopped == ("F1 → F2 (100%)",)


def test_several_chains_that_add_up_are_all_shown() -> None:
    graph = a_graph(equity(A, B, 6_000), equity(A, C, 6_000), equity(B, D, 3_000), equity(C, D, 2_500))
    found = control(graph, D)
    assert found.controller == A
    assert set(found.links) == {equity(A, B, 6_000), equity(A, C, 6_000), equity(B, D, 3_000), equity(C, D, 2_500)}


def test_who_holds_a_cross_holding_from_outside_controls_both() -> None:
    # B and C hold 30 % of each other; A's shares reach the half of either only with the other's.
    graph = a_graph(equity(A, B, 2_600), equity(A, C, 5_100), equity(B, C, 3_000), equity(C, B, 3_000))
    assert {controller(graph, each) for each in (A, B, C)} == {A}
    assert set(control(graph, B).chain) == {"F1 → F3 (51%)", "F1 → F2 (26%)", "F3 → F2 (30%)"}


def test_two_central_groups_count_two_and_two_subsidiaries_of_one_count_one() -> None:
    state = equity(A, B, 10_000), equity(A, C, 10_000)
    daughters = equity(B, D, 6_000), equity(B, E, 7_000), equity(C, F, 8_000)
    graph = a_graph(*state, *daughters, f1=FirmKind.ORGAN_OF_STATE)
    assert len({controller(graph, each) for each in (D, F)}) == 2
    assert len({controller(graph, each) for each in (D, E)}) == 1


# Relations.


def test_a_firm_is_related_to_itself() -> None:
    found = relation(a_graph(), A, A)
    assert found is not None
    assert found.kind is RelationKind.SAME_FIRM


def test_strangers_are_not_related() -> None:
    assert relation(a_graph(equity(A, B, 9_000), equity(C, D, 9_000)), B, D) is None


@pytest.mark.parametrize(("share", "related"), [(2_499, False), (2_500, True)])
def test_a_quarter_relates(share: int, related: bool) -> None:
    assert (relation(a_graph(equity(A, B, share)), A, B) is not None) is related


def test_the_order_of_the_question_does_not_matter() -> None:
    graph = a_graph(equity(A, B, 3_000))
    forth, back = relation(graph, A, B), relation(graph, B, A)
    assert forth == back
    assert forth is not None
    assert forth.kind is RelationKind.EQUITY


def test_looking_through_takes_the_share_of_the_firm_in_the_middle() -> None:
    graph = a_graph(equity(A, B, 4_000), equity(B, C, 3_000))
    assert share_bp(graph, A, C) == 3_000


def test_below_a_quarter_nothing_is_looked_through() -> None:
    graph = a_graph(equity(A, B, 2_499), equity(B, C, 9_000))
    assert share_bp(graph, A, C) == 0
    assert relation(graph, A, C) is None


def test_direct_and_indirect_shares_are_added() -> None:
    graph = a_graph(equity(A, B, 5_000), equity(A, C, 1_000), equity(B, C, 1_500))
    assert share_bp(graph, A, C) == 2_500


def test_the_chain_names_firms_and_shares() -> None:
    found = relation(a_graph(equity(A, B, 4_000), equity(B, C, 3_050)), A, C)
    assert found is not None
    assert found.chain == ("F1 → F2 (40%)", "F2 → F3 (30.5%)")


def test_two_subsidiaries_of_one_group_are_related() -> None:
    found = relation(a_graph(equity(A, B, 2_500), equity(A, C, 10_000)), B, C)
    assert found is not None
    assert (found.kind, found.chain) == (RelationKind.COMMON_HOLDER, ("F1 → F2 (25%)", "F1 → F3 (100%)"))


def test_two_groups_under_one_organ_of_the_state_are_strangers() -> None:
    graph = a_graph(equity(A, B, 10_000), equity(A, C, 10_000), f1=FirmKind.ORGAN_OF_STATE)
    assert relation(graph, B, C) is None


def test_a_firm_and_the_organ_that_holds_it_are_strangers() -> None:
    assert relation(a_graph(equity(A, B, 10_000), f1=FirmKind.ORGAN_OF_STATE), A, B) is None


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ControlKind.DIRECTORS, RelationKind.DIRECTORS),
        (ControlKind.FAMILY, RelationKind.FAMILY),
        (ControlKind.LOAN, RelationKind.LOAN),
    ],
)
def test_other_ties_relate(kind: ControlKind, expected: RelationKind) -> None:
    found = relation(a_graph(tie(A, B, kind)), B, A)
    assert found is not None
    assert (found.kind, found.chain) == (expected, (f"F1 → F2 ({kind.value})",))


def test_a_lender_of_two_firms_does_not_relate_them() -> None:
    assert relation(a_graph(tie(A, B, ControlKind.LOAN), tie(A, C, ControlKind.LOAN)), B, C) is None


def test_shares_of_one_family_are_added() -> None:
    graph = a_graph(tie(A, B, ControlKind.FAMILY), equity(A, C, 1_300), equity(B, C, 1_200), equity(B, D, 3_000))
    found = relation(graph, C, D)
    assert found is not None
    assert found.kind is RelationKind.FAMILY


def test_one_who_appoints_here_and_holds_there_relates_both() -> None:
    found = relation(a_graph(tie(A, B, ControlKind.DIRECTORS), equity(A, C, 6_000)), B, C)
    assert found is not None
    assert found.kind is RelationKind.COMMON_HOLDER


# Laws.

firms = st.integers(1, 7).map(a_firm_id)
links = st.builds(
    lambda pair, kind, share: ControlLink(pair[0], pair[1], kind, share if kind is ControlKind.EQUITY else 0),
    st.tuples(firms, firms).filter(lambda pair: pair[0] != pair[1]),
    st.sampled_from(ControlKind),
    st.integers(1, 10_000),
)
states = st.dictionaries(firms, st.sampled_from(FirmKind), max_size=3)


@st.composite
def graphs(draw: st.DrawFn) -> ControlGraph:
    """Any graph at all: rings, parallel lines, shares beyond the whole."""
    return ControlGraph({}, draw(states), frozenset(draw(st.lists(links, max_size=18))))


@given(graphs(), firms)
def test_a_controller_is_its_own_controller(graph: ControlGraph, firm: FirmId) -> None:
    top = controller(graph, firm)
    assert controller(graph, top) == top


@given(graphs(), firms)
def test_the_chain_begins_at_the_controller_and_ends_at_the_firm(graph: ControlGraph, firm: FirmId) -> None:
    found = control(graph, firm)
    assert (found.links == ()) == (found.controller == firm)
    if found.links:
        held, holders = {link.held for link in found.links}, {link.holder for link in found.links}
        assert firm in held
        # Whoever holds in the chain is held in it, but for the controller; whoever is held leads on, but for the firm.
        assert holders - held <= {found.controller}
        assert held - holders <= {firm}
        assert not any(graph.is_state_body(each) for each in held | holders)


@given(graphs(), firms)
def test_a_majority_stands_behind_every_link_of_the_chain(graph: ControlGraph, firm: FirmId) -> None:
    links = control(graph, firm).links
    for held in {link.held for link in links}:
        into = [link for link in links if link.held == held]
        by_directors = any(link.kind is ControlKind.DIRECTORS for link in into)
        assert by_directors or sum(link.share_bp for link in into) > 5_000


@given(graphs(), firms)
def test_the_state_never_changes_who_controls(graph: ControlGraph, firm: FirmId) -> None:
    private = frozenset(
        link
        for link in graph.links
        if not {link.holder, link.held} & {f for f in graph.kinds if graph.is_state_body(f)}
    )
    assert controller(graph, firm) == controller(ControlGraph({}, graph.kinds, private), firm)


@given(graphs(), firms)
def test_no_state_body_controls_another(graph: ControlGraph, firm: FirmId) -> None:
    top = controller(graph, firm)
    assert top == firm or not graph.is_state_body(top)


@given(graphs(), firms, firms)
def test_relation_is_symmetric(graph: ControlGraph, one: FirmId, other: FirmId) -> None:
    forth = relation(graph, one, other)
    back = relation(graph, other, one)
    assert (forth is None) == (back is None)
    assert forth is None or back is None or forth.kind == back.kind


@given(graphs(), firms, firms)
def test_who_shares_a_controller_is_related(graph: ControlGraph, one: FirmId, other: FirmId) -> None:
    if controller(graph, one) == controller(graph, other):
        assert relation(graph, one, other) is not None


@given(graphs(), links, firms, firms)
def test_one_more_tie_never_unties(graph: ControlGraph, link: ControlLink, one: FirmId, other: FirmId) -> None:
    if relation(graph, one, other):
        more = ControlGraph({}, graph.kinds, graph.links | {link})
        assert relation(more, one, other) is not None


@given(st.lists(links, max_size=18), st.randoms(), firms, firms)
def test_the_order_of_the_lines_does_not_matter(
    drawn: list[ControlLink], random: Random, one: FirmId, other: FirmId
) -> None:
    shuffled = list(drawn)
    random.shuffle(shuffled)
    graph, same = ControlGraph({}, {}, frozenset(drawn)), ControlGraph({}, {}, frozenset(shuffled))
    assert controller(graph, one) == controller(same, one)
    assert relation(graph, one, other) == relation(same, one, other)


def test_a_ring_of_a_thousand_firms_ends() -> None:
    ids = [a_firm_id(number) for number in range(1_000)]
    ring = [equity(holder, held, 6_000) for holder, held in zip(ids, ids[1:] + ids[:1], strict=True)]
    assert controller(a_graph(*ring), ids[500]) == ids[0]


# The whole.

ORIGIN = Provenance(AuthorityId.new(), "register", date(2026, 1, 1), None, Moment.of_text("2026-01-01T00:00:00Z"))


def a_line(link: ControlLink, first: date, until: date | None = None) -> ControlLine:
    return ControlLine(FactId.new(), link, Period(first, until), ORIGIN)


def test_shares_may_reach_the_whole_and_not_exceed_it() -> None:
    lines = [a_line(equity(A, C, 6_000), date(2026, 1, 1))]
    valid = Period(date(2026, 2, 1), None)
    require_whole(lines, equity(B, C, 4_000), valid)
    with pytest.raises(RuleError) as caught:
        require_whole(lines, equity(B, C, 4_001), valid)
    assert caught.value.parameters["total_bp"] == 10_001


def test_a_share_that_begins_later_counts_from_its_first_day() -> None:
    lines = [a_line(equity(A, C, 6_000), date(2026, 6, 1))]
    require_whole(lines, equity(B, C, 9_000), Period(date(2026, 1, 1), date(2026, 6, 1)))
    with pytest.raises(RuleError):
        require_whole(lines, equity(B, C, 9_000), Period(date(2026, 1, 1), date(2026, 6, 2)))
