"""Whose signature on a manifest counts: keys that were named, else those pinned when the service was first seen.

Rules:
* Keys that the caller names (``--key``) are the only ones that count, and nothing is pinned.
* Trust on first use: a service that is new here is pinned with the keys it shows, once a manifest has held under them.
* From then on only the pinned keys count. What another key signed is refused until a person has asked the operator
  over another channel: the service itself could say anything.
"""

from sancai.client import Client
from sancai.config import pin_keys, pinned_keys, pins_path
from sancai.errors import CorruptContentError
from sancai.manifests import Manifest


def trusted_manifest(client: Client, name: str, version: int, keys: tuple[str, ...] = ()) -> Manifest:
    """Return the manifest of a version once a trusted key has signed it.

    Raises:
        CorruptContentError: It does not hold; ``service_key_changed`` when another key than the pinned one signed it;
            ``service_keys_missing`` when a service that is new here shows none.
        InvalidValueError: The pins cannot be read or written.
    """
    if keys:
        return client.datasets.manifest(name, version, keys)
    url = client.session.url
    if pinned := pinned_keys(url):
        try:
            return client.datasets.manifest(name, version, pinned)
        except CorruptContentError as error:
            if error.code == "manifest_unsigned":
                raise _changed(url) from error
            raise
    shown = tuple(key.verifier for key in client.log.keys().keys)
    if not shown:
        raise CorruptContentError(
            "service_keys_missing",
            f"{url} shows no public key. Ask its operator for one and name it with --key.",
            url=url,
        )
    found = client.datasets.manifest(name, version, shown)
    pin_keys(url, shown)
    return found


def _changed(url: str) -> CorruptContentError:
    path = pins_path()
    return CorruptContentError(
        "service_key_changed",
        f"This manifest is signed by another key than the one pinned for {url}. Do not use the data before its "
        f"operator has confirmed the new key over another channel. Then name it with --key, or remove the entry of "
        f"{url} from {path} to pin what the service shows.",
        url=url,
        path=str(path),
    )
