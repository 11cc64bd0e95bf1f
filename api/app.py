"""The application: every door on one house."""

from importlib import import_module
from importlib.util import find_spec
from typing import Final

from flask import Flask

from api import problems
from registry.house import House

ROOMS: Final = (
    "accounts",
    "policy",
    "parties",
    "uploads",
    "datasets",
    "adoption",
    "quality",
    "exchange",
    "vouchers",
    "cases",
    "log",
)
"""The modules of ``api.v1`` that have a door."""

SURROUNDINGS: Final = ("api.observe", "api.auth", "api.oauth", "api.openapi", "api.objects", "api.pages")


def create_app(house: House) -> Flask:
    """Return the WSGI application that serves ``house``."""
    app = Flask("api", static_folder=None)
    app.extensions["house"] = house
    app.url_map.strict_slashes = True
    problems.install(app)
    for room in ROOMS:
        if find_spec(f"api.v1.{room}"):
            app.register_blueprint(import_module(f"api.v1.{room}").door)
    for name in SURROUNDINGS:
        if find_spec(name):
            import_module(name).install(app)
    return app
