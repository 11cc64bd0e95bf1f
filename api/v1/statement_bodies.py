"""What is asked when something is stated of a dataset or a version."""

from datetime import date

from pydantic import Field

from api.door import Strict
from registry.catalog.industries import KeyIndustry
from registry.catalog.statement_model import (
    REGISTRATIONS_MAX,
    RIGHTS_MAX,
    Grade,
    Industry,
    Registration,
    RegistrationKind,
    Right,
    RightKind,
)
from registry.errors import InvalidValueError
from registry.values.identifiers import EvidenceId
from registry.values.moment import Moment


def day_of(text: str) -> date:
    """Return a day. Raises InvalidValueError."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InvalidValueError("day_malformed", given=text[:40]) from error


class RightBody(Strict):
    """A right in the data: what kind, on what basis, and a document that proves it."""

    kind: RightKind
    basis: str = Field(max_length=2_000)
    evidence: str | None = Field(default=None, max_length=60)

    def value(self) -> Right:
        """Return the value. Raises InvalidValueError."""
        return Right(self.kind, self.basis, EvidenceId(self.evidence) if self.evidence else None)


class RegistrationBody(Strict):
    """A registration of the right in data or of intellectual property in it."""

    kind: RegistrationKind
    number: str = Field(max_length=100)
    registrar: str = Field(max_length=200)
    registered_on: str = Field(max_length=10, examples=["2026-01-15"])

    def value(self) -> Registration:
        """Return the value. Raises InvalidValueError."""
        return Registration(self.kind, self.number, self.registrar, day_of(self.registered_on))


class GradeBody(Strict):
    """A grade with its basis; with a document it is an assessment of this version (GB/T 43697-2024)."""

    grade: Grade
    basis: str = Field(max_length=2_000)
    evidence: str | None = Field(default=None, max_length=60)

    def document(self) -> EvidenceId | None:
        """Return the document. Raises InvalidValueError."""
        return EvidenceId(self.evidence) if self.evidence else None


class RightsBody(Strict):
    """All rights the publisher has in a version."""

    rights: list[RightBody] = Field(max_length=RIGHTS_MAX)


class RegistrationsBody(Strict):
    """All registrations of a version."""

    registrations: list[RegistrationBody] = Field(max_length=REGISTRATIONS_MAX)


class IndustryBody(Strict):
    """What a version is about: a code of GB/T 4754-2017 (a letter and two to four digits), and a key industry."""

    code: str | None = Field(default=None, max_length=20, examples=["B0610"])
    key_industry: KeyIndustry | None = None

    def value(self) -> Industry:
        """Return the value."""
        return Industry(self.code, self.key_industry)


class EmbargoBody(Strict):
    """When the embargo ends; null ends it now."""

    until: str | None = Field(max_length=40, examples=["2026-12-01T00:00:00Z"])

    def moment(self) -> Moment | None:
        """Return the instant. Raises InvalidValueError."""
        return Moment.of_text(self.until) if self.until is not None else None


class DeprecationBody(Strict):
    """Whether something should no longer be used, why, and what to use instead."""

    deprecated: bool = True
    reason: str = Field(min_length=1, max_length=2_000)
    successor: str | None = Field(default=None, max_length=200, examples=["sector-lab/wind-turbines@v2"])


class CardBody(Strict):
    """Title, description and keywords as they should read."""

    title: str = Field(max_length=400)
    description: str = Field(max_length=20_000)
    keywords: list[str] = Field(max_length=100)


class LicenceBody(Strict):
    """Another licence, and why; who received content under the earlier one keeps it."""

    licence: str = Field(max_length=100)
    reason: str = Field(min_length=1, max_length=2_000)
