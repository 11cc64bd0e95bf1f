"""Pages of the rounds in which offices take applications: guide, window, score sheet, and what came of them."""

from typing import Final
from zoneinfo import ZoneInfo

from flask import Blueprint, request

from api.calls import cursor_of, house, position_of
from api.door import PageQuery
from api.page import page, refused, somebody
from api.paging import after_of, page_of
from registry.awards import published, rounds
from registry.awards.round_model import RoundState
from registry.errors import SancaiError
from registry.policy import service as policy
from registry.policy.vocabulary import vocabulary
from registry.values.identifiers import CaseId, RoundId
from registry.values.moment import Moment

SHOWN_AT_ONCE: Final = 50
CURSOR_LENGTH_MAX: Final = 4_000
_OFFICES: Final = ZoneInfo("Asia/Shanghai")

round_pages = Blueprint("round_pages", __name__)
round_pages.register_error_handler(SancaiError, refused)


@round_pages.get("/rounds")
def show_rounds() -> str:
    """Show rounds, the newest first, of one state if it is asked for."""
    wanted = request.args.get("state", "")
    state = RoundState(wanted) if wanted in set(RoundState) else None
    asked = PageQuery(cursor=_cursor(), limit=SHOWN_AT_ONCE)
    with house().view(somebody()) as view:
        found = rounds.rounds(view, after_of(asked, RoundId), asked.limit + 1, state=state)
        shown, more = page_of(found, asked, lambda each: [each.id])
        states = {each.id: each.state_at(view.now).value for each in shown}
        return page(
            "rounds",
            rounds=shown,
            states=states,
            chosen=state.value if state else "",
            choices=[each.value for each in RoundState],
            more=more,
            minute=minute,
        )


@round_pages.get("/rounds/<round_id>")
def show_round(round_id: str) -> str:
    """Show a round with everything that was published of it, and what was noticed of its cases."""
    wanted = RoundId(round_id)
    position = position_of(_cursor(), 1)
    after = CaseId(str(position[0])) if position else None
    with house().view(somebody()) as view:
        found = rounds.round_of(view, wanted)
        results, following = published.round_result(view, wanted, after, SHOWN_AT_ONCE)
        return page(
            "round",
            round=found,
            now=found.now,
            state=found.state_at(view.now).value,
            authority=policy.authority(view, found.authority),
            checklist=[vocabulary().evidence[each] for each in found.now.checklist],
            results=[line for _, shown in results for line in shown],
            more=cursor_of([following]) if following else "",
            minute=minute,
        )


def minute(moment: Moment) -> str:
    """Return an instant to the minute as the offices read it."""
    return moment.instant.astimezone(_OFFICES).strftime("%Y-%m-%d %H:%M")


def _cursor() -> str:
    return request.args.get("cursor", "")[:CURSOR_LENGTH_MAX]
