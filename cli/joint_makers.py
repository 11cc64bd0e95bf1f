"""The option ``--joint FIRM=4000``: who shares what is paid. What the others do not receive is the applicant's own."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from cli.words import say

if TYPE_CHECKING:
    from sancai.client import Client

WHOLE: Final = 10_000


def joint_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option to a command."""
    return click.option(
        "--joint",
        "joint",
        multiple=True,
        metavar="FIRM=4000",
        help=say(
            "A joint maker and its share in basis points; the rest is your own.",
            "联合制作单位及其份额（基点），其余归本单位。",
        ),
    )(function)


def split_of(service: "Client", joint: Sequence[str]) -> dict[str, int]:
    """Return the shares of all makers, one's own firm among them; empty without others. Raises click.BadParameter."""
    found: dict[str, int] = {}
    for each in joint:
        firm, _, share = each.partition("=")
        if not share.isdecimal() or not firm or firm in found:
            raise click.BadParameter(each, param_hint="--joint")
        found[firm] = int(share)
    own = service.accounts.me().firm if found else None
    if not found or own is None:
        return found
    return {own: WHOLE - sum(found.values()), **found}
