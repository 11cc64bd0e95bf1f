"""A firm holds and sends no more than its figures say, also with two writers at once."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from registry.actors.model import Actor, Role, Scope
from registry.catalog import service as catalog
from registry.catalog.model import Dataset, Version
from registry.errors import InvalidValueError, NotAllowedError, NotFoundError
from registry.house import House
from registry.manifests.model import FilePath
from registry.quotas import service
from registry.quotas.model import Figure, Quota, SetBy, SetQuota
from registry.values.identifiers import AccountId
from tests.conftest import FixedClock
from tests.registry.catalog.builders import a_dataset, a_draft, a_publisher, ask, do
from tests.registry.parties.builders import a_registrar, found_authority


@pytest.fixture
def owner(house: House) -> Actor:
    return a_publisher(house)


@pytest.fixture
def dataset(house: House, owner: Actor) -> Dataset:
    return a_dataset(house, owner)


@pytest.fixture
def draft(house: House, owner: Actor, dataset: Dataset) -> Version:
    return a_draft(house, owner, dataset)


def limit(house: House, owner: Actor, figure: Figure, number: int | None) -> None:
    do(
        house,
        Actor(name="operator"),
        lambda work: service.set_quota_as_operator(work, SetQuota(owner.firm, {figure: number})),
    )


def add(house: House, owner: Actor, draft: Version, path: str, size_bytes: int = 10) -> None:
    do(house, owner, lambda work: catalog.add_file(work, draft.id, FilePath(path), size_bytes))


def remove(house: House, owner: Actor, draft: Version, path: str) -> None:
    do(house, owner, lambda work: catalog.remove_file(work, draft.id, FilePath(path)))


def shown(house: House, owner: Actor) -> Quota:
    firm = owner.firm
    assert firm is not None
    return ask(house, owner, lambda view: service.quota(view, firm, catalog.count_open_drafts(view, firm)))


def refused(act: Callable[[], None]) -> dict[str, object]:
    with pytest.raises(NotAllowedError, match="quota_exceeded") as error:
        act()
    return dict(error.value.parameters)


def test_bytes_beyond_the_limit_are_refused_with_what_is_used(house: House, owner: Actor, draft: Version) -> None:
    limit(house, owner, Figure.BYTES_STORED, 25)
    add(house, owner, draft, "a.csv")
    add(house, owner, draft, "b.csv")
    told = refused(lambda: add(house, owner, draft, "c.csv"))
    assert told == {"figure": "quota_bytes_stored", "limit": 25, "used": 20, "asked": 10}
    add(house, owner, draft, "c.csv", 5)


def test_what_is_given_up_makes_room(house: House, owner: Actor, draft: Version) -> None:
    limit(house, owner, Figure.BYTES_STORED, 20)
    add(house, owner, draft, "a.csv")
    add(house, owner, draft, "b.csv")
    remove(house, owner, draft, "a.csv")
    add(house, owner, draft, "c.csv")
    refused(lambda: add(house, owner, draft, "d.csv", 1))
    do(house, owner, lambda work: catalog.abandon_draft(work, draft.id))
    lines = {line.limit.figure: line for line in shown(house, owner).lines}
    assert lines[Figure.BYTES_STORED].used == 0
    assert lines[Figure.DRAFTS_OPEN].used == 0
    assert lines[Figure.BYTES_STORED].limit.set_by is SetBy.FIRM


def test_uploads_are_counted_by_the_day(house: House, clock: FixedClock, owner: Actor, draft: Version) -> None:
    limit(house, owner, Figure.UPLOADS_PER_DAY, 2)
    add(house, owner, draft, "a.csv")
    add(house, owner, draft, "b.csv")
    assert refused(lambda: add(house, owner, draft, "c.csv"))["used"] == 2
    clock.advance(timedelta(days=1))
    add(house, owner, draft, "c.csv")


def test_drafts_and_files_have_limits_of_their_own(
    house: House, owner: Actor, dataset: Dataset, draft: Version
) -> None:
    limit(house, owner, Figure.DRAFTS_OPEN, 1)
    assert refused(lambda: void(a_draft(house, owner, dataset)))["figure"] == "quota_drafts_open"
    limit(house, owner, Figure.FILES_PER_DRAFT, 1)
    add(house, owner, draft, "a.csv")
    assert refused(lambda: add(house, owner, draft, "b.csv"))["figure"] == "quota_files_per_draft"


def void(_: object) -> None:
    """Let go of a result."""


def test_two_writers_never_pass_the_limit_together(house: House, owner: Actor, dataset: Dataset) -> None:
    limit(house, owner, Figure.BYTES_STORED, 35)
    drafts = [a_draft(house, owner, dataset), a_draft(house, owner, dataset)]
    refusals: list[str] = []

    def write(draft: Version) -> None:
        for number in range(3):
            try:
                add(house, owner, draft, f"{number}.csv")
            except NotAllowedError as error:
                refusals.append(error.code)

    threads = [threading.Thread(target=write, args=(draft,)) for draft in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = {line.limit.figure: line for line in shown(house, owner).lines}
    assert lines[Figure.BYTES_STORED].used == 30
    assert refusals == ["quota_exceeded"] * 3


def test_a_firm_of_another_register_is_not_found(house: House, owner: Actor) -> None:
    other = do(house, Actor(name="operator"), lambda work: found_authority(work, "elsewhere"))
    firm = owner.firm
    assert firm is not None
    wanted = SetQuota(firm, {Figure.DRAFTS_OPEN: 1})
    with pytest.raises(NotFoundError, match="firm_not_found"):
        do(house, a_registrar(other), lambda work: service.set_quota(work, wanted))
    with pytest.raises(NotAllowedError):
        do(house, owner, lambda work: service.set_quota(work, wanted))
    stranger = Actor(AccountId.new(), "a", None, other, frozenset({Role.AUDITOR}), frozenset({Scope.READ}))
    with pytest.raises(NotFoundError):
        ask(house, stranger, lambda view: service.quota(view, firm, 0))


def test_figures_fall_back_from_the_firm_to_the_installation_to_the_release(house: House, owner: Actor) -> None:
    def figure() -> tuple[int, SetBy]:
        found = next(line.limit for line in shown(house, owner).lines if line.limit.figure is Figure.DRAFTS_OPEN)
        return found.limit, found.set_by

    operator = Actor(name="operator")
    assert figure() == (1_000, SetBy.RELEASE)
    do(house, operator, lambda work: service.set_quota_as_operator(work, SetQuota(None, {Figure.DRAFTS_OPEN: 50})))
    assert figure() == (50, SetBy.INSTALLATION)
    limit(house, owner, Figure.DRAFTS_OPEN, 60)
    assert figure() == (60, SetBy.FIRM)
    limit(house, owner, Figure.DRAFTS_OPEN, None)
    assert figure() == (50, SetBy.INSTALLATION)
    with pytest.raises(InvalidValueError, match="quota_figure"):
        limit(house, owner, Figure.DRAFTS_OPEN, -1)
