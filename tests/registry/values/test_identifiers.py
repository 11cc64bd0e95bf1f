import copy
import pickle
import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidValueError
from registry.values import identifiers
from registry.values.identifiers import DatasetId, FirmId, Id, OrderId, uuid7

KINDS = [
    kind for kind in vars(identifiers).values() if isinstance(kind, type) and issubclass(kind, Id) and kind is not Id
]


def test_no_two_kinds_share_a_prefix() -> None:
    prefixes = [kind.prefix for kind in KINDS]
    assert sorted(set(prefixes)) == sorted(prefixes)
    assert all(prefix.isascii() and prefix.isalpha() and prefix.islower() for prefix in prefixes)


@pytest.mark.parametrize("kind", KINDS)
def test_an_identifier_is_read_back_from_its_text_and_its_column(kind: type[Id]) -> None:
    made = kind.new()
    assert kind(str(made)) == made == kind.of_uuid(made.uuid)


def test_a_firm_is_not_an_order() -> None:
    with pytest.raises(InvalidValueError) as refused:
        OrderId(FirmId.new())
    assert refused.value.code == "identifier_malformed"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ds",
        "ds_",
        "ds_" + "0" * 31,
        "ds_" + "0" * 33,
        "ds_" + "A" * 32,
        "ds_" + "g" * 32,
        "ds_" + "０" * 32,
        "DS_" + "0" * 32,
        "ds_" + "0" * 32 + "\n",
        "ds_00000000-0000-7000-8000-000000000000",
        "0" * 32,
    ],
)
def test_what_has_not_the_form_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        DatasetId(text)
    assert refused.value.code == "identifier_malformed"


def test_identifiers_carry_version_7_and_the_variant_of_the_rfc() -> None:
    made = [uuid7() for _ in range(1000)]
    assert {(value.version, value.variant) for value in made} == {(7, uuid.RFC_4122)}


def test_identifiers_carry_the_millisecond_they_were_made_in() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7().int >> 80
    assert before <= made <= time.time_ns() // 1_000_000


def test_a_later_identifier_sorts_after(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for millisecond in (1, 2, 1_800_000_000_000, 2**48 - 1):
        monkeypatch.setattr(time, "time_ns", lambda now=millisecond: now * 1_000_000)
        made.append(DatasetId.new())
    assert sorted(made) == made


def test_no_identifier_comes_twice() -> None:
    assert len({uuid7() for _ in range(10_000)}) == 10_000


@given(st.uuids())
def test_an_identifier_survives_copying(value: uuid.UUID) -> None:
    made = FirmId.of_uuid(value)
    copies = [copy.deepcopy(made), pickle.loads(pickle.dumps(made))]
    assert [(type(one), one) for one in copies] == [(FirmId, made)] * 2
