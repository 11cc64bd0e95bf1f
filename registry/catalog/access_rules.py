"""What is refused of terms, requests, accesses of staff and orders of an authority for their form alone."""

from registry.catalog.access_model import (
    CONTACT_LENGTH_MAX,
    PURPOSE_LENGTH_MAX,
    STAFF_ACCESS_DAYS_MAX,
    TERMS_LENGTH_MAX,
    AskForGrant,
    OpenStaffAccess,
)
from registry.catalog.model import LICENCE_LENGTH_MAX, TEXT_LENGTH_MAX, CreateDataset, Openness
from registry.catalog.texts import require_text
from registry.errors import InvalidValueError


def require_terms(text: str) -> None:
    """Raise InvalidValueError unless a text of terms is within its limits."""
    require_text("terms", text, 1, TERMS_LENGTH_MAX, lines=True)


def require_openness(command: CreateDataset) -> None:
    """Raise InvalidValueError for a dataset with terms that states no text."""
    if command.access is Openness.TERMS and command.terms is None:
        raise InvalidValueError("terms_text_missing")


def require_request(command: AskForGrant) -> None:
    """Raise InvalidValueError unless a request says what for, and whom the owner may talk to."""
    require_text("purpose", command.purpose, 1, PURPOSE_LENGTH_MAX, lines=True)
    require_text("contact", command.contact, 1, CONTACT_LENGTH_MAX)


def require_staff_access(command: OpenStaffAccess) -> None:
    """Raise InvalidValueError unless an access for staff says why and ends within fourteen days."""
    if not 1 <= command.days <= STAFF_ACCESS_DAYS_MAX:
        raise InvalidValueError("staff_access_days", given=command.days, limit=STAFF_ACCESS_DAYS_MAX)
    require_text("reason", command.reason, 1, TEXT_LENGTH_MAX, lines=True)


def require_order(reason: str, legal_basis: str, document_number: str) -> None:
    """Raise InvalidValueError unless an order of an authority says why, on which basis, by which document."""
    require_text("reason", reason, 1, TEXT_LENGTH_MAX, lines=True)
    require_text("legal_basis", legal_basis, 1, TEXT_LENGTH_MAX, lines=True)
    require_text("document_number", document_number, 1, LICENCE_LENGTH_MAX)
