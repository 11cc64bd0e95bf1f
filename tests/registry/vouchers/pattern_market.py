"""A made-up market by seed: groups of firms, suppliers, sales and claims, with planted cases and near misses.

Every planted claim is labelled with the pattern it must be found by. Near misses stand just below a threshold: a ring
whose amounts differ too much, a price that is high but not far above, a group within one cap.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from registry.exchange.model import SaleFact
from registry.values.identifiers import FirmId, OrderId, VoucherId
from registry.values.moment import Moment
from registry.values.money import Money, Rate
from registry.vouchers.patterns.model import Claim, PatternCode

FIRMS: Final = 200
SUPPLIERS: Final = 30
KINDS: Final = 10
CAP: Final = Money.of_yuan("500000")
RATE: Final = Rate(3_000)
LAUNCH: Final = date(2026, 1, 5)
FIRST: Final = date(2026, 2, 1)
PRICE_FEN: Final = 10_000


@dataclass
class MadeMarket:
    """Sales and claims in the order they came about, with what was planted."""

    values: random.Random
    sales: list[SaleFact] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    group_of: dict[FirmId, FirmId] = field(default_factory=dict)
    elsewhere: dict[VoucherId, list[str]] = field(default_factory=lambda: defaultdict(list))
    planted: dict[PatternCode, set[VoucherId]] = field(default_factory=lambda: defaultdict(set))
    used: dict[tuple[FirmId, int], int] = field(default_factory=lambda: defaultdict(int))
    made: int = 0

    def number(self) -> str:
        """Return 32 hex digits that rise with every call."""
        self.made += 1
        return f"{self.made:032x}"

    def firm(self, group: FirmId | None = None) -> FirmId:
        """Return a firm that nobody knows yet, of a group or by itself."""
        made = FirmId(f"firm_{self.number()}")
        self.group_of[made] = group or made
        return made

    def sale(self, buyer: FirmId, supplier: FirmId, net_fen: int, day: date, **stated: object) -> SaleFact:
        """Let a firm buy; at its ordinary price unless another is stated."""
        kind = str(stated.get("kind", f"kind-{int(supplier[5:], 16) % KINDS}"))
        price = stated.get("price", PRICE_FEN + self.values.randrange(-500, 500))
        assert isinstance(price, int)
        product = str(stated.get("product", f"{supplier}/{self.values.randrange(400)}"))
        made = SaleFact(
            OrderId(f"ord_{self.number()}"), buyer, supplier, supplier, product, kind, Money(price), Money(net_fen), day
        )
        self.sales.append(made)
        return made

    def claim(self, sale: SaleFact, minute: int | None = None) -> Claim:
        """Let the buyer redeem a voucher on a sale, a day later at a minute of its own."""
        event = sale.day + timedelta(days=1)
        at = Moment.start_of(event).plus(timedelta(minutes=self.values.randrange(1440) if minute is None else minute))
        used = self.used[sale.buyer, event.year]
        share = RATE.of_rounded_down(sale.net)
        amount = min(share.fen, CAP.fen - used)
        made = Claim(
            voucher=VoucherId(f"vch_{self.number()}"),
            firm=sale.buyer,
            group=self.group_of[sale.buyer],
            sale=sale,
            year=event.year,
            event_on=event,
            redeemed_at=at,
            base=sale.net,
            amount=Money(amount),
            share=share,
            year_used=Money(used),
            cap=CAP,
        )
        self.used[sale.buyer, event.year] += amount
        self.claims.append(made)
        return made

    def label(self, code: PatternCode, claim: Claim) -> None:
        """Note that a claim must be found by a pattern."""
        self.planted[code].add(claim.voucher)

    def day(self, last: int = 280) -> date:
        """Return a day of the year, well before its last weeks."""
        return FIRST + timedelta(days=self.values.randrange(last))


def a_made_market(seed: int) -> MadeMarket:
    """Return a market of about 1,500 sales with planted cases of every pattern."""
    made = MadeMarket(random.Random(seed))
    suppliers = [made.firm() for _ in range(SUPPLIERS)]
    holders = [made.firm() for _ in range(FIRMS // 4)]
    buyers = [made.firm(made.values.choice(holders) if made.values.random() < 0.5 else None) for _ in range(FIRMS)]
    for supplier in suppliers:
        for _ in range(3):  # Prices of before the launch.
            early = LAUNCH - timedelta(days=made.values.randrange(5, 60))
            made.sale(made.values.choice(buyers), supplier, made.values.randrange(100_000, 900_000), early)
    for buyer in buyers:
        for _ in range(made.values.randrange(3, 8)):
            sale = made.sale(
                buyer, made.values.choice(suppliers), made.values.randrange(500_000, 9_000_000), made.day()
            )
            if made.values.random() < 0.6:
                made.claim(sale)
    for plant in (_rings, _prices, _elsewhere, _splits, _year_ends, _exact_caps, _vendors):
        plant(made, suppliers, buyers)
    return made


def _rings(made: MadeMarket, suppliers: list[FirmId], _: list[FirmId]) -> None:
    for count in range(12):
        length, group = 2 + count % 4, made.firm()
        firms = [made.firm() for _ in range(length)]
        net, day = made.values.randrange(2_000_000, 8_000_000), made.day(150)
        # Every third ring closes through a sister of the buyer, every fourth by two payments.
        sister = made.firm(group) if count % 3 == 0 else firms[0]
        if count % 3 == 0:
            made.group_of[firms[0]] = group
        first = made.sale(firms[0], firms[1], net, day)
        for place, firm in enumerate(firms[1:], 1):
            target = firms[place + 1] if place + 1 < length else sister
            back = net * made.values.randrange(93, 100) // 100
            parts = [back // 2, back - back // 2] if count % 4 == 0 else [back]
            for part in parts:
                made.sale(firm, target, part, day + timedelta(days=made.values.randrange(1, 30)))
        made.label(PatternCode.CIRCULAR_TRADE, made.claim(first))
    for count in range(12):  # Near misses: amounts, days, and a ring that is too long.
        length = 7 if count % 3 == 2 else 3
        firms = [made.firm() for _ in range(length)]
        net, day = 5_000_000, made.day(60)
        first = made.sale(firms[0], firms[1], net, day)
        for place, firm in enumerate(firms[1:], 1):
            late = 181 if count % 3 == 1 else 10
            back = net * 80 // 100 if count % 3 == 0 else net
            made.sale(firm, firms[(place + 1) % length], back, day + timedelta(days=late))
        made.claim(first)


def _prices(made: MadeMarket, suppliers: list[FirmId], _: list[FirmId]) -> None:
    for count in range(12):
        buyer, supplier, day = made.firm(), made.firm(), made.day()
        kind, product = f"kind-{count % KINDS}", f"{supplier}/p"
        if count % 2:  # Cheap before the launch, dear since.
            made.sale(made.firm(), supplier, 500_000, LAUNCH - timedelta(days=9), kind="own", product=product)
            dear = made.sale(buyer, supplier, 3_000_000, day, kind="own", product=product, price=PRICE_FEN * 14 // 10)
        else:
            dear = made.sale(buyer, supplier, 3_000_000, day, kind=kind, product=product, price=PRICE_FEN * 3)
        made.label(PatternCode.PRICE_FAR_ABOVE, made.claim(dear))
    for count in range(10):
        supplier = made.firm()
        high = made.sale(made.firm(), supplier, 3_000_000, made.day(), kind=f"kind-{count}", price=PRICE_FEN * 14 // 10)
        made.claim(high)


def _elsewhere(made: MadeMarket, suppliers: list[FirmId], buyers: list[FirmId]) -> None:
    for claim in made.values.sample([each for each in made.claims if each.firm in set(buyers)], 15):
        made.elsewhere[claim.voucher].append(f"省数券〔2026〕{claim.voucher[-3:]}号")
        made.label(PatternCode.CLAIMED_ELSEWHERE, claim)


def _splits(made: MadeMarket, suppliers: list[FirmId], _: list[FirmId]) -> None:
    for count in range(16):
        group, supplier, day = made.firm(), made.firm(), made.day(150)
        product = f"{supplier}/lot"
        whole = count % 2 == 0  # Beyond one cap together, or within it.
        for place in range(4):
            net = 60_000_000 if whole else 30_000_000
            sale = made.sale(made.firm(group), supplier, net, day + timedelta(days=20 * place), product=product)
            claim = made.claim(sale)
            if whole and place >= 2:  # Three shares of 180,000 are more than the cap of one firm.
                made.label(PatternCode.SPLIT_PURCHASE, claim)
    for count in range(16):
        buyer, supplier, day = made.firm(), made.firm(), made.day(200)
        orders = 5 if count % 2 == 0 else 3
        for place in range(orders):
            sale = made.sale(buyer, supplier, 400_000, day + timedelta(days=place // 2), product="lot")
            claim = made.claim(sale, minute=place)
            if place >= 3:
                made.label(PatternCode.SPLIT_PURCHASE, claim)


def _year_ends(made: MadeMarket, suppliers: list[FirmId], _: list[FirmId]) -> None:
    last = date(2026, 12, 16)
    for count in range(16):
        buyer, bunched = made.firm(), count % 2 == 0
        for place in range(6):
            early = made.sale(buyer, made.values.choice(suppliers), 900_000, FIRST + timedelta(days=30 * place))
            made.claim(early)
        for place in range(4):
            net = 4_000_000 if bunched else 500_000
            claim = made.claim(made.sale(buyer, made.values.choice(suppliers), net, last + timedelta(days=3 * place)))
            base = sum(each.base.fen for each in made.claims if each.firm == buyer)
            if bunched and place >= 2 and (place + 1) * net * 2 >= base:
                made.label(PatternCode.YEAR_END_BUNCHING, claim)


def _exact_caps(made: MadeMarket, suppliers: list[FirmId], _: list[FirmId]) -> None:
    for count in range(12):
        buyer = made.firm()
        made.claim(made.sale(buyer, made.values.choice(suppliers), 100_000_000, made.day(100)))
        # 30 % of 666,666.67 yuan are the 200,000.00 that are left; of 5 fen more or less they are not.
        shift = 0 if count % 2 == 0 else (-5 if count % 4 == 1 else 5)
        claim = made.claim(made.sale(buyer, made.values.choice(suppliers), 66_666_667 + shift, made.day(280)))
        if not shift:
            made.label(PatternCode.EXACT_CAP, claim)


def _vendors(made: MadeMarket, suppliers: list[FirmId], _: list[FirmId]) -> None:
    for count in range(4):  # All sales supported, or one in five not.
        vendor = made.firm()
        sales = [made.sale(made.firm(), vendor, 1_000_000, FIRST + timedelta(days=2 * place)) for place in range(30)]
        for place, sale in enumerate(sales):
            if count % 2 == 0:
                claim = made.claim(sale)
                if place >= 19:
                    made.label(PatternCode.VENDOR_COLLUSION, claim)
            elif place % 5:
                made.claim(sale)
    for count in range(4):  # Twelve within an hour, or over twelve hours.
        vendor, day = made.firm(), made.day(200)
        for place in range(12):
            sale = made.sale(made.firm(), vendor, 700_000, day)
            claim = made.claim(sale, minute=600 + place * (4 if count % 2 == 0 else 59))
            if count % 2 == 0 and place >= 9:
                made.label(PatternCode.VENDOR_COLLUSION, claim)
