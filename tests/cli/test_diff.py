"""What a version changed, as people and programs ask for it, against the real service."""

import pytest

from cli.working import run_once
from tests.cli.desk import At
from tests.world import OPEN_DATASET, PUBLISHER, STRANGER, World, add_file, draft_body, send, table


@pytest.fixture
def second(world: World) -> World:
    """A world in which the open dataset has a second version: a table with other columns, and a new file."""
    client = world.as_(PUBLISHER)
    draft = client.post(f"/v1/datasets/{OPEN_DATASET}/drafts", draft_body(base=1))["id"]
    client.post(f"/v1/drafts/{draft}/changes", {"remove": ["data/wind.csv"]}, status=200)
    header, *rows = table(41, rows=150).decode().splitlines()
    widened = "\n".join([f"{header},gust", *(f"{row},{number}.5" for number, row in enumerate(rows))]) + "\n"
    for path, content in {"data/wind.csv": widened.encode(), "说明.txt": "新增".encode()}.items():
        send(client, add_file(client, draft, path, len(content)), content)
    client.post(f"/v1/drafts/{draft}/submit", status=200)
    run_once(world.house)
    client.post(f"/v1/drafts/{draft}/publish")
    return world


def test_a_program_gets_sums_columns_and_files(second: World, at: At) -> None:
    found = at(STRANGER)("diff", f"{OPEN_DATASET}@v1", "@v2")
    assert (found["name"], found["before"], found["after"]) == (OPEN_DATASET, 1, 2)
    summary = found["summary"]
    assert (summary["files_added"], summary["files_removed"], summary["files_changed"]) == (1, 0, 1)
    assert summary["rows"]["changed_before"] == 300
    assert summary["schema_changes"][0]["added"] == [{"name": "gust", "type": "number"}]
    assert [(file["path"], file["change"], file["rows_after"]) for file in found["files"]] == [
        ("data/wind.csv", "changed", 150),
        ("说明.txt", "added", None),
    ]
    assert at(STRANGER)("diff", f"{OPEN_DATASET}@v2", "v2")["files"] == []


def test_a_pipe_gets_lines_and_a_person_the_sums(second: World, at: At) -> None:
    done = at(STRANGER).run("diff", f"{OPEN_DATASET}@v1")
    lines = [line.split("\t") for line in done.out.splitlines()]
    assert [line[:2] for line in lines] == [["change", "path"], ["changed", "data/wind.csv"], ["added", "说明.txt"]]
    assert "1 files added, 0 removed, 1 changed" in done.err
    assert "columns of data/wind.csv: +gust number" in done.err


def test_on_a_terminal_sums_come_first(second: World, at: At) -> None:
    lines = at(STRANGER).run("diff", f"{OPEN_DATASET}@v1", "@v2", terminal=True).out.splitlines()
    assert lines[0] == f"{OPEN_DATASET} v1 → v2"
    assert "+1 -0 ~1" in lines[1]
    assert any(line.startswith("~ data/wind.csv") and "rows 300 → 150" in line for line in lines)
    assert "+ 说明.txt  6 B" in lines


def test_versions_of_two_datasets_are_not_compared(second: World, at: At) -> None:
    refused = at(STRANGER).run("diff", f"{OPEN_DATASET}@v1", "lvtu/other@v1")
    assert (refused.code, "two datasets" in refused.err) == (3, True)
    assert at(STRANGER).run("diff", f"{OPEN_DATASET}@v1", "@v7").code == 5
