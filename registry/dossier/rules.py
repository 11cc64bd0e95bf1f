"""Recomputing a dossier, offline: whether the decision follows from what the file itself says.

Rules (DESIGN §3b, "decision record"; POLICY §4.3, invariants 7, 9, 10, 13, 22):
* A key the reader trusts signed the file, the checkpoint, each receipt and each manifest. Keys in the file are hints.
* Every journal entry of the case is in the log of the checkpoint, and where its opening is still there it says what
  the case says.
* Every stored decision has the digest it claims; the verdict follows again from its snapshot, the count of adopters
  from its receipts, the terms from the text of the policy and the rulings.
* What was paid had run its notice to the end and had every signature when it was instructed; what came between that and
  the bank's receipt stands in the act of the payment. Nobody who reviewed or signed paid.
Every fault is reported; an empty list means that everything was looked at and holds.
"""

import base64
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.awards import grants, verdicts
from registry.awards import rules as case_rules
from registry.awards.lines import origins
from registry.awards.model import Act, ActKind, BankPayment, Case, CaseKind, CaseState, Occasion
from registry.dossier.model import FORMAT, Finding
from registry.dossier.told_case import Dossier, as_instructed, case_of
from registry.errors import SancaiError
from registry.journal.checkpoints import verify_checkpoint
from registry.journal.model import Checkpoint, Entry, Opening, commitment_of
from registry.journal.rules import leaf_hash, verify_inclusion
from registry.journal.signing import Verifier
from registry.manifests import rules as manifests
from registry.manifests import signatures
from registry.policy.assumptions import Ruling
from registry.policy.loader import load_document
from registry.policy.model import PolicyDocument
from registry.values.canonical import Json, canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import EntryId
from registry.values.moment import Moment

_MALFORMED: Final = (SancaiError, KeyError, ValueError, TypeError, AttributeError, IndexError)


def recompute_bytes(content: bytes, trusted: Sequence[Verifier]) -> list[Finding]:
    """Return everything that does not hold in the dossier ``content``; empty when all does."""
    try:
        dossier = json.loads(content)
    except ValueError as error:
        return [Finding("file", "dossier_malformed", str(error))]
    if not isinstance(dossier, dict) or dossier.get("format") != FORMAT:
        return [Finding("file", "dossier_malformed", "format")]
    return recompute(dossier, trusted)


def recompute(dossier: Dossier, trusted: Sequence[Verifier]) -> list[Finding]:
    """Return everything that does not hold in a dossier; empty when all does. Pure and offline.

    Args:
        dossier: The parsed file.
        trusted: The keys the reader believes, obtained elsewhere than from the file.
    """
    parts: tuple[tuple[str, Callable[[Dossier, Sequence[Verifier]], Iterator[Finding]]], ...] = (
        ("file", _file),
        ("entries", _entries),
        ("case", _case_part),
        ("decisions", _decisions),
        ("policy", _policy),
        ("receipts", _receipts),
        ("manifests", _manifests),
        ("payment", _payment),
    )
    found: list[Finding] = []
    for part, look in parts:
        try:
            found += look(dossier, trusted)
        except _MALFORMED as error:
            found.append(Finding(part, "dossier_malformed", f"{type(error).__name__}: {error}"))
    return found


def signed_bytes(dossier: Dossier) -> bytes:
    """Return what the signature of a dossier covers: all of it but the signature."""
    return canonical_json({name: value for name, value in dossier.items() if name != "signature"})


def _accepted(trusted: Sequence[Verifier], signed_by: str, signature: str, message: bytes) -> bool:
    value = base64.b64decode(signature, validate=True)
    return any(str(key) == signed_by and key.accepts(value, message) for key in trusted)


def _file(dossier: Dossier, trusted: Sequence[Verifier]) -> Iterator[Finding]:
    made = dossier["signature"]
    if not _accepted(trusted, made["signed_by"], made["value"], signed_bytes(dossier)):
        yield Finding("file", "dossier_signature_wrong", made["signed_by"])


def _checkpoint(dossier: Dossier, trusted: Sequence[Verifier]) -> Checkpoint:
    return verify_checkpoint(dossier["checkpoint"], trusted, dossier["origin"])


def _entries(dossier: Dossier, trusted: Sequence[Verifier]) -> Iterator[Finding]:
    checkpoint = _checkpoint(dossier, trusted)
    for kept in dossier["entries"]:
        part = f"entries/{kept['id']}"
        try:
            entry = _entry(kept)
            proof = [bytes.fromhex(node) for node in kept["proof"]]
            leaf = leaf_hash(entry.leaf_bytes())
            verify_inclusion(leaf, kept["leaf_index"], checkpoint.size, proof, checkpoint.root)
            opening = kept["opening"]
            if opening and commitment_of(_opening(opening)) != entry.commitment:
                yield Finding(part, "dossier_opening_wrong")
        except _MALFORMED as error:
            yield Finding(part, "dossier_entry_unproved", str(error))


def _entry(kept: Mapping[str, Any]) -> Entry:
    return Entry(
        id=EntryId(kept["id"]),
        type=kept["type"],
        format_version=kept["format_version"],
        subject=kept["subject"],
        role=kept["role"],
        decided_at=Moment.of_text(kept["decided_at"]),
        commitment=bytes.fromhex(kept["commitment"]),
    )


def _opening(kept: Mapping[str, Any]) -> Opening:
    return Opening(bytes.fromhex(kept["salt"]), kept["payload"])


_SAID_OTHERWISE: Final = frozenset({ActKind.REFUSED, ActKind.EXPERTS_DRAWN, ActKind.ALLOTTED, ActKind.CONTEST_VOIDED})


def _case_part(dossier: Dossier, _: Sequence[Verifier]) -> Iterator[Finding]:
    case, kept = case_of(dossier), dossier["case"]
    if str(case.lines_digest) != kept["lines_digest"]:
        yield Finding("case", "dossier_lines_differ")
    entries = {entry["id"]: entry for entry in dossier["entries"]}
    applied = entries.get(kept["entry"])
    # What was done before lines were set apart stands in the name of the case they come from.
    subjects = {case.id, *origins(case.id, case.acts)}
    if applied is None or applied["subject"] not in subjects:
        yield Finding("case", "dossier_entry_missing", kept["entry"])
    elif applied["opening"]:
        payload = applied["opening"]["payload"]
        stated = (payload["lines"], payload["facts_digest"], payload["revision"])
        if stated != (kept["lines"], kept["facts_digest"], kept["revision"]):
            yield Finding("case", "dossier_application_differs")
    for act in case.acts:
        logged = entries.get(act.entry)
        if (
            logged is None
            or logged["subject"] not in _decided_on(case, act, subjects)
            or logged["decided_at"] != str(act.at)
        ):
            yield Finding(f"acts/{act.number}", "dossier_entry_missing", act.entry)
        # An adverse decision shares the entry of the act that led to it; who is drawn follows from the entry itself.
        elif act.kind not in _SAID_OTHERWISE and logged["opening"] and _said(logged["opening"]) != act.content:
            yield Finding(f"acts/{act.number}", "dossier_act_differs", act.kind.value)


def _said(opening: Mapping[str, Any]) -> dict[str, Json]:
    """Return what an opened entry says of a case; that it commits to postings as well is the affair of the ledger."""
    return {name: value for name, value in opening["payload"].items() if name != "ledger"}


def _decided_on(case: Case, act: Act, subjects: Collection[str]) -> Collection[str]:
    """Return what the entry of an act may be about: the case and those it comes from, a contest of novelty, a round.

    The money of a round is divided by one entry, for all of its cases.
    """
    if act.kind is ActKind.REFUSED and act.number > 1:
        act = case.acts[act.number - 2]
    if act.kind is ActKind.ALLOTTED:
        return {str(act.content["round"])}
    if act.kind is ActKind.CONTEST_VOIDED:
        # A contest whose decider was recused, or the case of either side whose refusal was annulled.
        return {str(act.content["by"])}
    return {str(act.content["contest"])} if act.kind is ActKind.REDECIDED else subjects


def _decisions(dossier: Dossier, _: Sequence[Verifier]) -> Iterator[Finding]:
    if not dossier["decisions"] or dossier["decisions"][0]["facts_digest"] != dossier["case"]["facts_digest"]:
        yield Finding("decisions", "dossier_facts_differ")
    for kept in dossier["decisions"]:
        part, facts = f"decisions/{kept['occasion']}", kept["facts"]
        if str(Digest.of_json(facts)) != kept["facts_digest"]:
            yield Finding(part, "dossier_facts_differ")
        if dossier["case"]["kind"] == CaseKind.GRANT.value:
            yield from _grant_decision(dossier, kept, part)
            continue
        if dossier["case"]["kind"] != CaseKind.AWARD.value:
            if not _batch_lines_stand(dossier, kept):
                yield Finding(part, "dossier_lines_differ")
            continue
        for name in verdicts.reasons_to_doubt(facts):
            yield Finding(part, "dossier_fact_does_not_follow", name)
        verdict = verdicts.verdict_json(verdicts.verdict_of(facts))
        if canonical_json(verdict) != canonical_json(kept["verdict"]):
            yield Finding(part, "dossier_verdict_differs")
        # A lineage that lost a contest comes to nothing; its case ends with that decision.
        if kept["occasion"] == Occasion.CONTEST.value and not verdict["eligible"]:
            continue
        if _came_between(dossier, kept):
            continue
        if verdict["amount_fen"] != sum(line["amount_fen"] for line in dossier["case"]["lines"]):
            yield Finding(part, "dossier_amount_differs")


def _batch_lines_stand(dossier: Dossier, kept: Mapping[str, Any]) -> bool:
    """Say whether a batch was decided with the lines it has; lines that left or came are those of a larger batch."""
    case, decided = case_of(dossier), kept["facts"]["lines"]
    if kept["occasion"] == Occasion.PAYMENT.value:
        return bool(decided == [line.as_json() for line in case.lines])
    applied = dossier["case"]["lines"]
    if origins(case.id, case.acts):
        return all(line in decided for line in applied)
    return bool(decided == applied)


def _grant_decision(dossier: Dossier, kept: Mapping[str, Any], part: str) -> Iterator[Finding]:
    """Evaluate a grant again, from its snapshot and the text of its document."""
    facts = kept["facts"]
    texts = {each["revision"]: each for each in dossier["policies"]}
    if facts["policy"]["revision"] not in texts:
        yield Finding(part, "dossier_policy_missing", facts["policy"]["revision"])
        return
    text = texts[facts["policy"]["revision"]]
    again = grants.verdict_of(load_document(text["text"], text["file_name"]), facts)
    if canonical_json(grants.verdict_json(again)) != canonical_json(kept["verdict"]):
        yield Finding(part, "dossier_verdict_differs")
    case = case_of(dossier)
    if kept["occasion"] == Occasion.APPLICATION.value:
        decided = sum(line["amount_fen"] for line in dossier["case"]["lines"])
    elif kept["occasion"] == Occasion.PAYMENT.value:
        decided = case.amount.fen
        if again.open_assumptions:
            yield Finding("payment", "assumption_without_ruling", ", ".join(again.open_assumptions))
    else:
        made = [act.content for act in case.acts if act.kind is ActKind.ASSESSED]
        at = {each["facts_digest"]: each["amount_fen"] for each in made}
        decided = at.get(kept["facts_digest"], -1)
    paid = kept["occasion"] == Occasion.PAYMENT.value
    if not _came_between(dossier, kept) and (again.amount.fen < decided or (again.amount.fen != decided and not paid)):
        yield Finding(part, "dossier_amount_differs")


def _came_between(dossier: Dossier, kept: Mapping[str, Any]) -> bool:
    """Say whether a decision is of a payment that was recorded although something had come before its receipt."""
    paid = case_of(dossier).payment
    return kept["occasion"] == Occasion.PAYMENT.value and paid is not None and bool(paid.in_spite_of)


def _policy(dossier: Dossier, _: Sequence[Verifier]) -> Iterator[Finding]:
    documents = {}
    for kept in dossier["policies"]:
        document = load_document(kept["text"], kept["file_name"])
        documents[str(document.revision.digest)] = document
        if str(document.revision.digest) != kept["revision"] or str(Digest.of(kept["text"].encode())) != kept["sha256"]:
            yield Finding("policy", "dossier_policy_differs", kept["file_name"])
    texts = {ruling["text_digest"]: ruling["text"] for ruling in dossier["rulings"]}
    for digest, text in texts.items():
        if str(Digest.of(text.encode())) != digest:
            yield Finding("rulings", "dossier_ruling_differs", digest)
    for kept in dossier["decisions"]:
        for used in _used_policies(kept["facts"]):
            part = f"decisions/{kept['occasion']}"
            if (stated := documents.get(used["revision"])) is None:
                yield Finding(part, "dossier_policy_missing", used["revision"])
            else:
                yield from _policy_used(part, stated, used, texts, kept["facts"].get("terms"))


def _used_policies(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return facts["policies"] if "policies" in facts else [facts["policy"]]


def _policy_used(
    part: str, document: PolicyDocument, used: Mapping[str, Any], texts: Mapping[str, str], terms: Json
) -> Iterator[Finding]:
    """Look whether what a decision went by follows from the document and the rulings it names."""
    rulings = [_ruling(document, each) for each in used["rulings"]]
    # The first is the issue date, which the document itself rules when it is loaded.
    for ruling in rulings[1:]:
        if str(ruling.text_digest) not in texts:
            yield Finding(part, "dossier_ruling_missing", ruling.number)
    instrument, day = document.instrument(used["instrument"]), date.fromisoformat(used["day"])
    issued_on = date.fromisoformat(used["issued_on"])
    again = verdicts.policy_snapshot(document, instrument, issued_on, rulings, day)
    if canonical_json(again) != canonical_json(dict(used)):
        yield Finding(part, "dossier_policy_differs", used["instrument"])
    if terms is not None:
        asked = verdicts.award_terms(document, instrument, issued_on, rulings, day)
        if canonical_json(asked.as_json()) != canonical_json(terms):
            yield Finding(part, "dossier_terms_differ")


def _ruling(document: PolicyDocument, kept: Mapping[str, Any]) -> Ruling:
    return Ruling(
        number=kept["number"],
        date=date.fromisoformat(kept["date"]),
        organ=kept["organ"],
        text_digest=Digest.parse(kept["text_digest"]),
        assumption_id=kept["assumption"],
        value=document.assumption(kept["assumption"]).read(kept["value"]),
    )


def _receipts(dossier: Dossier, trusted: Sequence[Verifier]) -> Iterator[Finding]:
    signed = {}
    for kept in dossier["receipts"]:
        statement = kept["statement"]
        signed[statement["id"]] = canonical_json(statement)
        if not _accepted(trusted, kept["signed_by"], kept["signature"], canonical_json(statement)):
            yield Finding(f"receipts/{statement['id']}", "dossier_signature_wrong", kept["signed_by"])
    for decision in dossier["decisions"]:
        for used in decision["facts"].get("adoption", {"receipts": []})["receipts"]:
            if signed.get(used["receipt"]["id"]) != canonical_json(used["receipt"]):
                yield Finding(f"receipts/{used['receipt']['id']}", "dossier_receipt_differs")


def _manifests(dossier: Dossier, trusted: Sequence[Verifier]) -> Iterator[Finding]:
    keys = [Ed25519PublicKey.from_public_bytes(key.public_bytes) for key in trusted]
    found = {}
    for kept in dossier["manifests"]:
        try:
            root = manifests.read_root(signatures.verify(kept["envelope"].encode(), keys))
        except _MALFORMED as error:
            yield Finding(f"manifests/{kept['version']}", "dossier_signature_wrong", str(error))
            continue
        found[kept["version"]] = (str(root.content_digest), str(manifests.manifest_digest(root)))
    for decision in dossier["decisions"]:
        for used in decision["facts"].get("versions", ()):
            if found.get(used["id"]) != (used["content_digest"], used["manifest_digest"]):
                yield Finding(f"manifests/{used['id']}", "dossier_manifest_differs")


def _payment(dossier: Dossier, _: Sequence[Verifier]) -> Iterator[Finding]:
    case = case_of(dossier)
    for notice in case.notices:
        # Holidays can only make it longer (RULINGS 25).
        least = Moment.start_of(notice.posted_at.civil_day() + timedelta(days=case.notice_days + 1))
        if notice.ends_at < least:
            yield Finding("notice", "dossier_notice_short", str(notice.ends_at))
    if (case.state is CaseState.PAID) != (case.payment is not None):
        yield Finding("payment", "dossier_state_differs", case.state.value)
    if case.payment is None:
        return
    yield from _payable(dossier, case, case.payment)
    if case.payment.account in case_rules.officers_who_acted(case):
        yield Finding("payment", "payer_already_acted", case.payment.account)
    if case.kind is CaseKind.GRANT:  # Asked with the verdict: what only a contradiction leaves open stops nothing.
        return
    for decision in dossier["decisions"]:
        for used in _used_policies(decision["facts"]):
            if decision["occasion"] == Occasion.PAYMENT.value and used["open_assumptions"]:
                yield Finding("payment", "assumption_without_ruling", ", ".join(used["open_assumptions"]))


def _payable(dossier: Dossier, case: Case, payment: BankPayment) -> Iterator[Finding]:
    """Look whether a case could be paid: at the record, or at the instruction where something had come between."""
    known = frozenset(payment.in_spite_of)
    for obstacle in case_rules.payment_obstacles(case, payment.recorded_at, open_assumptions=(), stopped=()):
        if obstacle.code not in known:
            yield Finding("payment", obstacle.code)
    if known:
        before, told_at = as_instructed(dossier, case)
        for obstacle in case_rules.payment_obstacles(before, told_at, open_assumptions=(), stopped=()):
            yield Finding("payment", obstacle.code)
