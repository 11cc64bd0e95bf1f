"""``sancai demo``: the main job on real data, step by step, on an installation of its own."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.output import Leaf, line, note
from cli.processes import StopRequestedError, stop_on_signals
from cli.server import require_server
from cli.words import say

if TYPE_CHECKING:
    from cli.demo.people import People
    from cli.demo.stage import Stage


@click.command(
    "demo",
    cls=Leaf,
    help=say(
        "Run the whole job on real data: publish, adopt, award, redeem. Everything lives in a temporary folder and is "
        "gone afterwards.",
        "用真实数据走完全流程：发布、采信、奖励、核销。一切都在临时目录中，结束后即删除。",
    ),
    example="sancai demo --once\nsancai demo --store minio",
)
@click.option(
    "--store",
    type=click.Choice(["local", "minio"]),
    default="local",
    show_default=True,
    help=say("Where objects live.", "对象存储。"),
)
@click.option("--once", is_flag=True, help=say("Exit at the end instead of staying open.", "完成后退出，不保持运行。"))
def command(store: str, once: bool) -> int:
    """Run the demo."""
    require_server()
    from cli.demo import checking, paying, publishing, registers
    from cli.demo.people import People
    from cli.demo.stage import CLOCK_STARTS_AT, Stage
    from cli.demo.telling import Telling, local

    stop_on_signals()
    if store == "minio":
        from storage.minio_server import obtain_minio

        # Building it is part of the installation, done once; the story's time begins afterwards.
        obtain_minio(note)
    telling = Telling()
    line(
        say(
            "Sancai demo: real data, fictitious firms. Its database is a demo database with a settable clock, because "
            f"a public notice lasts seven days; it starts at {local(CLOCK_STARTS_AT)} in Shanghai.",
            "三采演示：数据真实，企业虚构。公示需七天，故本演示数据库使用可拨动的时钟，"
            f"起始于 {local(CLOCK_STARTS_AT)}（北京时间）。",
        )
    )
    try:
        with Stage(store) as stage, tempfile.TemporaryDirectory(prefix="sancai-demo-files-") as made:
            folder, people = Path(made), People(stage.url)
            registers.tell(stage, people, telling)
            published = publishing.tell_publishing(folder, people, telling)
            publishing.tell_adoption(folder, people, telling, published)
            paying.tell_award(people, telling)
            paying.tell_vouchers(folder, people, telling, published)
            checking.tell(stage, folder, people, telling)
            line()
            line(say(f"Done in {telling.elapsed_s():.1f} s.", f"完成，用时 {telling.elapsed_s():.1f} 秒。"))
            if not once:
                _stay_open(stage, people)
    except StopRequestedError:
        line(say("Stopped; nothing is left behind.", "已停止，未留下任何进程或文件。"))
        return 130
    return 0


def _stay_open(stage: "Stage", people: "People") -> None:
    from cli.demo import cast

    line(
        say(
            f"The service runs at {stage.url} until Ctrl-C. Sign in as:",
            f"服务运行于 {stage.url}，按 Ctrl-C 结束。登录：",
        )
    )
    for login in (cast.PUBLISHER.login, cast.BUYER.login, cast.REVIEWER.login, cast.PAYER.login):
        line(f"  {login:16} {people[login].password}")
    stage.wait()
