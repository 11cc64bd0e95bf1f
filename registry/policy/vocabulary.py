"""The words of facts, codes, evidence and keys that policy documents name (``vocabulary.toml``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from registry.errors import NotFoundError
from registry.policy.facts import FactType
from registry.policy.toml_table import Source, Table


@dataclass(frozen=True, slots=True)
class Words:
    """What something is called in English and Chinese."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every name a policy document may use, by what it names."""

    fact_types: Mapping[str, FactType]
    facts: Mapping[str, Words]
    codes: Mapping[str, Words]
    evidence: Mapping[str, Words]
    beneficiaries: Mapping[str, Words]
    keys: Mapping[str, Words]

    def fact(self, name: str) -> Words:
        """Return what a fact is called. Raises NotFoundError."""
        return _of(self.facts, name)

    def type_of(self, name: str) -> FactType:
        """Return what a fact is. Raises NotFoundError."""
        if name not in self.fact_types:
            raise NotFoundError("policy_fact_unknown", given=name[:60])
        return self.fact_types[name]

    def key(self, name: str) -> Words:
        """Return what a key of subject and content is called; one of an older file is called by itself."""
        return self.keys.get(name, Words(name, name))

    def code(self, name: str) -> Words:
        """Return what a code is called; a code that was admitted by decision is called by itself."""
        return self.codes.get(name, Words(name, name))


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary that comes with the software. Raises InvalidValueError."""
    name = "vocabulary.toml"
    source = Source(name, (files("registry.policy") / name).read_text(encoding="utf-8"))
    with Table(source, source.content) as top:
        types: dict[str, FactType] = {}
        with top.table("fact") as table:
            facts = {each: _fact(table.table(each), each, types) for each in table.names()}
        return Vocabulary(
            types, facts, _words(top, "code"), _words(top, "evidence"), _words(top, "beneficiary"), _words(top, "key")
        )


def _fact(table: Table, name: str, types: dict[str, FactType]) -> Words:
    with table:
        types[name] = table.choice("type", FactType)
        return Words(table.text("en"), table.text("zh"))


def _words(top: Table, key: str) -> dict[str, Words]:
    with top.table(key) as table:
        return {each: _pair(table.table(each)) for each in table.names()}


def _pair(table: Table) -> Words:
    with table:
        return Words(table.text("en"), table.text("zh"))


def _of(words: Mapping[str, Words], name: str) -> Words:
    if name not in words:
        raise NotFoundError("policy_fact_unknown", given=name[:60])
    return words[name]
