"""Use cases of the lists beside adoption: scenes, the annotation catalog, typical cases. Everybody may read them.

An office writes only its own entries, a firm only its own scenes (RULINGS 24).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from registry.actors.model import Action, Resource
from registry.actors.rules import require, require_visible
from registry.adoption import records
from registry.adoption.lists_model import (
    AddAnnotation,
    Annotation,
    AnnotationState,
    AnnotationStep,
    AnswerScene,
    EndEntry,
    Ending,
    EnterTypicalCase,
    MoveAnnotation,
    PublishScene,
    Scene,
    SceneAnswer,
    TypicalCase,
)
from registry.catalog import service as catalog
from registry.errors import ConflictError, NotAllowedError, NotFoundError
from registry.journal.work import View, Work
from registry.manifests import service as manifests
from registry.values.identifiers import (
    AccountId,
    AnnotationId,
    AuthorityId,
    DatasetId,
    FirmId,
    Id,
    SceneId,
    TypicalCaseId,
)

AT_ONCE: Final = 500

Listed = TypeVar("Listed", Scene, Annotation, TypicalCase)


def _account(work: Work) -> AccountId:
    if work.actor.account is None:
        raise NotAllowedError("not_yours")
    return work.actor.account


def _own(firm: FirmId | None, authority: AuthorityId | None) -> Resource:
    return Resource(firms=frozenset({firm} if firm else ()), authority=authority)


# Scenes.


def publish_scene(work: Work, command: PublishScene) -> Scene:
    """Put a scene of one's own firm or office on the list. Raises NotAllowedError."""
    firm, authority = work.actor.firm, work.actor.authority
    require(work.actor, Action.PUBLISH_SCENE, _own(firm, authority))
    made = Scene(
        id=SceneId.new(),
        authority=authority,
        firm=firm,
        batch=command.batch.strip(),
        title=command.title.strip(),
        sector=command.sector,
        need=command.need.strip(),
        published_at=work.now,
        published_by=_account(work),
    )
    work.journal("adoption.scene_published", made.id, title=made.title, batch=made.batch, sector=made.sector.value)
    records.add_scene(work.connection, made)
    return made


def answer_scene(work: Work, command: AnswerScene) -> Scene:
    """Say that a published dataset of one's own answers a scene.

    Raises:
        NotFoundError: There is no such scene or dataset.
        NotAllowedError: The dataset is another firm's.
        ConflictError: The scene has ended, the dataset answers it already or has no published version.
    """
    scene = scene_of(work, command.scene)
    dataset = catalog.dataset(work, command.dataset)
    require(work.actor, Action.ANSWER_SCENE, Resource(firms=frozenset({dataset.publisher}), dataset=dataset.id))
    if scene.ended:
        raise ConflictError("list_entry_ended", id=scene.id)
    if catalog.latest(work, dataset.id) is None:
        raise ConflictError("scene_answer_unpublished", name=str(dataset.name))
    made = SceneAnswer(dataset.id, command.note.strip(), work.now, _account(work))
    work.journal("adoption.scene_answered", scene.id, dataset=str(dataset.id), note=made.note)
    if not records.add_answer(work.connection, scene.id, made):
        raise ConflictError("scene_answered_already", name=str(dataset.name))
    return replace(scene, answers=(*scene.answers, made))


def end_scene(work: Work, command: EndEntry) -> Scene:
    """Take a scene of one's own off the list. Raises NotFoundError, NotAllowedError, ConflictError (ended before)."""
    scene = scene_of(work, SceneId(command.subject))
    own = replace(_own(scene.firm, scene.authority), subject=scene.id)
    require_visible(work.actor, Action.PUBLISH_SCENE, own, "scene")
    return replace(scene, ended=_end(work, command, "adoption.scene_ended"))


def _end(work: Work, command: EndEntry, entry: str) -> Ending:
    made = Ending(command.reason.strip(), work.now, _account(work))
    work.journal(entry, command.subject, reason=made.reason)
    if not records.add_ending(work.connection, command.subject, made):
        raise ConflictError("list_entry_ended", id=command.subject)
    return made


def scene_of(view: View, wanted: SceneId) -> Scene:
    """Return a scene. Raises NotFoundError."""
    found = records.scene_of(view.connection, wanted)
    if found is None:
        raise NotFoundError("scene_not_found", id=wanted)
    return found


def scenes(view: View, after: SceneId | None, limit: int) -> tuple[Scene, ...]:
    """Return a page of the scenes with the datasets that answer them, ended ones too, the newest first."""
    return records.scenes(view.connection, after, limit)


def scenes_answered_by(view: View, dataset: DatasetId) -> tuple[Scene, ...]:
    """Return the scenes a dataset answers, the newest first."""
    return records.scenes_answered_by(view.connection, dataset)


# The annotation catalog.


def add_annotation(work: Work, command: AddAnnotation) -> Annotation:
    """Enter public data of a department into one's authority's catalog, as planned. Raises NotAllowedError."""
    require(work.actor, Action.KEEP_CATALOGS, Resource(authority=work.actor.authority))
    if work.actor.authority is None:
        raise NotAllowedError("not_yours")
    made = Annotation(
        id=AnnotationId.new(),
        authority=work.actor.authority,
        department=command.department.strip(),
        title=command.title.strip(),
        authorisation_basis=command.authorisation_basis.strip(),
        need=command.need.strip(),
        sector=command.sector,
        size_bytes=command.size_bytes,
        steps=(AnnotationStep(1, AnnotationState.PLANNED, None, "", work.now, _account(work)),),
    )
    work.journal(
        "adoption.annotation_entered",
        made.id,
        department=made.department,
        title=made.title,
        authorisation_basis=made.authorisation_basis,
    )
    records.add_annotation(work.connection, made)
    records.add_annotation_step(work.connection, made.id, made.steps[0])
    return made


def move_annotation(work: Work, command: MoveAnnotation) -> Annotation:
    """State how far an entry of one's authority has come.

    Raises:
        NotFoundError: The authority has no such entry, or there is no such dataset.
        NotAllowedError: The actor keeps no registers.
        ConflictError: The entry cannot move so, or somebody else moved it in the meantime.
    """
    found = records.annotation_of(work.connection, command.annotation)
    if found is None:
        raise NotFoundError("annotation_not_found", id=command.annotation)
    own = Resource(authority=found.authority, subject=found.id)
    require_visible(work.actor, Action.KEEP_CATALOGS, own, "annotation")
    dataset = catalog.dataset(work, command.dataset).id if command.dataset else None
    made = found.moved(command.state, dataset, command.note.strip(), work.now, _account(work))
    work.journal("adoption.annotation_moved", found.id, state=command.state.value, dataset=dataset)
    if not records.add_annotation_step(work.connection, found.id, made.steps[-1]):
        raise ConflictError("annotation_moved_meanwhile", id=found.id)
    return made


def annotations(view: View, after: AnnotationId | None, limit: int) -> tuple[Annotation, ...]:
    """Return a page of the annotation catalog, the newest first."""
    return records.annotations(view.connection, after, limit)


# Typical cases.


def enter_typical_case(work: Work, command: EnterTypicalCase) -> TypicalCase:
    """Enter a case that an organ recognised by document. Raises NotAllowedError, NotFoundError (dataset, document)."""
    require(work.actor, Action.KEEP_CATALOGS, Resource(authority=work.actor.authority))
    if work.actor.authority is None:
        raise NotAllowedError("not_yours")
    dataset = catalog.dataset(work, command.dataset).id if command.dataset else None
    if command.document:
        manifests.require_evidence(work, [command.document])
    made = TypicalCase(
        id=TypicalCaseId.new(),
        authority=work.actor.authority,
        industry=command.industry,
        title=command.title.strip(),
        dataset=dataset,
        recognised_by=command.recognised_by.strip(),
        document_number=command.document_number.strip(),
        recognised_on=command.recognised_on,
        document=command.document,
        entered_at=work.now,
        entered_by=_account(work),
    )
    work.journal(
        "adoption.typical_case_entered",
        made.id,
        industry=made.industry.value,
        title=made.title,
        document_number=made.document_number,
    )
    records.add_typical_case(work.connection, made)
    return made


def end_typical_case(work: Work, command: EndEntry) -> TypicalCase:
    """Take a typical case off the list. Raises NotFoundError, NotAllowedError, ConflictError (ended before)."""
    wanted = TypicalCaseId(command.subject)
    found = records.typical_case_of(work.connection, wanted)
    if found is None:
        raise NotFoundError("typical_case_not_found", id=wanted)
    own = Resource(authority=found.authority, subject=found.id)
    require_visible(work.actor, Action.KEEP_CATALOGS, own, "typical_case")
    return replace(found, ended=_end(work, command, "adoption.typical_case_ended"))


def typical_cases(view: View, after: TypicalCaseId | None, limit: int) -> tuple[TypicalCase, ...]:
    """Return a page of the typical cases, ended ones too, the newest first."""
    return records.typical_cases(view.connection, after, limit)


def every(page: Callable[[View, Any, int], Sequence[Listed]], view: View) -> Iterator[Listed]:
    """Yield a whole list, page by page."""
    after: Id | None = None
    while found := page(view, after, AT_ONCE):
        yield from found
        after = found[-1].id
