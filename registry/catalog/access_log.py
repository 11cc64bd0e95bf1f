"""Lines of the access log of the proxy before the object store: which signed read was answered, with which bytes.

Read are nginx's ``combined`` format, JSON lines of nginx as ``deploy/nginx-store.conf`` writes, and Caddy's JSON;
each line by itself, so a log may change its format on the way.

Rules:
* Only a GET that was answered with 200 or 206 delivers anything.
* What was delivered is a span of bytes: from where the answer began as many as were sent, also when the client hung up.
  ``Content-Range`` of the answer says where it began, else ``Range`` of the request; the combined format has neither,
  so a part of unknown place counts from the beginning of the file: never more than was sent, and a file is complete
  only by an answer that held it whole.
* A line that is none of these is malformed; one without a read id is no signed read.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from registry.errors import InvalidValueError
from registry.values.identifiers import ReadId
from registry.values.moment import Moment
from storage.object_store import READ_PARAMETER

BYTES_MAX: Final = 1 << 53

_COMBINED: Final = re.compile(
    r'\S+ \S+ .*?\[(?P<time>[^\]]{1,40})\] "(?P<method>[A-Z]{1,10}) (?P<target>\S+) HTTP/[0-9.]{1,3}"'
    r" (?P<status>\d{3}) (?P<sent>\d{1,16}|-)(?: |$)"
)
_COMMON_TIME: Final = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)", re.ASCII)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_REQUEST_LINE: Final = re.compile(r"(?P<method>[A-Z]{1,10}) (?P<target>\S+) HTTP/[0-9.]{1,3}")
_RANGE: Final = re.compile(r"bytes=(\d{1,16})-(?:\d{1,16})?", re.ASCII)
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,16})-\d{1,16}/(?:\d{1,16}|\*)", re.ASCII)


class LineMalformedError(Exception):
    """A line that is in none of the formats."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One request of the log as far as it matters here. ``first`` is where in the file the bytes began."""

    read: ReadId | None
    path: str
    at: Moment
    delivers: bool
    first: int
    sent_bytes: int


def read_line(line: str) -> Answered:
    """Return what a line says. Raises LineMalformedError."""
    try:
        return _of_json(json.loads(line)) if line.lstrip().startswith("{") else _of_combined(line)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, InvalidValueError) as error:
        raise LineMalformedError from error


def _of_combined(line: str) -> Answered:
    found = _COMBINED.match(line)
    if not found:
        raise LineMalformedError
    sent = 0 if found["sent"] == "-" else int(found["sent"])
    return _answered(found["method"], found["target"], _common_time(found["time"]), int(found["status"]), sent, "", "")


def _common_time(text: str) -> Moment:
    """Return an instant in the form of the common log format, which names months in English whatever the locale."""
    found = _COMMON_TIME.fullmatch(text)
    if not found:
        raise LineMalformedError
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    ahead = timedelta(hours=int(hours), minutes=int(minutes)) * (1 if sign == "+" else -1)
    zone = timezone(ahead)
    number = _MONTHS.index(month) + 1
    return Moment(datetime(int(year), number, int(day), int(hour), int(minute), int(second), tzinfo=zone))


def _of_json(stated: Mapping[str, Any]) -> Answered:
    request = stated.get("request")
    if isinstance(request, Mapping):
        answer = stated.get("resp_headers") or {}
        return _answered(
            str(request["method"]),
            str(request["uri"]),
            _json_time(stated["ts"]),
            int(stated["status"]),
            int(stated.get("size", 0)),
            _header(request.get("headers") or {}, "Range"),
            _header(answer, "Content-Range"),
        )
    method, target = stated.get("request_method"), stated.get("request_uri")
    if method is None or target is None:
        line = _REQUEST_LINE.fullmatch(str(request))
        if not line:
            raise LineMalformedError
        method, target = line["method"], line["target"]
    return _answered(
        str(method),
        str(target),
        _json_time(stated.get("time_iso8601") or stated.get("time") or stated["msec"]),
        int(stated["status"]),
        int(stated["body_bytes_sent"]),
        str(stated.get("http_range") or ""),
        str(stated.get("sent_http_content_range") or ""),
    )


def _header(headers: Mapping[str, Any], name: str) -> str:
    """Return the first value of a header as Caddy writes it: a list under the name, whose case may be any."""
    values: Any = next((found for given, found in headers.items() if given.lower() == name.lower()), [])
    return str(values[0]) if isinstance(values, list) and values else ""


def _json_time(value: object) -> Moment:
    """Return an instant written as seconds since 1970 or as RFC 3339."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Moment(datetime.fromtimestamp(value, UTC))
    text = str(value)
    return Moment(datetime.fromtimestamp(float(text), UTC)) if text.replace(".", "", 1).isdecimal() else _iso(text)


def _iso(text: str) -> Moment:
    return Moment(datetime.fromisoformat(text))


def _answered(
    method: str, target: str, at: Moment, status: int, sent: int, asked_range: str, answered_range: str
) -> Answered:
    if not 0 <= sent <= BYTES_MAX:
        raise LineMalformedError
    parts = urlsplit(target)
    first = 0
    if status == 206 and (place := _CONTENT_RANGE.fullmatch(answered_range) or _RANGE.fullmatch(asked_range)):
        first = int(place[1])
    return Answered(
        read=_read_id(parts.query),
        path=unquote(parts.path),
        at=at,
        delivers=method == "GET" and status in {200, 206},
        first=first,
        sent_bytes=sent,
    )


def _read_id(query: str) -> ReadId | None:
    """Return the read that an address names, or None where it names none or none of ours could be."""
    named = next((value for name, value in parse_qsl(query) if name == READ_PARAMETER), "")
    try:
        return ReadId(named)
    except InvalidValueError:
        return None
