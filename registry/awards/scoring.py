"""Use cases of experts (专家): the register, the lots, sealed scores and their opening.

Rules stand in ``score_rules.py``; by what is scored, in the score sheet of the case's round.
"""

import os
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from registry.actors.model import Action, Role
from registry.actors.rules import require
from registry.awards import officers, records, recusal, round_rules, rounds, rules, score_rules
from registry.awards.acting import account_of, act, act_within, case_event, found_case, refuse_within
from registry.awards.model import OPEN_STATES, ActKind, Case, CaseState
from registry.awards.records import scores as score_records
from registry.awards.round_model import Round, RoundRevision, ScoreSheet
from registry.awards.score_rules import EnterExpert, Expert, GiveScores, PanelDraw, Slip
from registry.catalog import service as catalog
from registry.errors import ConflictError, Finding, NotAllowedError, NotFoundError, Obstacle, RuleError
from registry.journal import service as journal
from registry.journal.work import View, Work
from registry.messages.announcing import announce
from registry.messages.model import Topic
from registry.offices import rules as office_rules
from registry.offices import service as offices
from registry.offices.model import Bench
from registry.policy import service as policy
from registry.policy.model import Instrument
from registry.policy.rules import working_days_after
from registry.values.canonical import Json
from registry.values.identifiers import AccountId, AuthorityId, CaseId, DatasetId

SALT_BYTES: Final = 32


# The register.


def enter_expert(work: Work, command: EnterExpert) -> Expert:
    """Enter an account of the office with the role of an expert into the register; a former entry is replaced.

    Raises NotAllowedError, NotFoundError (the office has no such account), RuleError (it is no expert's account).
    """
    require(work.actor, Action.MANAGE_OFFICERS)
    office = policy.office_of(work.actor)
    found = offices.bench_within(work, office).officer(command.account)
    if found is None:
        raise NotFoundError("account_not_found", id=command.account)
    if Role.EXPERT not in found.roles:
        raise RuleError("expert_without_role", (), account=command.account)
    made = Expert(
        account=command.account,
        authority=office,
        fields=tuple(dict.fromkeys(each.strip() for each in command.fields)),
        note=command.note.strip(),
        entered_at=work.now,
        entered_by=account_of(work.actor),
    )
    entry = work.journal("awards.expert_entered", made.account, fields=list(made.fields))
    score_records.enter_expert(work.connection, made, entry)
    return made


def end_expert(work: Work, expert: AccountId) -> Expert:
    """Take an expert off the register; seats it holds are drawn anew. Raises NotAllowedError, NotFoundError."""
    require(work.actor, Action.MANAGE_OFFICERS)
    office = policy.office_of(work.actor)
    work.journal("awards.expert_ended", expert)
    if not score_records.end_expert(work.connection, office, expert, work.now):
        raise NotFoundError("expert_not_found", id=expert)
    return next(each for each in score_records.experts_of(work.connection, office) if each.account == expert)


def experts(view: View, after: AccountId | None, limit: int) -> tuple[Expert, ...]:
    """Return a page of the register of the actor's office. Raises NotAllowedError."""
    require(view.actor, Action.READ_OFFICE)
    return score_records.experts_of(view.connection, policy.office_of(view.actor), after=after, limit=limit)


# Lots.


def draw_experts(work: Work, case_id: CaseId) -> Case:
    """Draw the experts of a case by the commitment of the journal entry that says so.

    Raises:
        NotAllowedError, NotFoundError: The actor does not review this case.
        ConflictError: Experts were drawn before, it is past its check, or its round has no score sheet.
        RuleError: Too few experts may score it.
    """
    found = _checked(work, case_id)
    sheet = sheet_of(work, found)
    draws = score_records.panel_draws_of(work.connection, found.id)
    score_rules.require_undrawn(found.id, draws)
    return _drawn(work, found, draws, sheet.experts, None, "")


def replace_expert(work: Work, case_id: CaseId, expert: AccountId, reason: str) -> Case:
    """Draw somebody else in place of an expert who was recused, may not act any more, or let the days pass.

    Raises NotAllowedError, NotFoundError, ConflictError (the expert may still score), RuleError (nobody is left).
    """
    found = _checked(work, case_id)
    sheet_of(work, found)
    draws = score_records.panel_draws_of(work.connection, found.id)
    if not draws:
        raise ConflictError("experts_not_drawn", id=found.id)
    if found.scores is not None:
        raise ConflictError("scores_open_already", id=found.id)
    scored = expert in score_records.slips_of(work.connection, found.id)
    # Whoever has scored keeps the seat when merely away; a tie or a recusal takes it in any case.
    barred = expert in _barred(work, found, (expert,)) or (not scored and expert not in _able(work, found))
    score_rules.require_replaceable(found.id, draws, expert, barred=barred, scored=scored, today=work.now.civil_day())
    return _drawn(work, found, draws, 1, expert, reason.strip())


def _checked(work: Work, case_id: CaseId) -> Case:
    """Return a case that waits for its check, locked, for its reviewer."""
    found = found_case(work, case_id, Action.REVIEW_CASE, lock=True)
    officers.require_reviewer(work, found)
    rules.require_state(found, CaseState.APPLIED)
    return found


def sheet_of(view: View, case: Case) -> ScoreSheet:
    """Return by what a case is scored. Raises ConflictError where nobody scores it."""
    published = sheet_revision(rounds.round_of_case_within(view, case.id))
    if published is None or published.sheet is None:
        raise ConflictError("case_not_scored", id=case.id)
    return published.sheet


def sheet_revision(found: Round | None) -> RoundRevision | None:
    """Return the revision of a round that holds its score sheet; None where it has none."""
    return found.now if found and found.now.sheet else None


def _able(view: View, case: Case) -> dict[AccountId, Expert]:
    """Return the experts who may act in a case now: registered, present, not tied to a firm of it, not recused."""
    bench = offices.bench_within(view, case.authority)
    firms = officers.concerned(view, bench, [case])[case.id]
    free = {each.account for each in office_rules.able(bench, Role.EXPERT, firms, (), view.now)}
    without = recusal.recused_from(case) | (rules.officers_who_acted(case) - case.experts) | {case.applied_by}
    without |= officers.detected_officers(view, case.authority, firms)
    registered = score_records.experts_of(view.connection, case.authority, standing=True)
    return {each.account: each for each in registered if each.account in free - without}


def _drawn(
    work: Work, case: Case, draws: tuple[PanelDraw, ...], count: int, replaced: AccountId | None, reason: str
) -> Case:
    able = [each for account, each in _able(work, case).items() if account not in case.experts]
    standing = score_rules.in_field(able, _sector(work, case), count)
    candidates = tuple(sorted(each.account for each in standing))
    if len(candidates) < count:
        raise RuleError("experts_too_few", (), id=case.id, able=len(candidates), needed=count)
    number = len(draws) + 1
    entry = work.journal("awards.experts_drawn", case.id, number=number, count=count, replaced=replaced)
    seed = journal.lot_seed(work, entry)
    drawn = tuple(
        AccountId(each) for each in office_rules.by_lot(seed, f"experts {case.id} {number}", candidates, count)
    )
    due_on = working_days_after(work.now.civil_day(), score_rules.SCORE_WITHIN_DAYS, policy.calendar())
    by = account_of(work.actor)
    made = PanelDraw(case.id, number, seed, candidates, drawn, replaced, reason, due_on, work.now, by, entry)
    score_records.add_panel_draw(work.connection, made)
    content: dict[str, Json] = {"number": number, "drawn": list(drawn), "replaced": replaced}
    acted = act_within(work, case, ActKind.EXPERTS_DRAWN, content)
    told = case_event(Topic.EXPERTS_DRAWN, acted, due_on=due_on.isoformat())
    # The applicant never learns who scores, nor the office at large from its mail.
    announce(work, replace(told, firms=frozenset(), accounts=frozenset(drawn)))
    return acted


def _sector(view: View, case: Case) -> str:
    subject = case.lines[0].subject
    return catalog.dataset(view, subject).sector.value if isinstance(subject, DatasetId) else ""


# Scores.


def give_scores(work: Work, command: GiveScores) -> "OwnSheet":
    """Score a case one was drawn for, once; nobody sees it before an officer opens all of them.

    Raises:
        NotAllowedError: The actor is no expert, is tied to a firm of the case, or was recused from it.
        NotFoundError: The actor holds no seat in such a case.
        ConflictError: The actor has scored it, or it is past its check.
        RuleError: A criterion is missing, or has points beyond its own.
    """
    require(work.actor, Action.SCORE_CASE)
    found = case_of_expert(work, command.case, lock=True)
    expert = account_of(work.actor)
    bench = officers.require_free(work, found)
    officers.require_undetected(work, found.authority, officers.concerned(work, bench, [found])[found.id])
    rules.require_state(found, CaseState.APPLIED)
    draws = score_records.panel_draws_of(work.connection, found.id)
    if expert not in score_rules.seats(draws):
        raise NotFoundError("case_not_found", id=command.case)
    score_rules.require_marks(sheet_of(work, found), command.marks)
    salt = os.urandom(SALT_BYTES)
    commitment = score_rules.commitment_of(found.id, expert, command.marks, salt)
    entry = work.journal("awards.case_scored", found.id, slip=str(commitment))
    made = Slip(expert, command.marks, salt, commitment, work.now)
    if not score_records.add_slip(work.connection, found.id, made, entry):
        raise ConflictError("case_scored_already", id=found.id)
    return own_sheet(work, found.id)


def open_scores(work: Work, case_id: CaseId) -> Case:
    """Open the scores of a case once all are in; below the pass score it ends in an adverse decision.

    Raises NotAllowedError, NotFoundError, ConflictError (a slip is missing, an expert may not act any more, or they
    are open).
    """
    found = _checked(work, case_id)
    published = sheet_revision(rounds.round_of_case_within(work, found.id))
    sheet = sheet_of(work, found)
    if found.scores is not None:
        raise ConflictError("scores_open_already", id=found.id)
    held = score_rules.seats(score_records.panel_draws_of(work.connection, found.id))
    slips = score_records.slips_of(work.connection, found.id)
    barred = _barred(work, found, held)
    score_rules.require_complete(found.id, held, slips, len(barred))
    counted = score_rules.slips_of_seats(held, slips)
    total = score_rules.aggregate(sheet, [slip.total_hundredths for slip in counted])
    passed = total >= sheet.pass_score * score_rules.HUNDREDTHS
    content: dict[str, Json] = {
        "total_hundredths": total,
        "passed": passed,
        "aggregate": sheet.aggregate.value,
        "pass_score": sheet.pass_score,
        "sheet_revision": published.number if published else None,
        "panel": list(held),
        "slips": [str(slip.commitment) for slip in counted],
    }
    opened = act(work, found, ActKind.SCORES_OPENED, "awards.scores_opened", content)
    if passed:
        return opened
    reason = f"{score_rules.points_text(total)} < {sheet.pass_score}"
    return refuse_within(work, opened, "scores_below_pass", "RULINGS 10", reason)


def _barred(view: View, case: Case, held: tuple[AccountId, ...]) -> frozenset[AccountId]:
    """Return who of a panel does not count: recused, or with a tie to a firm of the case, declared or detected."""
    bench: Bench = offices.bench_within(view, case.authority)
    firms = officers.concerned(view, bench, [case])[case.id]
    tied = {each for each in held if office_rules.ties(bench.interests, each, firms)}
    tied |= officers.detected_officers(view, case.authority, firms)
    return frozenset(held) & (recusal.recused_from(case) | tied)


def require_scored(view: View, case: Case) -> None:
    """Raise RuleError where experts score a case and their scores are not open."""
    if sheet_revision(rounds.round_of_case_within(view, case.id)) is not None and case.scores is None:
        missing = Obstacle("scores_not_opened", "RULINGS 32", Finding.UNKNOWN, evidence=("score_sheet",))
        raise RuleError("review_incomplete", (missing,), id=case.id)


def whole_points(view: View, case: Case, instrument: Instrument) -> int | None:
    """Return the score an assessment goes by, in whole points; None where experts give none for the amount.

    Raises RuleError while the scores are not open.
    """
    if not round_rules.needs_round(instrument):
        return None
    require_scored(view, case)
    # A case of before there were rounds has neither sheet nor scores: its officer says the score as ever.
    return case.scores.total_hundredths // score_rules.HUNDREDTHS if case.scores else None


# Queries.


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat of a panel: who holds it, until when it was to score, and the slip where the reader may see it."""

    expert: AccountId
    due_on: date
    given: bool
    slip: Slip | None


@dataclass(frozen=True, slots=True)
class CaseScores:
    """Where the scoring of a case stands, as its reader may see it: a firm sees neither experts nor slips."""

    case: Case
    round: Round
    sheet: ScoreSheet
    seats: tuple[Seat, ...]
    draws: tuple[PanelDraw, ...]
    given: int
    needed: int


@dataclass(frozen=True, slots=True)
class OwnSheet:
    """A case as an expert of it sees it: what it is about, by what it is scored, and one's own slip."""

    case: Case
    dataset: str
    round: Round
    sheet: ScoreSheet
    due_on: date
    slip: Slip | None
    waits: bool


def scores(view: View, case_id: CaseId) -> CaseScores:
    """Return where the scoring of a case stands; slips only once they are open.

    Raises NotAllowedError, NotFoundError, ConflictError (nobody scores it).
    """
    found = found_case(view, case_id, Action.READ_CASE)
    entered = rounds.round_of_case_within(view, found.id)
    sheet = sheet_of(view, found)
    if entered is None:
        raise AssertionError("a score sheet without round")
    draws = score_records.panel_draws_of(view.connection, found.id)
    held = score_rules.seats(draws)
    slips = score_records.slips_of(view.connection, found.id)
    opened = found.scores is not None
    firm = view.actor.firm
    of_office = firm is None
    seats = tuple(
        Seat(each, score_rules.due_of(draws, each), each in slips, slips.get(each) if opened else None) for each in held
    )
    given = len(score_rules.slips_of_seats(held, slips))
    shown = found if firm is None else found.shown_to(firm)
    return CaseScores(
        shown, entered, sheet, seats if of_office else (), draws if of_office else (), given, len(held) or sheet.experts
    )


def own_sheet(view: View, case_id: CaseId) -> OwnSheet:
    """Return a case the actor was drawn for, with the actor's own slip. Raises NotAllowedError, NotFoundError."""
    require(view.actor, Action.SCORE_CASE)
    return _own(view, case_of_expert(view, case_id))


def own_sheets(view: View, after: CaseId | None, limit: int) -> tuple[OwnSheet, ...]:
    """Return a page of the cases the actor was drawn for, the newest first. Raises NotAllowedError."""
    require(view.actor, Action.SCORE_CASE)
    expert = account_of(view.actor)
    ids = score_records.cases_of_expert(view.connection, expert, after, limit)
    return tuple(_own(view, each) for each in records.cases_named(view.connection, ids))


def case_of_expert(view: View, case_id: CaseId, *, lock: bool = False) -> Case:
    """Return a case of the actor's office for which the actor was drawn; to others it does not exist."""
    office: AuthorityId | None = view.actor.authority
    found = records.case_of(view.connection, case_id, lock=lock)
    if found is None or found.authority != office or view.actor.account not in found.experts:
        raise NotFoundError("case_not_found", id=case_id)
    return found


def _own(view: View, case: Case) -> OwnSheet:
    expert = account_of(view.actor)
    entered = rounds.round_of_case_within(view, case.id)
    if entered is None:
        raise NotAllowedError("not_yours")
    draws = score_records.panel_draws_of(view.connection, case.id)
    slip = score_records.slips_of(view.connection, case.id).get(expert)
    subject = case.lines[0].subject
    name = str(catalog.dataset(view, subject).name) if isinstance(subject, DatasetId) else ""
    seated = expert in score_rules.seats(draws) and expert not in recusal.recused_from(case)
    waits = seated and slip is None and case.state in OPEN_STATES
    return OwnSheet(case, name, entered, sheet_of(view, case), score_rules.due_of(draws, expert), slip, waits)
