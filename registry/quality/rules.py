"""When a dataset is of high quality (高质量).

A dataset is of high quality when a signed laboratory report gives it at least 90 points in each of the three dimensions
of TC609-5-2025-04 (assumption for S1 cl.14a, RULINGS 9). The bar is policy data; a report that is not signed, or says
nothing of a dimension, leaves that dimension unknown, and unknown never helps the applicant.
"""

from registry.errors import Finding
from registry.quality.model import Dimension, LaboratoryScores, Score

HIGH_QUALITY_BAR = Score(9_000)


def dimension_findings(
    scores: LaboratoryScores | None, *, signed: bool, bar: Score = HIGH_QUALITY_BAR
) -> dict[Dimension, Finding]:
    """Return for each dimension whether it reaches the bar; unknown without a signed report on it."""

    def finding(score: Score | None) -> Finding:
        if score is None or not signed:
            return Finding.UNKNOWN
        return Finding.MET if score >= bar else Finding.UNMET

    return {dimension: finding(scores.of(dimension) if scores else None) for dimension in Dimension}


def missed_dimensions(
    scores: LaboratoryScores | None, *, signed: bool, bar: Score = HIGH_QUALITY_BAR
) -> tuple[Dimension, ...]:
    """Return the dimensions that do not reach the bar; empty when the dataset is of high quality."""
    findings = dimension_findings(scores, signed=signed, bar=bar)
    return tuple(dimension for dimension, found in findings.items() if found is not Finding.MET)
