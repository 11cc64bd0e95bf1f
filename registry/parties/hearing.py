"""How a party was heard before something was decided against it, and how the decision reached it (RULINGS 30, 34)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from registry.values.digest import Digest


class ServiceWay(StrEnum):
    """How a document reached its party (行政处罚法 61, 民事诉讼法 88-95)."""

    IN_PERSON = "in_person"
    MAIL = "mail"
    ELECTRONIC = "electronic"
    LEFT = "left"
    PUBLIC_NOTICE = "public_notice"


@dataclass(frozen=True, slots=True)
class Hearing:
    """How a firm was heard before a sanction, and how the sanction was served (RULINGS 30, 34).

    It had notice on ``notified_on`` and days to answer through ``until``; ``answered_on`` None: it said nothing.
    ``way`` and ``proof`` say how the sanction reached it, with the digest of the document that proves it.
    """

    notified_on: date
    until: date
    answered_on: date | None
    way: ServiceWay
    proof: Digest
