import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from registry.errors import InvalidValueError
from registry.manifests.columns import ColumnBatch, ColumnType
from registry.manifests.dialect import Dialect
from registry.manifests.inventory import ColumnEntry, detect_format, inspect_file
from registry.manifests.media import media_of
from registry.manifests.model import Format
from registry.manifests.source import DiskSource


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


@pytest.mark.parametrize(
    ("encoding", "stated"),
    [
        ("gbk", "gbk"),
        ("gb18030", "gb18030"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-8", "utf-8"),
    ],
)
def test_a_csv_is_read_right_in_every_supported_encoding(tmp_path: Path, encoding: str, stated: str) -> None:
    rare = "㐀" if encoding != "gbk" else "煤"  # A character that GBK does not have.
    content = f'站点,注\n哈密,{rare}\n伊州,"a\nb"\n'.encode(encoding)
    batches: list[ColumnBatch] = []
    found = inspect_file(a_file(tmp_path, "a.csv", content), "a.csv", feed=batches.append)
    assert (found.encoding, found.rows, [column.name for column in found.columns]) == (stated, 2, ["站点", "注"])
    assert sorted(batches[0].columns[0].texts) == ["伊州", "哈密"]
    assert sorted(batches[0].columns[1].texts) == sorted([rare, "a\nb"])


def test_utf16_of_either_byte_order_is_read(tmp_path: Path) -> None:
    content = "\ufeff站,点\n1,2\n".encode("utf-16-be")
    assert inspect_file(a_file(tmp_path, "a.csv", content), "a.csv").encoding == "utf-16"


def test_a_file_of_ascii_is_said_to_be_that_since_every_encoding_reads_it(tmp_path: Path) -> None:
    assert inspect_file(a_file(tmp_path, "a.csv", b"a,b\n1,2\n"), "a.csv").encoding == "ascii"


@pytest.mark.parametrize(
    ("content", "line", "byte", "looks_like"),
    [
        ("id,名\n1,煤\n".encode() + "2,能源\n".encode("gbk"), 3, 16, "UTF-8"),
        ("id,name\n1,能源\n".encode("gbk") + b"2,\xff\xff\n", 3, 18, "GB18030"),
        ("préféré,b\n1,2\n".encode("latin-1"), 1, 3, "UNKNOWN"),
        ("a,b\n1,2\n".encode("utf-32"), 1, 1, "UTF-32"),
        (b"\xff\xfe" + "a,b\n".encode("utf-16-le") + b"1,\x00\xd8\x00\x00", 2, 13, "UTF-16"),
        (b"\xef\xbb\xbfa,b\n1,\xff\n", 2, 10, "UTF-8-SIG"),
    ],
)
def test_what_is_in_no_supported_encoding_is_refused_by_line_and_byte(
    tmp_path: Path, content: bytes, line: int, byte: int, looks_like: str
) -> None:
    refused = refusal(a_file(tmp_path, "a.csv", content))
    assert refused.code == "csv_encoding_unknown"
    assert [refused.parameters[name] for name in ("line", "byte", "looks_like")] == [line, byte, looks_like]


def test_a_character_cut_by_the_end_of_the_file_is_refused(tmp_path: Path) -> None:
    assert refusal(a_file(tmp_path, "a.csv", "a\n煤".encode()[:-1])).parameters["byte"] == 3


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "gb18030", "utf-16"])
def test_a_character_across_two_blocks_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    for module in ("encodings", "faults"):
        monkeypatch.setattr(f"registry.manifests.{module}.BLOCK_BYTES", 3)
    content = "站点,a\n煤煤煤煤,1\n".encode(encoding)
    assert inspect_file(a_file(tmp_path, "a.csv", content), "a.csv").rows == 1


def test_what_the_card_declares_goes_before_what_the_bytes_seem(tmp_path: Path) -> None:
    path = a_file(tmp_path, "a.csv", "a;b|'c;d'\n1;2|'x|y'\n".encode("gbk"))
    found = inspect_file(path, "a.csv", Dialect("gb18030", "|", "'"))
    assert (found.encoding, found.delimiter, found.quote) == ("gb18030", "|", "'")
    assert [column.name for column in found.columns] == ["a;b", "c;d"]


def test_a_delimiter_that_stands_in_quoted_cells_of_the_header_is_not_taken(tmp_path: Path) -> None:
    content = '"a;x;y;z","b;c;d"\n"1;1;1",2\n'
    assert inspect_file(a_file(tmp_path, "a.csv", content.encode()), "a.csv").delimiter == ","


def test_of_a_column_with_several_kinds_the_first_row_of_each_is_known(tmp_path: Path) -> None:
    found = inspect_file(a_file(tmp_path, "a.jsonl", b'{"a":1}\n{"a":2}\n{"a":"x"}\n'), "a.jsonl")
    assert found.columns[0].first_rows == ((ColumnType.INTEGER, 1), (ColumnType.TEXT, 3))


@pytest.mark.parametrize(
    ("name", "content", "stated"),
    [
        ("a.csv", b'{"a":1}\n{"a":2}\n', Format.JSONL),
        ("a.json", b'{"a":1}\n{"a":2}\n', Format.JSONL),
        ("a.json", b'{"a":1}\n', Format.OTHER),
        ("a.txt", b"a,b\n1,2\n", Format.OTHER),
        ("a.bin", b"\x89PNG\r\n\x1a\n", Format.IMAGE),
        ("a.csv", b"fLaC\x00\x00\x00\x22", Format.CSV),
        ("a.dat", b"fLaC\x00\x00\x00\x22", Format.AUDIO),
        ("clip", b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00", Format.VIDEO),
    ],
)
def test_the_format_is_decided_by_content(tmp_path: Path, name: str, content: bytes, stated: Format) -> None:
    path = a_file(tmp_path, name, content)
    source = DiskSource(path)
    assert detect_format(source, name, media_of(source, name)) is stated


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
