"""Gathering what a verdict on an award rests on: policy, dataset, adoptions, quality, registers, earlier cases.

Everything that is gathered goes into one snapshot; the verdict is made from the snapshot by ``verdicts.verdict_of``.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from registry.adoption import service as adoption
from registry.adoption.model import AdoptionCount
from registry.awards import records, verdicts
from registry.awards.award_model import AwardFacts, AwardTerms, AwardVerdict
from registry.awards.history import stood_at
from registry.awards.model import Case
from registry.catalog import novelty
from registry.catalog import service as catalog
from registry.catalog.model import Dataset, Version, VersionState
from registry.catalog.novelty_model import NoveltyDecision, lost_by
from registry.errors import Finding, NotFoundError, RuleError
from registry.journal.work import View
from registry.parties import service as parties
from registry.parties.model import Predicate
from registry.policy import service as policy
from registry.policy.activation import ActiveInstrument
from registry.policy.model import LegalStatus
from registry.policy.rules import legal_status
from registry.quality.reports import QualityReport
from registry.values.canonical import Json
from registry.values.identifiers import AuthorityId, CaseId, FirmId, VersionId
from registry.values.money import FULL_RATE_BP
from registry.vouchers.opening import past_award_on

QUALITY_SCORE: Final = 100
"""Where an instrument does not say what high quality is, nothing short of everything is."""


def authority_of(view: View, instrument: str, wanted: AuthorityId | None = None) -> AuthorityId:
    """Return the authority that grants ``instrument``: the officer's own, the one that is named, or the only one.

    Raises:
        NotFoundError: No document has such an instrument, or no authority has loaded it.
        RuleError: Several authorities grant it and none is named.
    """
    documents = _documents_with(instrument)
    granting = sorted(
        {each.authority for each in policy.loaded_policies(view) if each.document.revision.document in documents}
    )
    chosen = view.actor.authority or wanted
    if chosen is not None and chosen in granting:
        return chosen
    if chosen is not None or not granting:
        raise NotFoundError("policy_not_loaded", document=documents[0])
    if len(granting) > 1:
        raise RuleError("several_authorities", (), instrument=instrument, authorities=", ".join(granting))
    return granting[0]


def _documents_with(instrument: str) -> list[str]:
    found = {
        each.revision.document for each in policy.shipped() if any(one.id == instrument for one in each.instruments)
    }
    if not found:
        raise NotFoundError("policy_instrument_unknown", given=instrument[:60])
    return sorted(found)


def deciding_policy(view: View, authority: AuthorityId, instrument: str, day: date) -> ActiveInstrument:
    """Return an instrument as a decision of ``day`` finds it.

    After the term claims for its events are still decided, by the revision of its last day and the rulings of today
    (RULINGS 19). Raises RuleError when it is not in force, NotFoundError when there is no such instrument.
    """
    try:
        return policy.in_force(view, authority, instrument, day)
    except RuleError:
        for loaded in policy.loaded_policies(view, authority):
            ended = loaded.document.revision.document in _documents_with(instrument) and loaded.term.last < day
            if ended:
                break
        else:
            raise
    active = policy.in_force(view, authority, instrument, loaded.term.last)
    entered = policy.rulings(view, authority, active.document.revision.document)
    return active.decided(day, (each.ruling for each in entered if each.ruling.date <= day))


def assess(
    view: View,
    active: ActiveInstrument,
    dataset: Dataset,
    applicant: FirmId,
    *,
    makers: Collection[FirmId] = (),
    beside: CaseId | None = None,
    again: bool = False,
) -> AwardVerdict:
    """Return the verdict on an award for a lineage today.

    Args:
        view: One state of the database.
        active: The instrument with its rulings.
        dataset: The lineage.
        applicant: The firm that asks.
        makers: Every joint maker that shares the award: what is asked of who is paid is asked of each.
        beside: The case that asks again before its payment: it does not stand in its own way.
        again: Whether a verdict of the instant of the view is made again: what was written from that instant on, its
            own case too, is not seen.

    Raises:
        RuleError: Awards of this instrument need a published round (``instrument_needs_round``).
    """
    authority, day = active.authority, active.day
    terms = verdicts.award_terms(active.document, active.instrument, active.issued_on, active.rulings, day)
    counted = adoption.count(
        view,
        authority,
        dataset.id,
        day,
        needed=terms.adopters_needed,
        levels=frozenset(terms.leader_levels),
        makers=makers,
    )
    versions = catalog.versions_then(view, dataset.id) if again else catalog.versions(view, dataset.id)
    report = _report(view, authority, versions, {dataset.publisher, *makers})
    contests = _contests(view, authority, dataset, again=again)
    share = new_share(versions, novelty.cleared(view, dataset.id, contests))
    other = _other(view, authority, terms.instrument, dataset, beside=beside, again=again)
    paid = other.id if other and other.payment and other.payment.recorded_at <= view.now else None
    facts = replace(
        _facts_of_content(active, dataset, versions, counted, share, contests),
        is_publisher=applicant == dataset.publisher,
        scores_hundredths=report.scores_hundredths if report else None,
        # An award from before the system is told by the opening balances of the authority.
        awarded_before=paid or past_award_on(view, authority, terms.instrument, dataset.id),
        open_case=other.id if other and not paid else None,
        credit_clean=known_of_all(view, active, {applicant, *makers}, Predicate.CREDIT_CLEAN).value,
        operates_in_region=known_of_all(view, active, {applicant, *makers}, Predicate.OPERATES_IN_REGION).value,
    )
    policy_used = verdicts.policy_snapshot(active.document, active.instrument, active.issued_on, active.rulings, day)
    used = _snapshot(terms, facts, policy_used, counted, dataset, applicant, versions, report)
    if makers:
        used["joint_makers"] = sorted(str(each) for each in makers)
    if contests:  # Not named where there is none: what was decided before there were contests is replayed as it was.
        used["contests"] = [each.as_json() for each in contests]
    return verdicts.verdict_of(used)


def known_of_all(view: View, active: ActiveInstrument, firms: Collection[FirmId], asked: Predicate) -> Finding:
    """Return what is known of everyone who shares: not met by one is not met, not known of one is not known."""
    found = {parties.fact(view, active.authority, firm, asked, active.day).finding for firm in firms}
    return next((each for each in (Finding.UNMET, Finding.UNKNOWN) if each in found), Finding.MET)


def _contests(view: View, authority: AuthorityId, dataset: Dataset, *, again: bool) -> tuple[NoveltyDecision, ...]:
    """Return what the authority decided on the novelty of a lineage; ``again``: before the instant of the view."""
    found = novelty.decisions_on(view, dataset.id, authority)
    return tuple(each for each in found if not again or each.decided_at < view.now)


def _other(
    view: View, authority: AuthorityId, instrument: str, dataset: Dataset, *, beside: CaseId | None, again: bool
) -> Case | None:
    """Return the case that stands on a lineage beside one; ``again``: the one that stood at the instant of the view."""
    if not again:
        return records.other_award(view.connection, authority, instrument, dataset.id, beside)
    found = records.awards_on(view.connection, authority, instrument, dataset.id)
    return next((case for case in found if stood_at(case, view.now)), None)


def facts_of_lineage(
    view: View, active: ActiveInstrument, dataset: Dataset, applicant: FirmId, makers: Collection[FirmId] = ()
) -> dict[str, Json]:
    """Return what the house knows of a lineage a grant is asked for, by the names of policies; None: unknown."""
    versions = catalog.versions(view, dataset.id)
    report = _report(view, active.authority, versions, {dataset.publisher, *makers})
    least = verdicts.whole(
        verdicts.value_named(active.instrument, "quality-score", active.rulings, active.day), QUALITY_SCORE
    )
    needed = verdicts.whole(
        verdicts.value_named(active.instrument, "derivative-new-share", active.rulings, active.day), FULL_RATE_BP
    )
    contests = _contests(view, active.authority, dataset, again=False)
    derived, share = new_share(versions, novelty.cleared(view, dataset.id, contests))
    if lost_by(contests, dataset.id):  # Nothing of it is new by decision.
        derived, share = True, 0
    return {
        "is_publisher": applicant == dataset.publisher,
        "sector": dataset.sector.value,
        "high_quality": min(report.scores_hundredths) >= least * 100 if report else None,
        "new_share_sufficient": not derived or (None if share is None else share >= needed),
    }


def _facts_of_content(
    active: ActiveInstrument,
    dataset: Dataset,
    versions: Sequence[Version],
    counted: AdoptionCount,
    share: tuple[bool, int | None],
    contests: tuple[NoveltyDecision, ...],
) -> AwardFacts:
    """Return what is known of a lineage; what is known of the applicant is filled in by the caller."""
    days = {version.id: _public_from(version) for version in versions}
    standing = [version for version in versions if version.state is VersionState.PUBLISHED]
    known = sorted(day for day in days.values() if day is not None)
    published_on = known[0] if known and standing else None
    earlier = [
        (told.published_on, told.where)
        for version in versions
        for told in version.earlier_publications
        if published_on is None or told.published_on <= published_on
    ]
    if lost := lost_by(contests, dataset.id):
        earlier.append(lost)
    first = min(earlier, default=None)
    event_on = counted.reached_on
    asked = min(event_on or active.day, active.term.last)
    return AwardFacts(
        day=active.day,
        event_on=event_on,
        in_force=legal_status(active.document, active.issued_on, asked) is LegalStatus.IN_FORCE,
        is_publisher=False,
        sector=dataset.sector.value,
        adopters=counted.counted,
        published_on=published_on,
        earlier=(first[1], first[0]) if first else None,
        origin=_origin(versions),
        derived=share[0],
        new_share_bp=share[1],
        scores_hundredths=None,
        awarded_before=None,
        open_case=None,
        credit_clean="unknown",
        operates_in_region="unknown",
    )


def _public_from(version: Version) -> date | None:
    """Return the day from which a version was open on uniform terms; an embargo is not public (RULINGS 8)."""
    if version.published_at is None:
        return None
    since = max(version.published_at, version.embargo_until) if version.embargo_until else version.published_at
    return since.civil_day()


def new_share(versions: Sequence[Version], cleared: Collection[VersionId] = ()) -> tuple[bool, int | None]:
    """Return whether a lineage draws on others, and the least share that any version of it adds (basis points).

    A version with parents in another lineage adds what was measured against them, None where nothing was. One that
    names none adds at most what the screen did not find in an earlier version of another lineage: keeping silent about
    a source helps nobody. An older version of its own is no source, nor is one of ``cleared``: it was decided that
    those are not repeated.
    """
    own = {version.id for version in versions}
    shares: list[int | None] = []
    for version in versions:
        if not own.issuperset(version.parents):
            shares.append(version.new_share_bp)
        elif found := [like.row_containment_bp for like in version.overlap if like.version not in {*own, *cleared}]:
            shares.append(FULL_RATE_BP - max(found))
    known = [share for share in shares if share is not None]
    return bool(shares), min(known) if known and len(known) == len(shares) else None


def _origin(versions: Sequence[Version]) -> str:
    """Return where the content comes from: third-party data in any version marks the lineage."""
    origins = [version.origin.value for version in versions]
    return verdicts.THIRD_PARTY if verdicts.THIRD_PARTY in origins else next(iter(origins), "")


def _report(
    view: View, authority: AuthorityId, versions: Sequence[Version], makers: Collection[FirmId]
) -> QualityReport | None:
    """Return the report on the newest standing version that has one, by a laboratory tied to nobody who made it."""
    for version in reversed(versions):
        if version.state is not VersionState.PUBLISHED or version.content_digest is None:
            continue
        report = adoption.quality_report(view, version.content_digest, authority)
        if report is None:
            continue
        filed_on = report.filed_at.civil_day()
        if not any(parties.relation(view, report.laboratory, each, filed_on) for each in makers):
            return report
    return None


def _snapshot(
    terms: AwardTerms,
    facts: AwardFacts,
    policy_used: dict[str, Json],
    counted: AdoptionCount,
    dataset: Dataset,
    applicant: FirmId,
    versions: Sequence[Version],
    report: QualityReport | None,
) -> dict[str, Json]:
    return {
        "format": verdicts.SNAPSHOT_FORMAT,
        "dataset": str(dataset.id),
        "dataset_name": str(dataset.name),
        "applicant": str(applicant),
        "publisher": str(dataset.publisher),
        "policy": policy_used,
        "terms": terms.as_json(),
        "facts": facts.as_json(),
        "versions": [
            {
                "id": str(version.id),
                "number": version.number,
                "state": version.state.value,
                "content_digest": str(version.content_digest),
                "manifest_digest": str(version.manifest_digest),
                "published_at": str(version.published_at),
                "origin": version.origin.value,
                "parents": list(version.parent_names),
                "new_share_bp": version.new_share_bp,
                "overlap": [
                    {
                        "version": each.name,
                        "row_containment_bp": each.row_containment_bp,
                        "column_containment_bp": each.column_containment_bp,
                    }
                    for each in version.overlap
                ],
            }
            for version in versions
        ],
        "adoption": {
            "day": facts.day.isoformat(),
            "needed": counted.needed,
            "levels": list(terms.leader_levels),
            "receipts": [
                {
                    "receipt": judged.receipt.as_json(),
                    "withdrawn_at": str(judged.receipt.withdrawn_at) if judged.receipt.withdrawn_at else None,
                    "adopter_name": judged.adopter_name,
                    "facts": judged.facts.as_json(),
                }
                for judged in counted.receipts
            ],
        },
        "quality": report.as_json() if report else None,
    }
