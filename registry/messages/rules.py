"""Who is told of what, and what an address may look like.

Rules:
* A webhook without a list of datasets gets what is its party's affair; one with a list gets what concerns these
  datasets and is the party's affair or public.
* A member gets mail about what is an affair of the member's firm or office, on the topics the member chose or, where
  none were chosen, on those the member's roles concern; an expert, on no others. And what is public about the datasets
  the member follows. Nobody gets mail about what they did themselves.
* Nothing but a code goes to an address before its owner has sent the code back.
"""

import re
from collections.abc import Mapping
from typing import Final

from registry.actors.model import FIRM_ROLES, OFFICERS, PERSON_ROLES, Role
from registry.errors import ConflictError, InvalidValueError
from registry.messages.model import (
    CHOSEN_TOPICS,
    DATASET_TOPICS,
    DESCRIPTION_LENGTH_MAX,
    MAIL_ADDRESS_LENGTH_MAX,
    MAIL_CODES_PER_DAY_MAX,
    WEBHOOK_DATASETS_MAX,
    WEBHOOKS_MAX,
    CreateWebhook,
    MailAddress,
    Topic,
    Webhook,
    WebhookState,
)
from registry.values.moment import Moment

_ORDER_TERMS: Final = frozenset({Topic.ORDER_DUE, Topic.ORDER_OVERDUE, Topic.ORDER_ESCALATED})
_ORDERS: Final = (
    frozenset({Topic.ORDER_PLACED, Topic.ORDER_ACCEPTED, Topic.ORDER_DELIVERED, Topic.ORDER_CHANGED}) | _ORDER_TERMS
)
_ACCESS: Final = frozenset({Topic.ACCESS_REQUESTED, Topic.ACCESS_ANSWERED, Topic.ACCESS_USED})
_CONTESTS: Final = frozenset(
    {
        Topic.CONTEST_OPENED,
        Topic.CONTEST_EVIDENCE_FILED,
        Topic.CONTEST_DECIDED,
        Topic.CONTEST_WITHDRAWN,
        Topic.CONTEST_REOPENED,
    }
)
_AFTER: Final = frozenset(
    {
        Topic.CASE_REFUSAL_SERVED,
        Topic.CASE_REOPENED,
        *(topic for topic in Topic if topic.value.startswith(("recovery.", "remedy."))),
    }
)
_CASES: Final = frozenset({Topic.NOTICE_POSTED, Topic.CASE_REFUSED, Topic.CASE_PAID}) | _CONTESTS | _AFTER
_TERMS: Final = frozenset({Topic.CASE_DUE, Topic.CASE_OVERDUE})
_VOUCHERS: Final = frozenset({Topic.VOUCHER_REQUEST_DECIDED, Topic.VOUCHER_CLAIM_LESSENED})
_DRAFTS: Final = frozenset({Topic.DRAFT_VERIFIED, Topic.DRAFT_FAULTY})
_CHANGES: Final = frozenset({Topic.VERSION_DEPRECATED, Topic.VERSION_EMBARGO_CHANGED})
_LOSSES: Final = frozenset({Topic.VERSION_WITHDRAWN, Topic.VERSION_RECALLED, Topic.VERSION_ERASED})

TOPICS_OF_ROLE: Final[Mapping[Role, frozenset[Topic]]] = {
    Role.OWNER: _LOSSES | _CHANGES | _ACCESS | _ORDERS | _CASES | _VOUCHERS | {Topic.SPLIT_SIGNATURE_ASKED},
    Role.PUBLISHER: DATASET_TOPICS | _DRAFTS | _ACCESS | {Topic.ORDER_PLACED},
    Role.BUYER: DATASET_TOPICS | _ORDERS | _VOUCHERS | {Topic.ACCESS_ANSWERED},
    Role.FINANCE: _CASES
    | _ORDER_TERMS
    | _VOUCHERS
    | {Topic.ORDER_DELIVERED, Topic.ORDER_CHANGED, Topic.SPLIT_SIGNATURE_ASKED},
    Role.READER: _LOSSES,
    Role.REGISTRAR: _LOSSES | _TERMS | {Topic.CASE_ESCALATED},
    Role.REVIEWER: _CASES | _LOSSES | _TERMS | _ORDER_TERMS | {Topic.CASE_REVIEW_OPENED},
    Role.SECTION_HEAD: _TERMS | _ORDER_TERMS | {Topic.CASE_ESCALATED},
    Role.LEADER_IN_CHARGE: _TERMS | _ORDER_TERMS | {Topic.CASE_ESCALATED},
    Role.PRINCIPAL_LEADER: _TERMS | _ORDER_TERMS | {Topic.CASE_ESCALATED},
    Role.AUDITOR: _CASES | {Topic.CASE_ESCALATED, Topic.CASE_REVIEW_OPENED},
    Role.PAYER: _TERMS | {Topic.CASE_PAID},
    Role.EXPERT: frozenset({Topic.EXPERTS_DRAWN}),
    Role.PERSON: _AFTER,
}

# One part before and one after the sign, no space and no control; what stands behind is decided by the mailed code.
_MAIL_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")


def topics_of_roles(roles: frozenset[Role]) -> frozenset[Topic]:
    """Return what members of these roles hear of unless they choose."""
    return frozenset().union(*(TOPICS_OF_ROLE.get(role, frozenset()) for role in roles))


def wants(topic: Topic, chosen: frozenset[Topic] | None, roles: frozenset[Role], *, follows: bool) -> bool:
    """Return whether a member hears of ``topic``; ``follows``: it is public and about a dataset the member follows."""
    if chosen is not None:
        # An expert belongs to an office, but what concerns it is no affair of the expert's.
        free = roles & (OFFICERS | FIRM_ROLES | PERSON_ROLES)
        own = topic in topics_of_roles(roles) or (follows and topic in DATASET_TOPICS)
        return topic in chosen and (bool(free) or own)
    return topic in topics_of_roles(roles) or (follows and topic in DATASET_TOPICS)


def require_webhook(command: CreateWebhook, already: int) -> None:
    """Raise unless this webhook may be added to those the party has."""
    require_topics(command.topics)
    if len(command.datasets) > WEBHOOK_DATASETS_MAX:
        raise InvalidValueError("webhook_datasets_many", given=len(command.datasets), limit=WEBHOOK_DATASETS_MAX)
    described = command.description
    if len(described) > DESCRIPTION_LENGTH_MAX or not described.isprintable():
        raise InvalidValueError("webhook_description", length_max=DESCRIPTION_LENGTH_MAX)
    if already >= WEBHOOKS_MAX:
        raise ConflictError("webhooks_many", limit=WEBHOOKS_MAX)


def require_topics(topics: frozenset[Topic]) -> None:
    """Raise InvalidValueError unless at least one topic is chosen, and only such as may be."""
    if not topics or not topics <= CHOSEN_TOPICS:
        raise InvalidValueError("topics_unknown", known=" ".join(sorted(CHOSEN_TOPICS)))


def require_active(webhook: Webhook) -> None:
    """Raise ConflictError for a webhook that is disabled."""
    if webhook.state is not WebhookState.ACTIVE:
        raise ConflictError("webhook_disabled", id=webhook.id, disabled_at=str(webhook.disabled_at))


def require_mail_address(address: str) -> None:
    """Raise InvalidValueError for what no mail program takes for an address."""
    if len(address) > MAIL_ADDRESS_LENGTH_MAX or not _MAIL_ADDRESS.fullmatch(address):
        raise InvalidValueError("mail_address_malformed", given=ascii(address)[:80])


def codes_sent(before: MailAddress | None, now: Moment) -> int:
    """Return the number of a code among those of its day. Raises ConflictError beyond the limit."""
    today = before is not None and before.stated_at.civil_day() == now.civil_day()
    number = (before.codes_sent if before is not None and today else 0) + 1
    if number > MAIL_CODES_PER_DAY_MAX:
        raise ConflictError("mail_codes_many", limit=MAIL_CODES_PER_DAY_MAX)
    return number
