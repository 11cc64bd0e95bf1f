"""``sancai notice-probe``: look at every running notice from outside the service, hour after hour."""

import os
import signal
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.output import Leaf, note, show
from cli.processes import StopRequestedError, stop_on_signals
from cli.server import require_server
from cli.words import language, say

if TYPE_CHECKING:
    from cli.probing import Round
    from sancai.client import Client
    from sancai.notice_probes import NoticeProbes

EVERY_MINUTES = 60


@click.command(
    "notice-probe",
    cls=Leaf,
    help=say(
        "Look at the page of every running notice of your office and record what is seen, each hour until SIGTERM or "
        "Ctrl-C. Run it on another machine than the service, as a service account with the role prober: "
        "SANCAI_CLIENT_ID and SANCAI_CLIENT_SECRET, or a token in SANCAI_TOKEN. What cannot be sent waits in FILE.",
        "每小时访问本单位公示中各事项的页面并记录结果，直到收到 SIGTERM 或 Ctrl-C。请在服务以外的机器上、"
        "以 prober 角色的服务账号运行（SANCAI_CLIENT_ID 与 SANCAI_CLIENT_SECRET，或 SANCAI_TOKEN）。"
        "暂时无法上报的记录保存在 FILE。",
    ),
    example="sancai notice-probe --once\nsancai notice-probe --every 60",
)
@click.option("--once", is_flag=True, help=say("Look once and end.", "探测一轮后退出。"))
@click.option(
    "--every",
    "every_minutes",
    type=click.IntRange(1, 24 * 60),
    default=EVERY_MINUTES,
    show_default=True,
    help=say("Minutes between two rounds.", "两轮之间的分钟数。"),
)
@click.option(
    "--file",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help=say("Where looks wait that are not sent yet.", "未上报记录的存放文件。"),
)
@click.option(
    "--allow-private",
    is_flag=True,
    help=say("Also read pages at addresses that are not public.", "允许访问非公网地址的页面。"),
)
def command(once: bool, every_minutes: int, path: Path | None, allow_private: bool) -> None:
    """Probe notices."""
    require_server()
    import platformdirs

    from cli.probing import Kept, probe_round
    from sancai.errors import UnavailableError
    from storage.web_pages import read_page

    stop_on_signals()
    kept = Kept.at(path or Path(platformdirs.user_state_path("sancai")) / "notice-probe.json")
    read = partial(read_page, private_allowed=allow_private)
    try:
        while True:
            made = probe_round(_signed_in, read, partial(datetime.now, UTC), kept)
            if once:
                show(made, _print_round)
                break
            _print_round(made)
            time.sleep(every_minutes * 60)
    except StopRequestedError:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        note(say("Stopped.", "已停止。"))
        return
    if made.failure:
        raise UnavailableError(
            made.failure,
            say(
                f"The service took nothing ({made.failure}); what was seen waits for the next round.",
                f"服务未接收（{made.failure}），记录留待下一轮上报。",
            ),
        )


def _signed_in() -> "NoticeProbes":
    """Return the service as the account of the probe; the token of a machine lives an hour, so one for each round."""
    from sancai.client import Client

    configured = Client.configured(language())
    identity, secret = os.environ.get("SANCAI_CLIENT_ID"), os.environ.get("SANCAI_CLIENT_SECRET")
    if not identity or not secret:
        return configured.notice_probes
    return _as_machine(configured, identity, secret).notice_probes


def _as_machine(configured: "Client", identity: str, secret: str) -> "Client":
    from sancai.client import Client

    granted = configured.session.form(
        "/oauth/token", grant_type="client_credentials", client_id=identity, client_secret=secret
    )
    return Client(configured.session.url, str(granted["access_token"]), language())


def _print_round(made: "Round") -> None:
    note(
        say(
            f"Notices looked at: {made.looked}, seen: {made.seen}; sent: {made.sent}, waiting: {made.waiting}.",
            f"已探测公示：{made.looked}，可见：{made.seen}；已上报：{made.sent}，待上报：{made.waiting}。",
        )
    )
    for each in made.refused:
        note(say(f"refused: {each}", f"被拒收：{each}"))
