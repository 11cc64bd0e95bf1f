"""Which firms stand in the register of an authority (the rule is in ``registry.parties.rules``)."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, exists, or_, select

from registry.parties.records.firms import firm_codes, firm_lines, firms
from registry.parties.records.leader_lists import leader_entries, leader_lists
from registry.parties.records.registers import facts, providers, sanctions
from registry.values.identifiers import AuthorityId, FirmId
from storage.database import Connection


def stands_in_register(
    authority: AuthorityId, parties: Iterable[FirmId | ColumnElement[FirmId]]
) -> ColumnElement[bool]:
    """Return the condition that one of some firms, given or in columns of the query around it, is of concern.

    Each register is asked by an index that begins with the firm.
    """
    asked = list(parties)
    listed = (
        leader_entries.c.list_id == leader_lists.c.id,
        leader_entries.c.uscc == firm_codes.c.uscc,
        leader_lists.c.authority_id == authority,
        firm_codes.c.firm_id.in_(asked),
    )
    return or_(
        exists().where(firms.c.registered_by == authority, firms.c.id.in_(asked)),
        *(
            exists().where(table.c.authority_id == authority, table.c.firm_id.in_(asked))
            for table in (firm_lines, facts, providers, sanctions)
        ),
        exists().where(*listed),
    )


def concerns(connection: Connection, authority: AuthorityId, parties: Iterable[FirmId]) -> bool:
    """Return whether one of some firms stands in the register of an authority."""
    return bool(connection.execute(select(stands_in_register(authority, parties))).scalar_one())
