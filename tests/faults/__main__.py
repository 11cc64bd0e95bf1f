"""``python -m tests.faults SUITE``: try points of a suite.

Ends with 1 when something is lost or does not recover, with 130 when it was stopped.
"""

import argparse
import sys
from importlib import import_module
from typing import Final

from cli.processes import StopRequestedError, stop_on_signals

SIZE: Final = 126
SUITES: Final = {"publish": SIZE, "ledger": 200}
"""How many points each tries unless told otherwise."""
STOPPED: Final = 130


def main() -> int:
    """Run a suite and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Faults at seeded points.")
    parser.add_argument("suite", choices=tuple(SUITES))
    parser.add_argument("--size", type=int, help=f"how many points ({SUITES})")
    parser.add_argument("--seed", type=int, default=1, help="draws the points and what is published (%(default)s)")
    parser.add_argument("--point", type=int, help="only the point of this number, as a run with this seed names it")
    given = parser.parse_args()
    stop_on_signals()  # Ctrl-C and SIGTERM alike leave every context in order.
    try:
        outcome = import_module(f"tests.faults.{given.suite}").run(
            given.size or SUITES[given.suite], given.seed, given.point
        )
    except StopRequestedError:
        return STOPPED
    return 0 if outcome.holds else 1


if __name__ == "__main__":
    sys.exit(main())
