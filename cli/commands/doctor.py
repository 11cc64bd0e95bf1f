"""``sancai doctor``: what is wrong with an installation, and how to mend it."""

import click

from cli.output import Leaf, line, show
from cli.server import require_server
from cli.words import say


@click.command(
    "doctor",
    cls=Leaf,
    help=say(
        "Check settings, keys, database, role, object store, clocks and disk; each finding says how to mend it.",
        "检查配置、密钥、数据库、角色、对象存储、时钟与磁盘；每项问题都给出修复办法。",
    ),
    example="sancai doctor",
)
def command() -> int:
    """Examine an installation."""
    require_server()
    from cli.checkup import Finding, examine

    def report(found: list[Finding]) -> None:
        for item in found:
            line(f"{'OK ' if item.ok else 'BAD'}  {item.name}: {item.detail}")
            if not item.ok:
                line(f"     → {item.remedy}")
        bad = sum(not item.ok for item in found)
        line("OK" if not bad else say(f"{bad} to mend.", f"共 {bad} 项需要处理。"))

    found = list(examine())
    show(found, report)
    return next((item.exit_code for item in found if not item.ok), 0)
