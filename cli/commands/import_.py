"""``sancai import``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.commands.publish import in_words, print_plan, stated_options, telling_of
from cli.connection import client
from cli.output import Leaf, bytes_text, facts, line, show
from cli.progress import bar
from cli.words import say

if TYPE_CHECKING:
    from sancai.importing import Imported


@click.command(
    "import",
    cls=Leaf,
    help=say(
        "Make a draft from FOLDER, which was downloaded from another hub: the cache of Hugging Face or one of its "
        "snapshots, a folder of snapshot_download, the cache of ModelScope, or a Git clone. The card travels as it is; "
        "source, address and licence are stated. A second run sends only what has changed.",
        "将从其他平台下载的 FOLDER 导入为草稿：Hugging Face 缓存或快照、snapshot_download 目录、ModelScope 缓存、"
        "Git 克隆。数据卡原样保留，并注明来源、地址与许可。再次运行只上传变化部分。",
    ),
    example="sancai import ~/.cache/huggingface/hub/datasets--org--coal --name acme/coal --sector energy --publish",
)
@click.argument("folder", type=click.Path(path_type=Path))
@stated_options
@click.option("--publish", "release", is_flag=True, help=say("Publish the draft once it is verified.", "核验后发布。"))
@click.option("--dry-run", is_flag=True, help=say("Show the plan and stop there.", "只显示计划，不上传。"))
@click.option("--wait", type=int, help=say("Seconds to wait for verification.", "等待核验的秒数。"))
def command(folder: Path, name: str | None, release: bool, dry_run: bool, wait: int | None, **given: object) -> None:
    """Import a folder."""
    from sancai.importing import plan_import

    given = in_words(given)
    with client() as service, bar() as drawn:
        if dry_run:
            made = plan_import(service, folder, name, telling=telling_of(drawn), **given)
        else:
            done = service.import_folder(
                folder, name, publish=release, wait_max_s=wait, telling=telling_of(drawn), **given
            )
    if dry_run:
        show(made, print_plan)
    else:
        show(done, _print)


def _print(done: "Imported") -> None:
    files = say(
        f"{done.files} files, {bytes_text(done.size_bytes)}", f"{done.files} 个文件，{bytes_text(done.size_bytes)}"
    )
    if not done.created:
        line(
            say(
                f"Nothing changed: {done.name}@v{done.version} stands.",
                f"没有变化：{done.name}@v{done.version} 仍然有效。",
            )
        )
    elif done.version:
        line(say(f"Published {done.name}@v{done.version}: {files}.", f"已发布 {done.name}@v{done.version}：{files}。"))
    else:
        line(
            say(
                f"The draft {done.draft} of {done.name} is verified: {files}. To publish it, add --publish.",
                f"{done.name} 的草稿 {done.draft} 已核验：{files}。加 --publish 再次运行即可发布。",
            )
        )
    facts([(say("source", "来源"), done.source), (say("address", "地址"), done.source_url)])
