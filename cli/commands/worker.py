"""``sancai worker``: verify drafts, index the log, deliver messages; as many at once as wanted."""

import signal
from typing import TYPE_CHECKING

import click

from cli.output import Leaf, note
from cli.processes import StopRequestedError, stop_on_signals
from cli.server import require_server
from cli.words import say

if TYPE_CHECKING:
    from registry.house import House


def run_once(house: "House") -> int:
    """Do all that waits now and return how many jobs were done: for tests and demonstrations."""
    from cli import working

    return working.run_once(house)


@click.command(
    "worker",
    cls=Leaf,
    help=say(
        "Run a worker: it reads submitted data again, indexes the log and delivers messages, until SIGTERM or Ctrl-C; "
        "a job at hand is then given back. Several may run at once.",
        "运行后台任务进程：复核提交的数据、为日志编号、投递消息，直到收到 SIGTERM 或 Ctrl-C，届时归还手中任务。"
        "可同时运行多个。",
    ),
    example="sancai worker\nsancai worker --once",
)
@click.option("--once", is_flag=True, help=say("Do what waits now and end.", "处理完当前任务后退出。"))
def command(once: bool) -> None:
    """Work."""
    require_server()
    from registry.house import open_house
    from storage.settings import read_settings

    stop_on_signals()
    try:
        with open_house(read_settings()) as house:
            if once:
                done = run_once(house)
                note(say(f"Jobs done: {done}.", f"已完成任务：{done}。"))
                return
            from cli import working

            working.run(house)
    except StopRequestedError:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        note(say("Stopped.", "已停止。"))
