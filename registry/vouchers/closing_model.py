"""The close of a budget year: a statement that one officer of finance proposes and another confirms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, CaseId, ClosingId
from registry.values.moment import Moment


@dataclass(frozen=True, slots=True)
class Closing:
    """The close of a year; ``content`` is its statement as JSON, ``digest`` that of it."""

    id: ClosingId
    authority: AuthorityId
    budget_year: int
    content: Mapping[str, Any]
    digest: Digest
    proposed_by: AccountId
    proposed_at: Moment
    confirmed_by: AccountId | None = None
    confirmed_at: Moment | None = None

    @property
    def carried(self) -> dict[CaseId, str]:
        """The cases whose instruction is carried over, with the number of the document that says so."""
        return {CaseId(each["case"]): str(each["number"]) for each in self.content["carried"]}
