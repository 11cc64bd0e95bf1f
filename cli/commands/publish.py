"""``sancai publish``."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.connection import client
from cli.output import Leaf, bytes_text, facts, line, show
from cli.progress import Bar, bar
from cli.stated import (
    earlier_publication,
    industry_options,
    moment_of,
    origin_option,
    registration_option,
    registrations_of,
    right_option,
    rights_of,
)
from cli.words import say

if TYPE_CHECKING:
    from sancai.publishing import Plan, Published, Telling


def _earlier(_: click.Context, __: click.Parameter, given: str | None) -> list[dict[str, str | None]]:
    return [earlier_publication(given)] if given else []


_STATED = (
    click.option("--name", help=say("namespace/name of the dataset.", "数据集名称。")),
    click.option("--title", help=say("Title, in any script.", "标题。")),
    click.option("--description", help=say("What is in it.", "内容说明。")),
    click.option("--sector", help=say("Sector, for example new_energy.", "行业，例如 new_energy。")),
    click.option("--licence", help=say("Licence, for example CC-BY-4.0.", "许可，例如 CC-BY-4.0。")),
    click.option("--access", type=click.Choice(["public", "gated"]), help=say("Who may read.", "读取范围。")),
    click.option("--keyword", "keywords", multiple=True, help=say("A keyword; may be repeated.", "关键词，可重复。")),
    click.option("--message", help=say("What is new in this version.", "本版本的变化。")),
    origin_option,
    click.option("--source", help=say("Source statement.", "来源说明。")),
    click.option("--source-url", help=say("Address of the source.", "来源地址。")),
    click.option("--source-licence", help=say("Licence of the source.", "来源许可。")),
    click.option(
        "--published-before",
        "earlier_publications",
        callback=_earlier,
        help=say("Earlier publication: DATE WHERE.", "此前公开发布：日期 地点。"),
    ),
    click.option(
        "--parent", "parents", multiple=True, help=say("namespace/name@v1 it derives from.", "派生自的版本。")
    ),
    click.option("--grade", type=click.Choice(["general", "important"]), help=say("Security grade.", "安全等级。")),
    click.option("--desensitised/--not-desensitised", default=None, help=say("Personal data was removed.", "已脱敏。")),
    click.option(
        "--embargo-until",
        type=click.DateTime(["%Y-%m-%d"]),
        help=say("The first day on which others may read (Asia/Shanghai).", "他人可读取的首日（北京时间）。"),
    ),
    right_option,
    registration_option,
    industry_options,
)


def stated_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that state what is published, in the order they are listed in."""
    for option in reversed(_STATED):
        function = option(function)
    return function


def in_words(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options as the fields of a statement: instants, rights and registrations in their words."""
    return {
        **given,
        "embargo_until": moment_of(given["embargo_until"]),
        "rights": rights_of(given["rights"]),
        "registrations": registrations_of(given["registrations"]),
    }


def telling_of(drawn: Bar) -> "Telling":
    """Return who is told of plan, steps and bytes: a bar."""
    from sancai.publishing import Telling

    return Telling(
        drawn.begin,
        drawn.advance,
        drawn.step,
        lambda made: None if made.stands else drawn.say("\n".join(plan_lines(made))),
    )


@click.command(
    "publish",
    cls=Leaf,
    help=say(
        "Publish the file or folder PATH as the next version of a dataset. sancai.toml beside the data may state what "
        "the options do. A publication that was cut goes on when you run the same command again.",
        "将 PATH 处的文件或文件夹发布为数据集的新版本。选项内容也可写在数据旁的 sancai.toml 中。"
        "中断后再次运行同一命令即可继续。",
    ),
    example="sancai publish ./turbines --name hami-wind/turbines --title 风机数据 --sector new_energy",
)
@click.argument("path", type=click.Path(path_type=Path))
@stated_options
@click.option("--dry-run", is_flag=True, help=say("Show the plan and stop there.", "只显示计划，不上传。"))
@click.option("--wait", type=int, help=say("Seconds to wait for verification.", "等待核验的秒数。"))
def command(path: Path, name: str | None, wait: int | None, dry_run: bool, **given: object) -> None:
    """Publish a dataset."""
    given = in_words(given)
    with client() as service, bar() as drawn:
        if dry_run:
            made = service.plan(path, name, telling=telling_of(drawn), **given)
        else:
            done = service.publish(path, name, wait_max_s=wait, telling=telling_of(drawn), **given)
    if dry_run:
        show(made, print_plan)
    else:
        show(done, print_published)


def plan_lines(made: "Plan") -> list[str]:
    """Return what is going to happen, a line for each thing a publisher may want to stop it for."""
    whole, held, coming = (bytes_text(size) for size in (made.size_bytes, made.held_bytes, made.send_bytes))
    lines = [
        say(
            f"{made.name}: {made.files} files, {whole}. Already there: {made.held_files} files, {held}. "
            f"To send: {made.send_files} files, {coming}.",
            f"{made.name}：{made.files} 个文件，{whole}。已在平台：{made.held_files} 个，{held}。"
            f"待上传：{made.send_files} 个，{coming}。",
        )
    ]
    if made.gone_files:
        lines.append(
            say(
                f"{made.gone_files} files of v{made.latest} are not here and will not be in the new version.",
                f"v{made.latest} 中有 {made.gone_files} 个文件此处没有，新版本将不包含。",
            )
        )
    if made.draft:
        lines.append(say(f"The draft {made.draft} goes on.", f"继续草稿 {made.draft}。"))
    lines += [
        say(f"README.md names {path}, which is not here.", f"README.md 提到的 {path} 不存在。") for path in made.absent
    ]
    return lines


def print_plan(made: "Plan") -> None:
    """Print a plan that is not carried out."""
    if made.stands:
        line(_unchanged(made.name, made.stands))
        return
    for text in plan_lines(made):
        line(text)


def _unchanged(name: str, version: int) -> str:
    return say(f"Nothing changed: {name}@v{version} stands.", f"没有变化：{name}@v{version} 仍然有效。")


def print_published(done: "Published") -> None:
    """Print a version that is out."""
    if not done.created:
        line(_unchanged(done.name, done.version.number))
        return
    line(
        say(
            f"Published {done.name}@v{done.version.number}: {done.files} files, {bytes_text(done.size_bytes)}.",
            f"已发布 {done.name}@v{done.version.number}：{done.files} 个文件，{bytes_text(done.size_bytes)}。",
        )
    )
    shown: list[tuple[str, object]] = [(say("content digest", "内容摘要"), done.version.content_digest)]
    report = done.report or {}
    if report.get("rows") is not None:
        shown.append((say("rows", "行数"), report["rows"]))
    if done.new_share_bp is not None:
        shown.append((say("new share", "新增占比"), f"{done.new_share_bp // 100}.{done.new_share_bp % 100:02d}%"))
    facts(shown)
