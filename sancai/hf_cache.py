"""Fill the cache of the Hugging Face libraries, so that ``load_dataset`` works where there is no network.

``DIR`` becomes the ``HF_HOME`` of the readers. Two libraries keep two caches there:

* ``hub/datasets--ns--name`` is that of ``huggingface_hub``: ``blobs`` by digest, ``snapshots/<commit>`` of links to
  them, ``refs`` that name a commit. ``snapshot_download`` and ``hf_hub_download`` read it. The commit is the first 40
  digits of the content digest, so that the same content has the same one everywhere.
* ``datasets/ns___name/<config>/0.0.0/<commit>`` is that of ``datasets``: tables as Arrow. Without network,
  ``load_dataset("ns/name")`` looks here only. What writes it is ``datasets`` itself where it is installed, so that
  configurations, splits and types are those it would have found.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from sancai.downloads import sha256_of
from sancai.errors import InvalidValueError
from sancai.fetching import GROUP_FILES, fetch_files
from sancai.handles import VersionHandle
from sancai.manifests import ManifestFile
from sancai.paths import PART_SUFFIX, Places
from sancai.pull import require_room
from sancai.selection import Selection
from sancai.transfers import Progress

COMMIT_LENGTH: Final = 40


@dataclass(frozen=True, slots=True)
class Cached:
    """What a cache now holds. ``configs`` can be loaded without network; it is empty when ``datasets`` is missing."""

    name: str
    version: int
    content_digest: str
    home: Path
    snapshot: Path
    files: int
    size_bytes: int
    already_there: int
    configs: tuple[str, ...]
    signed_by: tuple[str, ...]


def fill_hf_cache(
    version: VersionHandle,
    home: Path,
    paths: Sequence[str] = (),
    *,
    check: bool = False,
    begin: Callable[[int], None] | None = None,
    progress: Progress | None = None,
) -> Cached:
    """Bring a version into the cache below ``home``; what is there is not fetched again.

    Args:
        version: What to bring.
        home: The ``HF_HOME`` of the readers; made when missing.
        paths: Only the files that these paths, folders and patterns name.
        check: Hash every blob that is there, instead of trusting its name and size.
        begin: Called once with the bytes to come.
        progress: Called with bytes that arrived, from several threads.

    Raises:
        CorruptContentError: Manifest or bytes are not what was signed.
        InvalidValueError: ``dataset_not_loadable``: ``datasets`` finds no table in it; the files are in the cache.
        SancaiError: As service and store refuse.
    """
    manifest, selection = version.manifest, Selection(paths)
    manifest.check()
    commit = manifest.content_digest.removeprefix("sha256:")[:COMMIT_LENGTH]
    repository = home / "hub" / f"datasets--{version.name.replace('/', '--')}"
    blobs, links = repository / "blobs", Places(repository / "snapshots" / commit)
    blobs.mkdir(parents=True, exist_ok=True)
    files = size_bytes = missing_bytes = already_there = 0
    for file in selection.of(manifest):
        there = _holds(blobs / file.sha256, file, check=check)
        files, size_bytes, already_there = files + 1, size_bytes + file.size_bytes, already_there + there
        missing_bytes += 0 if there else file.size_bytes
    require_room(home, missing_bytes)
    if begin:
        begin(missing_bytes)
    missing = _once(selection.of(manifest), blobs)
    with closing(fetch_files(version, missing, lambda file: blobs / file.sha256, progress)) as fetched:
        for _ in fetched:
            pass
    for file in selection.of(manifest):
        _link(links.of(file.path), blobs / file.sha256)
    for reference in (f"v{version.number}", "main"):
        _write(repository / "refs" / reference, commit)
    return Cached(
        name=version.name,
        version=version.number,
        content_digest=manifest.content_digest,
        home=home,
        snapshot=links.folder,
        files=files,
        size_bytes=size_bytes,
        already_there=already_there,
        configs=_prepared(version.name, home, links.folder, commit),
        signed_by=manifest.signed_by,
    )


def _holds(blob: Path, file: ManifestFile, *, check: bool) -> bool:
    """Return whether a blob is there; one that was damaged is removed."""
    try:
        right = blob.stat().st_size == file.size_bytes and (not check or sha256_of(blob) == file.sha256)
    except FileNotFoundError:
        return False
    if not right:
        blob.unlink()
    return right


def _once(files: Iterator[ManifestFile], blobs: Path) -> Iterator[ManifestFile]:
    """Yield the files whose blob is not there, of those with the same content one.

    What was yielded in an earlier group is there by now, so that one group is all that has to be remembered.
    """
    group: set[str] = set()
    for file in files:
        if file.sha256 not in group and not (blobs / file.sha256).exists():
            if len(group) == GROUP_FILES:
                group.clear()
            group.add(file.sha256)
            yield file


def _link(place: Path, blob: Path) -> None:
    """Let ``place`` lead to ``blob`` by a relative link, so that the cache may be moved."""
    target = os.path.relpath(blob, place.parent)
    if place.is_symlink() and place.readlink() == Path(target):
        return
    made = place.with_name(f".{place.name[:100]}{PART_SUFFIX}")
    made.unlink(missing_ok=True)
    made.symlink_to(target)
    made.replace(place)


def _write(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    made = place.with_name(f".{place.name}{PART_SUFFIX}")
    made.write_text(text, encoding="ascii")
    made.replace(place)


def _prepared(name: str, home: Path, snapshot: Path, commit: str) -> tuple[str, ...]:
    """Let ``datasets`` write its tables and return the configurations; none when it is not installed here.

    It runs in a process of its own that is told to ask no network: elsewhere it would look for the hub first.

    Raises:
        InvalidValueError: ``dataset_not_loadable``.
    """
    if find_spec("datasets") is None:
        return ()
    cache = home / "datasets" / name.replace("/", "___")
    # -P: a folder of the user's own that is named like a package of ours is not taken for it.
    stated = [str(snapshot), name.partition("/")[2], str(cache), commit]
    command = [sys.executable, "-P", "-m", "sancai.hf_tables", *stated]
    quiet = {"HF_HUB_OFFLINE": "1", "HF_UPDATE_DOWNLOAD_COUNTS": "0", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
    done = subprocess.run(command, env={**os.environ, **quiet}, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        reason = " ".join((done.stderr.strip().splitlines() or ["no reason given"])[-1].split())[:300]
        raise InvalidValueError(
            "dataset_not_loadable",
            f"The files are in {snapshot}, but `datasets` cannot load them ({reason}). Name the files of one table, "
            "for example 'data/*.csv'.",
            path=str(snapshot),
        )
    return tuple(json.loads(done.stdout.strip().splitlines()[-1]))
