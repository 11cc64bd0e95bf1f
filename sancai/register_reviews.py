"""Backward corrections of the registers, and the cases they touch."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sancai.session import Session
from sancai.shapes import shaped

_PAGE_SIZE: Final = 200


@dataclass(frozen=True, slots=True)
class Correction:
    """A register line that was written after days for which it holds, with the firms it touches."""

    id: str
    authority: str
    register_name: str
    line: str
    firms: tuple[str, ...]
    valid_from: date | None
    valid_until: date | None
    recorded_at: str


@dataclass(frozen=True, slots=True)
class RegisterReview:
    """A case that a correction touches: decided before it, or with a review that is open or answered."""

    correction: str
    case: str
    state: str
    decided: bool
    open: bool
    stands: bool | None
    opinion: str | None
    answered_at: str | None


@dataclass(frozen=True, slots=True)
class CorrectedCases:
    """A correction with the undecided cases whose review it opened, and the decided ones."""

    correction: Correction
    undecided: tuple[RegisterReview, ...]
    decided: tuple[RegisterReview, ...]


class RegisterReviews:
    """Corrections and reviews of a service."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session: Final = session

    def corrections(self) -> Iterator[Correction]:
        """Yield the corrections your authority's decisions rest on, the oldest first. Raises SancaiError."""
        return (shaped(Correction, item) for item in self._session.pages("/register-corrections"))

    def cases(self, correction: str) -> CorrectedCases:
        """Return every case a correction touches, fetched page by page. Raises SancaiError."""
        whole: CorrectedCases | None = None
        cursor: dict[str, str] = {}
        while True:
            answer = self._session.get(f"/register-corrections/{correction}", limit=_PAGE_SIZE, **cursor)
            page = shaped(CorrectedCases, answer)
            whole = (
                page
                if whole is None
                else replace(whole, undecided=whole.undecided + page.undecided, decided=whole.decided + page.decided)
            )
            following = answer.get("next_cursor")
            if not following or following == cursor.get("cursor"):
                return whole
            cursor = {"cursor": str(following)}

    def of_case(self, case: str) -> tuple[RegisterReview, ...]:
        """Return the corrections that touch a case. Raises SancaiError."""
        found = self._session.get(f"/cases/{case}/register-reviews")["items"]
        return tuple(shaped(RegisterReview, each) for each in found)

    def answer(self, case: str, correction: str, *, stands: bool, opinion: str) -> RegisterReview:
        """Say whether an undecided case stands in spite of a correction. Raises SancaiError."""
        body = {"stands": stands, "opinion": opinion}
        return shaped(RegisterReview, self._session.post(f"/cases/{case}/register-reviews/{correction}", body))
