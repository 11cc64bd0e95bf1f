"""The papers of a bundle, from the real service: what was changed in them, or belongs to something else, is refused."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from registry.journal import rules, service
from registry.journal.signing import SigningKey
from sancai import bundle_papers
from sancai.client import Client
from sancai.errors import CorruptContentError
from sancai.handles import VersionHandle
from sancai.proofs import open_checkpoint, root_by_inclusion
from tests.live import application_of, live
from tests.world import BUYER, DATASET, OPEN_DATASET, PUBLISHER, World

Papers = dict[str, Any]


@pytest.fixture
def version(world: World) -> Iterator[VersionHandle]:
    """The version that the buyer ordered, its publication logged among many entries."""
    service.sequence(world.house.database, world.house.clock, world.house.signing_key)
    key = str(world.house.signing_key.verifier)
    with (
        live(lambda url: application_of(world.house, url)) as url,
        Client(url, world.tokens[f"{BUYER}/owner"]) as client,
        client.load(f"{DATASET}@v1", keys=(key,)) as found,
    ):
        yield found


def check(papers: Papers, version: VersionHandle) -> bundle_papers.PapersFound:
    made = {name: json.dumps(paper).encode() for name, paper in papers.items()}
    return bundle_papers.check(made, version.manifest, version.trusted_keys)


def holds(papers: Papers, version: VersionHandle) -> bool:
    try:
        check(papers, version)
    except CorruptContentError:
        return False
    return True


def _swap_opening(papers: Papers) -> None:
    papers["publication.json"]["opening"]["payload"]["name"] = "other/name@v1"


def _later(papers: Papers) -> None:
    papers["publication.json"]["entry"]["decided_at"] = "2020-01-01T00:00:00.000000Z"


def _place(papers: Papers) -> None:
    papers["publication.json"]["inclusion"]["leaf_index"] += 1


def _shorter(papers: Papers) -> None:
    papers["publication.json"]["inclusion"]["proof"].pop()


def _other_log(papers: Papers) -> None:
    key = SigningKey.create("sancai.test")
    note = papers["publication.json"]["inclusion"]["checkpoint"]
    papers["publication.json"]["inclusion"]["checkpoint"] = note.replace("\n\n— ", f"\n\n— {key.name}/")


def _unsigned(papers: Papers) -> None:
    note = papers["publication.json"]["inclusion"]["checkpoint"]
    papers["publication.json"]["inclusion"]["checkpoint"] = note.split("\n\n")[0] + "\n\n"


def _root(papers: Papers) -> None:
    lines = papers["publication.json"]["inclusion"]["checkpoint"].split("\n")
    lines[2] = base64.b64encode(bytes(32)).decode()
    papers["publication.json"]["inclusion"]["checkpoint"] = "\n".join(lines)


def _missing_statement(papers: Papers) -> None:
    del papers["statements/version.json"][1]


def _licence(papers: Papers) -> None:
    for statement in papers["statements/dataset.json"]:
        if statement["kind"] == "licence":
            statement["body"]["licence"] = "CC0-1.0"


def _contract(papers: Papers) -> None:
    contract = papers["order.json"]["contract"]
    contract["content"] = contract["content"].replace("1", "2")


def _signature(papers: Papers) -> None:
    papers["order.json"]["contract"]["signature"] = base64.b64encode(bytes(64)).decode()


def _signer(papers: Papers) -> None:
    papers["order.json"]["contract"]["key"] = str(SigningKey.create("sancai.test").verifier)


def _order(papers: Papers) -> None:
    papers["order.json"]["id"] = "ord_" + "0" * 32


def _no_inclusion(papers: Papers) -> None:
    del papers["publication.json"]["inclusion"]


CHANGES: list[Callable[[Papers], None]] = [
    _swap_opening,
    _later,
    _place,
    _shorter,
    _other_log,
    _unsigned,
    _root,
    _missing_statement,
    _licence,
    _contract,
    _signature,
    _signer,
    _no_inclusion,
    _order,
]


def test_papers_hold_as_they_came_and_no_change_goes_unseen(version: VersionHandle) -> None:
    gathered = {name: json.loads(content) for name, content in bundle_papers.gather(version).items()}
    found = check(gathered, version)
    assert found.publication is not None
    assert found.publication.log_size is not None
    assert found.order == gathered["order.json"]["id"]
    for change in CHANGES:
        changed = json.loads(json.dumps(gathered))
        change(changed)
        assert changed != gathered, change.__name__
        assert not holds(changed, version), change.__name__


def test_terms_travel_with_their_digest(world: World, version: VersionHandle) -> None:
    text = "仅供研究使用。"
    world.as_(PUBLISHER).post(f"/v1/datasets/{DATASET}/terms", {"text": text})
    papers = {"terms.json": json.loads(bundle_papers.gather(version)["terms.json"])}
    assert check(papers, version).terms_sha256 == hashlib.sha256(text.encode()).hexdigest()
    papers["terms.json"]["text"] += "可转售。"
    assert not holds(papers, version)


def test_papers_of_another_version_do_not_hold(version: VersionHandle) -> None:
    with version.client.load(f"{OPEN_DATASET}@v1", keys=version.trusted_keys) as other:
        papers = {name: json.loads(content) for name, content in bundle_papers.gather(other).items()}
    for name in ("publication.json", "statements/version.json"):
        with pytest.raises(CorruptContentError):
            check({name: papers[name]}, version)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_every_leaf_leads_to_the_root(size: int) -> None:
    leaves = [b"leaf %d" % number for number in range(size)]
    hashes = [rules.leaf_hash(leaf) for leaf in leaves]
    grown = rules.appended_nodes(0, rules.EMPTY_FRONTIER, hashes)
    stored = {(level, index): node for level, index, node in grown.nodes}
    for index, leaf in enumerate(leaves):
        proof = rules.inclusion_proof(index, size, lambda level, place: stored[level, place])
        assert root_by_inclusion(leaf, index, size, proof) == grown.root
        for wrong in ([*proof, bytes(32)], proof[:-1]) if proof else ([bytes(32)],):
            assert _root_or_none(leaf, index, size, wrong) != grown.root
    with pytest.raises(ValueError, match=str(size)):
        root_by_inclusion(leaves[0], size, size, [])


def _root_or_none(leaf: bytes, index: int, size: int, proof: Any) -> bytes | None:
    try:
        return root_by_inclusion(leaf, index, size, proof)
    except ValueError:
        return None


def test_a_checkpoint_counts_under_the_logs_own_key_only() -> None:
    key, other = SigningKey.create("log.test"), SigningKey.create("other.test")
    text = f"log.test\n7\n{base64.b64encode(bytes(32)).decode()}\nlogged-at 2026-03-02T02:00:00.000000Z\n"

    def note(signer: SigningKey) -> str:
        signed = base64.b64encode(bytes.fromhex(signer.key_id) + signer.sign(text.encode())).decode()
        return f"{text}\n— {signer.name} {signed}\n"

    assert open_checkpoint(note(key), [str(key.verifier)]).size == 7
    for signer, trusted in ((key, other), (other, other), (other, key)):
        with pytest.raises(CorruptContentError):
            open_checkpoint(note(signer), [str(trusted.verifier)])
