import stat
from pathlib import Path

import pytest

from sancai.config import forget_token, keep_token, read_config
from sancai.errors import InvalidValueError

URL = "https://data.example.cn"


def test_a_kept_token_is_used(tmp_path: Path) -> None:
    environment = {"SANCAI_CONFIG": str(tmp_path)}
    keep_token(URL, "t0", environment)
    found = read_config(environment)
    assert (found.url, found.token) == (URL, "t0")


def test_credentials_are_for_their_owner_only(tmp_path: Path) -> None:
    path = keep_token(URL, "t0", {"SANCAI_CONFIG": str(tmp_path / "new")})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_token_is_not_sent_to_another_service(tmp_path: Path) -> None:
    environment = {"SANCAI_CONFIG": str(tmp_path)}
    keep_token(URL, "t0", environment)
    assert read_config({**environment, "SANCAI_URL": "https://other.example.cn"}).token is None


def test_writing_of_an_address_does_not_matter(tmp_path: Path) -> None:
    environment = {"SANCAI_CONFIG": str(tmp_path)}
    keep_token("HTTPS://Data.Example.cn/", "t0", environment)
    assert read_config({**environment, "SANCAI_URL": URL}).token == "t0"


def test_the_environment_wins(tmp_path: Path) -> None:
    environment = {"SANCAI_CONFIG": str(tmp_path)}
    keep_token(URL, "t0", environment)
    assert read_config({**environment, "SANCAI_TOKEN": "t1"}).token == "t1"


def test_profiles_are_apart(tmp_path: Path) -> None:
    environment = {"SANCAI_CONFIG": str(tmp_path)}
    keep_token(URL, "mine", environment)
    keep_token(URL, "bureau", {**environment, "SANCAI_PROFILE": "bureau"})
    assert read_config(environment).token == "mine"
    assert read_config({**environment, "SANCAI_PROFILE": "bureau"}).token == "bureau"


def test_a_forgotten_token_is_gone(tmp_path: Path) -> None:
    environment = {"SANCAI_CONFIG": str(tmp_path)}
    keep_token(URL, "t0", environment)
    assert forget_token(URL, environment)
    assert not forget_token(URL, environment)
    assert read_config(environment).token is None


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "credentials.json").write_text("{")
    with pytest.raises(InvalidValueError, match="sancai login"):
        read_config({"SANCAI_CONFIG": str(tmp_path)})


def test_no_service_is_known(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="sancai login"):
        read_config({"SANCAI_CONFIG": str(tmp_path)}).require_url()


def test_a_token_is_not_printed(tmp_path: Path) -> None:
    environment = {"SANCAI_CONFIG": str(tmp_path)}
    keep_token(URL, "secret-token", environment)
    assert "secret-token" not in repr(read_config(environment))
