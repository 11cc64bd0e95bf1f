"""Documents for tests of policy."""

from registry.policy.loader import load_shipped
from registry.policy.model import PolicyDocument


def revision(document: str, number: int) -> PolicyDocument:
    """Return one revision of a document that comes with the software."""
    (found,) = [each for each in load_shipped() if (each.revision.document, each.revision.number) == (document, number)]
    return found
