"""What everybody may read of the result of a round, line by line."""

from dataclasses import replace
from datetime import timedelta

from registry.awards.history import with_acts
from registry.awards.model import Case
from registry.awards.published import result_line
from registry.values.moment import Moment
from tests.registry.awards.line_builders import a_case, changed, noticed, reviewed, shanghai

PERSON, POSTED = "欧*娜娜", shanghai("2026-03-02T10:00:00")


def units(case: Case, now: Moment) -> list[str | None]:
    """Return who is named in the lines that are shown; None: a natural person without its name."""
    shown = [result_line(case, line, now) for line in case.lines]
    return [each.unit for each in shown if each]


def test_nothing_is_shown_before_a_notice_and_a_person_is_named_only_while_it_runs() -> None:
    made = a_case(2)
    firm = made.lines[1].firm_name
    lines = (replace(made.lines[0], person=True, firm_name=PERSON), made.lines[1])
    case = reviewed(with_acts(replace(made, applied_lines=lines), ()), POSTED)
    assert units(case, POSTED) == []
    case = noticed(case, POSTED)
    assert case.notice is not None
    ends = case.notice.ends_at
    assert units(case, ends.plus(-timedelta(seconds=1))) == [PERSON, firm]
    assert units(case, ends) == [None, firm]


def test_a_line_that_changed_is_not_shown_until_it_is_noticed_anew() -> None:
    case = noticed(reviewed(a_case(2), POSTED), POSTED)
    first, second = case.lines
    later = POSTED.plus(timedelta(days=1))
    case = changed(case, first.number, 50, later)
    assert units(case, later) == [second.firm_name]
    assert units(noticed(case, later), later) == [first.firm_name, second.firm_name]
