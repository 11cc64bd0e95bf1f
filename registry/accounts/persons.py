"""Use cases of natural persons' accounts: register a person with the one account that acts for it, and end that."""

import secrets
from typing import Final

from registry.accounts.model import AccountState
from registry.accounts.records import accounts as records
from registry.accounts.service import register_owner_within
from registry.actors.model import Role
from registry.journal.work import Work
from registry.parties.person_model import Person, RegisterPerson
from registry.parties.persons import register_person_within
from registry.values.identifiers import FirmId

_LOGIN_BYTES: Final = 6


def register_person(work: Work, secret: bytes, command: RegisterPerson) -> tuple[Person, str, str]:
    """Register a person whose original the actor saw; return it with its login and its activation code, shown once.

    The login is drawn and says nothing of the person: logins are never deleted.

    Raises NotAllowedError, ConflictError (this authority has registered the person already).
    """
    made = register_person_within(work, secret, command)
    login = f"person-{secrets.token_hex(_LOGIN_BYTES)}"
    code = register_owner_within(work, made.id, login, login, Role.PERSON)
    work.journal("parties.person_registered", made.id, identity=str(made.identity), data=str(made.data))
    return made, login, code


def end_account_within(work: Work, person: FirmId) -> None:
    """End the account of a person inside another use case, which journals it; every token stops at once.

    What the person called its tokens goes.
    """
    for account in records.accounts_to_change(work.connection, person, None):
        records.erase_labels(work.connection, account.id)
        if account.state is not AccountState.ENDED:
            records.end_account(work.connection, account.id, work.actor.account, work.now)
