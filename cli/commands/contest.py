"""``sancai contest``: say that your data was first, file what shows it, decide."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Branch, facts, line, show, table, written
from cli.words import say

if TYPE_CHECKING:
    from sancai.contests import Contest, ContestDraw, ContestEvidence, ContestReview

DAY = click.DateTime(["%Y-%m-%d"])
REASON = say("Why.", "理由。")


def _day(given: datetime) -> date:
    return date(given.year, given.month, given.day)


@click.group("contest", cls=Branch, help=say("Contest who was first.", "首发争议：提出、举证与裁定。"))
def command() -> None:
    """Contests of novelty."""


@command.command(
    "open",
    help=say(
        "Contest that OWN (a version, or the id of a draft that was refused) is not new beside AGAINST.",
        "就 OWN（版本，或被拒草稿的编号）被认定与 AGAINST 重复提出首发争议。",
    ),
    example='sancai contest open ver_… --against other/wind@v1 --statement "我方2025年已采集"',
)
@click.argument("own")
@click.option("--against", required=True, help=say("The version it is said to repeat.", "被认为重复的版本。"))
@click.option("--statement", required=True, help=say("What you say.", "争议陈述。"))
@click.option("--authority", help=say("Who decides, where there are several.", "裁定机构（有多个时）。"))
def open_contest(own: str, against: str, statement: str, authority: str | None) -> None:
    """Open a contest."""
    with client() as service:
        made = service.contests.open(own, against, statement, authority=authority)
    show(made, _print)


@command.command(
    "show",
    help=say("Show CONTEST with what was filed.", "查看争议 CONTEST 与证据。"),
    example="sancai contest show cont_…",
)
@click.argument("contest")
def show_contest(contest: str) -> None:
    """Show a contest."""
    with client() as service:
        found = service.contests.contest(contest)
    show(found, _print)


@command.command(
    "list",
    help=say("List the contests of your firm or office.", "列出本企业或本单位的首发争议。"),
    example="sancai contest list",
)
def list_contests() -> None:
    """List contests."""
    columns = [say("contest", "争议"), say("state", "状态"), say("own side", "提出方"), say("against", "相对方")]
    columns += [say("evidence until", "举证截止"), say("standing", "期限状态")]
    with client() as service:
        show(
            list(service.contests.contests()),
            lambda found: table(
                columns,
                [
                    (
                        each.id,
                        each.state,
                        each.contester.name,
                        each.respondent.name,
                        each.evidence_until,
                        each.standing or "—",
                    )
                    for each in found
                ],
            ),
        )


@command.command(
    "file",
    help=say(
        "File DOCUMENT (a file, or the id of one that was filed) in CONTEST; a secret is shown by digest and summary.",
        "在争议 CONTEST 中提交证据 DOCUMENT（文件或已提交材料的编号）；涉密证据对方仅见摘要值与概述。",
    ),
    example="sancai contest file cont_… log.pdf --day 2025-11-03 --shows 采集日志",
)
@click.argument("contest")
@click.argument("document")
@click.option("--day", type=DAY, required=True, help=say("The day it is of.", "所证明的日期。"))
@click.option("--shows", required=True, help=say("What it shows.", "证明内容。"))
@click.option("--confidential", is_flag=True, help=say("It is a business secret.", "涉及商业秘密。"))
@click.option("--summary", default="", help=say("What the other side may read of it.", "供对方阅读的概述。"))
def file_evidence(contest: str, document: str, day: datetime, shows: str, confidential: bool, summary: str) -> None:
    """File evidence."""
    with client() as service:
        filed = document if document.startswith("evd_") else service.evidence.file(document).id
        made = service.contests.file(
            contest, filed, claimed_on=_day(day), shows=shows, confidential=confidential, summary=summary
        )
    show(made, lambda found: _print_evidence([found]))


@command.command(
    "document",
    help=say("Write document NUMBER of CONTEST into a file.", "将争议 CONTEST 的第 NUMBER 号证据写入文件。"),
    example="sancai contest document cont_… 1 --to log.pdf",
)
@click.argument("contest")
@click.argument("number", type=int)
@click.option(
    "--to",
    "target",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    required=True,
    help=say("Where to.", "写入位置。"),
)
def document(contest: str, number: int, target: Path) -> None:
    """Write a document."""
    with client() as service:
        content = service.contests.document(contest, number)
    target.write_bytes(content)
    show({"file": str(target), "size_bytes": len(content)}, lambda _: line(written(target.resolve())))


@command.command(
    "withdraw",
    help=say("Withdraw CONTEST, which your firm opened.", "撤回本企业提出的争议 CONTEST。"),
    example="sancai contest withdraw cont_… --reason 已和解",
)
@click.argument("contest")
@click.option("--reason", required=True, help=REASON)
def withdraw(contest: str, reason: str) -> None:
    """Withdraw a contest."""
    with client() as service:
        made = service.contests.withdraw(contest, reason)
    show(made, _print)


@command.command(
    "draws",
    help=say("List who was drawn to decide CONTEST, with the seed.", "列出争议 CONTEST 的抽选结果与种子。"),
    example="sancai contest draws cont_…",
)
@click.argument("contest")
def draws(contest: str) -> None:
    """List lots."""
    with client() as service:
        found = service.contests.draws(contest)
    show(found, _print_draws)


@command.command(
    "draw",
    help=say("Draw who decides CONTEST where nobody was drawn or may.", "无人可裁定争议 CONTEST 时重新抽选。"),
    example="sancai contest draw cont_… --reason 新增初审人员",
)
@click.argument("contest")
@click.option("--reason", required=True, help=REASON)
def draw(contest: str, reason: str) -> None:
    """Draw again."""
    with client() as service:
        made = service.contests.draw(contest, reason)
    show(made, lambda found: _print_draws([found]))


@command.command(
    "decide",
    help=say(
        "Decide CONTEST: priority stays, moves to the contester, both are independent, or somebody was earlier.",
        "裁定争议 CONTEST：维持首发、首发转归提出方、双方独立，或第三方更早。",
    ),
    example="sancai contest decide cont_… --outcome moves --day 2025-11-03 --reason 采集日志可信",
)
@click.argument("contest")
@click.option(
    "--outcome",
    type=click.Choice(["stays", "moves", "independent", "earlier"]),
    required=True,
    help=say("What is decided.", "裁定结果。"),
)
@click.option("--day", type=DAY, help=say("Day of the first publication (moves, earlier).", "首次公开日期。"))
@click.option("--place", default="", help=say("Where that was (earlier).", "首次公开之处。"))
@click.option("--reason", required=True, help=REASON)
def decide(contest: str, outcome: str, day: datetime | None, place: str, reason: str) -> None:
    """Decide a contest."""
    with client() as service:
        made = service.contests.decide(contest, outcome, reason, day=_day(day) if day else None, place=place)
    show(made, _print)


@command.command(
    "recuse",
    help=say(
        "Make the decision of CONTEST void, since whoever took it is tied to a side.",
        "因裁定人员与一方存在利害关系，使争议 CONTEST 的决定失效。",
    ),
    example="sancai contest recuse cont_… --reason 配偶任职",
)
@click.argument("contest")
@click.option("--reason", required=True, help=REASON)
def recuse(contest: str, reason: str) -> None:
    """Make a decision void."""
    with client() as service:
        made = service.contests.recuse(contest, reason)
    show(made, _print)


@command.command(
    "reviews",
    help=say("List paid awards whose dataset lost a contest.", "列出败诉数据集已拨付的奖励。"),
    example="sancai contest reviews",
)
def reviews() -> None:
    """List reviews."""
    with client() as service:
        show(list(service.contests.reviews()), _print_reviews)


@command.command(
    "answer",
    help=say(
        "Say whether the paid CASE stands although CONTEST was lost.",
        "确认已拨付案件 CASE 在争议 CONTEST 败诉后是否成立。",
    ),
    example="sancai contest answer cont_… case_… --outcome recover --reason 非首次公开发布",
)
@click.argument("contest")
@click.argument("case")
@click.option("--outcome", type=click.Choice(["stands", "recover"]), required=True, help=say("Which.", "结论。"))
@click.option("--reason", required=True, help=REASON)
def answer(contest: str, case: str, outcome: str, reason: str) -> None:
    """Answer a review."""
    with client() as service:
        made = service.contests.answer_review(contest, case, outcome, reason)
    show(made, lambda found: _print_reviews([found]))


def _print(found: "Contest") -> None:
    facts(
        [
            (say("contest", "争议"), found.id),
            (say("state", "状态"), found.state),
            (say("contester", "提出方"), found.contester.name),
            (say("against", "相对方"), found.respondent.name),
            (say("ground", "依据"), found.ground),
            (say("statement", "陈述"), found.statement),
            (say("evidence until", "举证截止"), found.evidence_until),
            (say("to be decided by", "裁定期限"), found.due_at),
            (say("standing", "期限状态"), found.standing),
            (say("reviewer", "裁定人"), found.reviewer),
        ]
    )
    for case in found.cases:
        line(f"  {case.case} {case.instrument} {case.state}")
    if found.evidence:
        _print_evidence(found.evidence)
    for void in found.void_decisions:
        line(f"{void.number}: {void.outcome} {say('void', '已失效')} ({void.void_ground}, {void.voided_at})")
    if found.decision:
        line(f"{found.decision.number}: {found.decision.outcome} {found.decision.place} {found.decision.day or ''}")
        line(found.decision.reason)


def _print_evidence(found: "tuple[ContestEvidence, ...] | list[ContestEvidence]") -> None:
    columns = [say("number", "编号"), say("day", "日期"), say("firm", "提交方"), say("shows", "证明内容"), "sha256"]
    table(
        columns,
        [(each.number, each.claimed_on, each.firm, each.shows or each.summary, each.sha256[:16]) for each in found],
    )


def _print_draws(found: "tuple[ContestDraw, ...] | list[ContestDraw]") -> None:
    table(
        [say("number", "次数"), say("drawn", "抽中"), say("of", "候选人数"), say("seed", "种子"), say("why", "原因")],
        [(each.number, each.drawn, len(each.candidates), each.seed, each.reason) for each in found],
    )


def _print_reviews(found: "list[ContestReview]") -> None:
    table(
        [say("contest", "争议"), say("case", "案件"), say("outcome", "结论"), say("reason", "理由")],
        [(each.contest, each.case, each.outcome or say("open", "待复核"), each.reason or "—") for each in found],
    )
