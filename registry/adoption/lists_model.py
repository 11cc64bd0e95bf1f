"""What is kept beside adoption, as values.

Scenes (场景机会清单), the public-data annotation catalog (公共数据标注目录), typical cases (典型案例).

* A scene is a need for data that a firm or an office publishes; datasets answer it (S1 cl.14).
* An entry of the annotation catalog is public data of a department that is to be annotated: by which authorisation,
  what for, and how far it has come (S4 cl.四). It is no dataset; it may lead to one.
* A typical case is an application that an organ recognised by document, of one key industry (S3 cl.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from registry.catalog.industries import KeyIndustry
from registry.catalog.model import Sector
from registry.errors import ConflictError, InvalidValueError
from registry.policy.plain_text import require_day, require_text
from registry.values.identifiers import (
    AccountId,
    AnnotationId,
    AuthorityId,
    DatasetId,
    EvidenceId,
    FirmId,
    SceneId,
    TypicalCaseId,
)
from registry.values.moment import Moment
from registry.values.names import PublicName

BATCH_LENGTH_MAX: Final = 40
NEED_LENGTH_MAX: Final = 4_000
NOTE_LENGTH_MAX: Final = 1_000
SIZE_BYTES_MAX: Final = 10**18


@dataclass(frozen=True, slots=True)
class Ending:
    """When something left its list, and why."""

    reason: str
    at: Moment
    by: AccountId


# Scenes.


@dataclass(frozen=True, slots=True)
class SceneAnswer:
    """A dataset that answers a scene, as its publisher says."""

    dataset: DatasetId
    note: str
    at: Moment
    by: AccountId


@dataclass(frozen=True, slots=True)
class Scene:
    """A published need for data, by an office or by a firm; ``batch`` names the list it was published in."""

    id: SceneId
    authority: AuthorityId | None
    firm: FirmId | None
    batch: str
    title: str
    sector: Sector
    need: str
    published_at: Moment
    published_by: AccountId
    answers: tuple[SceneAnswer, ...] = ()
    ended: Ending | None = None


@dataclass(frozen=True, slots=True)
class PublishScene:
    """Put a scene on the list."""

    batch: str
    title: str
    sector: Sector
    need: str

    def __post_init__(self) -> None:
        """Refuse texts without words. Raises InvalidValueError."""
        require_text(self.batch, "batch", BATCH_LENGTH_MAX)
        require_text(self.title, "title")
        require_text(self.need, "need", NEED_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class AnswerScene:
    """Say that a dataset of one's own answers a scene, and how."""

    scene: SceneId
    dataset: PublicName
    note: str

    def __post_init__(self) -> None:
        """Refuse a note without words. Raises InvalidValueError."""
        require_text(self.note, "note", NOTE_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class EndEntry:
    """Take a scene or a typical case off its list; it stays readable."""

    subject: SceneId | TypicalCaseId
    reason: str

    def __post_init__(self) -> None:
        """Refuse an ending without reason. Raises InvalidValueError."""
        require_text(self.reason, "reason", NOTE_LENGTH_MAX)


# The annotation catalog.


class AnnotationState(StrEnum):
    """How far an entry of the annotation catalog has come."""

    PLANNED = "planned"
    AUTHORISED = "authorised"
    ANNOTATING = "annotating"
    DONE = "done"
    DROPPED = "dropped"


ANNOTATION_MOVES: Final[Mapping[AnnotationState, frozenset[AnnotationState]]] = {
    AnnotationState.PLANNED: frozenset({AnnotationState.AUTHORISED, AnnotationState.DROPPED}),
    AnnotationState.AUTHORISED: frozenset({AnnotationState.ANNOTATING, AnnotationState.DROPPED}),
    AnnotationState.ANNOTATING: frozenset({AnnotationState.DONE, AnnotationState.DROPPED}),
    AnnotationState.DONE: frozenset(),
    AnnotationState.DROPPED: frozenset(),
}
"""Nothing is annotated before it is authorised (依法依规有序, S4 cl.四)."""


@dataclass(frozen=True, slots=True)
class AnnotationStep:
    """Where an entry stood from ``at`` on; ``dataset`` is what it led to, once it is done."""

    number: int
    state: AnnotationState
    dataset: DatasetId | None
    note: str
    at: Moment
    by: AccountId


@dataclass(frozen=True, slots=True)
class Annotation:
    """Public data of a department that is to be annotated. ``size_bytes`` is what the department says, or None."""

    id: AnnotationId
    authority: AuthorityId
    department: str
    title: str
    authorisation_basis: str
    need: str
    sector: Sector
    size_bytes: int | None
    steps: tuple[AnnotationStep, ...]

    @property
    def state(self) -> AnnotationState:
        """Where it stands."""
        return self.steps[-1].state

    @property
    def dataset(self) -> DatasetId | None:
        """The dataset it led to."""
        return self.steps[-1].dataset

    def moved(
        self, state: AnnotationState, dataset: DatasetId | None, note: str, at: Moment, by: AccountId
    ) -> "Annotation":
        """Return the entry one step further. Raises ConflictError for a move that is not open, InvalidValueError."""
        if state not in ANNOTATION_MOVES[self.state]:
            raise ConflictError("annotation_move_refused", state=self.state.value, wanted=state.value)
        if dataset is not None and state is not AnnotationState.DONE:
            raise InvalidValueError("annotation_dataset_early", wanted=state.value)
        return replace(self, steps=(*self.steps, AnnotationStep(len(self.steps) + 1, state, dataset, note, at, by)))


@dataclass(frozen=True, slots=True)
class AddAnnotation:
    """Enter public data into the annotation catalog."""

    department: str
    title: str
    authorisation_basis: str
    need: str
    sector: Sector
    size_bytes: int | None = None

    def __post_init__(self) -> None:
        """Refuse texts without words. Raises InvalidValueError."""
        require_text(self.department, "department")
        require_text(self.title, "title")
        require_text(self.authorisation_basis, "authorisation_basis", NOTE_LENGTH_MAX)
        require_text(self.need, "need", NEED_LENGTH_MAX)


@dataclass(frozen=True, slots=True)
class MoveAnnotation:
    """State how far an entry has come, with the dataset it led to when it is done."""

    annotation: AnnotationId
    state: AnnotationState
    note: str
    dataset: PublicName | None = None

    def __post_init__(self) -> None:
        """Refuse a step without words. Raises InvalidValueError."""
        require_text(self.note, "note", NOTE_LENGTH_MAX)


# Typical cases.


@dataclass(frozen=True, slots=True)
class TypicalCase:
    """An application that ``recognised_by`` recognised by document, with the dataset it rests on where that is here."""

    id: TypicalCaseId
    authority: AuthorityId
    industry: KeyIndustry
    title: str
    dataset: DatasetId | None
    recognised_by: str
    document_number: str
    recognised_on: date
    document: EvidenceId | None
    entered_at: Moment
    entered_by: AccountId
    ended: Ending | None = None


@dataclass(frozen=True, slots=True)
class EnterTypicalCase:
    """Enter a recognised case of a key industry."""

    industry: KeyIndustry
    title: str
    recognised_by: str
    document_number: str
    recognised_on: date
    dataset: PublicName | None = None
    document: EvidenceId | None = None

    def __post_init__(self) -> None:
        """Refuse texts without words and a day out of range. Raises InvalidValueError."""
        require_text(self.title, "title")
        require_text(self.recognised_by, "recognised_by")
        require_text(self.document_number, "document_number")
        require_day(self.recognised_on, "recognised_on")
