"""Terms on every door: who has not accepted the text that stands is refused alike, who has reads what is there."""

import ast
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import fsspec
import httpx
import pytest

import api
from sancai import Client
from sancai.errors import NotAllowedError
from sancai.hf_cache import fill_hf_cache
from tests.conftest import CopyWorld
from tests.live import application_of, live
from tests.world import BUYER, OPEN_DATASET, PUBLISHER, STRANGER

TEXT = "仅限本企业内部使用，不得转让。"
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()
PATH = "data/wind.csv"
REFERENCE = f"{OPEN_DATASET}@v1"


@dataclass(frozen=True)
class Place:
    """Where the service is, who has accepted the terms and who has not, and what the file holds."""

    url: str
    accepted: str
    refused: str
    sha256: str


@pytest.fixture(scope="module")
def place(copy_world: CopyWorld) -> Iterator[Place]:
    """A dataset with terms that the buyer has accepted and the stranger has not."""
    with copy_world() as world, live(lambda url: application_of(world.house, url)) as url:
        base = f"/v1/datasets/{OPEN_DATASET}"
        world.as_(PUBLISHER).post(f"{base}/terms", {"text": TEXT})
        world.as_(BUYER).post(f"{base}/terms/1/accept", {"sha256": SHA256})
        [file] = [each for each in world.web.get(f"{base}/versions/v1/files")["items"] if each["path"] == PATH]
        buyer, stranger = (world.tokens[f"{firm}/owner"] for firm in (BUYER, STRANGER))
        yield Place(url, buyer, stranger, file["sha256"])


def asked(url: str, token: str, method: str, rest: str, **more: object) -> bytes:
    """Ask the interface itself; a refusal is raised as the client would."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(headers=headers, follow_redirects=False) as http:
        answer = http.request(method, f"{url}/v1/datasets/{OPEN_DATASET}/versions/v1/{rest}", **more)  # type: ignore[arg-type]
    if answer.status_code >= 400:
        problem = answer.json()
        assert answer.status_code == 403
        raise NotAllowedError(problem["code"], problem["detail"], **problem["parameters"])
    where = answer.headers.get("Location") or (answer.json()["urls"][0]["url"] if rest == "reads" else None)
    return httpx.get(where).content if where else answer.content


def reads(url: str, token: str, _: Path) -> bytes:
    """Sign an address and read there."""
    return asked(url, token, "POST", "reads", json={"paths": [PATH]})


def contents(url: str, token: str, _: Path) -> bytes:
    """Ask for the bytes of files, one after the other."""
    return asked(url, token, "POST", "contents", json={"paths": [PATH]})


def content(url: str, token: str, _: Path) -> bytes:
    """Ask for one file by its path."""
    return asked(url, token, "GET", f"content/{PATH}")


def handle(url: str, token: str, _: Path) -> bytes:
    """Read in place with the client."""
    with Client(url, token) as client, client.load(REFERENCE) as version, version.open(PATH) as file:
        return file.read()


def pull(url: str, token: str, folder: Path) -> bytes:
    """Download with the client, as ``sancai pull`` does."""
    with Client(url, token) as client, client.load(REFERENCE) as version:
        version.pull(folder)
    return (folder / PATH).read_bytes()


def file_system(url: str, token: str, _: Path) -> bytes:
    """Open ``sancai://``."""
    with fsspec.open(f"sancai://{REFERENCE}/{PATH}", url=url, token=token, skip_instance_cache=True) as file:
        found: bytes = file.read()
        return found


def hugging_face_cache(url: str, token: str, folder: Path) -> bytes:
    """Fill the cache that the Hugging Face libraries read."""
    with Client(url, token) as client, client.load(REFERENCE) as version:
        fill_hf_cache(version, folder)
    return next(folder.glob(f"hub/**/snapshots/*/{PATH}")).read_bytes()


Door = Callable[[str, str, Path], bytes]
DOORS: tuple[Door, ...] = (reads, contents, content, handle, pull, file_system, hugging_face_cache)
OPERATIONS = {"sign_read_urls", "read_contents", "read_content"}
"""What of the interface leads to content; every other door asks one of these."""


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_every_door_asks_for_the_terms_and_names_their_digest(door: Door, place: Place, tmp_path: Path) -> None:
    with pytest.raises((NotAllowedError, PermissionError)) as refusal:
        door(place.url, place.refused, tmp_path / "refused")
    told = str(refusal.value)
    if isinstance(refusal.value, NotAllowedError):
        assert refusal.value.code == "terms_not_accepted"
        assert refusal.value.parameters["sha256"] == SHA256
        told = refusal.value.detail
    assert SHA256 in told
    assert "sancai dataset terms accept" in told
    got = door(place.url, place.accepted, tmp_path / "accepted")
    assert hashlib.sha256(got).hexdigest() == place.sha256


def test_no_other_operation_leads_to_content() -> None:
    found = set()
    for page in Path(api.__file__).parent.rglob("*.py"):
        for each in ast.walk(ast.parse(page.read_text(encoding="utf-8"))):
            if isinstance(each, ast.FunctionDef):
                called = {node.attr for node in ast.walk(each) if isinstance(node, ast.Attribute)}
                called |= {node.id for node in ast.walk(each) if isinstance(node, ast.Name)}
                if called & {"read_locations", "content_of"}:
                    found.add(each.name)
    assert found == OPERATIONS
