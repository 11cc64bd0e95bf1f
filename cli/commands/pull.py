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
    from sancai.bundling import Bundled
    from sancai.hf_cache import Cached
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
    example="sancai pull hami-wind/turbines@v1 --to ./turbines\n"
    "sancai pull hami-wind/turbines '**/*.parquet'\n"
    "sancai pull hami-wind/turbines@v1 --bundle turbines.tar",
)
@click.argument("name")
@click.argument("paths", nargs=-1)
@click.option("--to", "folder", type=click.Path(path_type=Path), help=say("Folder to write to.", "写入的文件夹。"))
@click.option(
    "--hf-cache",
    type=click.Path(path_type=Path, file_okay=False),
    help=say(
        "Fill this HF_HOME instead, for load_dataset without network.",
        "改为写入此 HF_HOME 缓存，供离线 load_dataset 使用。",
    ),
)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, dir_okay=False),
    help=say(
        "Write one file with data, signed manifest, proofs, licence and order, for machines without network; "
        "`sancai verify FILE` checks and unpacks it there.",
        "写成单个文件，含数据、签名清单、证明、许可与订单，供离线机器使用；"
        "在该机器上用 `sancai verify FILE` 校验并解包。",
    ),
)
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
def command(
    name: str,
    paths: tuple[str, ...],
    folder: Path | None,
    hf_cache: Path | None,
    bundle: Path | None,
    check: bool,
    keys: tuple[str, ...],
) -> None:
    """Download a dataset."""
    from sancai.datasets import Reference
    from sancai.stated import DeprecatedDataWarning

    # Said below, in the reader's language.
    warnings.simplefilter("ignore", DeprecatedDataWarning)
    if sum(each is not None for each in (folder, hf_cache, bundle)) > 1:
        raise click.UsageError(
            say("Give one of --to, --hf-cache and --bundle.", "--to、--hf-cache 与 --bundle 只能选一个。")
        )
    target = folder or Path(Reference.parse(name).name.split("/")[1])
    with client() as service, bar("download") as drawn, service.load(name, keys=keys) as version:
        if hf_cache:
            from sancai.hf_cache import fill_hf_cache

            filled = fill_hf_cache(version, hf_cache, paths, check=check, begin=drawn.begin, progress=drawn.advance)
        elif bundle:
            bundled = version.bundle(bundle, paths, check=check, begin=drawn.begin, progress=drawn.advance)
        else:
            done = version.pull(target, paths, check=check, begin=drawn.begin, progress=drawn.advance)
        deprecation = version.version.deprecation
    if deprecation:
        instead = deprecation.successor
        note(
            say(f"{version.reference} is deprecated: ", f"{version.reference} 已弃用：")
            + deprecation.reason
            + (say(f" Use {instead} instead.", f" 请改用 {instead}。") if instead else "")
        )
    if hf_cache:
        show(filled, _print_cached)
    elif bundle:
        show(bundled, _print_bundled)
    else:
        show(done, _print)


def _print(done: "Pulled") -> None:
    line(_arrived(done, str(done.folder)))
    facts(
        [
            (say("content digest", "内容摘要"), done.content_digest),
            (say("signed by", "签名"), ", ".join(done.signed_by)),
        ]
    )


def _print_cached(done: "Cached") -> None:
    line(_arrived(done, str(done.snapshot)))
    facts(
        [
            (say("content digest", "内容摘要"), done.content_digest),
            (say("signed by", "签名"), ", ".join(done.signed_by)),
            (
                say("load without network", "离线加载"),
                f'HF_HOME={done.home} HF_HUB_OFFLINE=1 load_dataset("{done.name}")',
            )
            if done.configs
            else (say("load without network", "离线加载"), f'load_dataset("{done.snapshot}")'),
        ]
    )
    if not done.configs:
        note(
            say(
                f'load_dataset("{done.name}") without network reads tables that the package datasets prepares. Install '
                "it beside sancai and run the same command again.",
                f'离线 load_dataset("{done.name}") 需由 datasets 包预先生成数据表；'
                "请在 sancai 所在环境安装 datasets 后重新运行同一命令。",
            )
        )


def _print_bundled(done: "Bundled") -> None:
    there = say(f", {bytes_text(done.already_there)} already there", f"，{bytes_text(done.already_there)} 已存在")
    what, size = f"{done.name}@v{done.version}", bytes_text(done.size_bytes)
    line(
        say(
            f"{what} is in {done.file}: {done.files} files, {size}{there if done.already_there else ''}.",
            f"{what} 已写入 {done.file}：{done.files} 个文件，{size}{there if done.already_there else ''}。",
        )
    )
    facts(
        [
            (say("content digest", "内容摘要"), done.content_digest),
            (say("signed by", "签名"), ", ".join(done.signed_by)),
            (say("with it", "附带"), ", ".join(done.papers)),
            (say("check and unpack", "校验并解包"), f"sancai verify {done.file} --extract DIR"),
        ]
    )


def _arrived(done: "Pulled | Cached", where: str) -> str:
    there = (
        say(f", {done.already_there} already there", f"，{done.already_there} 个已存在") if done.already_there else ""
    )
    what, size = f"{done.name}@v{done.version}", bytes_text(done.size_bytes)
    return say(
        f"{what} is in {where}: {done.files} files, {size}{there}.",
        f"{what} 已下载到 {where}：{done.files} 个文件，{size}{there}。",
    )
