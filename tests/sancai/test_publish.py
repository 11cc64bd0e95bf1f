"""Publishing against a service that is written down here: what is asked of it, and how a cut publication goes on."""

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from sancai.client import Client
from sancai.errors import ConflictError, InvalidValueError, NotFoundError, RuleError, UnavailableError
from sancai.publish_folder import files_of
from sancai.publish_memory import SETTLED_NS, Memory
from sancai.publish_statement import read_statement
from sancai.publishing import Telling, publish
from tests.sancai.server import Reply, Request, Running, serving

STATED = {"title": "风机", "sector": "new_energy", "licence": "CC0-1.0"}


class Service:
    """Datasets, drafts, packs and uploads of one part each, kept in memory."""

    def __init__(self) -> None:
        self.known = False
        self.state = "open"
        self.drafts: list[Any] = []
        self.created: list[Any] = []
        self.uploads: dict[str, list[tuple[str, int, str | None]]] = {}
        self.there: dict[str, tuple[int, str | None, str]] = {}
        self.bytes: dict[str, bytes] = {}
        self.held: set[str] = set()
        self.arrived: set[str] = set()
        self.faults: list[dict[str, Any]] = []
        self.refuse = False
        self.forgotten: set[str] = set()
        self.published = 0

    def answer(self, request: Request) -> Reply:  # noqa: C901, PLR0911, PLR0912
        path = request.path.partition("?")[0].removeprefix("/v1")
        match [request.method, *path.strip("/").split("/")]:
            case ["GET", "datasets", _, _]:
                found = {"id": "ds_1", "name": "hami/wind", "title": "风机"}
                return Reply.of(found) if self.known else Reply.of({"code": "not_found"}, 404)
            case ["POST", "datasets"]:
                self.known = True
                self.created.append(request.json)
                return Reply.of({"id": "ds_1", "name": "hami/wind", "title": "风机"}, 201)
            case ["POST", "datasets", _, _, "drafts"]:
                self.drafts.append(request.json)
                self.state = "open"
                return Reply.of({"id": f"ver_{len(self.drafts)}", "state": "open"}, 201)
            case ["POST", "drafts", _, "holdings"]:
                return Reply.of({"held": [file["sha256"] in self.held for file in request.json["files"]]})
            case ["POST", "drafts", _, "changes"]:
                for file in request.json["attach"]:
                    self.there[file["path"]] = (file["size_bytes"], file["sha256"], "held")
                for gone in request.json["remove"]:
                    self.there.pop(gone, None)
                return Reply.of({"attached": len(request.json["attach"]), "removed": 0, "missing": []})
            case ["POST", "drafts", _, "packs"]:
                listed = [(file["path"], file["size_bytes"], file["sha256"]) for file in request.json["files"]]
                return Reply.of({"upload": self.begin(listed)}, 201)
            case ["POST", "drafts", _, "files"]:
                begun = self.begin([(request.json["path"], request.json["size_bytes"], None)])
                return Reply.of({"path": request.json["path"], "upload": begun}, 201)
            case ["GET", "drafts", _, "files"]:
                items = [
                    {"path": path, "size_bytes": size, "sha256": sha256, "upload": upload}
                    | {"received": upload == "held" or upload in self.arrived}
                    for path, (size, sha256, upload) in sorted(self.there.items())
                ]
                return Reply.of({"items": items, "next_cursor": None})
            case ["GET", "uploads", upload]:
                return Reply.of(self.upload(upload))
            case ["POST", "uploads", upload, "parts"]:
                url = f"http://{request.headers['Host']}/store/{upload}"
                return Reply.of({"urls": [{"number": 1, "url": url, "size_bytes": 0}]})
            case ["PUT", "store", upload]:
                if self.refuse or upload in self.forgotten:
                    return Reply(403 if self.refuse else 404)
                offset = 0
                for path, size, _ in self.uploads[upload]:
                    self.bytes[path] = request.body[offset : offset + size]
                    offset += size
                self.arrived.add(upload)
                return Reply()
            case ["POST", "uploads", upload, "complete"]:
                return Reply.of(self.upload(upload))
            case ["POST", "drafts", draft, "submit"]:
                self.state = "faulty" if self.faults else "verified"
                return Reply.of({"id": draft, "state": "verifying"})
            case ["GET", "drafts", draft]:
                return Reply.of({"id": draft, "state": self.state, "faults": self.faults, "report": {"rows": 2}})
            case ["POST", "drafts", _, "publish"]:
                self.published += 1
                return Reply.of({"id": "ver_1", "number": 1, "content_digest": "sha256:0"}, 201)
        return Reply.of({"code": "not_found", "detail": request.path}, 404)

    def begin(self, files: list[tuple[str, int, str | None]]) -> dict[str, Any]:
        upload = f"up_{len(self.uploads) + 1}"
        self.uploads[upload] = files
        for path, size, sha256 in files:
            self.there[path] = (size, sha256, upload)
        return self.upload(upload)

    def upload(self, upload: str) -> dict[str, Any]:
        files = self.uploads[upload]
        state = "received" if upload in self.arrived else "open"
        size_bytes = sum(file[1] for file in files)
        return {"id": upload, "state": state, "part_size_bytes": 1 << 24, "part_count": 1, "size_bytes": size_bytes}


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def server(service: Service) -> Iterator[Running]:
    with serving(service.answer) as running:
        yield running


@pytest.fixture
def client(server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda _: tmp_path / "cache")
    with Client(server.url, "t0") as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    (made / "tables").mkdir(parents=True)
    (made / "tables" / "a.csv").write_bytes(b"a\n1\n")
    (made / "b.csv").write_bytes(b"b\n2\n")
    (made / ".hidden").write_bytes(b"no")
    (made / "sancai.toml").write_text('name = "hami/wind"\nparents = ["hami/raw@v1"]\n', encoding="utf-8")
    return made


def test_a_folder_becomes_a_version(service: Service, client: Client, folder: Path) -> None:
    done = publish(client, folder, **STATED)
    assert service.bytes == {"tables/a.csv": b"a\n1\n", "b.csv": b"b\n2\n"}
    assert service.drafts[0]["parents"] == ["hami/raw@v1"]
    assert service.created[0]["sector"] == "new_energy"
    assert (done.name, done.version.number, done.report, done.files) == ("hami/wind", 1, {"rows": 2}, 2)


def test_a_dataset_that_is_there_is_not_created(service: Service, client: Client, folder: Path) -> None:
    service.known = True
    publish(client, folder)
    assert service.created == []


def test_a_new_dataset_without_a_title_is_refused_before_anything_is_sent(client: Client, folder: Path) -> None:
    with pytest.raises(InvalidValueError, match="--title"):
        publish(client, folder, sector="new_energy", licence="CC0-1.0")


def test_a_cut_publication_goes_on_with_its_draft(service: Service, client: Client, folder: Path) -> None:
    cut(service, client, folder)
    publish(client, folder, **STATED)
    assert len(service.drafts) == 1
    assert service.published == 1
    assert set(service.bytes) == {"tables/a.csv", "b.csv"}


def test_what_had_arrived_is_not_sent_again(service: Service, client: Client, folder: Path) -> None:
    faulty(service, client, folder, [])
    publish(client, folder, **STATED)
    assert service.bytes == {}


def test_a_file_that_changed_is_sent_anew(service: Service, client: Client, folder: Path) -> None:
    faulty(service, client, folder, [])
    (folder / "b.csv").write_bytes(b"b\n2\n3\n")
    publish(client, folder, **STATED)
    assert service.bytes == {"b.csv": b"b\n2\n3\n"}


def test_a_file_that_is_gone_is_taken_out_of_the_draft(service: Service, client: Client, folder: Path) -> None:
    faulty(service, client, folder, [])
    (folder / "b.csv").unlink()
    publish(client, folder, **STATED)
    assert set(service.there) == {"tables/a.csv"}


def test_what_the_firm_holds_is_attached_and_not_sent(service: Service, client: Client, folder: Path) -> None:
    service.held = {hashlib.sha256(b"b\n2\n").hexdigest()}
    told: list[int] = []
    publish(client, folder, telling=Telling(progress=told.append), **STATED)
    assert set(service.bytes) == {"tables/a.csv"}
    assert set(service.there) == {"tables/a.csv", "b.csv"}
    assert sum(told) == 8


def test_a_larger_file_has_an_upload_of_its_own(service: Service, client: Client, folder: Path) -> None:
    (folder / "large.bin").write_bytes(bytes((1 << 20) + 1))
    publish(client, folder, **STATED)
    assert sorted(len(files) for files in service.uploads.values()) == [1, 2]


def cut(service: Service, client: Client, folder: Path) -> None:
    """Publish up to the bytes."""
    service.refuse = True
    with pytest.raises(ConflictError, match="refuses a part"):
        publish(client, folder, **STATED)
    service.refuse = False


def faulty(service: Service, client: Client, folder: Path, paths: list[str]) -> None:
    """Publish up to a verification that finds fault, with these files or with none in particular."""
    service.faults = [{"code": "wrong", "detail": "Wrong.", "path": path} for path in paths or [""]]
    with pytest.raises(RuleError):
        publish(client, folder, **STATED)
    service.faults = []
    service.bytes.clear()
    service.refuse = False


def test_a_published_folder_begins_a_new_version_next_time(service: Service, client: Client, folder: Path) -> None:
    publish(client, folder, **STATED)
    publish(client, folder, **STATED)
    assert len(service.drafts) == 2


def test_every_fault_is_listed(service: Service, client: Client, folder: Path) -> None:
    service.faults = [
        {"code": "csv_encoding_unknown", "detail": "Save it as UTF-8.", "path": "b.csv"},
        {"code": "parquet_truncated", "detail": "Write it anew.", "path": "tables/a.csv"},
    ]
    with pytest.raises(RuleError, match="2 faults") as caught:
        publish(client, folder, **STATED)
    assert [each.detail for each in caught.value.obstacles] == [
        "b.csv: Save it as UTF-8.",
        "tables/a.csv: Write it anew.",
    ]
    assert service.published == 0


def test_waiting_ends_when_that_was_asked_for(service: Service, client: Client, folder: Path) -> None:
    service.faults = []
    original = service.answer

    def slow(request: Request) -> Reply:
        reply = original(request)
        service.state = "verifying" if service.state == "verified" else service.state
        return reply

    with serving(slow) as running, Client(running.url) as patient, pytest.raises(UnavailableError) as caught:
        publish(patient, folder, wait_max_s=0, **STATED)
    assert caught.value.code == "verification_slow"


def test_an_upload_that_the_store_forgot_is_begun_anew_in_the_same_run(
    service: Service, client: Client, folder: Path
) -> None:
    service.forgotten = {"up_1"}
    told: list[int] = []
    publish(client, folder, telling=Telling(progress=told.append), **STATED)
    assert set(service.bytes) == {"tables/a.csv", "b.csv"}
    assert service.published == 1
    assert sum(told) == 8


def test_a_store_that_forgets_every_upload_ends_the_run(service: Service, client: Client, folder: Path) -> None:
    service.forgotten = {f"up_{number}" for number in range(100)}
    with pytest.raises(ConflictError) as caught:
        publish(client, folder, **STATED)
    assert caught.value.code == "upload_gone"


def test_the_draft_of_a_request_whose_answer_was_lost_is_found_by_its_key(
    service: Service, client: Client, folder: Path, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Memory, "opened", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(client, folder, **STATED)
    publish(client, folder, **STATED)
    keys = [asked.headers["Idempotency-Key"] for asked in server.asked if asked.path.endswith("/drafts")]
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_the_plan_is_told_before_anything_is_created(service: Service, client: Client, folder: Path) -> None:
    made = client.plan(folder, **STATED)
    assert (made.name, made.files, made.size_bytes) == ("hami/wind", 2, 8)
    assert (made.send_files, made.send_bytes, made.held_files) == (2, 8, 0)
    assert service.created == service.drafts == []


def test_the_plan_of_a_draft_counts_what_arrived(service: Service, client: Client, folder: Path) -> None:
    faulty(service, client, folder, ["b.csv"])
    made = client.plan(folder, **STATED)
    assert (made.draft, made.held_files, made.send_files) == ("ver_1", 1, 1)


def test_a_file_the_service_named_is_sent_again_and_the_others_are_not(
    service: Service, client: Client, folder: Path
) -> None:
    service.faults = [{"code": "digest_differs", "detail": "Send it again.", "path": "b.csv"}]
    with pytest.raises(RuleError):
        publish(client, folder, **STATED)
    service.bytes.clear()
    with pytest.raises(RuleError):
        publish(client, folder, **STATED)
    assert set(service.bytes) == {"b.csv"}
    assert len(service.drafts) == 1


def test_a_folder_is_published_by_one_process_at_a_time(client: Client, folder: Path) -> None:
    with Memory.of(folder), pytest.raises(ConflictError) as caught:
        publish(client, folder, **STATED)
    assert caught.value.code == "publication_running"


def test_a_damaged_memory_is_begun_anew(service: Service, client: Client, folder: Path, tmp_path: Path) -> None:
    with Memory.of(folder):
        pass
    (kept,) = (tmp_path / "cache" / "publishing").glob("*.sqlite")
    kept.write_bytes(b"not a memory" * 1_000)
    publish(client, folder, **STATED)
    assert service.published == 1


def test_a_cache_that_cannot_be_written_does_not_stop_a_publication(
    service: Service, client: Client, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "cache").write_bytes(b"in the way")
    publish(client, folder, **STATED)
    assert service.published == 1


def test_a_file_that_changed_a_moment_before_is_hashed_again_next_time(tmp_path: Path, folder: Path) -> None:
    old = time.time_ns() - 10 * SETTLED_NS
    os.utime(folder / "b.csv", ns=(old, old))
    with Memory(tmp_path / "memory") as memory:
        memory.walk(files_of(folder))
        memory.hashed([("b.csv", "00" * 32), ("tables/a.csv", "11" * 32)])
        assert memory.unhashed() == 0
    with Memory(tmp_path / "memory") as memory:
        memory.walk(files_of(folder))
        assert memory.unhashed() == 1


def test_names_that_differ_only_in_case_are_refused(client: Client, folder: Path) -> None:
    (folder / "B.csv").write_bytes(b"1")
    with pytest.raises(InvalidValueError) as caught:
        publish(client, folder, **STATED)
    assert caught.value.code == "path_duplicate"


def test_links_are_refused(folder: Path) -> None:
    (folder / "link.csv").symlink_to("/etc/hostname")
    with pytest.raises(InvalidValueError) as caught:
        list(files_of(folder))
    assert caught.value.code == "path_link"


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="no file"):
        list(files_of(tmp_path))


def test_names_are_sent_composed(tmp_path: Path) -> None:
    (tmp_path / "e\u0301.csv").write_bytes(b"1")
    assert [file.path for file in files_of(tmp_path)] == ["\u00e9.csv"]


def test_an_unknown_field_is_named(folder: Path) -> None:
    (folder / "sancai.toml").write_text('name = "hami/wind"\nlicense = "CC0-1.0"\n')
    with pytest.raises(InvalidValueError, match="license"):
        read_statement(folder, {})


def test_a_field_of_another_kind_is_named(folder: Path) -> None:
    (folder / "sancai.toml").write_text('name = "hami/wind"\n[[contributors]]\nname = "a"\n')
    with pytest.raises(InvalidValueError, match=r"contributors\[0\]\.role"):
        read_statement(folder, {})


def test_a_date_may_stand_bare(folder: Path) -> None:
    (folder / "sancai.toml").write_text(
        'name = "hami/wind"\n[[earlier_publications]]\nwhere = "Zenodo"\npublished_on = 2024-05-01\n'
    )
    assert read_statement(folder, {}).earlier_publications[0].published_on == "2024-05-01"


def test_what_is_given_wins_over_the_file(folder: Path) -> None:
    assert read_statement(folder, {"name": "hami/other"}).name == "hami/other"


def test_a_missing_document_is_not_found(service: Service, client: Client) -> None:
    with pytest.raises(NotFoundError):
        client.evidence.show("evd_1")
