"""What is said of a dataset or a version: separate, signed, dated statements, each with its history (DESIGN §3.3).

A statement is about a content digest (or, for title, licence and deprecation, about the dataset as a whole) and never
changes it: a corrected title or a re-graded version keeps its digest, receipts and badges. The newest statement of a
kind holds; the earlier ones stay. ``docs/formats/statements.md`` says what is signed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from registry.catalog.industries import KeyIndustry
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import DatasetId, EvidenceId, FirmId, StatementId, VersionId
from registry.values.moment import Moment

STATEMENT_FORMAT: Final = "sancai.statement/1"
STATEMENT_TYPE: Final = "application/vnd.sancai.statement+json"
BASIS_LENGTH_MAX: Final = 2_000
RIGHTS_MAX: Final = 20
REGISTRATIONS_MAX: Final = 20
REGISTRATION_NUMBER_LENGTH_MAX: Final = 100
REGISTRAR_LENGTH_MAX: Final = 200
EMBARGO_DAYS_MAX: Final = 1_096
"""Three years: whoever names a later day keeps the content, and should publish it later."""


class Grade(StrEnum):
    """The security grade of data (数据安全法 21, GB/T 43697-2024), the lowest first. Core data is not accepted."""

    GENERAL = "general"
    IMPORTANT = "important"
    CORE = "core"


class StatementKind(StrEnum):
    """What a statement is about."""

    CARD = "card"
    LICENCE = "licence"
    PROVENANCE = "provenance"
    GRADE = "grade"
    RIGHTS = "rights"
    REGISTRATIONS = "registrations"
    INDUSTRY = "industry"
    EMBARGO = "embargo"
    DEPRECATION = "deprecation"


class RightKind(StrEnum):
    """The three rights in data (数据二十条 三): to hold it, to process and use it, to run its products."""

    HOLDING = "holding"
    PROCESSING_USE = "processing_use"
    OPERATION = "operation"


class RegistrationKind(StrEnum):
    """What a registration is: of the right in data (数据产权登记) or of intellectual property (数据知识产权登记)."""

    DATA_PROPERTY = "data_property"
    DATA_IP = "data_ip"


@dataclass(frozen=True, slots=True)
class Right:
    """A right that the publisher has in a version, on what basis, with a document where there is one."""

    kind: RightKind
    basis: str
    evidence: EvidenceId | None = None

    def as_json(self) -> dict[str, Json]:
        """Return what is kept and signed."""
        return {"kind": self.kind.value, "basis": self.basis, "evidence": self.evidence}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "Right":
        """Return what was kept."""
        return cls(RightKind(kept["kind"]), kept["basis"], EvidenceId(kept["evidence"]) if kept["evidence"] else None)


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration of a version: its number, who registered it, and when."""

    kind: RegistrationKind
    number: str
    registrar: str
    registered_on: date

    def as_json(self) -> dict[str, Json]:
        """Return what is kept and signed."""
        return {
            "kind": self.kind.value,
            "number": self.number,
            "registrar": self.registrar,
            "registered_on": self.registered_on.isoformat(),
        }

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> "Registration":
        """Return what was kept."""
        day = date.fromisoformat(kept["registered_on"])
        return cls(RegistrationKind(kept["kind"]), kept["number"], kept["registrar"], day)


@dataclass(frozen=True, slots=True)
class Industry:
    """What a version is about: a code of GB/T 4754-2017, and a key industry of S3; either may be missing."""

    code: str | None = None
    key: KeyIndustry | None = None


NO_INDUSTRY: Final = Industry()


@dataclass(frozen=True, slots=True)
class Deprecation:
    """That a version or a dataset should no longer be used, why, since when, and what to use instead."""

    reason: str
    successor: str | None
    since: Moment

    def as_json(self) -> dict[str, Json]:
        """Return what is kept."""
        return {"reason": self.reason, "successor": self.successor, "since": str(self.since)}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any] | None) -> "Deprecation | None":
        """Return what was kept."""
        return cls(kept["reason"], kept["successor"], Moment.of_text(kept["since"])) if kept else None


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as it was signed; ``number`` counts those about the same subject from 1 without a gap."""

    id: StatementId
    dataset: DatasetId
    version: VersionId | None
    number: int
    kind: StatementKind
    body: Mapping[str, Json]
    stated_by: FirmId
    stated_at: Moment
    envelope: str
    digest: Digest
