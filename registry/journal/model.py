"""The journal's values: what one decision leaves behind for ever, and what the log signs.

Rules:
* An entry names no person and no firm, states no amount and carries no free text: only a type, a format version, the
  identifier or digest of its subject, the role that acted, the instant of the decision and a salted commitment
  (RULINGS §4.35, personal data never enters the eternal log).
* What was decided stands in an ``Opening``, in a table that can be erased. Without its salt the commitment tells
  nothing of it, not even by trying every amount; with it anyone can check it.
* Leaf bytes never change. A new format gets a new ``format_version``.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from registry.errors import InvalidValueError
from registry.values.canonical import Json, canonical_json
from registry.values.identifiers import EntryId
from registry.values.moment import Moment

HASH_BYTES = 32
SALT_BYTES = 32
ENTRY_FORMAT_VERSION = 1
FORMAT_VERSION_MAX = 999
SIZE_MAX = 2**63 - 1

# The tag keeps a commitment from being taken for a hash of anything else; it ends in 0x00, its length is fixed.
_OPENING_DOMAIN = b"sancai/journal/opening/v1\x00"

_TYPE = re.compile(r"[a-z][a-z0-9_]{1,39}(?:\.[a-z][a-z0-9_]{1,39}){0,2}", re.ASCII)
_SUBJECT = re.compile(r"[a-z]{2,12}_[0-9a-f]{32}|sha256:[0-9a-f]{64}|[a-z][a-z_]{1,39}", re.ASCII)
_ROLES = re.compile(r"[a-z][a-z_]{1,39}(?:,[a-z][a-z_]{1,39}){0,15}", re.ASCII)
# A key name of a signed note has no space and no plus sign (C2SP signed-note); ours are plain addresses without scheme.
_KEY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,126}", re.ASCII)


Node = tuple[int, int, bytes]
"""Level, index and hash of a complete subtree: leaves ``index * 2**level`` to ``(index + 1) * 2**level - 1``."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a commitment commits to: a random salt of 32 bytes and the particulars of the decision."""

    salt: bytes = field(repr=False)
    payload: Json

    def __post_init__(self) -> None:
        """Refuse a salt of another length. Raises InvalidValueError."""
        if len(self.salt) != SALT_BYTES:
            raise InvalidValueError("journal_salt_length", given=len(self.salt))

    @classmethod
    def create(cls, payload: Json) -> "Opening":
        """Return an opening with a fresh salt."""
        return cls(secrets.token_bytes(SALT_BYTES), payload)


def commitment_of(opening: Opening) -> bytes:
    """Return SHA-256 over domain tag, salt and canonical JSON of the payload, 32 bytes. Raises InvalidValueError."""
    return hashlib.sha256(_OPENING_DOMAIN + opening.salt + canonical_json(opening.payload)).digest()


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision, as it stands in the log.

    ``type`` is one to three lower-case words joined by full stops (``award.approved``), ``subject`` a typed identifier,
    a ``sha256:`` digest, or one word for what there is only one of (``installation``); ``role`` the roles of the actor,
    parted by commas. ``decided_at`` is when it was decided; when it was logged is said by the log.
    """

    id: EntryId
    type: str
    format_version: int
    subject: str
    role: str
    decided_at: Moment
    commitment: bytes

    def __post_init__(self) -> None:
        """Refuse what could carry a name, an amount or a sentence. Raises InvalidValueError."""
        for name, pattern, text in (
            ("type", _TYPE, self.type),
            ("subject", _SUBJECT, self.subject),
            ("role", _ROLES, self.role),
        ):
            if not pattern.fullmatch(text):
                raise InvalidValueError("journal_entry_malformed", field=name, given=text[:80])
        if type(self.format_version) is not int or not 1 <= self.format_version <= FORMAT_VERSION_MAX:
            raise InvalidValueError(
                "journal_entry_malformed", field="format_version", given=str(self.format_version)[:80]
            )
        require_hash(self.commitment)

    def leaf_bytes(self) -> bytes:
        """Return the bytes that are hashed into the log: canonical JSON (RFC 8785), the commitment in hex."""
        return canonical_json(
            {
                "commitment": self.commitment.hex(),
                "decided_at": str(self.decided_at),
                "format_version": self.format_version,
                "id": str(self.id),
                "role": self.role,
                "subject": self.subject,
                "type": self.type,
            }
        )


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the log states and signs: its name, how many leaves it has, their root, and when that was so."""

    origin: str
    size: int
    root: bytes
    logged_at: Moment

    def __post_init__(self) -> None:
        """Refuse an origin that names no key, a size out of range, a root not of 32 bytes. Raises InvalidValueError."""
        require_key_name(self.origin)
        if type(self.size) is not int or not 0 <= self.size <= SIZE_MAX:
            raise InvalidValueError("journal_position_out_of_range", given=str(self.size)[:40])
        require_hash(self.root)


def require_hash(value: bytes) -> None:
    """Raise InvalidValueError unless ``value`` is 32 bytes."""
    if len(value) != HASH_BYTES:
        raise InvalidValueError("journal_hash_length", given=len(value))


def require_key_name(name: str) -> None:
    """Raise InvalidValueError unless ``name`` may name one of our keys, and with it a log."""
    if not _KEY_NAME.fullmatch(name):
        raise InvalidValueError("signing_key_name_malformed", given=name[:140])


def covered(chains: Iterable[bytes]) -> str:
    """Return what a journal entry commits to of the postings it covers, in hex; their order does not matter."""
    return hashlib.sha256(b"".join(sorted(chains))).hexdigest()
