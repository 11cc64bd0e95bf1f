"""``python -m benchmarks SUITE``."""

import sys
from importlib import import_module
from pathlib import Path

from benchmarks.report import publish

SUITES = sorted(
    path.stem
    for path in Path(__file__).parent.glob("*.py")
    if not path.stem.startswith("_") and path.stem not in ("installation", "report")
)

if len(sys.argv) != 2 or sys.argv[1] not in SUITES:
    sys.exit(f"Name a suite: make bench SUITE={'|'.join(SUITES)}")
sys.exit(0 if publish(sys.argv[1], import_module(f"benchmarks.{sys.argv[1]}").rows()) else 1)
