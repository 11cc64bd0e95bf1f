import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidValueError
from registry.journal.checkpoints import (
    checkpoint_text,
    open_note,
    parse_checkpoint,
    sign_checkpoint,
    sign_note,
    verify_checkpoint,
)
from registry.journal.model import Checkpoint
from registry.journal.signing import SigningKey, Verifier
from registry.values.moment import Moment

VECTORS = json.loads((Path(__file__).parent / "vectors" / "notes.json").read_text(encoding="utf-8"))
TEXT, PETER_LINE, ENOCH_LINE = VECTORS["text"], VECTORS["peter"]["line"], VECTORS["enoch"]["line"]
PETER = Verifier.parse(VECTORS["peter"]["verifier"])
ENOCH = Verifier.parse(VECTORS["enoch"]["verifier"])

ORIGIN = "sancai.example/journal"
LOG = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
WITNESS = SigningKey("witness.example/w1", Ed25519PrivateKey.from_private_bytes(b"\x02" * 32))
CHECKPOINT = Checkpoint(ORIGIN, 20_852_163, b"\x0a" * 32, Moment.of_text("2026-03-01T12:00:00+08:00"))


def code_of(note: str, *verifiers: Verifier) -> str:
    with pytest.raises(InvalidValueError) as refused:
        open_note(note, verifiers)
    return refused.value.code


def test_the_published_note_is_signed_byte_for_byte() -> None:
    seed = base64.b64decode(VECTORS["peter"]["private_key"])[1:]
    key = SigningKey("PeterNeumann", Ed25519PrivateKey.from_private_bytes(seed))
    assert sign_note(TEXT, [key]) == f"{TEXT}\n{PETER_LINE}"
    assert str(key.verifier) == VECTORS["peter"]["verifier"]


def test_the_published_note_verifies() -> None:
    opened = open_note(f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}", [PETER, ENOCH])
    assert (opened.text, opened.signed_by) == (TEXT, ("PeterNeumann", "EnochRoot"))


def test_a_signature_of_an_unknown_key_is_passed_over() -> None:
    assert open_note(f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}", [PETER]).signed_by == ("PeterNeumann",)


def test_a_note_without_a_known_signature_is_refused() -> None:
    assert code_of(f"{TEXT}\n{PETER_LINE}", ENOCH) == "note_unsigned"


def test_a_known_key_whose_signature_fails_refuses_the_whole_note() -> None:
    wrong = PETER_LINE.replace("RyyBwJnAM=", "RyyBwJnBM=")
    assert code_of(f"{TEXT}\n{wrong}{ENOCH_LINE}", PETER, ENOCH) == "note_signature_wrong"


def test_a_signature_of_another_length_is_wrong() -> None:
    assert code_of(f"{TEXT}\n{PETER_LINE[:60]}ABCD{PETER_LINE[60:]}", PETER) == "note_signature_wrong"


def test_another_text_is_not_signed() -> None:
    assert code_of(f"{TEXT.replace('answer', 'Answer')}\n{PETER_LINE}", PETER) == "note_signature_wrong"


def test_a_second_signature_of_the_same_key_is_passed_over() -> None:
    wrong = PETER_LINE.replace("RyyBwJnAM=", "RyyBwJnBM=")
    assert open_note(f"{TEXT}\n{PETER_LINE}{wrong}", [PETER]).signed_by == ("PeterNeumann",)


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}\n{PETER_LINE[:-1]}",
        f"\x01{TEXT}\n{PETER_LINE}",
        f"\ud800{TEXT}\n{PETER_LINE}",
        f"{TEXT}\r\n{PETER_LINE}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad Name')}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad+Name')}",
        f"{TEXT}\n{PETER_LINE}Unexpected line.\n",
        f"{TEXT}\n{PETER_LINE.replace('—', '-')}",
        f"{TEXT}\n— PeterNeumann x08go/Z\n",
        f"{TEXT}\n— PeterNeumann x08gow==\n",
        f"{TEXT}\n{PETER_LINE * 101}",
        f"{'x' * 1_000_000}\n\n{PETER_LINE}",
    ],
)
def test_what_has_not_the_form_of_a_note_is_refused(note: str) -> None:
    assert code_of(note, PETER) == "note_malformed"


def test_a_hundred_signatures_are_read() -> None:
    assert open_note(f"{TEXT}\n{PETER_LINE * 100}", [PETER]).text == TEXT


def test_a_verifier_named_twice_is_no_other_key() -> None:
    assert open_note(f"{TEXT}\n{PETER_LINE}", [PETER, PETER]).text == TEXT


def test_a_text_may_hold_empty_lines() -> None:
    text = "first\n\nsecond\n"
    assert open_note(sign_note(text, [LOG]), [LOG.verifier]).text == text


@pytest.mark.parametrize("text", ["", "no newline", "control\x07\n"])
def test_what_cannot_be_a_note_is_not_signed(text: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        sign_note(text, [LOG])
    assert refused.value.code == "note_malformed"


def test_a_note_is_not_made_without_a_key() -> None:
    with pytest.raises(InvalidValueError):
        sign_note("text\n", [])


def test_the_text_of_a_checkpoint_never_changes() -> None:
    assert checkpoint_text(CHECKPOINT) == (
        "sancai.example/journal\n20852163\nCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgo=\n"
        "logged-at 2026-03-01T04:00:00.000000Z\n"
    )


@given(
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 10**15),
)
def test_every_signed_checkpoint_is_read_back(size: int, root: bytes, microseconds: int) -> None:
    text = f"2026-03-01T12:00:00.{microseconds % 1_000_000:06d}Z"
    checkpoint = Checkpoint(ORIGIN, size, root, Moment.of_text(text))
    assert verify_checkpoint(sign_checkpoint(checkpoint, [LOG]), [LOG.verifier], ORIGIN) == checkpoint


def test_a_checkpoint_takes_several_signatures() -> None:
    note = sign_checkpoint(CHECKPOINT, [LOG, WITNESS])
    assert open_note(note, [LOG.verifier, WITNESS.verifier]).signed_by == (ORIGIN, "witness.example/w1")
    assert verify_checkpoint(note, [LOG.verifier], ORIGIN) == CHECKPOINT


def test_a_changed_key_of_the_log_signs_beside_the_old_one() -> None:
    newer = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"\x03" * 32))
    note = sign_checkpoint(CHECKPOINT, [LOG, newer])
    assert verify_checkpoint(note, [newer.verifier], ORIGIN) == CHECKPOINT


def test_a_witness_alone_does_not_speak_for_the_log() -> None:
    with pytest.raises(InvalidValueError) as refused:
        sign_checkpoint(CHECKPOINT, [WITNESS])
    assert refused.value.code == "checkpoint_not_signed_by_log"


def test_a_checkpoint_signed_by_a_witness_alone_is_refused() -> None:
    note = sign_note(checkpoint_text(CHECKPOINT), [WITNESS])
    with pytest.raises(InvalidValueError) as refused:
        verify_checkpoint(note, [LOG.verifier, WITNESS.verifier], ORIGIN)
    assert refused.value.code == "checkpoint_not_signed_by_log"


def test_a_checkpoint_of_another_log_is_refused() -> None:
    other = replace(CHECKPOINT, origin="witness.example/w1")
    with pytest.raises(InvalidValueError) as refused:
        verify_checkpoint(sign_checkpoint(other, [WITNESS]), [LOG.verifier, WITNESS.verifier], ORIGIN)
    assert refused.value.code == "checkpoint_of_another_log"


@given(st.data())
def test_any_changed_character_of_a_checkpoint_is_noticed(data: st.DataObject) -> None:
    note = sign_checkpoint(CHECKPOINT, [LOG])
    place = data.draw(st.integers(0, len(checkpoint_text(CHECKPOINT)) - 1))
    character = data.draw(st.characters(min_codepoint=32, max_codepoint=126).filter(lambda new: new != note[place]))
    with pytest.raises(InvalidValueError):
        verify_checkpoint(f"{note[:place]}{character}{note[place + 1 :]}", [LOG.verifier], ORIGIN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sancai.example/journal\n1\n",
        checkpoint_text(CHECKPOINT).replace("20852163", "020852163"),
        checkpoint_text(CHECKPOINT).replace("20852163", "-1"),
        checkpoint_text(CHECKPOINT).replace("20852163", "９"),
        checkpoint_text(CHECKPOINT).replace("20852163", "9223372036854775808"),
        checkpoint_text(CHECKPOINT).replace("Cgo=", "Cgp="),
        checkpoint_text(CHECKPOINT).replace("Cgo=", ""),
        checkpoint_text(CHECKPOINT).replace("logged-at ", ""),
        checkpoint_text(CHECKPOINT).replace(".000000Z", "Z"),
        checkpoint_text(CHECKPOINT).replace("2026", "soon"),
        checkpoint_text(CHECKPOINT).replace("example", "exam ple"),
        checkpoint_text(CHECKPOINT) + "\n",
    ],
)
def test_what_is_not_one_of_our_checkpoints_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        parse_checkpoint(text)
    assert refused.value.code == "checkpoint_malformed"


def test_lines_of_a_later_format_may_follow() -> None:
    assert parse_checkpoint(f"{checkpoint_text(CHECKPOINT)}entries-sealed 7\n") == CHECKPOINT
