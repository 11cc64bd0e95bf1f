"""Events and who is told of them: webhooks of a party, mail of a member, followers of a dataset, public feeds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from registry.values.canonical import Json
from registry.values.identifiers import AccountId, AnnouncementId, AuthorityId, DatasetId, FirmId, Id, WebhookId
from registry.values.moment import Moment
from registry.values.names import PublicName

WEBHOOKS_MAX: Final = 10
"""How many webhooks a party may have at a time; each is a lane of its own."""
WEBHOOK_DATASETS_MAX: Final = 100
DESCRIPTION_LENGTH_MAX: Final = 200
SECRET_OVERLAP: Final = timedelta(hours=24)
"""How long the former secret of a webhook signs beside the new one."""
FOLLOWED_MAX: Final = 1_000
MAIL_ADDRESS_LENGTH_MAX: Final = 254
MAIL_CODE_LIFE: Final = timedelta(hours=24)
MAIL_CODES_PER_DAY_MAX: Final = 5
"""How often a member may have a code mailed: whoever owns the address has not agreed to anything yet."""


class Topic(StrEnum):
    """What happened: the thing, a full stop, and the past tense."""

    DRAFT_VERIFIED = "draft.verified"
    """The worker read all of a draft and found nothing against it."""
    DRAFT_FAULTY = "draft.faulty"
    """The worker found faults in a draft."""
    VERSION_PUBLISHED = "version.published"
    VERSION_WITHDRAWN = "version.withdrawn"
    VERSION_DEPRECATED = "version.deprecated"
    VERSION_EMBARGO_CHANGED = "version.embargo_changed"
    """The embargo of a version ends at another instant than was said, or has ended."""
    VERSION_RECALLED = "version.recalled"
    VERSION_ERASED = "version.erased"
    ACCESS_REQUESTED = "access.requested"
    ACCESS_ANSWERED = "access.answered"
    ACCESS_USED = "access.used"
    """Staff of the service or an office read gated content under an access with a reason."""
    ORDER_PLACED = "order.placed"
    ORDER_ACCEPTED = "order.accepted"
    ORDER_DELIVERED = "order.delivered"
    ORDER_CHANGED = "order.changed"
    """Any other step of an order; ``step`` says which."""
    ORDER_DUE = "order.due"
    """A step of an order ends its term today."""
    ORDER_OVERDUE = "order.overdue"
    ORDER_ESCALATED = "order.escalated"
    """A step of an order stays open long after its term."""
    NOTICE_POSTED = "notice.posted"
    CASE_REFUSED = "case.refused"
    CASE_PAID = "case.paid"
    CASE_REVIEW_OPENED = "case.review_opened"
    """The bank had paid a case although something had come before its receipt: an office looks at it again."""
    CASE_DUE = "case.due"
    """A step of a case ends its term today."""
    CASE_OVERDUE = "case.overdue"
    CASE_ESCALATED = "case.escalated"
    """Nobody may do a step, or it stays undone long after its term."""
    CONTEST_OPENED = "contest.opened"
    """A firm contests the novelty of another's dataset, or that its own is not new."""
    CONTEST_EVIDENCE_FILED = "contest.evidence_filed"
    CONTEST_DECIDED = "contest.decided"
    CONTEST_WITHDRAWN = "contest.withdrawn"
    CONTEST_REOPENED = "contest.reopened"
    """A decision on a contest is void, and it is decided again."""
    CASE_REFUSAL_SERVED = "case.refusal_served"
    CASE_REOPENED = "case.reopened"
    """A refusal was annulled: others decide the case anew."""
    SPLIT_SIGNATURE_ASKED = "split.signature_asked"
    """The split of a case waits for the signature of a joint maker."""
    RECOVERY_OPENED = "recovery.opened"
    RECOVERY_NOTIFIED = "recovery.notified"
    """The party has notice, and a term to answer."""
    RECOVERY_HEARD = "recovery.heard"
    RECOVERY_DECIDED = "recovery.decided"
    RECOVERY_DROPPED = "recovery.dropped"
    RECOVERY_SERVED = "recovery.served"
    RECOVERY_REPAID = "recovery.repaid"
    RECOVERY_ANNULLED = "recovery.annulled"
    RECOVERY_PAID_BACK = "recovery.paid_back"
    REMEDY_FILED = "remedy.filed"
    REMEDY_SUSPENDED = "remedy.suspended"
    """What is attacked waits for the remedy."""
    REMEDY_RESUMED = "remedy.resumed"
    REMEDY_UPHELD = "remedy.upheld"
    REMEDY_ANNULLED = "remedy.annulled"
    REMEDY_WITHDRAWN = "remedy.withdrawn"
    ROUND_PUBLISHED = "round.published"
    """A round was published, published anew, or its closing moved."""
    VOUCHER_REQUEST_DECIDED = "voucher.request_decided"
    """The budget of a closed round was divided: a request received a voucher, or nothing."""
    VOUCHER_CLAIM_LESSENED = "voucher.claim_lessened"
    """Less of a purchase stood than an unpaid voucher claimed: the claim was lessened, or released as a whole."""
    EXPERTS_DRAWN = "experts.drawn"
    """Somebody was drawn as an expert of a case; mail goes to those who were drawn."""
    WEBHOOK_TESTED = "webhook.tested"


DATASET_TOPICS: Final = frozenset(
    {
        Topic.VERSION_PUBLISHED,
        Topic.VERSION_WITHDRAWN,
        Topic.VERSION_DEPRECATED,
        Topic.VERSION_EMBARGO_CHANGED,
        Topic.VERSION_RECALLED,
        Topic.VERSION_ERASED,
    }
)
"""What a follower of a dataset hears of, and what the feeds of datasets show."""
CHOSEN_TOPICS: Final = frozenset(Topic) - {Topic.WEBHOOK_TESTED}
"""What a webhook or a member may ask for; a test is sent to whoever asks for it."""


class Language(StrEnum):
    """In which language a member is written to."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, and whose affair it is.

    Attributes:
        topic: What happened.
        subject: To which thing.
        data: What receivers are told; no secret, nothing that one of them may not know.
        firms: The firms whose affair it is: the publisher, the buyer, every holder of a recalled version.
        authorities: The offices whose affair it is.
        dataset: The dataset it concerns, for filters and followers.
        name: The dataset's present name.
        public: Whether everybody may learn of it: it stands in the feeds, and followers hear of it.
        accounts: Only these members get mail of it; None: all whom the topic concerns.
    """

    topic: Topic
    subject: Id
    data: Mapping[str, Json]
    firms: frozenset[FirmId] = frozenset()
    authorities: frozenset[AuthorityId] = frozenset()
    dataset: DatasetId | None = None
    name: PublicName | None = None
    public: bool = False
    accounts: frozenset[AccountId] | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """A public event as the feeds show it."""

    id: AnnouncementId
    announced_at: Moment
    topic: Topic
    subject: str
    dataset: DatasetId | None
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class AnnouncementFilter:
    """Which announcements a feed shows: of a dataset, of a namespace, or on topics."""

    topics: frozenset[Topic]
    dataset: DatasetId | None = None
    namespace: str | None = None


class WebhookState(StrEnum):
    """Whether a webhook gets messages."""

    ACTIVE = "active"
    DISABLED = "disabled"
    """Never active again: whoever wants one makes a new one, with a secret of its own."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address on the web that a party wants messages at. No datasets: all that is the party's affair."""

    id: WebhookId
    firm: FirmId | None
    authority: AuthorityId | None
    url: str
    description: str
    topics: frozenset[Topic]
    datasets: frozenset[DatasetId]
    state: WebhookState
    generation: int
    created_at: Moment
    rotated_at: Moment | None = None
    disabled_at: Moment | None = None

    @property
    def lane(self) -> str:
        """The lane of the outbox its messages wait in."""
        return str(self.id)

    def secret_names(self, now: Moment) -> tuple[str, ...]:
        """Return what its secrets are derived from: the present one, and for a day the one before."""
        names = [f"{self.id}\n{self.generation}"]
        if self.rotated_at is not None and now < self.rotated_at.plus(SECRET_OVERLAP):
            names.append(f"{self.id}\n{self.generation - 1}")
        return tuple(names)


@dataclass(frozen=True, slots=True)
class CreateWebhook:
    """Ask for messages at an address. ``datasets`` also opens what is public of other firms' datasets."""

    url: str
    topics: frozenset[Topic]
    datasets: frozenset[DatasetId] = frozenset()
    description: str = ""


@dataclass(frozen=True, slots=True)
class MailAddress:
    """Where a member takes mail, about what and in which language. ``topics`` None: what the member's roles concern."""

    account: AccountId
    address: str
    language: Language
    topics: frozenset[Topic] | None
    stated_at: Moment
    verified_at: Moment | None = None
    unsubscribed_at: Moment | None = None
    codes_sent: int = field(default=1, compare=False)

    @property
    def takes_mail(self) -> bool:
        """Whether anything but a code may be sent there."""
        return self.verified_at is not None and self.unsubscribed_at is None


@dataclass(frozen=True, slots=True)
class StateMailAddress:
    """State where one takes mail."""

    address: str
    language: Language
    topics: frozenset[Topic] | None = None
