"""The printed form and the payment list of a case over HTTP."""

import csv
import io
import re

from api.case_form import COPIES, qr_svg
from registry.actors.model import Role
from registry.values.canonical import canonical_json
from registry.values.digest import Digest
from tests import world as steps
from tests.api.samples import run_once
from tests.world import OFFICE, OTHER_OFFICE, PUBLISHER, STRANGER, World


def form(world: World, party: str = PUBLISHER, role: str = Role.OWNER) -> str:
    answer = world.as_(party, role).raw("GET", f"/v1/cases/{world.ids['case']}/form")
    assert answer.status_code == 200, answer.data
    return answer.get_data(as_text=True)


def address_in(page: str) -> str:
    found = re.search(r">(http[^<]*/dossier\?digest=[^<]*)<", page)
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


def test_the_code_leads_to_the_dossier_and_is_bound_to_what_stands_in_it(world: World) -> None:
    run_once(world.house)
    page = form(world)
    address = address_in(page)
    assert page.count(qr_svg(address)) == 4
    path = address[address.index("/v1/") :]
    answer = world.as_(PUBLISHER).raw("GET", path)
    assert answer.status_code == 200
    dossier = answer.get_json(force=True)
    digest = Digest.of(canonical_json({"acts": dossier["acts"], "case": dossier["case"]}))
    assert path.endswith(f"?digest={digest}")
    steps.review(world, world.ids["case"])
    run_once(world.house)
    changed = world.as_(PUBLISHER).raw("GET", path)
    assert changed.status_code == 409
    assert changed.get_json(force=True)["code"] == "dossier_not_as_printed"
    assert address_in(form(world)) != address


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
