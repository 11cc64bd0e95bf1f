"""Firms with datasets for tests: real use cases, real bytes, the real worker."""

import hashlib
import io
import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cli.working import run_once
from registry.accounts import service as accounts
from registry.accounts.model import Activate
from registry.actors.model import ANONYMOUS, Actor
from registry.catalog import service
from registry.catalog.model import CreateDataset, Dataset, OpenDraft, Openness, Origin, Sector, Version, VersionName
from registry.house import House
from registry.journal.work import View, Work
from registry.manifests import service as manifests
from registry.manifests.model import FilePath
from registry.manifests.uploads import Upload
from registry.parties import service as parties
from registry.parties.commands import RegisterFirm
from registry.parties.model import FirmKind
from registry.policy.activation import FoundAuthority
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, FirmId, UploadId, VersionId
from registry.values.names import PublicName
from storage.object_store import Bucket
from tests.registry.parties.builders import a_registrar, a_uscc, an_owner, found_authority

T = TypeVar("T")

_numbers = itertools.count(1)


def do(house: House, actor: Actor, use_case: Callable[[Work], T]) -> T:
    """Run a use case in a transaction of its own and return what it returns."""
    with house.database.writing() as connection:
        return use_case(Work(connection, actor, house.clock.now()))


def ask(house: House, actor: Actor, query: Callable[[View], T]) -> T:
    """Run a query and return its answer."""
    with house.view(actor) as view:
        return query(view)


def a_publisher(house: House) -> Actor:
    """Register a firm and return its owner."""
    number = next(_numbers)
    nobody = Actor(name="operator")
    authority = do(house, nobody, lambda work: found_authority(work, f"office-{number}"))
    firm = do(
        house,
        a_registrar(authority),
        lambda work: parties.register_firm(
            work, RegisterFirm(a_uscc(number), f"Firm {number}", "650502", FirmKind.ENTERPRISE)
        ),
    )
    return an_owner(FirmId(firm.id))


def a_publisher_with_token(house: House) -> tuple[Actor, str]:
    """Register a firm with its owner and return the owner as its token shows it, and the token."""
    number = next(_numbers)
    office = FoundAuthority(f"office-{number}", "伊州区发改委（数发局）", "Yizhou", "650502")
    authority, code = do(
        house,
        Actor(name="operator"),
        lambda work: accounts.found_authority_with_registrar(work, office, f"registrar-{number}", "Registrar"),
    )
    registrar = replace(a_registrar(authority.id), account=_activated(house, f"registrar-{number}", code)[0])
    command = RegisterFirm(a_uscc(number), f"Firm {number}", "650502", FirmKind.ENTERPRISE)
    firm, code = do(
        house,
        registrar,
        lambda work: accounts.register_firm_with_owner(work, command, f"owner-{number}", "Owner"),
    )
    account, token = _activated(house, f"owner-{number}", code)
    return replace(an_owner(firm.id), account=account), token


def _activated(house: House, login: str, code: str) -> tuple[AccountId, str]:
    command = Activate(login, code, "a long password of a member")
    issued = do(house, ANONYMOUS, lambda work: accounts.activate(work, command))
    return issued.account.id, issued.secret


def a_dataset(
    house: House, owner: Actor, name: str = "", title: str = "Wind turbines", access: Openness = Openness.PUBLIC
) -> Dataset:
    """Create a dataset."""
    command = CreateDataset(
        PublicName.parse(name or f"lab-{next(_numbers)}/wind"), title, "", Sector.NEW_ENERGY, "CC-BY-4.0", access
    )
    return do(house, owner, lambda work: service.create_dataset(work, command))


def a_draft(house: House, owner: Actor, dataset: Dataset, *parents: VersionName) -> Version:
    """Begin a version."""
    command = OpenDraft(dataset.name, "first", Origin.ENTERPRISE, "measured by ourselves", parents=parents)
    return do(house, owner, lambda work: service.open_draft(work, command))


def put_bytes(house: House, owner: Actor, upload: Upload, content: bytes) -> None:
    """Send all parts of an upload through the local store."""
    found = ask(house, owner, lambda view: manifests.upload(view, upload.id))
    numbers = list(range(1, found.part_count + 1))
    signed = manifests.part_urls(house.database, house.clock, house.store, owner, upload.id, numbers)
    for each in signed.urls:
        start = (each.number - 1) * found.part_size_bytes
        put_part(house, each.url, content[start : start + each.size_bytes])


def put_part(house: House, url: str, content: bytes) -> str:
    """Send one part to a signed address of the local store."""
    from urllib.parse import parse_qsl, unquote, urlsplit

    parts = urlsplit(url)
    path = unquote(parts.path.partition("/objects/")[2])
    return house.store.accept_part(path, dict(parse_qsl(parts.query)), (content,), len(content))  # type: ignore[attr-defined]


def complete(house: House, owner: Actor, upload: UploadId, digest: Digest) -> Upload:
    """Complete an upload."""
    sealed = manifests.seal(house.database, house.clock, house.store, owner, upload, digest)
    return do(house, owner, lambda work: manifests.receive(work, sealed))


def put_file(
    house: House, owner: Actor, draft: Version, path: str, content: bytes, declared: Digest | None = None
) -> None:
    """Announce, send and complete a file of a draft."""
    _, upload = do(house, owner, lambda work: service.add_file(work, draft.id, FilePath(path), len(content)))
    put_bytes(house, owner, upload, content)
    complete(house, owner, upload.id, declared or Digest(hashlib.sha256(content).hexdigest()))


def a_verified_draft(
    house: House, owner: Actor, dataset: Dataset, files: Mapping[str, bytes], *parents: VersionName
) -> Version:
    """Begin a version with files and let the worker verify it; return it as it then is."""
    draft = a_draft(house, owner, dataset, *parents)
    for path, content in files.items():
        put_file(house, owner, draft, path, content)
    do(house, owner, lambda work: service.submit_draft(work, draft.id))
    run_once(house)
    return draft_now(house, owner, draft.id)


def draft_now(house: House, owner: Actor, draft: VersionId) -> Version:
    """Return a draft as it is now."""
    return ask(house, owner, lambda view: service.draft(view, draft))


def publish(house: House, owner: Actor, draft: Version) -> Version:
    """Publish a verified draft."""
    return do(house, owner, lambda work: service.publish_draft(work, draft.id, house.signing_key))


def a_version(
    house: House,
    owner: Actor,
    files: Mapping[str, bytes] | None = None,
    dataset: Dataset | None = None,
    *parents: VersionName,
) -> tuple[Dataset, Version]:
    """Publish a version, by default of a new dataset with one table, and return both."""
    held = dataset or a_dataset(house, owner)
    draft = a_verified_draft(house, owner, held, files or {"wind.csv": a_csv()}, *parents)
    assert draft.state == "verified", draft.faults
    return held, publish(house, owner, draft)


def a_table(rows: int = 200, seed: int = 1) -> pa.Table:
    """Return a table with numbers and labels; another seed shares no row with it."""
    values = np.random.default_rng(seed)
    return pa.table(
        {
            "station": [f"站点{seed}-{place % 40}" for place in range(rows)],
            "wind_speed": np.round(values.normal(8 + seed, 2, rows), 4),
            "power": np.round(values.normal(900, 150, rows), 3),
        }
    )


def a_csv(rows: int = 200, seed: int = 1) -> bytes:
    """Return a table as CSV."""
    return csv_of(a_table(rows, seed))


def csv_of(table: pa.Table) -> bytes:
    """Return a table as CSV."""
    lines = [",".join(table.column_names)]
    lines += [",".join(str(cell) for cell in row.values()) for row in table.to_pylist()]
    return ("\n".join(lines) + "\n").encode()


def parquet_of(table: pa.Table) -> bytes:
    """Return a table as Parquet."""
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def objects_of(house: House) -> dict[str, int]:
    """Return how many objects each bucket holds."""
    return {bucket.value: len(list(house.store.list(bucket))) for bucket in Bucket}
