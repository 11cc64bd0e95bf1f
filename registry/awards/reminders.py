"""Reminders of terms: to whoever may do a step on its last day and when it is overdue, to those above when it stays.

Each is sent once for a wait. What is told goes through the outbox, to webhooks of the office and to officers who take
mail.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Final

from registry.actors.model import Actor
from registry.awards.acting import case_event
from registry.awards.model import Case
from registry.awards.officers import dues_within
from registry.awards.waiting import Due, Matter, Standing
from registry.journal.work import View
from registry.messages.announcing import announce
from registry.messages.model import Event, Topic
from registry.offices import records
from registry.policy import service as policy
from registry.values.canonical import Json
from registry.values.identifiers import AuthorityId
from registry.values.moment import Clock, Moment
from storage.database import Connection, Database

_WORKER: Final = Actor(name="worker")
_INSTANT: Final = timedelta(microseconds=1)


Dues = Callable[[View, AuthorityId], tuple[Due, ...]]
"""What an office has to do; the room of what comes after a decision adds its own to what cases wait for."""


def remind(database: Database, clock: Clock, dues: Dues = dues_within) -> int:
    """Send what is to be reminded of in every office, and return how many reminders there were."""
    with database.reading() as connection:
        offices = [each.id for each in policy.authorities(View(connection, _WORKER, clock.now()))]
    # A transaction for each office: one that fails does not hold back what another has to hear.
    return sum(database.retrying(partial(_of_office, office=office, now=clock.now(), dues=dues)) for office in offices)


def _of_office(connection: Connection, office: AuthorityId, now: Moment, dues: Dues) -> int:
    view, sent = View(connection, _WORKER, now), 0
    for due in dues(view, office):
        for topic in topics_of(due, now):
            if records.claim_reminder(connection, due.case.id, due.wait.key, topic.value, now):
                _tell(view, topic, due)
                sent += 1
    return sent


def topics_of(due: Due, now: Moment) -> Iterator[Topic]:
    """Yield what is told of a step at ``now``."""
    if due.due_at is not None and now < due.due_at and now.civil_day() == due.due_at.plus(-_INSTANT).civil_day():
        yield Topic.CASE_DUE
    if due.days_late:
        yield Topic.CASE_OVERDUE
    if due.standing is Standing.ESCALATED:
        yield Topic.CASE_ESCALATED


def _tell(view: View, topic: Topic, due: Due) -> None:
    more: dict[str, Json] = {
        "step": due.wait.step.value,
        "role": due.wait.role.value,
        "due_at": str(due.due_at) if due.due_at else None,
        "days_late": due.days_late,
    }
    event = case_event(topic, due.case) if isinstance(due.case, Case) else _of_matter(topic, due.case)
    event = replace(event, data={**event.data, **more})
    # It is the office's own affair: the firms of the case are not told how long its desks take.
    told = None if topic is Topic.CASE_ESCALATED else frozenset(each.account for each in due.officers)
    announce(view, replace(event, firms=frozenset(), accounts=told))


def _of_matter(topic: Topic, matter: Matter) -> Event:
    """Return what is told of a contest or a remedy; its id stands where that of a case does."""
    data: dict[str, Json] = {"case": matter.id, "authority": matter.authority}
    return Event(topic, matter.id, data, authorities=frozenset({matter.authority}))
