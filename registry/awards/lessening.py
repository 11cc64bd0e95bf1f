"""An officer lessens the claim of a redeemed voucher whose purchase was taken back in part (核减).

Rules:
* A reviewer of the authority of the voucher does it, and states nothing but which voucher: the amount follows from what
  stands of its invoice (``vouchers/lessening.py``).
* An officer who is tied to the firm or away decides nothing (RULINGS 32).
"""

from registry.actors.model import Action
from registry.actors.rules import require, require_visible
from registry.awards import officers
from registry.awards.acting import account_of
from registry.journal.work import Work
from registry.offices import rules as office_rules
from registry.offices import service as offices
from registry.values.identifiers import VoucherId
from registry.vouchers import lessening, reading
from registry.vouchers.model import Voucher


def lessen_claim(work: Work, voucher_id: VoucherId) -> Voucher:
    """Lessen what a redeemed voucher claims to what is left of its invoice; where nothing is left, it is released.

    Raises:
        NotAllowedError: The actor does not review, or is not free to.
        NotFoundError: There is no such voucher at its authority.
        ConflictError: It is not redeemed, in a batch or paid, or nothing certain lessens it; it says what to do.
    """
    require(work.actor, Action.LESSEN_CLAIM)
    found = reading.voucher_asked(work, voucher_id)
    require_visible(work.actor, Action.LESSEN_CLAIM, reading.resource_of(found), "voucher")
    bench = offices.bench_within(work, found.authority)
    firms = officers.with_groups(work, bench, {found.id: frozenset({found.firm})})[found.id]
    office_rules.require_free(bench, account_of(work.actor), firms, work.now)
    officers.require_undetected(work, found.authority, firms)
    return lessening.lessen_within(work, found.id)
