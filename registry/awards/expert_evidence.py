"""What an expert reads of the cases it was drawn for: the evidence they rest on, while it is scored.

Rules (RULINGS 28, 32, 35):
* From the lot until every slip of the panel is in, whoever holds a seat, is not recused, away or tied, and may still
  act; a closed case opens nothing. Whoever was not drawn learns nothing of the case.
* Of a grant the documents of its application, of an award those of the adoptions that stand.
* Nothing that tells to which account money goes, and nothing of persons: neither the documents of a natural person nor
  those filed as what holds identities, wages or accounts. A name of a file is its sender's own words and is not shown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from registry.actors.model import Action
from registry.actors.rules import require
from registry.adoption import service as adoption
from registry.awards import gathering, officers, scoring
from registry.awards.model import ActKind, Case, CaseKind, CaseState
from registry.awards.records import scores as score_records
from registry.awards.score_rules import seats, slips_of_seats
from registry.errors import NotAllowedError, NotFoundError
from registry.journal.work import View
from registry.manifests import records as document_records
from registry.manifests import service as manifests
from registry.manifests.uploads import Blob, Evidence, EvidenceState
from registry.values.digest import Digest
from registry.values.identifiers import CaseId, DatasetId, EvidenceId

OF_PERSONS: Final = frozenset(
    {
        "bank_payment",
        "housing_record",
        "labour_contracts",
        "legal_person_identity",
        "rent_payment",
        "skill_certificate",
        "social_insurance_records",
        "student_roster",
        "talent_recognition",
        "tax_certificate",
        "training_certificates",
        "wage_records",
        "worker_roster",
    }
)
"""Evidence that names persons or accounts: a document filed as any of these is not for experts."""


@dataclass(frozen=True, slots=True)
class ExpertDocument:
    """A document of a case as its experts see it: as what it was filed, and what it is to the byte."""

    id: EvidenceId
    filed_as: tuple[str, ...]
    size_bytes: int
    digest: Digest


def shown_to_experts(filed: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """Return by document as what it was filed, without those that are not for experts.

    Args:
        filed: The documents by what they are evidence of.
    """
    named: dict[str, set[str]] = {}
    for name, documents in filed.items():
        for each in documents:
            named.setdefault(str(each), set()).add(name)
    return {each: tuple(sorted(names)) for each, names in named.items() if not names & OF_PERSONS}


def documents(view: View, case_id: CaseId, after: EvidenceId | None, limit: int) -> tuple[ExpertDocument, ...]:
    """Return a page of the documents of a case the actor was drawn for, in the order of their ids.

    Raises NotFoundError, NotAllowedError (it is not the time, or the actor may not act in the case).
    """
    shown = shown_to_experts(_filed(view, _readable(view, case_id)))
    wanted = [EvidenceId(each) for each in sorted(shown) if after is None or each > after][:limit]
    found = document_records.evidence_of(view.connection, wanted)
    return tuple(
        ExpertDocument(each, shown[each], found[each].size_bytes, found[each].digest)
        for each in wanted
        if each in found and found[each].state is EvidenceState.VERIFIED
    )


def document(view: View, case_id: CaseId, wanted: EvidenceId) -> tuple[Evidence, Blob]:
    """Return a document of a case the actor was drawn for, and where its bytes lie. Raises as ``documents``."""
    if wanted not in shown_to_experts(_filed(view, _readable(view, case_id))):
        raise NotFoundError("evidence_not_found", id=wanted)
    return manifests.evidence_within(view, wanted)


def _readable(view: View, case_id: CaseId) -> Case:
    """Return a case whose evidence the actor may read now."""
    require(view.actor, Action.SCORE_CASE)
    found = scoring.case_of_expert(view, case_id)
    bench = officers.require_free(view, found)
    officers.require_undetected(view, found.authority, officers.concerned(view, bench, [found])[found.id])
    held = seats(score_records.panel_draws_of(view.connection, found.id))
    given = len(slips_of_seats(held, score_records.slips_of(view.connection, found.id)))
    scoring_now = found.state is CaseState.APPLIED and found.scores is None and given < len(held)
    if view.actor.account not in held or not scoring_now:
        raise NotAllowedError("expert_evidence_closed", id=case_id)
    return found


def _filed(view: View, case: Case) -> Mapping[str, Iterable[str]]:
    """Return the documents a case rests on by what they are evidence of; of natural persons none."""
    if any(line.person for line in case.lines):
        return {}
    if case.kind is CaseKind.GRANT:
        corrected: list[Any] = [act.content["evidence"] for act in case.acts if act.kind is ActKind.CORRECTED]
        return _merged([gathering.claim_of(view, case).evidence, *corrected])
    subject = case.lines[0].subject
    standing = [
        each
        for each in (adoption.receipts(view, subject) if isinstance(subject, DatasetId) else ())
        if each.withdrawn_at is None
    ]
    return {
        "adoption_statement": [each.statement.id for each in standing],
        "adoption_contract": [each.contract.id for each in standing],
        "delivery_receipt": [each.delivery.id for each in standing if each.delivery],
    }


def _merged(filed: Iterable[Mapping[str, Iterable[str]]]) -> dict[str, list[str]]:
    made: dict[str, list[str]] = {}
    for each in filed:
        for name, documents in each.items():
            made.setdefault(name, []).extend(documents)
    return made
