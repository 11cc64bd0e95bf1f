"""The embedded PostgreSQL lives exactly as long as those who use it. Each test runs a real one."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy.engine import make_url

from storage.embedded_postgres import EmbeddedPostgres
from storage.errors import StoreConfigurationError

SMALL = {"shared_buffers": "16MB", "max_connections": "10"}
USER = """
import sys, time
from pathlib import Path
from storage.embedded_postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1]), {"shared_buffers": "16MB", "max_connections": "10"}):
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cluster, made once; its name has spaces and Chinese in it."""
    folder = tmp_path_factory.mktemp("data") / "三采 数据"
    with EmbeddedPostgres(folder, SMALL):
        pass
    return folder


def a_user(folder: Path) -> subprocess.Popen[bytes]:
    started = subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert started.stdout is not None
    assert started.stdout.readline() == b"up\n"
    return started


def ended(started: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with started:
        started.send_signal(number)
        started.wait(60)


def postmaster(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "cluster" / "postmaster.pid").read_text().split("\n")[0]))


def answer(postgres: EmbeddedPostgres, query: str) -> object:
    url = make_url(postgres.superuser_url())
    with psycopg.connect(host=str(url.query["host"]), user=url.username, dbname=url.database) as connection:
        done = connection.execute(query.encode())
        row = done.fetchone() if done.description else None
    return None if row is None else row[0]


def becomes(condition: Callable[[], bool]) -> bool:
    for _ in range(600):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_it_answers_over_the_socket_and_listens_on_no_port(cluster: Path) -> None:
    with EmbeddedPostgres(cluster, SMALL) as postgres:
        assert answer(postgres, "select current_setting('server_version_num')::int / 10000") == 18
        assert answer(postgres, "select current_setting('listen_addresses')") == ""
        assert answer(postgres, "select current_setting('max_connections')") == "10"


def test_text_is_ordered_by_code_point(cluster: Path) -> None:
    with EmbeddedPostgres(cluster, SMALL) as postgres:
        assert answer(postgres, "select 'Z' < 'a' and 'é' > 'z' and lower('É') = 'é'") is True


def test_it_stops_when_the_last_user_leaves(cluster: Path) -> None:
    with EmbeddedPostgres(cluster, SMALL) as first:
        server = postmaster(cluster)
        with EmbeddedPostgres(cluster, SMALL):
            pass
        assert answer(first, "select 1") == 1
    assert not server.is_running()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_its_only_user_is_ended(cluster: Path, number: signal.Signals) -> None:
    user = a_user(cluster)
    server = postmaster(cluster)
    ended(user, number)
    assert becomes(lambda: not server.is_running())


def test_it_starts_again_after_its_user_was_killed(cluster: Path) -> None:
    ended(a_user(cluster), signal.SIGKILL)
    with EmbeddedPostgres(cluster, SMALL) as postgres:
        assert answer(postgres, "select 1") == 1


def test_it_starts_when_a_keeper_that_was_seen_ends_without_a_server(cluster: Path) -> None:
    ending = os.open(cluster / "keeper.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(ending, fcntl.LOCK_EX)
    end = threading.Timer(0.5, os.close, [ending])
    end.start()
    with EmbeddedPostgres(cluster, SMALL) as postgres:
        assert answer(postgres, "select 1") == 1
    end.join()


def test_it_stays_for_the_others_when_who_started_it_is_killed(cluster: Path) -> None:
    user = a_user(cluster)
    with EmbeddedPostgres(cluster, SMALL) as postgres:
        ended(user, signal.SIGKILL)
        assert answer(postgres, "select 1") == 1


def test_what_was_committed_survives_a_server_that_was_killed(cluster: Path) -> None:
    with EmbeddedPostgres(cluster, SMALL) as postgres:
        answer(postgres, "create table kept as select 1 as id")
        server = postmaster(cluster)
        server.kill()
        server.wait(30)
    with EmbeddedPostgres(cluster, SMALL) as postgres:
        assert answer(postgres, "select id from kept") == 1


def test_it_does_not_outlive_its_keeper(cluster: Path) -> None:
    with EmbeddedPostgres(cluster, SMALL):
        server = postmaster(cluster)
        keeper = server.parent()
        assert keeper is not None
        keeper.kill()
        assert becomes(lambda: not server.is_running())
    with EmbeddedPostgres(cluster, SMALL) as postgres:
        assert answer(postgres, "select 1") == 1


def test_a_process_file_left_by_a_dead_server_does_not_prevent_a_start(cluster: Path) -> None:
    (cluster / "cluster" / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster}\n0\n5432\n\n\n\nready\n")
    with EmbeddedPostgres(cluster, SMALL) as postgres:
        assert answer(postgres, "select 1") == 1


def test_many_may_start_it_at_once(cluster: Path) -> None:
    users = [
        subprocess.Popen([sys.executable, "-c", USER, str(cluster)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    outputs = [user.communicate(b"", 120)[0] for user in users]
    assert outputs == [b"up\n"] * 4


def test_a_path_too_long_for_a_socket_works(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 25)
    with EmbeddedPostgres(folder, SMALL) as postgres:
        assert answer(postgres, "select 1") == 1


def test_a_setting_that_postgres_refuses_is_told_with_its_words(cluster: Path) -> None:
    with pytest.raises(StoreConfigurationError) as raised, EmbeddedPostgres(cluster, {"max_connections": "many"}):
        pass
    assert "max_connections" in str(raised.value.parameters["log"])


def test_a_cluster_of_another_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "cluster").mkdir()
    (tmp_path / "cluster" / "PG_VERSION").write_text("15\n")
    with pytest.raises(StoreConfigurationError, match="postgres_version_differs"), EmbeddedPostgres(tmp_path):
        pass


def test_its_data_is_for_its_owner_alone(cluster: Path) -> None:
    assert (cluster / "cluster").stat().st_mode & 0o077 == 0
