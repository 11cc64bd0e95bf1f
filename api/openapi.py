"""The OpenAPI document, made from the code that answers, at ``/openapi.json``."""

import json
from functools import cache
from importlib.metadata import version
from typing import Any, Final

from flask import Flask, Response, current_app

from api.door import describe
from registry.actors.model import Scope

TITLE: Final = "Sancai 三采"

_DOCUMENT: Final = "openapi"


def install(app: Flask) -> None:
    """Serve the document on ``app``."""

    @app.get("/openapi.json")
    def openapi() -> Response:
        return Response(json.dumps(document(current_app), ensure_ascii=False), content_type="application/json")


def document(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of ``app``, which is made once."""
    made: dict[str, Any] | None = app.extensions.get(_DOCUMENT)
    if made is None:
        made = describe(app, TITLE, _version())
        made["components"]["securitySchemes"] = _schemes()
        app.extensions[_DOCUMENT] = made
    return made


def _schemes() -> dict[str, Any]:
    return {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal access token, or one from the OAuth token endpoint.",
        },
        "oauth": {
            "type": "oauth2",
            "description": "For service accounts: their client id and secret give a token for an hour. A command line "
            "uses the device flow (RFC 8628) at /oauth/device_authorization with client id sancai-cli.",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": "/oauth/token",
                    "scopes": {scope.value: f"Actions of {scope.value}." for scope in Scope},
                }
            },
        },
    }


@cache
def _version() -> str:
    return version("sancai")
