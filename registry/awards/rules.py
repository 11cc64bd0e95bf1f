"""Who may receive an award, and when a case may be paid.

Rules of the award for adopted datasets (S1 cl.14a):
* The applicant is the publisher, operates in the area and has clean credit (S1 三; RULINGS 31).
* First published here or later than the policy's first day, by nobody earlier anywhere; third-party data published
  again never qualifies; a derivative only if its new share passes the threshold (RULINGS 8).
* Adopted by three or more independent leading firms (RULINGS 1-5), in the term (RULINGS 19).
* A sector of the clause; others only by a recorded decision (RULINGS 7, 9).
* High quality: each of the three TC609 dimensions at the threshold or above in a signed laboratory report (RULINGS 9).
* Once per lineage (RULINGS 2, 11).

Rules of a payment:
* Reviewed by a reviewer; noticed for the policy's days, to the end (RULINGS 25); signed by distinct officers in the
  order of their ranks (RULINGS 27); no open objection; notice and signatures bind the lines as they are.
* A ruling for every assumption the instrument rests on.
* Whoever reviewed or signed does not pay, and one officer signs once (POLICY §4.3, invariants 10, 23).
* No sanction stops payments to a firm of the case (RULINGS 30), and its credit is clean on the day.
"""

from collections.abc import Sequence
from typing import Final

from registry.actors.model import Role
from registry.awards.model import CASE_MOVES, AwardFacts, Case, CaseState, Signature
from registry.errors import ConflictError, Finding, NotAllowedError, Obstacle, RuleError
from registry.policy.model import Condition, Instrument
from registry.values.identifiers import AccountId
from registry.values.moment import Moment

THIRD_PARTY: Final = "third_party"


def conditions_14a(
    instrument: Instrument, facts: AwardFacts, *, adopters_needed: int, new_share_least_bp: int, score_least: int
) -> tuple[Condition, ...]:
    """Return every condition of the award with what is known of it."""
    clause = instrument.clause
    day = {"day": str(facts.day)}
    adopted = Finding.MET if facts.adopters >= adopters_needed else Finding.UNMET
    counted = {"counted": facts.adopters, "needed": adopters_needed}
    return (
        Condition("award_policy_in_force", "RULINGS 21", _known(facts.in_force), day),
        Condition("award_event_in_term", "RULINGS 19", _known(facts.in_term), {"event_on": str(facts.event_on or "")}),
        Condition("applicant_is_publisher", clause, _known(facts.is_publisher)),
        Condition("applicant_operates_in_region", "S1 三", Finding(facts.operates_in_region), evidence=("register",)),
        Condition("applicant_credit_clean", "RULINGS 31", Finding(facts.credit_clean), evidence=("credit_report",)),
        _first_publication(facts, clause),
        _new_share(facts, new_share_least_bp),
        _sector(instrument, facts),
        _quality(facts, score_least),
        Condition(
            "adopted_by_leading_firms",
            clause,
            adopted,
            counted,
            ("adoption_statement", "adoption_contract", "delivery_receipt"),
        ),
        Condition(
            "not_awarded_before",
            "RULINGS 11",
            _known(facts.awarded_before is None),
            {"case": facts.awarded_before or ""},
        ),
        Condition("no_other_case", "RULINGS 2", _known(facts.open_case is None), {"case": facts.open_case or ""}),
    )


def _known(met: bool) -> Finding:
    return Finding.MET if met else Finding.UNMET


def _first_publication(facts: AwardFacts, clause: str) -> Condition:
    if facts.earlier:
        place, day = facts.earlier
        return Condition(
            "first_publication", clause, Finding.UNMET, {"place": place, "day": str(day)}, ("declaration",)
        )
    if facts.origin == THIRD_PARTY and not facts.derived:
        return Condition("first_publication", "RULINGS 8", Finding.UNMET, {"place": "third party", "day": ""})
    return Condition(
        "first_publication",
        clause,
        _known(facts.published_on is not None),
        {"place": "", "day": str(facts.published_on or "")},
    )


def _new_share(facts: AwardFacts, least_bp: int) -> Condition:
    if not facts.derived:
        return Condition("new_share", "RULINGS 8", Finding.MET, {"share": "100%", "least": _percent(least_bp)})
    if facts.new_share_bp is None:
        return Condition("new_share", "RULINGS 8", Finding.UNKNOWN, {"share": "", "least": _percent(least_bp)})
    stated = {"share": _percent(facts.new_share_bp), "least": _percent(least_bp)}
    return Condition("new_share", "RULINGS 8", _known(facts.new_share_bp >= least_bp), stated)


def _percent(basis_points: int) -> str:
    return f"{basis_points // 100}.{basis_points % 100:02d}%"


def _sector(instrument: Instrument, facts: AwardFacts) -> Condition:
    named = instrument.sectors
    if named is None:
        return Condition("sector_of_clause", instrument.clause, Finding.MET, {"sector": facts.sector})
    met = Finding.MET if facts.sector in named.codes else Finding.UNMET
    return Condition("sector_of_clause", named.clause, met, {"sector": facts.sector, "sectors": ", ".join(named.codes)})


def _quality(facts: AwardFacts, score_least: int) -> Condition:
    stated = {"least": score_least, "lowest": ""}
    if facts.scores_hundredths is None:
        return Condition("high_quality", "RULINGS 9", Finding.UNKNOWN, stated, ("quality_report",))
    lowest = min(facts.scores_hundredths)
    stated["lowest"] = f"{lowest // 100}.{lowest % 100:02d}"
    return Condition("high_quality", "RULINGS 9", _known(lowest >= score_least * 100), stated, ("quality_report",))


def require_move(case: Case, to: CaseState) -> None:
    """Raise ConflictError unless the case may go to ``to`` now."""
    if to not in CASE_MOVES[case.state]:
        raise ConflictError("case_wrong_state", id=case.id, state=case.state.value, wanted=to.value)


def require_review(case: Case, reviewer: AccountId) -> None:
    """Raise unless ``reviewer`` may review: the applicant's own people never do."""
    require_move(case, CaseState.REVIEWED)
    if reviewer == case.applied_by and case.applicant is not None:
        raise NotAllowedError("reviewer_is_applicant", id=case.id)


def rank_to_sign(case: Case, role_codes: Sequence[str]) -> int:
    """Return the rank that signs next, from 1, or 0 when all have signed.

    Only signatures on the lines as they are count.
    """
    valid = [made for made in case.signatures if made.lines == case.lines_digest]
    return len(valid) + 1 if len(valid) < len(role_codes) else 0


def require_signature(case: Case, signer: AccountId, roles: frozenset[Role]) -> tuple[int, Role]:
    """Return (rank, role) in which ``signer`` signs now.

    Raises:
        ConflictError: The case is not reviewed, or everyone has signed.
        NotAllowedError: It is another rank's turn, or the signer already acted in the case.
    """
    if case.state is not CaseState.REVIEWED:
        raise ConflictError("case_wrong_state", id=case.id, state=case.state.value, wanted="reviewed")
    rank = rank_to_sign(case, case.sign_off_levels)
    if not rank:
        raise ConflictError("case_fully_signed", id=case.id)
    wanted = Role(case.sign_off_levels[rank - 1])
    if wanted not in roles:
        raise NotAllowedError("not_your_turn_to_sign", id=case.id, rank=rank, role=wanted.value)
    acted = {made.account for made in case.signatures} | ({case.review.account} if case.review else set())
    if signer in acted:
        raise NotAllowedError("officer_already_acted", id=case.id)
    return rank, wanted


def signatures_complete(case: Case) -> bool:
    """Say whether every rank signed the lines as they are, and approved."""
    valid: list[Signature] = [made for made in case.signatures if made.lines == case.lines_digest and made.approved]
    return [made.rank for made in valid] == list(range(1, len(case.sign_off_levels) + 1))


def payment_obstacles(
    case: Case, now: Moment, *, open_assumptions: Sequence[Obstacle], stopped: Sequence[Obstacle]
) -> tuple[Obstacle, ...]:
    """Return everything that stands between a case and its payment at ``now``.

    ``stopped`` are sanctions and credit findings of the day.
    """
    found: list[Obstacle] = []
    if case.review is None or not case.review.passed:
        found.append(Obstacle("case_not_reviewed", "S1 四"))
    notice = case.notice
    if notice is None:
        found.append(Obstacle("notice_not_posted", "S0 art.7"))
    elif notice.lines != case.lines_digest:
        found.append(Obstacle("notice_of_other_lines", "RULINGS 25"))
    elif now < notice.ends_at:
        found.append(Obstacle("notice_still_runs", "S0 art.7", parameters={"ends_at": str(notice.ends_at)}))
    if not signatures_complete(case):
        signed = len([made for made in case.signatures if made.lines == case.lines_digest and made.approved])
        found.append(
            Obstacle(
                "signatures_missing", "S0 附件3", parameters={"signed": signed, "needed": len(case.sign_off_levels)}
            )
        )
    if case.objections_open:
        found.append(Obstacle("objection_open", "RULINGS 25", parameters={"count": case.objections_open}))
    return (*found, *open_assumptions, *stopped)


def require_payer(case: Case, payer: AccountId) -> None:
    """Raise NotAllowedError when the payer reviewed or signed the case."""
    acted = {made.account for made in case.signatures} | ({case.review.account} if case.review else set())
    if payer in acted:
        raise NotAllowedError("payer_already_acted", id=case.id)


def require_payable(
    case: Case, now: Moment, *, open_assumptions: Sequence[Obstacle], stopped: Sequence[Obstacle]
) -> None:
    """Raise RuleError listing everything that stands between the case and its payment."""
    if found := payment_obstacles(case, now, open_assumptions=open_assumptions, stopped=stopped):
        raise RuleError("case_not_payable", found, id=case.id)
