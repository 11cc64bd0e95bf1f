"""``sancai firm``: register firms, who controls them, and what the registers know of them."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.commands.firm_ends import COMMANDS as ENDS
from cli.commands.firm_hearing import hearing_of, hearing_options
from cli.commands.firm_quota import command as quota
from cli.commands.firm_registers import COMMANDS
from cli.connection import client
from cli.output import Branch, facts, line, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.parties import Firm, Line

F = TypeVar("F", bound=Callable[..., Any])

DAY = click.DateTime(["%Y-%m-%d"])
KINDS = ("enterprise", "organ_of_state", "state_holder", "institution")


def origin_options(function: F) -> F:
    """Add the options every register line takes."""
    for option in (
        click.option("--obtained-on", type=DAY, required=True, help=say("When the source was read.", "来源获取日期。")),
        click.option("--source", required=True, help=say("Where it comes from.", "来源。")),
        click.option("--until", type=DAY, help=say("First day it no longer holds.", "不再有效的首日。")),
        click.option("--from", "first", type=DAY, required=True, help=say("First day it holds.", "生效首日。")),
    ):
        function = option(function)
    return function


def _line(first: datetime, until: datetime | None, source: str, obtained_on: datetime) -> "Line":
    from sancai.parties import Line

    return Line(first.date(), source, obtained_on.date(), until.date() if until else None)


@click.group("firm", cls=Branch, help=say("Register firms and what is known of them.", "登记企业及其信息。"))
def command() -> None:
    """Keep the registers."""


@command.command(
    "register",
    help=say("Register firm NAME under USCC.", "以统一社会信用代码 USCC 登记企业 NAME。"),
    example="sancai firm register 91652201EMG3Q5GTC0 哈密某数据公司 --region 650502 --owner wang.owner",
)
@click.argument("uscc")
@click.argument("name")
@click.option("--region", required=True, help=say("Division code, six digits.", "行政区划代码，六位数字。"))
@click.option(
    "--kind", type=click.Choice(KINDS), default="enterprise", show_default=True, help=say("What it is.", "类型。")
)
@click.option("--owner", help=say("Login of its first owner.", "首位负责人的登录名。"))
@click.option("--owner-name", help=say("Name of its first owner.", "首位负责人的姓名。"))
def register_firm(uscc: str, name: str, region: str, kind: str, owner: str | None, owner_name: str | None) -> None:
    """Register a firm."""
    with client() as service:
        made = service.parties.register_firm(uscc, name, region, kind, owner_login=owner, owner_name=owner_name)
    show(made, _print_firm)


@command.command(
    "show",
    help=say("Show a firm by id or unified social credit code.", "按编号或统一社会信用代码显示企业。"),
    example="sancai firm show 91652201EMG3Q5GTC0",
)
@click.argument("firm")
def show_firm(firm: str) -> None:
    """Show a firm."""
    with client() as service:
        found = service.parties.firm(firm) if firm.startswith("firm_") else service.parties.firm_by_uscc(firm)
    if found is None:
        raise _unknown(firm)
    show(found, _print_firm)


def _unknown(firm: str) -> Exception:
    from sancai.errors import NotFoundError

    return NotFoundError(
        "firm_not_found",
        say(
            f"No firm with the code {firm} is registered. Check the code.",
            f"没有代码为 {firm} 的登记企业。请核对代码。",
        ),
        given=firm,
    )


def _print_firm(found: "Firm") -> None:
    facts(
        [
            (say("name", "名称"), found.name),
            (say("credit code", "统一社会信用代码"), found.uscc),
            (say("region", "行政区划"), found.region),
            (say("kind", "类型"), found.kind),
            (say("id", "编号"), found.id),
        ]
    )
    if found.activation_code:
        line(
            say(
                f"Activation code of the owner, shown once: {found.activation_code}",
                f"负责人激活码（仅显示一次）：{found.activation_code}",
            )
        )


@command.command("list", help=say("List registered firms.", "列出已登记企业。"), example="sancai firm list")
def list_firms() -> None:
    """List firms."""
    with client() as service:
        found = list(service.parties.firms())
    show(
        found,
        lambda firms: table(
            [say("credit code", "统一社会信用代码"), say("name", "名称"), say("kind", "类型"), say("id", "编号")],
            [(each.uscc, each.name, each.kind, each.id) for each in firms],
        ),
    )


@command.command(
    "control",
    help=say("Enter that CONTROLLER is tied to CONTROLLED.", "录入 CONTROLLER 与 CONTROLLED 的控制或关联关系。"),
    example=(
        "sancai firm control firm_… firm_… --share-bp 6000 --from 2020-01-01 --source 公示系统 --obtained-on 2026-03-01"
    ),
)
@click.argument("controller")
@click.argument("controlled")
@click.option(
    "--kind",
    type=click.Choice(("equity", "family", "directors", "loan")),
    default="equity",
    show_default=True,
    help=say("What ties them.", "关系类型。"),
)
@click.option("--share-bp", type=int, help=say("Share in 1/100 %: 6000 is 60 %.", "持股比例（基点，6000 即 60%）。"))
@origin_options
def record_control(controller: str, controlled: str, kind: str, share_bp: int | None, **origin: Any) -> None:
    """Enter a control relation."""
    with client() as service:
        made = service.parties.record_control(controller, controlled, kind, _line(**origin), share_bp)
    show(made, lambda _: line(say(f"Recorded as {made.id}.", f"已录入：{made.id}。")))


@command.command(
    "fact",
    help=say("Enter that PREDICATE of FIRM is true, false or unknown.", "录入 FIRM 的事实 PREDICATE。"),
    example="sancai firm fact firm_… credit_clean true --from 2026-01-01 --source 信用中国 --obtained-on 2026-03-01",
)
@click.argument("firm")
@click.argument("predicate", type=click.Choice(("data_annotation_firm", "operates_in_region", "credit_clean")))
@click.argument("finding", type=click.Choice(("true", "false", "unknown")))
@origin_options
def record_fact(firm: str, predicate: str, finding: str, **origin: Any) -> None:
    """Enter a fact."""
    with client() as service:
        made = service.parties.record_fact(firm, predicate, finding, _line(**origin))
    show(made, lambda _: line(say(f"Recorded as {made.id}.", f"已录入：{made.id}。")))


@command.command(
    "provider",
    help=say("Enter FIRM as a provider of KIND.", "将 FIRM 登记为 KIND 类服务机构。"),
    example=(
        "sancai firm provider firm_… compute_centre --licence 许可1号 --certificate green:绿1号:2026-01-01:2027-01-01"
        " --from 2026-01-01 --source 许可证 --obtained-on 2026-03-01"
    ),
)
@click.argument("firm")
@click.argument("kind", type=click.Choice(("data_exchange", "compute_centre", "quality_laboratory")))
@click.option("--licence", required=True, help=say("Number of its licence.", "许可证号。"))
@click.option(
    "--certificate",
    "certificates",
    multiple=True,
    help=say("KIND:NUMBER:FROM:UNTIL, may be repeated.", "类型:编号:首日:止日，可重复。"),
)
@origin_options
def register_provider(firm: str, kind: str, licence: str, certificates: tuple[str, ...], **origin: Any) -> None:
    """Enter a provider."""
    held = [_certificate(each) for each in certificates]
    with client() as service:
        made = service.parties.register_provider(firm, kind, licence, _line(**origin), held)
    show(made, lambda _: line(say(f"Recorded as {made.id}.", f"已录入：{made.id}。")))


def _certificate(text: str) -> Any:
    from datetime import date

    from sancai.parties import Certificate

    try:
        kind, number, first, until = text.split(":")
        return Certificate(kind, number, date.fromisoformat(first), date.fromisoformat(until) if until else None)
    except ValueError as error:
        raise click.BadParameter(
            say(
                f"{text!r} is no certificate. Write KIND:NUMBER:2026-01-01:2027-01-01.",
                f"{text!r} 不是有效的证书。请写作 类型:编号:2026-01-01:2027-01-01。",
            )
        ) from error


@command.command(
    "leaders",
    help=say(
        "Admit the leader list in FILE (JSON, as POST /v1/leader-lists takes it).",
        "采纳 FILE 中的龙头企业名单（JSON）。",
    ),
    example="sancai firm leaders new-energy.json",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def admit_leaders(file: Path) -> None:
    """Admit a leader list."""
    from sancai.errors import UnexpectedAnswerError
    from sancai.parties import LeaderListInput
    from sancai.shapes import shaped

    try:
        given = shaped(LeaderListInput, json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, UnexpectedAnswerError) as error:
        raise click.BadParameter(
            say(f"{file} is no leader list: {error}. Mend it.", f"{file} 不是有效名单：{error}。请更正。")
        ) from error
    with client() as service:
        made = service.parties.admit_leader_list(given)
    show(
        made,
        lambda _: line(
            say(
                f"Admitted as {made.id} with {len(made.entries)} firms.",
                f"已采纳：{made.id}，共 {len(made.entries)} 家企业。",
            )
        ),
    )


@command.command(
    "lists", help=say("List the admitted leader lists.", "列出已采纳的龙头企业名单。"), example="sancai firm lists"
)
def list_leaders() -> None:
    """List leader lists."""
    with client() as service:
        found = list(service.parties.leader_lists())
    show(
        found,
        lambda lists: table(
            [
                say("name", "名称"),
                say("issuer", "发布机关"),
                say("level", "级别"),
                say("sectors", "行业"),
                say("firms", "企业数"),
                say("id", "编号"),
            ],
            [
                (each.name, each.issuer, each.level, ", ".join(each.sectors), len(each.entries), each.id)
                for each in lists
            ],
        ),
    )


@command.command(
    "withdraw-leader",
    help=say("Take the firm with code USCC off LIST.", "将代码为 USCC 的企业从名单 LIST 撤出。"),
    example="sancai firm withdraw-leader list_… 91652201EMG3Q5GTC0 --on 2026-06-01 --reason 监测不合格",
)
@click.argument("leader_list", metavar="LIST")
@click.argument("uscc")
@click.option("--on", "withdrawn_on", type=DAY, required=True, help=say("First day off the list.", "撤出首日。"))
@click.option("--reason", required=True, help=say("Why.", "原因。"))
def withdraw_leader(leader_list: str, uscc: str, withdrawn_on: datetime, reason: str) -> None:
    """Take a firm off a list."""
    with client() as service:
        made = service.parties.withdraw_leader(leader_list, uscc, withdrawn_on.date(), reason)
    show(
        made,
        lambda _: line(
            say(
                f"{made.name} is off the list from {made.withdrawn_on}.",
                f"{made.name} 自 {made.withdrawn_on} 起撤出名单。",
            )
        ),
    )


@command.command(
    "sanction",
    help=say("Enter a sanction that was served on FIRM.", "录入已送达 FIRM 的处理决定。"),
    example=(
        "sancai firm sanction firm_… --organ 财政局 --number 伊财罚〔2026〕1号 --basis 国务院令427号第十四条"
        " --scope all --served-on 2026-03-01 --from 2026-03-01 --source 决定书 --obtained-on 2026-03-01"
    ),
)
@click.argument("firm")
@click.option("--organ", required=True, help=say("Who imposed it.", "决定机关。"))
@click.option("--number", required=True, help=say("Number of the document.", "文号。"))
@click.option("--basis", required=True, help=say("Legal basis.", "法律依据。"))
@click.option("--scope", "scopes", multiple=True, required=True, help=say("Instrument, or all.", "政策工具，或 all。"))
@click.option("--served-on", type=DAY, required=True, help=say("Day of service.", "送达日期。"))
@click.option("--statement", default="", help=say("What the party stated.", "当事人陈述。"))
@hearing_options
@origin_options
def record_sanction(firm: str, organ: str, number: str, basis: str, scopes: tuple[str, ...], **rest: Any) -> None:
    """Enter a sanction."""
    from sancai.parties import SanctionInput

    served_on: datetime = rest.pop("served_on")
    statement: str = rest.pop("statement")
    heard = hearing_of(rest)
    given = SanctionInput(firm, organ, number, basis, scopes, served_on.date(), statement, heard)
    with client() as service:
        made = service.parties.record_sanction(given, _line(**rest))
    show(made, lambda _: line(say(f"Recorded as {made.id}.", f"已录入：{made.id}。")))


command.add_command(quota)
for each in (*COMMANDS, *ENDS):
    command.add_command(each)
