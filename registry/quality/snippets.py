"""What to type to load a version with the tools people have, once it is pulled; only what is known to be true.

Rules:
* A tool is left out where it would read something else: ``datasets`` where a column of text mixes kinds, or integers in
  one file and fractions in another (it decides by the first rows), or where it would take other files of the folder for
  the data; pandas and polars for Arrow IPC.
* pandas and polars are shown with the first file.
* Encoding, separator and quote are named where they are not the tool's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from registry.values.canonical import Json

CONFIGS_SHOWN_MAX: Final = 5
_SUFFIXES: Final = {
    "csv": (".csv", ".tsv"),
    "json": (".jsonl", ".json", ".ndjson"),
    "parquet": (".parquet",),
    "arrow": (".arrow",),
}
_BUILDERS: Final = {"tsv": "csv", "jsonl": "json"}


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code that loads one config with one tool."""

    config: str
    tool: str
    code: str


def snippets_of(loads_with: Mapping[str, Json], folder: str) -> tuple[Snippet, ...]:
    """Return how to load a version that was pulled into ``folder``."""
    stated: Any = loads_with
    found: list[Snippet] = []
    for config in list(stated.get("configs", ()))[:CONFIGS_SHOWN_MAX]:
        splits = config["splits"]
        if splits and all(split["kind"] == "table" for split in splits):
            codes = (
                ("datasets", _datasets(stated, config, folder)),
                ("pandas", _pandas(splits[0], folder)),
                ("polars", _polars(splits[0], folder)),
            )
            found += [Snippet(config["name"], tool, code) for tool, code in codes if code]
    return tuple(found)


def _datasets(stated: Any, config: Any, folder: str) -> str | None:
    splits = config["splits"]
    builders = {_BUILDERS.get(split["format"], split["format"]) for split in splits}
    options = [split.get("options") for split in splits]
    mixed = any(column.get("mixed") or column.get("widened") for split in splits for column in split["schema"])
    if len(builders) > 1 or mixed or any(each != options[0] for each in options):
        return None
    builder = builders.pop()
    named = _named(options[0], {"delimiter": "sep", "quote": "quotechar", "encoding": "encoding"})
    if all(split["files"] == len(split["first"]) for split in splits):
        files = {split["name"]: [f"{folder}/{path}" for path in split["first"]] for split in splits}
        return f"from datasets import load_dataset\n\nload_dataset({builder!r}, data_files={files!r}{named})"
    usual = all(
        PurePosixPath(path).suffix.lower() in _SUFFIXES.get(builder, ()) for split in splits for path in split["first"]
    )
    if not usual or (stated["from"] == "convention" and stated["left_out"]["files"]):
        return None
    name = f", {config['name']!r}" if stated["from"] == "card" else ""
    return f"from datasets import load_dataset\n\nload_dataset('./{folder}'{name}{named})"


def _pandas(split: Any, folder: str) -> str | None:
    path = f"{folder}/{split['first'][0]}"
    kind = split["format"]
    if kind == "parquet":
        return f"import pandas as pd\n\npd.read_parquet({path!r})"
    if kind == "jsonl":
        return f"import pandas as pd\n\npd.read_json({path!r}, lines=True)"
    if kind not in ("csv", "tsv"):
        return None
    named = _named(split["options"], {"delimiter": "sep", "quote": "quotechar", "encoding": "encoding"})
    texts = {column["name"]: "string" for column in split["schema"] if column.get("mixed")}
    types = f", dtype={texts!r}" if texts else ""
    return f"import pandas as pd\n\npd.read_csv({path!r}{named}{types})"


def _polars(split: Any, folder: str) -> str | None:
    path = f"{folder}/{split['first'][0]}"
    kind = split["format"]
    if kind == "parquet":
        return f"import polars as pl\n\npl.read_parquet({path!r})"
    if kind == "jsonl":
        return f"import polars as pl\n\npl.read_ndjson({path!r}, infer_schema_length=None)"
    if kind not in ("csv", "tsv"):
        return None
    named = _named(split["options"], {"delimiter": "separator", "quote": "quote_char", "encoding": "encoding"})
    return f"import polars as pl\n\npl.read_csv({path!r}{named}, infer_schema_length=None)"


def _named(options: Any, names: Mapping[str, str]) -> str:
    """Return the options of a text as arguments, without those that are the tool's own."""
    usual = {"delimiter": (",",), "quote": ('"',), "encoding": ("ascii", "utf-8", "utf-8-sig")}
    return "".join(
        f", {argument}={options[option]!r}"
        for option, argument in names.items()
        if options and options[option] not in usual[option]
    )
