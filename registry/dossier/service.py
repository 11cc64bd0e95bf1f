"""Use case of dossiers: gather the file of a case and sign it."""

import base64
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

from registry.actors.model import Action
from registry.adoption import service as adoption
from registry.awards import records as case_records
from registry.awards.acting import found_case
from registry.awards.lines import origins
from registry.awards.model import OPEN_STATES, Act, Case, CaseKind
from registry.awards.notice_probes import probe_json
from registry.catalog import service as catalog
from registry.catalog.manifest_pages import signed_envelope
from registry.dossier.model import FORMAT
from registry.dossier.rules import signed_bytes
from registry.errors import ConflictError, NotAllowedError, NotFoundError, UnavailableError
from registry.journal import records as journal_records
from registry.journal import service as journal
from registry.journal.model import Checkpoint
from registry.journal.signing import SigningKey
from registry.journal.work import View
from registry.policy import service as policy
from registry.policy.loader import load_document
from registry.values.canonical import Json, canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import CaseId, DatasetId, EntryId, FirmId, VersionId


def dossier(view: View, key: SigningKey, case_id: CaseId) -> bytes:
    """Return the dossier of a case as canonical JSON, signed with ``key``.

    For officers of its authority, and for a firm whose lines alone it pays; where experts score the case, only once it
    has ended: its acts name them, and the applicant does not learn who scores while they do.

    Raises:
        NotFoundError: There is no such case.
        NotAllowedError: The case pays other firms, too.
        ConflictError: Experts score the firm's case, and it has not ended.
        UnavailableError: Some entries are not in the log yet; they are within a second or two.
    """
    case = found_case(view, case_id, Action.READ_CASE)
    require_alone(view, case)
    return signed_dossier(view, key, case)


def require_alone(view: View, case: Case) -> None:
    """Raise NotAllowedError for a firm that is not the only one whose payment the file of a case tells of."""
    if view.actor.firm is not None and _firms_told_of(view, case) != {view.actor.firm}:
        raise NotAllowedError("not_yours")
    if view.actor.firm is not None and case.experts and case.state in OPEN_STATES:
        raise ConflictError("dossier_names_experts", id=case.id)


def _firms_told_of(view: View, case: Case) -> set[FirmId]:
    """Return every firm whose payment a dossier tells of: of a batch also those whose lines stand elsewhere now."""
    decided = [decision.facts for decision, _ in case_records.decisions_of(view.connection, case.id)]
    told = {FirmId(line["firm"]) for facts in decided for line in facts.get("lines", ())}
    return told | {line.firm for line in case.applied_lines} | case.firms


def signed_dossier(view: View, key: SigningKey, case: Case, *, settled: bool = False) -> bytes:
    """Return the dossier of a case to whoever was found to be let see it. Raises UnavailableError.

    ``settled``: under the first checkpoint that has every entry of it, not the newest, so that the same case gives the
    same bytes whenever it is asked for.
    """
    case_id = case.id
    decisions = case_records.decisions_of(view.connection, case_id)
    snapshots = [decision.facts for decision, _ in decisions]
    receipts, manifests = _of_dataset(view, case)
    entries = {case.entry, *(act.entry for act in case.acts), *(each["entry"] for each in receipts)} - {None}
    under = _first_checkpoint(view, case, entries) if settled else None
    note = journal.newest_note(view, under.size if under else None) if entries else ""
    made: dict[str, Json] = {
        "format": FORMAT,
        "origin": key.name,
        "keys": [str(key.verifier)],
        "made_at": str(under.logged_at if under else view.now),
        "case": case_json(case),
        "acts": acts_json(case.acts),
        "decisions": [
            {
                "occasion": decision.occasion.value,
                "decided_at": str(decision.decided_at),
                "revision": str(decision.revision),
                "facts": dict(decision.facts),
                "facts_digest": str(decision.facts_digest),
                "verdict": dict(verdict),
            }
            for decision, verdict in decisions
        ],
        "policies": _policy_texts(snapshots),
        "rulings": _ruling_texts(view, case, snapshots),
        "receipts": receipts,
        "manifests": manifests,
        "entries": [
            _entry_json(view, case, entry, under.size if under else None)
            for entry in sorted(each for each in entries if each)
        ],
        "checkpoint": note,
    }
    if case.notice and case.notice.watch:
        made["notice_probes"] = _probes_json(view, case)
    signature = base64.b64encode(key.sign(signed_bytes(made))).decode()
    return canonical_json({**made, "signature": {"signed_by": str(key.verifier), "value": signature}})


def bound_digest(case: Case) -> Digest:
    """Return what a printed form is bound to: the SHA-256 of case and acts as the dossier holds them.

    Whoever has a dossier computes it from ``{"acts": …, "case": …}`` in canonical JSON; it changes with every act.
    """
    return Digest.of_json({"case": case_json(case), "acts": acts_json(case.acts)})


def bound_digest_of(view: View, case_id: CaseId) -> Digest:
    """Return what a printed form of a case is bound to now. Raises NotFoundError, NotAllowedError."""
    return bound_digest(found_case(view, case_id, Action.READ_CASE))


def require_bound(view: View, case_id: CaseId, digest: Digest) -> None:
    """Raise ConflictError when a case is not as it was printed. Raises NotFoundError, NotAllowedError."""
    now = bound_digest_of(view, case_id)
    if now != digest:
        raise ConflictError("dossier_not_as_printed", id=case_id, printed=str(digest), now=str(now))


def _probes_json(view: View, case: Case) -> dict[str, Json]:
    terms = case_records.probe_terms_of(view.connection, (case.authority,))[case.authority]
    # Whoever saw the page before lines were set apart saw theirs: the end of their notice rests on it, too.
    seen_in = sorted({case.id, *origins(case.id, case.acts)})
    probes = [each for found in seen_in for each in case_records.probes_page(view.connection, found, None, None)]
    return {
        "terms": [
            {
                "number": each.number,
                "limit_hours": each.limit_hours,
                "organ": each.organ,
                "decided_on": each.decided_on.isoformat(),
                "text": each.text,
                "set_at": str(each.set_at),
                "set_by": str(each.set_by),
            }
            for each in terms
        ],
        "probes": [probe_json(each) for each in probes],
    }


def acts_json(acts: Sequence[Act]) -> list[Json]:
    """Return acts as a dossier holds them."""
    return [
        {
            "number": act.number,
            "kind": act.kind.value,
            "account": str(act.account),
            "at": str(act.at),
            "content": dict(act.content),
            "entry": str(act.entry),
        }
        for act in acts
    ]


def case_json(case: Case) -> dict[str, Json]:
    """Return a case as a dossier holds it, without its acts."""
    applied = case.applied_lines or case.lines
    numbers: list[Json] = [line.number for line in applied]
    # Only of a case that lines were set apart into: what a form of another one was bound to stays as it was.
    parted: dict[str, Json] = {"line_numbers": numbers} if origins(case.id, case.acts) else {}
    return parted | {
        "id": str(case.id),
        "authority": str(case.authority),
        "kind": case.kind.value,
        "document": case.document,
        "instrument": case.instrument,
        "state": case.state.value,
        "applicant": str(case.applicant) if case.applicant else None,
        "applied_by": str(case.applied_by),
        "applied_at": str(case.applied_at),
        "lines": [line.as_json() for line in applied],
        "lines_digest": str(case.lines_digest),
        "revision": str(case.revision),
        "facts_digest": str(case.facts),
        "sign_off_levels": list(case.sign_off_levels),
        "notice_days": case.notice_days,
        "payee_digest": str(case.payee.digest) if case.payee else None,
        "entry": str(case.entry),
    }


def _first_checkpoint(view: View, case: Case, entries: Iterable[EntryId | None]) -> Checkpoint:
    try:
        return journal.first_checkpoint_over(view, [each for each in entries if each])
    except NotFoundError as error:
        raise UnavailableError("dossier_not_ready", id=case.id) from error


def _entry_json(view: View, case: Case, entry_id: EntryId, size: int | None) -> dict[str, Json]:
    """Return an entry with its proof; its opening only where the case itself is the subject."""
    entry = journal_records.entry_of(view.connection, entry_id)
    try:
        proved = journal.inclusion_of(view, entry_id, size)
    except NotFoundError as error:
        raise UnavailableError("dossier_not_ready", id=case.id) from error
    if entry is None:
        raise UnavailableError("dossier_not_ready", id=case.id)
    opening = journal_records.opening_of(view.connection, entry_id) if entry.subject == case.id else None
    return {
        "id": str(entry.id),
        "type": entry.type,
        "format_version": entry.format_version,
        "subject": entry.subject,
        "role": entry.role,
        "decided_at": str(entry.decided_at),
        "commitment": entry.commitment.hex(),
        "leaf_index": proved.leaf_index,
        "proof": [node.hex() for node in proved.proof],
        "opening": {"salt": opening.salt.hex(), "payload": opening.payload} if opening else None,
    }


def _of_dataset(view: View, case: Case) -> tuple[list[Any], list[Any]]:
    """Return the receipts with their signatures and the signed manifests of an award's lineage."""
    if case.kind is not CaseKind.AWARD:
        return [], []
    dataset = next(line.subject for line in case.lines if isinstance(line.subject, DatasetId))
    receipts = [
        {
            "statement": receipt.as_json(),
            "signature": receipt.signature,
            "signed_by": receipt.signed_by,
            "entry": receipt.entry,
        }
        for receipt in adoption.receipts(view, dataset)
    ]
    manifests = [
        {"version": VersionId(version.id), "number": version.number, "envelope": signed_envelope(view, version)}
        for version in catalog.versions(view, dataset)
    ]
    return receipts, manifests


def _used_policies(snapshots: Iterable[Any]) -> list[Any]:
    return [used for facts in snapshots for used in (facts["policies"] if "policies" in facts else [facts["policy"]])]


def _policy_texts(snapshots: Iterable[Any]) -> list[Json]:
    """Return the text of every revision that was used; a shipped file is never edited."""
    wanted = {used["revision"] for used in _used_policies(snapshots)}
    found: list[Json] = []
    for file in sorted((files("registry.policy") / "instruments").iterdir(), key=lambda each: each.name):
        if not file.name.endswith(".toml"):
            continue
        text = file.read_text(encoding="utf-8")
        revision = str(load_document(text, file.name).revision.digest)
        if revision in wanted:
            found.append(
                {
                    "file_name": file.name,
                    "revision": revision,
                    "sha256": str(Digest.of(text.encode())),
                    "text": text,
                }
            )
    return found


def _ruling_texts(view: View, case: Case, snapshots: Iterable[Any]) -> list[Json]:
    wanted = {ruling["text_digest"] for used in _used_policies(snapshots) for ruling in used["rulings"]}
    texts = {str(each.ruling.text_digest): each.text for each in policy.rulings(view, case.authority, case.document)}
    return [{"text_digest": digest, "text": texts[digest]} for digest in sorted(wanted & texts.keys())]
