"""Doing something to some lines of a batch: these, or the others, leave for a case of their own.

A case that lines are set apart into carries everything that was done for them until then (review, notice, signatures,
instruction), under the entries of the case they come from. Only a batch is parted: the lines of an award are shares of
one benefit, which is paid or held as a whole.
"""

from collections.abc import Collection, Mapping

from registry.awards import lines, officers, records
from registry.awards.acting import act, act_within, vouchers_of
from registry.awards.model import ActKind, Case, CaseKind, CaseState
from registry.errors import ConflictError
from registry.journal.work import Work
from registry.values.canonical import Json
from registry.values.identifiers import CaseId
from registry.vouchers import service as vouchers


def require_partable(case: Case, numbers: Collection[int]) -> None:
    """Raise ConflictError when these are some lines of a case that is paid or held as a whole."""
    if case.kind is not CaseKind.VOUCHER_BATCH and lines.numbers_of(case) - frozenset(numbers):
        raise ConflictError("case_is_no_batch", id=case.id, kind=case.kind.value)


def act_on(
    work: Work,
    case: Case,
    numbers: Collection[int],
    kind: ActKind,
    entry_type: str,
    content: Mapping[str, Json],
    to: CaseState | None,
    *,
    leaving: bool,
) -> Case:
    """Write an act on some lines of a case and return the case in which they stand now.

    Args:
        work: The open transaction; it holds the lock of the case.
        case: The case.
        numbers: The lines it is done to; of all of them the case stays one.
        kind: What is done.
        entry_type: How the journal calls it.
        content: What is said.
        to: The state it leads to.
        leaving: Whether these lines leave the case, or else the others.

    Raises:
        ConflictError: The case is paid or held as a whole.
    """
    others = lines.numbers_of(case) - frozenset(numbers)
    if not others:
        return act(work, case, kind, entry_type, content, to)
    require_partable(case, numbers)
    left = sorted(numbers if leaving else others)
    into = CaseId.new()
    parted: dict[str, Json] = {"lines": list(left), "from": str(case.id), "into": str(into)}
    told = {**content, "set_apart": parted}
    work.journal(entry_type, case.id, **told)
    records.copy_case(work.connection, case, into, left, work.entry)
    if moved := vouchers_of(lines.only(case, left)):
        vouchers.rehome_within(work, moved, case.id, into)
    made = records.case_of(work.connection, into)
    if made is None:
        raise AssertionError("a case that was written is not there")
    if leaving:
        act_within(work, case, ActKind.SET_APART, told)
        apart = act_within(work, made, kind, told, to)
        # What is reviewed anew in a case of its own has a reviewer of its own.
        if apart.state is CaseState.APPLIED:
            officers.draw_reviewer_within(work, apart, reason="set_apart")
        return apart
    act_within(work, made, ActKind.SET_APART, told)
    return act_within(work, case, kind, told, to)
