"""Tables of vouchers: pools, firm-years, vouchers with their decisions, claims on invoices, and the ledger's accounts.

Locks are taken in one order everywhere: order, vouchers, firm-years by key, pools by id, accounts. The CHECKs are the
last wall behind the rules: whatever a use case got wrong, no cap is exceeded and no account is negative.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    Table,
    Text,
    UniqueConstraint,
    and_,
    case,
    cast,
    column,
    func,
    insert,
    literal,
    select,
    text,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.values.digest import Digest
from registry.values.identifiers import (
    AccountId,
    AuthorityId,
    CaseId,
    FirmId,
    InvoiceId,
    OrderId,
    PoolId,
    PostingId,
    VoucherId,
)
from registry.values.moment import Moment
from registry.values.money import ZERO, Money
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn, MoneyColumn
from registry.vouchers.model import (
    COUNTING,
    AccountLine,
    Appropriate,
    Appropriation,
    Decision,
    FirmYear,
    FirmYearKey,
    Pool,
    Posting,
    Voucher,
    VoucherState,
)
from storage.database import Connection, Writes, metadata, rows_may

_STATES = ", ".join(repr(state.value) for state in VoucherState)
_COUNTING = ", ".join(repr(state.value) for state in sorted(COUNTING))


def _authority() -> Column[Any]:
    reference = ForeignKey("authorities.id", ondelete="RESTRICT")
    return Column("authority_id", IdColumn(AuthorityId), reference, nullable=False)


pools = Table(
    "pools",
    metadata,
    Column("id", IdColumn(PoolId), primary_key=True),
    _authority(),
    Column("document", Key, nullable=False),
    Column("name", Key, nullable=False),
    Column("budget", MoneyColumn, CheckConstraint("budget > 0", "budget"), nullable=False),
    Column("used", MoneyColumn, CheckConstraint("used BETWEEN 0 AND budget", "used_within_budget"), nullable=False),
    Column("opened_at", MomentColumn, nullable=False),
    Column("opened_by", IdColumn(AccountId)),
    UniqueConstraint("authority_id", "document", "name"),
    **rows_may(Writes.UPDATE),
)

firm_years = Table(
    "firm_years",
    metadata,
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), primary_key=True),
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), primary_key=True),
    Column("group", Key, primary_key=True),
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("cap", MoneyColumn, nullable=False),
    Column("base", MoneyColumn, CheckConstraint("base >= 0", "base"), nullable=False),
    Column("used", MoneyColumn, CheckConstraint("used BETWEEN 0 AND cap", "used_within_cap"), nullable=False),
    **rows_may(Writes.UPDATE),
)

vouchers = Table(
    "vouchers",
    metadata,
    Column("id", IdColumn(VoucherId), primary_key=True),
    _authority(),
    Column("pool_id", IdColumn(PoolId), ForeignKey("pools.id", ondelete="RESTRICT"), nullable=False),
    Column("instrument", Key, nullable=False),
    Column("group", Key, nullable=False),
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), nullable=False),
    Column("order_id", IdColumn(OrderId), ForeignKey("orders.id", ondelete="RESTRICT"), nullable=False),
    Column("state", Key, CheckConstraint(f"state IN ({_STATES})", "state"), nullable=False),
    Column("year", Integer, nullable=False),
    Column("base", MoneyColumn, CheckConstraint("base > 0", "base"), nullable=False),
    Column("amount", MoneyColumn, CheckConstraint("amount > 0 AND amount <= base", "amount"), nullable=False),
    Column("invoice_id", IdColumn(InvoiceId), ForeignKey("invoices.id", ondelete="RESTRICT")),
    Column("event_on", Date),
    Column("revision", DigestColumn, nullable=False),
    Column("facts_digest", DigestColumn, nullable=False),
    Column("held_at", MomentColumn, nullable=False),
    Column("expires_at", MomentColumn, nullable=False),
    Column("case_id", IdColumn(CaseId)),
    CheckConstraint("(invoice_id IS NULL) = (state IN ('held', 'released', 'expired'))", "claim"),
    Index("ux_vouchers_order", "order_id", unique=True, postgresql_where=text(f"state IN ({_COUNTING})")),
    Index("ix_vouchers_due", "pool_id", "expires_at", postgresql_where=text("state = 'held'")),
    Index("ix_vouchers_firm_id_id", "firm_id", "id"),
    **rows_may(Writes.UPDATE),
)

decisions = Table(
    "voucher_decisions",
    metadata,
    Column("voucher_id", IdColumn(VoucherId), ForeignKey("vouchers.id", ondelete="RESTRICT"), primary_key=True),
    Column("step", Key, CheckConstraint("step IN ('held', 'redeemed')", "step"), primary_key=True),
    Column("decided_at", MomentColumn, nullable=False),
    Column("revision", DigestColumn, nullable=False),
    Column("facts_digest", DigestColumn, nullable=False),
    Column("facts", JSONB, nullable=False),
    **rows_may(Writes.APPEND),
)

invoice_claims = Table(
    "invoice_claims",
    metadata,
    Column("invoice_id", IdColumn(InvoiceId), ForeignKey("invoices.id", ondelete="RESTRICT"), primary_key=True),
    Column(
        "voucher_id", IdColumn(VoucherId), ForeignKey("vouchers.id", ondelete="RESTRICT"), nullable=False, unique=True
    ),
    Column("base", MoneyColumn, CheckConstraint("base > 0", "base"), nullable=False),
    **rows_may(Writes.APPEND),
)

ledger_accounts = Table(
    "ledger_accounts",
    metadata,
    Column("account", Key, primary_key=True),
    _authority(),
    Column("is_credit", Boolean, nullable=False),
    Column("balance", MoneyColumn, CheckConstraint("balance >= 0", "balance"), nullable=False),
    **rows_may(Writes.UPDATE),
)

ledger_postings = Table(
    "ledger_postings",
    metadata,
    Column("id", IdColumn(PostingId), primary_key=True),
    Column("debit", Key, ForeignKey("ledger_accounts.account", ondelete="RESTRICT"), nullable=False, index=True),
    Column("credit", Key, ForeignKey("ledger_accounts.account", ondelete="RESTRICT"), nullable=False, index=True),
    Column("amount", MoneyColumn, CheckConstraint("amount > 0", "amount"), nullable=False),
    Column("subject", Key, nullable=False, index=True),
    Column("posted_at", MomentColumn, nullable=False),
    CheckConstraint("debit <> credit", "two_accounts"),
    **rows_may(Writes.APPEND),
)

appropriations = Table(
    "appropriations",
    metadata,
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), primary_key=True),
    Column("budget_year", Integer, primary_key=True, autoincrement=False),
    Column("line", Key, primary_key=True),
    Column("appropriated", MoneyColumn, nullable=False),
    Column("instructed", MoneyColumn, nullable=False),
    CheckConstraint("instructed BETWEEN 0 AND appropriated", "instructed_within_appropriation"),
    **rows_may(Writes.UPDATE),
)

appropriation_documents = Table(
    "appropriation_documents",
    metadata,
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), primary_key=True),
    Column("number", Text, primary_key=True),
    Column("budget_year", Integer, nullable=False),
    Column("line", Key, nullable=False),
    Column("amount", MoneyColumn, CheckConstraint("amount > 0", "amount"), nullable=False),
    Column("recorded_at", MomentColumn, nullable=False),
    Column("recorded_by", IdColumn(AccountId)),
    **rows_may(Writes.APPEND),
)


# Pools and firm-years.


def _pool(row: Row[Any]) -> Pool:
    return Pool(row.id, row.authority_id, row.document, row.name, row.budget, row.used, row.opened_at)


def add_pool(connection: Connection, pool: Pool, by: AccountId | None) -> bool:
    """Write a pool; False when it is open already."""
    made = connection.execute(
        insert_or(pools)
        .values(
            id=pool.id,
            authority_id=pool.authority,
            document=pool.document,
            name=pool.name,
            budget=pool.budget,
            used=pool.used,
            opened_at=pool.opened_at,
            opened_by=by,
        )
        .on_conflict_do_nothing(index_elements=["authority_id", "document", "name"])
        .returning(pools.c.id)
    )
    return made.scalar() is not None


def pool_of(connection: Connection, pool: PoolId) -> Pool | None:
    """Return a pool."""
    row = connection.execute(select(pools).where(pools.c.id == pool)).one_or_none()
    return _pool(row) if row else None


def pool_named(connection: Connection, authority: AuthorityId, document: str, name: str) -> Pool | None:
    """Return the pool of a document by its name."""
    query = select(pools).where(pools.c.authority_id == authority, pools.c.document == document, pools.c.name == name)
    row = connection.execute(query).one_or_none()
    return _pool(row) if row else None


def all_pools(connection: Connection) -> list[Pool]:
    """Return every pool, oldest first."""
    return [_pool(row) for row in connection.execute(select(pools).order_by(pools.c.id))]


def lock_pools(connection: Connection, wanted: Iterable[PoolId]) -> dict[PoolId, Pool]:
    """Return pools, locked in the order of their ids."""
    query = select(pools).where(pools.c.id.in_(set(wanted))).order_by(pools.c.id).with_for_update()
    return {row.id: _pool(row) for row in connection.execute(query)}


def change_pool(connection: Connection, pool: PoolId, delta_fen: int) -> bool:
    """Add to what is used of a pool, or take from it; False when the budget or zero would be passed."""
    after = cast(pools.c.used, BigInteger) + delta_fen
    budget = cast(pools.c.budget, BigInteger)
    made = connection.execute(update(pools).where(pools.c.id == pool, after.between(0, budget)).values(used=after))
    return made.rowcount == 1


def _firm_year(row: Row[Any]) -> FirmYear:
    return FirmYear(row.authority_id, row.firm_id, row.group, row.year, row.cap, row.base, row.used)


def lock_firm_years(connection: Connection, caps: dict[FirmYearKey, Money]) -> dict[FirmYearKey, FirmYear]:
    """Return firm-years, locked in the order of their keys; one that is new begins empty under its cap."""
    rows = [
        {
            "authority_id": key.authority,
            "firm_id": key.firm,
            "group": key.group,
            "year": key.year,
            "cap": caps[key],
            "base": ZERO,
            "used": ZERO,
        }
        for key in sorted(caps)
    ]
    upsert = insert_or(firm_years).values(rows)
    # A ruling may raise the cap. A lower one binds by the rule; what was granted before it stays granted.
    raised = func.greatest(firm_years.c.cap, upsert.excluded.cap)
    kept = upsert.on_conflict_do_update(
        index_elements=["authority_id", "firm_id", "group", "year"], set_={"cap": raised}
    )
    found = [_firm_year(row) for row in connection.execute(kept.returning(*firm_years.c))]
    return {each.key: each for each in found}


def change_firm_year(connection: Connection, key: FirmYearKey, base_delta_fen: int, used_delta_fen: int) -> bool:
    """Add to base and use of a firm-year, or take from them; False when the cap or zero would be passed."""
    base = cast(firm_years.c.base, BigInteger) + base_delta_fen
    used = cast(firm_years.c.used, BigInteger) + used_delta_fen
    cap = cast(firm_years.c.cap, BigInteger)
    made = connection.execute(
        update(firm_years).where(_is(key), base >= 0, used.between(0, cap)).values(base=base, used=used)
    )
    return made.rowcount == 1


def _is(key: FirmYearKey) -> Any:
    return and_(
        firm_years.c.authority_id == key.authority,
        firm_years.c.firm_id == key.firm,
        firm_years.c.group == key.group,
        firm_years.c.year == key.year,
    )


def firm_year_of(connection: Connection, key: FirmYearKey) -> FirmYear | None:
    """Return a firm-year."""
    row = connection.execute(select(firm_years).where(_is(key))).one_or_none()
    return _firm_year(row) if row else None


def firm_years_of(
    connection: Connection, firm: FirmId | None, year: int | None, authority: AuthorityId | None
) -> list[FirmYear]:
    """Return the firm-years of a firm, a year, an authority; None: any."""
    query = select(firm_years)
    for given, asked in (
        (firm_years.c.firm_id, firm),
        (firm_years.c.year, year),
        (firm_years.c.authority_id, authority),
    ):
        if asked is not None:
            query = query.where(given == asked)
    return [_firm_year(row) for row in connection.execute(query.order_by(*firm_years.primary_key.columns).limit(1000))]


# Vouchers, decisions and claims.


def _voucher(row: Row[Any]) -> Voucher:
    return Voucher(
        id=row.id,
        authority=row.authority_id,
        pool=row.pool_id,
        instrument=row.instrument,
        group=row.group,
        firm=row.firm_id,
        order=row.order_id,
        state=VoucherState(row.state),
        year=row.year,
        base=row.base,
        amount=row.amount,
        invoice=row.invoice_id,
        event_on=row.event_on,
        revision=row.revision,
        facts_digest=row.facts_digest,
        held_at=row.held_at,
        expires_at=row.expires_at,
        case=row.case_id,
    )


def _values(voucher: Voucher) -> dict[str, Any]:
    return {
        "authority_id": voucher.authority,
        "pool_id": voucher.pool,
        "instrument": voucher.instrument,
        "group": voucher.group,
        "firm_id": voucher.firm,
        "order_id": voucher.order,
        "state": voucher.state.value,
        "year": voucher.year,
        "base": voucher.base,
        "amount": voucher.amount,
        "invoice_id": voucher.invoice,
        "event_on": voucher.event_on,
        "revision": voucher.revision,
        "facts_digest": voucher.facts_digest,
        "held_at": voucher.held_at,
        "expires_at": voucher.expires_at,
        "case_id": voucher.case,
    }


def add_voucher(connection: Connection, voucher: Voucher) -> None:
    """Write a new voucher."""
    connection.execute(insert(vouchers).values(id=voucher.id, **_values(voucher)))


def save_voucher(connection: Connection, voucher: Voucher) -> None:
    """Write what became of a voucher."""
    connection.execute(update(vouchers).where(vouchers.c.id == voucher.id).values(**_values(voucher)))


def voucher_of(connection: Connection, voucher: VoucherId) -> Voucher | None:
    """Return a voucher."""
    row = connection.execute(select(vouchers).where(vouchers.c.id == voucher)).one_or_none()
    return _voucher(row) if row else None


def lock_vouchers(connection: Connection, wanted: Collection[VoucherId]) -> list[Voucher]:
    """Return vouchers, locked in the order of their ids."""
    query = select(vouchers).where(vouchers.c.id.in_(wanted)).order_by(vouchers.c.id).with_for_update()
    return [_voucher(row) for row in connection.execute(query)]


def take_due(connection: Connection, now: Moment, pool: PoolId | None, limit: int) -> list[Voucher]:
    """Return held vouchers whose hold has run out, locked; those another transaction deals with are left to it."""
    query = select(vouchers).where(vouchers.c.state == VoucherState.HELD.value, vouchers.c.expires_at <= now)
    if pool:
        query = query.where(vouchers.c.pool_id == pool)
    locked = query.order_by(vouchers.c.id).limit(limit).with_for_update(skip_locked=True)
    return [_voucher(row) for row in connection.execute(locked)]


def counting_of_order(connection: Connection, order: OrderId) -> Voucher | None:
    """Return the voucher of an order that counts, if there is one."""
    states = [state.value for state in COUNTING]
    row = connection.execute(
        select(vouchers).where(vouchers.c.order_id == order, vouchers.c.state.in_(states))
    ).one_or_none()
    return _voucher(row) if row else None


def vouchers_page(
    connection: Connection, firm: FirmId | None, authority: AuthorityId | None, after: VoucherId | None, limit: int
) -> list[Voucher]:
    """Return the vouchers of a firm or of an authority, newest first."""
    query: Select[Any] = select(vouchers).order_by(vouchers.c.id.desc()).limit(limit)
    if after:
        query = query.where(vouchers.c.id < after)
    owner = vouchers.c.firm_id == firm if firm else vouchers.c.authority_id == authority
    return [_voucher(row) for row in connection.execute(query.where(owner))]


def redeemed_of(connection: Connection, authority: AuthorityId, instruments: Collection[str]) -> list[Voucher]:
    """Return redeemed vouchers that wait for a payment batch, in the order they were held."""
    query = select(vouchers).where(
        vouchers.c.authority_id == authority,
        vouchers.c.state == VoucherState.REDEEMED.value,
        vouchers.c.instrument.in_(instruments),
    )
    return [_voucher(row) for row in connection.execute(query.order_by(vouchers.c.id))]


def add_decision(connection: Connection, decision: Decision) -> None:
    """Write what a step was decided on."""
    connection.execute(
        insert(decisions).values(
            voucher_id=decision.voucher,
            step=decision.step.value,
            decided_at=decision.decided_at,
            revision=decision.revision,
            facts_digest=decision.facts_digest,
            facts=decision.facts,
        )
    )


def decisions_of(connection: Connection, voucher: VoucherId) -> list[Decision]:
    """Return what the steps of a voucher were decided on, in their order."""
    query = select(decisions).where(decisions.c.voucher_id == voucher).order_by(decisions.c.step)
    return [
        Decision(
            row.voucher_id, VoucherState(row.step), row.decided_at, row.revision, row.facts_digest, dict(row.facts)
        )
        for row in connection.execute(query)
    ]


def claim_invoice(connection: Connection, invoice: InvoiceId, voucher: VoucherId, base: Money) -> bool:
    """Claim an invoice for a voucher; False when it is claimed already."""
    made = connection.execute(
        insert_or(invoice_claims)
        .values(invoice_id=invoice, voucher_id=voucher, base=base)
        .on_conflict_do_nothing(index_elements=["invoice_id"])
        .returning(invoice_claims.c.invoice_id)
    )
    return made.scalar() is not None


def claim_of(connection: Connection, invoice: InvoiceId) -> VoucherId | None:
    """Return the voucher that has claimed an invoice."""
    found: VoucherId | None = connection.execute(
        select(invoice_claims.c.voucher_id).where(invoice_claims.c.invoice_id == invoice)
    ).scalar()
    return found


# The ledger.


def open_accounts(connection: Connection, authority: AuthorityId, accounts: Sequence[tuple[str, bool]]) -> None:
    """Make accounts that are not there yet; each is (name, whether it is a credit account)."""
    rows = [
        {"account": name, "authority_id": authority, "is_credit": is_credit, "balance": ZERO}
        for name, is_credit in accounts
    ]
    connection.execute(insert_or(ledger_accounts).values(rows).on_conflict_do_nothing(index_elements=["account"]))


def post(connection: Connection, made: Sequence[Posting]) -> bool:
    """Write postings and move the balances with them; False when an account is missing."""
    if not made:
        return True
    connection.execute(
        insert(ledger_postings),
        [
            {
                "id": each.id,
                "debit": each.debit,
                "credit": each.credit,
                "amount": each.amount,
                "subject": each.subject,
                "posted_at": each.posted_at,
            }
            for each in made
        ],
    )
    moved: dict[str, int] = {}
    for each in made:
        moved[each.debit] = moved.get(each.debit, 0) + each.amount.fen
        moved[each.credit] = moved.get(each.credit, 0) - each.amount.fen
    changes = values(column("account", Text), column("debited", BigInteger), name="changes").data(sorted(moved.items()))
    debited = case((ledger_accounts.c.is_credit, -changes.c.debited), else_=changes.c.debited)
    balance = cast(ledger_accounts.c.balance, BigInteger) + debited
    result = connection.execute(
        update(ledger_accounts).where(ledger_accounts.c.account == changes.c.account).values(balance=balance)
    )
    return result.rowcount == len(moved)


def account_lines(connection: Connection, authority: AuthorityId | None = None) -> list[AccountLine]:
    """Return every account, or those of an authority, with the sums of what was posted to it."""
    sums = []
    for side in ("debit", "credit"):
        total = func.sum(cast(ledger_postings.c.amount, BigInteger)).label("total")
        sums.append(
            select(ledger_postings.c[side].label("account"), total).group_by(ledger_postings.c[side]).subquery()
        )
    debits, credits_ = sums
    query = (
        select(
            ledger_accounts,
            func.coalesce(debits.c.total, literal(0)).label("debit"),
            func.coalesce(credits_.c.total, literal(0)).label("credit"),
        )
        .outerjoin(debits, debits.c.account == ledger_accounts.c.account)
        .outerjoin(credits_, credits_.c.account == ledger_accounts.c.account)
        .order_by(ledger_accounts.c.account)
    )
    if authority:
        query = query.where(ledger_accounts.c.authority_id == authority)
    return [
        AccountLine(row.account, Money(int(row.debit)), Money(int(row.credit)), row.balance, row.is_credit)
        for row in connection.execute(query)
    ]


def count_postings(connection: Connection) -> int:
    """Return how many postings there are."""
    return int(connection.execute(select(func.count()).select_from(ledger_postings)).scalar() or 0)


def all_firm_years(connection: Connection) -> list[FirmYear]:
    """Return every firm-year."""
    return [_firm_year(row) for row in connection.execute(select(firm_years))]


def all_vouchers(connection: Connection) -> list[Voucher]:
    """Return every voucher."""
    return [_voucher(row) for row in connection.execute(select(vouchers))]


def claims(connection: Connection) -> dict[VoucherId, tuple[InvoiceId, Money]]:
    """Return the claim of each voucher that has one."""
    return {row.voucher_id: (row.invoice_id, row.base) for row in connection.execute(select(invoice_claims))}


# Appropriations.


def add_appropriation(
    connection: Connection, authority: AuthorityId, command: Appropriate, by: AccountId | None, now: Moment
) -> bool:
    """Write appropriated money under its document; False when that document is known."""
    made = connection.execute(
        insert_or(appropriation_documents)
        .values(
            authority_id=authority,
            number=command.number,
            budget_year=command.budget_year,
            line=command.line,
            amount=command.amount,
            recorded_at=now,
            recorded_by=by,
        )
        .on_conflict_do_nothing()
        .returning(appropriation_documents.c.number)
    )
    if made.scalar() is None:
        return False
    upsert = insert_or(appropriations).values(
        authority_id=authority,
        budget_year=command.budget_year,
        line=command.line,
        appropriated=command.amount,
        instructed=ZERO,
    )
    total = cast(appropriations.c.appropriated, BigInteger) + cast(upsert.excluded.appropriated, BigInteger)
    connection.execute(
        upsert.on_conflict_do_update(
            index_elements=["authority_id", "budget_year", "line"], set_={"appropriated": total}
        )
    )
    return True


def change_appropriation(
    connection: Connection, authority: AuthorityId, budget_year: int, line: str, delta_fen: int
) -> bool:
    """Add to what is instructed on a line, or take from it; False when the appropriation or zero would be passed."""
    after = cast(appropriations.c.instructed, BigInteger) + delta_fen
    made = connection.execute(
        update(appropriations)
        .where(
            appropriations.c.authority_id == authority,
            appropriations.c.budget_year == budget_year,
            appropriations.c.line == line,
            after.between(0, cast(appropriations.c.appropriated, BigInteger)),
        )
        .values(instructed=after)
    )
    return made.rowcount == 1


def appropriations_of(connection: Connection, authority: AuthorityId | None = None) -> list[Appropriation]:
    """Return the lines of an authority, or all, by year and line."""
    query = select(appropriations).order_by(*appropriations.primary_key.columns)
    if authority:
        query = query.where(appropriations.c.authority_id == authority)
    return [
        Appropriation(row.authority_id, row.budget_year, row.line, row.appropriated, row.instructed)
        for row in connection.execute(query)
    ]


def facts_by_voucher(connection: Connection) -> dict[VoucherId, dict[VoucherState, tuple[Digest, dict[str, Any]]]]:
    """Return (stored digest, facts) of every decision, by voucher and step."""
    found: dict[VoucherId, dict[VoucherState, tuple[Digest, dict[str, Any]]]] = {}
    for row in connection.execute(select(decisions)):
        found.setdefault(row.voucher_id, {})[VoucherState(row.step)] = (row.facts_digest, dict(row.facts))
    return found


def held_by_subject(connection: Connection) -> dict[str, int]:
    """Return, by subject, the fen that were taken out of what pools have available and not put back."""
    is_available = "pool/%/available"
    taken = func.sum(
        cast(ledger_postings.c.amount, BigInteger)
        * case(
            (ledger_postings.c.credit.like(is_available), 1),
            (ledger_postings.c.debit.like(is_available), -1),
            else_=0,
        )
    )
    query = select(ledger_postings.c.subject, taken.label("taken")).group_by(ledger_postings.c.subject)
    return {row.subject: int(row.taken) for row in connection.execute(query)}
