"""``docs/openapi.json`` as the code answers today: ``python -m tests.checks.openapi_current --write``.

The document stands in the repository so that a change of the interface is seen by whoever reads the change.
"""

import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from api.app import create_app
from api.openapi import document
from registry.house import House
from registry.journal.signing import SigningKey
from registry.values.moment import SystemClock
from storage.database import Database
from storage.local_store import LocalStore
from storage.settings import read_settings

DOCUMENT = Path(__file__).parents[2] / "docs/openapi.json"


def made() -> str:
    """Return the document as text. Nothing is opened for it: no database, no store."""
    secret = b"no secret: nothing is signed here"
    with tempfile.TemporaryDirectory() as home:
        settings = read_settings({"SANCAI_HOME": home})
        house = House(
            settings=settings,
            database=Database("postgresql://nobody@localhost/none"),
            clock=SystemClock(),
            store=LocalStore(settings.objects_folder, settings.public_url, secret),
            signing_key=SigningKey.create("sancai.example"),
            secret=secret,
            _opened=ExitStack(),
        )
        described = document(create_app(house))
    return json.dumps(described, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Write the document, or say that the one in the repository is not current."""
    text = made()
    if "--write" in sys.argv:
        DOCUMENT.parent.mkdir(exist_ok=True)
        DOCUMENT.write_text(text, encoding="utf-8")
    elif not DOCUMENT.exists() or DOCUMENT.read_text(encoding="utf-8") != text:
        sys.exit("docs/openapi.json is not what the code answers. Write it anew with: make openapi")


if __name__ == "__main__":
    main()
