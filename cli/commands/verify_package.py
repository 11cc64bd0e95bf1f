"""``sancai verify FILE`` for the archive of a case: checked without network, its dossier recomputed."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cli.output import bytes_text, facts, line, note, show
from cli.words import say

CORRUPT = 9


@dataclass(frozen=True, slots=True)
class Checked:
    """What a package holds; ``dossier`` lists what does not hold in the dossier inside, None: nothing recomputed it."""

    package: dict[str, Any]
    dossier: tuple[str, ...] | None


def verify_package(file: Path, keys: tuple[str, ...]) -> int:
    """Check the package ``file`` and the dossier inside, print what it holds, and return the exit code."""
    from sancai import archive_packages

    found = archive_packages.verify_package(file, keys)
    stated = {name: value for name, value in asdict(found).items() if name != "dossier"}
    checked = Checked(stated, _recomputed(found.dossier, found.keys))
    show(checked, _print)
    return CORRUPT if checked.dossier else 0


def _recomputed(dossier: bytes, keys: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return what does not hold in a dossier, or None where what recomputes it is not installed."""
    try:
        from registry.dossier.rules import recompute_bytes
        from registry.journal.signing import Verifier
    except ImportError:
        return None
    if not dossier:
        return None
    found = recompute_bytes(dossier, [Verifier.parse(key) for key in keys])
    return tuple(f"{each.part}: {each.code} {each.detail}".rstrip() for each in found)


def _print(found: Checked) -> None:
    package = found.package
    what, size = f"{package['case']} r{package['revision']}", bytes_text(package["size_bytes"])
    if not found.dossier:
        count = package["documents"]
        line(say(f"OK  {what}: {count} documents, {size}.", f"OK  {what}：{count} 份文件，{size}。"))
    facts(
        [
            (say("outcome", "结果"), package["outcome"]),
            (say("class", "保管类别"), package["retention_class"]),
            (say("keep until", "保管至"), package["keep_until"] or say("for ever", "永久")),
            (say("signed by", "签名"), package["signed_by"]),
            (say("from", "来源"), package["service"]),
            (say("by digest only", "仅存摘要"), ", ".join(package["withheld"]) or None),
            (say("left out for the reader", "未提供"), ", ".join(package["absent"]) or None),
        ]
    )
    for each in found.dossier or ():
        line(f"✗ {each}")
    if found.dossier is None:
        note(
            say(
                'The dossier inside was not recomputed: that needs `pip install "sancai[server]"`.',
                '未重算其中的案卷：需要 pip install "sancai[server]"。',
            )
        )
