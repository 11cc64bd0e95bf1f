"""Rules of many files at once: what a pack may hold, how many a request may name, and how much work they are.

Rules:
* A pack holds small files only, at most 10,000 of them and 64 MiB, so that it is sent again at little cost.
* A request names each path once, also after NFC and case folding.
* The work of a verification is counted in bytes; a file costs as much as some bytes beside those it has, so that a
  million empty files are not a small thing.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from registry.errors import InvalidValueError
from registry.manifests.rules import require_distinct_paths
from registry.manifests.uploads import PACK_FILE_MAX_BYTES, PACK_FILES_MAX, PACK_MAX_BYTES, PackedFile, Sought

BATCH_FILES_MAX: Final = 5_000
"""How many files one request may ask about, attach or take out."""
FILE_UNITS: Final = 16_384
"""What a file costs to verify beside its bytes, as bytes: a row, a digest, a look at its beginning."""
LINE_UNITS: Final = 512
"""What the line of a file in the manifest costs, as bytes."""


def require_batch(field: str, number: int) -> None:
    """Raise InvalidValueError unless a request names at least one thing and at most 5,000."""
    if not 1 <= number <= BATCH_FILES_MAX:
        raise InvalidValueError("too_many", field=field, given=number, limit=BATCH_FILES_MAX)


def require_sizes(sought: Iterable[Sought]) -> None:
    """Raise InvalidValueError for a size that no file has."""
    for each in sought:
        if not 0 <= each.size_bytes < 2**63:
            raise InvalidValueError("file_size_out_of_range", path="", given=str(each.size_bytes))


def require_pack(files: Sequence[PackedFile]) -> int:
    """Return the bytes of a pack. Raises InvalidValueError for none or too many files, a large one, a path twice."""
    if not 1 <= len(files) <= PACK_FILES_MAX:
        raise InvalidValueError("too_many", field="files", given=len(files), limit=PACK_FILES_MAX)
    require_distinct_paths(file.path for file in files)
    for file in files:
        if not 0 <= file.size_bytes <= PACK_FILE_MAX_BYTES:
            raise InvalidValueError(
                "pack_file_too_large", path=str(file.path), size_bytes=file.size_bytes, limit_bytes=PACK_FILE_MAX_BYTES
            )
    size_bytes = sum(file.size_bytes for file in files)
    if size_bytes > PACK_MAX_BYTES:
        raise InvalidValueError("pack_too_large", size_bytes=size_bytes, limit_bytes=PACK_MAX_BYTES)
    return size_bytes


def verification_units(files: int, size_bytes: int, unread_files: int, table_bytes: int) -> int:
    """Return how much work a verification is, in bytes: those to be read, and what each file costs beside them.

    Args:
        files: All files of the draft; each has a line in the manifest.
        size_bytes: The bytes that nobody read yet.
        unread_files: The files these are.
        table_bytes: Tables that were verified before; they are read again for the fingerprints of the whole.
    """
    return size_bytes + table_bytes + unread_files * FILE_UNITS + files * LINE_UNITS
