from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import pytest

from sancai.errors import UnexpectedAnswerError
from sancai.shapes import shaped


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Leaf:
    name: str


@dataclass(frozen=True, slots=True)
class Tree:
    leaves: tuple[Leaf, ...]
    root: Leaf | None
    day: date | None = None
    counts: dict[str, int] = field(default_factory=dict)
    colour: Colour = Colour.RED


def test_nested_values_are_built() -> None:
    data = {"leaves": [{"name": "a"}], "root": {"name": "b"}, "day": "2026-03-01", "counts": {"x": 1}, "colour": "red"}
    assert shaped(Tree, data) == Tree((Leaf("a"),), Leaf("b"), date(2026, 3, 1), {"x": 1}, Colour.RED)


def test_fields_of_a_newer_service_are_passed_over() -> None:
    assert shaped(Leaf, {"name": "a", "weight": 3}) == Leaf("a")


def test_what_may_be_none_may_be_missing() -> None:
    assert shaped(Tree, {"leaves": []}) == Tree((), None)


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({}, "Leaf.name"),
        ({"name": 3}, "Leaf.name"),
        ({"name": None}, "Leaf.name"),
        ([], "Leaf"),
    ],
)
def test_another_form_names_its_place(data: object, where: str) -> None:
    with pytest.raises(UnexpectedAnswerError) as caught:
        shaped(Leaf, data)
    assert caught.value.parameters["where"] == where


def test_a_wrong_item_is_named_by_its_index() -> None:
    with pytest.raises(UnexpectedAnswerError) as caught:
        shaped(Tree, {"leaves": [{"name": "a"}, {"name": 1}], "root": None})
    assert caught.value.parameters["where"] == "Tree.leaves[1].name"


def test_a_truth_value_is_no_number() -> None:
    @dataclass
    class Counted:
        n: int

    with pytest.raises(UnexpectedAnswerError):
        shaped(Counted, {"n": True})
