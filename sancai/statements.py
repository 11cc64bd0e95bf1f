"""What is stated of datasets and versions, each statement signed by the service, and what derives from what."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote

from sancai.datasets import Publication, Reference
from sancai.errors import CorruptContentError
from sancai.manifests import opened_envelope
from sancai.session import Session
from sancai.shapes import shaped
from sancai.stated import Registration, Right

PAYLOAD_TYPE: Final = "application/vnd.sancai.statement+json"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement about a dataset or a version: ``number`` counts those about the same subject without a gap.

    ``signed_by`` names the trusted keys that signed it, where some were given.
    """

    id: str
    number: int
    kind: str
    body: dict[str, Any]
    stated_by: str
    stated_at: str
    digest: str
    envelope: dict[str, Any] = field(default_factory=dict)
    signed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a version comes from, stated whole; ``origin`` is ``enterprise``, ``third_party`` or ``self_built``."""

    origin: str
    source: str
    source_url: str | None = None
    source_licence: str | None = None
    earlier_publications: tuple[Publication, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A version in a lineage; ``distance`` is negative towards what it derives from. A hidden one has no name."""

    node: str
    distance: int
    hidden: bool = False
    name: str | None = None
    state: str | None = None
    grade: str | None = None
    new_share_bp: int | None = None
    content_digest: str | None = None
    deprecated: bool | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """That ``child`` derives from ``parent``, both by ``Node.node``."""

    child: str
    parent: str
    new_share_bp: int | None = None


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a version derives from and what derives from it; the version itself is the first node."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    next_cursor: str | None = None


class Statements:
    """Statements of one service. ``name`` is ``namespace/slug``; ``version`` its number, None for the dataset."""

    def __init__(self, session: Session) -> None:
        """Use ``session`` for every request."""
        self._session: Final = session

    def history(self, name: str, version: int | None = None, keys: Sequence[str] = ()) -> Iterator[Statement]:
        """Yield what was stated, the newest first, each checked.

        Args:
            name: The dataset.
            version: Of which version; None: of the dataset as a whole.
            keys: Trusted public keys; without any, only the digests are checked.

        Raises:
            CorruptContentError: ``statement_mismatch``: a signature, a digest or the order does not hold.
        """
        items = self._session.pages(f"{_at(name, version)}/statements")
        return checked((shaped(Statement, item) for item in items), keys)

    def grade(self, name: str, version: int, grade: str, basis: str, evidence: str | None = None) -> Statement:
        """State the grade of a version; with the id of a document it is an assessment. Raises RuleError."""
        return self._state(name, version, "grade", {"grade": grade, "basis": basis, "evidence": evidence})

    def provenance(
        self,
        name: str,
        version: int,
        stated: Provenance,
        reason: str,
        *,
        parents: Sequence[str] = (),
        evidence: str | None = None,
    ) -> Statement:
        """State anew where a version comes from; what was stated stays in its history.

        ``parents`` are versions it derives from beside those stated before, which stay. Whoever moves the earliest
        publication to a later day, takes it out, or says that data of a third party is one's own, names the id of a
        document that shows it.

        Raises RuleError, ConflictError when nothing changes.
        """
        body = {
            "origin": stated.origin,
            "source": stated.source,
            "source_url": stated.source_url,
            "source_licence": stated.source_licence,
            "earlier_publications": [
                {"where": each.where, "published_on": each.published_on, "url": each.url}
                for each in stated.earlier_publications
            ],
            "parents": list(parents),
            "reason": reason,
            "evidence": evidence,
        }
        return self._state(name, version, "provenance", body)

    def rights(self, name: str, version: int, rights: Sequence[Right]) -> Statement:
        """State all rights the publisher has in a version."""
        return self._state(name, version, "rights", {"rights": [each.body() for each in rights]})

    def registrations(self, name: str, version: int, registrations: Sequence[Registration]) -> Statement:
        """State all registrations of a version."""
        body = {"registrations": [each.body() for each in registrations]}
        return self._state(name, version, "registrations", body)

    def industry(self, name: str, version: int, code: str | None = None, key_industry: str | None = None) -> Statement:
        """State which industry a version is about: a code of GB/T 4754-2017, a key industry, or both."""
        return self._state(name, version, "industry", {"code": code, "key_industry": key_industry})

    def embargo(self, name: str, version: int, until: str | None) -> Statement:
        """Let an embargo that still runs end at another instant; None: now."""
        return self._state(name, version, "embargo", {"until": until})

    def deprecate(self, name: str, version: int | None, reason: str, successor: str | None = None) -> Statement:
        """Say that a version, or a whole dataset, should no longer be used."""
        body = {"deprecated": True, "reason": reason, "successor": successor}
        return self._state(name, version, "deprecation", body)

    def restore(self, name: str, version: int | None, reason: str) -> Statement:
        """Take a deprecation back."""
        return self._state(name, version, "deprecation", {"deprecated": False, "reason": reason, "successor": None})

    def card(self, name: str, title: str, description: str, keywords: Sequence[str] = ()) -> Statement:
        """Correct title, description and keywords of a dataset."""
        body = {"title": title, "description": description, "keywords": list(keywords)}
        return self._state(name, None, "card", body)

    def licence(self, name: str, licence: str, reason: str) -> Statement:
        """Correct the licence of a dataset."""
        return self._state(name, None, "licence", {"licence": licence, "reason": reason})

    def _state(self, name: str, version: int | None, kind: str, body: dict[str, Any]) -> Statement:
        return shaped(Statement, self._session.post(f"{_at(name, version)}/statements/{kind}", body))

    def lineage(
        self, name: str, version: int, direction: str = "both", depth: int = 5, nodes_max: int = 1_000
    ) -> Lineage:
        """Return the lineage of a version up to a number of nodes; ``next_cursor`` says that there are more.

        Args:
            name: The dataset.
            version: Which version.
            direction: up, down or both.
            depth: How far, 1 to 20.
            nodes_max: How many nodes at most, beside the version itself.
        """
        nodes: list[Node] = []
        edges: dict[tuple[str, str], Edge] = {}
        cursor: str | None = None
        while True:
            answer = self._session.get(
                f"{_at(name, version)}/lineage",
                direction=direction,
                depth=depth,
                cursor=cursor,
                limit=min(200, max(1, nodes_max - len(nodes))),
            )
            page = shaped(Lineage, answer)
            nodes += page.nodes
            edges |= {(each.child, each.parent): each for each in page.edges}
            cursor = page.next_cursor
            if cursor is None or len(nodes) >= nodes_max:
                return Lineage(tuple(nodes), tuple(edges.values()), cursor)


def checked(history: Iterable[Statement], keys: Sequence[str] = ()) -> Iterator[Statement]:
    """Yield all statements about one subject, the newest first, each once it holds.

    Args:
        history: The statements as the service gave them.
        keys: Trusted public keys; without any, only the digests are checked.

    Raises:
        CorruptContentError: ``statement_mismatch``: a signature, a digest or the order does not hold.
    """
    expected: tuple[int, str | None] | None = None
    for item in history:
        found, previous = _checked(item, keys)
        if expected is not None and expected != (found.number, found.digest):
            raise _mismatch()
        expected = found.number - 1, previous
        yield found
    if expected is not None and expected != (0, None):
        raise _mismatch()


def _at(name: str, version: int | None) -> str:
    at = f"/datasets/{quote(Reference.parse(name).name)}"
    return f"{at}/versions/v{version}" if version is not None else at


def _checked(found: Statement, keys: Sequence[str]) -> tuple[Statement, str | None]:
    """Return a statement whose envelope says the same, and the digest of the one before it."""
    try:
        payload, signed_by = opened_envelope(found.envelope, keys, PAYLOAD_TYPE)
        said = json.loads(payload)
        same = (said["id"], said["number"], said["kind"], said["body"]) == (
            found.id,
            found.number,
            found.kind,
            found.body,
        )
        previous = said["previous"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _mismatch() from error
    if not same or f"sha256:{hashlib.sha256(payload).hexdigest()}" != found.digest:
        raise _mismatch()
    return replace(found, signed_by=signed_by), previous


def _mismatch() -> CorruptContentError:
    return CorruptContentError(
        "statement_mismatch", "What was stated is not what was signed. Do not rely on it; ask the operator."
    )
