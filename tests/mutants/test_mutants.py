"""A few mutants are killed; ``make mutants`` kills all."""

import pytest

from tests.mutants.killing import ROOT, chosen, kill, mutated
from tests.mutants.seeded import MUTANTS, Mutant


def test_there_are_twenty_mutants_and_more_with_names_of_their_own() -> None:
    assert len({each.name for each in MUTANTS}) == len(MUTANTS) >= 20


def test_every_invariant_of_the_ledger_is_broken_by_one() -> None:
    assert {each.invariant for each in MUTANTS} >= set(range(1, 22))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_a_mutant_changes_what_stands_there_and_is_python(mutant: Mutant) -> None:
    source = (ROOT / mutant.path).read_text(encoding="utf-8")
    compile(mutated(source, mutant), mutant.path, "exec")
    assert all((ROOT / test.partition("::")[0]).is_file() for test in mutant.tests)


def test_two_mutants_are_killed() -> None:
    assert all(fate.killers for fate in kill(chosen(2, seed=4)))
