"""Publish a folder: dataset, draft, bytes, verification by the service, version.

A publication that was cut goes on: which draft it was and how far each file had come is kept in the user's cache until
the version is out. Files that changed meanwhile are sent anew.
"""

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

import platformdirs

from sancai.client import Client
from sancai.datasets import Draft, Version
from sancai.errors import ConflictError, InvalidValueError, NotFoundError, Obstacle, RuleError, UnavailableError
from sancai.parallel import Stop, in_parallel
from sancai.publish_plan import LocalFile, Statement, files_of, read_statement
from sancai.session import http_client
from sancai.transfers import IN_FLIGHT, TIMEOUT, Progress, Upload

SMALL_BYTES: Final = 16 << 20
"""Files up to this size travel beside each other, larger ones one after the other in several parts."""

POLL_MIN_S: Final = 0.2
POLL_MAX_S: Final = 3.0

Told = Callable[[str], None]
"""Called with the step that begins: dataset, draft, upload, verify, publish."""


@dataclass(frozen=True, slots=True)
class Published:
    """A version that is out, with what the service found in it."""

    name: str
    draft: str
    version: Version
    report: dict[str, Any] | None
    new_share_bp: int | None
    files: int
    size_bytes: int


def publish(
    client: Client,
    path: Path | str,
    name: str | None = None,
    *,
    begin: Callable[[int], None] | None = None,
    progress: Progress | None = None,
    told: Told | None = None,
    wait_max_s: float | None = None,
    **given: Any,
) -> Published:
    """Publish the file or folder at ``path`` as the next version of dataset ``name``.

    Args:
        client: The service, with a token that may publish.
        path: A file or folder; ``sancai.toml`` beside the data may state all that follows.
        name: ``namespace/slug``.
        begin: Called once with the bytes to come.
        progress: Called with bytes that were sent, from several threads.
        told: Called with each step that begins.
        wait_max_s: How long to wait for verification; None waits for as long as it takes.
        given: Fields of ``Statement``: title, sector, licence, source, parents, contributors …

    Raises:
        RuleError: ``draft_faulty`` lists every fault the service found; or what stands in the way of publishing.
        UnavailableError: ``verification_slow``: ``wait_max_s`` is over; the same command goes on waiting.
        SancaiError: As the service refuses.
    """
    folder = Path(path)
    statement = read_statement(folder, {"name": name, **given})
    files = files_of(folder)
    say = told or (lambda _: None)
    say("dataset")
    _ensure_dataset(client, statement)
    kept = _Kept.of(client.session.url, statement, folder)
    say("draft")
    draft = _draft(client, statement, kept)
    if draft.state == "open":
        say("upload")
        _send(client, draft.id, files, kept, begin, progress)
        draft = client.datasets.submit(draft.id)
    say("verify")
    draft = await_verification(client, draft.id, wait_max_s)
    if draft.state != "verified":
        kept.forget()
        raise faulty(draft)
    say("publish")
    version = client.datasets.publish(draft.id)
    kept.forget()
    size_bytes = sum(file.size_bytes for file in files)
    return Published(statement.name, draft.id, version, draft.report, draft.new_share_bp, len(files), size_bytes)


def await_verification(client: Client, draft: str, wait_max_s: float | None = None) -> Draft:
    """Return a draft once the worker has read it. Raises UnavailableError ``verification_slow``."""
    pause, deadline = POLL_MIN_S, None if wait_max_s is None else time.monotonic() + wait_max_s
    while (found := client.datasets.show_draft(draft)).state == "verifying":
        if deadline is not None and time.monotonic() + pause > deadline:
            raise UnavailableError(
                "verification_slow",
                "The service is still reading the data. Run the same command again to go on waiting; if it stays so, "
                "ask the operator whether a worker runs.",
                draft=draft,
            )
        time.sleep(pause)
        pause = min(POLL_MAX_S, pause * 3 // 2 if pause >= 2 else pause + POLL_MIN_S)
    return found


def faulty(draft: Draft) -> RuleError:
    """Return the error that lists what is wrong with a draft."""
    found = tuple(
        Obstacle(
            code=fault.code,
            detail=f"{fault.path}: {fault.detail or fault.code}" if fault.path else fault.detail or fault.code,
        )
        for fault in draft.faults
    )
    count = len(found)
    return RuleError(
        "draft_faulty",
        f"The service found {count} fault{'' if count == 1 else 's'} in the data. Mend the files and publish again."
        if found
        else f"The draft is {draft.state}. Publish again.",
        obstacles=found,
        draft=draft.id,
    )


def _ensure_dataset(client: Client, stated: Statement) -> None:
    try:
        client.datasets.show(stated.name)
    except NotFoundError:
        for needed in ("title", "sector", "licence"):
            if not getattr(stated, needed):
                raise InvalidValueError(
                    f"{needed}_missing",
                    f"{stated.name} is new and needs a {needed}. Use --{needed} or write it into sancai.toml.",
                ) from None
        client.datasets.create(
            stated.name,
            stated.title,
            description=stated.description,
            sector=stated.sector,
            licence=stated.licence,
            access=stated.access,
            keywords=stated.keywords,
        )


def _draft(client: Client, stated: Statement, kept: "_Kept") -> Draft:
    """Return the draft of the publication that was cut, or a new one."""
    if kept.draft:
        with suppress(NotFoundError):
            found = client.datasets.show_draft(kept.draft)
            if found.state in {"open", "verifying", "verified"}:
                return found
        kept.forget()
    draft = client.datasets.draft(stated.name, stated.draft())
    kept.begin(draft.id)
    return draft


def _send(
    client: Client,
    draft: str,
    files: tuple[LocalFile, ...],
    kept: "_Kept",
    begin: Callable[[int], None] | None,
    progress: Progress | None,
) -> None:
    """Bring every file of the plan to the store, and take out of the draft what is no longer in the plan."""
    present = {file.path for file in files}
    for path in [path for path in kept.files if path not in present]:
        with suppress(NotFoundError):
            client.datasets.remove_file(draft, path)
        kept.drop(path)
    missing = [file for file in files if not kept.is_sent(file)]
    if begin:
        begin(sum(file.size_bytes for file in missing))

    with http_client(TIMEOUT, IN_FLIGHT + 1) as http:

        def send(file: LocalFile, in_flight: int, stop: Stop | None) -> None:
            client.uploads.send(_upload(client, draft, file, kept), file.place, progress, in_flight, stop, http)
            kept.sent(file)

        small = [file for file in missing if file.size_bytes <= SMALL_BYTES]
        with closing(in_parallel(small, lambda file, stop: send(file, 1, stop), IN_FLIGHT)) as sent:
            for _ in sent:
                pass
        for file in missing:
            if file.size_bytes > SMALL_BYTES:
                send(file, IN_FLIGHT, None)


def _upload(client: Client, draft: str, file: LocalFile, kept: "_Kept") -> Upload:
    """Return the upload of a file: the one that was cut while it is good, else a new one."""
    if known := kept.upload(file):
        with suppress(NotFoundError, ConflictError):
            found = client.uploads.show(known)
            if found.state == "open":
                return found
    if file.path in kept.files:
        with suppress(NotFoundError):
            client.datasets.remove_file(draft, file.path)
    upload = client.datasets.add_file(draft, file.path, file.size_bytes).upload
    kept.started(file, upload.id)
    return upload


class _Kept:
    """How far a publication has come: lines added to a file of the user's cache, so that a cut loses one at most."""

    def __init__(self, place: Path) -> None:
        self._place, self._lock = place, Lock()
        self.draft = ""
        self.files: dict[str, dict[str, Any]] = {}
        with suppress(OSError, UnicodeDecodeError):
            for line in place.read_text(encoding="utf-8").splitlines():
                # The last line may have been cut.
                with suppress(ValueError, KeyError, AttributeError):
                    self._take(json.loads(line))

    @classmethod
    def of(cls, url: str, stated: Statement, folder: Path) -> "_Kept":
        """Return what is kept of publishing this folder, under this statement, to this service."""
        about = json.dumps([url, asdict(stated), str(folder.resolve())], sort_keys=True)
        name = hashlib.sha256(about.encode()).hexdigest()[:32]
        return cls(Path(platformdirs.user_cache_path("sancai")) / "publishing" / f"{name}.jsonl")

    def begin(self, draft: str) -> None:
        self._add({"draft": draft})

    def started(self, file: LocalFile, upload: str) -> None:
        self._add({"path": file.path, "upload": upload, "about": _about(file)})

    def sent(self, file: LocalFile) -> None:
        self._add({"path": file.path, "sent": True})

    def drop(self, path: str) -> None:
        self._add({"path": path, "dropped": True})

    def is_sent(self, file: LocalFile) -> bool:
        known = self.files.get(file.path, {})
        return bool(known.get("sent")) and known.get("about") == _about(file)

    def upload(self, file: LocalFile) -> str | None:
        known = self.files.get(file.path, {})
        return str(known["upload"]) if known.get("about") == _about(file) else None

    def forget(self) -> None:
        self.draft, self.files = "", {}
        self._place.unlink(missing_ok=True)

    def _take(self, fact: dict[str, Any]) -> None:
        if "draft" in fact:
            self.draft, self.files = str(fact["draft"]), {}
        elif fact.get("dropped"):
            self.files.pop(fact["path"], None)
        elif "upload" in fact:
            self.files[fact["path"]] = {"upload": str(fact["upload"]), "about": fact["about"], "sent": False}
        else:
            self.files[fact["path"]]["sent"] = True

    def _add(self, fact: dict[str, Any]) -> None:
        with self._lock:
            self._place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._place.open("a", encoding="utf-8") as file:
                file.write(json.dumps(fact) + "\n")
            self._take(fact)


def _about(file: LocalFile) -> list[int]:
    return [file.size_bytes, file.changed_ns]
