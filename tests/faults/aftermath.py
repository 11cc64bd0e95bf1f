"""What must hold after all faults, however long one waits: nothing that was acknowledged is missing, nothing dangles.

Rules:
* The sweep and the collection of garbage, run by a clock past every grace, leave in the store what rows know, and
  nothing else: no object, and no part of an unfinished upload.
* They take nothing that a version refers to: what ``sancai admin fsck`` and ``sancai verify`` look at is whole, and
  every version that was acknowledged is downloaded equal to what was published.
* No draft is left behind by a command that was repeated, and no file on the disk of a worker that was killed.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final
from unittest import mock

from sqlalchemy import text

from registry.catalog.rereading import verify_versions
from registry.errors import SancaiError as RefusedError
from registry.house import House
from registry.journal.service import verify_log
from registry.upkeep import sweeping
from registry.upkeep.checking import check_objects
from registry.upkeep.garbage import collect
from registry.upkeep.records import known_keys
from registry.upkeep.rules import GRACE
from registry.upkeep.sweeping import sweep
from registry.values.moment import Clock, Moment
from sancai.client import Client
from sancai.errors import SancaiError
from sancai.pull import pull
from storage.object_store import Bucket
from tests.faults.installation import Installation

STEP: Final = GRACE + timedelta(days=2)
STEPS: Final = 4
"""Enough for what is condemned only when something else has gone."""


@dataclass(frozen=True)
class Published:
    """What was acknowledged: its content digest, and the SHA-256 of each file."""

    content_digest: str
    files: Mapping[str, str]


@dataclass
class LateClock:
    """A clock that is ahead of another one."""

    clock: Clock
    ahead: timedelta = timedelta()

    def now(self) -> Moment:
        """Return the instant."""
        return self.clock.now().plus(self.ahead)


def content_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 in hex of every file below a folder, by its path in it."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def what_dangles(here: Installation, client: Client, acknowledged: Mapping[str, Published]) -> list[str]:
    """Tidy up past every grace and return everything that does not hold then."""
    pass_graces(here.house)
    wrong = [
        *_unknown(here.house),
        *(f"part of an unfinished upload: {path}" for path in here.unfinished_parts()),
        *(f"fsck: {found}" for found in check_objects(here.house)),
        *_left_drafts(here.house),
        *(f"sancai verify: {found}" for found in verify_versions(here.house)),
        *_of_the_log(here.house),
        *(f"left by a process that was killed: {path}" for path in here.scratch()),
    ]
    for name, published in acknowledged.items():
        wrong += (f"{name}: {said}" for said in differences(client, name, published))
    return wrong


def pass_graces(house: House) -> None:
    """Run sweep and garbage collection as often, and as late, as nothing can be in any grace any more."""
    late = LateClock(house.clock)
    premises = replace(house, clock=late)
    with ExitStack() as patched:
        # The age of an object is told by the store and held against the clock of the machine.
        patched.enter_context(mock.patch.object(sweeping, "SystemClock", return_value=late))
        for _ in range(STEPS):
            late.ahead += STEP
            collect(premises)
            sweep(premises, delete=True, percent_max=100)


def _unknown(house: House) -> Iterator[str]:
    """Yield the objects that no row of living bytes knows."""
    for bucket in (Bucket.INCOMING, Bucket.PUBLISHED, Bucket.EVIDENCE):
        keys = [found.place.key for found in house.store.list(bucket)]
        with house.database.reading() as connection:
            known = known_keys(connection, house.store.identity, bucket, keys)
        yield from (f"object without a row: {bucket}/{key}" for key in keys if key not in known)


def _left_drafts(house: House) -> Iterator[str]:
    with house.database.reading() as connection:
        rows = connection.execute(
            text(
                "SELECT v.id, v.state, d.name FROM versions v JOIN datasets d ON d.id = v.dataset_id "
                "WHERE v.state NOT IN ('published', 'abandoned')"
            )
        )
        yield from (f"draft left behind: {row}" for row in rows)


def _of_the_log(house: House) -> Iterator[str]:
    try:
        with house.view() as view:
            verify_log(view.connection, [house.signing_key.verifier])
    except RefusedError as error:
        yield f"journal: {error}"


def differences(client: Client, name: str, published: Published) -> Iterator[str]:
    """Yield how what is served under a name differs from what was acknowledged."""
    try:
        versions = client.datasets.versions(name)
        if [each.content_digest for each in versions] != [published.content_digest]:
            yield f"acknowledged {published.content_digest}, there is {versions}"
            return
        with tempfile.TemporaryDirectory() as folder:
            pull(client, f"{name}@v1", folder)
            found = content_of(Path(folder))
    except SancaiError as error:
        yield f"{error.code}: {error}"
        return
    for path in sorted(published.files.keys() | found.keys()):
        if published.files.get(path) != found.get(path):
            yield f"{path}: published {published.files.get(path)}, downloaded {found.get(path)}"
