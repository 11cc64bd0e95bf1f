"""Uploads: one completion at a time, lost answers, what is swept, whose documents may be named."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from registry.actors.model import Actor
from registry.catalog import service as catalog
from registry.errors import ConflictError, InvalidValueError, NotFoundError, RuleError, SancaiError, UnavailableError
from registry.house import House
from registry.manifests import completing, service
from registry.manifests.model import FilePath
from registry.manifests.uploads import COMPLETION_LEASE, UPLOAD_LIFE, EvidenceKind, Upload, UploadState
from registry.values.digest import Digest
from storage.errors import StoreUnavailableError
from storage.local_store import LocalStore
from storage.object_store import ObjectStat, Part
from tests.conftest import STORE_SECRET, FixedClock
from tests.registry.catalog.builders import (
    a_dataset,
    a_draft,
    a_publisher,
    complete,
    do,
    objects_of,
    put_bytes,
    put_part,
)

CONTENT = b"station,power\nhami,12\n"


class LosesItsAnswer(LocalStore):
    """A store that does what it is told and then fails to say so, once."""

    lost = False

    def complete_upload(self, key: str, ref: str, parts: Sequence[Part]) -> ObjectStat:
        made = super().complete_upload(key, ref, parts)
        if not self.lost:
            self.lost = True
            raise StoreUnavailableError("answer_lost")
        return made


def an_upload(house: House, owner: Actor, size_bytes: int = len(CONTENT)) -> Upload:
    draft = a_draft(house, owner, a_dataset(house, owner))
    return do(house, owner, lambda work: catalog.add_file(work, draft.id, FilePath("a.csv"), size_bytes))[1]


def state(house: House, owner: Actor, upload: Upload) -> UploadState:
    with house.view(owner) as view:
        return service.upload(view, upload.id).state


def test_a_lost_answer_of_the_store_leaves_the_upload_open_and_the_repeat_succeeds(house: House) -> None:
    owner = a_publisher(house)
    upload = an_upload(house, owner)
    put_bytes(house, owner, upload, CONTENT)
    store = LosesItsAnswer(house.settings.objects_folder, house.settings.public_url, STORE_SECRET)
    digest = Digest.of(CONTENT)
    with pytest.raises(UnavailableError):
        service.seal(house.database, house.clock, store, owner, upload.id, digest)
    assert state(house, owner, upload) is UploadState.OPEN
    sealed = service.seal(house.database, house.clock, store, owner, upload.id, digest)
    assert do(house, owner, lambda work: service.receive(work, sealed)).state is UploadState.RECEIVED


def test_of_two_completions_at_once_one_works_and_the_other_is_told_so(house: House) -> None:
    owner = a_publisher(house)
    upload = an_upload(house, owner)
    put_bytes(house, owner, upload, CONTENT)
    outcomes: list[str] = []
    gate = threading.Barrier(2)

    def race() -> None:
        gate.wait()
        try:
            service.seal(house.database, house.clock, house.store, owner, upload.id, Digest.of(CONTENT))
            outcomes.append("sealed")
        except SancaiError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=race) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["sealed", "upload_completing"]


def completing_since(house: House, upload: Upload) -> datetime:
    with house.database.reading() as connection:
        return connection.execute(
            text("SELECT completing_at FROM uploads WHERE id = :id"), {"id": upload.id.uuid}
        ).scalar_one()


def let_lease_pass(house: House, upload: Upload) -> None:
    """As if the process that completes it had been killed a lease ago; the clock of the database cannot be moved."""
    with house.database.writing() as connection:
        connection.execute(
            text("UPDATE uploads SET completing_at = completing_at - :lease WHERE id = :id"),
            {"lease": COMPLETION_LEASE, "id": upload.id.uuid},
        )


def test_a_completion_that_crashed_can_be_taken_over_after_its_lease(house: House) -> None:
    owner = a_publisher(house)
    upload = an_upload(house, owner)
    put_bytes(house, owner, upload, CONTENT)
    service.seal(house.database, house.clock, house.store, owner, upload.id, Digest.of(CONTENT))
    with pytest.raises(ConflictError, match="upload_completing"):
        complete(house, owner, upload.id, Digest.of(CONTENT))
    let_lease_pass(house, upload)
    assert complete(house, owner, upload.id, Digest.of(CONTENT)).state is UploadState.RECEIVED


def test_a_completion_that_takes_long_renews_its_lease(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completing, "RENEWED_EVERY_S", 0.01)
    owner = a_publisher(house)
    upload = an_upload(house, owner)
    put_bytes(house, owner, upload, CONTENT)
    refused: list[str] = []

    class Slow(LocalStore):
        def complete_upload(self, key: str, ref: str, parts: Sequence[Part]) -> ObjectStat:
            began = completing_since(house, upload)
            while completing_since(house, upload) <= began:  # Until it was renewed.
                pass
            with pytest.raises(ConflictError) as found:
                complete(house, owner, upload.id, Digest.of(CONTENT))
            refused.append(found.value.code)
            return super().complete_upload(key, ref, parts)

    store = Slow(house.settings.objects_folder, house.settings.public_url, STORE_SECRET)
    service.seal(house.database, house.clock, store, owner, upload.id, Digest.of(CONTENT))
    assert refused == ["upload_completing"]


def test_a_completion_that_fails_after_another_took_it_over_does_not_open_the_upload(house: House) -> None:
    owner = a_publisher(house)
    upload = an_upload(house, owner)
    put_bytes(house, owner, upload, CONTENT)

    class Late(LocalStore):
        def complete_upload(self, *_: object) -> ObjectStat:
            let_lease_pass(house, upload)
            complete(house, owner, upload.id, Digest.of(CONTENT))
            raise StoreUnavailableError("answer_lost")

    store = Late(house.settings.objects_folder, house.settings.public_url, STORE_SECRET)
    with pytest.raises(UnavailableError):
        service.seal(house.database, house.clock, store, owner, upload.id, Digest.of(CONTENT))
    assert state(house, owner, upload) is UploadState.RECEIVED


def test_a_completion_that_crashed_and_was_left_expires_and_frees_the_store(house: House, clock: FixedClock) -> None:
    owner = a_publisher(house)
    upload = an_upload(house, owner)
    put_bytes(house, owner, upload, CONTENT)
    service.seal(house.database, house.clock, house.store, owner, upload.id, Digest.of(CONTENT))
    clock.advance(UPLOAD_LIFE)
    assert service.sweep_uploads(house.database, house.clock, house.store) == 0, "it may be alive"
    let_lease_pass(house, upload)
    assert service.sweep_uploads(house.database, house.clock, house.store) == 1
    assert state(house, owner, upload) is UploadState.EXPIRED
    assert objects_of(house)["incoming"] == 0


def test_addresses_are_given_for_parts_that_exist_a_hundred_at_once(house: House) -> None:
    owner = a_publisher(house)
    upload = an_upload(house, owner, 200 * 2**24)
    signed = service.part_urls(house.database, house.clock, house.store, owner, upload.id, list(range(1, 101)))
    assert len(signed.urls) == 100
    with pytest.raises(InvalidValueError, match="part_numbers_count"):
        service.part_urls(house.database, house.clock, house.store, owner, upload.id, list(range(1, 102)))
    for number in (0, 201):
        with pytest.raises(InvalidValueError, match="part_number_out_of_range"):
            service.part_urls(house.database, house.clock, house.store, owner, upload.id, [number])


def test_what_expired_or_was_given_up_frees_the_store(house: House, clock: FixedClock) -> None:
    owner = a_publisher(house)
    expiring, aborted = an_upload(house, owner), an_upload(house, owner)
    for upload in (expiring, aborted):
        put_bytes(house, owner, upload, CONTENT)
    do(house, owner, lambda work: service.abort_upload(work, aborted.id))
    clock.advance(timedelta(days=7))
    assert service.sweep_uploads(house.database, house.clock, house.store) == 2
    assert service.sweep_uploads(house.database, house.clock, house.store) == 0
    assert state(house, owner, expiring) is UploadState.EXPIRED
    assert list((house.settings.objects_folder / "uploads").iterdir()) == []
    assert objects_of(house)["incoming"] == 0
    with pytest.raises(ConflictError, match="upload_not_open"):
        service.part_urls(house.database, house.clock, house.store, owner, expiring.id, [1])


def test_an_empty_file_has_one_empty_part(house: House) -> None:
    owner = a_publisher(house)
    upload = an_upload(house, owner, 0)
    signed = service.part_urls(house.database, house.clock, house.store, owner, upload.id, [1])
    put_part(house, signed.urls[0].url, b"")
    assert complete(house, owner, upload.id, Digest.of(b"")).state is UploadState.RECEIVED


def a_document(house: House, owner: Actor, kind: EvidenceKind = EvidenceKind.CONTRACT) -> service.Evidence:
    document, upload = do(
        house,
        owner,
        lambda work: service.file_evidence(work, kind, "合同.pdf", len(CONTENT), Digest.of(CONTENT)),
    )
    put_bytes(house, owner, upload, CONTENT)
    complete(house, owner, upload.id, Digest.of(CONTENT))
    return document


def test_only_ones_own_verified_documents_of_the_right_kind_stand_for_something(house: House) -> None:
    owner, other = a_publisher(house), a_publisher(house)
    document = a_document(house, owner)
    with house.view(owner) as view:
        assert service.require_evidence(view, [document.id], EvidenceKind.CONTRACT)[0].digest == Digest.of(CONTENT)
        with pytest.raises(RuleError, match="evidence_of_other_kind"):
            service.require_evidence(view, [document.id], EvidenceKind.STATEMENT)
    with house.view(other) as view, pytest.raises(NotFoundError):
        service.require_evidence(view, [document.id])


@pytest.mark.parametrize("size_bytes", [0, 20 * 2**20 + 1])
def test_a_document_is_neither_empty_nor_beyond_its_limit(house: House, size_bytes: int) -> None:
    owner = a_publisher(house)
    with pytest.raises(InvalidValueError, match="evidence_size"):
        do(
            house,
            owner,
            lambda work: service.file_evidence(work, EvidenceKind.OTHER, "x", size_bytes, Digest.of(b"")),
        )
