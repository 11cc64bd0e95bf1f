"""What feeds have to know of datasets and namespaces."""

from collections.abc import Iterable

from registry.catalog import records
from registry.catalog.model import Dataset
from registry.journal.work import View
from registry.values.identifiers import DatasetId, FirmId


def namespace_owner(view: View, namespace: str) -> FirmId | None:
    """Return whose a namespace is, or None when nobody has used it."""
    return records.namespace_owner(view.connection, namespace)


def announced_datasets(view: View, ids: Iterable[DatasetId]) -> dict[DatasetId, Dataset]:
    """Return datasets of which something was announced to everybody, by id."""
    return records.datasets_of(view.connection, ids)
