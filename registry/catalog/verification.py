"""The worker's part: nothing the client computed is trusted, every byte is read again (DESIGN §3.4).

What arrived is read and kept file by file (``arrivals.py``), so that a crash or a worker that stops loses little. When
all is read one transaction states what the draft is: verified, or faulty with every fault.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from registry.actors.model import Actor
from registry.catalog import records
from registry.catalog.arrivals import (
    EnoughFaultsError,
    OverError,
    Reading,
    read_arrivals,
    read_card_first,
)
from registry.catalog.bench import Bench
from registry.catalog.held_files import read_held
from registry.catalog.inspection import load
from registry.catalog.manifest_pages import WrittenManifest, write_manifest
from registry.catalog.model import Fault, Version, VersionFile, VersionState
from registry.catalog.new_shares import counted_share
from registry.catalog.packing import verification_units
from registry.catalog.premises import Premises
from registry.catalog.reading import overlap_of, shown_overlap
from registry.catalog.telling import draft_event
from registry.errors import InvalidValueError, UnavailableError
from registry.journal.work import Command, Work, perform
from registry.manifests import records as stored
from registry.manifests.rules import manifest_digest
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.sketches import service as sketches
from registry.sketches.model import TableSketch
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import VersionId
from storage.errors import ObjectLockedError, StoreConfigurationError, StoreUnavailableError
from storage.scratch import scratch_folder

WORKER: Final = Actor(name="worker")

FILES_AT_ONCE: Final = 5_000

SCRATCH: Final = "sancai-verify-"
"""How the folders begin in which files lie while they are looked at."""

Progress = Callable[[int, int], None]
"""Told (units done, units in all) from time to time; raises when the work is to stop."""


@dataclass(frozen=True, slots=True)
class Read:
    """What reading a draft without a fault has led to."""

    sketch: TableSketch | None
    share_bp: int | None
    loads_with: Mapping[str, Json]
    manifest: WrittenManifest


def verify_draft(premises: Premises, draft: VersionId, attempt: str, progress: Progress = lambda *_: None) -> None:
    """Read every byte of a submitted draft and state what it is; does nothing when that has been stated.

    ``attempt`` names the job, so that a repeat after a lost answer is the same command.

    Raises:
        UnavailableError: The store or the database does not answer; the job is tried again.
    """
    with premises.database.reading() as connection:
        found = records.version_of(connection, draft)
        if found is None or found.state is not VersionState.VERIFYING:
            return
        left = records.unread(connection, draft, records.TABLES)
    total = verification_units(found.files, left.size_bytes, left.files, left.table_bytes)
    read: Read | None = None
    with scratch_folder(SCRATCH) as folder:
        bench = Bench(folder)
        reading = Reading(premises, found, bench, lambda done: progress(min(done, total), total))
        try:
            try:
                read_card_first(reading)
                # What was there before first: what arrives is then looked at once.
                read_held(reading)
                read_arrivals(reading)
                if not reading.faults:
                    loads_with, broken = load(bench.card, all_files(premises, draft))
                    reading.faults += broken
                if not reading.faults:
                    sketch = bench.builder.finish() if bench.tables else None
                    share = counted_share(premises, found, folder) if sketch and found.parents else None
                    read = Read(sketch, share, loads_with, write_manifest(premises, draft))
            except EnoughFaultsError:
                pass
            except InvalidValueError as error:
                reading.faults.append(Fault("", error.code, error.parameters))
        except OverError:
            return
        except (StoreUnavailableError, StoreConfigurationError) as error:
            raise UnavailableError("store_unavailable") from error
    command = Command("verify_draft", f"verify-{attempt}", Digest.of_json({"draft": draft}))
    if read is None:
        perform(premises.database, premises.clock, WORKER, command, lambda work: _fault(work, draft, reading.faults))
        return
    found_out = read
    outcome = perform(
        premises.database, premises.clock, WORKER, command, lambda work: _verified(work, draft, found_out)
    )
    if outcome.replayed or outcome.result["state"] != VersionState.VERIFIED:
        # Stated by another attempt, which wrote pages of its own.
        for _, blob in found_out.manifest.pages:
            with suppress(ObjectLockedError):
                premises.store.delete(blob.place)


def all_files(premises: Premises, version: VersionId) -> Iterator[VersionFile]:
    """Yield the files of a version by path, read some thousand at a time."""
    after = ""
    while True:
        with premises.database.reading() as connection:
            files = records.files_of(connection, version, after, FILES_AT_ONCE)
        if not files:
            return
        yield from files
        after = str(files[-1].path)


def _fault(work: Work, draft: VersionId, faults: list[Fault]) -> dict[str, Json]:
    found = records.version_of(work.connection, draft, lock=True)
    if found is not None and found.state is VersionState.VERIFYING:
        stated: list[Json] = [
            {"path": fault.path, "code": fault.code, "parameters": dict(fault.parameters)} for fault in faults
        ]
        records.set_version(work.connection, draft, state=VersionState.FAULTY, faults=stated)
        _tell(work, Topic.DRAFT_FAULTY, found, faults=len(faults))
    work.journal("catalog.draft_found_faulty", draft, faults=len(faults))
    return {"state": VersionState.FAULTY.value}


def _verified(work: Work, draft: VersionId, read: Read) -> dict[str, Json]:
    """State that all of a draft was read, and what its files come to."""
    found = records.version_of(work.connection, draft, lock=True)
    if found is None or found.state is not VersionState.VERIFYING:
        work.journal("catalog.draft_verification_dropped", draft)
        return {"state": "dropped"}
    pages, root = read.manifest.pages, read.manifest.root
    stored.add_blobs(work.connection, [blob for _, blob in pages], work.now)
    records.set_pages(work.connection, draft, [(page, blob.id) for page, blob in pages])
    overlap: list[Json] = []
    if read.sketch is not None:
        sketches.keep_within(work, draft, read.sketch)
        overlap = [
            {
                "version": like.version,
                "name": like.name,
                "row_containment_bp": like.row_containment_bp,
                "column_containment_bp": like.column_containment_bp,
            }
            for like in shown_overlap(overlap_of(work, found))
        ]
    summed = records.summed_files(work.connection, draft)
    rows = summed.rows if summed.tables else None
    columns = next(iter(records.columns_in(work.connection, draft, 1)), ())
    report: dict[str, Json] = {
        "rows": rows,
        "columns": [dict(column) for column in columns],
        "loads_with": dict(read.loads_with),
    }
    records.set_version(
        work.connection,
        draft,
        state=VersionState.VERIFIED,
        rows=rows,
        report=report,
        overlap=overlap,
        new_share_bp=read.share_bp,
        content_digest=root.content_digest,
        manifest_digest=manifest_digest(root),
    )
    work.journal("catalog.draft_verified", draft, files=summed.files, rows=summed.rows)
    _tell(work, Topic.DRAFT_VERIFIED, found, files=summed.files)
    return {"state": VersionState.VERIFIED.value}


def _tell(work: Work, topic: Topic, draft: Version, **more: Json) -> None:
    held = records.dataset_of(work.connection, draft.dataset)
    if held is not None:
        announce(work, draft_event(topic, held, draft, **more))
