"""The command line as the people of the small world use it."""

import json
from collections.abc import Callable
from typing import Any

from tests.cli.runner import Ran


class Desk:
    """The command line of one member of a firm or an authority."""

    def __init__(self, run: Callable[..., Ran]) -> None:
        self.run = run

    def __call__(self, *arguments: str) -> Any:
        """Run a command with ``--json`` and return what it printed."""
        done = self.run(*arguments, "--json")
        assert done.code == 0, done.err
        return json.loads(done.out)

    def text(self, *arguments: str) -> str:
        """Run a command for people and return what it printed."""
        done = self.run(*arguments)
        assert done.code == 0, done.err
        return done.out


At = Callable[..., Desk]
"""Returns the desk of a member: a party and, unless it is the owner, a role."""
