"""Every code that can reach a reader has its sentence in both languages, with the parameters it is raised with."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.wording import LANGUAGES, sentence, vocabulary

ROOT = Path(__file__).parents[2]
RAISED = {
    "InvalidValueError",
    "NotAllowedError",
    "NotFoundError",
    "ConflictError",
    "UnavailableError",
    "CorruptContentError",
    "RuleError",
    "Obstacle",
    "Condition",
}


def codes_raised() -> Iterator[tuple[str, str]]:
    """Yield (code, place) of every literal code in registry/ and api/."""
    for folder in ("registry", "api"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                first = node.args[0]
                if name in RAISED and isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield first.value, f"{path.relative_to(ROOT)}:{node.lineno}"


def test_every_code_has_words() -> None:
    missing = {f"{code} ({place})" for code, place in codes_raised() if code not in vocabulary()}
    assert not missing


@pytest.mark.parametrize("code", sorted(vocabulary()))
def test_words_exist_in_both_languages_and_take_the_same_parameters(code: str) -> None:
    words = vocabulary()[code]
    assert set(words) == set(LANGUAGES)
    assert all(text.strip() for text in words.values())
    named = [{name for _, name, _, _ in string.Formatter().parse(words[language]) if name} for language in LANGUAGES]
    english_only = {name for name in named[1] ^ named[0] if not name.endswith(("_en", "_zh"))}
    assert not english_only


def test_a_parameter_that_is_missing_is_shown_by_its_name() -> None:
    assert "{given}" in sentence("money_not_whole_fen", {}, "en")


def test_a_code_without_words_is_shown_itself() -> None:
    assert sentence("no_such_code", {}, "en") == "no_such_code"


def test_an_instant_is_read_in_the_zone_of_the_authority() -> None:
    said = sentence("notice_still_runs", {"ends_at": "2026-03-09T16:00:00.000000Z"}, "en")
    assert "2026-03-10 00:00:00 (Asia/Shanghai)" in said


def test_codes_are_read_by_their_names() -> None:
    said = sentence("role_missing", {"roles": "payer, reviewer"}, "zh")
    assert "财政拨付人员、初审人员" in said


def test_nothing_is_read_as_a_dash() -> None:
    assert "—" in sentence("award_event_in_term", {"first": "a", "last": "b", "event_on": ""}, "en")
