"""``sancai dataset``: what is stated of a dataset or a version, and how it is stated anew."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli.connection import client
from cli.output import Leaf, facts, line, show, table
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
    from sancai.datasets import Reference, Version
    from sancai.statements import Statement

REASON: Final = say("Why.", "原因。")
DOCUMENT: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


def _version(name: str) -> "tuple[str, int]":
    """Return dataset and number of ``NAME@v1``. Raises click.BadParameter without a version."""
    found = _reference(name)
    if found.version is None:
        raise click.BadParameter(say("Name a version: namespace/name@v1.", "请指明版本：命名空间/名称@v1。"))
    return found.name, found.version


def _reference(name: str) -> "Reference":
    from sancai.datasets import Reference

    return Reference.parse(name)


def _told(made: "Statement") -> None:
    show(made, lambda found: _told_all([found]))


@click.command(
    "statements",
    cls=Leaf,
    help=say(
        "List what was stated of NAME or NAME@v1, each checked against its signature.",
        "列出对 NAME 或 NAME@v1 的全部声明，并逐条验证签名。",
    ),
    example="sancai dataset statements hami-wind/turbines@v1",
)
@click.argument("name")
def list_statements(name: str) -> None:
    """List statements."""
    wanted = _reference(name)
    with client() as service:
        keys = tuple(each.verifier for each in service.log.keys().keys)
        found = list(service.statements.history(wanted.name, wanted.version, keys))
    show(
        found,
        lambda made: table(
            [
                say("number", "序号"),
                say("stated", "时间"),
                say("kind", "类别"),
                say("content", "内容"),
                say("signed by", "签名"),
            ],
            [(each.number, each.stated_at, each.kind, _summary(each.body), ", ".join(each.signed_by)) for each in made],
        ),
    )


def _summary(body: dict[str, Any]) -> str:
    from cli.output import json_text

    return " ".join(json_text({name: value for name, value in body.items() if value not in (None, [], "")}).split())


@click.command(
    "correct",
    cls=Leaf,
    help=say(
        "Correct title, description, keywords or licence of dataset NAME; what is not named stays.",
        "更正数据集 NAME 的标题、说明、关键词或许可；未指明的保持不变。",
    ),
    example="sancai dataset correct hami-wind/turbines --title 哈密风机运行数据",
)
@click.argument("name")
@click.option("--title", help=say("Title.", "标题。"))
@click.option("--description", help=say("What is in it.", "内容说明。"))
@click.option("--keyword", "keywords", multiple=True, help=say("A keyword; may be repeated.", "关键词，可重复。"))
@click.option("--licence", help=say("Licence; needs --reason.", "许可；须同时给出 --reason。"))
@click.option("--reason", help=say("Why the licence changes.", "变更许可的原因。"))
def correct(
    name: str,
    title: str | None,
    description: str | None,
    keywords: tuple[str, ...],
    licence: str | None,
    reason: str | None,
) -> None:
    """Correct what a dataset says of itself."""
    if licence and not reason:
        raise click.UsageError(say("--licence needs --reason.", "--licence 须同时给出 --reason。"))
    if not (licence or title or keywords) and description is None:
        raise click.UsageError(say("Name what to correct.", "请指明要更正的内容。"))
    made: list[Statement] = []
    with client() as service:
        if title or keywords or description is not None:
            held = service.datasets.show(name)
            described = held.description if description is None else description
            made.append(service.statements.card(name, title or held.title, described, keywords or held.keywords))
        if licence:
            made.append(service.statements.licence(name, licence, str(reason)))
    show(made, _told_all)


def _told_all(made: "list[Statement]") -> None:
    for each in made:
        line(say(f"Stated: {each.kind}, number {each.number}.", f"已声明：{each.kind}，第 {each.number} 号。"))


@click.command(
    "grade",
    cls=Leaf,
    help=say(
        "State the security grade of version NAME; it holds at once, also for what derives from it. "
        "A lower grade needs the document of an assessment.",
        "声明版本 NAME 的安全级别，立即生效，并及于由其派生的版本。降低级别须提供重新评估材料。",
    ),
    example="sancai dataset grade hami-wind/turbines@v1 important --basis 'GB/T 43697 附录G'",
)
@click.argument("name")
@click.argument("grade", type=click.Choice(["general", "important", "core"]))
@click.option("--basis", required=True, help=say("On what basis.", "依据。"))
@click.option("--assessment", type=DOCUMENT, help=say("Document of the assessment.", "重新评估材料文件。"))
def state_grade(name: str, grade: str, basis: str, assessment: Path | None) -> None:
    """State a grade."""
    dataset, version = _version(name)
    with client() as service:
        document = service.evidence.file(assessment, "other").id if assessment else None
        made = service.statements.grade(dataset, version, grade, basis, document)
    _told(made)


@click.command(
    "provenance",
    cls=Leaf,
    help=say(
        "Correct where version NAME comes from; what is not named stays. --published-before states all earlier "
        "publications anew (--never-before: none); --parent adds what it also derives from.",
        "更正版本 NAME 的来源；未指明的保持不变。--published-before 重新声明全部此前公开发布"
        "（--never-before 表示没有）；--parent 补充其派生自的版本。",
    ),
    example='sancai dataset provenance hami-wind/turbines@v1 --published-before "2024-05-01 省数据开放平台" '
    "--reason 补充首次公开情况",
)
@click.argument("name")
@click.option("--reason", required=True, help=REASON)
@origin_option
@click.option("--source", help=say("Source statement.", "来源说明。"))
@click.option("--source-url", help=say("Address of the source.", "来源地址。"))
@click.option("--source-licence", help=say("Licence of the source.", "来源许可。"))
@click.option(
    "--published-before",
    "earlier",
    multiple=True,
    help=say("An earlier publication: DATE WHERE; may be repeated.", "此前公开发布：日期 地点，可重复。"),
)
@click.option("--never-before", is_flag=True, help=say("It was public nowhere before.", "此前未曾公开。"))
@click.option("--parent", "parents", multiple=True, help=say("namespace/name@v1; may be repeated.", "版本，可重复。"))
@click.option(
    "--document",
    type=DOCUMENT,
    help=say("Shows that what was stated is wrong.", "证明原声明有误的材料。"),
)
def correct_provenance(
    name: str,
    reason: str,
    earlier: tuple[str, ...],
    never_before: bool,
    parents: tuple[str, ...],
    document: Path | None,
    **said: str | None,
) -> None:
    """Correct where a version comes from."""
    from sancai.datasets import Publication
    from sancai.statements import Provenance

    if earlier and never_before:
        raise click.UsageError(
            say("Give --published-before or --never-before.", "--published-before 与 --never-before 不能同时使用。")
        )
    dataset, version = _version(name)
    given = (earlier_publication(text) for text in earlier)
    published = tuple(Publication(str(each["where"]), str(each["published_on"])) for each in given)
    with client() as service:
        held = service.datasets.version(dataset, version)
        kept = () if never_before else held.earlier_publications
        made = service.statements.provenance(
            dataset,
            version,
            Provenance(
                origin=said["origin"] or held.origin or "",
                source=said["source"] or held.source or "",
                source_url=said["source_url"] or held.source_url,
                source_licence=said["source_licence"] or held.source_licence,
                earlier_publications=published or kept,
            ),
            reason,
            parents=parents,
            evidence=service.evidence.file(document, "other").id if document else None,
        )
    _told(made)


@click.command(
    "rights",
    cls=Leaf,
    help=say("State all rights you have in version NAME.", "声明对版本 NAME 享有的全部数据权利。"),
    example="sancai dataset rights hami-wind/turbines@v1 --right holding=自有测风塔",
)
@click.argument("name")
@right_option
@click.option(
    "--evidence",
    "documents",
    multiple=True,
    metavar="KIND=FILE",
    help=say("A document that proves a right; may be repeated.", "证明某项权利的材料，可重复。"),
)
def state_rights(name: str, rights: tuple[str, ...], documents: tuple[str, ...]) -> None:
    """State rights."""
    from sancai.stated import Right

    dataset, version = _version(name)
    stated = rights_of(rights)
    places = dict(text.partition("=")[::2] for text in documents)
    kinds = [each["kind"] for each in stated]
    for kind, place in places.items():
        if kind not in kinds or not Path(place).is_file():
            raise click.BadParameter(
                say(
                    f"{kind}={place}: name a right you state and a file.", f"{kind}={place}：请指明所声明的权利与文件。"
                )
            )
    with client() as service:
        filed = {kind: service.evidence.file(place, "other").id for kind, place in places.items()}
        made = service.statements.rights(
            dataset, version, [Right(each["kind"], each["basis"], filed.get(each["kind"])) for each in stated]
        )
    _told(made)


@click.command(
    "registrations",
    cls=Leaf,
    help=say("State all registrations of version NAME.", "声明版本 NAME 的全部登记。"),
    example="sancai dataset registrations hami-wind/turbines@v1 --registration data_ip 1号 登记中心 2026-01-15",
)
@click.argument("name")
@registration_option
def state_registrations(name: str, registrations: tuple[tuple[str, str, str, datetime], ...]) -> None:
    """State registrations."""
    from sancai.stated import Registration

    dataset, version = _version(name)
    with client() as service:
        made = service.statements.registrations(
            dataset, version, [Registration(**each) for each in registrations_of(registrations)]
        )
    _told(made)


@click.command(
    "industry",
    cls=Leaf,
    help=say("State which industry version NAME is about.", "声明版本 NAME 所属行业。"),
    example="sancai dataset industry hami-wind/turbines@v1 --industry D4415 --key-industry smart_energy",
)
@click.argument("name")
@industry_options
def state_industry(name: str, industry: str | None, key_industry: str | None) -> None:
    """State an industry."""
    dataset, version = _version(name)
    with client() as service:
        made = service.statements.industry(dataset, version, industry, key_industry)
    _told(made)


@click.command(
    "embargo",
    cls=Leaf,
    help=say(
        "Let the embargo of version NAME end at the beginning of a day (Asia/Shanghai), or now.",
        "将版本 NAME 的禁止读取期改为至某日零时（北京时间）或立即结束。",
    ),
    example="sancai dataset embargo hami-wind/turbines@v1 --until 2026-12-01",
)
@click.argument("name")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help=say("The first open day.", "首个开放日。"))
@click.option("--now", "ends_now", is_flag=True, help=say("End it now.", "立即结束。"))
def state_embargo(name: str, until: datetime | None, ends_now: bool) -> None:
    """Change an embargo."""
    dataset, version = _version(name)
    if (until is None) is not ends_now:
        raise click.UsageError(say("Give --until or --now.", "请给出 --until 或 --now。"))
    with client() as service:
        made = service.statements.embargo(dataset, version, moment_of(until))
    _told(made)


@click.command(
    "deprecate",
    cls=Leaf,
    help=say(
        "Say that NAME or NAME@v1 should no longer be used, and what to use instead; --take-back takes it back.",
        "声明 NAME 或 NAME@v1 不应再使用，并指明替代者；--take-back 收回该声明。",
    ),
    example="sancai dataset deprecate hami-wind/turbines@v1 --reason 仪表有误 --successor hami-wind/turbines@v2",
)
@click.argument("name")
@click.option("--reason", required=True, help=REASON)
@click.option("--successor", help=say("What to use instead.", "替代的数据集或版本。"))
@click.option("--take-back", is_flag=True, help=say("Take a deprecation back.", "收回弃用声明。"))
def deprecate(name: str, reason: str, successor: str | None, take_back: bool) -> None:
    """Deprecate a dataset or a version."""
    wanted = _reference(name)
    with client() as service:
        if take_back:
            made = service.statements.restore(wanted.name, wanted.version, reason)
        else:
            made = service.statements.deprecate(wanted.name, wanted.version, reason, successor)
    _told(made)


@click.command(
    "withdraw",
    cls=Leaf,
    help=say(
        "Withdraw version NAME: nobody but you reads it from now on; bytes and history stay.",
        "撤回版本 NAME：此后仅您可读取；内容与历史保留。",
    ),
    example="sancai dataset withdraw hami-wind/turbines@v1 --reason 仪表有误",
)
@click.argument("name")
@click.option("--reason", required=True, help=REASON)
def withdraw(name: str, reason: str) -> None:
    """Withdraw a version."""
    dataset, version = _version(name)
    with client() as service:
        made = service.datasets.withdraw(dataset, version, reason)
    show(made, _print_withdrawn)


def _print_withdrawn(found: "Version") -> None:
    facts([(say("state", "状态"), found.state), (say("reason", "原因"), found.withdrawn_reason)])


COMMANDS: Final = (
    list_statements,
    correct,
    state_grade,
    correct_provenance,
    state_rights,
    state_registrations,
    state_industry,
    state_embargo,
    deprecate,
    withdraw,
)
