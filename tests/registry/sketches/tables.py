"""Small tables written in every format, for tests of sketches."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from registry.manifests.arrow_cells import chunk_of_objects
from registry.manifests.columns import ColumnBatch
from registry.manifests.model import Format
from registry.manifests.reading import read_columns
from registry.sketches.building import sketch_table
from registry.sketches.model import TableSketch

Columns = Mapping[str, Sequence[object]]


def batches_of(columns: Columns, rows_max: int = 1000) -> list[ColumnBatch]:
    """Return a table as batches."""
    rows = len(next(iter(columns.values()), []))
    return [
        ColumnBatch(
            min(rows_max, rows - start),
            tuple(chunk_of_objects(name, cells[start : start + rows_max]) for name, cells in columns.items()),
        )
        for start in range(0, rows, rows_max)
    ]


def sketch_of(columns: Columns) -> TableSketch:
    return sketch_table(batches_of(columns))


def sketch_of_file(path: Path, file_format: Format) -> TableSketch:
    return sketch_table(read_columns(path, file_format))


def write(columns: Columns, path: Path, file_format: Format) -> None:
    """Write a table in a format, as its common writers do."""
    table = pa.table({name: pa.array(cells) for name, cells in columns.items()})
    if file_format is Format.PARQUET:
        pq.write_table(table, path)
    elif file_format is Format.CSV:
        pa_csv.write_csv(table, path)
    else:
        rows = zip(*columns.values(), strict=True)
        lines = [json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, default=str) for row in rows]
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def a_table(rows: int, seed: int = 0) -> dict[str, list[object]]:
    """Return a table like one of the energy sector."""
    random = np.random.default_rng(seed)
    return {
        "站点": [f"场站{n}" for n in random.integers(0, rows, rows)],
        "load_kw": random.normal(500, 100, rows).round(6).tolist(),
        "count": random.integers(0, 10**9, rows).tolist(),
        "on": (random.random(rows) < 0.5).tolist(),
    }


def shuffled(columns: Columns, seed: int = 1) -> dict[str, list[object]]:
    """Return the same rows in another order, under other names, with the columns in another order."""
    order = np.random.default_rng(seed).permutation(len(next(iter(columns.values()))))
    renamed = {f"x{place}": [cells[n] for n in order] for place, cells in enumerate(columns.values())}
    return dict(reversed(renamed.items()))
