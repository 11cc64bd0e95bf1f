import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import InvalidValueError
from registry.values.names import RESERVED_NAMESPACES, PublicName, require_namespace

# What huggingface_hub accepts as an identifier of a repository (validate_repo_id).
HUGGING_FACE = re.compile(r"^(\b[\w\-.]+\b/)?\b[\w\-.]{1,96}\b$", re.ASCII)


@pytest.mark.parametrize("text", ["yizhou-lab/Wind.Farm_2026", "ab/cd", "a" * 64 + "/" + "b" * 31, "_a/a_", "12/34"])
def test_names_within_the_rules_pass(text: str) -> None:
    assert str(PublicName.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "name_not_two_segments"),
        ("wind", "name_not_two_segments"),
        ("lab/wind/farm", "name_not_two_segments"),
        ("/wind", "name_segment_length"),
        ("lab/", "name_segment_length"),
        ("a/wind", "name_segment_length"),
        ("lab/" + "b" * 65, "name_segment_length"),
        ("a" * 64 + "/" + "b" * 32, "name_too_long"),
        ("实验室/风电", "name_characters"),
        ("lab/wind farm", "name_characters"),
        ("lab/wind\n", "name_characters"),
        ("lab/ｗｉｎｄ", "name_characters"),
        ("lab/%2e%2e", "name_characters"),
        ("lab/..", "name_edge"),
        (".lab/wind", "name_edge"),
        ("lab/-wind", "name_edge"),
        ("lab-/wind", "name_edge"),
        ("lab/wind.", "name_edge"),
        ("lab/wind--farm", "name_doubled_mark"),
        ("la..b/wind", "name_doubled_mark"),
        ("lab/wind.git", "name_ends_in_git"),
        ("lab.GIT/wind", "name_ends_in_git"),
        ("api/wind", "name_reserved"),
        ("Datasets/wind", "name_reserved"),
        ("sign-in/wind", "name_reserved"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_its_code(text: str, code: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        PublicName.parse(text)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "word",
    [
        "api",
        "v1",
        "datasets",
        "log",
        "xet",
        "delta-sharing",
        "openapi",
        "objects",
        "oauth",
        "static",
        "healthz",
        "sign-in",
    ],
)
def test_the_first_words_of_addresses_are_reserved(word: str) -> None:
    assert word in RESERVED_NAMESPACES


@pytest.mark.parametrize("word", sorted(RESERVED_NAMESPACES))
def test_every_reserved_word_is_refused_as_a_namespace_in_any_case(word: str) -> None:
    with pytest.raises(InvalidValueError):
        require_namespace(word.upper())


def test_a_reserved_word_may_be_a_slug() -> None:
    assert PublicName("lab", "docs").slug == "docs"


def test_names_that_differ_in_case_have_one_key() -> None:
    assert PublicName.parse("Lab/Wind").key == PublicName.parse("lab/wind").key == "lab/wind"


@given(st.from_regex(r"[A-Za-z0-9._-]{2,64}/[A-Za-z0-9._-]{2,64}", fullmatch=True))
def test_what_passes_here_passes_the_client_of_hugging_face(text: str) -> None:
    try:
        name = str(PublicName.parse(text))
    except InvalidValueError:
        return
    assert HUGGING_FACE.match(name)
    assert "--" not in name
    assert ".." not in name
    assert not name.endswith(".git")
    assert len(name) <= 96
