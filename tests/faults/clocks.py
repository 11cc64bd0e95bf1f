"""Run a programme of ours with a clock that can be put wrong while it runs.

``python -m tests.faults.clocks api``, or any command of ``sancai``: the file that ``SANCAI_FAULTS_CLOCK`` names holds
by how many seconds the clock is fast (negative: slow); without the file it is right. No clock of the machine is
touched, so that the other processes keep the true time.
"""

import os
import sys
import time
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final, Self

CLOCK_FILE: Final = "SANCAI_FAULTS_CLOCK"
_true_time = time.time


class WrongClock(datetime):
    """``datetime`` whose ``now`` is off by what the file says."""

    file = Path()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        """Return the wrong time."""
        return datetime.now(tz) + timedelta(seconds=cls.fast_s())  # type: ignore[return-value]

    @classmethod
    def fast_s(cls) -> float:
        """Return by how much it is fast."""
        try:
            return float(cls.file.read_text() or 0)
        except FileNotFoundError:
            return 0.0


def put_wrong(file: Path) -> None:
    """Have every clock that the service or the client reads follow ``file``."""
    import minio.time

    import registry.values.moment
    import sancai.session
    import storage.minio_store

    def now(_: registry.values.moment.SystemClock) -> registry.values.moment.Moment:
        return registry.values.moment.Moment(WrongClock.now(UTC))

    WrongClock.file = file
    minio.time.utcnow = lambda: WrongClock.now(UTC)
    for module in (storage.minio_store, sancai.session):
        vars(module)["datetime"] = WrongClock
    vars(registry.values.moment)["SystemClock"].now = now
    time.time = lambda: _true_time() + WrongClock.fast_s()


def main() -> None:
    """Run ``api``, or the command line with the arguments."""
    if sys.argv[1:] == ["api"]:
        from api.serve import serve

        serve()
        return
    from cli import main as run

    run(sys.argv[1:])


# At import, so that processes the web server spawns have it, too.
if named := os.environ.get(CLOCK_FILE):
    put_wrong(Path(named))

if __name__ == "__main__":
    main()
