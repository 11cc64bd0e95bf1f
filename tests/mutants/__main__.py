"""``python -m tests.mutants [--size N] [--seed N]``: kill mutants, and say which test killed which."""

import argparse
import sys

from tests.mutants.killing import chosen, kill
from tests.mutants.seeded import MUTANTS

parser = argparse.ArgumentParser(prog="python -m tests.mutants")
parser.add_argument("--size", type=int, default=len(MUTANTS))
parser.add_argument("--seed", type=int, default=1)
asked = parser.parse_args()
living = 0
for fate in kill(chosen(asked.size, asked.seed)):
    living += not fate.killers
    said = fate.killers[0] if fate.killers else "LIVES"
    print(f"invariant {fate.mutant.invariant:2}  {fate.mutant.name:36}  {said}", flush=True)
print(f"{living} of {min(asked.size, len(MUTANTS))} live")
sys.exit(1 if living else 0)
