"""The three dimensions a laboratory scores a dataset in (TC609-5-2025-04 质量评测规范).

A score is a whole number of hundredths of a point, from 0 to 100 points: 90.00 is the bar, and 89.995 must not pass for
it by rounding.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from registry.errors import InvalidValueError

SCORE_HUNDREDTHS_MAX = 10_000

_POINTS = re.compile(r"(?P<whole>\d{1,3})(?:\.(?P<part>\d{1,2}))?", re.ASCII)


class Dimension(StrEnum):
    """A dimension of TC609-5-2025-04."""

    DOCUMENTATION = "documentation"  # 说明文档
    DATA_QUALITY = "data_quality"  # 数据质量
    MODEL_APPLICATION = "model_application"  # 模型应用


@dataclass(frozen=True, slots=True, order=True)
class Score:
    """A score in whole hundredths of a point, 0 to 10,000."""

    hundredths: int

    def __post_init__(self) -> None:
        """Refuse what is no whole number of hundredths, or above 100 points. Raises InvalidValueError."""
        if type(self.hundredths) is not int or not 0 <= self.hundredths <= SCORE_HUNDREDTHS_MAX:
            raise InvalidValueError("score_out_of_range", given=str(self.hundredths))

    @classmethod
    def of_points(cls, text: str) -> "Score":
        """Return the score written in points, at most two decimals (``"92.5"``). Raises InvalidValueError."""
        if not (found := _POINTS.fullmatch(text)):
            raise InvalidValueError("score_malformed", given=text[:40])
        return cls(int(found["whole"]) * 100 + int((found["part"] or "0").ljust(2, "0")))

    def __str__(self) -> str:
        """Return the score in points, for example ``92.50``."""
        return str(Decimal(self.hundredths).scaleb(-2))


@dataclass(frozen=True, slots=True)
class LaboratoryScores:
    """What a signed laboratory report says of one content; a dimension that was not evaluated has no score."""

    documentation: Score | None
    data_quality: Score | None
    model_application: Score | None

    def of(self, dimension: Dimension) -> Score | None:
        """Return the score in a dimension."""
        return {
            Dimension.DOCUMENTATION: self.documentation,
            Dimension.DATA_QUALITY: self.data_quality,
            Dimension.MODEL_APPLICATION: self.model_application,
        }[dimension]
