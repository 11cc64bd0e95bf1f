"""The split of joint makers, without a database: parts of any amount, and what acts make of lines and signatures."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from registry.awards import shares
from registry.awards.history import with_acts
from registry.awards.model import ActKind, Case, CaseKind, CaseState
from registry.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError
from registry.values.digest import Digest
from registry.values.identifiers import DatasetId, FirmId
from registry.values.money import FULL_RATE_BP, Money
from tests.registry.awards.line_builders import OFFICERS, RANKS, a_case, a_line, after, shanghai

MONDAY = shanghai("2026-03-02T09:00:00")
ACCOUNT = Digest.of(b"account")


@some.composite
def splits(draw: some.DrawFn) -> list[int]:
    """Return shares of two to twenty makers."""
    cuts = draw(some.sets(some.integers(1, FULL_RATE_BP - 1), min_size=1, max_size=shares.MAKERS_MAX - 1))
    return [after_it - before for before, after_it in pairwise([0, *sorted(cuts), FULL_RATE_BP])]


@given(some.integers(0, 10**13), splits())
def test_parts_are_the_whole_to_the_fen_and_no_part_strays_from_its_share(fen: int, split: list[int]) -> None:
    parts = shares.divided(Money(fen), split)
    assert sum(part.fen for part in parts) == fen
    exact = [fen * share for share in split]
    assert all(part.fen * FULL_RATE_BP - owed + FULL_RATE_BP - 1 >= 0 for part, owed in zip(parts, exact, strict=True))
    over = {place for place, part in enumerate(parts) if part.fen > exact[place] // FULL_RATE_BP}
    assert all(parts[place].fen == exact[place] // FULL_RATE_BP + 1 for place in over)
    # Who has a fen more has no smaller share than anybody without it, nor the same one on a later line.
    rest = set(range(len(split))) - over
    assert all((-split[more], more) < (-split[less], less) for more in over for less in rest)


@given(some.integers(0, 10**9), splits(), some.integers(1, 10**9), some.data())
def test_the_largest_whole_within_a_room_fits_as_does_any_smaller_one(
    room: int, split: list[int], most: int, data: some.DataObject
) -> None:
    place = data.draw(some.integers(0, len(split) - 1))
    whole = shares.most_within(Money(room), place, split, Money(most))
    assert whole.fen <= most
    smaller = data.draw(some.integers(0, whole.fen))
    assert shares.divided(whole, split)[place].fen <= room
    assert shares.divided(Money(smaller), split)[place].fen <= room
    if whole.fen < most:
        above = [shares.divided(Money(whole.fen + more), split)[place].fen for more in range(1, FULL_RATE_BP + 2)]
        assert max(above) > room or whole.fen + FULL_RATE_BP + 1 > most


@pytest.mark.parametrize(
    "given",
    [{"a": 10_000}, {"a": 5_000, "b": 4_999}, {"a": 10_001, "b": -1}, {str(each): 476 for each in range(21)}],
    ids=["alone", "short", "negative", "too many"],
)
def test_what_is_no_split_is_refused(given: dict[str, int]) -> None:
    with pytest.raises(InvalidValueError):
        shares.require_split({FirmId.new(): share for share in given.values()})


def a_shared_case(amount: int = 5_000_001, split: tuple[int, ...] = (3_333, 3_333, 3_334)) -> Case:
    """Return an award that three makers share; the first is its applicant."""
    firms = [FirmId.new(), *sorted(FirmId.new() for _ in split[1:])]
    whole = replace(a_line(1, amount), firm=firms[0], subject=DatasetId.new(), payee_digest=None)
    names = {firm: f"Firm {number}" for number, firm in enumerate(firms, 1)}
    lines = shares.share_out(whole, names, dict(zip(firms, split, strict=True)))
    base = replace(a_case(1, CaseKind.AWARD), lines=lines, applied_lines=(), applicant=firms[0], acts=())
    return with_acts(base, ())


def signed_by(case: Case, line: int) -> Case:
    """Return a case after the maker of a line signed its split."""
    content: dict[str, Any] = {"line": line, "split": str(case.split_digest), "payee_digest": str(ACCOUNT)}
    return after(case, ActKind.SPLIT_SIGNED, MONDAY, OFFICERS[RANKS[0]], **content)


def amounts(case: Case) -> list[int]:
    return [line.amount.fen for line in case.lines]


def test_each_maker_has_a_line_and_the_odd_fen_goes_to_the_largest_share() -> None:
    case = a_shared_case()
    assert [line.number for line in case.lines] == [1, 2, 3]
    assert amounts(case) == [1_666_500, 1_666_500, 1_667_001]
    assert [each.signed for each in case.split] == [True, False, False]
    assert [found.parameters["line"] for found in shares.unsigned(case)] == [2, 3]


def test_a_signature_stands_until_it_is_taken_back_or_the_split_is_another() -> None:
    case = signed_by(signed_by(a_shared_case(), 2), 3)
    assert not shares.unsigned(case)
    back = after(case, ActKind.SPLIT_WITHDRAWN, MONDAY, OFFICERS[RANKS[0]], line=3)
    assert [found.parameters["line"] for found in shares.unsigned(back)] == [3]
    same = {str(each.firm): each.basis_points for each in case.split}
    kept = after(case, ActKind.CORRECTED, MONDAY, OFFICERS[RANKS[0]], shares=same, statement="")
    assert not shares.unsigned(kept)
    other = dict(zip(same, (4_000, 4_000, 2_000), strict=True))
    changed = after(case, ActKind.CORRECTED, MONDAY, OFFICERS[RANKS[0]], shares=other, statement="")
    assert [found.parameters["line"] for found in shares.unsigned(changed)] == [2, 3]
    assert amounts(changed) == [2_000_001, 2_000_000, 1_000_000]
    assert changed.split_digest != case.split_digest


def test_an_assessment_and_the_allotment_of_a_round_divide_the_whole_anew() -> None:
    case = replace(signed_by(signed_by(a_shared_case(), 2), 3), kind=CaseKind.GRANT)
    officer = OFFICERS[RANKS[0]]
    confirmed: dict[str, Any] = {"confirmed": {}, "opinion": "o", "facts_digest": str(Digest.of(b"f"))}
    assessed = after(case, ActKind.ASSESSED, MONDAY, officer, amount_fen=1_000, **confirmed)
    assert (amounts(assessed), assessed.own_amount.fen) == ([333, 333, 334], 1_000)
    review: dict[str, Any] = {"passed": True, "opinion": "o", "originals_seen": True, "outside_search": None}
    reviewed = after(assessed, ActKind.REVIEWED, MONDAY, officer, **review)
    allotted = after(reviewed, ActKind.ALLOTTED, MONDAY, officer, share_fen=100)
    assert (amounts(allotted), allotted.own_amount.fen) == ([33, 33, 34], 1_000)
    # The accounts stay: who receives which share is as it was signed.
    assert all(each.signed for each in allotted.split)
    again = after(allotted, ActKind.REVIEWED, MONDAY, officer, **review)
    assert amounts(again) == [333, 333, 334]


def test_a_line_that_changes_is_noticed_anew_and_the_others_are_too_only_when_they_change() -> None:
    case = signed_by(signed_by(a_shared_case(10_000, (5_000, 3_000, 2_000)), 2), 3)
    assert len({line.digest for line in case.lines}) == 3
    before = [line.digest for line in case.lines]
    moved = signed_by(after(case, ActKind.SPLIT_WITHDRAWN, MONDAY, OFFICERS[RANKS[0]], line=2), 2)
    assert [line.digest for line in moved.lines] == before
    back = after(case, ActKind.SPLIT_WITHDRAWN, MONDAY, OFFICERS[RANKS[0]], line=2)
    assert [now.digest == then for now, then in zip(back.lines, before, strict=True)] == [True, False, True]


def test_a_maker_sees_the_split_and_its_own_line_and_signs_nothing_else() -> None:
    case = a_shared_case()
    second = case.split[1]
    seen = case.shown_to(second.firm)
    assert ([line.number for line in seen.lines], len(seen.split)) == ([2], 3)
    assert (seen.split_digest, seen.lines_digest) == (case.split_digest, case.lines_digest)
    assert shares.share_of_signer(case, second.firm) == second
    with pytest.raises(NotAllowedError, match="split_signed_by_filing"):
        shares.share_of_signer(case, case.applicant)
    with pytest.raises(NotFoundError, match="case_not_found"):
        shares.share_of_signer(case, FirmId.new())
    with pytest.raises(ConflictError, match="case_wrong_state"):
        shares.share_of_signer(replace(case, state=CaseState.REVIEWED), second.firm)
    with pytest.raises(ConflictError, match="case_not_shared"):
        shares.share_of_signer(a_case(1, CaseKind.AWARD), second.firm)
