"""Use cases of the files of a draft: announce, pack, attach what is held, take out, begin with those of a version.

However many files a request names, it is a fixed number of statements and one journal entry.
"""

from collections.abc import Sequence
from typing import Final

from registry.catalog import packing, records, rules
from registry.catalog.model import (
    EDITABLE_STATES,
    ChangeFiles,
    Dataset,
    FilesChanged,
    Version,
    VersionFile,
    VersionState,
)
from registry.catalog.ownership import own_draft
from registry.catalog.reading import draft
from registry.errors import ConflictError, InvalidValueError, NotFoundError
from registry.journal.work import View, Work
from registry.manifests import records as stored
from registry.manifests import service as manifests
from registry.manifests.model import FilePath
from registry.manifests.rules import require_distinct_paths
from registry.manifests.uploads import FILE_SIZE_MAX_BYTES, PackedFile, Purpose, Sought, Upload
from registry.quotas import service as quotas
from registry.quotas.model import Figure
from registry.values.identifiers import VersionId

UPLOADS_AT_ONCE: Final = 10_000


def editable_draft(work: Work, draft_id: VersionId) -> Version:
    """Return a draft whose files may change; a verified or faulty one is open again.

    Raises:
        NotFoundError, ConflictError: There is no such draft, or it is being verified or over.
    """
    found = own_draft(work, draft_id)
    if found.state not in EDITABLE_STATES:
        raise ConflictError("version_state", state=found.state.value, wanted=VersionState.OPEN.value)
    if found.state is not VersionState.OPEN:
        records.set_version(
            work.connection,
            found.id,
            state=VersionState.OPEN,
            faults=[],
            overlap=[],
            report={},
            new_share_bp=None,
            content_digest=None,
            manifest_digest=None,
        )
    return found


def add_file(work: Work, draft_id: VersionId, path: FilePath, size_bytes: int) -> tuple[VersionFile, Upload]:
    """Announce a file of a draft and open its upload.

    Raises:
        InvalidValueError: A path twice (also after NFC and case folding), a size beyond 5 TiB, too many files.
        NotFoundError, ConflictError: As ``editable_draft``.
    """
    found = editable_draft(work, draft_id)
    if not 0 <= size_bytes <= FILE_SIZE_MAX_BYTES:
        raise InvalidValueError("file_too_large", size_bytes=size_bytes, limit_bytes=FILE_SIZE_MAX_BYTES)
    _require_room(work, found, found.files, 1)
    upload = manifests.start_upload_within(work, Purpose.DATASET, size_bytes)
    made = VersionFile(path, size_bytes, upload.id)
    if not records.add_file(work.connection, draft_id, made):
        other = records.path_like(work.connection, draft_id, path)
        raise InvalidValueError("path_duplicate", path=str(path), other=other or str(path))
    records.note_files(work.connection, draft_id, 1, size_bytes)
    work.journal("catalog.file_announced", found.id, path=str(path), size_bytes=size_bytes)
    return made, upload


def _require_room(work: Work, found: Version, files: int, more: int) -> None:
    """Raise InvalidValueError or NotAllowedError (``quota_exceeded``) when a draft may not have so many files."""
    rules.require_file_count(files, more)
    quotas.require_room(work, found.publisher, Figure.FILES_PER_DRAFT, files, more)


def remove_file(work: Work, draft_id: VersionId, path: FilePath) -> VersionFile:
    """Take a file out of a draft and give its upload up. Raises NotFoundError, ConflictError."""
    found = editable_draft(work, draft_id)
    files = records.files_at(work.connection, draft_id, [path])
    if not files:
        raise NotFoundError("file_not_found", path=str(path))
    _take_out(work, draft_id, [path])
    work.journal("catalog.file_removed", found.id, path=str(path))
    return files[0]


def _take_out(work: Work, draft_id: VersionId, paths: Sequence[FilePath]) -> int:
    """Take files out, give up the uploads that nothing comes from any more, and return how many files there were."""
    gone = records.take_out(work.connection, draft_id, paths)
    manifests.abort_all_within(work, gone.uploads)
    records.note_files(work.connection, draft_id, -gone.files, -gone.size_bytes)
    return gone.files


def add_pack(work: Work, draft_id: VersionId, files: Sequence[PackedFile]) -> Upload:
    """Announce a pack of small files and open its upload; what is at their paths is replaced.

    Raises:
        InvalidValueError: ``pack_file_too_large``, ``pack_too_large``, ``too_many``, ``path_duplicate``.
        NotFoundError, ConflictError: As ``editable_draft``.
    """
    size_bytes = packing.require_pack(files)
    found = editable_draft(work, draft_id)
    replaced = _make_room(work, found.id, [file.path for file in files])
    _require_room(work, found, found.files - replaced, len(files))
    upload = manifests.start_upload_within(work, Purpose.PACK, size_bytes)
    records.add_packed(work.connection, draft_id, upload.id, files)
    records.note_files(work.connection, draft_id, len(files), size_bytes)
    work.journal("catalog.pack_announced", found.id, files=len(files), size_bytes=size_bytes, upload=upload.id)
    return upload


def _make_room(work: Work, draft_id: VersionId, paths: Sequence[FilePath]) -> int:
    """Take out what is at these paths and return how much it was. Raises InvalidValueError ``path_duplicate``."""
    if clash := records.clashing_path(work.connection, draft_id, paths):
        raise InvalidValueError("path_duplicate", path=clash[0], other=clash[1])
    return _take_out(work, draft_id, paths)


def holdings(view: View, draft_id: VersionId, sought: Sequence[Sought]) -> tuple[bool, ...]:
    """Return for each of ``sought`` whether the draft's firm holds such verified bytes.

    Raises:
        InvalidValueError: ``too_many``, or a size no file has.
        NotFoundError, NotAllowedError: There is no such draft, or it is another firm's.
    """
    packing.require_batch("files", len(sought))
    packing.require_sizes(sought)
    return tuple(stored.held(view.connection, draft(view, draft_id).publisher, sought))


def change_files(work: Work, draft_id: VersionId, command: ChangeFiles) -> FilesChanged:
    """Take files out of a draft and attach others whose bytes its firm holds, replacing what is at their paths.

    Raises:
        InvalidValueError: ``too_many``, ``path_duplicate``.
        NotFoundError, ConflictError: As ``editable_draft``.
    """
    packing.require_batch("files", len(command.attach) + len(command.remove))
    require_distinct_paths(file.path for file in command.attach)
    sought = [Sought(file.size_bytes, file.digest) for file in command.attach]
    packing.require_sizes(sought)
    found = editable_draft(work, draft_id)
    removed = _take_out(work, draft_id, command.remove) if command.remove else 0
    kept = stored.kept_blobs(work.connection, found.publisher, sought) if sought else []
    attached = [(file, blob) for file, blob in zip(command.attach, kept, strict=True) if blob is not None]
    missing = tuple(file.path for file, blob in zip(command.attach, kept, strict=True) if blob is None)
    if attached:
        replaced = _make_room(work, draft_id, [file.path for file, _ in attached])
        _require_room(work, found, found.files - removed - replaced, len(attached))
        records.attach(work.connection, draft_id, attached)
        records.note_files(work.connection, draft_id, len(attached), sum(file.size_bytes for file, _ in attached))
    work.journal("catalog.files_changed", found.id, attached=len(attached), removed=removed, missing=len(missing))
    return FilesChanged(len(attached), removed, missing)


def give_uploads_up_within(work: Work, draft_id: VersionId) -> None:
    """Give up every upload of a draft, however many there are; part of another use case."""
    after = None
    while uploads := records.uploads_in(work.connection, draft_id, after, UPLOADS_AT_ONCE):
        manifests.abort_all_within(work, uploads)
        after = uploads[-1]


def begin_with_within(work: Work, draft_id: VersionId, held: Dataset, number: int) -> Version:
    """Begin a draft with the files of a version of its dataset, and return that version; part of opening a draft.

    Raises:
        NotFoundError: The dataset has no such version.
        ConflictError: What it held was recalled or erased.
    """
    base = records.numbered(work.connection, held.id, number)
    if base is None:
        raise NotFoundError("version_not_found", name=f"{held.name}@v{number}")
    if base.state not in (VersionState.PUBLISHED, VersionState.WITHDRAWN):
        raise ConflictError("version_state", state=base.state.value, wanted=VersionState.PUBLISHED.value)
    records.copy_files(work.connection, draft_id, base.id)
    records.note_files(work.connection, draft_id, base.files, base.size_bytes)
    return base
