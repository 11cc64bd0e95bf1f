import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidValueError
from registry.journal.model import Checkpoint, Entry, Opening, commitment_of
from registry.values.identifiers import CaseId, EntryId
from registry.values.moment import Moment

NOON = Moment.of_text("2026-03-01T12:00:00+08:00")
ENTRY = Entry(
    id=EntryId("ent_" + "1" * 32),
    type="awards.approved",
    format_version=1,
    subject="case_" + "2" * 32,
    role="reviewer,signer",
    decided_at=NOON,
    commitment=b"\x03" * 32,
)


def test_leaf_bytes_never_change() -> None:
    # Written out: whoever changes this breaks every proof there is.
    assert ENTRY.leaf_bytes() == (
        b'{"commitment":"' + b"03" * 32 + b'","decided_at":"2026-03-01T04:00:00.000000Z","format_version":1,'
        b'"id":"ent_' + b"1" * 32 + b'","role":"reviewer,signer","subject":"case_' + b"2" * 32 + b'",'
        b'"type":"awards.approved"}'
    )


@pytest.mark.parametrize(
    "change",
    [
        {"id": EntryId("ent_" + "a" * 32)},
        {"type": "awards.rejected"},
        {"format_version": 2},
        {"subject": "case_" + "b" * 32},
        {"role": "reviewer"},
        {"decided_at": Moment.of_text("2026-03-01T12:00:00.000001+08:00")},
        {"commitment": b"\x04" * 32},
    ],
)
def test_every_part_of_an_entry_is_in_its_leaf(change: dict[str, Any]) -> None:
    assert replace(ENTRY, **change).leaf_bytes() != ENTRY.leaf_bytes()


@pytest.mark.parametrize(
    "subject", [CaseId.new(), "sha256:" + "0" * 64, "installation"], ids=["identifier", "digest", "word"]
)
def test_a_subject_is_an_identifier_a_digest_or_a_word(subject: str) -> None:
    assert json.loads(replace(ENTRY, subject=subject).leaf_bytes())["subject"] == subject


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("type", "Awards.Approved"),
        ("type", "award approved"),
        ("type", "伍万元"),
        ("type", ""),
        ("type", "a.b.c.d"),
        ("type", "awards.approved\n"),
        ("type", "50000"),
        ("subject", "91652201EMG3Q5GTC0"),
        ("subject", "哈密数据公司"),
        ("subject", "Hami Data"),
        ("subject", "lab/wind"),
        ("subject", "¥50,000.00"),
        ("subject", "5000000"),
        ("subject", ""),
        ("role", "Zhang San"),
        ("role", "张三"),
        ("role", "reviewer,"),
        ("role", ""),
        ("role", "reviewer2"),
    ],
)
def test_an_entry_has_no_room_for_names_amounts_or_sentences(field: str, text: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        replace(ENTRY, **{field: text})  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.parameters["field"]) == ("journal_entry_malformed", field)


@pytest.mark.parametrize("version", [0, -1, 1000, True, 1.0, "1"])
def test_a_format_version_is_a_small_positive_integer(version: Any) -> None:
    with pytest.raises(InvalidValueError) as refused:
        replace(ENTRY, format_version=version)
    assert refused.value.code == "journal_entry_malformed"


@pytest.mark.parametrize("commitment", [b"", b"x" * 31, b"x" * 33])
def test_a_commitment_is_32_bytes(commitment: bytes) -> None:
    with pytest.raises(InvalidValueError) as refused:
        replace(ENTRY, commitment=commitment)
    assert refused.value.code == "journal_hash_length"


def test_a_commitment_is_the_hash_of_tag_salt_and_canonical_json() -> None:
    opening = Opening(b"\x05" * 32, {"b": 1, "a": "风"})
    expected = hashlib.sha256(b"sancai/journal/opening/v1\x00" + b"\x05" * 32 + '{"a":"风","b":1}'.encode())
    assert commitment_of(opening) == expected.digest()


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_the_same_payload_is_hidden_by_its_salt(first: bytes, second: bytes) -> None:
    commitments = commitment_of(Opening(first, {"a": 1})), commitment_of(Opening(second, {"a": 1}))
    assert (commitments[0] == commitments[1]) == (first == second)


def test_openings_never_share_a_salt() -> None:
    assert len({Opening.create(None).salt for _ in range(100)}) == 100


def test_an_opening_does_not_print_its_salt() -> None:
    opening = Opening(b"salt" * 8, {"a": 1})
    assert "salt" not in repr(opening)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_salt_is_32_bytes(length: int) -> None:
    with pytest.raises(InvalidValueError) as refused:
        Opening(b"x" * length, {})
    assert refused.value.code == "journal_salt_length"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"origin": ""}, "signing_key_name_malformed"),
        ({"origin": "sancai example"}, "signing_key_name_malformed"),
        ({"origin": "sancai+example"}, "signing_key_name_malformed"),
        ({"origin": "a\nb"}, "signing_key_name_malformed"),
        ({"origin": "a" * 128}, "signing_key_name_malformed"),
        ({"size": -1}, "journal_position_out_of_range"),
        ({"size": 2**63}, "journal_position_out_of_range"),
        ({"size": True}, "journal_position_out_of_range"),
        ({"root": b"x" * 31}, "journal_hash_length"),
    ],
)
def test_a_checkpoint_that_cannot_be_is_refused(change: dict[str, Any], code: str) -> None:
    checkpoint = Checkpoint("sancai.example/journal", 1, b"x" * 32, NOON)
    with pytest.raises(InvalidValueError) as refused:
        replace(checkpoint, **change)
    assert refused.value.code == code
