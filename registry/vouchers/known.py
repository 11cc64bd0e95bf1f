"""What decisions on vouchers read, each thing once: for one order, or for all that are decided on together."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from registry.exchange import sales
from registry.exchange import service as exchange
from registry.exchange.model import Order
from registry.journal.work import View
from registry.parties import ends
from registry.parties import service as parties
from registry.parties.model import KnownFact, Predicate, Provider, ProviderKind, Relation
from registry.policy import service as policy
from registry.policy.activation import ActiveInstrument, LoadedPolicy
from registry.policy.kinds import Percent
from registry.policy.model import CapScope, Instrument, Term
from registry.policy.rules import FirmYearRule, VoucherTerms, cap_amount, effective_value, pool_account
from registry.values.identifiers import AuthorityId, FirmId, OrderId, PoolId
from registry.values.money import Money
from registry.vouchers import records, rules
from registry.vouchers.model import Pool, Voucher
from registry.vouchers.round_model import VoucherRound


@dataclass(frozen=True, slots=True)
class Footing:
    """What an instrument gives to every order of a day, whoever buys: its terms, and the pool it draws on."""

    active: ActiveInstrument
    term: Term
    terms: VoucherTerms
    year_rule: FirmYearRule
    group: str
    pool: Pool | None


@dataclass(slots=True)
class Known:
    """What one transaction has read so far; it is not kept longer than that."""

    view: View
    _loaded: tuple[LoadedPolicy, ...] | None = None
    _fitting: dict[ProviderKind, tuple[tuple[LoadedPolicy, Instrument], ...]] = field(default_factory=dict)
    _footings: dict[tuple[AuthorityId, str, date], Footing] = field(default_factory=dict)
    _facts: dict[tuple[AuthorityId, FirmId, Predicate], KnownFact] | None = None
    _providers: dict[tuple[AuthorityId, FirmId, ProviderKind, date], Provider | None] = field(default_factory=dict)
    _relations: dict[tuple[FirmId, FirmId, date], Relation | None] = field(default_factory=dict)
    _counting: dict[OrderId, tuple[Voucher, ...]] | None = None
    _prices: dict[OrderId, Money] = field(default_factory=dict)
    _suppliers: dict[OrderId, FirmId] = field(default_factory=dict)
    _used_elsewhere: set[OrderId] | None = None
    _ended: set[FirmId] | None = None
    _rounds: dict[PoolId, list[VoucherRound]] = field(default_factory=dict)
    _due: dict[PoolId, bool] = field(default_factory=dict)

    def read_for(self, orders: Iterable[Order], day: date) -> None:
        """Read at once what decisions of ``day`` on all these orders need; ask for nothing of other orders then."""
        asked = list(orders)
        self._facts = parties.facts_of_firms(self.view, {each.buyer for each in asked}, day)
        self._prices = exchange.net_prices(self.view, asked)
        self._suppliers = sales.suppliers(self.view, asked)
        self._used_elsewhere = records.externally_used(self.view.connection, {each.id for each in asked})
        self._ended = ends.firms_with_end(self.view, {each.buyer for each in asked})
        pairs: dict[date, set[tuple[FirmId, FirmId]]] = {}
        for each in asked:
            for when in (day, *((each.accepted_at.civil_day(),) if each.accepted_at else ())):
                both = {(each.buyer, each.seller), (each.buyer, self._suppliers[each.id])}
                pairs.setdefault(when, set()).update(both)
        for when, of_day in pairs.items():
            found = parties.relations(self.view, of_day, when)
            self._relations |= {(*pair, when): relation for pair, relation in found.items()}
        self._counting = records.counting_of_orders(self.view.connection, {each.id for each in asked})

    def loaded_policies(self) -> tuple[LoadedPolicy, ...]:
        """Return what authorities have loaded."""
        if self._loaded is None:
            self._loaded = policy.loaded_policies(self.view)
        return self._loaded

    def fitting(self, seller_kind: ProviderKind) -> tuple[tuple[LoadedPolicy, Instrument], ...]:
        """Return the instruments that support purchases from sellers of a kind, each with the policy it is of."""
        if seller_kind not in self._fitting:
            self._fitting[seller_kind] = tuple(
                (loaded, instrument)
                for loaded in self.loaded_policies()
                for instrument in loaded.document.instruments
                if rules.fits(instrument, seller_kind)
            )
        return self._fitting[seller_kind]

    def footing(self, authority: AuthorityId, instrument_id: str, day: date) -> Footing:
        """Return what an instrument gives by the revision of ``day`` and the rulings of today.

        What its pool has left is read again under lock. Raises RuleError, NotFoundError.
        """
        key = (authority, instrument_id, day)
        if key not in self._footings:
            self._footings[key] = self._read_footing(*key)
        return self._footings[key]

    def _read_footing(self, authority: AuthorityId, instrument_id: str, day: date) -> Footing:
        found, today = policy.in_force(self.view, authority, instrument_id, day), self.view.now.civil_day()
        document = found.document.revision.document
        entered = policy.rulings(self.view, authority, document)
        active = found.decided(today, (each.ruling for each in entered))
        instrument, firm_cap = active.instrument, active.instrument.cap(CapScope.FIRM)
        rule = effective_value(instrument, firm_cap.assumption, active.rulings, today) if firm_cap.assumption else None
        name = pool_account(instrument, active.rulings, today, day.year)
        assert isinstance(instrument.terms, Percent)  # noqa: S101 -- ``rules.fits`` chose it
        return Footing(
            active=active,
            term=active.term,
            terms=VoucherTerms(instrument.terms.rate, cap_amount(instrument, CapScope.FIRM, active.rulings, today)),
            year_rule=FirmYearRule(rule) if isinstance(rule, str) else FirmYearRule.LATER,
            group=firm_cap.group,
            pool=records.pool_named(self.view.connection, authority, document, name),
        )

    def rounds(self, pool: PoolId) -> list[VoucherRound]:
        """Return the rounds of a pool; what they have left is read again under lock."""
        if pool not in self._rounds:
            self._rounds[pool] = records.rounds_of_pool(self.view.connection, [pool])
        return self._rounds[pool]

    def has_due(self, pool: PoolId) -> bool:
        """Say whether a hold of a pool has run out and nobody wrote it down yet."""
        if pool not in self._due:
            self._due[pool] = records.any_due(self.view.connection, self.view.now, {pool})
        return self._due[pool]

    def fact(self, authority: AuthorityId, firm: FirmId, predicate: Predicate, day: date) -> KnownFact:
        """Return what the register of an authority says of a firm on ``day``."""
        # What was read at once knows no ends, and whoever has ended operates nowhere.
        may_have_ended = predicate is Predicate.OPERATES_IN_REGION and (self._ended is None or firm in self._ended)
        if self._facts is None or may_have_ended:
            return parties.fact(self.view, authority, firm, predicate, day)
        found = self._facts.get((authority, firm, predicate))
        return found or parties.unknown_fact(firm, predicate)

    def provider(self, authority: AuthorityId, firm: FirmId, kind: ProviderKind, day: date) -> Provider | None:
        """Return a firm's line in a register of providers that is valid on ``day``."""
        key = (authority, firm, kind, day)
        if key not in self._providers:
            self._providers[key] = parties.provider(self.view, authority, firm, kind, day)
        return self._providers[key]

    def relation(self, one: FirmId, other: FirmId, day: date) -> Relation | None:
        """Return why two firms are related on ``day``."""
        key = (one, other, day)
        if key not in self._relations:
            self._relations[key] = parties.relation(self.view, one, other, day)
        return self._relations[key]

    def counting(self, order: OrderId) -> tuple[Voucher, ...]:
        """Return the vouchers of an order that count, in the order they were held."""
        found = self._counting
        if found is None:
            found = records.counting_of_orders(self.view.connection, {order})
        return found.get(order, ())

    def net_price(self, order: Order) -> Money:
        """Return what is left of an order's price without VAT, after refunds and red letters."""
        if order.id not in self._prices:
            self._prices[order.id] = exchange.net_price(self.view, order)
        return self._prices[order.id]

    def supplier(self, order: Order) -> FirmId:
        """Return whose goods an order buys."""
        if order.id not in self._suppliers:
            self._suppliers[order.id] = sales.supplier(self.view, order)
        return self._suppliers[order.id]

    def external_uses(self, order: OrderId) -> tuple[str, ...]:
        """Return by what an order was supported from pools of others."""
        if self._used_elsewhere is not None and order not in self._used_elsewhere:
            return ()
        return tuple(each.reference for each in records.external_uses_for(self.view.connection, order))

    def require_standing(self, authority: AuthorityId, firm: FirmId) -> None:
        """Raise RuleError when a firm has ended."""
        if self._ended is None or firm in self._ended:
            ends.require_standing(self.view, authority, firm)
