"""The badge of a dataset: how many adopted it, bound to the content it was put beside.

Rules:
* A badge names a content. While that is the newest published one, it shows the count.
* When the content has changed, or is no longer published, or never was of this dataset, the badge says so in place of
  the count: whoever left it beside other data shows no number with it.
* Without a named content it stands for the newest one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from registry.catalog.model import Version, VersionState
from registry.values.digest import Digest


class BadgeState(StrEnum):
    """What a badge says of the content it names."""

    CURRENT = "current"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Badge:
    """What a badge shows: the content it is bound to, and the count while that is current."""

    state: BadgeState
    digest: Digest | None
    counted: int
    needed: int

    @property
    def reached(self) -> bool:
        """Whether the count is what an award needs, on a content that is current."""
        return self.state is BadgeState.CURRENT and self.counted >= self.needed


def bound(versions: Sequence[Version], named: Digest | None) -> tuple[BadgeState, Digest | None]:
    """Return what a badge of ``named`` says, and the content it is about."""
    published = [each for each in versions if each.state is VersionState.PUBLISHED]
    newest = max(published, key=lambda each: each.number or 0).content_digest if published else None
    if named is None:
        return (BadgeState.CURRENT, newest) if newest else (BadgeState.WITHDRAWN, None)
    if named == newest:
        return BadgeState.CURRENT, named
    if any(each.content_digest == named for each in published):
        return BadgeState.CHANGED, named
    if any(each.content_digest == named for each in versions if not each.is_draft):
        return BadgeState.WITHDRAWN, named
    return BadgeState.FOREIGN, named
