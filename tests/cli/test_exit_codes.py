import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.runner import SANCAI, sancai
from tests.sancai.server import Reply, script, serving

DATASET = {"id": "ds_1", "name": "hami/wind", "title": "风机 [1]", "sector": "new_energy", "licence": "CC0-1.0"}


def test_success_is_zero() -> None:
    with serving(script(Reply.of(DATASET))) as server:
        done = sancai("dataset", "show", "hami/wind", SANCAI_URL=server.url)
    assert (done.code, done.err) == (0, "")
    assert "风机 [1]" in done.out


@pytest.mark.parametrize(("status", "code"), [(400, 3), (401, 4), (403, 4), (404, 5), (409, 6), (422, 7), (500, 1)])
def test_each_refusal_has_its_exit_code_and_its_line(status: int, code: int) -> None:
    problem = {"code": "internal_error" if status == 500 else "so", "detail": "It is so. Do this."}
    with serving(script(Reply.of(problem, status))) as server:
        done = sancai("dataset", "show", "hami/wind", SANCAI_URL=server.url)
    assert (done.code, done.err, done.out) == (code, "It is so. Do this.\n", "")


def test_corrupt_content_is_nine() -> None:
    with serving(script(Reply.of({"code": "object_corrupt", "detail": "Damaged."}, 500))) as server:
        assert sancai("dataset", "show", "hami/wind", SANCAI_URL=server.url).code == 9


def test_every_obstacle_is_listed_with_its_clause() -> None:
    problem = {
        "code": "not_eligible",
        "detail": "Not yet.",
        "obstacles": [
            {"code": "a", "clause": "S1 cl.14", "detail": "Two of three adopters."},
            {"code": "b", "detail": "No report."},
        ],
    }
    with serving(script(Reply.of(problem, 422))) as server:
        done = sancai("dataset", "show", "hami/wind", SANCAI_URL=server.url)
    assert done.code == 7
    assert done.err.splitlines() == ["Not yet.", "  - Two of three adopters. [S1 cl.14]", "  - No report."]


def test_who_is_not_signed_in_is_told_how() -> None:
    with serving(script(Reply.of({"code": "unauthenticated", "detail": "Who are you?"}, 401))) as server:
        done = sancai("whoami", SANCAI_URL=server.url)
    assert done.code == 4
    assert "sancai login" in done.err


def test_wrong_usage_is_two_in_one_line() -> None:
    done = sancai("dataset", "show")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "sancai dataset show --help" in done.err


def test_an_unknown_command_is_two() -> None:
    assert sancai("sell").code == 2


def test_no_service_known_is_three() -> None:
    done = sancai("search", "能源")
    assert done.code == 3
    assert "sancai login" in done.err


def test_a_name_that_is_none_is_three() -> None:
    with serving(script(Reply.of(DATASET))) as server:
        done = sancai("dataset", "show", "wind", SANCAI_URL=server.url)
    assert done.code == 3
    assert not server.asked


def test_a_missing_folder_is_three(tmp_path: Path) -> None:
    with serving(script(Reply.of(DATASET))) as server:
        done = sancai("publish", str(tmp_path / "none"), "--name", "hami/wind", SANCAI_URL=server.url)
    assert done.code == 3


def test_json_is_json() -> None:
    with serving(script(Reply.of({"items": [DATASET], "facets": {}, "next_cursor": None}))) as server:
        done = sancai("search", "能源", "--json", SANCAI_URL=server.url)
    assert done.code == 0
    assert json.loads(done.out)["items"][0]["title"] == "风机 [1]"


def test_a_refusal_is_json_too() -> None:
    with serving(script(Reply.of({"code": "not_found", "detail": "No.", "parameters": {"id": "x"}}, 404))) as server:
        done = sancai("dataset", "show", "hami/wind", "--json", SANCAI_URL=server.url)
    stated = json.loads(done.err)
    assert (done.code, stated["code"], stated["exit_code"], stated["parameters"]) == (5, "not_found", 5, {"id": "x"})


def test_wrong_usage_is_json_too() -> None:
    assert json.loads(sancai("dataset", "show", "--json").err)["exit_code"] == 2


def test_a_pipe_gets_lines_with_tabs() -> None:
    with serving(script(Reply.of({"items": [DATASET], "next_cursor": None}))) as server:
        done = sancai("search", SANCAI_URL=server.url)
    assert done.out.splitlines()[1].split("\t") == ["hami/wind", "风机 [1]", "new_energy", "CC0-1.0", "free"]


def test_messages_are_in_the_language_of_the_terminal() -> None:
    with serving(script(Reply.of({"items": [], "next_cursor": None}))) as server:
        done = sancai("search", SANCAI_URL=server.url, LANG="zh_CN.UTF-8")
    assert done.out == "没有找到。\n"
    assert server.asked[0].headers["Accept-Language"] == "zh"


def test_help_of_a_command_is_in_the_language_of_the_terminal() -> None:
    assert "逐字节校验" in sancai("pull", "--help", SANCAI_LANG="zh").out
    assert "$ sancai pull" in sancai("pull", "--help").out


def test_a_reader_that_leaves_is_no_failure_with_words() -> None:
    many = {"items": [DATASET] * 5000, "next_cursor": None}
    with serving(script(Reply.of(many))) as server:
        environment = {**os.environ, "SANCAI_URL": server.url}
        done = subprocess.run(
            f"{SANCAI} search | head -n 1", shell=True, env=environment, capture_output=True, text=True, check=False
        )
    assert done.stderr == ""


def test_an_interrupt_is_130_and_clean() -> None:
    def never(_: object) -> Reply:
        child.send_signal(signal.SIGINT)
        return Reply.of({"code": "busy"}, 503, **{"Retry-After": "60"})

    with serving(never) as server:
        child = subprocess.Popen(
            [SANCAI, "search"],
            env={**os.environ, "SANCAI_URL": server.url, "SANCAI_LANG": "en"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        out, err = child.communicate(timeout=30)
    assert (child.returncode, out, err) == (130, "", "\nInterrupted.\n")
