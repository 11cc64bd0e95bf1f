"""What a file is, over HTTP and on the command line, as the server read it in its bytes."""

import io
import zipfile

from registry.house import House
from tests.api.test_datasets import Member, published, publisher, stranger  # noqa: F401
from tests.cli.runner import sancai
from tests.live import live
from tests.web import Web

BASE = "/v1/datasets/sector-lab/wind/versions/v1"


def a_zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("图/a.txt", "hello")
    return made.getvalue()


def test_encoding_media_type_and_the_entries_of_an_archive_are_shown(
    house: House,
    web: Web,
    publisher: Member,  # noqa: F811
) -> None:
    table = "站点;功率\n哈密;12\n伊州;15\n".encode("gbk")
    image = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x03\x00\x00\x00\x02\x08\x02\x00\x00\x00"
    published(house, publisher.web, {"a.csv": table, "b.png": image, "c.zip": a_zip()})
    shown = web.get(f"{BASE}/files")["items"]
    assert [(each["format"], each["encoding"], each["media_type"]) for each in shown] == [
        ("csv", "gbk", None),
        ("image", None, "image/png"),
        ("archive", None, "application/zip"),
    ]
    found = web.get(f"{BASE}/inventory", path="a.csv")
    assert found["inventory"] == {"encoding": "gbk", "delimiter": ";"}
    assert [(each["name"], each["type"]) for each in found["columns"]] == [("站点", "text"), ("功率", "integer")]
    assert web.get(f"{BASE}/inventory", path="b.png")["inventory"] == {
        "media_type": "image/png",
        "width": 3,
        "height": 2,
    }
    assert web.get(f"{BASE}/inventory", path="c.zip")["inventory"]["archive"] == {
        "container": "zip",
        "entries": 1,
        "unpacked_bytes": 5,
        "listed": [{"path": "图/a.txt", "size_bytes": 5, "media_type": "text/plain"}],
    }
    assert web.get(f"{BASE}/inventory", path="none", status=404)["code"] == "file_not_found"
    with live(lambda _: web.app) as url:
        environment = {"SANCAI_URL": url, "SANCAI_LANG": "en"}
        printed = sancai("dataset", "inventory", "sector-lab/wind@v1", "a.csv", **environment)
        assert "功率\tinteger\ttext" in printed.out
        assert "encoding: gbk" in printed.err or "gbk" in printed.out + printed.err
        assert (
            "图/a.txt\t5 B\ttext/plain" in sancai("dataset", "inventory", "sector-lab/wind", "c.zip", **environment).out
        )
