"""Prices, invoices, payments and what of them may be supported."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import ConflictError, InvalidValueError, RuleError
from registry.exchange.billing import is_settled_between_parties, require_invoice, require_payment, supported_base
from registry.exchange.model import (
    ORDER_MOVES,
    QUANTITY_MAX,
    Invoice,
    InvoiceKind,
    IssueInvoice,
    Order,
    OrderState,
    Payment,
    ProductKind,
    Purpose,
    RecordPayment,
    Verification,
)
from registry.exchange.rules import price_of, require_move
from registry.values.digest import Digest
from registry.values.identifiers import FirmId, InvoiceId, ListingId, OrderId
from registry.values.moment import Moment
from registry.values.money import Money, Rate
from tests.registry.parties.builders import a_uscc

TODAY = date(2026, 3, 2)
NOW = Moment.of_text("2026-03-02T02:00:00Z")
SELLER = a_uscc(1)
ORDER_ID, BUYER_ID, SELLER_ID = OrderId.new(), FirmId.new(), FirmId.new()


def an_order(net: str = "120000", vat: str = "7200", state: OrderState = OrderState.DELIVERED) -> Order:
    return Order(
        id=ORDER_ID,
        listing=ListingId.new(),
        buyer=BUYER_ID,
        seller=SELLER_ID,
        product_kind=ProductKind.COMPUTE,
        dataset=None,
        version=None,
        title="GPU hours",
        quantity=1,
        purpose=Purpose.MODEL_TRAINING,
        net=Money.of_yuan(net),
        vat=Money.of_yuan(vat),
        terms_digest=Digest.of(b"terms"),
        state=state,
        placed_at=NOW,
        accepted_at=NOW,
        contract_digest=Digest.of(b"contract"),
        delivered_at=NOW,
        delivered_digest=None,
        signed_at=NOW,
    )


def an_invoice(
    number: int = 1,
    net: str = "120000",
    vat: str = "7200",
    kind: InvoiceKind = InvoiceKind.SPECIAL,
    issued_on: date = TODAY,
    verification: Verification = Verification.VERIFIED,
) -> Invoice:
    return Invoice(
        InvoiceId.new(),
        ORDER_ID,
        SELLER_ID,
        BUYER_ID,
        f"26650{number:015d}",
        issued_on,
        kind,
        Money.of_yuan(net),
        Money.of_yuan(vat),
        verification,
        TODAY,
    )


def a_payment(amount: str = "127200", paid_on: date = TODAY, own: bool = True, reference: str = "BANK-1") -> Payment:
    return Payment(ORDER_ID, reference, paid_on, Money.of_yuan(amount), own)


def an_issue(number: str = "26652000000000000001", **changes: object) -> IssueInvoice:
    stated = {
        "order": ORDER_ID,
        "number": number,
        "issued_on": TODAY,
        "kind": InvoiceKind.SPECIAL,
        "net": Money.of_yuan("120000"),
        "vat": Money.of_yuan("7200"),
    } | changes
    return IssueInvoice(**stated)  # type: ignore[arg-type]


def codes(refusal: pytest.ExceptionInfo[RuleError]) -> list[str]:
    return [obstacle.code for obstacle in refusal.value.obstacles]


def test_the_price_is_quantity_times_unit_price_with_vat_rounded_half_up() -> None:
    assert price_of(Money.of_yuan("120000"), 1, Rate(600)) == (Money.of_yuan("120000"), Money.of_yuan("7200"))
    assert price_of(Money(25), 1, Rate(600)) == (Money(25), Money(2))
    assert price_of(Money(24), 1, Rate(600)) == (Money(24), Money(1))


@given(st.integers(1, 10**6), st.integers(1, 1000), st.integers(0, 10_000))
def test_vat_is_never_half_a_fen_away_from_the_exact_share(fen: int, quantity: int, rate_bp: int) -> None:
    net, vat = price_of(Money(fen), quantity, Rate(rate_bp))
    assert net.fen == fen * quantity
    assert -10_000 <= 2 * (net.fen * rate_bp - vat.fen * 10_000) < 10_000


@pytest.mark.parametrize("quantity", [0, -1, QUANTITY_MAX + 1])
def test_a_quantity_out_of_bounds_is_refused(quantity: int) -> None:
    with pytest.raises(InvalidValueError, match="quantity_out_of_range"):
        price_of(Money(1), quantity, Rate(0))


@pytest.mark.parametrize("state", list(OrderState))
@pytest.mark.parametrize("to", list(OrderState))
def test_an_order_moves_only_as_the_table_says(state: OrderState, to: OrderState) -> None:
    if to in ORDER_MOVES[state]:
        require_move(an_order(state=state), to)
    else:
        with pytest.raises(ConflictError, match="order_wrong_state"):
            require_move(an_order(state=state), to)


def test_an_invoice_of_the_order_is_right() -> None:
    require_invoice(an_issue(), an_order(), SELLER, [], TODAY)


@pytest.mark.parametrize("number", ["2665200000000000000", "266520000000000000011", "2665200000000000000a", ""])
def test_an_invoice_number_has_twenty_digits(number: str) -> None:
    with pytest.raises(InvalidValueError, match="invoice_number_malformed"):
        require_invoice(an_issue(number), an_order(), SELLER, [], TODAY)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": "25652000000000000001"}, "invoice_year_differs"),
        ({"number": "26112000000000000001"}, "invoice_province_differs"),
        ({"issued_on": TODAY + timedelta(days=1)}, "invoice_in_future"),
        ({"net": Money(0), "vat": Money(0)}, "invoice_without_amount"),
        ({"net": Money.of_yuan("120000.01"), "vat": Money(0)}, "invoice_over_order"),
        ({"vat": Money.of_yuan("7200.01")}, "invoice_over_order"),
    ],
)
def test_an_invoice_that_does_not_fit_is_refused(changes: dict[str, object], code: str) -> None:
    with pytest.raises(RuleError) as refusal:
        require_invoice(an_issue(**changes), an_order(), SELLER, [], TODAY)  # type: ignore[arg-type]
    assert codes(refusal) == [code]


def test_a_red_letter_makes_room_for_another_invoice() -> None:
    with pytest.raises(RuleError):
        require_invoice(an_issue(), an_order(), SELLER, [an_invoice()], TODAY)
    require_invoice(an_issue(), an_order(), SELLER, [an_invoice(verification=Verification.RED)], TODAY)


def test_payments_never_exceed_the_price() -> None:
    command = RecordPayment(ORDER_ID, TODAY, Money.of_yuan("127200.01"), "BANK-1", from_own_account=True)
    with pytest.raises(RuleError) as refusal:
        require_payment(command, an_order(), [], TODAY)
    assert codes(refusal) == ["payment_over_order"]


@pytest.mark.parametrize(
    ("invoice", "base"),
    [(an_invoice(), "120000"), (an_invoice(kind=InvoiceKind.ORDINARY), "127200")],
)
def test_deductible_vat_is_no_cost(invoice: Invoice, base: str) -> None:
    found = supported_base(invoice, an_order(), [invoice], [a_payment()])
    assert (found.base, found.paid_on, found.obstacles) == (Money.of_yuan(base), TODAY, ())


def test_a_payment_from_another_account_does_not_count() -> None:
    invoice = an_invoice()
    found = supported_base(invoice, an_order(), [invoice], [a_payment(own=False)])
    assert [obstacle.code for obstacle in found.obstacles] == ["invoice_not_paid"]


def test_the_day_that_completes_the_payment_counts() -> None:
    invoice, later = an_invoice(), TODAY + timedelta(days=40)
    payments = [a_payment("27200"), a_payment("100000", later, reference="BANK-2")]
    assert supported_base(invoice, an_order(), [invoice], payments).paid_on == later


def test_payments_fill_invoices_in_the_order_of_their_issue() -> None:
    first, second = an_invoice(1, "60000", "3600"), an_invoice(2, "60000", "3600", issued_on=TODAY)
    payments = [a_payment("63600")]
    invoices = [first, second]
    assert not supported_base(first, an_order(), invoices, payments).obstacles
    assert supported_base(second, an_order(), invoices, payments).obstacles


@given(st.lists(st.integers(1, 6_000_000), min_size=1, max_size=6))
def test_however_payments_are_split_the_base_is_the_same(parts: list[int]) -> None:
    rest = 12_720_000 - sum(parts) if sum(parts) < 12_720_000 else 0
    amounts = [*parts, rest] if rest else parts
    invoice = an_invoice()
    payments = [
        Payment(ORDER_ID, f"BANK-{place}", TODAY, Money(fen), from_own_account=True)
        for place, fen in enumerate(amounts)
    ]
    assert supported_base(invoice, an_order(), [invoice], payments).base == Money.of_yuan("120000")
    assert not supported_base(invoice, an_order(), [invoice], payments).obstacles


def test_an_order_closes_when_delivered_invoiced_verified_and_paid() -> None:
    assert is_settled_between_parties(an_order(), [an_invoice()], [a_payment()])
    assert not is_settled_between_parties(an_order(state=OrderState.ACCEPTED), [an_invoice()], [a_payment()])
    assert not is_settled_between_parties(an_order(), [an_invoice(verification=Verification.UNVERIFIED)], [a_payment()])
    assert not is_settled_between_parties(an_order(), [an_invoice()], [a_payment("127199.99")])
