"""Erasing a natural person leaves nothing of it anywhere: kept answers, documents, and what a restore brings back."""

import hashlib
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from api.app import create_app
from cli.working import erase_again, keep
from registry.actors.model import Actor, Role
from registry.aftercare.erased_persons import LIST_PREFIX, LIST_TYPE, reapply_person_erasures
from registry.awards.kept_answers import keep_answer
from registry.dossier.rules import recompute_bytes
from registry.house import House, application_url
from registry.journal import service as journal
from registry.journal.records import claim_key
from registry.journal.signing import SigningKey
from registry.journal.work import View
from registry.manifests import signatures
from registry.parties.records import persons as person_records
from registry.upkeep.backup import back_up, backups, read_backup
from registry.upkeep.erased import deleter
from registry.upkeep.restoring import restore_database, restore_objects
from registry.upkeep.stores import OtherStores, open_store
from registry.values.canonical import Json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, FirmId
from storage.database import Database
from storage.embedded_postgres import EmbeddedPostgres
from storage.migrate import create_database
from storage.object_store import Bucket, ObjectStore
from storage.settings import FolderSettings
from tests.api import test_persons
from tests.api.person_office import PersonOffice, Someone, a_person_office
from tests.api.test_persons import CERTIFICATE, SKILL
from tests.conftest import FixedClock
from tests.counting import rows_of
from tests.web import Web
from tests.world import send

MASKED, FILE_NAME, SCAN = "欧*娜娜", "欧阳娜娜身份证.pdf", b"a scan of the identity card of Ouyang Nana"
REVIEW = {"passed": True, "opinion": "齐全", "originals_seen": True}

_numbers = itertools.count()


@pytest.fixture
def office(web: Web, clock: FixedClock) -> PersonOffice:
    return a_person_office(web, clock)


@pytest.fixture
def empty_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The address of an empty database, as its owner."""
    name = f"person_restored_{next(_numbers)}"
    create_database(postgres.superuser_url(), name)
    yield postgres.superuser_url(name)
    engine = create_engine(postgres.superuser_url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


def scanned(who: Someone) -> str:
    """File a scan whose name tells whose it is; return the document."""
    digest = hashlib.sha256(SCAN).hexdigest()
    body = {"kind": "other", "file_name": FILE_NAME, "size_bytes": len(SCAN), "sha256": digest}
    begun = who.web.post("/v1/evidence", body, key="filing-the-scan")
    send(who.web, begun["upload"]["id"], SCAN)
    return str(begun["id"])


def paid_person(office: PersonOffice) -> tuple[Someone, str]:
    """Register a person, let it be paid by officers whose keys the tests know, and return it with its case."""
    who = office.register()
    paper = scanned(who)
    body = office.application(who, "xw-10-skill", SKILL, **CERTIFICATE)
    body["evidence"] = {name: [paper] for name in body["evidence"]}
    account = {"account_name": "张三", "bank": "工商银行", "account_number": "6222020098765432"}
    who.web.post("/v1/grants", body | {"payee": account}, 422, key="with-the-wrong-account")
    case = who.web.post("/v1/grants", body)["id"]
    reviewer = office.as_(Role.REVIEWER)
    confirmed = list(reviewer.get(f"/v1/cases/{case}/claim")["facts"])
    assessed = {"confirmed": confirmed, "found": {}, "opinion": "核对原件一致"}
    reviewer.post(f"/v1/cases/{case}/assessment", assessed, 200)
    reviewer.post(f"/v1/cases/{case}/review", REVIEW, 200, key="reviewed-by-an-officer")
    # What an officer is refused names the person as well: nothing may be paid yet, each line says whose it is.
    early = {"budget_year": 2023, "project_code": "P-1", "subject_code": "30299", "payment_voucher_number": "V-1"}
    office.as_(Role.PAYER).post(f"/v1/cases/{case}/instruction", early, 422, key="instructed-too-early")
    for rank in (Role.SECTION_HEAD, Role.LEADER_IN_CHARGE, Role.PRINCIPAL_LEADER):
        office.as_(rank).post(f"/v1/cases/{case}/signatures", {"opinion": "同意", "approved": True}, 200)
    notice = {"page_url": "https://www.example.gov.cn/notice/3", "capture_sha256": "sha256:" + "ab" * 32}
    posted = reviewer.post(f"/v1/cases/{case}/notice", notice, 200)
    office.clock.set(posted["notice"]["ends_at"])
    payer = office.as_(Role.PAYER)
    payer.post(f"/v1/cases/{case}/instruction", early, 200)
    paid = {"bank_receipt": "ICBC-1", "paid_on": office.clock.now().civil_day().isoformat()}
    payer.post(f"/v1/cases/{case}/payment", paid, 200)
    office.clock.advance(timedelta(hours=1))
    return who, case


def erase(office: PersonOffice, who: Someone) -> None:
    """Let a person erase its data, and a second pass: at that very instant answers count as kept meanwhile."""
    who.web.post(f"/v1/persons/{who.id}/erasure", {}, 200)
    office.clock.advance(timedelta(seconds=1))


def work_off(house: House) -> None:
    """Do what a worker does each minute."""
    journal.sequence(house.database, house.clock, house.signing_key)
    keep(house)


def objects(store: ObjectStore) -> set[bytes]:
    """Return the content of everything that lies where documents arrive and are kept."""
    places = [each.place for bucket in (Bucket.INCOMING, Bucket.EVIDENCE) for each in store.list(bucket)]
    return {b"".join(store.read(place)) for place in places}


def everything_kept(house: House) -> str:
    """Return every row of every table as text, kept answers, too."""
    with house.database.reading() as connection:
        answers = [str(row) for row in connection.execute(text("SELECT * FROM idempotency_answers"))]
    return "\n".join([test_persons.everything_kept(house), *answers])


def entries_of(house: House) -> int:
    return rows_of(house)["journal_entries"]


def test_no_table_and_no_store_holds_anything_of_an_erased_person(office: PersonOffice, web: Web) -> None:
    house = web.house
    who, case = paid_person(office)
    kept = everything_kept(house)
    assert MASKED in kept
    assert FILE_NAME in kept
    assert SCAN in objects(house.store)
    erase(office, who)
    kept = everything_kept(house)
    assert [each for each in (MASKED, FILE_NAME, "张*") if each in kept] == []
    assert SCAN in objects(house.store), "the bytes go when the erasure is carried out"
    work_off(house)
    assert SCAN not in objects(house.store)
    with house.database.reading() as connection:
        left = connection.execute(text("SELECT count(*) FROM erased_documents WHERE gone_at IS NULL")).scalar()
        done = connection.execute(text("SELECT count(*) FROM persons WHERE carried_out_at IS NOT NULL")).scalar()
        assert (left, done) == (0, 1)
    before = entries_of(house)
    work_off(house)
    assert entries_of(house) == before, "what is carried out is carried out once"
    # Every proof holds: the log, the dossier, and the digest of the document.
    journal.sequence(house.database, house.clock, house.signing_key)
    dossier = office.as_(Role.AUDITOR).raw("GET", f"/v1/cases/{case}/dossier").get_data()
    assert list(recompute_bytes(dossier, [house.signing_key.verifier])) == []
    with house.database.reading() as connection:
        assert journal.verify_log(connection, [house.signing_key.verifier]) is not None
    reviewer = office.as_(Role.REVIEWER)
    [papers] = {tuple(each) for each in reviewer.get(f"/v1/cases/{case}/claim")["evidence"].values()}
    found = reviewer.get(f"/v1/evidence/{papers[0]}")
    assert (found["state"], found["file_name"], found["url"]) == ("erased", "*", None)
    assert found["sha256"] == f"sha256:{hashlib.sha256(SCAN).hexdigest()}"
    assert reviewer.get(f"/v1/evidence/{papers[0]}/content", 404)["code"] == "evidence_not_found"


def test_a_retry_whose_answer_was_erased_acts_once_and_says_so(office: PersonOffice, web: Web) -> None:
    who, case = paid_person(office)
    reviewer, payer = office.as_(Role.REVIEWER), office.as_(Role.PAYER)
    again = reviewer.post(f"/v1/cases/{case}/review", REVIEW, 200, key="reviewed-by-an-officer")
    assert again["lines"][0]["firm_name"] == MASKED, "before the erasure a retry is answered as the first time"
    erase(office, who)
    before = entries_of(web.house)
    problem = reviewer.post(f"/v1/cases/{case}/review", REVIEW, 409, key="reviewed-by-an-officer")
    assert problem["code"] == "idempotency_answer_erased"
    assert "carried out, once" in problem["detail"]
    early = {"budget_year": 2023, "project_code": "P-1", "subject_code": "30299", "payment_voucher_number": "V-1"}
    problem = payer.post(f"/v1/cases/{case}/instruction", early, 409, key="instructed-too-early")
    assert problem["code"] == "idempotency_refusal_erased"
    assert entries_of(web.house) == before
    # Another body under the key is still another request, and an erased person's case can be worked on.
    other = {**REVIEW, "opinion": "另一意见"}
    problem = reviewer.post(f"/v1/cases/{case}/review", other, 409, key="reviewed-by-an-officer")
    assert problem["code"] == "idempotency_key_reused"
    journal.sequence(web.house.database, web.house.clock, web.house.signing_key)
    archived = reviewer.post(f"/v1/cases/{case}/archive", {}, key="archived-afterwards")
    assert reviewer.post(f"/v1/cases/{case}/archive", {}, key="archived-afterwards") == archived


def test_answers_of_other_persons_and_of_firms_stay(office: PersonOffice, web: Web) -> None:
    who, other = office.register(), office.register("张三")
    office.apply(other, "xw-12-housing", {"firm_newly_settled": True}, 422)
    erase(office, who)
    kept = everything_kept(web.house)
    assert MASKED not in kept
    assert "张*" in kept


def test_whoever_is_stuck_waits_behind_those_who_are_not(office: PersonOffice, web: Web) -> None:
    first, second = office.register(), office.register("张三")
    erase(office, first)
    erase(office, second)
    with web.house.database.writing() as connection:
        assert person_records.erased_waiting(connection, 9) == [first.id, second.id]
        person_records.note_stuck(connection, FirmId(first.id), "object_locked")
        assert person_records.erased_waiting(connection, 1) == [second.id]
        assert person_records.erased_waiting(connection, 9) == [second.id, first.id]


@contextmanager
def restored(house: House, url: str, backup: ObjectStore, folder: Path) -> Iterator[House]:
    """Restore the oldest backup of a store into an empty database and another folder, under the same keys."""
    made = read_backup(backup, backups(backup)[0], house.signing_key.verifier)
    restore_database(url, backup, made)
    settings = replace(house.settings, folder=FolderSettings(folder))
    database = Database(application_url(url), pool_size=4)
    store = open_store(FolderSettings(folder), settings, house.secret)
    store.prepare()
    store.read_others_from(OtherStores(database, settings, house.secret))
    opened = replace(house, settings=settings, database=database, store=store)
    restore_objects(opened, backup, made)
    yield opened
    database.dispose()


def test_a_restore_from_before_the_erasure_is_erased_again(
    office: PersonOffice, web: Web, owner_url: str, empty_url: str, tmp_path: Path
) -> None:
    house = web.house
    who, case = paid_person(office)
    journal.sequence(house.database, house.clock, house.signing_key)
    backup = open_store(FolderSettings(tmp_path / "backup"), house.settings, house.secret)
    back_up(house, owner_url, backup)
    erase(office, who)
    work_off(house)
    back_up(house, owner_url, backup)
    with restored(house, empty_url, backup, tmp_path / "restored") as set_back:
        kept = everything_kept(set_back)
        assert [each for each in (MASKED, FILE_NAME) if each in kept] == []
        assert SCAN not in objects(set_back.store)
        registrar = Web(create_app(set_back), set_back, office.as_(Role.REGISTRAR).token)
        found = registrar.get(f"/v1/persons/{who.id}")
        assert (found["name"], found["masked_name"], found["erased_at"] is None) == (None, "*", False)
        reviewer = Web(create_app(set_back), set_back, office.as_(Role.REVIEWER).token)
        problem = reviewer.post(f"/v1/cases/{case}/review", REVIEW, 409, key="reviewed-by-an-officer")
        assert problem["code"] == "idempotency_answer_erased"
        with set_back.database.reading() as connection:
            assert journal.verify_log(connection, [house.signing_key.verifier]) is not None
        erase_again(set_back)
        assert reapply_person_erasures(set_back, deleter(set_back)).persons == ()


def test_a_worker_on_an_older_database_erases_again_and_obeys_no_foreign_line(
    office: PersonOffice, web: Web, owner_url: str, postgres: EmbeddedPostgres, empty_url: str
) -> None:
    house = web.house
    who, _ = paid_person(office)
    other = office.register("张三")
    house.database.dispose()
    older = f"person_older_{next(_numbers)}"
    create_database(postgres.superuser_url(), older, template=owner_url.rsplit("/", 1)[1].partition("?")[0])
    erase(office, who)
    work_off(house)
    database = Database(application_url(postgres.superuser_url(older)), pool_size=4)
    set_back = replace(house, database=database)
    try:
        assert MASKED in everything_kept(set_back)
        [line] = [b"".join(house.store.read(each.place)) for each in house.store.list(Bucket.LOG, LIST_PREFIX)]
        payload = json.loads(signatures.verify(line, [house.signing_key.private_key.public_key()], LIST_TYPE))
        forged: dict[str, Any] = payload | {"person": other.id, "objects": []}
        signed = signatures.sign(json.dumps(forged).encode(), [SigningKey.create("elsewhere").private_key], LIST_TYPE)
        until = house.clock.now().plus(timedelta(days=1)).instant
        house.store.put(Bucket.LOG, f"{LIST_PREFIX}x/forged.json", signed, until)
        found = reapply_person_erasures(set_back, deleter(set_back))
        assert (found.persons, found.refused) == ((who.id,), (f"{LIST_PREFIX}x/forged.json",))
        kept = everything_kept(set_back)
        assert MASKED not in kept
        assert "张*" in kept
    finally:
        database.dispose()
        engine = create_engine(postgres.superuser_url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{older}" WITH (FORCE)'))
        engine.dispose()


def test_an_answer_that_is_kept_while_its_person_is_erased_is_kept_erased(office: PersonOffice, web: Web) -> None:
    who = office.register()
    erase(office, who)
    erased_at = web.house.clock.now().plus(-timedelta(seconds=1))
    officer = Actor(AccountId.new(), "officer", authority=AuthorityId.new(), roles=frozenset({Role.REVIEWER}))
    told: dict[str, Json] = {"result": {"lines": [{"firm": who.id, "firm_name": MASKED}]}}
    for number, (now, kept) in enumerate(((erased_at, {"erased": True}), (erased_at.plus(timedelta(seconds=1)), told))):
        slot = (officer.party, "cases.review_case", f"while-erased-{number}")
        with web.house.database.writing() as connection:
            claim_key(connection, slot, officer.account, Digest.of(b"body"), now)
            assert keep_answer(View(connection, officer, now), slot, told) == kept
