"""``sancai pull``."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Leaf, bytes_text, facts, line, note, show
from cli.progress import bar
from cli.words import say

if TYPE_CHECKING:
    from sancai.pull import Pulled


@click.command(
    "pull",
    cls=Leaf,
    help=say(
        "Download dataset NAME (namespace/name, or namespace/name@v2) and check every byte against its signed "
        "manifest. PATHS are files, folders or patterns in quotes ('data/*.csv', '**/*.parquet'); without any, all. "
        "A download that was cut goes on when you run the same command again; what is there is not fetched again.",
        "下载数据集 NAME（命名空间/名称，或加 @v2），并按签名清单逐字节校验。PATHS 为文件、文件夹或加引号的通配符"
        "（'data/*.csv'、'**/*.parquet'）；不写则下载全部。中断后再次运行同一命令即可继续，已有的文件不再下载。",
    ),
    example="sancai pull hami-wind/turbines@v1 --to ./turbines\nsancai pull hami-wind/turbines '**/*.parquet'",
)
@click.argument("name")
@click.argument("paths", nargs=-1)
@click.option("--to", "folder", type=click.Path(path_type=Path), help=say("Folder to write to.", "写入的文件夹。"))
@click.option(
    "--check",
    is_flag=True,
    help=say("Hash also files that did not change since they were last hashed.", "未变动的本地文件也重新计算摘要。"),
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    help=say(
        "Trust only this public key (name+id+base64), not the one pinned for the service.",
        "只信任此公钥（name+id+base64），不用已固定的公钥。",
    ),
)
def command(name: str, paths: tuple[str, ...], folder: Path | None, check: bool, keys: tuple[str, ...]) -> None:
    """Download a dataset."""
    from sancai.datasets import Reference
    from sancai.pull import pull
    from sancai.stated import DeprecatedDataWarning

    # Said below, in the reader's language.
    warnings.simplefilter("ignore", DeprecatedDataWarning)
    target = folder or Path(Reference.parse(name).name.split("/")[1])
    with client() as service, bar("download") as drawn:
        done = pull(
            service, name, target, paths=paths, keys=keys, check=check, begin=drawn.begin, progress=drawn.advance
        )
    if done.deprecation:
        instead = done.deprecation.successor
        note(
            say(f"{done.name}@v{done.version} is deprecated: ", f"{done.name}@v{done.version} 已弃用：")
            + done.deprecation.reason
            + (say(f" Use {instead} instead.", f" 请改用 {instead}。") if instead else "")
        )
    show(done, _print)


def _print(done: "Pulled") -> None:
    there = (
        say(f", {done.already_there} already there", f"，{done.already_there} 个已存在") if done.already_there else ""
    )
    what, size = f"{done.name}@v{done.version}", bytes_text(done.size_bytes)
    line(
        say(
            f"{what} is in {done.folder}: {done.files} files, {size}{there}.",
            f"{what} 已下载到 {done.folder}：{done.files} 个文件，{size}{there}。",
        )
    )
    facts(
        [
            (say("content digest", "内容摘要"), done.content_digest),
            (say("signed by", "签名"), ", ".join(done.signed_by)),
        ]
    )
