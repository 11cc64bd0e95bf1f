"""Presigned URLs of S3 (Signature Version 4 in the query string).

minio-py signs only ``host``. We also sign ``content-length``, so that a URL for a part takes a body of exactly the size
that was asked for; the store refuses any other with 403.

Source: AWS, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urlsplit

from storage.object_store import require_url_life
from storage.settings import StoreKey


def presigned_url(
    method: str,
    object_url: str,
    key: StoreKey,
    region: str,
    now: datetime,
    expires_s: int,
    parameters: Mapping[str, str],
    size_bytes: int | None = None,
) -> str:
    """Return ``object_url`` (``scheme://host[:port]/bucket/key``, unencoded) signed for ``method``.

    Args:
        method: The only method the URL allows.
        object_url: Path style; its host is signed, so it must be the one clients use.
        key: The key that signs; its access key stands in the URL.
        region: The region of the store.
        now: The instant the URL begins to hold.
        expires_s: For how long, 1 second to 7 days.
        parameters: Query parameters of the request, signed with it.
        size_bytes: The only size of body the URL allows, or None for a request without one.

    Raises:
        ValueError: ``expires_s`` is outside its limits.
    """
    parts = urlsplit(object_url)
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    headers = {"host": parts.netloc}
    if size_bytes is not None:
        headers = {"content-length": str(size_bytes), **headers}
    query = {
        **parameters,
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{key.access_key}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(require_url_life(expires_s)),
        "X-Amz-SignedHeaders": ";".join(headers),
    }
    path = quote(parts.path)
    canonical_query = urlencode(sorted(query.items()), quote_via=quote, safe="")
    stated = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"{method}\n{path}\n{canonical_query}\n{stated}\n{';'.join(headers)}\nUNSIGNED-PAYLOAD"
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signing_key = f"AWS4{key.secret_key}".encode()
    for step in scope.split("/"):
        signing_key = hmac.digest(signing_key, step.encode(), "sha256")
    signature = hmac.digest(signing_key, to_sign.encode(), "sha256").hex()
    return f"{parts.scheme}://{parts.netloc}{path}?{canonical_query}&X-Amz-Signature={signature}"
