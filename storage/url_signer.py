"""Signed URLs of the local store: whoever holds one may do one thing, until it expires.

The signature is an HMAC-SHA256 over the method, the path and every parameter: none can be changed or left out.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from storage.errors import PartRefusedError, StoreConfigurationError
from storage.object_store import require_url_life

URL_SECRET_MIN_BYTES = 32
_METHODS = ("PUT", "GET")


class UrlSigner:
    """Signs paths below ``base_url`` (which ends in a slash) and checks them when they come back.

    ``now`` returns seconds since 1970.
    """

    def __init__(self, base_url: str, secret: bytes, now: Callable[[], float]) -> None:
        if len(secret) < URL_SECRET_MIN_BYTES:
            raise StoreConfigurationError(
                "url_secret_too_short", given_bytes=len(secret), least_bytes=URL_SECRET_MIN_BYTES
            )
        self._base_url, self._secret, self._now = base_url, secret, now

    def url(self, method: str, path: str, named: Mapping[str, str], expires_s: int) -> str:
        """Return the URL that allows ``method`` on ``path`` with the parameters ``named``. Raises ValueError."""
        query = {**named, "expires": str(int(self._now()) + require_url_life(expires_s))}
        query["signature"] = self._signature(method, path, query)
        return f"{self._base_url}{quote(path)}?{urlencode(query)}"

    def require(self, method: str, path: str, query: Mapping[str, str]) -> None:
        """Return if this is a URL that we signed for ``method`` and it is still valid. Raises PartRefusedError."""
        given = query.get("signature", "").encode()
        for signed in _METHODS:
            if not hmac.compare_digest(self._signature(signed, path, query).encode(), given):
                continue
            if signed != method:
                raise PartRefusedError("method_wrong", allowed=signed)
            if self._now() >= int(query["expires"]):
                raise PartRefusedError("url_expired")
            return
        raise PartRefusedError("signature_wrong")

    def _signature(self, method: str, path: str, query: Mapping[str, str]) -> str:
        named = sorted((name, value) for name, value in query.items() if name != "signature")
        message = f"sancai-url-1\n{method}\n{quote(path)}\n{urlencode(named)}"
        return hmac.new(self._secret, message.encode(), hashlib.sha256).hexdigest()
