"""Keys that sign (Ed25519, RFC 8032) and the secret of an installation: how they are named and kept.

Rules:
* A key has a name, a plain address without scheme such as ``sancai.example/journal``. Its id is the first four bytes of
  SHA-256(name || 0x0A || 0x01 || public key), as C2SP signed-note says; name and id together tell keys apart.
* The private half is a PEM file (PKCS #8) that only its owner may read; the name stands on the line before it, where
  RFC 7468 §2 allows explanatory text. A file that others may read is no secret and is not used.
* A key file is written once, whole or not at all, and never replaced: of two processes that make it at the same time
  one wins and both use its key.
"""

import base64
import binascii
import hashlib
import os
import re
import secrets
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from registry.errors import ConflictError, CorruptContentError, InvalidValueError, NotFoundError
from registry.journal.model import require_key_name

_ED25519 = b"\x01"
_PUBLIC_KEY_BYTES = 32
_SECRET_BYTES = 32
_KEY_FILE_BYTES_MAX = 4096
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NAME_LINE = re.compile(r"Key-Name: (?P<name>\S+)\n(?P<pem>-----BEGIN PRIVATE KEY-----\n.*)", re.ASCII | re.DOTALL)
_SECRET = re.compile(r"(?P<hex>[0-9a-f]{64})\n", re.ASCII)
_KEY_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half of a key with its name: enough to check what the key signed."""

    name: str
    public_bytes: bytes

    def __post_init__(self) -> None:
        """Refuse a name a note cannot carry and a key that is not 32 bytes. Raises InvalidValueError."""
        if not is_note_key_name(self.name) or len(self.public_bytes) != _PUBLIC_KEY_BYTES:
            raise InvalidValueError("verifier_malformed", given=self.name[:140])

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Return the verifier written ``name+key id+base64(0x01 || public key)``. Raises InvalidValueError."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidValueError("verifier_malformed", given=text[:140]) from error
        if not _KEY_ID.fullmatch(key_id) or key[:1] != _ED25519 or base64.b64encode(key).decode() != encoded:
            raise InvalidValueError("verifier_malformed", given=text[:140])
        verifier = cls(name, key[1:])
        if verifier.key_id != key_id:
            raise InvalidValueError("verifier_malformed", given=text[:140])
        return verifier

    @property
    def key_id(self) -> str:
        """The id of the key, eight hex digits."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public_bytes).hexdigest()[:8]

    def accepts(self, signature: bytes, message: bytes) -> bool:
        """Tell whether ``signature`` is this key's over ``message``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_bytes).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def __str__(self) -> str:
        """Return the verifier as ``parse`` reads it; any C2SP note verifier does, too."""
        return f"{self.name}+{self.key_id}+{base64.b64encode(_ED25519 + self.public_bytes).decode()}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its name. It never prints its secret."""

    name: str
    private_key: Ed25519PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a name that is no plain address. Raises InvalidValueError."""
        require_key_name(self.name)

    @classmethod
    def create(cls, name: str) -> "SigningKey":
        """Return a new key. Raises InvalidValueError for the name."""
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> "SigningKey":
        """Return the key kept in ``path``.

        Raises:
            NotFoundError: There is no such file (``key_file_missing``).
            ConflictError: Others than its owner may read or write it (``key_file_exposed``).
            CorruptContentError: It does not hold a key of ours (``key_file_damaged``).
        """
        text = _read_secret(path)
        if not (found := _NAME_LINE.fullmatch(text)):
            raise CorruptContentError("key_file_damaged", path=str(path))
        try:
            private_key = serialization.load_pem_private_key(found["pem"].encode(), password=None)
            if isinstance(private_key, Ed25519PrivateKey):
                return cls(found["name"], private_key)
        except (ValueError, TypeError, InvalidValueError) as error:
            raise CorruptContentError("key_file_damaged", path=str(path)) from error
        raise CorruptContentError("key_file_damaged", path=str(path))

    @classmethod
    def load_or_create(cls, path: Path, name: str) -> "SigningKey":
        """Return the key kept in ``path``, making it when there is none. Safe with many processes at once.

        Raises:
            ConflictError: The file holds a key of another name (``signing_key_name_differs``), or as ``load``.
            CorruptContentError: As ``load``.
            InvalidValueError: The name is no plain address.
        """
        require_key_name(name)
        if not path.exists():
            _write_once(path, _file_content(cls.create(name)))
        key = cls.load(path)
        if key.name != name:
            raise ConflictError("signing_key_name_differs", path=str(path), found=key.name, expected=name)
        return key

    @property
    def public_key(self) -> Ed25519PublicKey:
        """The public half."""
        return self.private_key.public_key()

    @property
    def verifier(self) -> Verifier:
        """The public half with the name; ``str`` of it is what one publishes."""
        return Verifier(self.name, self.public_key.public_bytes_raw())

    @property
    def key_id(self) -> str:
        """The id of the key, eight hex digits."""
        return self.verifier.key_id

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over ``message``."""
        return self.private_key.sign(message)


def load_or_create_secret(path: Path) -> bytes:
    """Return the 32 random bytes kept in ``path``, making them when there are none. Safe with many processes at once.

    Raises:
        ConflictError: Others than its owner may read or write the file (``key_file_exposed``).
        CorruptContentError: It does not hold such a secret (``key_file_damaged``).
    """
    if not path.exists():
        _write_once(path, f"{secrets.token_hex(_SECRET_BYTES)}\n".encode())
    if not (found := _SECRET.fullmatch(_read_secret(path))):
        raise CorruptContentError("key_file_damaged", path=str(path))
    return bytes.fromhex(found["hex"])


def is_note_key_name(name: str) -> bool:
    """Tell whether a signed note may carry ``name``: not empty, no space, plus or control character (C2SP)."""
    return bool(name) and not any(character.isspace() or character < " " or character == "+" for character in name)


def _file_content(key: SigningKey) -> bytes:
    """Return what the file of a key holds."""
    pem = key.private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return f"Key-Name: {key.name}\n".encode() + pem


def _read_secret(path: Path) -> str:
    """Return the text of a file that only its owner may read. Raises as ``SigningKey.load``."""
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise NotFoundError("key_file_missing", path=str(path)) from error
    with file:
        # The open file is asked, not the path, which could change in between.
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & _OTHERS:
            raise ConflictError("key_file_exposed", path=str(path))
        content = file.read(_KEY_FILE_BYTES_MAX)
    try:
        return content.decode("ascii")
    except UnicodeDecodeError as error:
        raise CorruptContentError("key_file_damaged", path=str(path)) from error


def _write_once(path: Path, content: bytes) -> None:
    """Write ``path`` whole, mode 0600, unless it is there by now; then leave it as it is."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link, unlike a rename, never replaces the key another process has just made.
            path.hardlink_to(temporary)
        except FileExistsError:
            return
        _sync_directory(path.parent)
    finally:
        Path(temporary).unlink()


def _sync_directory(directory: Path) -> None:
    """Make the names in ``directory`` durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
