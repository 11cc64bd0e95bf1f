"""Who counts: order does not matter, a withdrawal never adds, and every reason is named."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.adoption.model import AdopterFacts, AdoptionPurpose, Document, Receipt
from registry.adoption.rules import LEVELS_COUNTED, count, levels_counted, require_attestable
from registry.errors import RuleError
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, DatasetId, EvidenceId, FirmId, ReceiptId
from registry.values.moment import Moment

DAY = date(2026, 3, 2)
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
