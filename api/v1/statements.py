"""What is stated of datasets and versions, over HTTP."""

from collections.abc import Callable

from flask import Response

from api.calls import house, position_of, write
from api.door import Door, PageQuery
from api.v1.dataset_bodies import ProvenanceBody, version_number
from api.v1.dataset_naming import of_dataset
from api.v1.statement_bodies import (
    CardBody,
    DeprecationBody,
    EmbargoBody,
    GradeBody,
    IndustryBody,
    LicenceBody,
    RegistrationsBody,
    RightsBody,
)
from api.v1.statement_views import StatementsView, StatementView
from registry.actors.model import Action
from registry.catalog import service
from registry.catalog.model import VersionName
from registry.catalog.statement_model import Statement
from registry.errors import InvalidValueError
from registry.journal.signing import SigningKey
from registry.journal.work import Work
from registry.values.names import PublicName

door = Door("statements", __name__, url_prefix="/v1")

OF_DATASET = "/datasets/<namespace>/<slug>/statements"
OF_VERSION = "/datasets/<namespace>/<slug>/versions/<version>/statements"


def _write(use_case: Callable[[Work, SigningKey], Statement]) -> Response:
    return write(lambda work: use_case(work, house().signing_key), StatementView.of)


def _version(namespace: str, slug: str, version: str) -> VersionName:
    return VersionName(PublicName(namespace, slug), version_number(version))


def _listed(namespace: str, slug: str, number: int | None, query: PageQuery) -> Response:
    position = position_of(query.cursor, 1)
    if position and type(position[0]) is not int:
        raise InvalidValueError("cursor_malformed")
    before = position[0] if position else None
    return of_dataset(
        namespace,
        slug,
        lambda view, held: service.statements(view, held.name, number, before, query.limit + 1),
        lambda found: StatementsView.of(found, query.limit),
    )


@door.operation("GET", OF_DATASET, {200: StatementsView, 308: None}, public=True)
def list_dataset_statements(namespace: str, slug: str, query: PageQuery) -> Response:
    """List what was stated of a dataset as a whole, the newest first, each with its signature."""
    return _listed(namespace, slug, None, query)


@door.operation("GET", OF_VERSION, {200: StatementsView, 308: None}, public=True)
def list_version_statements(namespace: str, slug: str, version: str, query: PageQuery) -> Response:
    """List what was stated of a version, the newest first, each with its signature."""
    return _listed(namespace, slug, version_number(version), query)


@door.operation("POST", f"{OF_DATASET}/card", {201: StatementView}, action=Action.PUBLISH_VERSION)
def correct_card(namespace: str, slug: str, body: CardBody) -> Response:
    """Correct title, description and keywords; digests, receipts and badges stay."""
    name = PublicName(namespace, slug)
    return _write(
        lambda work, key: service.correct_card(work, name, body.title, body.description, tuple(body.keywords), key)
    )


@door.operation("POST", f"{OF_DATASET}/licence", {201: StatementView}, action=Action.PUBLISH_VERSION)
def state_licence(namespace: str, slug: str, body: LicenceBody) -> Response:
    """Correct the licence; who received content under the earlier one keeps it."""
    name = PublicName(namespace, slug)
    return _write(lambda work, key: service.state_licence(work, name, body.licence, body.reason, key))


@door.operation("POST", f"{OF_DATASET}/deprecation", {201: StatementView}, action=Action.PUBLISH_VERSION)
def deprecate_dataset(namespace: str, slug: str, body: DeprecationBody) -> Response:
    """Say that a dataset should no longer be used, or take that back."""
    name = PublicName(namespace, slug)
    if not body.deprecated:
        return _write(lambda work, key: service.restore_dataset(work, name, body.reason, key))
    return _write(lambda work, key: service.deprecate_dataset(work, name, body.reason, body.successor, key))


@door.operation("POST", f"{OF_VERSION}/deprecation", {201: StatementView}, action=Action.PUBLISH_VERSION)
def deprecate_version(namespace: str, slug: str, version: str, body: DeprecationBody) -> Response:
    """Say that a version should no longer be used, or take that back."""
    name = _version(namespace, slug, version)
    if not body.deprecated:
        return _write(lambda work, key: service.restore_version(work, name, body.reason, key))
    return _write(lambda work, key: service.deprecate_version(work, name, body.reason, body.successor, key))


@door.operation("POST", f"{OF_VERSION}/grade", {201: StatementView}, action=Action.PUBLISH_VERSION)
def state_grade(namespace: str, slug: str, version: str, body: GradeBody) -> Response:
    """State the security grade anew; it holds at once, also for what derives from the version."""
    name = _version(namespace, slug, version)
    return _write(lambda work, key: service.state_grade(work, name, body.grade, body.basis, body.document(), key))


@door.operation("POST", f"{OF_VERSION}/provenance", {201: StatementView}, action=Action.PUBLISH_VERSION)
def correct_provenance(namespace: str, slug: str, version: str, body: ProvenanceBody) -> Response:
    """Correct where a version comes from; what was stated before stays in its history."""
    command = body.command(_version(namespace, slug, version))
    return _write(lambda work, key: service.correct_provenance(work, command, key))


@door.operation("POST", f"{OF_VERSION}/rights", {201: StatementView}, action=Action.PUBLISH_VERSION)
def state_rights(namespace: str, slug: str, version: str, body: RightsBody) -> Response:
    """State all rights the publisher has in a version."""
    name, rights = _version(namespace, slug, version), tuple(each.value() for each in body.rights)
    return _write(lambda work, key: service.state_rights(work, name, rights, key))


@door.operation("POST", f"{OF_VERSION}/registrations", {201: StatementView}, action=Action.PUBLISH_VERSION)
def state_registrations(namespace: str, slug: str, version: str, body: RegistrationsBody) -> Response:
    """State all registrations of a version."""
    name, made = _version(namespace, slug, version), tuple(each.value() for each in body.registrations)
    return _write(lambda work, key: service.state_registrations(work, name, made, key))


@door.operation("POST", f"{OF_VERSION}/industry", {201: StatementView}, action=Action.PUBLISH_VERSION)
def state_industry(namespace: str, slug: str, version: str, body: IndustryBody) -> Response:
    """State which industry a version is about."""
    name = _version(namespace, slug, version)
    return _write(lambda work, key: service.state_industry(work, name, body.value(), key))


@door.operation("POST", f"{OF_VERSION}/embargo", {201: StatementView}, action=Action.PUBLISH_VERSION)
def state_embargo(namespace: str, slug: str, version: str, body: EmbargoBody) -> Response:
    """Let an embargo that still runs end at another instant."""
    name, until = _version(namespace, slug, version), body.moment()
    return _write(lambda work, key: service.state_embargo(work, name, until, key))
