"""The three keys of an S3 store, and what each may do.

Every signed URL shows the access key it was signed with, and on some servers who knows one may write whatever that key
may write, or copy whatever it may read (CVE-2026-40344, CVE-2026-41145, CVE-2026-97731). So the two keys that
sign URLs may do one thing each:

- ``up`` puts into ``incoming`` and reads nothing;
- ``down`` reads ``published`` and writes nothing;
- ``catalog`` may do everything in our buckets and never appears in a URL.
"""

from dataclasses import dataclass
from typing import Any

from storage.object_store import Bucket
from storage.settings import StoreKey


@dataclass(frozen=True, slots=True)
class StoreKeys:
    """The keys by what they are for."""

    catalog: StoreKey
    up: StoreKey
    down: StoreKey


def bucket_name(bucket_prefix: str, bucket: Bucket) -> str:
    """Return the physical name of a bucket."""
    return f"{bucket_prefix}-{bucket}"


def key_policies(bucket_prefix: str) -> dict[str, dict[str, Any]]:
    """Return the policy document of each key by its name in ``StoreKeys``."""
    ours = [f"arn:aws:s3:::{bucket_name(bucket_prefix, bucket)}" for bucket in Bucket]
    incoming = f"arn:aws:s3:::{bucket_name(bucket_prefix, Bucket.INCOMING)}/*"
    published = f"arn:aws:s3:::{bucket_name(bucket_prefix, Bucket.PUBLISHED)}/*"
    return {
        "catalog": _allow(["s3:*"], [*ours, *(f"{name}/*" for name in ours)]),
        "up": _allow(["s3:PutObject"], [incoming]),
        "down": _allow(["s3:GetObject", "s3:GetObjectVersion"], [published]),
    }


def _allow(actions: list[str], resources: list[str]) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}],
    }
