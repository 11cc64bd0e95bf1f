"""Temporary folders that outlive a killed process for a while only.

``tempfile`` removes a folder when its block ends, which for a process that is killed is never; what it was reading,
maybe terabytes, would lie on the disk until somebody looked. Each folder here has a lock that the kernel drops with its
holder: whoever gets the lock of a folder knows that nobody uses it, and may remove it.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_LOCK: Final = "in-use.lock"


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """Yield a new folder where temporary files go, removed at the end of the block."""
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as made:
        folder = Path(made)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
        finally:
            os.close(lock)


def remove_abandoned(prefix: str) -> int:
    """Remove folders of processes that were killed; return how many.

    One without a lock was made a moment ago, or is not of this make: it stays.
    """
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR)
        except OSError:  # Gone meanwhile, another user's, or without a lock.
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
        finally:
            os.close(lock)
    return removed
