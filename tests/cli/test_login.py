import json
import stat
from pathlib import Path

from tests.cli.runner import sancai
from tests.sancai.server import Reply, Request, serving

ME = {"account": "acc_1", "login": "wang", "display_name": "王", "roles": ["publisher"], "scopes": ["datasets:write"]}


def service(request: Request) -> Reply:
    if request.path == "/oauth/device_authorization":
        return Reply.of(
            {
                "device_code": "d1",
                "user_code": "ABCD-EFGH",
                "verification_uri": "http://data.example.cn/device",
                "expires_in": 60,
                "interval": 1,
            }
        )
    if request.path == "/oauth/token":
        asked.append(request.body.decode())
        if len(asked) == 1:
            return Reply.of({"error": "authorization_pending"}, 400)
        return Reply.of({"access_token": "t0", "token_type": "Bearer"})
    if request.path == "/oauth/revoke":
        return Reply.of({})
    if request.headers.get("Authorization") != "Bearer t0":
        return Reply.of({"code": "token_invalid", "detail": "The token is not valid."}, 401)
    return Reply.of(ME)


asked: list[str] = []


def test_a_browser_signs_this_machine_in_and_out(tmp_path: Path) -> None:
    asked.clear()
    environment = {"SANCAI_CONFIG": str(tmp_path)}
    with serving(service) as server:
        done = sancai("login", server.url, **environment)
        assert done.code == 0, done.err
        assert "http://data.example.cn/device" in done.err
        assert "ABCD-EFGH" in done.err
        assert "device_code=d1" in asked[0]
        kept = tmp_path / "credentials.json"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert json.loads(sancai("whoami", "--json", **environment).out)["login"] == "wang"
        assert sancai("logout", **environment).code == 0
        assert "t0" not in kept.read_text()
    assert [request.path for request in server.asked].count("/oauth/revoke") == 1


def test_a_token_that_is_refused_is_not_kept(tmp_path: Path) -> None:
    with serving(service) as server:
        done = sancai("login", server.url, "--token", "wrong", SANCAI_CONFIG=str(tmp_path))
    assert done.code == 4
    assert not list(tmp_path.iterdir())


def test_a_token_made_elsewhere_is_kept(tmp_path: Path) -> None:
    with serving(service) as server:
        assert sancai("login", server.url, "--token", "t0", SANCAI_CONFIG=str(tmp_path)).code == 0
        assert sancai("whoami", SANCAI_CONFIG=str(tmp_path)).code == 0
