"""Which addresses on the web the service itself may be sent to.

Whoever may name an address that the service calls could otherwise reach what only the service can reach (server-side
request forgery): its own ports, the machines beside it, the metadata service of a cloud.

Rules:
* Only ``http`` and ``https``, without a user or password in the address.
* Every address that the name leads to must be public: not of this machine, a private network, a link, a group, or
  reserved (IANA special-purpose registries, as ``ipaddress`` knows them); an IPv6 address that carries an IPv4 one is
  judged by that as well.
* The connection is made to an address that was judged, not to the name again: what a name leads to may change in
  between.
"""

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

URL_LENGTH_MAX: Final = 2_000
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class TargetRefusedError(Exception):
    """An address that the service does not call. ``code`` says why, ``parameters`` what was looked at."""

    def __init__(self, code: str, **parameters: str) -> None:
        super().__init__(code)
        self.code, self.parameters = code, parameters


@dataclass(frozen=True, slots=True)
class Target:
    """A web address with the addresses its host leads to, each of which may be called."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]

    @property
    def host_header(self) -> str:
        """What the request says it is for (RFC 9110 §7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"


def require_target(url: str, *, private_allowed: bool) -> Target:
    """Return where ``url`` leads, after looking its host up.

    Args:
        url: What somebody named.
        private_allowed: Whether the operator allows addresses that are not public, for receivers in an own network.

    Raises:
        TargetRefusedError: ``webhook_url_malformed``, ``webhook_host_unknown`` (no address now, may be one later), or
            ``webhook_target_private`` with the address that is not public.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError as error:
        raise TargetRefusedError("webhook_url_malformed", url=url[:200]) from error
    plain = len(url) <= URL_LENGTH_MAX and url.isascii() and url.isprintable() and " " not in url
    if not plain or not port or not parts.hostname or parts.username or parts.password or parts.fragment:
        raise TargetRefusedError("webhook_url_malformed", url=ascii(url)[:200])
    found = _looked_up(parts.hostname, port)
    for address in found:
        if not private_allowed and not _is_public(address):
            raise TargetRefusedError("webhook_target_private", host=parts.hostname, address=address)
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    return Target(parts.scheme, parts.hostname, port, path, found)


def _looked_up(host: str, port: int) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise TargetRefusedError("webhook_host_unknown", host=host[:200]) from error
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        carried = [address.ipv4_mapped, address.sixtofour]
        if address in _NAT64:
            carried.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
        if any(inner is not None and not _is_public(str(inner)) for inner in carried):
            return False
        if address.ipv4_mapped is not None:
            return True
    return address.is_global and not address.is_multicast and not address.is_reserved
