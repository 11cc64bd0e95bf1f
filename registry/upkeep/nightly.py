"""What is done once a night of Asia/Shanghai, by the installation's clock, by whichever worker is first."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Final

from registry.aftercare.dues import dues_within
from registry.awards.reminders import remind
from registry.exchange import reminding
from registry.upkeep.garbage import collect
from registry.upkeep.premises import Premises
from registry.upkeep.records import places
from registry.upkeep.rules import night_of
from registry.upkeep.scrubbing import scrub
from registry.values.canonical import Json
from storage.errors import StoreError

_log = logging.getLogger("sancai.upkeep")

Task = Callable[[Premises], Mapping[str, Json]]


def _collected(premises: Premises) -> Mapping[str, Json]:
    return asdict(collect(premises))


def _scrubbed(premises: Premises) -> Mapping[str, Json]:
    done = scrub(premises)
    return {"objects": done.objects, "bytes": done.size_bytes, "repaired": done.repaired, "damaged": len(done.damaged)}


def _reminded(premises: Premises) -> Mapping[str, Json]:
    # Terms end at midnight: the night after is when a step has become overdue.
    return {"reminders": remind(premises.database, premises.clock, dues_within)}


def _reminded_of_orders(premises: Premises) -> Mapping[str, Json]:
    return {"reminders": reminding.remind(premises.database, premises.clock)}


TASKS: Final[dict[str, Task]] = {
    "reminders": _reminded,
    "order_reminders": _reminded_of_orders,
    "garbage": _collected,
    "scrub": _scrubbed,
}


def keep_nightly(premises: Premises, more: Mapping[str, Task] = MappingProxyType({})) -> list[str]:
    """Do the tasks of this night that nobody has done; return their names. By day there is nothing to do.

    ``more`` are tasks that need what this room does not know, for example how a case is printed.

    A task that fails is not tried again in the same night: the next one goes on where it stopped.
    """
    now = premises.clock.now()
    night, done = night_of(now), list[str]()
    if night is None:
        return done
    for name, task in {**TASKS, **more}.items():
        with premises.database.writing() as connection:
            if not places.claim_night(connection, name, night, now):
                continue
        try:
            result = task(premises)
        except StoreError as error:
            _log.warning("%s stopped and goes on next night: %s", name, error)
            result = {"failed": error.code}
        with premises.database.writing() as connection:
            places.end_night(connection, name, night, premises.clock.now(), result)
        done.append(name)
    return done
