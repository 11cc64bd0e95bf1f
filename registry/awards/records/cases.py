"""Cases written and read: with their lines, their acts and where they pay to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Table,
    exists,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.awards.history import with_acts
from registry.awards.lines import numbered, origins
from registry.awards.model import (
    OPEN_STATES,
    Act,
    ActKind,
    Case,
    CaseKind,
    CaseState,
    Decision,
    Line,
    Occasion,
)
from registry.awards.probing import watched
from registry.awards.records.probes import probe_terms_of, sightings_that_matter
from registry.awards.records.tables import acts, cases, decision_numbers, decisions, lines, payees, share_payees
from registry.parties.person_model import ERASED_NAME
from registry.parties.records.persons import masked_names
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, CaseId, DatasetId, EntryId, FirmId, VoucherId
from registry.values.moment import Moment
from registry.vouchers.payee import HIDDEN_NUMBER, Payee
from storage.database import Connection, metadata


def add_case(connection: Connection, made: Case, dataset: DatasetId | None) -> bool:
    """Write a case with its lines; False when another case on the lineage stands."""
    written = connection.execute(
        insert_or(cases)
        .values(
            id=made.id,
            authority_id=made.authority,
            kind=made.kind.value,
            document=made.document,
            instrument=made.instrument,
            dataset_id=dataset,
            state=made.state.value,
            applicant=made.applicant,
            applied_by=made.applied_by,
            applied_at=made.applied_at,
            revision=made.revision,
            facts_digest=made.facts,
            sign_off_levels=list(made.sign_off_levels),
            notice_days=made.notice_days,
            entry_id=made.entry,
        )
        .on_conflict_do_nothing()
        .returning(cases.c.id)
    )
    if written.scalar() is None:
        return False
    connection.execute(
        insert(lines),
        [
            {
                "case_id": made.id,
                "number": line.number,
                "firm": line.firm,
                "firm_name": None if line.person else line.firm_name,
                "dataset_id": line.subject if isinstance(line.subject, DatasetId) else None,
                "voucher_id": line.subject if isinstance(line.subject, VoucherId) else None,
                "subject_digest": line.subject if isinstance(line.subject, Digest) else None,
                "instrument": line.instrument,
                "clause": line.clause,
                "standard": line.standard,
                "amount_fen": line.amount,
                "payee_bank": line.payee.bank if line.payee else None,
                "payee_masked_number": line.payee.masked_number if line.payee else None,
                "payee_digest": line.payee_digest,
                "share_bp": line.share_bp,
            }
            for line in numbered(made.lines)
        ],
    )
    return True


def copy_case(
    connection: Connection, case: Case, into: CaseId, numbers: Collection[int], entry: EntryId | None
) -> None:
    """Write a case that these lines of ``case`` stand in from now on, with what was decided and done until then.

    The caller holds the lock of the case; ``entry`` is the journal entry of what parts them.
    """
    theirs: list[tuple[Table, ColumnElement[bool]]] = [
        (cases, cases.c.id == case.id),
        (lines, (lines.c.case_id == case.id) & lines.c.number.in_(numbers)),
        (acts, (acts.c.case_id == case.id) & (acts.c.number <= len(case.acts))),
        (decisions, decisions.c.case_id == case.id),
    ]
    for table, chosen in theirs:
        changed = {"id": into, "entry_id": entry} if table is cases else {"case_id": into}
        columns = [
            literal(changed[column.name], column.type).label(column.name) if column.name in changed else column
            for column in table.c
        ]
        connection.execute(
            insert(table).from_select([column.name for column in table.c], select(*columns).where(chosen))
        )


def add_payee(connection: Connection, case: CaseId, payee: Payee, sealed: bytes | None) -> None:
    """Write where a case pays to; it is frozen with the case. Without ``sealed`` only its digest is written."""
    shown = {"account_name": payee.account_name, "bank": payee.bank, "masked_number": payee.masked_number}
    connection.execute(
        insert(payees).values(case_id=case, digest=payee.digest, sealed=sealed, **(shown if sealed else {}))
    )


def sealed_payee(connection: Connection, case: CaseId) -> bytes | None:
    """Return the sealed account of a case."""
    found = connection.execute(select(payees.c.sealed).where(payees.c.case_id == case)).scalar()
    return None if found is None else bytes(found)


def add_share_payee(connection: Connection, case: CaseId, payee: Payee, sealed: bytes) -> None:
    """Write the account a joint maker stated with its signature."""
    connection.execute(
        insert(share_payees).values(
            case_id=case,
            digest=payee.digest,
            account_name=payee.account_name,
            bank=payee.bank,
            masked_number=payee.masked_number,
            sealed=sealed,
        )
    )


def sealed_share_payees(connection: Connection, case: CaseId) -> dict[Digest, bytes]:
    """Return the sealed accounts joint makers stated in a case, by their digests."""
    query = select(share_payees.c.digest, share_payees.c.sealed).where(share_payees.c.case_id == case)
    return {row.digest: bytes(row.sealed) for row in connection.execute(query)}


def add_decision(connection: Connection, case: CaseId, decision: Decision, verdict: Mapping[str, Json]) -> None:
    """Write what a decision was taken from."""
    connection.execute(
        insert(decisions).values(
            case_id=case,
            occasion=decision.occasion.value,
            number=select(func.count() + 1)
            .where(decisions.c.case_id == case, decisions.c.occasion == decision.occasion.value)
            .scalar_subquery(),
            decided_at=decision.decided_at,
            revision=decision.revision,
            facts=decision.facts,
            facts_digest=decision.facts_digest,
            verdict=verdict,
        )
    )


def decisions_of(connection: Connection, case: CaseId) -> tuple[tuple[Decision, Mapping[str, Any]], ...]:
    """Return the decisions on a case with their verdicts, in the order they were taken."""
    # Of one instant the names of the occasions are in their order: application, assessment, contest, payment.
    ordered = (decisions.c.decided_at, decisions.c.occasion, decisions.c.number)
    rows = connection.execute(select(decisions).where(decisions.c.case_id == case).order_by(*ordered))
    return tuple(
        (Decision(Occasion(row.occasion), row.decided_at, row.revision, row.facts, row.facts_digest), row.verdict)
        for row in rows
    )


def add_act(connection: Connection, case: Case, act: Act, state: CaseState) -> None:
    """Write an act and the state it leaves the case in. The caller holds the lock of the case."""
    connection.execute(
        insert(acts).values(
            case_id=case.id,
            number=act.number,
            kind=act.kind.value,
            account=act.account,
            at=act.at,
            content=act.content,
            entry_id=act.entry,
        )
    )
    if state is not case.state:
        connection.execute(update(cases).where(cases.c.id == case.id).values(state=state.value))


def take_number(connection: Connection, case: Case, year: int) -> int:
    """Return the next number of an adverse decision of an authority's year; the authority's numbers wait for it."""
    # An advisory lock for the transaction: the application may not lock tables, and numbers have no gaps.
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"decision/{case.authority}", 0))))
    last = connection.execute(
        select(func.max(decision_numbers.c.number)).where(
            decision_numbers.c.authority_id == case.authority, decision_numbers.c.year == year
        )
    ).scalar()
    number = (last or 0) + 1
    connection.execute(
        insert(decision_numbers).values(case_id=case.id, authority_id=case.authority, year=year, number=number)
    )
    return number


def case_of(connection: Connection, case: CaseId, *, lock: bool = False) -> Case | None:
    """Return a case as its acts have left it, locked for the transaction on request."""
    query = select(cases).where(cases.c.id == case)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _joined(connection, [row])[0] if row else None


def cases_named(connection: Connection, named: Sequence[CaseId], *, lock: bool = False) -> tuple[Case, ...]:
    """Return cases in the order they are named in, on request locked one after the other by their ids."""
    query = select(cases).where(cases.c.id.in_(named)).order_by(cases.c.id)
    rows = connection.execute(query.with_for_update() if lock else query).all()
    found = {case.id: case for case in _joined(connection, rows)}
    return tuple(found[each] for each in named if each in found)


def other_award(
    connection: Connection, authority: AuthorityId, instrument: str, dataset: DatasetId, beside: CaseId | None
) -> Case | None:
    """Return the case on a lineage that is paid or may still be, leaving ``beside`` out of account."""
    standing = [*OPEN_STATES, CaseState.PAID]
    query = select(cases).where(
        cases.c.authority_id == authority,
        cases.c.instrument == instrument,
        cases.c.dataset_id == dataset,
        cases.c.state.in_([state.value for state in standing]),
    )
    if beside is not None:
        query = query.where(cases.c.id != beside)
    row = connection.execute(query.limit(1)).one_or_none()
    return _joined(connection, [row])[0] if row else None


def awards_on(connection: Connection, authority: AuthorityId, instrument: str, dataset: DatasetId) -> tuple[Case, ...]:
    """Return every case on a lineage, ended ones too, the oldest first."""
    query = select(cases).where(
        cases.c.authority_id == authority, cases.c.instrument == instrument, cases.c.dataset_id == dataset
    )
    return _joined(connection, connection.execute(query.order_by(cases.c.applied_at, cases.c.id)).all())


def lock_awards(connection: Connection, dataset: DatasetId) -> None:
    """Lock the awards on a lineage, in one order: what is being paid just now is waited for."""
    query = select(cases.c.id).where(cases.c.dataset_id == dataset).order_by(cases.c.id)
    connection.execute(query.with_for_update())


def lock_with(connection: Connection, voucher: VoucherId) -> None:
    """Lock the cases a voucher stands in, whatever their state, in one order: a payment under way is waited for."""
    named = select(lines.c.case_id).where(lines.c.voucher_id == voucher)
    query = select(cases.c.id).where(cases.c.id.in_(named)).order_by(cases.c.id)
    connection.execute(query.with_for_update())


def paid_with(connection: Connection, voucher: VoucherId) -> Case | None:
    """Return the case in which a voucher was paid, whichever it was set apart from."""
    query = select(cases).join(lines, lines.c.case_id == cases.c.id)
    query = query.where(lines.c.voucher_id == voucher, cases.c.state == CaseState.PAID.value).order_by(cases.c.id)
    found = _joined(connection, connection.execute(query).all())
    return next((each for each in found if any(line.subject == voucher for line in each.lines)), None)


def lock_place(connection: Connection, dataset: DatasetId) -> None:
    """Wait for every application that is being written on a dataset, and let the next ones wait.

    A new case refers to the row of its dataset, so it cannot be written beside this lock.
    """
    datasets = metadata.tables["datasets"]
    connection.execute(select(datasets.c.id).where(datasets.c.id == dataset).with_for_update())


def paid_awards(connection: Connection, dataset: DatasetId) -> tuple[Case, ...]:
    """Return the awards that were paid on a lineage."""
    query = select(cases).where(cases.c.dataset_id == dataset, cases.c.state == CaseState.PAID.value)
    return _joined(connection, connection.execute(query.order_by(cases.c.applied_at)).all())


def cases_page(
    connection: Connection,
    *,
    authority: AuthorityId | None,
    firm: FirmId | None,
    after: tuple[Moment, CaseId] | None,
    limit: int,
) -> tuple[Case, ...]:
    """Return cases of an authority, or with a line for a firm, the newest first."""
    query = select(cases).order_by(cases.c.applied_at.desc(), cases.c.id.desc()).limit(limit)
    if authority is not None:
        query = query.where(cases.c.authority_id == authority)
    if firm is not None:
        query = query.where(cases.c.id.in_(select(lines.c.case_id).where(lines.c.firm == firm)))
    if after is not None:
        at, last = literal(after[0], cases.c.applied_at.type), literal(after[1], cases.c.id.type)
        query = query.where(tuple_(cases.c.applied_at, cases.c.id) < tuple_(at, last))
    return _joined(connection, connection.execute(query).all())


def cases_in(
    connection: Connection, authority: AuthorityId, states: Collection[CaseState], limit: int
) -> tuple[Case, ...]:
    """Return the cases of an authority in any of ``states``, the oldest first."""
    query = select(cases).where(cases.c.authority_id == authority, cases.c.state.in_([each.value for each in states]))
    return _joined(connection, connection.execute(query.order_by(cases.c.applied_at, cases.c.id).limit(limit)).all())


def paid_in_spite(connection: Connection, authority: AuthorityId, limit: int) -> tuple[Case, ...]:
    """Return the paid cases of an authority before whose receipt something had come, the newest first."""
    came = exists().where(
        acts.c.case_id == cases.c.id, acts.c.kind == ActKind.PAID.value, acts.c.content.has_key("in_spite_of")
    )
    query = select(cases).where(cases.c.authority_id == authority, cases.c.state == CaseState.PAID.value, came)
    newest = (cases.c.applied_at.desc(), cases.c.id.desc())
    return _joined(connection, connection.execute(query.order_by(*newest).limit(limit)).all())


def refused_unserved(connection: Connection, authority: AuthorityId, limit: int) -> tuple[Case, ...]:
    """Return the refused cases of an authority whose newest refusal nobody has served, the oldest first."""
    refused, served = acts.alias("refused"), acts.alias("served")
    newest = (
        select(func.max(refused.c.number))
        .where(refused.c.case_id == cases.c.id, refused.c.kind == ActKind.REFUSED.value)
        .scalar_subquery()
    )
    was_served = exists().where(
        served.c.case_id == cases.c.id, served.c.kind == ActKind.REFUSAL_SERVED.value, served.c.number > newest
    )
    query = select(cases).where(
        cases.c.authority_id == authority, cases.c.state == CaseState.REFUSED.value, ~was_served
    )
    return _joined(connection, connection.execute(query.order_by(cases.c.applied_at, cases.c.id).limit(limit)).all())


def cases_after(
    connection: Connection,
    authority: AuthorityId,
    states: Collection[CaseState],
    after: tuple[Moment, CaseId] | None,
    limit: int,
) -> tuple[Case, ...]:
    """Return a page of the cases of an authority in any of ``states``, the oldest first."""
    query = select(cases).where(cases.c.authority_id == authority, cases.c.state.in_([each.value for each in states]))
    if after is not None:
        at, last = literal(after[0], cases.c.applied_at.type), literal(after[1], cases.c.id.type)
        query = query.where(tuple_(cases.c.applied_at, cases.c.id) > tuple_(at, last))
    return _joined(connection, connection.execute(query.order_by(cases.c.applied_at, cases.c.id).limit(limit)).all())


def noticed_cases(connection: Connection, since: Moment, limit: int) -> tuple[Case, ...]:
    """Return reviewed cases with a notice posted at ``since`` or later, the newest notice first."""
    posted = (
        select(acts.c.case_id, func.max(acts.c.at).label("at"))
        .where(acts.c.kind == ActKind.NOTICED.value, acts.c.at >= since)
        .group_by(acts.c.case_id)
        .subquery()
    )
    query = (
        select(cases)
        .join(posted, posted.c.case_id == cases.c.id)
        .where(cases.c.state == CaseState.REVIEWED.value)
        .order_by(posted.c.at.desc(), cases.c.id)
        .limit(limit)
    )
    return _joined(connection, connection.execute(query).all())


def _joined(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[Case, ...]:
    """Return cases with lines, payee, acts and what a probe saw, a few queries for any number of them."""
    ids = [row.id for row in rows]
    lines_of: dict[CaseId, list[Line]] = {each: [] for each in ids}
    for row in connection.execute(select(lines).where(lines.c.case_id.in_(ids)).order_by(lines.c.number)):
        lines_of[row.case_id].append(_line(row))
    acts_of: dict[CaseId, list[Act]] = {each: [] for each in ids}
    for row in connection.execute(select(acts).where(acts.c.case_id.in_(ids)).order_by(acts.c.number)):
        made = Act(row.number, ActKind(row.kind), row.account, row.at, row.content, row.entry_id)
        acts_of[row.case_id].append(made)
    persons = {line.firm for found in lines_of.values() for line in found if line.person}
    if persons:
        names = masked_names(connection, persons)
        for found in lines_of.values():
            found[:] = [
                replace(line, firm_name=names.get(line.firm, ERASED_NAME)) if line.person else line for line in found
            ]
    payee_of = {
        row.case_id: _payee(row, lines_of[row.case_id])
        for row in connection.execute(select(payees).where(payees.c.case_id.in_(ids)))
    }
    stated = _share_payees(connection, [each for each, found in lines_of.items() if found and found[0].share_bp])
    found_cases = [
        replace(_case(row, lines_of[row.id]), payee=payee_of.get(row.id), share_payees=stated.get(row.id, {}))
        for row in rows
    ]
    return with_watch(connection, tuple(with_acts(each, acts_of[each.id]) for each in found_cases))


def _share_payees(connection: Connection, ids: Sequence[CaseId]) -> dict[CaseId, dict[Digest, Payee]]:
    made: dict[CaseId, dict[Digest, Payee]] = {each: {} for each in ids}
    for row in connection.execute(select(share_payees).where(share_payees.c.case_id.in_(ids))) if ids else ():
        made[row.case_id][row.digest] = Payee(row.account_name, row.bank, row.masked_number, row.digest)
    return made


def with_watch(connection: Connection, found: tuple[Case, ...]) -> tuple[Case, ...]:
    """Return cases with what the probe of their office makes of their notices; two queries more where there is one."""
    noticed = {each.authority for each in found if each.notice}
    terms = probe_terms_of(connection, noticed) if noticed else {}
    probed = {each.id: origins(each.id, each.acts) for each in found if each.notice and terms[each.authority]}
    seen = sightings_that_matter(connection, probed) if probed else {}
    return tuple(watched(each, terms.get(each.authority, ()), seen.get(each.id, ())) for each in found)


def _payee(row: Row[Any], its_lines: Sequence[Line]) -> Payee:
    if row.account_name is None:
        return Payee(its_lines[0].firm_name, "", HIDDEN_NUMBER, row.digest)
    return Payee(row.account_name, row.bank, row.masked_number, row.digest)


def _line(row: Row[Any]) -> Line:
    return Line(
        firm=row.firm,
        firm_name=row.firm_name or ERASED_NAME,
        person=row.firm_name is None,
        subject=row.dataset_id or row.voucher_id or row.subject_digest,
        instrument=row.instrument,
        clause=row.clause,
        standard=row.standard,
        amount=row.amount_fen,
        payee_digest=row.payee_digest,
        share_bp=row.share_bp,
        number=row.number,
        payee=Payee(row.firm_name, row.payee_bank, row.payee_masked_number, row.payee_digest)
        if row.payee_digest
        else None,
    )


def _case(row: Row[Any], its_lines: Sequence[Line]) -> Case:
    facts: Digest = row.facts_digest
    return Case(
        id=row.id,
        authority=row.authority_id,
        kind=CaseKind(row.kind),
        document=row.document,
        instrument=row.instrument,
        state=CaseState(row.state),
        applicant=row.applicant,
        applied_by=row.applied_by,
        applied_at=row.applied_at,
        lines=tuple(its_lines),
        revision=row.revision,
        facts=facts,
        sign_off_levels=tuple(row.sign_off_levels),
        notice_days=row.notice_days,
        entry=row.entry_id,
    )
