"""What is asked of access and what it looks like: terms, acceptances, requests, grants, and the gate explained."""

from collections.abc import Sequence
from datetime import date
from typing import Self

from pydantic import Field, JsonValue

from api.calls import cursor_of
from api.door import Answer, PageQuery, Strict
from api.problems import language
from api.wording import sentence
from registry.catalog.access_model import Acceptance, AccessChange, Grant, GrantRequest, RequestState, Terms
from registry.catalog.gate import Required, verdict
from registry.catalog.opening import consequences


class AccessBody(Strict):
    """To whom a dataset is to be open: everyone (``public``), or who has a grant (``gated``); and why."""

    access: str = Field(pattern="^(public|gated)$")
    reason: str = Field(min_length=1, max_length=2_000)


class TermsBody(Strict):
    """Another text of the terms of a dataset; null ends them."""

    text: str | None = Field(max_length=50_000)


class AcceptBody(Strict):
    """The digest of the text that was read: what is accepted is exactly that."""

    sha256: str = Field(min_length=64, max_length=64, pattern="^[0-9a-f]{64}$")


class RequestBody(Strict):
    """What a firm wants to read the dataset for, and whom the owner may talk to."""

    purpose: str = Field(max_length=2_000)
    contact: str = Field(max_length=200)


class GrantBody(Strict):
    """The last day of a grant, null without end."""

    until: date | None = Field(default=None, strict=False)


class ReasonBody(Strict):
    """Why."""

    reason: str = Field(min_length=1, max_length=2_000)


class RequestsQuery(PageQuery):
    """Which requests: those one made, those one received, or both; in one state, or in any."""

    side: str = Field(default="both", pattern="^(both|made|received)$")
    state: RequestState | None = None


class AccessQuery(Strict):
    """For whom the gate is explained; by default for oneself."""

    firm: str | None = Field(default=None, max_length=60)


class ConsequenceView(Answer):
    """Something that holds after a change of access."""

    code: str
    detail: str
    parameters: dict[str, JsonValue]


class AccessChangeView(Answer):
    """That a dataset was opened or gated, and what holds from now on for whoever read it before or wants to."""

    name: str
    before: str
    access: str
    changed_at: str
    terms: int | None
    terms_accepted: int
    grants: int
    requests_waiting: int
    consequences: list[ConsequenceView]

    @classmethod
    def of(cls, found: AccessChange) -> Self:
        """Return the view of a change."""
        return cls(
            name=found.name,
            before=found.before.value,
            access=found.access.value,
            changed_at=str(found.changed_at),
            terms=found.terms,
            terms_accepted=found.terms_accepted,
            grants=found.grants,
            requests_waiting=found.requests,
            consequences=[
                ConsequenceView(
                    code=each.code,
                    detail=sentence(each.code, {"name": found.name, **each.parameters}, language()),
                    parameters=dict(each.parameters),
                )
                for each in consequences(found)
            ],
        )


class TermsView(Answer):
    """One text of the terms of a dataset; ``text`` is null where they ended."""

    number: int
    text: str | None
    sha256: str | None
    set_at: str

    @classmethod
    def of(cls, found: Terms) -> Self:
        """Return the view of a text."""
        return cls(
            number=found.number,
            text=found.text,
            sha256=found.digest.hex if found.digest else None,
            set_at=str(found.set_at),
        )


class TermsListView(Answer):
    """The texts of the terms of a dataset, the newest first; the first stands."""

    items: list[TermsView]
    next_cursor: str | None = None


class AcceptanceView(Answer):
    """That a firm accepted a text of the terms."""

    terms: int
    sha256: str
    firm: str
    firm_name: str
    account: str
    accepted_at: str

    @classmethod
    def of(cls, found: Acceptance) -> Self:
        """Return the view of an acceptance."""
        return cls(
            terms=found.number,
            sha256=found.digest.hex,
            firm=found.firm,
            firm_name=found.firm_name,
            account=found.account,
            accepted_at=str(found.accepted_at),
        )


class AcceptancesView(Answer):
    """Who accepted which text, by firm."""

    items: list[AcceptanceView]
    next_cursor: str | None = None


class RequestView(Answer):
    """A request for a grant and what became of it."""

    id: str
    dataset: str
    dataset_id: str
    firm: str
    firm_name: str
    purpose: str
    contact: str
    state: str
    asked_at: str
    answered_at: str | None
    ends_at: str | None
    reason: str | None

    @classmethod
    def of(cls, found: GrantRequest) -> Self:
        """Return the view of a request."""
        return cls(
            id=found.id,
            dataset=found.dataset_name,
            dataset_id=found.dataset,
            firm=found.firm,
            firm_name=found.firm_name,
            purpose=found.purpose,
            contact=found.contact,
            state=found.state.value,
            asked_at=str(found.asked_at),
            answered_at=str(found.answered_at) if found.answered_at else None,
            ends_at=str(found.ends_at) if found.ends_at else None,
            reason=found.reason,
        )


class RequestsView(Answer):
    """A page of requests, the newest first."""

    items: list[RequestView]
    next_cursor: str | None = None


class GrantView(Answer):
    """What opens a gated dataset to a firm: ``source`` is the order or the request it comes from."""

    firm: str
    firm_name: str
    source: str
    granted_at: str
    ends_at: str | None

    @classmethod
    def of(cls, found: Grant) -> Self:
        """Return the view of a grant."""
        return cls(
            firm=found.firm,
            firm_name=found.firm_name,
            source=found.source,
            granted_at=str(found.granted_at),
            ends_at=str(found.ends_at) if found.ends_at else None,
        )


class GrantsView(Answer):
    """Every grant of a dataset, by firm."""

    items: list[GrantView]
    next_cursor: str | None = None


class AccessConditionView(Answer):
    """One condition of reading: whether it is met, and where not, why and what would meet it."""

    name: str
    met: bool
    code: str | None
    detail: str
    parameters: dict[str, JsonValue]


class AccessView(Answer):
    """Whether a version may be read, and every condition of it in the order they are asked."""

    version: str
    firm: str | None
    may_read: bool
    reason: str | None
    conditions: list[AccessConditionView]

    @classmethod
    def of(cls, version: str, firm: str | None, asked: Sequence[Required]) -> Self:
        """Return the view of the gate."""
        said = verdict(tuple(asked))
        return cls(
            version=version,
            firm=firm,
            may_read=said.allowed,
            reason=None if said.allowed else said.reason,
            conditions=[_condition(version, each) for each in asked],
        )


def _condition(version: str, required: Required) -> AccessConditionView:
    parameters = {"version": version, **required.parameters}
    code = required.reason or f"access_{required.name}_met"
    return AccessConditionView(
        name=required.name,
        met=required.met,
        code=required.reason,
        detail=sentence(code, parameters, language()),
        parameters=dict(required.parameters),
    )


def acceptances_shown(found: Sequence[Acceptance], query: PageQuery) -> AcceptancesView:
    """Return a page of acceptances; one more than asked for means that others follow."""
    shown = found[: query.limit]
    following = cursor_of([shown[-1].firm, shown[-1].number]) if len(found) > query.limit else None
    return AcceptancesView(items=[AcceptanceView.of(each) for each in shown], next_cursor=following)
