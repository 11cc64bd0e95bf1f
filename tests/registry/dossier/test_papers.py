"""What a printed form was bound to, from values alone: found whatever came later, and computed once."""

from dataclasses import replace

import pytest

from registry.awards.model import Case, CaseState
from registry.dossier import papers, service
from registry.values.digest import Digest
from tests.registry.awards.test_waiting import HEAD, a_case, fully_signed, instructed, reviewed, signed


def a_story() -> list[Case]:
    """Return a case after each of its acts."""
    case = a_case()
    checked = reviewed(case)
    return [case, checked, signed(checked, HEAD, 1), instructed(fully_signed(checked))]


def test_a_form_is_found_by_what_it_was_bound_to_then() -> None:
    story = a_story()
    for number, printed in ((0, story[0]), (1, story[1]), (5, story[3])):
        assert papers.acts_when_bound(story[3], service.bound_digest(printed)) == number
    assert papers.acts_when_bound(story[3], Digest.of(b"never")) is None
    for state in CaseState:
        assert papers.acts_when_bound(story[0], service.bound_digest(replace(story[0], state=state))) == 0


def test_whoever_asks_again_makes_nothing_be_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    case = a_story()[-1]
    written: list[int] = []

    def counted(stated: Case) -> object:
        written.append(len(stated.acts))
        return service.case_json(stated)

    monkeypatch.setattr(papers, "case_json", counted)
    for asked in range(20):
        assert papers.acts_when_bound(case, Digest.of(f"guess {asked}".encode())) is None
    assert written == list(range(len(case.acts) + 1))
    monkeypatch.setattr(papers, "CASES_KEPT_MAX", 2)
    for _ in range(5):
        papers.acts_when_bound(a_case(), Digest.of(b"x"))
    assert len(papers._known) <= 2
