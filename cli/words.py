"""The reader's language: Chinese or English, by ``SANCAI_LANG`` or else the locale of the terminal."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Literal

Language = Literal["en", "zh"]


def language_of(environment: Mapping[str, str]) -> Language:
    """Return the language that ``SANCAI_LANG`` or the locale names first (POSIX order); English without one."""
    for name in ("SANCAI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if given := environment.get(name):
            return "zh" if given.lower().startswith("zh") else "en"
    return "en"


@cache
def language() -> Language:
    """Return the language of this process."""
    return language_of(os.environ)


def say(en: str, zh: str) -> str:
    """Return the sentence in the reader's language."""
    return zh if language() == "zh" else en
