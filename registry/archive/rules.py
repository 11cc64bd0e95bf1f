"""What an archive is made of, how long it is kept, and what stands against its disposal.

Rules (RULINGS 34–36; 档案法; 国家档案局令第8号):
* A case is archived once it is closed: paid, refused or withdrawn. What is added later makes another revision; the
  earlier ones stay. The same state makes the same bytes, and is not archived twice.
* The class follows from the kind of the case and what it came to; money that is taken back counts as recovered.
* An archive is disposed of when its term has ended, no remedy or recovery is open, no order holds it, its newest
  revision knows what the case came to, and the store lets every revision go. Whoever proposes it does not confirm it.
"""

import base64
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from registry.aftercare.recovery_model import VOID, Recovery, RecoveryState
from registry.archive.model import FORMAT, INDEX, Archive, CaseOutcome, HoldReason, Paper, RetentionClass, Shelf
from registry.awards.model import OPEN_STATES, ActKind, Case, CaseState
from registry.errors import ConflictError, Obstacle, RuleError
from registry.journal.signing import SigningKey
from registry.values.canonical import Json, canonical_json
from registry.values.digest import Digest
from registry.values.moment import Moment

_CLOSING: Final = frozenset({ActKind.PAID, ActKind.REFUSED, ActKind.WITHDRAWN, ActKind.CORRECTION_ASKED})
_HELD: Final[Mapping[HoldReason, Obstacle]] = {
    HoldReason.REMEDY: Obstacle("archive_held_by_remedy", "RULINGS 36"),
    HoldReason.RECOVERY: Obstacle("archive_held_by_recovery", "RULINGS 36"),
    HoldReason.ORDER: Obstacle("archive_held_by_order", "RULINGS 36"),
}
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_READABLE: Final = 0o100644 << 16
_UNIX: Final = 3


def require_closed(case: Case) -> None:
    """Raise ConflictError for a case that may still lead to a payment."""
    if case.state in OPEN_STATES:
        wanted = ", ".join(sorted(state.value for state in set(CaseState) - OPEN_STATES))
        raise ConflictError("case_wrong_state", id=case.id, state=case.state.value, wanted=wanted)


def closed_at(case: Case) -> Moment:
    """Return when a closed case was closed: by its newest act that ends a case, else by its newest act."""
    ending = [act.at for act in case.acts if act.kind in _CLOSING]
    return ending[-1] if ending else case.acts[-1].at if case.acts else case.applied_at


def outcome_of(case: Case, recoveries: Sequence[Recovery]) -> CaseOutcome:
    """Return what a closed case came to; a recovery counts once it is decided and as long as it stands."""
    if case.state is not CaseState.PAID:
        return CaseOutcome(case.state.value)
    stands = any(each.decided_amount is not None and each.state not in VOID for each in recoveries)
    return CaseOutcome.RECOVERED if stands else CaseOutcome.PAID


def is_open(recovery: Recovery) -> bool:
    """Say whether a recovery still waits for something; one that was annulled until what came back is paid again."""
    if recovery.state is RecoveryState.ANNULLED:
        return bool(recovery.to_pay_back)
    return recovery.state not in {RecoveryState.DROPPED, RecoveryState.REPAID}


def keep_until(closed_on: date, retention: RetentionClass) -> date | None:
    """Return the last day an archive is kept, counted from 1 January after the close; None: for ever."""
    return None if retention.years is None else date(closed_on.year + retention.years, 12, 31)


def content_digest(papers: Sequence[Paper], retention: RetentionClass) -> Digest:
    """Return what tells one state of a case from another, whatever number its archive has."""
    return Digest.of_json([paper.as_json(number, retention) for number, paper in enumerate(papers, 1)])


def package(head: Mapping[str, Json], papers: Sequence[Paper], retention: RetentionClass, key: SigningKey) -> bytes:
    """Return the package: one ZIP with the signed index first, then every document whose bytes stand in it."""
    lines = [paper.as_json(number, retention) for number, paper in enumerate(papers, 1)]
    made: dict[str, Json] = {
        "format": FORMAT,
        "origin": key.name,
        "keys": [str(key.verifier)],
        **head,
        "retention": {
            "class": retention.id,
            "years": retention.years,
            "basis": retention.basis,
            "assumption": retention.assumption,
        },
        "documents": list(lines),
    }
    signature = base64.b64encode(key.sign(canonical_json(made))).decode()
    index = canonical_json({**made, "signature": {"signed_by": str(key.verifier), "value": signature}})
    named = [(str(line["name"]), paper.content) for line, paper in zip(lines, papers, strict=True)]
    return packed([(INDEX, index), *((name, content) for name, content in named if content is not None)])


def packed(members: Sequence[tuple[str, bytes]]) -> bytes:
    """Return a ZIP of members in this order, stored, with nothing in it that time or machine could change."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as file:
        for name, content in members:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system, info.external_attr = _UNIX, _READABLE
            file.writestr(info, content)
    return made.getvalue()


def without(content: bytes, names: frozenset[str]) -> bytes:
    """Return a package without some of its documents; the index still names them."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return packed([(name, file.read(name)) for name in file.namelist() if name not in names])


def office_only(content: bytes) -> frozenset[str]:
    """Return the names of the documents of a package that are not for the firm of the case."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        index = json.loads(file.read(INDEX))
    return frozenset(str(line["name"]) for line in index["documents"] if line["office_only"])


def require_new(shelf: Shelf, content: Digest) -> None:
    """Raise ConflictError when the archive is disposed of, or holds the case as it is already."""
    require_not_disposed(shelf)
    if shelf.newest is not None and shelf.newest.content_digest == content:
        raise ConflictError("archive_unchanged", id=shelf.case, number=shelf.newest.number)


def require_not_disposed(shelf: Shelf) -> None:
    """Raise ConflictError when the disposal of an archive is confirmed."""
    if shelf.disposed:
        raise ConflictError("archive_disposed", id=shelf.case)


def require_newest(shelf: Shelf) -> Archive:
    """Return the newest revision. Raises ConflictError: the case is not archived."""
    if shelf.newest is None:
        raise ConflictError("archive_missing", id=shelf.case)
    return shelf.newest


def require_disposable(shelf: Shelf, outcome: CaseOutcome, today: date, store_now: Moment) -> None:
    """Raise RuleError naming everything that stands against the disposal of an archive.

    Args:
        shelf: The archive as it stands.
        outcome: What the case has come to by now.
        today: The day by the installation's clock.
        store_now: The instant by the machine's clock, by which a store counts its retention.
    """
    newest = require_newest(shelf)
    found = [_HELD[reason] for reason in shelf.held]
    if newest.outcome is not outcome:
        found.append(Obstacle("archive_outdated", "RULINGS 36", parameters={"outcome": outcome.value}))
    if newest.keep_until is None:
        found.append(Obstacle("archive_kept_for_ever", "国家档案局令第8号"))
    elif newest.keep_until >= today:
        found.append(
            Obstacle("archive_term_runs", "国家档案局令第8号", parameters={"until": newest.keep_until.isoformat()})
        )
    retained = max(each.retain_until for each in shelf.revisions)
    if retained > store_now:
        found.append(Obstacle("archive_retained_by_store", "RULINGS 36", parameters={"until": str(retained)}))
    if found:
        raise RuleError("archive_not_disposable", tuple(found), id=shelf.case)


def held(remedy_open: bool, recoveries: Sequence[Recovery], orders_open: bool) -> tuple[HoldReason, ...]:
    """Return what holds an archive."""
    found = (
        (remedy_open, HoldReason.REMEDY),
        (any(is_open(each) for each in recoveries), HoldReason.RECOVERY),
        (orders_open, HoldReason.ORDER),
    )
    return tuple(reason for holds, reason in found if holds)
