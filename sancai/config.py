"""Which service to talk to, and as whom.

Order: ``SANCAI_URL`` and ``SANCAI_TOKEN`` of the environment, else what ``sancai login`` kept. The file of credentials
lies in the user's configuration folder, readable by its owner only, and holds one token per service; a token of one
service is never sent to another. ``SANCAI_PROFILE`` names one of several identities.

Beside it lie the pins: the public keys each service was first seen with. They are no secret, but whoever may write
them decides what is trusted.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import platformdirs

from sancai.errors import InvalidValueError

DEFAULT_PROFILE: Final = "default"


@dataclass(frozen=True, slots=True)
class Config:
    """The service and token to use; either may be None."""

    url: str | None
    token: str | None = field(repr=False)
    profile: str = DEFAULT_PROFILE

    def require_url(self) -> str:
        """Return the address of the service. Raises InvalidValueError when none is known."""
        if self.url is None:
            raise InvalidValueError(
                "url_missing", "No service is chosen. Run `sancai login https://…` or set SANCAI_URL."
            )
        return self.url


def credentials_path(environment: Mapping[str, str] | None = None) -> Path:
    """Return where credentials are kept: ``SANCAI_CONFIG`` names another folder than the user's own."""
    given = (os.environ if environment is None else environment).get("SANCAI_CONFIG")
    return Path(given or platformdirs.user_config_path("sancai")) / "credentials.json"


def service_key(url: str) -> str:
    """Return ``url`` as credentials know it: scheme and host in lower case, without a slash at its end.

    Raises:
        InvalidValueError: It is not a web address.
    """
    parts = urlsplit(url.strip())
    if parts.scheme.lower() not in {"http", "https"} or not parts.netloc:
        raise InvalidValueError("url_malformed", f"{url!r} is not a web address. Write https://host.", given=url)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def read_config(environment: Mapping[str, str] | None = None) -> Config:
    """Return the configuration of this process. Raises InvalidValueError for a file that cannot be read."""
    given = os.environ if environment is None else environment
    profile = given.get("SANCAI_PROFILE") or DEFAULT_PROFILE
    kept = _read(credentials_path(given)).get(profile, {})
    chosen = given.get("SANCAI_URL") or kept.get("url")
    url = service_key(chosen) if chosen else None
    token = given.get("SANCAI_TOKEN") or (kept.get("tokens", {}).get(url) if url else None)
    return Config(url, token or None, profile)


def keep_token(url: str, token: str, environment: Mapping[str, str] | None = None) -> Path:
    """Keep ``token`` for the service at ``url``, which becomes the one commands talk to; return the file."""
    given = os.environ if environment is None else environment
    path, profile = credentials_path(given), given.get("SANCAI_PROFILE") or DEFAULT_PROFILE
    everything = _read(path)
    kept = everything.setdefault(profile, {})
    kept["url"] = service_key(url)
    kept.setdefault("tokens", {})[service_key(url)] = token
    _write(path, everything)
    return path


def forget_token(url: str, environment: Mapping[str, str] | None = None) -> bool:
    """Forget the token of the service at ``url``; return whether there was one."""
    given = os.environ if environment is None else environment
    path, profile = credentials_path(given), given.get("SANCAI_PROFILE") or DEFAULT_PROFILE
    everything = _read(path)
    tokens = everything.get(profile, {}).get("tokens", {})
    if tokens.pop(service_key(url), None) is None:
        return False
    _write(path, everything)
    return True


def pins_path(environment: Mapping[str, str] | None = None) -> Path:
    """Return where the public keys of services are pinned, beside the credentials."""
    return credentials_path(environment).with_name("pins.json")


def pinned_keys(url: str, environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the public keys pinned for the service at ``url``; none when it was never seen. Raises InvalidValueError.

    All profiles share them: what a service signs does not depend on who asks.
    """
    path = pins_path(environment)
    kept = _json(path)
    if not isinstance(kept, dict) or not all(isinstance(keys, list) for keys in kept.values()):
        raise InvalidValueError(
            "pins_unreadable",
            f"{path} is damaged. Mend it or, after checking the keys of your services, remove it.",
            path=str(path),
        )
    return tuple(str(key) for key in kept.get(service_key(url), ()))


def pin_keys(url: str, keys: tuple[str, ...], environment: Mapping[str, str] | None = None) -> Path:
    """Pin ``keys`` for the service at ``url`` and return the file. Raises InvalidValueError when it cannot be kept."""
    path = pins_path(environment)
    pinned_keys(url, environment)
    try:
        _write(path, {**_json(path), service_key(url): list(keys)})
    except OSError as error:
        raise InvalidValueError(
            "pins_unwritable",
            f"The key of {url} cannot be kept in {path}. Set SANCAI_CONFIG to a folder of yours, or name the key with "
            "--key.",
            path=str(path),
        ) from error
    return path


def _read(path: Path) -> dict[str, Any]:
    made = _json(path)
    if not isinstance(made, dict) or not all(isinstance(kept, dict) for kept in made.values()):
        raise InvalidValueError(
            "credentials_unreadable", f"{path} is damaged. Remove it and run `sancai login` again.", path=str(path)
        )
    return made


def _json(path: Path) -> Any:
    """Return what a file holds, an empty object without one, None for one that cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except ValueError:
        return None


def _write(path: Path, everything: Mapping[str, Any]) -> None:
    """Replace the file in one step; it is never readable by others, not even for a moment."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp creates with mode 0600.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(everything, file, ensure_ascii=False, indent=2)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
