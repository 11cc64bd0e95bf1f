"""Sign in from a terminal: the device flow of OAuth 2.0 (RFC 8628). The password never comes near this process."""

import time
from dataclasses import dataclass
from typing import Any, Final

from sancai.errors import InvalidValueError, NotAllowedError, SancaiError
from sancai.session import Session
from sancai.shapes import shaped

CLIENT_ID: Final = "sancai-cli"
GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:device_code"
SLOW_DOWN_S: Final = 5


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """What to show: open ``verification_uri`` in a browser and type ``user_code``; ask every ``interval`` seconds."""

    device_code: str
    user_code: str
    verification_uri: str
    expires_in: int
    interval: int = 5
    verification_uri_complete: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A token, and what it may do."""

    access_token: str
    scope: str = ""
    expires_in: int | None = None


@dataclass(frozen=True, slots=True)
class Me:
    """Who a token belongs to."""

    account: str
    login: str
    display_name: str = ""
    firm: str | None = None
    authority: str | None = None
    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    datasets: tuple[str, ...] | None = None


def begin_sign_in(session: Session, scope: str = "") -> DeviceRequest:
    """Ask the service for a code to show. Raises SancaiError."""
    wanted = {"scope": scope} if scope else {}
    return shaped(DeviceRequest, session.form("/oauth/device_authorization", client_id=CLIENT_ID, **wanted))


def await_sign_in(session: Session, device: DeviceRequest) -> SignedIn:
    """Wait until the code was approved in a browser and return the token.

    Raises:
        NotAllowedError: ``access_denied`` or ``expired_token``.
        SancaiError: As the service refuses.
    """
    interval, deadline = max(1, device.interval), time.monotonic() + device.expires_in
    while time.monotonic() < deadline:
        time.sleep(interval)
        try:
            answer = session.form(
                "/oauth/token", grant_type=GRANT_TYPE, device_code=device.device_code, client_id=CLIENT_ID
            )
        except InvalidValueError as error:
            if error.code == "slow_down":
                interval += SLOW_DOWN_S
            elif error.code != "authorization_pending":
                raise _refused(error) from error
        else:
            return shaped(SignedIn, answer)
    raise NotAllowedError("expired_token", "The code has expired. Run `sancai login` again.")


def _refused(error: SancaiError) -> SancaiError:
    words: dict[str, Any] = {
        "access_denied": "Access was denied in the browser. Run `sancai login` again if that was a mistake.",
        "expired_token": "The code has expired. Run `sancai login` again.",
    }
    return NotAllowedError(error.code, words[error.code]) if error.code in words else error


def revoke(session: Session, token: str) -> None:
    """Give a token back, so that it ends on the service, too (RFC 7009)."""
    session.form("/oauth/revoke", token=token, client_id=CLIENT_ID)


def who_am_i(session: Session) -> Me:
    """Return who the session's token belongs to. Raises NotAllowedError."""
    return shaped(Me, session.get("/me"))
