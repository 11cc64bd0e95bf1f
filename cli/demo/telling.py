"""How the demo speaks: steps, results with their measure, and refusals with the reason the service gave."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from cli.output import line
from cli.words import say
from sancai.errors import SancaiError

MARK_DONE: Final = "✓"
MARK_REFUSED: Final = "✗"


class Telling:
    """Prints the story; knows how long it has been going on."""

    def __init__(self) -> None:
        self._started: Final = time.monotonic()

    def chapter(self, number: int, en: str, zh: str) -> None:
        """Begin a step."""
        line()
        line(f"── {number}. {say(en, zh)}  [{self.elapsed_s():.1f} s]")

    def elapsed_s(self) -> float:
        """Return the seconds since the beginning."""
        return time.monotonic() - self._started

    def done(self, en: str, zh: str) -> None:
        """Tell something that worked."""
        line(f"  {MARK_DONE} {say(en, zh)}")

    def detail(self, en: str, zh: str) -> None:
        """Tell more about it."""
        line(f"      {say(en, zh)}")

    def refused(self, en: str, zh: str, act: Callable[[], Any], code: str) -> SancaiError:
        """Do what must be refused with ``code``, and tell the service's reason. Raises RuntimeError when it is not."""
        try:
            act()
        except SancaiError as error:
            if error.code != code:
                raise
            line(f"  {MARK_REFUSED} {say(en, zh)}")
            for obstacle in error.obstacles:
                line(f"      – {obstacle.detail}" + (f" [{obstacle.clause}]" if obstacle.clause else ""))
            if not error.obstacles:
                line(f"      – {error.detail}")
            return error
        raise RuntimeError(f"not refused: {en}")


def percent(basis_points: int) -> str:
    """Return basis points as percent with two decimals."""
    return f"{basis_points // 100}.{basis_points % 100:02d}%"


def local(moment: str) -> str:
    """Return an instant of the service as it is read in Shanghai."""
    return datetime.fromisoformat(moment).astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M")
