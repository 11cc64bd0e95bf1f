"""From a draft to a version: verification by re-reading, the screen, numbers, signatures."""

import pyarrow as pa
import pytest

from registry.catalog import service
from registry.catalog.model import VersionName, VersionState
from registry.errors import ConflictError, RuleError
from registry.house import House
from registry.manifests import signatures
from registry.manifests.rules import read_root
from tests.registry.catalog.builders import (
    a_csv,
    a_dataset,
    a_publisher,
    a_table,
    a_verified_draft,
    a_version,
    ask,
    csv_of,
    parquet_of,
    publish,
)


def test_a_version_is_signed_numbered_and_described_by_what_the_server_read(house: House) -> None:
    owner = a_publisher(house)
    dataset, version = a_version(house, owner, {"data/wind.csv": a_csv(rows=120), "README.md": b"# Wind\n"})
    assert (version.number, version.state) == (1, VersionState.PUBLISHED)
    found = ask(house, owner, lambda view: service.version(view, version.id))
    assert (found.files, found.rows) == (2, 120)
    signed = ask(house, owner, lambda view: service.manifest(view, VersionName(dataset.name, 1)))
    from registry.values.canonical import canonical_json

    payload = signatures.verify(canonical_json(dict(signed.envelope)), [house.signing_key.public_key])
    assert read_root(payload).content_digest == version.content_digest


def test_versions_count_up_and_the_first_keeps_its_content(house: House) -> None:
    owner = a_publisher(house)
    dataset, first = a_version(house, owner, {"wind.csv": a_csv(seed=1)})
    _, second = a_version(house, owner, {"wind.csv": a_csv(seed=2)}, dataset)
    assert second.number == 2
    assert ask(house, owner, lambda view: service.version(view, first.id)).content_digest == first.content_digest


def test_a_copy_with_renamed_columns_and_shuffled_rows_is_refused_by_name(house: House) -> None:
    dataset, _ = a_version(house, a_publisher(house), {"wind.csv": csv_of(a_table())})
    table = a_table().rename_columns(["a", "b", "c"]).take(list(reversed(range(200))))
    thief = a_publisher(house)
    draft = a_verified_draft(house, thief, a_dataset(house, thief), {"copy.parquet": parquet_of(table)})
    with pytest.raises(RuleError) as refused:
        publish(house, thief, draft)
    assert refused.value.code == "near_duplicate"
    stated = refused.value.obstacles[0].parameters
    assert (stated["version"], stated["row_containment_bp"]) == (f"{dataset.name}@v1", 10_000)


def test_a_declared_parent_may_be_built_upon_and_the_new_share_is_shown(house: House) -> None:
    maker = a_publisher(house)
    parent, _ = a_version(house, maker, {"wind.csv": csv_of(a_table())})
    annotated = a_table().append_column("label", [[f"L{place}" for place in range(200)]])
    other = a_publisher(house)
    draft = a_verified_draft(
        house, other, a_dataset(house, other), {"wind.csv": csv_of(annotated)}, VersionName(parent.name, 1)
    )
    assert draft.new_share_bp == 2_500
    assert publish(house, other, draft).parent_names == (f"{parent.name}@v1",)


def test_two_derivatives_of_one_parent_do_not_forbid_each_other(house: House) -> None:
    maker = a_publisher(house)
    parent, _ = a_version(house, maker, {"wind.csv": csv_of(a_table())})
    for word in ("gust", "calm"):
        table = a_table().append_column("label", [[f"{word}-{place}" for place in range(200)]])
        other = a_publisher(house)
        draft = a_verified_draft(
            house, other, a_dataset(house, other), {"wind.csv": csv_of(table)}, VersionName(parent.name, 1)
        )
        assert publish(house, other, draft).number == 1


def test_the_same_content_is_not_published_twice(house: House) -> None:
    owner = a_publisher(house)
    files = {"wind.csv": a_csv()}
    dataset, _ = a_version(house, owner, files)
    again = a_verified_draft(house, owner, dataset, files)
    with pytest.raises(ConflictError, match="content_published_already"):
        publish(house, owner, again)
    elsewhere = a_verified_draft(house, owner, a_dataset(house, owner), files)
    with pytest.raises(RuleError, match="near_duplicate"):
        publish(house, owner, elsewhere)


def test_what_was_gathered_from_several_published_versions_is_refused_naming_them(house: House) -> None:
    sources = [a_version(house, a_publisher(house), {"w.csv": csv_of(a_table(seed=seed))})[0] for seed in (1, 2, 3)]
    gathered = pa.concat_tables([a_table(seed=seed) for seed in (1, 2, 3)])
    thief = a_publisher(house)
    draft = a_verified_draft(house, thief, a_dataset(house, thief), {"all.csv": csv_of(gathered)})
    with pytest.raises(RuleError) as refused:
        publish(house, thief, draft)
    named = {obstacle.parameters["version"] for obstacle in refused.value.obstacles}
    assert named == {f"{dataset.name}@v1" for dataset in sources}


def test_tables_that_share_no_rows_may_stand_side_by_side(house: House) -> None:
    for seed in (1, 2):
        owner = a_publisher(house)
        _, version = a_version(house, owner, {"w.csv": csv_of(a_table(seed=seed))})
        assert version.number == 1
