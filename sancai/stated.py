"""What a publisher states of a version beside its source: rights, registrations, industry, deprecation."""

from dataclasses import dataclass
from typing import Any


class DeprecatedDataWarning(UserWarning):
    """A version that is read should no longer be used."""


@dataclass(frozen=True, slots=True)
class Right:
    """A right in the data: holding, processing_use or operation; ``evidence`` is the id of a document."""

    kind: str
    basis: str
    evidence: str | None = None

    def body(self) -> dict[str, Any]:
        """Return what is sent."""
        return {"kind": self.kind, "basis": self.basis, "evidence": self.evidence}


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration of the right in data (data_property) or of intellectual property in it (data_ip)."""

    kind: str
    number: str
    registrar: str
    registered_on: str

    def body(self) -> dict[str, Any]:
        """Return what is sent."""
        return {
            "kind": self.kind,
            "number": self.number,
            "registrar": self.registrar,
            "registered_on": self.registered_on,
        }


@dataclass(frozen=True, slots=True)
class Industry:
    """What a version is about: a code of GB/T 4754-2017 with its names, and a key industry with its name."""

    code: str | None = None
    section: str | None = None
    division: str | None = None
    key_industry: str | None = None
    key_industry_name: str | None = None


@dataclass(frozen=True, slots=True)
class Deprecation:
    """That something should no longer be used, why, since when, and what to use instead."""

    reason: str
    successor: str | None = None
    since: str | None = None
