"""The terms of orders this release comes with, read from ``step_terms.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from registry.exchange.step_model import OrderStep


@dataclass(frozen=True, slots=True)
class StepTerms:
    """How long steps may take, (days, whether working days) by step; when an open one escalates; the dispute window."""

    days: Mapping[OrderStep, tuple[int, bool]]
    escalates_after: int
    dispute_days: int


@cache
def step_terms() -> StepTerms:
    """Return the terms. Raises KeyError for a file that leaves a step out."""
    stated = tomllib.loads((files("registry.exchange") / "step_terms.toml").read_text("utf-8"))
    days = {step: (int(stated[step]["days"]), stated[step]["unit"] == "working") for step in OrderStep}
    return StepTerms(days, int(stated["escalates_after"]), int(stated["dispute_days"]))
