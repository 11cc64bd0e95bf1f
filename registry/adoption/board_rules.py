"""Boards: how far the targets of a document are reached; and the statistics of adoption.

Rules:
* Targets are data (``targets/*.toml``), with the clause beside each figure; a file that says more or less is refused.
* An industry is met when it has as many datasets, high-quality datasets and typical cases as its target asks.
* A target of industries counts the industries that are met; every other target counts one sum.
* Only what is shown publicly counts, only receipts that stand, only typical cases that were not taken off the list.
* Everything is a function of what is handed in: the same lists give the same board.
"""

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from registry.adoption.lists_model import TypicalCase
from registry.adoption.model import AdoptionPurpose
from registry.catalog.industries import KeyIndustry, key_industries
from registry.catalog.model import Sector, ShownDataset
from registry.errors import InvalidValueError
from registry.values.digest import Digest
from registry.values.identifiers import DatasetId, FirmId

MODEL_PURPOSES: Final = frozenset({AdoptionPurpose.MODEL_TRAINING, AdoptionPurpose.MODEL_EVALUATION})
"""Purposes whose product is a model (赋能), where no board says otherwise."""


class Measure(StrEnum):
    """What a target counts."""

    EACH_INDUSTRY = "each_industry"
    QUALITY_DATASETS = "quality_datasets"
    MODELS_SERVED = "models_served"
    VOLUME = "volume"


@dataclass(frozen=True, slots=True)
class Target:
    """A figure of a document, with its clause and words, and what is assumed where they leave something open.

    Of ``each_industry``: which industries (all, or those named for quality), and what each of them needs. Of the other
    measures: at least ``least`` of ``unit``; ``purposes`` says which uses serve a model.
    """

    id: str
    clause: str
    text: str
    measure: Measure
    assumption: str
    industries: str = ""
    datasets: int = 0
    quality_datasets: int = 0
    cases: int = 0
    least: int = 0
    unit: str = "industries"
    purposes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a target that asks for nothing. Raises InvalidValueError."""
        each = self.datasets + self.quality_datasets + self.cases
        asked = each if self.measure is Measure.EACH_INDUSTRY else self.least
        figures = (self.datasets, self.quality_datasets, self.cases, self.least)
        if asked <= 0 or min(figures) < 0 or (self.measure is Measure.EACH_INDUSTRY) is not bool(self.industries):
            raise InvalidValueError("board_malformed", at=self.id)
        if self.industries not in {"", "all", "quality"}:
            raise InvalidValueError("board_malformed", at=self.id)
        for purpose in self.purposes:
            AdoptionPurpose(purpose)


@dataclass(frozen=True, slots=True)
class BoardTargets:
    """The targets of one document."""

    document: str
    number: str
    issued_on: date
    ends_on: date
    ends_clause: str
    targets: tuple[Target, ...]


def read_targets(text: str) -> BoardTargets:
    """Return the targets of a file. Raises InvalidValueError: ``board_malformed``."""
    try:
        kept: dict[str, Any] = tomllib.loads(text)
        targets = tuple(
            Target(**{**each, "measure": Measure(each["measure"]), "purposes": tuple(each.get("purposes", ()))})
            for each in kept.pop("targets")
        )
        made = BoardTargets(**kept, targets=targets)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise InvalidValueError("board_malformed", at=str(error)[:100]) from error
    if len({target.id for target in targets}) != len(targets):
        raise InvalidValueError("board_malformed", at="id")
    return made


@dataclass(frozen=True, slots=True)
class IndustryLine:
    """What one industry has, and whether that is enough."""

    industry: KeyIndustry
    name: str
    datasets: int
    quality_datasets: int
    cases: int
    met: bool


@dataclass(frozen=True, slots=True)
class BoardLine:
    """How far one target is reached; ``industries`` has a line for each where the target is about them."""

    target: Target
    reached: int
    needed: int
    industries: tuple[IndustryLine, ...] = ()

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.reached >= self.needed


@dataclass(frozen=True, slots=True)
class Board:
    """The targets of a document with how far each is reached."""

    targets: BoardTargets
    lines: tuple[BoardLine, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """A use that stands: how many receipts say that an adopter uses a dataset for a product since a month (2026-03)."""

    dataset: DatasetId
    adopter: FirmId
    purpose: AdoptionPurpose
    product: str
    month: str
    receipts: int


@dataclass(frozen=True, slots=True)
class BoardFacts:
    """What a board is counted from; ``good`` are the contents with a report of high quality."""

    datasets: Sequence[ShownDataset]
    good: Collection[Digest]
    cases: Sequence[TypicalCase]
    uses: Sequence[Use]


def board(targets: BoardTargets, facts: BoardFacts) -> Board:
    """Return how far the targets of a document are reached."""
    return Board(targets, tuple(_line(target, facts) for target in targets.targets))


def _line(target: Target, facts: BoardFacts) -> BoardLine:
    if target.measure is Measure.EACH_INDUSTRY:
        lines = _industries(target, facts)
        return BoardLine(target, sum(line.met for line in lines), len(lines), lines)
    if target.measure is Measure.QUALITY_DATASETS:
        good = [each for each in facts.datasets if each.key_industry and each.content_digest in facts.good]
        return BoardLine(target, len(good), target.least)
    if target.measure is Measure.MODELS_SERVED:
        purposes = frozenset(AdoptionPurpose(each) for each in target.purposes) or MODEL_PURPOSES
        return BoardLine(target, len(models_served(facts.uses, purposes)), target.least)
    return BoardLine(target, sum(each.size_bytes for each in facts.datasets), target.least)


def _industries(target: Target, facts: BoardFacts) -> tuple[IndustryLine, ...]:
    found = []
    for industry, entry in key_industries().items():
        if target.industries == "quality" and not entry.quality:
            continue
        own = [each for each in facts.datasets if each.key_industry is industry]
        good = sum(each.content_digest in facts.good for each in own)
        cases = sum(each.industry is industry and each.ended is None for each in facts.cases)
        met = len(own) >= target.datasets and good >= target.quality_datasets and cases >= target.cases
        found.append(IndustryLine(industry, entry.name, len(own), good, cases, met))
    return tuple(found)


def models_served(
    uses: Iterable[Use], purposes: Collection[AdoptionPurpose] = MODEL_PURPOSES
) -> frozenset[tuple[FirmId, str]]:
    """Return the models that are served: a name of a firm, whatever the letters and blanks, counts once."""
    return frozenset((use.adopter, " ".join(use.product.casefold().split())) for use in uses if use.purpose in purposes)


# Statistics.


@dataclass(frozen=True, slots=True)
class AdoptionFigures:
    """Receipts that stand under one heading, and of how many datasets, by how many adopters, for how many models."""

    key: str
    receipts: int
    datasets: int
    adopters: int
    models: int


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """How many uses began in a month (``2026-03``), and how many had begun by its end."""

    month: str
    receipts: int
    total: int


@dataclass(frozen=True, slots=True)
class AdoptionStatistics:
    """The receipts that stood at the end of ``day``, altogether and under three headings."""

    day: date
    total: AdoptionFigures
    sectors: tuple[AdoptionFigures, ...]
    adopters: tuple[AdoptionFigures, ...]
    months: tuple[MonthFigures, ...]


def statistics(uses: Sequence[Use], sectors: Mapping[DatasetId, Sector], day: date) -> AdoptionStatistics:
    """Return the figures of receipts that stand: by sector and adopter the most first, by month in order."""
    by_sector: dict[str, list[Use]] = {}
    by_adopter: dict[str, list[Use]] = {}
    by_month: dict[str, int] = {}
    for each in uses:
        by_sector.setdefault(sectors[each.dataset].value, []).append(each)
        by_adopter.setdefault(each.adopter, []).append(each)
        by_month[each.month] = by_month.get(each.month, 0) + each.receipts
    months, total = [], 0
    for month in sorted(by_month):
        total += by_month[month]
        months.append(MonthFigures(month, by_month[month], total))
    return AdoptionStatistics(day, _figures("", uses), _most_first(by_sector), _most_first(by_adopter), tuple(months))


def _most_first(grouped: Mapping[str, Sequence[Use]]) -> tuple[AdoptionFigures, ...]:
    made = [_figures(key, uses) for key, uses in grouped.items()]
    return tuple(sorted(made, key=lambda each: (-each.receipts, each.key)))


def _figures(key: str, uses: Sequence[Use]) -> AdoptionFigures:
    datasets = {each.dataset for each in uses}
    adopters = {each.adopter for each in uses}
    receipts = sum(each.receipts for each in uses)
    return AdoptionFigures(key, receipts, len(datasets), len(adopters), len(models_served(uses)))
