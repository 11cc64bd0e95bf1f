"""Whether an actor may do an action to a resource.

Rules:
* Deny by default: an action that is not in the table, or a resource that belongs to nobody the actor belongs to, is
  refused.
* A member of a firm acts only for that firm; an officer only for the authority that appointed the officer (RULINGS 24).
* A token can only narrow: without the scope, or for a dataset outside its list, the answer is no.
* Separation (POLICY §4.3, invariants 10 and 23) follows from the table: no office role but the payer's holds ``pay``,
  the payer holds nothing of review, and a firm holds neither.
"""

from registry.actors.model import PERMISSIONS, Action, Actor, Resource
from registry.errors import NotAllowedError, NotFoundError

NOWHERE = Resource()


# Invariant 23 (authority).
def refusal(actor: Actor, action: Action, resource: Resource = NOWHERE) -> str | None:
    """Return the reason code why ``actor`` may not do ``action``, or None when it may."""
    permission = PERMISSIONS.get(action)
    if permission is None:
        return "action_unknown"
    if actor.is_anonymous:
        return "unauthenticated"
    belongs = actor.firm in resource.firms if actor.firm else actor.authority == resource.authority
    if resource != NOWHERE and not belongs:
        return "not_yours"
    held = permission.firm_roles if actor.firm else permission.office_roles
    if not actor.roles & held:
        return "role_missing"
    if permission.scope not in actor.scopes:
        return "scope_missing"
    if actor.datasets is not None and resource.dataset not in actor.datasets:
        return "token_not_for_dataset"
    return None


def require(actor: Actor, action: Action, resource: Resource = NOWHERE) -> None:
    """Raise NotAllowedError with the reason unless ``actor`` may do ``action``."""
    if reason := refusal(actor, action, resource):
        permission = PERMISSIONS.get(action)
        held = (permission.firm_roles | permission.office_roles) if permission else frozenset()
        raise NotAllowedError(
            reason,
            action=action.value,
            scope=permission.scope.value if permission else "",
            roles=", ".join(sorted(role.value for role in held)),
        )


def require_visible(actor: Actor, action: Action, resource: Resource, kind: str) -> None:
    """Raise unless ``actor`` may do ``action``; what belongs to strangers is "not found"."""
    if refusal(actor, action, resource) == "not_yours":
        raise NotFoundError(f"{kind}_not_found", id=str(resource.subject or ""))
    require(actor, action, resource)
