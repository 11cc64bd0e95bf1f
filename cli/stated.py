"""Options for what is stated of a version, the same in every command that takes them."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import click

from cli.words import say

F = TypeVar("F", bound=Callable[..., Any])

RIGHTS: Final = ("holding", "processing_use", "operation")
REGISTRATIONS: Final = ("data_property", "data_ip")
KEY_INDUSTRIES: Final = (
    "transport",
    "health",
    "education",
    "culture_tourism",
    "manufacturing",
    "smart_energy",
    "urban_governance",
    "emergency_management",
    "agriculture",
    "finance_economy",
    "commerce",
    "meteorology",
    "internet_governance",
)
SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


def origin_option(decorated: F) -> F:
    """Add ``--origin``."""
    return click.option(
        "--origin",
        type=click.Choice(["enterprise", "third_party", "self_built"]),
        help=say("Where the data comes from.", "数据来源类别。"),
    )(decorated)


def right_option(decorated: F) -> F:
    """Add ``--right``."""
    return click.option(
        "--right",
        "rights",
        multiple=True,
        metavar="KIND=BASIS",
        help=say(
            "A right you have and on what basis: holding, processing_use or operation; may be repeated.",
            "您享有的数据权利及依据：holding（持有权）、processing_use（加工使用权）、operation（经营权），可重复。",
        ),
    )(decorated)


def registration_option(decorated: F) -> F:
    """Add ``--registration``."""
    return click.option(
        "--registration",
        "registrations",
        multiple=True,
        type=(click.Choice(REGISTRATIONS), str, str, click.DateTime(["%Y-%m-%d"])),
        metavar="KIND NUMBER REGISTRAR DATE",
        help=say(
            "A registration: data_property or data_ip, its number, who registered it and when; may be repeated.",
            "登记：data_property（数据产权登记）或 data_ip（数据知识产权登记）、编号、登记机构、日期，可重复。",
        ),
    )(decorated)


def industry_options(decorated: F) -> F:
    """Add ``--industry`` and ``--key-industry``."""
    made = click.option(
        "--key-industry",
        type=click.Choice(KEY_INDUSTRIES),
        help=say("One of the thirteen key industries.", "十三个重点行业之一。"),
    )(decorated)
    return click.option(
        "--industry", help=say("Code of GB/T 4754-2017, for example B0610.", "GB/T 4754-2017 代码，例如 B0610。")
    )(made)


def rights_of(given: Sequence[str]) -> list[dict[str, Any]]:
    """Return rights written ``kind=basis``. Raises click.BadParameter."""
    rights = []
    for text in given:
        kind, _, basis = text.partition("=")
        if kind not in RIGHTS or not basis:
            raise click.BadParameter(
                say(
                    f"Write KIND=BASIS with one of {', '.join(RIGHTS)}.",
                    f"请写 KIND=依据，KIND 为 {'、'.join(RIGHTS)}。",
                )
            )
        rights.append({"kind": kind, "basis": basis, "evidence": None})
    return rights


def earlier_publication(given: str) -> dict[str, str | None]:
    """Return an earlier publication written ``DATE WHERE``. Raises click.BadParameter."""
    day, where = given.partition(" ")[::2]
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise click.BadParameter(say("Write: 2020-01-31 WHERE", "格式：2020-01-31 地点")) from error
    return {"where": where or day, "published_on": day, "url": None}


def registrations_of(given: Sequence[tuple[str, str, str, datetime]]) -> list[dict[str, Any]]:
    """Return registrations as they are sent."""
    return [
        {"kind": kind, "number": number, "registrar": registrar, "registered_on": day.date().isoformat()}
        for kind, number, registrar, day in given
    ]


def moment_of(day: datetime | None) -> str | None:
    """Return the first instant of a day in China, as it is sent."""
    return day.replace(tzinfo=SHANGHAI).isoformat() if day else None
