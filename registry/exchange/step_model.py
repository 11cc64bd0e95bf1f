"""The steps of an order: who has to act, since when, until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.values.moment import Moment


class OrderStep(StrEnum):
    """What an order waits for."""

    ACCEPTANCE = "acceptance"
    SIGNATURE = "contract_signature"
    RECEIPT = "receipt"
    PERIOD_STATEMENT = "period_statement"
    PERIOD_ACCEPTANCE = "period_acceptance"
    PAYMENT = "order_payment"
    INVOICE = "invoice"
    INVOICE_LOOK_UP = "invoice_look_up"
    REFUND_ANSWER = "refund_answer"
    RED_LETTER = "red_letter"
    DISPUTE_PROPOSAL = "dispute_proposal"
    DISPUTE_AGREEMENT = "dispute_agreement"
    DISPUTE_DECISION = "dispute_decision"
    REFUND = "refund_payment"


class Side(StrEnum):
    """Who has to act."""

    BUYER = "buyer"
    SELLER = "seller"
    OFFICE = "office"


SIDE_OF_STEP: Final[Mapping[OrderStep, Side]] = {
    OrderStep.ACCEPTANCE: Side.SELLER,
    OrderStep.SIGNATURE: Side.BUYER,
    OrderStep.RECEIPT: Side.BUYER,
    OrderStep.PERIOD_STATEMENT: Side.SELLER,
    OrderStep.PERIOD_ACCEPTANCE: Side.BUYER,
    OrderStep.PAYMENT: Side.BUYER,
    OrderStep.INVOICE: Side.SELLER,
    OrderStep.INVOICE_LOOK_UP: Side.OFFICE,
    OrderStep.REFUND_ANSWER: Side.BUYER,
    OrderStep.RED_LETTER: Side.SELLER,
    OrderStep.DISPUTE_PROPOSAL: Side.SELLER,
    OrderStep.DISPUTE_AGREEMENT: Side.BUYER,
    OrderStep.DISPUTE_DECISION: Side.OFFICE,
    OrderStep.REFUND: Side.SELLER,
}


class Lateness(StrEnum):
    """How a step stands with its term."""

    WITHIN = "within"
    OVERDUE = "overdue"
    ESCALATED = "escalated"
    UNKNOWN = "unknown"
    """The calendar of a year that is needed is not known."""


@dataclass(frozen=True, slots=True)
class OrderWait:
    """One step an order waits for.

    ``about`` names an invoice, a red letter, a refund, a dispute or a period, of one that is not stated its first day.
    """

    step: OrderStep
    began_at: Moment
    about: str = ""

    @property
    def side(self) -> Side:
        """Who has to act."""
        return SIDE_OF_STEP[self.step]

    @property
    def key(self) -> str:
        """What tells this wait from every other one of its order."""
        return f"{self.step.value}/{self.about}/{self.began_at}"


@dataclass(frozen=True, slots=True)
class OrderDue:
    """A step with the end of its term, and how it stands with it; ``due_at`` None: not known."""

    wait: OrderWait
    due_at: Moment | None
    days_late: int
    lateness: Lateness
