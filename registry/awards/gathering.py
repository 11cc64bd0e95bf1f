"""Gathering what a verdict on a grant rests on: policy, claim, registers, what stands beside it.

Everything that is gathered goes into one snapshot; the verdict is made from the snapshot by ``grants.verdict_of``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from registry.awards import assessment, grants, verdicts
from registry.awards.grant_model import Claim, GrantVerdict
from registry.awards.model import ActKind, Case, CaseState
from registry.awards.records import grants as grant_records
from registry.awards.shares import most_within, ordered
from registry.catalog import service as catalog
from registry.catalog.model import Dataset
from registry.errors import ConflictError, Finding
from registry.journal.work import View
from registry.parties.model import Predicate
from registry.policy import exclusivity
from registry.policy import service as policy
from registry.policy.activation import ActiveInstrument
from registry.policy.evaluation import EVENT_ON, Standing, facts_needed
from registry.policy.exclusivity import Benefit
from registry.policy.model import Cap, CapPeriod, CapScope
from registry.policy.rules import cap_amount
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import CaseId, DatasetId, FirmId
from registry.values.money import Money
from registry.vouchers.opening import past_awards_of


@dataclass(frozen=True, slots=True)
class AskedGrant:
    """A claim with everything its verdict goes by beside facts."""

    active: ActiveInstrument
    applicant: FirmId
    claim: Claim
    applied_on: date
    beside: CaseId | None
    dataset: Dataset | None

    @property
    def firms(self) -> frozenset[FirmId]:
        """Everyone who shares what is paid: the applicant alone where nobody does."""
        return frozenset({self.applicant, *map(FirmId, self.claim.joint_makers)})


_OF_EVERYONE_PAID: Final = frozenset({Predicate.CREDIT_CLEAN, Predicate.OPERATES_IN_REGION})


def benefit_of(asked: AskedGrant, verdict: GrantVerdict) -> Benefit:
    """Return a grant as others of its group see it."""
    return Benefit(
        document=asked.active.document.revision.document,
        instrument=asked.active.instrument.id,
        group=asked.claim.group,
        keys=grants.key_words(_exclusive_keys(asked)),
        issued_on=asked.active.issued_on,
        amount=verdict.amount,
    )


# The verdict.


def verdict_on(view: View, asked: AskedGrant, facts: Mapping[str, Json], sources: Mapping[str, str]) -> GrantVerdict:
    """Return the verdict of today on a claim, facts of the house's registers among those it rests on."""
    active = asked.active
    known = _register_facts(view, asked)
    whole: dict[str, Json] = {**{name: facts[name] for name in facts if name not in grants.REGISTER_FACTS}, **known}
    used_policy = verdicts.policy_snapshot(
        active.document, active.instrument, active.issued_on, active.rulings, active.day
    )
    return grants.verdict_of(
        active.document,
        grants.snapshot(
            policy=used_policy,
            applicant=str(asked.applicant),
            facts={name: value for name, value in whole.items() if value is not None},
            sources={**sources, **dict.fromkeys(known, "register")},
            evidence={name: list(values) for name, values in asked.claim.evidence.items()},
            standing=_standing(view, asked),
        ),
    )


def _register_facts(view: View, asked: AskedGrant) -> dict[str, Json]:
    """Return what the house knows of the facts an instrument asks for; None where its registers say nothing."""
    needed = set(facts_needed(asked.active.instrument))
    known: dict[str, Json] = {
        EVENT_ON: asked.claim.event_on.isoformat(),
        grants.APPLIED_ON: asked.applied_on.isoformat(),
    }
    for name, predicate in grants.PREDICATES.items():
        if name in needed:
            # A joint maker is paid as the applicant is; what business it is in matters of the applicant alone.
            firms = asked.firms if predicate in _OF_EVERYONE_PAID else {asked.applicant}
            finding = assessment.known_of_all(view, asked.active, firms, predicate)
            known[name] = None if finding is Finding.UNKNOWN else finding is Finding.MET
    if asked.dataset is not None:
        makers = asked.firms - {asked.applicant}
        of_lineage = assessment.facts_of_lineage(view, asked.active, asked.dataset, asked.applicant, makers)
        known |= {name: value for name, value in of_lineage.items() if name in needed}
    return known


def _standing(view: View, asked: AskedGrant) -> Standing:
    instrument, claim = asked.active.instrument, asked.claim
    once = {name: claim.sealed.get(name, frozenset()) for name in grants.once_names(instrument)}
    before: bool | None = None
    if all(once.values()):
        before = bool(once) and grant_records.granted_before(
            view.connection, asked.active.authority, instrument.id, once, asked.beside
        )
    return Standing(
        used={cap.id: _used(view, asked, cap) for cap in instrument.caps if cap.scope is not CapScope.WORKER},
        granted_before=before,
        benefits=(
            *(benefit for benefit, _ in like_benefits(view, asked)),
            *grants.declared_benefits(instrument, claim.declared),
        ),
        keys=grants.key_words(_exclusive_keys(asked)),
    )


def _exclusive_keys(asked: AskedGrant) -> dict[str, frozenset[Digest]]:
    return {name: asked.claim.sealed.get(name, frozenset()) for name in asked.active.instrument.exclusivity.keys}


def like_benefits(view: View, asked: AskedGrant) -> tuple[tuple[Benefit, CaseState], ...]:
    """Return like grants of other documents, their keys in the words of this one."""
    own = _exclusive_keys(asked)
    shared = {name: values for name, values in own.items() if name not in grants.FILLED_KEYS}
    document = asked.active.document.revision.document
    found = grant_records.like_cases(view.connection, asked.claim.group, document, asked.firms, shared, asked.beside)
    made = [(replace(benefit, keys=grants.compared(own, keys)), state) for benefit, state, keys in found]
    instrument, words = asked.active.instrument, grants.key_words(own)
    made += [(benefit, CaseState.PAID) for benefit in _past_benefits(view, asked, words)]
    return tuple(each for each in made if exclusivity.like_benefits(document, instrument, words, (each[0],)))


def _past_benefits(view: View, asked: AskedGrant, words: Mapping[str, str]) -> list[Benefit]:
    """Return what the firm had before the system under instruments of the group, as openings tell it.

    An opening says for which dataset, and nothing of workers or sites: what it leaves open is taken to be alike.
    """
    found: list[Benefit] = []
    of_lineage = grants.LINEAGE in asked.active.instrument.exclusivity.keys
    for authority, past in past_awards_of(view, asked.applicant):
        if of_lineage and past.dataset and asked.dataset and past.dataset != asked.dataset.id:
            continue
        # Of several revisions the newest that is loaded says of which group the instrument is.
        of_document: dict[str, Benefit] = {}
        for loaded in policy.loaded_policies(view, authority):
            document, issued = loaded.document.revision.document, loaded.issued_on
            for each in loaded.document.instruments:
                if each.id == past.instrument:
                    group = each.exclusivity.group
                    of_document[document] = Benefit(document, each.id, group, words, issued, past.amount)
        found += of_document.values()
    return found


def _used(view: View, asked: AskedGrant, cap: Cap) -> Money:
    """Return what stands under a cap: of the firm, of the pool, or for one thing; in the event's year where it is one.

    Every instrument of the document whose cap is of that group draws on it. What joint makers share counts for each
    of them by its own part; the fullest of them says what there is room for, and the whole is never above the cap.
    """
    if cap.scope is not CapScope.FIRM or not asked.claim.joint_makers:
        return _used_by(view, asked, cap, asked.applicant if cap.scope is CapScope.FIRM else None)
    active, shares = asked.active, {FirmId(firm): share for firm, share in asked.claim.joint_makers.items()}
    most = cap_amount(active.instrument, cap.scope, active.rulings, active.day)
    firms = ordered(asked.applicant, shares)
    basis_points = [shares[firm] for firm in firms]
    whole = min(
        most_within(most.less(_used_by(view, asked, cap, firm)), place, basis_points, most)
        for place, firm in enumerate(firms)
    )
    return most.less(whole)


def _used_by(view: View, asked: AskedGrant, cap: Cap, firm: FirmId | None) -> Money:
    sharing = [
        each.id
        for each in asked.active.document.instruments
        if any(one.group == cap.group and one.scope is cap.scope for one in each.caps)
    ]
    scope = cap.scope.value
    thing = (scope, asked.claim.sealed.get(scope, frozenset())) if cap.scope in _THINGS else None
    return grant_records.used_under(
        view.connection,
        asked.active.authority,
        sharing,
        firm=firm,
        year=asked.claim.event_on.year if cap.period is CapPeriod.YEAR else None,
        key=thing,
        beside=asked.beside,
    )


_THINGS = frozenset({CapScope.PROJECT, CapScope.EVENT, CapScope.LINEAGE})


def stated_now(view: View, case: Case) -> dict[str, Json]:
    """Return the facts an applicant states: as filed, with what it corrected since."""
    stated = dict(claim_of(view, case).stated)
    for each in case.acts:
        if each.kind is ActKind.CORRECTED:
            stated |= each.content["facts"]
    return stated


def verdict_now(
    view: View, case: Case, confirmed: Mapping[str, Json], as_stated: Sequence[str] | None = None
) -> GrantVerdict:
    """Return the verdict of today on a case by ``confirmed`` facts, the registers of today and what stands beside it.

    ``as_stated`` names what was confirmed as the applicant stated it; without it that is not told apart.
    """
    sources = {name: "applicant" if name in (as_stated or ()) else "officer" for name in confirmed}
    return verdict_on(view, asked_again(view, case), confirmed, sources)


def asked_again(view: View, case: Case) -> AskedGrant:
    """Return the claim of a case as its applicant corrected it, by the policy of today. Raises ConflictError."""
    claim = claim_of(view, case)
    for each in case.acts:
        if each.kind is ActKind.CORRECTED:
            claim = replace(
                claim,
                evidence={**claim.evidence, **each.content["evidence"]},
                joint_makers=each.content.get("shares", claim.joint_makers),
            )
    subject = case.lines[0].subject
    dataset = catalog.dataset(view, subject) if isinstance(subject, DatasetId) else None
    if case.applicant is None:
        raise AssertionError("a grant without applicant")
    active = policy_of(view, case, claim)
    return AskedGrant(active, case.applicant, claim, case.applied_at.civil_day(), case.id, dataset)


def policy_of(view: View, case: Case, claim: Claim | None = None) -> ActiveInstrument:
    """Return the instrument of a grant by the revision of its event and the rulings of today (RULINGS 19)."""
    event_on = (claim or claim_of(view, case)).event_on
    return policy.for_event(view, case.authority, case.instrument, event_on, decided_on=view.now.civil_day())


def claim_of(view: View, case: Case) -> Claim:
    """Return what the applicant of a grant stated when it filed. Raises ConflictError for what is no grant."""
    found = grant_records.claim_of(view.connection, case.id)
    if found is None:
        raise ConflictError("case_is_no_grant", id=case.id, kind=case.kind.value)
    return found
