"""Like benefits of several policies exclude each other.

Rules (S1 四 “时间从新、标准从高、奖励补贴不重复”; S0 art.15; S2 三; RULINGS 11; POLICY §4.3, invariant 11):
* It acts between policies: two grants of one document on one content may both be paid.
* Per subject, content and group there is at most one active benefit. A like benefit that is active denies the next one;
  the difference is not topped up.
* Of several that are open to a firm the newest holds, then the highest. When the newest is not the highest, both are
  shown and the firm elects one in writing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from registry.errors import ConflictError, NotFoundError
from registry.policy.model import Instrument
from registry.values.money import Money


@dataclass(frozen=True, slots=True)
class Benefit:
    """A benefit that was granted or is open: by which document and instrument, for which subject and content.

    ``keys`` name subject and content as the instrument's exclusivity asks (firm, worker, lineage …). ``issued_on`` is
    the day its document was issued. ``active`` is False once it lapsed, was refused or was paid back.
    """

    document: str
    instrument: str
    group: str
    keys: Mapping[str, str]
    issued_on: date
    amount: Money
    active: bool = True


@dataclass(frozen=True, slots=True)
class Election:
    """What stands open to a firm: the newest and the highest, and which of them holds (None: the firm elects)."""

    newest: Benefit
    highest: Benefit
    chosen: Benefit | None


def like_benefits(
    document: str, instrument: Instrument, keys: Mapping[str, str], benefits: Sequence[Benefit]
) -> tuple[Benefit, ...]:
    """Return the active benefits of other documents that exclude ``instrument`` for this subject and content.

    Two are alike when they are of one group and no key that both name differs. A benefit whose keys are not known is
    taken to be alike: what is unknown never helps the applicant.
    """
    asked = {name: keys[name] for name in instrument.exclusivity.keys if name in keys}
    return tuple(
        each
        for each in benefits
        if each.active
        and each.document != document
        and each.group == instrument.exclusivity.group
        and all(each.keys.get(name, value) == value for name, value in asked.items())
    )


def elect(open_to_firm: Sequence[Benefit], elected: str | None = None) -> Election:
    """Return which of several like benefits holds; ``elected`` is the instrument a firm chose in writing.

    Raises:
        NotFoundError: There is nothing to choose from, or the firm elected what is neither the newest nor the highest.
        ConflictError: The benefits are not alike.
    """
    if not open_to_firm:
        raise NotFoundError("policy_nothing_to_elect")
    if len({each.group for each in open_to_firm}) > 1:
        raise ConflictError("policy_benefits_differ", groups=", ".join(sorted({each.group for each in open_to_firm})))
    newest = max(open_to_firm, key=lambda each: (each.issued_on, each.amount, each.instrument))
    highest = max(open_to_firm, key=lambda each: (each.amount, each.issued_on, each.instrument))
    if newest.instrument == highest.instrument:
        return Election(newest, highest, newest)
    if elected is None:
        return Election(newest, highest, None)
    for each in (newest, highest):
        if each.instrument == elected:
            return Election(newest, highest, each)
    raise NotFoundError("policy_instrument_unknown", given=elected[:60])


# Invariant 11 (exclusivity).
def require_exclusive(benefits: Sequence[Benefit]) -> None:
    """Raise ConflictError unless no two active benefits of different documents share group, subject and content."""
    held: dict[tuple[str, tuple[tuple[str, str], ...]], Benefit] = {}
    for each in benefits:
        if not each.active:
            continue
        place = (each.group, tuple(sorted(each.keys.items())))
        other = held.setdefault(place, each)
        if other.document != each.document:
            raise ConflictError("policy_benefit_twice", first=other.instrument, second=each.instrument)
