"""One round of the probe over pages of every kind; the service is one that remembers what it was told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from cli.probing import Kept, probe_round
from sancai.notice_probes import Look, NoticeProbes, ProbedNotice, RecordedLook
from storage.web_pages import Page

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)


@dataclass
class Told:
    """Names notices and keeps what is sent, with the time it came."""

    notices: int
    clock: list[datetime] = field(default_factory=lambda: [AT])
    sent: list[tuple[datetime, list[Look]]] = field(default_factory=list)

    def wanted(self) -> Iterator[ProbedNotice]:
        at = "2026-03-02T02:00:00Z"
        for number in range(self.notices):
            yield ProbedNotice(f"case_{number}", "doc", (), "sha256:" + "ab" * 32, f"https://x/{number}", at, at, "")

    def record(self, looks: Sequence[Look]) -> tuple[RecordedLook, ...]:
        self.sent.append((self.clock[-1], list(looks)))
        return tuple(RecordedLook(each.case, each.probed_at) for each in looks)

    def now(self) -> datetime:
        return self.clock[-1]

    def pass_by(self, seconds: float) -> None:
        self.clock.append(self.clock[-1] + timedelta(seconds=seconds))

    def round(self, read: Any, path: Path) -> Any:
        return probe_round(lambda: cast("NoticeProbes", self), read, self.now, Kept.at(path))


def test_whatever_one_page_does_the_others_are_looked_at(tmp_path: Path) -> None:
    def read(url: str) -> Page:
        if url.endswith("/1"):
            raise ZeroDivisionError
        return Page(200, url.replace("https://x/", "case_").encode())

    told = Told(3)
    done = told.round(read, tmp_path / "probe.json")
    assert (done.looked, done.seen, done.sent, done.failure) == (3, 2, 3, None)
    assert [(each.case, each.status) for _, sent in told.sent for each in sent] == [
        ("case_0", 200),
        ("case_1", None),
        ("case_2", 200),
    ]


def test_slow_pages_do_not_hold_up_what_was_seen_of_others(tmp_path: Path) -> None:
    told = Told(25)

    def read(url: str) -> Page:
        told.pass_by(55 if url in {"https://x/11", "https://x/12"} else 1)
        return Page(200, b"")

    done = told.round(read, tmp_path / "probe.json")
    assert (done.looked, done.sent, done.waiting) == (25, 25, 0)
    assert [len(sent) for _, sent in told.sent] == [10, 3, 10, 2]
    for came, sent in told.sent:
        assert all(came - datetime.fromisoformat(each.probed_at) < timedelta(minutes=2) for each in sent)


def test_what_waits_from_before_is_sent_where_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    kept = Kept.at(tmp_path / "probe.json")
    kept.waiting = [Look("case_1", "2026-03-02T02:00:00Z")]
    kept.write()
    told = Told(0)
    assert told.round(lambda _: Page(200, b""), kept.path).sent == 1
    assert Kept.at(kept.path).waiting == []
