"""``sancai case check-form`` and ``notice-record``: what a paper and a notice page are worth."""

from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Leaf, facts, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.cases import FormCheck
    from sancai.notice_probes import NoticeProbe, NoticeRecord


@click.command(
    "check-form",
    cls=Leaf,
    help=say(
        "Say whether a printed form of CASE with DIGEST is genuine.", "核验摘要为 DIGEST 的 CASE 纸质申请表是否真实。"
    ),
    example="sancai case check-form case_… 3f2a…",
)
@click.argument("case")
@click.argument("digest")
def check_form(case: str, digest: str) -> None:
    """Check a printed form."""
    with client() as service:
        found = service.cases.check_form(case, digest)
    show(found, _print_check)


def _print_check(found: "FormCheck") -> None:
    facts(
        [
            (say("genuine", "真实"), say("yes", "是") if found.genuine else say("no", "否")),
            (say("document", "政策文件"), found.document or None),
            (say("state now", "案件现状"), found.state),
            (say("acts since", "打印后办理记录"), found.acts_since if found.genuine else None),
        ]
    )


@click.command(
    "notice-record",
    cls=Leaf,
    help=say(
        "Show what the probe saw of the notice of CASE, and when it ends.", "显示 CASE 公示页面的探测记录与公示截止。"
    ),
    example="sancai case notice-record case_…",
)
@click.argument("case")
@click.option("--all", "everything", is_flag=True, help=say("List every look.", "列出每次探测。"))
def notice_record(case: str, everything: bool) -> None:
    """Show the record of a notice."""
    with client() as service:
        if everything:
            show(list(service.notice_probes.looks(case)), _print_looks)
        else:
            show(service.notice_probes.of_case(case), _print_record)


def _print_record(found: "NoticeRecord") -> None:
    probed = say("the office has no probe; not prolonged", "本单位未设探测，不延长")
    facts(
        [
            (say("page", "公示网址"), found.page_url),
            (say("posted", "公示起"), found.posted_at),
            (say("ends as posted", "原定截止"), found.stated_ends_at),
            (say("ends", "公示截止"), found.ends_at),
            (say("may stay unseen, hours", "不可见时限（小时）"), found.limit_hours or probed),
        ]
    )
    table([say("unseen from", "不可见起"), say("to", "止")], [(each.first, each.last) for each in found.gaps])


def _print_looks(found: "list[NoticeProbe]") -> None:
    table(
        [say("looked at", "探测时间"), say("seen", "结果"), "HTTP", say("late", "迟报"), "SHA-256"],
        [
            (
                each.probed_at,
                each.sighting,
                each.status or "—",
                say("late", "迟报") if each.late else "",
                each.page_sha256 or "—",
            )
            for each in found
        ],
    )


COMMANDS = (check_form, notice_record)
