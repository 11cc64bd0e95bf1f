"""What every object store does, whatever stands behind it. Signed URLs are used over real HTTP."""

import hashlib
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit
from uuid import uuid4

import httpx
import pytest

from storage.errors import (
    ContentSizeError,
    ObjectExistsError,
    ObjectLockedError,
    ObjectMissingError,
    StoreConfigurationError,
    StoreUnavailableError,
    UploadForgottenError,
    UploadIncompleteError,
)
from storage.object_store import MIB, Bucket, ObjectStat, ObjectStore, Part, Place, incoming_key, published_key
from tests.storage.conftest import StoreUnderTest

FIRST = random.Random(1).randbytes(5 * MIB)
SECOND = random.Random(2).randbytes(5 * MIB + 1)
LAST = b"the last part may be small"
WHOLE = FIRST + SECOND + LAST


def send(store: ObjectStore, key: str, ref: str, number: int, content: bytes) -> httpx.Response:
    return httpx.put(store.part_url(key, ref, number, 60, len(content)), content=content)


def an_upload(store: ObjectStore, *contents: bytes) -> tuple[str, str, tuple[Part, ...]]:
    key = incoming_key(uuid4())
    ref = store.start_upload(key)
    for number, content in enumerate(contents, 1):
        assert send(store, key, ref, number, content).status_code == 200
    return key, ref, store.parts(key, ref)


def arrived(store: ObjectStore, content: bytes) -> Place:
    key, ref, parts = an_upload(store, content)
    return store.complete_upload(key, ref, parts).place


def published(store: ObjectStore, content: bytes) -> Place:
    key = published_key(hashlib.sha256(content).hexdigest(), uuid4())
    return store.copy(arrived(store, content), Bucket.PUBLISHED, key).place


def content_of(store: ObjectStore, place: Place, offset: int = 0, length: int | None = None) -> bytes:
    return b"".join(store.read(place, offset, length))


def test_parts_sent_in_any_order_make_the_object_in_order_of_their_numbers(store: ObjectStore) -> None:
    key = incoming_key(uuid4())
    ref = store.start_upload(key)
    for number, content in ((3, LAST), (1, FIRST), (2, SECOND)):
        assert send(store, key, ref, number, content).status_code == 200
    made = store.complete_upload(key, ref, tuple(reversed(store.parts(key, ref))))
    assert content_of(store, made.place) == WHOLE


def test_a_completed_upload_states_its_size(store: ObjectStore) -> None:
    key, ref, parts = an_upload(store, FIRST, LAST)
    assert store.complete_upload(key, ref, parts).size_bytes == len(FIRST + LAST)


def test_the_parts_that_arrived_are_listed_for_who_resumes(store: ObjectStore) -> None:
    key, ref, _ = an_upload(store, FIRST)
    sent = send(store, key, ref, 3, LAST)
    assert [(part.number, part.size_bytes) for part in store.parts(key, ref)] == [(1, len(FIRST)), (3, len(LAST))]
    assert store.parts(key, ref)[1].etag == sent.headers["etag"].strip('"')


def test_a_part_sent_again_replaces_the_first_sending_or_is_refused_loudly(pair: StoreUnderTest) -> None:
    store = pair.store
    key, ref, _ = an_upload(store, b"wrong")
    sent = send(store, key, ref, 1, b"right")
    if not pair.mends_uploads:
        assert sent.status_code == 501
        return
    assert sent.status_code == 200
    made = store.complete_upload(key, ref, store.parts(key, ref))
    assert content_of(store, made.place) == b"right"


def test_an_empty_file_takes_the_same_way(store: ObjectStore) -> None:
    place = published(store, b"")
    assert store.stat(place).size_bytes == 0
    assert content_of(store, place) == b""


def test_completing_twice_gives_the_same_answer(store: ObjectStore) -> None:
    key, ref, parts = an_upload(store, FIRST, LAST)
    assert store.complete_upload(key, ref, parts) == store.complete_upload(key, ref, parts)


def test_completing_at_the_same_time_gives_everybody_the_object(pair: StoreUnderTest) -> None:
    store = pair.store
    key, ref, parts = an_upload(store, FIRST, LAST)

    def complete(_: int) -> ObjectStat | None:
        try:
            return store.complete_upload(key, ref, parts)
        except StoreUnavailableError:  # Who is told to come again finds it done.
            assert not pair.mends_uploads
            return None

    with ThreadPoolExecutor(4) as pool:
        made = {found for found in pool.map(complete, range(4)) if found}
    made.add(store.complete_upload(key, ref, parts))
    assert len(made) == 1
    assert content_of(store, made.pop().place) == FIRST + LAST


def test_completing_late_with_other_parts_is_refused(store: ObjectStore) -> None:
    key, ref, parts = an_upload(store, FIRST, LAST)
    store.complete_upload(key, ref, parts)
    other = (replace(parts[0], etag="0" * len(parts[0].etag)), parts[1])
    with pytest.raises(UploadForgottenError):
        store.complete_upload(key, ref, other)


def test_completing_with_a_part_that_never_arrived_is_refused(store: ObjectStore) -> None:
    key, ref, parts = an_upload(store, FIRST)
    with pytest.raises(UploadIncompleteError):
        store.complete_upload(key, ref, (*parts, replace(parts[0], number=2)))


def test_a_part_that_is_too_small_and_not_the_last_is_refused(store: ObjectStore) -> None:
    key, ref, parts = an_upload(store, b"small", LAST)
    with pytest.raises(UploadIncompleteError):
        store.complete_upload(key, ref, parts)


def test_completing_without_parts_is_refused(store: ObjectStore) -> None:
    key, ref, _ = an_upload(store)
    with pytest.raises(UploadIncompleteError):
        store.complete_upload(key, ref, ())


def test_an_upload_that_was_refused_can_be_mended_or_is_forgotten(pair: StoreUnderTest) -> None:
    store = pair.store
    key, ref, parts = an_upload(store, FIRST)
    with pytest.raises(UploadIncompleteError):
        store.complete_upload(key, ref, (*parts, replace(parts[0], number=2)))
    if not pair.mends_uploads:
        with pytest.raises(UploadForgottenError):
            store.parts(key, ref)
        return
    send(store, key, ref, 2, LAST)
    made = store.complete_upload(key, ref, store.parts(key, ref))
    assert content_of(store, made.place) == FIRST + LAST


@pytest.mark.parametrize("size_bytes", [len(LAST) - 1, len(LAST) + 1])
def test_a_part_of_another_size_than_was_signed_is_refused(store: ObjectStore, size_bytes: int) -> None:
    key, ref, _ = an_upload(store)
    answer = httpx.put(store.part_url(key, ref, 1, 60, size_bytes), content=LAST)
    assert answer.status_code == 403
    assert store.parts(key, ref) == ()


def test_an_expired_part_url_is_refused(pair: StoreUnderTest) -> None:
    key, ref, _ = an_upload(pair.store)
    assert httpx.put(pair.late.part_url(key, ref, 1, 60, len(LAST)), content=LAST).status_code in {400, 403}
    assert pair.store.parts(key, ref) == ()


def test_an_expired_read_url_is_refused(pair: StoreUnderTest) -> None:
    place = published(pair.store, LAST)
    assert httpx.get(pair.late.read_url(place, 60, "a.csv")).status_code in {400, 403}


def test_a_part_url_of_another_upload_is_refused(store: ObjectStore) -> None:
    key, ref, _ = an_upload(store)
    other_key, _, _ = an_upload(store)
    url = store.part_url(key, ref, 1, 60, len(LAST)).replace(key, other_key)
    assert httpx.put(url, content=LAST).status_code == 403


def test_a_change_of_any_parameter_of_a_part_url_is_refused(store: ObjectStore) -> None:
    key, ref, _ = an_upload(store)
    url = store.part_url(key, ref, 1, 60, len(LAST))
    for name, value in parse_qsl(urlsplit(url).query):
        changed = url.replace(f"{name}={quote(value, safe='')}", f"{name}={quote(value, safe='')}0")
        assert changed != url
        assert httpx.put(changed, content=LAST).status_code in {400, 403}, name
    assert store.parts(key, ref) == ()


def test_a_read_url_of_another_object_is_refused(store: ObjectStore) -> None:
    place, other = published(store, LAST), published(store, b"other")
    url = store.read_url(place, 60, "a.csv").replace(place.key, other.key)
    assert httpx.get(url).status_code == 403


def test_a_part_url_does_not_read_and_a_read_url_does_not_write(store: ObjectStore) -> None:
    place = published(store, LAST)
    key, ref, _ = an_upload(store)
    assert httpx.get(store.part_url(key, ref, 1, 60, len(LAST))).status_code == 403
    assert httpx.put(store.read_url(place, 60, "a.csv"), content=b"x").status_code in {403, 404}
    assert content_of(store, place) == LAST


def test_a_read_url_serves_the_content_under_its_name(store: ObjectStore) -> None:
    answer = httpx.get(store.read_url(published(store, LAST), 60, "矿山 数据.csv"))
    assert (answer.status_code, answer.content) == (200, LAST)
    assert "filename*=UTF-8''%E7%9F%BF%E5%B1%B1%20%E6%95%B0%E6%8D%AE.csv" in answer.headers["content-disposition"]


def test_a_read_url_serves_ranges_whatever_status_it_gives_them(pair: StoreUnderTest) -> None:
    url = pair.store.read_url(published(pair.store, LAST), 60, "a.csv")
    answer = httpx.get(url, headers={"Range": "bytes=4-7"})
    assert (answer.status_code, answer.content) == (206 if pair.says_ranges else 200, LAST[4:8])


def test_a_read_url_names_its_read_under_the_signature(store: ObjectStore) -> None:
    url = store.read_url(published(store, LAST), 60, "a.csv", "read_1")
    assert "x-sancai-read=read_1" in url
    assert httpx.get(url).content == LAST
    assert httpx.get(url.replace("read_1", "read_2")).status_code == 403


@pytest.mark.parametrize("bucket", [Bucket.INCOMING, Bucket.EVIDENCE, Bucket.LOG])
def test_no_url_leads_out_of_published(store: ObjectStore, bucket: Bucket) -> None:
    with pytest.raises(ValueError, match="no URL leads"):
        store.read_url(Place(bucket, "a"), 60, "a")


@pytest.mark.parametrize("expires_s", [0, 7 * 86_400 + 1])
def test_a_url_lives_at_most_a_week(store: ObjectStore, expires_s: int) -> None:
    with pytest.raises(ValueError, match="a URL lives"):
        store.read_url(Place(Bucket.PUBLISHED, "a"), expires_s, "a")


def test_an_aborted_upload_is_forgotten(store: ObjectStore) -> None:
    key, ref, parts = an_upload(store, LAST)
    store.abort_upload(key, ref)
    with pytest.raises(UploadForgottenError):
        store.parts(key, ref)
    with pytest.raises(UploadForgottenError):
        store.complete_upload(key, ref, parts)
    assert send(store, key, ref, 1, LAST).status_code == 404


def test_aborting_a_forgotten_upload_is_fine(store: ObjectStore) -> None:
    key, ref, _ = an_upload(store, LAST)
    store.abort_upload(key, ref)
    store.abort_upload(key, ref)
    with pytest.raises(ObjectMissingError):
        store.stat(Place(Bucket.INCOMING, key))


@pytest.mark.parametrize(
    ("offset", "length"), [(0, None), (1, None), (0, 5), (4, 4), (20, 100), (26, 1), (99, None), (0, 0)]
)
def test_reading_a_range_is_slicing(store: ObjectStore, offset: int, length: int | None) -> None:
    place = store.put(Bucket.EVIDENCE, "a/b", LAST).place
    end = None if length is None else offset + length
    assert content_of(store, place, offset, length) == LAST[offset:end]


def test_reading_across_parts_is_slicing(store: ObjectStore) -> None:
    key, ref, parts = an_upload(store, FIRST, SECOND, LAST)
    place = store.complete_upload(key, ref, parts).place
    start = len(FIRST) - 3
    assert content_of(store, place, start, len(SECOND) + 6) == WHOLE[start : start + len(SECOND) + 6]


def test_a_missing_object_is_missing_at_the_call(store: ObjectStore) -> None:
    place = Place(Bucket.PUBLISHED, "aa/none")
    for ask in (store.stat, store.read, lambda at: store.copy(at, Bucket.PUBLISHED, "b")):
        with pytest.raises(ObjectMissingError):
            ask(place)


def test_a_copy_outlives_its_source(store: ObjectStore) -> None:
    source = arrived(store, LAST)
    copy = store.copy(source, Bucket.PUBLISHED, "aa/copy")
    store.delete(source)
    assert copy.size_bytes == len(LAST)
    assert content_of(store, copy.place) == LAST


def test_copying_again_after_a_crash_is_fine(store: ObjectStore) -> None:
    source = arrived(store, LAST)
    first = store.copy(source, Bucket.PUBLISHED, "aa/copy")
    assert store.copy(source, Bucket.PUBLISHED, "aa/copy") == first


def test_copying_over_another_object_is_refused(store: ObjectStore) -> None:
    there = published(store, LAST)
    with pytest.raises(ObjectExistsError):
        store.copy(arrived(store, b"another"), Bucket.PUBLISHED, there.key)
    assert content_of(store, there) == LAST


def test_overwriting_is_refused(store: ObjectStore) -> None:
    place = store.put(Bucket.EVIDENCE, "a", b"first").place
    with pytest.raises(ObjectExistsError):
        store.put(Bucket.EVIDENCE, "a", b"other")
    with pytest.raises(ObjectExistsError):
        store.put_stream(Bucket.EVIDENCE, "a", [b"other"], 5)
    assert content_of(store, place) == b"first"


def test_storing_the_same_again_is_fine(store: ObjectStore) -> None:
    assert store.put(Bucket.EVIDENCE, "a", b"same") == store.put(Bucket.EVIDENCE, "a", b"same")


def test_of_many_who_store_one_key_one_wins_or_the_probe_says_that_it_cannot_be_told(pair: StoreUnderTest) -> None:
    store = pair.store
    assert store.probe().conditional_put is pair.conditional_put

    def put(number: int) -> bool:
        try:
            store.put(Bucket.EVIDENCE, "a", b"%d" % number)
        except ObjectExistsError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        won = sum(pool.map(put, range(8)))
    assert won == 1 if pair.conditional_put else won >= 1


@pytest.mark.parametrize("size_bytes", [0, 1, 17 * MIB])
def test_a_stream_is_stored_whole(store: ObjectStore, size_bytes: int) -> None:
    content = random.Random(3).randbytes(size_bytes)
    chunks = [content[at : at + MIB - 1] for at in range(0, size_bytes, MIB - 1)]
    made = store.put_stream(Bucket.PUBLISHED, "aa/b", chunks, size_bytes)
    assert made.size_bytes == size_bytes
    assert content_of(store, made.place) == content


@pytest.mark.parametrize("announced", [len(LAST) - 1, len(LAST) + 1])
def test_a_stream_of_another_size_than_announced_leaves_nothing(store: ObjectStore, announced: int) -> None:
    with pytest.raises(ContentSizeError):
        store.put_stream(Bucket.PUBLISHED, "aa/b", [LAST], announced)
    assert list(store.list(Bucket.PUBLISHED)) == []


def test_a_deleted_object_is_gone_and_deleting_again_is_fine(store: ObjectStore) -> None:
    place = store.put(Bucket.EVIDENCE, "a/b", LAST).place
    store.delete(place)
    store.delete(place)
    with pytest.raises(ObjectMissingError):
        store.stat(place)


def test_an_object_with_a_term_cannot_be_deleted_before_its_end_or_the_probe_says_that_it_can(
    lasting_store: ObjectStore, keeps_terms: bool
) -> None:
    term = datetime.now(UTC) + timedelta(days=1)
    made = lasting_store.put(Bucket.LOG, "checkpoints/1", LAST, retain_until=term).place
    if not keeps_terms:
        assert not lasting_store.probe().object_lock
        return
    for place in (made, replace(made, version_id=None)):
        with pytest.raises(ObjectLockedError):
            lasting_store.delete(place)
    assert content_of(lasting_store, made) == LAST


def test_storing_the_same_again_leaves_its_term(lasting_store: ObjectStore, keeps_terms: bool) -> None:
    term = datetime.now(UTC) + timedelta(days=1)
    made = lasting_store.put(Bucket.LOG, "checkpoints/1", LAST, retain_until=term)
    assert lasting_store.put(Bucket.LOG, "checkpoints/1", LAST, retain_until=term - timedelta(hours=23)) == made
    if keeps_terms:
        with pytest.raises(ObjectLockedError):
            lasting_store.delete(made.place)


def test_published_content_is_retained_where_the_probe_saw_a_lock_and_the_law_may_still_remove_it(
    lasting_store: ObjectStore,
) -> None:
    made = lasting_store.put(Bucket.PUBLISHED, "aa/b", LAST).place
    locks = lasting_store.probe().published_lock
    assert lasting_store.retain(made, datetime.now(UTC) + timedelta(hours=1)) is locks
    if locks:
        lasting_store.retain(made, datetime.now(UTC) + timedelta(minutes=1))  # Never shortened.
        assert made.version_id
        with pytest.raises(ObjectLockedError):
            lasting_store.delete(made)
    assert content_of(lasting_store, made) == LAST
    lasting_store.delete(made, despite_retention=True)
    with pytest.raises(ObjectMissingError):
        lasting_store.stat(made)


def test_what_cannot_be_found_cannot_be_retained(store: ObjectStore) -> None:
    with pytest.raises(ObjectMissingError):
        store.retain(Place(Bucket.PUBLISHED, "aa/none"), datetime.now(UTC) + timedelta(hours=1))


def test_a_listing_says_since_when_an_object_has_its_name(store: ObjectStore) -> None:
    store.put(Bucket.EVIDENCE, "a", LAST)
    (found,) = store.list(Bucket.EVIDENCE)
    assert found.modified_at
    assert abs(datetime.now(UTC) - found.modified_at) < timedelta(seconds=30)


def test_a_store_knows_itself_and_no_store_that_nobody_told_it_of(store: ObjectStore) -> None:
    assert store.at(store.identity) is store
    with pytest.raises(StoreConfigurationError):
        store.at("s3://elsewhere")


@pytest.mark.parametrize("bucket", [Bucket.INCOMING, Bucket.PUBLISHED, Bucket.EVIDENCE])
def test_only_the_log_takes_a_term(store: ObjectStore, bucket: Bucket) -> None:
    with pytest.raises(ValueError, match="no term"):
        store.put(bucket, "a", LAST, retain_until=datetime.now(UTC) + timedelta(days=1))
    with pytest.raises(ValueError, match="no term"):
        store.put(Bucket.LOG, "a", LAST, retain_until=datetime(2099, 1, 1))  # noqa: DTZ001  The zone is what is missing.


def test_listing_goes_by_whole_keys(store: ObjectStore) -> None:
    for key in ("b/a", "b-c", "b/c/d", "b/b", "c", "a"):
        store.put(Bucket.EVIDENCE, key, key.encode())
    assert [found.place.key for found in store.list(Bucket.EVIDENCE)] == ["a", "b-c", "b/a", "b/b", "b/c/d", "c"]
    assert [found.place.key for found in store.list(Bucket.EVIDENCE, "b/")] == ["b/a", "b/b", "b/c/d"]
    assert [found.place.key for found in store.list(Bucket.EVIDENCE, "b", "b/a")] == ["b/b", "b/c/d"]


def test_a_listing_states_sizes_and_tags(store: ObjectStore) -> None:
    made = store.put(Bucket.EVIDENCE, "a", LAST)
    assert list(store.list(Bucket.EVIDENCE)) == [made]


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../a", "a/../b", "a/.b", "a b", "a\n", "矿", "a" * 901])
def test_a_key_that_could_leave_its_bucket_is_refused(store: ObjectStore, key: str) -> None:
    with pytest.raises(ValueError, match="not an object key"):
        store.put(Bucket.EVIDENCE, key, b"")
    with pytest.raises(ValueError, match="not an object key"):
        store.start_upload(key)
    with pytest.raises(ValueError, match="not an object key"):
        store.read(Place(Bucket.EVIDENCE, key))


def test_preparing_again_changes_nothing(store: ObjectStore) -> None:
    made = store.put(Bucket.EVIDENCE, "a", LAST)
    store.prepare()
    store.health()
    assert list(store.list(Bucket.EVIDENCE)) == [made]


def test_probing_leaves_nothing(store: ObjectStore) -> None:
    store.probe()
    assert [list(store.list(bucket)) for bucket in Bucket] == [[], [], [], []]
