"""The retention classes this release comes with, read from ``classes.toml``."""

import tomllib
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from registry.archive.model import CaseOutcome, RetentionClass
from registry.awards.model import CaseKind


@cache
def _stated() -> dict[str, Any]:
    return tomllib.loads((files("registry.archive") / "classes.toml").read_text("utf-8"))


@cache
def shipped_classes() -> dict[tuple[CaseKind, CaseOutcome], RetentionClass]:
    """Return the class of every kind of case and outcome. Raises KeyError, ValueError: the file leaves one out."""
    found: dict[tuple[CaseKind, CaseOutcome], RetentionClass] = {}
    for each in _stated()["class"]:
        made = RetentionClass(each["id"], each.get("years"), each["basis"], each["assumption"])
        for kind in each.get("kinds", [kind.value for kind in CaseKind]):
            found[CaseKind(kind), CaseOutcome(each["outcome"])] = made
    if missing := [(k, o) for k in CaseKind for o in CaseOutcome if (k, o) not in found]:
        raise KeyError(f"no retention class for {missing}")
    return found


def archived_after() -> timedelta:
    """Return how long after the last thing done in a closed case it is archived by itself."""
    return timedelta(days=_stated()["term"]["days"])
