"""Use cases of sealed samples: seal one of a listing's version, show it, prove all of them from the stored bytes.

Rules:
* Whoever offers a dataset decides whether a sample of it is shown, never what is in it: rows, masks and cuts follow
  from the content digest and the rules of ``quality.sealed_rows``. What was sealed stays as it is.
* It holds the first three tables by path of at most 64 MiB each, their profiles, the newest laboratory report on the
  content, and what the novelty screen finds: published versions it is like, each with its share.
* Content of grade "important" or "core" and content that does not stand published, or is under embargo, is not sampled.
* Whoever sees the listing sees its sample, for as long as the version stands open. What it says is removed with the
  content of an erased version. ``sancai verify`` draws every sample again from the stored bytes and holds
  it against what was sealed.
"""

import json
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from registry.actors.model import Action, Actor, Resource
from registry.actors.rules import require, require_visible
from registry.catalog import reading
from registry.catalog import records as catalog_records
from registry.catalog import service as catalog
from registry.catalog.model import Version, VersionFile, VersionState
from registry.catalog.premises import Premises
from registry.catalog.statement_model import Grade
from registry.errors import ConflictError, CorruptContentError, NotFoundError, Obstacle, RuleError, SancaiError
from registry.exchange import records
from registry.exchange.listings import listing as shown_listing
from registry.exchange.listings import newest_offered, own_firm
from registry.exchange.sample_model import SampleContent, SealedSample
from registry.journal.signing import SigningKey
from registry.journal.work import View, Work
from registry.manifests import service as manifests
from registry.manifests.model import Format
from registry.quality import service as quality
from registry.values.canonical import Json, canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import ListingId
from storage.errors import ObjectMissingError
from storage.object_store import ObjectStore

if TYPE_CHECKING:
    from registry.catalog.rereading import Finding

FORMAT: Final = "sancai/sealed-sample/v1"
TABLES_MAX: Final = 3
TABLE_BYTES_MAX: Final = 64 * 2**20
FILES_LOOKED_AT: Final = 1_000
SAMPLES_AT_ONCE: Final = 100
VERIFIER: Final = Actor(name="operator")


def sample_content(store: ObjectStore, view: View, listing_id: ListingId) -> SampleContent:
    """Return what a sample of a listing of one's own will say; bytes are read, so not in a transaction that writes.

    Raises:
        NotFoundError, NotAllowedError: There is no such listing of the actor's.
        RuleError: ``sample_refused``: what is offered is no data, does not stand open, or has no table.
        CorruptContentError, UnavailableError: The store lacks the bytes, or does not answer.
    """
    require(view.actor, Action.OFFER_LISTING, Resource(frozenset({own_firm(view)})))
    found = shown_listing(view, listing_id)
    offered = Resource(frozenset({found.offered_by}), dataset=found.dataset, subject=found.id)
    require_visible(view.actor, Action.OFFER_LISTING, offered, "listing")
    if found.dataset is None:
        raise _refused("sample_without_data")
    version = catalog.version(view, found.version) if found.version else newest_offered(view, found.dataset)
    _require_open(view, version)
    drawn = _tables(store, view, version)
    if not drawn:
        raise _refused("sample_without_table")
    held = catalog.dataset(view, found.dataset)
    content: dict[str, Json] = {
        "format": FORMAT,
        "listing": found.id,
        "dataset": str(held.name),
        "version": f"v{version.number}",
        "content_digest": str(version.content_digest),
        "tables": [table for table, _ in drawn],
        "profile": [{"path": table["path"], "columns": columns} for table, columns in drawn],
        "quality": _quality(view, version),
        "novelty": _novelty(view, version),
        "as_of": str(view.now),
    }
    return SampleContent(found.id, version.id, canonical_json(content))


def _require_open(view: View, version: Version) -> None:
    if version.state is not VersionState.PUBLISHED or (version.embargo_until and view.now < version.embargo_until):
        raise _refused("sample_not_open")
    if version.grade is not Grade.GENERAL:
        raise _refused("sample_grade")


def _refused(code: str) -> RuleError:
    return RuleError("sample_refused", (Obstacle(code, "RULINGS 37"),))


def _tables(store: ObjectStore, view: View, version: Version) -> list[tuple[dict[str, Json], list[Json]]]:
    """Return the sampled tables of a version, each with the profile of its columns."""
    if version.content_digest is None:
        return []
    files = catalog_records.files_of(view.connection, version.id, "", FILES_LOOKED_AT)
    tables = (
        each
        for each in files
        if Format(each.format or Format.OTHER).is_table and each.rows and each.size_bytes <= TABLE_BYTES_MAX
    )
    return [_table(store, view, version.content_digest, each) for each in islice(tables, TABLES_MAX)]


def _table(store: ObjectStore, view: View, content: Digest, file: VersionFile) -> tuple[dict[str, Json], list[Json]]:
    # Reading tables takes libraries of the worker's, which the web server does not start with.
    from registry.manifests.inventory import dialect_kept
    from registry.manifests.reading import read_columns
    from registry.quality.sealed_rows import drawn_cells, drawn_rows, sampled_table

    rows, path = file.rows or 0, str(file.path)
    drawn = drawn_rows(content, path, rows)
    [blob] = manifests.blobs(view, [file.blob] if file.blob else []).values()
    with tempfile.TemporaryDirectory(prefix="sancai-sample-") as made:
        local = Path(made) / "table"
        try:
            with local.open("wb") as spool:
                for piece in manifests.content(
                    store.at(blob.store), blob.place, blob.offset_bytes, blob.size_bytes if blob.packed else None
                ):
                    spool.write(piece)
        except ObjectMissingError as error:
            raise CorruptContentError("object_missing", key=blob.place.key) from error
        batches = read_columns(local, Format(file.format or Format.OTHER), path, dialect_kept(file.inventory))
        cells = drawn_cells(batches, drawn)
    columns: list[Json] = [dict(each) for each in file.columns]
    return sampled_table(path, rows, file.columns, drawn, cells), columns


def _quality(view: View, version: Version) -> Json:
    """Return what the newest laboratory report on the content says, None without one."""
    found = quality.report(view, version.content_digest) if version.content_digest else None
    if found is None:
        return None
    return {
        "laboratory": found.laboratory,
        "documentation": str(found.documentation),
        "data_quality": str(found.data_quality),
        "model_application": str(found.model_application),
        "method": found.method,
        "report_digest": str(found.report_digest),
    }


def _novelty(view: View, version: Version) -> Json:
    """Return when the content was first published here, and which published versions it is like, with their shares."""
    alike: list[Json] = [
        {"version": each.name, "row_share_bp": each.row_containment_bp, "column_share_bp": each.column_containment_bp}
        for each in reading.shown_overlap(reading.overlap_of(view, version))
    ]
    return {"published_at": str(version.published_at), "alike": alike}


def seal_sample(work: Work, made: SampleContent, key: SigningKey) -> SealedSample:
    """Seal a sample under the key of the installation.

    Raises:
        NotFoundError, NotAllowedError: As ``sample_content``.
        RuleError: ``sample_refused``: the version does not stand open any more.
        ConflictError: The listing has a sample of this version.
    """
    found = shown_listing(work, made.listing)
    offered = Resource(frozenset({found.offered_by}), dataset=found.dataset, subject=found.id)
    require_visible(work.actor, Action.OFFER_LISTING, offered, "listing")
    _require_open(work, catalog.version(work, made.version))
    digest = Digest.of(made.content)
    signature = key.sign(made.content)
    sealed = SealedSample(made.listing, made.version, made.content, digest, str(key.verifier), signature, work.now)
    if not records.add_sample(work.connection, sealed):
        raise ConflictError("sample_sealed_already", id=made.listing)
    work.journal("exchange.sample_sealed", made.listing, version=str(made.version), sample=str(digest))
    return sealed


def sealed_sample(view: View, listing_id: ListingId) -> SealedSample:
    """Return the sample of a listing that the actor sees, while its version stands open. Raises NotFoundError."""
    found = shown_listing(view, listing_id)
    sample = records.newest_sample(view.connection, found.id)
    if sample is None or sample.content is None:
        raise NotFoundError("sealed_sample_not_found", id=listing_id)
    try:
        _require_open(view, catalog.version(view, sample.version))
    except RuleError as error:
        raise NotFoundError("sealed_sample_not_found", id=listing_id) from error
    return sample


def forget_erased_samples(premises: Premises) -> int:
    """Remove what samples of erased versions say, also after a restore; return how many they were.

    Digest and signature stay: whoever holds the bytes can still show that they were sealed here.
    """
    with premises.database.writing() as connection:
        return records.forget_erased(connection)


def verify_samples(premises: Premises) -> "Iterator[Finding]":
    """Draw every sealed sample again from the stored bytes and yield those that are not what was sealed."""
    after = None
    while True:
        with premises.database.reading() as connection:
            page = records.samples_after(connection, after, SAMPLES_AT_ONCE)
        if not page:
            return
        for each in page:
            yield from _verify(premises, each)
        after = (page[-1].listing, page[-1].version)


def _verify(premises: Premises, sample: SealedSample) -> "Iterator[Finding]":
    from registry.catalog.rereading import Finding

    if sample.content is None:
        return
    stated = json.loads(sample.content)
    where = (str(stated["dataset"]), str(stated["version"]))
    if not premises.signing_key.verifier.accepts(sample.signature, sample.content):
        yield Finding(*where, "", "sample_not_authentic", sample.listing)
        return
    with premises.database.reading() as connection:
        view = View(connection, VERIFIER, premises.clock.now())
        version = catalog.version(view, sample.version)
        if version.state in (VersionState.ERASED, VersionState.RECALLED):
            return
        try:
            drawn = [table for table, _ in _tables(premises.store, view, version)]
        except SancaiError as error:
            yield Finding(*where, "", "sample_unreadable", error.code)
            return
    if canonical_json(drawn) != canonical_json(stated["tables"]):
        yield Finding(*where, "", "sample_differs", sample.listing)
