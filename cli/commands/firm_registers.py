"""``sancai firm``: ask the registers on a day and as of an instant; credit answers and leader lists from files."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.as_of import INSTANT, as_of_option
from cli.connection import client
from cli.output import Leaf, facts, line, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.registers import FirmControl, ListReport, Relation, Sheet

DAY = click.DateTime(["%Y-%m-%d"])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

on_option = click.option("--on", type=DAY, help=say("Which day; by default today.", "哪一日；默认今日。"))


def _day(given: datetime | None) -> Any:
    return given.date() if given else None


@click.command(
    "change",
    cls=Leaf,
    help=say(
        "Enter what FIRM is from a day on: a state holder, another name, code or region. What is left out stays.",
        "录入企业 FIRM 自某日起的情况（如国有资本持有主体、名称、代码、区划）；未填项不变。",
    ),
    example=(
        "sancai firm change firm_… --kind state_holder --from 2026-01-01 --source 国资委名录 --obtained-on 2026-03-01"
    ),
)
@click.argument("firm")
@click.option("--uscc", help=say("Its code from then on.", "新的统一社会信用代码。"))
@click.option("--name", help=say("Its name from then on.", "新名称。"))
@click.option("--region", help=say("Its division code from then on.", "新的行政区划代码。"))
@click.option(
    "--kind",
    type=click.Choice(("enterprise", "organ_of_state", "state_holder", "institution")),
    help=say("What it is from then on.", "新类型。"),
)
@click.option("--from", "first", type=DAY, required=True, help=say("First day it holds.", "生效首日。"))
@click.option("--source", required=True, help=say("Where it comes from.", "来源。"))
@click.option("--obtained-on", type=DAY, required=True, help=say("When the source was read.", "来源获取日期。"))
def change(firm: str, first: datetime, source: str, obtained_on: datetime, **given: str | None) -> None:
    """Enter a change."""
    from dataclasses import replace

    with client() as service:
        changed = replace(service.parties.firm(firm), **{name: value for name, value in given.items() if value})
        made = service.parties.change_firm(
            changed, valid_from=first.date(), source=source, obtained_on=obtained_on.date()
        )
    show(made, lambda _: line(say(f"Recorded from {first.date()} on.", f"已录入，自 {first.date()} 起。")))


@click.command(
    "controller",
    cls=Leaf,
    help=say("Show who controls FIRM, with the chain.", "显示企业 FIRM 的实际控制人及控制链。"),
    example="sancai firm controller firm_… --on 2026-03-01",
)
@click.argument("firm")
@on_option
@as_of_option
def controller(firm: str, on: datetime | None, as_of: datetime | None) -> None:
    """Show a controller."""
    with client() as service:
        found = service.registers.controller(firm, on=_day(on), as_of=as_of)
    show(found, _print_control)


def _print_control(found: "FirmControl") -> None:
    own = say("itself", "自身")
    facts(
        [
            (say("controller", "实际控制人"), own if found.controller == found.firm else found.controller),
            (say("chain", "控制链"), "; ".join(found.chain) or "–"),
            (say("below the state", "国家机关止于"), "; ".join(found.state_above) or "–"),
            (say("on", "日期"), found.on),
            (say("as of", "记录时刻"), found.as_of),
        ]
    )


@click.command(
    "relation",
    cls=Leaf,
    help=say("Say whether ONE and OTHER are related, with the chain.", "显示 ONE 与 OTHER 是否关联及关联链。"),
    example="sancai firm relation firm_… firm_…",
)
@click.argument("one")
@click.argument("other")
@on_option
@as_of_option
def relation(one: str, other: str, on: datetime | None, as_of: datetime | None) -> None:
    """Show a relation."""
    with client() as service:
        found = service.registers.relation(one, other, on=_day(on), as_of=as_of)
    show(found, _print_relation)


def _print_relation(found: "Relation") -> None:
    if not found.related:
        line(say(f"Not related on {found.on}.", f"{found.on} 不存在关联。"))
        return
    line(say(f"Related on {found.on} ({found.kind}):", f"{found.on} 存在关联（{found.kind}）："))
    for each in found.chain:
        line(f"  {each}")


@click.command(
    "register-sheet",
    cls=Leaf,
    help=say(
        "Show what the registers of your authority say of FIRM on a day.", "显示本机构登记簿中 FIRM 在某日的全部记录。"
    ),
    example="sancai firm register-sheet firm_… --on 2026-03-01 --as-of 2026-03-02T10:00:00+08:00",
)
@click.argument("firm")
@on_option
@as_of_option
def register_sheet(firm: str, on: datetime | None, as_of: datetime | None) -> None:
    """Show a sheet."""
    with client() as service:
        found = service.registers.sheet(firm, on=_day(on), as_of=as_of)
    show(found, _print_sheet)


def _print_sheet(found: "Sheet") -> None:
    known = [(each["predicate"], f"{each['finding']} {each['source']}".strip()) for each in found.facts]
    lists = [f"{each.name} {each.batch} ({each.level})" for each in found.leader_lists]
    licences = [f"{each.kind} {each.licence_number}" for each in found.providers]
    imposed = [f"{each.organ} {each.document_number} ({', '.join(each.scope)})" for each in found.sanctions]
    elsewhere = [f"{each.organ} {each.document_number}" for each in found.sanctions_elsewhere]
    facts(
        [
            (say("name", "名称"), found.firm.name),
            (say("kind", "类型"), found.firm.kind),
            (say("controller", "实际控制人"), "; ".join(found.control.chain) or found.control.controller),
            *known,
            (say("leader lists", "龙头企业名单"), "; ".join(lists) or "–"),
            (say("licences", "许可"), "; ".join(licences) or "–"),
            (say("sanctions", "处理决定"), "; ".join(imposed) or "–"),
            (say("sanctions elsewhere", "其他机构的处理决定"), "; ".join(elsewhere) or "–"),
            (say("on", "日期"), found.on),
            (say("as of", "记录时刻"), found.as_of),
            ("sha256", found.sha256),
        ]
    )


@click.command(
    "state-bodies",
    cls=Leaf,
    help=say(
        "List the organs of the state and state holders of a day, below which control stops.",
        "列出某日的国家机关和国有资本持有主体（控制关系止于其下）。",
    ),
    example="sancai firm state-bodies --on 2026-03-01",
)
@on_option
@as_of_option
def state_bodies(on: datetime | None, as_of: datetime | None) -> None:
    """List state bodies."""
    with client() as service:
        found = service.registers.state_bodies(on=_day(on), as_of=as_of)
    show(
        found,
        lambda bodies: table(
            [say("credit code", "统一社会信用代码"), say("name", "名称"), say("kind", "类型"), say("id", "编号")],
            [(each.uscc, each.name, each.kind, each.id) for each in bodies],
        ),
    )


@click.command(
    "credit",
    cls=Leaf,
    help=say(
        "Enter what a public credit system answered of FIRM. A repaired record counts as clean.",
        "录入公共信用系统对 FIRM 的查询结果；已修复的记录视为无不良。",
    ),
    example=(
        "sancai firm credit firm_… clean --queried-at 2026-03-01T09:30:00+08:00 --result credit.pdf --source 信用中国"
    ),
)
@click.argument("firm")
@click.argument("standing", type=click.Choice(("clean", "listed", "repaired")))
@click.option("--queried-at", type=INSTANT, required=True, help=say("When it was asked.", "查询时间。"))
@click.option("--result", type=FILE, required=True, help=say("The answer as it was kept.", "查询结果文件。"))
@click.option("--source", required=True, help=say("Which system.", "查询系统。"))
@click.option("--until", type=DAY, help=say("First day it no longer holds.", "不再有效的首日。"))
def credit(firm: str, standing: str, queried_at: datetime, result: Path, source: str, until: datetime | None) -> None:
    """Enter a credit answer."""
    digest = "sha256:" + hashlib.sha256(result.read_bytes()).hexdigest()
    with client() as service:
        made = service.registers.record_credit(
            firm, standing, queried_at=queried_at, result_sha256=digest, source=source, valid_until=_day(until)
        )
    show(made, lambda _: line(say(f"Recorded as {made.id}.", f"已录入：{made.id}。")))


@click.command(
    "check-leaders",
    cls=Leaf,
    help=say(
        "Report on the leader list in FILE (CSV or XLSX), line by line; nothing is written.",
        "逐行检查 FILE（CSV 或 XLSX）中的龙头企业名单，不写入任何内容。",
    ),
    example="sancai firm check-leaders new-energy.xlsx",
)
@click.argument("file", type=FILE)
def check_leaders(file: Path) -> None:
    """Check a leader list."""
    with client() as service:
        found = service.registers.check_list(file.read_bytes())
    show(found, _print_report)
    if found.faulty:
        # As a refusal by a rule (cli/failures.py): an import of this file would be refused.
        raise click.exceptions.Exit(7)


def _print_report(found: "ListReport") -> None:
    line(say(f"{found.entries} firms, {found.faulty} bad lines.", f"{found.entries} 家企业，{found.faulty} 行有误。"))
    for each in found.faults:
        line(f"  {each.detail}")


@click.command(
    "import-leaders",
    cls=Leaf,
    help=say(
        "Admit the leader list in FILE (CSV or XLSX, with columns 统一社会信用代码 and 企业名称), whole or not at all.",
        "采纳 FILE（CSV 或 XLSX，含“统一社会信用代码”“企业名称”两列）中的龙头企业名单；有误则整份不写入。",
    ),
    example=(
        "sancai firm import-leaders new-energy.xlsx --name 新能源链主企业名单 --issuer 工信部 --level national"
        " --sector new_energy --batch 第一批 --from 2026-01-01 --admission 伊数〔2026〕1号 --decided-on 2026-01-05"
        " --organ 数发局 --criteria 国家级名单"
    ),
)
@click.argument("file", type=FILE)
@click.option("--name", required=True, help=say("Name of the list.", "名单名称。"))
@click.option("--issuer", required=True, help=say("Who issued it.", "发布机关。"))
@click.option(
    "--level",
    type=click.Choice(("national", "provincial", "municipal")),
    required=True,
    help=say("Level of the issuer.", "级别。"),
)
@click.option("--sector", "sectors", multiple=True, required=True, help=say("May be repeated.", "行业，可重复。"))
@click.option("--batch", required=True, help=say("Which version.", "批次。"))
@click.option("--from", "first", type=DAY, required=True, help=say("First day it holds.", "生效首日。"))
@click.option("--until", type=DAY, help=say("First day it no longer holds.", "不再有效的首日。"))
@click.option("--document", type=FILE, help=say("The issuer's document; by default FILE.", "发布文件；默认 FILE。"))
@click.option("--admission", required=True, help=say("Number of the decision that admits it.", "采纳决定文号。"))
@click.option("--decided-on", type=DAY, required=True, help=say("Day of the decision.", "决定日期。"))
@click.option("--organ", required=True, help=say("Who decided.", "决定机关。"))
@click.option("--criteria", required=True, help=say("By which published criteria.", "公开的认定标准。"))
def import_leaders(file: Path, sectors: tuple[str, ...], document: Path | None, **said: Any) -> None:
    """Import a leader list."""
    from sancai.parties import Admission
    from sancai.registers import ListHead

    head = ListHead(
        name=said["name"],
        issuer=said["issuer"],
        level=said["level"],
        sectors=sectors,
        batch=said["batch"],
        valid_from=said["first"].date(),
        valid_until=_day(said["until"]),
        document_sha256="sha256:" + hashlib.sha256(document.read_bytes()).hexdigest() if document else None,
        admission=Admission(said["admission"], said["decided_on"].date(), said["organ"], said["criteria"]),
    )
    with client() as service:
        made = service.registers.import_list(head, file.read_bytes())
    admitted = len(made.entries)
    show(
        made,
        lambda _: line(say(f"Admitted as {made.id} with {admitted} firms.", f"已采纳：{made.id}，共 {admitted} 家。")),
    )


COMMANDS = (
    change,
    controller,
    relation,
    register_sheet,
    state_bodies,
    credit,
    check_leaders,
    import_leaders,
)
