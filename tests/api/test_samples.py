"""A sample of paid cases over HTTP: drawn from the log, looked at by whoever did not act."""

from registry.actors.model import Role
from registry.journal.records import entry_of
from registry.offices.rules import by_lot
from registry.values.identifiers import EntryId
from tests import world as steps
from tests.api.bureau import activated
from tests.world import OFFICE, OTHER_OFFICE, PUBLISHER, World

YEAR = {"first": "2026-01-01", "last": "2026-12-31", "share_bp": 10_000, "reason": "yearly"}


def test_a_paid_case_is_drawn_by_the_log_and_looked_at_once_by_somebody_new(world: World) -> None:
    case = world.ids["case"]
    registrar = world.as_(OFFICE, Role.REGISTRAR)
    body = {"login": "both", "display_name": "both", "roles": [Role.REVIEWER, Role.AUDITOR]}
    added = registrar.post("/v1/officers", body)
    both = activated(world.web, "both", added["activation_code"])
    steps.make_payable(world, case)
    objection = {"officer": world.ids[f"{OFFICE}.reviewer"], "reason": "found late"}
    void = registrar.post(f"/v1/cases/{case}/recusals", objection)
    assert (void["state"], void["review"], void["signatures"]) == ("applied", None, [])
    registrar.post(f"/v1/cases/{case}/draws", {"reason": "recused"})
    both.post(f"/v1/cases/{case}/review", steps.review_body(), status=200)
    steps.sign(world, case)
    steps.instruct(world, case, steps.AWARD_LINE)
    steps.pay(world, case)

    auditor = world.as_(OFFICE, Role.AUDITOR)
    assert auditor.post("/v1/samples", YEAR | {"last": "2026-01-31"}, status=422)["code"] == "sample_of_nothing"
    assert world.as_(OTHER_OFFICE, Role.AUDITOR).post("/v1/samples", YEAR, status=422)["code"] == "sample_of_nothing"
    sample = auditor.post("/v1/samples", YEAR)
    assert sample["population"] == sample["drawn"] == sample["open"] == [case]
    with world.house.database.reading() as connection:
        logged = entry_of(connection, EntryId(sample["entry"]))
    assert logged is not None
    assert logged.commitment.hex() == sample["seed"]
    assert by_lot(bytes.fromhex(sample["seed"]), "sample", sample["population"]) == (case,)

    path, found = f"/v1/samples/{sample['id']}/findings", {"case": case, "in_order": False, "text": "no delivery"}
    assert both.post(path, found, status=403)["code"] == "checker_already_acted"
    assert auditor.post(path, found | {"case": "case_" + "0" * 32}, status=404)["code"] == "case_not_in_sample"
    world.as_(OTHER_OFFICE, Role.AUDITOR).post(path, found, status=404)
    assert auditor.post(path, found)["open"] == []
    assert auditor.post(path, found, status=409)["code"] == "sample_finding_stated"
    shown = world.as_(OFFICE, Role.PAYER).get(f"/v1/samples/{sample['id']}")
    assert [(each["case"], each["in_order"]) for each in shown["findings"]] == [(case, False)]
    world.as_(PUBLISHER).get("/v1/samples", status=403)
