"""The Merkle log (RFC 9162 §2.1): what the root of a log is, and how strangers come to agree on it.

Rules:
* The hash of a leaf is SHA-256(0x00 || data), of a node SHA-256(0x01 || left || right); the empty log has SHA-256("").
* A tree of n > 1 leaves splits at k, the largest power of two smaller than n (§2.1.1).
* An inclusion proof shows that a leaf stands in a log of a size and root (§2.1.3); a consistency proof shows that an
  older log is the beginning of a newer one (§2.1.4). Any other length, order or bit is refused. Consistency with the
  empty log says nothing and is refused, too.
* Only hashes of complete subtrees are stored, and they never change. Everything else follows from a look-up of
  ``node(level, index)``, in a number of look-ups proportional to the logarithm of the size.
* The frontier of a log of n leaves is its largest complete subtrees from left to right, one for each 1 in the binary
  form of n. It is all one needs to append.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from registry.errors import InvalidValueError
from registry.journal.model import SIZE_MAX, Node, Opening, commitment_of, require_hash

NodeLookup = Callable[[int, int], bytes]
"""Gives the 32-byte hash of the complete subtree at (level, index); leaves are level 0."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
EMPTY_FRONTIER: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Appended:
    """What appending leaves makes: the new size, frontier and root, and the hashes to store, leaves included."""

    size: int
    frontier: tuple[bytes, ...]
    nodes: tuple[Node, ...]
    root: bytes


def leaf_hash(data: bytes) -> bytes:
    """Return the 32-byte hash of a leaf (RFC 9162 §2.1.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of two subtrees (RFC 9162 §2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the root over the hashes of all leaves. Raises InvalidValueError for a hash that is not 32 bytes."""
    return appended_nodes(0, EMPTY_FRONTIER, leaf_hashes).root


def root_of_frontier(frontier: Sequence[bytes]) -> bytes:
    """Return the root of the log whose largest complete subtrees from left to right are ``frontier``."""
    if not frontier:
        return EMPTY_ROOT
    *rest, root = frontier
    for left in reversed(rest):
        root = node_hash(left, root)
    return root


def frontier_of(size: int, node: NodeLookup) -> tuple[bytes, ...]:
    """Return the frontier of a stored log of ``size`` leaves. Raises InvalidValueError and what ``node`` raises."""
    _require_position(size, 0, SIZE_MAX)
    return tuple(node(level, index) for level, index in _complete_subtrees(0, size))


def appended_nodes(size_before: int, frontier: Sequence[bytes], new_leaves: Sequence[bytes]) -> Appended:
    """Append leaves to a log of which only size and frontier are known.

    Takes O(len(new_leaves) + log size) steps.

    Args:
        size_before: Leaves the log has.
        frontier: Its largest complete subtrees from left to right, see ``frontier_of``.
        new_leaves: Hashes of the new leaves (``leaf_hash``), not the leaves.

    Raises:
        InvalidValueError: The frontier does not fit the size, a hash is not 32 bytes, the log would be too large.
    """
    _require_position(size_before, 0, SIZE_MAX)
    if len(frontier) != size_before.bit_count():
        raise InvalidValueError("journal_frontier_mismatch", size=size_before, given=len(frontier))
    _require_position(size_before + len(new_leaves), 0, SIZE_MAX)
    _require_hashes((*frontier, *new_leaves))
    edge, nodes = [*frontier], list[Node]()
    for index, leaf in enumerate(new_leaves, size_before):
        nodes.append((0, index, leaf))
        edge.append(leaf)
        # Each 1 at the end of the index is a complete subtree to the left of the same size: both become one.
        level = 0
        while index >> level & 1:
            level += 1
            right = edge.pop()
            edge.append(node_hash(edge.pop(), right))
            nodes.append((level, index >> level, edge[-1]))
    return Appended(size_before + len(new_leaves), tuple(edge), tuple(nodes), root_of_frontier(edge))


def inclusion_proof(index: int, size: int, node: NodeLookup) -> tuple[bytes, ...]:
    """Return PATH(index, D[size]) of RFC 9162 §2.1.3.1, the sibling of the leaf first. Raises InvalidValueError."""
    _require_position(size, 1, SIZE_MAX)
    _require_position(index, 0, size - 1)
    proof = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_subtree_hash(middle, end, node))
            end = middle
        else:
            proof.append(_subtree_hash(start, middle, node))
            start = middle
    return tuple(reversed(proof))


def consistency_proof(size_before: int, size: int, node: NodeLookup) -> tuple[bytes, ...]:
    """Return PROOF(size_before, D[size]) of RFC 9162 §2.1.4.1. Raises InvalidValueError, also for ``size_before`` 0."""
    _require_position(size, 1, SIZE_MAX)
    _require_position(size_before, 1, size)
    proof = []
    start, end = 0, size
    while end != size_before:
        middle = start + _split(end - start)
        if size_before <= middle:
            proof.append(_subtree_hash(middle, end, node))
            end = middle
        else:
            proof.append(_subtree_hash(start, middle, node))
            start = middle
    if start:
        # The last subtree of the older log: its root alone does not give this hash.
        proof.append(_subtree_hash(start, end, node))
    return tuple(reversed(proof))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise InvalidValueError unless ``proof`` shows ``leaf`` at ``index`` of the log (RFC 9162 §2.1.3.2).

    Args:
        leaf: The hash of the leaf (``leaf_hash``), 32 bytes.
        index: Where it stands, from 0.
        size: Leaves of the log.
        proof: As ``inclusion_proof`` gives it.
        root: Root of the log at that size, 32 bytes.
    """
    _require_position(size, 1, SIZE_MAX)
    _require_position(index, 0, size - 1)
    _require_hashes((leaf, root, *proof))
    found, place, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            raise InvalidValueError("journal_inclusion_unproved", index=index, size=size)
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            place, last = _above_left_sibling(place, last)
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    if last or found != root:
        raise InvalidValueError("journal_inclusion_unproved", index=index, size=size)


def verify_consistency(size_before: int, root_before: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Raise InvalidValueError unless ``proof`` shows the older log as the beginning of the newer (RFC 9162 §2.1.4.2).

    Args:
        size_before: Leaves of the older log, at least 1.
        root_before: Its root, 32 bytes.
        size: Leaves of the newer log.
        root: Its root, 32 bytes.
        proof: As ``consistency_proof`` gives it.
    """
    _require_position(size, 1, SIZE_MAX)
    _require_position(size_before, 1, size)
    _require_hashes((root_before, root, *proof))
    refusal = InvalidValueError("journal_consistency_unproved", size_before=size_before, size=size)
    if size_before == size:
        if proof or root_before != root:
            raise refusal
        return
    # An older log that is one complete subtree is its own first node: the proof leaves it out.
    path = [*proof] if size_before & (size_before - 1) else [root_before, *proof]
    if not path:
        raise refusal
    place, last = size_before - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise refusal
        if place & 1 or place == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            place, last = _above_left_sibling(place, last)
        else:
            newer = node_hash(newer, sibling)
        place, last = place >> 1, last >> 1
    if last or (older, newer) != (root_before, root):
        raise refusal


def verify_opening(commitment: bytes, opening: Opening) -> None:
    """Raise InvalidValueError unless ``opening`` is what ``commitment`` commits to."""
    if commitment_of(opening) != commitment:
        raise InvalidValueError("journal_opening_mismatch")


def _above_left_sibling(place: int, last: int) -> tuple[int, int]:
    """Climb past the levels where the subtree at ``place`` has no sibling at all (RFC 9162 §2.1.3.2 step 4b ii)."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _subtree_hash(start: int, end: int, node: NodeLookup) -> bytes:
    """Return the hash over leaves ``start`` to ``end`` - 1, a subtree of RFC 9162 §2.1.1, from complete subtrees."""
    return root_of_frontier([node(level, index) for level, index in _complete_subtrees(start, end)])


def _complete_subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give (level, index) of the largest complete subtrees of a subtree of RFC 9162 §2.1.1, from left to right."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _split(count: int) -> int:
    """Return the largest power of two smaller than ``count`` (RFC 9162 §2.1.1)."""
    return 1 << ((count - 1).bit_length() - 1)


def _require_position(value: int, least: int, most: int) -> None:
    """Raise InvalidValueError unless ``value`` is an integer within the bounds."""
    if type(value) is not int or not least <= value <= most:
        raise InvalidValueError("journal_position_out_of_range", given=str(value)[:40])


def _require_hashes(values: Sequence[bytes]) -> None:
    """Raise InvalidValueError unless each value is 32 bytes."""
    for value in values:
        require_hash(value)
