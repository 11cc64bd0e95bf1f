"""Use cases of the two sides of a contest: open it, file evidence, withdraw it; and its queries.

The reviewer who is drawn, the decision and what follows from it stand in ``contest_deciding.py``.
"""

from dataclasses import replace

from registry.actors.model import Action, Resource
from registry.actors.rules import require
from registry.awards import contest_deciding, contest_rules, records
from registry.awards.acting import account_of
from registry.awards.contest_model import (
    Contest,
    ContestDesk,
    ContestDraw,
    ContestEvidence,
    ContestGround,
    ContestState,
    FileContestEvidence,
    OpenContest,
    Side,
)
from registry.awards.records import contests as contest_records
from registry.catalog import novelty
from registry.catalog import rules as catalog_rules
from registry.catalog import service as catalog
from registry.catalog.model import Dataset, Version, VersionName, VersionState
from registry.errors import ConflictError, NotFoundError, RuleError
from registry.journal.work import View, Work
from registry.manifests import service as manifests
from registry.manifests.uploads import Blob, Evidence
from registry.messages.announcing import announce
from registry.messages.model import Event, Topic
from registry.offices import rules as office_rules
from registry.offices.model import Step
from registry.offices.records import terms_of
from registry.offices.terms import shipped_terms
from registry.policy import service as policy
from registry.values.canonical import Json
from registry.values.identifiers import AuthorityId, ContestId, FirmId, VersionId
from registry.values.moment import Moment


def open_contest(work: Work, command: OpenContest, authority: AuthorityId | None = None) -> ContestDesk:
    """Contest that data of one's own is not new beside another firm's; awards on both wait until it is decided.

    Raises:
        NotAllowedError, NotFoundError: The actor does not speak for a firm, or there is no such version.
        RuleError: ``contest_without_ground``, ``contest_of_own``, ``contest_too_late``; several authorities and none
            named.
        ConflictError: The two datasets are contested, were decided on, or the firm withdrew its contest of them.
        UnavailableError: The working days of a year that is needed are not known.
    """
    require(work.actor, Action.APPLY_FOR_AWARD)
    office = _office_of(work, authority)
    own_dataset, own = _own(work, command.own)
    resource = Resource(firms=frozenset({own.publisher}), authority=office, dataset=own.dataset)
    require(work.actor, Action.APPLY_FOR_AWARD, resource)
    against = catalog.version_named(work, command.against)
    if against.publisher == own.publisher:
        raise RuleError("contest_of_own", (), version=str(command.against))
    ground = _ground(work, own, against)
    if ground is None:
        raise RuleError("contest_without_ground", (), own=str(command.own), against=str(command.against))
    datasets = (own.dataset, against.dataset)
    # Every case on both lineages, in the order of the ids: what is being paid or reviewed just now is waited for.
    ids = contest_records.cases_on(work.connection, office, datasets, lock=True)
    cases = records.cases_named(work.connection, ids)
    refused_at = contest_rules.refused_at(case for case in cases if own.dataset in contest_rules.lineages_of(case))
    if refused_at is not None and work.now >= (last := _ends(work, office, Step.CONTEST_OPENING, refused_at)):
        raise RuleError("contest_too_late", (), until=str(last))
    name = f"{own_dataset.name}@v{own.number}" if own.number else f"{own_dataset.name}"
    made = Contest(
        id=ContestId.new(),
        authority=office,
        contester=Side(own.publisher, own.dataset, own.id, name),
        respondent=Side(against.publisher, against.dataset, against.id, str(command.against)),
        ground=ground,
        statement=command.statement.strip(),
        state=ContestState.OPEN,
        opened_at=work.now,
        opened_by=account_of(work.actor),
        evidence_until=_ends(work, office, Step.CONTEST_EVIDENCE, work.now),
    )
    entry = work.journal(
        "awards.contest_opened",
        made.id,
        contester=made.contester.version,
        respondent=made.respondent.version,
        ground=ground.value,
        statement=made.statement,
        evidence_until=str(made.evidence_until),
        cases=[str(each) for each in ids],
    )
    # Whoever withdrew has said what there was to say: nobody holds another's award by opening again and again.
    withdrawn = contest_records.was_withdrawn(work.connection, made)
    if withdrawn or not contest_records.add_contest(work.connection, made, entry):
        raise ConflictError("contest_stands", own=name, against=made.respondent.name)
    contest_deciding.draw_within(work, made, cases, entry, "opened")
    announce(work, event(Topic.CONTEST_OPENED, made, evidence_until=str(made.evidence_until)))
    return contest_deciding.desk_of(work, made)


def _office_of(view: View, wanted: AuthorityId | None) -> AuthorityId:
    """Return the authority that decides: the one that is named, or the only one with a policy. Raises as opening."""
    offices = sorted({each.authority for each in policy.loaded_policies(view)})
    if wanted is not None:
        if wanted not in offices:
            raise NotFoundError("authority_not_found", id=wanted)
        return wanted
    if len(offices) != 1:
        raise RuleError("contest_authority_missing", (), authorities=", ".join(offices))
    return offices[0]


def _own(work: Work, wanted: VersionName | VersionId) -> tuple[Dataset, Version]:
    """Return a version or draft of the actor's firm with its dataset. Raises NotFoundError."""
    found = catalog.version_named(work, wanted) if isinstance(wanted, VersionName) else catalog.version(work, wanted)
    if found.publisher != work.actor.firm or found.state is VersionState.ABANDONED:
        raise NotFoundError("version_not_found", name=str(wanted))
    return catalog.dataset(work, found.dataset), found


def _ground(work: Work, own: Version, against: Version) -> ContestGround | None:
    """Return by what the screen told a firm that ``own`` is not new beside ``against``."""
    refused_beside: tuple[VersionId, ...] = ()
    same = own.content_digest is not None and own.content_digest == against.content_digest
    if own.state is VersionState.VERIFIED:
        likenesses = catalog.overlap_of(work, own)
        alike = (*catalog_rules.near_duplicates(own, likenesses), *catalog_rules.strangers(own, likenesses))
        refused_beside = tuple(like.version for like in alike)
        same = novelty.content_of_draft(work, own) == against.content_digest
    overlaps = [each.version for each in own.overlap if each.version not in own.parents and each.row_containment_bp]
    return contest_rules.ground_of(against.id, same_content=same, refused_beside=refused_beside, overlaps=overlaps)


def _ends(view: View, office: AuthorityId, step: Step, began_at: Moment) -> Moment:
    term = office_rules.term_of(step, began_at, shipped_terms(), terms_of(view.connection, office))
    return office_rules.due_at(began_at, term, policy.calendar())


def file_evidence(work: Work, command: FileContestEvidence) -> ContestEvidence:
    """File a document of one's own in a contest, with the day it is of; the other side is told.

    Raises:
        NotAllowedError, NotFoundError: The actor does not speak for a side, or it is no document of the firm.
        ConflictError, RuleError: Nothing may be filed any more, or its bytes have not arrived.
    """
    found = found_contest(work, command.contest, Action.APPLY_FOR_AWARD, lock=True)
    firm = work.actor.firm
    contest_rules.require_filing(found, firm, command, work.now)
    if firm is None:
        raise AssertionError("a side without firm")
    document = manifests.require_evidence(work, [command.document])[0]
    made = ContestEvidence(
        contest=found.id,
        number=len(found.evidence) + 1,
        firm=firm,
        document=document.id,
        digest=document.digest,
        file_name=document.file_name,
        claimed_on=command.claimed_on,
        shows=command.shows.strip(),
        confidential=command.confidential,
        summary=command.summary.strip(),
        filed_at=work.now,
        filed_by=account_of(work.actor),
    )
    entry = work.journal(
        "awards.contest_evidence_filed",
        found.id,
        number=made.number,
        firm=firm,
        sha256=made.digest.hex,
        claimed_on=made.claimed_on.isoformat(),
        confidential=made.confidential,
    )
    contest_records.add_contest_evidence(work.connection, made, entry)
    side = found.contester.name if firm == found.contester.firm else found.respondent.name
    told: dict[str, Json] = {"number": made.number, "claimed_on": made.claimed_on.isoformat(), "side": side}
    announce(work, event(Topic.CONTEST_EVIDENCE_FILED, found, sha256=made.digest.hex, **told))
    return made


def withdraw_contest(work: Work, contest_id: ContestId, reason: str) -> ContestDesk:
    """Withdraw a contest of one's own that is open; what waited goes on. Raises NotFoundError, ConflictError."""
    found = found_contest(work, contest_id, Action.APPLY_FOR_AWARD, lock=True)
    if work.actor.firm != found.contester.firm:
        raise NotFoundError("contest_not_found", id=contest_id)
    contest_rules.require_open(found)
    contest_records.set_contest_state(work.connection, found.id, ContestState.WITHDRAWN)
    work.journal("awards.contest_withdrawn", found.id, reason=reason.strip())
    announce(work, event(Topic.CONTEST_WITHDRAWN, found))
    return contest_deciding.desk_of(work, seen_by(work, replace(found, state=ContestState.WITHDRAWN)))


# Queries.


def found_contest(view: View, contest_id: ContestId, action: Action, *, lock: bool = False) -> Contest:
    """Return a contest the actor may do ``action`` to, locked on request. Raises NotFoundError, NotAllowedError."""
    return contest_deciding.found_contest(view, contest_id, action, lock=lock)


def contest(view: View, contest_id: ContestId) -> ContestDesk:
    """Return a contest to its two sides and to its office. Raises NotFoundError."""
    found = found_contest(view, contest_id, Action.READ_CASE)
    return contest_deciding.desk_of(view, seen_by(view, found))


def contests(view: View, after: tuple[Moment, ContestId] | None, limit: int) -> tuple[ContestDesk, ...]:
    """Return the contests of the actor's office or firm, the newest first."""
    require(view.actor, Action.READ_CASE)
    found = contest_records.contests_page(
        view.connection, authority=view.actor.authority, firm=view.actor.firm, after=after, limit=limit
    )
    return contest_deciding.desks_of(view, [seen_by(view, each) for each in found])


def seen_by(view: View, found: Contest) -> Contest:
    """Return a contest without what the other side marked as a secret: of that stand day, digest and summary."""
    firm = view.actor.firm
    return found if firm is None else replace(found, evidence=tuple(_shown(each, firm) for each in found.evidence))


def _shown(evidence: ContestEvidence, firm: FirmId) -> ContestEvidence:
    if not evidence.confidential or evidence.firm == firm:
        return evidence
    return replace(evidence, document=None, file_name="", shows="", filed_by=None)


def document(view: View, contest_id: ContestId, number: int) -> tuple[Evidence, Blob]:
    """Return a document of a contest and where its bytes lie, to whoever may see it. Raises NotFoundError."""
    found = seen_by(view, found_contest(view, contest_id, Action.READ_CASE))
    for each in found.evidence:
        if each.number == number and each.document is not None:
            return manifests.evidence_within(view, each.document)
    raise NotFoundError("contest_evidence_not_found", id=contest_id, number=number)


def draws(view: View, contest_id: ContestId) -> tuple[ContestDraw, ...]:
    """Return every lot that was drawn for a contest. Raises NotFoundError, NotAllowedError."""
    found = found_contest(view, contest_id, Action.READ_OFFICE)
    return contest_records.contest_draws_of(view.connection, [found.id]).get(found.id, ())


def event(topic: Topic, found: Contest, **more: Json) -> Event:
    """Return what happened in a contest, for both sides and the office; nothing of what was filed."""
    return contest_deciding.event(topic, found, **more)
