"""Periods of orders, over HTTP: what the seller states, what the buyer accepts."""

from datetime import date

from flask import Response
from pydantic import Field

from api.calls import current_actor, house, write
from api.documents import MEDIA_TYPE, document
from api.door import Door, Strict, Whole
from api.v1.order_period_views import OrderPeriodView
from registry.actors.model import Action
from registry.exchange import service
from registry.exchange.model import QUANTITY_MAX
from registry.exchange.period_model import PERIOD_REASON_LENGTH_MAX, AnswerPeriod, StatePeriod
from registry.values.digest import Digest
from registry.values.identifiers import EvidenceId, OrderId, PeriodId

door = Door("order_periods", __name__, url_prefix="/v1")


class PeriodBody(Strict):
    """What was delivered in a period, in whole units; both days are included.

    ``used`` is left out where the service meters it. ``log_sha256`` is the digest of the usage log, and ``evidence``
    the document that was filed of it.
    """

    first_day: date = Field(strict=False)
    last_day: date = Field(strict=False)
    used: Whole | None = Field(default=None, ge=0, le=QUANTITY_MAX)
    log_sha256: str | None = Field(default=None, max_length=80)
    evidence: str | None = Field(default=None, max_length=60)

    def command(self, order: OrderId) -> StatePeriod:
        """Return the command. Raises InvalidValueError."""
        return StatePeriod(
            order,
            self.first_day,
            self.last_day,
            self.used,
            None if self.log_sha256 is None else Digest.parse(self.log_sha256),
            None if self.evidence is None else EvidenceId(self.evidence),
        )


class PeriodAcceptanceBody(Strict):
    """What the buyer says as it accepts, if anything."""

    reason: str = Field(default="", max_length=PERIOD_REASON_LENGTH_MAX)


class PeriodObjectionBody(Strict):
    """What is wrong with a period."""

    reason: str = Field(min_length=1, max_length=PERIOD_REASON_LENGTH_MAX, pattern=r"\S")


@door.operation("POST", "/orders/<order>/periods", {201: OrderPeriodView}, action=Action.STATE_PERIOD)
def state_period(order: str, body: PeriodBody) -> Response:
    """State, as the seller, what an order delivered in a period."""
    return write(lambda work: service.state_period(work, body.command(OrderId(order))), OrderPeriodView.of)


@door.operation("GET", "/periods/<period>/log", {200: None}, action=Action.READ_ORDER, media={200: MEDIA_TYPE})
def read_period_log(period: str) -> Response:
    """Read the usage log of a period as its seller filed it."""
    with house().view(current_actor()) as view:
        found, blob = service.period_log(view, PeriodId(period))
    return document(blob, found.file_name)


@door.operation("POST", "/periods/<period>/accept", {200: OrderPeriodView}, action=Action.CONFIRM_DELIVERY)
def accept_period(period: str, body: PeriodAcceptanceBody) -> Response:
    """Accept a period as the buyer; the last one that was ordered completes the delivery."""
    command = AnswerPeriod(PeriodId(period), accepted=True, reason=body.reason)
    return write(lambda work: service.answer_period(work, command), OrderPeriodView.of, 200)


@door.operation("POST", "/periods/<period>/object", {200: OrderPeriodView}, action=Action.CONFIRM_DELIVERY)
def object_period(period: str, body: PeriodObjectionBody) -> Response:
    """Object to a period as the buyer; the seller may state its days anew."""
    command = AnswerPeriod(PeriodId(period), accepted=False, reason=body.reason)
    return write(lambda work: service.answer_period(work, command), OrderPeriodView.of, 200)
