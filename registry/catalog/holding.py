"""Who may hold content of a version, and is told what becomes of it.

Rules:
* A holder is whoever was given addresses of its files, has or had a grant that opens it, ordered it, or attested that
  it uses it. Who only accepted the terms and read nothing holds nothing.
* Holders are told when a version is recalled, withdrawn, erased or deprecated, or when its embargo changes: each firm
  once for each of these, in the transaction in which it happens. A retry finds that it happened and tells nobody.
"""

from typing import Final

from registry.catalog import records
from registry.catalog.model import Dataset, Version
from registry.journal.work import View, Work
from registry.values.identifiers import FirmId, VersionId

HOLDERS_AT_ONCE: Final = 1_000


def note_holder_within(work: Work, version: VersionId, firm: FirmId) -> None:
    """State that a firm may hold a version that it did not read here; part of a use case of a room above."""
    records.add_holder(work.connection, version, firm, work.now)


def holding_firms(view: View, found: Version) -> list[FirmId]:
    """Return every firm that may hold content of a version."""
    firms: list[FirmId] = []
    after = ""
    while page := records.holders_page(view.connection, found.id, found.dataset, after, HOLDERS_AT_ONCE):
        firms += [FirmId(each.party) for each in page if each.party.startswith(f"{FirmId.prefix}_")]
        after = page[-1].party
    return firms


def firms_holding_any(view: View, held: Dataset) -> frozenset[FirmId]:
    """Return every firm that may hold content of a version of a dataset."""
    found = records.versions_of(view.connection, held.id)
    return frozenset(firm for each in found for firm in holding_firms(view, each))
