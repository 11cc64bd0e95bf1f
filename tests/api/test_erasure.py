"""Erasure by law: two officers, a tombstone, bytes that leave the store, and a list that is applied again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from cli.working import keep, run_once
from registry.actors.model import Actor, Role, Scope
from registry.catalog import erasure as orders
from registry.catalog.erasing import LIST_PREFIX, LIST_TYPE, carry_out_erasures, reapply_erasures
from registry.catalog.rereading import verify_versions
from registry.errors import NotAllowedError
from registry.journal.service import verify_log
from registry.journal.signing import SigningKey
from registry.manifests import signatures
from registry.manifests.records import blobs
from registry.upkeep.erased import deleter
from registry.upkeep.garbage import collect
from registry.values.canonical import canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, ErasureId
from storage.errors import StoreUnavailableError
from storage.object_store import Bucket
from tests import world as steps
from tests.api.test_access import reads
from tests.api.test_packs import send_pack
from tests.conftest import CopyWorld
from tests.counting import objects_of
from tests.registry.catalog.builders import do
from tests.world import BUYER, DATASET, OFFICE, OPEN_DATASET, OTHER_OFFICE, PUBLISHER, STRANGER, World

ORDER = {"reason": "含个人信息", "legal_basis": "个人信息保护法 47", "document_number": "伊数〔2026〕9号"}
RETENTION = timedelta(days=1)


def requested(world: World, *versions: str, status: int = 201, **stated: Any) -> Any:
    body = {"versions": list(versions), **ORDER, **stated}
    return world.as_(OFFICE, Role.REVIEWER).post("/v1/erasures", body, status=status)


def confirmed(world: World, *versions: str, **stated: Any) -> Any:
    made = requested(world, *versions, **stated)
    path = f"/v1/erasures/{made['id']}/confirm"
    return world.as_(OFFICE, Role.SECTION_HEAD).post(path, {}, status=200)


def order_now(world: World, erasure: str) -> Any:
    return world.as_(OFFICE, Role.AUDITOR).get(f"/v1/erasures/{erasure}")


def published(world: World, name: str, seed: int, **files: bytes) -> None:
    client = world.as_(PUBLISHER)
    held = {"data.csv": steps.table(seed)} | {f"{each}.md": content for each, content in files.items()}
    draft = steps.verified_draft(world, client, name, held)
    client.post(f"/v1/drafts/{draft}/publish", {})


def test_two_officers_erase_and_a_tombstone_stays(world: World) -> None:
    before = objects_of(world.house)
    base = f"/v1/datasets/{OPEN_DATASET}/versions/v1"
    digest = world.web.get(base)["content_digest"]
    made = confirmed(world, f"{OPEN_DATASET}@v1")
    assert (made["state"], made["versions"], made["objects"]) == ("confirmed", [f"{OPEN_DATASET}@v1"], 1)
    for client in (world.web, world.as_(PUBLISHER), world.as_(OFFICE, Role.AUDITOR)):
        assert reads(client, OPEN_DATASET, 403) == "erased"
    stone = world.web.get(f"{base}/erasure")
    assert (stone["document_number"], stone["legal_basis"]) == (ORDER["document_number"], ORDER["legal_basis"])
    version = world.web.get(base)
    assert (version["state"], version["content_digest"], version["report"]) == ("erased", digest, None)
    assert world.web.get(f"{base}/files")["items"][0]["path"] == "data/wind.csv"
    assert ORDER["document_number"] in world.web.raw("GET", f"/datasets/{OPEN_DATASET}").text
    assert OPEN_DATASET not in {each["name"] for each in world.web.get("/v1/datasets")["items"]}
    keep(world.house)
    done = order_now(world, made["id"])
    assert (done["state"], done["objects_gone"], done["stuck"]) == ("done", 1, None)
    assert objects_of(world.house)["published"] == before["published"] - 1
    assert [each["id"] for each in world.as_(OFFICE, Role.AUDITOR).get("/v1/erasures")["items"]] == [made["id"]]
    assert list(verify_versions(world.house)) == []
    holders = world.as_(PUBLISHER).get(f"{base}/holders")["items"]
    assert isinstance(holders, list)


def test_nobody_confirms_what_the_same_officer_requested(world: World) -> None:
    made = requested(world, f"{OPEN_DATASET}@v1")
    world.as_(OFFICE, Role.REVIEWER).post(f"/v1/erasures/{made['id']}/confirm", {}, status=403)
    world.as_(OTHER_OFFICE, Role.SECTION_HEAD).post(f"/v1/erasures/{made['id']}/confirm", {}, status=404)
    one = Actor(
        AccountId(made["requested_by"]),
        "both",
        None,
        AuthorityId(made["authority"]),
        frozenset({Role.REVIEWER, Role.SECTION_HEAD}),
        frozenset(Scope),
    )
    with pytest.raises(NotAllowedError, match="erasure_same_officer"):
        do(world.house, one, lambda work: orders.confirm_erasure(work, ErasureId(made["id"])))
    assert reads(world.web, OPEN_DATASET) == "read"
    other = replace(one, account=AccountId.new())
    done = do(world.house, other, lambda work: orders.confirm_erasure(work, ErasureId(made["id"])))
    assert done.state == "confirmed"


def test_an_order_is_taken_back_and_one_that_makes_no_sense_is_refused(world: World) -> None:
    made = requested(world, f"{OPEN_DATASET}@v1")
    reviewer = world.as_(OFFICE, Role.REVIEWER)
    assert reviewer.post(f"/v1/erasures/{made['id']}/take-back", {}, status=200)["state"] == "taken_back"
    again = world.as_(OFFICE, Role.SECTION_HEAD).post(f"/v1/erasures/{made['id']}/confirm", {}, status=409)
    assert again["code"] == "erasure_state"
    assert requested(world, f"{OPEN_DATASET}@v9", status=404)["code"] == "version_not_found"
    assert requested(world, f"{OPEN_DATASET}@v1", f"{OPEN_DATASET}@v1", status=400)["code"] == "erasure_versions"
    assert requested(world, OPEN_DATASET, status=400)["code"] == "version_malformed"
    body = {"versions": [f"{OPEN_DATASET}@v1"], **ORDER}
    world.as_(OTHER_OFFICE, Role.REVIEWER).post("/v1/erasures", body, status=403)
    assert reads(world.web, OPEN_DATASET) == "read"


def test_what_else_holds_the_content_is_named_and_erased_or_kept(world: World) -> None:
    shared = b"# a note that two datasets hold\n"
    published(world, "lvtu/one", 71, note=shared)
    published(world, "lvtu/two", 72, note=shared)
    refused = requested(world, "lvtu/one@v1", status=422)
    assert refused["code"] == "content_held_elsewhere"
    assert [each["parameters"]["version"] for each in refused["obstacles"]] == ["lvtu/two@v1"]
    made = confirmed(world, "lvtu/one@v1", keep=["lvtu/two@v1"])
    keep(world.house)
    assert order_now(world, made["id"])["state"] == "done"
    base = "/v1/datasets/lvtu/two/versions/v1/reads"
    signed = world.as_(PUBLISHER).post(base, {"paths": ["note.md", "data.csv"]}, status=200)["urls"]
    assert world.web.raw("GET", signed[0]["url"].partition("sancai.test")[2]).data == shared
    assert list(verify_versions(world.house)) == []


def test_what_lives_in_the_same_pack_moves_out_of_it_and_reads_as_before(world: World) -> None:
    client, name, store = world.as_(PUBLISHER), "lvtu/packed", world.house.store
    files = {f"{number}.md": f"# note {number}\n".encode() for number in range(5)} | {"empty.md": b""}

    def publish(draft: str) -> None:
        client.post(f"/v1/drafts/{draft}/submit", status=200)
        run_once(world.house)
        client.post(f"/v1/drafts/{draft}/publish", {})

    before = {each.place.key for each in store.list(Bucket.PUBLISHED)}
    first = steps.begin_draft(client, name)
    send_pack(client, first, files)
    publish(first)
    second = str(client.post(f"/v1/datasets/{name}/drafts", steps.draft_body() | {"base": 1})["id"])
    client.post(f"/v1/drafts/{second}/changes", {"remove": ["1.md", "3.md"]}, status=200)
    publish(second)

    made = confirmed(world, f"{name}@v1", keep=[f"{name}@v2"], hide_files=True)
    keep(world.house)
    done = order_now(world, made["id"])
    assert (done["state"], done["stuck"], done["objects"]) == ("done", None, 3)
    there = [b"".join(store.read(each.place)) for each in store.list(Bucket.PUBLISHED) if each.place.key not in before]
    # The pack as it is now, and the page of the second version: the page of the first named the files.
    assert min(there) == b"".join(files[f"{number}.md"] for number in (0, 2, 4))
    assert len(there) == 2
    assert not any(b"1.md" in content for content in there)
    assert list(verify_versions(world.house)) == []
    answer = client.raw("POST", f"/v1/datasets/{name}/versions/v2/contents", json={"paths": ["4.md", "empty.md"]})
    assert answer.data == files["4.md"]


@pytest.mark.parametrize("change", ["rot", "arrival"])
def test_what_cannot_move_out_of_a_pack_holds_the_erasure_back(
    world: World, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    client, name, store = world.as_(PUBLISHER), "lvtu/packed", world.house.store
    first = steps.begin_draft(client, name)
    send_pack(client, first, {"a.md": b"# erased\n", "b.md": b"# kept\n"})
    client.post(f"/v1/drafts/{first}/submit", status=200)
    run_once(world.house)
    client.post(f"/v1/drafts/{first}/publish", {})
    second = str(client.post(f"/v1/datasets/{name}/drafts", steps.draft_body() | {"base": 1})["id"])
    client.post(f"/v1/drafts/{second}/changes", {"remove": ["a.md"]}, status=200)
    made = confirmed(world, f"{name}@v1", keep=[second])

    def spoilt(read: Callable[..., Any]) -> Callable[..., Any]:
        def reading(self: Any, place: Any, *rest: Any) -> Any:
            if change == "rot":
                return iter([b"".join(read(self, place, *rest)).replace(b"kept", b"kepT")])
            with world.house.database.writing() as connection:
                # Another order takes the living one meanwhile.
                living = blobs.update().where(blobs.c.packed, blobs.c.state == "verified")
                connection.execute(living.values(state="deleting"))
            return read(self, place, *rest)

        return reading

    objects = len(list(store.list(Bucket.PUBLISHED)))
    with monkeypatch.context() as patched:
        patched.setattr(type(store), "read", spoilt(type(store).read))
        assert carry_out_erasures(world.house, RETENTION, deleter(world.house)) == 0
    held = order_now(world, made["id"])
    assert (held["state"], held["stuck"], held["objects_gone"]) == ("confirmed", "object_shared", 0)
    assert len(list(store.list(Bucket.PUBLISHED))) == objects
    if change == "rot":
        assert carry_out_erasures(world.house, RETENTION, deleter(world.house)) == 1


def test_a_draft_that_holds_the_content_is_erased_with_it(world: World) -> None:
    content = b"# told to nobody else\n"
    published(world, "lvtu/one", 73, note=content)
    files = {"data.csv": steps.table(74), "note.md": content}
    draft = steps.verified_draft(world, world.as_(PUBLISHER), "lvtu/drafted", files)
    assert requested(world, "lvtu/one@v1", status=422)["obstacles"][0]["parameters"]["version"] == draft
    made = confirmed(world, "lvtu/one@v1", draft)
    keep(world.house)
    assert order_now(world, made["id"])["state"] == "done"
    assert world.as_(PUBLISHER).get(f"/v1/drafts/{draft}")["state"] == "abandoned"


def test_names_and_sizes_go_if_the_order_says_so_and_the_journal_still_verifies(world: World) -> None:
    made = confirmed(world, f"{OPEN_DATASET}@v1", hide_files=True)
    run_once(world.house)
    assert order_now(world, made["id"])["state"] == "done"
    base = f"/v1/datasets/{OPEN_DATASET}/versions/v1"
    assert world.web.get(f"{base}/files")["items"] == []
    assert (world.web.get(base)["files"], world.web.get(base)["size_bytes"]) == (0, 0)
    assert world.web.get(f"{base}/manifest", status=404)["code"] == "manifest_erased"
    assert "data/wind.csv" not in world.web.raw("GET", f"/datasets/{OPEN_DATASET}").text
    with world.house.view() as view:
        assert verify_log(view.connection, [world.house.signing_key.verifier]) is not None


def test_a_crash_before_the_deletion_is_taken_up_and_says_what_holds_it_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = confirmed(world, f"{OPEN_DATASET}@v1")

    def unreachable(_: object) -> None:
        raise StoreUnavailableError("store_unavailable")

    with monkeypatch.context() as patched:
        patched.setattr(type(world.house.store), "delete", lambda _, place, **__: unreachable(place))
        assert carry_out_erasures(world.house, RETENTION, deleter(world.house)) == 0
    held = order_now(world, made["id"])
    assert (held["state"], held["stuck"], held["objects_gone"]) == ("confirmed", "store_unavailable", 0)
    assert reads(world.as_(PUBLISHER), OPEN_DATASET, 403) == "erased"
    assert carry_out_erasures(world.house, RETENTION, deleter(world.house)) == 1
    assert carry_out_erasures(world.house, RETENTION, deleter(world.house)) == 0
    assert len(list(world.house.store.list(Bucket.LOG, LIST_PREFIX))) == 1


def test_the_collection_of_garbage_leaves_what_an_order_erases_to_the_order(world: World) -> None:
    made = confirmed(world, f"{OPEN_DATASET}@v1")
    world.clock.advance(timedelta(days=20))
    collect(world.house)
    with world.house.database.reading() as connection:
        states = set(connection.execute(select(blobs.c.state).where(blobs.c.state != "verified")).scalars())
    assert states == {"deleting"}
    keep(world.house)
    assert order_now(world, made["id"])["state"] == "done"
    collect(world.house)
    with world.house.database.reading() as connection:
        states = set(connection.execute(select(blobs.c.state).where(blobs.c.state != "verified")).scalars())
    assert states == {"gone"}


def listed(source: World, target: World, change: Callable[[bytes], bytes] = lambda line: line) -> None:
    """Bring the list of one installation into the log bucket of another, which has the same key."""
    until = datetime.now(UTC) + RETENTION
    for found in source.house.store.list(Bucket.LOG, LIST_PREFIX):
        content = change(b"".join(source.house.store.read(found.place)))
        target.house.store.put(Bucket.LOG, f"{LIST_PREFIX}x/{Digest.of(content).hex}.json", content, until)


def test_a_restored_older_database_is_erased_again(copy_world: CopyWorld) -> None:
    with copy_world() as world, copy_world() as restored:
        made = confirmed(world, f"{OPEN_DATASET}@v1", f"{DATASET}@v1")
        keep(world.house)
        assert reads(restored.web, OPEN_DATASET) == "read"
        listed(world, restored)
        assert reapply_erasures(restored.house, deleter(restored.house)).orders == (made["id"],)
        assert reads(restored.web, OPEN_DATASET, 403) == "erased"
        assert reads(restored.as_(BUYER), DATASET, 403) == "erased"
        keep(restored.house)
        assert order_now(restored, made["id"])["state"] == "done"
        assert objects_of(restored.house)["published"] == objects_of(world.house)["published"]
        assert list(verify_versions(restored.house)) == []
        assert reapply_erasures(restored.house, deleter(restored.house)).orders == ()


def test_objects_that_come_back_with_a_backup_are_erased_again(copy_world: CopyWorld) -> None:
    with copy_world() as world, copy_world() as backup:
        confirmed(world, f"{OPEN_DATASET}@v1")
        keep(world.house)
        gone = {each.place for each in backup.house.store.list(Bucket.PUBLISHED)}
        gone -= {each.place for each in world.house.store.list(Bucket.PUBLISHED)}
        for place in gone:
            world.house.store.put(Bucket.PUBLISHED, place.key, b"".join(backup.house.store.read(place)))
        assert len(reapply_erasures(world.house, deleter(world.house)).orders) == 1
        left = {each.place for each in world.house.store.list(Bucket.PUBLISHED)}
        assert not gone & left
        keep(world.house)
        assert reapply_erasures(world.house, deleter(world.house)).orders == ()


def test_a_line_that_our_key_did_not_sign_erases_nothing(copy_world: CopyWorld) -> None:
    with copy_world() as world, copy_world() as other:
        confirmed(world, f"{OPEN_DATASET}@v1")
        keep(world.house)
        key = SigningKey.create("elsewhere")

        def forged(line: bytes) -> bytes:
            payload = signatures.verify(line, [world.house.signing_key.private_key.public_key()], LIST_TYPE)
            return signatures.sign(payload, [key.private_key], LIST_TYPE)

        listed(world, other, forged)
        other.house.store.put(
            Bucket.LOG, f"{LIST_PREFIX}y/z.json", canonical_json({"a": 1}), datetime.now(UTC) + RETENTION
        )
        found = reapply_erasures(other.house, deleter(other.house))
        assert (found.orders, len(found.refused)) == ((), 2)
        assert reads(other.web, OPEN_DATASET) == "read"


def test_a_stranger_knows_of_a_tombstone_and_of_no_order(world: World) -> None:
    made = requested(world, f"{OPEN_DATASET}@v1")
    assert world.web.get(f"/v1/datasets/{OPEN_DATASET}/versions/v1/erasure", status=404)["code"] == "erasure_not_found"
    world.as_(STRANGER).get(f"/v1/erasures/{made['id']}", status=403)
