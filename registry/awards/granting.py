"""Use cases of grants: ask what one would come to, apply, assess; what a payment asks again stands here as well."""

from collections.abc import Mapping
from dataclasses import replace

from registry.actors.model import Action, Resource
from registry.actors.rules import require
from registry.awards import assessment, gathering, grants, officers, persons, records, rounds, rules, scoring, shares
from registry.awards.acting import account_of, act, found_case
from registry.awards.gathering import AskedGrant
from registry.awards.grant_model import ApplyForGrant, AssessGrant, Claim, GrantVerdict
from registry.awards.model import ActKind, Case, CaseKind, CaseState, Decision, Line, Occasion
from registry.awards.persons import Applicant
from registry.awards.records import grants as grant_records
from registry.awards.service import case_applied, levels_of, notice_days_of
from registry.catalog import service as catalog
from registry.catalog.model import Dataset
from registry.errors import Finding, NotFoundError, Obstacle, RuleError
from registry.journal.work import View, Work
from registry.manifests import service as manifests
from registry.parties import ends
from registry.parties import service as parties
from registry.policy import service as policy
from registry.policy.activation import ActiveInstrument
from registry.policy.amounts import INSTALMENT, SCORE
from registry.policy.evaluation import facts_needed
from registry.policy.facts import Facts, read_facts
from registry.policy.kinds import Percent
from registry.policy.model import Instrument
from registry.policy.vocabulary import vocabulary
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, CaseId, FirmId
from registry.vouchers import payee

_UNRESOLVED = frozenset({CaseState.APPLIED, CaseState.CORRECTING, CaseState.REVIEWED})


# Asking and applying.


def check_grant(
    view: View, secret: bytes, command: ApplyForGrant, authority: AuthorityId | None = None
) -> GrantVerdict:
    """Return what an application would come to today; nothing is recorded, and nobody is promised anything.

    Raises NotAllowedError, NotFoundError, InvalidValueError, RuleError (the instrument is granted in another way).
    """
    asked, facts = _asked(view, secret, command, authority)
    return gathering.verdict_on(view, asked, facts.as_json(), dict.fromkeys(facts.values, "applicant"))


def apply_for_grant(work: Work, secret: bytes, command: ApplyForGrant, authority: AuthorityId | None = None) -> Case:
    """Apply for a grant of an instrument with facts and documents of one's own.

    Raises:
        NotAllowedError, NotFoundError: The actor may not apply, or there is no such instrument, dataset or document.
        InvalidValueError: A fact is none of the vocabulary, or of another type.
        RuleError: ``not_eligible`` with every obstacle at once, the instrument is granted in another way, or none of
            its rounds is open, or a maker has ended.
    """
    grant_records.lock_grants(work.connection)
    asked, facts = _asked(work, secret, command, authority)
    active, claim = asked.active, asked.claim
    instrument = active.instrument
    for each in sorted({asked.applicant, *command.joint_makers}):
        ends.require_standing(work, active.authority, each)
    entered = rounds.enter_within(work, active)
    verdict = gathering.verdict_on(work, asked, facts.as_json(), dict.fromkeys(facts.values, "applicant"))
    who = _applicant(work, secret, asked)
    if found := _filing_obstacles(work, asked, facts, verdict, command, who):
        raise RuleError("not_eligible", found, instrument=instrument.id, dataset=str(command.dataset or ""))
    case_id = CaseId.new()
    sealed, shown = (persons.seal_payee if who.person else payee.seal)(secret, case_id, command.payee)
    shared = _lines(work, asked, who, verdict, command.joint_makers)
    made = case_applied(
        work,
        active,
        Case(
            id=case_id,
            authority=active.authority,
            kind=CaseKind.GRANT,
            document=active.document.revision.document,
            instrument=instrument.id,
            state=CaseState.APPLIED,
            applicant=who.id,
            applied_by=account_of(work.actor),
            applied_at=work.now,
            lines=shared,
            revision=verdict.revision,
            facts=verdict.facts_digest,
            sign_off_levels=levels_of(active),
            notice_days=notice_days_of(active),
            payee=shown,
            entry=work.journal(
                "awards.case_applied",
                case_id,
                instrument=instrument.id,
                lines=[line.as_json() for line in shared],
                payee_digest=str(shown.digest),
                facts_digest=str(verdict.facts_digest),
                revision=str(verdict.revision),
            ),
        ),
    )
    records.add_payee(work.connection, case_id, shown, None if who.person else sealed)
    if who.person:
        persons.keep_within(work, secret, case_id, who.id, sealed, claim.keys)
    grant_records.add_claim(work.connection, case_id, replace(claim, keys={}) if who.person else claim)
    rounds.remember_within(work, case_id, entered)
    # Last, for whom an officer is tied to is also told by the makers of the claim.
    officers.draw_reviewer_within(work, made)
    keep_grant_decision(work, case_id, Occasion.APPLICATION, verdict)
    return made


def _lines(
    view: View, asked: AskedGrant, who: Applicant, verdict: GrantVerdict, joint_makers: Mapping[FirmId, int]
) -> tuple[Line, ...]:
    """Return what is applied for: one line, or one for each joint maker."""
    instrument = asked.active.instrument
    whole = Line(
        who.id,
        who.shown,
        asked.dataset.id if asked.dataset else _subject(asked.claim),
        instrument.id,
        instrument.clause,
        grants.standard_of(instrument.terms),
        verdict.amount,
        person=who.person,
    )
    return shares.share_out(whole, {each: parties.firm(view, each).name for each in joint_makers}, joint_makers)


def _asked(
    view: View, secret: bytes, command: ApplyForGrant, authority: AuthorityId | None
) -> tuple[AskedGrant, Facts]:
    """Return what an application asks, with its facts; the actor's firm is the applicant."""
    office = assessment.authority_of(view, command.instrument, authority)
    require(view.actor, Action.APPLY_FOR_AWARD, Resource(firms=_own_firm(view), authority=office))
    firm = view.actor.firm
    if firm is None:
        raise NotFoundError("firm_not_found", id="")
    today = view.now.civil_day()
    active = policy.for_event(view, office, command.instrument, command.event_on, decided_on=today)
    _require_grantable(active)
    is_person = persons.person_applying(view, firm, active.instrument, office)
    facts = read_facts(command.facts, vocabulary().fact_types)
    dataset = _dataset(view, active, command)
    filed: dict[str, tuple[str, ...]] = {}
    for name, documents in command.evidence.items():
        vocabulary_words = vocabulary().evidence
        if name not in vocabulary_words:
            raise NotFoundError("grant_evidence_unknown", given=name[:60])
        manifests.require_evidence(view, documents, owner=firm)
        filed[name] = tuple(str(each) for each in documents)
    instalment = facts.number(INSTALMENT)
    names = {
        # What a firm receives once it receives alone or with others.
        grants.FIRM: sorted({str(firm), *map(str, command.joint_makers)}),
        grants.YEAR: [str(command.event_on.year)],
        grants.TURN: [str(instalment or 1)],
        INSTALMENT: [str(instalment or 1)],
        grants.LINEAGE: [str(dataset.id)] if dataset else [],
        **({grants.PERSON: [persons.person_key(view, secret, firm)]} if is_person else {}),
    }
    wanted = {*active.instrument.exclusivity.keys, *grants.once_names(active.instrument)}
    stated = {**{name: list(values) for name, values in command.keys.items()}, **names}
    claim = Claim(
        event_on=command.event_on,
        instalment=instalment,
        group=active.instrument.exclusivity.group,
        issued_on=active.issued_on,
        stated=facts.as_json(),
        keys={name: tuple(values) for name, values in command.keys.items()},
        evidence=filed,
        declared=command.declared,
        joint_makers={parties.firm(view, each).id: share for each, share in command.joint_makers.items()},
        sealed=grants.sealed_keys(secret, {name: values for name, values in stated.items() if name in wanted}),
    )
    return AskedGrant(active, firm, claim, today, None, dataset), facts


def _own_firm(view: View) -> frozenset[FirmId]:
    return frozenset({view.actor.firm} if view.actor.firm else set())


def _require_grantable(active: ActiveInstrument) -> None:
    """Raise RuleError for what is granted in another way: by vouchers, or for adoptions."""
    instrument = active.instrument
    way = ""
    if isinstance(instrument.terms, Percent) and instrument.sellers:
        way = "voucher"
    elif "independent_leading_adopters" in facts_needed(instrument):
        way = "award"
    if way:
        raise RuleError("instrument_granted_otherwise", (), instrument=instrument.id, way=way)


def _dataset(view: View, active: ActiveInstrument, command: ApplyForGrant) -> Dataset | None:
    """Return the lineage a grant is for. Raises NotAllowedError, NotFoundError, RuleError (none is named)."""
    if grants.LINEAGE not in {*active.instrument.exclusivity.keys, *grants.once_names(active.instrument)}:
        return None
    if command.dataset is None:
        missing = Obstacle("grant_key_missing", active.instrument.clause, Finding.UNKNOWN, {"key": grants.LINEAGE})
        raise RuleError("not_eligible", (missing,), instrument=active.instrument.id, dataset="")
    found = catalog.dataset(view, command.dataset)
    own = Resource(firms=frozenset({found.publisher}), authority=active.authority, dataset=found.id)
    require(view.actor, Action.APPLY_FOR_AWARD, own)
    return found


def _filing_obstacles(
    view: View, asked: AskedGrant, facts: Facts, verdict: GrantVerdict, command: ApplyForGrant, who: Applicant
) -> tuple[Obstacle, ...]:
    """Return everything that keeps an application from being filed."""
    instrument = asked.active.instrument
    return (
        *grants.form_obstacles(instrument, facts, command.keys),
        *grants.evidence_obstacles(instrument, asked.claim.evidence),
        *([] if command.undertaking else [Obstacle("undertaking_missing", "S0 附件3", evidence=("undertaking",))]),
        *persons.name_obstacles(command.payee, who),
        *persons.roster_obstacles(instrument, facts),
        *_joint_obstacles(command, who),
        *_election(view, asked, verdict, command.elected),
        *grants.filing_obstacles(instrument, verdict, facts),
    )


def _applicant(view: View, secret: bytes, asked: AskedGrant) -> Applicant:
    if asked.active.instrument.beneficiary == grants.PERSON:
        return persons.applicant_named(view, secret, asked.applicant)
    firm = parties.firm(view, asked.applicant)
    return Applicant(firm.id, firm.name, firm.name, person=False)


def _joint_obstacles(command: ApplyForGrant, who: Applicant) -> list[Obstacle]:
    if command.joint_makers and (who.person or who.id not in command.joint_makers):
        return [Obstacle("grant_split_without_applicant", "RULINGS 2")]
    return []


def _subject(claim: Claim) -> Digest:
    """Return what a grant is for, as its line names it."""
    return Digest.of_json(dict(grants.key_words(claim.sealed)))


def _election(view: View, asked: AskedGrant, verdict: GrantVerdict, elected: str | None) -> tuple[Obstacle, ...]:
    still_open = [benefit for benefit, state in gathering.like_benefits(view, asked) if state in _UNRESOLVED]
    # What it would come to if nothing else were open: that is what the firm chooses between.
    would_be = replace(gathering.benefit_of(asked, verdict), amount=verdict.made.would_be or verdict.amount)
    return grants.election_obstacles(would_be, still_open, elected)


# Assessing.


def assess_grant(work: Work, command: AssessGrant) -> Case:
    """Say what a grant comes to by what an officer confirmed; its line then amounts to that.

    While no instruction is out a case may be assessed again; a line that changed is noticed and signed anew
    (RULINGS 25).

    Raises:
        NotAllowedError, NotFoundError: The actor reviews nothing here, or applied for it; there is no such case.
        ConflictError: The case is no grant, or past its review.
        InvalidValueError: A fact is none of the vocabulary, or of another type.
        RuleError: A fact is confirmed that nobody stated, or is the registers' own.
    """
    grant_records.lock_grants(work.connection)
    case = found_case(work, command.case, Action.REVIEW_CASE, lock=True)
    # Until the review it is the drawn reviewer's; later no lot can be drawn again, so it is for anyone who is free.
    (officers.require_reviewer if case.state is CaseState.APPLIED else officers.require_free)(work, case)
    rules.require_assessable(case, account_of(work.actor))
    stated = gathering.stated_now(work, case)
    found = read_facts(command.found, vocabulary().fact_types)
    wrong = [name for name in command.confirmed if name not in stated]
    wrong += [name for name in found.values if name in grants.REGISTER_FACTS]
    filed = gathering.claim_of(work, case)
    wrong += [INSTALMENT] if found.number(INSTALMENT) not in {None, filed.instalment or 1} else []
    if wrong:
        raise RuleError(
            "grant_assessment_wrong",
            tuple(Obstacle("grant_fact_not_stated", "RULINGS 24", parameters={"fact": name}) for name in wrong),
            id=case.id,
        )
    instrument = gathering.policy_of(work, case, filed).instrument
    confirmed = grants.confirmed_facts(stated, command.confirmed, _scored(work, case, instrument, command, found))
    known = read_facts(confirmed, vocabulary().fact_types)
    if more := [
        *grants.roster_obstacles(instrument, known, filed.keys, fewer=True),
        *persons.roster_obstacles(instrument, known),
    ]:
        raise RuleError("grant_assessment_wrong", tuple(more), id=case.id)
    verdict = gathering.verdict_now(work, case, confirmed, command.confirmed)
    content: dict[str, Json] = {
        "confirmed": confirmed,
        "opinion": command.opinion.strip(),
        "amount_fen": verdict.amount.fen,
        "facts_digest": str(verdict.facts_digest),
    }
    assessed = act(work, case, ActKind.ASSESSED, "awards.grant_assessed", content, rules.state_assessed(case))
    keep_grant_decision(work, case.id, Occasion.ASSESSMENT, verdict)
    return assessed


def _scored(view: View, case: Case, instrument: Instrument, command: AssessGrant, found: Facts) -> Facts:
    """Return what an officer found with the score the experts gave: where they do, no officer says one.

    Raises RuleError: the officer states a score, or the scores are not open.
    """
    points = scoring.whole_points(view, case, instrument)
    if points is None:
        return found
    if SCORE in found.values:
        stated = Obstacle("grant_score_is_experts", "RULINGS 32", parameters={"fact": SCORE})
        raise RuleError("grant_assessment_wrong", (stated,), id=case.id)
    return read_facts({**command.found, SCORE: points}, vocabulary().fact_types)


def claim(view: View, case_id: CaseId, secret: bytes | None = None) -> Claim:
    """Return what an applicant stated, to the officers of the case and to the applicant. Raises NotFoundError.

    Joint makers see the split and their own part, not the applicant's facts and documents. The keys a natural person
    stated are opened with ``secret``; once erased they are empty.
    """
    case = found_case(view, case_id, Action.READ_CASE)
    if view.actor.firm not in {None, case.applicant}:
        raise NotFoundError("case_not_found", id=case_id)
    found = gathering.claim_of(view, case)
    if secret is None or not case.lines[0].person:
        return found
    return replace(found, keys=persons.keys_stated(view, secret, case.id))


# Payment.


def payment_verdict(view: View, case: Case) -> GrantVerdict:
    """Return what a grant comes to on the day it is paid, by the facts of its newest assessment."""
    return gathering.verdict_now(view, case, case.assessment.confirmed if case.assessment else {})


def no_longer_deserved(view: View, case: Case) -> tuple[Obstacle, ...]:
    """Return what a grant no longer meets, a like benefit that stands beside it, or that it comes to another amount."""
    verdict = payment_verdict(view, case)
    asked = gathering.asked_again(view, case)
    found = list(verdict.obstacles)
    # Once instructed, room that others left since does not stop what was decided; less does.
    instructed = case.state is CaseState.INSTRUCTED
    decided = case.own_amount
    if not found and (verdict.amount < decided or (verdict.amount != decided and not instructed)):
        stated = {"decided": str(decided), "due": str(verdict.amount)}
        found.append(Obstacle("award_amount_changed", case.lines[0].clause, parameters=stated))
    others = [benefit for benefit, _ in gathering.like_benefits(view, asked)]
    return (*found, *grants.exclusive_obstacles(gathering.benefit_of(asked, verdict), others))


def keep_grant_decision(work: Work, case: CaseId, occasion: Occasion, verdict: GrantVerdict) -> None:
    """Store what was decided on a grant and everything it was decided from."""
    decision = Decision(occasion, work.now, verdict.revision, verdict.facts, verdict.facts_digest)
    records.add_decision(work.connection, case, decision, grants.verdict_json(verdict))
