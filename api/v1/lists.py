"""The scene list, the public-data annotation catalog and typical cases; everybody may read them."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Self, TypeVar

from flask import Response
from pydantic import Field

from api.calls import read, write
from api.door import Answer, Door, PageQuery, Strict, Whole
from api.paging import after_of, page_of
from api.v1.boards import dataset_names
from registry.actors.model import Action
from registry.adoption import lists
from registry.adoption.lists_model import (
    NEED_LENGTH_MAX,
    NOTE_LENGTH_MAX,
    SIZE_BYTES_MAX,
    AddAnnotation,
    Annotation,
    AnnotationState,
    AnswerScene,
    EndEntry,
    EnterTypicalCase,
    MoveAnnotation,
    PublishScene,
    Scene,
    TypicalCase,
)
from registry.catalog.industries import KeyIndustry
from registry.catalog.model import Sector
from registry.journal.work import View, Work
from registry.values.identifiers import AnnotationId, DatasetId, EvidenceId, Id, SceneId, TypicalCaseId
from registry.values.names import PublicName

door = Door("lists", __name__, url_prefix="/v1")

Names = dict[DatasetId, str]

Listed = TypeVar("Listed", Scene, Annotation, TypicalCase)


def _page(
    view: View,
    query: PageQuery,
    fetch: Callable[[View, Any, int], Sequence[Listed]],
    kind: type[Id],
    shown: Callable[[Listed, Names], Answer],
) -> dict[str, Any]:
    """Return what a page of a list holds, and the cursor of the next one or None."""
    found = fetch(view, after_of(query, kind), query.limit + 1)
    page, following = page_of(found, query, lambda each: [each.id])
    names = dataset_names(view, page)
    return {"items": [shown(each, names) for each in page], "next_cursor": following}


class EndBody(Strict):
    """Why something leaves its list."""

    reason: str = Field(min_length=1, max_length=NOTE_LENGTH_MAX)


# Scenes.


class SceneBody(Strict):
    """A need for data, in a batch of the list."""

    batch: str = Field(min_length=1, max_length=40)
    title: str = Field(min_length=1, max_length=200)
    sector: Sector = Field(strict=False)
    need: str = Field(min_length=1, max_length=NEED_LENGTH_MAX)


class SceneAnswerBody(Strict):
    """Which dataset of one's own answers a scene, and how."""

    dataset: str = Field(max_length=200)
    note: str = Field(min_length=1, max_length=NOTE_LENGTH_MAX)


class SceneAnswerView(Answer):
    """A dataset that answers a scene."""

    dataset: str
    note: str
    answered_at: str


class SceneView(Answer):
    """A published need for data, with the datasets that answer it; of an office or of a firm."""

    id: str
    authority: str | None
    firm: str | None
    batch: str
    title: str
    sector: str
    need: str
    published_at: str
    ended_at: str | None
    ended_reason: str | None
    answers: list[SceneAnswerView]

    @classmethod
    def of(cls, value: Scene, names: Names) -> Self:
        """Return the view of a scene."""
        return cls(
            id=value.id,
            authority=value.authority,
            firm=value.firm,
            batch=value.batch,
            title=value.title,
            sector=value.sector.value,
            need=value.need,
            published_at=str(value.published_at),
            ended_at=str(value.ended.at) if value.ended else None,
            ended_reason=value.ended.reason if value.ended else None,
            answers=[
                SceneAnswerView(dataset=names[each.dataset], note=each.note, answered_at=str(each.at))
                for each in value.answers
            ],
        )


class ScenesView(Answer):
    """A page of the scene list, the newest first."""

    items: list[SceneView]
    next_cursor: str | None = None


def _scene(work: Work, made: Scene) -> SceneView:
    return SceneView.of(made, dataset_names(work, [made]))


def scenes_page(view: View, query: PageQuery) -> ScenesView:
    """Return a page of the scene list."""
    return ScenesView(**_page(view, query, lists.scenes, SceneId, SceneView.of))


def one_scene(view: View, wanted: SceneId) -> SceneView:
    """Return a scene. Raises NotFoundError."""
    found = lists.scene_of(view, wanted)
    return SceneView.of(found, dataset_names(view, [found]))


@door.operation("GET", "/scenes", {200: ScenesView}, public=True)
def list_scenes(query: PageQuery) -> Response:
    """List the scenes that firms and offices published, with the datasets that answer them."""
    return read(lambda view: scenes_page(view, query), lambda found: found)


@door.operation("POST", "/scenes", {201: SceneView}, action=Action.PUBLISH_SCENE)
def publish_scene(body: SceneBody) -> Response:
    """Publish a scene of your firm or office."""
    command = PublishScene(body.batch, body.title, body.sector, body.need)
    return write(lambda work: _scene(work, lists.publish_scene(work, command)), lambda made: made)


@door.operation("POST", "/scenes/<scene>/answers", {200: SceneView}, action=Action.ANSWER_SCENE)
def answer_scene(scene: str, body: SceneAnswerBody) -> Response:
    """Say that a dataset of your firm answers a scene."""
    command = AnswerScene(SceneId(scene), PublicName.parse(body.dataset), body.note)
    return write(lambda work: _scene(work, lists.answer_scene(work, command)), lambda made: made, 200)


@door.operation("POST", "/scenes/<scene>/end", {200: SceneView}, action=Action.PUBLISH_SCENE)
def end_scene(scene: str, body: EndBody) -> Response:
    """Take a scene of your firm or office off the list."""
    command = EndEntry(SceneId(scene), body.reason)
    return write(lambda work: _scene(work, lists.end_scene(work, command)), lambda made: made, 200)


# The annotation catalog.


class AnnotationBody(Strict):
    """Public data of a department that is to be annotated."""

    department: str = Field(min_length=1, max_length=200)
    title: str = Field(min_length=1, max_length=200)
    authorisation_basis: str = Field(min_length=1, max_length=NOTE_LENGTH_MAX)
    need: str = Field(min_length=1, max_length=NEED_LENGTH_MAX)
    sector: Sector = Field(strict=False)
    size_bytes: Whole | None = Field(default=None, ge=0, le=SIZE_BYTES_MAX)

    def command(self) -> AddAnnotation:
        """Return what is asked of the registry. Raises InvalidValueError."""
        basis = self.authorisation_basis
        return AddAnnotation(self.department, self.title, basis, self.need, self.sector, self.size_bytes)


class AnnotationStepBody(Strict):
    """How far an entry has come, with the dataset it led to when it is done."""

    state: AnnotationState = Field(strict=False)
    note: str = Field(min_length=1, max_length=NOTE_LENGTH_MAX)
    dataset: str | None = Field(default=None, max_length=200)


class AnnotationStepView(Answer):
    """Where an entry stood from an instant on."""

    state: str
    note: str
    stated_at: str


class AnnotationView(Answer):
    """An entry of the public-data annotation catalog."""

    id: str
    authority: str
    department: str
    title: str
    authorisation_basis: str
    need: str
    sector: str
    size_bytes: int | None
    state: str
    dataset: str | None
    steps: list[AnnotationStepView]

    @classmethod
    def of(cls, value: Annotation, names: Names) -> Self:
        """Return the view of an entry."""
        return cls(
            id=value.id,
            authority=value.authority,
            department=value.department,
            title=value.title,
            authorisation_basis=value.authorisation_basis,
            need=value.need,
            sector=value.sector.value,
            size_bytes=value.size_bytes,
            state=value.state.value,
            dataset=names[value.dataset] if value.dataset else None,
            steps=[
                AnnotationStepView(state=each.state.value, note=each.note, stated_at=str(each.at))
                for each in value.steps
            ],
        )


class AnnotationsView(Answer):
    """A page of the annotation catalog, the newest first."""

    items: list[AnnotationView]
    next_cursor: str | None = None


def _annotation(work: Work, made: Annotation) -> AnnotationView:
    return AnnotationView.of(made, dataset_names(work, [made]))


def annotations_page(view: View, query: PageQuery) -> AnnotationsView:
    """Return a page of the annotation catalog."""
    return AnnotationsView(**_page(view, query, lists.annotations, AnnotationId, AnnotationView.of))


@door.operation("GET", "/annotation-catalog", {200: AnnotationsView}, public=True)
def list_annotations(query: PageQuery) -> Response:
    """List the public data that is to be annotated: department, authorisation basis, need and status."""
    return read(lambda view: annotations_page(view, query), lambda found: found)


@door.operation("POST", "/annotation-catalog", {201: AnnotationView}, action=Action.KEEP_CATALOGS)
def add_annotation(body: AnnotationBody) -> Response:
    """Enter public data of a department into the catalog of your office."""
    command = body.command()
    return write(lambda work: _annotation(work, lists.add_annotation(work, command)), lambda made: made)


@door.operation("POST", "/annotation-catalog/<annotation>/steps", {200: AnnotationView}, action=Action.KEEP_CATALOGS)
def move_annotation(annotation: str, body: AnnotationStepBody) -> Response:
    """State how far an entry of your office has come."""
    dataset = PublicName.parse(body.dataset) if body.dataset else None
    command = MoveAnnotation(AnnotationId(annotation), body.state, body.note, dataset)
    return write(lambda work: _annotation(work, lists.move_annotation(work, command)), lambda made: made, 200)


# Typical cases.


class TypicalCaseBody(Strict):
    """An application that an organ recognised by document."""

    industry: KeyIndustry = Field(strict=False)
    title: str = Field(min_length=1, max_length=200)
    recognised_by: str = Field(min_length=1, max_length=200)
    document_number: str = Field(min_length=1, max_length=200)
    recognised_on: date = Field(strict=False)
    dataset: str | None = Field(default=None, max_length=200)
    document: str | None = Field(default=None, max_length=60)

    def command(self) -> EnterTypicalCase:
        """Return what is asked of the registry. Raises InvalidValueError."""
        return EnterTypicalCase(
            industry=self.industry,
            title=self.title,
            recognised_by=self.recognised_by,
            document_number=self.document_number,
            recognised_on=self.recognised_on,
            dataset=PublicName.parse(self.dataset) if self.dataset else None,
            document=EvidenceId(self.document) if self.document else None,
        )


class TypicalCaseView(Answer):
    """A typical case of a key industry."""

    id: str
    authority: str
    industry: str
    title: str
    dataset: str | None
    recognised_by: str
    document_number: str
    recognised_on: str
    document: str | None
    ended_at: str | None

    @classmethod
    def of(cls, value: TypicalCase, names: Names) -> Self:
        """Return the view of a case."""
        return cls(
            id=value.id,
            authority=value.authority,
            industry=value.industry.value,
            title=value.title,
            dataset=names[value.dataset] if value.dataset else None,
            recognised_by=value.recognised_by,
            document_number=value.document_number,
            recognised_on=value.recognised_on.isoformat(),
            document=value.document,
            ended_at=str(value.ended.at) if value.ended else None,
        )


class TypicalCasesView(Answer):
    """A page of the typical cases, the newest first."""

    items: list[TypicalCaseView]
    next_cursor: str | None = None


def _typical_case(work: Work, made: TypicalCase) -> TypicalCaseView:
    return TypicalCaseView.of(made, dataset_names(work, [made]))


def _typical_cases(view: View, query: PageQuery) -> TypicalCasesView:
    return TypicalCasesView(**_page(view, query, lists.typical_cases, TypicalCaseId, TypicalCaseView.of))


@door.operation("GET", "/typical-cases", {200: TypicalCasesView}, public=True)
def list_typical_cases(query: PageQuery) -> Response:
    """List the typical cases of the key industries."""
    return read(lambda view: _typical_cases(view, query), lambda found: found)


@door.operation("POST", "/typical-cases", {201: TypicalCaseView}, action=Action.KEEP_CATALOGS)
def enter_typical_case(body: TypicalCaseBody) -> Response:
    """Enter a case that an organ recognised by document."""
    command = body.command()
    return write(lambda work: _typical_case(work, lists.enter_typical_case(work, command)), lambda made: made)


@door.operation("POST", "/typical-cases/<case>/end", {200: TypicalCaseView}, action=Action.KEEP_CATALOGS)
def end_typical_case(case: str, body: EndBody) -> Response:
    """Take a typical case of your office off the list."""
    command = EndEntry(TypicalCaseId(case), body.reason)
    return write(lambda work: _typical_case(work, lists.end_typical_case(work, command)), lambda made: made, 200)
