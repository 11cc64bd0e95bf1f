"""Payment batches of settled vouchers: settling fixes what is due, the case machine does the rest (RULINGS 23)."""

from collections.abc import Mapping, Sequence
from typing import Final

from registry.actors.model import Action
from registry.actors.rules import require
from registry.awards import assessment, officers, verdicts
from registry.awards.acting import account_of
from registry.awards.commands import VOUCHERS_MAX, FormBatch
from registry.awards.model import Case, CaseKind, CaseState, Line, Occasion
from registry.awards.service import case_applied, keep_batch_decision, levels_of, notice_days_of
from registry.errors import RuleError
from registry.journal.work import View, Work
from registry.parties import service as parties
from registry.policy import service as policy
from registry.policy.activation import ActiveInstrument
from registry.policy.kinds import Percent
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import CaseId
from registry.vouchers import service as vouchers
from registry.vouchers.model import SettledLine

BATCH_FORMAT: Final = "sancai.batch-facts/1"
SEVERAL: Final = "several"
"""What a batch of vouchers of several instruments is called."""


def form_batch(work: Work, command: FormBatch) -> Case:
    """Settle redeemed vouchers of a document and open their payment case.

    Raises:
        NotAllowedError: The actor settles no vouchers of an authority.
        NotFoundError: The document is not loaded, or there is no such voucher.
        ConflictError: A voucher is not redeemed, or in a batch already.
        RuleError: Nothing waits for payment, or a voucher belongs to another document.
    """
    require(work.actor, Action.SETTLE_VOUCHERS)
    office = policy.office_of(work.actor)
    loaded = policy.loaded_policy(work, office, command.document)
    chosen = command.vouchers
    if chosen is None:
        chosen = tuple(each.id for each in vouchers.redeemed(work, office, command.document)[:VOUCHERS_MAX])
    if not chosen:
        raise RuleError("nothing_to_settle", (), document=command.document)
    case_id = CaseId.new()
    settled = vouchers.settle_within(work, chosen, case_id)
    known = {each.id for each in loaded.document.instruments}
    for each in settled:
        if each.instrument not in known:
            raise RuleError("voucher_of_other_document", (), id=each.voucher, document=command.document)
    instruments = sorted({each.instrument for each in settled})
    today = work.now.civil_day()
    active = {each: assessment.deciding_policy(work, office, each, today) for each in instruments}
    lines = _lines(work, settled, active)
    leading = active[instruments[0]]
    snapshot = batch_verdict(command.document, lines, list(active.values()))
    made = Case(
        id=case_id,
        authority=office,
        kind=CaseKind.VOUCHER_BATCH,
        document=command.document,
        instrument=instruments[0] if len(instruments) == 1 else SEVERAL,
        state=CaseState.APPLIED,
        applicant=None,
        applied_by=account_of(work.actor),
        applied_at=work.now,
        lines=lines,
        revision=leading.revision,
        facts=Digest.of_json(snapshot),
        sign_off_levels=levels_of(leading),
        notice_days=max(notice_days_of(each) for each in active.values()),
        entry=work.journal(
            "awards.batch_formed",
            case_id,
            document=command.document,
            lines=[line.as_json() for line in lines],
            facts_digest=str(Digest.of_json(snapshot)),
            revision=str(leading.revision),
        ),
    )
    case_applied(work, leading, made)
    officers.draw_reviewer_within(work, made)
    keep_batch_decision(work, made, Occasion.APPLICATION, snapshot)
    return made


def _lines(view: View, settled: Sequence[SettledLine], active: Mapping[str, ActiveInstrument]) -> tuple[Line, ...]:
    """Return what is paid for each voucher, in the words a notice needs."""
    names = parties.firms(view, {each.firm for each in settled})
    return tuple(
        Line(
            firm=each.firm,
            firm_name=names[each.firm].name,
            subject=each.voucher,
            instrument=each.instrument,
            clause=each.clause,
            standard=_standard(active[each.instrument]),
            amount=each.amount,
            payee_digest=each.payee.digest,
            payee=each.payee,
        )
        for each in settled
    )


def batch_verdict(document: str, lines: Sequence[Line], policies: Sequence[ActiveInstrument]) -> dict[str, Json]:
    """Return what a batch is decided from: its lines, and the policy and rulings of the day for each instrument.

    The verdict on each voucher, with its facts, stands with the voucher.
    """
    return {
        "format": BATCH_FORMAT,
        "document": document,
        "lines": [line.as_json() for line in lines],
        "policies": [
            verdicts.policy_snapshot(each.document, each.instrument, each.issued_on, each.rulings, each.day)
            for each in policies
        ],
    }


def _standard(active: ActiveInstrument) -> str:
    paid = active.instrument.terms
    return f"{paid.base} × {paid.rate}" if isinstance(paid, Percent) else active.instrument.kind.value
