"""What decisions on contests of novelty say of a lineage: what it does not repeat, and whether it is first."""

from registry.catalog.manifest_pages import root_of_draft
from registry.catalog.model import Version
from registry.catalog.novelty_model import NoveltyDecision, VoidGround
from registry.catalog.records import novelty as records
from registry.journal.work import View, Work
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, ContestId, DatasetId, VersionId


def decisions_on(view: View, dataset: DatasetId, authority: AuthorityId | None = None) -> tuple[NoveltyDecision, ...]:
    """Return the decisions on a lineage that stood at the instant of the view, of one authority or of any."""
    return tuple(
        each
        for each in records.novelty_decisions_on(view.connection, dataset)
        if each.stands_at(view.now) and authority in {None, each.authority}
    )


def cleared(view: View, dataset: DatasetId, decisions: tuple[NoveltyDecision, ...]) -> frozenset[VersionId]:
    """Return the versions of other lineages that ``dataset`` does not repeat by these decisions."""
    found: set[VersionId] = set()
    for each in decisions:
        if (other := each.clears(dataset)) is not None:
            found |= records.versions_published_by(view.connection, other, each.decided_at)
            found |= {each.contester_version, each.respondent_version}
    return frozenset(found)


def decision_of(view: View, contest: ContestId) -> NoveltyDecision | None:
    """Return what a contest came to, or None while it is open; a decision that is void is none."""
    return next((each for each in decisions_in(view, contest) if each.stands_at(view.now)), None)


def decisions_in(view: View, contest: ContestId) -> tuple[NoveltyDecision, ...]:
    """Return every decision that was taken in a contest, void ones too, the newest first."""
    return records.novelty_decisions_of(view.connection, contest)


def content_of_draft(view: View, found: Version) -> Digest:
    """Return the content digest that a verified draft would be published with."""
    return root_of_draft(view.connection, found).content_digest


def next_number_within(work: Work, authority: AuthorityId, year: int) -> int:
    """Return the number of the decision that is being made; no other takes it."""
    return records.next_decision_number(work.connection, authority, year)


def decide_within(work: Work, made: NoveltyDecision) -> None:
    """Write a decision whose journal entry is made."""
    if work.entry is None:
        raise AssertionError("a decision without journal entry")
    records.add_novelty_decision(work.connection, made, work.entry)


def void_within(work: Work, decision: NoveltyDecision, ground: VoidGround) -> None:
    """Write that a decision is void from now on, under the journal entry of what makes it so; it stays as it was."""
    if work.entry is None or work.actor.account is None:
        raise AssertionError("a decision that falls without journal entry")
    records.add_void(work.connection, decision, ground, work.now, work.actor.account, work.entry)
