"""The people of the demo, each with a client and a token of their own."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cli.words import language
from sancai.client import Client


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who acts through the REST interface with an own token."""

    login: str
    password: str
    token: str
    client: Client

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """GET below ``/v1``."""
        return self.client.session.get(f"/v1{path}", **query)

    def post(self, path: str, *, keyed: bool = True, **body: Any) -> dict[str, Any]:
        """POST below ``/v1`` with a fresh idempotency key."""
        return self.client.session.post(f"/v1{path}", body, keyed=keyed)


class People:
    """Everyone who was invited, by login; ``firms`` holds the identifier of each firm by its key."""

    def __init__(self, url: str) -> None:
        self._url: Final = url
        self._by_login: Final[dict[str, Person]] = {}
        self.firms: Final[dict[str, str]] = {}

    def __getitem__(self, login: str) -> Person:
        """Return whoever has this login."""
        return self._by_login[login]

    def owner(self, firm_key: str) -> Person:
        """Return the owner of a firm."""
        return self._by_login[f"{firm_key.replace('_', '-')}-owner"]

    def activate(self, login: str, code: str) -> Person:
        """Turn an invitation into an account with a password of its own, and sign in with the token that gives."""
        password = secrets.token_urlsafe(12)
        with Client(self._url) as anyone:
            answer = anyone.session.post(
                "/v1/accounts/activate", {"login": login, "code": code, "password": password}, keyed=False
            )
        person = Person(login, password, answer["token"], Client(self._url, answer["token"], language()))
        self._by_login[login] = person
        return person


def document(folder: Path, name: str, text: str) -> Path:
    """Write a document of the demo and return where it is."""
    place = folder / name
    place.write_text(f"{text}\n\n本文件仅用于演示。For demonstration only.\n", encoding="utf-8")
    return place
