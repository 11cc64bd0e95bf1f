from pathlib import Path

import pytest

from sancai.errors import InvalidValueError
from sancai.publish_card import read_card, spdx
from sancai.publish_statement import read_statement

CARD = """---
pretty_name: 风机数据
license: cc-by-sa-4.0
tags:
- wind
- 新能源
task_categories: [time-series-forecasting]
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train.parquet
  - split: test
    path: "data/*.csv"
sancai:
  sector: new_energy
  source: SCADA, 2024
  earlier_publications:
  - where: Zenodo
    published_on: 2024-05-01
---

# Wind turbines

![logo](x.png)

Measurements of **three** wind farms, see [the paper](https://example.org).

More words.
"""


def card(folder: Path, text: str = CARD) -> Path:
    (folder / "README.md").write_text(text, encoding="utf-8")
    return folder


def test_the_keys_of_the_hubs_fill_in_the_statement(tmp_path: Path) -> None:
    stated = read_statement(card(tmp_path), {"name": "hami/wind"})
    assert (stated.title, stated.licence, stated.keywords) == ("风机数据", "CC-BY-SA-4.0", ("wind", "新能源"))
    assert stated.description == "Measurements of three wind farms, see the paper."
    assert (stated.sector, stated.source) == ("new_energy", "SCADA, 2024")
    assert stated.earlier_publications[0].published_on == "2024-05-01"


def test_options_win_over_the_toml_file_and_that_over_the_card(tmp_path: Path) -> None:
    (card(tmp_path) / "sancai.toml").write_text('name = "hami/wind"\ntitle = "toml"\nsource = "toml"\n')
    stated = read_statement(tmp_path, {"title": "option"})
    assert (stated.title, stated.source, stated.sector) == ("option", "toml", "new_energy")


def test_the_heading_is_the_title_without_front_matter(tmp_path: Path) -> None:
    assert read_card(card(tmp_path, "# Wind\n\nWords.\n")).stated == {"title": "Wind", "description": "Words."}


def test_files_that_configurations_name_are_known(tmp_path: Path) -> None:
    assert read_card(card(tmp_path)).data_files == ("data/train.parquet",)


def test_a_licence_of_its_own_has_its_name(tmp_path: Path) -> None:
    card(tmp_path, "---\nlicense: other\nlicense_name: acme-1.0\n---\n")
    assert read_card(tmp_path).stated["licence"] == "acme-1.0"


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("apache-2.0", "Apache-2.0"),
        ("mit", "MIT"),
        ("cc0-1.0", "CC0-1.0"),
        ("odbl", "ODbL-1.0"),
        ("openrail", "openrail"),
    ],
)
def test_licences_are_written_as_spdx_writes_them(given: str, written: str) -> None:
    assert spdx(given) == written


@pytest.mark.parametrize(
    ("text", "told"),
    [("---\na: [\n---\n", "line 3"), ("---\n- a\n---\n", "names"), ("---\nsancai: 1\n---\n", "sancai")],
)
def test_front_matter_that_cannot_be_read_is_refused_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InvalidValueError, match=told) as caught:
        read_card(card(tmp_path, text))
    assert caught.value.code == "card_malformed"


def test_an_unknown_field_below_our_own_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="sectr"):
        read_statement(card(tmp_path, "---\nsancai:\n  sectr: energy\n---\n"), {"name": "hami/wind"})


def test_a_card_with_windows_line_ends_and_a_mark_of_order_is_read(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes("\ufeff---\r\npretty_name: A\r\n---\r\nText\r\n".encode())
    assert read_card(tmp_path).stated == {"title": "A", "description": "Text"}


def test_a_rule_in_the_text_is_no_front_matter(tmp_path: Path) -> None:
    assert read_card(card(tmp_path, "Text\n\n---\n\nlicense: mit\n")).stated == {"description": "Text"}
