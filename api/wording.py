"""Words for codes: the one place where an error or a state becomes a sentence, in the reader's language.

Each file ``api/words/*.toml`` holds ``[code]`` tables with ``en`` and ``zh``; a sentence says what is wrong and what to
do.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from registry.errors import Parameter
from registry.values.moment import SHANGHAI, Moment

LANGUAGES: Final = ("zh", "en")

_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_CODES: Final = re.compile(r"[a-z][a-z_]{2,40}(?:, [a-z][a-z_]{2,40})*", re.ASCII)


@cache
def vocabulary() -> Mapping[str, Mapping[str, str]]:
    """Return every sentence by code and language. Raises ValueError when two files define one code."""
    known: dict[str, Mapping[str, str]] = {}
    for source in sorted((files("api") / "words").iterdir(), key=lambda item: item.name):
        if not source.name.endswith(".toml"):
            continue
        made: dict[str, dict[str, str]] = tomllib.loads(source.read_text(encoding="utf-8"))
        if twice := made.keys() & known.keys():
            raise ValueError(f"{source.name} defines again: {', '.join(sorted(twice))}")
        known |= made
    return known


def sentence(code: str, parameters: Mapping[str, Parameter], language: str) -> str:
    """Return the sentence for ``code``, or the code itself where no words are known."""
    words = vocabulary().get(code)
    if words is None:
        return code
    return words[language].format_map(_Shown(parameters, language))


class _Shown(dict[str, str]):
    """Parameters as people read them; the parameters of the answer itself stay as they are."""

    def __init__(self, parameters: Mapping[str, Parameter], language: str) -> None:
        super().__init__({name: _shown(value, language) for name, value in parameters.items()})

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def _shown(value: Parameter, language: str) -> str:
    """Return a value in words: a code by its name, an instant in the authority's zone, nothing as a dash."""
    if value is None or value == "":
        return "—"
    text = str(value)
    if _INSTANT.fullmatch(text):
        return Moment.of_text(text).instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S (Asia/Shanghai)")
    if _CODES.fullmatch(text):
        separator = "、" if language == "zh" else ", "
        return separator.join(term(code, language) for code in text.split(", "))
    return text


def term(code: str, language: str) -> str:
    """Return the name of a role, sector, state or other code, or the code itself where it has none."""
    named = vocabulary().get(f"term_{code}")
    return named[language] if named else code
