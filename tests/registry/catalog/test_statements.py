"""What is stated of datasets and versions: signed, kept in order, and what holds then."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from cli.working import run_once
from registry.actors.model import Actor
from registry.catalog import service
from registry.catalog.industries import KeyIndustry
from registry.catalog.model import OpenDraft, Origin, Search, Version, VersionName
from registry.catalog.statement_model import STATEMENT_TYPE, Grade, Industry, Statement, StatementKind
from registry.errors import ConflictError, NotFoundError, RuleError
from registry.house import House
from registry.manifests import service as manifests
from registry.manifests import signatures
from registry.manifests.uploads import EvidenceKind
from registry.values.digest import Digest
from registry.values.identifiers import EvidenceId
from registry.values.names import PublicName
from tests.registry.catalog.builders import (
    a_csv,
    a_dataset,
    a_draft,
    a_publisher,
    a_verified_draft,
    a_version,
    ask,
    complete,
    do,
    publish,
    put_bytes,
    put_file,
)


def a_document(house: House, owner: Actor) -> EvidenceId:
    content = b"assessment"
    digest = Digest(hashlib.sha256(content).hexdigest())
    made, upload = do(
        house, owner, lambda work: manifests.file_evidence(work, EvidenceKind.OTHER, "a.txt", len(content), digest)
    )
    put_bytes(house, owner, upload, content)
    complete(house, owner, upload.id, digest)
    return made.id


def state_grade(
    house: House, owner: Actor, name: VersionName, grade: Grade, evidence: EvidenceId | None = None
) -> Statement:
    return do(house, owner, lambda work: service.state_grade(work, name, grade, "basis", evidence, house.signing_key))


def now(house: House, owner: Actor, version: Version) -> Version:
    return ask(house, owner, lambda view: service.version(view, version.id))


def history(house: House, name: PublicName, number: int | None = None) -> tuple[Statement, ...]:
    return ask(house, Actor(), lambda view: service.statements(view, name, number, None, 100))


def payload(house: House, made: Statement) -> dict[str, Any]:
    opened = signatures.verify(made.envelope.encode(), [house.signing_key.public_key], STATEMENT_TYPE)
    assert Digest.of(opened) == made.digest
    found: dict[str, Any] = json.loads(opened)
    return found


def test_a_publication_signs_what_its_draft_said(house: House) -> None:
    dataset, version = a_version(house, a_publisher(house))
    of_version, of_dataset = history(house, dataset.name, 1), history(house, dataset.name)
    assert [(each.number, each.kind) for each in of_version] == [(2, "grade"), (1, "provenance")]
    assert [(each.number, each.kind) for each in of_dataset] == [(2, "licence"), (1, "card")]
    stated = payload(house, of_version[0])
    assert stated["subject"]["content_digest"] == str(version.content_digest)
    assert stated["previous"] == str(of_version[1].digest)
    assert stated["body"]["grade"] == "general"


def test_a_corrected_title_keeps_every_digest_and_is_found(house: House) -> None:
    owner = a_publisher(house)
    dataset, version = a_version(house, owner)
    do(
        house,
        owner,
        lambda work: service.correct_card(work, dataset.name, "酒泉风电", "更正", ("风电",), house.signing_key),
    )
    assert now(house, owner, version).content_digest == version.content_digest
    found = ask(house, owner, lambda view: service.search(view, Search(text="酒泉")))
    assert [(hit.dataset.title, hit.published_at) for hit in found.hits] == [("酒泉风电", version.published_at)]
    latest = history(house, dataset.name)[0]
    assert (latest.number, latest.kind, payload(house, latest)["body"]["title"]) == (3, StatementKind.CARD, "酒泉风电")


def test_a_key_industry_is_a_facet_as_soon_as_it_is_stated(house: House) -> None:
    owner = a_publisher(house)
    dataset, _ = a_version(house, owner)
    a_version(house, owner, {"a.csv": a_csv(seed=2)})

    def search(key_industry: str | None) -> tuple[int, dict[str, int]]:
        found = ask(house, owner, lambda view: service.search(view, Search(key_industry=key_industry)))
        return len(found.hits), dict(found.facets["key_industry"])

    assert search("smart_energy") == (0, {})
    industry = Industry("D4415", KeyIndustry.SMART_ENERGY)
    name = VersionName(dataset.name, 1)
    do(house, owner, lambda work: service.state_industry(work, name, industry, house.signing_key))
    assert search("smart_energy") == (1, {"smart_energy": 1})
    assert search(None) == (2, {"smart_energy": 1})


def test_statements_are_never_changed(house: House) -> None:
    a_version(house, a_publisher(house))
    for change in ("UPDATE statements SET body = '{}'", "DELETE FROM statements"):
        with pytest.raises(DatabaseError), house.database.writing() as connection:
            connection.execute(text(change))


def test_a_derived_version_takes_the_highest_grade_of_its_parents_until_it_is_assessed(house: House) -> None:
    owner = a_publisher(house)
    dataset, root = a_version(house, owner)
    name = VersionName(dataset.name, 1)
    child_set, child = a_version(house, owner, {"a.csv": a_csv(seed=2)}, None, name)
    grandchild_set, grandchild = a_version(house, owner, {"b.csv": a_csv(seed=3)}, None, VersionName(child_set.name, 1))
    state_grade(house, owner, name, Grade.IMPORTANT)
    assert [now(house, owner, each).grade for each in (root, child, grandchild)] == [Grade.IMPORTANT] * 3
    below = VersionName(grandchild_set.name, 1)
    with pytest.raises(RuleError, match="grade_assessment_missing"):
        state_grade(house, owner, below, Grade.GENERAL)
    made = state_grade(house, owner, below, Grade.GENERAL, a_document(house, owner))
    assert payload(house, made)["body"]["assessed"] is True
    assert payload(house, made)["body"]["evidence"]["sha256"] == hashlib.sha256(b"assessment").hexdigest()
    state_grade(house, owner, name, Grade.CORE)
    assert [now(house, owner, each).grade for each in (root, child, grandchild)] == [
        Grade.CORE,
        Grade.CORE,
        Grade.GENERAL,
    ]
    # What is assessed downwards at the root goes down below it as well.
    state_grade(house, owner, name, Grade.GENERAL, a_document(house, owner))
    assert now(house, owner, child).grade is Grade.GENERAL


def test_a_higher_grade_closes_open_content_at_once(house: House) -> None:
    owner, stranger = a_publisher(house), a_publisher(house)
    dataset, version = a_version(house, owner)

    def verdict(actor: Actor) -> str:
        return ask(house, actor, lambda view: service.may_read(view, service.version(view, version.id))).reason

    assert verdict(stranger) == "allowed"
    state_grade(house, owner, VersionName(dataset.name, 1), Grade.IMPORTANT)
    assert (verdict(stranger), verdict(owner)) == ("grade_important", "allowed")
    state_grade(house, owner, VersionName(dataset.name, 1), Grade.CORE)
    assert (verdict(stranger), verdict(owner)) == ("grade_core", "grade_core")


def test_core_data_is_refused_as_a_draft_and_at_publication(house: House) -> None:
    owner = a_publisher(house)
    dataset, _ = a_version(house, owner)
    name = VersionName(dataset.name, 1)
    child_set = a_dataset(house, owner)
    draft = a_verified_draft(house, owner, child_set, {"a.csv": a_csv(seed=2)}, name)
    state_grade(house, owner, name, Grade.CORE)
    with pytest.raises(RuleError, match="grade_core_refused") as refused:
        publish(house, owner, draft)
    assert refused.value.obstacles[0].parameters == {"version": str(name)}
    with pytest.raises(RuleError, match="grade_core_refused"):
        a_draft(house, owner, child_set, name)
    stated = OpenDraft(child_set.name, "", Origin.ENTERPRISE, "x", grade=Grade.CORE)
    with pytest.raises(RuleError, match="grade_core_refused"):
        do(house, owner, lambda work: service.open_draft(work, stated))


def test_a_draft_is_no_parent_so_that_nothing_derives_from_itself(house: House) -> None:
    owner = a_publisher(house)
    dataset, _ = a_version(house, owner)
    a_draft(house, owner, dataset)
    with pytest.raises(NotFoundError, match="version_not_found"):
        a_draft(house, owner, dataset, VersionName(dataset.name, 2))


def test_a_parent_that_was_withdrawn_still_raises_what_derives_from_it(house: House) -> None:
    owner = a_publisher(house)
    dataset, _ = a_version(house, owner)
    name = VersionName(dataset.name, 1)
    _, child = a_version(house, owner, {"a.csv": a_csv(seed=2)}, None, name)
    do(house, owner, lambda work: service.withdraw_version(work, name, "wrong meter"))
    state_grade(house, owner, name, Grade.IMPORTANT)
    assert now(house, owner, child).grade is Grade.IMPORTANT
    with pytest.raises(ConflictError, match="version_not_standing"):
        do(house, owner, lambda work: service.state_rights(work, name, (), house.signing_key))


def test_a_deprecation_names_what_to_use_instead_and_may_be_taken_back(house: House) -> None:
    owner, key = a_publisher(house), house.signing_key
    dataset, first = a_version(house, owner)
    _, second = a_version(house, owner, {"a.csv": a_csv(seed=2)}, dataset)
    one, two = VersionName(dataset.name, 1), VersionName(dataset.name, 2)

    def deprecate(name: VersionName, successor: str | None) -> Statement:
        return do(house, owner, lambda work: service.deprecate_version(work, name, "old", successor, key))

    with pytest.raises(NotFoundError):
        deprecate(one, f"{dataset.name}@v3")
    deprecate(one, str(two))
    held = now(house, owner, first).deprecation
    assert held is not None
    assert (held.reason, held.successor) == ("old", str(two))
    with pytest.raises(ConflictError, match="successor_deprecated"):
        deprecate(two, str(one))
    do(house, owner, lambda work: service.restore_version(work, one, "still good", key))
    assert now(house, owner, first).deprecation is None
    with pytest.raises(ConflictError, match="not_deprecated"):
        do(house, owner, lambda work: service.restore_version(work, one, "still good", key))
    do(house, owner, lambda work: service.deprecate_dataset(work, dataset.name, "moved", None, key))
    shown = ask(house, Actor(), lambda view: service.dataset(view, dataset.name))
    assert shown.deprecation is not None
    assert now(house, owner, second).deprecation is None


def test_an_embargo_is_kept_and_ended_early_by_its_publisher(house: House) -> None:
    owner, stranger = a_publisher(house), a_publisher(house)
    dataset = a_dataset(house, owner)
    end = house.clock.now().plus(timedelta(days=30))
    stated = OpenDraft(dataset.name, "", Origin.ENTERPRISE, "own meters", embargo_until=end)
    draft = do(house, owner, lambda work: service.open_draft(work, stated))
    put_file(house, owner, draft, "a.csv", a_csv())
    do(house, owner, lambda work: service.submit_draft(work, draft.id))
    run_once(house)
    version = publish(house, owner, draft)
    name = VersionName(dataset.name, 1)
    found = ask(house, stranger, lambda view: service.version(view, version.id))
    assert ask(house, stranger, lambda view: service.may_read(view, found)).reason == "embargo"
    assert history(house, dataset.name, 1)[0].kind is StatementKind.EMBARGO
    do(house, owner, lambda work: service.state_embargo(work, name, None, house.signing_key))
    found = ask(house, stranger, lambda view: service.version(view, version.id))
    assert ask(house, stranger, lambda view: service.may_read(view, found)).allowed
    with pytest.raises(ConflictError, match="embargo_over"):
        do(house, owner, lambda work: service.state_embargo(work, name, end, house.signing_key))


def test_only_the_publisher_states(house: House) -> None:
    owner, stranger = a_publisher(house), a_publisher(house)
    dataset, _ = a_version(house, owner)
    with pytest.raises(NotFoundError, match="dataset_not_found"):
        state_grade(house, stranger, VersionName(dataset.name, 1), Grade.IMPORTANT)
    with pytest.raises(NotFoundError, match="evidence_not_found"):
        state_grade(house, owner, VersionName(dataset.name, 1), Grade.GENERAL, a_document(house, stranger))
