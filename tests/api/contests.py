"""Contests of novelty for tests: a copy the screen refuses, a contest of it, a decision on it."""

from datetime import timedelta
from typing import Any

from registry.actors.model import Role
from tests import world as steps
from tests.api.bureau import activated
from tests.web import Web
from tests.world import DATASET, OFFICE, OPEN_DATASET, STRANGER, World

OWN = "silk/wind"
SEEDS = {DATASET: 1, OPEN_DATASET: 2}
EVIDENCE_DAYS = 7
"""Whatever day it is: three calendar days end on a working day within a week."""


def a_copy(world: World, of: str = DATASET) -> str:
    """Bring a copy of a published dataset to where its publication is refused, and return the draft."""
    return steps.verified_draft(world, world.as_(STRANGER), OWN, {"copy.csv": steps.table(SEEDS[of])})


def contest_body(world: World, draft: str, against: str = DATASET) -> dict[str, Any]:
    """Return what a contest of a copy says."""
    said = "我方2025年已采集并向公众发布"
    return {"own": draft, "against": f"{against}@v1", "statement": said, "authority": world.ids[OFFICE]}


def a_contest(world: World, against: str = DATASET) -> str:
    """Open a contest of a copy, for which evidence is taken for three days."""
    ruling = {"step": "contest_evidence", "days": 3, "unit": "calendar", "number": "伊发改函〔2026〕77号"}
    ruling |= {"organ": "区发改委", "decided_on": world.today(), "text": "三日内举证"}
    world.as_(OFFICE, Role.REGISTRAR).post("/v1/office/terms", ruling)
    body = contest_body(world, a_copy(world, against), against)
    return str(world.as_(STRANGER).post("/v1/contests", body)["id"])


def a_reviewer(world: World, login: str = "new.reviewer") -> Web:
    """Return a reviewer who did nothing yet."""
    body = {"login": login, "display_name": login, "roles": [Role.REVIEWER]}
    made = world.as_(OFFICE, Role.REGISTRAR).post("/v1/officers", body)
    world.ids[login] = made["id"]
    return activated(world.web, login, made["activation_code"])


def decision(outcome: str, **stated: str) -> dict[str, Any]:
    """Return a decision."""
    return {"outcome": outcome, "reason": "采集日志可信", "day": None, "place": "", **stated}


def decide(world: World, decider: Web, contest: str, outcome: str, **stated: str) -> dict[str, Any]:
    """Let the term for evidence end and decide."""
    world.clock.advance(timedelta(days=EVIDENCE_DAYS))
    made: dict[str, Any] = decider.post(f"/v1/contests/{contest}/decision", decision(outcome, **stated), status=200)
    return made


def evidence_body(world: World, party: str, **stated: Any) -> dict[str, Any]:
    """File a document and return what is said of it in a contest."""
    document = steps.file_evidence(world.as_(party), "other", f"log of {party}".encode())
    return {"document": document, "claimed_on": "2025-11-03", "shows": "采集日志", **stated}


def a_lost_award(world: World) -> str:
    """Pay the award of the world, let its dataset lose a contest, and return the contest."""
    steps.make_payable(world, world.ids["case"])
    steps.instruct(world, world.ids["case"], steps.AWARD_LINE)
    steps.pay(world, world.ids["case"])
    decider = a_reviewer(world)
    contest = a_contest(world)
    decide(world, decider, contest, "moves", day="2025-11-03")
    return contest
