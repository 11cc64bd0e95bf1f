"""The code a page shows for a version: only what each tool reads right."""

from typing import Any

from registry.quality.snippets import snippets_of


def a_split(**stated: Any) -> dict[str, Any]:
    schema = [{"name": "a", "type": "integer", "stored_as": "int64"}]
    usual = {"name": "train", "kind": "table", "format": "parquet", "files": 1, "first": ["a.parquet"]}
    return {**usual, "schema": schema, **stated}


def shown(*splits: dict[str, Any], left_out: int = 0, stated: str = "convention") -> dict[str, str]:
    loads: Any = {
        "from": stated,
        "configs": [{"name": "default", "splits": list(splits)}],
        "left_out": {"files": left_out},
    }
    return {each.tool: each.code.rpartition("\n")[2] for each in snippets_of(loads, "wind")}


def test_few_files_are_named() -> None:
    assert shown(a_split(), a_split(name="test", first=["t/b.parquet"])) == {
        "datasets": "load_dataset('parquet', data_files={'train': ['wind/a.parquet'], 'test': ['wind/t/b.parquet']})",
        "pandas": "pd.read_parquet('wind/a.parquet')",
        "polars": "pl.read_parquet('wind/a.parquet')",
    }


def test_many_files_are_the_folder_where_datasets_finds_the_same() -> None:
    many = a_split(files=9, first=["a.parquet", "b.parquet", "c.parquet"])
    assert shown(many)["datasets"] == "load_dataset('./wind')"
    assert shown(many, stated="card")["datasets"] == "load_dataset('./wind', 'default')"
    assert "datasets" not in shown(many, left_out=1)
    assert "datasets" not in shown(a_split(files=9, format="jsonl", first=["a.csv"]))


def test_what_datasets_would_decide_by_the_first_rows_is_left_to_others() -> None:
    options = {"encoding": "gb18030", "delimiter": "\t", "quote": "'"}
    mixed = [{"name": "a", "type": "text", "stored_as": "text", "mixed": True}]
    found = shown(a_split(format="csv", first=["a.csv"], options=options, schema=mixed))
    assert found == {
        "pandas": "pd.read_csv('wind/a.csv', sep='\\t', quotechar=\"'\", encoding='gb18030', dtype={'a': 'string'})",
        "polars": "pl.read_csv('wind/a.csv', separator='\\t', quote_char=\"'\", encoding='gb18030', "
        "infer_schema_length=None)",
    }
    widened = [{"name": "a", "type": "number", "stored_as": "text", "widened": True}]
    assert "datasets" not in shown(a_split(format="csv", first=["a.csv"], options=options, schema=widened))


def test_files_without_tables_and_arrow_have_what_is_true_of_them() -> None:
    assert shown({"name": "train", "kind": "files", "files": 1, "first": ["a.png"]}) == {}
    assert list(shown(a_split(format="arrow", first=["a.arrow"]))) == ["datasets"]
