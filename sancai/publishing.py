"""Publish a folder: look, plan, dataset, draft, bytes, verification by the service, version.

* Nothing is sent and nothing is created before the plan stands; a folder whose content the newest version has already
  ends there.
* A publication that was cut goes on: which draft it was, and what of the folder it holds, is kept in the user's cache
  until the version is out. Its draft is asked for under a key that is kept first, so that no draft is left behind.
* A draft that the service found faulty is mended: what has changed, and the files it named, are sent again.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sancai.client import Client
from sancai.datasets import Draft, Version
from sancai.errors import NotFoundError, Obstacle, RuleError, SancaiError, UnavailableError
from sancai.publish_card import read_card
from sancai.publish_folder import LocalFile, files_of
from sancai.publish_memory import Memory
from sancai.publish_reading import hash_files
from sancai.publish_sending import Sending
from sancai.publish_statement import Statement, read_statement
from sancai.transfers import Progress

POLL_MIN_S: Final = 0.2
POLL_MAX_S: Final = 1.0

Told = Callable[[str], None]
"""Called with the step that begins: walk, dataset, read, draft, upload, verify, publish."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What publishing a folder will do. ``latest`` is the newest version, which holds ``held_files`` of them already.

    ``stands`` is set when a version has exactly this content: then there is nothing to do. ``draft`` is the draft of a
    publication that was cut and goes on. ``absent`` are files that the card names and the folder does not have.
    """

    name: str
    files: int
    size_bytes: int
    held_files: int = 0
    held_bytes: int = 0
    send_files: int = 0
    send_bytes: int = 0
    gone_files: int = 0
    latest: int | None = None
    stands: int | None = None
    draft: str | None = None
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """A version that is out, with what the service found in it; ``created`` is False when it had been there before."""

    name: str
    draft: str
    version: Version
    report: dict[str, Any] | None
    new_share_bp: int | None
    files: int
    size_bytes: int
    created: bool = True


@dataclass(frozen=True, slots=True)
class Telling:
    """Who is told what: ``begin`` bytes to come, ``progress`` bytes that went, ``step`` a step, ``planned`` the plan.

    ``progress`` is called from several threads.
    """

    begin: Callable[[int], None] = lambda _: None
    progress: Progress = lambda _: None
    step: Told = lambda _: None
    planned: Callable[[Plan], None] = lambda _: None


def plan(
    client: Client, path: Path | str, name: str | None = None, *, telling: Telling | None = None, **given: Any
) -> Plan:
    """Return what ``publish`` would do; nothing is sent and nothing is created. Raises SancaiError."""
    stated = read_statement(Path(path), {"name": name, **given})
    with publication(client, Path(path), stated, telling or Telling()) as begun:
        return begun.look()[0]


def publish(
    client: Client,
    path: Path | str,
    name: str | None = None,
    *,
    wait_max_s: float | None = None,
    telling: Telling | None = None,
    **given: Any,
) -> Published:
    """Publish the file or folder at ``path`` as the next version of dataset ``name``.

    Args:
        client: The service, with a token that may publish.
        path: A file or folder; ``sancai.toml`` or the card beside the data may state all that follows.
        name: ``namespace/slug``.
        wait_max_s: How long to wait for verification; None waits for as long as it takes.
        telling: Who is told of plan, steps and bytes.
        given: Fields of ``Statement``: title, sector, licence, source, parents, contributors …

    Raises:
        RuleError: ``draft_faulty`` lists every fault the service found; or what stands in the way of publishing.
        ConflictError: ``publication_running``: another process publishes the same folder.
        UnavailableError: ``verification_slow``: ``wait_max_s`` is over; the same command goes on waiting.
        SancaiError: As the service refuses.
    """
    stated = read_statement(Path(path), {"name": name, **given})
    with publication(client, Path(path), stated, telling or Telling()) as begun:
        made, version = begun.look()
        begun.telling.planned(made)
        draft = None
        if not version:
            draft = begun.verified_draft(wait_max_s)
            version = begun.release(draft)
        return Published(
            made.name,
            draft.id if draft else "",
            version,
            draft.report if draft else version.report,
            draft.new_share_bp if draft else version.new_share_bp,
            made.files,
            made.size_bytes,
            created=draft is not None,
        )


@contextmanager
def publication(
    client: Client,
    path: Path,
    stated: Statement,
    telling: Telling,
    walk: Callable[[], Iterator[LocalFile]] | None = None,
) -> Iterator["Publication"]:
    """Open the publication of a folder; ``walk`` yields its files, by default those of ``files_of``."""
    with Memory.of(path) as memory:
        yield Publication(client, path, stated, memory, telling, walk or (lambda: files_of(path)))


class Publication:
    """One folder on its way to one dataset: look, then bring a draft to be verified, then release it."""

    def __init__(
        self,
        client: Client,
        path: Path,
        stated: Statement,
        memory: Memory,
        telling: Telling,
        walk: Callable[[], Iterator[LocalFile]],
    ) -> None:
        """Prepare; nothing is read and nothing is asked yet."""
        self.telling: Final = telling
        self._client, self._path, self._stated, self._memory, self._walk = client, path, stated, memory, walk
        self._root = path if path.is_dir() else path.parent
        self._service = client.session.url
        self._latest_version: Version | None = None

    def look(self) -> tuple[Plan, Version | None]:
        """Return what is to be done, and the version that has this content already. Raises SancaiError."""
        self.telling.step("walk")
        whole = self._memory.walk(self._walk())
        self.telling.step("dataset")
        latest = self._latest_version = self._latest()
        draft = self._begun()
        if latest and self._is_content_of(latest, draft):
            self._memory.tidy()
            made = Plan(
                self._stated.name, *whole, *whole, latest=latest.number, stands=latest.number, absent=self._absent()
            )
            return made, latest
        self._memory.require_distinct()
        if draft and not latest:
            self._read(draft)
        return self._planned(whole, latest, draft), None

    def verified_draft(self, wait_max_s: float | None) -> Draft:
        """Bring the folder into a draft and wait until the service has read it.

        Raises:
            RuleError: ``draft_faulty``.
            SancaiError: As the service refuses.
        """
        self._ensure_dataset()
        self.telling.step("draft")
        draft = self._draft()
        if draft.state == "verifying":
            draft = self._verified(draft.id, wait_max_s)
        if draft.state == "faulty":
            self._suspect(draft)
        self.telling.step("upload")
        self.telling.begin(self._memory.left(draft.id).size_bytes)
        changed = Sending(self._client, draft.id, self._root, self._memory, self.telling.progress).run()
        if changed or draft.state != "verified":
            self._client.datasets.submit(draft.id)
            draft = self._verified(draft.id, wait_max_s)
        if draft.state != "verified":
            self._suspect(draft)
            raise faulty(draft)
        return draft

    def release(self, draft: Draft) -> Version:
        """Publish a verified draft. Raises RuleError with everything that stands in the way."""
        self.telling.step("publish")
        version = self._client.datasets.publish(draft.id)
        self._memory.forget(self._service, self._stated.name)
        self._memory.tidy()
        return version

    def _suspect(self, draft: Draft) -> None:
        """Send the files that the service named again, whatever they look like from here."""
        self._memory.removed(draft.id, [fault.path for fault in draft.faults if fault.path])

    def _latest(self) -> Version | None:
        """Return the newest published version; None when there is none. A new dataset must be described."""
        try:
            number = self._client.datasets.show(self._stated.name).latest
        except NotFoundError:
            self._stated.require_described()
            return None
        found = self._client.datasets.version(self._stated.name, number) if number else None
        return found if found and found.state == "published" else None

    def _is_content_of(self, latest: Version, draft: str | None) -> bool:
        """Return whether the folder holds what a version holds, hashing only what may be there."""
        if self._memory.unhashed() == 0 and self._memory.content_digest() == latest.content_digest:
            return True
        listed = self._client.datasets.manifest(self._stated.name, latest.number)
        self._memory.take_latest((file.path, file.size_bytes, file.sha256) for file in listed)
        self._read(draft or "")
        return self._memory.unhashed() == 0 and self._memory.content_digest() == latest.content_digest

    def _read(self, draft: str) -> None:
        """Hash the files that may be in the latest version, or in a draft, already."""
        self.telling.step("read")
        for batch in self._memory.worth_hashing(draft):
            self._memory.hashed(hash_files(self._root, batch))
            self._memory.keep()

    def _begun(self) -> str | None:
        """Return the draft of a publication that was cut, if it said the same."""
        begun = self._memory.publication(self._service, self._stated.name)
        return begun.draft if begun and begun.stated == self._said() else None

    def _planned(self, whole: tuple[int, int], latest: Version | None, draft: str | None) -> Plan:
        left = self._memory.to_send(draft or "")
        return Plan(
            self._stated.name,
            *whole,
            held_files=whole[0] - left.files,
            held_bytes=whole[1] - left.size_bytes,
            send_files=left.files,
            send_bytes=left.size_bytes,
            gone_files=self._memory.gone(),
            latest=latest.number if latest else None,
            draft=draft,
            absent=self._absent(),
        )

    def _absent(self) -> tuple[str, ...]:
        return tuple(path for path in read_card(self._path).data_files if not (self._root / path).is_file())

    def _ensure_dataset(self) -> None:
        stated = self._stated
        try:
            self._client.datasets.show(stated.name)
        except NotFoundError:
            stated.require_described()
            self._client.datasets.create(
                stated.name,
                stated.title,
                description=stated.description,
                sector=stated.sector,
                licence=stated.licence,
                access=stated.access,
                keywords=stated.keywords,
            )

    def _said(self) -> str:
        return json.dumps(asdict(self._stated.draft()), sort_keys=True, ensure_ascii=False)

    def _draft(self) -> Draft:
        """Return the draft of the publication that was cut, as the service knows it, or a new one."""
        name, said = self._stated.name, self._said()
        begun = self._memory.publication(self._service, name)
        if begun and begun.draft:
            with suppress(NotFoundError):
                found = self._client.datasets.show_draft(begun.draft)
                if begun.stated == said and found.state in {"open", "verifying", "verified", "faulty"}:
                    self._memory.take_listed(found.id, self._client.drafts.files(found.id))
                    return found
                # Another statement is another draft; the one that nobody will go on with is given up.
                with suppress(SancaiError):
                    self._client.drafts.abandon(begun.draft)
        if not begun or begun.stated != said or begun.draft:
            begun = self._memory.begin(self._service, name, said, self._base())
        draft = self._client.datasets.draft(name, self._stated.draft(), base=begun.base, key=begun.key)
        self._memory.opened(self._service, name, draft.id)
        if begun.base:
            self._memory.take_listed(draft.id, self._client.drafts.files(draft.id))
        return draft

    def _base(self) -> int | None:
        """Return the version to begin with: the newest one, when half of its files or more are here as they are."""
        return self._latest_version.number if self._latest_version and self._memory.is_mostly_latest() else None

    def _verified(self, draft: str, wait_max_s: float | None) -> Draft:
        self.telling.step("verify")
        return await_verification(self._client, draft, wait_max_s, self.telling)


def await_verification(
    client: Client, draft: str, wait_max_s: float | None = None, telling: Telling | None = None
) -> Draft:
    """Return a draft once the worker has read it. Raises UnavailableError ``verification_slow``."""
    pause, deadline = POLL_MIN_S, None if wait_max_s is None else time.monotonic() + wait_max_s
    told, total = 0, 0
    while (found := client.datasets.show_draft(draft)).state == "verifying":
        if telling and found.progress and found.progress.total_bytes:
            if total != found.progress.total_bytes:
                told, total = 0, found.progress.total_bytes
                telling.begin(total)
            telling.progress(found.progress.done_bytes - told)
            told = found.progress.done_bytes
        if deadline is not None and time.monotonic() + pause > deadline:
            raise UnavailableError(
                "verification_slow",
                "The service is still reading the data. Run the same command again to go on waiting; if it stays so, "
                "ask the operator whether a worker runs.",
                draft=draft,
            )
        time.sleep(pause)
        pause = min(POLL_MAX_S, pause + POLL_MIN_S)
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
