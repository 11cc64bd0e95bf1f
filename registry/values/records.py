"""How values are kept in columns."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeDecorator

from registry.values.digest import Digest
from registry.values.identifiers import Id
from registry.values.moment import Moment
from registry.values.money import Money

Key = Text(collation="C")
"""A text column that is compared byte by byte, for keys and codes."""


class IdColumn(TypeDecorator[Id]):
    """An identifier, kept as a UUID; its prefix stands in the schema, not in every row."""

    impl = Uuid
    cache_ok = True

    def __init__(self, kind: type[Id]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Id | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return the UUID of an identifier of this kind in hex, as PostgreSQL reads it."""
        if value is None:
            return None
        return (value if type(value) is self.kind else self.kind(value)).hex

    def process_result_value(self, value: Any, dialect: Dialect) -> Id | None:  # noqa: ARG002
        """Return the identifier of a stored UUID."""
        return None if value is None else self.kind.of_uuid(value)


class MoneyColumn(TypeDecorator[Money]):
    """An amount, kept as whole fen."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Money | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Return the fen."""
        return None if value is None else value.fen

    def process_result_value(self, value: Any, dialect: Dialect) -> Money | None:  # noqa: ARG002
        """Return the amount."""
        return None if value is None else Money(int(value))


class MomentColumn(TypeDecorator[Moment]):
    """An instant, kept as ``timestamptz``."""

    impl = TIMESTAMP(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: Moment | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the aware datetime."""
        return None if value is None else value.instant

    def process_result_value(self, value: Any, dialect: Dialect) -> Moment | None:  # noqa: ARG002
        """Return the instant."""
        return None if value is None else Moment(value)


class DigestColumn(TypeDecorator[Digest]):
    """A SHA-256, kept as its 32 bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Digest | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        """Return the 32 bytes."""
        return None if value is None else value.raw

    def process_result_value(self, value: Any, dialect: Dialect) -> Digest | None:  # noqa: ARG002
        """Return the digest."""
        return None if value is None else Digest(bytes(value).hex())
