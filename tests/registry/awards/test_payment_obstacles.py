"""What stands between lines and their payment, one obstacle at a time, without a database."""

import pytest

from registry.awards import lines
from registry.awards.model import ActKind
from registry.values.moment import Moment
from tests.registry.awards.line_builders import ANYONE, after, changed, missing, noticed, objected, ready, shanghai

POSTED = "2026-03-02T10:00:00"
RUNS = shanghai("2026-03-05T10:00:00")
# Seven whole days after the day of posting, and then some.
ENDED = shanghai("2026-03-12T10:00:00")


def test_a_case_whose_notice_has_ended_is_payable() -> None:
    assert missing(ready(2, POSTED), ENDED) == set()


def test_a_notice_that_runs_stands_in_the_way_alone() -> None:
    assert missing(ready(2, POSTED), RUNS) == {"notice_still_runs"}


def test_a_changed_line_loses_its_notice_and_the_other_keeps_it() -> None:
    case = changed(ready(2, POSTED), 1, 90, RUNS)
    assert "notice_of_other_lines" in missing(case, ENDED, 1)
    assert [line.number for line in lines.not_noticed(case)] == [1]
    assert "notice_of_other_lines" not in missing(case, ENDED, 2)


def test_a_line_that_changes_back_needs_a_new_notice() -> None:
    before = ready(2, POSTED)
    case = changed(changed(before, 1, 90, RUNS), 1, before.lines[0].amount.fen, RUNS)
    assert case.lines == before.lines
    assert missing(case, ENDED) == {"notice_of_other_lines"}
    again = noticed(case, ENDED)
    assert missing(again, ENDED) == {"notice_still_runs"}
    assert missing(again, shanghai("2026-03-24T10:00:00")) == set()


@pytest.mark.parametrize("at", [RUNS, ENDED], ids=["in time", "late"])
def test_an_open_objection_holds_the_lines_it_names_and_no_other(at: Moment) -> None:
    case = objected(ready(2, POSTED), at, 2)
    assert missing(case, ENDED, 2) == {"objection_open"}
    assert missing(case, ENDED) == {"objection_open"}
    assert missing(case, ENDED, 1) == set()


def test_an_answered_objection_holds_nothing() -> None:
    case = objected(ready(1, POSTED), RUNS, 1)
    assert case.objections_open == 1
    answered = after(case, ActKind.ANSWERED, RUNS, ANYONE, number=1, outcome="dismissed", answer="It is not so.")
    assert missing(answered, ENDED) == set()
