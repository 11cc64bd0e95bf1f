"""Tables of the lists an office and firms keep: scenes, the annotation catalog, typical cases. Rows are never changed.

What ended and what followed are rows of their own, so that each list can be read as it stood.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    Row,
    Select,
    Table,
    Text,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.adoption.lists_model import (
    Annotation,
    AnnotationState,
    AnnotationStep,
    Ending,
    Scene,
    SceneAnswer,
    TypicalCase,
)
from registry.catalog.industries import KeyIndustry
from registry.catalog.model import Sector
from registry.values.identifiers import (
    AccountId,
    AnnotationId,
    AuthorityId,
    DatasetId,
    EvidenceId,
    FirmId,
    Id,
    SceneId,
    TypicalCaseId,
)
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may


def _one_of(column: str, kind: type[Sector | KeyIndustry | AnnotationState]) -> str:
    return f"{column} IN ({', '.join(repr(member.value) for member in kind)})"


def _authority(*, nullable: bool) -> Column[Any]:
    return Column(
        "authority_id",
        IdColumn(AuthorityId),
        ForeignKey("authorities.id", ondelete="RESTRICT"),
        nullable=nullable,
        index=True,
    )


def _dataset(**more: Any) -> Column[Any]:
    return Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), **more)


scene_rows = Table(
    "scenes",
    metadata,
    Column("id", IdColumn(SceneId), primary_key=True),
    _authority(nullable=True),
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), index=True),
    Column("batch", Key, nullable=False),
    Column("title", Text, nullable=False),
    Column("sector", Key, CheckConstraint(_one_of("sector", Sector), "sector"), nullable=False),
    Column("need", Text, nullable=False),
    Column("published_at", MomentColumn, nullable=False),
    Column("published_by", IdColumn(AccountId), nullable=False),
    CheckConstraint("num_nonnulls(authority_id, firm_id) = 1", "one_publisher"),
    **rows_may(Writes.APPEND),
)

scene_answers = Table(
    "scene_answers",
    metadata,
    Column("scene_id", IdColumn(SceneId), ForeignKey("scenes.id", ondelete="RESTRICT"), primary_key=True),
    _dataset(primary_key=True, index=True),
    Column("note", Text, nullable=False),
    Column("answered_at", MomentColumn, nullable=False),
    Column("answered_by", IdColumn(AccountId), nullable=False),
    **rows_may(Writes.APPEND),
)

annotation_rows = Table(
    "annotation_catalog",
    metadata,
    Column("id", IdColumn(AnnotationId), primary_key=True),
    _authority(nullable=False),
    Column("department", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("authorisation_basis", Text, nullable=False),
    Column("need", Text, nullable=False),
    Column("sector", Key, CheckConstraint(_one_of("sector", Sector), "sector"), nullable=False),
    Column("size_bytes", BigInteger, CheckConstraint("size_bytes >= 0", "size_bytes")),
    **rows_may(Writes.APPEND),
)

annotation_steps = Table(
    "annotation_steps",
    metadata,
    Column(
        "annotation_id",
        IdColumn(AnnotationId),
        ForeignKey("annotation_catalog.id", ondelete="RESTRICT"),
        primary_key=True,
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("state", Key, CheckConstraint(_one_of("state", AnnotationState), "state"), nullable=False),
    _dataset(),
    Column("note", Text, nullable=False),
    Column("stated_at", MomentColumn, nullable=False),
    Column("stated_by", IdColumn(AccountId), nullable=False),
    **rows_may(Writes.APPEND),
)

typical_case_rows = Table(
    "typical_cases",
    metadata,
    Column("id", IdColumn(TypicalCaseId), primary_key=True),
    _authority(nullable=False),
    Column("industry", Key, CheckConstraint(_one_of("industry", KeyIndustry), "industry"), nullable=False),
    Column("title", Text, nullable=False),
    _dataset(),
    Column("recognised_by", Text, nullable=False),
    Column("document_number", Text, nullable=False),
    Column("recognised_on", Date, nullable=False),
    Column("document_id", IdColumn(EvidenceId), ForeignKey("evidence.id", ondelete="RESTRICT"), index=True),
    Column("entered_at", MomentColumn, nullable=False),
    Column("entered_by", IdColumn(AccountId), nullable=False),
    **rows_may(Writes.APPEND),
)

endings = Table(
    "list_endings",
    metadata,
    Column("subject_id", Key, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("ended_at", MomentColumn, nullable=False),
    Column("ended_by", IdColumn(AccountId), nullable=False),
    **rows_may(Writes.APPEND),
)
"""When a scene or a typical case left its list; ``subject_id`` is its identifier with the prefix."""


def add_ending(connection: Connection, subject: Id, made: Ending) -> bool:
    """Write that something left its list; False when it had left before."""
    written = connection.execute(
        insert_or(endings)
        .values(subject_id=str(subject), reason=made.reason, ended_at=made.at, ended_by=made.by)
        .on_conflict_do_nothing()
        .returning(endings.c.subject_id)
    )
    return written.scalar() is not None


def _endings(connection: Connection, subjects: Iterable[Id]) -> dict[str, Ending]:
    wanted = [str(subject) for subject in subjects]
    rows = connection.execute(select(endings).where(endings.c.subject_id.in_(wanted))) if wanted else ()
    return {row.subject_id: Ending(row.reason, row.ended_at, row.ended_by) for row in rows}


# Scenes.


def add_scene(connection: Connection, made: Scene) -> None:
    """Write a scene."""
    connection.execute(
        insert(scene_rows).values(
            id=made.id,
            authority_id=made.authority,
            firm_id=made.firm,
            batch=made.batch,
            title=made.title,
            sector=made.sector.value,
            need=made.need,
            published_at=made.published_at,
            published_by=made.published_by,
        )
    )


def add_answer(connection: Connection, scene: SceneId, made: SceneAnswer) -> bool:
    """Write that a dataset answers a scene; False when it did before."""
    written = connection.execute(
        insert_or(scene_answers)
        .values(scene_id=scene, dataset_id=made.dataset, note=made.note, answered_at=made.at, answered_by=made.by)
        .on_conflict_do_nothing()
        .returning(scene_answers.c.scene_id)
    )
    return written.scalar() is not None


def scene_of(connection: Connection, scene: SceneId) -> Scene | None:
    """Return a scene with its answers."""
    return next(iter(_scenes(connection, select(scene_rows).where(scene_rows.c.id == scene))), None)


def scenes(connection: Connection, after: SceneId | None, limit: int) -> tuple[Scene, ...]:
    """Return scenes, ended ones too, the newest first, from behind ``after`` on."""
    return _scenes(connection, _page(scene_rows, after, limit))


def _page(table: Table, after: Id | None, limit: int) -> Select[Any]:
    """Return a query of the newest rows of a list; identifiers are in the order of their writing."""
    query = select(table) if after is None else select(table).where(table.c.id < after)
    return query.order_by(table.c.id.desc()).limit(limit)


def scenes_answered_by(connection: Connection, dataset: DatasetId) -> tuple[Scene, ...]:
    """Return the scenes that a dataset answers, the newest first."""
    answered = select(scene_answers.c.scene_id).where(scene_answers.c.dataset_id == dataset)
    return _scenes(
        connection, select(scene_rows).where(scene_rows.c.id.in_(answered)).order_by(scene_rows.c.published_at.desc())
    )


def _scenes(connection: Connection, query: Select[Any]) -> tuple[Scene, ...]:
    rows = connection.execute(query).all()
    ids = [row.id for row in rows]
    ended = _endings(connection, ids)
    answered: dict[SceneId, list[SceneAnswer]] = {}
    of_these = select(scene_answers).where(scene_answers.c.scene_id.in_(ids))
    for row in connection.execute(of_these.order_by(scene_answers.c.answered_at)) if ids else ():
        made = SceneAnswer(row.dataset_id, row.note, row.answered_at, row.answered_by)
        answered.setdefault(row.scene_id, []).append(made)
    return tuple(
        Scene(
            id=row.id,
            authority=row.authority_id,
            firm=row.firm_id,
            batch=row.batch,
            title=row.title,
            sector=Sector(row.sector),
            need=row.need,
            published_at=row.published_at,
            published_by=row.published_by,
            answers=tuple(answered.get(row.id, ())),
            ended=ended.get(row.id),
        )
        for row in rows
    )


# The annotation catalog.


def add_annotation(connection: Connection, made: Annotation) -> None:
    """Write an entry of the catalog; its first step is written beside it."""
    connection.execute(
        insert(annotation_rows).values(
            id=made.id,
            authority_id=made.authority,
            department=made.department,
            title=made.title,
            authorisation_basis=made.authorisation_basis,
            need=made.need,
            sector=made.sector.value,
            size_bytes=made.size_bytes,
        )
    )


def add_annotation_step(connection: Connection, annotation: AnnotationId, made: AnnotationStep) -> bool:
    """Write where an entry stands now; False when somebody else wrote the same step first."""
    written = connection.execute(
        insert_or(annotation_steps)
        .values(
            annotation_id=annotation,
            number=made.number,
            state=made.state.value,
            dataset_id=made.dataset,
            note=made.note,
            stated_at=made.at,
            stated_by=made.by,
        )
        .on_conflict_do_nothing()
        .returning(annotation_steps.c.number)
    )
    return written.scalar() is not None


def annotation_of(connection: Connection, annotation: AnnotationId) -> Annotation | None:
    """Return an entry with its steps."""
    return next(iter(_annotations(connection, select(annotation_rows).where(annotation_rows.c.id == annotation))), None)


def annotations(connection: Connection, after: AnnotationId | None, limit: int) -> tuple[Annotation, ...]:
    """Return entries of the catalog, the newest first, from behind ``after`` on."""
    return _annotations(connection, _page(annotation_rows, after, limit))


def _annotations(connection: Connection, query: Select[Any]) -> tuple[Annotation, ...]:
    rows = connection.execute(query).all()
    ids = [row.id for row in rows]
    steps: dict[AnnotationId, list[AnnotationStep]] = {}
    of_these = select(annotation_steps).where(annotation_steps.c.annotation_id.in_(ids))
    for row in connection.execute(of_these.order_by(annotation_steps.c.number)) if ids else ():
        made = AnnotationStep(
            row.number, AnnotationState(row.state), row.dataset_id, row.note, row.stated_at, row.stated_by
        )
        steps.setdefault(row.annotation_id, []).append(made)
    return tuple(
        Annotation(
            id=row.id,
            authority=row.authority_id,
            department=row.department,
            title=row.title,
            authorisation_basis=row.authorisation_basis,
            need=row.need,
            sector=Sector(row.sector),
            size_bytes=row.size_bytes,
            steps=tuple(steps[row.id]),
        )
        for row in rows
    )


# Typical cases.


def add_typical_case(connection: Connection, made: TypicalCase) -> None:
    """Write a typical case."""
    connection.execute(
        insert(typical_case_rows).values(
            id=made.id,
            authority_id=made.authority,
            industry=made.industry.value,
            title=made.title,
            dataset_id=made.dataset,
            recognised_by=made.recognised_by,
            document_number=made.document_number,
            recognised_on=made.recognised_on,
            document_id=made.document,
            entered_at=made.entered_at,
            entered_by=made.entered_by,
        )
    )


def typical_case_of(connection: Connection, wanted: TypicalCaseId) -> TypicalCase | None:
    """Return a typical case."""
    query = select(typical_case_rows).where(typical_case_rows.c.id == wanted)
    return next(iter(_typical_cases(connection, query)), None)


def typical_cases(connection: Connection, after: TypicalCaseId | None, limit: int) -> tuple[TypicalCase, ...]:
    """Return typical cases, ended ones too, the newest first, from behind ``after`` on."""
    return _typical_cases(connection, _page(typical_case_rows, after, limit))


def _typical_cases(connection: Connection, query: Select[Any]) -> tuple[TypicalCase, ...]:
    rows: list[Row[Any]] = list(connection.execute(query))
    ended = _endings(connection, [row.id for row in rows])
    return tuple(
        TypicalCase(
            id=row.id,
            authority=row.authority_id,
            industry=KeyIndustry(row.industry),
            title=row.title,
            dataset=row.dataset_id,
            recognised_by=row.recognised_by,
            document_number=row.document_number,
            recognised_on=row.recognised_on,
            document=row.document_id,
            entered_at=row.entered_at,
            entered_by=row.entered_by,
            ended=ended.get(row.id),
        )
        for row in rows
    )
