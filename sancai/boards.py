"""Boards, statistics of adoption, the scene list, the annotation catalog and typical cases."""

from dataclasses import dataclass
from datetime import date

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class IndustryLine:
    """What one key industry has, and whether that is enough for its target."""

    industry: str
    name: str
    datasets: int
    quality_datasets: int
    cases: int
    met: bool


@dataclass(frozen=True, slots=True)
class BoardLine:
    """A target of a document with its clause and words, and how far it is reached, in ``unit``."""

    id: str
    clause: str
    text: str
    measure: str
    unit: str
    assumption: str
    reached: int
    needed: int
    met: bool
    industries: tuple[IndustryLine, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """The targets of one document."""

    document: str
    number: str
    issued_on: str
    ends_on: str
    lines: tuple[BoardLine, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Receipts that stand under one heading: of how many datasets, by how many adopters, for how many models."""

    key: str
    name: str
    receipts: int
    datasets: int
    adopters: int
    models: int


@dataclass(frozen=True, slots=True)
class Month:
    """How many uses began in a month, and how many had begun by its end."""

    month: str
    receipts: int
    total: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """The receipts that stood at the end of a day: altogether, by sector, by adopter, by month."""

    day: str
    total: Figures
    sectors: tuple[Figures, ...]
    adopters: tuple[Figures, ...]
    months: tuple[Month, ...]


@dataclass(frozen=True, slots=True)
class SceneAnswer:
    """A dataset that answers a scene."""

    dataset: str
    note: str
    answered_at: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A published need for data (场景机会), with the datasets that answer it; of an office or of a firm."""

    id: str
    batch: str
    title: str
    sector: str
    need: str
    published_at: str
    answers: tuple[SceneAnswer, ...]
    authority: str | None = None
    firm: str | None = None
    ended_at: str | None = None
    ended_reason: str | None = None


@dataclass(frozen=True, slots=True)
class AnnotationStep:
    """Where an entry stood from an instant on."""

    state: str
    note: str
    stated_at: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """Public data that is to be annotated (公共数据标注目录); ``size_bytes`` as the department says, or None."""

    id: str
    authority: str
    department: str
    title: str
    authorisation_basis: str
    need: str
    sector: str
    state: str
    steps: tuple[AnnotationStep, ...]
    size_bytes: int | None = None
    dataset: str | None = None


@dataclass(frozen=True, slots=True)
class TypicalCase:
    """An application that an organ recognised by document (典型案例)."""

    id: str
    authority: str
    industry: str
    title: str
    recognised_by: str
    document_number: str
    recognised_on: str
    dataset: str | None = None
    document: str | None = None
    ended_at: str | None = None


class Boards:
    """Boards and lists of one service; everybody may read them."""

    def __init__(self, session: Session) -> None:
        """Use ``session`` for every request."""
        self._session = session

    def boards(self) -> tuple[Board, ...]:
        """Return what the documents ask for and how far it is reached. Raises SancaiError."""
        return shaped(tuple[Board, ...], self._session.get("/boards")["items"])

    def statistics(self, on: date | None = None) -> Statistics:
        """Return adoption by sector, by adopter and over time at the end of a day. Raises SancaiError."""
        query = {"on": on.isoformat()} if on else {}
        return shaped(Statistics, self._session.get("/adoption-statistics", **query))

    def table(self, name: str) -> bytes:
        """Return a table as CSV: boards, sectors, adopters, months, scenes, annotation-catalog or typical-cases.

        Raises NotFoundError.
        """
        return self._session.content(f"/adoption-tables/{name}")

    def scenes(self) -> tuple[Scene, ...]:
        """Return the scene list, the newest first. Raises SancaiError."""
        return shaped(tuple[Scene, ...], list(self._session.pages("/scenes")))

    def publish_scene(self, *, batch: str, title: str, sector: str, need: str) -> Scene:
        """Publish a scene of your firm or office. Raises SancaiError."""
        body = {"batch": batch, "title": title, "sector": sector, "need": need}
        return shaped(Scene, self._session.post("/scenes", body))

    def answer_scene(self, scene: str, dataset: str, note: str) -> Scene:
        """Say that a dataset of your firm answers a scene. Raises SancaiError."""
        return shaped(Scene, self._session.post(f"/scenes/{scene}/answers", {"dataset": dataset, "note": note}))

    def end_scene(self, scene: str, reason: str) -> Scene:
        """Take a scene of your firm or office off the list. Raises SancaiError."""
        return shaped(Scene, self._session.post(f"/scenes/{scene}/end", {"reason": reason}))

    def annotations(self) -> tuple[Annotation, ...]:
        """Return the public-data annotation catalog, the newest first. Raises SancaiError."""
        return shaped(tuple[Annotation, ...], list(self._session.pages("/annotation-catalog")))

    def add_annotation(
        self,
        *,
        department: str,
        title: str,
        authorisation_basis: str,
        need: str,
        sector: str,
        size_bytes: int | None = None,
    ) -> Annotation:
        """Enter public data of a department into the catalog of your office. Raises SancaiError."""
        body = {
            "department": department,
            "title": title,
            "authorisation_basis": authorisation_basis,
            "need": need,
            "sector": sector,
            "size_bytes": size_bytes,
        }
        return shaped(Annotation, self._session.post("/annotation-catalog", body))

    def move_annotation(self, annotation: str, state: str, note: str, dataset: str | None = None) -> Annotation:
        """State how far an entry has come, with the dataset it led to when it is done. Raises SancaiError."""
        body = {"state": state, "note": note, "dataset": dataset}
        return shaped(Annotation, self._session.post(f"/annotation-catalog/{annotation}/steps", body))

    def typical_cases(self) -> tuple[TypicalCase, ...]:
        """Return the typical cases of the key industries, the newest first. Raises SancaiError."""
        return shaped(tuple[TypicalCase, ...], list(self._session.pages("/typical-cases")))

    def enter_typical_case(
        self,
        *,
        industry: str,
        title: str,
        recognised_by: str,
        document_number: str,
        recognised_on: date,
        dataset: str | None = None,
        document: str | None = None,
    ) -> TypicalCase:
        """Enter a case that an organ recognised by document; ``document`` is an evidence id. Raises SancaiError."""
        body = {
            "industry": industry,
            "title": title,
            "recognised_by": recognised_by,
            "document_number": document_number,
            "recognised_on": recognised_on.isoformat(),
            "dataset": dataset,
            "document": document,
        }
        return shaped(TypicalCase, self._session.post("/typical-cases", body))

    def end_typical_case(self, case: str, reason: str) -> TypicalCase:
        """Take a typical case of your office off the list. Raises SancaiError."""
        return shaped(TypicalCase, self._session.post(f"/typical-cases/{case}/end", {"reason": reason}))
