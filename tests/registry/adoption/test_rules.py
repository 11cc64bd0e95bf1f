"""Who counts: order does not matter, a withdrawal never adds, and every reason is named."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.adoption.model import AdopterFacts, AdoptionPurpose, Document, MeasuredReads, Receipt
from registry.adoption.rules import (
    LEVELS_COUNTED,
    count,
    levels_counted,
    purchase_circle,
    require_attestable,
    require_measured,
)
from registry.catalog.usage_model import DeliveredReads
from registry.errors import RuleError
from registry.exchange.model import Trade
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, DatasetId, EvidenceId, FirmId, ReceiptId
from registry.values.moment import Moment
from registry.values.money import Money

DAY = date(2026, 3, 2)
NEXT = DAY + timedelta(days=1)
DATASET = DatasetId.new()
CONTENT = Digest.of(b"content")
NOON = Moment.of_text("2026-03-02T04:00:00Z")


def a_document() -> Document:
    return Document(EvidenceId.new(), CONTENT)


def a_receipt(number: int, *, started_on: date = DAY, withdrawn: bool = False) -> Receipt:
    return Receipt(
        id=ReceiptId(f"rcpt_{number:032x}"),
        dataset=DATASET,
        content_digest=CONTENT,
        adopter=FirmId(f"firm_{number:032x}"),
        purpose=AdoptionPurpose.OPERATION,
        product="product",
        started_on=started_on,
        statement=a_document(),
        contract=a_document(),
        delivery=a_document(),
        attested_at=NOON.plus(timedelta(minutes=number)),
        attested_by=AccountId.new(),
        withdrawn_at=NOON if withdrawn else None,
    )


def facts(controller: int, **changes: object) -> AdopterFacts:
    stated: dict[str, object] = {
        "controller": FirmId(f"firm_{controller:032x}"),
        "controller_name": f"Group {controller}",
        "leader_levels": frozenset({"national"}),
        "related_by": (),
        "made_it_as": "",
    }
    return AdopterFacts(**{**stated, **changes})  # type: ignore[arg-type]


def counted(receipts: list[Receipt], known: dict[ReceiptId, AdopterFacts], levels: frozenset[str] = LEVELS_COUNTED):  # type: ignore[no-untyped-def]
    named = {receipt: (fact, f"Firm {receipt}") for receipt, fact in known.items()}
    return count(DATASET, receipts, named, needed=3, levels=levels, day=DAY)


def reasons(fact: AdopterFacts, receipt: Receipt | None = None, levels: frozenset[str] = LEVELS_COUNTED) -> list[str]:
    made = receipt or a_receipt(1)
    return [reason.code for reason in counted([made], {made.id: fact}, levels).receipts[0].reasons]


def test_an_independent_leader_counts() -> None:
    assert reasons(facts(1)) == []


def test_whoever_made_it_does_not_count() -> None:
    assert reasons(facts(1, made_it_as="source")) == ["adopter_made_it"]


def test_whoever_is_related_to_the_publisher_does_not_count() -> None:
    assert reasons(facts(1, related_by=("A → B (30%)",))) == ["adopter_related"]


def test_whoever_is_on_no_list_does_not_count() -> None:
    assert reasons(facts(1, leader_levels=frozenset())) == ["adopter_not_on_leader_list"]


def test_a_municipal_list_counts_by_ruling_only() -> None:
    municipal = facts(1, leader_levels=frozenset({"municipal"}))
    assert reasons(municipal) == ["adopter_not_on_leader_list"]
    assert reasons(municipal, levels=levels_counted("national_provincial_and_municipal")) == []


def test_a_use_that_begins_tomorrow_does_not_count_today() -> None:
    assert reasons(facts(1), a_receipt(1, started_on=DAY + timedelta(days=1))) == ["adoption_not_begun"]


def test_a_withdrawn_receipt_does_not_count() -> None:
    assert reasons(facts(1), a_receipt(1, withdrawn=True)) == ["adoption_withdrawn"]


def test_the_third_adoption_is_the_rewarded_event() -> None:
    receipts = [a_receipt(number, started_on=DAY - timedelta(days=number)) for number in range(4)]
    found = counted(receipts, {each.id: facts(number) for number, each in enumerate(receipts)})
    assert (found.text, found.reached_on) == ("4 of 3", DAY - timedelta(days=1))


@pytest.mark.parametrize(
    ("started", "published", "code"),
    [
        (DAY, None, "adoption_of_unpublished"),
        (DAY - timedelta(days=1), DAY, "adoption_before_publication"),
        (DAY + timedelta(days=1), DAY, "adoption_not_begun"),
    ],
)
def test_what_cannot_have_been_used_is_not_attested(started: date, published: date | None, code: str) -> None:
    with pytest.raises(RuleError) as refused:
        require_attestable(started, published, DAY)
    assert [each.code for each in refused.value.obstacles] == [code]


_CROWD = st.lists(
    st.tuples(st.integers(0, 4), st.booleans(), st.sampled_from(["", "maker"]), st.booleans()), max_size=8
)


def crowd(drawn: list[tuple[int, bool, str, bool]]) -> tuple[list[Receipt], dict[ReceiptId, AdopterFacts]]:
    receipts = [a_receipt(number, withdrawn=withdrawn) for number, (_, withdrawn, _, _) in enumerate(drawn)]
    known = {
        receipt.id: facts(controller, made_it_as=made, leader_levels=frozenset({"national"} if listed else set[str]()))
        for receipt, (controller, _, made, listed) in zip(receipts, drawn, strict=True)
    }
    return receipts, known


@given(_CROWD, st.randoms(use_true_random=False))
def test_the_order_of_the_receipts_does_not_matter(drawn: list[tuple[int, bool, str, bool]], random: object) -> None:
    receipts, known = crowd(drawn)
    shuffled = [*receipts]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert counted(receipts, known) == counted(shuffled, known)


@given(_CROWD.filter(bool), st.data())
def test_a_withdrawal_never_adds_and_takes_at_most_one(
    drawn: list[tuple[int, bool, str, bool]], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(drawn) - 1))
    withdrawn = [(c, w or number == place, m, listed) for number, (c, w, m, listed) in enumerate(drawn)]
    before, after = counted(*crowd(drawn)).counted, counted(*crowd(withdrawn)).counted
    assert before - 1 <= after <= before


@given(_CROWD)
def test_one_counts_per_controller(drawn: list[tuple[int, bool, str, bool]]) -> None:
    found = counted(*crowd(drawn))
    controllers = [judged.controller for judged in found.receipts if judged.counts]
    assert len(controllers) == len(set(controllers)) == found.counted


# Delivery that was measured.


def test_a_receipt_on_measured_reads_says_so_and_comes_back_as_it_was() -> None:
    measured = replace(a_receipt(1), delivery=None, measured=MeasuredReads(DAY, DAY, 2, 100))
    kept = measured.as_json()
    assert (kept["format"], "delivery" in kept) == ("sancai.adoption-receipt/2", False)
    assert Receipt.of_json(kept) == measured
    assert (a_receipt(1).as_json()["format"], "measured_reads" in a_receipt(1).as_json()) == (
        "sancai.adoption-receipt/1",
        False,
    )


@pytest.mark.parametrize(
    ("reads", "started", "code"),
    [
        (None, DAY, "adoption_not_delivered"),
        (DeliveredReads(DAY, DAY, DAY, 5, 1, 100), DAY, "adoption_not_delivered"),
        (DeliveredReads(DAY, NEXT, NEXT, 2, 2, 100), DAY, "adoption_before_delivery"),
    ],
)
def test_what_was_not_delivered_whole_and_in_time_proves_no_use(
    reads: DeliveredReads | None, started: date, code: str
) -> None:
    with pytest.raises(RuleError) as refused:
        require_measured(reads, 2, started)
    assert [each.code for each in refused.value.obstacles] == [code]


def test_what_was_delivered_whole_is_stated() -> None:
    assert require_measured(DeliveredReads(DAY, NEXT, DAY, 3, 2, 100), 2, DAY) == MeasuredReads(DAY, NEXT, 3, 100)


# Trade in circles.

ADOPTER, PUBLISHER, MIDDLE, OTHER = (FirmId(f"firm_{number:032x}") for number in range(1, 5))


def bought(payer: FirmId, payee: FirmId, yuan: int = 1_000) -> Trade:
    return Trade(payer, payee, DAY, Money(yuan * 100))


def test_who_buys_of_each_other_trades_in_a_circle_whatever_the_sums() -> None:
    found = purchase_circle([bought(ADOPTER, PUBLISHER, 1), bought(PUBLISHER, ADOPTER, 9_000)], ADOPTER, PUBLISHER)
    assert found == (ADOPTER, PUBLISHER, ADOPTER)


def test_a_purchase_of_the_dataset_alone_is_no_circle() -> None:
    assert purchase_circle([bought(ADOPTER, PUBLISHER)], ADOPTER, PUBLISHER) == ()
    assert purchase_circle([bought(ADOPTER, PUBLISHER), bought(PUBLISHER, MIDDLE)], ADOPTER, PUBLISHER) == ()


@pytest.mark.parametrize(("back", "closed"), [(800, True), (799, False), (1_250, True), (1_251, False)])
def test_through_another_the_sums_have_to_be_nearly_equal(back: int, closed: bool) -> None:
    trades = [bought(ADOPTER, PUBLISHER), bought(PUBLISHER, MIDDLE), bought(MIDDLE, ADOPTER, back)]
    circle = (ADOPTER, PUBLISHER, MIDDLE, ADOPTER)
    assert purchase_circle(trades, ADOPTER, PUBLISHER) == (circle if closed else ())


def test_both_ways_may_lead_through_others() -> None:
    trades = [
        bought(ADOPTER, MIDDLE),
        bought(MIDDLE, PUBLISHER),
        bought(PUBLISHER, OTHER),
        bought(OTHER, ADOPTER),
    ]
    assert purchase_circle(trades, ADOPTER, PUBLISHER) == (ADOPTER, MIDDLE, PUBLISHER, OTHER, ADOPTER)


_TRADES = st.lists(
    st.builds(bought, *[st.sampled_from([ADOPTER, PUBLISHER, MIDDLE, OTHER])] * 2, st.integers(1, 3_000)), max_size=10
)


@given(_TRADES, st.randoms(use_true_random=False))
def test_a_circle_is_made_of_trades_and_depends_on_no_order(trades: list[Trade], random: object) -> None:
    found = purchase_circle(trades, ADOPTER, PUBLISHER)
    shuffled = [*trades]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert purchase_circle(shuffled, ADOPTER, PUBLISHER) == found
    edges = {(trade.payer, trade.payee) for trade in trades}
    assert all(edge in edges for edge in pairwise(found))
    assert not found or (found[0] == found[-1] == ADOPTER and PUBLISHER in found)
    if {(ADOPTER, PUBLISHER), (PUBLISHER, ADOPTER)} <= edges:
        assert found


def test_whoever_trades_in_a_circle_does_not_count() -> None:
    assert reasons(facts(1, traded_in_circle=("A", "P", "A"))) == ["adopter_trades_in_circle"]


def test_facts_come_back_from_a_snapshot_also_from_one_of_before() -> None:
    known = facts(1, traded_in_circle=("A", "P", "A"))
    assert AdopterFacts.of_json(known.as_json()) == known
    before = {name: value for name, value in known.as_json().items() if name != "traded_in_circle"}
    assert AdopterFacts.of_json(before) == replace(known, traded_in_circle=())
