"""Every passage of the five documents that names money is carried by a record, or stands here with a reason.

``texts/S0.txt`` … ``S4.txt`` hold the documents whole, a sentence or heading a line, without blanks and page numbers.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from registry.policy.loader import load_shipped
from registry.policy.model import PolicyDocument

ROOT = Path(__file__).parents[3]
TEXTS = Path(__file__).parent / "texts"
SOURCES = ("S0", "S1", "S2", "S3", "S4")

NAMES_MONEY = re.compile(
    r"元|补贴|补助|奖励|奖补|资金|经费|费用|券|租金|税|免费|投资|兑现|拨付|扶持|贷|产值|收入|采购|激励|成本|一事一议"
)
FIGURE = re.compile(r"(\d+)(千万|万|千)?(?=元)")
SHARED_UNIT = re.compile(r"(\d+)(?=(?:-|万元?、)\d+(?:万元|-))")
WITHOUT_FIGURES = {"S2 cl.5", "S0 附件1一(一)2"}
"""A share of a tax, and another condition for the amount of art.3: no amount of their own."""

TIMES = {"": 1, "千": 1_000, "万": 10_000, "千万": 10_000_000}


def text_of(source: str) -> str:
    return (TEXTS / f"{source}.txt").read_text(encoding="utf-8")


def document_of(source: str) -> PolicyDocument:
    return [each for each in load_shipped() if each.source == source][-1]


@cache
def raw(source: str) -> dict[str, Any]:
    """Return the file of a document's newest revision as TOML."""
    revision = document_of(source).revision
    for path in (ROOT / "registry/policy/instruments").glob("*.toml"):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        if (content["id"], content["revision"]) == (revision.document, revision.number):
            return content
    raise AssertionError(source)


def quotes(source: str) -> list[tuple[str, str]]:
    """Return every quoted passage with the id of the record that carries it."""
    document = document_of(source)
    every = (*document.instruments, *document.unexpressed, *document.external)
    return [(each.id, quote) for each in every for quote in each.quotes]


@cache
def reasons() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = tomllib.loads((TEXTS / "reasons.toml").read_text(encoding="utf-8"))["reason"]
    return made


def passages(source: str) -> list[str]:
    return [passage for each in reasons() for passage in each.get(source, [])]


def without_blanks(text: str) -> str:
    return re.sub(r"\s", "", text)


def places(passage: str, text: str) -> Iterator[range]:
    start = text.find(passage)
    while start >= 0:
        yield range(start, start + len(passage))
        start = text.find(passage, start + 1)


def uncarried(source: str, carried: list[str]) -> list[str]:
    """Return each line that names money outside every passage of ``carried``."""
    lines = text_of(source).splitlines()
    text = "".join(lines)
    known = {place for passage in carried for span in places(without_blanks(passage), text) for place in span}
    found, start = [], 0
    for line in lines:
        if any(start + each.start() not in known for each in NAMES_MONEY.finditer(line)):
            found.append(line)
        start += len(line)
    return found


@pytest.mark.parametrize("source", SOURCES)
def test_every_passage_that_names_money_has_a_record_or_a_reason(source: str) -> None:
    carried = [quote for _, quote in quotes(source)]
    assert uncarried(source, [*carried, *passages(source)]) == []


@pytest.mark.parametrize("source", SOURCES)
def test_records_quote_word_by_word_and_reasons_do_not_carry_everything(source: str) -> None:
    text = without_blanks(text_of(source))
    for record, quote in quotes(source):
        assert without_blanks(quote) in text, (record, quote)
    for instrument in document_of(source).instruments:
        assert any(NAMES_MONEY.search(quote) for quote in instrument.quotes), instrument.id
    assert uncarried(source, passages(source))


@pytest.mark.parametrize("source", SOURCES)
def test_each_reason_is_needed_and_word_by_word(source: str) -> None:
    carried = [quote for _, quote in quotes(source)]
    for passage in passages(source):
        assert without_blanks(passage) in without_blanks(text_of(source)), passage
        others = [each for each in passages(source) if each != passage]
        assert uncarried(source, [*carried, *others]), passage


def test_a_record_that_a_reason_leads_to_is_there() -> None:
    known = set()
    for source in SOURCES:
        document = document_of(source)
        every = (*document.instruments, *document.unexpressed, *document.external, *document.caps)
        known |= {each.id for each in every}
    assert {each["record"] for each in reasons() if "record" in each} <= known


def numbers(value: object) -> Iterator[int]:
    """Return every whole number in a piece of TOML."""
    if isinstance(value, dict):
        for each in value.values():
            yield from numbers(each)
    elif isinstance(value, list):
        for each in value:
            yield from numbers(each)
    elif type(value) is int:
        yield value


def figures(quote: str) -> set[int]:
    """Return the amounts of a passage in fen; of 10万元、20万元 and 10-50万元 each one."""
    found = {int(number) * TIMES[unit or ""] * 100 for number, unit in FIGURE.findall(quote)}
    return found | {int(number) * 1_000_000 for number in SHARED_UNIT.findall(quote)}


def amounts(instrument: dict[str, Any], content: dict[str, Any]) -> set[int]:
    """Return every number of an instrument with its caps, and what each instalment of a price comes to."""
    caps = [each for each in content.get("cap", []) if each["id"] in instrument["caps"]]
    found = set(numbers([instrument, caps]))
    shares = [each["share_bp"] for each in instrument["terms"].get("instalments", [])]
    return found | {number * share // 10_000 for number in found for share in shares}


@pytest.mark.parametrize("source", ["S0", "S1", "S2"])
def test_every_figure_of_a_clause_is_in_a_record_of_it(source: str) -> None:
    content = raw(source)
    clauses = {each["clause"] for each in content["instrument"]}
    for clause in clauses:
        of_clause = [each for each in content["instrument"] if each["clause"] == clause]
        stated = set().union(*(amounts(each, content) for each in of_clause))
        quoted = set().union(*(figures(quote) for each in of_clause for quote in each["quotes"]))
        assert quoted <= stated, (clause, quoted - stated)
        assert quoted or clause in WITHOUT_FIGURES, clause
