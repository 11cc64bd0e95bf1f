"""Places on a real MinIO as an operator writes them down, and what lies on its disk."""

import os
from pathlib import Path
from uuid import uuid4

from storage.minio_server import MinioServer


def a_prefix() -> str:
    """Return what the names of buckets that nobody has begin with."""
    return f"d{uuid4().hex[:12]}"


def at(server: MinioServer, variables: str) -> dict[str, str]:
    """Return the settings ``<variables>_ENDPOINT`` and so on, with the root key: narrow ones take seconds to make."""
    said = {f"{variables}_ENDPOINT": server.endpoint}
    for part in ("CATALOG", "UP", "DOWN"):
        said |= {
            f"{variables}_{part}_KEY": server.root.access_key,
            f"{variables}_{part}_SECRET": server.root.secret_key,
        }
    return said


def objects_on_disk(server: MinioServer, prefix: str) -> list[Path]:
    """Return what is written of the objects of a store, without asking the server."""
    # Not by glob, which fails when a folder goes while it looks.
    return [
        Path(folder) / name
        for bucket in _buckets(server, prefix)
        for folder, _, names in os.walk(bucket)
        for name in names
    ]


def _buckets(server: MinioServer, prefix: str) -> list[str]:
    data = server.folder / "data"
    return [str(each) for each in data.iterdir() if each.name.startswith(f"{prefix}-")]


def lies_on_disk(server: MinioServer, prefix: str, text: bytes) -> bool:
    """Return whether any object of a store, in any version, holds a text."""
    return any(text in path.read_bytes() for path in objects_on_disk(server, prefix))


def half_sent(server: MinioServer) -> list[Path]:
    """Return the parts of uploads that were not completed."""
    place = server.folder / "data" / ".minio.sys" / "multipart"
    return [Path(folder) / name for folder, _, names in os.walk(place) for name in names if name.startswith("part.")]
