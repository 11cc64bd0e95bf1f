"""The payment list of a case for finance: one line for each payment, as CSV and as XLSX, exact to the fen.

Rules:
* An amount is written with two decimals from whole fen, never from a floating number; a last line sums them.
* What a firm stated may begin like a formula; no program that opens the list computes it (CSV: an apostrophe before
  it, XLSX: cells of text).
* The digits of an account stand in groups of four, so that no program takes them for a number and rounds them.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from registry.actors.model import Action
from registry.awards import service
from registry.awards.acting import found_case
from registry.awards.model import Case
from registry.errors import CorruptContentError, NotFoundError
from registry.journal.work import View
from registry.parties import service as parties
from registry.values.identifiers import CaseId
from registry.values.money import ZERO, Money
from registry.vouchers.payee import PayeeGiven

HEADINGS: Final = (
    *("序号 No.", "案件 Case", "单位 Unit", "统一社会信用代码 USCC", "开户名 Account name", "开户银行 Bank"),
    *("账号 Account number", "项目 Instrument", "条款 Clause", "金额（元）Amount in yuan", "大写 In capitals"),
)
_AMOUNT: Final = HEADINGS.index("金额（元）Amount in yuan")
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """One payment, with the whole account it goes to."""

    case: CaseId
    unit: str
    uscc: str
    payee: PayeeGiven
    instrument: str
    clause: str
    amount: Money


def payment_list(view: View, secret: bytes, case_id: CaseId) -> tuple[PaymentLine, ...]:
    """Return the payments of a case with their accounts, to finance of its authority only.

    Raises:
        NotAllowedError, NotFoundError: The actor pays nothing here, or the data of a natural person are erased.
        CorruptContentError: An account is missing, or not the one that was frozen.
    """
    found = found_case(view, case_id, Action.PAY_CASE)
    firms = parties.firms(view, found.firms)
    award, own = service.payee_for_finance(view, secret, found), service.line_payees_for_finance(view, secret, found)
    made = []
    for line in found.lines:
        # The account of a case is its applicant's; a voucher and a joint maker have their own.
        payee = award if line.firm == found.applicant else own.get(line.number)
        if payee is None and line.person:
            raise NotFoundError("person_erased", id=line.firm)
        if payee is None:
            raise CorruptContentError("payee_missing", id=found.id)
        # Finance sees a natural person's name in full, which is that of its account; a person has no code.
        unit, uscc = (payee.account_name, "") if line.person else (line.firm_name, str(firms[line.firm].uscc))
        made.append(PaymentLine(found.id, unit, uscc, payee, line.instrument, line.clause, line.amount))
    return tuple(made)


def yuan(amount: Money) -> str:
    """Return an amount as programs of finance read it, for example ``50000.00``."""
    return f"{amount.fen // 100}.{amount.fen % 100:02d}"


def plain(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _grouped(digits: str) -> str:
    return " ".join(digits[place : place + 4] for place in range(0, len(digits), 4))


def _cells(number: int, line: PaymentLine) -> tuple[str, ...]:
    return (
        str(number),
        line.case,
        line.unit,
        line.uscc,
        line.payee.account_name,
        line.payee.bank,
        _grouped(line.payee.digits),
        line.instrument,
        line.clause,
        yuan(line.amount),
        line.amount.in_capitals(),
    )


def _total(lines: Sequence[PaymentLine]) -> tuple[str, ...]:
    total = sum((line.amount for line in lines), ZERO)
    return ("合计 Total", *[""] * (_AMOUNT - 1), yuan(total), total.in_capitals())


def as_csv(lines: Sequence[PaymentLine]) -> bytes:
    """Return the list as CSV in UTF-8 with a byte order mark, which Excel needs to read Chinese."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(HEADINGS)
    for number, line in enumerate(lines, 1):
        writer.writerow([plain(cell) for cell in _cells(number, line)])
    writer.writerow(_total(lines))
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(lines: Sequence[PaymentLine]) -> bytes:
    """Return the list as an Excel file of one sheet; amounts are numbers of two decimals, all else is text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("拨付清单")
    sheet.freeze_panes = "A2"
    for name, width in zip("ABCDEFGHIJK", (8, 40, 30, 22, 30, 30, 28, 14, 14, 18, 34), strict=True):
        sheet.column_dimensions[name].width = width

    def row(cells: Sequence[str], *, bold: bool = False, amount: bool = True) -> None:
        made = []
        for place, text in enumerate(cells):
            cell = WriteOnlyCell(sheet, value=text)
            # Text stays text whatever it begins with: openpyxl would make a formula of "=…".
            cell.data_type = "s"
            if place == _AMOUNT and amount:
                # The text becomes the number as it stands: openpyxl would write 0.94 with sixteen digits, as 0.9399….
                cell.data_type = "n"
                cell.number_format = "#,##0.00"
            if bold:
                cell.font = Font(bold=True)
            made.append(cell)
        sheet.append(made)

    row(HEADINGS, bold=True, amount=False)
    for number, line in enumerate(lines, 1):
        row(_cells(number, line))
    row(_total(lines), bold=True)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def firms_named(case: Case) -> str:
    """Return the units of a case as one line: all of a few, else the first and how many there are."""
    names = list(dict.fromkeys(line.firm_name for line in case.lines))
    return "、".join(names) if len(names) <= 3 else f"{names[0]}等 {len(names)} 家"
