"""What keeps one document of an erased person keeps no other."""

from typing import Any, cast

import pytest

from registry.aftercare import erased_persons
from registry.catalog.premises import Premises
from registry.house import House
from registry.values.identifiers import FirmId
from storage.errors import StoreUnavailableError
from storage.object_store import Bucket, Place


def test_a_store_that_is_away_holds_up_no_document_of_another(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (("away", Place(Bucket.EVIDENCE, "a")), ("here", Place(Bucket.EVIDENCE, "b")))
    noted: list[Any] = []
    monkeypatch.setattr(erased_persons.documents, "erased_places", lambda *_, **__: [first, second])
    monkeypatch.setattr(erased_persons.documents, "note_documents_gone", lambda *given: noted.extend(given[2]))

    def delete(store: str, place: Place) -> None:
        if store == "away":
            raise StoreUnavailableError("store_unavailable", key=place.key)

    stuck = erased_persons._delete_bytes(cast("Premises", house), FirmId.new(), delete)
    assert (stuck, noted) == ("store_unavailable", [second])
