"""The table of devices that wait to be let in; its rows pass."""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Row,
    Table,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from registry.accounts.model import DeviceRequest, DeviceState
from registry.actors.model import Scope
from registry.values.digest import Digest
from registry.values.identifiers import AccountId
from registry.values.moment import Moment
from registry.values.records import DigestColumn, IdColumn, Key, MomentColumn
from storage.database import Writes, metadata, rows_may

device_requests = Table(
    "device_requests",
    metadata,
    Column("device_digest", DigestColumn, primary_key=True),
    Column("user_code", Key, nullable=False, unique=True),
    Column("client_id", Key, nullable=False),
    Column("scopes", ARRAY(Key), nullable=False),
    Column("state", Key, CheckConstraint("state IN ('pending', 'approved', 'denied')", "state"), nullable=False),
    Column("account_id", IdColumn(AccountId), ForeignKey("accounts.id", ondelete="RESTRICT")),
    Column("created_at", MomentColumn, nullable=False),
    Column("expires_at", MomentColumn, nullable=False, index=True),
    Column("last_polled_at", MomentColumn),
    CheckConstraint("(state = 'pending') = (account_id IS NULL)", "answered_by"),
    **rows_may(Writes.DELETE),
)
"""Passing: a row goes when its token is issued or its time is over. The answer and the token are journaled."""


def add_device_request(connection: Connection, device: DeviceRequest, digest: Digest) -> None:
    """Write a device that waits, and forget those whose time is over."""
    connection.execute(delete(device_requests).where(device_requests.c.expires_at < device.created_at))
    connection.execute(
        insert(device_requests).values(
            device_digest=digest,
            user_code=device.user_code,
            client_id=device.client_id,
            scopes=sorted(scope.value for scope in device.scopes),
            state=device.state.value,
            created_at=device.created_at,
            expires_at=device.expires_at,
        )
    )


def _device(row: Row[Any] | None) -> DeviceRequest | None:
    if row is None:
        return None
    return DeviceRequest(
        user_code=row.user_code,
        client_id=row.client_id,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        state=DeviceState(row.state),
        account=row.account_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_polled_at=row.last_polled_at,
    )


def device_of_code(connection: Connection, digest: Digest) -> DeviceRequest | None:
    """Return the device that holds a device code."""
    return _device(
        connection.execute(select(device_requests).where(device_requests.c.device_digest == digest)).one_or_none()
    )


def device_of_user_code(connection: Connection, user_code: str, *, to_change: bool = False) -> DeviceRequest | None:
    """Return the device that shows a user code, locked if it is to be answered."""
    query = select(device_requests).where(device_requests.c.user_code == user_code)
    return _device(connection.execute(query.with_for_update() if to_change else query).one_or_none())


def answer_device(connection: Connection, user_code: str, state: DeviceState, account: AccountId) -> None:
    """Write what a person said to a device."""
    connection.execute(
        update(device_requests)
        .where(device_requests.c.user_code == user_code)
        .values(state=state.value, account_id=account)
    )


def note_poll(connection: Connection, digest: Digest, now: Moment, earliest_before: Moment) -> bool:
    """Note that a device asked; False when it asked after ``earliest_before`` already."""
    made = connection.execute(
        update(device_requests)
        .where(
            device_requests.c.device_digest == digest,
            or_(device_requests.c.last_polled_at.is_(None), device_requests.c.last_polled_at <= earliest_before),
        )
        .values(last_polled_at=now)
    )
    return made.rowcount == 1


def consume_device(connection: Connection, digest: Digest) -> DeviceRequest | None:
    """Take an approved device off the table: of two that ask at the same time, one gets it."""
    return _device(
        connection.execute(
            delete(device_requests)
            .where(device_requests.c.device_digest == digest, device_requests.c.state == DeviceState.APPROVED.value)
            .returning(device_requests)
        ).one_or_none()
    )
