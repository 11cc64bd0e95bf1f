"""What derives from what over HTTP: bounded, page by page, hidden where one may not know."""

import pytest
from sqlalchemy import text

from registry.catalog.model import VersionName
from registry.house import House
from tests.registry.catalog.builders import a_csv, a_publisher, a_publisher_with_token, a_version
from tests.web import Web

CHILDREN = 45


@pytest.fixture
def names(house: House) -> dict[str, str]:
    """A diamond: left and right derive from the root, the tip from both; each in a dataset of its own."""
    owner = a_publisher(house)
    made: dict[str, VersionName] = {}
    for seed, (key, parents) in enumerate(
        {"root": (), "left": ("root",), "right": ("root",), "tip": ("left", "right")}.items(), 1
    ):
        dataset, _ = a_version(house, owner, {"a.csv": a_csv(30, seed)}, None, *(made[parent] for parent in parents))
        made[key] = VersionName(dataset.name, 1)
    return {key: str(name) for key, name in made.items()}


def at(name: str) -> str:
    dataset, _, version = name.partition("@")
    return f"/v1/datasets/{dataset}/versions/{version}/lineage"


def hide(house: House, name: str) -> None:
    """Let a dataset be known to its firm only."""
    with house.database.writing() as connection:
        connection.execute(
            text("UPDATE datasets SET newest = NULL WHERE name = :name"), {"name": name.split("@", maxsplit=1)[0]}
        )


def test_a_graph_is_walked_both_ways_and_each_version_stands_once(web: Web, names: dict[str, str]) -> None:
    shown = web.get(at(names["left"]))
    assert [(each["name"], each["distance"]) for each in shown["nodes"]] == [
        (names["left"], 0),
        (names["root"], -1),
        (names["tip"], 1),
    ]
    nodes = {each["node"]: each["name"] for each in shown["nodes"]}
    assert {(nodes[each["child"]], nodes[each["parent"]]) for each in shown["edges"]} == {
        (names["left"], names["root"]),
        (names["tip"], names["left"]),
    }
    assert all(each["new_share_bp"] == 10_000 for each in shown["edges"])
    down = web.get(at(names["root"]), direction="down")
    assert [each["distance"] for each in down["nodes"]] == [0, 1, 1, 2]
    assert len(down["edges"]) == 4
    near = web.get(at(names["tip"]), direction="up", depth=1)
    assert [each["name"] for each in near["nodes"]] == [names["tip"], names["left"], names["right"]]
    assert web.get(at(names["root"]), direction="up")["nodes"][1:] == []


def test_pages_of_a_large_graph_hold_every_version_and_every_link_once(
    house: House, web: Web, names: dict[str, str]
) -> None:
    root = names["root"].partition("@")[0]
    with house.database.writing() as connection:
        columns = connection.execute(
            text("SELECT string_agg(column_name, ',') FROM information_schema.columns WHERE table_name = 'versions'")
        ).scalar_one()
        values = ",".join(
            {"id": "gen_random_uuid()", "number": "1 + n"}.get(column, f"v.{column}") for column in columns.split(",")
        )
        connection.execute(
            text(
                f"INSERT INTO versions ({columns}) SELECT {values} FROM versions v "
                f"JOIN datasets d ON d.id = dataset_id CROSS JOIN generate_series(1, {CHILDREN}) n WHERE d.name = :name"
            ),
            {"name": root},
        )
        connection.execute(
            text(
                "INSERT INTO version_parents SELECT c.id, r.id, 0 FROM versions c JOIN versions r USING (dataset_id) "
                "JOIN datasets d ON d.id = c.dataset_id WHERE d.name = :name AND r.number = 1 AND c.number > 1"
            ),
            {"name": root},
        )
    nodes: list[str] = []
    edges: list[tuple[str, str]] = []
    cursor = ""
    while True:
        page = web.get(at(names["root"]), limit=7, **({"cursor": cursor} if cursor else {}))
        assert len(page["nodes"]) <= 8
        nodes += [each["node"] for each in page["nodes"]]
        edges += [(each["child"], each["parent"]) for each in page["edges"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert len(nodes) == len(set(nodes)) == CHILDREN + 4
    assert len(edges) == len(set(edges)) == CHILDREN + 4


def test_a_version_one_may_not_know_of_is_a_node_without_a_name(house: House, web: Web, names: dict[str, str]) -> None:
    hide(house, names["left"])
    shown = web.get(at(names["tip"]), direction="up")
    hidden = [each for each in shown["nodes"] if each["hidden"]]
    assert [(each["name"], each["distance"], each["content_digest"]) for each in hidden] == [(None, -1, None)]
    assert hidden[0]["node"].startswith("hidden_")
    # What lies beyond it is still found, and the link to it hangs on the handle.
    assert names["root"] in [each["name"] for each in shown["nodes"]]
    assert hidden[0]["node"] in {each["child"] for each in shown["edges"]}
    page = web.raw("GET", f"/datasets/{names['tip'].partition('@')[0]}").get_data(as_text=True)
    assert names["right"] in page
    assert names["left"] not in page


def test_what_was_erased_stays_in_the_graph_as_such(house: House, web: Web, names: dict[str, str]) -> None:
    with house.database.writing() as connection:
        connection.execute(
            text("UPDATE versions SET state = 'erased' FROM datasets d WHERE d.id = dataset_id AND d.name = :name"),
            {"name": names["left"].partition("@")[0]},
        )
    shown = web.get(at(names["tip"]), direction="up")
    assert {each["name"]: each["state"] for each in shown["nodes"]}[names["left"]] == "erased"


def test_nobody_walks_from_a_version_one_may_not_know_of(house: House, web: Web, names: dict[str, str]) -> None:
    _, token = a_publisher_with_token(house)
    hide(house, names["root"])
    web.get(at(names["root"]), status=404)
    web.as_token(token).get(at(names["root"]), status=404)
    web.get(at(names["tip"]), status=400, depth=21)
