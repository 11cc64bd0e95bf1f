"""Words for codes: the one place where an error or a state becomes a sentence, in the reader's language.

Each file ``api/words/*.toml`` holds ``[code]`` tables with ``en`` and ``zh``; a sentence says what is wrong and what to
do.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from registry.errors import Parameter

LANGUAGES: Final = ("zh", "en")


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


class _Given(dict[str, Parameter]):
    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def sentence(code: str, parameters: Mapping[str, Parameter], language: str) -> str:
    """Return the sentence for ``code``, or the code itself where no words are known."""
    words = vocabulary().get(code)
    if words is None:
        return code
    return words[language].format_map(_Given(parameters))
