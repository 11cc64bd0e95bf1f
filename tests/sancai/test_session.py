import socket
from datetime import date

import pytest

from sancai.errors import (
    ConflictError,
    CorruptContentError,
    InvalidValueError,
    NotAllowedError,
    NotFoundError,
    RuleError,
    SancaiError,
    UnavailableError,
    UnexpectedAnswerError,
)
from sancai.session import ATTEMPTS_MAX, WAIT_MAX_S, Session, wait_s
from tests.sancai.server import NO_ANSWER, Reply, script, serving

BUSY = Reply.of({"code": "database_unavailable", "detail": "Later."}, 503)


def test_a_post_whose_answer_was_lost_is_sent_again_with_the_same_key() -> None:
    with serving(script(NO_ANSWER, Reply.of({"id": "ds_1"}, 201))) as server, Session(server.url) as session:
        assert session.post("/datasets", {"name": "a/b"}) == {"id": "ds_1"}
    first, second = server.asked
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert first.body == second.body


def test_two_posts_have_two_keys() -> None:
    with serving(script(Reply.of({}))) as server, Session(server.url) as session:
        session.post("/orders")
        session.post("/orders")
    assert len({request.headers["Idempotency-Key"] for request in server.asked}) == 2


def test_a_key_of_ones_own_is_sent() -> None:
    with serving(script(Reply.of({}))) as server, Session(server.url) as session:
        session.post("/orders", key="order-of-monday")
    assert server.asked[0].headers["Idempotency-Key"] == "order-of-monday"


def test_an_unkeyed_post_whose_answer_was_lost_is_not_repeated() -> None:
    with (
        serving(script(NO_ANSWER, Reply.of({}))) as server,
        Session(server.url) as session,
        pytest.raises(UnavailableError),
    ):
        session.post("/tokens", {}, keyed=False)
    assert len(server.asked) == 1
    assert "Idempotency-Key" not in server.asked[0].headers


def test_a_busy_service_is_asked_again() -> None:
    with serving(script(BUSY, BUSY, Reply.of({"ok": True}))) as server, Session(server.url) as session:
        assert session.get("/me") == {"ok": True}


def test_attempts_end(no_waiting: list[float]) -> None:
    with (
        serving(script(BUSY)) as server,
        Session(server.url) as session,
        pytest.raises(UnavailableError, match=r"Later\."),
    ):
        session.get("/me")
    assert len(server.asked) == ATTEMPTS_MAX
    assert len(no_waiting) == ATTEMPTS_MAX - 1


def test_a_rule_is_not_asked_twice() -> None:
    with (
        serving(script(Reply.of({"code": "cap_reached"}, 422))) as server,
        Session(server.url) as session,
        pytest.raises(RuleError),
    ):
        session.post("/vouchers")
    assert len(server.asked) == 1


def test_the_service_says_how_long_to_wait(no_waiting: list[float]) -> None:
    later = Reply.of({}, 503, **{"Retry-After": "7"})
    with serving(script(later, Reply.of({}))) as server, Session(server.url) as session:
        session.get("/me")
    assert no_waiting[0] >= 7


def test_no_wait_is_longer_than_a_minute() -> None:
    assert wait_s(1, "86400") == WAIT_MAX_S
    assert wait_s(30) == WAIT_MAX_S


def test_a_wait_that_cannot_be_read_is_ignored() -> None:
    assert wait_s(1, "soon") <= 0.5


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with Session(url) as session, pytest.raises(UnavailableError) as caught:
        session.get("/me")
    assert caught.value.code == "service_unreachable"
    assert url in str(caught.value)


@pytest.mark.parametrize(
    ("status", "code", "kind", "exit_code"),
    [
        (400, "uscc_wrong", InvalidValueError, 3),
        (401, "unauthenticated", NotAllowedError, 4),
        (403, "role_missing", NotAllowedError, 4),
        (404, "not_found", NotFoundError, 5),
        (409, "name_taken", ConflictError, 6),
        (412, "precondition_failed", ConflictError, 6),
        (413, "http_413", InvalidValueError, 3),
        (422, "cap_reached", RuleError, 7),
        (500, "object_corrupt", CorruptContentError, 9),
        (500, "internal_error", UnexpectedAnswerError, 1),
        (418, "http_418", UnexpectedAnswerError, 1),
    ],
)
def test_each_problem_is_an_error_of_its_kind(status: int, code: str, kind: type, exit_code: int) -> None:
    answer = script(Reply.of({"code": code, "detail": "So."}, status))
    with serving(answer) as server, Session(server.url) as session, pytest.raises(SancaiError) as caught:
        session.get("/x")
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.exit_code, str(caught.value)) == (code, exit_code, "So.")


def test_obstacles_and_parameters_arrive() -> None:
    problem = {
        "code": "not_eligible",
        "detail": "No.",
        "parameters": {"given": 3},
        "obstacles": [
            {"code": "adopters_too_few", "clause": "S1 cl.14", "detail": "2 of 3.", "evidence": ["contract"]}
        ],
        "errors": [{"pointer": "/name", "detail": "too long"}],
        "request_id": "r1",
    }
    with (
        serving(script(Reply.of(problem, 422))) as server,
        Session(server.url) as session,
        pytest.raises(RuleError) as caught,
    ):
        session.post("/awards")
    error = caught.value
    assert error.parameters == {"given": 3}
    assert (error.obstacles[0].clause, error.obstacles[0].evidence) == ("S1 cl.14", ("contract",))
    assert error.faults[0].pointer == "/name"
    assert error.request_id == "r1"


def test_an_answer_of_something_else_is_named() -> None:
    page = Reply(200, b"<html>Welcome</html>", {"Content-Type": "text/html"})
    with (
        serving(script(page)) as server,
        Session(server.url) as session,
        pytest.raises(UnexpectedAnswerError, match="did not answer as Sancai does"),
    ):
        session.get("/me")


def test_pages_are_fetched_until_the_last() -> None:
    pages = script(Reply.of({"items": [{"n": 1}], "next_cursor": "c2"}), Reply.of({"items": [{"n": 2}]}))
    with serving(pages) as server, Session(server.url) as session:
        assert [item["n"] for item in session.pages("/datasets", q="能源")] == [1, 2]
    assert "cursor=c2" in server.asked[1].path
    assert "q=%E8%83%BD%E6%BA%90" in server.asked[1].path


def test_a_cursor_that_leads_nowhere_ends() -> None:
    with serving(script(Reply.of({"items": [{}], "next_cursor": "same"}))) as server, Session(server.url) as session:
        assert len(list(session.pages("/datasets"))) == 2


def test_query_values_are_text() -> None:
    with serving(script(Reply.of({}))) as server, Session(server.url) as session:
        session.get("/firm-years", firm=None, year=2026, open=True, on=date(2026, 3, 1), sector=["a", "b"])
    assert server.asked[0].path == "/v1/firm-years?year=2026&open=true&on=2026-03-01&sector=a&sector=b"


def test_paths_beside_v1_stay() -> None:
    with serving(script(Reply.of({}))) as server, Session(server.url) as session:
        session.get("/v1/clock")
        session.get("/readyz")
        session.get("/clock")
    assert [request.path for request in server.asked] == ["/v1/clock", "/readyz", "/v1/clock"]


def test_a_delete_whose_answer_was_lost_has_done_its_work() -> None:
    with serving(script(NO_ANSWER, Reply.of({"code": "not_found"}, 404))) as server, Session(server.url) as session:
        session.delete("/uploads/up_1")
    assert len(server.asked) == 2


def test_token_and_language_go_along() -> None:
    with serving(script(Reply.of({}))) as server, Session(server.url, "t0", "zh") as session:
        session.get("/me")
    headers = server.asked[0].headers
    assert (headers["Authorization"], headers["Accept-Language"]) == ("Bearer t0", "zh")
    assert headers["User-Agent"].startswith("sancai/")


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with serving(script(Reply.of({}))) as server, Session(server.url) as session:
        assert session.get("/me") == {}


def test_a_proxy_of_the_environment_is_asked_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(script(Reply.of({"from": "proxy"}))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with Session("http://data.example.invalid") as session:
            assert session.get("/me") == {"from": "proxy"}
    assert proxy.asked[0].path == "http://data.example.invalid/v1/me"


@pytest.mark.parametrize("url", ["data.example.cn", "ftp://data.example.cn", "https://", ""])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidValueError):
        Session(url)
