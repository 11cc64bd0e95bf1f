"""``sancai case``: bring a case from review to payment."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.commands.case_archive import COMMANDS as ARCHIVES
from cli.commands.case_papers import COMMANDS as PAPERS
from cli.commands.case_performance import performance
from cli.commands.case_recovery import COMMANDS as RECOVERIES
from cli.commands.case_register_reviews import COMMANDS as REGISTER_REVIEWS
from cli.commands.case_remedy import COMMANDS as REMEDIES
from cli.commands.case_split import COMMANDS as SPLITS
from cli.connection import client
from cli.output import Branch, facts, line, show, table, written
from cli.words import say

if TYPE_CHECKING:
    from sancai.cases import Case, Objection


_FILE = say("The file to write.", "输出文件。")
_LINES = click.option(
    "--line",
    "lines",
    type=click.IntRange(1),
    multiple=True,
    help=say("A line of the case, by number.", "案件明细序号。"),
)


@click.group("case", cls=Branch, help=say("Review, sign, post and pay a case.", "审核、签批、公示与拨付。"))
def command() -> None:
    """Cases."""


@command.command(
    "batch",
    help=say("Settle redeemed vouchers of DOCUMENT into a payment batch.", "将 DOCUMENT 项下已核销的券组成拨付批次。"),
    example="sancai case batch yizhou-2-year-measures",
)
@click.argument("document")
@click.option("--voucher", "vouchers", multiple=True, help=say("Only these vouchers.", "仅这些券。"))
def batch(document: str, vouchers: tuple[str, ...]) -> None:
    """Form a payment batch."""
    with client() as service:
        made = service.cases.form_batch(document, vouchers or None)
    show(made, print_case)


@command.command("list", help=say("List cases.", "列出案件。"), example="sancai case list")
def list_cases() -> None:
    """List cases."""
    with client() as service:
        found = list(service.cases.cases())
    show(
        found,
        lambda cases: table(
            [say("id", "编号"), say("state", "状态"), say("instrument", "项目"), say("amount", "金额")],
            [(each.id, each.state, each.instrument, each.amount_text) for each in cases],
        ),
    )


@command.command("show", help=say("Show CASE.", "显示 CASE。"), example="sancai case show case_…")
@click.argument("case")
def show_case(case: str) -> None:
    """Show a case."""
    with client() as service:
        found = service.cases.case(case)
    show(found, print_case)


@command.command(
    "review",
    help=say("Record what the check of CASE found.", "录入 CASE 的审核结果。"),
    example='sancai case review case_… --opinion "材料齐全" --originals-seen --searched "百度、Hugging Face"',
)
@click.argument("case")
@click.option("--opinion", required=True, help=say("Your opinion.", "意见。"))
@click.option("--originals-seen", is_flag=True, help=say("You saw the originals.", "已查验原件。"))
@click.option("--searched", help=say("Where you looked for an earlier publication (awards).", "外部检索范围（奖励）。"))
@click.option("--found-earlier", is_flag=True, help=say("You found one.", "检索到更早发布。"))
@click.option("--note", default="", help=say("A note on the search.", "检索备注。"))
@click.option("--fail", is_flag=True, help=say("The case does not pass.", "审核不通过。"))
def review(
    case: str, opinion: str, originals_seen: bool, searched: str | None, found_earlier: bool, note: str, fail: bool
) -> None:
    """Review a case."""
    with client() as service:
        made = service.cases.review(
            case,
            passed=not fail,
            opinion=opinion,
            originals_seen=originals_seen,
            searched_where=searched,
            found_earlier=found_earlier,
            search_note=note,
        )
    show(made, print_case)


@command.command(
    "notice",
    help=say("Record that the notice of CASE stands at URL.", "录入 CASE 的公示网址 URL。"),
    example="sancai case notice case_… https://www.example.gov.cn/notice/1 --capture capture.png",
)
@click.argument("case")
@click.argument("url")
@click.option(
    "--capture",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help=say("A capture of the page.", "页面截图。"),
)
def notice(case: str, url: str, capture: Path) -> None:
    """Post a notice."""
    from sancai.downloads import sha256_of

    with client() as service:
        made = service.cases.notice(case, url, sha256_of(capture))
    show(made, print_case)


@command.command(
    "sign",
    help=say("Sign CASE in your rank.", "按级别签批 CASE。"),
    example='sancai case sign case_… --opinion "同意"',
)
@click.argument("case")
@click.option("--opinion", required=True, help=say("Your opinion.", "意见。"))
@click.option("--refuse", is_flag=True, help=say("You do not approve.", "不同意。"))
def sign(case: str, opinion: str, refuse: bool) -> None:
    """Sign a case."""
    with client() as service:
        made = service.cases.sign(case, opinion, approved=not refuse)
    show(made, print_case)


@command.command(
    "object",
    help=say("Object to lines of CASE once it is noticed.", "对已公示的 CASE（可指明明细）提出异议。"),
    example='sancai case object case_… --line 2 --reason "published in 2024 elsewhere"',
)
@click.argument("case")
@click.option("--reason", required=True, help=say("Why.", "理由。"))
@_LINES
def raise_objection(case: str, reason: str, lines: tuple[int, ...]) -> None:
    """Object to lines of a case."""
    with client() as service:
        made = service.cases.object(case, reason, lines=lines)
    show(made, _print_objection)


def _print_objection(found: "Objection") -> None:
    line(say(f"objection {found.number} raised", f"已提出第 {found.number} 号异议"))
    if found.late:
        line(say("the notice is over: an officer decides whether it holds", "已过公示期：由工作人员决定是否暂停"))


@command.command(
    "decide",
    help=say(
        "Decide on objection NUMBER of CASE, which came after the notice.",
        "对 CASE 公示期后的第 NUMBER 号异议作出决定。",
    ),
    example='sancai case decide case_… 1 --go-on --reason "…"',
)
@click.argument("case")
@click.argument("number", type=int)
@click.option("--hold/--go-on", required=True, help=say("Whether its lines wait.", "相关明细是否暂停。"))
@click.option("--reason", required=True, help=say("Why.", "理由。"))
def decide(case: str, number: int, hold: bool, reason: str) -> None:
    """Decide on a late objection."""
    with client() as service:
        made = service.cases.decide_late(case, number, reason, hold=hold)
    show(made, print_case)


@command.command(
    "answer",
    help=say("Answer objection NUMBER of CASE.", "答复 CASE 的第 NUMBER 号异议。"),
    example='sancai case answer case_… 1 --answer "…" --dismiss',
)
@click.argument("case")
@click.argument("number", type=int)
@click.option("--answer", "words", required=True, help=say("The written answer.", "书面答复。"))
@click.option("--uphold/--dismiss", required=True, help=say("What becomes of it.", "成立或不成立。"))
def answer(case: str, number: int, words: str, uphold: bool) -> None:
    """Answer an objection."""
    with client() as service:
        made = service.cases.answer(case, number, words, upheld=uphold)
    show(made, print_case)


@command.command(
    "withdraw",
    help=say("Withdraw CASE, or your lines of a batch.", "撤回本企业的申请 CASE 或批次中的本企业明细。"),
    example='sancai case withdraw case_… --reason "…"',
)
@click.argument("case")
@click.option("--reason", required=True, help=say("Why.", "原因。"))
def withdraw(case: str, reason: str) -> None:
    """Withdraw a case."""
    with client() as service:
        made = service.cases.withdraw(case, reason)
    show(made, print_case)


@command.command(
    "instruct",
    help=say("Instruct the bank to pay CASE.", "下达 CASE 的拨付指令。"),
    example="sancai case instruct case_… --year 2026 --project 2060499 --subject 30299 --voucher-number V-2026-0001",
)
@click.argument("case")
@click.option("--year", type=int, required=True, help=say("Budget year.", "预算年度。"))
@click.option("--project", required=True, help=say("Project code: the budget line.", "项目代码（预算额度所在行）。"))
@click.option("--subject", required=True, help=say("Subject code.", "科目代码。"))
@click.option("--voucher-number", required=True, help=say("Payment voucher number.", "支付凭证号。"))
@_LINES
def instruct(case: str, year: int, project: str, subject: str, voucher_number: str, lines: tuple[int, ...]) -> None:
    """Instruct a payment."""
    with client() as service:
        made = service.cases.instruct(
            case,
            budget_year=year,
            project_code=project,
            subject_code=subject,
            payment_voucher_number=voucher_number,
            lines=lines,
        )
    show(made, print_case)


@command.command(
    "pay",
    help=say("Record that the bank paid CASE.", "录入 CASE 的银行付款。"),
    example="sancai case pay case_… --receipt ICBC-0001 --on 2026-03-11",
)
@click.argument("case")
@click.option("--receipt", required=True, help=say("The bank's receipt.", "银行回单号。"))
@click.option("--on", "paid_on", type=click.DateTime(["%Y-%m-%d"]), required=True, help=say("The day.", "付款日期。"))
@_LINES
def pay(case: str, receipt: str, paid_on: datetime, lines: tuple[int, ...]) -> None:
    """Record a payment."""
    with client() as service:
        made = service.cases.pay(case, receipt, date(paid_on.year, paid_on.month, paid_on.day), lines=lines)
    show(made, print_case)


@command.command(
    "review-payment",
    help=say(
        "Say whether the payment of CASE stands in spite of what had come before its receipt.",
        "对 CASE 在回单之前出现情况的拨付作出复查结论。",
    ),
    example="sancai case review-payment case_… --recover --reason 采信不足三家",
)
@click.argument("case")
@click.option("--stands/--recover", required=True, help=say("It stands, or is recovered.", "成立，或应予追回。"))
@click.option("--reason", required=True, help=say("Why.", "理由。"))
@_LINES
def review_payment(case: str, stands: bool, reason: str, lines: tuple[int, ...]) -> None:
    """Review a payment."""
    with client() as service:
        made = service.cases.review_payment(case, reason, stands=stands, lines=lines)
    show(made, print_case)


@command.command(
    "return",
    help=say("Record that the bank sent the payment of CASE back.", "录入 CASE 的银行退汇。"),
    example='sancai case return case_… --reason "account closed"',
)
@click.argument("case")
@click.option("--reason", required=True, help=say("Why.", "原因。"))
@_LINES
def record_return(case: str, reason: str, lines: tuple[int, ...]) -> None:
    """Record a returned payment."""
    with client() as service:
        made = service.cases.record_return(case, reason, lines=lines)
    show(made, print_case)


@command.command(
    "form",
    help=say("Write CASE as the document's form (HTML, to print).", "将 CASE 按申请表格式写入文件（HTML，可打印）。"),
    example="sancai case form case_… --to form.html",
)
@click.argument("case")
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), required=True, help=_FILE)
def form(case: str, target: Path) -> None:
    """Write the form of a case."""
    with client() as service:
        content = service.cases.form(case)
    target.write_bytes(content)
    show({"file": str(target), "size_bytes": len(content)}, lambda _: line(written(target.resolve())))


@command.command(
    "payments",
    help=say("Write the payments of CASE for finance (.xlsx or .csv).", "写出 CASE 的拨付清单（.xlsx 或 .csv）。"),
    example="sancai case payments case_… --to payments.xlsx",
)
@click.argument("case")
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), required=True, help=_FILE)
def payments(case: str, target: Path) -> None:
    """Write the payment list of a case."""
    kind = target.suffix.lower().removeprefix(".")
    if kind not in {"csv", "xlsx"}:
        raise click.BadParameter(say("the name must end in .xlsx or .csv", "文件名须以 .xlsx 或 .csv 结尾"))
    with client() as service:
        content = service.cases.payment_list(case, kind)
    # It holds whole account numbers: nobody else on the machine may read it.
    target.touch(mode=0o600)
    target.chmod(0o600)
    target.write_bytes(content)
    show({"file": str(target), "size_bytes": len(content)}, lambda _: line(written(target.resolve())))


@command.command(
    "notices", help=say("List the public notices that run.", "列出公示中的事项。"), example="sancai case notices"
)
def notices() -> None:
    """List public notices."""
    with client() as service:
        found = service.cases.notices()
    show(
        found,
        lambda items: table(
            [
                say("case", "案件"),
                say("line", "序号"),
                say("unit", "单位"),
                say("instrument", "项目"),
                say("amount", "金额"),
                say("until", "截止"),
            ],
            [
                (item.case, str(each.number), each.unit, each.instrument, each.amount_text, each.ends_at)
                for item in items
                for each in item.lines
            ],
        ),
    )


def print_case(case: "Case") -> None:
    """Print a case for people."""
    facts(
        [
            (say("case", "案件"), case.id),
            (say("state", "状态"), case.state),
            (say("instrument", "项目"), case.instrument),
            (say("amount", "金额"), f"{case.amount_text} {case.amount_capitals}"),
            *(
                (
                    say("joint maker", "联合制作单位"),
                    f"{each.firm_name} {each.share_bp / 100:g}% "
                    + (say("signed", "已签署") if each.signed else say("not signed", "未签署")),
                )
                for each in (case.split.shares if case.split else ())
            ),
            (say("signed", "签批"), f"{len(case.signatures)}/{len(case.sign_off_levels)}"),
            (say("notice until", "公示截止"), case.notice.ends_at if case.notice else None),
            (say("held lines", "暂停的明细"), ", ".join(str(each.number) for each in case.lines if each.held) or None),
            *(
                (say("set apart", "另案办理"), f"{', '.join(map(str, each.lines))} → {each.into_case}")
                for each in case.set_apart
            ),
            (say("paid", "拨付"), case.payment.paid_on if case.payment else None),
            (say("in spite of", "回单前情况"), ", ".join(case.payment.in_spite_of) if case.payment else None),
            (say("refused", "不予支持"), case.refusal.detail if case.refusal else None),
        ]
    )


for each in (*REGISTER_REVIEWS, *RECOVERIES, *REMEDIES, *PAPERS, *SPLITS, *ARCHIVES, performance):
    command.add_command(each)
