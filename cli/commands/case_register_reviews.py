"""``sancai case``: what the registers have corrected backward, and which cases stand in spite of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cli.connection import client
from cli.output import Leaf, show, table
from cli.words import say

if TYPE_CHECKING:
    from sancai.register_reviews import RegisterReview


@click.command(
    "corrections",
    cls=Leaf,
    help=say(
        "List backward corrections of the registers; with CORRECTION the cases it touches.",
        "列出登记簿的追溯更正；给出 CORRECTION 时列出其涉及的案件。",
    ),
    example="sancai case corrections corr_…",
)
@click.argument("correction", required=False)
def corrections(correction: str | None) -> None:
    """List corrections or their cases."""
    with client() as service:
        if correction is None:
            show(
                list(service.register_reviews.corrections()),
                lambda found: table(
                    [
                        say("register", "登记簿"),
                        say("from", "生效首日"),
                        say("recorded", "录入时间"),
                        say("firms", "企业数"),
                        say("id", "编号"),
                    ],
                    [
                        (each.register_name, each.valid_from, each.recorded_at, len(each.firms), each.id)
                        for each in found
                    ],
                ),
            )
            return
        found = service.register_reviews.cases(correction)
    show(found, lambda touched: _print_reviews((*touched.undecided, *touched.decided)))


def _print_reviews(found: "Sequence[RegisterReview]") -> None:
    table(
        [say("case", "案件"), say("state", "状态"), say("review", "复核"), say("correction", "更正")],
        [(each.case, each.state, _review(each), each.correction) for each in found],
    )


def _review(found: "RegisterReview") -> str:
    if found.decided:
        return say("decided before", "更正前已办结")
    if found.stands is None:
        return say("open", "待复核") if found.open else say("case ended", "案件已终结")
    return say("stands", "成立") if found.stands else say("does not stand", "不成立")


@click.command(
    "register-reviews",
    cls=Leaf,
    help=say("List the corrections that touch CASE.", "列出涉及 CASE 的登记更正。"),
    example="sancai case register-reviews case_…",
)
@click.argument("case")
def register_reviews(case: str) -> None:
    """List the reviews of a case."""
    with client() as service:
        found = service.register_reviews.of_case(case)
    show(found, _print_reviews)


@click.command(
    "answer-register-review",
    cls=Leaf,
    help=say(
        "Say whether CASE, undecided or paid, stands in spite of CORRECTION.",
        "确认未办结或已拨付的 CASE 在 CORRECTION 之后是否成立。",
    ),
    example="sancai case answer-register-review case_… corr_… --stands --opinion 更正不影响独立性",
)
@click.argument("case")
@click.argument("correction")
@click.option("--stands/--falls", required=True, help=say("Whether it stands.", "是否成立。"))
@click.option("--opinion", required=True, help=say("Why.", "理由。"))
def answer_register_review(case: str, correction: str, stands: bool, opinion: str) -> None:
    """Answer a review."""
    with client() as service:
        made = service.register_reviews.answer(case, correction, stands=stands, opinion=opinion)
    show(made, lambda found: _print_reviews([found]))


COMMANDS = (corrections, register_reviews, answer_register_review)
