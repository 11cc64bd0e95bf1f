"""Red letters and refunds: what they may be, and what they leave of a base."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import ConflictError, RuleError
from registry.exchange.billing import (
    as_settled,
    is_settled_between_parties,
    is_wholly_refunded,
    net_price,
    require_answerable,
    require_invoice,
    require_red_letter,
    require_red_letter_verification,
    require_refund,
    standing_base,
    supported_base,
)
from registry.exchange.commands import IssueRedLetter, RecordRefund, VerifyRedLetter
from registry.exchange.model import (
    Invoice,
    InvoiceKind,
    Order,
    OrderState,
    RedLetter,
    Refund,
    RefundState,
    Verification,
)
from registry.values.identifiers import InvoiceId, RedLetterId, RefundId
from registry.values.money import Money
from tests.registry.exchange.test_rules import NOW, ORDER_ID, SELLER, TODAY, a_payment, an_invoice, an_issue, an_order

YUAN = Money.of_yuan


def red(
    invoice: Invoice, net: str, vat: str = "0", verification: Verification = Verification.VERIFIED, number: int = 50
) -> RedLetter:
    return RedLetter(
        RedLetterId.new(), invoice.id, f"2665{number:016d}", TODAY, YUAN(net), YUAN(vat), verification, TODAY
    )


def reddened(
    net: str, vat: str = "0", verification: Verification = Verification.VERIFIED, **changes: object
) -> Invoice:
    invoice = an_invoice(**changes)  # type: ignore[arg-type]
    return replace(invoice, red_letters=(red(invoice, net, vat, verification),))


def back(
    amount: str, invoice: Invoice | None, state: RefundState = RefundState.CONFIRMED, reference: str = "BACK-1"
) -> Refund:
    return Refund(
        RefundId.new(), ORDER_ID, invoice.id if invoice else None, YUAN(amount), TODAY, reference, state, NOW, NOW
    )


def codes(refusal: pytest.ExceptionInfo[RuleError]) -> list[str]:
    return [obstacle.code for obstacle in refusal.value.obstacles]


# What a red letter may be.


def a_red_letter(net: str = "40000", vat: str = "2400", **changes: object) -> IssueRedLetter:
    stated = {
        "invoice": InvoiceId.new(),
        "number": "26652000000000000009",
        "issued_on": TODAY,
        "net": YUAN(net),
        "vat": YUAN(vat),
    }
    return IssueRedLetter(**stated | changes)  # type: ignore[arg-type]


def test_red_letters_take_back_an_invoice_in_parts_and_no_fen_more() -> None:
    invoice = reddened("80000", "4800")
    require_red_letter(a_red_letter(), invoice, SELLER, TODAY)
    for over in (a_red_letter("40000.01"), a_red_letter(vat="2400.01")):
        with pytest.raises(RuleError) as refusal:
            require_red_letter(over, invoice, SELLER, TODAY)
        assert codes(refusal) == ["red_letter_over_invoice"]


def test_a_void_red_letter_takes_back_nothing() -> None:
    require_red_letter(a_red_letter(), reddened("120000", "7200", Verification.VOID), SELLER, TODAY)
    with pytest.raises(RuleError):
        require_red_letter(a_red_letter(), reddened("120000", "7200", Verification.UNVERIFIED), SELLER, TODAY)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": "25652000000000000009"}, "invoice_year_differs"),
        ({"number": "26112000000000000009"}, "invoice_province_differs"),
        ({"issued_on": TODAY + timedelta(days=1)}, "invoice_in_future"),
        ({"issued_on": TODAY - timedelta(days=1)}, "red_letter_before_invoice"),
        ({"net": "0", "vat": "0"}, "invoice_without_amount"),
    ],
)
def test_a_red_letter_that_does_not_fit_is_refused(changes: dict[str, object], code: str) -> None:
    with pytest.raises(RuleError) as refusal:
        require_red_letter(a_red_letter(**changes), an_invoice(), SELLER, TODAY)  # type: ignore[arg-type]
    assert codes(refusal) == [code]


@pytest.mark.parametrize("result", [Verification.VOID, Verification.RED])
def test_an_invoice_that_stands_no_more_has_nothing_to_take_back(result: Verification) -> None:
    with pytest.raises(ConflictError, match="invoice_final"):
        require_red_letter(a_red_letter(), an_invoice(verification=result), SELLER, TODAY)


def test_what_was_seen_of_a_red_letter_is_not_taken_back() -> None:
    seen = red(an_invoice(), "1")
    require_red_letter_verification(seen, VerifyRedLetter(seen.id, Verification.VERIFIED, TODAY), TODAY)
    with pytest.raises(ConflictError, match="red_letter_final"):
        require_red_letter_verification(seen, VerifyRedLetter(seen.id, Verification.VOID, TODAY), TODAY)
    late = VerifyRedLetter(seen.id, Verification.VERIFIED, TODAY + timedelta(days=1))
    with pytest.raises(RuleError):
        require_red_letter_verification(seen, late, TODAY)


def test_a_red_letter_over_a_part_makes_room_for_that_part_only() -> None:
    earlier = [reddened("40000", "2400")]
    require_invoice(an_issue(net=YUAN("40000"), vat=YUAN("2400")), an_order(), SELLER, earlier, TODAY)
    with pytest.raises(RuleError) as refusal:
        require_invoice(an_issue(net=YUAN("40000.01"), vat=YUAN("2400")), an_order(), SELLER, earlier, TODAY)
    assert codes(refusal) == ["invoice_over_order"]


# What a refund may be.


def a_refund(amount: str, invoice: Invoice | None, on: date = TODAY) -> RecordRefund:
    return RecordRefund(ORDER_ID, invoice.id if invoice else None, on, YUAN(amount), "BACK-9")


def test_no_more_goes_back_than_was_paid() -> None:
    invoice, payments = an_invoice(), [a_payment("100000")]
    require_refund(a_refund("100000", invoice), [invoice], payments, [], TODAY)
    with pytest.raises(RuleError) as refusal:
        require_refund(a_refund("60000.01", invoice), [invoice], payments, [back("40000", invoice)], TODAY)
    assert codes(refusal) == ["refund_over_payment"]
    assert refusal.value.obstacles[0].parameters["left"] == str(YUAN("60000"))
    not_arrived = [back("40000", invoice, RefundState.REFUSED)]
    require_refund(a_refund("100000", invoice), [invoice], payments, not_arrived, TODAY)


def test_of_an_invoice_no_more_goes_back_than_it_says() -> None:
    small, large = an_invoice(1, "10000", "600"), an_invoice(2, "100000", "6000")
    with pytest.raises(RuleError) as refusal:
        require_refund(a_refund("10600.01", small), [small, large], [a_payment()], [], TODAY)
    assert codes(refusal) == ["refund_over_payment"]


@pytest.mark.parametrize("on", [TODAY + timedelta(days=1), TODAY - timedelta(days=1)])
def test_money_goes_back_between_the_first_payment_and_today(on: date) -> None:
    with pytest.raises(RuleError) as refusal:
        require_refund(a_refund("1", an_invoice(), on), [], [a_payment()], [], TODAY)
    assert codes(refusal) == ["refund_day_impossible"]


def test_a_refund_names_the_invoice_as_soon_as_there_is_one() -> None:
    require_refund(a_refund("1", None), [an_invoice(verification=Verification.VOID)], [a_payment()], [], TODAY)
    with pytest.raises(RuleError) as refusal:
        require_refund(a_refund("1", None), [an_invoice()], [a_payment()], [], TODAY)
    assert codes(refusal) == ["refund_without_invoice"]


def test_whether_a_refund_arrived_is_said_once() -> None:
    require_answerable(back("1", None, RefundState.RECORDED))
    for state in (RefundState.CONFIRMED, RefundState.REFUSED):
        with pytest.raises(ConflictError, match="refund_answered"):
            require_answerable(back("1", None, state))


def test_all_that_was_paid_went_back_only_once_the_buyer_has_it() -> None:
    payments = [a_payment("27200"), a_payment("100000", reference="BANK-2")]
    parts = [back("27200", None), back("100000", None, reference="BACK-2")]
    assert is_wholly_refunded(payments, parts)
    assert not is_wholly_refunded(payments, parts[:1])
    assert not is_wholly_refunded(payments, [parts[0], replace(parts[1], state=RefundState.RECORDED)])
    assert not is_wholly_refunded([], [])


# What is left.


@pytest.mark.parametrize(
    ("kind", "taken", "sent", "left"),
    [
        (InvoiceKind.SPECIAL, ("40000", "2400"), "0", "80000"),
        (InvoiceKind.ORDINARY, ("40000", "2400"), "0", "84800"),
        (InvoiceKind.SPECIAL, None, "42400", "80000"),
        (InvoiceKind.ORDINARY, None, "42400", "84800"),
        # The same money, told by two papers, is taken off once; of two amounts the larger.
        (InvoiceKind.SPECIAL, ("40000", "2400"), "42400", "80000"),
        (InvoiceKind.SPECIAL, ("40000", "2400"), "84800", "40000"),
        (InvoiceKind.SPECIAL, ("80000", "4800"), "42400", "40000"),
        # The share of a refund that falls on the net amount is rounded up.
        (InvoiceKind.SPECIAL, None, "0.01", "119999.99"),
        (InvoiceKind.SPECIAL, ("120000", "7200"), "127200", "0"),
    ],
)
def test_the_base_is_net_of_what_was_taken_back(
    kind: InvoiceKind, taken: tuple[str, str] | None, sent: str, left: str
) -> None:
    invoice = reddened(*taken, kind=kind) if taken else an_invoice(kind=kind)
    refunds = [back(sent, invoice)] if sent != "0" else []
    found = supported_base(invoice, an_order(), [invoice], [a_payment()], refunds)
    assert found.base == YUAN(left)
    assert [each.code for each in found.obstacles] == ([] if left != "0" else ["invoice_taken_back"])


@given(st.lists(st.integers(1, 4_000_000), max_size=6), st.sampled_from(InvoiceKind))
def test_however_a_refund_is_split_the_base_only_falls_and_all_of_it_is_nothing(
    parts: list[int], kind: InvoiceKind
) -> None:
    invoice = an_invoice(kind=kind)
    before = standing_base(invoice, ())
    refunds: list[Refund] = []
    for number, fen in enumerate(parts):
        left = invoice.gross.fen - sum(each.amount.fen for each in refunds)
        refunds.append(replace(back("1", invoice, reference=f"BACK-{number}"), amount=Money(min(fen, left) or 1)))
        if sum(each.amount.fen for each in refunds) > invoice.gross.fen:
            refunds.pop()
            break
        now = standing_base(invoice, refunds)
        assert now <= before
        # Never more than the exact share that stands.
        stands = invoice.gross.fen - sum(each.amount.fen for each in refunds)
        whole = invoice.net if kind is InvoiceKind.SPECIAL else invoice.gross
        assert now.fen * invoice.gross.fen <= whole.fen * stands
        before = now
    rest = invoice.gross.fen - sum(each.amount.fen for each in refunds)
    if rest:
        refunds.append(replace(back("1", invoice, reference="BACK-R"), amount=Money(rest)))
    assert standing_base(invoice, refunds) == Money(0)


def test_a_red_letter_lessens_what_has_to_be_paid() -> None:
    invoice = reddened("40000", "2400")
    paid = supported_base(invoice, an_order(), [invoice], [a_payment("84800")])
    assert (paid.base, paid.obstacles) == (YUAN("80000"), ())
    short = supported_base(invoice, an_order(), [invoice], [a_payment("84799.99")])
    assert [each.code for each in short.obstacles] == ["invoice_not_paid"]


def test_a_refund_on_a_later_invoice_moves_no_payment_day_of_an_earlier_one() -> None:
    first, second = an_invoice(1, "60000", "3600"), an_invoice(2, "60000", "3600")
    later = TODAY + timedelta(days=40)
    payments = [a_payment("63600"), a_payment("63600", later, reference="BANK-2")]
    found = supported_base(first, an_order(), [first, second], payments, [back("63600", second)])
    assert (found.paid_on, found.base) == (TODAY, YUAN("60000"))


def test_what_went_back_before_anything_was_invoiced_was_not_paid() -> None:
    invoice = an_invoice()
    found = supported_base(invoice, an_order(), [invoice], [a_payment()], [back("1", None)])
    assert [each.code for each in found.obstacles] == ["invoice_not_paid"]


def test_only_what_is_certain_is_recovered_on() -> None:
    invoice = reddened("40000", "2400", Verification.UNVERIFIED)
    refunds = [back("42400", invoice, RefundState.RECORDED)]
    assert standing_base(invoice, refunds) == YUAN("80000")
    assert standing_base(*as_settled(invoice, refunds)) == YUAN("120000")


def test_what_can_be_held_for_an_order_is_net_of_what_was_taken_back() -> None:
    invoice = reddened("40000", "2400")
    assert net_price(an_order(), [invoice], []) == YUAN("80000")
    assert net_price(an_order(), [], [back("63600", None)]) == YUAN("60000")
    assert net_price(an_order(), [], [back("63600", None, RefundState.REFUSED)]) == YUAN("120000")


def test_what_was_taken_back_and_invoiced_again_is_not_lost() -> None:
    whole = reddened("120000", "7200")
    assert net_price(an_order(), [whole], []) == Money(0)
    assert net_price(an_order(), [whole, an_invoice(2)], []) == YUAN("120000")
    assert net_price(an_order(), [whole, an_invoice(2, "90000", "5400")], []) == YUAN("90000")
    # An invoice that is void stands for nothing.
    assert net_price(an_order(), [whole, an_invoice(2, verification=Verification.VOID)], []) == Money(0)


def test_of_a_free_order_nothing_is_left_and_nothing_went_back() -> None:
    assert net_price(an_order("0", "0"), [], []) == Money(0)


def test_a_metered_order_is_settled_when_what_is_invoiced_is_paid() -> None:
    invoice, paid = an_invoice(net="60000", vat="3600"), [a_payment("63600")]

    def settled(order: Order, *invoices: Invoice, refunds: tuple[Refund, ...] = ()) -> bool:
        return is_settled_between_parties(order, invoices, paid, refunds, is_metered=True)

    assert settled(an_order(), invoice)
    assert not is_settled_between_parties(an_order(), [invoice], paid)
    assert not settled(an_order(state=OrderState.ACCEPTED), invoice)
    assert not settled(an_order())
    assert not settled(an_order(), invoice, an_invoice(2, "1", "0"))
    assert not settled(an_order(), invoice, an_invoice(2, "1", "0", verification=Verification.UNVERIFIED))
    taken_back = replace(invoice, red_letters=(red(invoice, "30000", "1800"),))
    assert not settled(an_order(), taken_back)
    assert settled(an_order(), taken_back, refunds=(back("31800", invoice),))


def test_an_order_is_settled_when_its_invoices_say_what_is_left_of_its_price() -> None:
    whole, payments = an_invoice(), [a_payment()]
    assert is_settled_between_parties(an_order(), [whole], payments)
    refund = back("42400", whole)
    assert not is_settled_between_parties(an_order(), [whole], payments, [refund])
    red_lettered = replace(whole, red_letters=(red(whole, "40000", "2400"),))
    assert is_settled_between_parties(an_order(), [red_lettered], payments, [refund])
    assert not is_settled_between_parties(an_order(), [red_lettered], payments)
    waiting = replace(refund, state=RefundState.RECORDED)
    assert not is_settled_between_parties(an_order(), [red_lettered], payments, [waiting])
    assert not is_settled_between_parties(an_order(state=OrderState.ACCEPTED), [whole], payments)
