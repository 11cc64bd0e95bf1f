"""A case from its acts: what officers did, one after the other, comes to what the case is now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from registry.awards.lines import concerned_by, numbered, objections_of, told
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
    Line,
    OpenedScores,
    OutsideSearch,
    PaymentReview,
    Review,
)
from registry.awards.recusal import standing
from registry.awards.shares import split_of
from registry.values.digest import Digest
from registry.values.identifiers import AccountId
from registry.values.moment import Moment
from registry.values.money import Money

_ENDS_UNPAID: Final = frozenset({ActKind.REFUSED, ActKind.WITHDRAWN})


def with_acts(case: Case, acts: Sequence[Act]) -> Case:
    """Return ``case`` as its acts have left it; the newest of each kind holds, signatures add up.

    What a recusal or an annulment made void counts for nothing.
    """
    valid = standing(acts)
    newest = {act.kind: act for act in valid}
    returned, paid = newest.get(ActKind.RETURNED), newest.get(ActKind.PAID)
    instructed = newest.get(ActKind.INSTRUCTED)
    if instructed and returned and returned.number > instructed.number:
        instructed = None
    applied = case.applied_lines or numbered(case.lines)
    story = told(case.id, applied, valid)
    found = replace(
        case,
        applied_lines=applied,
        lines=tuple(_with_payee(case, line) for line in story.lines),
        split=split_of(story.lines, case.applicant),
        allotted=_allotted(newest),
        assessment=_made(_assessment, newest.get(ActKind.ASSESSED)),
        # Whoever decided on the novelty of a lineage examined its case, too.
        assessors=frozenset(act.account for act in acts if act.kind in {ActKind.ASSESSED, ActKind.REDECIDED}),
        correction=_correction(newest.get(ActKind.CORRECTION_ASKED), newest.get(ActKind.CORRECTED)),
        departments=_departments(valid),
        scores=_made(_scores, newest.get(ActKind.SCORES_OPENED)),
        experts=frozenset(
            AccountId(drawn) for act in acts if act.kind is ActKind.EXPERTS_DRAWN for drawn in act.content["drawn"]
        ),
        acts=tuple(acts),
        review=_made(_review, newest.get(ActKind.REVIEWED)),
        notice=story.notices[-1] if story.notices else None,
        notices=story.notices,
        signatures=story.signatures,
        instruction=_made(_instruction, instructed),
        payment=_payment(paid, newest.get(ActKind.PAYMENT_REVIEWED)),
        refusal=_refusal(newest.get(ActKind.REFUSED), newest.get(ActKind.REFUSAL_SERVED)),
    )
    # What is said of a line that left is answered where the line stands now.
    return replace(found, objections=tuple(each for each in objections_of(valid) if concerned_by(found, each)))


def _with_payee(case: Case, line: Line) -> Line:
    """Return the line of a joint maker with what is shown of the account it stated; others have theirs already."""
    if line.share_bp is None or line.payee_digest is None:
        return line
    return replace(line, payee=case.share_payees.get(line.payee_digest))


def stood_at(case: Case, at: Moment) -> bool:
    """Say whether a case was filed before ``at`` and had not ended unpaid, by what was known then.

    What became void later, by a recusal or an annulment, was valid still.
    """
    then = standing([act for act in case.acts if act.at <= at])
    return case.applied_at < at and not any(act.kind in _ENDS_UNPAID for act in then)


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


def _instruction(act: Act) -> Instruction:
    return Instruction(
        account=act.account,
        budget_year=act.content["budget_year"],
        project_code=act.content["project_code"],
        subject_code=act.content["subject_code"],
        payment_voucher_number=act.content["payment_voucher_number"],
        instructed_at=act.at,
    )


def _payment(act: Act | None, reviewed: Act | None) -> BankPayment | None:
    if act is None:
        return None
    return BankPayment(
        account=act.account,
        bank_receipt=act.content["bank_receipt"],
        paid_on=date.fromisoformat(act.content["paid_on"]),
        recorded_at=act.at,
        in_spite_of=tuple(act.content.get("in_spite_of", ())),
        review=_made(_payment_review, reviewed),
    )


def _payment_review(act: Act) -> PaymentReview:
    return PaymentReview(act.account, act.content["stands"], act.content["reason"], act.at)


def _refusal(act: Act | None, served: Act | None) -> AdverseDecision | None:
    if act is None:
        return None
    return AdverseDecision(
        number=act.content["number"],
        code=act.content["code"],
        clause=act.content["clause"],
        reason=act.content["reason"],
        decided_by=act.account,
        decided_at=act.at,
        served_on=date.fromisoformat(served.content["served_on"]) if served else None,
        service=served.content if served else None,
    )
