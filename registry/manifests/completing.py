"""The claim on the completion of an upload: kept while its request lives, let go of when it fails.

A process that is killed renews nothing, so that whoever repeats the request waits for a lease of seconds only, however
long a store takes to join the parts of a large upload.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from registry.manifests import records
from registry.manifests.uploads import COMPLETION_LEASE
from registry.values.identifiers import UploadId
from registry.values.moment import Moment
from storage.database import Database, DatabaseUnavailableError

RENEWED_EVERY_S: Final = COMPLETION_LEASE.total_seconds() / 4


@contextmanager
def completing(database: Database, upload: UploadId, held: Moment) -> Iterator[None]:
    """Hold the claim ``held`` while the block lasts; the upload is open again when that fails."""
    claim = _Claim(database, upload, held)
    thread = threading.Thread(target=claim.keep, name="sancai-completion", daemon=True)
    thread.start()
    try:
        yield
    except BaseException:
        claim.end(thread)
        # Without a database the lease runs out by itself.
        with suppress(DatabaseUnavailableError), database.writing() as connection:
            records.release_completion(connection, upload, claim.held)
        raise
    finally:
        claim.end(thread)


class _Claim:
    """A claim that renews itself."""

    def __init__(self, database: Database, upload: UploadId, held: Moment) -> None:
        self._database, self._upload, self.held = database, upload, held
        self._ended = threading.Event()

    def keep(self) -> None:
        """Renew until ``end``, or until another has taken the claim over."""
        while not self._ended.wait(RENEWED_EVERY_S):
            with suppress(DatabaseUnavailableError), self._database.writing() as connection:
                renewed = records.renew_completion(connection, self._upload, self.held)
                if renewed is None:
                    return
                self.held = renewed

    def end(self, thread: threading.Thread) -> None:
        """Renew no more."""
        self._ended.set()
        thread.join()
