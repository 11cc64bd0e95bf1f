"""What a file that is no table is: its media type by its first bytes, else by the suffix of its name; never by both.

The signatures are those of the formats' own specifications. A library's guess may change with its release; what is
stated of a version must not.
"""

from dataclasses import dataclass
from posixpath import splitext
from typing import Final

import imagesize

from registry.manifests.source import Source

HEAD_BYTES: Final = 512
PIXELS_MAX: Final = 2**31 - 1
UNKNOWN_TYPE: Final = "application/octet-stream"

_SIGNATURES: Final = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"II+\x00", "image/tiff"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (128, b"DICM", "application/dicom"),
    (8, b"WAVE", "audio/wav"),
    (0, b"fLaC", "audio/flac"),
    (28, b"OpusHead", "audio/ogg"),
    (28, b"\x01vorbis", "audio/ogg"),
    (28, b"\x80theora", "video/ogg"),
    (0, b"OggS", "application/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (4, b"ftypM4A ", "audio/mp4"),
    (4, b"ftypqt  ", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"\x00\x00\x01\xba", "video/mpeg"),
    (0, b"FLV\x01", "video/x-flv"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x93NUMPY", "application/x-npy"),
    (0, b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
    (0, b"CDF\x01", "application/x-netcdf"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (0, b"Obj\x01", "application/avro"),
    (0, b"LASF", "application/vnd.las"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"(\xb5/\xfd", "application/zstd"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (257, b"ustar", "application/x-tar"),
    (0, b"PAR1", "application/vnd.apache.parquet"),
    (0, b"ARROW1", "application/vnd.apache.arrow.file"),
    (0, b"\xff\xff\xff\xff", "application/vnd.apache.arrow.stream"),
)
_RIFF: Final = frozenset({"image/webp", "audio/wav", "video/x-msvideo"})
_SUFFIXES: Final = {
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".html": "text/html",
    ".xml": "application/xml",
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".jsonl": "application/jsonl",
    ".ndjson": "application/jsonl",
    ".svg": "image/svg+xml",
    ".py": "text/x-python",
    ".toml": "application/toml",
}
_DOCUMENTS: Final = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".npz": "application/x-npz",
}
"""Documents whose container is a zip: they are what they say, and no archive of files."""
_MEASURED: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/tiff"})


@dataclass(frozen=True, slots=True)
class Media:
    """The media type of a file, and of an image its size in pixels where its header says it."""

    type: str
    width: int | None = None
    height: int | None = None


def media_type(head: bytes, name: str) -> str:
    """Return the media type of a file with these first bytes, at best 512, and this name."""
    suffix = splitext(name)[1].lower()
    for offset, magic, found in _SIGNATURES:
        if head.startswith(magic, offset) and (found not in _RIFF or head.startswith(b"RIFF")):
            return _DOCUMENTS.get(suffix, found) if found == "application/zip" else found
    if _is_mpeg_audio(head) and suffix == ".mp3":
        return "audio/mpeg"
    # Bytes that no text has are not what a suffix of a text format says.
    return UNKNOWN_TYPE if b"\x00" in head else _SUFFIXES.get(suffix, UNKNOWN_TYPE)


def media_of(source: Source, name: str) -> Media:
    """Return what a file that is published as ``name`` is."""
    found = media_type(source.head[:HEAD_BYTES], name)
    if found not in _MEASURED:
        return Media(found)
    try:
        width, height = imagesize.get(source.path, exif_rotation=False)
    except Exception:  # noqa: BLE001 - What the header of a broken image makes a parser raise is of many kinds.
        return Media(found)
    measured = 0 < width <= PIXELS_MAX and 0 < height <= PIXELS_MAX
    return Media(found, int(width), int(height)) if measured else Media(found)


def _is_mpeg_audio(head: bytes) -> bool:
    """Return whether a frame of MPEG audio begins here: eleven bits of synchronisation (ISO/IEC 11172-3 §2.4.1.3)."""
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
