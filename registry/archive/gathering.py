"""The documents of a case, in the order of a package: what was decided, what it rests on, what came after.

Rules (RULINGS 35, 36):
* Nothing depends on when or by whom it is gathered: the same state of a case gives the same bytes.
* Who did something is the role of its entry in the journal, never a name. No account number stands in clear.
* What tells of a natural person beyond the dossier, which names none, stands by its digest alone.
"""

import hmac
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from registry.adoption import service as adoption
from registry.aftercare import service as aftercare
from registry.aftercare.recovery_model import Recovery
from registry.aftercare.remedy_model import Remedy
from registry.archive.model import PACKAGE_BYTES_MAX, Paper, Withheld
from registry.awards import records as case_records
from registry.awards.model import Case, CaseKind
from registry.awards.notice_probes import probe_json
from registry.awards.records import grants as grant_records
from registry.awards.records import performance
from registry.dossier.service import signed_dossier
from registry.errors import UnavailableError
from registry.journal import records as journal_records
from registry.journal.signing import SigningKey
from registry.journal.work import View
from registry.manifests import records as manifests
from registry.manifests.uploads import Evidence, EvidenceKind
from registry.values.canonical import Json, canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import DatasetId, EntryId, EvidenceId
from storage.errors import ObjectMissingError, StoreConfigurationError, StoreUnavailableError
from storage.object_store import ObjectStore

JSON_TYPE: Final = "application/json"
DOSSIER_TYPE: Final = "application/vnd.sancai.dossier+json"
_SALT: Final = b"sancai/archive/v1\0"
_KIND_TITLES: Final = {
    EvidenceKind.STATEMENT: "使用说明",
    EvidenceKind.CONTRACT: "合同",
    EvidenceKind.DELIVERY_RECEIPT: "交付凭证",
    EvidenceKind.QUALITY_REPORT: "质量报告",
    EvidenceKind.LICENCE: "许可证照",
    EvidenceKind.OTHER: "其他证明材料",
}

MakeForm = Callable[[View, Case], bytes]
"""Prints a case as the document's form; it belongs to the door."""


@dataclass(frozen=True, slots=True)
class Filing:
    """What making a package needs of an installation; ``retention`` is how long the store keeps it from deletion."""

    store: ObjectStore
    signing_key: SigningKey
    secret: bytes
    retention: timedelta
    public_url: str
    form: MakeForm


@dataclass(frozen=True, slots=True)
class After:
    """What came after the decision in a case."""

    recoveries: tuple[Recovery, ...]
    remedies: tuple[Remedy, ...]


def papers_of(view: View, filing: Filing, case: Case, after: After) -> list[Paper]:
    """Return the documents of a closed case. Raises UnavailableError: the log or the store is not ready."""
    person = any(line.person for line in case.lines) or any(line.person for line in case.applied_lines)
    own = [_dossier(view, filing, case), _form(view, filing, case), *_notices(view, case), *_refusals(view, case)]
    later = [*_recoveries(view, after.recoveries), *_remedies(view, after.remedies)]
    made = [*own, *_performance(view, case), *_payment(view, case), *later]
    if person:
        # What names a person, or may in free text: the form, what was pleaded, the words of an evaluation.
        made = [paper if paper.media_type == DOSSIER_TYPE else _sealed(paper, filing.secret) for paper in made]
    return _fitting([*made, *_evidence(view, filing.store, case)])


def _paper(
    view: View,
    name: str,
    title: str,
    on: str,
    entry: EntryId | None,
    content: Json | bytes,
    media_type: str = JSON_TYPE,
) -> Paper:
    stated = content if isinstance(content, bytes) else canonical_json(content)
    logged = journal_records.entry_of(view.connection, entry) if entry else None
    return Paper(name, title, on, logged.role if logged else "none", media_type, Digest.of(stated), len(stated), stated)


def _sealed(paper: Paper, secret: bytes) -> Paper:
    """Return a document by a keyed digest of it: nobody can try names against it."""
    keyed = Digest(hmac.digest(secret, _SALT + paper.digest.raw, "sha256").hex())
    return replace(paper, digest=keyed, salted=True, size_bytes=0, content=None, withheld=Withheld.PERSONAL)


def _dossier(view: View, filing: Filing, case: Case) -> Paper:
    content = signed_dossier(view, filing.signing_key, case, settled=True)
    return _paper(view, "dossier.json", "案卷", str(case.applied_at), case.entry, content, DOSSIER_TYPE)


def _form(view: View, filing: Filing, case: Case) -> Paper:
    content = filing.form(view, case)
    return _paper(
        view,
        "form.html",
        "专项资金申请表（附件3）",
        str(case.applied_at),
        case.entry,
        content,
        "text/html; charset=utf-8",
    )


def _entry_at(case: Case, *kinds: str) -> EntryId | None:
    return next((act.entry for act in reversed(case.acts) if act.kind.value in kinds), None)


def _notices(view: View, case: Case) -> Iterator[Paper]:
    if not case.notices:
        return
    posted: list[Json] = [
        {
            "page_url": each.page_url,
            "capture_sha256": each.capture.hex,
            "lines": str(each.lines),
            "posted_at": str(each.posted_at),
            "ends_at": str(each.ends_at),
        }
        for each in case.notices
    ]
    probes: list[Json] = [probe_json(each) for each in case_records.probes_page(view.connection, case.id, None, None)]
    on = str(case.notices[-1].posted_at)
    content: Json = {"notices": posted, "probes": probes}
    yield _paper(view, "notices.json", "公示记录", on, _entry_at(case, "noticed"), content)


def _refusals(view: View, case: Case) -> Iterator[Paper]:
    for act in case.acts:
        if act.kind.value in {"refused", "refusal_served"}:
            title = "不予支持决定" if act.kind.value == "refused" else "不予支持决定送达回证"
            yield _paper(view, f"{act.kind.value}.json", title, str(act.at), act.entry, dict(act.content))


def _performance(view: View, case: Case) -> Iterator[Paper]:
    stated = performance.targets_of(view.connection, case.id)
    if stated is not None:
        content: Json = {
            "number": stated.number,
            "targets": [[each.indicator, each.unit, each.figure] for each in stated.targets],
            "report_sha256": stated.report.hex,
        }
        yield _paper(view, "targets.json", "绩效目标", str(stated.stated_at), case.entry, content)
    for each in performance.evaluations_of(view.connection, case.id):
        found: Json = {
            "number": each.number,
            "figures": [list(figure) for figure in each.figures],
            "score": each.score,
            "grade": each.grade,
            "opinion": each.opinion,
            "report_sha256": each.report.hex if each.report else None,
        }
        made = _paper(view, "evaluation.json", "绩效评价", str(each.evaluated_at), None, found)
        yield replace(made, who="auditor")


def _payment(view: View, case: Case) -> Iterator[Paper]:
    if case.payment is None or case.instruction is None:
        return
    told = case.instruction
    content: Json = {
        "amount_fen": case.amount.fen,
        "amount_capitals": case.amount.in_capitals(),
        "budget_year": told.budget_year,
        "project_code": told.project_code,
        "subject_code": told.subject_code,
        "payment_voucher_number": told.payment_voucher_number,
        "instructed_at": str(told.instructed_at),
        "bank_receipt": case.payment.bank_receipt,
        "paid_on": case.payment.paid_on.isoformat(),
        "payee_digest": str(case.payee.digest) if case.payee else None,
        "lines": [{"line": line.number, **line.as_json()} for line in case.lines],
    }
    yield _paper(view, "payment.json", "拨付记录", str(case.payment.recorded_at), _entry_at(case, "paid"), content)


def _recoveries(view: View, found: Iterable[Recovery]) -> Iterator[Paper]:
    for each in found:
        content: Json = {
            "id": each.id,
            "line": each.line,
            "firm": each.firm,
            "ground": each.ground.value,
            "origin": each.origin.value,
            "source": each.source,
            "amount_fen": each.amount.fen,
            "facts": each.facts,
            "clause": each.clause,
            "state": each.state.value,
            "opened_at": str(each.opened_at),
            "acts": [_act_json(act.kind.value, str(act.at), dict(act.content), act.entry) for act in each.acts],
        }
        yield _paper(view, "recovery.json", "追回案卷", str(each.opened_at), each.entry, content)


def _remedies(view: View, found: Iterable[Remedy]) -> Iterator[Paper]:
    for each in found:
        content: Json = {
            "id": each.id,
            "kind": each.kind.value,
            "subject": str(each.subject),
            "firm": each.firm,
            "organ": each.organ,
            "number": each.number,
            "grounds": each.grounds,
            "filed_on": each.filed_on.isoformat(),
            "until": each.until.isoformat() if each.until else None,
            "late_reason": each.late_reason,
            "state": each.state.value,
            "acts": [_act_json(act.kind.value, str(act.at), dict(act.content), act.entry) for act in each.acts],
        }
        yield _paper(view, "remedy.json", "救济案卷", str(each.filed_at), each.entry, content)


def _act_json(kind: str, at: str, content: dict[str, Json], entry: EntryId) -> Json:
    return {"kind": kind, "at": at, "content": content, "entry": str(entry)}


def _evidence(view: View, store: ObjectStore, case: Case) -> Iterator[Paper]:
    documents = manifests.evidence_of(view.connection, wanted := _documents(view, case))
    for each in (documents[document] for document in wanted if document in documents):
        owner = "firm" if each.owner_firm in case.firms else "other_party" if each.owner_firm else "office"
        made = Paper(
            name=f"{each.kind.value}.bin",
            title=f"证明材料：{_KIND_TITLES[each.kind]}",
            on=str(each.filed_at),
            who=owner,
            media_type="application/octet-stream",
            digest=each.digest,
            size_bytes=each.size_bytes,
            office_only=owner == "other_party",
        )
        if any(line.person and line.firm == each.owner_firm for line in case.lines):
            yield replace(made, withheld=Withheld.PERSONAL)
            continue
        content = _bytes_of(view, store, each)
        yield replace(made, content=content, withheld=None if content is not None else Withheld.GONE)


def _documents(view: View, case: Case) -> list[EvidenceId]:
    """Return the documents a case rests on: of an award those of its receipts, of a grant those of its application."""
    if case.kind is CaseKind.AWARD:
        dataset = next(line.subject for line in case.lines if isinstance(line.subject, DatasetId))
        given = [
            document.id
            for receipt in adoption.receipts(view, dataset)
            for document in (receipt.statement, receipt.contract, receipt.delivery)
            if document is not None
        ]
        return sorted(set(given))
    claim = grant_records.claim_of(view.connection, case.id)
    return sorted({EvidenceId(each) for named in claim.evidence.values() for each in named}) if claim else []


def _bytes_of(view: View, store: ObjectStore, document: Evidence) -> bytes | None:
    """Return the bytes of a document, or None when they are gone or not those that were filed."""
    blob = manifests.evidence_blob(view.connection, document.id)
    if blob is None:
        return None
    try:
        content = b"".join(store.at(blob.store).read(blob.place))
    except ObjectMissingError:
        return None
    except (StoreUnavailableError, StoreConfigurationError) as error:
        raise UnavailableError("store_unavailable") from error
    return content if Digest.of(content) == document.digest else None


def _fitting(papers: Sequence[Paper]) -> list[Paper]:
    """Return the documents with the bytes of as many as a package has room for, in their order."""
    left, fitted = PACKAGE_BYTES_MAX, list[Paper]()
    for paper in papers:
        size = len(paper.content or b"")
        fits = size <= left
        fitted.append(paper if fits else replace(paper, content=None, withheld=Withheld.TOO_LARGE))
        left -= size if fits else 0
    return fitted


def after_of(view: View, case: Case) -> After:
    """Return the recoveries of a case and the remedies against them or its refusal, the oldest first."""
    return After(*aftercare.after_case(view, case.id))
