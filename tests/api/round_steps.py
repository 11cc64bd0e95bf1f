"""Rounds, experts and scores of the small world, brought about through the interface."""

from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from registry.actors.model import Role
from registry.values.moment import Moment
from tests import world as steps
from tests.api.bureau import activated
from tests.world import OFFICE, PUBLISHER, World

INSTRUMENT: Final = "yz-8-case"
SHEET: Final = {
    "criteria": [
        {"code": "scale", "title": "规模", "points": 40},
        {"code": "value", "title": "应用价值", "points": 60},
    ],
    "pass_score": 60,
}
MARKS: Final = {
    "marks": [
        {"criterion": "scale", "points_hundredths": 3_550, "comment": "规模充分"},
        {"criterion": "value", "points_hundredths": 4_000, "comment": "可直接训练"},
    ]
}


def round_terms(world: World) -> dict[str, Any]:
    """Return a round that opens in ten minutes."""
    now = world.clock.now()
    opens = Moment(now.instant.replace(second=0, microsecond=0)).plus(timedelta(minutes=10))
    return {
        "title": "2026年第一轮",
        "guide": steps.file_evidence(world.as_(OFFICE, Role.REGISTRAR), "other", uuid4().hex.encode()),
        "guide_url": "https://www.example.gov.cn/guide/1",
        "opens_at": str(opens),
        "closes_at": str(opens.plus(timedelta(days=30))),
        "score_sheet": SHEET,
    }


def a_round(world: World) -> str:
    """Return the round of the office that comes or is open, published if there is none: two may not meet."""
    registrar = world.as_(OFFICE, Role.REGISTRAR)
    for each in registrar.get("/v1/rounds")["items"]:
        if each["instrument"] == INSTRUMENT and each["state"] in ("coming", "open"):
            return str(each["id"])
    return str(registrar.post("/v1/rounds", {**round_terms(world), "instrument": INSTRUMENT})["id"])


def an_open_round(world: World) -> str:
    """Return a round of the office that is open."""
    made = a_round(world)
    world.clock.advance(timedelta(minutes=11))
    return made


def an_expert(world: World) -> dict[str, Any]:
    """Appoint another expert, who takes up the account; its token is kept under its account."""
    registrar, login = world.as_(OFFICE, Role.REGISTRAR), f"expert.{uuid4().hex[:8]}"
    made = registrar.post("/v1/officers", {"login": login, "display_name": login, "roles": ["expert"]})
    web = activated(world.web, login, made["activation_code"])
    registrar.post("/v1/experts", {"account": made["id"], "note": "高级工程师"})
    return {"account": made["id"], "web": web}


def a_panel(world: World, case: str) -> list[dict[str, Any]]:
    """Enter three experts, the world's own among them, and draw all of them for a case."""
    registrar, own = world.as_(OFFICE, Role.REGISTRAR), world.ids[f"{OFFICE}.expert"]
    registrar.post("/v1/experts", {"account": own, "note": "教授", "fields": ["new_energy"]})
    people = [{"account": own, "web": world.as_(OFFICE, Role.EXPERT)}, an_expert(world), an_expert(world)]
    world.as_(OFFICE, Role.REVIEWER).post(f"/v1/cases/{case}/experts", {}, status=200)
    return people


def tie(world: World, account: str) -> None:
    """State as a registrar that an expert is tied to the publisher."""
    body = {"firm": world.ids[PUBLISHER], "ground": "own", "note": "持股", "officer": account}
    world.as_(OFFICE, Role.REGISTRAR).post("/v1/office/ties", body)


def score_all(people: list[dict[str, Any]], case: str) -> None:
    """Let everyone of a panel score."""
    for each in people:
        each["web"].post(f"/v1/expert-cases/{case}/scores", MARKS)
