"""Pages of what the documents ask for: boards with the statistics of adoption, scenes, the annotation catalog."""

from flask import Blueprint

from api.calls import house
from api.page import page, refused, somebody
from api.v1.boards import statistics_of
from api.v1.lists import annotation_views, scene_views
from registry.adoption import boards
from registry.errors import SancaiError

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
        return page("scenes", scenes=scene_views(view))


@board_pages.get("/annotation-catalog")
def show_annotations() -> str:
    """Show the public-data annotation catalog."""
    with house().view(somebody()) as view:
        return page("annotations", annotations=annotation_views(view))
