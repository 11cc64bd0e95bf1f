"""How joint makers share what a case pays (联合制作方分配): one line for each, a split all have signed.

Rules (RULINGS 2, 28):
* Shares are whole basis points, together 10,000. Each part is the floor of its share; the fen that are left go to the
  largest shares, the lower line first among equal ones. The parts are the whole to the fen, whatever it comes to.
* The applicant stands first and signs by filing. Each other maker signs the digest of the split from its own account
  and states where its part goes; until all have, the review does not pass. Another split is signed anew, and who takes
  its signature back stands as if it had not signed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from registry.awards.model import Case, CaseState, Line, Share
from registry.errors import ConflictError, Finding, InvalidValueError, NotAllowedError, NotFoundError, Obstacle
from registry.values.identifiers import FirmId
from registry.values.money import FULL_RATE_BP, Money

MAKERS_MAX: Final = 20
_BEFORE_REVIEW: Final = frozenset({CaseState.APPLIED, CaseState.CORRECTING})


def require_split(shares: Mapping[FirmId, int]) -> None:
    """Raise InvalidValueError unless these are shares of two to twenty firms that make a whole; none is no split."""
    if not shares:
        return
    if not 2 <= len(shares) <= MAKERS_MAX:
        raise InvalidValueError("list_length", at="joint_makers", given=len(shares), most=MAKERS_MAX)
    if min(shares.values()) < 1 or sum(shares.values()) != FULL_RATE_BP:
        raise InvalidValueError("policy_shares_sum", at="joint_makers", given=sum(shares.values()))


def divided(amount: Money, shares: Sequence[int]) -> tuple[Money, ...]:
    """Return the part of each share of ``amount``, in order; together they are ``amount``.

    Args:
        amount: The whole.
        shares: Basis points, together 10,000.
    """
    parts = [amount.fen * share // FULL_RATE_BP for share in shares]
    largest_first = sorted(range(len(shares)), key=lambda place: (-shares[place], place))
    for place in largest_first[: amount.fen - sum(parts)]:
        parts[place] += 1
    return tuple(Money(part) for part in parts)


def most_within(room: Money, share: int, shares: Sequence[int], most: Money) -> Money:
    """Return the largest whole up to ``most`` of which the part of one share fits into ``room``, as of any smaller one.

    Args:
        room: What the firm of the share may still receive.
        share: The place of its share in ``shares``.
        shares: Basis points, together 10,000.
        most: What the whole may come to at most.
    """
    whole = Money(min(most.fen, room.fen * FULL_RATE_BP // shares[share]))
    while whole and divided(whole, shares)[share] > room:
        whole = whole.less(Money(1))
    return whole


def share_out(line: Line, names: Mapping[FirmId, str], shares: Mapping[FirmId, int]) -> tuple[Line, ...]:
    """Return the lines of a case whose whole is ``line``: one for each joint maker, the applicant's first."""
    if not shares:
        return (line,)
    return with_amount(
        [replace(line, firm=firm, firm_name=names[firm], share_bp=shares[firm]) for firm in ordered(line.firm, shares)],
        line.amount,
    )


def ordered(applicant: FirmId, shares: Mapping[FirmId, int]) -> tuple[FirmId, ...]:
    """Return joint makers in the order of their lines: the applicant, then the others by their identifiers."""
    return (applicant, *sorted(set(shares) - {applicant}))


def with_amount(lines: Sequence[Line], amount: Money) -> tuple[Line, ...]:
    """Return shared lines as they are when the whole comes to ``amount``."""
    parts = divided(amount, [line.share_bp or 0 for line in lines])
    return tuple(replace(line, amount=part) for line, part in zip(lines, parts, strict=True))


def split_of(lines: Sequence[Line], applicant: FirmId | None) -> tuple[Share, ...]:
    """Return how lines are shared, and who agreed: the applicant by filing, the others with the account they stated."""
    return tuple(
        Share(line.number, line.firm, line.firm_name, line.share_bp, line.firm == applicant or bool(line.payee_digest))
        for line in lines
        if line.share_bp is not None
    )


def unsigned(case: Case) -> tuple[Obstacle, ...]:
    """Return the joint makers that have not signed the split as it is."""
    return tuple(
        Obstacle(
            "split_not_signed",
            "RULINGS 2",
            Finding.UNKNOWN,
            {"firm": each.firm_name, "line": each.line},
            ("split_signature",),
        )
        for each in case.split
        if not each.signed
    )


def share_of_signer(case: Case, firm: FirmId | None) -> Share:
    """Return the share whose firm signs now, or takes its signature back.

    Raises:
        ConflictError: The case is not shared or past its check.
        NotAllowedError: The firm is the applicant, which signed by filing.
        NotFoundError: The firm is none of the joint makers.
    """
    if not case.split:
        raise ConflictError("case_not_shared", id=case.id)
    mine = next((each for each in case.split if each.firm == firm), None)
    if mine is None:
        raise NotFoundError("case_not_found", id=case.id)
    if firm == case.applicant:
        raise NotAllowedError("split_signed_by_filing", id=case.id)
    if case.state not in _BEFORE_REVIEW:
        raise ConflictError("case_wrong_state", id=case.id, state=case.state.value, wanted=CaseState.APPLIED.value)
    return mine


def require_same_makers(case: Case, shares: Mapping[FirmId, int]) -> None:
    """Raise unless a correction divides a shared case anew among the makers it was filed with.

    Other makers are another application: who is paid was checked when it was filed.

    Raises ConflictError (the case is not shared), InvalidValueError (other firms).
    """
    if not shares:
        return
    if not case.split:
        raise ConflictError("case_not_shared", id=case.id)
    if set(shares) != case.makers:
        raise InvalidValueError("split_of_other_makers", id=case.id)
