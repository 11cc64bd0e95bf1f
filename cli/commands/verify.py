"""``sancai verify``: every promise of an installation, checked against database and store; or a bundle or archive."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli.commands.verify_bundle import verify_bundle
from cli.commands.verify_package import verify_package
from cli.output import Leaf, line, show
from cli.server import require_server
from cli.words import say

if TYPE_CHECKING:
    from registry.house import House

CORRUPT: Final = 9


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was held against what, and what was found."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that is not what it was. ``dataset``, ``version`` and ``path`` are empty where there is none."""

    check: str
    code: str
    detail: str
    dataset: str = ""
    version: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All checks, and everything that is damaged."""

    ok: bool
    checks: tuple[Check, ...]
    damages: tuple[Damage, ...]


@click.command(
    "verify",
    cls=Leaf,
    help=say(
        "With FILE, a bundle of `sancai pull --bundle`: check every byte of it without network, and unpack it with "
        "--extract; or the archive of a case: signature, index, every digest, the dossier inside. Without, on the "
        "machine of an installation, check everything against database and store: manifest "
        "signatures, the digest of every object (each is read again), the journal's entries and root, the digests of "
        "reads, the checkpoints and dossiers in the log bucket, the ledger. Names what is damaged.",
        "给出 FILE（`sancai pull --bundle` 写成的文件）时，离线逐字节校验，并可用 --extract 解包；给出案件归档包时，"
        "离线核验签名、目录、摘要与其中案卷。不给时，在安装所在"
        "机器上离线核验数据库与存储中的全部内容：清单签名、每个对象的摘要（逐一重读）、日志条目与根、读取记录摘要、"
        "日志桶中的检查点与卷宗、台账；并指出损坏之处。",
    ),
    example="sancai verify\nsancai verify turbines.tar --extract ./turbines",
)
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--extract",
    type=click.Path(path_type=Path, file_okay=False),
    help=say("Unpack the files of the bundle into this folder.", "将文件解包到此文件夹。"),
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    help=say(
        "Trust only this public key (name+id+base64), not the one pinned for the service of the bundle.",
        "只信任此公钥（name+id+base64），不用为其来源服务固定的公钥。",
    ),
)
def command(file: Path | None, extract: Path | None, keys: tuple[str, ...]) -> int:
    """Verify a bundle, or an installation."""
    if file is not None:
        from sancai.archive_packages import is_package

        if extract is None and is_package(file):
            return verify_package(file, keys)
        verify_bundle(file, extract, keys)
        return 0
    if extract or keys:
        raise click.UsageError(say("Name the bundle, too.", "请同时指定文件。"))
    require_server()
    from registry.house import open_house
    from storage.settings import read_settings

    checks: list[Check] = []
    damages: list[Damage] = []
    with open_house(read_settings()) as house:
        for run in (_versions, _samples, _journal, _usage, _exports, _ledger):
            check, found = run(house)
            checks.append(check)
            damages += found
    report = Report(not damages, tuple(checks), tuple(damages))
    show(report, _print)
    return 0 if report.ok else CORRUPT


Run = Callable[["House"], tuple[Check, list[Damage]]]


def _versions(house: "House") -> tuple[Check, list[Damage]]:
    from registry.catalog.rereading import verify_versions

    name = say("manifests and objects", "清单与对象")
    found = [
        Damage(name, item.code, item.detail, item.dataset, item.version, item.path) for item in verify_versions(house)
    ]
    detail = (
        say(f"{len(found)} damaged", f"{len(found)} 处损坏")
        if found
        else say("every signature holds and every byte is as published", "全部签名有效，全部字节与发布时一致")
    )
    return Check(name, not found, detail), found


def _samples(house: "House") -> tuple[Check, list[Damage]]:
    from registry.exchange.sampling import verify_samples

    name = say("sealed samples", "封存样例")
    found = [
        Damage(name, item.code, item.detail, item.dataset, item.version, item.path) for item in verify_samples(house)
    ]
    detail = (
        say(f"{len(found)} damaged", f"{len(found)} 处不符")
        if found
        else say("every sample is what its version gives", "全部样例与版本重新抽取结果一致")
    )
    return Check(name, not found, detail), found


def _journal(house: "House") -> tuple[Check, list[Damage]]:
    from registry.errors import SancaiError
    from registry.journal.service import verify_log

    name = say("journal", "日志")
    try:
        with house.view() as view:
            newest = verify_log(view.connection, [house.signing_key.verifier])
    except SancaiError as error:
        return Check(name, ok=False, detail=str(error)), [Damage(name, error.code, str(error))]
    if newest is None:
        return Check(name, ok=True, detail=say("no entry yet", "尚无条目")), []
    root = newest.root.hex()
    return Check(name, ok=True, detail=say(f"{newest.size} entries, root {root}", f"{newest.size} 条，根 {root}")), []


def _usage(house: "House") -> tuple[Check, list[Damage]]:
    from registry.catalog.usage import changed_days

    name = say("reads", "读取记录")
    with house.view() as view:
        found = [Damage(name, "usage_digest_differs", day.isoformat()) for day in changed_days(view)]
    detail = (
        say(f"{len(found)} days are not as digested", f"{len(found)} 天与日志摘要不符")
        if found
        else say("the reads of every digested day are as journaled", "各日读取记录与日志摘要一致")
    )
    return Check(name, not found, detail), found


def _exports(house: "House") -> tuple[Check, list[Damage]]:
    from registry.archive.keeping import verify_archives
    from registry.dossier.exporting import verify_exports

    name = say("log bucket", "日志桶")
    items = chain(verify_exports(house), verify_archives(house))
    found = [Damage(name, item.code, f"{item.key} {item.detail}".rstrip()) for item in items]
    detail = (
        say(f"{len(found)} damaged", f"{len(found)} 处损坏")
        if found
        else say("every exported checkpoint leads to this log", "各导出检查点均与本日志一致")
    )
    return Check(name, not found, detail), found


def _ledger(house: "House") -> tuple[Check, list[Damage]]:
    from registry.errors import SancaiError
    from registry.vouchers.ledger import verify_ledger

    name = say("ledger", "台账")
    try:
        with house.view() as view:
            found = verify_ledger(view.connection)
    except SancaiError as error:
        return Check(name, ok=False, detail=str(error)), [Damage(name, error.code, str(error))]
    detail = say(
        f"{found.postings} postings on {found.accounts} accounts balance to the fen",
        f"{found.accounts} 个账户、{found.postings} 笔分录，逐分平衡",
    )
    return Check(name, ok=True, detail=detail), []


def _print(report: Report) -> None:
    for check in report.checks:
        line(f"{'OK ' if check.ok else 'BAD'}  {check.name}: {check.detail}")
    for text in _places(report.damages):
        line(text)
    line("OK" if report.ok else say("Damaged. Restore what is named above.", "存在损坏，请恢复上述内容。"))


def _places(damages: tuple[Damage, ...]) -> Iterator[str]:
    for damage in damages:
        if damage.dataset:
            place = f"{damage.dataset}@{damage.version} {damage.path}".rstrip()
            yield f"     {place}: {damage.code} {damage.detail}".rstrip()
        elif damage.code not in damage.detail:
            yield f"     {damage.check}: {damage.code} {damage.detail}".rstrip()
