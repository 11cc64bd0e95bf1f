"""The column every table of vouchers has that belongs to an authority."""

from typing import Any

from sqlalchemy import Column, ForeignKey

from registry.values.identifiers import AuthorityId
from registry.values.records import IdColumn


def authority_column() -> Column[Any]:
    """Return the column of the authority a row belongs to."""
    reference = ForeignKey("authorities.id", ondelete="RESTRICT")
    return Column("authority_id", IdColumn(AuthorityId), reference, nullable=False)
