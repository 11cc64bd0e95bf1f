"""Keeping sketches and finding what a candidate overlaps with.

The look-up table only proposes: every proposal is compared by its whole sketch before it counts.
"""

from dataclasses import dataclass

from registry.journal.work import View, Work
from registry.sketches import encoding, records, rules
from registry.sketches.model import Overlap, Sample, TableSketch
from registry.values.identifiers import VersionId
from registry.values.money import Rate

PROPOSALS_MAX = 64
"""How many published versions are compared whole for each way of looking up; those that share most come first."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A published version and how much of the candidate is in it."""

    version: VersionId
    overlap: Overlap


def keep_within(work: Work, version: VersionId, sketch: TableSketch) -> None:
    """Keep the sketch of a verified version."""
    records.keep_sketch(work.connection, version, encoding.to_bytes(sketch), work.now)


def sketch_of(view: View, version: VersionId) -> TableSketch | None:
    """Return the sketch of a version, or None when it holds no table."""
    found = records.sketches_of(view.connection, [version]).get(version)
    return encoding.from_bytes(found) if found else None


def likenesses(view: View, sketch: TableSketch, without: VersionId | None = None) -> tuple[Likeness, ...]:
    """Return the published versions that share rows or columns with ``sketch``, the most alike first."""
    rows = rules.candidate_hashes(sketch)
    columns = [value for column in rules.column_candidate_hashes(sketch) for value in column]
    proposed = dict.fromkeys(records.versions_sharing(view.connection, "row", rows, PROPOSALS_MAX))
    proposed |= dict.fromkeys(records.versions_sharing(view.connection, "column", columns, PROPOSALS_MAX))
    proposed.pop(without, None)  # type: ignore[arg-type]
    kept = records.sketches_of(view.connection, proposed)
    found = [
        Likeness(version, rules.overlap(sketch, encoding.from_bytes(kept[version])))
        for version in proposed
        if version in kept
    ]
    return tuple(sorted(found, key=lambda like: (_rank(like.overlap), like.version), reverse=True))


def _rank(found: Overlap) -> tuple[Rate, Rate]:
    return max(found.row_containment, found.cells_shared), found.row_containment


def joint_row_containment(view: View, sketch: TableSketch, versions: tuple[VersionId, ...]) -> Rate:
    """Return the share of the candidate's rows that some published versions have together."""
    kept = records.sketches_of(view.connection, versions).values()
    samples: list[Sample] = [encoding.from_bytes(content).row_sample for content in kept]
    return rules.containment(sketch.row_sample, rules.union_of(samples)) if samples else Rate(0)


def lock_screen_within(work: Work) -> None:
    """Let only one publication at a time screen and enter: two copies of each other cannot both pass."""
    records.lock_screen(work.connection)


def enter_within(work: Work, version: VersionId, sketch: TableSketch) -> None:
    """Enter a version that is published now into the look-up table."""
    records.add_hashes(work.connection, version, "row", rules.candidate_hashes(sketch))
    values = (value for column in rules.column_candidate_hashes(sketch) for value in column)
    records.add_hashes(work.connection, version, "column", values)
