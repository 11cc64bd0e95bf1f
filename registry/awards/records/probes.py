"""Tables of probes of notice pages and of the terms offices set for them; nothing in them is ever changed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Row,
    SmallInteger,
    Table,
    Text,
    column,
    extract,
    func,
    insert,
    or_,
    select,
    tuple_,
    values,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.awards.probe_model import LIMIT_HOURS_MIN, SEEN, Probe, ProbeTerm, Sighting
from registry.values.identifiers import AccountId, AuthorityId, CaseId, EntryId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

notice_probes = Table(
    "notice_probes",
    metadata,
    Column("case_id", IdColumn(CaseId), ForeignKey("cases.id", ondelete="RESTRICT"), primary_key=True),
    Column("probed_at", MomentColumn, primary_key=True),
    Column("status", SmallInteger, CheckConstraint("status BETWEEN 100 AND 999", "status")),
    Column("page_digest", DigestColumn),
    Column(
        "sighting",
        Key,
        CheckConstraint(f"sighting IN ({', '.join(repr(each.value) for each in Sighting)})", "sighting"),
        nullable=False,
    ),
    Column("late", Boolean, nullable=False),
    Column("recorded_at", MomentColumn, nullable=False),
    Column("recorded_by", IdColumn(AccountId), nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    CheckConstraint("(status IS NULL) = (page_digest IS NULL)", "answered"),
    **rows_may(Writes.APPEND),
)

probe_terms = Table(
    "notice_probe_terms",
    metadata,
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", Key, primary_key=True),
    Column("limit_hours", SmallInteger, CheckConstraint("limit_hours BETWEEN 0 AND 168", "limit"), nullable=False),
    Column("organ", Text, nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("words", Text, nullable=False),
    Column("set_at", MomentColumn, nullable=False),
    Column("set_by", IdColumn(AccountId), nullable=False),
    Column("entry_id", IdColumn(EntryId), nullable=False),
    **rows_may(Writes.APPEND),
)
Index("ix_notice_probe_terms_set", probe_terms.c.authority_id, probe_terms.c.set_at)


def add_probe_term(connection: Connection, office: AuthorityId, made: ProbeTerm, entry: EntryId) -> bool:
    """Write a term; False when the office has one of this number."""
    written = connection.execute(
        insert_or(probe_terms)
        .values(
            authority_id=office,
            number=made.number,
            limit_hours=made.limit_hours,
            organ=made.organ,
            decided_on=made.decided_on,
            words=made.text,
            set_at=made.set_at,
            set_by=made.set_by,
            entry_id=entry,
        )
        .on_conflict_do_nothing()
        .returning(probe_terms.c.number)
    )
    return written.scalar() is not None


def probe_terms_of(
    connection: Connection, offices: Collection[AuthorityId]
) -> dict[AuthorityId, tuple[ProbeTerm, ...]]:
    """Return the terms of offices, each in the order they were set."""
    found: dict[AuthorityId, tuple[ProbeTerm, ...]] = dict.fromkeys(offices, ())
    query = select(probe_terms).where(probe_terms.c.authority_id.in_(list(offices)))
    for row in connection.execute(query.order_by(probe_terms.c.set_at, probe_terms.c.number)):
        term = ProbeTerm(row.number, row.limit_hours, row.organ, row.decided_on, row.words, row.set_at, row.set_by)
        found[row.authority_id] += (term,)
    return found


def add_probes(connection: Connection, made: Sequence[Probe], entry: EntryId) -> None:
    """Write probes."""
    rows = [
        {
            "case_id": each.case,
            "probed_at": each.probed_at,
            "status": each.status,
            "page_digest": each.page,
            "sighting": each.sighting.value,
            "late": each.late,
            "recorded_at": each.recorded_at,
            "recorded_by": each.recorded_by,
            "entry_id": entry,
        }
        for each in made
    ]
    if rows:
        connection.execute(insert(notice_probes), rows)


def lock_probes(connection: Connection, office: AuthorityId) -> None:
    """Let one transaction at a time look what is recorded for an office and add to it."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"probes {office}", 0))))


def probes_at(connection: Connection, wanted: Collection[tuple[CaseId, Moment]]) -> dict[tuple[CaseId, Moment], Probe]:
    """Return the probes that are recorded of these cases and instants."""
    key = tuple_(notice_probes.c.case_id, notice_probes.c.probed_at)
    rows = connection.execute(select(notice_probes).where(key.in_(list(wanted)))) if wanted else ()
    return {(row.case_id, row.probed_at): _probe(row) for row in rows}


def probes_page(connection: Connection, case: CaseId, after: Moment | None, limit: int | None) -> tuple[Probe, ...]:
    """Return the probes of a case, the earliest first, those after ``after``."""
    query = select(notice_probes).where(notice_probes.c.case_id == case).order_by(notice_probes.c.probed_at)
    if after is not None:
        query = query.where(notice_probes.c.probed_at > after)
    return tuple(_probe(row) for row in connection.execute(query.limit(limit)))


def sightings_that_matter(
    connection: Connection, wanted: Mapping[CaseId, Collection[CaseId]]
) -> dict[CaseId, tuple[tuple[Moment | None, Moment], ...]]:
    """Return of each case the sightings a limit may have passed before, with the one before them, and the last.

    The others change nothing, and a notice is seen some hundred times. ``wanted`` says of each case from which others
    its lines were set apart: whoever saw the page of these saw its own.
    """
    pairs = [(case, source) for case, others in wanted.items() for source in {case, *others}]
    family = values(column("case_id", IdColumn(CaseId)), column("source", IdColumn(CaseId)), name="family").data(pairs)
    case, at = family.c.case_id, notice_probes.c.probed_at
    seen = (
        select(
            case,
            notice_probes.c.probed_at,
            func.lag(at, type_=MomentColumn()).over(partition_by=case, order_by=at).label("before"),
            func.lead(at, type_=MomentColumn()).over(partition_by=case, order_by=at).label("behind"),
        )
        .join_from(family, notice_probes, notice_probes.c.case_id == family.c.source)
        .where(
            notice_probes.c.sighting.in_([each.value for each in SEEN]),
            ~notice_probes.c.late,
        )
        .subquery()
    )
    waited_s = extract("epoch", seen.c.probed_at) - extract("epoch", seen.c.before)
    query = select(seen.c.case_id, seen.c.before, seen.c.probed_at).where(
        or_(seen.c.before.is_(None), seen.c.behind.is_(None), waited_s >= LIMIT_HOURS_MIN * 3600)
    )
    found: dict[CaseId, tuple[tuple[Moment | None, Moment], ...]] = dict.fromkeys(wanted, ())
    for row in connection.execute(query.order_by(seen.c.probed_at)):
        found[row.case_id] += ((row.before, row.probed_at),)
    return found


def _probe(row: Row[Any]) -> Probe:
    return Probe(
        case=row.case_id,
        probed_at=row.probed_at,
        status=row.status,
        page=row.page_digest,
        sighting=Sighting(row.sighting),
        late=row.late,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
    )
