"""The options of ``sancai firm sanction`` that say how the firm was heard."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cli.words import say

if TYPE_CHECKING:
    from sancai.parties import SanctionHearing

F = TypeVar("F", bound=Callable[..., Any])

DAY = click.DateTime(["%Y-%m-%d"])
WAYS = ("in_person", "mail", "electronic", "left", "public_notice")


def hearing_options(function: F) -> F:
    """Add the options that say how a firm was heard and a sanction served."""
    for option in (
        click.option("--proof", type=click.Path(exists=True, dir_okay=False, path_type=Path), help=_PROOF),
        click.option("--way", type=click.Choice(WAYS), help=say("How it was served.", "送达方式。")),
        click.option("--answered-on", type=DAY, help=say("Day of its statement.", "陈述日期。")),
        click.option("--answer-until", type=DAY, help=say("Last day of its term to answer.", "陈述期限。")),
        click.option("--notified-on", type=DAY, help=say("Day it had notice.", "告知日期。")),
    ):
        function = option(function)
    return function


_PROOF = say("What proves service.", "送达回证文件。")


def hearing_of(given: dict[str, Any]) -> "SanctionHearing | None":
    """Take these options out of ``given`` and return the hearing; None without any. Raises UsageError for a part."""
    from sancai.downloads import sha256_of
    from sancai.parties import SanctionHearing

    names = ("notified_on", "answer_until", "answered_on", "way", "proof")
    notified, until, answered, way, proof = (given.pop(name) for name in names)
    if not any((notified, until, answered, way, proof)):
        return None
    if notified is None or until is None or way is None or proof is None:
        raise click.UsageError(
            say(
                "A hearing needs --notified-on, --answer-until, --way and --proof.",
                "听取陈述须填写 --notified-on、--answer-until、--way 与 --proof。",
            )
        )
    last: datetime = until
    return SanctionHearing(notified.date(), last.date(), answered.date() if answered else None, way, sha256_of(proof))
