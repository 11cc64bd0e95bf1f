"""Use cases of cases: check, apply, withdraw; read cases and public notices.

Review, notice, signatures and objections stand in ``procedure.py``, payments in ``payments.py``, batches in
``batches.py``.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from registry.actors.model import Action, Resource, Role, Scope
from registry.actors.rules import require
from registry.awards import assessment, lines, officers, records, rounds, rules, shares, splitting, verdicts
from registry.awards.acting import account_of, found_case, vouchers_of
from registry.awards.award_model import AwardVerdict
from registry.awards.commands import ApplyForAward, WithdrawCase
from registry.awards.model import ActKind, Case, CaseKind, CaseState, Decision, Line, Occasion
from registry.awards.parting import act_on
from registry.awards.records import persons as personal
from registry.catalog import service as catalog
from registry.errors import ConflictError, NotFoundError, Obstacle, RuleError
from registry.journal.work import View, Work
from registry.parties import ends
from registry.parties import service as parties
from registry.parties.model import Firm
from registry.policy.activation import ActiveInstrument
from registry.policy.kinds import Fixed
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, CaseId, DatasetId, FirmId, VoucherId
from registry.values.moment import Moment
from registry.values.names import PublicName
from registry.vouchers import payee
from registry.vouchers import service as vouchers
from registry.vouchers.payee import PayeeGiven

NOTICE_LOOKED_BACK: Final = timedelta(days=120)
"""A notice runs at most 90 days and the rest week behind them."""


def check_award(
    view: View,
    instrument: str,
    name: PublicName,
    authority: AuthorityId | None = None,
    as_of: Moment | None = None,
    joint_makers: Mapping[FirmId, int] = MappingProxyType({}),
) -> AwardVerdict:
    """Return what an application for a dataset would come to today; for its publisher and for officers.

    With ``as_of`` the verdict of that instant is made again, from what was recorded by then; with ``joint_makers``, the
    shares of all makers in basis points, it is that of an application they file together.

    Raises:
        InvalidValueError: ``as_of`` lies ahead, or the shares make no whole.
        NotAllowedError: The dataset is another firm's.
        NotFoundError: There is no such dataset or instrument, or nobody has loaded its policy.
        RuleError: The instrument is not in force, or needs a published round; the publisher is none of the makers.
    """
    shares.require_split(joint_makers)
    dataset = catalog.dataset(view, name)
    office = assessment.authority_of(view, instrument, authority)
    asked = Resource(firms=frozenset({dataset.publisher}), authority=office, dataset=dataset.id)
    require(view.actor, Action.READ_CASE, asked)
    seen = view.as_of(as_of)
    active = assessment.deciding_policy(seen, office, instrument, seen.now.civil_day())
    if joint_makers and dataset.publisher not in joint_makers:
        alone = (Obstacle("grant_split_without_applicant", "RULINGS 2"),)
        raise RuleError("not_eligible", alone, instrument=active.instrument.id, dataset=str(dataset.name))
    makers = frozenset(joint_makers)
    return assessment.assess(seen, active, dataset, dataset.publisher, makers=makers, again=as_of is not None)


def apply(work: Work, secret: bytes, command: ApplyForAward, authority: AuthorityId | None = None) -> Case:
    """Apply for an award for a dataset of one's own.

    Raises:
        NotAllowedError: The dataset is another firm's, or the actor may not apply.
        RuleError: ``not_eligible`` with every obstacle at once, a maker has ended, or no round is open.
        ConflictError: Another case on this lineage stands.
    """
    dataset = catalog.dataset(work, command.dataset)
    office = assessment.authority_of(work, command.instrument, authority)
    own = Resource(firms=frozenset({dataset.publisher}), authority=office, dataset=dataset.id)
    require(work.actor, Action.APPLY_FOR_AWARD, own)
    active = assessment.deciding_policy(work, office, command.instrument, work.now.civil_day())
    names = {each: parties.firm(work, each).name for each in {dataset.publisher, *command.joint_makers}}
    for each in names:
        ends.require_standing(work, office, each)
    verdict = assessment.assess(work, active, dataset, dataset.publisher, makers=frozenset(command.joint_makers))
    entered = rounds.enter_within(work, active)
    firm = parties.firm(work, dataset.publisher)
    if found := (*verdict.obstacles, *_form_obstacles(command, firm)):
        raise RuleError("not_eligible", found, instrument=command.instrument, dataset=str(dataset.name))
    case_id = CaseId.new()
    sealed, shown = payee.seal(secret, case_id, command.payee)
    clause, standard = active.instrument.clause, _standard(active)
    whole = Line(firm.id, firm.name, dataset.id, active.instrument.id, clause, standard, verdict.amount)
    shared = shares.share_out(whole, names, command.joint_makers)
    made = case_applied(
        work,
        active,
        Case(
            id=case_id,
            authority=office,
            kind=CaseKind.AWARD,
            document=active.document.revision.document,
            instrument=active.instrument.id,
            state=CaseState.APPLIED,
            applicant=firm.id,
            applied_by=account_of(work.actor),
            applied_at=work.now,
            lines=shared,
            revision=verdict.revision,
            facts=verdict.facts_digest,
            sign_off_levels=levels_of(active),
            notice_days=notice_days_of(active),
            payee=shown,
            entry=work.journal(
                "awards.case_applied",
                case_id,
                instrument=active.instrument.id,
                lines=[line.as_json() for line in shared],
                payee_digest=str(shown.digest),
                facts_digest=str(verdict.facts_digest),
                revision=str(verdict.revision),
            ),
        ),
    )
    rounds.remember_within(work, case_id, entered)
    officers.draw_reviewer_within(work, made)
    records.add_payee(work.connection, case_id, shown, sealed)
    keep_decision(work, made, Occasion.APPLICATION, verdict)
    return made


def case_applied(work: Work, active: ActiveInstrument, made: Case) -> Case:
    """Write a new case, before its reviewer is drawn. Raises ConflictError when another on the lineage stands."""
    datasets = [line.subject for line in made.lines if isinstance(line.subject, DatasetId)]
    if not records.add_case(work.connection, made, datasets[0] if datasets and made.kind is CaseKind.AWARD else None):
        raise ConflictError("award_case_stands", instrument=active.instrument.id)
    made = replace(made, lines=lines.numbered(made.lines))
    made = replace(made, split=shares.split_of(made.lines, made.applicant))
    splitting.ask_makers_within(work, made)
    return made


def keep_decision(work: Work, case: Case, occasion: Occasion, verdict: AwardVerdict) -> None:
    """Store what was decided and everything it was decided from."""
    decision = Decision(occasion, work.now, verdict.revision, verdict.facts, verdict.facts_digest)
    records.add_decision(work.connection, case.id, decision, verdicts.verdict_json(verdict))


def keep_batch_decision(work: Work, case: Case, occasion: Occasion, snapshot: dict[str, Json]) -> None:
    """Store what a batch was decided from; its amount follows from its lines."""
    decision = Decision(occasion, work.now, case.revision, snapshot, Digest.of_json(snapshot))
    verdict: dict[str, Json] = {
        "eligible": True,
        "amount_fen": case.amount.fen,
        "lines": str(case.lines_digest),
        "facts_digest": str(decision.facts_digest),
    }
    records.add_decision(work.connection, case.id, decision, verdict)


def levels_of(active: ActiveInstrument) -> tuple[str, ...]:
    """Return the ranks that sign, by the ruling or the document."""
    stated = tuple(level.code for level in active.document.procedure.sign_off)
    return verdicts.codes(
        verdicts.value_named(active.instrument, "sign-off-levels", active.rulings, active.day), stated
    )


def notice_days_of(active: ActiveInstrument) -> int:
    """Return how many days a notice runs, by the ruling or the document."""
    days = active.document.procedure.notice_days
    return verdicts.whole(verdicts.value_named(active.instrument, "notice-days", active.rulings, active.day), days)


def _form_obstacles(command: ApplyForAward, firm: Firm) -> tuple[Obstacle, ...]:
    found = []
    if not command.undertaking:
        found.append(Obstacle("undertaking_missing", "S0 附件3", evidence=("undertaking",)))
    if command.joint_makers and firm.id not in command.joint_makers:
        found.append(Obstacle("grant_split_without_applicant", "RULINGS 2"))
    return (*found, *payee.name_obstacles(command.payee, firm.name))


def _standard(active: ActiveInstrument) -> str:
    """Return the standard of the award (补贴标准) as the notice lists it."""
    paid = active.instrument.terms
    if not isinstance(paid, Fixed):
        raise RuleError(
            "instrument_needs_round", (), instrument=active.instrument.id, kind=active.instrument.kind.value
        )
    return "; ".join(f"{paid.measure} ≥ {tier.interval.first}: {tier.amount}" for tier in paid.tiers)


def withdraw(work: Work, command: WithdrawCase) -> Case:
    """Withdraw an application of one's own, or one's lines of a batch, before it is instructed.

    The lines of others in a batch go on; vouchers of one's own are redeemed as before, and wait for another batch.

    Raises NotFoundError, ConflictError.
    """
    found = found_case(work, command.case, Action.APPLY_FOR_AWARD, lock=True)
    rules.require_move(found, CaseState.WITHDRAWN)
    batch = found.kind is CaseKind.VOUCHER_BATCH
    if not batch and found.applicant != work.actor.firm:
        raise NotFoundError("case_not_found", id=command.case)
    own = [line.number for line in found.lines if not batch or line.firm == work.actor.firm]
    content: dict[str, Json] = {"reason": command.reason.strip()}
    to = CaseState.WITHDRAWN
    made = act_on(work, found, own, ActKind.WITHDRAWN, "awards.case_withdrawn", content, to, leaving=True)
    if batch:
        vouchers.unsettle_within(work, vouchers_of(made), made.authority)
    return made


# Queries.


def case(view: View, case_id: CaseId) -> Case:
    """Return a case of the actor's authority or firm; a firm sees its own lines. Raises NotFoundError."""
    return _as_seen(view, found_case(view, case_id, Action.READ_CASE))


def cases(view: View, after: tuple[Moment, CaseId] | None, limit: int) -> tuple[Case, ...]:
    """Return the cases of the actor's authority or firm, the newest first."""
    require(view.actor, Action.READ_CASE)
    actor, shown = view.actor, list[Case]()
    while True:
        found = records.cases_page(
            view.connection, authority=actor.authority, firm=actor.firm, after=after, limit=limit
        )
        # A batch that a firm's lines have left is not its case any more.
        shown += [each for each in found if actor.firm is None or actor.firm in each.firms]
        if len(found) < limit or len(shown) >= limit:
            return tuple(_as_seen(view, each) for each in shown[:limit])
        after = (found[-1].applied_at, found[-1].id)


def _as_seen(view: View, found: Case) -> Case:
    """Return a case without what belongs to other firms; its digests stay those of the whole."""
    if view.actor.firm is None:
        return found
    return found.shown_to(view.actor.firm)


def payee_for_finance(view: View, secret: bytes, found: Case) -> PayeeGiven | None:
    """Return the whole account of a case to finance of its authority, None to everyone else (RULINGS 28)."""
    if not _is_its_finance(view, found):
        return None
    sealed = records.sealed_payee(view.connection, found.id) or personal.payee_of(view.connection, found.id)
    if sealed is None or found.payee is None:
        return None
    return payee.opened(secret, found.id, sealed, found.payee.digest)


def line_payees_for_finance(view: View, secret: bytes, found: Case) -> dict[int, PayeeGiven]:
    """Return the whole accounts of lines that have their own to finance of its authority, none to everyone else.

    These are the lines of a batch and those of joint makers, by their numbers (RULINGS 28).

    Raises:
        CorruptContentError: An account is not the one that was frozen with its line.
    """
    if not _is_its_finance(view, found):
        return {}
    frozen = {
        line.subject: line.payee_digest
        for line in found.lines
        if isinstance(line.subject, VoucherId) and line.payee_digest is not None
    }
    opened = vouchers.payees_opened_within(view, secret, frozen)
    made = {line.number: opened[line.subject] for line in found.lines if isinstance(line.subject, VoucherId)}
    sealed = records.sealed_share_payees(view.connection, found.id) if found.split else {}
    for line in found.lines:
        if line.share_bp is not None and line.payee_digest is not None:
            made[line.number] = payee.opened(secret, found.id, sealed[line.payee_digest], line.payee_digest)
    return made


def _is_its_finance(view: View, found: Case) -> bool:
    actor = view.actor
    return actor.authority == found.authority and Role.PAYER in actor.roles and Scope.PAY in actor.scopes


def notices(view: View, limit: int) -> tuple[Case, ...]:
    """Return the lines whose notice runs, by case, for anyone; nothing of persons or accounts is shown of them."""
    since = view.now.plus(-NOTICE_LOOKED_BACK)
    found = [(each, lines.running(each, view.now)) for each in records.noticed_cases(view.connection, since, limit)]
    return tuple(
        replace(lines.only(each, {line.number for line in shown}), whole_digest=each.lines_digest)
        for each, shown in found
        if shown
    )


def decisions(view: View, case_id: CaseId) -> tuple[Decision, ...]:
    """Return what a case was decided from, in order. Raises NotFoundError."""
    found = found_case(view, case_id, Action.READ_CASE)
    return tuple(decision for decision, _ in records.decisions_of(view.connection, found.id))


def replay(view: View, case_id: CaseId) -> AwardVerdict:
    """Return the verdict of an application again, from its stored snapshot alone.

    Raises:
        NotFoundError: There is no such case, or it is no award.
        CorruptContentError: What follows from the snapshot is not what was decided.
    """
    found = found_case(view, case_id, Action.READ_CASE)
    for decision, kept in records.decisions_of(view.connection, found.id):
        if decision.occasion is Occasion.APPLICATION and found.kind is CaseKind.AWARD:
            verdict = verdicts.verdict_of(decision.facts)
            verdicts.require_same(verdict, kept, decision.facts_digest, found.id)
            return verdict
    raise NotFoundError("case_not_found", id=case_id)
