"""Tables of an office: terms by ruling, ties, absences, delegations, drawn reviewers, reminders that were sent."""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    Row,
    Select,
    SmallInteger,
    Table,
    Text,
    Uuid,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.accounts.records.accounts import accounts
from registry.actors.model import SIGNING_RANKS, Role
from registry.offices.model import (
    Absence,
    Bench,
    Delegation,
    Draw,
    Ground,
    Interest,
    Officer,
    Step,
    Term,
    TermSet,
    Unit,
)
from registry.values.identifiers import (
    AbsenceId,
    AccountId,
    AuthorityId,
    CaseId,
    DelegationId,
    EntryId,
    FirmId,
    Id,
    InterestId,
)
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may


def _office() -> Column[Any]:
    return Column(
        "authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False
    )


def _account(name: str) -> Column[Any]:
    return Column(name, IdColumn(AccountId), ForeignKey("accounts.id", ondelete="RESTRICT"), nullable=False)


def _one_of(column: str, values: Any) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(each.value) for each in values)})", column)


def _entry() -> Column[Any]:
    return Column("entry_id", IdColumn(EntryId), nullable=False)


office_terms = Table(
    "office_terms",
    metadata,
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", Key, primary_key=True),
    Column("step", Key, _one_of("step", Step), primary_key=True),
    Column("days", SmallInteger, CheckConstraint("days >= 1", "days"), nullable=False),
    Column("unit", Key, _one_of("unit", Unit), nullable=False),
    Column("organ", Text, nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("words", Text, nullable=False),
    Column("entered_at", MomentColumn, nullable=False),
    Column("entered_by", IdColumn(AccountId), nullable=False),
    _entry(),
    **rows_may(Writes.APPEND),
)
"""A ruling on a term; a later one stands beside it and acts from when it was entered."""

interests = Table(
    "officer_interests",
    metadata,
    Column("id", IdColumn(InterestId), primary_key=True),
    _office(),
    _account("officer"),
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("ground", Key, _one_of("ground", Ground), nullable=False),
    Column("note", Text, nullable=False),
    Column("stated_at", MomentColumn, nullable=False),
    Column("stated_by", IdColumn(AccountId), nullable=False),
    Column("ended_at", MomentColumn),
    _entry(),
    **rows_may(Writes.UPDATE),
)
Index("ix_officer_interests_office", interests.c.authority_id, interests.c.id)

absences = Table(
    "officer_absences",
    metadata,
    Column("id", IdColumn(AbsenceId), primary_key=True),
    _office(),
    _account("officer"),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("entered_at", MomentColumn, nullable=False),
    Column("entered_by", IdColumn(AccountId), nullable=False),
    Column("ended_at", MomentColumn),
    _entry(),
    CheckConstraint("first_day <= last_day", "days"),
    **rows_may(Writes.UPDATE),
)
Index("ix_officer_absences_office", absences.c.authority_id, absences.c.last_day)

delegations = Table(
    "delegations",
    metadata,
    Column("id", IdColumn(DelegationId), primary_key=True),
    _office(),
    _account("principal"),
    _account("delegate"),
    Column("rank", Key, _one_of("rank", SIGNING_RANKS), nullable=False),
    Column("instruments", JSONB(none_as_null=True)),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("document_number", Key, nullable=False),
    Column("made_at", MomentColumn, nullable=False),
    Column("ended_at", MomentColumn),
    _entry(),
    CheckConstraint("first_day <= last_day AND principal <> delegate", "sound"),
    **rows_may(Writes.UPDATE),
)
Index("ix_delegations_office", delegations.c.authority_id, delegations.c.last_day)

draws = Table(
    "reviewer_draws",
    metadata,
    Column("case_id", IdColumn(CaseId), ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("seed", LargeBinary, nullable=False),
    Column("candidates", JSONB, nullable=False),
    Column("drawn", IdColumn(AccountId), nullable=False),
    Column("reason", Text, nullable=False),
    Column("drawn_at", MomentColumn, nullable=False),
    Column("drawn_by", IdColumn(AccountId), nullable=False),
    _entry(),
    **rows_may(Writes.APPEND),
)
"""Every lot stays: seed, who stood for it, who was drawn and why it was drawn again."""

reminders = Table(
    "case_reminders",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("waits_for", Key, primary_key=True),
    Column("kind", Key, primary_key=True),
    Column("sent_at", MomentColumn, nullable=False),
    **rows_may(Writes.APPEND),
)
"""What was reminded of: once for each wait of a case, a contest or a remedy, and each kind."""


def add_term(connection: Connection, office: AuthorityId, made: TermSet, entry: EntryId) -> bool:
    """Write a ruling on a term; False when the office has one of this number on it."""
    written = connection.execute(
        insert_or(office_terms)
        .values(
            authority_id=office,
            number=made.term.number,
            step=made.term.step.value,
            days=made.term.days,
            unit=made.term.unit.value,
            organ=made.organ,
            decided_on=made.decided_on,
            words=made.text,
            entered_at=made.entered_at,
            entered_by=made.entered_by,
            entry_id=entry,
        )
        .on_conflict_do_nothing()
        .returning(office_terms.c.number)
    )
    return written.scalar() is not None


def terms_of(connection: Connection, office: AuthorityId) -> tuple[TermSet, ...]:
    """Return the rulings on terms of an office, in the order they were entered."""
    query = select(office_terms).where(office_terms.c.authority_id == office).order_by(office_terms.c.entered_at)
    return tuple(
        TermSet(
            Term(Step(row.step), row.days, Unit(row.unit), row.number, number=row.number),
            row.organ,
            row.decided_on,
            row.words,
            row.entered_at,
            row.entered_by,
        )
        for row in connection.execute(query)
    )


def add_interest(connection: Connection, made: Interest, by: AccountId, entry: EntryId) -> None:
    """Write a tie of an officer."""
    connection.execute(
        insert(interests).values(
            id=made.id,
            authority_id=made.authority,
            officer=made.officer,
            firm_id=made.firm,
            ground=made.ground.value,
            note=made.note,
            stated_at=made.stated_at,
            stated_by=by,
            entry_id=entry,
        )
    )


def interests_of(
    connection: Connection, office: AuthorityId, page: tuple[InterestId | None, int] | None = None
) -> tuple[Interest, ...]:
    """Return the ties of an office's officers, ended ones too, the oldest first."""
    query = _paged(
        select(interests).where(interests.c.authority_id == office).order_by(interests.c.id), interests, page
    )
    return tuple(_interest(row) for row in connection.execute(query))


def _paged(query: Select[Any], table: Table, page: tuple[Any, int] | None) -> Select[Any]:
    """Return a query in the order of ids of what stands behind an id, at most so much; None: of everything."""
    if page is None:
        return query
    after, limit = page
    return query.limit(limit) if after is None else query.where(table.c.id > after).limit(limit)


def _interest(row: Row[Any]) -> Interest:
    return Interest(
        id=row.id,
        authority=row.authority_id,
        officer=row.officer,
        firm=row.firm_id,
        ground=Ground(row.ground),
        note=row.note,
        declared=row.stated_by == row.officer,
        stated_at=row.stated_at,
        ended_at=row.ended_at,
    )


def end_interest(connection: Connection, office: AuthorityId, tie: InterestId, now: Moment) -> bool:
    """End a tie; False when the office has none such that holds."""
    return _ended(connection, interests, office, tie, now)


def add_absence(connection: Connection, made: Absence, by: AccountId, now: Moment, entry: EntryId) -> None:
    """Write an absence."""
    connection.execute(
        insert(absences).values(
            id=made.id,
            authority_id=made.authority,
            officer=made.officer,
            first_day=made.first,
            last_day=made.last,
            reason=made.reason,
            entered_at=now,
            entered_by=by,
            entry_id=entry,
        )
    )


def absences_of(
    connection: Connection, office: AuthorityId, page: tuple[AbsenceId | None, int] | None = None
) -> tuple[Absence, ...]:
    """Return the absences of an office's officers, ended ones too, the oldest first."""
    query = _paged(select(absences).where(absences.c.authority_id == office).order_by(absences.c.id), absences, page)
    return tuple(
        Absence(row.id, row.authority_id, row.officer, row.first_day, row.last_day, row.reason, row.ended_at)
        for row in connection.execute(query)
    )


def end_absence(connection: Connection, office: AuthorityId, absence: AbsenceId, now: Moment) -> bool:
    """End an absence; False when the office has none such that holds."""
    return _ended(connection, absences, office, absence, now)


def add_delegation(connection: Connection, made: Delegation, entry: EntryId) -> None:
    """Write a delegation."""
    connection.execute(
        insert(delegations).values(
            id=made.id,
            authority_id=made.authority,
            principal=made.principal,
            delegate=made.delegate,
            rank=made.rank.value,
            instruments=None if made.instruments is None else list(made.instruments),
            first_day=made.first,
            last_day=made.last,
            document_number=made.document_number,
            made_at=made.made_at,
            entry_id=entry,
        )
    )


def delegations_of(
    connection: Connection, office: AuthorityId, page: tuple[DelegationId | None, int] | None = None
) -> tuple[Delegation, ...]:
    """Return the delegations of an office, ended ones too, the oldest first."""
    query = _paged(
        select(delegations).where(delegations.c.authority_id == office).order_by(delegations.c.id), delegations, page
    )
    return tuple(
        Delegation(
            id=row.id,
            authority=row.authority_id,
            principal=row.principal,
            delegate=row.delegate,
            rank=Role(row.rank),
            instruments=None if row.instruments is None else tuple(row.instruments),
            first=row.first_day,
            last=row.last_day,
            document_number=row.document_number,
            made_at=row.made_at,
            ended_at=row.ended_at,
        )
        for row in connection.execute(query)
    )


def end_delegation(connection: Connection, office: AuthorityId, delegation: DelegationId, now: Moment) -> bool:
    """End a delegation; False when the office has none such that holds."""
    return _ended(connection, delegations, office, delegation, now)


def _ended(connection: Connection, table: Table, office: AuthorityId, row: Any, now: Moment) -> bool:
    of_office = (table.c.id == row) & (table.c.authority_id == office) & table.c.ended_at.is_(None)
    return bool(connection.execute(update(table).where(of_office).values(ended_at=now)).rowcount)


def officers_of(connection: Connection, office: AuthorityId) -> tuple[Officer, ...]:
    """Return the officers of an office who took up their account."""
    query = (
        select(accounts.c.id, accounts.c.login, accounts.c.display_name, accounts.c.roles)
        .where(accounts.c.authority_id == office, accounts.c.state == "active", accounts.c.kind == "person")
        .order_by(accounts.c.login)
    )
    return tuple(
        Officer(row.id, row.login, row.display_name, frozenset(Role(role) for role in row.roles))
        for row in connection.execute(query)
    )


def bench_of(connection: Connection, office: AuthorityId) -> Bench:
    """Return everything that decides who of an office may act."""
    return Bench(
        officers_of(connection, office),
        absences_of(connection, office),
        delegations_of(connection, office),
        interests_of(connection, office),
    )


def add_draw(connection: Connection, made: Draw) -> None:
    """Write a drawn reviewer. The caller holds the lock of the case."""
    connection.execute(
        insert(draws).values(
            case_id=made.case,
            number=made.number,
            seed=made.seed,
            candidates=list(made.candidates),
            drawn=made.drawn,
            reason=made.reason,
            drawn_at=made.drawn_at,
            drawn_by=made.drawn_by,
            entry_id=made.entry,
        )
    )


def draws_of(connection: Connection, cases: list[CaseId]) -> dict[CaseId, tuple[Draw, ...]]:
    """Return the lots drawn for each of some cases, in order."""
    found: dict[CaseId, tuple[Draw, ...]] = {}
    query = select(draws).where(draws.c.case_id.in_(cases)).order_by(draws.c.case_id, draws.c.number)
    for row in connection.execute(query):
        made = Draw(
            case=row.case_id,
            number=row.number,
            seed=bytes(row.seed),
            candidates=tuple(AccountId(each) for each in row.candidates),
            drawn=row.drawn,
            reason=row.reason,
            drawn_at=row.drawn_at,
            drawn_by=row.drawn_by,
            entry=row.entry_id,
        )
        found[row.case_id] = (*found.get(row.case_id, ()), made)
    return found


def claim_reminder(connection: Connection, subject: Id, waits_for: str, kind: str, now: Moment) -> bool:
    """Note that a reminder is sent; False when it was sent before."""
    made = insert_or(reminders).values(case_id=subject.uuid, waits_for=waits_for, kind=kind, sent_at=now)
    return connection.execute(made.on_conflict_do_nothing().returning(reminders.c.kind)).scalar() is not None
