"""One request for each operation, on things of the small world, with whose the thing is.

A sample is sent by everyone; those who may send it are the roles of the operation's action at the parties named here.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib.resources import files
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import select

from cli.demo import cast
from cli.working import run_once
from registry.actors.model import OFFICERS, Action, Role
from registry.journal.records import entries
from registry.values.moment import Moment
from storage.settings import MailServer
from tests import world as steps
from tests.api import aftercare_samples as aftercare
from tests.api import contests, order_samples, round_steps, voucher_round_steps
from tests.api import desk_samples as desk
from tests.api.person_office import an_identity_number
from tests.world import (
    BUYER,
    COMPUTE,
    DATASET,
    EXCHANGE,
    OFFICE,
    OPEN_DATASET,
    OTHER_OFFICE,
    PUBLISHER,
    STRANGER,
    World,
)

NEW_FIRM: Final = cast.GOBI
ADOPTER: Final = cast.KUNLUN.key
_POLICY_FILE: Final = (files("registry.policy") / "instruments/liaocheng-2025-measures.toml").read_text("utf-8")
_LIST_FILE: Final = base64.b64encode(f"name,uscc\n{cast.SILK.name},{cast.SILK.uscc}\n".encode()).decode()
EVERY_OFFICE: Final = frozenset({OFFICE, OTHER_OFFICE})


@dataclass(frozen=True)
class Asked:
    """A request: what stands in the path, the query and the body."""

    path: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """How an operation is asked for.

    ``make`` brings about what the request needs; ``parties`` are those it belongs to (None: everyone's own affair);
    ``roles`` narrows the roles of the action where the thing itself does, as a signature waits for one rank; ``also``
    is a second action that opens the operation; ``each`` makes a new request for every actor; ``succeeds`` says whether
    somebody's request is carried out.
    """

    make: Callable[[World], Asked]
    parties: frozenset[str] | None = None
    roles: frozenset[Role] | None = None
    also: Action | None = None
    each: bool = False
    succeeds: bool = True


def of(*parties: str) -> frozenset[str]:
    """Return parties."""
    return frozenset(parties)


def plain(
    path: Mapping[str, str | int] | None = None,
    body: Mapping[str, Any] | None = None,
    **query: str | int,
) -> Callable[[World], Asked]:
    """Return a request that needs nothing of the world."""
    return lambda _: Asked(path or {}, body, query)


def named(argument: str, thing: str, body: Mapping[str, Any] | None = None) -> Callable[[World], Asked]:
    """Return a request on a thing of the world."""
    return lambda world: Asked({argument: world.ids[thing]}, body)


def dataset_path(name: str = DATASET, **more: str) -> dict[str, str | int]:
    """Return the path of a dataset."""
    namespace, _, slug = name.partition("/")
    return {"namespace": namespace, "slug": slug, **more}


def _invited(world: World) -> Asked:
    login = f"invited.{len(world.ids)}"
    made = world.as_(PUBLISHER).post("/v1/members", steps.member(login, Role.READER))
    world.ids[login] = made["id"]
    return Asked(body={"login": login, "code": made["activation_code"], "password": "a password of several words"})


def _own_token(world: World) -> Asked:
    body = {"label": "x", "scopes": ["read"], "datasets": None, "expires_in_days": 1}
    return Asked({"token": world.as_(PUBLISHER).post("/v1/tokens", body)["id"]})


def _completed(world: World) -> Asked:
    content = b"a,b\n1,2\n"
    client = world.as_(PUBLISHER)
    upload = steps.add_file(client, world.ids["draft_open"], "sent.csv", len(content))
    signed = client.post(f"/v1/uploads/{upload}/parts", {"numbers": [1]}, status=200)["urls"][0]["url"]
    steps.put(client, signed, content)
    return Asked({"upload": upload}, {"sha256": hashlib.sha256(content).hexdigest()})


def _document(world: World) -> Asked:
    return Asked({"evidence": steps.file_evidence(world.as_(PUBLISHER), "other", b"document")})


def _submittable(world: World) -> Asked:
    content = steps.table(9)
    client = world.as_(PUBLISHER)
    draft = steps.begin_draft(client, "lvtu/full")
    steps.send(client, steps.add_file(client, draft, "a.csv", len(content)), content)
    return Asked({"draft": draft}, {})


def _contested(body: Mapping[str, Any] | None = None, against: str = DATASET, **path: int) -> Callable[[World], Asked]:
    """Return a request on a contest of novelty that is open."""
    return lambda world: Asked({"contest": contests.a_contest(world, against), **path}, body)


def _filing(world: World) -> Asked:
    return Asked({"contest": contests.a_contest(world)}, contests.evidence_body(world, STRANGER))


def _filed(world: World) -> Asked:
    asked = _filing(world)
    world.as_(STRANGER).post(f"/v1/contests/{asked.path['contest']}/evidence", asked.body)
    return Asked({**asked.path, "number": 1})


def _undrawn(world: World) -> Asked:
    contest = contests.a_contest(world)
    contests.a_reviewer(world)
    return Asked({"contest": contest}, {"reason": "新增初审人员"})


def _decidable(world: World) -> Asked:
    # On this dataset is no case, so that the reviewer of the world may decide.
    contest = contests.a_contest(world, OPEN_DATASET)
    world.clock.advance(timedelta(days=contests.EVIDENCE_DAYS))
    return Asked({"contest": contest}, contests.decision("stays"))


def _decided(world: World) -> Asked:
    asked = _decidable(world)
    world.as_(OFFICE, Role.REVIEWER).post(f"/v1/contests/{asked.path['contest']}/decision", asked.body, status=200)
    return Asked(asked.path, {"reason": "配偶任职"})


def _lost(world: World) -> Asked:
    path = {"contest": contests.a_lost_award(world), "case": world.ids["case"]}
    return Asked(path, {"outcome": "stands", "reason": "依据不足"})


def _applicable(world: World) -> Asked:
    world.as_(PUBLISHER).post(f"/v1/cases/{world.ids['case']}/withdraw", {"reason": "again"}, status=200)
    return Asked(body=steps.award_body())


def _shared(*, signed: bool) -> Callable[[World], Asked]:
    """Return a request of a joint maker on the split of an award, which it has signed or not."""

    def make(world: World) -> Asked:
        world.as_(PUBLISHER).post(f"/v1/cases/{world.ids['case']}/withdraw", {"reason": "again"}, status=200)
        shares = {world.ids[PUBLISHER]: 6_000, world.ids[BUYER]: 4_000}
        made = world.as_(PUBLISHER).post("/v1/awards", {**steps.award_body(), "joint_makers": shares})
        body = {"split": made["split"]["digest"], "payee": steps.redemption("")["payee"]}
        if not signed:
            return Asked({"case": made["id"]}, body)
        world.as_(BUYER).post(f"/v1/cases/{made['id']}/split-signature", body, status=200)
        return Asked({"case": made["id"]}, {})

    return make


SCENE: Final = {"batch": "2026-1", "title": "风机故障预警", "sector": "new_energy", "need": "带标注的振动数据"}
ANNOTATION: Final = {
    "department": "区交通局",
    "title": "路口视频",
    "authorisation_basis": "伊数发〔2026〕7号",
    "need": "车辆与行人框标注",
    "sector": "transport",
    "size_bytes": 5_000,
}
TYPICAL_CASE: Final = {
    "industry": "smart_energy",
    "title": "功率预测",
    "recognised_by": "国家数据局",
    "document_number": "国数〔2026〕1号",
    "recognised_on": "2026-02-01",
}
ENDING: Final = {"reason": "已完成"}


def _scene(world: World) -> Asked:
    return Asked({"scene": world.as_(OFFICE, Role.REGISTRAR).post("/v1/scenes", SCENE)["id"]}, ENDING)


def _scene_to_answer(world: World) -> Asked:
    return replace(_scene(world), body={"dataset": DATASET, "note": "含一年振动数据"})


def _annotation(world: World) -> Asked:
    made = world.as_(OFFICE, Role.REGISTRAR).post("/v1/annotation-catalog", ANNOTATION)
    return Asked({"annotation": made["id"]}, {"state": "authorised", "note": "授权书已签"})


def _typical_case(world: World) -> Asked:
    return Asked({"case": world.as_(OFFICE, Role.REGISTRAR).post("/v1/typical-cases", TYPICAL_CASE)["id"]}, ENDING)


def _reviewed_adoption(world: World) -> Asked:
    receipt, case = world.ids[f"receipt_{ADOPTER}"], world.ids["case"]
    steps.make_payable(world, case)
    steps.instruct(world, case, steps.AWARD_LINE)
    steps.pay(world, case)
    world.as_(ADOPTER).post(f"/v1/adoptions/{receipt}/withdraw", {"reason": "停用"}, status=200)
    return Asked({"receipt": receipt}, {"case": case, "outcome": "recover", "reason": "采信不足三家"})


def _credit(world: World) -> Asked:
    answer = {"standing": "clean", "queried_at": "2026-03-02T01:00:00Z", "result_sha256": "sha256:" + "1" * 64}
    return Asked(body={"firm": world.ids[STRANGER], "source": "信用中国", **answer})


def _imported_list() -> dict[str, Any]:
    head = {name: value for name, value in steps.leader_list([], "2026-2").items() if name != "entries"}
    return {**head, "content_base64": _LIST_FILE}


def _corrected(world: World) -> Asked:
    """Correct what is known of the publisher, after it applied."""
    world.clock.advance(timedelta(seconds=1))
    world.as_(OFFICE, Role.REGISTRAR).post("/v1/facts", steps.fact(world.ids[PUBLISHER]))
    made = world.as_(OFFICE, Role.REVIEWER).get("/v1/register-corrections", limit=200)["items"][-1]
    return Asked({"correction": made["id"]})


def _review_opened(world: World) -> Asked:
    path = _corrected(world).path
    return Asked({"case": world.ids["case"], **path}, {"stands": True, "opinion": "不影响本案"})


def grant_body(world: World) -> dict[str, Any]:
    """Return an application for a national case of data annotation (S1 cl.8)."""
    paper = steps.file_evidence(world.as_(PUBLISHER), "other", uuid4().hex.encode())
    identity = steps.file_evidence(world.as_(PUBLISHER), "other", uuid4().hex.encode())
    kinds = ("application_form", "business_licence", "case_announcement", "contribution_record")
    return {
        "instrument": "yz-8-case",
        "event_on": "2026-02-10",
        "facts": {
            "led_or_deeply_took_part": True,
            "case_level": "national",
            "selected_in_public": True,
            "case_sector": "coal",
        },
        "keys": {"case": [uuid4().hex]},
        "evidence": {kind: [paper] for kind in kinds} | {"legal_person_identity": [identity]},
        "undertaking": True,
        "payee": steps.award_body()["payee"],
    }


def _grant(world: World) -> Asked:
    return Asked(body=grant_body(world))


def _granted(world: World) -> str:
    return str(world.as_(PUBLISHER).post("/v1/grants", grant_body(world))["id"])


def _of_grant(body: Mapping[str, Any] | None) -> Callable[[World], Asked]:
    return lambda world: Asked({"case": _granted(world)}, body)


def _person_body() -> dict[str, Any]:
    return {"name": "欧阳娜娜", "identity_number": an_identity_number(), "phone": "13907971234", "original_seen": True}


def _registered_person(world: World) -> Asked:
    made = world.as_(OFFICE, Role.REGISTRAR).post("/v1/persons", _person_body())
    return Asked({"person": made["id"]})


def _erasable_person(world: World) -> Asked:
    return replace(_registered_person(world), body={})


DEFECTS: Final = {"defects": ["缺盖章"]}
ASSESSMENT: Final = {"confirmed": ["case_level"], "found": {}, "opinion": "核对原件"}


def _correcting(world: World) -> str:
    case = _granted(world)
    world.as_(OFFICE, Role.REVIEWER).post(f"/v1/cases/{case}/correction", DEFECTS, status=200)
    return case


# Rounds, experts and scores.


def _firm_end(world: World) -> dict[str, Any]:
    return {
        "firm": world.ids[STRANGER],
        "kind": "deregistered",
        "ended_on": world.today(),
        "document_number": "注销1号",
        "document_sha256": "ab" * 32,
        "source": "公示系统",
        "obtained_on": world.today(),
    }


def _entered_end(world: World) -> Asked:
    made = world.as_(OFFICE, Role.REGISTRAR).post("/v1/firm-ends", _firm_end(world))
    return Asked({"end": made["id"]}, {"document_number": "函2号", "reason": "登记有误"})


def _own_round(body: Callable[[World], Mapping[str, Any]] | None, *, opened: bool = False) -> Callable[[World], Asked]:
    def make(world: World) -> Asked:
        made = round_steps.an_open_round(world) if opened else round_steps.a_round(world)
        return Asked({"round_id": made}, body(world) if body else None)

    return make


def _later_closing(world: World) -> dict[str, Any]:
    closes_at = str(world.clock.now().plus(timedelta(days=60)))
    return {"closes_at": closes_at, "number": "函1号", "reason": "延期"}


def _in_round(world: World) -> str:
    round_steps.an_open_round(world)
    return _granted(world)


def _divisible(world: World) -> Asked:
    terms = round_steps.round_terms(world) | {"budget_fen": 10_000_000, "score_sheet": None}
    # A short window, so that no token of the world expires before it closes.
    terms["closes_at"] = str(Moment.of_text(str(terms["opens_at"])).plus(timedelta(minutes=1)))
    body = {**terms, "instrument": round_steps.INSTRUMENT}
    made = world.as_(OFFICE, Role.REGISTRAR).post("/v1/rounds", body)["id"]
    world.clock.advance(timedelta(minutes=15))
    return Asked({"round_id": made}, {})


def _divisible_voucher_round(world: World) -> Asked:
    return Asked({"round_id": voucher_round_steps.a_voucher_round(world, lasts_minutes=1, minutes_later=15)}, {})


def _voucher_requested(world: World) -> Asked:
    voucher_round_steps.a_voucher_round(world, minutes_later=11)
    return Asked(body={"order": world.ids["order_delivered"]})


def _without_panel(world: World) -> Asked:
    case = _in_round(world)
    for _ in range(3):
        round_steps.an_expert(world)
    return Asked({"case": case}, {})


def _drawn(body: Mapping[str, Any] | None) -> Callable[[World], Asked]:
    def make(world: World) -> Asked:
        case = _in_round(world)
        round_steps.a_panel(world, case)
        return Asked({"case": case}, body)

    return make


def _drawn_with_evidence(world: World) -> Asked:
    asked = _drawn(None)(world)
    [first, *_] = world.as_(OFFICE, Role.EXPERT).get(f"/v1/expert-cases/{asked.path['case']}/evidence")["items"]
    return Asked({**asked.path, "evidence": first["id"]})


def _replaceable(world: World) -> Asked:
    case = _in_round(world)
    people = round_steps.a_panel(world, case)
    round_steps.an_expert(world)
    round_steps.tie(world, people[1]["account"])
    return Asked({"case": case}, {"expert": people[1]["account"], "reason": "存在利害关系"})


def _all_scored(world: World) -> Asked:
    case = _in_round(world)
    round_steps.score_all(round_steps.a_panel(world, case), case)
    return Asked({"case": case}, {})


def _expert_entry(world: World) -> Asked:
    return Asked({"expert": round_steps.an_expert(world)["account"]}, {})


def _lapsing(world: World) -> Asked:
    return Asked({"case": _correcting(world)}, {})


def _correction(world: World) -> Asked:
    return Asked({"case": _correcting(world)}, {"statement": "已盖章"})


def _opening(*stated: str | None) -> Callable[[World], Asked]:
    """Return a request on opening balances that were proposed, with what of them is stated in its body."""

    def make(world: World) -> Asked:
        made = world.as_(OFFICE, Role.REGISTRAR).post("/v1/ledger/openings", steps.opening())
        body = {name: made[name] for name in stated if name}
        return Asked({"opening": made["id"]}, body or None)

    return make


def _reconcilable(world: World) -> Asked:
    made = desk.reconciliation(world)
    return Asked({"reconciliation": made["id"]}, {"file": made["file"], "statement": "核对一致"})


def _confirmable(world: World) -> Asked:
    made = desk.closing(world)
    return Asked({"closing": made["id"]}, {"digest": made["digest"]})


def _asked_department(world: World) -> Asked:
    case = _granted(world)
    body = {"departments": ["科工局"]}
    world.as_(OFFICE, Role.REVIEWER).post(f"/v1/cases/{case}/departments", body, status=200)
    return Asked({"case": case}, {"department": "科工局", "agrees": True, "opinion": "无异议"})


def _reviewed(body: Mapping[str, Any]) -> Callable[[World], Asked]:
    def make(world: World) -> Asked:
        steps.review(world, world.ids["case"])
        return Asked({"case": world.ids["case"]}, body)

    return make


def _noticed(world: World) -> str:
    case = world.ids["case"]
    steps.review(world, case)
    steps.notice(world, case)
    return case


def _objection(world: World) -> Asked:
    case = _noticed(world)
    made = world.as_(STRANGER).post(f"/v1/cases/{case}/objections", {"reason": "早有发布"})
    return Asked({"case": case, "number": made["number"]}, {"outcome": "dismissed", "answer": "查无实据"})


def _late_objection(world: World) -> Asked:
    case = _noticed(world)
    world.clock.advance(timedelta(days=9))
    made = world.as_(STRANGER).post(f"/v1/cases/{case}/objections", {"reason": "早有发布"})
    return Asked({"case": case, "number": made["number"]}, {"hold": True, "reason": "须核实"})


def _came_between(world: World) -> Asked:
    """Pay a case whose firm was sanctioned after the instruction."""
    asked = _instructed(world)
    world.as_(OFFICE, Role.REGISTRAR).post("/v1/sanctions", {**_sanction(world).body, "firm": world.ids[PUBLISHER]})
    world.as_(OFFICE, Role.PAYER).post(f"/v1/cases/{asked.path['case']}/payment", asked.body, status=200)
    return Asked(asked.path, {"outcome": "stands", "reason": "处罚在后"})


def _payable(world: World) -> Asked:
    steps.make_payable(world, world.ids["case"])
    return Asked({"case": world.ids["case"]}, steps.instruction(steps.AWARD_LINE, "PV-1"))


def _instructed(world: World) -> Asked:
    asked = _payable(world)
    steps.instruct(world, world.ids["case"], steps.AWARD_LINE)
    return Asked(asked.path, {"bank_receipt": "BANK-1", "paid_on": world.today()})


def _returned(world: World) -> Asked:
    return Asked(_instructed(world).path, {"reason": "账户不符"})


TERM: Final = {
    "step": "review",
    "days": 7,
    "unit": "working",
    "number": "YZ-T-1",
    "organ": "伊州区发改委",
    "decided_on": steps.TODAY,
    "text": "审核期限为七个工作日",
}


SAMPLED: Final = {"first": steps.TODAY, "last": "2026-12-31", "share_bp": 10_000, "least": 1, "reason": "年度抽查"}


PROBE_TERM: Final = {"number": "P-1", "organ": "区发改委", "decided_on": steps.TODAY, "text": "每小时探测公示页面"}


def _probed_case(world: World) -> Asked:
    steps.review(world, world.ids["case"])
    steps.notice(world, world.ids["case"])
    return Asked({"case": world.ids["case"]})


def _probed(world: World) -> Asked:
    _probed_case(world)
    look = {"case": world.ids["case"], "probed_at": str(world.clock.now()), "status": None, "page_sha256": None}
    return Asked(body={"probes": [look]})


TARGETS: Final = {
    "targets": [{"indicator": "服务企业", "unit": "家", "figure": "20"}],
    "report_sha256": "ab" * 32,
}


def _evaluable(world: World) -> Asked:
    case = world.ids["case"]
    world.as_(PUBLISHER).post(f"/v1/cases/{case}/performance-targets", TARGETS)
    steps.make_payable(world, case)
    steps.instruct(world, case, steps.AWARD_LINE)
    steps.pay(world, case)
    figures = [{"indicator": "服务企业", "figure": "23"}]
    return Asked({"case": case}, {"figures": figures, "score": 91, "opinion": "目标完成"})


def _sampled(body: Mapping[str, Any] | None = None) -> Callable[[World], Asked]:
    """Return a request on a sample of the case of the world, which is paid for it."""

    def make(world: World) -> Asked:
        _instructed(world)
        steps.pay(world, world.ids["case"])
        made = world.as_(OFFICE, Role.AUDITOR).post("/v1/samples", SAMPLED)
        return Asked({"sample": made["id"]}, None if body is None else {"case": world.ids["case"], **body})

    return make


def _of_recovery(
    make: Callable[[World], str], body: Callable[[World], Mapping[str, Any]] | None = None
) -> Callable[[World], Asked]:
    """Return a request on a recovery."""
    return lambda world: Asked({"recovery": make(world)}, body(world) if body else None)


def _of_remedy(make: Callable[[World], str], body: Mapping[str, Any] | None = None) -> Callable[[World], Asked]:
    """Return a request on a remedy."""
    return lambda world: Asked({"remedy": make(world)}, body)


def _tie(world: World) -> Asked:
    body = {"firm": world.ids[STRANGER], "ground": "own", "note": "持股"}
    return Asked({"tie": world.as_(OFFICE, Role.PAYER).post("/v1/office/ties", body)["id"]})


def _absence(world: World) -> Asked:
    officer = world.ids[f"{OFFICE}.payer"]
    return Asked(body={"officer": officer, "first": "2026-03-09", "last": "2026-03-13", "reason": "培训"})


def _away(world: World) -> Asked:
    made = world.as_(OFFICE, Role.REGISTRAR).post("/v1/office/absences", _absence(world).body)
    return Asked({"absence": made["id"]})


def _delegating(world: World) -> Asked:
    delegate = world.ids[f"{OFFICE}.leader-in-charge"]
    days = {"first": "2026-03-09", "last": "2026-03-13"}
    stated = {"delegate": delegate, "rank": "section_head", "instruments": None, "document_number": "YZ-SQ-1"}
    return Asked(body=stated | days)


def _delegated(world: World) -> Asked:
    made = world.as_(OFFICE, Role.SECTION_HEAD).post("/v1/office/delegations", _delegating(world).body)
    return Asked({"delegation": made["id"]})


MAIL: Final = {"address": "a@x.test", "language": "zh", "topics": None}


def _mail_server(world: World) -> Asked:
    """Let the world have a mail server that nobody speaks to."""
    server = MailServer("127.0.0.1", 1, "desk@x.test")
    settings = replace(world.house.settings, mail=server)
    world.web.app.extensions["house"] = replace(world.house, settings=settings)
    return Asked(body=MAIL)


def _mail_address(world: World) -> Asked:
    _mail_server(world)
    world.as_(PUBLISHER).post("/v1/me/mail", MAIL, status=200)
    return Asked(body={})


def _mail_code(world: World) -> Asked:
    _mail_address(world)
    return Asked(body={"code": "AAAA-AAAA-AAAA-AAAA"})


def _webhook(world: World) -> str:
    body = {"url": "https://1.1.1.1/hook", "topics": ["version.published"]}
    return str(world.as_(PUBLISHER).post("/v1/webhooks", body)["id"])


def _of_webhook(world: World) -> Asked:
    return Asked({"webhook": _webhook(world)}, {})


def _delivery(world: World) -> Asked:
    webhook = _webhook(world)
    message = world.as_(PUBLISHER).post(f"/v1/webhooks/{webhook}/test")["id"]
    return Asked({"webhook": webhook, "message": message}, {})


def _ruling(world: World) -> Asked:
    known = world.web.get(f"/v1/policies/{cast.DOCUMENT}")["assumptions"]
    still_open = next(each["id"] for each in known if each["open"] and each["default"] is not None)
    return Asked(body=steps.ruling(still_open, "YZ-99"))


def _entry(world: World) -> Asked:
    with world.house.database.reading() as connection:
        found = connection.execute(select(entries.c.id).order_by(entries.c.id).limit(1)).scalar_one()
    return Asked({"entry": found})


def _removable(world: World) -> Asked:
    path = f"{uuid4().hex}.csv"
    steps.add_file(world.as_(PUBLISHER), world.ids["draft_open"], path, 3)
    return Asked({"draft": world.ids["draft_open"]}, None, {"path": path})


def _signable(world: World) -> Asked:
    order = world.ids["order_placed"]
    return Asked({"order": order}, {"contract_digest": steps.offer_contract(world, order)})


def _sealable(world: World) -> Asked:
    made = world.as_(PUBLISHER).post("/v1/listings", steps.data_listing_body(world))
    return Asked({"listing": made["id"]}, {})


def _sealed(world: World) -> Asked:
    world.as_(PUBLISHER).post(f"/v1/listings/{world.ids['listing']}/sample", {})
    return Asked({"listing": world.ids["listing"]})


def _invoiceable(world: World) -> Asked:
    order = steps.accept(world, steps.place(world, world.ids["listing"]))
    steps.deliver(world, order)
    return Asked({"order": order}, steps.invoice_body(world, 90))


def _logged(world: World) -> Asked:
    # A dossier holds proofs of the log, which the sequencer writes.
    run_once(world.house)
    return Asked({"case": world.ids["case"]})


def _change(world: World) -> Asked:
    since = {"valid_from": steps.TODAY, "source": "登记", "obtained_on": steps.TODAY}
    changed = steps.firm_body(cast.SILK) | {"name": "丝路文旅集团股份有限公司"} | since
    return Asked({"firm": world.ids[STRANGER]}, changed)


def _control(world: World) -> Asked:
    since = {"valid_from": "2024-01-01", "valid_until": None, "source": "登记", "obtained_on": steps.ISSUED_ON}
    link = {"controller": world.ids[STRANGER], "controlled": world.ids[COMPUTE], "kind": "equity", "share_bp": 6_000}
    return Asked(body=link | since)


def _sanction(world: World) -> Asked:
    return Asked(
        body={
            "firm": world.ids[STRANGER],
            "organ": "市场监管局",
            "document_number": "处罚〔2026〕1号",
            "legal_basis": "条例",
            "scope": ["all"],
            "valid_from": "2026-02-01",
            "valid_until": "2027-02-01",
            "served_on": "2026-02-01",
            "source": "公示",
            "obtained_on": "2026-02-02",
        }
    )


REQUESTED: Final = {"purpose": "模型训练", "contact": "王工"}
TERMS: Final = "仅限研究。"


def _termed(world: World) -> Asked:
    world.as_(PUBLISHER).post(f"/v1/datasets/{OPEN_DATASET}/terms", {"text": TERMS})
    return Asked(dataset_path(OPEN_DATASET, number="1"), {"sha256": hashlib.sha256(TERMS.encode()).hexdigest()})


def _requested(body: Mapping[str, Any] | None = None, then: str = "") -> Callable[[World], Asked]:
    """Return an answer to a stranger's request, which was answered ``then`` before."""

    def make(world: World) -> Asked:
        made = world.as_(STRANGER).post(f"/v1/datasets/{DATASET}/requests", REQUESTED)["id"]
        if then:
            world.as_(PUBLISHER).post(f"/v1/grant-requests/{made}/{then}", {}, status=200)
        return Asked({"request": made}, body)

    return make


STAFF_ACCESS: Final = {"days": 3, "reason": "核验采信"}
RECALL: Final = {"reason": "含个人信息", "legal_basis": "数据安全法 44", "document_number": "伊数〔2026〕7号"}


def _staff_access(world: World) -> Asked:
    reviewer = world.as_(OFFICE, Role.REVIEWER)
    return Asked({"access": reviewer.post(f"/v1/datasets/{DATASET}/staff-accesses", STAFF_ACCESS)["id"]})


def _recalled(world: World) -> Asked:
    reviewer = world.as_(OFFICE, Role.REVIEWER)
    reviewer.post(f"/v1/datasets/{DATASET}/versions/v1/recall", RECALL, status=200)
    return Asked(dataset_path(version="v1"))


ERASURE: Final = RECALL | {"versions": [f"{OPEN_DATASET}@v1"]}


def _erasure(then: str = "") -> Callable[[World], Asked]:
    """Return a request on an order of the reviewer, which a section head answered ``then`` before."""

    def make(world: World) -> Asked:
        made = world.as_(OFFICE, Role.REVIEWER).post("/v1/erasures", ERASURE)["id"]
        if then:
            world.as_(OFFICE, Role.SECTION_HEAD).post(f"/v1/erasures/{made}/{then}", {}, status=200)
        return Asked({"erasure": made, **dataset_path(OPEN_DATASET, version="v1")})

    return make


WITHDRAWN_LEADER: Final = {"uscc": cast.XIYU.uscc, "withdrawn_on": "2026-03-01", "reason": "名单调整"}
VERIFIED: Final = {"status": "verified", "checked_on": steps.TODAY}


def _manifest_page(world: World) -> Asked:
    root = world.web.get(f"/v1/datasets/{DATASET}/versions/v1/manifest")["root"]
    return Asked(dataset_path(version="v1") | {"digest": root["pages"][0]["digest"]})


PACKED: Final = {"path": "packed.txt", "size_bytes": 1, "sha256": "0" * 64}

SAMPLES: Final[dict[str, Sample]] = {
    # Accounts.
    "activate_account": Sample(_invited, each=True),
    "add_member": Sample(plain(body=steps.member("new.member", Role.READER))),
    "add_officer": Sample(plain(body=steps.member("new.officer", Role.AUDITOR))),
    "list_members": Sample(plain(), also=Action.MANAGE_OFFICERS),
    "end_member": Sample(named("account", f"{PUBLISHER}.reader"), of(PUBLISHER)),
    "create_token": Sample(plain(body={"label": "x", "scopes": ["read"], "datasets": None, "expires_in_days": 1})),
    "list_tokens": Sample(plain()),
    "end_token": Sample(_own_token, of(PUBLISHER), frozenset({Role.OWNER})),
    "show_me": Sample(plain()),
    # Mail.
    "show_mail_address": Sample(_mail_address, of(PUBLISHER), frozenset({Role.OWNER})),
    "state_mail_address": Sample(_mail_server),
    "verify_mail_address": Sample(_mail_code, of(PUBLISHER), frozenset({Role.OWNER}), succeeds=False),
    "remove_mail_address": Sample(_mail_address, of(PUBLISHER), frozenset({Role.OWNER})),
    "list_followed": Sample(plain()),
    "follow_dataset": Sample(plain(dataset_path(), {})),
    "unfollow_dataset": Sample(plain(dataset_path(), {})),
    # Quotas.
    "show_own_quota": Sample(plain(), frozenset(firm.key for firm in steps.FIRMS)),
    "show_quota": Sample(named("firm", PUBLISHER), of(PUBLISHER, OFFICE)),
    "set_quota": Sample(named("firm", PUBLISHER, {"drafts_open": 7}), of(OFFICE)),
    # Webhooks.
    "create_webhook": Sample(plain(body={"url": "https://1.1.1.1/hook", "topics": ["version.published"]})),
    "list_webhooks": Sample(plain()),
    "show_webhook_secret": Sample(_of_webhook, of(PUBLISHER)),
    "rotate_webhook_secret": Sample(_of_webhook, of(PUBLISHER)),
    "disable_webhook": Sample(_of_webhook, of(PUBLISHER)),
    "send_test_message": Sample(_of_webhook, of(PUBLISHER)),
    "list_deliveries": Sample(_of_webhook, of(PUBLISHER)),
    "replay_delivery": Sample(_delivery, of(PUBLISHER)),
    # Policy.
    "load_policy": Sample(plain(body={"document": cast.DOCUMENT, "issued_on": steps.ISSUED_ON, "reference": "文号"})),
    "list_policies": Sample(plain()),
    "show_policy": Sample(plain({"document": cast.DOCUMENT})),
    "list_policy_documents": Sample(plain()),
    "show_policy_document": Sample(plain({"document": cast.DOCUMENT})),
    "explain_instrument": Sample(plain({"instrument": "yz-14a"})),
    "check_policy": Sample(plain(body={"name": "mine.toml", "text": _POLICY_FILE})),
    "ask_verdict": Sample(plain(body={"instrument": "yz-14a", "facts": {"independent_leading_adopters": 3}})),
    "enter_ruling": Sample(_ruling, of(OFFICE)),
    "list_rulings": Sample(plain()),
    # Parties.
    "register_firm": Sample(plain(body=steps.firm_body(NEW_FIRM))),
    "list_firms": Sample(plain()),
    "show_firm": Sample(named("firm", PUBLISHER)),
    "change_firm": Sample(_change),
    "record_control": Sample(_control),
    "record_fact": Sample(lambda world: Asked(body=steps.fact(world.ids[STRANGER]))),
    "admit_leader_list": Sample(plain(body=steps.leader_list([cast.SILK], "2026-1"))),
    "list_leader_lists": Sample(plain()),
    "withdraw_leader": Sample(named("leader_list", "leader_list", WITHDRAWN_LEADER), of(OFFICE)),
    "register_provider": Sample(lambda world: Asked(body=steps.provider(world.ids[STRANGER], "quality_laboratory"))),
    "list_providers": Sample(plain()),
    "record_sanction": Sample(_sanction),
    "record_credit": Sample(_credit),
    "enter_firm_end": Sample(lambda world: Asked(body=_firm_end(world))),
    "list_firm_ends": Sample(plain()),
    "revoke_firm_end": Sample(_entered_end, of(OFFICE)),
    "import_leader_list": Sample(plain(body=_imported_list())),
    "check_leader_list": Sample(plain(body={"content_base64": _LIST_FILE})),
    "show_controller": Sample(named("firm", PUBLISHER), of(PUBLISHER, OFFICE, OTHER_OFFICE)),
    "show_relation": Sample(
        lambda world: Asked({"firm": world.ids[PUBLISHER], "other": world.ids[BUYER]}),
        of(PUBLISHER, BUYER, OFFICE, OTHER_OFFICE),
    ),
    "show_register": Sample(named("firm", PUBLISHER), EVERY_OFFICE),
    "list_state_bodies": Sample(plain()),
    "list_corrections": Sample(plain(), EVERY_OFFICE),
    "show_correction": Sample(_corrected, of(OFFICE)),
    "list_register_reviews": Sample(named("case", "case"), of(OFFICE)),
    "answer_register_review": Sample(_review_opened, of(OFFICE)),
    # Uploads and evidence.
    "sign_part_urls": Sample(named("upload", "upload_open", {"numbers": [1]}), of(PUBLISHER)),
    "show_upload": Sample(named("upload", "upload_open"), of(PUBLISHER)),
    "complete_upload": Sample(_completed, of(PUBLISHER)),
    "abort_upload": Sample(named("upload", "upload_open"), of(PUBLISHER)),
    "file_evidence": Sample(plain(body={"kind": "other", "file_name": "a.txt", "size_bytes": 3, "sha256": "0" * 64})),
    # What is a firm's is open to the office whose register the firm stands in.
    "show_evidence": Sample(_document, of(PUBLISHER, OFFICE)),
    "read_evidence": Sample(_document, of(PUBLISHER, OFFICE)),
    # Datasets.
    "create_dataset": Sample(plain(body=steps.dataset_body("another/wind"))),
    "search_datasets": Sample(plain(q="风电")),
    "show_dataset": Sample(plain(dataset_path())),
    "rename_dataset": Sample(plain(dataset_path(), {"name": "lvtu/renamed"}), of(PUBLISHER)),
    "open_draft": Sample(plain(dataset_path(OPEN_DATASET), steps.draft_body()), of(PUBLISHER)),
    "show_draft": Sample(named("draft", "draft_open"), of(PUBLISHER)),
    "add_draft_file": Sample(named("draft", "draft_open", {"path": "new.csv", "size_bytes": 3}), of(PUBLISHER)),
    "remove_draft_file": Sample(_removable, of(PUBLISHER), each=True),
    "ask_holdings": Sample(named("draft", "draft_open", {"files": [{"size_bytes": 3, "sha256": None}]}), of(PUBLISHER)),
    "change_draft_files": Sample(named("draft", "draft_open", {"remove": ["nothing.csv"]}), of(PUBLISHER)),
    "add_draft_pack": Sample(named("draft", "draft_open", {"files": [PACKED]}), of(PUBLISHER)),
    "list_draft_files": Sample(named("draft", "draft_open"), of(PUBLISHER)),
    "submit_draft": Sample(_submittable, of(PUBLISHER)),
    "abandon_draft": Sample(named("draft", "draft_open", {}), of(PUBLISHER)),
    "publish_draft": Sample(named("draft", "draft_verified", {}), of(PUBLISHER)),
    "list_versions": Sample(plain(dataset_path())),
    "show_usage": Sample(plain(dataset_path()), of(PUBLISHER, OFFICE)),
    "show_version": Sample(plain(dataset_path(version="v1"))),
    "show_manifest": Sample(plain(dataset_path(version="v1"))),
    "show_manifest_page": Sample(_manifest_page),
    "list_folder": Sample(plain(dataset_path(version="v1"))),
    "show_difference": Sample(lambda _: Asked(dataset_path(), None, {"from": 1, "to": 1})),
    "list_version_files": Sample(plain(dataset_path(version="v1"))),
    "show_file_inventory": Sample(
        lambda _: Asked(dataset_path(OPEN_DATASET, version="v1"), None, {"path": "data/wind.csv"})
    ),
    "sign_read_urls": Sample(plain(dataset_path(OPEN_DATASET, version="v1"), {"paths": ["data/wind.csv"]})),
    "read_contents": Sample(plain(dataset_path(OPEN_DATASET, version="v1"), {"paths": ["data/wind.csv"]})),
    "read_content": Sample(plain(dataset_path(OPEN_DATASET, version="v1") | {"path": "data/wind.csv"})),
    "withdraw_version": Sample(plain(dataset_path(version="v1"), {"reason": "仪表有误"}), of(PUBLISHER)),
    "show_lineage": Sample(plain(dataset_path(version="v1"))),
    # What is stated of them.
    "list_dataset_statements": Sample(plain(dataset_path())),
    "list_version_statements": Sample(plain(dataset_path(version="v1"))),
    "correct_card": Sample(
        plain(dataset_path(), {"title": "风电功率", "description": "更正", "keywords": ["风电"]}), of(PUBLISHER)
    ),
    "state_licence": Sample(plain(dataset_path(), {"licence": "CC0-1.0", "reason": "更正"}), of(PUBLISHER)),
    "deprecate_dataset": Sample(plain(dataset_path(), {"reason": "已更换"}), of(PUBLISHER)),
    "deprecate_version": Sample(
        plain(dataset_path(version="v1"), {"reason": "已更换", "successor": OPEN_DATASET}), of(PUBLISHER)
    ),
    "state_grade": Sample(
        plain(dataset_path(version="v1"), {"grade": "important", "basis": "GB/T 43697"}), of(PUBLISHER)
    ),
    "correct_provenance": Sample(
        plain(dataset_path(version="v1"), {"origin": "enterprise", "source": "自建测风塔（更正）", "reason": "更正"}),
        of(PUBLISHER),
    ),
    "state_rights": Sample(
        plain(dataset_path(version="v1"), {"rights": [{"kind": "holding", "basis": "自有测风塔"}]}), of(PUBLISHER)
    ),
    "state_registrations": Sample(
        plain(dataset_path(version="v1"), {"registrations": [steps.REGISTRATION]}), of(PUBLISHER)
    ),
    "state_industry": Sample(
        plain(dataset_path(version="v1"), {"code": "D4415", "key_industry": "smart_energy"}), of(PUBLISHER)
    ),
    # No version of the small world is under embargo.
    "state_embargo": Sample(plain(dataset_path(version="v1"), {"until": None}), of(PUBLISHER), succeeds=False),
    # Who may read.
    "explain_access": Sample(plain(dataset_path(version="v1"))),
    "set_access": Sample(plain(dataset_path(OPEN_DATASET), {"access": "gated", "reason": "合同要求"}), of(PUBLISHER)),
    "set_terms": Sample(plain(dataset_path(OPEN_DATASET), {"text": TERMS}), of(PUBLISHER)),
    "list_terms": Sample(plain(dataset_path(OPEN_DATASET))),
    "accept_terms": Sample(_termed),
    "list_acceptances": Sample(plain(dataset_path(OPEN_DATASET)), of(PUBLISHER, OFFICE)),
    "ask_for_grant": Sample(plain(dataset_path(), REQUESTED)),
    "list_grant_requests": Sample(plain()),
    "show_grant_request": Sample(_requested(), of(STRANGER, PUBLISHER)),
    "grant_request": Sample(_requested({"until": None}), of(PUBLISHER)),
    "refuse_request": Sample(_requested({"reason": "用途不符"}), of(PUBLISHER)),
    "end_granted": Sample(_requested({"reason": "合同到期"}, "grant"), of(PUBLISHER)),
    "take_back_request": Sample(_requested(), of(STRANGER)),
    "list_grants": Sample(plain(dataset_path()), of(PUBLISHER, OFFICE)),
    # What officers do with content.
    "open_staff_access": Sample(plain(dataset_path(), STAFF_ACCESS), of(OFFICE)),
    # The access is the officer's own, and it was the reviewer who opened it.
    "end_staff_access": Sample(_staff_access, of(OFFICE), frozenset({Role.REVIEWER})),
    "list_staff_accesses": Sample(plain(dataset_path()), of(PUBLISHER, OFFICE)),
    "list_staff_reads": Sample(_staff_access, of(PUBLISHER, OFFICE)),
    "recall_version": Sample(plain(dataset_path(version="v1"), RECALL), of(OFFICE)),
    "show_recall": Sample(_recalled),
    "list_holders": Sample(_recalled, of(PUBLISHER, OFFICE)),
    # Erasure by law.
    "request_erasure": Sample(plain(body=ERASURE), of(OFFICE)),
    "list_erasures": Sample(plain()),
    "show_erasure": Sample(_erasure(), of(OFFICE)),
    "confirm_erasure": Sample(_erasure(), of(OFFICE)),
    "take_back_erasure": Sample(_erasure(), of(OFFICE)),
    "show_tombstone": Sample(_erasure("confirm")),
    # Adoption and quality.
    "attest_adoption": Sample(lambda world: Asked(body=steps.adoption_body(world, BUYER)), of(BUYER)),
    "withdraw_adoption": Sample(named("receipt", f"receipt_{ADOPTER}", {"reason": "停用"}), of(ADOPTER)),
    "countersign_adoption": Sample(named("receipt", f"receipt_{ADOPTER}"), of(PUBLISHER)),
    "count_adoption": Sample(plain(dataset_path())),
    "list_adoption_reviews": Sample(plain()),
    "answer_adoption_review": Sample(_reviewed_adoption, of(OFFICE)),
    "show_badge": Sample(plain(dataset_path())),
    "draw_badge": Sample(plain(dataset_path())),
    # Boards and lists.
    "show_boards": Sample(plain()),
    "show_adoption_statistics": Sample(plain(on="2026-03-01")),
    "export_table": Sample(plain({"table": "boards"})),
    "list_scenes": Sample(plain()),
    "publish_scene": Sample(plain(body=SCENE)),
    "answer_scene": Sample(_scene_to_answer, of(PUBLISHER)),
    "end_scene": Sample(_scene, of(OFFICE)),
    "list_annotations": Sample(plain()),
    "add_annotation": Sample(plain(body=ANNOTATION)),
    "move_annotation": Sample(_annotation, of(OFFICE)),
    "list_typical_cases": Sample(plain()),
    "enter_typical_case": Sample(plain(body=TYPICAL_CASE)),
    "end_typical_case": Sample(_typical_case, of(OFFICE)),
    # Whether a firm is a laboratory, the register says, not its roles.
    "file_quality_report": Sample(lambda world: Asked(body=steps.report_body(world))),
    # Exchange.
    "offer_listing": Sample(lambda world: Asked(body=steps.data_listing_body(world)), of(PUBLISHER)),
    "accept_listing": Sample(named("listing", "listing_offered"), of(EXCHANGE)),
    "end_listing": Sample(named("listing", "listing"), of(PUBLISHER, EXCHANGE)),
    "list_listings": Sample(plain()),
    "list_licences": Sample(plain()),
    "seal_listing_sample": Sample(_sealable, of(PUBLISHER), each=True),
    "show_listing_sample": Sample(_sealed),
    "show_listing": Sample(named("listing", "listing")),
    "place_order": Sample(lambda world: Asked(body=steps.order_body(world, world.ids["listing"]))),
    "accept_order": Sample(named("order", "order_placed"), of(EXCHANGE)),
    "sign_contract": Sample(_signable, of(BUYER)),
    "decline_order": Sample(named("order", "order_placed"), of(EXCHANGE)),
    "cancel_order": Sample(named("order", "order_placed"), of(BUYER)),
    "confirm_delivery": Sample(
        lambda world: Asked({"order": world.ids["order"]}, {"content_digest": world.ids[DATASET], "usage": None}),
        of(BUYER),
    ),
    "state_period": Sample(
        lambda world: Asked({"order": order_samples.compute_order(world)}, order_samples.period_body(world)),
        of(COMPUTE),
    ),
    "read_period_log": Sample(
        lambda world: Asked({"period": order_samples.period_with_log(world)}), of(BUYER, COMPUTE, OFFICE)
    ),
    "accept_period": Sample(lambda world: Asked({"period": order_samples.period(world)}, {"reason": ""}), of(BUYER)),
    "object_period": Sample(
        lambda world: Asked({"period": order_samples.period(world)}, {"reason": "日志重复计时"}), of(BUYER)
    ),
    "issue_invoice": Sample(_invoiceable, of(EXCHANGE)),
    "verify_invoice": Sample(named("invoice", "invoice", VERIFIED), of(OFFICE)),
    "record_payment": Sample(
        lambda world: Asked({"order": world.ids["order_delivered"]}, steps.payment_body(world, "PAY-90")), of(BUYER)
    ),
    "issue_red_letter": Sample(
        lambda world: Asked({"invoice": world.ids["invoice"]}, order_samples.red_letter_body(world, 71)), of(EXCHANGE)
    ),
    "verify_red_letter": Sample(
        lambda world: Asked(
            {"red_letter": order_samples.red_letter(world)}, {"status": "verified", "checked_on": world.today()}
        ),
        of(OFFICE),
    ),
    "record_refund": Sample(
        lambda world: Asked(
            {"order": order_samples.paid(world)}, order_samples.refund_body(world, world.ids["invoice"])
        ),
        of(EXCHANGE),
    ),
    "answer_refund": Sample(lambda world: Asked({"refund": order_samples.refund(world)}, {"arrived": True}), of(BUYER)),
    "list_orders": Sample(plain()),
    "open_dispute": Sample(named("order", "order_delivered", {"reason": "半数为空"}), of(BUYER)),
    "propose_remedy": Sample(
        lambda world: Asked({"dispute": order_samples.dispute(world)}, {"remedy": "redelivery"}), of(EXCHANGE)
    ),
    "settle_dispute": Sample(lambda world: Asked({"dispute": order_samples.proposed(world)}), of(BUYER)),
    "withdraw_dispute": Sample(lambda world: Asked({"dispute": order_samples.dispute(world)}), of(BUYER)),
    "decide_dispute": Sample(
        lambda world: Asked({"dispute": order_samples.dispute(world)}, order_samples.DECISION), of(OFFICE)
    ),
    "list_waiting_orders": Sample(plain()),
    "show_order_metering": Sample(
        lambda world: Asked({"order": world.ids["order"]}, query={"first": "2026-03-01", "last": "2026-03-31"}),
        of(BUYER, EXCHANGE, OFFICE),
    ),
    "list_metering": Sample(plain()),
    "show_order": Sample(named("order", "order"), of(BUYER, EXCHANGE, OFFICE)),
    # Vouchers.
    "open_pool": Sample(plain(body={"document": cast.DOCUMENT, "pool": "yz-4"}), of(OFFICE), succeeds=False),
    "list_pools": Sample(plain()),
    "show_pool": Sample(named("pool", "pool")),
    "quote_voucher": Sample(lambda world: Asked(query={"order": world.ids["order_delivered"]}), of(BUYER, OFFICE)),
    "publish_voucher_round": Sample(
        lambda world: Asked(body=voucher_round_steps.voucher_round_terms(world)), of(OFFICE)
    ),
    "list_voucher_rounds": Sample(plain()),
    "show_voucher_round": Sample(lambda world: Asked({"round_id": voucher_round_steps.a_voucher_round(world)})),
    "cancel_voucher_round": Sample(
        lambda world: Asked({"round_id": voucher_round_steps.a_voucher_round(world)}), of(OFFICE)
    ),
    "move_voucher_round_closing": Sample(
        lambda world: Asked(
            {"round_id": voucher_round_steps.a_voucher_round(world)}, voucher_round_steps.later_closing(world)
        ),
        of(OFFICE),
    ),
    "withdraw_voucher_request": Sample(
        lambda world: Asked({"request_id": voucher_round_steps.a_voucher_request(world)}), of(BUYER)
    ),
    "divide_voucher_round": Sample(_divisible_voucher_round, of(OFFICE), succeeds=False),
    "request_voucher": Sample(_voucher_requested, of(BUYER), succeeds=False),
    "list_voucher_requests": Sample(
        lambda world: Asked({"round_id": voucher_round_steps.a_voucher_round(world)}),
        frozenset({OFFICE, *(firm.key for firm in steps.FIRMS)}),
    ),
    "hold_voucher": Sample(lambda world: Asked(body={"order": world.ids["order_delivered"]}), of(BUYER)),
    "redeem_voucher": Sample(
        lambda world: Asked({"voucher": world.ids["voucher"]}, steps.redemption(world.ids["voucher_invoice"])),
        of(BUYER),
    ),
    "release_voucher": Sample(named("voucher", "voucher_held"), of(BUYER)),
    "lessen_claim": Sample(lambda world: Asked({"voucher": desk.claim_to_lessen(world)}), of(OFFICE)),
    "list_claims_to_lessen": Sample(plain()),
    "list_vouchers": Sample(plain()),
    "show_voucher": Sample(named("voucher", "voucher"), of(BUYER, OFFICE)),
    "list_pattern_findings": Sample(named("voucher", "voucher_redeemed"), of(OFFICE)),
    "decide_pattern_finding": Sample(named("voucher", "voucher_redeemed", desk.DECISION), of(OFFICE), succeeds=False),
    "list_year_payments_csv": Sample(plain({"year": 2026})),
    "list_year_payments_xlsx": Sample(plain({"year": 2026})),
    "reconcile_year": Sample(plain(body=desk.RECONCILED)),
    "list_reconciliations": Sample(plain()),
    "show_reconciliation": Sample(
        lambda world: Asked({"reconciliation": desk.reconciliation(world)["id"]}), of(OFFICE)
    ),
    "sign_reconciliation": Sample(_reconcilable, of(OFFICE)),
    "propose_closing": Sample(lambda world: Asked(body=desk.reconciled(world))),
    "list_closings": Sample(plain()),
    "show_closing": Sample(lambda world: Asked({"closing": desk.closing(world)["id"]}), of(OFFICE)),
    "confirm_closing": Sample(_confirmable, of(OFFICE)),
    "show_burn_down": Sample(named("pool", "pool"), of(OFFICE)),
    "show_queue": Sample(plain(budget_year=2026)),
    "show_holds": Sample(plain()),
    "list_firm_years_used": Sample(plain()),
    "list_external_uses": Sample(plain()),
    "record_external_use": Sample(lambda world: Asked(body=desk.external_use(world)), of(OFFICE)),
    "end_external_use": Sample(
        lambda world: Asked({"use": desk.ended_use(world)}, {"number": "9号", "reason": "收回"}), of(OFFICE)
    ),
    "list_firm_years": Sample(lambda world: Asked(query={"firm": world.ids[BUYER]}), of(BUYER) | EVERY_OFFICE),
    "show_ledger": Sample(plain()),
    "propose_opening": Sample(plain(body=steps.opening())),
    "list_openings": Sample(plain()),
    "show_opening": Sample(_opening(None), of(OFFICE)),
    "confirm_opening": Sample(_opening("digest"), of(OFFICE)),
    "appropriate": Sample(plain(body=steps.appropriation(steps.AWARD_LINE, "F-9"))),
    "list_appropriations": Sample(plain()),
    # Cases.
    "check_award": Sample(plain(instrument="yz-14a", dataset=DATASET), of(PUBLISHER, OFFICE)),
    "apply_for_award": Sample(_applicable, of(PUBLISHER)),
    "register_person": Sample(lambda _: Asked(body=_person_body()), each=True),
    "show_person": Sample(_registered_person, of(OFFICE)),
    "erase_person": Sample(_erasable_person, of(OFFICE)),
    "check_grant": Sample(_grant, of(PUBLISHER)),
    "apply_for_grant": Sample(_grant, of(PUBLISHER), each=True),
    "get_claim": Sample(_of_grant(None), of(PUBLISHER, OFFICE)),
    "assess_grant": Sample(_of_grant(ASSESSMENT), of(OFFICE)),
    "ask_correction": Sample(_of_grant(DEFECTS), of(OFFICE)),
    "answer_correction": Sample(_correction, of(PUBLISHER)),
    "close_silent_case": Sample(_lapsing, of(OFFICE), succeeds=False),
    "ask_departments": Sample(_of_grant({"departments": ["科工局"]}), of(OFFICE)),
    "record_department": Sample(_asked_department, of(OFFICE)),
    "list_rounds": Sample(plain()),
    "get_round": Sample(_own_round(None)),
    "publish_round": Sample(
        lambda world: Asked(body={**round_steps.round_terms(world), "instrument": round_steps.INSTRUMENT}), of(OFFICE)
    ),
    "revise_round": Sample(_own_round(round_steps.round_terms), of(OFFICE)),
    "move_round_closing": Sample(_own_round(_later_closing, opened=True), of(OFFICE)),
    "get_round_division": Sample(_own_round(None), of(OFFICE)),
    "divide_round": Sample(_divisible, of(OFFICE)),
    "get_round_of_case": Sample(lambda world: Asked({"case": _in_round(world)}), of(PUBLISHER, OFFICE)),
    "list_experts": Sample(plain()),
    "enter_expert": Sample(
        lambda world: Asked(body={"account": world.ids[f"{OFFICE}.expert"], "note": "教授"}), of(OFFICE)
    ),
    "end_expert": Sample(_expert_entry, of(OFFICE)),
    "draw_experts": Sample(_without_panel, of(OFFICE)),
    "replace_expert": Sample(_replaceable, of(OFFICE)),
    "get_scores": Sample(_drawn(None), of(PUBLISHER, OFFICE)),
    "open_scores": Sample(_all_scored, of(OFFICE)),
    "list_expert_cases": Sample(plain()),
    "get_expert_case": Sample(_drawn(None), of(OFFICE)),
    "list_expert_evidence": Sample(_drawn(None), of(OFFICE)),
    "read_expert_evidence": Sample(_drawn_with_evidence, of(OFFICE)),
    "give_scores": Sample(_drawn(round_steps.MARKS), of(OFFICE)),
    "form_payment_batch": Sample(
        lambda world: Asked(body={"document": cast.DOCUMENT, "vouchers": [world.ids["voucher_redeemed"]]}), of(OFFICE)
    ),
    "list_cases": Sample(plain()),
    "get_case": Sample(named("case", "case"), of(PUBLISHER, OFFICE)),
    "review_case": Sample(named("case", "case", steps.review_body()), of(OFFICE)),
    "post_notice": Sample(_reviewed(steps.NOTICE), of(OFFICE)),
    "sign_case": Sample(_reviewed(steps.SIGNATURE), of(OFFICE), frozenset({Role.SECTION_HEAD})),
    "raise_objection": Sample(lambda world: Asked({"case": _noticed(world)}, {"reason": "早有发布"})),
    "answer_objection": Sample(_objection, of(OFFICE)),
    "decide_late_objection": Sample(_late_objection, of(OFFICE)),
    "sign_split": Sample(_shared(signed=False), of(BUYER)),
    "withdraw_split_signature": Sample(_shared(signed=True), of(BUYER)),
    "withdraw_case": Sample(named("case", "case", {"reason": "撤回"}), of(PUBLISHER)),
    "instruct_payment": Sample(_payable, of(OFFICE)),
    "record_case_payment": Sample(_instructed, of(OFFICE)),
    "review_case_payment": Sample(_came_between, of(OFFICE)),
    "return_case_payment": Sample(_returned, of(OFFICE)),
    "get_dossier": Sample(_logged, of(PUBLISHER, OFFICE)),
    "draw_sample": Sample(plain(body=SAMPLED), succeeds=False),
    "list_samples": Sample(plain()),
    "show_sample": Sample(_sampled(), of(OFFICE)),
    "record_sample_finding": Sample(_sampled({"in_order": True, "text": "相符"}), of(OFFICE)),
    "archive_case": Sample(lambda world: Asked({"case": aftercare.archivable(world)}), of(OFFICE)),
    "show_archive": Sample(lambda world: Asked({"case": aftercare.archived(world)}), of(PUBLISHER, OFFICE)),
    "fetch_archive": Sample(lambda world: Asked({"case": aftercare.archived(world)}), of(PUBLISHER, OFFICE)),
    "list_archives": Sample(plain()),
    "hold_archive": Sample(lambda world: Asked({"case": aftercare.refused(world)}, aftercare.ORDER), of(OFFICE)),
    "lift_archive_hold": Sample(lambda world: Asked({"hold": aftercare.held(world)}, aftercare.ORDER), of(OFFICE)),
    "propose_archive_disposal": Sample(
        lambda world: Asked({"case": aftercare.archived(world)}, {"reason": "期满"}), of(OFFICE), succeeds=False
    ),
    "decide_archive_disposal": Sample(
        lambda world: Asked({"case": aftercare.archived(world)}, {"confirmed": True, "reason": "同意"}),
        of(OFFICE),
        succeeds=False,
    ),
    # Recoveries and remedies. All three ranks signed the award, so none of them decides on its recovery.
    "open_recovery": Sample(lambda world: Asked({"case": aftercare.paid(world)}, aftercare.OPENING), of(OFFICE)),
    "list_recoveries": Sample(plain()),
    "show_recovery": Sample(_of_recovery(aftercare.opened), of(PUBLISHER, OFFICE)),
    "notify_party_of_recovery": Sample(_of_recovery(aftercare.opened, aftercare.service_body), of(OFFICE)),
    "state_on_recovery": Sample(_of_recovery(aftercare.notified, lambda _: {"statement": "有异议"}), of(PUBLISHER)),
    "hear_party_of_recovery": Sample(_of_recovery(aftercare.notified, lambda _: {"statement": "书面"}), of(OFFICE)),
    "decide_recovery": Sample(
        _of_recovery(aftercare.heard, lambda _: {"amount_fen": 1, "reasons": "重复"}), of(), succeeds=False
    ),
    "drop_recovery": Sample(_of_recovery(aftercare.heard, lambda _: {"reasons": "查清"}), of(), succeeds=False),
    "serve_recovery": Sample(_of_recovery(aftercare.heard, aftercare.service_body), of(OFFICE), succeeds=False),
    "record_repayment": Sample(
        _of_recovery(
            aftercare.heard, lambda world: {"amount_fen": 1, "bank_receipt": "R-1", "received_on": world.today()}
        ),
        of(OFFICE),
        succeeds=False,
    ),
    "reappropriate_recovery": Sample(
        _of_recovery(aftercare.heard, lambda _: {"budget_year": 2027, "line": steps.AWARD_LINE, "number": "7号"}),
        of(OFFICE),
        succeeds=False,
    ),
    "pay_back_recovery": Sample(
        _of_recovery(
            aftercare.heard,
            lambda world: {
                "budget_year": 2026,
                "line": steps.AWARD_LINE,
                "payment_voucher_number": "PV-9",
                "bank_receipt": "R-9",
                "paid_on": world.today(),
            },
        ),
        of(OFFICE),
        succeeds=False,
    ),
    "serve_refusal": Sample(
        lambda world: Asked({"case": aftercare.refused(world)}, aftercare.service_body(world)), of(OFFICE)
    ),
    "file_remedy": Sample(
        lambda world: Asked(body=aftercare.remedy_body(aftercare.refused(world))),
        of(PUBLISHER, OFFICE),
        also=Action.REVIEW_CASE,
    ),
    "list_remedies": Sample(plain()),
    "show_remedy": Sample(_of_remedy(aftercare.filed), of(PUBLISHER, OFFICE)),
    "suspend_by_remedy": Sample(
        _of_remedy(aftercare.filed, {"suspended": True, "number": "停1号", "reason": "困难"}), of(OFFICE)
    ),
    "end_remedy": Sample(
        _of_remedy(
            aftercare.filed,
            {"outcome": "annulled", "number": "复1号", "decided_on": steps.TODAY, "reasons": "事实不清"},
        ),
        of(OFFICE),
    ),
    "withdraw_remedy": Sample(
        _of_remedy(aftercare.filed, {"reason": "和解"}), of(PUBLISHER, OFFICE), also=Action.REVIEW_CASE
    ),
    "check_case_form": Sample(lambda world: Asked({"case": world.ids["case"], "digest": "0" * 64})),
    "set_probe_term": Sample(plain(body=PROBE_TERM)),
    "list_probe_terms": Sample(plain()),
    "list_probed_notices": Sample(plain()),
    "record_notice_probes": Sample(_probed),
    "list_case_probes": Sample(_probed_case, of(PUBLISHER, OFFICE)),
    "state_performance_targets": Sample(named("case", "case", TARGETS), of(PUBLISHER)),
    "evaluate_performance": Sample(_evaluable, of(OFFICE)),
    "show_performance": Sample(named("case", "case"), of(PUBLISHER, OFFICE)),
    "list_due_evaluations": Sample(plain()),
    "print_case_form": Sample(named("case", "case"), of(PUBLISHER, OFFICE)),
    "list_payments_csv": Sample(named("case", "case"), of(OFFICE)),
    "list_payments_xlsx": Sample(named("case", "case"), of(OFFICE)),
    "list_notices": Sample(plain()),
    # Contests of novelty.
    "open_contest": Sample(
        lambda world: Asked(body=contests.contest_body(world, contests.a_copy(world))), of(STRANGER)
    ),
    "list_contests": Sample(plain()),
    "get_contest": Sample(_contested(), of(STRANGER, PUBLISHER, OFFICE)),
    # A document is filed by the firm whose it is.
    "file_contest_evidence": Sample(_filing, of(STRANGER)),
    "read_contest_evidence": Sample(_filed, of(STRANGER, PUBLISHER, OFFICE)),
    "withdraw_contest": Sample(_contested({"reason": "已和解"}), of(STRANGER)),
    "list_contest_draws": Sample(_contested(), of(OFFICE)),
    "draw_contest_reviewer": Sample(_undrawn, of(OFFICE)),
    "decide_contest": Sample(_decidable, of(OFFICE)),
    "recuse_contest_decider": Sample(_decided, of(OFFICE), frozenset({Role.REVIEWER, Role.REGISTRAR})),
    "list_contest_reviews": Sample(plain()),
    "answer_contest_review": Sample(_lost, of(OFFICE)),
    # The officers of an office.
    "list_due": Sample(plain()),
    "show_readiness_of_office": Sample(plain()),
    "list_terms_of_office": Sample(plain()),
    "set_term": Sample(plain(body=TERM)),
    "list_ties": Sample(plain()),
    "declare_tie": Sample(
        lambda world: Asked(body={"firm": world.ids[STRANGER], "ground": "family", "note": "配偶任职"}), each=True
    ),
    "end_tie": Sample(_tie, of(OFFICE)),
    "list_absences": Sample(plain()),
    "record_absence": Sample(_absence, of(OFFICE)),
    "end_absence": Sample(_away, of(OFFICE)),
    "list_delegations": Sample(plain()),
    # Only an officer of the rank gives it away, and only the giver takes it back.
    "delegate_rank": Sample(_delegating, of(OFFICE), frozenset({Role.SECTION_HEAD})),
    "end_delegation": Sample(_delegated, of(OFFICE), frozenset({Role.SECTION_HEAD})),
    "recuse_officer": Sample(named("case", "case", {"reason": "曾任职该企业"}), of(OFFICE), OFFICERS),
    "list_detected_ties": Sample(named("case", "case"), of(OFFICE)),
    "list_draws": Sample(named("case", "case"), of(OFFICE)),
    # The reviewer who was drawn may act.
    "draw_reviewer": Sample(named("case", "case", {"reason": "换人"}), of(OFFICE), succeeds=False),
    # The log, the clock and the service itself.
    "show_checkpoint": Sample(plain()),
    "list_keys": Sample(plain()),
    "prove_publication": Sample(plain(dataset_path(version="v1"))),
    "prove_inclusion": Sample(_entry),
    "prove_consistency": Sample(lambda _: Asked(query={"from": 1, "to": 1})),
    "show_clock": Sample(plain()),
    "advance_demo_clock": Sample(plain(body={"seconds": 60}), succeeds=False),
    "show_health": Sample(plain()),
    "show_readiness": Sample(plain()),
    "show_metrics": Sample(plain()),
}
