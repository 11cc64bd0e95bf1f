"""What others are told of a version: the events of the catalog as receivers get them."""

from collections.abc import Iterable

from registry.catalog.model import Dataset, Version
from registry.messages.model import Event, Topic
from registry.values.canonical import Json
from registry.values.identifiers import FirmId, Id


def access_event(topic: Topic, held: Dataset, subject: Id, firms: Iterable[FirmId], **more: Json) -> Event:
    """Return what happened about who may read a dataset: the affair of ``firms`` only."""
    return Event(
        topic=topic,
        subject=subject,
        data={"dataset": held.id, "name": str(held.name), "title": held.title, "id": subject, **more},
        firms=frozenset(firms),
        dataset=held.id,
        name=held.name,
    )


def dataset_event(topic: Topic, held: Dataset, also: Iterable[FirmId], **more: Json) -> Event:
    """Return what happened to a dataset as a whole: everybody may learn it, and it is the affair of ``also``."""
    return Event(
        topic=topic,
        subject=held.id,
        data={"dataset": held.id, "name": str(held.name), "title": held.title, **more},
        firms=frozenset({held.publisher, *also}),
        dataset=held.id,
        name=held.name,
        public=True,
    )


def draft_event(topic: Topic, held: Dataset, draft: Version, **more: Json) -> Event:
    """Return what the check of a draft has led to: the affair of its own firm, who alone knows that there is a draft.

    ``more`` holds figures only. A message outlives its draft, so what was found in a file stays with the draft.
    """
    return Event(
        topic=topic,
        subject=draft.id,
        data={
            "dataset": held.id,
            "draft": draft.id,
            "name": str(held.name),
            "title": held.title,
            "message": draft.message,
            **more,
        },
        firms=frozenset({held.publisher}),
        dataset=held.id,
        name=held.name,
    )


def version_event(topic: Topic, held: Dataset, version: Version, also: Iterable[FirmId] = (), **more: Json) -> Event:
    """Return what happened to a version: everybody may learn it, since descriptions are open and content is not in it.

    Args:
        topic: What happened.
        held: The dataset of the version.
        version: The version as it now is.
        also: Firms whose affair it is beside the publisher, for example every holder of what is recalled.
        more: What else receivers are told, for example the reason.
    """
    data: dict[str, Json] = {
        "dataset": held.id,
        "version": version.id,
        "name": f"{held.name}@v{version.number}",
        "title": held.title,
        "message": version.message,
        "content_digest": str(version.content_digest) if version.content_digest else None,
        **more,
    }
    return Event(
        topic=topic,
        subject=version.id,
        data=data,
        firms=frozenset({held.publisher, *also}),
        dataset=held.id,
        name=held.name,
        public=True,
    )
