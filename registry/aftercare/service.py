"""Use cases after a payment: draw a sample of paid cases, state what was found, read both.

Recoveries stand in ``recoveries.py``, their money in ``collecting.py``, remedies in ``remedies.py``, answers to reviews
in ``reviews.py``, what an office still has to do in ``dues.py``.
"""

from dataclasses import replace

from registry.actors.model import Action
from registry.aftercare import records, rules
from registry.aftercare.model import DrawSample, RecordFinding, Sample, SampleFinding, asked_json
from registry.aftercare.recovery_model import Recovery
from registry.aftercare.remedy_model import Remedy
from registry.awards.acting import account_of, found_case
from registry.errors import ConflictError, NotFoundError
from registry.journal import service as journal
from registry.journal.work import View, Work
from registry.offices.service import require_office
from registry.values.identifiers import CaseId, SampleId


def draw_sample(work: Work, command: DrawSample) -> Sample:
    """Draw cases that were paid in a period, by the commitment of the entry that names the population.

    Raises:
        NotAllowedError: The actor audits nothing.
        RuleError: ``sample_of_nothing``: no case was paid in these days.
    """
    office = require_office(work.actor, Action.AUDIT)
    population = records.cases_paid(work.connection, office, command.first, command.last)
    sample = SampleId.new()
    entry = work.journal("aftercare.sample_drawn", sample, **asked_json(command, population))
    seed = journal.lot_seed(work, entry)
    made = Sample(
        id=sample,
        authority=office,
        first=command.first,
        last=command.last,
        share_bp=command.share_bp,
        least=command.least,
        reason=command.reason.strip(),
        population=population,
        drawn=rules.drawn_cases(seed, command, population),
        seed=seed,
        drawn_by=account_of(work.actor),
        drawn_at=work.now,
        entry=entry,
    )
    records.add_sample(work.connection, made)
    return made


def record_finding(work: Work, command: RecordFinding) -> Sample:
    """State what was found in a case of a sample, once.

    Raises:
        NotFoundError: There is no such sample in the office, or the case was not drawn in it.
        ConflictError: The case has its finding.
        NotAllowedError: The actor audits nothing, or acted in the case.
    """
    office = require_office(work.actor, Action.AUDIT)
    sample = _sample(work, command.sample)
    if command.case not in sample.drawn:
        raise NotFoundError("case_not_in_sample", id=command.case, sample=sample.id)
    case = found_case(work, command.case, Action.AUDIT)
    rules.require_finding(sample, case, account_of(work.actor), command)
    made = SampleFinding(case.id, command.in_order, command.text.strip(), account_of(work.actor), work.now)
    entry = work.journal(
        "aftercare.finding_recorded", sample.id, case=case.id, in_order=made.in_order, text=made.text, office=office
    )
    if not records.add_finding(work.connection, sample.id, made, entry):
        raise ConflictError("sample_finding_stated", id=case.id, sample=sample.id)
    return replace(sample, findings=(*sample.findings, made))


def samples(view: View, after: SampleId | None, limit: int) -> tuple[Sample, ...]:
    """Return a page of the samples of the actor's office, the newest first. Raises NotAllowedError."""
    return records.samples_of(view.connection, require_office(view.actor, Action.READ_OFFICE), page=(after, limit))


def sample(view: View, sample_id: SampleId) -> Sample:
    """Return a sample of the actor's office. Raises NotAllowedError, NotFoundError."""
    require_office(view.actor, Action.READ_OFFICE)
    return _sample(view, sample_id)


def _sample(view: View, sample_id: SampleId) -> Sample:
    office = view.actor.authority
    found = records.samples_of(view.connection, office, sample_id) if office else ()
    if not found:
        raise NotFoundError("sample_not_found", id=sample_id)
    return found[0]


def remedy_open(view: View, case: CaseId) -> bool:
    """Say whether a remedy is open against the refusal of a case or a recovery of its money.

    While one is, the papers of the case are held; who may ask is for the caller.
    """
    return records.is_open_on_case(view.connection, case)


def after_case(view: View, case: CaseId) -> tuple[tuple[Recovery, ...], tuple[Remedy, ...]]:
    """Return the recoveries of a case and the remedies in it, the oldest first; who may ask is for the caller."""
    return records.recoveries_of_case(view.connection, case), records.remedies_of_case(view.connection, case)
