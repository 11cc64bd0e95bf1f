"""What statements look like in answers, and what they say of a version."""

import json
from collections.abc import Sequence
from typing import Self

from pydantic import JsonValue

from api.calls import cursor_of
from api.door import Answer
from registry.catalog.industries import industry_name, key_industries
from registry.catalog.statement_model import Deprecation, Industry, Registration, Right, Statement


class StatementView(Answer):
    """A signed statement: what it says, by whom, when, and the DSSE envelope that proves it."""

    id: str
    number: int
    kind: str
    body: dict[str, JsonValue]
    stated_by: str
    stated_at: str
    digest: str
    envelope: dict[str, JsonValue]

    @classmethod
    def of(cls, found: Statement) -> Self:
        """Return the view of a statement."""
        return cls(
            id=found.id,
            number=found.number,
            kind=found.kind.value,
            body=dict(found.body),
            stated_by=found.stated_by,
            stated_at=str(found.stated_at),
            digest=str(found.digest),
            envelope=json.loads(found.envelope),
        )


class StatementsView(Answer):
    """What was stated of a dataset or a version, the newest first."""

    items: list[StatementView]
    next_cursor: str | None = None

    @classmethod
    def of(cls, found: Sequence[Statement], limit: int) -> Self:
        """Return a page of at most ``limit``; one more in ``found`` means that others follow."""
        shown = found[:limit]
        return cls(
            items=[StatementView.of(each) for each in shown],
            next_cursor=cursor_of([shown[-1].number]) if len(found) > limit else None,
        )


class RightView(Answer):
    """A right in the data."""

    kind: str
    basis: str
    evidence: str | None

    @classmethod
    def of(cls, found: Right) -> Self:
        """Return the view of a right."""
        return cls(kind=found.kind.value, basis=found.basis, evidence=found.evidence)


class RegistrationView(Answer):
    """A registration."""

    kind: str
    number: str
    registrar: str
    registered_on: str

    @classmethod
    def of(cls, found: Registration) -> Self:
        """Return the view of a registration."""
        return cls(
            kind=found.kind.value,
            number=found.number,
            registrar=found.registrar,
            registered_on=found.registered_on.isoformat(),
        )


class IndustryView(Answer):
    """What a version is about: the code of GB/T 4754-2017 with its names, and the key industry with its name."""

    code: str | None
    section: str | None
    division: str | None
    key_industry: str | None
    key_industry_name: str | None

    @classmethod
    def of(cls, found: Industry) -> Self | None:
        """Return the view, None when nothing is stated."""
        if found.code is None and found.key is None:
            return None
        name = industry_name(found.code) if found.code else None
        return cls(
            code=found.code,
            section=name.section if name else None,
            division=name.division if name else None,
            key_industry=found.key.value if found.key else None,
            key_industry_name=key_industries()[found.key].name if found.key else None,
        )


class DeprecationView(Answer):
    """That something should no longer be used, why, since when, and what to use instead."""

    reason: str
    successor: str | None
    since: str

    @classmethod
    def of(cls, found: Deprecation | None) -> Self | None:
        """Return the view, None for what is not deprecated."""
        return cls(reason=found.reason, successor=found.successor, since=str(found.since)) if found else None
