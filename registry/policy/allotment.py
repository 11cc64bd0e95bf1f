"""How money that does not suffice is divided in proportion to what is asked (RULINGS 20); pure.

Rules:
* Each receives its proportional part, rounded down to the fen; what that leaves goes one fen each in order of
  acceptance (受理).
* Nobody receives more than it asked for; all of them together never more than there is. What suffices is not divided.
"""

from collections.abc import Sequence

from registry.values.money import Money


def in_proportion(asked: Sequence[Money], budget: Money) -> tuple[Money, ...]:
    """Return what each receives out of ``budget``; ``asked`` stands in order of acceptance."""
    total = sum(each.fen for each in asked)
    if total <= budget.fen:
        return tuple(asked)
    parts = [each.fen * budget.fen // total for each in asked]
    left = budget.fen - sum(parts)
    for place, each in enumerate(asked):
        # Less than one fen for each was cut off, so that one each is enough for what is left.
        if left and parts[place] < each.fen:
            parts[place] += 1
            left -= 1
    return tuple(Money(each) for each in parts)
