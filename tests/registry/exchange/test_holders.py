"""Every holder of a version is told once of what becomes of it, and nobody else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from cli.working import run_once
from registry.actors.model import Actor, Role
from registry.catalog import oversight, service, stating
from registry.catalog.access_model import RecallVersion
from registry.catalog.model import OpenDraft, Origin, VersionName
from registry.house import House
from registry.journal.work import Command, Work, perform
from registry.messages import records
from registry.messages.model import Topic, Webhook, WebhookState
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import OrderId, WebhookId
from storage.outbox import Kind, outbox
from tests.registry.catalog.builders import a_csv, a_dataset, a_version, publish, put_file
from tests.registry.exchange.builders import Market, a_firm, a_placed_order, an_officer, do, firm_of
from tests.registry.exchange.test_service import Shop

LOSSES = frozenset({Topic.VERSION_RECALLED, Topic.VERSION_WITHDRAWN, Topic.VERSION_DEPRECATED})
TOPICS = LOSSES | {Topic.VERSION_EMBARGO_CHANGED}


@pytest.fixture
def shop(market: Market) -> Shop:
    """A dataset and its publisher."""
    return Shop(market)


def listens(house: House, owner: Actor) -> WebhookId:
    """Give a firm a webhook for all that is its affair."""
    made = Webhook(
        WebhookId.new(), owner.firm, None, "https://x.test/", "", TOPICS, frozenset(), WebhookState.ACTIVE, 1,
        house.clock.now(),
    )  # fmt: skip
    with house.database.writing() as connection:
        records.add_webhook(connection, made, None)
    return made.id


def told(house: House) -> list[tuple[str, str]]:
    """Return (destination, topic) of every message of a webhook."""
    query = select(outbox.c.destination, outbox.c.topic).where(outbox.c.kind == Kind.WEBHOOK)
    with house.database.reading() as connection:
        return sorted((row.destination, row.topic) for row in connection.execute(query))


def twice(house: House, actor: Actor, use_case: Callable[[Work], object]) -> None:
    """Run a use case and send the same command again."""

    def act(work: Work) -> dict[str, Json]:
        use_case(work)
        return {}

    for _ in range(2):
        perform(house.database, house.clock, actor, Command("test", "once", Digest.of(b"once")), act)


Change = Callable[[Shop], tuple[Actor, Callable[[Work], object]]]


def recalled(shop: Shop) -> tuple[Actor, Callable[[Work], object]]:
    """Recall the version as its office."""
    command = RecallVersion(shop.dataset.name, 1, "来源不合法", "数据安全法 32", "伊数发〔2026〕9号")
    return an_officer(shop.market.authority, Role.REVIEWER), lambda work: oversight.recall_version(work, command)


def withdrawn(shop: Shop) -> tuple[Actor, Callable[[Work], object]]:
    """Withdraw it as its publisher."""
    name = VersionName(shop.dataset.name, 1)
    return shop.publisher, lambda work: service.withdraw_version(work, name, "mistake")


def deprecated(shop: Shop) -> tuple[Actor, Callable[[Work], object]]:
    """Deprecate it."""
    name, key = VersionName(shop.dataset.name, 1), shop.market.house.signing_key
    return shop.publisher, lambda work: stating.deprecate_version(work, name, "old", None, key)


def deprecated_with_all(shop: Shop) -> tuple[Actor, Callable[[Work], object]]:
    """Deprecate the dataset as a whole."""
    key = shop.market.house.signing_key
    return shop.publisher, lambda work: stating.deprecate_dataset(work, shop.dataset.name, "old", None, key)


@pytest.mark.parametrize(
    ("change", "topic"),
    [
        (recalled, Topic.VERSION_RECALLED),
        (withdrawn, Topic.VERSION_WITHDRAWN),
        (deprecated, Topic.VERSION_DEPRECATED),
        (deprecated_with_all, Topic.VERSION_DEPRECATED),
    ],
)
def test_who_ordered_and_who_was_granted_are_told_once_and_others_not(change: Change, topic: Topic, shop: Shop) -> None:
    market = shop.market
    house = market.house
    ordering, bystander = a_firm(house, market.registrar), a_firm(house, market.registrar)
    shop.ordered()
    a_placed_order(market, shop.on_sale(), 1, ordering)
    hooks = {listens(house, owner) for owner in (market.buyer, ordering, shop.publisher)}
    listens(house, bystander)
    twice(house, *change(shop))
    assert told(house) == sorted((str(hook), topic.value) for hook in hooks)


def test_a_changed_embargo_is_told_to_who_waits_for_it(shop: Shop) -> None:
    market = shop.market
    house, until = market.house, market.house.clock.now().plus(timedelta(days=30))
    dataset = a_dataset(house, shop.publisher)
    stated = OpenDraft(dataset.name, "", Origin.ENTERPRISE, "own meters", embargo_until=until)
    draft = do(house, shop.publisher, lambda work: service.open_draft(work, stated))
    put_file(house, shop.publisher, draft, "a.csv", a_csv(seed=9))
    do(house, shop.publisher, lambda work: service.submit_draft(work, draft.id))
    run_once(house)
    found = publish(house, shop.publisher, draft)
    with house.database.writing() as connection:
        work = Work(connection, market.exchange, house.clock.now())
        service.grant_within(work, dataset.id, firm_of(market.buyer), OrderId.new(), found.id)
    hook = listens(house, market.buyer)
    listens(house, a_firm(house, market.registrar))
    name, key = VersionName(dataset.name, 1), house.signing_key
    twice(house, shop.publisher, lambda work: stating.state_embargo(work, name, None, key))
    assert told(house) == [(str(hook), Topic.VERSION_EMBARGO_CHANGED.value)]


def test_holders_of_another_version_are_not_told(shop: Shop) -> None:
    house = shop.market.house
    shop.ordered()
    a_version(house, shop.publisher, {"wind.csv": a_csv(300, seed=2)}, shop.dataset)
    listens(house, shop.market.buyer)
    name = VersionName(shop.dataset.name, 2)
    do(house, shop.publisher, lambda work: service.withdraw_version(work, name, "mistake"))
    assert told(house) == []
