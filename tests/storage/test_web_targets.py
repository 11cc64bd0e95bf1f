"""The service is not sent where only the service can reach."""

import socket
from typing import Any

import pytest

from storage.web_targets import TargetRefusedError, require_target


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:8470/v1/me",
        "https://10.1.2.3/",
        "https://192.168.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://[::1]/",
        "http://[fe80::1]/",
        "http://[fd00::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::10.0.0.1]/",
        "http://[2002:0a00:0001::1]/",
        "http://224.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
    ],
)
def test_addresses_that_are_not_public_are_refused(url: str) -> None:
    with pytest.raises(TargetRefusedError, match="webhook_target_private"):
        require_target(url, private_allowed=False)


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "https://", "https://u:p@example.com/", "https://example.com:99999/", "http://a b/"]
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(TargetRefusedError, match="webhook_url_malformed"):
        require_target(url, private_allowed=True)


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked_up(*_: Any, **__: Any) -> list[Any]:
        return [(0, 0, 0, "", ("1.1.1.1", 443)), (0, 0, 0, "", ("10.0.0.1", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    with pytest.raises(TargetRefusedError) as refused:
        require_target("https://rebinding.example/", private_allowed=False)
    assert refused.value.parameters == {"host": "rebinding.example", "address": "10.0.0.1"}


def test_a_public_address_is_called_by_the_address_that_was_judged() -> None:
    target = require_target("https://1.1.1.1:8443/hook?x=1", private_allowed=False)
    assert (target.addresses, target.path, target.host_header) == (("1.1.1.1",), "/hook?x=1", "1.1.1.1:8443")
