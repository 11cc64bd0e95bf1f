"""Payments of a year as tables: ours for finance, and those finance sends back.

Rules:
* A line has the budget line, the number of the payment voucher, the amount in yuan with two decimals, the day it was
  paid, and the digest of the payee's account; no name and no account number leaves the house with it.
* No cell is computed by a program that opens the table: in CSV an apostrophe stands before what looks like a formula,
  in a workbook every cell but an amount is text.
* A file is read whole or refused whole, every bad line told by its number; a payment stands in it once.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from registry.awards.payment_lists import plain, yuan
from registry.errors import InvalidValueError, Obstacle, Parameter, RuleError
from registry.finance.model import LINES_MAX, FinancePayment, OwnPayment, PaymentKey
from registry.parties.list_files import HEADING_WITHIN_ROWS, Cell, table_rows
from registry.values.digest import Digest
from registry.values.money import Money

FAULTS_TOLD_MAX: Final = 500
TEXT_MAX: Final = 100
HEADINGS: Final = (
    "科目 line",
    "支付凭证号 number",
    "已付金额 amount",
    "付款日期 paid_on",
    "收款账户摘要 payee_digest",
    "已下达 instructed",
    "未结 open",
    "案件 cases",
    "银行回单 bank_receipts",
)
_AMOUNTS: Final = frozenset({2, 5, 6})
_COLUMNS: Final = {
    "line": frozenset({"line", "科目", "预算科目", "项目代码", "科目 line"}),
    "number": frozenset({"number", "支付凭证号", "凭证号", "支付凭证号 number"}),
    "amount": frozenset({"amount", "金额", "已付金额", "支付金额", "已付金额 amount"}),
    "paid_on": frozenset({"paid_on", "付款日期", "支付日期", "付款日期 paid_on"}),
    "payee": frozenset({"payee_digest", "收款账户摘要", "收款账户摘要 payee_digest"}),
}
_NEEDED: Final = frozenset(_COLUMNS) - {"payee"}
_DAY: Final = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?: 00:00:00)?", re.ASCII)


def _cells(payment: OwnPayment) -> tuple[str, ...]:
    return (
        payment.key.line,
        payment.key.number,
        yuan(payment.paid),
        payment.paid_on.isoformat() if payment.paid_on else "",
        str(payment.payee) if payment.payee else "",
        yuan(payment.instructed),
        yuan(payment.open),
        " ".join(payment.cases),
        " ".join(payment.bank_receipts),
    )


def as_csv(payments: Sequence[OwnPayment]) -> bytes:
    """Return payments as CSV in UTF-8 with a byte order mark."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(HEADINGS)
    for each in payments:
        writer.writerow([plain(cell) for cell in _cells(each)])
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(payments: Sequence[OwnPayment]) -> bytes:
    """Return payments as a workbook of one sheet; amounts are numbers of two decimals, all else is text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("对账清单")
    sheet.freeze_panes = "A2"
    for number, cells in enumerate([HEADINGS, *(_cells(each) for each in payments)]):
        made = []
        for place, text in enumerate(cells):
            cell = WriteOnlyCell(sheet, value=text)
            # Text stays text whatever it begins with; an amount becomes the number as it stands.
            cell.data_type = "n" if number and place in _AMOUNTS else "s"
            if cell.data_type == "n":
                cell.number_format = "#,##0.00"
            made.append(cell)
        sheet.append(made)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def read_payments(content: bytes) -> tuple[FinancePayment, ...]:
    """Return the payments of a file of finance. Pure.

    Raises:
        InvalidValueError: It is no table, has no heading or no line, or is too large.
        RuleError: ``finance_file_refused`` with every bad line.
    """
    found: list[FinancePayment] = []
    faults: list[Obstacle] = []
    first: dict[PaymentKey, int] = {}
    for row, cells in _lines(content):
        if len(found) + len(faults) >= LINES_MAX:
            raise InvalidValueError("finance_file_length", given=LINES_MAX + 1, most=LINES_MAX)
        try:
            made = _payment(row, cells)
        except InvalidValueError as error:
            faults.append(_fault(error.code, row, **error.parameters))
            continue
        if (before := first.setdefault(made.key, row)) != row:
            faults.append(_fault("finance_line_twice", row, first=before))
        else:
            found.append(made)
    if faults:
        raise RuleError("finance_file_refused", tuple(faults[:FAULTS_TOLD_MAX]), faulty=len(faults))
    if not found:
        raise InvalidValueError("finance_file_length", given=0, most=LINES_MAX)
    return tuple(found)


def _lines(content: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    rows = table_rows(content)
    places: dict[str, int] = {}
    for read, (_, cells) in enumerate(rows, 1):
        titles = [_text(cell).casefold() for cell in cells]
        places = {name: at for at, title in enumerate(titles) for name, known in _COLUMNS.items() if title in known}
        if places.keys() >= _NEEDED or read == HEADING_WITHIN_ROWS:
            break
    if not places.keys() >= _NEEDED:
        raise InvalidValueError("finance_file_without_heading", rows=HEADING_WITHIN_ROWS)
    for number, cells in rows:
        if any(_text(cell) for cell in cells):
            yield number, {name: _text(cells[at]) if at < len(cells) else "" for name, at in places.items()}


def _payment(row: int, cells: dict[str, str]) -> FinancePayment:
    for name, text in cells.items():
        if len(text) > TEXT_MAX or not text.isprintable():
            raise InvalidValueError("finance_text_refused", column=name, most=TEXT_MAX)
    if not cells["line"] or not cells["number"]:
        raise InvalidValueError("finance_line_unnamed")
    try:
        amount = Money.of_yuan(cells["amount"].replace(",", ""))
    except InvalidValueError as error:
        raise InvalidValueError("finance_amount_malformed", given=cells["amount"][:20]) from error
    payee = cells.get("payee", "")
    try:
        digest = Digest.parse(payee) if payee else None
    except InvalidValueError as error:
        raise InvalidValueError("finance_payee_malformed", given=payee[:40]) from error
    return FinancePayment(row, PaymentKey(cells["line"], cells["number"]), amount, _day(cells["paid_on"]), digest)


def _day(text: str) -> date:
    found = _DAY.fullmatch(text)
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise InvalidValueError("finance_day_malformed", given=text[:20])


def _text(cell: Cell | date) -> str:
    """Return a cell as text; a spreadsheet keeps whole yuan as ``480000.0``, and days as instants."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        cell = cell.date().isoformat()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    # What we put before a formula is taken off again.
    return unicodedata.normalize("NFKC", str(cell)).strip().removeprefix("'")


def _fault(code: str, row: int, **parameters: Parameter) -> Obstacle:
    return Obstacle(code, "RULINGS 29", parameters={"line": row, **parameters})
