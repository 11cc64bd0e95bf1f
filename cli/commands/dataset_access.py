"""``sancai dataset access``, ``terms`` and ``request``: who may read, and how one comes to."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.commands.order import DAY
from cli.connection import client
from cli.output import Branch, Leaf, facts, line, note, show, table
from cli.words import say

if TYPE_CHECKING:
    from datetime import datetime

    from sancai.access import AccessChange, AccessVerdict, GrantRequest, Terms


@click.command(
    "access",
    cls=Leaf,
    help=say(
        "Say whether you may read NAME or NAME@v2; --explain lists every condition and what would meet it. --set opens "
        "your dataset NAME to everybody (public) or to firms with a grant only (gated), and says what then holds.",
        "说明您能否读取 NAME 或 NAME@v2；--explain 列出全部条件及满足办法。--set 将自有数据集 NAME 改为公开（public）"
        "或仅限获授权企业（gated），并说明变更后的效果。",
    ),
    example="sancai dataset access hami-wind/turbines --explain\n"
    'sancai dataset access hami-wind/turbines --set gated --reason "contract with the grid operator"',
)
@click.argument("name")
@click.option("--explain", is_flag=True, help=say("List every condition.", "列出全部条件。"))
@click.option(
    "--for", "firm", help=say("For another firm (its id), of a dataset of yours.", "为其他企业（编号）查询自有数据集。")
)
@click.option(
    "--set", "wanted_access", type=click.Choice(["public", "gated"]), help=say("Change it.", "变更读取范围。")
)
@click.option("--reason", help=say("Why it is changed.", "变更理由。"))
def access(name: str, explain: bool, firm: str | None, wanted_access: str | None, reason: str | None) -> None:
    """Say who may read, or change it."""
    from sancai.datasets import Reference

    wanted = Reference.parse(name)
    if wanted_access is not None or reason is not None:
        if wanted_access is None or reason is None or wanted.version or explain or firm:
            raise click.UsageError(
                say(
                    "To change access write NAME --set public|gated --reason WHY, without a version or other options.",
                    "变更读取范围请写 NAME --set public|gated --reason 理由，不带版本和其他选项。",
                )
            )
        with client() as service:
            changed = service.access.set(wanted.name, wanted_access, reason)
        show(changed, _print_change)
        return
    with client() as service:
        number = wanted.version or service.datasets.version(wanted.name).number
        found = service.access.explain(wanted.name, number, firm)

    def human(verdict: "AccessVerdict") -> None:
        missing = [each for each in verdict.conditions if not each.met]
        line(say("It may be read.", "可以读取。") if verdict.may_read else missing[0].detail)
        if explain:
            table(
                [say("condition", "条件"), say("met", "满足"), say("what it says", "说明")],
                [
                    (each.name, say("yes", "是") if each.met else say("no", "否"), each.detail)
                    for each in verdict.conditions
                ],
            )

    show(found, human)


def _print_change(made: "AccessChange") -> None:
    line(f"{made.name}: {made.before} → {made.access}")
    for each in made.consequences:
        line(f"  {each.detail}")


@click.group("terms", cls=Branch, help=say("Terms that readers accept.", "读取条款。"))
def terms() -> None:
    """Terms of a dataset."""


@terms.command(
    "show",
    help=say("Print the terms of dataset NAME as they stand.", "打印数据集 NAME 的现行条款。"),
    example="sancai dataset terms show hami-wind/turbines",
)
@click.argument("name")
def show_terms(name: str) -> None:
    """Show terms."""
    with client() as service:
        found = service.access.terms(name)
    show(found, _print_terms)


def _print_terms(found: "Terms") -> None:
    note(say(f"text {found.number}, sha256 {found.sha256}", f"第 {found.number} 版，sha256 {found.sha256}"))
    line(found.text or "")


@terms.command(
    "set",
    help=say(
        "Set the terms of your dataset NAME from FILE; every reader accepts them anew.",
        "以 FILE 的内容设置自有数据集 NAME 的条款；所有读取方须重新接受。",
    ),
    example="sancai dataset terms set hami-wind/turbines terms.txt",
)
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def set_terms(name: str, file: Path) -> None:
    """Set terms."""
    from sancai.errors import InvalidValueError

    try:
        text = file.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InvalidValueError(
            "file_not_utf8", f"{file} is not UTF-8 text. Save it as UTF-8.", path=str(file)
        ) from error
    with client() as service:
        found = service.access.set_terms(name, text)
    show(found, _print_terms)


@terms.command(
    "end",
    help=say("End the terms of your dataset NAME.", "终止自有数据集 NAME 的条款。"),
    example="sancai dataset terms end hami-wind/turbines",
)
@click.argument("name")
def end_terms(name: str) -> None:
    """End terms."""
    with client() as service:
        found = service.access.set_terms(name, None)
    show(found, lambda _: line(say("The terms have ended.", "条款已终止。")))


@terms.command(
    "accept",
    help=say(
        "Accept the terms of NAME for your firm: those you read, by their digest, or after reading them here.",
        "代表本企业接受 NAME 的条款：以所读文本的摘要指明，或在此阅读后接受。",
    ),
    example="sancai dataset terms accept hami-wind/turbines --sha256 9f86d0…",
)
@click.argument("name")
@click.option("--sha256", help=say("Digest of the text you read.", "所读文本的摘要。"))
def accept_terms(name: str, sha256: str | None) -> None:
    """Accept terms."""
    from sancai.errors import RuleError

    with client() as service:
        found = service.access.terms(name)
        if sha256 is None:
            _print_terms(found)
            click.confirm(say("Accept for your firm?", "代表本企业接受？"), abort=True, err=True)
        elif sha256.removeprefix("sha256:") != found.sha256:
            raise RuleError(
                "terms_outdated",
                say("These are not the terms that stand. Read them again: ", "这不是现行条款，请重新阅读：")
                + f"sancai dataset terms show {name}",
                name=name,
            )
        made = service.access.accept_terms(name, found)
    show(made, lambda each: line(say(f"Accepted: text {each.terms}.", f"已接受第 {each.terms} 版条款。")))


@terms.command(
    "accepted",
    help=say("List who accepted the terms of your dataset NAME.", "列出接受自有数据集 NAME 条款的企业。"),
    example="sancai dataset terms accepted hami-wind/turbines",
)
@click.argument("name")
def list_acceptances(name: str) -> None:
    """List acceptances."""
    with client() as service:
        found = list(service.access.acceptances(name))
    show(
        found,
        lambda items: table(
            [say("firm", "企业"), say("text", "版"), say("accepted", "接受时间")],
            [(each.firm_name or each.firm, each.terms, each.accepted_at) for each in items],
        ),
    )


@click.group("request", cls=Branch, help=say("Ask for a grant, and answer.", "申请与答复授权。"))
def request() -> None:
    """Requests for a grant."""


@request.command(
    "ask",
    help=say("Ask the owner of NAME for a grant to your firm.", "向 NAME 的所有者为本企业申请授权。"),
    example='sancai dataset request ask hami-wind/turbines --purpose "model training" --contact "王工 0902-…"',
)
@click.argument("name")
@click.option("--purpose", required=True, help=say("What for.", "用途。"))
@click.option("--contact", required=True, help=say("Whom the owner may talk to.", "联系人。"))
def ask(name: str, purpose: str, contact: str) -> None:
    """Ask for a grant."""
    with client() as service:
        made = service.access.ask(name, purpose, contact)
    show(made, _print_request)


@request.command(
    "list",
    help=say("List the requests your firm made and received.", "列出本企业发出与收到的申请。"),
    example="sancai dataset request list --side received --state asked",
)
@click.option("--side", type=click.Choice(["both", "made", "received"]), default="both", show_default=True)
@click.option("--state", type=click.Choice(["asked", "granted", "refused", "taken_back", "ended"]))
def list_requests(side: str, state: str | None) -> None:
    """List requests."""
    with client() as service:
        found = list(service.access.requests(side, state))
    show(
        found,
        lambda items: table(
            [
                say("request", "申请"),
                say("dataset", "数据集"),
                say("firm", "企业"),
                say("state", "状态"),
                say("ends", "截止"),
            ],
            [(each.id, each.dataset, each.firm_name or each.firm, each.state, each.ends_at or "—") for each in items],
        ),
    )


@request.command("show", help=say("Show REQUEST.", "显示 REQUEST。"), example="sancai dataset request show req_…")
@click.argument("request_id", metavar="REQUEST")
def show_request(request_id: str) -> None:
    """Show a request."""
    with client() as service:
        found = service.access.request(request_id)
    show(found, _print_request)


@request.command(
    "grant",
    help=say("Grant REQUEST, through a last day or without end.", "批准 REQUEST，可设截止日。"),
    example="sancai dataset request grant req_… --until 2027-12-31",
)
@click.argument("request_id", metavar="REQUEST")
@click.option("--until", type=DAY, help=say("Last day of the grant.", "授权截止日。"))
def grant(request_id: str, until: "datetime | None") -> None:
    """Grant a request."""
    with client() as service:
        made = service.access.grant(request_id, until.date() if until else None)
    show(made, _print_request)


@request.command(
    "refuse",
    help=say("Refuse REQUEST, with a reason.", "拒绝 REQUEST 并说明理由。"),
    example='sancai dataset request refuse req_… --reason "purpose not covered"',
)
@click.argument("request_id", metavar="REQUEST")
@click.option("--reason", required=True, help=say("Why.", "理由。"))
def refuse(request_id: str, reason: str) -> None:
    """Refuse a request."""
    with client() as service:
        made = service.access.refuse(request_id, reason)
    show(made, _print_request)


@request.command(
    "end",
    help=say("End what REQUEST was granted, at once.", "立即终止 REQUEST 的授权。"),
    example='sancai dataset request end req_… --reason "contract over"',
)
@click.argument("request_id", metavar="REQUEST")
@click.option("--reason", required=True, help=say("Why.", "理由。"))
def end(request_id: str, reason: str) -> None:
    """End a grant."""
    with client() as service:
        made = service.access.end(request_id, reason)
    show(made, _print_request)


@request.command(
    "take-back",
    help=say("Take REQUEST back before it is answered.", "在答复前撤回 REQUEST。"),
    example="sancai dataset request take-back req_…",
)
@click.argument("request_id", metavar="REQUEST")
def take_back(request_id: str) -> None:
    """Take a request back."""
    with client() as service:
        made = service.access.take_back(request_id)
    show(made, _print_request)


@request.command(
    "grants",
    help=say("List every grant of your dataset NAME, by order and on request.", "列出自有数据集 NAME 的全部授权。"),
    example="sancai dataset request grants hami-wind/turbines",
)
@click.argument("name")
def list_grants(name: str) -> None:
    """List grants."""
    with client() as service:
        found = list(service.access.grants(name))
    show(
        found,
        lambda items: table(
            [say("firm", "企业"), say("by", "依据"), say("since", "起"), say("ends", "截止")],
            [(each.firm_name or each.firm, each.source, each.granted_at, each.ends_at or "—") for each in items],
        ),
    )


def _print_request(found: "GrantRequest") -> None:
    facts(
        [
            (say("request", "申请"), found.id),
            (say("dataset", "数据集"), found.dataset),
            (say("firm", "企业"), found.firm_name or found.firm),
            (say("state", "状态"), found.state),
            (say("purpose", "用途"), found.purpose),
            (say("contact", "联系人"), found.contact),
            (say("ends", "截止"), found.ends_at),
            (say("reason", "理由"), found.reason),
        ]
    )
