"""A bar for work that takes long: on a terminal only, and never in the way of ``--json`` or a pipe."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cli.output import note, wants_json
from cli.words import say


class Bar:
    """What the functions of the client tell of their progress."""

    def begin(self, size_bytes: int) -> None:
        """Say how much there is to do."""

    def advance(self, size_bytes: int) -> None:
        """Say how much went further; negative when some has to be done again."""

    def step(self, name: str) -> None:
        """Say which step begins."""

    def say(self, text: str) -> None:
        """Say something that stays above the bar."""
        if not wants_json():
            note(text)


STEPS = {
    "walk": ("Looking through the folder", "扫描文件夹"),
    "read": ("Comparing with the newest version", "与最新版本比较"),
    "dataset": ("Looking for the dataset", "查找数据集"),
    "draft": ("Opening the draft", "打开草稿"),
    "upload": ("Sending", "上传"),
    "verify": ("The service reads the data", "服务端核验数据"),
    "publish": ("Publishing", "发布"),
    "download": ("Fetching", "下载"),
}


@contextmanager
def bar(step: str = "") -> Iterator[Bar]:
    """Yield a bar, drawn on standard error when that is a terminal and text is wanted."""
    if wants_json() or not sys.stderr.isatty():
        yield Bar()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    drawn = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )

    class Drawn(Bar):
        def begin(self, size_bytes: int) -> None:
            drawn.update(task, total=size_bytes, completed=0)

        def advance(self, size_bytes: int) -> None:
            drawn.advance(task, size_bytes)

        def say(self, text: str) -> None:
            drawn.console.print(text, markup=False, highlight=False)

        def step(self, name: str) -> None:
            drawn.update(task, description=say(*STEPS.get(name, (name, name))))

    with drawn:
        task = drawn.add_task(say(*STEPS.get(step, (step, step))), total=None)
        yield Drawn()
