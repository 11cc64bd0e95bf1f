import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from registry.errors import InvalidValueError
from registry.journal.model import Opening, commitment_of
from registry.journal.rules import (
    EMPTY_FRONTIER,
    EMPTY_ROOT,
    Appended,
    appended_nodes,
    consistency_proof,
    frontier_of,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    root_of_frontier,
    verify_consistency,
    verify_inclusion,
    verify_opening,
)

VECTORS = json.loads((Path(__file__).parent / "vectors" / "merkle.json").read_text())
LEAVES = [leaf_hash(bytes.fromhex(data)) for data in VECTORS["leaves"]]
ROOTS = [bytes.fromhex(root) for root in VECTORS["roots"]]
OTHER_HASH = bytes.fromhex("abacaba000000000000000000000000000000000000000000060061e00123456")


def hashes(texts: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(text) for text in texts)


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(index.to_bytes(8)) for index in range(size)]


class Stored:
    """The nodes of a log as a table would keep them; a look-up of what is not stored fails."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        grown = appended_nodes(0, EMPTY_FRONTIER, leaves)
        self.nodes = {(level, index): value for level, index, value in grown.nodes}
        self.looked_up = 0

    def __call__(self, level: int, index: int) -> bytes:
        self.looked_up += 1
        return self.nodes[level, index]


def recursive_root(leaves: Sequence[bytes]) -> bytes:
    """The definition of RFC 9162 §2.1.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(recursive_root(leaves[:split]), recursive_root(leaves[split:]))


def test_the_empty_log_has_the_published_root() -> None:
    assert root_of([]) == bytes.fromhex(VECTORS["empty_root"])


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_of_the_reference_tree(size: int) -> None:
    assert root_of(LEAVES[:size]) == ROOTS[size - 1]


@pytest.mark.parametrize("vector", VECTORS["inclusion"])
def test_published_inclusion_proofs_are_made_and_verified(vector: dict[str, Any]) -> None:
    index, size, proof = vector["index"], vector["size"], hashes(vector["proof"])
    assert inclusion_proof(index, size, Stored(LEAVES)) == proof
    verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size - 1])


@pytest.mark.parametrize("vector", VECTORS["consistency"])
def test_published_consistency_proofs_are_made_and_verified(vector: dict[str, Any]) -> None:
    size_before, size, proof = vector["size_before"], vector["size"], hashes(vector["proof"])
    assert consistency_proof(size_before, size, Stored(LEAVES)) == proof
    verify_consistency(size_before, ROOTS[size_before - 1], size, ROOTS[size - 1], proof)


@pytest.mark.parametrize("vector", VECTORS["inclusion"])
def test_published_distortions_of_inclusion_proofs_are_refused(vector: dict[str, Any]) -> None:
    index, size, proof = vector["index"], vector["size"], hashes(vector["proof"])
    leaf, root = LEAVES[index], ROOTS[size - 1]
    distorted = [
        (leaf, index - 1, size, proof, root),
        (leaf, index + 1, size, proof, root),
        (leaf, index ^ 2, size, proof, root),
        (leaf, index, size * 2, proof, root),
        (leaf, index, size // 2, proof, root),
        (b"WrongLeaf", index, size, proof, root),
        (leaf, index, size, proof, EMPTY_ROOT),
        (leaf, index, size, proof, OTHER_HASH),
        (leaf, index, size, (*proof, b""), root),
        (leaf, index, size, (*proof, root), root),
        (leaf, index, size, (b"", *proof), root),
        (leaf, index, size, (root, *proof), root),
    ]
    if proof:
        distorted.append((leaf, index, size, proof[:-1], root))
        distorted.append((leaf, index, size, (proof[0], OTHER_HASH, *proof[1:]), root))
    passed = [case for case in distorted if not _refused(verify_inclusion, *case)]
    assert passed == []


@pytest.mark.parametrize("vector", [vector for vector in VECTORS["consistency"] if vector["proof"]])
def test_published_distortions_of_consistency_proofs_are_refused(vector: dict[str, Any]) -> None:
    size_before, size, proof = vector["size_before"], vector["size"], hashes(vector["proof"])
    root_before, root = ROOTS[size_before - 1], ROOTS[size - 1]
    distorted = [
        (size_before - 1, root_before, size, root, proof),
        (size_before + 1, root_before, size, root, proof),
        (size_before ^ 2, root_before, size, root, proof),
        (size_before, root_before, size * 2, root, proof),
        (size_before, root_before, size // 2, root, proof),
        (size_before, b"WrongRoot", size, root, proof),
        (size_before, root_before, size, b"WrongRoot", proof),
        (size_before, root, size, root_before, proof),
        (size_before, root_before, size, root, ()),
        (size_before, root_before, size, root, (*proof, b"")),
        (size_before, root_before, size, root, (*proof, root_before)),
        (size_before, root_before, size, root, (*proof, root)),
        (size_before, root_before, size, root, (b"", *proof)),
        (size_before, root_before, size, root, (root_before, *proof)),
        (size_before, root_before, size, root, (root, *proof)),
        (size_before, root_before, size, root, (proof[0], *proof)),
        (size_before, root_before, size, root, proof[:-1]),
    ]
    passed = [case for case in distorted if not _refused(verify_consistency, *case)]
    assert passed == []


def _refused(verify: Any, *case: Any) -> bool:
    try:
        verify(*case)
    except InvalidValueError:
        return True
    return False


@pytest.mark.parametrize("vector", VECTORS["refused_inclusion"])
def test_published_inclusions_without_meaning_are_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(InvalidValueError):
        verify_inclusion(
            bytes.fromhex(vector["leaf"]), vector["index"], vector["size"], (), bytes.fromhex(vector["root"])
        )


@pytest.mark.parametrize("vector", VECTORS["refused_consistency"])
def test_published_consistencies_without_meaning_are_refused(vector: dict[str, Any]) -> None:
    roots = bytes.fromhex(vector["root_before"]), bytes.fromhex(vector["root"])
    with pytest.raises(InvalidValueError):
        verify_consistency(vector["size_before"], roots[0], vector["size"], roots[1], hashes(vector["proof"]))


@pytest.mark.parametrize("size", range(70))
def test_the_root_is_the_one_the_standard_defines(size: int) -> None:
    leaves = leaves_of(size)
    assert root_of(leaves) == recursive_root(leaves)


@pytest.mark.parametrize("size", range(1, 35))
def test_every_inclusion_proof_verifies(size: int) -> None:
    leaves = leaves_of(size)
    node, root = Stored(leaves), root_of(leaves)
    for index, leaf in enumerate(leaves):
        verify_inclusion(leaf, index, size, inclusion_proof(index, size, node), root)


@pytest.mark.parametrize("size", range(1, 35))
def test_every_consistency_proof_verifies(size: int) -> None:
    leaves = leaves_of(size)
    node, root = Stored(leaves), root_of(leaves)
    for size_before in range(1, size + 1):
        proof = consistency_proof(size_before, size, node)
        verify_consistency(size_before, root_of(leaves[:size_before]), size, root, proof)


@given(st.data(), st.integers(2, 300))
def test_a_flipped_bit_anywhere_ends_an_inclusion_proof(data: st.DataObject, size: int) -> None:
    leaves = leaves_of(size)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, Stored(leaves))
    parts = [leaves[index], root_of(leaves), *proof]
    parts = _with_a_flipped_bit(data, parts)
    with pytest.raises(InvalidValueError) as refused:
        verify_inclusion(parts[0], index, size, parts[2:], parts[1])
    assert refused.value.code == "journal_inclusion_unproved"


@given(st.data(), st.integers(2, 300))
def test_a_flipped_bit_anywhere_ends_a_consistency_proof(data: st.DataObject, size: int) -> None:
    leaves = leaves_of(size)
    size_before = data.draw(st.integers(1, size))
    proof = consistency_proof(size_before, size, Stored(leaves))
    parts = _with_a_flipped_bit(data, [root_of(leaves[:size_before]), root_of(leaves), *proof])
    with pytest.raises(InvalidValueError) as refused:
        verify_consistency(size_before, parts[0], size, parts[1], parts[2:])
    assert refused.value.code == "journal_consistency_unproved"


def _with_a_flipped_bit(data: st.DataObject, parts: Sequence[bytes]) -> list[bytes]:
    changed = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, 255))
    flipped = (int.from_bytes(parts[changed]) ^ 1 << bit).to_bytes(32)
    return [*parts[:changed], flipped, *parts[changed + 1 :]]


@given(st.integers(2, 200), st.data())
def test_a_proof_holds_for_its_own_place_only(size: int, data: st.DataObject) -> None:
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    assume(index != other)
    leaves = leaves_of(size)
    proof = inclusion_proof(index, size, Stored(leaves))
    with pytest.raises(InvalidValueError):
        verify_inclusion(leaves[index], other, size, proof, root_of(leaves))


@given(st.lists(st.integers(0, 40), max_size=8))
def test_appending_in_batches_is_building_from_scratch(batches: list[int]) -> None:
    leaves = leaves_of(sum(batches))
    grown = Appended(0, EMPTY_FRONTIER, (), EMPTY_ROOT)
    stored = []
    for batch in batches:
        grown = appended_nodes(grown.size, grown.frontier, leaves[grown.size : grown.size + batch])
        stored.extend(grown.nodes)
    at_once = appended_nodes(0, EMPTY_FRONTIER, leaves)
    assert (grown.size, grown.frontier, grown.root) == (at_once.size, at_once.frontier, at_once.root)
    assert sorted(stored) == sorted(at_once.nodes)
    assert grown.root == recursive_root(leaves)


@given(st.integers(0, 300))
def test_every_complete_subtree_is_stored_once(size: int) -> None:
    places = [(level, index) for level, index, _ in appended_nodes(0, EMPTY_FRONTIER, leaves_of(size)).nodes]
    complete = [(level, index) for level in range(size.bit_length()) for index in range(size >> level)]
    assert sorted(places) == sorted(complete)


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_frontier_of_any_earlier_size_is_found_in_the_stored_nodes(size: int, later: int) -> None:
    leaves = leaves_of(size + later)
    frontier = frontier_of(size, Stored(leaves))
    assert frontier == appended_nodes(0, EMPTY_FRONTIER, leaves[:size]).frontier
    assert root_of_frontier(frontier) == root_of(leaves[:size])


@pytest.mark.parametrize("size", [1000, 1023, 1024, 1025])
def test_proofs_look_up_a_number_of_nodes_that_grows_with_the_logarithm(size: int) -> None:
    node = Stored(leaves_of(size))
    most = 0
    for position in range(1, size):
        before = node.looked_up
        inclusion_proof(position, size, node)
        consistency_proof(position, size, node)
        most = max(most, node.looked_up - before)
    assert most <= 4 * size.bit_length()


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1), (8, 8), (0, 2**63)])
def test_there_is_no_inclusion_proof_outside_the_log(index: int, size: int) -> None:
    with pytest.raises(InvalidValueError) as refused:
        inclusion_proof(index, size, Stored(LEAVES))
    assert refused.value.code == "journal_position_out_of_range"


@pytest.mark.parametrize(("size_before", "size"), [(0, 1), (2, 1), (-1, 8), (0, 0)])
def test_there_is_no_consistency_proof_from_the_empty_or_a_larger_log(size_before: int, size: int) -> None:
    with pytest.raises(InvalidValueError) as refused:
        consistency_proof(size_before, size, Stored(LEAVES))
    assert refused.value.code == "journal_position_out_of_range"


@pytest.mark.parametrize("wrong", [b"", b"x" * 31, b"x" * 33])
def test_what_is_not_32_bytes_is_no_hash(wrong: bytes) -> None:
    attempts = [
        lambda: root_of([wrong]),
        lambda: appended_nodes(1, (wrong,), []),
        lambda: verify_inclusion(wrong, 0, 1, (), wrong),
        lambda: verify_consistency(1, wrong, 1, wrong, ()),
    ]
    for attempt in attempts:
        with pytest.raises(InvalidValueError) as refused:
            attempt()
        assert refused.value.code == "journal_hash_length"


@pytest.mark.parametrize(("size", "frontier"), [(0, LEAVES[:1]), (3, LEAVES[:1]), (4, LEAVES[:2])])
def test_a_frontier_of_another_size_is_refused(size: int, frontier: list[bytes]) -> None:
    with pytest.raises(InvalidValueError) as refused:
        appended_nodes(size, frontier, LEAVES[:1])
    assert refused.value.code == "journal_frontier_mismatch"


def test_a_leaf_cannot_pass_for_a_node() -> None:
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])


def test_an_opening_opens_its_own_commitment_only() -> None:
    opening = Opening.create({"amount_fen": 5_000_000})
    verify_opening(commitment_of(opening), opening)
    with pytest.raises(InvalidValueError) as refused:
        verify_opening(commitment_of(opening), Opening(opening.salt, {"amount_fen": 5_000_001}))
    assert refused.value.code == "journal_opening_mismatch"
