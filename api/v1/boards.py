"""Boards and statistics of adoption: what the documents ask for and how far it is reached; every table as CSV."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Final, Self

from flask import Response
from pydantic import BaseModel, ConfigDict

from api.calls import current_actor, house, read
from api.door import Answer, Door
from api.tables import MEDIA_TYPE, csv_answer
from registry.adoption import boards, lists
from registry.adoption.board_rules import (
    AdoptionFigures,
    AdoptionStatistics,
    Board,
    BoardLine,
    IndustryLine,
    MonthFigures,
)
from registry.adoption.lists_model import Annotation, Scene, TypicalCase
from registry.catalog.shown import datasets_by_id
from registry.errors import NotFoundError
from registry.journal.work import View
from registry.parties import service as parties
from registry.values.identifiers import DatasetId, FirmId

door = Door("boards", __name__, url_prefix="/v1")


class IndustryLineView(Answer):
    """What one key industry has, and whether that is enough for its target."""

    industry: str
    name: str
    datasets: int
    quality_datasets: int
    cases: int
    met: bool

    @classmethod
    def of(cls, value: IndustryLine) -> Self:
        """Return the view of a line."""
        return cls(
            industry=value.industry.value,
            name=value.name,
            datasets=value.datasets,
            quality_datasets=value.quality_datasets,
            cases=value.cases,
            met=value.met,
        )


class BoardLineView(Answer):
    """A target with its clause and words, and how far it is reached."""

    id: str
    clause: str
    text: str
    measure: str
    unit: str
    assumption: str
    reached: int
    needed: int
    met: bool
    industries: list[IndustryLineView]

    @classmethod
    def of(cls, value: BoardLine) -> Self:
        """Return the view of a line."""
        return cls(
            id=value.target.id,
            clause=value.target.clause,
            text=value.target.text,
            measure=value.target.measure.value,
            unit=value.target.unit,
            assumption=value.target.assumption,
            reached=value.reached,
            needed=value.needed,
            met=value.met,
            industries=[IndustryLineView.of(each) for each in value.industries],
        )


class BoardView(Answer):
    """The targets of one document."""

    document: str
    number: str
    issued_on: str
    ends_on: str
    lines: list[BoardLineView]

    @classmethod
    def of(cls, value: Board) -> Self:
        """Return the view of a board."""
        return cls(
            document=value.targets.document,
            number=value.targets.number,
            issued_on=value.targets.issued_on.isoformat(),
            ends_on=value.targets.ends_on.isoformat(),
            lines=[BoardLineView.of(each) for each in value.lines],
        )


class BoardsView(Answer):
    """The board of each document that names targets."""

    items: list[BoardView]


@door.operation("GET", "/boards", {200: BoardsView}, public=True)
def show_boards() -> Response:
    """Show what the documents ask for and how far it is reached."""
    return read(boards.boards, lambda found: BoardsView(items=[BoardView.of(each) for each in found]))


class StatisticsQuery(BaseModel):
    """At the end of which day, by default today."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: date | None = None


class FiguresView(Answer):
    """Receipts that stand under one heading: of how many datasets, by how many adopters, for how many models."""

    key: str
    name: str
    receipts: int
    datasets: int
    adopters: int
    models: int

    @classmethod
    def of(cls, value: AdoptionFigures, name: str = "") -> Self:
        """Return the view of figures."""
        return cls(
            key=value.key,
            name=name or value.key,
            receipts=value.receipts,
            datasets=value.datasets,
            adopters=value.adopters,
            models=value.models,
        )


class MonthView(Answer):
    """How many uses began in a month, and how many had begun by its end."""

    month: str
    receipts: int
    total: int

    @classmethod
    def of(cls, value: MonthFigures) -> Self:
        """Return the view of a month."""
        return cls(month=value.month, receipts=value.receipts, total=value.total)


class StatisticsView(Answer):
    """The receipts that stood at the end of a day: altogether, by sector, by adopter, by month."""

    day: str
    total: FiguresView
    sectors: list[FiguresView]
    adopters: list[FiguresView]
    months: list[MonthView]

    @classmethod
    def of(cls, value: AdoptionStatistics, names: dict[FirmId, str]) -> Self:
        """Return the view of statistics."""
        return cls(
            day=value.day.isoformat(),
            total=FiguresView.of(value.total),
            sectors=[FiguresView.of(each) for each in value.sectors],
            adopters=[FiguresView.of(each, names[FirmId(each.key)]) for each in value.adopters],
            months=[MonthView.of(each) for each in value.months],
        )


def statistics_of(view: View, day: date | None = None) -> StatisticsView:
    """Return the statistics with the names of the adopters."""
    found = boards.statistics(view, day)
    firms = parties.firms(view, {FirmId(each.key) for each in found.adopters})
    return StatisticsView.of(found, {id_: firm.name for id_, firm in firms.items()})


@door.operation("GET", "/adoption-statistics", {200: StatisticsView}, public=True)
def show_adoption_statistics(query: StatisticsQuery) -> Response:
    """Show adoption by sector, by adopter and over time."""
    return read(lambda view: statistics_of(view, query.on), lambda found: found)


# Tables.

Rows = Iterable[Sequence[object]]


def _board_rows(view: View) -> Rows:
    for found in boards.boards(view):
        for line in found.lines:
            head = (found.targets.number, line.target.clause, line.target.id)
            yield (*head, "", line.target.text, line.reached, line.needed, line.target.unit, line.met, "", "", "")
            for each in line.industries:
                counts = (each.datasets, each.quality_datasets, each.cases)
                yield (*head, each.industry.value, each.name, "", "", "", each.met, *counts)


def _figure_rows(found: Iterable[FiguresView]) -> Rows:
    return [(each.key, each.name, each.receipts, each.datasets, each.adopters, each.models) for each in found]


def dataset_names(view: View, found: Iterable[Scene | Annotation | TypicalCase]) -> dict[DatasetId, str]:
    """Return the public names of the datasets that lists mention."""
    wanted: set[DatasetId] = set()
    for each in found:
        mentioned = [answer.dataset for answer in each.answers] if isinstance(each, Scene) else [each.dataset]
        wanted.update(id_ for id_ in mentioned if id_)
    return {id_: str(dataset.name) for id_, dataset in datasets_by_id(view, wanted).items()}


def _scene_rows(view: View) -> Rows:
    found = list(lists.every(lists.scenes, view))
    names = dataset_names(view, found)
    for each in found:
        answers = " ".join(names[answer.dataset] for answer in each.answers)
        ended = str(each.ended.at) if each.ended else ""
        publisher = each.authority or each.firm
        yield (
            each.id,
            each.batch,
            each.title,
            each.sector.value,
            each.need,
            publisher,
            each.published_at,
            ended,
            answers,
        )


def _annotation_rows(view: View) -> Rows:
    found = list(lists.every(lists.annotations, view))
    names = dataset_names(view, found)
    for each in found:
        yield (
            each.id,
            each.department,
            each.title,
            each.authorisation_basis,
            each.need,
            each.sector.value,
            each.size_bytes,
            each.state.value,
            names[each.dataset] if each.dataset else "",
            each.steps[-1].at,
        )


def _case_rows(view: View) -> Rows:
    found = list(lists.every(lists.typical_cases, view))
    names = dataset_names(view, found)
    for each in found:
        yield (
            each.id,
            each.industry.value,
            each.title,
            each.recognised_by,
            each.document_number,
            each.recognised_on,
            names[each.dataset] if each.dataset else "",
            str(each.ended.at) if each.ended else "",
        )


_FIGURES: Final = ("key", "name", "receipts", "datasets", "adopters", "models")
TABLES: Final[dict[str, tuple[tuple[str, ...], Callable[[View], Rows]]]] = {
    "boards": (
        (
            *("document", "clause", "target", "industry", "text", "reached", "needed", "unit", "met"),
            *("datasets", "quality_datasets", "cases"),
        ),
        _board_rows,
    ),
    "sectors": (_FIGURES, lambda view: _figure_rows(statistics_of(view).sectors)),
    "adopters": (_FIGURES, lambda view: _figure_rows(statistics_of(view).adopters)),
    "months": (
        ("month", "receipts", "total"),
        lambda view: [(each.month, each.receipts, each.total) for each in statistics_of(view).months],
    ),
    "scenes": (
        ("id", "batch", "title", "sector", "need", "publisher", "published_at", "ended_at", "datasets"),
        _scene_rows,
    ),
    "annotation-catalog": (
        (
            *("id", "department", "title", "authorisation_basis", "need", "sector", "size_bytes"),
            *("state", "dataset", "stated_at"),
        ),
        _annotation_rows,
    ),
    "typical-cases": (
        (
            *("id", "industry", "title", "recognised_by", "document_number", "recognised_on"),
            *("dataset", "ended_at"),
        ),
        _case_rows,
    ),
}


@door.operation("GET", "/adoption-tables/<table>", {200: None}, public=True, media={200: MEDIA_TYPE})
def export_table(table: str) -> Response:
    """Return as CSV: boards, sectors, adopters, months, scenes, annotation-catalog or typical-cases."""
    if table not in TABLES:
        raise NotFoundError("table_not_found", given=table[:60], known=", ".join(TABLES))
    columns, rows = TABLES[table]
    with house().view(current_actor()) as view:
        return csv_answer(table, columns, rows(view))
