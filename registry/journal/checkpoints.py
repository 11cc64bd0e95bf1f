"""Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint): what the log says, for anyone to hold it to.

Rules:
* A note is a text that ends in a newline, an empty line, and signature lines ``— name base64(key id || signature)``.
  The signature covers the text with its last newline. The text is nothing until a known key has signed it.
* A signature of an unknown key is passed over; one of a known key that fails refuses the whole note; a second one of
  the same key is passed over.
* A checkpoint's text is origin, size, root in base64, each on its line, then our extension line ``logged-at`` with the
  instant in RFC 3339. Lines of later formats may follow and are signed with the rest.
* The key of the log is named as its origin; other keys may sign beside it, but never instead of it.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from registry.errors import InvalidValueError
from registry.journal.model import Checkpoint
from registry.journal.signing import SigningKey, Verifier, is_note_key_name
from registry.values.moment import Moment

NOTE_BYTES_MAX = 1_000_000
SIGNATURES_MAX = 100

_KEY_ID_BYTES = 4
_SIGNATURE_LINE = re.compile("— (?P<name>[^ ]+) (?P<signature>[A-Za-z0-9+/]+={0,2})")
_CHECKPOINT = re.compile(
    r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"logged-at (?P<logged_at>[^\n]+)\n(?:[^\n]+\n)*"
)


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the names of the known keys that signed it, in the order of their signatures."""

    text: str
    signed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Signature:
    name: str
    key_id: str
    value: bytes


def sign_note(text: str, keys: Sequence[SigningKey]) -> str:
    """Return ``text`` with a signature of each key. Raises InvalidValueError for a text that cannot be a note."""
    if not keys or not text.endswith("\n"):
        raise InvalidValueError("note_malformed")
    message = _bytes_of(text)
    lines = (f"— {key.name} {_encoded(bytes.fromhex(key.key_id) + key.sign(message))}\n" for key in keys)
    return f"{text}\n{''.join(lines)}"


def open_note(note: str, verifiers: Iterable[Verifier]) -> Note:
    """Return the text of a note that at least one of ``verifiers`` signed and none of them refuses.

    Raises:
        InvalidValueError: The form is wrong (``note_malformed``), a signature of a known key fails
            (``note_signature_wrong``), no known key signed (``note_unsigned``), or two different known keys share name
            and id (``note_key_ambiguous``).
    """
    _bytes_of(note)
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    signatures = _signatures(lines)
    known: dict[tuple[str, str], Verifier] = {}
    for verifier in verifiers:
        if known.setdefault((verifier.name, verifier.key_id), verifier) != verifier:
            raise InvalidValueError("note_key_ambiguous", name=verifier.name)
    signed_by: dict[tuple[str, str], str] = {}
    for signature in signatures:
        key = signature.name, signature.key_id
        if key not in known or key in signed_by:
            continue
        if not known[key].accepts(signature.value, text.encode()):
            raise InvalidValueError("note_signature_wrong", name=signature.name)
        signed_by[key] = signature.name
    if not signed_by:
        raise InvalidValueError("note_unsigned")
    return Note(text, tuple(signed_by.values()))


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """Return the text of ``checkpoint`` that is signed."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{_encoded(checkpoint.root)}\nlogged-at {checkpoint.logged_at}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint a text states; trust it only when it comes out of a verified note.

    Raises InvalidValueError (``checkpoint_malformed``).
    """
    if not (found := _CHECKPOINT.fullmatch(text)):
        raise InvalidValueError("checkpoint_malformed")
    try:
        root = base64.b64decode(found["root"], validate=True)
        checkpoint = Checkpoint(found["origin"], int(found["size"]), root, Moment.of_text(found["logged_at"]))
    except (binascii.Error, InvalidValueError) as error:
        raise InvalidValueError("checkpoint_malformed") from error
    if not text.startswith(checkpoint_text(checkpoint)):
        # The same checkpoint has one writing only, or two texts could claim to be it.
        raise InvalidValueError("checkpoint_malformed")
    return checkpoint


def sign_checkpoint(checkpoint: Checkpoint, keys: Sequence[SigningKey]) -> str:
    """Return ``checkpoint`` as a signed note; one of ``keys`` must be named as its origin. Raises InvalidValueError."""
    if checkpoint.origin not in {key.name for key in keys}:
        raise InvalidValueError("checkpoint_not_signed_by_log", origin=checkpoint.origin)
    return sign_note(checkpoint_text(checkpoint), keys)


def verify_checkpoint(note: str, verifiers: Iterable[Verifier], origin: str) -> Checkpoint:
    """Return the checkpoint of log ``origin`` that its own key, one of ``verifiers``, signed.

    Raises:
        InvalidValueError: As ``open_note`` and ``parse_checkpoint``; or it is of another log
            (``checkpoint_of_another_log``), or only other keys signed it (``checkpoint_not_signed_by_log``).
    """
    opened = open_note(note, verifiers)
    checkpoint = parse_checkpoint(opened.text)
    if checkpoint.origin != origin:
        raise InvalidValueError("checkpoint_of_another_log", found=checkpoint.origin, expected=origin)
    if origin not in opened.signed_by:
        raise InvalidValueError("checkpoint_not_signed_by_log", origin=origin)
    return checkpoint


def _signatures(lines: str) -> list[_Signature]:
    """Return the signatures that stand below the empty line of a note. Raises InvalidValueError."""
    if not lines.endswith("\n") or lines.count("\n") > SIGNATURES_MAX:
        raise InvalidValueError("note_malformed")
    return [_signature(line) for line in lines[:-1].split("\n")]


def _signature(line: str) -> _Signature:
    """Return the signature that stands on ``line``. Raises InvalidValueError."""
    if not (found := _SIGNATURE_LINE.fullmatch(line)) or not is_note_key_name(found["name"]):
        raise InvalidValueError("note_malformed")
    try:
        content = base64.b64decode(found["signature"], validate=True)
    except binascii.Error as error:
        raise InvalidValueError("note_malformed") from error
    if len(content) <= _KEY_ID_BYTES:
        raise InvalidValueError("note_malformed")
    return _Signature(found["name"], content[:_KEY_ID_BYTES].hex(), content[_KEY_ID_BYTES:])


def _bytes_of(text: str) -> bytes:
    """Return ``text`` in UTF-8. Raises InvalidValueError: too long, control characters, lone surrogates."""
    try:
        encoded = text.encode()
    except UnicodeEncodeError as error:
        raise InvalidValueError("note_malformed") from error
    if len(encoded) > NOTE_BYTES_MAX or any(character < " " and character != "\n" for character in text):
        raise InvalidValueError("note_malformed")
    return encoded


def _encoded(content: bytes) -> str:
    """Return ``content`` in base64 (RFC 4648 §4)."""
    return base64.b64encode(content).decode("ascii")
