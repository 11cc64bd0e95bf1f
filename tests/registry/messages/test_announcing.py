"""What happens is told to whom it concerns, in the same transaction."""

import uuid

import pytest
from sqlalchemy import select

from api.mail_words import mail_composer
from registry.actors.model import Actor, Role
from registry.catalog import service as catalog
from registry.catalog.model import Dataset, VersionName
from registry.house import House
from registry.messages import records
from registry.messages.announcing import announce
from registry.messages.model import AnnouncementFilter, Event, Language, MailAddress, Topic, Webhook, WebhookState
from registry.messages.rules import wants
from registry.offices.model import ROLE_OF_STEP
from registry.values.identifiers import AccountId, DatasetId, FirmId, WebhookId
from storage.outbox import Kind, Message, outbox
from tests.registry.catalog.builders import (
    a_csv,
    a_dataset,
    a_publisher,
    a_publisher_with_token,
    a_verified_draft,
    a_version,
    ask,
    do,
)


def a_webhook(house: House, owner: Actor, topic: Topic, *datasets: DatasetId) -> WebhookId:
    made = Webhook(
        WebhookId.new(), owner.firm, None, "https://x.test/", "", frozenset({topic}), frozenset(datasets),
        WebhookState.ACTIVE, 1, house.clock.now(),
    )  # fmt: skip
    with house.database.writing() as connection:
        records.add_webhook(connection, made, None)
    return made.id


def takes_mail(house: House, account: AccountId, *topics: Topic) -> None:
    now = house.clock.now()
    with house.database.writing() as connection:
        chosen = frozenset(topics) or None
        records.save_mail_address(connection, MailAddress(account, "a@x.test", Language.ZH, chosen, now, now))


def told(house: House) -> list[str]:
    """Return who is told, in order of the messages."""
    with house.database.reading() as connection:
        return list(connection.execute(select(outbox.c.destination).order_by(outbox.c.id)).scalars())


def an_event(dataset: Dataset, *firms: FirmId, public: bool = True) -> Event:
    return Event(
        Topic.VERSION_PUBLISHED, dataset.id, {"n": 1}, frozenset(firms), dataset=dataset.id, name=dataset.name,
        public=public,
    )  # fmt: skip


def test_a_publication_is_told_to_webhooks_of_the_firm_and_the_feed(house: House) -> None:
    owner = a_publisher(house)
    own = a_webhook(house, owner, Topic.VERSION_PUBLISHED)
    a_webhook(house, owner, Topic.VERSION_WITHDRAWN)
    a_webhook(house, a_publisher(house), Topic.VERSION_PUBLISHED)
    dataset, version = a_version(house, owner)
    assert told(house) == [own]
    with house.database.reading() as connection:
        body = connection.execute(select(outbox.c.body)).scalar_one()
        shown = records.announced(connection, AnnouncementFilter(frozenset(Topic), dataset.id), None, 10)
    assert (body["type"], body["data"]["name"]) == ("version.published", f"{dataset.name}@v1")
    assert [(each.topic, each.subject) for each in shown] == [(Topic.VERSION_PUBLISHED, version.id)]


@pytest.mark.parametrize(
    ("content", "topic", "figures"),
    [
        (a_csv(), Topic.DRAFT_VERIFIED, {"files": 1}),
        (a_csv()[:60] + b"\n1,2,3,4,5\n", Topic.DRAFT_FAULTY, {"faults": 1}),
    ],
    ids=["verified", "faulty"],
)
def test_what_the_check_of_a_draft_led_to_is_told_to_its_firm_alone(
    house: House, content: bytes, topic: Topic, figures: dict[str, int]
) -> None:
    owner, stranger = a_publisher(house), a_publisher(house)
    dataset = a_dataset(house, owner)
    own = [a_webhook(house, owner, topic), a_webhook(house, owner, topic, dataset.id)]
    a_webhook(house, stranger, topic)
    a_webhook(house, stranger, topic, dataset.id)
    draft = a_verified_draft(house, owner, dataset, {"秘密/wind.csv": content})
    assert sorted(told(house)) == sorted(own)
    with house.database.reading() as connection:
        body = connection.execute(select(outbox.c.body).limit(1)).scalar_one()
        assert records.announced(connection, AnnouncementFilter(frozenset(Topic)), None, 10) == []
    assert (body["type"], body["data"]["draft"], body["data"]["name"]) == (topic, draft.id, str(dataset.name))
    assert figures.items() <= body["data"].items()
    assert "秘密" not in str(body)


def test_publishers_hear_by_mail_of_their_own_drafts(house: House) -> None:
    assert wants(Topic.DRAFT_FAULTY, None, frozenset({Role.PUBLISHER}), follows=False)
    assert not wants(Topic.DRAFT_FAULTY, None, frozenset({Role.BUYER}), follows=True)
    draft = "drf_1"
    body = {"type": Topic.DRAFT_FAULTY, "data": {"name": "lab/wind", "title": "风", "draft": draft, "faults": 2}}
    message = Message(uuid.uuid4(), Kind.MAIL, "mail/x", "acc", Topic.DRAFT_FAULTY, body)
    now = house.clock.now()
    address = MailAddress(AccountId.new(), "a@x.test", Language.ZH, None, now, now)
    mail = mail_composer("https://s.test", house.secret)(address, message)
    assert "校验发现 2 项问题" in mail.text
    assert "https://s.test/datasets" not in mail.text


def test_a_withdrawal_is_told_with_its_reason(house: House) -> None:
    owner = a_publisher(house)
    dataset, _ = a_version(house, owner)
    a_webhook(house, owner, Topic.VERSION_WITHDRAWN)
    do(house, owner, lambda work: catalog.withdraw_version(work, VersionName(dataset.name, 1), "仪表有误"))
    with house.database.reading() as connection:
        assert connection.execute(select(outbox.c.body)).scalar_one()["data"]["reason"] == "仪表有误"


def test_a_webhook_with_datasets_hears_of_them_and_of_no_others(house: House) -> None:
    owner, stranger = a_publisher(house), a_publisher(house)
    one, other = a_dataset(house, owner), a_dataset(house, owner)
    own = a_webhook(house, owner, Topic.VERSION_PUBLISHED, one.id)
    follower = a_webhook(house, stranger, Topic.VERSION_PUBLISHED, one.id)
    assert owner.firm is not None
    firm = owner.firm
    do(house, owner, lambda work: announce(work, an_event(other, firm)))
    assert told(house) == []
    do(house, owner, lambda work: announce(work, an_event(one, firm)))
    assert sorted(told(house)) == sorted([own, follower])


def test_what_is_not_public_is_told_to_the_concerned_alone(house: House) -> None:
    owner, stranger = a_publisher(house), a_publisher(house)
    dataset = a_dataset(house, owner)
    a_webhook(house, stranger, Topic.VERSION_PUBLISHED, dataset.id)
    own = a_webhook(house, owner, Topic.VERSION_PUBLISHED, dataset.id)
    assert owner.firm is not None
    firm = owner.firm
    do(house, owner, lambda work: announce(work, an_event(dataset, firm, public=False)))
    assert told(house) == [own]
    with house.database.reading() as connection:
        assert records.announced(connection, AnnouncementFilter(frozenset(Topic)), None, 10) == []


def test_members_hear_what_they_chose_but_not_what_they_did(house: House) -> None:
    owner, _ = a_publisher_with_token(house)
    follower, _ = a_publisher_with_token(house)
    dataset = a_dataset(house, owner)
    assert owner.account
    assert follower.account
    assert owner.firm
    firm = owner.firm
    takes_mail(house, owner.account, Topic.VERSION_PUBLISHED)
    takes_mail(house, follower.account)
    do(house, owner, lambda work: announce(work, an_event(dataset, firm)))
    assert told(house) == []
    with house.database.writing() as connection:
        records.follow(connection, follower.account, dataset.id, house.clock.now())
    do(house, owner, lambda work: announce(work, an_event(dataset, firm)))
    assert told(house) == [follower.account]
    do(house, follower, lambda work: announce(work, an_event(dataset, firm)))
    assert told(house) == [follower.account, owner.account]


@pytest.mark.parametrize(
    ("chosen", "roles", "follows", "hears"),
    [
        (None, {Role.PUBLISHER}, False, True),
        (None, {Role.FINANCE}, False, False),
        (None, {Role.FINANCE}, True, True),
        (frozenset({Topic.CASE_PAID}), {Role.PUBLISHER}, True, False),
    ],
)
def test_topics_follow_from_roles_unless_chosen(
    chosen: frozenset[Topic] | None, roles: set[Role], follows: bool, hears: bool
) -> None:
    assert wants(Topic.VERSION_PUBLISHED, chosen, frozenset(roles), follows=follows) is hears


def test_an_expert_chooses_among_what_concerns_experts_only() -> None:
    chosen, expert = frozenset({Topic.CASE_PAID, Topic.EXPERTS_DRAWN}), frozenset({Role.EXPERT})
    assert wants(Topic.EXPERTS_DRAWN, chosen, expert, follows=False)
    assert not wants(Topic.CASE_PAID, chosen, expert, follows=False)
    assert wants(Topic.CASE_PAID, chosen, expert | {Role.REVIEWER}, follows=False)


def test_nothing_is_told_of_what_was_rolled_back(house: House) -> None:
    owner = a_publisher(house)
    dataset = a_dataset(house, owner)
    a_webhook(house, owner, Topic.VERSION_PUBLISHED)
    assert owner.firm is not None
    firm = owner.firm

    def fail(work: object) -> None:
        announce(work, an_event(dataset, firm))  # type: ignore[arg-type]
        raise LookupError(uuid.uuid4())

    with pytest.raises(LookupError):
        do(house, owner, fail)
    assert told(house) == []
    everything = AnnouncementFilter(frozenset(Topic))
    assert ask(house, owner, lambda view: records.announced(view.connection, everything, None, 1)) == []


@pytest.mark.parametrize("role", [Role.SECTION_HEAD, Role.LEADER_IN_CHARGE, Role.PRINCIPAL_LEADER])
def test_whoever_may_decide_disputes_hears_of_their_terms(role: Role) -> None:
    for topic in (Topic.ORDER_DUE, Topic.ORDER_OVERDUE, Topic.ORDER_ESCALATED):
        assert wants(topic, None, frozenset({role}), follows=False)


def test_every_role_that_has_a_step_hears_of_its_terms() -> None:
    for role in ROLE_OF_STEP.values():
        for topic in (Topic.CASE_DUE, Topic.CASE_OVERDUE):
            assert wants(topic, None, frozenset({role}), follows=False), role
