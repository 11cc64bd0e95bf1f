"""Tables of webhooks, mail addresses, followers and public announcements, and the query of who is told."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Row,
    SmallInteger,
    Table,
    Text,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy import update as update_rows
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as insert_or

from registry.accounts.records.accounts import accounts
from registry.actors.model import Role
from registry.messages.model import (
    Announcement,
    AnnouncementFilter,
    Event,
    Language,
    MailAddress,
    Topic,
    Webhook,
    WebhookState,
)
from registry.values.identifiers import AccountId, AnnouncementId, AuthorityId, DatasetId, FirmId, WebhookId
from registry.values.moment import Moment
from registry.values.records import IdColumn, Key, MomentColumn
from storage.database import Connection, Writes, metadata, rows_may

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", IdColumn(WebhookId), primary_key=True),
    Column("firm_id", IdColumn(FirmId), ForeignKey("firms.id", ondelete="RESTRICT"), index=True),
    Column("authority_id", IdColumn(AuthorityId), ForeignKey("authorities.id", ondelete="RESTRICT"), index=True),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("topics", ARRAY(Key), nullable=False),
    Column("by_dataset", Boolean, nullable=False),
    Column("state", Key, nullable=False),
    Column("generation", SmallInteger, nullable=False, server_default="1"),
    Column("created_at", MomentColumn, nullable=False),
    Column("created_by", IdColumn(AccountId), ForeignKey("accounts.id", ondelete="RESTRICT")),
    Column("rotated_at", MomentColumn),
    Column("disabled_at", MomentColumn),
    CheckConstraint("num_nonnulls(firm_id, authority_id) = 1", "one_owner"),
    CheckConstraint("state IN ('active', 'disabled')", "state"),
    CheckConstraint("(state = 'disabled') = (disabled_at IS NOT NULL)", "disabled_when"),
    CheckConstraint("cardinality(topics) > 0", "some_topic"),
    CheckConstraint("generation > 0", "generation"),
    **rows_may(Writes.UPDATE),
)
"""The secret stands nowhere: it is derived from the installation's, the id and the generation."""

webhook_datasets = Table(
    "webhook_datasets",
    metadata,
    Column("webhook_id", IdColumn(WebhookId), ForeignKey("webhooks.id", ondelete="RESTRICT"), primary_key=True),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), primary_key=True),
    Index("ix_webhook_datasets_dataset_id", "dataset_id"),
    **rows_may(Writes.APPEND),
)

mail_addresses = Table(
    "mail_addresses",
    metadata,
    Column("account_id", IdColumn(AccountId), ForeignKey("accounts.id", ondelete="RESTRICT"), primary_key=True),
    Column("address", Text, nullable=False),
    Column("language", Key, nullable=False),
    Column("topics", ARRAY(Key)),
    Column("stated_at", MomentColumn, nullable=False),
    Column("verified_at", MomentColumn),
    Column("unsubscribed_at", MomentColumn),
    Column("codes_sent", SmallInteger, nullable=False, server_default="1"),
    CheckConstraint("language IN ('zh', 'en')", "language"),
    **rows_may(Writes.DELETE),
)
"""Erasable, like every table that holds what is personal. ``codes_sent`` counts those of the day of ``stated_at``."""

follows = Table(
    "follows",
    metadata,
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT"), primary_key=True),
    Column("account_id", IdColumn(AccountId), ForeignKey("accounts.id", ondelete="RESTRICT"), primary_key=True),
    Column("followed_at", MomentColumn, nullable=False),
    Index("ix_follows_account_id_dataset_id", "account_id", "dataset_id"),
    **rows_may(Writes.DELETE),
)

announcements = Table(
    "announcements",
    metadata,
    Column("id", IdColumn(AnnouncementId), primary_key=True),
    Column("announced_at", MomentColumn, nullable=False),
    Column("topic", Key, nullable=False),
    Column("subject", Key, nullable=False),
    Column("dataset_id", IdColumn(DatasetId), ForeignKey("datasets.id", ondelete="RESTRICT")),
    Column("namespace", Key),
    Column("data", JSONB, nullable=False),
    Index("ix_announcements_topic", "topic", "announced_at", "id"),
    Index("ix_announcements_dataset_id", "dataset_id", "announced_at", "id"),
    Index("ix_announcements_namespace", "namespace", "announced_at", "id"),
    **rows_may(Writes.UPDATE),
)
"""What is public, as the feeds show it. ``data`` may be emptied when the law wants what it names erased."""


# Who is told.


def webhooks_told(connection: Connection, event: Event) -> list[Webhook]:
    """Return the active webhooks that an event goes to."""
    concerned = _owned(webhooks, event)
    named = exists().where(
        webhook_datasets.c.webhook_id == webhooks.c.id, webhook_datasets.c.dataset_id == event.dataset
    )
    told = or_(
        and_(concerned, ~webhooks.c.by_dataset),
        and_(named, concerned if not event.public else literal(True)),
    )
    query = select(webhooks).where(
        webhooks.c.state == WebhookState.ACTIVE,
        webhooks.c.topics.contains([event.topic.value]),
        told if event.dataset is not None else and_(concerned, ~webhooks.c.by_dataset),
    )
    return [_webhook(row, ()) for row in connection.execute(query.order_by(webhooks.c.id))]


def members_told(
    connection: Connection, event: Event, without: AccountId | None
) -> list[tuple[AccountId, str, frozenset[Role], frozenset[Topic] | None, bool]]:
    """Return (account, party, roles, chosen topics, follows) of members with an address whom an event may concern."""
    follower = exists().where(
        follows.c.dataset_id == event.dataset, follows.c.account_id == mail_addresses.c.account_id
    )
    heard = follower if event.public and event.dataset is not None else literal(False)
    query = (
        select(mail_addresses.c.account_id, mail_addresses.c.topics, accounts, heard.label("follows"))
        .join(accounts, accounts.c.id == mail_addresses.c.account_id)
        .where(
            accounts.c.state == "active",
            mail_addresses.c.verified_at.is_not(None),
            mail_addresses.c.unsubscribed_at.is_(None),
            or_(_owned(accounts, event), heard),
        )
        .order_by(mail_addresses.c.account_id)
    )
    if without is not None:
        query = query.where(mail_addresses.c.account_id != without)
    return [
        (
            row.account_id,
            row.firm_id or row.authority_id,
            frozenset(Role(role) for role in row.roles),
            None if row.topics is None else frozenset(Topic(topic) for topic in row.topics),
            bool(row.follows),
        )
        for row in connection.execute(query)
    ]


def _owned(table: Table, event: Event) -> Any:
    return or_(table.c.firm_id.in_(sorted(event.firms)), table.c.authority_id.in_(sorted(event.authorities)))


def add_announcement(connection: Connection, event: Event, now: Moment) -> None:
    """Write a public event for the feeds."""
    connection.execute(
        insert(announcements).values(
            id=AnnouncementId.new(),
            announced_at=now,
            topic=event.topic,
            subject=str(event.subject),
            dataset_id=event.dataset,
            namespace=event.name.namespace.lower() if event.name else None,
            data=dict(event.data),
        )
    )


def announced(
    connection: Connection, wanted: AnnouncementFilter, before: tuple[Moment, AnnouncementId] | None, limit: int
) -> list[Announcement]:
    """Return up to ``limit`` public events, the newest first, from ``before`` on."""
    query = select(announcements).where(announcements.c.topic.in_(sorted(wanted.topics)))
    if wanted.dataset is not None:
        query = query.where(announcements.c.dataset_id == wanted.dataset)
    if wanted.namespace is not None:
        query = query.where(announcements.c.namespace == wanted.namespace.lower())
    if before is not None:
        position = tuple_(literal(before[0], MomentColumn), literal(before[1], IdColumn(AnnouncementId)))
        query = query.where(tuple_(announcements.c.announced_at, announcements.c.id) < position)
    rows = connection.execute(
        query.order_by(announcements.c.announced_at.desc(), announcements.c.id.desc()).limit(limit)
    )
    return [
        Announcement(row.id, row.announced_at, Topic(row.topic), row.subject, row.dataset_id, row.data) for row in rows
    ]


# Webhooks.


def _webhook(row: Row[Any], datasets: Iterable[DatasetId]) -> Webhook:
    return Webhook(
        id=row.id,
        firm=row.firm_id,
        authority=row.authority_id,
        url=row.url,
        description=row.description,
        topics=frozenset(Topic(topic) for topic in row.topics),
        datasets=frozenset(datasets),
        state=WebhookState(row.state),
        generation=row.generation,
        created_at=row.created_at,
        rotated_at=row.rotated_at,
        disabled_at=row.disabled_at,
    )


def add_webhook(connection: Connection, made: Webhook, by: AccountId | None) -> None:
    """Write a webhook with its datasets."""
    connection.execute(
        insert(webhooks).values(
            id=made.id,
            firm_id=made.firm,
            authority_id=made.authority,
            url=made.url,
            description=made.description,
            topics=sorted(made.topics),
            by_dataset=bool(made.datasets),
            state=made.state,
            generation=made.generation,
            created_at=made.created_at,
            created_by=by,
        )
    )
    if made.datasets:
        rows = [{"webhook_id": made.id, "dataset_id": dataset} for dataset in sorted(made.datasets)]
        connection.execute(insert(webhook_datasets), rows)


def webhook_of(connection: Connection, webhook: WebhookId, *, lock: bool = False) -> Webhook | None:
    """Return a webhook, locked until the transaction ends if asked to."""
    query = select(webhooks).where(webhooks.c.id == webhook)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return _webhook(row, _datasets_of(connection, [row.id])[row.id]) if row else None


def webhooks_of(
    connection: Connection, firm: FirmId | None, authority: AuthorityId | None, after: WebhookId | None, limit: int
) -> list[Webhook]:
    """Return up to ``limit`` webhooks of a party, oldest first, behind ``after``."""
    query = select(webhooks).where(_home(firm, authority)).order_by(webhooks.c.id).limit(limit)
    if after is not None:
        query = query.where(webhooks.c.id > after)
    rows = connection.execute(query).all()
    datasets = _datasets_of(connection, [row.id for row in rows])
    return [_webhook(row, datasets[row.id]) for row in rows]


def _datasets_of(connection: Connection, ids: Sequence[WebhookId]) -> dict[WebhookId, list[DatasetId]]:
    found: dict[WebhookId, list[DatasetId]] = {webhook: [] for webhook in ids}
    for row in connection.execute(select(webhook_datasets).where(webhook_datasets.c.webhook_id.in_(ids))):
        found[row.webhook_id].append(row.dataset_id)
    return found


def count_active_webhooks(connection: Connection, firm: FirmId | None, authority: AuthorityId | None) -> int:
    """Return how many active webhooks a party has."""
    active = webhooks.c.state == WebhookState.ACTIVE
    return int(connection.execute(select(func.count()).where(_home(firm, authority), active)).scalar_one())


def _home(firm: FirmId | None, authority: AuthorityId | None) -> Any:
    return webhooks.c.firm_id == firm if firm else webhooks.c.authority_id == authority


def set_webhook(connection: Connection, webhook: WebhookId, **values: Any) -> None:
    """Change columns of a webhook."""
    connection.execute(update_rows(webhooks).where(webhooks.c.id == webhook).values(**values))


# Mail addresses and followers.


def verified_addresses(
    connection: Connection, office: AuthorityId, firms: Iterable[FirmId]
) -> list[tuple[AccountId, FirmId | None, str]]:
    """Return the verified mail addresses of an office's officers (no firm) and of the members of some firms."""
    query = (
        select(accounts.c.id, accounts.c.firm_id, mail_addresses.c.address)
        .join(accounts, accounts.c.id == mail_addresses.c.account_id)
        .where(
            mail_addresses.c.verified_at.is_not(None),
            accounts.c.state == "active",
            or_(accounts.c.authority_id == office, accounts.c.firm_id.in_(list(firms))),
        )
        .order_by(accounts.c.id)
    )
    return [(row.id, row.firm_id, row.address) for row in connection.execute(query)]


def mail_address_of(connection: Connection, account: AccountId, *, lock: bool = False) -> MailAddress | None:
    """Return where a member takes mail."""
    query = select(mail_addresses).where(mail_addresses.c.account_id == account)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        return None
    return MailAddress(
        account=row.account_id,
        address=row.address,
        language=Language(row.language),
        topics=None if row.topics is None else frozenset(Topic(topic) for topic in row.topics),
        stated_at=row.stated_at,
        verified_at=row.verified_at,
        unsubscribed_at=row.unsubscribed_at,
        codes_sent=row.codes_sent,
    )


def save_mail_address(connection: Connection, made: MailAddress) -> None:
    """Write where a member takes mail, over what was there."""
    values: Mapping[str, Any] = {
        "address": made.address,
        "language": made.language,
        "topics": None if made.topics is None else sorted(made.topics),
        "stated_at": made.stated_at,
        "verified_at": made.verified_at,
        "unsubscribed_at": made.unsubscribed_at,
        "codes_sent": made.codes_sent,
    }
    kept = insert_or(mail_addresses).values(account_id=made.account, **values)
    connection.execute(kept.on_conflict_do_update(index_elements=["account_id"], set_=dict(values)))


def remove_mail_address(connection: Connection, account: AccountId) -> bool:
    """Forget where a member takes mail; False when there was nothing."""
    return bool(connection.execute(delete(mail_addresses).where(mail_addresses.c.account_id == account)).rowcount)


def follow(connection: Connection, account: AccountId, dataset: DatasetId, now: Moment) -> None:
    """Note that a member follows a dataset; a second time changes nothing."""
    made = insert_or(follows).values(dataset_id=dataset, account_id=account, followed_at=now)
    connection.execute(made.on_conflict_do_nothing())


def unfollow(connection: Connection, account: AccountId, dataset: DatasetId) -> bool:
    """Note that a member follows a dataset no more; False when it did not."""
    gone = delete(follows).where(follows.c.account_id == account, follows.c.dataset_id == dataset)
    return bool(connection.execute(gone).rowcount)


def followed(connection: Connection, account: AccountId) -> list[DatasetId]:
    """Return the datasets a member follows."""
    query = select(follows.c.dataset_id).where(follows.c.account_id == account).order_by(follows.c.dataset_id)
    return list(connection.execute(query).scalars())
