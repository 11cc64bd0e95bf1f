"""The one correction notice of an application (补正) and what departments are asked, before the review.

Rules:
* One notice names every defect, within the days for asking; the first day of filing stays (RULINGS 26).
* Whoever lets the days of an answer pass has withdrawn.
* A department is asked once, and answers once (S0 附件2: 部门核查).
"""

from collections.abc import Sequence
from datetime import date

from registry.awards import rules
from registry.awards.model import Case, CaseState, Correction
from registry.errors import ConflictError, NotFoundError, RuleError


def require_correction_asked(case: Case, until_asked: date, today: date) -> None:
    """Raise unless the one correction notice may be sent today; ``until_asked`` is its last day (RULINGS 26).

    Raises ConflictError: asked before, not waiting for a check, a batch of the house's own, or too late to ask.
    """
    rules.require_move(case, CaseState.CORRECTING)
    if case.applicant is None:
        raise ConflictError("case_has_no_applicant", id=case.id)
    if case.correction is not None:
        raise ConflictError("correction_asked_already", id=case.id)
    if today > until_asked:
        raise ConflictError("correction_asked_too_late", id=case.id, until=until_asked.isoformat())


def open_correction(case: Case) -> Correction:
    """Return the correction a case waits for. Raises ConflictError when it waits for none."""
    rules.require_state(case, CaseState.CORRECTING)
    if case.correction is None:
        raise AssertionError("a case that waits for a correction nobody asked for")
    return case.correction


def require_in_time(case: Case, correction: Correction, today: date) -> None:
    """Raise RuleError when the days for an answer have passed."""
    if today > correction.until:
        raise RuleError("correction_too_late", (), id=case.id, until=correction.until.isoformat())


def require_silent(case: Case, correction: Correction, today: date) -> None:
    """Raise ConflictError while the applicant may still answer."""
    if today <= correction.until:
        raise ConflictError("correction_still_open", id=case.id, until=correction.until.isoformat())


def require_departments(case: Case, departments: Sequence[str]) -> None:
    """Raise ConflictError unless these departments may be asked now, each once."""
    rules.require_state(case, CaseState.APPLIED)
    asked = {each.department for each in case.departments}
    for name in departments:
        if name in asked:
            raise ConflictError("department_asked_already", id=case.id, department=name)


def require_department_answer(case: Case, department: str) -> None:
    """Raise unless an answer of this department is waited for. Raises ConflictError, NotFoundError."""
    rules.require_state(case, CaseState.APPLIED)
    for each in case.departments:
        if each.department == department:
            if each.agrees is not None:
                raise ConflictError("department_answered_already", id=case.id, department=department)
            return
    raise NotFoundError("department_not_asked", id=case.id, department=department[:60])
