import pytest

from registry.errors import Finding, InvalidValueError
from registry.quality.model import Dimension, LaboratoryScores, Score
from registry.quality.rules import dimension_findings, missed_dimensions

BAR = Score.of_points("90")


@pytest.mark.parametrize(
    ("data_quality", "missed"), [("90", ()), ("90.00", ()), ("100", ()), ("89.99", (Dimension.DATA_QUALITY,))]
)
def test_each_dimension_must_reach_ninety_points(data_quality: str, missed: tuple[Dimension, ...]) -> None:
    scores = LaboratoryScores(BAR, Score.of_points(data_quality), BAR)
    assert missed_dimensions(scores, signed=True) == missed


def test_every_dimension_that_misses_is_named() -> None:
    low = Score.of_points("50")
    assert missed_dimensions(LaboratoryScores(low, low, low), signed=True) == tuple(Dimension)


def test_a_dimension_without_a_score_is_unknown_and_misses() -> None:
    scores = LaboratoryScores(BAR, BAR, None)
    assert dimension_findings(scores, signed=True)[Dimension.MODEL_APPLICATION] is Finding.UNKNOWN
    assert missed_dimensions(scores, signed=True) == (Dimension.MODEL_APPLICATION,)


@pytest.mark.parametrize(("scores", "signed"), [(None, True), (LaboratoryScores(BAR, BAR, BAR), False)])
def test_without_a_signed_report_everything_is_unknown(scores: LaboratoryScores | None, signed: bool) -> None:
    assert set(dimension_findings(scores, signed=signed).values()) == {Finding.UNKNOWN}
    assert missed_dimensions(scores, signed=signed) == tuple(Dimension)


def test_another_bar_is_data() -> None:
    scores = LaboratoryScores(BAR, BAR, BAR)
    assert missed_dimensions(scores, signed=True, bar=Score.of_points("90.01")) == tuple(Dimension)


@pytest.mark.parametrize("text", ["", "-1", "90.005", "9e1", "１００", "1000", "100.01"])
def test_what_is_no_score_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="score_"):
        Score.of_points(text)


@pytest.mark.parametrize("hundredths", [-1, 10_001, 90.0, True])
def test_what_is_no_whole_number_of_hundredths_is_refused(hundredths: int) -> None:
    with pytest.raises(InvalidValueError, match="score_out_of_range"):
        Score(hundredths)


def test_a_score_is_shown_in_points() -> None:
    assert str(Score.of_points("89.5")) == "89.50"
