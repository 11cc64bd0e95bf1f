"""Grants: applications with facts and documents, and what officers do before their review."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sancai.cases import Case, Condition
from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class GrantVerdict:
    """What an application for a grant would come to today; ``held_fen`` waits for a ruling."""

    instrument: str
    eligible: bool
    amount_fen: int
    amount_text: str
    amount_capitals: str
    held_fen: int
    conditions: tuple[Condition, ...]
    open_assumptions: tuple[str, ...]
    revision: str
    facts_digest: str

    @property
    def unmet(self) -> tuple[Condition, ...]:
        """The conditions that are not met, or not known to be."""
        return tuple(each for each in self.conditions if each.finding != "met")


@dataclass(frozen=True, slots=True)
class Claim:
    """What an applicant stated: facts, the things a grant is for, documents by what they prove."""

    event_on: str
    facts: Mapping[str, Any]
    keys: Mapping[str, Any]
    evidence: Mapping[str, Any]
    joint_makers: Mapping[str, Any]


class Grants:
    """Grants of one service."""

    def __init__(self, session: Session) -> None:
        """Use ``session`` for every request."""
        self._session = session

    def check(self, application: Mapping[str, Any]) -> GrantVerdict:
        """Say what an application would come to today; nothing is recorded. Raises SancaiError."""
        return shaped(GrantVerdict, self._session.post("/grant-check", dict(application)))

    def apply(self, application: Mapping[str, Any], key: str | None = None) -> Case:
        """Apply: instrument, event_on, facts, keys, evidence, undertaking, payee. Raises RuleError: every obstacle."""
        return shaped(Case, self._session.post("/grants", dict(application), key=key))

    def claim(self, case: str) -> Claim:
        """Return what the applicant of a grant stated. Raises NotFoundError."""
        found = self._session.get(f"/cases/{case}/claim")
        return Claim(found["event_on"], found["facts"], found["keys"], found["evidence"], found["joint_makers"])

    def assess(
        self, case: str, *, confirmed: Sequence[str], opinion: str, found: Mapping[str, Any] | None = None
    ) -> Case:
        """Confirm stated facts and say what was found; the grant then amounts to that. Raises SancaiError."""
        body = {"confirmed": list(confirmed), "found": dict(found or {}), "opinion": opinion}
        return self._act(case, "assessment", body)

    def ask_correction(self, case: str, defects: Sequence[str]) -> Case:
        """Tell the applicant of every defect at once. Raises SancaiError."""
        return self._act(case, "correction", {"defects": list(defects)})

    def correct(
        self,
        case: str,
        statement: str,
        *,
        facts: Mapping[str, Any] | None = None,
        evidence: Mapping[str, Sequence[str]] | None = None,
        joint_makers: Mapping[str, int] | None = None,
    ) -> Case:
        """Answer the correction notice of a case of your own.

        ``joint_makers`` divides a shared case anew among the same firms, which then sign again. Raises SancaiError.
        """
        papers = {name: list(documents) for name, documents in (evidence or {}).items()}
        body = {
            "statement": statement,
            "facts": dict(facts or {}),
            "evidence": papers,
            "joint_makers": dict(joint_makers or {}),
        }
        return self._act(case, "correction/answer", body)

    def lapse(self, case: str) -> Case:
        """End a case whose applicant let the days of its correction pass. Raises SancaiError."""
        return self._act(case, "correction/lapse", {})

    def ask_departments(self, case: str, departments: Sequence[str]) -> Case:
        """Ask departments side by side. Raises SancaiError."""
        return self._act(case, "departments", {"departments": list(departments)})

    def record_department(self, case: str, department: str, opinion: str, *, agrees: bool) -> Case:
        """Record what a department answered. Raises SancaiError."""
        body = {"department": department, "agrees": agrees, "opinion": opinion}
        return self._act(case, "departments/answer", body)

    def _act(self, case: str, what: str, body: dict[str, Any]) -> Case:
        return shaped(Case, self._session.post(f"/cases/{case}/{what}", body))
