"""Which addresses a notice may be posted at."""

import pytest

from registry.awards.commands import PostNotice
from registry.errors import InvalidValueError
from registry.values.digest import Digest
from registry.values.identifiers import CaseId


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x.test/1",
        "https:///1",
        "https://li:secret@x.test/1",
        "https://li@x.test/1",
        "http://[x/1",
        "http://x:y/1",
    ],
)
def test_what_nobody_can_read_without_more_is_refused(url: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        PostNotice(CaseId.new(), url, Digest.of(b"capture"))
    assert caught.value.code == "page_url_malformed"


@pytest.mark.parametrize("url", ["https://x.test/1#part", "https://x.test/公示?年=2026", "http://x.test:8080/@1"])
def test_an_address_as_people_write_it_is_taken(url: str) -> None:
    assert PostNotice(CaseId.new(), url, Digest.of(b"capture")).page_url == url
