"""The object store of a newcomer: a folder behind the same port.

- A file appears under its key only when it is whole and on disk: temporary file, fsync, link, fsync of the folder. A
  link fails when the name is taken, so two processes may use one folder and neither can overwrite.
- Stored files are read-only (0444), and ``delete`` heeds the term of an object. That is advice, not protection from
  whoever owns the disk; ``probe`` says so.
- Objects never change in place, so a copy is a second link to the same bytes: any size at once. It does not protect
  from a disk that rots; backups do.
- Signed URLs: an HMAC-SHA256 over method, key, upload, part, size and expiry. The web server serves them with
  ``accept_part`` and ``authorize_read``.

Layout: ``<prefix>-<bucket>/<key>``, ``uploads/<ref>/{key,lock,<number>.<sha256>}``, ``temporary/``,
``terms/<key>`` (until when an object of the log is kept).
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from storage.errors import (
    ContentSizeError,
    ObjectExistsError,
    ObjectLockedError,
    ObjectMissingError,
    PartRefusedError,
    StoreConfigurationError,
    UploadForgottenError,
    UploadIncompleteError,
)
from storage.local_files import (
    chunks_of,
    described,
    disk_errors,
    held_parts,
    object_missing,
    remove,
    sync_folder,
    to_disk,
    unlink,
    walk,
)
from storage.named_store import NamedStore
from storage.object_store import (
    CHUNK_BYTES,
    READ_PARAMETER,
    Bucket,
    Capabilities,
    ObjectStat,
    ObjectStore,
    Part,
    Place,
    attachment,
    require_key,
    require_part,
    require_range,
    require_readable,
    require_term,
    upload_order,
)
from storage.url_signer import UrlSigner

_REF_LENGTH = 32
_LEFTOVER_AGE_S = 86_400


@dataclass(frozen=True, slots=True)
class ReadPermit:
    """What a signed URL allows to read, and the ``Content-Disposition`` to answer with."""

    place: Place
    content_disposition: str


class LocalStore(NamedStore):
    """Keeps objects as files below ``root``.

    ``public_url`` is the address of the web server as clients see it; its path ``/objects/`` must lead to the two
    methods named above. ``url_secret`` (32 bytes or more) is shared by all processes of one installation. ``now``
    returns seconds since 1970; signed URLs expire by it, never by a demonstration clock.
    """

    def __init__(
        self,
        root: Path,
        public_url: str,
        url_secret: bytes,
        bucket_prefix: str = "sancai",
        now: Callable[[], float] = time.time,
        identity: str = "local",
    ) -> None:
        self._identity = identity
        self.root = root.absolute()
        self._buckets = {bucket: self.root / f"{bucket_prefix}-{bucket}" for bucket in Bucket}
        self._uploads = self.root / "uploads"
        self._temporary = self.root / "temporary"
        self._terms = self.root / "terms"
        self._urls = UrlSigner(f"{public_url.rstrip('/')}/objects/", url_secret, now)
        self._now = now

    @property
    def identity(self) -> str:
        """Which store this is; see ObjectStore."""
        return self._identity

    def at(self, identity: str) -> ObjectStore:
        """Return this store by its name; see ObjectStore."""
        return self if identity == self.identity else self._other(identity)

    def prepare(self) -> None:
        """Create the folders, and remove what crashed processes left in the temporary one a day ago."""
        with disk_errors():
            for folder in (*self._buckets.values(), self._uploads, self._temporary, self._terms):
                folder.mkdir(parents=True, exist_ok=True)
            for leftover in self._temporary.iterdir():
                with contextlib.suppress(FileNotFoundError):
                    if leftover.stat().st_mtime < self._now() - _LEFTOVER_AGE_S:
                        remove(leftover)

    def health(self) -> None:
        """Return if the folders are there and writable."""
        for folder in (*self._buckets.values(), self._uploads, self._temporary, self._terms):
            if not (folder.is_dir() and os.access(folder, os.W_OK)):
                raise StoreConfigurationError("store_folder_unusable", folder=str(folder))

    def probe(self) -> Capabilities:
        """Say what a folder can do: nobody overwrites, but whoever owns the disk can delete."""
        self.health()
        return Capabilities(versioning=False, object_lock=False, conditional_put=True)

    def remember(self, seen: Capabilities) -> None:
        """Do nothing: a folder can always do the same."""

    def put(self, bucket: Bucket, key: str, content: bytes, retain_until: datetime | None = None) -> ObjectStat:
        """Store a small object; see ObjectStore."""
        require_term(bucket, content, retain_until)
        if retain_until is not None:
            self._set_term(key, retain_until)
        try:
            return self.put_stream(bucket, key, (content,), len(content))
        except ObjectExistsError:
            there = self.stat(Place(bucket, key))
            if there.size_bytes == len(content) and b"".join(self.read(there.place)) == content:
                return there
            raise

    def put_stream(self, bucket: Bucket, key: str, chunks: Iterable[bytes], size_bytes: int) -> ObjectStat:
        """Store a stream; see ObjectStore."""
        target = self._path(bucket, key)
        if target.exists():
            raise ObjectExistsError("object_exists", key=key)
        with disk_errors(), self._temporary_file() as (file, written):
            given = 0
            for chunk in chunks:
                given += len(chunk)
                if given > size_bytes:
                    break
                file.write(chunk)
            if given != size_bytes:
                raise ContentSizeError("content_size_wrong", expected_bytes=size_bytes, seen_bytes=given)
            to_disk(file)
            self._place(written, target, key)
        return self.stat(Place(bucket, key))

    def read(self, place: Place, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield bytes; see ObjectStore."""
        require_range(offset, length)
        path = self._path(place.bucket, place.key)
        self.stat(place)
        return chunks_of(path, offset, length, place)

    def stat(self, place: Place) -> ObjectStat:
        """Return size and tag; see ObjectStore."""
        path = self._path(place.bucket, place.key)
        with disk_errors():
            try:
                found = path.stat()
            except (FileNotFoundError, NotADirectoryError):
                raise object_missing(place) from None
            if place.version_id is not None or not path.is_file():
                raise object_missing(place)
        return described(place, found)

    def copy(self, source: Place, bucket: Bucket, key: str) -> ObjectStat:
        """Link an object under a second key; see ObjectStore."""
        there, target = self.stat(source), self._path(bucket, key)
        with disk_errors():
            try:
                self._place(self._path(source.bucket, source.key), target, key)
            except ObjectExistsError:
                if self.stat(Place(bucket, key)).size_bytes != there.size_bytes:
                    raise
            except FileNotFoundError:
                raise object_missing(source) from None
        return self.stat(Place(bucket, key))

    def retain(self, place: Place, until: datetime) -> bool:  # noqa: ARG002
        """Return False: whoever owns the disk may delete. Raises ObjectMissingError."""
        self.stat(place)
        return False

    def delete(self, place: Place, *, despite_retention: bool = False) -> None:  # noqa: ARG002
        """Remove a file and the folders it leaves empty. Raises ObjectLockedError before the end of its term.

        Only what is in the log has a term, and that no law wants gone: it names nobody.
        """
        path = self._path(place.bucket, place.key)
        with disk_errors():
            if place.bucket is Bucket.LOG:
                self._require_over(place.key)
                unlink(self._terms / place.key, self._terms)
            unlink(path, self._buckets[place.bucket])

    def _set_term(self, key: str, until: datetime) -> None:
        """Note until when an object is kept. A term that is noted stands, so that a repeat cannot shorten it."""
        target = self._terms / require_key(key)
        with disk_errors(), self._temporary_file() as (file, written), contextlib.suppress(ObjectExistsError):
            file.write(until.astimezone(UTC).isoformat().encode("ascii"))
            to_disk(file)
            self._place(written, target, key)

    def _require_over(self, key: str) -> None:
        """Return if an object has no term, or one that is over. Raises ObjectLockedError."""
        term = self._terms / key
        if term.is_file() and datetime.fromisoformat(term.read_text(encoding="ascii")).timestamp() > self._now():
            raise ObjectLockedError("object_locked", key=key)

    def list(self, bucket: Bucket, prefix: str = "", start_after: str = "") -> Iterator[ObjectStat]:
        """Yield objects in order of their keys; see ObjectStore."""
        return walk(self._buckets[bucket], bucket, "", prefix, start_after)

    def start_upload(self, key: str) -> str:
        """Begin an upload; see ObjectStore."""
        self._path(Bucket.INCOMING, key)
        ref = secrets.token_hex(_REF_LENGTH // 2)
        with disk_errors():
            folder = self._uploads / ref
            folder.mkdir()
            (folder / "key").write_text(key, encoding="ascii")
            sync_folder(folder)
            sync_folder(self._uploads)
        return ref

    def parts(self, key: str, ref: str) -> tuple[Part, ...]:
        """Return what arrived; see ObjectStore."""
        with self._locked_upload(key, ref) as folder:
            return tuple(part for part, _ in held_parts(folder))

    def complete_upload(self, key: str, ref: str, parts: Sequence[Part]) -> ObjectStat:
        """Join the parts under the key; see ObjectStore."""
        wanted = upload_order(parts)
        try:
            with self._locked_upload(key, ref) as folder:
                held = {part.number: (part, path) for part, path in held_parts(folder)}
                for part in wanted:
                    if part.number not in held or held[part.number][0] != part:
                        raise UploadIncompleteError("part_missing", number=part.number)
                try:
                    self._join([held[part.number][1] for part in wanted], key)
                except ObjectExistsError:  # A crash came between the link and the removal of the parts.
                    if not self._is_made_of(key, wanted):
                        raise
                self._forget(folder)
        except UploadForgottenError:
            if not self._is_made_of(key, wanted):
                raise
        return self.stat(Place(Bucket.INCOMING, key))

    def abort_upload(self, key: str, ref: str) -> None:
        """Drop an upload; see ObjectStore."""
        with contextlib.suppress(UploadForgottenError), self._locked_upload(key, ref) as folder:
            self._forget(folder)

    def part_url(self, key: str, ref: str, number: int, expires_s: int, size_bytes: int) -> str:
        """Sign the place of one part; see ObjectStore."""
        require_key(key)
        require_part(number, size_bytes)
        named = {"key": key, "size": str(size_bytes), **self._named()}
        return self._urls.url("PUT", f"parts/{ref}/{number}", named, expires_s)

    def read_url(self, place: Place, expires_s: int, file_name: str, read: str = "") -> str:
        """Sign the place of an object; see ObjectStore."""
        require_readable(place)
        named = {"name": file_name, **self._named()} | ({READ_PARAMETER: read} if read else {})
        return self._urls.url("GET", f"{place.bucket}/{place.key}", named, expires_s)

    def accept_part(self, path: str, query: Mapping[str, str], content: Iterable[bytes], length: int | None) -> str:
        """Store the part that a signed URL allows; return its entity tag.

        Args:
            path: What follows ``/objects/`` in the URL, percent-decoded.
            query: The parameters of the URL.
            content: The body.
            length: The ``Content-Length`` of the request; a body without one is refused.

        Raises:
            PartRefusedError: The URL does not allow it, or the body has another size.
            UploadForgottenError: The upload is over.
        """
        self._urls.require("PUT", path, query)
        _, ref, number = path.split("/")
        size_bytes = int(query["size"])
        if length is None:
            raise PartRefusedError("length_required")
        if length != size_bytes:
            raise PartRefusedError("size_wrong", expected_bytes=size_bytes, seen_bytes=length)
        with disk_errors(), self._temporary_file() as (file, written):
            digest, seen = hashlib.sha256(), 0
            for chunk in content:
                seen += len(chunk)
                if seen > size_bytes:
                    break
                digest.update(chunk)
                file.write(chunk)
            if seen != size_bytes:
                raise PartRefusedError("size_wrong", expected_bytes=size_bytes, seen_bytes=seen)
            to_disk(file)
            with self._locked_upload(query["key"], ref) as folder:
                kept = folder / f"{int(number):05d}.{digest.hexdigest()}"
                written.rename(kept)
                for older in folder.glob(f"{int(number):05d}.*"):
                    if older != kept:
                        older.unlink()
                sync_folder(folder)
        return digest.hexdigest()

    def authorize_read(self, path: str, query: Mapping[str, str]) -> ReadPermit:
        """Return what a signed URL allows to read; arguments as in ``accept_part``. Raises PartRefusedError."""
        self._urls.require("GET", path, query)
        bucket, _, key = path.partition("/")
        return ReadPermit(require_readable(Place(Bucket(bucket), key)), attachment(query["name"]))

    def _named(self) -> dict[str, str]:
        """Return what tells the web server which of several folders a URL leads to."""
        return {} if self._identity == "local" else {"store": self._identity}

    def _path(self, bucket: Bucket, key: str) -> Path:
        return self._buckets[bucket] / require_key(key)

    def _place(self, written: Path, target: Path, key: str) -> None:
        """Give a whole file its name. Raises ObjectExistsError when the name, or a folder on its way, is taken."""
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(written, target)
        except (FileExistsError, NotADirectoryError):
            raise ObjectExistsError("object_exists", key=key) from None
        for folder in target.parents:
            sync_folder(folder)
            if folder == self.root:
                break

    def _forget(self, folder: Path) -> None:
        """Drop an upload: gone at once for everyone, its parts removed after."""
        gone = self._temporary / folder.name
        folder.rename(gone)
        remove(gone)

    @contextlib.contextmanager
    def _temporary_file(self) -> Iterator[tuple[IO[bytes], Path]]:
        with NamedTemporaryFile(dir=self._temporary, delete=False) as file:
            path = Path(file.name)
            try:
                yield file, path
            finally:
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked_upload(self, key: str, ref: str) -> Iterator[Path]:
        """Enter an upload alone among all processes. Raises UploadForgottenError."""
        require_key(key)
        folder = self._uploads / ref
        forgotten = UploadForgottenError("upload_forgotten", key=key)
        if len(ref) != _REF_LENGTH or not ref.isalnum():
            raise forgotten
        try:
            lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            raise forgotten from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Whoever held the lock before may have finished the upload and removed the folder.
            if not (folder / "key").exists() or (folder / "key").read_text(encoding="ascii") != key:
                raise forgotten
            yield folder
        finally:
            os.close(lock)

    def _join(self, pieces: Sequence[Path], key: str) -> None:
        target = self._path(Bucket.INCOMING, key)
        with disk_errors():
            if len(pieces) == 1:
                pieces[0].chmod(0o444)
                self._place(pieces[0], target, key)
                return
            with self._temporary_file() as (file, written):
                for piece in pieces:
                    with piece.open("rb") as source:
                        shutil.copyfileobj(source, file, CHUNK_BYTES)
                to_disk(file)
                self._place(written, target, key)

    def _is_made_of(self, key: str, parts: Sequence[Part]) -> bool:
        """Whether the object at ``key`` is what ``parts`` describe: a late caller learns that it had succeeded."""
        place = Place(Bucket.INCOMING, key)
        try:
            if self.stat(place).size_bytes != sum(part.size_bytes for part in parts):
                return False
            offset = 0
            for part in parts:
                digest = hashlib.sha256()
                for chunk in self.read(place, offset, part.size_bytes):
                    digest.update(chunk)
                if digest.hexdigest() != part.etag:
                    return False
                offset += part.size_bytes
        except ObjectMissingError:
            return False
        return True
