"""``sancai policy``: what a document grants and leaves open, who loaded it, how it was ruled upon."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.commands.policy_questions import check, explain, print_document, print_documents, short, text_of, verdict
from cli.connection import client
from cli.output import Branch, facts, line, note, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.policy import LoadedPolicy, PolicyDetail, Ruling

DAY = click.DateTime(["%Y-%m-%d"])


@click.group("policy", cls=Branch, help=say("Read policies, load them, enter rulings.", "查看与载入政策，录入解释。"))
def command() -> None:
    """Read and keep policies."""


@command.command(
    "list",
    help=say("List the documents authorities have loaded.", "列出已载入的政策文件。"),
    example="sancai policy list --shipped",
)
@click.option("--shipped", is_flag=True, help=say("Those that come with the service.", "随服务提供的政策文件。"))
def list_policies(shipped: bool) -> None:
    """List documents."""
    if shipped:
        with client() as service:
            documents = list(service.policy.documents())
        show(documents, print_documents)
        return
    with client() as service:
        found = list(service.policy.loaded())
    show(
        found,
        lambda loaded: table(
            [say("document", "文件"), say("title", "名称"), say("term", "有效期"), say("status", "状态")],
            [(each.document, say(each.title_en, each.title_zh), _term(each), each.status) for each in loaded],
        ),
    )


def _term(loaded: "LoadedPolicy | PolicyDetail") -> str:
    return f"{loaded.first_day} – {loaded.last_day or say('open', '无期限')}"


@command.command(
    "show",
    help=say("Show DOCUMENT: what it grants and what it leaves open.", "显示 DOCUMENT：政策工具与尚待明确之处。"),
    example="sancai policy show yizhou-2-year-measures",
)
@click.argument("document")
@click.option("--authority", help=say("Whose; by default the first that loaded it.", "所属机构；默认最先载入者。"))
@click.option("--shipped", is_flag=True, help=say("As it comes with the service.", "按随服务提供的文本显示。"))
@click.option("--revision", type=int, help=say("An earlier revision, with --shipped.", "较早版次，与 --shipped 同用。"))
def show_policy(document: str, authority: str | None, shipped: bool, revision: int | None) -> None:
    """Show a document."""
    if shipped:
        with client() as service:
            text = service.policy.document(document, revision)
        show(text, print_document)
        return
    with client() as service:
        found = service.policy.show(document, authority)
    show(found, _print_policy)


def _print_policy(found: "PolicyDetail") -> None:
    facts(
        [
            (say("title", "名称"), say(found.title_en, found.title_zh)),
            (say("number", "文号"), found.reference),
            (say("issued", "印发日期"), found.issued_on),
            (say("term", "有效期"), _term(found)),
            (say("claims until", "申报截止"), found.claims_until),
            (say("status", "状态"), found.status),
        ]
    )
    line()
    _print_instruments(found)
    line()
    _print_assumptions(found)
    if len(found.years) > 1:
        years = ", ".join(str(year) for year in found.years)
        note(
            say(
                f"The term touches {len(found.years)} calendar years ({years}): a yearly cap is open once in each.",
                f"有效期跨 {len(found.years)} 个公历年度（{years}）：年度上限在每一年度各计一次。",
            )
        )


def _print_instruments(found: "PolicyDetail") -> None:
    table(
        [
            say("instrument", "政策工具"),
            say("title", "名称"),
            say("clause", "条款"),
            say("caps", "上限"),
            say("open", "待明确"),
        ],
        [
            (
                each.id,
                say(each.title_en, each.title_zh),
                each.clause,
                "; ".join(f"{cap.amount_text} {cap.scope}/{cap.period}" for cap in each.caps),
                len(each.open_assumptions),
            )
            for each in found.instruments
        ],
    )


def _print_assumptions(found: "PolicyDetail") -> None:
    table(
        [
            say("assumption", "假设"),
            say("clause", "条款"),
            say("question", "问题"),
            say("value", "取值"),
            say("ruling", "决定"),
        ],
        [
            (
                each.id,
                each.clause,
                say(each.question_en, each.question_zh),
                short(each.value),
                say("open", "待明确")
                if each.open
                else ", ".join(ruling.number for ruling in each.rulings) or found.reference,
            )
            for each in found.assumptions
        ],
    )


@command.command(
    "load",
    help=say("Put DOCUMENT into force with its issue date and number.", "以印发日期和文号载入 DOCUMENT。"),
    example="sancai policy load yizhou-2-year-measures --issued-on 2026-01-15 --reference 伊区政办发〔2026〕1号",
)
@click.argument("document")
@click.option("--issued-on", type=DAY, required=True, help=say("The issue date.", "印发日期。"))
@click.option("--reference", required=True, help=say("The number it was issued under.", "文号。"))
def load_policy(document: str, issued_on: datetime, reference: str) -> None:
    """Load a document."""
    with client() as service:
        made = service.policy.load(document, issued_on.date(), reference)
    show(made, _print_loaded)


def _print_loaded(made: "LoadedPolicy") -> None:
    line(
        say(
            f"{made.document} is in force: {_term(made)}.",
            f"{made.document} 施行期：{_term(made)}。",
        )
    )


@command.command(
    "rule",
    help=say("Enter a ruling on ASSUMPTION of DOCUMENT.", "就 DOCUMENT 的 ASSUMPTION 录入决定。"),
    example=(
        "sancai policy rule yizhou-2-year-measures yz.notice-days --number 伊数决〔2026〕1号 --decided-on 2026-03-02"
        " --organ 数发局 --text-file ruling.txt --value 7"
    ),
)
@click.argument("document")
@click.argument("assumption")
@click.option("--number", required=True, help=say("The number of the ruling.", "决定文号。"))
@click.option("--decided-on", type=DAY, required=True, help=say("The day it was taken.", "决定日期。"))
@click.option("--organ", required=True, help=say("Who took it.", "决定机关。"))
@click.option(
    "--text-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help=say("Its text, as UTF-8.", "决定正文（UTF-8）。"),
)
@click.option("--value", help=say("The value; left out, the default is confirmed.", "取值；不填则确认默认值。"))
def enter_ruling(
    document: str, assumption: str, number: str, decided_on: datetime, organ: str, text_file: Path, value: str | None
) -> None:
    """Enter a ruling."""
    text = text_of(text_file)
    with client() as service:
        made = service.policy.rule(
            document,
            assumption,
            number=number,
            decided_on=decided_on.date(),
            organ=organ,
            text=text,
            value=value,
        )
    show(made, _print_ruling)


def _print_ruling(made: "Ruling") -> None:
    facts(
        [
            (say("assumption", "假设"), made.assumption),
            (say("value", "取值"), short(made.value)),
            (say("number", "文号"), made.number),
            (say("decided", "决定日期"), made.decided_on),
            (say("text digest", "正文摘要"), made.text_digest),
            (say("id", "编号"), made.id),
        ]
    )


@command.command(
    "rulings",
    help=say("List rulings.", "列出已录入的决定。"),
    example="sancai policy rulings --document yizhou-2-year-measures",
)
@click.option("--document", help=say("Only those on this document.", "仅限该文件。"))
def list_rulings(document: str | None) -> None:
    """List rulings."""
    with client() as service:
        found = list(service.policy.rulings(document))
    show(
        found,
        lambda rulings: table(
            [
                say("assumption", "假设"),
                say("value", "取值"),
                say("number", "文号"),
                say("decided", "决定日期"),
                say("organ", "机关"),
            ],
            [(each.assumption, short(each.value), each.number, each.decided_on, each.organ) for each in rulings],
        ),
    )


for question in (explain, check, verdict):
    command.add_command(question)
