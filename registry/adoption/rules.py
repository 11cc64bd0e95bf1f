"""Which adoption receipts count.

Rules (S1 cl.14; RULINGS 1-5):
* Three or more includes three (民法典 1259).
* An adopter counts once per controller; control stops below the organs of the state.
* Nobody counts that is the publisher or related to it, or that made the dataset, supplied its data, paid for it or
  holds rights in it, in any version of the lineage; nor its group.
* On the adoption date it stands on an admitted leader list of the dataset's sector, national or provincial; a municipal
  list counts only by ruling.
* Adoption is contract and use: statement, contract and proof of delivery, all three, and a start that is not in the
  future.
* A withdrawn receipt does not count, whenever the count is made.
* Nobody adopts what is not public yet: the use of a content begins on the day it was published here or later, and an
  attestation speaks of a use that has begun (RULINGS 3).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from registry.adoption.model import AdopterFacts, AdoptionCount, JudgedReceipt, Receipt
from registry.errors import Finding, Obstacle, RuleError
from registry.values.identifiers import DatasetId, FirmId, ReceiptId

ADOPTERS_MEASURE: Final = "independent_leading_adopters"
"""The measure of a fixed award that is counted here."""

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
