"""The printed form and the payment list of a case over HTTP."""

import csv
import io
import re

from api.case_form import COPIES, qr_svg
from cli.demo.cast import DOCUMENT
from registry.actors.model import Role
from registry.values.canonical import canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import CaseId
from tests import world as steps
from tests.api.samples import run_once
from tests.world import OFFICE, ORIGIN, OTHER_OFFICE, PUBLISHER, STRANGER, World


def form(world: World, party: str = PUBLISHER, role: str = Role.OWNER) -> str:
    answer = world.as_(party, role).raw("GET", f"/v1/cases/{world.ids['case']}/form")
    assert answer.status_code == 200, answer.data
    return answer.get_data(as_text=True)


def address_in(page: str) -> str:
    found = re.search(r">http[^<]*(/check/[^<]*)<", page)
    assert found
    return found[1]


def test_the_form_has_four_numbered_copies_with_amount_opinions_and_payee(world: World) -> None:
    case = world.ids["case"]
    steps.review(world, case)
    steps.sign(world, case)
    page = form(world)
    assert page.count('<section class="copy">') == len(COPIES) == 4
    assert [f"{case}-{number} " in page for number in (1, 2, 3, 4, 5)] == [True] * 4 + [False]
    assert page.count("伍万元整") == 4
    assert page.count("科室负责人意见") == page.count("主要领导意见") == 4
    whole = form(world, OFFICE, Role.PAYER)
    masked = re.search(r"基本户账号</th><td colspan=\"9\">([^<]*)<", page)
    opened = re.search(r"基本户账号</th><td colspan=\"9\">([^<]*)<", whole)
    assert masked is not None
    assert opened is not None
    assert "*" in masked[1]
    assert "*" not in opened[1]


def test_the_code_leads_anyone_to_what_a_holder_of_the_paper_may_know(world: World) -> None:
    path = address_in(form(world))
    assert form(world).count(qr_svg(f"http://{ORIGIN}{path}")) == 4
    case, digest = path.split("/")[2:]
    checked = world.web.get(f"/v1/form-checks/{case}/{digest}")
    assert checked == {"genuine": True, "document": DOCUMENT, "state": "applied", "acts_since": 0}
    shown = world.web.raw("GET", path)
    page = shown.get_data(as_text=True)
    assert shown.status_code == 200
    assert "This form is genuine." in page
    assert shown.headers["Cache-Control"] == "no-store"
    stated = world.as_(PUBLISHER).get(f"/v1/cases/{case}")
    line = stated["lines"][0]
    secrets = [line["firm_name"], line["subject"], stated["payee"]["account_number"], stated["amount_text"], "50,000"]
    assert [each for each in secrets if each in page] == []


def test_a_paper_whose_case_went_on_is_old_and_not_false(world: World) -> None:
    case = world.ids["case"]
    old = address_in(form(world))
    steps.review(world, case)
    steps.sign(world, case)
    checked = world.web.get(old.replace("/check", "/v1/form-checks"))
    assert (checked["genuine"], checked["state"], checked["acts_since"]) == (True, "reviewed", 4)
    assert "acts on it since then: 4" in world.web.raw("GET", old).get_data(as_text=True)
    now = world.web.get(address_in(form(world)).replace("/check", "/v1/form-checks"))
    assert (now["genuine"], now["acts_since"]) == (True, 0)


def test_a_wrong_digest_and_a_case_that_is_not_there_are_the_same_answer(world: World) -> None:
    case, digest = address_in(form(world)).split("/")[2:]
    other = ("0" if digest[0] != "0" else "1") + digest[1:]
    wrong = world.web.get(f"/v1/form-checks/{case}/{other}")
    assert wrong == {"genuine": False, "document": "", "state": None, "acts_since": 0}
    assert world.web.get(f"/v1/form-checks/{CaseId.new()}/{digest}") == wrong
    for path in (f"/check/{case}/{other}", f"/check/{CaseId.new()}/{digest}", f"/check/{case}/x", "/check/x/y"):
        assert "This is not a genuine form." in world.web.raw("GET", path).get_data(as_text=True), path


def test_the_printed_digest_is_computed_from_the_dossier(world: World) -> None:
    run_once(world.house)
    printed = address_in(form(world)).rsplit("/", 1)[1]
    path = f"/v1/cases/{world.ids['case']}/dossier?digest=sha256:{printed}"
    dossier = world.as_(PUBLISHER).raw("GET", path).get_json(force=True)
    assert Digest.of(canonical_json({"acts": dossier["acts"], "case": dossier["case"]})).hex == printed
    steps.review(world, world.ids["case"])
    run_once(world.house)
    changed = world.as_(PUBLISHER).raw("GET", path)
    assert changed.status_code == 409
    assert changed.get_json(force=True)["code"] == "dossier_not_as_printed"


def test_the_form_loads_and_runs_nothing_and_shows_what_was_stated_as_text(world: World) -> None:
    answer = world.as_(PUBLISHER).raw("GET", f"/v1/cases/{world.ids['case']}/form")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    page = answer.get_data(as_text=True)
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=", page.replace("xmlns=", ""))


def test_finance_of_the_authority_takes_the_list_and_nobody_else(world: World) -> None:
    path = f"/v1/cases/{world.ids['case']}/payments.csv"
    answer = world.as_(OFFICE, Role.PAYER).raw("GET", path)
    rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"), newline="")))
    assert (rows[1][9], rows[-1][9]) == ("50000.00", "50000.00")
    assert "*" not in rows[1][6]
    assert answer.headers["Cache-Control"] == "no-store"
    book = world.as_(OFFICE, Role.PAYER).raw("GET", path.replace(".csv", ".xlsx"))
    assert book.get_data().startswith(b"PK")
    refused = {(OFFICE, Role.REVIEWER): 403, (OTHER_OFFICE, Role.PAYER): 404, (PUBLISHER, Role.OWNER): 403}
    for (party, role), status in refused.items():
        world.as_(party, role).get(path, status=status)
    world.as_(STRANGER).get(path.replace("payments.csv", "form"), status=404)
