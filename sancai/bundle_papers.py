"""What goes into a bundle beside the data: what exists of proofs, statements, terms and an order, and whether it holds.

Papers are answers of the service as they came. Beside the bytes, which the head of the bundle names by digest, each is
held against what was signed: the publication against the log's checkpoint, statements against their envelopes, the
contract of the order against its signature.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import rfc8785

from sancai.datasets import address_of
from sancai.errors import CorruptContentError, NotAllowedError, NotFoundError, UnexpectedAnswerError
from sancai.manifests import Manifest
from sancai.proofs import PublicationProved, check_publication, require_signature
from sancai.shapes import shaped
from sancai.statements import Statement, checked

if TYPE_CHECKING:
    from sancai.handles import VersionHandle

DATASET: Final = "dataset.json"
VERSION: Final = "version.json"
PUBLICATION: Final = "publication.json"
STATEMENTS: Final = ("statements/dataset.json", "statements/version.json")
TERMS: Final = "terms.json"
ORDER: Final = "order.json"

_ORDERED: Final = frozenset({"accepted", "delivered", "closed"})


@dataclass(frozen=True, slots=True)
class PapersFound:
    """What the papers of a bundle say, all of it checked.

    ``licence`` is the one that holds by what was signed, or else as the service showed it; ``terms_sha256`` names the
    text of the terms; ``order`` is the order whose signed contract lies in the bundle.
    """

    publication: PublicationProved | None = None
    licence: str | None = None
    statements: int = 0
    terms_sha256: str | None = None
    order: str | None = None


def gather(version: "VersionHandle") -> dict[str, bytes]:
    """Return the papers of a version by name, those that exist and that the reader may see. Raises SancaiError."""
    session = version.client.session
    at = address_of(version.name)
    of_version = f"{at}/versions/v{version.number}"
    made: dict[str, Any] = {
        DATASET: session.get(at),
        VERSION: session.get(of_version),
        PUBLICATION: _or_none(lambda: session.get(f"{of_version}/publication")),
        TERMS: next(iter(session.get(f"{at}/terms", limit=1).get("items", [])), None),
    }
    made[ORDER] = _order(version, made[DATASET]["id"]) if session.signed_in else None
    for name, stated in zip(STATEMENTS, (at, of_version), strict=True):
        made[name] = list(session.pages(f"{stated}/statements")) or None
    if made[PUBLICATION] is not None and made[PUBLICATION].get("opening") is None:
        made[PUBLICATION] = None  # What an entry commits to may have been erased; then it proves nothing of this.
    return {name: rfc8785.dumps(stated) for name, stated in sorted(made.items()) if stated is not None}


def _order(version: "VersionHandle", dataset: str) -> dict[str, Any] | None:
    """Return the newest order of the reader for this version, or for the whole dataset, that has a contract."""
    session = version.client.session
    orders = _or_none(lambda: list(session.pages("/orders"))) or []
    for order in orders:
        of_it = order["dataset"] == dataset and order["version"] in {None, version.version.id}
        if of_it and order["state"] in _ORDERED:
            return session.get(f"/orders/{order['id']}")
    return None


def _or_none(ask: Callable[[], Any]) -> Any:
    """Return an answer, or None of what is not there or not for this reader."""
    try:
        return ask()
    except (NotFoundError, NotAllowedError):
        return None


def check(papers: Mapping[str, bytes], manifest: Manifest, keys: Sequence[str]) -> PapersFound:
    """Return what the papers say once all of them hold.

    Raises:
        CorruptContentError: As ``check_publication``; ``statement_mismatch``; ``contract_wrong``: the contract is not
            what was signed; ``paper_malformed`` names a paper that cannot be read.
    """
    read = {name: _read(name, content) for name, content in papers.items()}
    try:
        publication, terms, order = (read.get(name) for name in (PUBLICATION, TERMS, ORDER))
        of_dataset, of_version = ([shaped(Statement, item) for item in read.get(name, [])] for name in STATEMENTS)
        histories = [tuple(checked(statements, keys)) for statements in (of_dataset, of_version)]
        datasets = _check_subjects(histories, manifest.content_digest)
        licences = [each.body["licence"] for each in histories[0] if each.kind == "licence"]
        if order is not None:
            _check_contract(order, datasets, keys)
        return PapersFound(
            publication=check_publication(publication, keys, manifest.content_digest, manifest.digest)
            if publication is not None
            else None,
            licence=licences[0] if licences else read.get(DATASET, {}).get("licence"),
            statements=sum(map(len, histories)),
            terms_sha256=_terms(terms) if terms else None,
            order=order["id"] if order else None,
        )
    except (KeyError, TypeError, AttributeError, ValueError, UnexpectedAnswerError) as error:
        raise _malformed(", ".join(papers)) from error


def _check_subjects(histories: Sequence[Sequence[Statement]], content_digest: str) -> Set[str]:
    """Return the dataset the statements are about. Raises CorruptContentError if it is not one, or other content."""
    datasets: set[str] = set()
    for history, expected in zip(histories, (None, content_digest), strict=True):
        for statement in history:
            subject = json.loads(base64.b64decode(statement.envelope["payload"]))["subject"]
            datasets.add(subject["dataset"])
            if subject["content_digest"] != expected or len(datasets) > 1:
                raise CorruptContentError(
                    "statement_mismatch", "A statement in the bundle is about another dataset or version."
                )
    return datasets


def _terms(stated: Mapping[str, Any]) -> str | None:
    """Return the digest of the terms in hex, None where they ended. Raises CorruptContentError for another text."""
    if stated["text"] is None:
        return None
    if hashlib.sha256(stated["text"].encode()).hexdigest() != stated["sha256"]:
        raise _malformed(TERMS)
    return str(stated["sha256"])


def _check_contract(order: Mapping[str, Any], datasets: Set[str], keys: Sequence[str]) -> None:
    """Raise CorruptContentError unless a trusted key signed a contract of this order about this dataset."""
    contract = order["contract"]
    content = contract["content"].encode()
    agreed, digest = json.loads(content), f"sha256:{hashlib.sha256(content).hexdigest()}"
    about = agreed["order"] == order["id"] and datasets <= {agreed["dataset"]}
    if not about or digest != contract["digest"] or contract["key"] not in keys:
        raise CorruptContentError(
            "contract_wrong", "The contract of the order is not one that a key trusted here signed."
        )
    require_signature(contract["key"], base64.b64decode(contract["signature"]), content)


def _read(name: str, content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise _malformed(name) from error


def _malformed(name: str) -> CorruptContentError:
    return CorruptContentError("paper_malformed", f"{name} of the bundle cannot be read. Fetch the bundle again.")
