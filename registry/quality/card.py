"""The dataset card: the YAML front matter of ``README.md``, as Hugging Face reads it, and what we read of it.

Of ``configs`` each entry has ``config_name``, ``data_files`` (a pattern, a list of patterns, a mapping from split to
patterns, or a list of ``split`` and ``path``) or ``data_dir``; and may state how its text is written (``encoding``,
``sep`` or ``delimiter``, ``quotechar``). ``dataset_info`` states ``features``. All else is left to other readers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from registry.errors import InvalidValueError
from registry.manifests.dialect import DELIMITERS, QUOTES, UNDECLARED, Dialect, encoding_named
from registry.quality.splits import TRAIN, matches

CARD_PATH: Final = "README.md"
FRONT_MATTER_MAX_BYTES: Final = 256 * 1024
CONFIGS_MAX: Final = 200
PATTERNS_MAX: Final = 1_000
FEATURES_MAX: Final = 10_000
DEFAULT_CONFIG: Final = "default"

_FRONT_MATTER = re.compile(rb"\A(?:\xef\xbb\xbf)?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_SPLIT = re.compile(r"\w+(?:\.\w+)*")


@dataclass(frozen=True, slots=True)
class Config:
    """One way to load a dataset: which patterns make each split; without any, convention decides below ``folder``."""

    name: str
    splits: tuple[tuple[str, tuple[str, ...]], ...] = ()
    folder: str = ""
    dialect: Dialect = UNDECLARED
    features: tuple[tuple[str, str], ...] | None = None
    default: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """What a dataset's card says of loading it. Without configs, convention decides."""

    configs: tuple[Config, ...] = ()

    @property
    def declares_files(self) -> bool:
        """Whether the card says which files make which split."""
        return bool(self.configs) and any(config.splits or config.folder for config in self.configs)

    def dialect_of(self, path: str) -> Dialect:
        """Return what the card says of the text of a file."""
        for config in self.configs:
            inside = path.startswith(f"{config.folder}/") if config.folder else not self.declares_files
            if any(matches(patterns, path) for _, patterns in config.splits) or (inside and not config.splits):
                return config.dialect
        return UNDECLARED


NO_CARD: Final = Card()


def read_card(path: Path) -> Card:
    """Return what the ``README.md`` at ``path`` says. Raises InvalidValueError as ``card_of``."""
    with path.open("rb") as content:
        return card_of(content.read(FRONT_MATTER_MAX_BYTES + 1_024))


def card_of(content: bytes) -> Card:
    """Return what the bytes of a ``README.md`` say.

    Raises:
        InvalidValueError: ``card_malformed`` when the front matter is no YAML, ``card_too_long``, or
            ``card_config_malformed`` with config and field.
    """
    found = _FRONT_MATTER.match(content[: FRONT_MATTER_MAX_BYTES + 16])
    if found is None:
        if content.startswith(b"---") and len(content) > FRONT_MATTER_MAX_BYTES:
            raise InvalidValueError("card_too_long", limit_bytes=FRONT_MATTER_MAX_BYTES)
        return NO_CARD
    try:
        stated = yaml.safe_load(found[1].decode())
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise InvalidValueError("card_malformed", reason=re.sub(r"\s+", " ", str(error))[:200]) from error
    if not isinstance(stated, Mapping):
        return NO_CARD
    features = _features_by_config(stated.get("dataset_info"))
    entries = stated.get("configs")
    if entries is None:
        return Card((Config(DEFAULT_CONFIG, features=features[DEFAULT_CONFIG]),)) if features else NO_CARD
    if not isinstance(entries, list) or not 1 <= len(entries) <= CONFIGS_MAX:
        raise InvalidValueError("card_config_malformed", config="", field="configs")
    configs = tuple(_config(entry, features) for entry in entries)
    names = [config.name for config in configs]
    if len(set(names)) < len(names):
        raise InvalidValueError("card_config_malformed", config=names[-1], field="config_name")
    return Card(configs)


def _config(entry: object, features: Mapping[str, tuple[tuple[str, str], ...]]) -> Config:
    if not isinstance(entry, Mapping):
        raise InvalidValueError("card_config_malformed", config="", field="configs")
    name = entry.get("config_name", DEFAULT_CONFIG)
    if not isinstance(name, str) or not re.fullmatch(r"[\w.-]{1,100}", name):
        raise InvalidValueError("card_config_malformed", config=str(name)[:100], field="config_name")
    folder = entry.get("data_dir") or ""
    if not isinstance(folder, str) or ".." in folder.split("/"):
        raise InvalidValueError("card_config_malformed", config=name, field="data_dir")
    folder = folder.removeprefix("./").strip("/")
    own = _features(entry.get("features"))
    return Config(
        name,
        _splits(name, entry.get("data_files"), folder),
        folder,
        _dialect(name, entry),
        own if own is not None else features.get(name),
        entry.get("default") is True,
    )


def _splits(config: str, stated: object, folder: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the patterns of each split. Raises InvalidValueError ``card_config_malformed``."""
    pairs: list[tuple[object, object]] = []
    if stated is None:
        return ()
    if isinstance(stated, Mapping):
        pairs = list(stated.items())
    elif isinstance(stated, list) and all(isinstance(each, Mapping) for each in stated):
        pairs = [(each.get("split", TRAIN), each.get("path")) for each in stated]
    else:
        pairs = [(TRAIN, stated)]
    found: dict[str, tuple[str, ...]] = {}
    for split, patterns in pairs:
        listed = patterns if isinstance(patterns, list) else [patterns]
        whole = isinstance(split, str) and _SPLIT.fullmatch(split) and split not in found and listed
        if not whole or not all(isinstance(each, str) and each for each in listed):
            raise InvalidValueError("card_config_malformed", config=config, field="data_files")
        prefix = f"{folder}/" if folder else ""
        found[str(split)] = tuple(prefix + str(each).removeprefix("./") for each in listed)
    if not found or sum(map(len, found.values())) > PATTERNS_MAX:
        raise InvalidValueError("card_config_malformed", config=config, field="data_files")
    return tuple(found.items())


def _dialect(config: str, entry: Mapping[object, object]) -> Dialect:
    """Return what a config says of its text. Raises InvalidValueError ``card_config_malformed``."""
    delimiter, quote, encoding = entry.get("sep", entry.get("delimiter")), entry.get("quotechar"), entry.get("encoding")
    for field, value, known in (("sep", delimiter, DELIMITERS), ("quotechar", quote, QUOTES)):
        if value is not None and value not in known:
            raise InvalidValueError("card_config_malformed", config=config, field=field)
    named = None
    if encoding is not None and (not isinstance(encoding, str) or (named := encoding_named(encoding)) is None):
        raise InvalidValueError("card_config_malformed", config=config, field="encoding")
    return Dialect(named, delimiter if isinstance(delimiter, str) else None, quote if isinstance(quote, str) else None)


def _features_by_config(stated: object) -> dict[str, tuple[tuple[str, str], ...]]:
    entries = stated if isinstance(stated, list) else [stated]
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for entry in entries[:CONFIGS_MAX]:
        if isinstance(entry, Mapping) and (features := _features(entry.get("features"))) is not None:
            found[str(entry.get("config_name", DEFAULT_CONFIG))] = features
    return found


def _features(stated: object) -> tuple[tuple[str, str], ...] | None:
    """Return (name, type) of declared columns; the type is empty where it is not a plain one."""
    if not isinstance(stated, list) or not 1 <= len(stated) <= FEATURES_MAX:
        return None
    named = [each for each in stated if isinstance(each, Mapping) and isinstance(each.get("name"), str)]
    return tuple((each["name"], each["dtype"] if isinstance(each.get("dtype"), str) else "") for each in named)
