"""``python -m tests.faults SUITE``: ``SANCAI_FAULTS_SIZE`` points (120), drawn by ``SANCAI_FAULTS_SEED`` (1)."""

import os
import sys
from importlib import import_module

SUITES = ("publish",)

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in SUITES:
        sys.exit(f"Name a suite: make faults SUITE={'|'.join(SUITES)}")
    suite = import_module(f"tests.faults.{sys.argv[1]}")
    done = suite.run(int(os.environ.get("SANCAI_FAULTS_SIZE") or 120), int(os.environ.get("SANCAI_FAULTS_SEED") or 1))
    sys.exit(1 if done.lost else 0)
