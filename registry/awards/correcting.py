"""Use cases beside the review: the one correction notice (补正) and what departments are asked (部门核查).

Rules (优化营商环境条例 36; S0 附件2; RULINGS 26):
* Within five working days of the application the officer may tell the applicant of every defect, at once and once.
* While the applicant corrects nothing else happens to the case: the clock stands. It has ten working days; who is
  silent has withdrawn. The day of the first application stays.
* Departments are asked side by side; each answer is recorded with its words, and all must agree before a review passes.
"""

from typing import Final

from registry.actors.model import Action
from registry.awards import correction_rules, gathering, grants, officers, shares, splitting
from registry.awards.acting import act, found_case
from registry.awards.grant_model import AnswerCorrection, AskCorrection, AskDepartments, RecordDepartment
from registry.awards.model import ActKind, Case, CaseKind, CaseState
from registry.awards.procedure import calendar_of
from registry.errors import InvalidValueError, NotFoundError, Obstacle, RuleError
from registry.journal.work import Work
from registry.manifests import service as manifests
from registry.policy.amounts import INSTALMENT
from registry.policy.facts import Facts, read_facts
from registry.policy.rules import working_days_after
from registry.policy.vocabulary import vocabulary
from registry.values.canonical import Json
from registry.values.identifiers import CaseId

ASK_WITHIN_DAYS: Final = 5
ANSWER_WITHIN_DAYS: Final = 10


def ask_correction(work: Work, command: AskCorrection) -> Case:
    """Tell the applicant of every defect of its application; the case waits for the answer.

    Raises:
        NotAllowedError, NotFoundError: The actor reviews nothing here, or there is no such case.
        ConflictError: It was asked before, the case is not waiting for a check, or it is too late to ask.
        UnavailableError: The working days of a year that is needed are not known.
    """
    found = found_case(work, command.case, Action.REVIEW_CASE, lock=True)
    officers.require_reviewer(work, found)
    calendar, today = calendar_of(work, found), work.now.civil_day()
    last = working_days_after(found.applied_at.civil_day(), ASK_WITHIN_DAYS, calendar)
    correction_rules.require_correction_asked(found, last, today)
    content: dict[str, Json] = {
        "defects": [defect.strip() for defect in command.defects],
        "until": working_days_after(today, ANSWER_WITHIN_DAYS, calendar).isoformat(),
    }
    return act(work, found, ActKind.CORRECTION_ASKED, "awards.correction_asked", content, CaseState.CORRECTING)


def answer_correction(work: Work, command: AnswerCorrection) -> Case:
    """Answer a correction notice of one's own case; the first day of filing stays.

    Raises:
        NotFoundError: There is no such case of the actor's firm, or no such document.
        ConflictError: The case waits for no correction.
        RuleError: The days have passed, or a fact is not the applicant's to state.
        InvalidValueError: Facts are given for what is no grant, or a fact is none of the vocabulary.
    """
    found = found_case(work, command.case, Action.APPLY_FOR_AWARD, lock=True)
    if found.applicant is None or found.applicant != work.actor.firm:
        raise NotFoundError("case_not_found", id=command.case)
    correction = correction_rules.open_correction(found)
    correction_rules.require_in_time(found, correction, work.now.civil_day())
    facts = read_facts(command.facts, vocabulary().fact_types)
    if found.kind is CaseKind.GRANT:
        _require_own_facts(work, found, facts)
    elif command.facts or command.evidence:  # Of an award everything but the split is the registers' to say.
        raise InvalidValueError("correction_in_words_only", id=found.id)
    for documents in command.evidence.values():
        manifests.require_evidence(work, documents, owner=found.applicant)
    content: dict[str, Json] = {
        "statement": command.statement.strip(),
        "facts": facts.as_json(),
        "evidence": {name: [str(each) for each in documents] for name, documents in command.evidence.items()},
    }
    shares.require_same_makers(found, command.joint_makers)
    if command.joint_makers:
        content["shares"] = {str(firm): share for firm, share in command.joint_makers.items()}
    corrected = act(work, found, ActKind.CORRECTED, "awards.case_corrected", content, CaseState.APPLIED)
    if corrected.split_digest != found.split_digest:
        splitting.ask_makers_within(work, corrected)
    return corrected


def _require_own_facts(work: Work, case: Case, facts: Facts) -> None:
    """Raise RuleError for facts a correction cannot change: the officers', the registers', those of another grant."""
    instrument = gathering.policy_of(work, case).instrument
    named = dict.fromkeys(grants.keys_asked(instrument), ("…",))
    wrong = [each for each in grants.form_obstacles(instrument, facts, named) if each.code.startswith("grant_fact")]
    # What a grant is for was sealed when it was filed: another instalment or more units are another application.
    claim, merged = gathering.claim_of(work, case), gathering.stated_now(work, case) | facts.as_json()
    wrong += grants.roster_obstacles(instrument, read_facts(merged, vocabulary().fact_types), claim.keys)
    if facts.number(INSTALMENT) not in {None, claim.instalment or 1}:
        wrong.append(Obstacle("grant_fact_not_yours", instrument.clause, parameters={"fact": INSTALMENT}))
    if wrong:
        raise RuleError("not_eligible", tuple(wrong), instrument=instrument.id, dataset="")


def close_silent(work: Work, case_id: CaseId) -> Case:
    """End a case whose applicant let the days of its correction pass: silence is withdrawal.

    Raises NotAllowedError, NotFoundError, ConflictError (it waits for none, or the applicant may still answer).
    """
    found = found_case(work, case_id, Action.REVIEW_CASE, lock=True)
    officers.require_free(work, found)
    correction = correction_rules.open_correction(found)
    correction_rules.require_silent(found, correction, work.now.civil_day())
    content: dict[str, Json] = {"reason": f"no answer by {correction.until.isoformat()}"}
    return act(work, found, ActKind.WITHDRAWN, "awards.case_lapsed", content, CaseState.WITHDRAWN)


def ask_departments(work: Work, command: AskDepartments) -> Case:
    """Ask departments about a case side by side.

    Raises NotAllowedError, NotFoundError, ConflictError (it is past its check, or one was asked before).
    """
    found = found_case(work, command.case, Action.REVIEW_CASE, lock=True)
    officers.require_free(work, found)
    names = [name.strip() for name in command.departments]
    correction_rules.require_departments(found, names)
    content: dict[str, Json] = {"departments": list(names)}
    return act(work, found, ActKind.DEPARTMENTS_ASKED, "awards.departments_asked", content)


def record_department(work: Work, command: RecordDepartment) -> Case:
    """Record what a department answered; one that does not agree stops the review from passing.

    Raises NotAllowedError, NotFoundError (it was not asked), ConflictError (it answered before).
    """
    found = found_case(work, command.case, Action.REVIEW_CASE, lock=True)
    officers.require_free(work, found)
    correction_rules.require_department_answer(found, command.department.strip())
    content: dict[str, Json] = {
        "department": command.department.strip(),
        "agrees": command.agrees,
        "opinion": command.opinion.strip(),
    }
    return act(work, found, ActKind.DEPARTMENT_ANSWERED, "awards.department_answered", content)
