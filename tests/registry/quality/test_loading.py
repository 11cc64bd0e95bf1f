"""Published means loadable: configs, splits, one schema for each, and the first file that breaks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from registry.errors import InvalidValueError
from registry.manifests.columns import ColumnType
from registry.manifests.inventory import inspect_file
from registry.manifests.model import Format
from registry.quality.card import NO_CARD, Card, card_of
from registry.quality.loading import LoadingCheck
from registry.quality.split_check import ColumnRead, FileRead, LoadingFault


def load(
    folder: Path, files: Mapping[str, bytes | pa.Table], card: str = ""
) -> tuple[dict[str, Any], tuple[LoadingFault, ...]]:
    """Load files as the worker does: inventory of each, then the check."""
    stated = card_of(f"---\n{card}\n---\n# Data\n".encode()) if card else NO_CARD
    check = LoadingCheck(stated)
    for path, content in sorted(files.items()):
        local = folder / "file"
        if isinstance(content, bytes):
            local.write_bytes(content)
        else:
            pq.write_table(content, local)
        found = inspect_file(local, path, stated.dialect_of(path))
        check.see(
            FileRead(
                path,
                found.format,
                local.stat().st_size,
                found.rows,
                tuple(ColumnRead(each.name, each.type, each.stored_as, each.first_rows) for each in found.columns),
                found.dialect,
            )
        )
    loads: Any
    loads, faults = check.finish()
    return loads, faults


def splits_of(loads: dict[str, Any], config: int = 0) -> dict[str, tuple[int, int | None]]:
    return {each["name"]: (each["files"], each.get("rows")) for each in loads["configs"][config]["splits"]}


def only_fault(folder: Path, files: Mapping[str, bytes | pa.Table], card: str = "") -> dict[str, Any]:
    _, faults = load(folder, files, card)
    assert len(faults) == 1, faults
    return {"path": faults[0].path, "code": faults[0].code, **faults[0].parameters}


ONE, TWO = b"a,b\n1,x\n", b"a,b\n2,y\n3,z\n"


@pytest.mark.parametrize(
    ("paths", "found", "convention"),
    [
        (("a.csv", "b.csv"), {"train": (2, 3)}, "all"),
        (("train.csv", "test.csv"), {"train": (1, 1), "test": (1, 2)}, "names"),
        (("wind-train-1.csv", "wind_dev.csv"), {"train": (1, 1), "validation": (1, 2)}, "names"),
        (("training/a.csv", "eval/b.csv"), {"train": (1, 1), "test": (1, 2)}, "folders"),
        (
            ("data/train-00000-of-00002.csv", "data/extra-00001-of-00002.csv"),
            {"train": (1, 1), "extra": (1, 2)},
            "shards",
        ),
        (("restraint.csv", "contest.csv"), {"train": (2, 3)}, "all"),
    ],
)
def test_without_a_card_the_conventions_of_datasets_decide(
    tmp_path: Path, paths: tuple[str, str], found: dict[str, tuple[int, int]], convention: str
) -> None:
    loads, faults = load(tmp_path, dict(zip(paths, (ONE, TWO), strict=True)))
    assert not faults
    assert (splits_of(loads), loads["configs"][0]["convention"], loads["from"]) == (found, convention, "convention")


def test_what_a_convention_passes_over_is_counted(tmp_path: Path) -> None:
    loads, _ = load(tmp_path, {"train.csv": ONE, "more.csv": TWO, "README.md": b"# hello", "LICENSE": b"MIT"})
    assert (splits_of(loads), loads["left_out"]["files"]) == ({"train": (1, 1)}, 1)


def test_the_card_decides_before_any_convention(tmp_path: Path) -> None:
    card = """
configs:
- config_name: wind
  default: true
  data_files:
  - split: train
    path: ["w/*.csv"]
  - split: held_out
    path: w/deep/**/z.csv
- config_name: sites
  data_files: sites.csv
"""
    files = {"w/a.csv": ONE, "w/b.csv": TWO, "w/deep/x/z.csv": ONE, "sites.csv": b"name\nx\n", "more.csv": b"q\n1\n"}
    loads, faults = load(tmp_path, files, card)
    assert not faults
    assert [config["name"] for config in loads["configs"]] == ["wind", "sites"]
    assert (splits_of(loads), splits_of(loads, 1)) == ({"train": (2, 3), "held_out": (1, 1)}, {"train": (1, 1)})
    assert (loads["from"], loads["left_out"]["files"], loads["configs"][0]["default"]) == ("card", 1, True)


def test_a_folder_of_the_card_is_split_by_convention(tmp_path: Path) -> None:
    card = "configs:\n- config_name: a\n  data_dir: one\n- config_name: b\n  data_dir: two\n"
    loads, _ = load(tmp_path, {"one/train.csv": ONE, "one/test.csv": TWO, "two/x.csv": b"q\n1\n"}, card)
    assert (splits_of(loads), splits_of(loads, 1)) == ({"train": (1, 1), "test": (1, 2)}, {"train": (1, 1)})


def test_a_pattern_that_names_no_file_is_a_fault_of_the_card(tmp_path: Path) -> None:
    card = "configs:\n- config_name: a\n  data_files:\n    train: a.csv\n    test: 't*.csv'\n"
    fault = only_fault(tmp_path, {"a.csv": ONE}, card)
    assert (fault["path"], fault["code"], fault["split"], fault["pattern"]) == (
        "README.md",
        "config_files_missing",
        "test",
        "t*.csv",
    )


def test_encoding_and_delimiter_of_the_card_are_used(tmp_path: Path) -> None:
    card = "configs:\n- config_name: a\n  data_files: '*.csv'\n  sep: '|'\n  encoding: GB18030\n"
    loads, faults = load(tmp_path, {"a.csv": "a;b|c\n1;2|站\n".encode("gbk")}, card)
    split = loads["configs"][0]["splits"][0]
    assert not faults
    assert split["options"] == {"encoding": "gb18030", "delimiter": "|", "quote": '"'}
    assert [column["name"] for column in split["schema"]] == ["a;b", "c"]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (b"a,b\n1,x\ny,z\n", {"code": "split_schema_differs", "column": "a", "row": 2, "expected": "integer"}),
        (b"a,b\nx,z\n", {"code": "split_schema_differs", "column": "a", "row": 1, "found": "text"}),
        (b"a\n1\n", {"code": "split_column_missing", "column": "b", "like": "a.csv"}),
        (b"a,b,c\n1,x,2\n", {"code": "split_column_unknown", "column": "c"}),
        (b"a;b\n1;x\n", {"code": "split_delimiter_differs"}),
        (b'{"a":1,"b":"x"}\n{"a":1,"b":"x"}\n', {"code": "split_formats_differ", "found": "jsonl"}),
    ],
)
def test_the_first_file_that_breaks_a_split_is_named(
    tmp_path: Path, second: bytes, expected: dict[str, object]
) -> None:
    fault = only_fault(tmp_path, {"a.csv": ONE, "b.csv": second, "c.csv": b"zzz\n1\n"})
    assert fault["path"] == "b.csv"
    assert {name: fault[name] for name in expected} == expected


def test_files_that_no_one_encoding_reads_break_a_split(tmp_path: Path) -> None:
    fault = only_fault(tmp_path, {"a.csv": "a\n站点\n".encode(), "b.csv": "a\n能源\n".encode("gbk")})
    assert (fault["code"], fault["expected"], fault["found"]) == ("split_encoding_differs", "utf-8", "gbk")


def test_files_that_one_encoding_reads_load_with_it(tmp_path: Path) -> None:
    files = {"a.csv": b"a\nx\n", "b.csv": "a\n能源\n".encode("gbk"), "c.csv": "a\n㐀能源\n".encode("gb18030")}
    loads, faults = load(tmp_path, files)
    assert not faults
    assert loads["configs"][0]["splits"][0]["options"]["encoding"] == "gb18030"


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [("1", "2.5", "number"), ("2.5", "1", "number"), ("", "1", "integer"), ("x", "1", "text"), ("1", "", "integer")],
)
def test_types_that_fit_each_other_make_one_schema(tmp_path: Path, first: str, second: str, kind: str) -> None:
    loads, faults = load(tmp_path, {"a.csv": f"a,b\n{first},1\n".encode(), "b.csv": f"a,b\n{second},1\n".encode()})
    assert not faults
    assert loads["configs"][0]["splits"][0]["schema"][0]["type"] == kind


def test_a_csv_column_that_mixes_kinds_loads_as_text_and_a_jsonl_column_does_not(tmp_path: Path) -> None:
    loads, faults = load(tmp_path, {"a.csv": b"a\n1\nx\n"})
    assert (faults, loads["configs"][0]["splits"][0]["schema"][0]["type"]) == ((), "text")
    fault = only_fault(tmp_path, {"a.jsonl": b'{"a":1}\n{"a":"x"}\n'})
    assert (fault["code"], fault["column"], fault["row"], fault["found"]) == ("split_types_mixed", "a", 2, "text")


def test_parquet_columns_are_stored_alike_and_nulls_fit(tmp_path: Path) -> None:
    whole = pa.table({"a": pa.array([1], pa.int64())})
    none = pa.table({"a": pa.nulls(1)})
    short = pa.table({"a": pa.array([1], pa.int32())})
    assert load(tmp_path, {"a.parquet": none, "b.parquet": whole})[1] == ()
    fault = only_fault(tmp_path, {"a.parquet": whole, "b.parquet": short})
    assert (fault["code"], fault["expected"], fault["found"]) == ("split_schema_differs", "int64", "int32")


FEATURES = "dataset_info:\n  features:\n  - name: a\n    dtype: {}\n  - name: b\n    dtype: string\n"


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("int64", ONE, None),
        ("int64", b"a,b\n1.5,x\n", "features_differ"),
        ("string", b"a,b\n1,x\n", None),
        ("int64", b"a\n1\n", "features_missing"),
        ("int64", b"a,b,c\n1,x,2\n", "features_undeclared"),
    ],
)
def test_a_file_is_as_the_card_declares_it(tmp_path: Path, kind: str, content: bytes, code: str | None) -> None:
    _, faults = load(tmp_path, {"a.csv": content}, FEATURES.format(kind))
    assert [fault.code for fault in faults] == ([code] if code else [])


def test_what_the_card_declares_as_text_takes_anything(tmp_path: Path) -> None:
    files = {"a.csv": ONE, "b.csv": b"a,b\nx,y\n"}
    assert load(tmp_path, files, FEATURES.format("string"))[1] == ()


PNG = b"\x89PNG\r\n\x1a\n"


def test_a_split_without_tables_is_a_list_of_files_with_what_is_said_of_them(tmp_path: Path) -> None:
    files = {"train/a.png": PNG, "train/b.png": PNG, "train/metadata.csv": b"file_name,label\na.png,x\nb.png,y\n"}
    loads, faults = load(tmp_path, files)
    split = loads["configs"][0]["splits"][0]
    assert not faults
    assert (split["kind"], split["files"], split["metadata"]) == ("files", 2, "train/metadata.csv")


def test_files_beside_a_table_are_left_out(tmp_path: Path) -> None:
    loads, _ = load(tmp_path, {"a.csv": ONE, "a.png": PNG})
    assert (splits_of(loads), loads["left_out"]["files"]) == ({"train": (1, 1)}, 1)


@pytest.mark.parametrize(
    ("card", "code", "field"),
    [
        ("configs: [", "card_malformed", None),
        ("configs: 7", "card_config_malformed", "configs"),
        ("configs:\n- config_name: a\n  encoding: latin-1", "card_config_malformed", "encoding"),
        ("configs:\n- config_name: a\n  sep: '##'", "card_config_malformed", "sep"),
        ("configs:\n- config_name: a\n  data_files: 7", "card_config_malformed", "data_files"),
        ("configs:\n- config_name: a\n- config_name: a", "card_config_malformed", "config_name"),
        ("configs:\n- config_name: a\n  data_dir: ../x", "card_config_malformed", "data_dir"),
        ("a: &a [x]\nb: !!python/object:os.system {}", "card_malformed", None),
    ],
)
def test_a_card_that_cannot_be_read_is_refused_with_the_field(card: str, code: str, field: str | None) -> None:
    with pytest.raises(InvalidValueError) as refused:
        card_of(f"---\n{card}\n---\n".encode())
    assert (refused.value.code, refused.value.parameters.get("field")) == (code, field)


def test_a_readme_without_front_matter_is_no_card() -> None:
    assert card_of(b"# Title\n\n---\nconfigs: 7\n---\n") == NO_CARD
    assert card_of(b"") == NO_CARD


def test_a_million_files_are_loaded_in_bounded_memory() -> None:
    check = LoadingCheck(Card())
    columns = (ColumnRead("a", ColumnType.INTEGER, "int64"),)
    for number in range(20_000):
        check.see(FileRead(f"data/{number:07}.parquet", Format.PARQUET, 10, 1, columns))
    loads, faults = check.finish()
    assert not faults
    assert len(str(loads)) < 1_000
