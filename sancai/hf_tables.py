"""Let the package ``datasets`` write the tables of a folder where it looks for them without network.

Run as ``python -m sancai.hf_tables SNAPSHOT DATASET_NAME CACHE COMMIT``; the last line printed is the list of
configurations as JSON.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any, Final

from sancai.paths import PART_SUFFIX

FORMAT_VERSION: Final = "0.0.0"
"""What ``datasets`` calls the version of a dataset that states none."""


def prepare(snapshot: Path, dataset_name: str, cache: Path, commit: str) -> list[str]:
    """Write each configuration to ``cache/<config>/0.0.0/<commit>`` unless it is there, and return their names.

    Raises whatever ``datasets`` does when it cannot load the folder.
    """
    import datasets

    configs: list[str] = datasets.get_dataset_config_names(str(snapshot))
    for config in configs:
        place = cache / config / FORMAT_VERSION / commit
        if not (place / "dataset_info.json").is_file():
            _write(datasets, snapshot, dataset_name, config, place)
        # Of several versions the one that was brought last is loaded: the library takes the newest folder.
        os.utime(place)
    return configs


def _write(datasets: Any, snapshot: Path, dataset_name: str, config: str, place: Path) -> None:
    """Write the tables of one configuration beside their place, and put them there when they are whole."""
    part = place.with_name(f"{place.name}.{os.getpid()}{PART_SUFFIX}")
    shutil.rmtree(part, ignore_errors=True)
    builder = datasets.load_dataset_builder(str(snapshot), config, cache_dir=str(part / "cache"))
    builder.dataset_name = dataset_name
    try:
        builder.download_and_prepare(output_dir=str(part / "tables"))
        shutil.rmtree(place, ignore_errors=True)
        (part / "tables").replace(place)
    finally:
        shutil.rmtree(part, ignore_errors=True)


if __name__ == "__main__":
    _, given_snapshot, given_name, given_cache, given_commit = sys.argv
    sys.stdout.write(json.dumps(prepare(Path(given_snapshot), given_name, Path(given_cache), given_commit)) + "\n")
