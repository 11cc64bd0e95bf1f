"""Pages of what the documents ask for: boards with the statistics of adoption, scenes, the annotation catalog."""

from typing import Final

from flask import Blueprint, request

from api.calls import house
from api.door import PageQuery
from api.page import page, refused, somebody
from api.v1.boards import statistics_of
from api.v1.lists import annotations_page, one_scene, scenes_page
from registry.adoption import boards
from registry.errors import SancaiError
from registry.values.identifiers import SceneId

SHOWN_AT_ONCE: Final = 100
CURSOR_LENGTH_MAX: Final = 4_000

board_pages = Blueprint("board_pages", __name__)
board_pages.register_error_handler(SancaiError, refused)


@board_pages.get("/boards")
def show_boards() -> str:
    """Show how far the targets are reached, and adoption by sector, by adopter and over time."""
    with house().view(somebody()) as view:
        return page("boards", boards=boards.boards(view), statistics=statistics_of(view))


@board_pages.get("/scenes")
def show_scenes() -> str:
    """Show the scene list."""
    with house().view(somebody()) as view:
        found = scenes_page(view, _asked())
    return page("scenes", scenes=found.items, more=found.next_cursor)


@board_pages.get("/scenes/<scene>")
def show_scene(scene: str) -> str:
    """Show one scene, however many were published since."""
    with house().view(somebody()) as view:
        found = one_scene(view, SceneId(scene))
    return page("scenes", scenes=[found], more=None)


@board_pages.get("/annotation-catalog")
def show_annotations() -> str:
    """Show the public-data annotation catalog."""
    with house().view(somebody()) as view:
        found = annotations_page(view, _asked())
    return page("annotations", annotations=found.items, more=found.next_cursor)


def _asked() -> PageQuery:
    return PageQuery(cursor=request.args.get("cursor", "")[:CURSOR_LENGTH_MAX], limit=SHOWN_AT_ONCE)
