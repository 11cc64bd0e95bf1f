"""Random bytes: as many as asked, each given out once, also to threads and to a process that was forked."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from registry.values.randomness import CHUNK, random_bytes


@pytest.mark.parametrize("count", [0, 1, CHUNK, CHUNK + 1, 32, 10_000])
def test_as_many_are_given_as_are_asked_for(count: int) -> None:
    assert len(random_bytes(count)) == count


def test_none_is_given_out_twice_by_any_thread() -> None:
    with ThreadPoolExecutor(8) as threads:
        given = list(threads.map(lambda _: random_bytes(CHUNK), range(20_000)))
    assert len(set(given)) == len(given)


def test_a_forked_process_goes_on_with_bytes_of_its_own() -> None:
    random_bytes(CHUNK)
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writing, b"".join(random_bytes(CHUNK) for _ in range(100)))
        os._exit(0)
    os.close(writing)
    told = b""
    while part := os.read(reading, 65_536):
        told += part
    os.close(reading)
    os.waitpid(child, 0)
    theirs = {told[at : at + CHUNK] for at in range(0, len(told), CHUNK)}
    ours = {random_bytes(CHUNK) for _ in range(300)}
    assert len(theirs) == 100
    assert not theirs & ours
