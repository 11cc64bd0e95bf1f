"""Questions about a dataset by any name it ever had: an earlier one leads to the present one."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

from flask import Response, request
from pydantic import BaseModel

from api.calls import current_actor, house, rendered
from registry.catalog import service
from registry.catalog.model import Dataset
from registry.journal.work import View
from registry.values.names import PublicName

T = TypeVar("T")


def of_dataset(
    namespace: str, slug: str, query: Callable[[View, Dataset], T], present: Callable[[T], BaseModel]
) -> Response:
    """Answer a question about a dataset; asked by an earlier name, lead to the present one (308)."""
    name = PublicName(namespace, slug)
    with house().view(current_actor()) as view:
        held = service.dataset(view, name)
        if held.name.key != name.key:
            before, after = (quote(f"/v1/datasets/{each}") for each in (name, held.name))
            moved = request.full_path.removesuffix("?").replace(before, after, 1)
            return Response(status=308, headers={"Location": moved})
        made = present(query(view, held))
    return rendered(made.model_dump(mode="json", by_alias=True))
