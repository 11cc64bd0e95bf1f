"""A refusal is served, and what an annulment of it does to the case: others decide it anew (RULINGS 34).

Which remedy annulled it, and by what decision, stands in the room of what comes after (``aftercare``).
"""

from collections.abc import Mapping

from registry.actors.model import Action
from registry.awards import officers, records, recusal, rules
from registry.awards.acting import act, act_within, case_event, found_case, vouchers_of
from registry.awards.model import ActKind, Case, CaseKind, CaseState
from registry.errors import ConflictError, RuleError
from registry.journal.work import Work
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.offices import service as offices
from registry.values.canonical import Json
from registry.values.identifiers import CaseId, DatasetId
from registry.vouchers import service as vouchers


def serve_refusal(work: Work, case_id: CaseId, service: Mapping[str, Json]) -> Case:
    """Record that a refusal was served: ``service`` says on which day, in which way, and the digest of the proof.

    Raises:
        NotAllowedError, NotFoundError: The actor reviews no cases of this authority.
        ConflictError: The case is not refused, or its refusal was served before.
        RuleError: It cannot have been served on that day.
    """
    found = found_case(work, case_id, Action.REVIEW_CASE, lock=True)
    officers.require_free(work, found)
    rules.require_state(found, CaseState.REFUSED)
    if found.refusal is None:
        raise AssertionError("a refused case without refusal")
    if found.refusal.served_on is not None:
        raise ConflictError("decision_served_already", id=found.id)
    first, today = found.refusal.decided_at.civil_day().isoformat(), work.now.civil_day().isoformat()
    if not first <= str(service["served_on"]) <= today:
        raise RuleError("served_on_out_of_range", (), served_on=str(service["served_on"]), first=first, last=today)
    served = act(work, found, ActKind.REFUSAL_SERVED, "awards.refusal_served", dict(service))
    announce(work, case_event(Topic.CASE_REFUSAL_SERVED, served, served_on=service["served_on"]))
    return served


def reopening(work: Work, case: Case) -> dict[str, Json] | None:
    """Return what an annulment writes into a refused case, before its journal entry is made.

    None: the vouchers of the batch are decided anew in another batch already. Raises ConflictError: the case is not
    refused, or another case has taken its place.
    """
    rules.require_state(case, CaseState.REFUSED)
    rules.require_move(case, CaseState.APPLIED)
    if case.kind is CaseKind.VOUCHER_BATCH and not vouchers.may_settle_within(work, vouchers_of(case)):
        return None
    for line in case.lines:
        if case.kind is CaseKind.AWARD and isinstance(line.subject, DatasetId):
            records.lock_awards(work.connection, line.subject)
            # A new application has no row to lock before it commits.
            records.lock_place(work.connection, line.subject)
            other = records.other_award(work.connection, case.authority, case.instrument, line.subject, case.id)
            if other is not None:
                raise ConflictError("award_case_stands", instrument=case.instrument)
    return {"voids": list(recusal.voided_by_annulment(case))}


def reopen_within(work: Work, case: Case, content: Mapping[str, Json]) -> Case:
    """Bring a refused case back to where it is decided anew, and draw a reviewer who is new to it.

    ``content`` is that of :func:`reopening`, with what the caller has journaled beside it. A batch settles its vouchers
    again.
    """
    if case.kind is CaseKind.VOUCHER_BATCH:
        vouchers.settle_within(work, vouchers_of(case), case.id)
    reopened = act_within(work, case, ActKind.REOPENED, content, CaseState.APPLIED)
    bench = offices.bench_within(work, case.authority)
    before = officers.newest_draw(work, case.id)
    firms = officers.concerned(work, bench, [reopened])[case.id]
    barred = recusal.recused_from(reopened) | officers.detected_officers(work, reopened.authority, firms)
    if work.entry is None:
        raise AssertionError("an annulment without journal entry")
    offices.draw_reviewer_within(
        work,
        case.authority,
        case.id,
        firms,
        reason="reopened",
        number=(before.number if before else 0) + 1,
        barred=barred | ({case.applied_by} if case.applicant is not None else set()),
        entry=work.entry,
    )
    announce(work, case_event(Topic.CASE_REOPENED, reopened))
    return reopened
