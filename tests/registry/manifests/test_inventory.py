import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from registry.errors import InvalidValueError
from registry.manifests.columns import ColumnType
from registry.manifests.inventory import ColumnEntry, inspect_file
from registry.manifests.model import Format


def a_file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def refusal(path: Path) -> InvalidValueError:
    with pytest.raises(InvalidValueError) as refused:
        inspect_file(path, f"data/{path.name}")
    assert refused.value.parameters["path"] == f"data/{path.name}"
    return refused.value


def test_a_csv_is_described_by_what_its_cells_are(tmp_path: Path) -> None:
    content = "id,名称,at,share,ok,none,code\n1,甲,2024-05-01,0.5,true,,007\n2,乙,2024-05-02 08:00,1,false,,008\n"
    found = inspect_file(a_file(tmp_path, "a.csv", content.encode()), "a.csv")
    assert (found.format, found.rows, found.encoding, found.delimiter) == (Format.CSV, 2, "utf-8", ",")
    assert [(column.name, column.type) for column in found.columns] == [
        ("id", ColumnType.INTEGER),
        ("名称", ColumnType.TEXT),
        ("at", ColumnType.MOMENT),
        ("share", ColumnType.NUMBER),
        ("ok", ColumnType.BOOL),
        ("none", ColumnType.EMPTY),
        ("code", ColumnType.TEXT),
    ]


@pytest.mark.parametrize(("name", "delimiter"), [("a.csv", ";"), ("a.csv", "|"), ("a.tsv", "\t")])
def test_the_delimiter_is_found(tmp_path: Path, name: str, delimiter: str) -> None:
    found = inspect_file(a_file(tmp_path, name, f"a{delimiter}b\n1{delimiter}2\n".encode()), name)
    assert (found.delimiter, len(found.columns)) == (delimiter, 2)


def test_a_parquet_file_is_described_by_its_schema(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": pa.array([1], pa.int16()), "s": ["x"]}), tmp_path / "a.parquet")
    found = inspect_file(tmp_path / "a.parquet", "a.parquet")
    assert found.columns == (
        ColumnEntry("n", ColumnType.INTEGER, "int16"),
        ColumnEntry("s", ColumnType.TEXT, "string"),
    )
    assert (found.format, found.rows) == (Format.PARQUET, 1)


@pytest.mark.parametrize("make", [pa.ipc.new_file, pa.ipc.new_stream])
def test_arrow_files_and_streams_are_described(tmp_path: Path, make: object) -> None:
    table = pa.table({"n": [1, 2, 3]})
    with pa.OSFile(str(tmp_path / "a.arrow"), "wb") as sink, make(sink, table.schema) as writer:
        writer.write_table(table)
    found = inspect_file(tmp_path / "a.arrow", "a.arrow")
    assert (found.format, found.rows) == (Format.ARROW, 3)


def test_a_file_that_is_no_table_has_no_rows(tmp_path: Path) -> None:
    found = inspect_file(a_file(tmp_path, "card.md", b"# hello"), "card.md")
    assert (found.format, found.rows, found.columns) == (Format.OTHER, None, ())


def test_a_truncated_parquet_file_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": range(10_000)}), tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    assert refusal(a_file(tmp_path, "b.parquet", whole[: len(whole) // 2])).code == "parquet_truncated"


@pytest.mark.parametrize("content", [b"", b"no parquet at all", b"PAR1xxxxPAR1"])
def test_bytes_that_are_no_parquet_are_refused(tmp_path: Path, content: bytes) -> None:
    assert refusal(a_file(tmp_path, "a.parquet", content)).code == "parquet_malformed"


def test_a_csv_in_gbk_is_refused_with_line_and_byte(tmp_path: Path) -> None:
    refused = refusal(a_file(tmp_path, "a.csv", "id,name\n1,abc\n2,能源\n".encode("gbk")))
    assert refused.code == "csv_not_utf8"
    assert {k: refused.parameters[k] for k in ("line", "byte", "looks_like")} == {
        "line": 3,
        "byte": 17,
        "looks_like": "GB18030",
    }


def test_a_character_cut_by_the_end_of_the_file_is_refused(tmp_path: Path) -> None:
    assert refusal(a_file(tmp_path, "a.csv", "a\n煤".encode()[:-1])).parameters["byte"] == 3


def test_a_character_across_two_blocks_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.manifests.faults._BLOCK_BYTES", 4)
    assert inspect_file(a_file(tmp_path, "a.csv", "a\n煤煤煤煤\n".encode()), "a.csv").rows == 1


@pytest.mark.parametrize(
    ("content", "line", "cells"),
    [("a,b\n1,2\n3\n", 3, 1), ("a,b\n1,2,3\n", 2, 3), ('a,b\n"x\ny",2\n\n1,2,3\n', 5, 3)],
)
def test_a_row_with_another_number_of_cells_is_refused_by_line(
    tmp_path: Path, content: str, line: int, cells: int
) -> None:
    refused = refusal(a_file(tmp_path, "a.csv", content.encode()))
    assert (refused.code, refused.parameters["line"], refused.parameters["found_cells"]) == (
        "csv_row_width",
        line,
        cells,
    )


def test_a_quote_that_is_never_closed_is_refused_by_line(tmp_path: Path) -> None:
    refused = refusal(a_file(tmp_path, "a.csv", b'a,b\n1,2\n3,"x\n5,6\n'))
    assert (refused.code, refused.parameters["line"]) == ("csv_quote_open", 3)


def test_a_quote_inside_a_cell_is_no_fault(tmp_path: Path) -> None:
    assert inspect_file(a_file(tmp_path, "a.csv", b'a,b\n1,5" pipe\n2,x\n'), "a.csv").rows == 2


@pytest.mark.parametrize(
    "broken", ['{"a":', "nonsense", '{"a":1}{"a":2}', '{"a":1,}', '{"a":"\\ud800"}', '{"a":' + "[" * 100_000]
)
def test_a_broken_line_of_jsonl_is_refused_by_number(tmp_path: Path, broken: str) -> None:
    refused = refusal(a_file(tmp_path, "a.jsonl", f'{{"a":1}}\n\n{broken}\n{{"a":2}}\n'.encode()))
    assert (refused.code, refused.parameters["line"]) == ("jsonl_line_broken", 3)


def test_line_one_million_and_one_of_jsonl_is_refused_by_number(tmp_path: Path) -> None:
    refused = refusal(a_file(tmp_path, "a.jsonl", b'{"a":1}\n' * 1_000_000 + b'{"a":\n'))
    assert (refused.code, refused.parameters["line"]) == ("jsonl_line_broken", 1_000_001)


def test_a_line_that_is_no_object_is_refused(tmp_path: Path) -> None:
    assert refusal(a_file(tmp_path, "a.jsonl", b'{"a":1}\n[1]\n')).code == "jsonl_line_not_object"


def test_a_line_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    refused = refusal(a_file(tmp_path, "a.jsonl", b'{"a":1}\n' + '{"a":"能源"}\n'.encode("gbk")))
    assert (refused.code, refused.parameters["line"]) == ("jsonl_not_utf8", 2)


def test_a_line_beyond_all_bounds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.manifests.reading.LINE_BYTES_MAX", 100)
    monkeypatch.setattr("registry.manifests.reading.BLOCK_BYTES", 50)
    refused = refusal(a_file(tmp_path, "a.jsonl", b'{"a":1}\n' + json.dumps({"a": "x" * 300}).encode()))
    assert refused.code == "jsonl_line_too_long"


def test_columns_of_mixed_types_are_read_all_the_same(tmp_path: Path) -> None:
    found = inspect_file(a_file(tmp_path, "a.jsonl", b'{"a":1}\n{"a":"x"}\n{"b":[1]}\n'), "a.jsonl")
    assert [(column.name, column.type) for column in found.columns] == [
        ("a", ColumnType.MIXED),
        ("b", ColumnType.NESTED),
    ]


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", b""), ("a.csv", b"a,b\n"), ("a.jsonl", b""), ("a.jsonl", b"\n")]
)
def test_an_empty_table_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    assert refusal(a_file(tmp_path, name, content)).code == "table_empty"


def test_an_empty_parquet_table_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": pa.array([], pa.int64())}), tmp_path / "a.parquet")
    assert refusal(tmp_path / "a.parquet").code == "table_empty"


@pytest.mark.parametrize(("name", "content"), [("a.csv", b"x,x\n1,2\n"), ("a.jsonl", b'{"x":1,"x":2}\n')])
def test_two_columns_of_one_name_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    refused = refusal(a_file(tmp_path, name, content))
    assert (refused.code, refused.parameters["column"]) == ("column_duplicate", "x")


def test_two_parquet_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    pq.write_table(table, tmp_path / "a.parquet")
    assert refusal(tmp_path / "a.parquet").code == "column_duplicate"


def test_arrow_bytes_that_are_none_are_refused(tmp_path: Path) -> None:
    assert refusal(a_file(tmp_path, "a.arrow", b"ARROW1 and nothing")).code == "arrow_malformed"
