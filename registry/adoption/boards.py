"""Boards and statistics as anybody may read them: functions of what is public, at the instant of the question."""

from datetime import date, timedelta
from functools import cache
from importlib.resources import files

from registry.adoption import board_rules, lists, records
from registry.adoption.badge import Badge, bound
from registry.adoption.board_rules import AdoptionStatistics, Board, BoardFacts, BoardTargets
from registry.adoption.service import count_for_public
from registry.catalog import service as catalog
from registry.catalog.shown import datasets_by_id, shown_datasets
from registry.journal.work import View
from registry.quality import service as quality
from registry.values.digest import Digest
from registry.values.moment import Moment
from registry.values.names import PublicName


@cache
def targets() -> tuple[BoardTargets, ...]:
    """Return the targets of every document that names some, by file name. Raises InvalidValueError."""
    folder = files("registry.adoption") / "targets"
    found = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name)
    return tuple(board_rules.read_targets(each.read_text(encoding="utf-8")) for each in found)


def boards(view: View) -> tuple[Board, ...]:
    """Return how far the targets of each document are reached now."""
    facts = BoardFacts(
        datasets=shown_datasets(view),
        good=quality.contents_of_high_quality(view),
        cases=tuple(lists.every(lists.typical_cases, view)),
        uses=records.uses_standing(view.connection, _next_instant(view)),
    )
    return tuple(board_rules.board(each, facts) for each in targets())


def statistics(view: View, day: date | None = None) -> AdoptionStatistics:
    """Return the figures of the receipts that stood at the end of ``day``, today by default."""
    today = view.now.civil_day()
    asked = min(day or today, today)
    until = _next_instant(view) if asked == today else Moment.start_of(asked + timedelta(days=1))
    uses = records.uses_standing(view.connection, until)
    held = datasets_by_id(view, {each.dataset for each in uses})
    return board_rules.statistics(uses, {dataset.id: dataset.sector for dataset in held.values()}, asked)


def _next_instant(view: View) -> Moment:
    """Return a bound that takes in what happened at the instant of the question itself."""
    return view.now.plus(timedelta(microseconds=1))


def badge(view: View, name: PublicName, named: Digest | None) -> Badge:
    """Return the badge of a dataset for a content, the newest one by default. Raises as ``count_for_public``."""
    found = count_for_public(view, name)
    state, digest = bound(catalog.versions(view, found.dataset), named)
    return Badge(state, digest, found.counted, found.needed)
