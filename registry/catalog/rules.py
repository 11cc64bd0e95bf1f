"""Who may read what, what may be published, and how a draft moves.

Rules of reading: the one gate, ``access``, which every door asks; its conditions stand in ``gate``.

Rules of publishing:
* Only what the server itself has verified is published (DESIGN §3.4); content that this dataset has already is not
  published again.
* A version that is a near-duplicate of a published one, also of a withdrawn one, is refused, unless that one belongs to
  the same lineage, is declared as a parent, or is alike only through a parent that both declare: a copy under another
  name would earn what its source has earned.
* A derivative shows its new share, counted against its declared parents.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from registry.actors.model import Actor
from registry.catalog.gate import ReadFacts, conditions, verdict
from registry.catalog.model import (
    DESCRIPTION_LENGTH_MAX,
    DRAFT_FILES_MAX,
    KEYWORD_LENGTH_MAX,
    KEYWORDS_MAX,
    LICENCE_LENGTH_MAX,
    MOVES,
    ONCE_PUBLISHED,
    PARENTS_MAX,
    TEXT_LENGTH_MAX,
    TITLE_LENGTH_MAX,
    CreateDataset,
    EarlierPublication,
    OpenDraft,
    Origin,
    Search,
    Verdict,
    Version,
    VersionState,
)
from registry.catalog.texts import require_text
from registry.catalog.usage_model import UsageDigest, UsageEvent
from registry.errors import ConflictError, InvalidValueError, Obstacle, RuleError
from registry.sketches.model import DuplicateThresholds, Overlap
from registry.sketches.rules import judge
from registry.values.canonical import canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import DatasetId, FirmId, VersionId
from registry.values.money import Rate

SCREEN: Final = DuplicateThresholds(
    row_containment=Rate(8_000), cells_shared=Rate(9_000), distinct_rows_min=20, telling_columns_min=2
)
"""From where on a version repeats another: four fifths of its rows, or nine tenths of its cells column by column.

Two honest collections of one subject share single columns (years, places), rarely whole rows; a copy with noise in
every fifth row is still a copy. Below twenty rows, or with one telling column, likeness is chance.
"""

NOTHING: Final = Rate(0)


def access(actor: Actor, facts: ReadFacts) -> Verdict:
    """Return whether ``actor`` may read the content of a version, and the reason when not."""
    return verdict(conditions(actor, facts))


def is_listed(state: VersionState) -> bool:
    """Return whether everyone is shown the description of a version: content may be gated, its description is not."""
    return state is VersionState.PUBLISHED


def is_known(actor: Actor, publisher: FirmId, states: Iterable[VersionState]) -> bool:
    """Return whether an actor may know of a dataset: its own firm always, others once a version was published."""
    return actor.firm == publisher or any(state in ONCE_PUBLISHED for state in states)


def require_move(current: VersionState, wanted: VersionState) -> None:
    """Raise ConflictError unless a version may go from one state to the other."""
    if wanted not in MOVES[current]:
        raise ConflictError("version_state", state=current.value, wanted=wanted.value)


def require_described(command: CreateDataset) -> None:
    """Raise InvalidValueError unless title, description, licence and keywords are within their limits."""
    require_card(command.title, command.description, command.keywords)
    require_licence(command.licence)


def require_card(title: str, description: str, keywords: Sequence[str]) -> None:
    """Raise InvalidValueError unless title, description and keywords are within their limits."""
    require_text("title", title, 1, TITLE_LENGTH_MAX)
    require_text("description", description, 0, DESCRIPTION_LENGTH_MAX, lines=True)
    if len(keywords) > KEYWORDS_MAX:
        raise InvalidValueError("too_many", field="keywords", given=len(keywords), limit=KEYWORDS_MAX)
    for keyword in keywords:
        require_text("keywords", keyword, 1, KEYWORD_LENGTH_MAX)


def require_licence(licence: str) -> None:
    """Raise InvalidValueError unless a licence is within its limits."""
    require_text("licence", licence, 1, LICENCE_LENGTH_MAX)


def require_draft(command: OpenDraft) -> None:
    """Raise InvalidValueError unless what is said of a draft is within its limits; RuleError for a missing source.

    Data that somebody else collected is published only with its source and licence stated (数据安全法 33).
    """
    require_text("message", command.message, 0, TEXT_LENGTH_MAX, lines=True)
    require_source(command.source, command.source_url, command.source_licence, command.origin)
    if len(command.parents) > PARENTS_MAX:
        raise InvalidValueError("too_many", field="parents", given=len(command.parents), limit=PARENTS_MAX)
    if len(set(map(str, command.parents))) != len(command.parents):
        raise InvalidValueError("parent_twice")
    for contributor in command.contributors:
        require_text("contributors", contributor.name, 1, LICENCE_LENGTH_MAX)
    require_earlier_publications(command.earlier_publications)


def require_source(source: str, url: str | None, licence: str | None, origin: Origin) -> None:
    """Raise InvalidValueError for a source beyond its limits, RuleError for data of others without a licence."""
    require_text("source", source, 1, TEXT_LENGTH_MAX, lines=True)
    require_text("source_url", url or "", 0, TEXT_LENGTH_MAX)
    require_text("source_licence", licence or "", 0, LICENCE_LENGTH_MAX)
    if origin is Origin.THIRD_PARTY and not licence:
        raise RuleError("source_licence_missing", (Obstacle("source_licence_missing", "数据安全法 33"),))


def require_earlier_publications(stated: Iterable[EarlierPublication]) -> None:
    """Raise InvalidValueError for a place or address beyond its limits."""
    for earlier in stated:
        require_text("earlier_publications", earlier.where, 1, TEXT_LENGTH_MAX)
        require_text("earlier_publications", earlier.url or "", 0, TEXT_LENGTH_MAX)


def require_reason(reason: str) -> None:
    """Raise InvalidValueError unless a withdrawal says why."""
    require_text("reason", reason, 1, TEXT_LENGTH_MAX, lines=True)


def require_search(wanted: Search) -> None:
    """Raise InvalidValueError for a facet that holds characters no value has."""
    for field in ("sector", "licence", "key_industry", "format", "price"):
        require_text(field, getattr(wanted, field) or "", 0, LICENCE_LENGTH_MAX)


def require_file_count(files: int, more: int = 1) -> None:
    """Raise InvalidValueError when a draft with so many files and ``more`` has more than this release takes."""
    if files + more > DRAFT_FILES_MAX:
        raise InvalidValueError("too_many", field="files", given=files + more, limit=DRAFT_FILES_MAX)


@dataclass(frozen=True, slots=True)
class Likeness:
    """A published version that a draft is like; ``parents`` are those it declared itself."""

    version: VersionId
    name: str
    dataset: DatasetId
    overlap: Overlap
    parents: frozenset[VersionId] = frozenset()


def near_duplicates(draft: Version, found: Sequence[Likeness]) -> tuple[Likeness, ...]:
    """Return the published versions that ``draft`` may not repeat and does."""
    parents = {like.version: like for like in found if like.version in draft.parents}
    return tuple(
        like
        for like in found
        if like.dataset != draft.dataset
        and like.version not in draft.parents
        and judge(like.overlap, SCREEN)
        and not _explained(like, [parents[shared] for shared in like.parents if shared in parents])
    )


def _explained(like: Likeness, common: Sequence[Likeness]) -> bool:
    """Return whether a likeness comes from a parent that both declare.

    What the draft shares with the other beyond the common parent must be less than four fifths of what it adds to it.
    """
    limit = SCREEN.row_containment.basis_points
    return any(
        _excess(like.overlap.cells_shared.basis_points, parent.overlap.cells_shared.basis_points) < limit
        and _excess(like.overlap.row_containment.basis_points, parent.overlap.row_containment.basis_points) < limit
        for parent in common
    )


def _excess(with_other_bp: int, with_parent_bp: int) -> int:
    """Return in basis points how much of what is not the parent's is the other's."""
    left = 10_000 - with_parent_bp
    return max(0, with_other_bp - with_parent_bp) * 10_000 // left if left else 0


def strangers(draft: Version, found: Sequence[Likeness]) -> tuple[Likeness, ...]:
    """Return the published versions a draft shares rows with and may not draw from.

    Not of its lineage, not its parents, and not made from one of its parents.
    """
    return tuple(
        like
        for like in found
        if like.dataset != draft.dataset
        and like.version not in draft.parents
        and not like.parents & set(draft.parents)
        and like.overlap.row_containment > Rate(0)
    )


def require_novel(draft: Version, found: Sequence[Likeness], joint: Rate = NOTHING) -> None:
    """Raise RuleError ``near_duplicate`` naming every version that is repeated, and how much of it.

    ``joint`` is the share of the draft's rows that all ``strangers`` have together: a draft gathered from several
    published versions repeats each only in part.
    """
    repeated = near_duplicates(draft, found)
    if not repeated and joint >= SCREEN.row_containment:
        rows = max((like.overlap.distinct_rows for like in found), default=0)
        repeated = strangers(draft, found) if rows >= SCREEN.distinct_rows_min else ()
    if repeated:
        obstacles = tuple(
            Obstacle(
                "near_duplicate_of",
                "RULINGS 8",
                parameters={
                    "version": like.name,
                    "row_containment_bp": like.overlap.row_containment.basis_points,
                    "cells_shared_bp": like.overlap.cells_shared.basis_points,
                    "column_containment_bp": like.overlap.column_containment.basis_points,
                    "overlap": str(max(like.overlap.row_containment, like.overlap.cells_shared)),
                },
                evidence=("declared_parent",),
            )
            for like in repeated
        )
        raise RuleError("near_duplicate", obstacles, version=repeated[0].name)


def require_other_content(existing: Version | None, name: str) -> None:
    """Raise RuleError when another dataset has published the same content; an exact copy needs no sketch."""
    if existing is not None:
        raise RuleError(
            "near_duplicate",
            (
                Obstacle(
                    "same_content_as",
                    "RULINGS 8",
                    parameters={"version": name, "row_containment_bp": 10_000, "overlap": "100%"},
                ),
            ),
            version=name,
        )


def usage_digest(day: date, events: Iterable[UsageEvent]) -> UsageDigest:
    """Return the number and SHA-256 of the reads of a day.

    Hashed is each as canonical JSON (RFC 8785) with a line feed, in the given order: by instant, then by id.
    """
    seen, number = hashlib.sha256(), 0
    for event in events:
        seen.update(canonical_json(event.as_json()) + b"\n")
        number += 1
    return UsageDigest(day, number, Digest(seen.hexdigest()))
