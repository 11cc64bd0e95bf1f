"""Random bytes of the operating system, asked for many at a time.

A batch of holds needs some for each of them, and asking lets other threads of the process go first: with two that
compute, what costs ten microseconds costs thirty.
"""

import os
from typing import Final

CHUNK: Final = 16
_CHUNKS_AT_ONCE: Final = 256

_spare: Final[list[bytes]] = []
# Two processes that went on from the same spare bytes would make the same identifiers.
os.register_at_fork(after_in_child=_spare.clear)


def random_bytes(count: int) -> bytes:
    """Return ``count`` bytes from the operating system, each given out once."""
    taken = b""
    while len(taken) < count:
        try:
            taken += _spare.pop()
        except IndexError:
            block = os.urandom(CHUNK * _CHUNKS_AT_ONCE)
            _spare.extend(block[at : at + CHUNK] for at in range(0, len(block), CHUNK))
    return taken[:count]
