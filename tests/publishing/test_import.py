"""Folders of other hubs: which is recognised, what is stated of it, and what a second run sends."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sancai import Client
from sancai.errors import InvalidValueError
from sancai.importing import provenance_of
from tests.publishing.conftest import Service

REVISION = "0123456789abcdef0123456789abcdef01234567"
NAME = "lvtu/turbines"
STATED: dict[str, Any] = {"name": NAME, "sector": "new_energy"}
OPTIONS = ("--name", NAME, "--sector", "new_energy")


@pytest.fixture
def cache(folder: Path, tmp_path: Path) -> Path:
    """The cache of Hugging Face as ``snapshot_download`` leaves it: files are links to blobs."""
    repository = tmp_path / "hub" / "datasets--acme--turbines"
    snapshot = repository / "snapshots" / REVISION
    (repository / "blobs").mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(REVISION)
    for number, file in enumerate(sorted(each for each in folder.rglob("*") if each.is_file())):
        link = snapshot / file.relative_to(folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        blob = repository / "blobs" / f"{number:040}"
        shutil.copy(file, blob)
        link.symlink_to(blob)
    # The card of another hub says nothing in our words.
    card = (snapshot / "README.md").resolve()
    card.write_text("---\npretty_name: Turbines\nlicense: cc-by-4.0\nunknown: [kept]\n---\n# Turbines\n")
    return repository


def test_a_cache_becomes_a_draft_and_then_a_version(service: Service, client: Client, cache: Path) -> None:
    done = client.import_folder(cache, **STATED)
    assert (done.name, done.version, done.files) == (NAME, None, 3)
    assert done.draft is not None
    assert client.datasets.show_draft(done.draft).state == "verified"
    service.asked.clear()
    out = client.import_folder(cache, publish=True, **STATED)
    assert (out.draft, out.version) == (done.draft, 1)
    assert service.count("PUT") == 0
    version = client.datasets.version(NAME, 1)
    assert version.origin == "third_party"
    assert version.source == f"Hugging Face: acme/turbines@{REVISION}"
    assert version.source_url == "https://huggingface.co/datasets/acme/turbines"
    assert version.source_licence == "CC-BY-4.0"


def test_the_card_travels_byte_for_byte(client: Client, cache: Path) -> None:
    card = (cache / "snapshots" / REVISION / "README.md").read_bytes()
    client.import_folder(cache, publish=True, **STATED)
    (held,) = [file for file in client.datasets.files(NAME, 1) if file.path == "README.md"]
    assert held.sha256 == hashlib.sha256(card).hexdigest()


def test_a_second_import_sends_only_changes(service: Service, client: Client, cache: Path) -> None:
    client.import_folder(cache, publish=True, **STATED)
    assert not client.import_folder(cache, publish=True, **STATED).created
    blob = (cache / "snapshots" / REVISION / "data" / "1.csv").resolve()
    blob.write_text("id,speed,power\n1,2,3.5\n" + "".join(f"{n},{n},{n}.5\n" for n in range(50)))
    service.asked.clear()
    assert client.import_folder(cache, publish=True, **STATED).version == 2
    assert service.count("PUT") == 1


def test_a_link_out_of_the_cache_is_refused(client: Client, cache: Path) -> None:
    (cache / "snapshots" / REVISION / "data" / "out.csv").symlink_to("/etc/hostname")
    with pytest.raises(InvalidValueError) as caught:
        client.import_folder(cache, **STATED)
    assert caught.value.code == "path_link"


def test_a_pointer_that_was_not_fetched_is_refused(service: Service, client: Client, folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text('[remote "origin"]\n\turl = https://hf.co/datasets/acme/turbines\n')
    (folder / "data" / "3.bin").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    with pytest.raises(InvalidValueError, match="git lfs pull"):
        client.import_folder(folder)
    assert service.count("POST") == 0


def test_a_folder_without_a_licence_is_refused_until_one_is_named(
    service: Service, client: Client, folder: Path
) -> None:
    (folder / "README.md").write_text("# Turbines\n")
    given: dict[str, Any] = {**STATED, "source_url": "https://example.org/turbines", "licence": "CC0-1.0"}
    with pytest.raises(InvalidValueError) as caught:
        client.import_folder(folder, **given)
    assert caught.value.code == "source_licence_missing"
    assert client.import_folder(folder, **given, source_licence="CC0-1.0").source_url == given["source_url"]


def test_an_unknown_origin_asks_for_the_address(client: Client, folder: Path) -> None:
    with pytest.raises(InvalidValueError, match="--source-url"):
        client.import_folder(folder)


def test_the_command_imports_and_publishes(service: Service, cache: Path) -> None:
    code, out, err = service.ran("import", str(cache), *OPTIONS, "--dry-run", "--json")
    assert code == 0, err
    assert json.loads(out)["send_files"] == 3
    code, out, err = service.ran("import", str(cache), *OPTIONS, "--publish")
    assert code == 0, err
    assert f"Published {NAME}@v1" in out
    assert "https://huggingface.co/datasets/acme/turbines" in out


@pytest.mark.parametrize(
    ("remote", "hub", "url"),
    [
        ("https://user:hf_secret@huggingface.co/datasets/a/b", "Hugging Face", "https://huggingface.co/datasets/a/b"),
        ("git@hf.co:datasets/a/b", "Hugging Face", "https://huggingface.co/datasets/a/b"),
        ("https://www.modelscope.cn/datasets/a/b.git", "ModelScope", "https://www.modelscope.cn/datasets/a/b"),
        ("https://git.example.cn:8443/a/b.git", "Git", "https://git.example.cn:8443/a/b"),
    ],
)
def test_a_clone_is_known_by_its_remote_and_a_password_is_left_behind(
    tmp_path: Path, remote: str, hub: str, url: str
) -> None:
    git = tmp_path / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "config").write_text(f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {remote}\n\tfetch = +x\n')
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "packed-refs").write_text(f"# pack-refs with: peeled\n{REVISION} refs/heads/main\n")
    found = provenance_of(tmp_path)
    assert (found.hub, found.name, found.url, found.revision) == (hub, "a/b", url, REVISION)


def test_a_folder_of_snapshot_download_names_its_commit(tmp_path: Path) -> None:
    marks = tmp_path / ".cache" / "huggingface" / "download"
    marks.mkdir(parents=True)
    (marks / "a.csv.metadata").write_text(f"{REVISION}\nabc\n1700000000.0\n")
    found = provenance_of(tmp_path)
    assert (found.hub, found.revision, found.url) == ("Hugging Face", REVISION, None)


def test_the_cache_of_modelscope_is_known_by_its_marks(tmp_path: Path) -> None:
    folder = tmp_path / "datasets" / "acme" / "wind___v2"
    folder.mkdir(parents=True)
    (folder / ".mv").write_text("Revision:master,CreatedAt:1700000000")
    found = provenance_of(folder)
    assert (found.name, found.revision) == ("acme/wind.v2", "master")
    assert found.url == "https://www.modelscope.cn/datasets/acme/wind.v2"


def test_one_of_several_snapshots_must_be_named(cache: Path) -> None:
    (cache / "refs" / "main").unlink()
    (cache / "snapshots" / ("f" * 40)).mkdir()
    with pytest.raises(InvalidValueError) as caught:
        provenance_of(cache)
    assert caught.value.code == "snapshot_ambiguous"
    assert provenance_of(cache / "snapshots" / REVISION).revision == REVISION
