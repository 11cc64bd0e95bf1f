"""Import a folder that was downloaded from another hub: a draft of it, with where it came from stated.

Recognised are
* the cache of Hugging Face (``datasets--org--name`` with ``refs`` and ``snapshots``), by the repository or a snapshot,
* a folder that ``snapshot_download(local_dir=…)`` filled (``.cache/huggingface``),
* the cache of ModelScope (``.msc``, ``.mv``), and
* a Git clone (``.git/config`` names its remote).

What was downloaded is third-party data: source, address and licence of the source are stated with it. The card and its
front matter travel as they are, byte for byte. Nothing is unpickled and no program of the folder is run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from sancai.client import Client
from sancai.errors import InvalidValueError
from sancai.publish_card import read_card
from sancai.publish_folder import LocalFile, files_of
from sancai.publish_statement import Statement, read_statement
from sancai.publishing import Plan, Telling, publication

HUGGING_FACE: Final = "Hugging Face"
MODELSCOPE: Final = "ModelScope"
GIT: Final = "Git"

_HOSTS: Final = {
    "huggingface.co": HUGGING_FACE,
    "hf.co": HUGGING_FACE,
    "hf-mirror.com": HUGGING_FACE,
    "modelscope.cn": MODELSCOPE,
    "www.modelscope.cn": MODELSCOPE,
}
_ADDRESS: Final = {HUGGING_FACE: "https://huggingface.co/datasets/", MODELSCOPE: "https://www.modelscope.cn/datasets/"}
_REMOTE: Final = re.compile(r'\[remote "(?P<name>[^"]+)"\](?P<body>[^\[]*)')
_URL: Final = re.compile(r"^\s*url\s*=\s*(\S+)", re.MULTILINE)
_SCP: Final = re.compile(r"(?:[^@/]+@)?(?P<host>[^:/]+):(?!//)(?P<path>.+)")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_POINTER: Final = b"version https://git-lfs.github.com/spec/"
_POINTER_MAX_BYTES: Final = 1_024


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a folder came from. ``folder`` holds its files, whose links stay inside ``links_within``."""

    hub: str
    folder: Path
    name: str | None = None
    url: str | None = None
    revision: str | None = None
    links_within: Path | None = None

    def source(self) -> str:
        """Return the source statement."""
        named = f"{self.hub}: {self.name or self.url or ''}".removesuffix(": ")
        return f"{named}@{self.revision}" if self.revision else named


def provenance_of(folder: Path) -> Provenance:
    """Return where ``folder`` came from.

    Raises:
        InvalidValueError: ``origin_unknown``: nothing in it says so; ``path_missing``, ``snapshot_ambiguous``.
    """
    if not folder.is_dir():
        raise InvalidValueError("path_missing", f"There is no folder {folder}. Check its spelling.", path=str(folder))
    for recognise in (_hugging_face_cache, _git, _hugging_face_folder, _modelscope):
        if found := recognise(folder):
            return found
    raise InvalidValueError(
        "origin_unknown",
        f"{folder} does not say which hub it came from. Name its address with --source-url.",
        path=str(folder),
    )


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import made: a verified draft, or a version of it; without either the content had been there before."""

    name: str
    source: str
    source_url: str
    files: int
    size_bytes: int
    draft: str | None
    version: int | None
    created: bool


def import_folder(
    client: Client,
    folder: Path | str,
    name: str | None = None,
    *,
    publish: bool = False,
    wait_max_s: float | None = None,
    telling: Telling | None = None,
    **given: Any,
) -> Imported:
    """Make a draft, and with ``publish`` a version, from a folder that was downloaded from another hub.

    The draft is read by the service, so that what is wrong is known. A later call sends only what has changed.

    Args:
        client: The service, with a token that may publish.
        folder: The download, or the repository in a cache.
        name: ``namespace/slug`` of the dataset to be.
        publish: Publish the draft once it is verified.
        wait_max_s: How long to wait for verification; None waits for as long as it takes.
        telling: Who is told of plan, steps and bytes.
        given: Fields of ``Statement``; they win over what the folder says.

    Raises:
        InvalidValueError: ``origin_unknown``, ``source_licence_missing``, ``pointer_not_fetched``.
        SancaiError: As ``sancai.publishing.publish``.
    """
    found = _found(Path(folder), given)
    stated = _stated(found, name, given)
    with publication(client, found.folder, stated, telling or Telling(), lambda: _files(found)) as begun:
        made, standing = begun.look()
        begun.telling.planned(made)
        draft, version = None, made.stands
        if not standing:
            draft = begun.verified_draft(wait_max_s)
            version = begun.release(draft).number if publish else None
        return Imported(
            made.name,
            stated.source,
            str(stated.source_url),
            made.files,
            made.size_bytes,
            draft.id if draft else None,
            version,
            created=standing is None,
        )


def plan_import(
    client: Client, folder: Path | str, name: str | None = None, *, telling: Telling | None = None, **given: Any
) -> Plan:
    """Return what ``import_folder`` would do; nothing is sent and nothing is created. Raises SancaiError."""
    found = _found(Path(folder), given)
    stated = _stated(found, name, given)
    with publication(client, found.folder, stated, telling or Telling(), lambda: _files(found)) as begun:
        return begun.look()[0]


def _found(folder: Path, given: dict[str, Any]) -> Provenance:
    """Return where a folder came from; who states the address need not be recognised."""
    try:
        return provenance_of(folder)
    except InvalidValueError as error:
        if error.code != "origin_unknown" or not given.get("source_url"):
            raise
    return Provenance(urlsplit(str(given["source_url"])).netloc, folder, url=str(given["source_url"]))


def _stated(found: Provenance, name: str | None, given: dict[str, Any]) -> Statement:
    """Return the statement: what is given, else what the folder says, else what follows from its origin."""
    assumed = {
        "origin": "third_party",
        "source": found.source(),
        "source_url": found.url,
        "source_licence": read_card(found.folder).stated.get("licence"),
        "message": f"Imported from {found.source()}",
    }
    made = read_statement(found.folder, {"name": name, **given}, assumed)
    if not made.source_url:
        raise InvalidValueError(
            "origin_unknown", f"{found.folder} does not say its address. Name it with --source-url."
        )
    if not made.source_licence:
        raise InvalidValueError(
            "source_licence_missing",
            f"{found.folder} states no licence. Data of others is published only under its licence (数据安全法 33): "
            "name it with --source-licence.",
        )
    return made


def _files(found: Provenance) -> Iterator[LocalFile]:
    """Yield the files. Raises InvalidValueError ``pointer_not_fetched`` for one that Git LFS has not fetched."""
    for file in files_of(found.folder, found.links_within):
        if file.size_bytes < _POINTER_MAX_BYTES:
            with (found.folder / file.name).open("rb") as opened:
                if opened.read(len(_POINTER)) == _POINTER:
                    raise InvalidValueError(
                        "pointer_not_fetched",
                        f"{file.path} is a pointer of Git LFS, not the data. Run `git lfs pull` in the folder first.",
                        path=file.path,
                    )
        yield file


def _hugging_face_cache(folder: Path) -> Provenance | None:
    """Recognise ``datasets--org--name``, or a snapshot in it."""
    inside = folder.absolute()
    repository = inside if inside.name.startswith("datasets--") else inside.parent.parent
    if not repository.name.startswith("datasets--") or not (repository / "snapshots").is_dir():
        return None
    snapshot = inside if inside != repository else _snapshot(repository)
    name = repository.name.removeprefix("datasets--").replace("--", "/")
    return Provenance(HUGGING_FACE, snapshot, name, _ADDRESS[HUGGING_FACE] + name, snapshot.name, repository)


def _snapshot(repository: Path) -> Path:
    """Return the snapshot that ``main`` refers to, or the only one."""
    reference = repository / "refs" / "main"
    if reference.is_file():
        named = repository / "snapshots" / reference.read_text(encoding="utf-8").strip()
        if named.parent == repository / "snapshots" and named.is_dir():
            return named
    found = [each for each in (repository / "snapshots").iterdir() if each.is_dir()]
    if len(found) != 1:
        raise InvalidValueError(
            "snapshot_ambiguous",
            f"{repository} holds {len(found)} snapshots and none is main. Name one of them.",
            path=str(repository),
        )
    return found[0]


def _hugging_face_folder(folder: Path) -> Provenance | None:
    """Recognise a local folder of ``snapshot_download``: its marks name the commit, not the dataset."""
    marks = folder / ".cache" / "huggingface"
    if not marks.is_dir():
        return None
    revision = None
    for mark in sorted(marks.rglob("*.metadata"))[:1]:
        first = mark.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip()
        revision = first if _COMMIT.fullmatch(first) else None
    return Provenance(HUGGING_FACE, folder, revision=revision)


def _modelscope(folder: Path) -> Provenance | None:
    """Recognise the cache of ModelScope, where the folders above name the dataset and a full stop is ``___``."""
    if not any((folder / mark).exists() for mark in (".msc", ".mv", ".mdl")):
        return None
    *above, organisation, slug = folder.absolute().parts
    name = f"{organisation}/{slug}".replace("___", ".") if above and above[-1] == "datasets" else None
    revision = None
    if (mark := folder / ".mv").is_file():
        said = re.match(r"Revision:([^,\s]+)", mark.read_text(encoding="utf-8", errors="replace"))
        revision = said[1] if said else None
    return Provenance(MODELSCOPE, folder, name, _ADDRESS[MODELSCOPE] + name if name else None, revision)


def _git(folder: Path) -> Provenance | None:
    """Recognise a clone by its remote; a password in its address is left behind."""
    configuration = folder / ".git" / "config"
    if not configuration.is_file():
        return None
    remotes = {
        each["name"]: address[1]
        for each in _REMOTE.finditer(configuration.read_text(encoding="utf-8", errors="replace"))
        if (address := _URL.search(each["body"]))
    }
    if not remotes:
        return None
    url = _web_address(remotes.get("origin") or next(iter(remotes.values())))
    if not url:
        return None
    parts = urlsplit(url)
    hub = _HOSTS.get(parts.netloc, GIT)
    name = parts.path.strip("/").removesuffix(".git").removeprefix("datasets/")
    return Provenance(hub, folder, name or None, url.removesuffix(".git"), _head(folder / ".git"))


def _web_address(remote: str) -> str | None:
    """Return the address of a remote as a browser would open it; None for a folder of this machine."""
    if "://" not in remote:
        found = _SCP.fullmatch(remote)
        host, path = (found["host"], found["path"]) if found else ("", "")
    else:
        parts = urlsplit(remote)
        host, path = parts.hostname or "", parts.path.lstrip("/")
        if parts.port and parts.scheme in {"http", "https"}:
            host = f"{host}:{parts.port}"
    host = "huggingface.co" if host == "hf.co" else host
    return f"https://{host}/{path}" if host and path else None


def _head(git: Path) -> str | None:
    """Return the commit that is checked out."""
    head = git / "HEAD"
    said = head.read_text(encoding="utf-8", errors="replace").strip() if head.is_file() else ""
    if _COMMIT.fullmatch(said):
        return said
    name = said.removeprefix("ref: ")
    loose, packed = git / name, git / "packed-refs"
    if name.startswith("refs/") and ".." not in name and loose.is_file():
        said = loose.read_text(encoding="utf-8", errors="replace").strip()
        return said if _COMMIT.fullmatch(said) else None
    if packed.is_file():
        for line in packed.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.endswith(f" {name}") and _COMMIT.fullmatch(line[:40]):
                return line[:40]
    return None
