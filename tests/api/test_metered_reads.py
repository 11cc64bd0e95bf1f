"""Whatever door sends content meters what it sent: ranges, repeats and many files at once, to the byte."""

from urllib.parse import urlsplit

from sqlalchemy import select

from registry.catalog.records import metered_reads
from registry.house import House
from tests.api.test_datasets import DATASET, Member, publisher, send, stranger
from tests.api.test_packs import BASE, FILES, begun, contents, packed, published

__all__ = ["packed", "publisher", "stranger"]


def metered(house: House) -> list[tuple[str, int, int]]:
    """Return (door, reads, bytes) of the meter."""
    with house.database.reading() as connection:
        rows = connection.execute(select(metered_reads).order_by(metered_reads.c.door)).all()
    return [(row.door, row.reads, row.sent_bytes) for row in rows]


def test_what_we_send_ourselves_is_metered_as_it_leaves(house: House, packed: Member, stranger: Member) -> None:
    contents(stranger.web, ["README.md", "empty.txt", "wind.csv", "README.md"])
    for _ in range(2):
        piece = stranger.web.raw("GET", f"{BASE}/content/images/0002.png", headers={"Range": "bytes=5-10"})
        assert piece.data == b"second"
    assert stranger.web.raw("HEAD", f"{BASE}/content/images/0002.png").data == b""
    both = len(FILES["README.md"]) + len(FILES["wind.csv"])
    assert metered(house) == [("v1_content", 2, 12), ("v1_contents", 2, both)]


def test_an_address_of_the_local_store_is_metered_by_its_read(house: House, publisher: Member) -> None:
    publisher.web.post("/v1/datasets", DATASET)
    draft = begun(publisher.web)
    send(publisher.web, draft, "data/wind.csv", FILES["wind.csv"])
    published(house, publisher.web, draft)
    led = urlsplit(publisher.web.raw("GET", f"{BASE}/content/data/wind.csv").headers["Location"])
    assert metered(house) == []
    for asked, sent in (("bytes=0-99", 100), ("bytes=50-149", 150), ("bytes=0-99", 150)):
        assert len(publisher.web.raw("GET", f"{led.path}?{led.query}", headers={"Range": asked}).data) == 100
        assert metered(house) == [("v1", 1, sent)]
