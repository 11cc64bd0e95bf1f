"""What a file is, over HTTP and on the command line, as the server read it in its bytes."""

import io
import zipfile

from cli.working import run_once
from registry.house import House
from tests.api.test_datasets import DATASET, DRAFT, Member, published, publisher, send, stranger  # noqa: F401
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


def test_a_draft_that_does_not_load_names_the_file_and_the_row(
    house: House,
    publisher: Member,  # noqa: F811
) -> None:
    client = publisher.web
    client.post("/v1/datasets", DATASET)
    draft = client.post("/v1/datasets/sector-lab/wind/drafts", DRAFT)["id"]
    send(client, draft, "a.csv", b"kw\n1\n2\n")
    send(client, draft, "b.csv", b"kw\n3\nnone\n")
    client.post(f"/v1/drafts/{draft}/submit", status=200)
    run_once(house)
    shown = client.get(f"/v1/drafts/{draft}")
    assert shown["state"] == "faulty"
    assert [(each["path"], each["code"]) for each in shown["faults"]] == [("b.csv", "split_schema_differs")]
    assert "row 2" in shown["faults"][0]["detail"]


def test_a_version_says_what_it_loads_with_and_its_page_shows_the_code(
    house: House,
    web: Web,
    publisher: Member,  # noqa: F811
) -> None:
    card = "---\nconfigs:\n- config_name: power\n  data_files:\n  - {split: train, path: 'p/*.csv'}\n---\n# Wind\n"
    files = {
        "README.md": card.encode(),
        "p/a.csv": "站点;kw\n哈密;1\n".encode("gbk"),
        "p/b.csv": "站点;kw\n伊州;2\n".encode("gbk"),
    }
    published(house, publisher.web, files)
    assert web.get(BASE)["report"]["loads_with"] == {
        "from": "card",
        "configs": [
            {
                "name": "power",
                "splits": [
                    {
                        "name": "train",
                        "kind": "table",
                        "format": "csv",
                        "files": 2,
                        "size_bytes": len(files["p/a.csv"]) + len(files["p/b.csv"]),
                        "first": ["p/a.csv", "p/b.csv"],
                        "rows": 2,
                        "columns": 2,
                        "schema": [
                            {"name": "站点", "type": "text", "stored_as": "text"},
                            {"name": "kw", "type": "integer", "stored_as": "text"},
                        ],
                        "options": {"encoding": "gbk", "delimiter": ";", "quote": '"'},
                    }
                ],
            }
        ],
        "left_out": {"files": 0, "size_bytes": 0, "first": []},
    }
    page = web.raw("GET", "/datasets/sector-lab/wind").get_data(as_text=True).replace("&#39;", "'")
    assert (
        "load_dataset('csv', data_files={'train': ['wind/p/a.csv', 'wind/p/b.csv']}, sep=';', encoding='gbk')" in page
    )
    assert "pd.read_csv('wind/p/a.csv', sep=';', encoding='gbk')" in page
    assert "pl.read_csv('wind/p/a.csv', separator=';', encoding='gbk', infer_schema_length=None)" in page
