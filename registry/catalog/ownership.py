"""Whose a dataset or draft is: what a use case may change, found and locked for its firm."""

from registry.actors.model import Action, Actor, Resource
from registry.actors.rules import require, require_visible
from registry.catalog import records
from registry.catalog.model import Dataset, Version
from registry.errors import NotFoundError
from registry.journal.work import Work
from registry.values.identifiers import FirmId, VersionId
from registry.values.names import PublicName


def own_firm(actor: Actor, action: Action) -> FirmId:
    """Return the firm an actor acts for. Raises NotAllowedError."""
    require(actor, action, Resource(firms=frozenset({actor.firm} if actor.firm else ()), dataset=None))
    if actor.firm is None:
        raise AssertionError("a permission of firms was given to an office")
    return actor.firm


def own_dataset(work: Work, name: PublicName, action: Action) -> Dataset:
    """Return a dataset of the actor's own, locked. Raises NotFoundError, NotAllowedError."""
    found = records.dataset_of(work.connection, name, lock=True)
    if found is None:
        raise NotFoundError("dataset_not_found", name=str(name))
    owned = Resource(firms=frozenset({found.publisher}), dataset=found.id, subject=found.id)
    require_visible(work.actor, action, owned, "dataset")
    return found


def own_draft(work: Work, draft_id: VersionId, action: Action = Action.DRAFT_VERSION) -> Version:
    """Return a draft of the actor's own, locked. Raises NotFoundError, NotAllowedError."""
    found = records.version_of(work.connection, draft_id, lock=True)
    if found is None:
        raise NotFoundError("draft_not_found", id=draft_id)
    owned = Resource(firms=frozenset({found.publisher}), dataset=found.dataset, subject=found.id)
    require_visible(work.actor, action, owned, "draft")
    return found
