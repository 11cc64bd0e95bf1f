"""The instant a question goes back to: ``--as-of``."""

from datetime import datetime

import click

from cli.words import say


class Instant(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """An instant as RFC 3339 with its zone, for example ``2026-03-02T10:00:00+08:00``."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the instant; what has no zone is refused, for nobody knows whose clock it means."""
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            self.fail(
                say(
                    f"{value!r} is no instant with a zone. Write 2026-03-02T10:00:00+08:00.",
                    f"{value!r} 不是带时区的时刻。请写作 2026-03-02T10:00:00+08:00。",
                ),
                param,
                ctx,
            )
        return found


INSTANT = Instant()

as_of_option = click.option(
    "--as-of",
    type=INSTANT,
    help=say("Go by what was recorded by this instant.", "按该时刻已有的记录作答。"),
)
"""The option of every question that can be asked as of an earlier instant."""
