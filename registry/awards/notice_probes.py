"""Use cases of the probe: what it is to look at, what it saw, and what an office and the firms of a case read."""

from dataclasses import dataclass

from registry.actors.model import Action
from registry.actors.rules import require
from registry.awards import records, rules
from registry.awards.acting import account_of, found_case
from registry.awards.model import Case, CaseState
from registry.awards.probe_model import Probe, ProbeGiven, ProbeTerm, SetProbeTerm
from registry.awards.probing import is_late, notice_end, probe_refusal, sighting_of
from registry.errors import ConflictError, RuleError
from registry.journal.work import View, Work
from registry.policy import service as policy
from registry.values.canonical import Json
from registry.values.identifiers import CaseId
from registry.values.moment import Moment

CASES_LOOKED_THROUGH_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one probe that was stated; ``refused`` is the reason code where it was not recorded."""

    given: ProbeGiven
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class NoticeRecord:
    """What the probe saw of a case's notice, and what that comes to now."""

    case: Case
    ends_at: Moment
    probes: tuple[Probe, ...]


def set_probe_term(work: Work, command: SetProbeTerm) -> ProbeTerm:
    """Have the notices of the actor's office probed, or no more; it acts for notices that are posted from now on.

    Raises:
        NotAllowedError: The actor enters no rulings.
        RuleError: It was decided in the future.
        ConflictError: The number is taken.
    """
    require(work.actor, Action.ENTER_RULING)
    office = policy.office_of(work.actor)
    if command.decided_on > work.now.civil_day():
        raise RuleError("term_decided_later", (), decided_on=str(command.decided_on))
    made = ProbeTerm(
        number=command.number.strip(),
        limit_hours=command.limit_hours,
        organ=command.organ.strip(),
        decided_on=command.decided_on,
        text=command.text.strip(),
        set_at=work.now,
        set_by=account_of(work.actor),
    )
    entry = work.journal(
        "awards.probe_term_set",
        office,
        number=made.number,
        limit_hours=made.limit_hours,
        organ=made.organ,
        decided_on=made.decided_on.isoformat(),
        text=made.text,
    )
    if not records.add_probe_term(work.connection, office, made, entry):
        raise ConflictError("probe_term_number_taken", number=made.number)
    return made


def probe_terms(view: View) -> tuple[ProbeTerm, ...]:
    """Return the terms of the actor's office as they were set; none: it has no probe. Raises NotAllowedError."""
    require(view.actor, Action.READ_OFFICE)
    office = policy.office_of(view.actor)
    return records.probe_terms_of(view.connection, (office,))[office]


def probed_notices(view: View, after: CaseId | None, limit: int) -> tuple[Case, ...]:
    """Return the cases of the probe's office whose notice is to be looked at now, by id. Raises NotAllowedError."""
    require(view.actor, Action.PROBE_NOTICE)
    office = policy.office_of(view.actor)
    # After a recusal the review is done again while the notice stands before the public.
    noticed = (CaseState.REVIEWED, CaseState.APPLIED)
    found = records.cases_in(view.connection, office, noticed, CASES_LOOKED_THROUGH_MAX)
    running = [each for each in found if each.notice and each.notice.watch and rules.notice_runs(each, view.now)]
    wanted = sorted((each for each in running if after is None or each.id > after), key=lambda each: each.id)
    return tuple(wanted[:limit])


def record_probes(work: Work, given: tuple[ProbeGiven, ...]) -> tuple[Recorded, ...]:
    """Write what a probe saw, each once; one that may not be recorded does not hold the others up.

    A probe that is there already is taken as it is when it says the same, and refused when it says anything else.

    Raises NotAllowedError.
    """
    require(work.actor, Action.PROBE_NOTICE)
    office = policy.office_of(work.actor)
    unique = {(each.case, each.probed_at): each for each in given}
    cases: dict[CaseId, Case | None] = {}
    for wanted in sorted({each.case for each in unique.values()}):
        found = records.case_of(work.connection, wanted)
        cases[wanted] = found if found and found.authority == office else None
    # Two probes, or one that sends again while its first sending still runs, may name the same instant.
    records.lock_probes(work.connection, office)
    kept = records.probes_at(work.connection, unique.keys())
    outcomes: list[Recorded] = []
    made: list[Probe] = []
    for key, each in unique.items():
        case = cases[each.case]
        refused = "case_not_found" if case is None else probe_refusal(case, each, work.now)
        if case is None or case.notice is None or refused:
            outcomes.append(Recorded(each, refused))
            continue
        sighting = sighting_of(case.notice, each)
        if before := kept.get(key):
            same = (before.status, before.page, before.sighting) == (each.status, each.page, sighting)
            outcomes.append(Recorded(each, None if same else "probe_recorded_differently"))
            continue
        late = is_late(each, work.now)
        me = account_of(work.actor)
        made.append(Probe(each.case, each.probed_at, each.status, each.page, sighting, late, work.now, me))
        outcomes.append(Recorded(each))
    stated: list[Json] = [probe_json(each) for each in made]
    entry = work.journal("awards.notices_probed", office, probes=stated)
    records.add_probes(work.connection, made, entry)
    return tuple(outcomes)


def notice_record(view: View, case_id: CaseId, after: Moment | None, limit: int) -> NoticeRecord:
    """Return what was seen of a case's notice, the earliest first; for whoever reads the case.

    Raises NotFoundError, NotAllowedError, ConflictError (``notice_not_posted``).
    """
    case = found_case(view, case_id, Action.READ_CASE)
    if case.notice is None:
        raise ConflictError("notice_not_posted", id=case_id)
    found = records.probes_page(view.connection, case_id, after, limit)
    return NoticeRecord(case, notice_end(case.notice, view.now), found)


def probe_json(probe: Probe) -> dict[str, Json]:
    """Return a probe as journal and dossier hold it."""
    return {
        "case": str(probe.case),
        "probed_at": str(probe.probed_at),
        "status": probe.status,
        "page": str(probe.page) if probe.page else None,
        "sighting": probe.sighting.value,
        "late": probe.late,
        "recorded_at": str(probe.recorded_at),
    }
