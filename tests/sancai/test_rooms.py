"""Every room of the client against the real service: what is sent is accepted, and what comes back has its shape.

``shaped`` refuses an answer that lacks a field or holds one of another kind, so that a call which returns has checked
the whole shape.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from registry.actors.model import Role, Scope
from registry.journal import service as journal
from registry.values.identifiers import EntryId
from sancai import Client
from sancai.errors import RuleError, SancaiError
from sancai.exchange import Order
from sancai.parties import Admission, Certificate, LeaderListInput, Line, ListedFirm, SanctionInput
from tests import world as small
from tests.api.bureau import PASSWORD
from tests.live import live
from tests.registry.parties.builders import a_uscc
from tests.world import (
    ADOPTERS,
    BUYER,
    COMPUTE,
    DATASET,
    EXCHANGE,
    LABORATORY,
    OFFICE,
    OTHER_OFFICE,
    PUBLISHER,
    World,
    adoption_body,
    report_body,
)

DOCUMENT = small.cast.DOCUMENT
SINCE = Line(date(2026, 1, 1), "登记", date(2026, 1, 20))
WITHOUT_KEY = {"/v1/accounts/activate", "/v1/tokens"}
"""Their answers hold a secret, which is kept nowhere and so cannot be answered twice."""

People = Callable[..., Client]


class Recorder:
    """A WSGI application that notes which POST came without an idempotency key."""

    def __init__(self, application: Callable[..., Any]) -> None:
        self._application = application
        self.without_key: set[str] = set()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Note the request and answer it."""
        if environ["REQUEST_METHOD"] == "POST" and "HTTP_IDEMPOTENCY_KEY" not in environ:
            self.without_key.add(environ["PATH_INFO"])
        return self._application(environ, start_response)


@pytest.fixture
def people(world: World) -> Iterator[People]:
    """Clients of the small world's people; afterwards every POST but those that answer a secret had its key."""
    recorder, opened = Recorder(world.web.app), []

    with live(lambda _: recorder) as url:

        def client_of(party: str | None = None, role: str = Role.OWNER) -> Client:
            opened.append(Client(url, None if party is None else world.tokens[f"{party}/{role}"]))
            return opened[-1]

        yield client_of
        for client in opened:
            client.close()
    assert recorder.without_key <= WITHOUT_KEY


def test_policy_is_loaded_and_ruled_upon(people: People, world: World) -> None:
    own = world.ids[OTHER_OFFICE]
    room = people(OTHER_OFFICE, Role.REGISTRAR).policy
    loaded = room.load(DOCUMENT, date(2026, 1, 20), "印发文号")
    assert loaded.document == DOCUMENT
    assert DOCUMENT in {each.document for each in room.loaded()}
    silent = "yz.notice-days"
    ruling = room.rule(
        DOCUMENT, silent, number="1号", decided_on=date(2026, 3, 1), organ="数发局", text="公示十日。", value="10"
    )
    assert ruling.id in {each.id for each in room.rulings(DOCUMENT, own)}
    assert next(each for each in room.show(DOCUMENT, own).assumptions if each.id == silent).rulings == (ruling,)


def test_firms_and_their_control_are_registered(people: People) -> None:
    room = people(OFFICE, Role.REGISTRAR).parties
    mother = room.register_firm(str(a_uscc(1)), "母公司", "650502")
    daughter = room.register_firm(str(a_uscc(2)), "子公司", "650502", owner_login="zi.owner", owner_name="负责人")
    assert daughter.activation_code
    assert room.firm(mother.id).name == "母公司"
    assert room.firm_by_uscc(str(a_uscc(2))) == room.firm(daughter.id)
    assert room.firm_by_uscc(str(a_uscc(3))) is None
    assert {mother.id, daughter.id} <= {each.id for each in room.firms()}
    assert room.record_control(mother.id, daughter.id, "equity", SINCE, 6_000).share_bp == 6_000


def test_registers_are_kept(people: People, world: World) -> None:
    room, firm = people(OFFICE, Role.REGISTRAR).parties, world.ids[COMPUTE]
    assert room.record_fact(firm, "operates_in_region", "true", SINCE).finding == "true"
    green = Certificate("green", "G-2", date(2026, 1, 1), date(2027, 1, 1))
    assert room.register_provider(firm, "data_exchange", "LIC-2", SINCE, [green]).certificates == (green,)
    assert {"compute_centre", "data_exchange"} <= {each.kind for each in room.providers()}
    sanction = SanctionInput(firm, "财政局", "罚1号", "条例", ("all",), date(2025, 12, 30))
    assert room.record_sanction(sanction, SINCE).scope == ("all",)


def test_a_leader_list_is_admitted_and_shrinks(people: People) -> None:
    room = people(OFFICE, Role.REGISTRAR).parties
    listed = ListedFirm(small.cast.GOBI.uscc, small.cast.GOBI.name)
    admission = Admission("L-1", date(2026, 2, 2), "发改委", "省级公布")
    given = LeaderListInput(
        "制造业龙头企业名单", "发布单位", "provincial", ("manufacturing",), "2025-1", date(2025, 6, 1),
        "sha256:" + "2" * 64, admission, (listed,),
    )  # fmt: skip
    made = room.admit_leader_list(given)
    assert made.entries == (listed,)
    assert made.id in {each.id for each in room.leader_lists()}
    gone = room.withdraw_leader(made.id, listed.uscc, date(2026, 3, 1), "退出")
    assert gone.withdrawn_on == date(2026, 3, 1)


def test_a_firm_changes_its_name(people: People, world: World) -> None:
    room = people(OFFICE, Role.REGISTRAR).parties
    before = room.firm(world.ids[COMPUTE])
    day = date(2026, 3, 1)
    room.change_firm(replace(before, name="新名"), valid_from=day, source="变更登记", obtained_on=day)
    assert room.firm(before.id).name == "新名"


def test_a_firm_keeps_its_members_and_tokens(people: People) -> None:
    room = people(PUBLISHER).accounts
    assert room.me().firm is not None
    machine = room.add_member("lvtu.machine", "程序", [Role.PUBLISHER], kind="service")
    assert machine.client_secret
    person = room.add_member("lvtu.person", "员工", [Role.PUBLISHER])
    assert person.activation_code is not None
    taken_up = people().accounts.activate("lvtu.person", person.activation_code, PASSWORD)
    assert taken_up.account == person.id
    assert {machine.id, person.id} <= {each.id for each in room.members()}
    assert room.end_member(person.id).ended_at is not None
    made = room.create_token("build", [Scope.READ], 30)
    assert made.token
    assert made.id in {each.id for each in room.tokens()}
    assert room.end_token(made.id).ended_at is not None


def test_a_registrar_gives_officers_their_accounts(people: People) -> None:
    made = people(OFFICE, Role.REGISTRAR).accounts.add_officer("yizhou.second", "第二审核员", [Role.REVIEWER])
    assert (made.roles, made.firm) == ((Role.REVIEWER,), None)


def test_an_adoption_is_counted_until_it_is_withdrawn(people: People, world: World) -> None:
    firm = ADOPTERS[0]
    room = people(firm).adoption
    assert room.count(DATASET).text == "3 of 3"
    gone = room.withdraw(world.ids[f"receipt_{firm}"], "误报")
    assert gone.withdrawn_at is not None
    assert room.count(DATASET).counted == 2
    body = adoption_body(world, firm) | {"started_on": date(2026, 3, 2)}
    assert room.attest(body.pop("dataset"), body.pop("content_digest"), **body).adopter == world.ids[firm]
    assert room.count(DATASET).counted == 3


def test_a_laboratory_files_its_report(people: People, world: World) -> None:
    body = report_body(world)
    made = people(LABORATORY).quality.report(body.pop("dataset"), body.pop("content_digest"), **body)
    assert (made.laboratory, made.data_quality_hundredths) == (world.ids[LABORATORY], 9_320)


def offered(people: People, world: World) -> str:
    """Let the compute centre offer and return the listing."""
    body = small.listing_body(world, COMPUTE)
    return people(COMPUTE).exchange.offer(**body).id


def test_a_listing_goes_on_sale_and_off(people: People, world: World) -> None:
    room = people(EXCHANGE).exchange
    assert room.accept_listing(world.ids["listing_offered"]).state == "on_sale"
    assert room.listing(world.ids["listing_offered"]).on_sale_at is not None
    own = offered(people, world)
    assert own in {each.id for each in room.listings("compute", seller=world.ids[COMPUTE])}
    assert people(COMPUTE).exchange.end_listing(own).state == "ended"
    assert "MulanPSL-2.0" in {each.id for each in room.licences()}


def placed(people: People, world: World) -> Order:
    """Let the buyer order one unit of compute."""
    room = people(BUYER).exchange
    listing = room.listing(offered(people, world))
    return room.place(listing.id, 1, "model_training", listing.terms_sha256)


def test_an_order_is_brought_to_its_close(people: People, world: World) -> None:
    buyer, seller = people(BUYER).exchange, people(COMPUTE).exchange
    order, day = placed(people, world), date(2026, 3, 2)
    contract = seller.accept(order.id).contract
    assert contract is not None
    assert json.loads(contract.content)
    buyer.sign(order.id, contract.digest)
    assert buyer.confirm_delivery(order.id, usage="1 千卡时").state == "delivered"
    statement = people(BUYER).usage.metered(order.id, day, day)
    assert (statement.price_kind, statement.lines, statement.due_fen) == ("fixed", (), None)
    assert list(people(BUYER).usage.totals()) == []
    invoice = seller.invoice(order.id, number=f"26652{9:015d}", issued_on=day, net_fen=1_000_000, vat_fen=60_000)
    checked = people(OFFICE, Role.REVIEWER).exchange.verify_invoice(invoice.id, "verified", day)
    assert checked.verification == "verified"
    assert buyer.pay(order.id, paid_on=day, amount_fen=1_060_000, reference="BANK-9").amount_text == "¥10,600.00"
    closed = buyer.order(order.id)
    assert (closed.state, closed.paid_fen, len(closed.invoices)) == ("closed", 1_060_000, 1)
    assert next(buyer.orders()).id == order.id


def test_an_order_that_nobody_accepted_is_cancelled(people: People, world: World) -> None:
    assert people(BUYER).exchange.cancel(world.ids["order_placed"]).state == "cancelled"


def test_a_voucher_is_quoted_held_released_and_redeemed(people: People, world: World) -> None:
    room = people(BUYER).vouchers
    assert room.release(world.ids["voucher_held"]).state == "released"
    quoted = room.quote(world.ids["order"])
    assert (quoted.eligible, quoted.binds) == (True, "rate")
    held = room.hold(world.ids["order"])
    assert held.amount_fen == quoted.amount_fen
    payee = {"account_name": small.cast.BUYER.name, "bank": "演示银行", "account_number": "6222000000000000002"}
    assert room.redeem(world.ids["voucher"], world.ids["voucher_invoice"], **payee).state == "redeemed"
    assert room.voucher(held.id) == held
    assert held.id in {each.id for each in room.vouchers()}
    assert {each.year for each in room.firm_years(year=2026)} == {2026}


def test_a_pool_of_a_loaded_document_is_opened(people: People) -> None:
    registrar = people(OTHER_OFFICE, Role.REGISTRAR)
    registrar.policy.load(DOCUMENT, date(2026, 1, 20), "印发文号")
    opened = registrar.vouchers.open_pool(DOCUMENT, "yz-4")
    assert (opened.name, opened.used_fen) == ("yz-4", 0)


def test_pools_budget_lines_and_the_ledger_are_shown(people: People) -> None:
    room = people(OFFICE, Role.PAYER).vouchers
    pool = room.pools()[0]
    assert room.pool(pool.id) == pool
    before = {(each.budget_year, each.line): each for each in room.appropriations()}
    line = room.appropriate(2026, small.AWARD_LINE, 100, "财预2号")
    assert line.appropriated_fen == before[2026, small.AWARD_LINE].appropriated_fen + 100
    assert room.ledger().balanced


def test_an_award_goes_from_the_check_to_the_bank_back_and_again(people: People, world: World) -> None:
    applicant, reviewer = people(PUBLISHER).cases, people(OFFICE, Role.REVIEWER).cases
    payer = people(OFFICE, Role.PAYER).cases
    case = world.ids["case"]
    checked = applicant.check("yz-14a", DATASET)
    assert {each.code for each in checked.unmet} == {"no_other_case"}
    assert case in {each.id for each in applicant.cases()}
    reviewed = reviewer.review(case, passed=True, opinion="同意", originals_seen=True, searched_where="目录与搜索引擎")
    assert (reviewed.state, applicant.case(case).state) == ("reviewed", "reviewed")
    for role in small.SIGNERS:
        people(OFFICE, role).cases.sign(case, "同意")
    posted = reviewer.notice(case, "https://www.example.gov.cn/notice", "sha256:" + "ab" * 32)
    assert posted.notice is not None
    assert case in {each.case for each in people().cases.notices()}
    raised = people(small.STRANGER).cases.object(case, "曾经发布")
    assert reviewer.answer(case, raised.number, "查无实据", upheld=False).objections[0].outcome == "dismissed"
    world.clock.advance(timedelta(days=9))
    late = people(small.STRANGER).cases.object(case, "另有发布", lines=[1])
    assert (late.late, reviewer.decide_late(case, late.number, "已查", hold=False).lines[0].held) == (True, False)
    assert people(OFFICE, Role.REGISTRAR).office.detected_ties(case) == ()
    small.ask_credit(world, case)
    line = {"budget_year": 2026, "project_code": small.AWARD_LINE, "subject_code": "2150299"}
    assert payer.instruct(case, **line, payment_voucher_number="PV-1").lines_digest == reviewed.lines_digest
    assert payer.record_return(case, "账户暂停").state == "returned"
    payer.instruct(case, **line, payment_voucher_number="PV-2")
    assert payer.pay(case, "ICBC-1", date.fromisoformat(world.today())).payment is not None
    log_all(world)
    assert json.loads(reviewer.dossier(case))


def test_an_application_is_withdrawn_and_made_again(people: People, world: World) -> None:
    room = people(PUBLISHER).cases
    assert room.withdraw(world.ids["case"], "补充材料").state == "withdrawn"
    payee = {"account_name": small.cast.PUBLISHER.name, "bank": "演示银行", "account_number": "6222000000000000001"}
    with pytest.raises(RuleError):
        room.apply("yz-14a", DATASET, undertaking=False, **payee)
    made = room.apply("yz-14a", DATASET, undertaking=True, **payee)
    assert made.payee is not None
    assert made.payee.account_number != payee["account_number"]


def test_redeemed_vouchers_become_a_batch(people: People, world: World) -> None:
    made = people(OFFICE, Role.REVIEWER).cases.form_batch(DOCUMENT, [world.ids["voucher_redeemed"]])
    assert [each.subject for each in made.lines] == [world.ids["voucher_redeemed"]]


def log_all(world: World) -> None:
    """Write into the log what happened so far, as a worker does."""
    journal.sequence(world.house.database, world.house.clock, world.house.signing_key)


def test_the_log_proves_what_it_shows(people: People, world: World) -> None:
    log_all(world)
    with world.house.database.reading() as connection:
        found = connection.execute(text("SELECT id FROM journal_entries ORDER BY id LIMIT 1")).scalar_one()
    room = people().log
    assert room.inclusion(str(EntryId.of_uuid(found))).checkpoint == room.checkpoint()
    assert room.checkpoint().startswith(small.ORIGIN)
    keys = room.keys()
    assert keys.keys[0].verifier.startswith(f"{keys.origin}+")
    assert room.consistency(1, 2).size_after == 2
    assert room.clock().kind == "real"


def test_the_clock_of_a_real_installation_is_not_moved(people: People) -> None:
    with pytest.raises(SancaiError) as refused:
        people(OFFICE, Role.REGISTRAR).log.advance_demo_clock(60)
    assert refused.value.code == "clock_is_real"
