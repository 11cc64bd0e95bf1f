"""Money is whole fen; a share is whole basis points.

Rules:
* An amount is an integer number of fen from 0 to 9,999,999,999,999.99 yuan. There is no negative money: who owes whom
  is said by the account, not by a sign.
* A share of an amount is rounded down to a fen, so that it never exceeds the exact share (POLICY.md §4.2).
* In a document the amount also stands in capitals (大写), to the fen, as S0 附件3 asks
  (《支付结算办法》附一 正确填写票据和结算凭证的基本规定).
"""

import re
from dataclasses import dataclass
from functools import total_ordering

from registry.errors import InvalidValueError

FEN_MAX = 999_999_999_999_999
FULL_RATE_BP = 10_000

_YUAN = re.compile(r"(?P<yuan>\d{1,13})(?:\.(?P<fen>\d{1,2}))?", re.ASCII)
_DIGITS = "零壹贰叁肆伍陆柒捌玖"


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount of money in whole fen (1/100 yuan), never negative."""

    fen: int

    def __post_init__(self) -> None:
        """Refuse what is not a whole, non-negative, bounded number of fen. Raises InvalidValueError."""
        if type(self.fen) is not int:
            raise InvalidValueError("money_not_whole_fen", given=str(self.fen)[:40])
        if not 0 <= self.fen <= FEN_MAX:
            raise InvalidValueError("money_out_of_range", given=str(self.fen)[:40])

    @classmethod
    def of_yuan(cls, text: str) -> "Money":
        """Return the amount written as yuan with at most two decimals (``"120000"``, ``"0.05"``).

        Only ASCII digits and one full stop: no sign, separator, space or exponent. Raises InvalidValueError.
        """
        if not (found := _YUAN.fullmatch(text)):
            raise InvalidValueError("money_not_whole_fen", given=text[:40])
        return cls(int(found["yuan"]) * 100 + int((found["fen"] or "0").ljust(2, "0")))

    def __add__(self, other: "Money") -> "Money":
        """Return the sum. Raises InvalidValueError when it is out of range."""
        return Money(self.fen + other.fen)

    def __sub__(self, other: "Money") -> "Money":
        """Return what is left. Raises InvalidValueError when ``other`` is more."""
        return Money(self.fen - other.fen)

    def less(self, other: "Money") -> "Money":
        """Return what is left, or nothing when ``other`` is more."""
        return Money(max(0, self.fen - other.fen))

    def __lt__(self, other: object) -> bool:
        """Tell whether this amount is less than ``other``."""
        return self.fen < other.fen if isinstance(other, Money) else NotImplemented

    def __bool__(self) -> bool:
        """Tell whether there is any money at all."""
        return self.fen > 0

    def __str__(self) -> str:
        """Return the amount as printed, for example ``¥50,000.00``."""
        return f"¥{self.fen // 100:,}.{self.fen % 100:02d}"

    def in_capitals(self) -> str:
        """Return the amount in capital Chinese numerals, for example ``伍万元整``."""
        yuan, jiao, fen = self.fen // 100, self.fen // 10 % 10, self.fen % 10
        text = f"{_capital_integer(yuan)}元" if yuan else ""
        if jiao:
            text += f"{_DIGITS[jiao]}角"
        elif fen and yuan:
            text += "零"
        if fen:
            return f"{text}{_DIGITS[fen]}分"
        return f"{text or '零元'}整"


def _capital_integer(number: int) -> str:
    """Return a positive integer in capital numerals; a gap of zeros is read once."""
    for unit, name in ((10**8, "亿"), (10**4, "万"), (1000, "仟"), (100, "佰"), (10, "拾")):
        if number >= unit:
            high, low = divmod(number, unit)
            gap = "零" if 0 < low < unit // 10 else ""
            return f"{_capital_integer(high)}{name}{gap}{_capital_integer(low) if low else ''}"
    return _DIGITS[number]


ZERO = Money(0)


@dataclass(frozen=True, slots=True, order=True)
class Rate:
    """A share between 0 and 100 %, in whole basis points (3000 = 30 %)."""

    basis_points: int

    def __post_init__(self) -> None:
        """Refuse a share below 0 or above 100 %. Raises InvalidValueError."""
        if type(self.basis_points) is not int or not 0 <= self.basis_points <= FULL_RATE_BP:
            raise InvalidValueError("rate_out_of_range", given=str(self.basis_points)[:40])

    # Invariant 16 (rounding).
    def of_rounded_down(self, amount: Money) -> Money:
        """Return this share of ``amount``, rounded down to a fen."""
        return Money(amount.fen * self.basis_points // FULL_RATE_BP)

    def __str__(self) -> str:
        """Return the share in percent, for example ``30%`` or ``12.5%``."""
        whole, part = divmod(self.basis_points, 100)
        return f"{whole}.{part:02d}".rstrip("0").rstrip(".") + "%" if part else f"{whole}%"
