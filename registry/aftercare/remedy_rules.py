"""Until when a remedy may be filed, and which may follow which.

Rules:
* A term begins on the day after the decision was served; a decision that was never served starts none. One whose last
  day is no working day ends on the next (民法典 201, 203).
* Review by the organ: 30 days (assumption: no document of the five states one). Reconsideration: 60 days after the
  decision or after the answer to the review (行政复议法 20). Litigation: six months after the decision, 15 days after
  a reconsideration (行政诉讼法 45, 46).
* One remedy is open at a time, and each that follows is of a later kind.
* Whoever made the decision that is attacked says nothing on the remedy against it.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from registry.aftercare.remedy_model import Remedy, RemedyKind, RemedyState
from registry.errors import ConflictError, InvalidValueError, RuleError, UnavailableError
from registry.policy.working_days import WorkingCalendar

REVIEW_DAYS: Final = 30
RECONSIDERATION_DAYS: Final = 60
LITIGATION_MONTHS: Final = 6
AFTER_RECONSIDERATION_DAYS: Final = 15

_ORDER: Final = tuple(RemedyKind)


def stated_remedies(organ: str) -> list[dict[str, str | int]]:
    """Return the remedies an adverse decision of ``organ`` names, each with organ and term (RULINGS 34)."""
    return [
        {"kind": RemedyKind.REVIEW.value, "organ": organ, "days": REVIEW_DAYS},
        {"kind": RemedyKind.RECONSIDERATION.value, "organ": "本级人民政府", "days": RECONSIDERATION_DAYS},
        {"kind": RemedyKind.LITIGATION.value, "organ": "人民法院", "months": LITIGATION_MONTHS},
    ]


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def last_day(
    kind: RemedyKind, served_on: date | None, before: Sequence[Remedy], calendar: WorkingCalendar
) -> date | None:
    """Return the last day on which a remedy may be filed; None when no term has begun."""
    answered = [each for each in before if each.ended_on is not None]
    newest = max(answered, key=lambda each: _ORDER.index(each.kind), default=None)
    began = newest.ended_on if newest else served_on
    if began is None:
        return None
    if kind is RemedyKind.REVIEW:
        last = began + timedelta(days=REVIEW_DAYS)
    elif kind is RemedyKind.RECONSIDERATION:
        last = began + timedelta(days=RECONSIDERATION_DAYS)
    elif newest is not None and newest.kind is RemedyKind.RECONSIDERATION:
        last = began + timedelta(days=AFTER_RECONSIDERATION_DAYS)
    else:
        last = months_after(began, LITIGATION_MONTHS)
    try:
        return calendar.working_day_from(last)
    except UnavailableError:
        # A year whose holidays are not published yet: the plain day, which an officer may extend by taking it late.
        return last


def require_next(kind: RemedyKind, subject: str, before: Sequence[Remedy]) -> None:
    """Raise ConflictError while one is open, when the decision is annulled, or when one as late was filed before."""
    for each in before:
        if each.state is RemedyState.FILED:
            raise ConflictError("remedy_open_already", id=each.id, subject=subject)
        if each.state is RemedyState.ANNULLED:
            raise ConflictError("decision_annulled_already", id=each.id, subject=subject)
        if _ORDER.index(each.kind) >= _ORDER.index(kind):
            raise ConflictError("remedy_of_earlier_kind", id=each.id, kind=kind.value, filed=each.kind.value)


def require_in_time(
    until: date | None, filed_on: date, today: date, first: date | None, late_reason: str | None
) -> None:
    """Raise RuleError unless a remedy can have been filed on that day, in its term or taken late by a decision.

    Raises InvalidValueError: it is taken as late although it is not.
    """
    if filed_on > today or (first is not None and filed_on < first):
        raise RuleError("filed_on_out_of_range", (), filed_on=str(filed_on), first=str(first), last=str(today))
    is_late = until is not None and filed_on > until
    if is_late and late_reason is None:
        raise RuleError("remedy_too_late", (), until=str(until))
    if late_reason is not None and not is_late:
        raise InvalidValueError("remedy_not_late", until=str(until) if until else "–")


def require_open(remedy: Remedy) -> None:
    """Raise ConflictError unless the remedy is open."""
    if remedy.state is not RemedyState.FILED:
        raise ConflictError("remedy_ended_already", id=remedy.id, state=remedy.state.value)
