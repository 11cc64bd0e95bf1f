"""One line of an access log, in each of the formats that proxies write."""

import json

import pytest

from registry.catalog.access_log import LineMalformedError, read_line
from registry.values.identifiers import ReadId
from registry.values.moment import Moment

READ = ReadId("read_01a204ec559d77fd97f45c1ee07f623d")
TARGET = f"/sancai-published/ab/c%20d?X-Amz-Date=1&x-sancai-read={READ}&X-Amz-Signature=0"
AT = Moment.of_text("2026-03-02T02:00:00Z")


def combined(target: str = TARGET, status: int = 200, sent: str = "10", method: str = "GET") -> str:
    return f'10.0.0.1 - - [02/Mar/2026:10:00:00 +0800] "{method} {target} HTTP/1.1" {status} {sent} "-" "curl/8"'


def nginx(**stated: object) -> str:
    line = {"time_iso8601": "2026-03-02T10:00:00+08:00", "request_method": "GET", "request_uri": TARGET}
    return json.dumps({**line, "status": "206", "body_bytes_sent": "10", "http_range": "bytes=5-14", **stated})


def caddy(**stated: object) -> str:
    request = {"method": "GET", "uri": TARGET, "headers": {"Range": ["bytes=5-14"]}}
    line = {"ts": 1772416800.0, "request": request, "status": 206, "size": 10}
    return json.dumps({**line, "resp_headers": {"Content-Range": ["bytes 5-14/20"]}, **stated})


def test_a_combined_line_says_how_much_was_sent_from_the_beginning() -> None:
    found = read_line(combined())
    assert (found.read, found.path, found.at) == (READ, "/sancai-published/ab/c d", AT)
    assert (found.delivers, found.first, found.sent_bytes) == (True, 0, 10)


@pytest.mark.parametrize("line", [nginx(), nginx(http_range="", sent_http_content_range="bytes 5-14/20"), caddy()])
def test_json_lines_say_where_a_part_began(line: str) -> None:
    found = read_line(line)
    assert (found.read, found.at, found.delivers, found.first, found.sent_bytes) == (READ, AT, True, 5, 10)


def test_what_the_answer_says_goes_before_what_was_asked() -> None:
    assert read_line(nginx(http_range="bytes=-10", sent_http_content_range="bytes 10-19/20")).first == 10
    assert read_line(nginx(status=200)).first == 0


@pytest.mark.parametrize(
    "line", [combined(method="HEAD"), combined(status=403), combined(status=304, sent="-"), nginx(status="416")]
)
def test_what_delivers_nothing_says_so(line: str) -> None:
    assert not read_line(line).delivers


@pytest.mark.parametrize("target", ["/x", "/x?x-sancai-read=read_1", "/x?x-sancai-read=firm_" + "0" * 32])
def test_an_address_without_a_read_names_none(target: str) -> None:
    assert read_line(combined(target)).read is None


@pytest.mark.parametrize(
    "line",
    [
        "", "{", "[]", "{}", "nonsense", combined().replace("Mar", "Mrz"), nginx(status="x"), nginx(body_bytes_sent=-1),
        nginx(time_iso8601="yesterday"), caddy(ts="NaN"), caddy(request=[]), '{"request": {"method": "GET"}}',
        nginx(body_bytes_sent=1e308),
    ],
)  # fmt: skip
def test_what_is_in_no_format_is_malformed(line: str) -> None:
    with pytest.raises(LineMalformedError):
        read_line(line)
