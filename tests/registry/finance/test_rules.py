"""Tables of finance: written without formulas, read whole or refused whole, compared line by line."""

import csv
import io
from datetime import date

import pytest
from openpyxl import Workbook, load_workbook

from registry.errors import InvalidValueError, RuleError
from registry.finance.files import HEADINGS, as_csv, as_xlsx, read_payments
from registry.finance.model import DifferenceKind, FinancePayment, OwnPayment, PaymentKey
from registry.finance.rules import closing_obstacles, differences, digest_of
from registry.values.digest import Digest
from registry.values.money import ZERO, Money

DAY = date(2026, 3, 9)
PAYEE, OTHER = Digest.of(b"a"), Digest.of(b"b")


def ours(number: str = "PV-1", amount: str = "36000.50", line: str = "yz-4", **changes: object) -> OwnPayment:
    paid = Money.of_yuan(amount)
    stated = {
        "key": PaymentKey(line, number),
        "cases": ("case_1",),
        "instructed": paid,
        "paid": paid,
        "open": ZERO,
        "paid_on": DAY,
        "bank_receipts": ("R-1",),
        "payee": PAYEE,
    } | changes
    return OwnPayment(**stated)  # type: ignore[arg-type]


def theirs(number: str = "PV-1", amount: str = "36000.50", **changes: object) -> FinancePayment:
    stated = {
        "row": 2,
        "key": PaymentKey("yz-4", number),
        "amount": Money.of_yuan(amount),
        "paid_on": DAY,
        "payee": PAYEE,
    } | changes
    return FinancePayment(**stated)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("here", "there", "kinds"),
    [
        ([ours()], [theirs()], []),
        ([ours()], [theirs(payee=None)], []),
        ([ours(payee=None)], [theirs(payee=None)], []),
        ([ours()], [], [DifferenceKind.MISSING_THERE]),
        ([], [theirs()], [DifferenceKind.MISSING_HERE]),
        ([ours()], [theirs(amount="36000.51")], [DifferenceKind.AMOUNT]),
        ([ours()], [theirs(paid_on=date(2026, 3, 10))], [DifferenceKind.DATE]),
        ([ours()], [theirs(payee=OTHER)], [DifferenceKind.PAYEE]),
        (
            [ours()],
            [theirs(amount="1", paid_on=date(2026, 3, 10), payee=OTHER)],
            [DifferenceKind.AMOUNT, DifferenceKind.DATE, DifferenceKind.PAYEE],
        ),
        ([ours(paid=ZERO, paid_on=None, open=Money(1))], [], []),
        ([ours(paid=ZERO, paid_on=None, open=Money(1))], [theirs()], [DifferenceKind.MISSING_HERE]),
        ([ours(line="other")], [theirs()], [DifferenceKind.MISSING_THERE, DifferenceKind.MISSING_HERE]),
    ],
)
def test_each_difference_is_named_by_itself(
    here: list[OwnPayment], there: list[FinancePayment], kinds: list[DifferenceKind]
) -> None:
    assert [each.kind for each in differences(here, there)] == kinds


def test_what_is_missing_here_names_the_row_of_the_file() -> None:
    (found,) = differences([], [theirs(row=7)])
    assert (found.row, found.there, found.here) == (7, "¥36,000.50", "")


def test_our_list_comes_back_without_a_difference_from_both_kinds_of_file() -> None:
    listed = [ours(), ours("=PV-2", "0.94"), ours("@x", "999999999999.99", payee=None)]
    for content in (as_csv(listed), as_xlsx(listed)):
        assert differences(listed, read_payments(content)) == ()


def test_no_cell_is_a_formula() -> None:
    evil = ours('=HYPERLINK("http://x","y")', "1", cases=("+1",), bank_receipts=("-2+3", "＝1"))
    rows = list(csv.reader(io.StringIO(as_csv([evil]).decode("utf-8-sig"))))
    assert rows[0] == list(HEADINGS)
    assert not [cell for row in rows[1:] for cell in row if cell.startswith(("=", "+", "-", "@", "＝"))]
    sheet = load_workbook(io.BytesIO(as_xlsx([evil]))).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row if cell.value} == {"s", "n"}
    assert sheet.cell(2, 2).value == evil.key.number


def test_a_workbook_of_a_spreadsheet_is_read_with_its_days_and_numbers() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["2026年拨付清单"])
    sheet.append(["预算科目", "凭证号", "金额", "支付日期"])
    sheet.append(["yz-4", 1001, 36000.5, date(2026, 3, 9)])
    sheet.append(["yz-4", "1002", "1,000", "2026年3月9日"])
    content = io.BytesIO()
    book.save(content)
    assert [(each.key.number, str(each.amount), each.paid_on) for each in read_payments(content.getvalue())] == [
        ("1001", "¥36,000.50", DAY),
        ("1002", "¥1,000.00", DAY),
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("yz-4,,1,2026-03-09", "finance_line_unnamed"),
        ("yz-4,PV,1.234,2026-03-09", "finance_amount_malformed"),
        ("yz-4,PV,-1,2026-03-09", "finance_amount_malformed"),
        ("yz-4,PV,1,2026-02-30", "finance_day_malformed"),
        (f"yz-4,{'x' * 101},1,2026-03-09", "finance_text_refused"),
        ("yz-4,PV-1,5,2026-03-09", "finance_line_twice"),
    ],
)
def test_a_bad_line_is_told_with_its_number_and_nothing_is_compared(line: str, code: str) -> None:
    content = f"line,number,amount,paid_on\nyz-4,PV-1,1,2026-03-09\n{line}\n".encode()
    with pytest.raises(RuleError, match="finance_file_refused") as refused:
        read_payments(content)
    assert [(each.code, each.parameters["line"]) for each in refused.value.obstacles] == [(code, 3)]


@pytest.mark.parametrize("content", [b"line,number,amount,paid_on\n", b"a,b\n1,2\n", b"PK\x03\x04broken", b""])
def test_what_is_no_table_of_payments_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidValueError):
        read_payments(content)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"today": date(2026, 12, 30)}, ["closing_year_not_over"]),
        ({"signed": False}, ["closing_not_reconciled"]),
        ({"current": False}, ["closing_reconciliation_old"]),
        ({"carried": ()}, ["closing_instruction_open"]),
        ({"carried": (("case_1", "n"), ("case_2", "n"))}, ["closing_nothing_to_carry"]),
        ({"open_instructions": {}}, ["closing_nothing_to_carry"]),
    ],
)
def test_everything_in_the_way_of_a_close_is_told(changes: dict[str, object], codes: list[str]) -> None:
    stated = {
        "today": date(2026, 12, 31),
        "open_instructions": {"case_1": Money(1)},
        "carried": (("case_1", "财预1号"),),
        "signed": True,
        "current": True,
    } | changes
    assert [each.code for each in closing_obstacles(2026, **stated)] == codes  # type: ignore[arg-type]


def test_our_side_has_one_digest_whatever_its_order() -> None:
    assert digest_of([ours("a"), ours("b")]) == digest_of([ours("b"), ours("a")])
    assert digest_of([ours("a")]) != digest_of([ours("a", open=Money(1))])
