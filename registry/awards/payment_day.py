"""What is asked anew on the day of a payment: the answer of the public credit system (RULINGS 29, 31).

Rules:
* Where the policy asks for credit, an instruction needs an answer that was asked that day, and the record of a payment
  one that was asked no earlier than the day ``payment_day.toml`` names: that of the bank's payment, or that of the
  instruction.
* What counts is the answer with its source, the instant of the question and the digest of what came back; that the
  register says a firm is clean without it is not enough.
* What the answer says is judged with the other conditions of the line; here it is only asked whether there is one.
"""

import tomllib
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files

from registry.awards import gathering
from registry.awards.model import Case, CaseKind, Line
from registry.errors import Finding, Obstacle
from registry.journal.work import View
from registry.parties import service as parties
from registry.parties.model import KnownFact, Predicate
from registry.policy.evaluation import facts_needed


class AskedFrom(StrEnum):
    """From which day on an answer is new enough for the record of a payment."""

    PAYMENT = "payment"
    INSTRUCTION = "instruction"


@cache
def credit_asked_from() -> AskedFrom:
    """Return the day this release goes by. Raises KeyError, ValueError for a file that misspells it."""
    stated = tomllib.loads((files("registry.awards") / "payment_day.toml").read_text("utf-8"))
    return AskedFrom(stated["credit"]["asked_from"])


def credit_since(asked_from: AskedFrom, instructed_on: date, paid_on: date) -> date:
    """Return the first day on which credit may have been asked for a payment of ``paid_on``."""
    return paid_on if asked_from is AskedFrom.PAYMENT else instructed_on


def credit_missing(known: KnownFact, firm: str, since: date) -> Obstacle | None:
    """Return what is missing when no answer of ``since`` or later is recorded, or None."""
    asked_on = known.credit.queried_at.civil_day() if known.credit else None
    if asked_on is not None and asked_on >= since:
        return None
    stated = {"firm": firm, "since": since.isoformat(), "asked": asked_on.isoformat() if asked_on else None}
    return Obstacle("credit_not_asked", "RULINGS 31", Finding.UNKNOWN, stated, ("credit_report",))


def credit_obstacles(view: View, case: Case, line: Line, since: date) -> list[Obstacle]:
    """Return what a line lacks of a credit answer of ``since`` or later; nothing where its policy asks for none."""
    if case.kind is CaseKind.GRANT:
        needed = facts_needed(gathering.policy_of(view, case).instrument)
        if Predicate.CREDIT_CLEAN.value not in needed:
            return []
    known = parties.fact(view, case.authority, line.firm, Predicate.CREDIT_CLEAN, view.now.civil_day())
    found = credit_missing(known, line.firm_name, since)
    return [found] if found else []
