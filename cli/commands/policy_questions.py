"""``sancai policy explain``, ``check`` and ``verdict``, and how documents that come with the service are printed."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli.as_of import as_of_option
from cli.connection import client
from cli.output import Leaf, facts, line, plain, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.cases import Condition
    from sancai.policy_records import (
        CaseProcedure,
        CheckedPolicy,
        ExplainedInstrument,
        Grant,
        GrantStatus,
        InstrumentVerdict,
        Named,
        OpenPlace,
        PolicyDocument,
        PolicyText,
    )

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
STATED: Final = frozenset({"facts", "used", "granted_before", "benefits", "keys"})
"""What a file of facts may state."""

MARKS: Final = {"met": "✓", "unmet": "✗"}


@click.command(
    "explain",
    cls=Leaf,
    help=say(
        "Explain INSTRUMENT: clause, amount, conditions, evidence, and what a payment waits for.",
        "解释 INSTRUMENT：条款、金额、条件、证据，以及支付前须作出的决定。",
    ),
    example="sancai policy explain xw-1-new",
)
@click.argument("instrument")
@click.option("--authority", help=say("Whose; by default the first that loaded it.", "所属机构；默认最先载入者。"))
def explain(instrument: str, authority: str | None) -> None:
    """Explain an instrument."""
    with client() as service:
        found = service.policy.explain(instrument, authority)
    show(found, _print_explained)


@click.command(
    "check",
    cls=Leaf,
    help=say(
        "Check the policy file FILE; what is wrong is named with its line.",
        "检查政策文件 FILE；有误之处按行指出。",
    ),
    example="sancai policy check my-measures.toml",
)
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Check a policy file."""
    text = text_of(file)
    with client() as service:
        found = service.policy.check(text, file.name)
    show(found, _print_checked)


@click.command(
    "verdict",
    cls=Leaf,
    help=say(
        "Say what INSTRUMENT comes to for the facts in FILE, condition by condition. FILE is JSON with facts and, as "
        "far as it is known, used, granted_before, benefits and keys; what is left out is unknown and helps nobody.",
        "按 FILE 所载事实逐项测算 INSTRUMENT。FILE 为 JSON：facts，以及已知的 used、granted_before、benefits、keys；"
        "未载明的视为未知，不作有利认定。",
    ),
    example="sancai policy verdict xw-1-new facts.json --day 2024-03-01",
)
@click.argument("instrument")
@click.argument("file", type=FILE)
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), help=say("Of the decision; by default today.", "决定之日；默认今日。")
)
@click.option(
    "--authority",
    help=say("Whose rulings; by default the first's that loaded it.", "适用哪个机构的决定；默认最先载入者。"),
)
@as_of_option
def verdict(instrument: str, file: Path, day: datetime | None, authority: str | None, as_of: datetime | None) -> None:
    """Ask for a verdict."""
    stated = _stated(file)
    with client() as service:
        found = service.policy.verdict(
            instrument,
            stated.pop("facts", {}),
            day=day.date() if day else None,
            authority=authority,
            as_of=as_of,
            **stated,
        )
    show(found, _print_verdict)


def text_of(path: Path) -> str:
    """Return the text of a file. Raises click.BadParameter unless it is UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise click.BadParameter(
            say(f"{path} is not UTF-8. Save it as UTF-8.", f"{path} 不是 UTF-8 编码。请另存为 UTF-8。")
        ) from error


def _stated(path: Path) -> dict[str, Any]:
    try:
        stated = json.loads(text_of(path))
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(say(f"{path} is not JSON: {error}.", f"{path} 不是 JSON：{error}。")) from error
    if not isinstance(stated, dict) or set(stated) - STATED:
        named = ", ".join(sorted(STATED))
        raise click.BadParameter(
            say(f"{path} must be an object with no other names than {named}.", f"{path} 须为对象，且仅含 {named}。")
        )
    return stated


# Documents as they come with the service.


def print_documents(found: "Sequence[PolicyText]") -> None:
    """Print a list of documents."""
    table(
        [
            say("document", "文件"),
            say("revision", "版次"),
            say("title", "名称"),
            say("authority", "主管部门"),
            say("instruments", "政策工具"),
            say("not computed", "不可计算"),
        ],
        [
            (
                each.document,
                each.revision,
                say(each.title_en, each.title_zh),
                say(each.authority_en, each.authority_zh),
                len(each.instruments),
                len(each.unexpressed),
            )
            for each in found
        ],
    )


def print_document(found: "PolicyDocument") -> None:
    """Print a document: what it grants, what cannot be computed and why, and what it leaves open."""
    _print_text(found)
    if found.procedure:
        _print_procedure(found.procedure)
    for status in found.statuses:
        line(f"{say('status', '状态')}  {_status(status)}")
    line()
    table(
        [say("instrument", "政策工具"), say("title", "名称"), say("clause", "条款"), say("amount", "金额")],
        [(e.id, say(e.title_en, e.title_zh), e.clause, say(e.terms_en, e.terms_zh)) for e in found.grants],
    )
    line()
    table(
        [say("cap", "上限"), say("clause", "条款"), say("most", "金额"), say("scope/period", "范围/期间")],
        [(each.id, each.clause, each.amount_text, f"{each.scope}/{each.period}") for each in found.caps],
    )
    line()
    table(
        [say("not computed", "不可计算"), say("title", "名称"), say("clause", "条款"), say("why", "原因")],
        [
            (each.id, say(each.title_en, each.title_zh), each.clause, say(each.reason_en, each.reason_zh))
            for each in found.not_computed
        ],
    )
    if found.external:
        line()
        table(
            [say("others decide", "由他方决定"), say("title", "名称"), say("who decides", "决定机关")],
            [
                (each.id, say(each.title_en, each.title_zh), say(each.decided_by_en, each.decided_by_zh))
                for each in found.external
            ],
        )
        for each in found.external:
            line()
            line(f"{each.id} ({each.clause})")
            for stated in each.left_open:
                line(f"- {stated.about}: {say(stated.text_en, stated.text_zh)}")
    line()
    _print_places(found.assumptions)


def _print_text(found: "PolicyText") -> None:
    months = (
        say("open-ended", "未定期限") if found.term_months is None else f"{found.term_months} {say('months', '个月')}"
    )
    issued = found.issue_date or say("entered by the bureau", "由主管部门录入")
    facts(
        [
            (say("title", "名称"), say(found.title_en, found.title_zh)),
            (say("document", "文件"), f"{found.document}, {say('revision', '版次')} {found.revision}"),
            (say("digest", "摘要"), found.digest),
            (say("authority", "主管部门"), say(found.authority_en, found.authority_zh)),
            (say("payer", "拨付部门"), say(found.payer_en, found.payer_zh)),
            (say("issued", "印发日期"), issued),
            (say("term", "有效期"), f"{found.first_day or issued}, {months} ({found.term_clause})"),
        ]
    )


def _print_procedure(found: "CaseProcedure") -> None:
    levels = " → ".join(say(each.text_en, each.text_zh) for each in found.sign_off)
    facts(
        [
            (
                say("notice", "公示"),
                f"{found.notice_days} {say('days', '日')} ({_from(found.notice_from, found.notice_borrowed)})",
            ),
            (say("sign-off", "签批"), f"{levels} ({_from(found.sign_off_from, found.sign_off_borrowed)})"),
        ]
    )


def _from(clause: str, borrowed: bool) -> str:
    return say(f"borrowed from {clause}", f"借用 {clause}") if borrowed else clause


def _status(found: "GrantStatus") -> str:
    first = found.first or say("the issue date", "印发之日")
    last = say("open", "无期限") if found.open_ended else found.last or say("the end of the term", "有效期届满")
    by = f", {found.by}" if found.by else ""
    return f"{found.status}: {first} – {last}{by} ({found.clause})"


def _print_places(found: "Sequence[OpenPlace]") -> None:
    table(
        [
            say("assumption", "假设"),
            say("clause", "条款"),
            say("question", "问题"),
            say("value", "取值"),
            say("reason", "理由"),
            say("ruling", "决定"),
        ],
        [
            (
                each.id,
                each.clause,
                say(each.question_en, each.question_zh),
                short(each.value),
                say(each.reason_en, each.reason_zh),
                each.ruling or say("open", "待明确"),
            )
            for each in found
        ],
    )


def short(value: object) -> str:
    """Return a value of an assumption in at most 60 characters."""
    text = ", ".join(str(each) for each in value) if isinstance(value, list) else str(plain(value))
    return text if len(text) <= 60 else f"{text[:59]}…"


# An instrument, a file, a verdict.


def _print_explained(found: "ExplainedInstrument") -> None:
    grant = found.grant
    facts(
        [
            (say("instrument", "政策工具"), f"{grant.id} {say(grant.title_en, grant.title_zh)}"),
            (say("document", "文件"), f"{say(found.document_title_en, found.document_title_zh)}, {grant.clause}"),
            (say("revision", "版次"), f"{found.revision} {found.revision_digest}"),
            (say("authority", "主管部门"), say(found.authority_en, found.authority_zh)),
            (say("payer", "拨付部门"), say(found.payer_en, found.payer_zh)),
            (say("issued", "印发日期"), found.issued_on),
            (say("status", "状态"), found.status),
            (say("for", "对象"), _words([grant.beneficiary])),
            (say("amount", "金额"), say(grant.terms_en, grant.terms_zh)),
            (say("once per", "一次性"), _words([grant.once_per]) if grant.once_per else None),
            (say("allocation", "资金安排"), grant.allocation),
            (say("excludes", "排斥同类"), _excludes(grant)),
        ]
    )
    _print_procedure(found.procedure)
    for quote in grant.quotes:
        line(f"  “{quote}”")
    line()
    _print_conditions(grant)
    line()
    table(
        [say("fact", "事实"), say("type", "类型"), say("meaning", "含义")],
        [(each.name, each.type, say(each.text_en, each.text_zh)) for each in grant.facts],
    )
    line()
    _print_places(found.places)
    line()
    line(found.payment)


def _excludes(grant: "Grant") -> str:
    return f"{grant.exclusivity_group}: {_words(grant.exclusivity_keys)} ({grant.exclusivity_clause})"


def _print_conditions(grant: "Grant") -> None:
    for each in grant.requirements:
        evidence = f" — {_words(each.evidence)}" if each.evidence else ""
        line(f"• {say(each.text_en, each.text_zh)} ({each.clause}){evidence}")
    for conflict in grant.conflicts:
        line(f"≠ {conflict.assumption} ({conflict.clause})")
        for reading in conflict.readings:
            line(f"    {reading.id}: {say(reading.text_en, reading.text_zh)}")
    for cap in grant.caps:
        line(f"≤ {cap.amount_text} {cap.scope}/{cap.period} ({cap.clause})")
    for status in grant.statuses:
        line(f"! {_status(status)}")
    borrowed = f" ({_from(grant.evidence_borrowed_from, borrowed=True)})" if grant.evidence_borrowed_from else ""
    line(f"{say('evidence', '材料')}: {_words(grant.evidence)}{borrowed}")


def _words(named: "Iterable[Named]") -> str:
    return say(", ", "、").join(say(each.text_en, each.text_zh) for each in named)


def _print_checked(found: "CheckedPolicy") -> None:
    _print_text(found)
    line(
        say(
            f"OK: {len(found.instruments)} instruments, {len(found.unexpressed)} paragraphs that are not computed.",
            f"OK：{len(found.instruments)} 项政策工具，{len(found.unexpressed)} 段不可计算。",
        )
    )


def _print_verdict(found: "InstrumentVerdict") -> None:
    facts(
        [
            (say("instrument", "政策工具"), f"{found.instrument} ({found.document}, {found.revision})"),
            (say("day", "决定之日"), found.day),
            (say("due", "应付"), f"{found.amount_text} {found.amount_capitals}"),
            (say("held for a ruling", "待决定"), f"{found.held_text} {', '.join(found.disputed)}"),
            (say("without conditions", "不计条件"), found.would_be_text),
        ]
    )
    for condition in found.conditions:
        _print_condition(condition)
    if len(found.readings) > 1:
        for reading in found.readings:
            line(f"≠ {', '.join(reading.readings)}: {reading.earns_text}")
    for ruling in found.rulings:
        line(f"§ {ruling.assumption}: {short(ruling.value)} ({ruling.number}, {ruling.decided_on}, {ruling.organ})")
    line(found.payment)


def _print_condition(condition: "Condition") -> None:
    line(f"{MARKS.get(condition.finding, '?')} {condition.code} ({condition.clause})")
    line(f"    {condition.detail}")
    if condition.finding != "met" and condition.evidence:
        line(f"    {say('evidence', '证据')}: {', '.join(condition.evidence)}")
