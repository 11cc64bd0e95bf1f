"""Use cases of mail: state an address, show with the mailed code that it is one's own, unsubscribe, follow.

Codes and links are derived from the installation's secret, so no table holds one.
"""

import base64
import hmac
from dataclasses import replace
from typing import Final

from registry.actors.model import Action, Actor
from registry.actors.rules import require
from registry.errors import ConflictError, InvalidValueError, NotFoundError
from registry.journal.work import View, Work
from registry.messages import records, rules
from registry.messages.announcing import mail_message
from registry.messages.delivery import CODE_TOPIC
from registry.messages.model import FOLLOWED_MAX, MAIL_CODE_LIFE, MailAddress, StateMailAddress
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, DatasetId
from storage import outbox

_CODE_BYTES: Final = 10
_LINK_BYTES: Final = 20


def _own_account(actor: Actor) -> AccountId:
    require(actor, Action.TAKE_MAIL)
    if actor.account is None:
        raise AssertionError("an action was opened to nobody")
    return actor.account


def code_of(secret: bytes, address: MailAddress) -> str:
    """Return the code that is mailed to an address: it shows that whoever types it reads the mail there."""
    stated = f"code\n{address.account}\n{address.address}\n{address.stated_at}"
    return _derived(secret, stated, _CODE_BYTES)


def unsubscribe_token(secret: bytes, address: MailAddress) -> str:
    """Return what a link to unsubscribe holds; it does nothing else and never runs out."""
    stated = f"unsubscribe\n{address.account}\n{address.address}"
    return f"{address.account}.{_derived(secret, stated, _LINK_BYTES)}"


def verify_token(secret: bytes, address: MailAddress) -> str:
    """Return what the link beside the code holds."""
    return f"{address.account}.{code_of(secret, address)}"


def _derived(secret: bytes, purpose: str, length: int) -> str:
    made = hmac.digest(secret, f"sancai-mail-1\n{purpose}".encode(), "sha256")
    return base64.b32encode(made[:length]).decode()


def mail_address(view: View) -> MailAddress:
    """Return where the actor takes mail. Raises NotFoundError, NotAllowedError."""
    found = records.mail_address_of(view.connection, _own_account(view.actor))
    if found is None:
        raise NotFoundError("mail_address_missing")
    return found


def state_mail_address(work: Work, command: StateMailAddress, *, mail_is_sent: bool) -> MailAddress:
    """State where one takes mail, in which language and about what; a new address gets a code first.

    Raises:
        NotAllowedError: Nobody is signed in.
        InvalidValueError: It is no mail address, or a topic does not exist.
        ConflictError: The service sends no mail, or has mailed too many codes today.
    """
    account = _own_account(work.actor)
    rules.require_mail_address(command.address)
    if command.topics is not None:
        rules.require_topics(command.topics)
    if not mail_is_sent:
        raise ConflictError("mail_not_configured")
    before = records.mail_address_of(work.connection, account, lock=True)
    if before is not None and before.address == command.address and before.verified_at is not None:
        made = replace(before, language=command.language, topics=command.topics, unsubscribed_at=None)
    else:
        number = rules.codes_sent(before, work.now)
        made = MailAddress(account, command.address, command.language, command.topics, work.now, codes_sent=number)
        body: dict[str, Json] = {"type": CODE_TOPIC, "timestamp": str(work.now), "data": {}}
        outbox.post(work.connection, mail_message(account, work.actor.party, body))
    records.save_mail_address(work.connection, made)
    work.journal(
        "messages.mail_address_stated",
        account,
        address=str(Digest.of(made.address.encode())),
        topics=None if made.topics is None else sorted(made.topics),
    )
    return made


def verify_mail_address(work: Work, code: str, secret: bytes) -> MailAddress:
    """Show with the mailed code that the address is one's own; from now on mail goes there.

    Raises:
        NotAllowedError, NotFoundError: Nobody is signed in, or no address was stated.
        InvalidValueError: ``mail_code_wrong``.
    """
    account = _own_account(work.actor)
    found = records.mail_address_of(work.connection, account, lock=True)
    if found is None:
        raise NotFoundError("mail_address_missing")
    return _verified(work, found, code, secret)


def verify_by_link(work: Work, token: str, secret: bytes) -> MailAddress:
    """Do the same with the link of the mail: whoever has it reads the mail there. Raises InvalidValueError."""
    account, _, code = token.partition(".")
    return _verified(work, _address_of_link(work, account), code, secret)


def _verified(work: Work, found: MailAddress, code: str, secret: bytes) -> MailAddress:
    typed = code.strip().replace("-", "").replace(" ", "").upper()
    right = hmac.compare_digest(typed.encode(), code_of(secret, found).encode())
    if not right or work.now >= found.stated_at.plus(MAIL_CODE_LIFE):
        raise InvalidValueError("mail_code_wrong")
    verified = found if found.verified_at else replace(found, verified_at=work.now)
    records.save_mail_address(work.connection, verified)
    work.journal("messages.mail_address_verified", found.account)
    return verified


def unsubscribe(work: Work, token: str, secret: bytes) -> MailAddress:
    """Send no more mail to the address a link was made for; a second time changes nothing. Raises InvalidValueError."""
    found = _address_of_link(work, token.partition(".")[0])
    if not hmac.compare_digest(token.encode(), unsubscribe_token(secret, found).encode()):
        raise InvalidValueError("mail_link_wrong")
    ended = found if found.unsubscribed_at else replace(found, unsubscribed_at=work.now)
    records.save_mail_address(work.connection, ended)
    work.journal("messages.mail_unsubscribed", found.account)
    return ended


def _address_of_link(work: Work, account: str) -> MailAddress:
    try:
        found = records.mail_address_of(work.connection, AccountId(account), lock=True)
    except InvalidValueError:
        found = None
    if found is None:
        raise InvalidValueError("mail_link_wrong")
    return found


def remove_mail_address(work: Work) -> None:
    """Forget where one takes mail. Raises NotFoundError, NotAllowedError."""
    account = _own_account(work.actor)
    if not records.remove_mail_address(work.connection, account):
        raise NotFoundError("mail_address_missing")
    work.journal("messages.mail_address_removed", account)


def follow(work: Work, dataset: DatasetId) -> None:
    """Hear what is public of a dataset; a second time changes nothing. Raises NotAllowedError, ConflictError."""
    account = _own_account(work.actor)
    if len(records.followed(work.connection, account)) >= FOLLOWED_MAX:
        raise ConflictError("followed_many", limit=FOLLOWED_MAX)
    records.follow(work.connection, account, dataset, work.now)
    work.journal("messages.dataset_followed", dataset, account=account)


def unfollow(work: Work, dataset: DatasetId) -> None:
    """Hear no more of a dataset; a second time changes nothing. Raises NotAllowedError."""
    account = _own_account(work.actor)
    records.unfollow(work.connection, account, dataset)
    work.journal("messages.dataset_unfollowed", dataset, account=account)


def followed(view: View) -> list[DatasetId]:
    """Return the datasets the actor follows. Raises NotAllowedError."""
    return records.followed(view.connection, _own_account(view.actor))
