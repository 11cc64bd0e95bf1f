"""Packages of archived cases (``docs/formats/archive.md``), checked where there is no network.

Nothing in a package is believed: a trusted key must have signed the index, the index names every document with size and
digest, and there is no byte in the file that does not follow from both.
"""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import rfc8785

from sancai.config import pinned_keys
from sancai.errors import CorruptContentError, InvalidValueError, NotAllowedError
from sancai.proofs import require_signature

FORMAT: Final = "sancai.archive/1"
INDEX: Final = "index.json"
MAGIC: Final = b"PK\x03\x04"
FILE_BYTES_MAX: Final = 64 << 20
DOSSIER_TYPE: Final = "application/vnd.sancai.dossier+json"

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_READABLE: Final = 0o100644 << 16
_UNIX: Final = 3
_MALFORMED: Final = (KeyError, TypeError, ValueError, AttributeError, zipfile.BadZipFile, RuntimeError, EOFError)


@dataclass(frozen=True, slots=True)
class PackageVerified:
    """What a package holds, all of it checked.

    ``absent`` are documents whose bytes were not given to whoever fetched it; ``withheld`` those of which the archive
    itself keeps the digest alone. ``dossier`` is the dossier inside, to be recomputed by whoever can.
    """

    case: str
    revision: int
    outcome: str
    retention_class: str
    keep_until: str | None
    service: str
    signed_by: str
    documents: int
    size_bytes: int
    absent: tuple[str, ...]
    withheld: tuple[str, ...]
    keys: tuple[str, ...]
    dossier: bytes = b""


def is_package(path: Path) -> bool:
    """Return whether a file looks like a package: a ZIP, which no bundle is."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def verify_package(path: Path | str, keys: Sequence[str] = ()) -> PackageVerified:
    """Check the package at ``path``: signature, index, every digest, and that nothing else is in the file.

    Args:
        path: The file.
        keys: Trusted public keys (``name+id+base64``); without any, those pinned for the service it came from.

    Raises:
        InvalidValueError: ``archive_unknown``: it is no package, or of a later format.
        NotAllowedError: ``archive_key_unknown``: no key is trusted here for the service it came from.
        CorruptContentError: ``archive_damaged`` names what does not hold.
    """
    file = Path(path)
    if file.stat().st_size > FILE_BYTES_MAX or not is_package(file):
        raise _unknown(file)
    content = file.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            members = [(name, opened.read(name)) for name in opened.namelist()]
        index = json.loads(members[0][1]) if members and members[0][0] == INDEX else None
    except _MALFORMED as error:
        raise _damaged(file, INDEX) from error
    if not isinstance(index, dict) or index.get("format") != FORMAT:
        raise _unknown(file)
    try:
        trusted = tuple(keys) or _pinned(file, index)
        signed_by = _require_signed(file, index, members[0][1], trusted)
        found = _checked(file, index, members[1:], signed_by, trusted)
    except _MALFORMED as error:
        raise _damaged(file, INDEX) from error
    if _packed(members) != content:
        raise _damaged(file, file.name)
    return found


def _require_signed(path: Path, index: Mapping[str, Any], content: bytes, trusted: Sequence[str]) -> str:
    signature = index["signature"]
    stated = {name: value for name, value in index.items() if name != "signature"}
    signed_by = str(signature["signed_by"])
    if signed_by not in trusted or rfc8785.dumps(dict(index)) != content:
        raise _damaged(path, "signature")
    try:
        require_signature(signed_by, base64.b64decode(signature["value"], validate=True), rfc8785.dumps(stated))
    except CorruptContentError as error:
        raise _damaged(path, "signature") from error
    return signed_by


def _checked(
    path: Path, index: Mapping[str, Any], members: Sequence[tuple[str, bytes]], signed_by: str, trusted: Sequence[str]
) -> PackageVerified:
    lines = {str(line["name"]): line for line in index["documents"]}
    held = dict(members)
    if len(held) != len(members) or len(lines) != len(index["documents"]):
        raise _damaged(path, INDEX)
    for name, content in members:
        line = lines.get(name)
        if line is None or line["withheld"] or line["salted"]:
            raise _damaged(path, name)
        if len(content) != line["size_bytes"] or hashlib.sha256(content).hexdigest() != line["sha256"]:
            raise _damaged(path, name)
    absent = tuple(name for name, line in lines.items() if not line["withheld"] and name not in held)
    if wrongly := [name for name in absent if not lines[name]["office_only"]]:
        raise _damaged(path, wrongly[0])
    dossier = next(name for name, line in lines.items() if line["media_type"] == DOSSIER_TYPE)
    return PackageVerified(
        case=str(index["case"]),
        revision=int(index["revision"]),
        outcome=str(index["outcome"]),
        retention_class=str(index["retention"]["class"]),
        keep_until=index["keep_until"],
        service=str(index["service"]),
        signed_by=signed_by,
        documents=len(held),
        size_bytes=sum(map(len, held.values())),
        absent=absent,
        withheld=tuple(name for name, line in lines.items() if line["withheld"]),
        keys=tuple(trusted),
        dossier=held.get(dossier, b""),
    )


def _packed(members: Sequence[tuple[str, bytes]]) -> bytes:
    """Return the one file that these members make: stored, without times."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as file:
        for name, content in members:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system, info.external_attr = _UNIX, _READABLE
            file.writestr(info, content)
    return made.getvalue()


def _pinned(path: Path, index: Mapping[str, Any]) -> tuple[str, ...]:
    service = str(index["service"])
    if keys := pinned_keys(service):
        return keys
    shown = ", ".join(map(str, index["keys"]))
    raise NotAllowedError(
        "archive_key_unknown",
        f"No key of {service} is trusted on this machine. {path.name} names {shown}: when the operator of the service "
        "confirms it over another channel, run the command again with --key and that key.",
        path=str(path),
        service=service,
        keys=shown,
    )


def _unknown(path: Path) -> InvalidValueError:
    return InvalidValueError(
        "archive_unknown",
        f"{path.name} is no archive of a case that this release reads. Fetch it with `sancai case archive fetch`.",
        path=str(path),
    )


def _damaged(path: Path, name: str) -> CorruptContentError:
    return CorruptContentError(
        "archive_damaged",
        f"{path.name} is not what was signed: {name} differs. Do not use it; fetch it again.",
        path=str(path),
        name=name,
    )
