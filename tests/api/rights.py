"""Who may do what, as it follows from the permission table and from whose a thing is; no endpoint is consulted."""

from types import SimpleNamespace

from api.app import create_app
from api.door import Operation
from registry.actors.model import PERMISSIONS, Role, Scope
from tests.api.samples import Sample
from tests.world import NARROW

NOBODY = "nobody"
MACHINE = "machine"


def _operations() -> dict[str, Operation]:
    """Return the operations of an application that nobody will ask anything."""
    settings = SimpleNamespace(public_url="http://sancai.test", origin="sancai.test")
    app = create_app(SimpleNamespace(settings=settings, secret=bytes(32)))  # type: ignore[arg-type]
    return {found.name: found for found in app.extensions["operations"]}


OPERATIONS = _operations()


def may(operation: Operation, sample: Sample, actor: str) -> bool:
    """Return whether an actor may, by the table and by whose the thing is."""
    if operation.public or actor == NOBODY:
        return operation.public
    party, role, scopes = _identity(actor)
    if operation.action is None:
        return True
    opening = [PERMISSIONS[action] for action in (operation.action, sample.also) if action]
    by_role = any(role in found.firm_roles | found.office_roles for found in opening if _has(scopes, found.scope))
    of_party = sample.parties is None or party in sample.parties
    return by_role and of_party and (sample.roles is None or role in sample.roles)


def _has(scopes: frozenset[Scope] | None, wanted: Scope) -> bool:
    return scopes is None or wanted in scopes


def _identity(actor: str) -> tuple[str, Role, frozenset[Scope] | None]:
    """Return the party, the role and the scopes (None: all of the role) of an actor ``party/role[/narrow]``."""
    party, role, *_ = actor.split("/")
    if role == MACHINE:
        return party, Role.BUYER, frozenset({Scope.READ})
    if role == NARROW:
        return party, Role.OWNER, frozenset({Scope.READ})
    return party, Role(role), frozenset({Scope.READ}) if actor.endswith(f"/{NARROW}") else None
