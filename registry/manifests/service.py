"""Use cases of bytes: start an upload, sign URLs for its parts, complete it, file evidence, sweep what was given up.

No call to the object store is made while a transaction is open: small transactions stand before and after.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from registry.actors.model import Action, Actor, Resource
from registry.actors.rules import require, require_visible
from registry.errors import (
    ConflictError,
    CorruptContentError,
    InvalidValueError,
    NotFoundError,
    RuleError,
    UnavailableError,
)
from registry.journal.work import View, Work
from registry.manifests import records
from registry.manifests.completing import completing
from registry.manifests.uploads import (
    COMPLETION_LEASE,
    EVIDENCE_SIZE_MAX_BYTES,
    FILE_SIZE_MAX_BYTES,
    PART_URL_LIFE,
    PART_URLS_MAX,
    UPLOAD_LIFE,
    Blob,
    Evidence,
    EvidenceKind,
    EvidenceState,
    Purpose,
    Upload,
    UploadState,
)
from registry.parties import service as parties
from registry.quotas import service as quotas
from registry.values.digest import Digest
from registry.values.identifiers import BlobId, EvidenceId, FirmId, UploadId
from registry.values.moment import Clock, Moment
from storage.database import Connection, Database
from storage.errors import (
    StoreConfigurationError,
    StoreUnavailableError,
    UploadForgottenError,
    UploadIncompleteError,
)
from storage.object_store import Bucket, ObjectStore, Part, Place, evidence_key

FILE_NAME_LENGTH_MAX = 200
_ACTIONS = {
    Purpose.DATASET: Action.DRAFT_VERSION,
    Purpose.PACK: Action.DRAFT_VERSION,
    Purpose.EVIDENCE: Action.FILE_EVIDENCE,
}
_SWEEP_BATCH = 100


@dataclass(frozen=True, slots=True)
class PartUrl:
    """Where one part may be sent."""

    number: int
    url: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PartUrls:
    """Where some parts may be sent, until an instant."""

    urls: tuple[PartUrl, ...]
    expires_at: Moment


@dataclass(frozen=True, slots=True)
class Sealed:
    """An upload whose bytes the store holds as one object. ``blob`` is set for a document, already verified."""

    upload: Upload
    digest: Digest
    blob: Blob | None


def start_upload_within(work: Work, purpose: Purpose, size_bytes: int) -> Upload:
    """Open an upload for the actor's firm or authority.

    Raises:
        InvalidValueError: No store holds an object of this size.
        NotAllowedError: ``quota_exceeded``.
    """
    if not 0 <= size_bytes <= FILE_SIZE_MAX_BYTES:
        raise InvalidValueError("file_too_large", size_bytes=size_bytes, limit_bytes=FILE_SIZE_MAX_BYTES)
    if work.actor.firm is not None:
        quotas.take_room_within(work, work.actor.firm, size_bytes)
    made = Upload(
        id=UploadId.new(),
        purpose=purpose,
        owner_firm=work.actor.firm,
        owner_authority=None if work.actor.firm else work.actor.authority,
        size_bytes=size_bytes,
        state=UploadState.OPEN,
        ref=None,
        digest=None,
        created_at=work.now,
        expires_at=work.now.plus(UPLOAD_LIFE),
    )
    records.add_upload(work.connection, made)
    return made


def _owned(found: Upload | Evidence) -> Resource:
    firms = frozenset({found.owner_firm} if found.owner_firm else ())
    return Resource(firms=firms, authority=found.owner_authority, subject=found.id)


def _visible(connection: Connection, actor: Actor, upload: UploadId, *, lock: bool = False) -> Upload:
    found = records.upload_of(connection, upload, lock=lock)
    if found is None:
        raise NotFoundError("upload_not_found", id=upload)
    require_visible(actor, _ACTIONS[found.purpose], _owned(found), "upload")
    return found


def upload(view: View, upload_id: UploadId) -> Upload:
    """Return an upload of the actor's own. Raises NotFoundError, NotAllowedError."""
    return _visible(view.connection, view.actor, upload_id)


def uploads(view: View, wanted: Iterable[UploadId]) -> dict[UploadId, Upload]:
    """Return uploads by id; the caller has asked whether the actor may see them."""
    return records.uploads_of(view.connection, wanted)


def arrived_parts(store: ObjectStore, found: Upload) -> tuple[Part, ...]:
    """Return the parts the store has. Raises UnavailableError."""
    if found.state not in (UploadState.OPEN, UploadState.COMPLETING) or found.ref is None:
        return ()
    try:
        return store.parts(found.key, found.ref)
    except UploadForgottenError:
        return ()
    except (StoreUnavailableError, StoreConfigurationError) as error:
        raise UnavailableError("store_unavailable") from error


def part_urls(
    database: Database, clock: Clock, store: ObjectStore, actor: Actor, upload_id: UploadId, numbers: Sequence[int]
) -> PartUrls:
    """Sign URLs for some parts; the first call also begins the upload in the store.

    Raises:
        InvalidValueError: More than 100 numbers, none, or one the upload does not have.
        ConflictError: The upload is not open any more.
    """
    now = clock.now()
    with database.reading() as connection:
        found = _visible(connection, actor, upload_id)
    _require_open(found, now)
    if not 1 <= len(numbers) <= PART_URLS_MAX or len(set(numbers)) != len(numbers):
        raise InvalidValueError("part_numbers_count", given=len(numbers), limit=PART_URLS_MAX)
    for number in numbers:
        if not 1 <= number <= found.part_count:
            raise InvalidValueError("part_number_out_of_range", given=number, parts=found.part_count)
    try:
        ref = found.ref or _begun(database, store, found)
        life_s = int(PART_URL_LIFE.total_seconds())
        urls = tuple(
            PartUrl(number, store.part_url(found.key, ref, number, life_s, size), size)
            for number in numbers
            for size in (found.size_of_part(number),)
        )
    except (StoreUnavailableError, StoreConfigurationError) as error:
        raise UnavailableError("store_unavailable") from error
    return PartUrls(urls, now.plus(PART_URL_LIFE))


def _begun(database: Database, store: ObjectStore, found: Upload) -> str:
    """Begin an upload in the store; of two requests at once one wins and the other's beginning is dropped."""
    ref = store.start_upload(found.key)
    with database.writing() as connection:
        if records.set_ref(connection, found.id, ref):
            return ref
        winner = records.upload_of(connection, found.id)
    store.abort_upload(found.key, ref)
    return (winner.ref if winner else None) or ref


def _require_open(found: Upload, now: Moment) -> None:
    if found.state is not UploadState.OPEN:
        raise ConflictError("upload_not_open", id=found.id, state=found.state.value)
    if found.expires_at <= now:
        raise ConflictError("upload_expired", id=found.id, expired_at=str(found.expires_at))


def seal(
    database: Database, clock: Clock, store: ObjectStore, actor: Actor, upload_id: UploadId, digest: Digest
) -> Sealed:
    """Make one object of the parts; may be repeated after a lost answer. The bytes of a document are verified here.

    Raises:
        ConflictError: Parts are missing, another request completes it now, or it is over.
        InvalidValueError: A document's bytes are not what was declared.
    """
    now = clock.now()
    with database.writing() as connection:
        found = _visible(connection, actor, upload_id, lock=True)
        if found.state is UploadState.RECEIVED:
            return _sealed_before(found, digest)
        if found.state is not UploadState.COMPLETING:
            _require_open(found, now)
        held = records.claim_completion(connection, upload_id, COMPLETION_LEASE)
        if held is None:
            raise ConflictError("upload_completing", id=upload_id)
        document = records.evidence_of_upload(connection, upload_id)
    with completing(database, upload_id, held):
        _completed(store, found)
        blob = _filed(store, found, document, digest) if document else None
    return Sealed(found, digest, blob)


def _sealed_before(found: Upload, digest: Digest) -> Sealed:
    if found.digest != digest:
        raise ConflictError("upload_received_as_other", id=found.id, digest=str(found.digest))
    return Sealed(found, digest, None)


def _completed(store: ObjectStore, found: Upload) -> None:
    """Let the store join the parts. Raises ConflictError naming the first part that is missing or has another size."""
    try:
        if found.ref is None:
            raise ConflictError("upload_part_missing", id=found.id, number=1)
        try:
            parts = store.parts(found.key, found.ref)
        except UploadForgottenError:
            # A lost answer: the object may be there already.
            if _holds(store, found):
                return
            raise
        sizes = {part.number: part.size_bytes for part in parts}
        for number in range(1, found.part_count + 1):
            if sizes.get(number) != found.size_of_part(number):
                raise ConflictError("upload_part_missing", id=found.id, number=number)
        made = store.complete_upload(found.key, found.ref, parts)
        if made.size_bytes != found.size_bytes:
            raise ConflictError("upload_size_wrong", expected_bytes=found.size_bytes, seen_bytes=made.size_bytes)
    except UploadForgottenError as error:
        raise ConflictError("upload_forgotten", id=found.id) from error
    except UploadIncompleteError as error:
        missing = error.parameters.get("number")
        raise ConflictError("upload_part_missing", id=found.id, number=missing) from error
    except (StoreUnavailableError, StoreConfigurationError) as error:
        raise UnavailableError("store_unavailable") from error


def _holds(store: ObjectStore, found: Upload) -> bool:
    return any(
        held.place.key == found.key and held.size_bytes == found.size_bytes
        for held in store.list(Bucket.INCOMING, found.key)
    )


def _filed(store: ObjectStore, found: Upload, document: Evidence, digest: Digest) -> Blob:
    """Read a document again, compare, and copy it to where evidence is kept."""
    seen = hashlib.sha256()
    for chunk in store.read(found.place):
        seen.update(chunk)
    if seen.hexdigest() != document.digest.hex or digest != document.digest:
        raise InvalidValueError(
            "evidence_digest_wrong", declared=str(document.digest), seen=f"sha256:{seen.hexdigest()}"
        )
    kept = store.copy(found.place, Bucket.EVIDENCE, evidence_key(digest.hex, document.id.uuid))
    return Blob(BlobId.new(), kept.size_bytes, digest, store.identity, kept.place, upload=found.id)


def receive(work: Work, sealed: Sealed) -> Upload:
    """Note that the bytes of an upload are there. Raises NotFoundError, ConflictError."""
    found = _visible(work.connection, work.actor, sealed.upload.id, lock=True)
    if found.state is UploadState.COMPLETING:
        records.set_upload_state(work.connection, found.id, UploadState.RECEIVED, sealed.digest)
        document = records.evidence_of_upload(work.connection, found.id)
        if document and sealed.blob:
            records.add_blob(work.connection, sealed.blob, work.now)
            records.verify_evidence(work.connection, document.id, sealed.blob.id)
    elif found.state is not UploadState.RECEIVED:
        raise ConflictError("upload_not_open", id=found.id, state=found.state.value)
    work.journal("manifests.upload_received", found.id, size_bytes=found.size_bytes, sha256=sealed.digest.hex)
    return replace(found, state=UploadState.RECEIVED, digest=sealed.digest)


def abort_upload(work: Work, upload_id: UploadId) -> Upload:
    """Give an upload up; the sweep removes what the store holds of it. Raises NotFoundError, ConflictError."""
    found = _visible(work.connection, work.actor, upload_id, lock=True)
    abort_within(work, found)
    work.journal("manifests.upload_aborted", upload_id)
    return replace(found, state=UploadState.ABORTED)


def abort_within(work: Work, found: Upload) -> None:
    """Give an upload up inside another use case. Raises ConflictError for one that is complete."""
    if found.state is UploadState.RECEIVED and found.purpose is Purpose.EVIDENCE:
        raise ConflictError("upload_not_open", id=found.id, state=found.state.value)
    records.set_upload_state(work.connection, found.id, UploadState.ABORTED)


def abort_all_within(work: Work, uploads_given_up: Sequence[UploadId]) -> None:
    """Give up uploads of a dataset that no file of it comes from any more, inside another use case."""
    if uploads_given_up:
        records.abort_uploads(work.connection, uploads_given_up)


def file_evidence(
    work: Work, kind: EvidenceKind, file_name: str, size_bytes: int, digest: Digest
) -> tuple[Evidence, Upload]:
    """Announce a document and open the upload of its bytes. Raises InvalidValueError beyond 20 MiB."""
    actor = work.actor
    owner = Resource(firms=frozenset({actor.firm} if actor.firm else ()), authority=actor.authority)
    require(actor, Action.FILE_EVIDENCE, owner)
    if not 1 <= size_bytes <= EVIDENCE_SIZE_MAX_BYTES:
        raise InvalidValueError("evidence_size", size_bytes=size_bytes, limit_bytes=EVIDENCE_SIZE_MAX_BYTES)
    if not 1 <= len(file_name) <= FILE_NAME_LENGTH_MAX or not file_name.isprintable() or "/" in file_name:
        raise InvalidValueError("evidence_file_name", given=ascii(file_name)[:100], length_max=FILE_NAME_LENGTH_MAX)
    opened = start_upload_within(work, Purpose.EVIDENCE, size_bytes)
    made = Evidence(
        id=EvidenceId.new(),
        kind=kind,
        file_name=file_name,
        size_bytes=size_bytes,
        digest=digest,
        owner_firm=opened.owner_firm,
        owner_authority=opened.owner_authority,
        upload=opened.id,
        state=EvidenceState.AWAITING,
        filed_at=work.now,
    )
    records.add_evidence(work.connection, made)
    work.journal("manifests.evidence_announced", made.id, kind=kind.value, sha256=digest.hex)
    return made, opened


def evidence(view: View, document: EvidenceId) -> Evidence:
    """Return a document, to its owner and, if it is a firm's, to the offices concerned with that firm (RULINGS 24).

    Raises:
        NotFoundError: There is no such document, or not for the actor.
        NotAllowedError: The actor reads no evidence.
    """
    found = records.evidence_of(view.connection, [document]).get(document)
    if found is None:
        raise NotFoundError("evidence_not_found", id=document)
    owned = _owned(found)
    if owned.firms:
        owned = replace(owned, authority=parties.concerned_office(view, owned.firms))
    require_visible(view.actor, Action.READ_EVIDENCE, owned, "evidence")
    return found


def evidence_content(view: View, document: EvidenceId) -> tuple[Evidence, Blob]:
    """Return a document and where its bytes lie. Raises NotFoundError also while they are still to come."""
    found = evidence(view, document)
    blob = records.evidence_blob(view.connection, document)
    if blob is None:
        raise NotFoundError("evidence_not_found", id=document)
    require_whole(view, [blob.id])
    return found, blob


def evidence_within(view: View, document: EvidenceId) -> tuple[Evidence, Blob]:
    """Return a document for whoever a use case has found to be let read it. Raises NotFoundError."""
    found = records.evidence_of(view.connection, [document]).get(document)
    blob = records.evidence_blob(view.connection, document)
    if found is None or blob is None:
        raise NotFoundError("evidence_not_found", id=document)
    require_whole(view, [blob.id])
    return found, blob


def require_evidence(
    view: View, ids: Iterable[EvidenceId], kind: EvidenceKind | None = None, owner: FirmId | None = None
) -> tuple[Evidence, ...]:
    """Return documents that may stand for something.

    Args:
        view: One state of the database.
        ids: The documents.
        kind: What they must be, if that matters.
        owner: Whose they must be; by default the actor's firm. Another's document is not found.

    Raises:
        NotFoundError: There is no such document, or it is another firm's.
        RuleError: Its bytes have not arrived yet, or it is of another kind.
    """
    wanted = list(ids)
    found = records.evidence_of(view.connection, wanted)
    firm = owner or view.actor.firm
    for document in wanted:
        held = found.get(document)
        if held is None or (held.owner_firm != firm if firm else held.owner_authority != view.actor.authority):
            raise NotFoundError("evidence_not_found", id=document)
        if held.state is not EvidenceState.VERIFIED:
            raise RuleError("evidence_not_verified", id=document)
        if kind is not None and held.kind is not kind:
            raise RuleError("evidence_of_other_kind", id=document, given=held.kind.value, expected=kind.value)
    return tuple(found[document] for document in wanted)


def require_whole(view: View, wanted: Iterable[BlobId]) -> None:
    """Raise CorruptContentError when bytes are known to be damaged: nobody is given them."""
    for damaged in records.damaged_among(view.connection, wanted):
        raise CorruptContentError("blob_damaged", id=damaged)


def blob(view: View, blob_id: BlobId) -> Blob:
    """Return where verified bytes lie; the caller has asked the gate. Raises NotFoundError, CorruptContentError."""
    require_whole(view, [blob_id])
    found = records.blob_of(view.connection, blob_id)
    if found is None:
        raise NotFoundError("blob_not_found", id=blob_id)
    return found


def blobs(view: View, wanted: Iterable[BlobId]) -> dict[BlobId, Blob]:
    """Return where verified bytes lie, by id; the caller has asked the gate. Raises CorruptContentError."""
    ids = list(wanted)
    require_whole(view, ids)
    return records.blobs_of(view.connection, ids)


def content(
    store: ObjectStore, place: Place, offset_bytes: int = 0, length_bytes: int | None = None
) -> Iterator[bytes]:
    """Yield stored bytes, by default all that lie at ``place``. Raises UnavailableError."""
    try:
        yield from store.read(place, offset_bytes, length_bytes)
    except (StoreUnavailableError, StoreConfigurationError) as error:
        raise UnavailableError("store_unavailable") from error


def sweep_uploads(database: Database, clock: Clock, store: ObjectStore) -> int:
    """Expire uploads that stayed open too long and free what the store holds of those given up; return how many."""
    now = clock.now()
    with database.writing() as connection:
        records.expire_uploads(connection, now, COMPLETION_LEASE)
        left = records.unswept_uploads(connection, _SWEEP_BATCH)
    for found in left:
        if found.ref is not None:
            store.abort_upload(found.key, found.ref)
        store.delete(found.place)
        with database.writing() as connection:
            records.mark_swept(connection, found.id, now)
    return len(left)
