"""Requests on recoveries, remedies and archives of the small world.

Its award is paid, recovered in part, or refused and archived.
"""

from typing import Any, Final

from cli.working import run_once
from registry.actors.model import Role
from tests import world as steps
from tests.world import OFFICE, PUBLISHER, World

PROOF: Final = "sha256:" + "5" * 64
OPENING: Final = {"ground": "mistake", "amount_fen": 1_000_000, "facts": "重复计算", "clause": "S1 cl.14"}


def service_body(world: World) -> dict[str, Any]:
    """Return the proof that a document was served today."""
    return {"served_on": world.today(), "way": "mail", "proof_sha256": PROOF}


def paid(world: World) -> str:
    """Pay the award of the world, whose three ranks all sign it."""
    case = world.ids["case"]
    steps.make_payable(world, case)
    steps.instruct(world, case, steps.AWARD_LINE)
    steps.pay(world, case)
    return case


def opened(world: World) -> str:
    """Open a recovery of the paid award."""
    return str(world.as_(OFFICE, Role.REVIEWER).post(f"/v1/cases/{paid(world)}/recoveries", OPENING)["id"])


def notified(world: World) -> str:
    """Give its firm notice."""
    made = opened(world)
    world.as_(OFFICE, Role.REVIEWER).post(f"/v1/recoveries/{made}/notice", service_body(world), status=200)
    return made


def heard(world: World) -> str:
    """Let its firm answer."""
    made = notified(world)
    world.as_(PUBLISHER).post(f"/v1/recoveries/{made}/statement", {"statement": "有异议"}, status=200)
    return made


def refused(world: World) -> str:
    """Refuse the award of the world at its review."""
    body = steps.review_body() | {"passed": False}
    world.as_(OFFICE, Role.REVIEWER).post(f"/v1/cases/{world.ids['case']}/review", body, status=200)
    return world.ids["case"]


def remedy_body(case: str) -> dict[str, Any]:
    """Return a review that is asked for."""
    return {"subject": case, "kind": "review", "organ": "区发改委", "grounds": "事实不清"}


def filed(world: World) -> str:
    """File a review of the refusal."""
    return str(world.as_(PUBLISHER).post("/v1/remedies", remedy_body(refused(world)))["id"])


def archivable(world: World) -> str:
    """Refuse the award and let the log take it: a closed case that may be archived."""
    case = refused(world)
    run_once(world.house)
    return case


def archived(world: World) -> str:
    """Archive it."""
    case = archivable(world)
    world.as_(OFFICE, Role.REVIEWER).post(f"/v1/cases/{case}/archive")
    return case


ORDER: Final = {"number": "封1号", "reason": "诉讼"}


def held(world: World) -> str:
    """Hold the archive of a case by an order."""
    case = refused(world)
    return str(world.as_(OFFICE, Role.SECTION_HEAD).post(f"/v1/cases/{case}/archive/holds", ORDER)["id"])
