"""What the catalog shows in public, as boards and statistics count it."""

from collections.abc import Iterable

from registry.catalog import records
from registry.catalog.model import Dataset, ShownDataset
from registry.journal.work import View
from registry.values.identifiers import DatasetId


def shown_datasets(view: View) -> tuple[ShownDataset, ...]:
    """Return every dataset that search finds now, with its newest published version, by id."""
    return records.shown_datasets(view.connection, view.now)


def datasets_by_id(view: View, wanted: Iterable[DatasetId]) -> dict[DatasetId, Dataset]:
    """Return some datasets, reading once; those of receipts and lists were published, so nothing hidden comes out."""
    return records.datasets_of(view.connection, wanted)
