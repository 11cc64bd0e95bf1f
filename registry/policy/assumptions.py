"""What a document leaves open, and how the bureau closes it.

Rules (RULINGS.md, top):
* A silent place carries an assumption: a stable id, a default, the reason, and the number of the reading it follows.
* A ruling of the bureau (number, date, organ, digest of its text) replaces the default. It acts forward only: on
  decisions taken on its date or later, never on one already taken.
* A ruling may confirm the default; that closes the assumption as well.
* A value is one of eight types, and it is checked against the same limits whether it is a default or a ruling.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.errors import InvalidValueError
from registry.policy.kinds import Interval, Tier, require_ordered
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.money import FEN_MAX, Money, Rate

CODE = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)
"""A code: lower case, digits and underscores."""

ENTRIES_MAX = 100


class ValueType(StrEnum):
    """What an assumption is about."""

    DATE = "date"
    DAYS = "days"
    COUNT = "count"
    RATE = "rate"
    AMOUNT = "amount"
    CHOICE = "choice"
    CODES = "codes"
    SCORE_TABLE = "score_table"


AssumptionValue = date | int | Rate | Money | str | tuple[str, ...] | tuple[Tier, ...]
"""A date, days or a count, a share, an amount, one choice, several codes, or a table of scores."""

NUMBERS = frozenset({ValueType.DAYS, ValueType.COUNT, ValueType.RATE, ValueType.AMOUNT})


@dataclass(frozen=True, slots=True)
class Assumption:
    """One place where a document is silent.

    ``default`` is None where nothing may be assumed (the issue date). ``least`` and ``most`` bound numbers (days, a
    count, basis points or fen); ``choices`` names what a choice or code may be (empty for codes: any code). ``reading``
    is the number in RULINGS.md; ``applies_to`` holds the ids of the instruments whose payment rests on it.
    """

    id: str
    applies_to: tuple[str, ...]
    clause: str
    question_en: str
    question_zh: str
    type: ValueType
    default: AssumptionValue | None
    reason_en: str
    reason_zh: str
    reading: int
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()

    def read(self, raw: object) -> AssumptionValue:
        """Return the value written as ``raw`` (JSON or TOML), checked.

        A date is written ``2026-01-31``, a share in basis points, an amount in fen, a score table as a list of objects
        with ``least``, ``least_included``, ``most``, ``most_included``, ``amount_fen`` (``most`` left out: without
        end).

        Raises:
            InvalidValueError: The type is another, or the value lies outside the limits of this assumption.
        """
        if self.type is ValueType.DATE:
            return _date(raw)
        if self.type in NUMBERS:
            return self._number(raw)
        if self.type is ValueType.CHOICE:
            return self._code(raw)
        if not isinstance(raw, Sequence) or isinstance(raw, str) or not 1 <= len(raw) <= ENTRIES_MAX:
            raise InvalidValueError("policy_type_wrong", at=self.id, expected="list", given=_shown(raw))
        if self.type is ValueType.CODES:
            codes = tuple(self._code(entry) for entry in raw)
            if len(set(codes)) != len(codes):
                raise InvalidValueError("policy_duplicate_id", at=self.id, given=_shown(raw))
            return codes
        table = tuple(_tier(entry) for entry in raw)
        require_ordered(table)
        return table

    def _number(self, raw: object) -> int | Rate | Money:
        if type(raw) is not int:
            raise InvalidValueError("policy_type_wrong", at=self.id, expected="integer", given=_shown(raw))
        if self.least is None or self.most is None:
            raise InvalidValueError("policy_bounds_missing", at=self.id)
        if not self.least <= raw <= self.most:
            raise InvalidValueError(
                "policy_number_out_of_range", at=self.id, given=str(raw), least=str(self.least), most=str(self.most)
            )
        if self.type is ValueType.RATE:
            return Rate(raw)
        return Money(raw) if self.type is ValueType.AMOUNT else raw

    def _code(self, raw: object) -> str:
        if not isinstance(raw, str) or not CODE.fullmatch(raw):
            raise InvalidValueError("policy_type_wrong", at=self.id, expected="code", given=_shown(raw))
        if (self.choices or self.type is ValueType.CHOICE) and raw not in self.choices:
            raise InvalidValueError("policy_choice_unknown", at=self.id, given=raw, offered=", ".join(self.choices))
        return raw


@dataclass(frozen=True, slots=True)
class Ruling:
    """A numbered decision of the bureau that says how one silent place is to be read, from ``date`` on."""

    number: str
    date: date
    organ: str
    text_digest: Digest
    assumption_id: str
    value: AssumptionValue

    def __post_init__(self) -> None:
        """Refuse a ruling without number or organ. Raises InvalidValueError."""
        for name, text in (("number", self.number), ("organ", self.organ), ("assumption_id", self.assumption_id)):
            if not text.strip() or len(text) > 200:
                raise InvalidValueError("policy_text_malformed", at=name, given=text[:60])


def written(value: AssumptionValue) -> Json:
    """Return a value as JSON, in the form ``Assumption.read`` takes."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Rate):
        return value.basis_points
    if isinstance(value, Money):
        return value.fen
    if isinstance(value, tuple):
        return [entry if isinstance(entry, str) else _written_tier(entry) for entry in value]
    return value


def table_of(value: AssumptionValue | None) -> tuple[Tier, ...]:
    """Return the tiers of a score table, or none when ``value`` is of another type."""
    return tuple(each for each in value if isinstance(each, Tier)) if isinstance(value, tuple) else ()


def _written_tier(tier: Tier) -> Json:
    end: dict[str, Json] = {} if tier.interval.most is None else {"most": tier.interval.most}
    return {
        "least": tier.interval.least,
        "least_included": tier.interval.least_included,
        "most_included": tier.interval.most_included,
        "amount_fen": tier.amount.fen,
        **end,
    }


def _date(raw: object) -> date:
    if type(raw) is date:
        return raw
    try:
        if isinstance(raw, str) and len(raw) == 10:
            return date.fromisoformat(raw)
    except ValueError:
        pass
    raise InvalidValueError("policy_type_wrong", at="value", expected="date YYYY-MM-DD", given=_shown(raw))


_TIER_KEYS = frozenset({"least", "least_included", "most_included", "amount_fen"})


def _tier(raw: object) -> Tier:
    if not isinstance(raw, Mapping) or set(raw) - {"most"} != _TIER_KEYS:
        raise InvalidValueError("policy_type_wrong", at="table", expected="tier", given=_shown(raw))
    least, most, amount = raw["least"], raw.get("most"), raw["amount_fen"]
    flags = (raw["least_included"], raw["most_included"])
    numbers_right = all(type(number) is int for number in (least, amount)) and (most is None or type(most) is int)
    if not numbers_right or not all(type(flag) is bool for flag in flags) or not 0 <= amount <= FEN_MAX:
        raise InvalidValueError("policy_type_wrong", at="table", expected="tier", given=_shown(raw))
    return Tier(Interval(least, flags[0], most, flags[1]), Money(amount))


def _shown(raw: object) -> str:
    return str(raw)[:80]
