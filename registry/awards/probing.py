"""When a notice ends that a probe looked at.

Rules (S0 art.7, 公示期不少于7天; RULINGS 25; the figures are assumptions an office replaces by its own decision):
* A notice counts as seen when its address answered with the bytes of the capture, or with a page in which every line
  still stands. Pages change their frame; a change alone is shown and is no gap.
* A gap is the time from the posting, or from a sighting, to the next sighting. One that is longer than the limit, and
  begins before the end, prolongs the notice by all of its length, through 24:00 of the day that comes to.
* A gap that is still open prolongs it with every hour, so that a notice nobody can see never ends.
* The end that was stated at posting is kept; the end that holds is computed from it whenever it is asked for.
* An office that has no probe says so, and its notices end as they were stated: no rule of the documents asks for a
  probe, and what was never looked at is no evidence that a page was gone.
* What is recorded late is kept and shown and closes no gap: the time it names was not witnessed by the server.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from registry.awards.model import Case, Notice
from registry.awards.probe_model import SEEN, Gap, ProbeGiven, ProbeTerm, Sighting, Watch
from registry.values.moment import Moment

AHEAD_MAX: Final = timedelta(minutes=2)
"""How far the clock of a probe may be ahead of the server's."""
LATE_AFTER: Final = timedelta(minutes=15)
"""A probe that is recorded later than this after it looked counts as late."""
KEPT_FOR: Final = timedelta(days=30)
"""How old a probe may be that is still recorded."""
_NO_TIME: Final = timedelta()
Span = tuple[Moment | None, Moment]
"""A sighting with the one before it, None for the first."""


def notice_end(notice: Notice, now: Moment) -> Moment:
    """Return when a notice ends, as it stands at ``now``: what every rule of a notice asks."""
    watch, added = notice.watch, _NO_TIME
    if watch is None:
        return notice.ends_at
    # The gap that is open now is one like the others, with an end that moves.
    for gap in (*watch.gaps, Gap(watch.seen_last, max(watch.seen_last, now))):
        end = _through_day(notice.ends_at, added)
        # Seen near enough to its end, or ended before: what comes later is no affair of this notice.
        if min(gap.last, end).instant - gap.first.instant <= watch.limit:
            continue
        added += gap.last.instant - gap.first.instant
    return _through_day(notice.ends_at, added)


def unseen_since(notice: Notice, now: Moment) -> Moment | None:
    """Return since when the page of a notice is out of sight for longer than the limit; None: it is not."""
    if notice.watch is None:
        return None
    over = notice.watch.seen_last.plus(notice.watch.limit)
    return over if over < now < notice_end(notice, now) else None


def _through_day(stated: Moment, added: timedelta) -> Moment:
    if not added:
        return stated
    end = stated.plus(added)
    midnight = Moment.start_of(end.civil_day())
    return end if midnight == end else Moment.start_of(end.civil_day() + timedelta(days=1))


def spans_of(seen: Sequence[Moment]) -> tuple[Span, ...]:
    """Return each sighting with the one before it."""
    times = sorted(seen)
    return tuple(zip([None, *times], times, strict=False))


def watch_of(posted_at: Moment, limit: timedelta, spans: Sequence[Span]) -> Watch:
    """Return what sightings come to; those before the posting are of another notice."""
    gaps, seen_last = [], posted_at
    for before, at in sorted(spans, key=lambda span: span[1]):
        if at <= posted_at:
            continue
        first = posted_at if before is None else max(before, posted_at)
        if at.instant - first.instant > limit:
            gaps.append(Gap(first, at))
        seen_last = at
    return Watch(limit, tuple(gaps), seen_last)


def term_at(terms: Sequence[ProbeTerm], posted_at: Moment) -> timedelta | None:
    """Return the limit that holds for a notice posted at ``posted_at``; None: it is not probed."""
    standing = [each for each in terms if each.set_at <= posted_at]
    newest = max(standing, key=lambda each: each.set_at, default=None)
    return timedelta(hours=newest.limit_hours) if newest and newest.limit_hours else None


def watched(case: Case, terms: Sequence[ProbeTerm], spans: Sequence[Span]) -> Case:
    """Return ``case`` with what the probe makes of its notices.

    The page of the newest is the one that is looked at; lines that an earlier one carries stand on it as well.
    """
    if case.notice is None:
        return case
    limits = [(each, term_at(terms, each.posted_at)) for each in case.notices or (case.notice,)]
    notices = tuple(
        replace(each, watch=watch_of(each.posted_at, limit, spans)) if limit else each for each, limit in limits
    )
    return replace(case, notices=notices, notice=notices[-1])


def sighting_of(notice: Notice, given: ProbeGiven) -> Sighting:
    """Return what a probe saw; that the bytes are those of the capture is not taken from it."""
    if given.status is None:
        return Sighting.UNREACHABLE
    if not 200 <= given.status < 300:
        return Sighting.MISSING
    if given.page == notice.capture:
        return Sighting.SAME
    return Sighting.CHANGED if given.found else Sighting.MISSING


def is_seen(sighting: Sighting, *, late: bool) -> bool:
    """Say whether a probe counts as a sighting."""
    return sighting in SEEN and not late


def probe_refusal(case: Case, given: ProbeGiven, now: Moment) -> str | None:
    """Return why a probe of a case is not recorded, or None."""
    if case.notice is None:
        return "notice_not_posted"
    if given.probed_at > now.plus(AHEAD_MAX):
        return "probe_ahead"
    if given.probed_at < case.notice.posted_at:
        return "probe_before_notice"
    return "probe_too_old" if now.instant - given.probed_at.instant > KEPT_FOR else None


def is_late(given: ProbeGiven, now: Moment) -> bool:
    """Say whether a probe is recorded too long after it looked."""
    return now.instant - given.probed_at.instant > LATE_AFTER
