"""Cases of several lines for tests of rules: what acts come to, without a database."""

from dataclasses import replace
from typing import Any

from registry.actors.model import Role
from registry.awards import lines, rules
from registry.awards.history import with_acts
from registry.awards.model import Act, ActKind, Case, CaseKind, CaseState, Line
from registry.policy import service as policy
from registry.policy.rules import notice_end
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, CaseId, EntryId, FirmId, VoucherId
from registry.values.moment import Moment
from registry.values.money import Money

RANKS = (Role.SECTION_HEAD, Role.LEADER_IN_CHARGE, Role.PRINCIPAL_LEADER)
OFFICERS = {rank: AccountId.new() for rank in (Role.REVIEWER, *RANKS, Role.PAYER)}
ANYONE = AccountId.new()
ENTRY = EntryId.new()


def shanghai(text: str) -> Moment:
    """Return an instant of Shanghai, written without zone."""
    return Moment.of_text(f"{text}+08:00")


def a_line(number: int, amount: int = 100) -> Line:
    """Return a line of a batch."""
    firm, voucher, payee = FirmId.new(), VoucherId.new(), Digest.of(b"payee")
    return Line(firm, f"Firm {number}", voucher, "yz-4-data", "S1 cl.4", "30 %", Money(amount), payee)


def a_case(count: int = 2, kind: CaseKind = CaseKind.VOUCHER_BATCH) -> Case:
    """Return a case of ``count`` lines that was just formed."""
    made = Case(
        id=CaseId.new(),
        authority=AuthorityId.new(),
        kind=kind,
        document="yizhou-2-year-measures",
        instrument="yz-4-data",
        state=CaseState.APPLIED,
        applicant=None,
        applied_by=OFFICERS[Role.REVIEWER],
        applied_at=shanghai("2026-03-01T09:00:00"),
        lines=tuple(a_line(number) for number in range(1, count + 1)),
        revision=Digest.of(b"revision"),
        facts=Digest.of(b"facts"),
        sign_off_levels=tuple(rank.value for rank in RANKS),
        notice_days=7,
    )
    return with_acts(made, ())


def after(case: Case, kind: ActKind, at: Moment, by: AccountId, to: CaseState | None = None, **content: Any) -> Case:
    """Return a case after one more act."""
    made = Act(len(case.acts) + 1, kind, by, at, content, ENTRY)
    return replace(with_acts(case, (*case.acts, made)), state=to or case.state)


def reviewed(case: Case, at: Moment) -> Case:
    """Return a case that passed its review."""
    stated = {"passed": True, "opinion": "x", "originals_seen": True, "outside_search": None}
    return after(case, ActKind.REVIEWED, at, OFFICERS[Role.REVIEWER], CaseState.REVIEWED, **stated)


def noticed(case: Case, at: Moment) -> Case:
    """Return a case of which a notice was posted, of the lines that need one."""
    now_listed = rules.require_notice(case, at)
    stated = {
        "lines": str(case.lines_digest),
        "line_digests": [str(line.digest) for line in now_listed],
        "page_url": "https://x.test",
        "capture": str(Digest.of(b"capture")),
        "ends_at": str(notice_end(at, case.notice_days, policy.calendar())),
    }
    return after(case, ActKind.NOTICED, at, OFFICERS[Role.REVIEWER], **stated)


def signed(case: Case, at: Moment) -> Case:
    """Return a case that every rank signed as it is."""
    for rank in RANKS:
        number, role = rules.require_signature(case, OFFICERS[rank], frozenset({rank}))
        stated = {
            "rank": number,
            "role": role.value,
            "lines": str(case.lines_digest),
            "line_digests": [str(line.digest) for line in case.lines],
            "opinion": "x",
            "approved": True,
        }
        case = after(case, ActKind.SIGNED, at, OFFICERS[rank], **stated)
    return case


def ready(count: int, posted: str) -> Case:
    """Return a case that is reviewed, signed and noticed at ``posted`` (Shanghai)."""
    at = shanghai(posted)
    return noticed(signed(reviewed(a_case(count), at), at), at)


def changed(case: Case, number: int, amount: int, at: Moment) -> Case:
    """Return a case of which one line comes to another amount."""
    stated = {"line": number, "amount_fen": amount, "facts_digest": str(Digest.of(b"f")), "confirmed": {}}
    return after(case, ActKind.ASSESSED, at, OFFICERS[Role.REVIEWER], **stated, opinion="x")


def objected(case: Case, at: Moment, *numbers: int) -> Case:
    """Return a case after an objection, as the rules let it be raised."""
    named = rules.lines_named(case, numbers)
    late = rules.require_objection(case, named, at)
    return after(case, ActKind.OBJECTED, at, ANYONE, reason="x", lines=sorted(named), late=late)


def missing(case: Case, at: Moment, *numbers: int) -> set[str]:
    """Return what stands between lines of a case, all without ``numbers``, and their payment."""
    chosen = lines.only(case, numbers or lines.numbers_of(case))
    return {each.code for each in rules.payment_obstacles(chosen, at, open_assumptions=(), stopped=())}
