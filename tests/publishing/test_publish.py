"""Publishing against the real service, cut in every way that a publisher meets."""

import json
import os
import shutil
import signal
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sancai import Client
from sancai.errors import RuleError
from sancai.publishing import Telling
from tests.publishing.conftest import Service

NAME = "lvtu/turbines"
LARGE_BYTES = (16 << 20) + 1_000
"""Two parts."""


class CutError(Exception):
    """What a test ends a publication with."""


def with_large(folder: Path) -> Path:
    (folder / "scan.bin").write_bytes(os.urandom(1 << 20) * 16 + bytes(1_000))
    return folder


def cut_after_a_part(service: Service, client: Client, folder: Path) -> None:
    """Publish until one part of the large file has arrived, and stop there."""
    seen: list[str] = []

    def before(environ: dict[str, Any]) -> int | None:
        if environ["REQUEST_METHOD"] == "PUT" and int(environ["CONTENT_LENGTH"]) in {1_000, 16 << 20}:
            seen.append(environ["PATH_INFO"])
            return 403 if len(seen) > 1 else None
        return None

    service.before = before
    with pytest.raises(Exception, match="refuses a part"):
        client.publish(folder)
    service.before = lambda _: None
    service.asked.clear()


def test_a_folder_with_a_card_becomes_a_version_and_a_second_run_changes_nothing(
    service: Service, client: Client, folder: Path
) -> None:
    done = client.publish(folder)
    assert (done.name, done.version.number, done.files, done.created) == (NAME, 1, 3, True)
    dataset = client.datasets.show(NAME)
    assert (dataset.title, dataset.licence, dataset.sector) == ("风机", "CC-BY-4.0", "new_energy")
    assert {file.path for file in client.datasets.files(NAME, 1)} == {"README.md", "data/1.csv", "data/2.csv"}
    service.asked.clear()
    again = client.publish(folder)
    assert (again.version.number, again.created) == (1, False)
    assert service.count("POST") == 0


def test_a_second_run_elsewhere_knows_by_the_content_that_nothing_changed(
    service: Service, client: Client, folder: Path, tmp_path: Path
) -> None:
    client.publish(folder)
    shutil.copytree(folder, tmp_path / "copy")
    assert not client.publish(tmp_path / "copy").created


def test_the_plan_counts_what_the_newest_version_has(client: Client, folder: Path) -> None:
    client.publish(folder)
    (folder / "data" / "1.csv").unlink()
    (folder / "data" / "3.csv").write_text("id,speed\n1,2\n")
    made = client.plan(folder)
    assert (made.latest, made.stands, made.files, made.gone_files) == (1, None, 3, 1)


def test_a_cut_publication_sends_only_the_part_that_is_missing(service: Service, client: Client, folder: Path) -> None:
    cut_after_a_part(service, client, with_large(folder))
    done = client.publish(folder)
    assert done.version.number == 1
    assert service.count("PUT") == 1
    assert service.count("POST /v1/datasets") == 0


def test_an_upload_that_the_store_forgot_is_begun_anew(service: Service, client: Client, folder: Path) -> None:
    cut_after_a_part(service, client, with_large(folder))
    for upload in (service.world.house.settings.objects_folder / "uploads").iterdir():
        shutil.rmtree(upload, ignore_errors=True)
    assert client.publish(folder).version.number == 1


def test_an_upload_that_expired_is_begun_anew(service: Service, client: Client, folder: Path) -> None:
    cut_after_a_part(service, client, with_large(folder))
    service.world.clock.advance(timedelta(days=8))
    assert client.publish(folder).version.number == 1


def test_after_an_abandoned_draft_a_new_one_is_begun(service: Service, client: Client, folder: Path) -> None:
    cut_after_a_part(service, client, with_large(folder))
    made = client.plan(folder)
    assert made.draft is not None
    client.drafts.abandon(made.draft)
    done = client.publish(folder)
    assert done.version.number == 1
    assert done.draft != made.draft


def test_a_faulty_draft_is_mended(service: Service, client: Client, folder: Path) -> None:
    (folder / "data" / "2.csv").write_bytes(b'id,speed,power\n1,2,0.5\n"open,3,1.5\n')
    with pytest.raises(RuleError) as caught:
        client.publish(folder)
    assert "data/2.csv" in caught.value.obstacles[0].detail
    (folder / "data" / "2.csv").write_bytes(b"id,speed,power\n1,2,0.5\n3,4,1.5\n")
    service.asked.clear()
    done = client.publish(folder)
    assert done.draft == caught.value.parameters["draft"]
    assert service.count("PUT") == 1


def test_a_service_that_restarts_in_the_middle_is_waited_for(service: Service, client: Client, folder: Path) -> None:
    turned_away: list[str] = []

    def before(environ: dict[str, Any]) -> int | None:
        # As a proxy answers while what stands behind it starts: each address once.
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        if asked in turned_away:
            return None
        turned_away.append(asked)
        return 503

    service.before = before
    assert client.publish(folder).version.number == 1
    assert len(turned_away) > 10


def test_a_killed_process_is_followed_by_one_that_goes_on(service: Service, client: Client, folder: Path) -> None:
    """SIGKILL in the middle of the bytes: one draft, and the part that had arrived is not sent again."""
    slow = [True]

    def before(environ: dict[str, Any]) -> int | None:
        if slow[0] and environ["REQUEST_METHOD"] == "PUT" and int(environ["CONTENT_LENGTH"]) == 16 << 20:
            time.sleep(5)
        return None

    service.before = before
    running = service.command("publish", str(with_large(folder)))
    deadline = time.monotonic() + 30
    while not any("complete" in each for each in service.asked) or service.count("PUT") < 3:
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    slow[0] = False
    service.asked.clear()
    code, out, err = service.ran("publish", str(folder), "--json")
    assert code == 0, err
    assert json.loads(out)["version"]["number"] == 1
    assert service.count("POST /v1/datasets") == 0


def test_commands_print_plan_result_and_that_nothing_changed(service: Service, folder: Path) -> None:
    code, out, _ = service.ran("publish", str(folder), "--dry-run")
    assert code == 0
    assert "To send: 3 files" in out
    made = json.loads(service.ran("publish", str(folder), "--dry-run", "--json")[1])
    assert (made["files"], made["send_files"], made["stands"]) == (3, 3, None)
    assert service.count("POST") == 0
    code, out, err = service.ran("publish", str(folder))
    assert code == 0, err
    assert f"Published {NAME}@v1" in out
    assert "To send: 3 files" in err
    assert f"Nothing changed: {NAME}@v1 stands." in service.ran("publish", str(folder))[1]


def test_bytes_that_went_are_told_once_whatever_happened(service: Service, client: Client, folder: Path) -> None:
    told: dict[str, int] = {}
    steps: list[str] = []
    begun: list[tuple[str, int]] = []

    def progress(size_bytes: int) -> None:
        told[steps[-1]] = told.get(steps[-1], 0) + size_bytes

    client.publish(
        with_large(folder),
        telling=Telling(begin=lambda size: begun.append((steps[-1], size)), progress=progress, step=steps.append),
    )
    whole = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    assert begun[0] == ("upload", whole)
    assert told["upload"] == whole
    assert steps[:4] == ["walk", "dataset", "draft", "upload"]
    assert steps[-1] == "publish"
