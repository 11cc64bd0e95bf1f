"""Which adoption receipts count.

Rules (S1 cl.14; RULINGS 1-5):
* Three or more includes three (民法典 1259).
* An adopter counts once per controller; control stops below the organs of the state.
* Nobody counts that is the publisher or related to it, or that made the dataset, supplied its data, paid for it or
  holds rights in it, in any version of the lineage; nor its group.
* On the adoption date it stands on an admitted leader list of the dataset's sector, national or provincial; a municipal
  list counts only by ruling.
* Adoption is contract and use: statement, contract and proof of delivery, all three, and a start that is not in the
  future. A delivery is proved by a signed document, or by what this installation measured: every file of the content,
  to the last byte, to the adopter, no later than the use began.
* Nobody counts whose money came back: within 180 days of the start the adopter (its group) paid the publisher and the
  publisher the adopter, directly or through one firm; through a firm only when the sums are nearly equal (POLICY §5,
  F4). How wide the window is and how near is near, no document says.
* The publisher's countersignature confirms a receipt; a receipt counts without it, or a publisher would decide who its
  adopters are.
* A withdrawn receipt does not count, whenever the count is made.
* Nobody adopts what is not public yet: the use of a content begins on the day it was published here or later, and an
  attestation speaks of a use that has begun (RULINGS 3).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Final

from registry.adoption.model import AdopterFacts, AdoptionCount, JudgedReceipt, MeasuredReads, Receipt
from registry.catalog.usage_model import DeliveredReads
from registry.errors import Finding, Obstacle, RuleError
from registry.exchange.model import Trade
from registry.values.identifiers import DatasetId, FirmId, ReceiptId

ADOPTERS_MEASURE: Final = "independent_leading_adopters"
"""The measure of a fixed award that is counted here."""

TRADE_WINDOW_DAYS: Final = 180
NEARLY_EQUAL_PERCENT: Final = 80
"""The smallest sum of a circle through others is at least so much of the largest."""

LEVELS_COUNTED: Final = frozenset({"national", "provincial"})
MUNICIPAL: Final = "municipal"


def levels_counted(reading: str) -> frozenset[str]:
    """Return the levels of leader lists that count under a reading of ``yz-14a.leader-lists`` (RULINGS 4)."""
    return LEVELS_COUNTED | {MUNICIPAL} if reading == "national_provincial_and_municipal" else LEVELS_COUNTED


def require_attestable(started_on: date, published_on: date | None, today: date) -> None:
    """Raise RuleError unless a use that began on ``started_on`` may be attested ``today``.

    ``published_on`` is the day the content was published here, None when it is not public.
    """
    found = []
    if published_on is None:
        found.append(Obstacle("adoption_of_unpublished", "RULINGS 8"))
    elif started_on < published_on:
        parameters = {"started_on": str(started_on), "published_on": str(published_on)}
        found.append(Obstacle("adoption_before_publication", "RULINGS 3", parameters=parameters))
    if started_on > today:
        found.append(Obstacle("adoption_not_begun", "RULINGS 3", parameters={"started_on": str(started_on)}))
    if found:
        raise RuleError("adoption_refused", tuple(found))


def require_measured(reads: DeliveredReads | None, files: int, started_on: date) -> MeasuredReads:
    """Return what was measured, or raise RuleError: not every file came, or the use began before the last had come."""
    if reads is None or reads.files < files:
        parameters = {"files": str(reads.files if reads else 0), "needed": str(files)}
        raise RuleError("adoption_refused", (Obstacle("adoption_not_delivered", "RULINGS 3", parameters=parameters),))
    if started_on < reads.whole_on:
        parameters = {"started_on": str(started_on), "whole_on": str(reads.whole_on)}
        obstacle = Obstacle("adoption_before_delivery", "RULINGS 3", parameters=parameters)
        raise RuleError("adoption_refused", (obstacle,))
    return MeasuredReads(reads.first_on, reads.last_on, reads.downloads, reads.size_bytes)


def purchase_circle(trades: Sequence[Trade], adopter: FirmId, publisher: FirmId) -> tuple[FirmId, ...]:
    """Return the firms through which money went from ``adopter`` to ``publisher`` and back; empty when it did not.

    ``trades`` are those of the window; firms of one group stand under one identifier.
    """
    sums: dict[tuple[FirmId, FirmId], int] = {}
    for trade in trades:
        if trade.payer != trade.payee:
            sums[trade.payer, trade.payee] = sums.get((trade.payer, trade.payee), 0) + trade.net.fen
    firms = sorted({firm for edge in sums for firm in edge} - {adopter, publisher})

    def ways(one: FirmId, other: FirmId) -> Iterator[tuple[FirmId, ...]]:
        if (one, other) in sums:
            yield (one, other)
        for between in firms:
            if (one, between) in sums and (between, other) in sums:
                yield (one, between, other)

    for there in ways(adopter, publisher):
        for back in ways(publisher, adopter):
            circle = there + back[1:]
            passed = [sums[edge] for edge in pairwise(circle)]
            direct = len(circle) == 3
            if direct or min(passed) * 100 >= max(passed) * NEARLY_EQUAL_PERCENT:
                return circle
    return ()


def reasons_against(receipt: Receipt, facts: AdopterFacts, levels: frozenset[str], day: date) -> tuple[Obstacle, ...]:
    """Return every reason why one receipt does not count on ``day``, leaving other receipts aside."""
    found = []
    if receipt.withdrawn_at is not None:
        found.append(Obstacle("adoption_withdrawn", "RULINGS 3", parameters={"at": str(receipt.withdrawn_at)}))
    if receipt.started_on > day:
        found.append(Obstacle("adoption_not_begun", "RULINGS 3", parameters={"started_on": str(receipt.started_on)}))
    if facts.made_it_as:
        found.append(Obstacle("adopter_made_it", "RULINGS 2", parameters={"role": facts.made_it_as}))
    if facts.related_by:
        found.append(Obstacle("adopter_related", "RULINGS 1", parameters={"chain": " → ".join(facts.related_by)}))
    if facts.traded_in_circle:
        circle = {"circle": " → ".join(facts.traded_in_circle), "days": str(TRADE_WINDOW_DAYS)}
        found.append(Obstacle("adopter_trades_in_circle", "POLICY F4", parameters=circle))
    if not facts.leader_levels & levels:
        found.append(
            Obstacle(
                "adopter_not_on_leader_list",
                "S1 cl.14",
                Finding.UNMET if facts.leader_levels else Finding.UNKNOWN,
                {"on": str(receipt.started_on), "levels": ", ".join(sorted(levels))},
                ("leader_list",),
            )
        )
    return tuple(found)


def for_everybody(judged: JudgedReceipt) -> JudgedReceipt:
    """Return a judged receipt as the public sees it.

    That money went in a circle is told, not through whom, and which firm controls an adopter, not with which shares:
    that is known to the firms and to their office.
    """
    shown = []
    for reason in judged.reasons:
        parameters = dict(reason.parameters)
        code = reason.code
        if code == "adopter_trades_in_circle":
            code = "adopter_trades_in_circle_undisclosed"
            del parameters["circle"]
        elif code == "adopter_same_controller":
            parameters["chain"] = parameters["controller"]
        shown.append(replace(reason, code=code, parameters=parameters))
    facts = replace(judged.facts, traded_in_circle=(), controlled_by=())
    return replace(judged, facts=facts, reasons=tuple(shown))


# Invariant 13 (adoption).
def count(
    dataset: DatasetId,
    receipts: Sequence[Receipt],
    facts: Mapping[ReceiptId, tuple[AdopterFacts, str]],
    *,
    needed: int,
    levels: frozenset[str],
    day: date,
) -> AdoptionCount:
    """Judge every receipt and count the independent adopters, the earliest of each controller first.

    ``facts`` gives for each receipt what is known of its adopter, and the adopter's name.
    """
    judged: list[JudgedReceipt] = []
    first_of: dict[FirmId, str] = {}
    for receipt in sorted(receipts, key=lambda made: (made.attested_at, made.id)):
        known, name = facts[receipt.id]
        reasons = reasons_against(receipt, known, levels, day)
        if not reasons and (first := first_of.get(known.controller)):
            reasons = (
                Obstacle(
                    "adopter_same_controller",
                    "RULINGS 1",
                    parameters={
                        "controller": known.controller_name,
                        "counted": first,
                        "chain": "; ".join(known.controlled_by) or known.controller_name,
                    },
                ),
            )
        if not reasons:
            first_of[known.controller] = name
        judged.append(JudgedReceipt(receipt, name, known, counts=not reasons, reasons=reasons))
    return AdoptionCount(dataset, len(first_of), needed, tuple(judged))
