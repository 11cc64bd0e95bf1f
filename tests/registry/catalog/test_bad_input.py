"""Bad input: one clear refusal each, and no half state; rows and objects are counted before and after."""

import hashlib
from collections.abc import Callable

import pytest
from sqlalchemy import text

from cli.working import run_once
from registry.catalog import service
from registry.catalog.model import DRAFT_FILES_MAX, Version, VersionState
from registry.catalog.rules import require_file_count
from registry.errors import ConflictError, InvalidValueError, NotFoundError, RuleError
from registry.house import House
from registry.manifests import service as manifests
from registry.manifests.model import FilePath
from registry.manifests.uploads import FILE_SIZE_MAX_BYTES
from registry.values.digest import Digest
from storage.errors import PartRefusedError
from storage.local_store import LocalStore
from tests.conftest import STORE_SECRET
from tests.registry.catalog.builders import (
    a_csv,
    a_dataset,
    a_draft,
    a_publisher,
    a_table,
    complete,
    do,
    draft_now,
    objects_of,
    parquet_of,
    put_bytes,
    put_file,
    put_part,
)

CONTENT_TABLES = ("blobs", "table_sketches", "sketch_hashes", "search")
ALL_TABLES = (*CONTENT_TABLES, "version_files", "uploads", "versions", "datasets", "journal_entries")


def counts(house: House, tables: tuple[str, ...] = ALL_TABLES) -> dict[str, int]:
    with house.database.reading() as connection:
        rows = {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables}
    objects = objects_of(house)
    del objects["log"]  # A worker exports checkpoints of the journal there; no byte of a draft goes that way.
    return rows | objects


def faults_of(house: House, files: dict[str, bytes], declared: dict[str, Digest] | None = None) -> Version:
    """Submit files and return the draft, after checking that of those with a fault nothing was kept."""
    owner = a_publisher(house)
    draft = a_draft(house, owner, a_dataset(house, owner))
    for path, content in files.items():
        put_file(house, owner, draft, path, content, (declared or {}).get(path))
    do(house, owner, lambda work: service.submit_draft(work, draft.id))
    before = counts(house, CONTENT_TABLES)
    run_once(house)
    found = draft_now(house, owner, draft.id)
    assert found.state is VersionState.FAULTY
    good = len(files) - len(found.faults)
    expected = before | {name: before[name] + good for name in ("blobs", "published")}
    expected["incoming"] = before["incoming"] - good
    assert counts(house, CONTENT_TABLES) == expected
    return found


def test_every_bad_file_is_named_with_what_is_wrong_in_it(house: House) -> None:
    files = {
        "good.csv": a_csv(),
        "cut.parquet": parquet_of(a_table())[:-40],
        "mixed.csv": "站点,功率\n哈密,12\n".encode() + "伊州,9\n".encode("gbk"),
        "wrong.csv": a_csv(),
    }
    found = faults_of(house, files, {"wrong.csv": Digest("0" * 64)})
    assert {fault.path: fault.code for fault in found.faults} == {
        "cut.parquet": "parquet_truncated",
        "mixed.csv": "csv_encoding_unknown",
        "wrong.csv": "file_digest_wrong",
    }


def test_a_broken_line_beyond_a_million_is_found_by_its_number(house: House) -> None:
    found = faults_of(house, {"long.jsonl": b'{"a":1}\n' * 1_000_000 + b'{"a":\n'})
    assert [(fault.code, fault.parameters["line"]) for fault in found.faults] == [("jsonl_line_broken", 1_000_001)]


@pytest.mark.parametrize(
    "path", ["../up.csv", "/etc/passwd", "a//b.csv", "a\\b.csv", "C:/x.csv", "a/./b.csv", "nul.csv"]
)
def test_a_path_that_leaves_the_dataset_is_refused(path: str) -> None:
    with pytest.raises(InvalidValueError):
        FilePath(path)


@pytest.mark.parametrize(
    ("first", "second"), [("a.csv", "a.csv"), ("Ä.csv", "a\u0308.csv"), ("Straße.csv", "STRASSE.csv")]
)
def test_a_path_twice_is_refused_also_after_nfc_and_case_folding(house: House, first: str, second: str) -> None:
    owner = a_publisher(house)
    draft = a_draft(house, owner, a_dataset(house, owner))
    do(house, owner, lambda work: service.add_file(work, draft.id, FilePath(first), 1))
    before = counts(house)
    with pytest.raises(InvalidValueError, match="path_duplicate"):
        do(house, owner, lambda work: service.add_file(work, draft.id, FilePath(second), 1))
    assert counts(house) == before


def test_a_file_beyond_what_a_store_holds_is_refused(house: House) -> None:
    owner = a_publisher(house)
    draft = a_draft(house, owner, a_dataset(house, owner))
    do(house, owner, lambda work: service.add_file(work, draft.id, FilePath("most.csv"), FILE_SIZE_MAX_BYTES))
    before = counts(house)
    with pytest.raises(InvalidValueError, match="file_too_large"):
        do(house, owner, lambda work: service.add_file(work, draft.id, FilePath("more.csv"), FILE_SIZE_MAX_BYTES + 1))
    assert counts(house) == before


def test_a_draft_takes_a_stated_number_of_files() -> None:
    require_file_count(DRAFT_FILES_MAX - 1)
    with pytest.raises(InvalidValueError, match="too_many"):
        require_file_count(DRAFT_FILES_MAX)


def test_parts_of_another_size_or_missing_leave_the_upload_open(house: House) -> None:
    owner = a_publisher(house)
    draft = a_draft(house, owner, a_dataset(house, owner))
    content = a_csv()
    _, upload = do(house, owner, lambda work: service.add_file(work, draft.id, FilePath("a.csv"), len(content)))
    signed = manifests.part_urls(house.database, house.clock, house.store, owner, upload.id, [1])
    before = counts(house)
    with pytest.raises(PartRefusedError, match="size_wrong"):
        put_part(house, signed.urls[0].url, content[:-1])
    with pytest.raises(ConflictError, match="upload_part_missing"):
        complete(house, owner, upload.id, Digest.of(content))
    assert counts(house) == before
    with pytest.raises(RuleError, match="files_not_received"):
        do(house, owner, lambda work: service.submit_draft(work, draft.id))
    assert counts(house) == before
    put_bytes(house, owner, upload, content)
    assert complete(house, owner, upload.id, Digest.of(content)).state == "received"


def test_an_expired_part_address_takes_nothing(house: House) -> None:
    owner = a_publisher(house)
    draft = a_draft(house, owner, a_dataset(house, owner))
    _, upload = do(house, owner, lambda work: service.add_file(work, draft.id, FilePath("a.csv"), 3))
    signed = manifests.part_urls(house.database, house.clock, house.store, owner, upload.id, [1])
    before = counts(house)
    later = LocalStore(
        house.settings.objects_folder, house.settings.public_url, STORE_SECRET, now=lambda: 4_000_000_000.0
    )
    from dataclasses import replace

    with pytest.raises(PartRefusedError, match="url_expired"):
        put_part(replace(house, store=later), signed.urls[0].url, b"abc")
    assert counts(house) == before


def test_a_firm_reaches_nothing_of_another_firms_draft(house: House) -> None:
    owner, thief = a_publisher(house), a_publisher(house)
    draft = a_draft(house, owner, a_dataset(house, owner))
    put_file(house, owner, draft, "a.csv", a_csv())
    before = counts(house)
    attempts: list[Callable[[], object]] = [
        lambda: do(house, thief, lambda work: service.add_file(work, draft.id, FilePath("b.csv"), 1)),
        lambda: do(house, thief, lambda work: service.remove_file(work, draft.id, FilePath("a.csv"))),
        lambda: do(house, thief, lambda work: service.submit_draft(work, draft.id)),
        lambda: do(house, thief, lambda work: service.publish_draft(work, draft.id, house.signing_key)),
        lambda: do(house, thief, lambda work: service.abandon_draft(work, draft.id)),
    ]
    for attempt in attempts:
        with pytest.raises(NotFoundError):
            attempt()
    assert counts(house) == before


def test_a_faulty_draft_can_be_mended_and_published(house: House) -> None:
    owner = a_publisher(house)
    draft = a_draft(house, owner, a_dataset(house, owner))
    put_file(house, owner, draft, "good.csv", a_csv())
    put_file(house, owner, draft, "bad.csv", b"a,b\n1\n")
    do(house, owner, lambda work: service.submit_draft(work, draft.id))
    run_once(house)
    do(house, owner, lambda work: service.remove_file(work, draft.id, FilePath("bad.csv")))
    do(house, owner, lambda work: service.submit_draft(work, draft.id))
    run_once(house)
    assert draft_now(house, owner, draft.id).state is VersionState.VERIFIED
    assert do(house, owner, lambda work: service.publish_draft(work, draft.id, house.signing_key)).number == 1


def test_evidence_with_other_bytes_than_announced_is_not_filed(house: House) -> None:
    owner = a_publisher(house)
    digest = Digest(hashlib.sha256(b"the contract").hexdigest())
    from registry.manifests.uploads import EvidenceKind

    document, upload = do(
        house, owner, lambda work: manifests.file_evidence(work, EvidenceKind.CONTRACT, "c.pdf", 12, digest)
    )
    put_bytes(house, owner, upload, b"another text")
    before = counts(house, (*ALL_TABLES, "evidence"))
    with pytest.raises(InvalidValueError, match="evidence_digest_wrong"):
        complete(house, owner, upload.id, digest)
    after = counts(house, (*ALL_TABLES, "evidence"))
    assert after["evidence"] == before["evidence"]
    assert after["blobs"] == before["blobs"]
    with house.view(owner) as view, pytest.raises(RuleError, match="evidence_not_verified"):
        manifests.require_evidence(view, [document.id])
