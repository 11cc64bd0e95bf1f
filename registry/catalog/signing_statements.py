"""How a statement is numbered, written as canonical JSON and signed (``docs/formats/statements.md``)."""

from collections.abc import Mapping, Sequence

from registry.catalog import records
from registry.catalog.model import Dataset, Version
from registry.catalog.statement_model import STATEMENT_FORMAT, STATEMENT_TYPE, Statement, StatementKind
from registry.journal.signing import SigningKey
from registry.journal.work import Work
from registry.manifests import signatures
from registry.values.canonical import Json, canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import StatementId

Bodies = Sequence[tuple[StatementKind, Mapping[str, Json]]]


def add_within(
    work: Work, held: Dataset, version: Version | None, bodies: Bodies, key: SigningKey
) -> tuple[Statement, ...]:
    """Sign and keep statements about a dataset, or about one of its versions; the dataset is locked by the caller.

    Each names the digest of the one before it, so that none can be taken out unseen.
    """
    last = records.last_statement(work.connection, held.id, version.id if version else None)
    made: list[Statement] = []
    for kind, body in bodies:
        last = _signed(work, held, version, last, kind, body, key)
        made.append(last)
    if made:
        records.add_statements(work.connection, made, work.actor.account)
    return tuple(made)


def _signed(
    work: Work,
    held: Dataset,
    version: Version | None,
    last: Statement | None,
    kind: StatementKind,
    body: Mapping[str, Json],
    key: SigningKey,
) -> Statement:
    statement, number = StatementId.new(), last.number + 1 if last else 1
    payload = canonical_json(
        {
            "format": STATEMENT_FORMAT,
            "id": statement,
            "number": number,
            "previous": str(last.digest) if last else None,
            "kind": kind.value,
            "subject": {
                "dataset": held.id,
                "name": f"{held.name}@v{version.number}" if version else str(held.name),
                "version": version.id if version else None,
                "content_digest": str(version.content_digest) if version else None,
            },
            "body": dict(body),
            "stated_by": held.publisher,
            "stated_at": str(work.now),
        }
    )
    return Statement(
        id=statement,
        dataset=held.id,
        version=version.id if version else None,
        number=number,
        kind=kind,
        body=body,
        stated_by=held.publisher,
        stated_at=work.now,
        envelope=signatures.sign(payload, [key.private_key], STATEMENT_TYPE).decode(),
        digest=Digest.of(payload),
    )


def card_body(held: Dataset) -> dict[str, Json]:
    """Return what a card says."""
    return {"title": held.title, "description": held.description, "keywords": list(held.keywords)}


def first_of_version(found: Version) -> Bodies:
    """Return what is stated of a version at its publication: what its draft said."""
    bodies: list[tuple[StatementKind, Mapping[str, Json]]] = [
        (StatementKind.PROVENANCE, provenance_body(found)),
        (StatementKind.GRADE, {"grade": found.stated_grade.value, "holds": found.grade.value, "assessed": False}),
    ]
    if found.rights:
        bodies.append((StatementKind.RIGHTS, {"rights": [each.as_json() for each in found.rights]}))
    if found.registrations:
        registrations: list[Json] = [each.as_json() for each in found.registrations]
        bodies.append((StatementKind.REGISTRATIONS, {"registrations": registrations}))
    if found.industry.code or found.industry.key:
        bodies.append((StatementKind.INDUSTRY, {"code": found.industry.code, "key_industry": found.industry.key}))
    if found.embargo_until:
        bodies.append((StatementKind.EMBARGO, {"until": str(found.embargo_until)}))
    return bodies


def provenance_body(found: Version) -> dict[str, Json]:
    """Return where a version comes from."""
    return {
        "message": found.message,
        "origin": found.origin.value,
        "source": found.source,
        "source_url": found.source_url,
        "source_licence": found.source_licence,
        "desensitised": found.desensitised,
        "parents": list(found.parent_names),
        "new_share_bp": found.new_share_bp,
        "contributors": [
            {"firm": each.firm, "name": each.name, "role": each.role.value} for each in found.contributors
        ],
        "earlier_publications": [each.as_json() for each in found.earlier_publications],
    }
