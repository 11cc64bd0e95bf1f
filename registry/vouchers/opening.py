"""Open the books of an authority with what was paid before the system.

Rules:
* Whole or not at all; every bad line is told. Once for an authority.
* Two officers: one proposes a file, another, who pays for the authority, confirms it by its digest (invariant 10,
  separation). What a confirmation rests on is looked at again under lock.
* A use of a pool counts in pool and firm-year like a voucher that was paid, so that the next quote starts from it
  (invariants 2 and 3); its base counts as approved (invariant 4).
* A past award on a dataset stands in the way of a second one (RULINGS 10, 11).
"""

from collections.abc import Sequence
from dataclasses import replace

from registry.actors.model import Action
from registry.actors.rules import require
from registry.catalog import service as catalog
from registry.errors import (
    ConflictError,
    CorruptContentError,
    InvalidValueError,
    NotAllowedError,
    NotFoundError,
    Obstacle,
    RuleError,
)
from registry.journal.work import View, Work
from registry.parties import service as parties
from registry.policy import service as policy
from registry.policy.model import CapScope
from registry.policy.rules import cap_amount, pool_account
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, DatasetId, FirmId, OpeningId
from registry.values.money import ZERO, Money
from registry.values.names import PublicName
from registry.values.uscc import Uscc
from registry.vouchers import ledger, records
from registry.vouchers.model import Account, FirmYearKey, Pool
from registry.vouchers.opening_files import fault, read_opening
from registry.vouchers.opening_model import Opening, OpeningListed, OpeningShown, PastAward, PastUse, WrittenLine


def propose(work: Work, content: bytes) -> OpeningShown:
    """Propose the opening balances in a file.

    Raises:
        NotAllowedError: The actor keeps no registers of an authority.
        ConflictError: The books of the authority are open.
        InvalidValueError, RuleError: The file cannot be read; every line that cannot stand.
    """
    require(work.actor, Action.PROPOSE_OPENING)
    office = policy.office_of(work.actor)
    if opened := records.opened_by(work.connection, office):
        raise ConflictError("ledger_opened_already", opening=opened)
    lines = read_opening(content)
    made = Opening(OpeningId.new(), office, Digest.of(content), content, _account(work), work.now)
    _Reading(work, office).past(lines)
    records.add_opening(work.connection, made)
    work.journal("vouchers.opening_proposed", made.id, file=str(made.digest), lines=len(lines))
    return _shown(made, lines)


def confirm(work: Work, opening_id: OpeningId, digest: Digest) -> OpeningShown:
    """Open the books with what another officer proposed; ``digest`` is that of the file one has looked at.

    Raises:
        NotAllowedError: The actor pays nothing for an authority, or proposed it (``opening_by_same_officer``).
        NotFoundError: There is no such proposal at the actor's authority.
        ConflictError: The books are open, or the file is another.
        RuleError: Every line that cannot stand any more, for example because a firm's year is used by now.
    """
    require(work.actor, Action.CONFIRM_OPENING)
    found = _asked(work, opening_id)
    if found.proposed_by == _account(work):
        raise NotAllowedError("opening_by_same_officer")
    if digest != found.digest:
        raise ConflictError("opening_file_differs", given=str(digest), file=str(found.digest))
    if not records.confirm_opening(work.connection, found, _account(work), work.now):
        opened = records.opened_by(work.connection, found.authority)
        raise ConflictError("ledger_opened_already", opening=opened or "")
    lines = read_opening(found.content)
    used, awarded, caps = _Reading(work, found.authority).past(lines)
    _require_fits(work, used, caps)
    records.add_past(work.connection, found, used, awarded)
    for each in used:
        done = records.change_firm_year(work.connection, each.firm_year, each.base.fen, each.amount.fen)
        if not done or not records.change_pool(work.connection, each.pool, each.amount.fen):
            raise CorruptContentError("pool_passed", pool=each.pool)
    moves = [
        (
            ledger.account_of_pool(each.pool, Account.PAID),
            ledger.account_of_pool(each.pool, Account.AVAILABLE),
            each.amount,
        )
        for each in used
    ]
    ledger.post(work, moves, found.id)
    work.journal("vouchers.ledger_opened", found.id, file=str(found.digest), lines=len(lines))
    return _shown(replace(found, confirmed_by=_account(work), confirmed_at=work.now), lines)


def opening(view: View, opening_id: OpeningId) -> OpeningShown:
    """Return opening balances to the officers of their authority. Raises NotAllowedError, NotFoundError."""
    require(view.actor, Action.READ_LEDGER)
    found = _asked(view, opening_id)
    return _shown(found, read_opening(found.content))


def openings(view: View, after: OpeningId | None, limit: int) -> list[OpeningListed]:
    """Return a page of what was proposed at the actor's authority, the newest first. Raises NotAllowedError."""
    require(view.actor, Action.READ_LEDGER)
    return records.openings_page(view.connection, policy.office_of(view.actor), after, limit)


def past_award_on(view: View, authority: AuthorityId, instrument: str, dataset: DatasetId) -> OpeningId | None:
    """Return the opening balances that tell of an award on a dataset from before the system."""
    return records.past_award_on(view.connection, authority, instrument, dataset, view.now)


def past_awards_of(view: View, firm: FirmId) -> list[tuple[AuthorityId, PastAward]]:
    """Return the awards a firm had before the system, of every authority: public money is not paid twice."""
    return records.past_awards_of(view.connection, firm, view.now)


def _account(view: View) -> AccountId:
    if view.actor.account is None:
        raise NotAllowedError("unauthenticated")
    return view.actor.account


def _asked(view: View, opening_id: OpeningId) -> Opening:
    found = records.opening_of(view.connection, opening_id)
    if found is None or found.authority != policy.office_of(view.actor):
        raise NotFoundError("opening_not_found", id=opening_id)
    return found


def _shown(made: Opening, lines: tuple[WrittenLine, ...]) -> OpeningShown:
    used = sum((each.amount for each in lines if each.pool), ZERO)
    return OpeningShown(made, lines, used, sum((each.amount for each in lines if not each.pool), ZERO))


def _require_fits(work: Work, used: Sequence[PastUse], caps: dict[FirmYearKey, Money]) -> None:
    """Lock firm-years, then pools, and raise RuleError with every line that passes what is left (invariants 2, 3)."""
    if not used:
        return
    years = records.lock_firm_years(work.connection, caps)
    pools = records.lock_pools(work.connection, {each.pool for each in used})
    left_of_year = {key: caps[key].less(year.used) for key, year in years.items()}
    left_of_pool = {pool.id: pool.left for pool in pools.values()}
    faults: list[Obstacle] = []
    for each in used:
        if each.amount > left_of_year[each.firm_year]:
            faults.append(fault("opening_passes_firm_year", each.line, left=str(left_of_year[each.firm_year])))
        elif each.amount > left_of_pool[each.pool]:
            faults.append(fault("opening_passes_pool", each.line, left=str(left_of_pool[each.pool])))
        else:
            left_of_year[each.firm_year] -= each.amount
            left_of_pool[each.pool] -= each.amount
    if faults:
        raise RuleError("opening_refused", tuple(faults), faulty=len(faults))


class _Reading:
    """What the lines of a file mean at an authority: its firms, pools, instruments and datasets."""

    def __init__(self, view: View, office: AuthorityId) -> None:
        self._view, self._office = view, office
        self._pools = [each for each in records.all_pools(view.connection) if each.authority == office]
        self._loaded = [each for each in policy.loaded_policies(view) if each.authority == office]
        self._firms: dict[str, FirmId | None] = {}

    def past(self, lines: Sequence[WrittenLine]) -> tuple[list[PastUse], list[PastAward], dict[FirmYearKey, Money]]:
        """Return uses, awards and the caps of the firm-years. Raises RuleError with every bad line."""
        used: list[PastUse] = []
        awarded: list[PastAward] = []
        caps: dict[FirmYearKey, Money] = {}
        faults: list[Obstacle] = []
        for each in lines:
            try:
                if each.pool:
                    use, cap = self._use(each)
                    used.append(use)
                    caps[use.firm_year] = cap
                    if use.amount > cap:
                        faults.append(fault("opening_passes_firm_year", each.line, left=str(cap)))
                else:
                    awarded.append(self._award(each))
            except (InvalidValueError, NotFoundError) as error:
                faults.append(fault(error.code, each.line, **error.parameters))
        if faults:
            raise RuleError("opening_refused", tuple(faults), faulty=len(faults))
        return used, awarded, caps

    def _use(self, line: WrittenLine) -> tuple[PastUse, Money]:
        pool = self._pool(line.pool)
        group, cap = self._terms(pool, line.year)
        key = FirmYearKey(self._office, self._firm(line.uscc), group, line.year)
        return PastUse(line.line, pool.id, key, line.base, line.amount), cap

    def _award(self, line: WrittenLine) -> PastAward:
        known = {one.id for each in self._loaded for one in each.document.instruments}
        if line.instrument not in known:
            raise NotFoundError("opening_instrument_unknown", instrument=line.instrument[:60])
        firm, dataset = self._firm(line.uscc), self._dataset(line.dataset)
        return PastAward(line.line, line.instrument, firm, line.year, line.amount, dataset)

    def _dataset(self, name: str) -> DatasetId | None:
        try:
            return catalog.dataset(self._view, PublicName.parse(name)).id if name else None
        except NotFoundError as error:
            raise NotFoundError("opening_dataset_unknown", dataset=name[:60]) from error

    def _firm(self, uscc: str) -> FirmId:
        if uscc not in self._firms:
            firm = parties.firm_by_uscc(self._view, Uscc(uscc))
            self._firms[uscc] = firm.id if firm else None
        found = self._firms[uscc]
        if found is None:
            raise NotFoundError("opening_firm_unknown", uscc=uscc)
        return found

    def _pool(self, named: str) -> Pool:
        found = [each for each in self._pools if named in {each.name, str(each.id)}]
        if len(found) != 1:
            raise NotFoundError("opening_pool_unknown", pool=named[:60])
        return found[0]

    def _terms(self, pool: Pool, year: int) -> tuple[str, Money]:
        """Return the group of firm-years a pool counts in, and their cap."""
        today = self._view.now.civil_day()
        loaded = policy.loaded_policy(self._view, self._office, pool.document)
        entered = policy.rulings(self._view, self._office, pool.document)
        rulings = (*loaded.rulings_of_loading, *(each.ruling for each in entered))
        for instrument in loaded.document.instruments:
            if {CapScope.POOL, CapScope.FIRM} <= {cap.scope for cap in instrument.caps} and (
                pool_account(instrument, rulings, today, year) == pool.name
            ):
                if not loaded.term.first.year <= year <= loaded.term.last.year:
                    raise InvalidValueError("opening_year_outside_term", given=year)
                return instrument.cap(CapScope.FIRM).group, cap_amount(instrument, CapScope.FIRM, rulings, today)
        raise NotFoundError("opening_pool_unknown", pool=pool.name)
