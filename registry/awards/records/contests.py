"""Tables of contests of novelty: both sides, evidence, drawn reviewers, reviews of what was paid."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    Row,
    SmallInteger,
    Table,
    Text,
    and_,
    exists,
    insert,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.awards.contest_model import (
    Contest,
    ContestDraw,
    ContestEvidence,
    ContestGround,
    ContestReview,
    ContestReviewOutcome,
    ContestState,
    Side,
)
from registry.awards.records.tables import cases, lines
from registry.values.identifiers import (
    AccountId,
    AuthorityId,
    CaseId,
    ContestId,
    DatasetId,
    EntryId,
    EvidenceId,
    FirmId,
    VersionId,
)
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may


def _one_of(
    column: str, values: type[ContestState] | type[ContestGround] | type[ContestReviewOutcome]
) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(each.value) for each in values)})", column)


def _side(name: str) -> tuple[Column[Any], ...]:
    return (
        Column(f"{name}_firm", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
        Column(f"{name}_dataset", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), nullable=False),
        Column(f"{name}_version", IdColumn(VersionId), ForeignKey("versions.id", ondelete="RESTRICT"), nullable=False),
        Column(f"{name}_name", Text, nullable=False),
    )


def _of_contest() -> Column[Any]:
    return Column("contest_id", IdColumn(ContestId), ForeignKey("contests.id", ondelete="RESTRICT"), primary_key=True)


contests = Table(
    "contests",
    metadata,
    Column("id", IdColumn(ContestId), primary_key=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), nullable=False),
    *_side("contester"),
    *_side("respondent"),
    Column("lower_dataset", IdColumn(DatasetId), nullable=False),
    Column("higher_dataset", IdColumn(DatasetId), nullable=False),
    Column("ground", Key, _one_of("ground", ContestGround), nullable=False),
    Column("statement", Text, nullable=False),
    Column("state", Key, _one_of("state", ContestState), nullable=False),
    Column("opened_at", MomentColumn, nullable=False),
    Column("opened_by", IdColumn(AccountId), nullable=False),
    Column("evidence_until", MomentColumn, nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    CheckConstraint("contester_firm <> respondent_firm AND lower_dataset < higher_dataset", "two_sides"),
    **rows_may(Writes.UPDATE),
)
Index("ix_contests_authority", contests.c.authority_id, contests.c.opened_at)
Index(
    "uq_contests_one_of_a_pair",
    contests.c.authority_id,
    contests.c.lower_dataset,
    contests.c.higher_dataset,
    unique=True,
    postgresql_where=text("state <> 'withdrawn'"),
)
"""Two datasets are contested once at a time, and decided on once, whatever the code above believes."""

contest_evidence = Table(
    "contest_evidence",
    metadata,
    _of_contest(),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("firm", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("evidence_id", IdColumn(EvidenceId), ForeignKey("evidence.id", ondelete="RESTRICT"), nullable=False),
    Column("digest", DigestColumn, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("claimed_on", Date, nullable=False),
    Column("shows", Text, nullable=False),
    Column("confidential", Boolean, nullable=False),
    Column("summary", Text, nullable=False),
    Column("filed_at", MomentColumn, nullable=False),
    Column("filed_by", IdColumn(AccountId), nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    CheckConstraint("NOT confidential OR summary <> ''", "summary"),
    **rows_may(Writes.APPEND),
)

contest_draws = Table(
    "contest_draws",
    metadata,
    _of_contest(),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("seed", LargeBinary, nullable=False),
    Column("candidates", JSONB, nullable=False),
    Column("drawn", IdColumn(AccountId), nullable=False),
    Column("reason", Text, nullable=False),
    Column("drawn_at", MomentColumn, nullable=False),
    Column("drawn_by", IdColumn(AccountId), nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.APPEND),
)

contest_reviews = Table(
    "contest_reviews",
    metadata,
    _of_contest(),
    Column("case_id", IdColumn(CaseId), ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True),
    Column("opened_at", MomentColumn, primary_key=True),
    Column("outcome", Key, _one_of("outcome", ContestReviewOutcome)),
    Column("reason", Text),
    Column("answered_at", MomentColumn),
    Column("answered_by", IdColumn(AccountId)),
    Column("entry_id", IdColumn(EntryId)),
    CheckConstraint("num_nonnulls(outcome, reason, answered_at, answered_by, entry_id) IN (0, 5)", "answered_whole"),
    **rows_may(Writes.UPDATE),
)


def add_contest(connection: Connection, made: Contest, entry: EntryId) -> bool:
    """Write a contest; False when the pair has one that stands."""
    lower, higher = made.datasets
    written = connection.execute(
        insert_or(contests)
        .values(
            id=made.id,
            authority_id=made.authority,
            **_side_values("contester", made.contester),
            **_side_values("respondent", made.respondent),
            lower_dataset=lower,
            higher_dataset=higher,
            ground=made.ground.value,
            statement=made.statement,
            state=made.state.value,
            opened_at=made.opened_at,
            opened_by=made.opened_by,
            evidence_until=made.evidence_until,
            entry_id=entry,
        )
        .on_conflict_do_nothing()
        .returning(contests.c.id)
    )
    return written.scalar() is not None


def was_withdrawn(connection: Connection, asked: Contest) -> bool:
    """Say whether the contester withdrew a contest of the same two datasets before."""
    table, (lower, higher) = contests.c, asked.datasets
    query = select(table.id).where(
        table.authority_id == asked.authority,
        table.lower_dataset == lower,
        table.higher_dataset == higher,
        table.contester_firm == asked.contester.firm,
        table.state == ContestState.WITHDRAWN.value,
    )
    return connection.execute(query.limit(1)).scalar() is not None


def _side_values(name: str, side: Side) -> dict[str, Any]:
    return {
        f"{name}_firm": side.firm,
        f"{name}_dataset": side.dataset,
        f"{name}_version": side.version,
        f"{name}_name": side.name,
    }


def set_contest_state(connection: Connection, contest: ContestId, state: ContestState) -> None:
    """Move a contest. The caller holds its lock."""
    connection.execute(update(contests).where(contests.c.id == contest).values(state=state.value))


def contest_of(connection: Connection, contest: ContestId, *, lock: bool = False) -> Contest | None:
    """Return a contest with what was filed, locked for the transaction on request."""
    query = select(contests).where(contests.c.id == contest)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _joined(connection, [row])[0] if row else None


def contests_page(
    connection: Connection,
    *,
    authority: AuthorityId | None,
    firm: FirmId | None,
    after: tuple[Moment, ContestId] | None,
    limit: int,
) -> tuple[Contest, ...]:
    """Return contests of an authority, or of which a firm is a side, the newest first."""
    table = contests.c
    query = select(contests).order_by(table.opened_at.desc(), table.id.desc()).limit(limit)
    if authority is not None:
        query = query.where(table.authority_id == authority)
    if firm is not None:
        query = query.where(or_(table.contester_firm == firm, table.respondent_firm == firm))
    if after is not None:
        query = query.where(tuple_(table.opened_at, table.id) < tuple_(*after))
    return _joined(connection, connection.execute(query).all())


def open_contests_on(
    connection: Connection, authority: AuthorityId, datasets: Collection[DatasetId]
) -> tuple[Contest, ...]:
    """Return the open contests of an authority on any of these lineages, the oldest first."""
    if not datasets:
        return ()
    table = contests.c
    query = select(contests).where(
        table.authority_id == authority,
        table.state == ContestState.OPEN.value,
        or_(table.contester_dataset.in_(datasets), table.respondent_dataset.in_(datasets)),
    )
    return _joined(connection, connection.execute(query.order_by(table.opened_at, table.id)).all())


def open_contests_in(connection: Connection, authority: AuthorityId, limit: int) -> tuple[Contest, ...]:
    """Return the open contests of an authority, the oldest first."""
    table = contests.c
    query = select(contests).where(table.authority_id == authority, table.state == ContestState.OPEN.value)
    return _joined(connection, connection.execute(query.order_by(table.opened_at, table.id).limit(limit)).all())


def decided_contests_in(connection: Connection, authority: AuthorityId, limit: int) -> tuple[Contest, ...]:
    """Return the decided contests of an authority, the newest first."""
    table = contests.c
    query = select(contests).where(table.authority_id == authority, table.state == ContestState.DECIDED.value)
    newest = (table.opened_at.desc(), table.id.desc())
    return _joined(connection, connection.execute(query.order_by(*newest).limit(limit)).all())


def _joined(connection: Connection, rows: Sequence[Row[Any]]) -> tuple[Contest, ...]:
    filed: dict[ContestId, list[ContestEvidence]] = {row.id: [] for row in rows}
    query = select(contest_evidence).where(contest_evidence.c.contest_id.in_(list(filed)))
    for row in connection.execute(query.order_by(contest_evidence.c.number)):
        filed[row.contest_id].append(_evidence(row))
    return tuple(replace(_contest(row), evidence=tuple(filed[row.id])) for row in rows)


def _contest(row: Row[Any]) -> Contest:
    return Contest(
        id=row.id,
        authority=row.authority_id,
        contester=Side(row.contester_firm, row.contester_dataset, row.contester_version, row.contester_name),
        respondent=Side(row.respondent_firm, row.respondent_dataset, row.respondent_version, row.respondent_name),
        ground=ContestGround(row.ground),
        statement=row.statement,
        state=ContestState(row.state),
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        evidence_until=row.evidence_until,
    )


def _evidence(row: Row[Any]) -> ContestEvidence:
    return ContestEvidence(
        contest=row.contest_id,
        number=row.number,
        firm=row.firm,
        document=row.evidence_id,
        digest=row.digest,
        file_name=row.file_name,
        claimed_on=row.claimed_on,
        shows=row.shows,
        confidential=row.confidential,
        summary=row.summary,
        filed_at=row.filed_at,
        filed_by=row.filed_by,
    )


def add_contest_evidence(connection: Connection, made: ContestEvidence, entry: EntryId) -> None:
    """Write what a side filed. The caller holds the lock of the contest."""
    connection.execute(
        insert(contest_evidence).values(
            contest_id=made.contest,
            number=made.number,
            firm=made.firm,
            evidence_id=made.document,
            digest=made.digest,
            file_name=made.file_name,
            claimed_on=made.claimed_on,
            shows=made.shows,
            confidential=made.confidential,
            summary=made.summary,
            filed_at=made.filed_at,
            filed_by=made.filed_by,
            entry_id=entry,
        )
    )


def add_contest_draw(connection: Connection, made: ContestDraw) -> None:
    """Write a drawn reviewer. The caller holds the lock of the contest."""
    connection.execute(
        insert(contest_draws).values(
            contest_id=made.contest,
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


def contest_draws_of(connection: Connection, wanted: Collection[ContestId]) -> dict[ContestId, tuple[ContestDraw, ...]]:
    """Return the lots drawn for each of some contests, in order."""
    found: dict[ContestId, tuple[ContestDraw, ...]] = {}
    query = select(contest_draws).where(contest_draws.c.contest_id.in_(list(wanted)))
    for row in connection.execute(query.order_by(contest_draws.c.contest_id, contest_draws.c.number)):
        made = ContestDraw(
            contest=row.contest_id,
            number=row.number,
            seed=bytes(row.seed),
            candidates=tuple(AccountId(each) for each in row.candidates),
            drawn=row.drawn,
            reason=row.reason,
            drawn_at=row.drawn_at,
            drawn_by=row.drawn_by,
            entry=row.entry_id,
        )
        found[row.contest_id] = (*found.get(row.contest_id, ()), made)
    return found


# The cases of both sides.


def cases_on(
    connection: Connection, authority: AuthorityId, datasets: Collection[DatasetId], *, lock: bool = False
) -> tuple[CaseId, ...]:
    """Return the cases of an authority on any of these lineages, locked in the order of their ids on request."""
    of_lineage = select(lines.c.case_id).where(lines.c.dataset_id.in_(list(datasets)))
    query = select(cases.c.id).where(cases.c.authority_id == authority, cases.c.id.in_(of_lineage)).order_by(cases.c.id)
    return tuple(connection.execute(query.with_for_update() if lock else query).scalars())


# Reviews of what was paid.


def add_contest_review(connection: Connection, contest: ContestId, case: CaseId, now: Moment) -> None:
    """Open a review of a paid case, unless one by this contest is open; one that was answered stays as it is."""
    table = contest_reviews.c
    open_one = exists().where(table.contest_id == contest, table.case_id == case, table.outcome.is_(None))
    if not connection.execute(select(open_one)).scalar():
        connection.execute(insert(contest_reviews).values(contest_id=contest, case_id=case, opened_at=now))


def recovered_by(connection: Connection, contest: ContestId) -> tuple[CaseId, ...]:
    """Return the paid cases whose money was to be recovered by a review of a contest, in one order."""
    table = contest_reviews.c
    query = select(table.case_id).where(
        table.contest_id == contest, table.outcome == ContestReviewOutcome.RECOVER.value
    )
    return tuple(connection.execute(query.distinct().order_by(table.case_id)).scalars())


def contest_reviews_page(
    connection: Connection, authority: AuthorityId, after: tuple[Moment, CaseId] | None, limit: int
) -> tuple[ContestReview, ...]:
    """Return the reviews of an authority, the newest first."""
    table = contest_reviews.c
    query = _reviews(authority).order_by(table.opened_at.desc(), table.case_id.desc()).limit(limit)
    if after is not None:
        query = query.where(tuple_(table.opened_at, table.case_id) < tuple_(*after))
    return tuple(_review(row) for row in connection.execute(query))


def open_reviews_in(connection: Connection, authority: AuthorityId, limit: int) -> tuple[ContestReview, ...]:
    """Return the reviews of an authority that nobody has answered, the oldest first."""
    table = contest_reviews.c
    query = _reviews(authority).where(table.outcome.is_(None)).order_by(table.opened_at, table.case_id).limit(limit)
    return tuple(_review(row) for row in connection.execute(query))


def contest_review_of(connection: Connection, contest: ContestId, case: CaseId) -> ContestReview | None:
    """Return the newest review of a case by a contest, locked for the transaction."""
    table = contest_reviews.c
    query = _reviews(None).where(and_(table.contest_id == contest, table.case_id == case))
    query = query.order_by(table.opened_at.desc()).limit(1)
    row = connection.execute(query.with_for_update(of=contest_reviews)).one_or_none()
    return _review(row) if row else None


def _reviews(authority: AuthorityId | None) -> Any:
    query = select(contest_reviews, cases.c.authority_id).join(cases, cases.c.id == contest_reviews.c.case_id)
    return query if authority is None else query.where(cases.c.authority_id == authority)


def _review(row: Row[Any]) -> ContestReview:
    return ContestReview(
        contest=row.contest_id,
        case=row.case_id,
        authority=row.authority_id,
        opened_at=row.opened_at,
        outcome=ContestReviewOutcome(row.outcome) if row.outcome else None,
        reason=row.reason or "",
        answered_at=row.answered_at,
        answered_by=row.answered_by,
    )


def answer_contest_review(connection: Connection, made: ContestReview, entry: EntryId) -> None:
    """Write what becomes of a review. The caller holds its lock."""
    table = contest_reviews.c
    connection.execute(
        update(contest_reviews)
        .where(table.contest_id == made.contest, table.case_id == made.case, table.opened_at == made.opened_at)
        .values(
            outcome=made.outcome.value if made.outcome else None,
            reason=made.reason,
            answered_at=made.answered_at,
            answered_by=made.answered_by,
            entry_id=entry,
        )
    )
