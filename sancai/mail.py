"""Where oneself takes mail, about what, and which datasets one follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class MailAddress:
    """Where a member takes mail; ``topics`` None means what the member's roles concern."""

    address: str
    language: str
    topics: tuple[str, ...] | None
    verified_at: str | None
    unsubscribed_at: str | None


@dataclass(frozen=True, slots=True)
class Followed:
    """Whether one follows a dataset."""

    name: str
    following: bool


class Mail:
    """Mail of one service to oneself."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session = session

    def address(self) -> MailAddress:
        """Return where you take mail. Raises SancaiError."""
        return shaped(MailAddress, self._session.get("/me/mail"))

    def state(self, address: str, language: str = "zh", topics: Sequence[str] | None = None) -> MailAddress:
        """State where you take mail; a new address gets a code first. Raises SancaiError."""
        body = {"address": address, "language": language, "topics": None if topics is None else list(topics)}
        return shaped(MailAddress, self._session.post("/me/mail", body))

    def verify(self, code: str) -> MailAddress:
        """Show with the mailed code that the address is yours. Raises SancaiError."""
        return shaped(MailAddress, self._session.post("/me/mail/verify", {"code": code}))

    def remove(self) -> None:
        """Forget where you take mail. Raises SancaiError."""
        self._session.post("/me/mail/remove", {})

    def follow(self, name: str) -> Followed:
        """Hear what is public of a dataset. Raises SancaiError."""
        return shaped(Followed, self._session.post(f"/datasets/{quote(name)}/follow", {}))

    def unfollow(self, name: str) -> Followed:
        """Hear no more of a dataset. Raises SancaiError."""
        return shaped(Followed, self._session.post(f"/datasets/{quote(name)}/unfollow", {}))

    def followed(self) -> tuple[str, ...]:
        """Return the names of the datasets you follow. Raises SancaiError."""
        return tuple(str(name) for name in self._session.get("/me/follows")["items"])
