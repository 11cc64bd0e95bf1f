"""A case line by line: which lines stand, which notice and which signatures carry each, which are held.

Rules (RULINGS 25; POLICY §4.3, invariants 9 and 10):
* Each line has a digest of its own. A notice and a signature name the digests of the lines they are about, and carry a
  line for as long as it keeps that digest; in a smaller case too, since what is paid is then still what was noticed and
  signed.
* A line that changes loses every notice that was posted before, also when it changes back. The other lines keep theirs.
* An objection names lines and holds these. One that came after their notice had ended holds them until an officer has
  decided that they go on; decided otherwise it is an objection like any other.
* Lines that were set apart stand in a case of their own from then on, with everything that had been done for them.
* Every rank has signed a line when the ranks of the policy can be filled with distinct officers out of the approvals
  that carry it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from registry.actors.model import Role
from registry.awards.model import Act, ActKind, Case, CaseKind, Line, Notice, Objection, Outcome, Signature
from registry.awards.probing import notice_end, unseen_since
from registry.awards.shares import with_amount
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, CaseId
from registry.values.moment import Moment
from registry.values.money import ZERO, Money


def numbered(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Return lines with the numbers they are named by, from 1, where they have none yet."""
    return tuple(line if line.number else replace(line, number=number) for number, line in enumerate(lines, 1))


# What acts come to.


@dataclass(frozen=True, slots=True)
class Story:
    """What acts left of the lines of a case, with every notice and signature that still carries something."""

    lines: tuple[Line, ...]
    notices: tuple[Notice, ...]
    signatures: tuple[Signature, ...]


def told(case: CaseId, applied: Sequence[Line], acts: Iterable[Act]) -> Story:
    """Return what ``acts`` come to, line by line; they are those that no recusal made void."""
    telling = _Telling(applied)
    for act in acts:
        telling.take(act)
        for number in taken_out(case, act):
            telling.lines.pop(number, None)
    return Story(tuple(telling.lines.values()), tuple(telling.notices), tuple(telling.signatures))


class _Telling:
    """The lines of a case while its acts are gone through."""

    def __init__(self, applied: Sequence[Line]) -> None:
        self.lines = {line.number: line for line in applied}
        self.notices: list[Notice] = []
        self.signatures: list[Signature] = []
        self._first = applied[0].number
        self._shared = any(line.share_bp is not None for line in applied)
        self._assessed = {line.number: line.amount for line in applied}
        if self._shared:
            self._assessed[self._first] = sum((line.amount for line in applied), ZERO)
        self._reviewed = False

    def take(self, act: Act) -> None:
        """Let an act change the lines, or say what carries them."""
        if act.kind is ActKind.NOTICED:
            self.notices.append(_notice(act, self.lines.values()))
        elif act.kind is ActKind.SIGNED:
            self.signatures.append(_signature(act, self.lines.values()))
        elif (amounts := self._amounts_by(act)) is not None:
            self._come_to(*amounts)
        elif self._shared:
            for line in _split_told(list(self.lines.values()), act):
                self._change(line)

    def _amounts_by(self, act: Act) -> tuple[int, Money] | None:
        """Return which line an act lets amount to what; None for an act that states no amount."""
        if act.kind is ActKind.ASSESSED:
            number = self._first if self._shared else act.content.get("line", self._first)
            self._assessed[number] = Money(act.content["amount_fen"])
            return number, self._assessed[number]
        # What a round allots rests on the review before it; one that comes after begins with what was assessed.
        if act.kind is ActKind.REVIEWED:
            self._reviewed = True
            return self._first, self._assessed[self._first]
        if act.kind is ActKind.ALLOTTED and self._reviewed:
            return self._first, Money(act.content["share_fen"])
        # What was paid is what had been instructed, whatever a recusal made void in between.
        whole = self._shared or len(self.lines) == 1
        if act.kind is ActKind.PAID and whole and act.content.get("in_spite_of"):
            return self._first, Money(act.content["amount_fen"])
        return None

    def _come_to(self, number: int, amount: Money) -> None:
        """Let a line amount to ``amount``, or all of them where the case is shared: then it is that of the whole."""
        if self._shared:
            for line in with_amount(list(self.lines.values()), amount):
                self._change(line)
        elif number in self.lines:
            self._change(replace(self.lines[number], amount=amount))

    def _change(self, changed: Line) -> None:
        before = self.lines.get(changed.number)
        if before is not None and before != changed:
            self.lines[changed.number] = changed
            self.notices = [replace(each, digests=each.digests - {before.digest}) for each in self.notices]


def _split_told(lines: Sequence[Line], act: Act) -> tuple[Line, ...]:
    """Return shared lines as an act on their split leaves them: another split voids what was signed of the one before.

    A maker has signed while its line names its account; that of the applicant stands with the case.
    """
    if act.kind is ActKind.CORRECTED and act.content.get("shares"):
        shares = act.content["shares"]
        if all(line.share_bp == shares[str(line.firm)] for line in lines):
            return ()
        divided_anew = [replace(line, share_bp=shares[str(line.firm)], payee_digest=None, payee=None) for line in lines]
        return with_amount(divided_anew, sum((line.amount for line in lines), ZERO))
    if act.kind is ActKind.SPLIT_SIGNED:
        stated = Digest.parse(act.content["payee_digest"])
        return tuple(
            replace(line, payee_digest=stated) if line.number == act.content["line"] else line for line in lines
        )
    if act.kind is ActKind.SPLIT_WITHDRAWN:
        return tuple(
            replace(line, payee_digest=None, payee=None) if line.number == act.content["line"] else line
            for line in lines
        )
    return ()


def taken_out(case: CaseId, act: Act) -> tuple[int, ...]:
    """Return the numbers of the lines that an act set apart from ``case``."""
    parted = act.content.get("set_apart")
    return tuple(parted["lines"]) if parted and parted["from"] == str(case) else ()


def origins(case: CaseId, acts: Iterable[Act]) -> frozenset[CaseId]:
    """Return the cases that the lines of ``case`` were set apart from: acts of before stand in their name."""
    parted = [act.content["set_apart"] for act in acts if act.content.get("set_apart")]
    return frozenset(CaseId(each["from"]) for each in parted) - {case}


def _about(act: Act, lines: Iterable[Line]) -> frozenset[Digest]:
    """Return the lines an act is about; one of an earlier release names the digest of all of them only."""
    if "line_digests" in act.content:
        return frozenset(Digest.parse(each) for each in act.content["line_digests"])
    as_they_are = list(lines)
    if Digest.of_json([line.as_json() for line in as_they_are]) != Digest.parse(act.content["lines"]):
        return frozenset()
    return frozenset(line.digest for line in as_they_are)


def _notice(act: Act, lines: Iterable[Line]) -> Notice:
    return Notice(
        lines=Digest.parse(act.content["lines"]),
        page_url=act.content["page_url"],
        capture=Digest.parse(act.content["capture"]),
        posted_at=act.at,
        ends_at=Moment.of_text(act.content["ends_at"]),
        posted_by=act.account,
        digests=_about(act, lines),
    )


def _signature(act: Act, lines: Iterable[Line]) -> Signature:
    return Signature(
        rank=act.content["rank"],
        role=Role(act.content["role"]),
        account=act.account,
        lines=Digest.parse(act.content["lines"]),
        opinion=act.content["opinion"],
        approved=act.content["approved"],
        signed_at=act.at,
        delegation=act.content.get("delegation"),
        digests=_about(act, lines),
    )


def objections_of(acts: Sequence[Act]) -> tuple[Objection, ...]:
    """Return the objections that acts come to, each with the decision on a late one and its answer."""
    found: dict[int, Objection] = {}
    for act in acts:
        if act.kind is ActKind.OBJECTED:
            number = len(found) + 1
            named, late = tuple(act.content.get("lines", ())), act.content.get("late", False)
            found[number] = Objection(number, act.account, str(act.content["reason"]), act.at, lines=named, late=late)
        elif act.kind is ActKind.LATE_DECIDED:
            decided = found[int(act.content["number"])]
            found[decided.number] = replace(
                decided, hold=act.content["hold"], decision=str(act.content["reason"]), decided_at=act.at
            )
        elif act.kind is ActKind.ANSWERED:
            raised = found[int(act.content["number"])]
            found[raised.number] = replace(
                raised,
                outcome=Outcome(act.content["outcome"]),
                answer=str(act.content["answer"]),
                answered_by=act.account,
                answered_at=act.at,
            )
    return tuple(found.values())


# What the bank was told.


def instructed_amount(case: Case) -> Money:
    """Return what the bank was told to pay of a case, whatever a recusal made void since.

    The lines of a batch never change, and may stand in a smaller case by now; the lines of another case are paid as a
    whole, by the amount of the instruction.
    """
    told_bank = [act for act in case.acts if act.kind is ActKind.INSTRUCTED and "amount_fen" in act.content]
    if case.kind is CaseKind.VOUCHER_BATCH or not told_bank:
        return case.amount
    return Money(told_bank[-1].content["amount_fen"])


# One line, some lines.


def numbers_of(case: Case) -> frozenset[int]:
    """Return the numbers of the lines that stand in a case."""
    return frozenset(line.number for line in case.lines)


def concerned_by(case: Case, objection: Objection) -> frozenset[int]:
    """Return the lines of a case that an objection holds or held; one that names none is about all."""
    return numbers_of(case) & frozenset(objection.lines) if objection.lines else numbers_of(case)


def held(case: Case) -> frozenset[int]:
    """Return the lines that an objection holds now."""
    return frozenset(number for each in case.objections if each.holds for number in concerned_by(case, each))


def only(case: Case, numbers: Collection[int]) -> Case:
    """Return a case as if it were of these lines alone; what is asked before a payment is asked of that."""
    lines = tuple(line for line in case.lines if line.number in numbers)
    found = replace(case, lines=lines, whole_digest=None)
    return replace(found, objections=tuple(each for each in case.objections if concerned_by(found, each)))


def notice_of(case: Case, line: Line) -> Notice | None:
    """Return the newest notice that carries a line as it is."""
    carrying = [each for each in case.notices if line.digest in each.digests]
    return carrying[-1] if carrying else None


def not_noticed(case: Case) -> tuple[Line, ...]:
    """Return the lines that no notice carries as they are."""
    carried = frozenset().union(*(each.digests for each in case.notices))
    return tuple(line for line in case.lines if line.digest not in carried)


def unseen(case: Case, now: Moment) -> tuple[Line, ...]:
    """Return the lines whose notice stands where nobody has seen it for longer than its limit."""
    found = [(line, notice_of(case, line)) for line in case.lines]
    return tuple(line for line, notice in found if notice is not None and unseen_since(notice, now))


def notice_ends(case: Case, now: Moment) -> Moment | None:
    """Return when the notice of the last line of a case ends, as it stands at ``now``; None: one is not noticed."""
    if not_noticed(case):
        return None
    wanted = {line.digest for line in case.lines}
    newest: dict[Digest, Moment] = {}
    for notice in case.notices:
        newest |= dict.fromkeys(notice.digests & wanted, notice_end(notice, now))
    return max(newest.values(), default=None)


def running(case: Case, now: Moment) -> tuple[Line, ...]:
    """Return the lines whose notice runs at ``now``."""
    if not any(each.posted_at <= now < notice_end(each, now) for each in case.notices):
        return ()
    found = [(line, notice_of(case, line)) for line in case.lines]
    return tuple(line for line, notice in found if notice and notice.posted_at <= now < notice_end(notice, now))


def approvals(case: Case) -> tuple[Signature, ...]:
    """Return the approvals that carry every line of a case as it is."""
    wanted = frozenset(line.digest for line in case.lines)
    return tuple(made for made in case.signatures if made.approved and made.digests >= wanted)


def ranks_signed(case: Case) -> int:
    """Return how many ranks, from the first on, have signed every line as it is, each by another officer."""
    signers: dict[int, set[AccountId]] = {}
    for made in approvals(case):
        signers.setdefault(made.rank, set()).add(made.account)

    def filled(rank: int, taken: frozenset[AccountId]) -> int:
        free = signers.get(rank, set()) - taken
        return max((filled(rank + 1, taken | {each}) for each in free), default=rank - 1)

    return min(filled(1, frozenset()), len(case.sign_off_levels))


def signatures_complete(case: Case) -> bool:
    """Say whether every rank has signed every line as it is, each by another officer."""
    return bool(case.sign_off_levels) and ranks_signed(case) == len(case.sign_off_levels)
