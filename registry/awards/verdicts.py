"""Who may receive an award for an adopted dataset, and how much.

Rules (S1 cl.14a):
* The applicant is the publisher, operates in the area and has clean credit (S1 三; RULINGS 31).
* First published here on the policy's first day or later, by nobody earlier anywhere; third-party data published again
  never qualifies, whatever parents are named beside it; a derivative, and what repeats earlier versions without saying
  so, only if its new share passes the threshold (RULINGS 8).
* Adopted by three or more independent leading firms (RULINGS 1-5), the last of them in the term; claimed until the
  closing date (RULINGS 19).
* A sector of the clause; others only by a recorded decision (RULINGS 7, 9).
* High quality: each of the three TC609 dimensions at the threshold or above in a signed laboratory report (RULINGS 9).
* Once per lineage (RULINGS 2, 11).

A verdict is made from a snapshot and from nothing else: what is stored is what was decided from, and replaying it gives
the same verdict wherever it is done (DESIGN §3b).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from registry.adoption import rules as adoption
from registry.adoption.model import AdopterFacts, AdoptionCount, Receipt
from registry.awards.award_model import AwardFacts, AwardTerms, AwardVerdict
from registry.errors import CorruptContentError, Finding, Obstacle, Parameter, RuleError
from registry.policy.assumptions import AssumptionValue, Ruling, written
from registry.policy.kinds import Fixed
from registry.policy.model import Condition, Instrument, PolicyDocument, Verdict
from registry.policy.rules import claims_until, document_term, effective_value, open_assumptions
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import DatasetId
from registry.values.moment import Moment
from registry.values.money import ZERO, Money, Rate

SNAPSHOT_FORMAT: Final = "sancai.award-facts/1"
THIRD_PARTY: Final = "third_party"


# Terms.


def value_named(instrument: Instrument, name: str, rulings: Sequence[Ruling], day: date) -> AssumptionValue | None:
    """Return what a decision of ``day`` goes by for the assumption whose id ends in ``.name``; None without one."""
    for assumption in instrument.assumptions:
        if assumption.id.endswith(f".{name}"):
            return effective_value(instrument, assumption.id, rulings, day)
    return None


def whole(value: AssumptionValue | None, otherwise: int) -> int:
    """Return a number of days, points or basis points."""
    if isinstance(value, Rate):
        return value.basis_points
    return value if isinstance(value, int) else otherwise


def codes(value: AssumptionValue | None, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """Return codes."""
    return tuple(str(code) for code in value) if isinstance(value, tuple) else otherwise


def award_terms(
    document: PolicyDocument, instrument: Instrument, issued_on: date, rulings: Sequence[Ruling], day: date
) -> AwardTerms:
    """Return what an award measured by its adopters asks for and pays, by a document and the rulings of ``day``.

    Raises:
        RuleError: The instrument is of another kind: its awards need a published round (``instrument_needs_round``).
    """
    paid = instrument.terms
    if not isinstance(paid, Fixed) or paid.measure != adoption.ADOPTERS_MEASURE:
        missing = Obstacle(
            "round_not_published", instrument.clause, Finding.UNKNOWN, {"kind": instrument.kind.value}, ("score_sheet",)
        )
        raise RuleError("instrument_needs_round", (missing,), instrument=instrument.id, kind=instrument.kind.value)
    term = document_term(document, issued_on)
    reading = value_named(instrument, "leader-lists", rulings, day)
    named = instrument.sectors
    window = value_named(instrument, "claims-window", rulings, day)
    return AwardTerms(
        instrument=instrument.id,
        clause=instrument.clause,
        sectors=codes(value_named(instrument, "sectors", rulings, day), named.codes) if named else None,
        sectors_clause=named.clause if named else "",
        adopters_needed=paid.tiers[0].interval.first,
        leader_levels=tuple(sorted(adoption.levels_counted(str(reading or "")))),
        new_share_least_bp=whole(value_named(instrument, "derivative-new-share", rulings, day), 0),
        score_least=whole(value_named(instrument, "quality-score", rulings, day), 0),
        term_first=term.first,
        term_last=term.last,
        claims_until=claims_until(term, whole(window, document.procedure.claims_window_days)),
        tiers=tuple((tier.interval.first, tier.interval.last, tier.amount.fen) for tier in paid.tiers),
    )


def policy_snapshot(
    document: PolicyDocument, instrument: Instrument, issued_on: date, rulings: Sequence[Ruling], day: date
) -> dict[str, Json]:
    """Return which revision and which rulings a decision of ``day`` goes by, and what is still open."""
    return {
        "document": document.revision.document,
        "revision_number": document.revision.number,
        "revision": str(document.revision.digest),
        "instrument": instrument.id,
        "issued_on": issued_on.isoformat(),
        "day": day.isoformat(),
        "rulings": [
            {
                "number": ruling.number,
                "date": ruling.date.isoformat(),
                "organ": ruling.organ,
                "text_digest": str(ruling.text_digest),
                "assumption": ruling.assumption_id,
                "value": written(ruling.value),
            }
            for ruling in rulings
        ],
        "open_assumptions": [each.id for each in open_assumptions(instrument, rulings, day)],
    }


# The verdict.


def count_of_snapshot(kept: Mapping[str, Any], dataset: DatasetId) -> AdoptionCount:
    """Count the adopters of a snapshot again. Raises InvalidValueError for what cannot be a receipt."""
    receipts, facts = [], {}
    for item in kept["receipts"]:
        withdrawn = Moment.of_text(item["withdrawn_at"]) if item["withdrawn_at"] else None
        receipt = Receipt.of_json(item["receipt"], withdrawn)
        receipts.append(receipt)
        facts[receipt.id] = (AdopterFacts.of_json(item["facts"]), item["adopter_name"])
    return adoption.count(
        dataset,
        receipts,
        facts,
        needed=kept["needed"],
        levels=frozenset(kept["levels"]),
        day=date.fromisoformat(kept["day"]),
    )


def verdict_of(snapshot: Mapping[str, Any]) -> AwardVerdict:
    """Return the verdict that follows from a snapshot. Pure: the same snapshot gives the same verdict for ever."""
    terms, facts = AwardTerms.of_json(snapshot["terms"]), AwardFacts.of_json(snapshot["facts"])
    conditions = conditions_14a(terms, facts)
    due = next(
        (
            fen
            for first, last, fen in terms.tiers
            if first <= facts.adopters and (last is None or facts.adopters <= last)
        ),
        0,
    )
    return AwardVerdict(
        instrument=terms.instrument,
        dataset=DatasetId(snapshot["dataset"]),
        conditions=conditions,
        # An amount beside a refusal would be read as a promise.
        amount=Money(due) if Verdict(conditions).is_met else ZERO,
        open_assumptions=tuple(snapshot["policy"]["open_assumptions"]),
        revision=Digest.parse(snapshot["policy"]["revision"]),
        facts=snapshot,
    )


def verdict_json(verdict: AwardVerdict) -> dict[str, Json]:
    """Return a verdict as it is stored beside its snapshot."""
    return {
        "instrument": verdict.instrument,
        "dataset": str(verdict.dataset),
        "eligible": verdict.eligible,
        "amount_fen": verdict.amount.fen,
        "conditions": [
            {
                "code": each.code,
                "clause": each.clause,
                "finding": each.finding.value,
                "parameters": dict(each.parameters),
                "evidence": list(each.evidence),
            }
            for each in verdict.conditions
        ],
        "open_assumptions": list(verdict.open_assumptions),
        "revision": str(verdict.revision),
        "facts_digest": str(verdict.facts_digest),
    }


def conditions_14a(terms: AwardTerms, facts: AwardFacts) -> tuple[Condition, ...]:
    """Return every condition of the award with what is known of it."""
    clause = terms.clause
    adopted = _known(facts.adopters >= terms.adopters_needed)
    closing = {"day": str(facts.day), "until": str(terms.claims_until)}
    return (
        Condition("award_policy_in_force", "RULINGS 21", _known(facts.in_force), {"day": str(facts.day)}),
        _event_in_term(terms, facts),
        Condition("claim_in_time", "RULINGS 19", _known(facts.day <= terms.claims_until), closing),
        Condition("applicant_is_publisher", clause, _known(facts.is_publisher)),
        Condition("applicant_operates_in_region", "S1 三", Finding(facts.operates_in_region), evidence=("register",)),
        Condition("applicant_credit_clean", "RULINGS 31", Finding(facts.credit_clean), evidence=("credit_report",)),
        _first_publication(terms, facts),
        _new_share(facts, terms.new_share_least_bp),
        _sector(terms, facts),
        _quality(facts, terms.score_least),
        Condition(
            "adopted_by_leading_firms",
            clause,
            adopted,
            {"counted": facts.adopters, "needed": terms.adopters_needed},
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


def _event_in_term(terms: AwardTerms, facts: AwardFacts) -> Condition:
    stated = {
        "event_on": str(facts.event_on or ""),
        "first": str(terms.term_first),
        "last": str(terms.term_last),
    }
    if facts.event_on is None:
        return Condition("award_event_in_term", "RULINGS 19", Finding.UNKNOWN, stated)
    met = terms.term_first <= facts.event_on <= terms.term_last
    return Condition("award_event_in_term", "RULINGS 19", _known(met), stated)


def _first_publication(terms: AwardTerms, facts: AwardFacts) -> Condition:
    code, clause = "first_publication", terms.clause
    if facts.earlier:
        place, day = facts.earlier
        return Condition(code, clause, Finding.UNMET, {"place": place, "day": str(day)}, ("declaration",))
    if facts.origin == THIRD_PARTY:
        return Condition(code, "RULINGS 8", Finding.UNMET, {"place": THIRD_PARTY, "day": ""})
    met = facts.published_on is not None and facts.published_on >= terms.term_first
    return Condition(code, clause, _known(met), {"place": "", "day": str(facts.published_on or "")})


def _new_share(facts: AwardFacts, least_bp: int) -> Condition:
    stated = {"share": str(Rate(10_000)), "least": str(Rate(least_bp))}
    if not facts.derived:
        return Condition("new_share", "RULINGS 8", Finding.MET, stated)
    if facts.new_share_bp is None:
        return Condition("new_share", "RULINGS 8", Finding.UNKNOWN, stated | {"share": ""})
    stated["share"] = str(Rate(facts.new_share_bp))
    return Condition("new_share", "RULINGS 8", _known(facts.new_share_bp >= least_bp), stated)


def _sector(terms: AwardTerms, facts: AwardFacts) -> Condition:
    if terms.sectors is None:
        return Condition("sector_of_clause", terms.clause, Finding.MET, {"sector": facts.sector, "sectors": ""})
    stated = {"sector": facts.sector, "sectors": ", ".join(terms.sectors)}
    return Condition("sector_of_clause", terms.sectors_clause, _known(facts.sector in terms.sectors), stated)


def _quality(facts: AwardFacts, score_least: int) -> Condition:
    evidence = ("quality_report",)
    if facts.scores_hundredths is None:
        return Condition("high_quality", "RULINGS 9", Finding.UNKNOWN, {"least": score_least, "lowest": ""}, evidence)
    lowest = min(facts.scores_hundredths)
    stated: dict[str, Parameter] = {"least": score_least, "lowest": f"{lowest // 100}.{lowest % 100:02d}"}
    return Condition("high_quality", "RULINGS 9", _known(lowest >= score_least * 100), stated, evidence)


def reasons_to_doubt(snapshot: Mapping[str, Any]) -> tuple[str, ...]:
    """Return which derived facts of a snapshot do not follow from the rest of it; empty when all do."""
    counted = count_of_snapshot(snapshot["adoption"], DatasetId(snapshot["dataset"]))
    facts, terms = AwardFacts.of_json(snapshot["facts"]), AwardTerms.of_json(snapshot["terms"])
    found = []
    if counted.counted != facts.adopters:
        found.append("adopters")
    if counted.reached_on != facts.event_on:
        found.append("event_on")
    if counted.needed != terms.adopters_needed:
        found.append("adopters_needed")
    lost = [
        date.fromisoformat(each["day"]) for each in snapshot.get("contests", ()) if snapshot["dataset"] in _losers(each)
    ]
    if lost and (facts.earlier is None or facts.earlier[1] > min(lost)):
        found.append("earlier")
    if sorted(snapshot["adoption"]["levels"]) != sorted(terms.leader_levels):
        found.append("leader_levels")
    return tuple(found)


def _losers(contest: Mapping[str, Any]) -> set[str]:
    """Return the lineages that are not first by a decision of a snapshot; the day it names is of their loss."""
    lost = {"stays": ("contester",), "moves": ("respondent",), "earlier": ("contester", "respondent")}
    return {str(contest[side]) for side in lost.get(contest["outcome"], ())}


def require_same(verdict: AwardVerdict, kept: Mapping[str, Any], facts_digest: Digest, case: str) -> None:
    """Raise CorruptContentError unless a replayed verdict is the one that was stored."""
    if verdict.facts_digest != facts_digest or Digest.of_json(verdict_json(verdict)) != Digest.of_json(dict(kept)):
        raise CorruptContentError("decision_not_replayed", id=case)
