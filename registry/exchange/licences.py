"""The licences a listing may name; data beside this module (``licences.toml``)."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence by its identifier; the names are empty for one of the SPDX list, which is its own name."""

    id: str
    zh: str = ""
    en: str = ""


@cache
def licences() -> dict[str, Licence]:
    """Return every licence by its identifier in lower case, in which SPDX compares them."""
    stated = tomllib.loads((files("registry.exchange") / "licences.toml").read_text(encoding="utf-8"))
    if stated.pop("format") != FORMAT:
        raise ValueError("licences.toml is of another format")
    found = [Licence(name) for name in stated["spdx"]]
    found += [Licence(each["id"], each["zh"], each["en"]) for each in stated["named"]]
    return {each.id.lower(): each for each in found}


def licence_named(given: str) -> Licence | None:
    """Return a licence by its identifier, in whatever case it was written; None for one that is not listed."""
    return licences().get(given.strip().lower())
