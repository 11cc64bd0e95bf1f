"""The terms this release comes with, read from ``terms.toml``."""

import tomllib
from functools import cache
from importlib.resources import files

from registry.offices.model import Step, Term, Unit


@cache
def shipped_terms() -> dict[Step, Term]:
    """Return the term of every step. Raises KeyError, ValueError for a file that leaves one out or misspells it."""
    stated = tomllib.loads((files("registry.offices") / "terms.toml").read_text("utf-8"))
    return {
        step: Term(
            step,
            stated[step]["days"],
            Unit(stated[step]["unit"]),
            stated[step]["clause"],
            stated[step]["assumption"],
        )
        for step in Step
    }
