"""Whether a version loads, and with what: its files put into configs and splits, as a buyer's tools would.

The card's configs decide which files make which split, and without them the conventions of ``splits.py``; what a split
loads with, and what breaks it, says ``split_check.py``. Files are seen one after the other in ascending order of path,
and nothing is kept of a file but what differs; so a million files take no more memory than one.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from registry.quality.card import CARD_PATH, DEFAULT_CONFIG, Card, Config
from registry.quality.split_check import FileRead, Gathered, LoadingFault, SplitCheck, counted
from registry.quality.splits import CONVENTIONS, TRAIN, by_convention, is_data, matches
from registry.values.canonical import Json

FAULTS_MAX: Final = 100


class LoadingCheck:
    """Loads a draft as a buyer would; sees every file once, in ascending order of path."""

    def __init__(self, card: Card) -> None:
        self._card = card
        plain = card.configs[0] if card.configs and not card.declares_files else Config(DEFAULT_CONFIG)
        self._plain = plain
        self._declared: dict[tuple[str, str], SplitCheck] = {}
        self._guessed: dict[tuple[str, int, str], SplitCheck] = {}
        self._unmatched = {
            (config.name, split, pattern)
            for config in card.configs
            for split, patterns in config.splits
            for pattern in patterns
        }
        self._left_out = Gathered()
        self._data_files = 0

    def see(self, file: FileRead) -> None:
        """Take in a file."""
        if not is_data(file.path):
            return
        self._data_files += 1
        if not self._card.declares_files:
            self._guess(self._plain, file, file.path)
            return
        taken = False
        for config in self._card.configs:
            taken = self._see_declared(config, file) or taken
        if not taken:
            self._left_out.add(file)

    def _see_declared(self, config: Config, file: FileRead) -> bool:
        if not config.splits:
            inside = f"{config.folder}/" if config.folder else ""
            if not file.path.startswith(inside):
                return False
            self._guess(config, file, file.path.removeprefix(inside))
            return True
        taken = False
        for split, patterns in config.splits:
            if found := [pattern for pattern in patterns if matches((pattern,), file.path)]:
                taken = True
                self._unmatched.difference_update({(config.name, split, pattern) for pattern in found})
                key = (config.name, split)
                self._declared.setdefault(key, SplitCheck(*key, config.features)).see(file)
        return taken

    def _guess(self, config: Config, file: FileRead, path: str) -> None:
        """Put a file where each of the conventions would; which of them holds is known at the end."""
        for level, split in enumerate(by_convention(path)):
            if split is not None:
                key = (config.name, level, split)
                self._guessed.setdefault(key, SplitCheck(config.name, split, config.features)).see(file)

    def finish(self) -> tuple[dict[str, Json], tuple[LoadingFault, ...]]:
        """Return what the version loads with, and what breaks; it loads when nothing does."""
        names = [config.name for config in self._card.configs] if self._card.declares_files else [self._plain.name]
        faults = [
            LoadingFault(
                CARD_PATH, "config_files_missing", {"config": config, "split": split, "pattern": pattern[:200]}
            )
            for config, split, pattern in sorted(self._unmatched)
        ]
        configs: list[Json] = []
        for name in names:
            splits, level = self._splits_of(name)
            for split in splits:
                split.finish()
                if level is None and split.tables.files:
                    self._left_out.files += split.assets.files
            faults += [split.fault for split in splits if split.fault]
            shown: dict[str, Json] = {"name": name, "splits": [split.as_json() for split in splits]}
            if level is not None:
                shown["convention"] = CONVENTIONS[level]
                self._leave_out(name, level, splits)
            if any(config.name == name and config.default for config in self._card.configs):
                shown["default"] = True
            if splits:
                configs.append(shown)
        loads: dict[str, Json] = {
            "from": "card" if self._card.declares_files else "convention",
            "configs": configs,
            "left_out": counted(self._left_out),
        }
        return loads, tuple(faults[:FAULTS_MAX])

    def _splits_of(self, name: str) -> tuple[list[SplitCheck], int | None]:
        """Return the splits of a config (train, validation, test, others), and the convention that found them."""
        if declared := [split for (config, _), split in self._declared.items() if config == name]:
            return declared, None
        for level in range(len(CONVENTIONS)):
            found = {
                split: check
                for (config, at, split), check in self._guessed.items()
                if config == name and at == level and not check.is_empty
            }
            if found:
                return [found[split] for split in _in_order(found)], level
        return [], None

    def _leave_out(self, name: str, level: int, splits: Sequence[SplitCheck]) -> None:
        """Count what a convention that looks at names passes over."""
        everything = self._guessed.get((name, len(CONVENTIONS) - 1, TRAIN))
        if everything is None:
            return
        passed = sum(split.tables.files + (0 if split.tables.files else split.assets.files) for split in splits)
        passed += sum(1 for split in splits if split.metadata)
        total = everything.tables.files + everything.assets.files + (1 if everything.metadata else 0)
        if level < len(CONVENTIONS) - 1 or splits[0].tables.files:
            self._left_out.files += max(0, total - passed)


def _in_order(splits: Iterable[str]) -> list[str]:
    usual = {"train": 0, "validation": 1, "test": 2}
    return sorted(splits, key=lambda split: (usual.get(split, 3), split))
