"""A test client for the HTTP interface: real requests through the WSGI application, one bearer token per user."""

import itertools
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from registry.house import House

_keys = itertools.count()


class Web:
    """Sends requests as one user; ``as_token`` gives a client for another."""

    def __init__(self, app: Flask, house: House, token: str | None = None) -> None:
        self.app, self.house, self.token = app, house, token
        self._client = app.test_client()

    def as_token(self, token: str | None) -> "Web":
        """Return a client that sends ``token``."""
        return Web(self.app, self.house, token)

    def _headers(self, extra: dict[str, str] | None = None) -> dict[str, str]:
        stated = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return stated | (extra or {})

    def get(self, path: str, /, status: int = 200, **query: Any) -> Any:
        """GET and return the JSON, after checking the status."""
        return self._checked(self._client.get(path, query_string=query, headers=self._headers()), status)

    def post(self, path: str, body: Any = None, status: int = 201, key: str | None = None) -> Any:
        """POST with an idempotency key of its own unless given and return the JSON, after checking the status."""
        headers = self._headers({"Idempotency-Key": key or f"test-key-{next(_keys)}"})
        return self._checked(self._client.post(path, json=body if body is not None else {}, headers=headers), status)

    def delete(self, path: str, status: int = 204) -> Any:
        """DELETE and return the JSON, if any, after checking the status."""
        return self._checked(self._client.delete(path, headers=self._headers()), status)

    def raw(self, method: str, path: str, **arguments: Any) -> TestResponse:
        """Send anything and return the response."""
        headers = self._headers(arguments.pop("headers", None))
        return self._client.open(path, method=method, headers=headers, **arguments)

    @staticmethod
    def _checked(answer: TestResponse, status: int) -> Any:
        assert answer.status_code == status, f"{answer.status_code}: {answer.get_data(as_text=True)[:2000]}"
        return answer.get_json(silent=True)
