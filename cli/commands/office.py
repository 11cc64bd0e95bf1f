"""``sancai office``: what is due and by whom, terms, ties to firms, absence, delegation, drawn reviewers."""

from datetime import date, datetime

import click

from cli.commands.case_recovery import STEPS
from cli.commands.office_probe import COMMANDS as PROBES
from cli.commands.office_reviewers import COMMANDS as REVIEWERS
from cli.connection import client
from cli.output import Branch, facts, show, table
from cli.words import say

DAY = click.DateTime(["%Y-%m-%d"])


def _day(given: datetime) -> date:
    return date(given.year, given.month, given.day)


@click.group(
    "office",
    cls=Branch,
    help=say("Terms, ties to firms, absence, delegation.", "办理期限、利害关系、缺勤、授权与随机分配。"),
)
def command() -> None:
    """The officers of an office."""


@command.command(
    "due",
    help=say("List what open cases wait for, the longest overdue first.", "列出待办事项，逾期最久者在前。"),
    example="sancai office due --overdue",
)
@click.option("--overdue", "standing", flag_value="overdue", help=say("Overdue ones only.", "仅逾期。"))
@click.option(
    "--escalated", "standing", flag_value="escalated", help=say("Those for the ranks above.", "仅需上级处理。")
)
@click.option("--officer", default="", help=say("What this account may do.", "该账号可办事项。"))
def due(standing: str | None, officer: str) -> None:
    """List what is due."""
    with client() as service:
        found = service.office.due(standing=standing or "", officer=officer)
    columns = [say("case", "案件"), say("step", "步骤"), say("until", "截止"), say("late", "逾期工作日")]
    columns += [say("standing", "状态"), say("officers", "可办人员")]
    show(
        found,
        lambda items: table(
            columns,
            [
                (
                    each.case,
                    f"{each.step} {each.number or ''}".strip(),
                    each.due_at or "—",
                    str(each.days_late),
                    each.standing,
                    ", ".join(able.login for able in each.officers) or "—",
                )
                for each in items
            ],
        ),
    )


@command.command(
    "ready",
    help=say("Say whether the office has enough distinct officers.", "检查本单位经办人员是否足够。"),
    example="sancai office ready",
)
def ready() -> None:
    """Show readiness."""
    with client() as service:
        found = service.office.readiness()
    show(
        found,
        lambda items: table(
            [say("policy", "政策"), say("ready", "是否足够"), say("missing", "缺少")],
            [
                (each.document, say("yes", "是") if each.ready else say("no", "否"), ", ".join(each.unfilled) or "—")
                for each in items
            ],
        ),
    )


@command.command(
    "terms", help=say("List how long each step may take.", "列出各步骤办理期限。"), example="sancai office terms"
)
def terms() -> None:
    """List terms."""
    with client() as service:
        found = service.office.terms()
    show(
        found,
        lambda items: table(
            [say("step", "步骤"), say("days", "天数"), say("counted in", "计算方式"), say("by", "依据")],
            [
                (each.step, str(each.days), each.unit, each.number or f"{each.clause}: {each.assumption}")
                for each in items
            ],
        ),
    )


@command.command(
    "term",
    help=say("Set the term of STEP to DAYS by a ruling.", "以文件规定步骤 STEP 的期限为 DAYS 天。"),
    example='sancai office term review 7 --number YZ-T-1 --organ "区发改委" --decided 2026-03-02 --text "七个工作日"',
)
@click.argument("step", type=click.Choice(STEPS))
@click.argument("days", type=int)
@click.option("--calendar", is_flag=True, help=say("Calendar days, not working days.", "按自然日计算。"))
@click.option("--number", required=True, help=say("Number of the ruling.", "文号。"))
@click.option("--organ", required=True, help=say("Who decided.", "作出机关。"))
@click.option("--decided", type=DAY, required=True, help=say("When.", "作出日期。"))
@click.option("--text", required=True, help=say("Its words.", "内容。"))
def term(step: str, days: int, calendar: bool, number: str, organ: str, decided: datetime, text: str) -> None:
    """Set a term."""
    with client() as service:
        made = service.office.set_term(
            step,
            days,
            unit="calendar" if calendar else "working",
            number=number,
            organ=organ,
            decided_on=_day(decided),
            text=text,
        )
    show(made, lambda found: facts([(found.step, f"{found.days} ({found.unit}), {found.number}")]))


@command.command(
    "tie",
    help=say(
        "State a tie of yours to FIRM, or as registrar of --officer.",
        "申报本人（或由登记员录入 --officer）与企业 FIRM 的利害关系。",
    ),
    example='sancai office tie firm_… --ground family --note "配偶任职"',
)
@click.argument("firm")
@click.option(
    "--ground", type=click.Choice(["own", "family", "former", "other"]), required=True, help=say("Why.", "事由。")
)
@click.option("--note", required=True, help=say("What ties you.", "说明。"))
@click.option("--officer", help=say("Another officer's account.", "其他经办人员账号。"))
def tie(firm: str, ground: str, note: str, officer: str | None) -> None:
    """Declare a tie."""
    with client() as service:
        made = service.office.declare_tie(firm, ground, note, officer=officer)
    show(made, lambda found: facts([(say("tie", "利害关系"), found.id), (say("officer", "人员"), found.officer)]))


@command.command("ties", help=say("List ties.", "列出利害关系。"), example="sancai office ties")
def ties() -> None:
    """List ties."""
    with client() as service:
        found = service.office.ties()
    show(
        found,
        lambda items: table(
            [
                say("id", "编号"),
                say("officer", "人员"),
                say("firm", "企业"),
                say("ground", "事由"),
                say("ended", "终止"),
            ],
            [(each.id, each.officer, each.firm, each.ground, each.ended_at or "—") for each in items],
        ),
    )


@command.command(
    "untie", help=say("Enter that TIE is no more.", "录入利害关系 TIE 已终止。"), example="sancai office untie tie_…"
)
@click.argument("tie_id", metavar="TIE")
def untie(tie_id: str) -> None:
    """End a tie."""
    with client() as service:
        made = service.office.end_tie(tie_id)
    show(made, lambda found: facts([(say("ended", "终止"), found.ended_at)]))


@command.command(
    "away",
    help=say("Enter that OFFICER is away from FIRST through LAST.", "录入 OFFICER 自 FIRST 至 LAST 缺勤。"),
    example='sancai office away acc_… 2026-03-09 2026-03-13 --reason "培训"',
)
@click.argument("officer")
@click.argument("first", type=DAY)
@click.argument("last", type=DAY)
@click.option("--reason", required=True, help=say("Why.", "原因。"))
def away(officer: str, first: datetime, last: datetime, reason: str) -> None:
    """Record an absence."""
    with client() as service:
        made = service.office.record_absence(officer, _day(first), _day(last), reason)
    show(made, lambda found: facts([(say("absence", "缺勤"), found.id), (say("until", "至"), found.last)]))


@command.command(
    "back", help=say("Enter that ABSENCE has ended.", "录入缺勤 ABSENCE 已结束。"), example="sancai office back abs_…"
)
@click.argument("absence")
def back(absence: str) -> None:
    """End an absence."""
    with client() as service:
        made = service.office.end_absence(absence)
    show(made, lambda found: facts([(say("ended", "结束"), found.ended_at)]))


@command.command("absences", help=say("List absences.", "列出缺勤。"), example="sancai office absences")
def absences() -> None:
    """List absences."""
    with client() as service:
        found = service.office.absences()
    show(
        found,
        lambda items: table(
            [say("id", "编号"), say("officer", "人员"), say("from", "自"), say("through", "至"), say("ended", "结束")],
            [(each.id, each.officer, each.first, each.last, each.ended_at or "—") for each in items],
        ),
    )


@command.command(
    "delegate",
    help=say(
        "Let DELEGATE sign in your RANK from FIRST through LAST.", "授权 DELEGATE 自 FIRST 至 LAST 代行 RANK 签批。"
    ),
    example="sancai office delegate acc_… leader_in_charge 2026-03-09 2026-03-13 --document YZ-SQ-1",
)
@click.argument("officer", metavar="DELEGATE")
@click.argument("rank", type=click.Choice(["section_head", "leader_in_charge", "principal_leader"]))
@click.argument("first", type=DAY)
@click.argument("last", type=DAY)
@click.option("--document", required=True, help=say("Number of the document.", "授权文件号。"))
@click.option("--instrument", "instruments", multiple=True, help=say("Only in this instrument.", "仅限该项目。"))
def delegate(
    officer: str, rank: str, first: datetime, last: datetime, document: str, instruments: tuple[str, ...]
) -> None:
    """Delegate a rank."""
    with client() as service:
        made = service.office.delegate(
            officer, rank, _day(first), _day(last), document, instruments=instruments or None
        )
    show(made, lambda found: facts([(say("delegation", "授权"), found.id), (say("until", "至"), found.last)]))


@command.command("delegations", help=say("List delegations.", "列出授权。"), example="sancai office delegations")
def delegations() -> None:
    """List delegations."""
    with client() as service:
        found = service.office.delegations()
    show(
        found,
        lambda items: table(
            [
                say("id", "编号"),
                say("for", "授权人"),
                say("signs", "受托人"),
                say("rank", "级别"),
                say("through", "至"),
            ],
            [(each.id, each.principal, each.delegate, each.rank, each.ended_at or each.last) for each in items],
        ),
    )


@command.command(
    "undelegate",
    help=say("Take DELEGATION back.", "撤回授权 DELEGATION。"),
    example="sancai office undelegate dlg_…",
)
@click.argument("delegation")
def undelegate(delegation: str) -> None:
    """End a delegation."""
    with client() as service:
        made = service.office.end_delegation(delegation)
    show(made, lambda found: facts([(say("ended", "终止"), found.ended_at)]))


@command.command(
    "recuse",
    help=say(
        "Recuse yourself, or as registrar --officer, from CASE.", "本人（或由登记员办理 --officer）回避案件 CASE。"
    ),
    example='sancai office recuse case_… --reason "曾任职该企业"',
)
@click.argument("case")
@click.option("--reason", required=True, help=say("Why.", "理由。"))
@click.option("--officer", help=say("Another officer's account.", "其他经办人员账号。"))
def recuse(case: str, reason: str, officer: str | None) -> None:
    """Recuse an officer."""
    from cli.commands.case import print_case
    from sancai.offices import Recusal

    with client() as service:
        made = service.office.recuse(case, reason, officer=officer)
    if isinstance(made, Recusal):
        show(made, lambda found: facts([(say("case", "案件"), found.case), (say("state", "状态"), found.state)]))
    else:
        show(made, print_case)


@command.command(
    "sample",
    help=say("Draw a sample of the cases paid from FIRST through LAST.", "对 FIRST 至 LAST 已拨付案件随机抽查。"),
    example='sancai office sample 2026-01-01 2026-12-31 --share-bp 500 --reason "年度抽查"',
)
@click.argument("first", type=DAY)
@click.argument("last", type=DAY)
@click.option("--share-bp", type=int, required=True, help=say("Share in basis points (500 = 5 %).", "比例，万分之。"))
@click.option("--least", type=int, default=1, help=say("At least so many cases.", "最少件数。"))
@click.option("--reason", required=True, help=say("Why.", "原因。"))
def sample(first: datetime, last: datetime, share_bp: int, least: int, reason: str) -> None:
    """Draw a sample."""
    with client() as service:
        made = service.office.draw_sample(_day(first), _day(last), share_bp, reason, least=least)
    show(
        made,
        lambda found: facts(
            [
                (say("sample", "样本"), found.id),
                (say("drawn", "抽中"), f"{len(found.drawn)}/{len(found.population)}: {', '.join(found.drawn)}"),
                (say("seed", "种子"), found.seed),
            ]
        ),
    )


@command.command("samples", help=say("List samples.", "列出抽查样本。"), example="sancai office samples")
def samples() -> None:
    """List samples."""
    with client() as service:
        found = service.office.samples()
    show(
        found,
        lambda items: table(
            [
                say("id", "编号"),
                say("days", "期间"),
                say("drawn", "抽中"),
                say("open", "待查"),
                say("irregular", "有问题"),
            ],
            [
                (
                    each.id,
                    f"{each.first} – {each.last}",
                    f"{len(each.drawn)}/{len(each.population)}",
                    ", ".join(each.open) or "—",
                    ", ".join(one.case for one in each.findings if not one.in_order) or "—",
                )
                for each in items
            ],
        ),
    )


@command.command(
    "finding",
    help=say("State what was found in CASE of SAMPLE.", "录入样本 SAMPLE 中案件 CASE 的检查结论。"),
    example='sancai office finding smp_… case_… --irregular --text "采信证明与交付记录不符"',
)
@click.argument("sample_id", metavar="SAMPLE")
@click.argument("case")
@click.option("--in-order/--irregular", required=True, help=say("What it comes to.", "结论。"))
@click.option("--text", required=True, help=say("What was seen.", "检查情况。"))
def finding(sample_id: str, case: str, in_order: bool, text: str) -> None:
    """Record a finding."""
    with client() as service:
        made = service.office.record_finding(sample_id, case, text, in_order=in_order)
    show(made, lambda found: facts([(say("still open", "待查"), ", ".join(found.open) or "—")]))


for each in (*REVIEWERS, *PROBES):
    command.add_command(each)
