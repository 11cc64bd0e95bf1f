"""Publish a verified draft, and withdraw what was published."""

from dataclasses import replace
from typing import Final

from registry.actors.model import Action
from registry.catalog import novelty, records, rules, statement_rules
from registry.catalog.holding import holding_firms
from registry.catalog.manifest_pages import root_of_draft
from registry.catalog.model import Dataset, Version, VersionName, VersionState
from registry.catalog.ownership import own_dataset, own_draft
from registry.catalog.reading import PUBLISHED_ENTRY, overlap_of
from registry.catalog.search import document_tokens
from registry.catalog.signing_statements import add_within, card_body, first_of_version
from registry.catalog.statement_model import Grade, StatementKind
from registry.catalog.telling import version_event
from registry.errors import ConflictError, NotFoundError
from registry.journal.signing import SigningKey
from registry.journal.work import Work
from registry.manifests import rules as manifest_rules
from registry.manifests import signatures
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.sketches import service as sketches
from registry.values.canonical import Json
from registry.values.identifiers import VersionId
from registry.values.money import Rate

TABLES_INDEXED_MAX: Final = 1_000
"""Of how many tables the names of the columns are found by search."""


def publish_draft(work: Work, draft_id: VersionId, key: SigningKey) -> Version:
    """Publish a verified draft: screen, number, sign it and what is said of it. From then on its content never changes.

    Raises:
        RuleError: ``near_duplicate`` with an obstacle for each version it repeats and the overlap in basis points;
            ``grade_core_refused`` when it is core data, by itself or by a parent.
        ConflictError: It is not verified, or this dataset has published the same content.
        NotFoundError: There is no such draft.
    """
    found = own_draft(work, draft_id, Action.PUBLISH_VERSION)
    rules.require_move(found.state, VersionState.PUBLISHED)
    held = records.dataset_of(work.connection, found.dataset, lock=True)
    if held is None:
        raise NotFoundError("dataset_not_found", name=str(found.dataset))
    root = root_of_draft(work.connection, found)
    digest = root.content_digest
    sketches.lock_screen_within(work)
    if same := records.same_content(work.connection, digest, found.dataset):
        raise ConflictError("content_published_already", version=f"{held.name}@v{same.number}")
    _require_novel(work, found, digest)
    number = records.highest_number(work.connection, found.dataset) + 1
    published = replace(
        found,
        grade=_grade_now(work, found),
        state=VersionState.PUBLISHED,
        number=number,
        content_digest=digest,
        manifest_digest=manifest_rules.manifest_digest(root),
        published_at=work.now,
    )
    records.set_version(
        work.connection,
        draft_id,
        state=published.state,
        grade=published.grade,
        number=number,
        content_digest=digest,
        manifest_digest=published.manifest_digest,
        envelope=signatures.sign(manifest_rules.root_json(root), [key.private_key]).decode(),
        published_at=work.now,
    )
    records.set_newest(work.connection, found.dataset, number)
    if (sketch := sketches.sketch_of(work, draft_id)) is not None:
        sketches.enter_within(work, draft_id, sketch)
    index_within(work, held, published)
    stated = _state_first(work, held, published, key)
    work.journal(
        PUBLISHED_ENTRY,
        draft_id,
        name=f"{held.name}@v{number}",
        content_digest=str(digest),
        manifest_digest=str(published.manifest_digest),
        statements=stated,
    )
    announce(work, version_event(Topic.VERSION_PUBLISHED, held, published))
    return published


def _grade_now(work: Work, found: Version) -> Grade:
    """Return the grade a draft is published with. Raises RuleError ``grade_core_refused``."""
    if not found.parents:
        grades = {}
    else:
        # Whoever re-grades a parent meanwhile waits, and then finds this version among those derived from it.
        records.lock_grades(work.connection)
        grades = records.grades(work.connection, found.parents)
    grade = statement_rules.grade_of(found.stated_grade, grades.values())
    core = [
        name for parent, name in zip(found.parents, found.parent_names, strict=True) if grades[parent] is Grade.CORE
    ]
    statement_rules.require_grade_taken(grade, core)
    return grade


def _state_first(work: Work, held: Dataset, published: Version, key: SigningKey) -> list[Json]:
    """Sign what is said of a version, and at its first publication what is said of the dataset; return the digests."""
    made = add_within(work, held, published, first_of_version(published), key)
    if records.last_statement(work.connection, held.id, None) is None:
        card = (StatementKind.CARD, card_body(held))
        licence = (StatementKind.LICENCE, {"licence": held.licence, "reason": ""})
        made = (*made, *add_within(work, held, None, (card, licence), key))
    return [str(each.digest) for each in made]


def _require_novel(work: Work, found: Version, digest: object) -> None:
    # A contest of novelty may have found that it does not repeat what the screen takes for its like.
    cleared = novelty.cleared(work, found.dataset, novelty.decisions_on(work, found.dataset))
    same = records.same_content_elsewhere(work.connection, digest, found.dataset, cleared)
    if same is not None:
        held = records.dataset_of(work.connection, same.dataset)
        rules.require_other_content(same, f"{held.name if held else same.dataset}@v{same.number}")
    likenesses = tuple(like for like in overlap_of(work, found) if like.version not in cleared)
    others = tuple(like.version for like in rules.strangers(found, likenesses))
    sketch = sketches.sketch_of(work, found.id)
    joint = sketches.joint_row_containment(work, sketch, others) if sketch else Rate(0)
    rules.require_novel(found, likenesses, joint)


def index_within(work: Work, held: Dataset, published: Version) -> None:
    """Make the search row anew from title, words, columns and labels of the newest version."""
    words = [held.description, str(held.name), published.source, held.sector, *held.keywords]
    for columns in records.columns_in(work.connection, published.id, TABLES_INDEXED_MAX):
        words += [str(column["name"]) for column in columns]
        words += [str(label) for column in columns for label in _labels(column)]
    formats = records.summed_files(work.connection, published.id).formats
    tokens = document_tokens(held.title, words)
    since, industry = published.published_at or work.now, published.industry.key
    records.index_dataset(work.connection, held, tokens, list(formats), since, industry)


def _labels(column: object) -> list[object]:
    top = column.get("top", []) if isinstance(column, dict) else []
    return [item["value"] for item in top if isinstance(item, dict) and isinstance(item.get("value"), str)]


def index_standing(work: Work, held: Dataset) -> Version | None:
    """Make the search row anew from the newest version that stands, which is returned; without one there is none.

    Only where a version was recalled the row stays: whoever searches for the dataset must come to know of the recall.
    """
    known = records.versions_of(work.connection, held.id)
    left = [other for other in known if rules.is_listed(other.state)]
    if not left:
        if not any(other.state is VersionState.RECALLED for other in known):
            records.unindex_dataset(work.connection, held.id)
        return None
    index_within(work, held, left[-1])
    return left[-1]


def withdraw_version(work: Work, name: VersionName, reason: str) -> Version:
    """Withdraw a version of one's own: no new reader from now on. Raises NotFoundError, ConflictError."""
    held = own_dataset(work, name.dataset, Action.WITHDRAW_VERSION)
    rules.require_reason(reason)
    found = records.numbered(work.connection, held.id, name.number)
    if found is None:
        raise NotFoundError("version_not_found", name=str(name))
    rules.require_move(found.state, VersionState.WITHDRAWN)
    records.set_version(work.connection, found.id, state=VersionState.WITHDRAWN, withdrawn_reason=reason)
    newest = index_standing(work, held)
    if newest and newest.number:
        records.set_newest(work.connection, held.id, newest.number)
    work.journal("catalog.version_withdrawn", found.id, name=str(name), reason=reason)
    withdrawn = replace(found, state=VersionState.WITHDRAWN, withdrawn_reason=reason)
    announce(
        work, version_event(Topic.VERSION_WITHDRAWN, held, withdrawn, holding_firms(work, withdrawn), reason=reason)
    )
    return withdrawn
