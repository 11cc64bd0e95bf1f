"""``sancai serve``: the web server and a worker over one house, until SIGTERM or Ctrl-C."""

import socket
import sys
import time
from typing import TYPE_CHECKING, Final

import click

from cli.output import Leaf, note, show
from cli.processes import Processes, StopRequestedError, stop_on_signals
from cli.server import require_server
from cli.words import say

if TYPE_CHECKING:
    from storage.settings import Settings

READY_WITHIN_S: Final = 60


@click.command(
    "serve",
    cls=Leaf,
    help=say(
        "Run the service: web server and worker. Settings come from SANCAI_… variables; without any, database and "
        "objects live in your data folder. An embedded database is brought to this release; your own is migrated by "
        "`sancai migrate` only.",
        "运行服务：Web 服务器与后台任务进程。配置取自 SANCAI_… 环境变量；未设置时，数据库与对象保存在您的数据目录中。"
        "内置数据库自动升级；外部数据库须用 sancai migrate 升级。",
    ),
    example="sancai serve\nSANCAI_PORT=8471 sancai serve --no-worker",
)
@click.option("--no-worker", is_flag=True, help=say("Leave verification to workers elsewhere.", "不启动后台任务进程。"))
def command(no_worker: bool) -> int:
    """Serve."""
    require_server()
    from registry.house import open_house
    from storage.migrate import newest_revision, present_revision
    from storage.settings import read_settings

    stop_on_signals()
    settings = read_settings()
    processes = Processes()
    try:
        _require_free(settings)
        with open_house(settings) as house:
            if present_revision(house.database) != newest_revision():
                from sancai.errors import ConflictError

                raise ConflictError(
                    "schema_outdated",
                    say(
                        "The database is of another release. Run: sancai migrate",
                        "数据库版本不符，请运行：sancai migrate",
                    ),
                )
            # The children use the database that is held open here: none of them starts or migrates one.
            address = {"SANCAI_DATABASE_URL": house.database.url.render_as_string(hide_password=False)}
            try:
                processes.start("web", [sys.executable, "-P", "-m", "api.serve"], address)
                if not no_worker:
                    processes.start("worker", [sys.executable, "-P", "-c", _WORKER], address)
                _await_port(settings, processes)
                show(
                    {"url": settings.public_url, "home": str(settings.home)},
                    lambda ready: note(say(f"Sancai answers at {ready['url']}", f"三采服务已就绪：{ready['url']}")),
                )
                ended = processes.wait()
                note(say(f"The process {ended!r} has ended; stopping.", f"进程 {ended!r} 已退出，正在停止。"))
                return 1
            finally:
                processes.stop()
    except StopRequestedError:
        note(say("Stopped.", "已停止。"))
        return 0


_WORKER: Final = "from cli import main; main(['worker'])"


def _require_free(settings: "Settings") -> None:
    """Raise UnavailableError when another process listens where we are to listen."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            from sancai.errors import UnavailableError

            where = f"{settings.host}:{settings.port}"
            raise UnavailableError(
                "port_taken",
                say(
                    f"{where} cannot be listened on ({error.strerror}). Set SANCAI_PORT or SANCAI_HOST.",
                    f"无法监听 {where}（{error.strerror}）。请设置 SANCAI_PORT 或 SANCAI_HOST。",
                ),
                port=settings.port,
            ) from error


def _await_port(settings: "Settings", processes: Processes) -> None:
    """Return once the web server takes connections, or a child has ended, or it takes too long."""
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and not processes.ended():
        try:
            with socket.create_connection((settings.host, settings.port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
