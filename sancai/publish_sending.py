"""What a draft lacks, brought to the store, and what it has too much, taken out.

Rules:
* Small files travel in packs: read once, hashed, asked for, and what the firm holds already is attached and not sent.
* Of a larger file the firm is first asked for its size. Where it holds something of that size, the file is hashed
  before, and attached or sent with that digest; where not, it is hashed while it is sent. Nothing is hashed twice.
* What has arrived is remembered before the next step begins, so that a cut costs little.
* An upload that the store forgot, that expired or was given up is begun anew by itself, a few times in one run.
"""

from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, NamedTuple

from sancai.client import Client
from sancai.drafts import PackedFile
from sancai.errors import ConflictError, InvalidValueError, NotFoundError
from sancai.parallel import Stop, in_parallel
from sancai.publish_memory import Here, Memory
from sancai.publish_reading import Chunk, chunks_of, hash_files
from sancai.store_connections import StoreConnections
from sancai.transfers import IN_FLIGHT, Progress, Upload, digest_of

SINGLE_PART_BYTES: Final = 16 << 20
"""Files up to this size travel beside each other, larger ones one after the other in several parts."""
CHUNKS_IN_FLIGHT: Final = 2
ANEW_MAX: Final = 3
GONE: Final = frozenset({"upload_gone", "upload_forgotten", "upload_expired", "upload_not_open", "upload_part_missing"})


class _Arrived(NamedTuple):
    """A file that the draft holds."""

    path: str
    size_bytes: int
    sha256: str


class Sending:
    """The way of one folder into one draft."""

    def __init__(
        self, client: Client, draft: str, root: Path, memory: Memory, progress: Progress | None = None
    ) -> None:
        """Prepare to bring what lies below ``root`` into ``draft``."""
        self._client, self._draft, self._root, self._memory = client, draft, root, memory
        self._progress = progress or (lambda _: None)

    def run(self) -> bool:
        """Make the draft hold what the folder holds; return whether anything had to be done. Raises SancaiError."""
        changed = False
        for paths in self._memory.superfluous(self._draft):
            changed = True
            self._client.drafts.change(self._draft, remove=paths)
            self._memory.removed(self._draft, paths)
        with StoreConnections(IN_FLIGHT + 1, self._client.session.ca) as store:
            changed = self._send_small(store) or changed
            for batch in self._memory.missing_large(self._draft):
                changed = True
                self._send_large(batch, store)
        return changed

    def _send_small(self, store: StoreConnections) -> bool:
        """Send small files in packs; the next is read and hashed while earlier ones travel."""
        changed = False

        def act(chunk: Chunk, stop: Stop) -> Chunk:
            self._pack(chunk, stop, store)
            return chunk

        chunks = chunks_of(self._root, self._memory.missing_small(self._draft))
        with closing(in_parallel(chunks, act, CHUNKS_IN_FLIGHT)) as sent:
            for chunk in sent:
                changed = True
                self._arrived([_Arrived(file.path, file.size_bytes, chunk.sha256[file.path]) for file in chunk.files])
        return changed

    def _pack(self, chunk: Chunk, stop: Stop, store: StoreConnections) -> None:
        """Attach what the firm holds of a chunk and send the rest as one pack."""
        held = self._attached([(file, chunk.sha256[file.path]) for file in chunk.files])
        left = [file for file in chunk.files if file.path not in held]
        if not left:
            return
        content = b"".join(chunk.content[file.path] for file in left)
        listed = [PackedFile(file.path, file.size_bytes, chunk.sha256[file.path]) for file in left]

        def attempt(told: Progress, _: bool) -> None:
            upload = self._client.drafts.pack(self._draft, listed)
            self._client.uploads.send_content(upload, content, told, stop, store)

        self._anew(attempt)

    def _send_large(self, batch: list[Here], store: StoreConnections) -> None:
        batch = self._hashed_where_worth(batch)
        held = self._attached([(file, file.sha256) for file in batch if file.sha256])
        self._arrived([_Arrived(f.path, f.size_bytes, str(f.sha256)) for f in batch if f.path in held])
        left = [file for file in batch if file.path not in held]

        def act(each: tuple[Here, str | None], stop: Stop) -> _Arrived:
            return self._arrive(*each, 1, stop, store)

        single = [(file, self._begun(file)) for file in left if file.size_bytes <= SINGLE_PART_BYTES]
        with closing(in_parallel(single, act, IN_FLIGHT)) as sent:
            for each in sent:
                self._arrived([each])
        for file in left:
            if file.size_bytes > SINGLE_PART_BYTES:
                self._arrived([self._arrive(file, self._begun(file), IN_FLIGHT, None, store)])

    def _hashed_where_worth(self, batch: list[Here]) -> list[Here]:
        """Return the batch with the digests of files of a size that the firm holds."""
        unknown = [file for file in batch if not file.sha256 and not self._begun(file)]
        if not unknown:
            return batch
        held = self._client.drafts.holdings(self._draft, [(file.size_bytes, None) for file in unknown])
        worth = [file for file, is_held in zip(unknown, held, strict=True) if is_held]
        found = dict(hash_files(self._root, worth))
        self._memory.hashed(found.items())
        self._memory.keep()
        return [file._replace(sha256=found.get(file.path, file.sha256)) for file in batch]

    def _attached(self, files: list[tuple[Here, str | None]]) -> set[str]:
        """Attach the files (with their digests) that the firm holds; return their paths."""
        if not files:
            return set()
        answer = self._client.drafts.holdings(self._draft, [(file.size_bytes, sha256) for file, sha256 in files])
        held = [
            PackedFile(file.path, file.size_bytes, str(sha256))
            for (file, sha256), is_held in zip(files, answer, strict=True)
            if is_held
        ]
        if not held:
            return set()
        missing = set(self._client.drafts.change(self._draft, attach=held).missing)
        attached = [file for file in held if file.path not in missing]
        self._progress(sum(file.size_bytes for file in attached))
        return {file.path for file in attached}

    def _begun(self, file: Here) -> str | None:
        return self._memory.upload(self._draft, file)

    def _arrived(self, files: Iterable[_Arrived]) -> None:
        listed = list(files)
        self._memory.hashed((file.path, file.sha256) for file in listed)
        self._memory.placed(self._draft, listed)

    def _arrive(
        self, file: Here, begun: str | None, in_flight: int, stop: Stop | None, store: StoreConnections
    ) -> _Arrived:
        """Send a larger file by an upload of its own."""
        place, digests = self._root / file.name, list[str]()

        def attempt(told: Progress, first: bool) -> None:
            upload = self._upload(file, begun if first else None, remember=in_flight > 1)
            if upload.state == "received":
                # The process was killed between the last part and its own memory of it.
                digests.append(digest_of(place, (file.size_bytes, file.changed_ns), told, stop))
                return
            digests.append(
                self._client.uploads.send(
                    upload, place, told, in_flight, stop, store, known=file.sha256, seen=file.changed_ns
                )
            )

        self._anew(attempt)
        return _Arrived(file.path, file.size_bytes, digests[-1])

    def _anew(self, attempt: Callable[[Progress, bool], None]) -> None:
        """Try, and try anew what was lost on the way."""
        for number in range(1, ANEW_MAX + 1):
            told = _Counted(self._progress)
            try:
                attempt(told, number == 1)
            except (ConflictError, NotFoundError) as error:
                if error.code not in GONE or number == ANEW_MAX:
                    raise
                told.take_back()
            else:
                return

    def _upload(self, file: Here, begun: str | None, *, remember: bool) -> Upload:
        """Return the upload of a file: the one that was cut while it is good, else a new one."""
        if begun:
            with suppress(NotFoundError, ConflictError):
                found = self._client.uploads.show(begun)
                if found.state in {"open", "completing", "received"}:
                    return found
        try:
            made = self._client.datasets.add_file(self._draft, file.path, file.size_bytes).upload
        except InvalidValueError as error:
            if error.code != "path_duplicate":
                raise
            # Something is there already: the file as it was before, or what a run that was cut has announced.
            self._client.drafts.change(self._draft, remove=[str(error.parameters.get("other") or file.path)])
            made = self._client.datasets.add_file(self._draft, file.path, file.size_bytes).upload
        if remember:
            self._memory.announced(self._draft, file, made.id)
        return made


class _Counted:
    """Progress of one attempt, so that it can be taken back."""

    def __init__(self, tell: Progress) -> None:
        self._tell, self._bytes = tell, 0

    def __call__(self, size_bytes: int) -> None:
        self._bytes += size_bytes
        self._tell(size_bytes)

    def take_back(self) -> None:
        self._tell(-self._bytes)
        self._bytes = 0
