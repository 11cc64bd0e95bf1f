"""Firms that have ended: whoever was deregistered, merged or left the area is no payee from that day (RULINGS 29).

A case of such a firm waits: it does not pass its review and is neither instructed nor paid. It ends by its ordinary
ways, refused or withdrawn. A merger by itself passes nothing to the successor, which applies in its own name.
"""

from registry.awards.model import Case, Line
from registry.errors import Obstacle, RuleError
from registry.journal.work import View
from registry.parties import ends


def line_obstacles(view: View, case: Case, line: Line) -> list[Obstacle]:
    """Return that the firm of a line is no payee today."""
    found = ends.ended(view, case.authority, line.firm, view.now.civil_day())
    return [found.obstacle()] if found else []


def require_standing(view: View, case: Case) -> None:
    """Raise RuleError ``review_incomplete`` when a firm of a case is no payee today."""
    found = [obstacle for line in case.lines for obstacle in line_obstacles(view, case, line)]
    if found:
        raise RuleError("review_incomplete", tuple(found), id=case.id)
