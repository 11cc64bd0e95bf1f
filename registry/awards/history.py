"""A case from its acts: what officers did, one after the other, comes to what the case is now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from registry.actors.model import Role
from registry.awards.model import (
    Act,
    ActKind,
    AdverseDecision,
    Assessment,
    BankPayment,
    Case,
    Correction,
    DepartmentCheck,
    Instruction,
    Notice,
    OpenedScores,
    OutsideSearch,
    Review,
    Signature,
)
from registry.awards.recusal import standing
from registry.awards.rules import objections_of
from registry.values.digest import Digest
from registry.values.identifiers import AccountId
from registry.values.moment import Moment
from registry.values.money import Money


def with_acts(case: Case, acts: Sequence[Act]) -> Case:
    """Return ``case`` as its acts have left it; the newest of each kind holds, signatures add up.

    What a recusal made void counts for nothing.
    """
    valid = standing(acts)
    newest = {act.kind: act for act in valid}
    returned, paid = newest.get(ActKind.RETURNED), newest.get(ActKind.PAID)
    instructed = newest.get(ActKind.INSTRUCTED)
    if instructed and returned and returned.number > instructed.number:
        instructed = None
    applied = case.applied_lines or case.lines
    assessment = _made(_assessment, newest.get(ActKind.ASSESSED))
    allotted = _allotted(newest)
    amount = allotted if allotted is not None else assessment.amount if assessment else None
    return replace(
        case,
        applied_lines=applied,
        lines=applied if amount is None else (replace(applied[0], amount=amount),),
        allotted=allotted,
        assessment=assessment,
        assessors=frozenset(act.account for act in acts if act.kind is ActKind.ASSESSED),
        correction=_correction(newest.get(ActKind.CORRECTION_ASKED), newest.get(ActKind.CORRECTED)),
        departments=_departments(acts),
        scores=_made(_scores, newest.get(ActKind.SCORES_OPENED)),
        experts=frozenset(
            AccountId(drawn) for act in acts if act.kind is ActKind.EXPERTS_DRAWN for drawn in act.content["drawn"]
        ),
        acts=tuple(acts),
        review=_made(_review, newest.get(ActKind.REVIEWED)),
        notice=_made(_notice, newest.get(ActKind.NOTICED)),
        signatures=tuple(_signature(act) for act in valid if act.kind is ActKind.SIGNED),
        instruction=_made(_instruction, instructed),
        payment=_made(_payment, paid),
        objections=objections_of(valid),
        refusal=_made(_refusal, newest.get(ActKind.REFUSED)),
    )


def _made(make: Any, act: Act | None) -> Any:
    return make(act) if act else None


def _review(act: Act) -> Review:
    search = act.content["outside_search"]
    return Review(
        account=act.account,
        passed=act.content["passed"],
        opinion=act.content["opinion"],
        originals_seen=act.content["originals_seen"],
        search=OutsideSearch(search["where"], search["found_earlier"], search["note"]) if search else None,
        reviewed_at=act.at,
    )


def _assessment(act: Act) -> Assessment:
    return Assessment(
        account=act.account,
        amount=Money(act.content["amount_fen"]),
        facts=Digest.parse(act.content["facts_digest"]),
        confirmed=act.content["confirmed"],
        opinion=act.content["opinion"],
        assessed_at=act.at,
    )


def _allotted(newest: Mapping[ActKind, Act]) -> Money | None:
    """Return what a case was allotted; an assessment or a review that came after makes it void."""
    found = newest.get(ActKind.ALLOTTED)
    later = (newest.get(kind) for kind in (ActKind.ASSESSED, ActKind.REVIEWED))
    if found is None or any(act is not None and act.number > found.number for act in later):
        return None
    return Money(found.content["share_fen"]) if newest.get(ActKind.REVIEWED) else None


def _scores(act: Act) -> OpenedScores:
    return OpenedScores(act.account, act.content["total_hundredths"], act.content["passed"], act.at)


def _correction(asked: Act | None, answered: Act | None) -> Correction | None:
    if asked is None:
        return None
    return Correction(
        defects=tuple(asked.content["defects"]),
        asked_by=asked.account,
        asked_at=asked.at,
        until=date.fromisoformat(asked.content["until"]),
        answered_at=answered.at if answered else None,
        answer=answered.content["statement"] if answered else "",
    )


def _departments(acts: Sequence[Act]) -> tuple[DepartmentCheck, ...]:
    found: dict[str, DepartmentCheck] = {}
    for act in acts:
        if act.kind is ActKind.DEPARTMENTS_ASKED:
            found |= {name: DepartmentCheck(name) for name in act.content["departments"]}
        elif act.kind is ActKind.DEPARTMENT_ANSWERED:
            name = act.content["department"]
            found[name] = DepartmentCheck(name, act.content["agrees"], act.content["opinion"], act.account, act.at)
    return tuple(found.values())


def _notice(act: Act) -> Notice:
    return Notice(
        lines=Digest.parse(act.content["lines"]),
        page_url=act.content["page_url"],
        capture=Digest.parse(act.content["capture"]),
        posted_at=act.at,
        ends_at=Moment.of_text(act.content["ends_at"]),
        posted_by=act.account,
    )


def _signature(act: Act) -> Signature:
    return Signature(
        rank=act.content["rank"],
        role=Role(act.content["role"]),
        account=act.account,
        lines=Digest.parse(act.content["lines"]),
        opinion=act.content["opinion"],
        approved=act.content["approved"],
        signed_at=act.at,
        delegation=act.content.get("delegation"),
    )


def _instruction(act: Act) -> Instruction:
    return Instruction(
        account=act.account,
        budget_year=act.content["budget_year"],
        project_code=act.content["project_code"],
        subject_code=act.content["subject_code"],
        payment_voucher_number=act.content["payment_voucher_number"],
        instructed_at=act.at,
    )


def _payment(act: Act) -> BankPayment:
    return BankPayment(
        account=act.account,
        bank_receipt=act.content["bank_receipt"],
        paid_on=date.fromisoformat(act.content["paid_on"]),
        recorded_at=act.at,
    )


def _refusal(act: Act) -> AdverseDecision:
    return AdverseDecision(
        number=act.content["number"],
        code=act.content["code"],
        clause=act.content["clause"],
        reason=act.content["reason"],
        decided_by=act.account,
        decided_at=act.at,
    )
