"""Who may receive a grant, and how much: from the record of its instrument alone, by the one evaluator.

Rules:
* The applicant states facts and files documents for them; facts the house knows come from its registers and from
  nowhere else; some are for officers alone: what was decided below a ceiling, a score, what was admitted under 等.
* An application is refused for what is not met and for what its applicant leaves unsaid, all of it at once; what only
  officers can say it may wait for.
* What is confirmed decides: a stated fact nobody confirmed is unknown (POLICY §1.1, R25, R26).
* What may be rewarded once is known by keys (firm, worker, site, year …), each kept as a digest under the house's
  secret: equal things are recognised, and nothing of a person stands in journal or dossier (RULINGS 35).
* Like benefits of other documents exclude each other, also those of other authorities and those the applicant
  declares (RULINGS 11). Of what is open the newest holds, then the highest; when they differ the firm elects.
* A cap is used by what stands: what a case was assessed at, before that what it was applied for, unless it was refused
  or withdrawn.

A verdict is made from a snapshot and the text of its document; replaying both gives the same verdict everywhere.
"""

import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from registry.awards.grant_model import DeclaredBenefit, GrantVerdict
from registry.errors import ConflictError, Finding, Obstacle
from registry.parties.model import Predicate
from registry.policy.amounts import INSTALMENT, SCORE
from registry.policy.assumptions import Ruling
from registry.policy.evaluation import DECIDED_AMOUNT, EVENT_ON, Asked, Standing, evaluate, facts_needed
from registry.policy.exclusivity import Benefit, elect, require_exclusive
from registry.policy.facts import Facts, read_facts
from registry.policy.kinds import Fixed, Percent, PerUnit, Schedule, ScoredRange, Terms
from registry.policy.model import Instrument, PolicyDocument
from registry.policy.requirements import CodeRequired
from registry.policy.vocabulary import vocabulary
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.money import Money

SNAPSHOT_FORMAT: Final = "sancai.grant-facts/1"
LINEAGE: Final = "lineage"
FIRM: Final = "firm"
YEAR: Final = "year"
TURN: Final = "turn"
FILLED_KEYS: Final = frozenset({FIRM, YEAR, TURN, LINEAGE, INSTALMENT})
"""Keys the house fills in itself."""
ROSTERS: Final = frozenset({"worker", "student", "seat", "person"})
"""Keys of which a price for each unit needs one for each unit."""
PREDICATES: Final[Mapping[str, Predicate]] = {
    "operates_in_area": Predicate.OPERATES_IN_REGION,
    "data_annotation_firm": Predicate.DATA_ANNOTATION_FIRM,
    "credit_clean": Predicate.CREDIT_CLEAN,
}
APPLIED_ON: Final = "applied_on"
OF_LINEAGE: Final = frozenset({"is_publisher", "sector", "high_quality", "new_share_sufficient"})
REGISTER_FACTS: Final = frozenset(PREDICATES) | OF_LINEAGE | {APPLIED_ON, EVENT_ON}
NOT_FILED: Final = frozenset({"register", "undertaking", "decision", "ruling", "score_sheet", "novelty_screen"})
"""Evidence that is the house's own, the officers', or the application itself."""
PERSON: Final = "person"
SALT: Final = b"sancai/awards/grant-key/v1"


# What a grant is for.


def once_names(instrument: Instrument) -> tuple[str, ...]:
    """Return the keys whose sameness makes a second grant of the instrument the same grant; empty: any number."""
    if not instrument.once_per:
        return ()
    names = instrument.once_per.split("_and_")
    if isinstance(instrument.terms, Schedule) and TURN not in names:
        names.append(INSTALMENT)
    return tuple(names)


def keys_asked(instrument: Instrument) -> tuple[str, ...]:
    """Return the keys an applicant has to state; who a natural person is, its registration says."""
    filled = FILLED_KEYS | ({PERSON} if instrument.beneficiary == PERSON else set())
    return tuple(sorted({*instrument.exclusivity.keys, *once_names(instrument)} - filled))


def sealed_keys(secret: bytes, keys: Mapping[str, Sequence[str]]) -> dict[str, frozenset[Digest]]:
    """Return keys as digests under the house's secret; full width, case and blanks make no difference."""
    return {name: frozenset(_sealed(secret, name, value) for value in values) for name, values in keys.items()}


def _sealed(secret: bytes, name: str, value: str) -> Digest:
    return Digest(hmac.digest(secret, SALT + b"\0" + name.encode() + b"\0" + _plain(value).encode(), "sha256").hex())


def _plain(value: str) -> str:
    return "".join(unicodedata.normalize("NFKC", value).upper().split())


def key_words(sealed: Mapping[str, frozenset[Digest]]) -> dict[str, str]:
    """Return keys as exclusivity compares them: one word for each name."""
    return {name: ",".join(sorted(each.hex for each in values)) for name, values in sealed.items()}


def compared(own: Mapping[str, frozenset[Digest]], other: Mapping[str, frozenset[Digest]]) -> dict[str, str]:
    """Return the keys of another benefit in the words of one's own: two that share one thing are the same."""
    mine, theirs = key_words(own), key_words(other)
    return {name: mine[name] if other[name] & own.get(name, frozenset()) else theirs[name] for name in other}


# Facts.


def office_facts(instrument: Instrument) -> frozenset[str]:
    """Return the facts only an officer may say."""
    admitted = {each.admitted_by for each in instrument.requirements if isinstance(each, CodeRequired)}
    return frozenset({DECIDED_AMOUNT, SCORE, *admitted} - {""})


def form_obstacles(instrument: Instrument, facts: Facts, keys: Mapping[str, Sequence[str]]) -> list[Obstacle]:
    """Return what is missing or out of place in an application, whatever it would come to."""
    found = [
        Obstacle("grant_fact_not_yours", instrument.clause, parameters={"fact": name})
        for name in sorted(set(facts.values) & (office_facts(instrument) | REGISTER_FACTS))
    ]
    found += [
        Obstacle("grant_fact_not_asked", instrument.clause, parameters={"fact": name})
        for name in sorted(set(facts.values) - set(facts_needed(instrument)))
    ]
    asked = keys_asked(instrument)
    found += [
        Obstacle("grant_key_missing", instrument.exclusivity.clause, Finding.UNKNOWN, {"key": name})
        for name in asked
        if not keys.get(name)
    ]
    found += [
        Obstacle("grant_key_not_asked", instrument.exclusivity.clause, parameters={"key": name})
        for name in sorted(set(keys) - set(asked))
    ]
    return [*found, *roster_obstacles(instrument, facts, keys)]


def roster_obstacles(
    instrument: Instrument, facts: Facts, keys: Mapping[str, Sequence[str]], *, fewer: bool = False
) -> list[Obstacle]:
    """Return where as many units are claimed as are not named one by one; ``fewer``: an officer may admit fewer."""
    terms = instrument.terms.total if isinstance(instrument.terms, Schedule) else instrument.terms
    if not isinstance(terms, PerUnit):
        return []
    units = facts.number(terms.unit) if terms.each_max is None else len(facts.counts(terms.unit) or ())
    return [
        Obstacle("grant_roster_differs", terms.clause, parameters={"key": name, "named": named, "units": units})
        for name in sorted(ROSTERS & keys.keys() & set(keys_asked(instrument)))
        if units is not None
        and (named := len({_plain(each) for each in keys[name]})) != units
        and not (fewer and units < named)
    ]


def evidence_obstacles(instrument: Instrument, filed: Mapping[str, Sequence[str]]) -> list[Obstacle]:
    """Return the documents the checklist of the instrument names and the applicant has not filed."""
    return [
        Obstacle("grant_evidence_missing", instrument.clause, Finding.UNKNOWN, {"evidence": name}, (name,))
        for name in instrument.evidence
        if name not in NOT_FILED and not filed.get(name)
    ]


def confirmed_facts(stated: Mapping[str, Any], confirmed: Sequence[str], found: Facts) -> dict[str, Json]:
    """Return what officers go by: what they found, and what they confirmed of what was stated."""
    return {name: stated[name] for name in confirmed if name in stated} | found.as_json()


# The verdict.


def snapshot(
    *,
    policy: Mapping[str, Json],
    applicant: str,
    facts: Mapping[str, Json],
    sources: Mapping[str, Json],
    evidence: Mapping[str, Json],
    standing: Standing,
) -> dict[str, Json]:
    """Return everything a verdict rests on."""
    return {
        "format": SNAPSHOT_FORMAT,
        "applicant": applicant,
        "policy": dict(policy),
        "facts": dict(facts),
        "sources": dict(sources),
        "evidence": dict(evidence),
        "standing": {
            "used_fen": {name: amount.fen for name, amount in standing.used.items()},
            "granted_before": standing.granted_before,
            "keys": dict(standing.keys),
            "benefits": [
                {
                    "document": each.document,
                    "instrument": each.instrument,
                    "group": each.group,
                    "keys": dict(each.keys),
                    "issued_on": each.issued_on.isoformat(),
                    "amount_fen": each.amount.fen,
                    "active": each.active,
                }
                for each in standing.benefits or ()
            ],
        },
    }


def verdict_of(document: PolicyDocument, kept: Mapping[str, Any]) -> GrantVerdict:
    """Return the verdict that follows from a snapshot and its document. Pure: the same for ever.

    Raises InvalidValueError for a fact or a ruling that is none.
    """
    policy, stands = kept["policy"], kept["standing"]
    standing = Standing(
        used={name: Money(fen) for name, fen in stands["used_fen"].items()},
        granted_before=stands["granted_before"],
        benefits=tuple(
            Benefit(
                document=each["document"],
                instrument=each["instrument"],
                group=each["group"],
                keys=each["keys"],
                issued_on=date.fromisoformat(each["issued_on"]),
                amount=Money(each["amount_fen"]),
                active=each["active"],
            )
            for each in stands["benefits"]
        ),
        keys=stands["keys"],
    )
    asked = Asked(
        document=document,
        instrument=policy["instrument"],
        issued_on=date.fromisoformat(policy["issued_on"]),
        rulings=tuple(_ruling(document, each) for each in policy["rulings"]),
        day=date.fromisoformat(policy["day"]),
        facts=read_facts(kept["facts"], vocabulary().fact_types),
        standing=standing,
    )
    return GrantVerdict(evaluate(asked), kept)


def _ruling(document: PolicyDocument, kept: Mapping[str, Any]) -> Ruling:
    return Ruling(
        number=kept["number"],
        date=date.fromisoformat(kept["date"]),
        organ=kept["organ"],
        text_digest=Digest.parse(kept["text_digest"]),
        assumption_id=kept["assumption"],
        value=document.assumption(kept["assumption"]).read(kept["value"]),
    )


def verdict_json(verdict: GrantVerdict) -> dict[str, Json]:
    """Return a verdict as it is stored beside its snapshot."""
    return {
        "instrument": verdict.instrument,
        "eligible": verdict.eligible,
        "amount_fen": verdict.amount.fen,
        "held_fen": verdict.held.fen,
        "disputed": [each.id for each in verdict.made.disputed],
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


def filing_obstacles(instrument: Instrument, verdict: GrantVerdict, facts: Facts) -> tuple[Obstacle, ...]:
    """Return what stands in the way of an application: everything but what only an officer can say."""
    waits = {DECIDED_AMOUNT, SCORE}
    for each in instrument.requirements:
        if isinstance(each, CodeRequired) and each.admitted_by and facts.code(each.fact) is not None:
            waits.add(each.id)
    return tuple(
        each
        for each in verdict.obstacles
        if not (each.finding is Finding.UNKNOWN and each.parameters.get("id") in waits)
    )


# Like benefits.


def declared_benefits(instrument: Instrument, declared: Sequence[DeclaredBenefit]) -> tuple[Benefit, ...]:
    """Return what the applicant declared; on what content it was is not known, so it is taken to be alike."""
    group = instrument.exclusivity.group
    return tuple(Benefit(each.policy, each.policy, group, {}, each.received_on, each.amount) for each in declared)


def election_obstacles(asked: Benefit, still_open: Sequence[Benefit], elected: str | None) -> tuple[Obstacle, ...]:
    """Return what to do about like cases of other documents that are not paid yet (从新, 从高; RULINGS 11).

    Raises NotFoundError when the firm elected what is neither the newest nor the highest.
    """
    if not still_open:
        return ()
    choice = elect((asked, *still_open), elected)
    stated = {"newest": choice.newest.instrument, "highest": choice.highest.instrument}
    if choice.chosen is None:
        return (Obstacle("grant_election_needed", "S1 四", Finding.UNKNOWN, stated),)
    if choice.chosen.instrument != asked.instrument:
        return (Obstacle("grant_other_holds", "S1 四", parameters={**stated, "holds": choice.chosen.instrument}),)
    others = ", ".join(each.instrument for each in still_open)
    return (Obstacle("grant_withdraw_others", "S1 四", parameters={"others": others}),)


def exclusive_obstacles(asked: Benefit, others: Sequence[Benefit]) -> tuple[Obstacle, ...]:
    """Return the like benefit that is active beside this one: the last wall before money (invariant 11)."""
    try:
        require_exclusive((asked, *others))
    except ConflictError as error:
        return (Obstacle(error.code, "RULINGS 11", parameters=dict(error.parameters)),)
    return ()


# Words of the notice.


def standard_of(terms: Terms) -> str:
    """Return the standard of a grant (补贴标准) as its notice lists it."""
    if isinstance(terms, Schedule):
        shares = ", ".join(f"{each.year}: {each.share}" for each in terms.instalments)
        return f"{standard_of(terms.total)} ({shares})"
    if isinstance(terms, Percent):
        tiers = "; ".join(f"{terms.measure} ≥ {each.interval.first}: {each.rate}" for each in terms.tiers)
        return f"{terms.base} × {tiers or terms.rate}"
    if isinstance(terms, Fixed):
        coded = "; ".join(f"{each.code}: {each.amount}" for each in terms.codes)
        return coded or "; ".join(f"{terms.measure} ≥ {each.interval.first}: {each.amount}" for each in terms.tiers)
    if isinstance(terms, ScoredRange):
        return f"{terms.least} – {terms.most}"
    prices = "; ".join(f"{terms.measure} ≥ {each.interval.first}: {each.amount}" for each in terms.prices)
    return f"{terms.unit} × {prices or terms.price or terms.price_fact}"
