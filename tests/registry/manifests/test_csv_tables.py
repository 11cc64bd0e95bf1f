"""Ours equals Python's csv on the decoded text, whatever the encoding, the delimiter and the quotes."""

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from registry.manifests.csv_tables import dialect_of, text_batches
from registry.manifests.dialect import DELIMITERS, ENCODINGS, Dialect, encoding_named, encoding_of_both
from registry.manifests.model import Format

ALPHABET = "ab1 ,;\t|\"'\n\r能源煤站点é㐀"


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], str, str, str, int]:
    encoding = draw(st.sampled_from([each for each in ENCODINGS if each != "ascii"]))
    alphabet = [each for each in ALPHABET if encoding != "gbk" or each not in "㐀é"]
    width = draw(st.integers(2, 4))
    cell = st.text(alphabet, max_size=6)
    rows = draw(st.lists(st.lists(cell, min_size=width, max_size=width), min_size=1, max_size=8))
    header = [f"列{number}" for number in range(width)]
    delimiter = draw(st.sampled_from(DELIMITERS))
    quote = draw(st.sampled_from(['"', "'"]))
    return [header, *rows], encoding, delimiter, quote, draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))


def written(rows: list[list[str]], delimiter: str, quote: str, quoting: int) -> str:
    made = io.StringIO(newline="")
    csv.writer(made, delimiter=delimiter, quotechar=quote, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    return made.getvalue()


def ours(content: bytes, declared: Dialect) -> tuple[Dialect, list[list[str]]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(content)
        dialect = dialect_of(path, Format.CSV, declared)
        rows: list[list[str]] = []
        for batch in text_batches(path, dialect):
            rows = rows or [batch.schema.names]
            rows += [list(row) for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]
        return dialect, rows


@settings(max_examples=120, deadline=None)
@given(tables())
def test_a_declared_dialect_gives_what_python_reads(table: tuple[list[list[str]], str, str, str, int]) -> None:
    rows, encoding, delimiter, quote, quoting = table
    text = written(rows, delimiter, quote, quoting)
    dialect, found = ours(text.encode(encoding), Dialect(encoding, delimiter, quote))
    assert dialect == Dialect(encoding, delimiter, quote)
    assert found == list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote))


@settings(max_examples=120, deadline=None)
@given(tables())
def test_a_detected_dialect_gives_what_python_reads(table: tuple[list[list[str]], str, str, str, int]) -> None:
    rows, encoding, delimiter, _, _ = table
    # A first row of plain cells, as tables have; else two delimiters can be as likely.
    rows[1:1] = [["站点"] * len(rows[0])]
    text = written(rows, delimiter, '"', csv.QUOTE_ALL)
    content = text.encode(encoding)
    dialect, found = ours(content, Dialect())
    assert encoding_of_both(dialect.encoding or "", encoding) is not None
    assert content.decode(dialect.encoding or "") == content.decode(encoding)
    assert found == list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_encodings_go_by_their_usual_names() -> None:
    assert [encoding_named(name) for name in ("UTF8", "cp936", "GB2312", "utf_16", "latin-1")] == [
        "utf-8",
        "gbk",
        "gbk",
        "utf-16",
        None,
    ]
