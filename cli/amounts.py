"""Amounts as people type them: yuan with at most two decimals, kept as whole fen."""

import re
from typing import Final

import click

from cli.words import say

_YUAN: Final = re.compile(r"(?P<yuan>\d{1,13})(?:\.(?P<fen>\d{1,2}))?", re.ASCII)


def yuan_fen(context: click.Context, param: click.Parameter, value: str) -> int:
    """Return yuan (``120000`` or ``0.05``) as whole fen, for a click callback; never rounded."""
    if not (found := _YUAN.fullmatch(value)):
        sentence = f"{value!r} is not an amount. Write yuan with at most two decimals, for example 120000.00."
        chinese = f"{value!r} 不是金额。请以元填写，最多两位小数，例如 120000.00。"
        raise click.BadParameter(say(sentence, chinese), context, param)
    return int(found["yuan"]) * 100 + int((found["fen"] or "0").ljust(2, "0"))


def percent_bp(context: click.Context, param: click.Parameter, value: str) -> int:
    """Return a share in percent (``6`` or ``6.5``) as basis points, for a click callback."""
    if not (found := re.fullmatch(r"(\d{1,3})(?:\.(\d{1,2}))?", value, re.ASCII)):
        raise click.BadParameter(say("Write percent, for example 6.", "请填写百分比，例如 6。"), context, param)
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))
