"""Payment lists as finance opens them: exact to the fen, and nothing in them computes."""

import csv
import io
import re
from decimal import Decimal
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from api.case_form import PLACES, capitals_by_place
from registry.awards.payment_lists import HEADINGS, PaymentLine, as_csv, as_xlsx
from registry.values.identifiers import CaseId
from registry.values.money import Money
from registry.vouchers.payee import PayeeGiven

NUMBER = "6222020200123456789"
HOSTILE = ('=HYPERLINK("http://x.test")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "=cmd|' /C calc'!A0")


def a_line(fen: int, unit: str = "绿图数据", bank: str = "ICBC Hami") -> PaymentLine:
    payee = PayeeGiven(unit, bank, NUMBER)
    return PaymentLine(CaseId("case_" + "0" * 32), unit, "91652201MA0000000X", payee, "yz-14a", "S1 cl.14", Money(fen))


def csv_rows(*lines: PaymentLine) -> list[list[str]]:
    return list(csv.reader(io.StringIO(as_csv(lines).decode("utf-8-sig"), newline="")))


def sheet_of(*lines: PaymentLine) -> Any:
    return load_workbook(io.BytesIO(as_xlsx(lines))).active


@given(st.lists(st.integers(1, 99_999_999_999), min_size=1, max_size=5))
def test_amounts_are_exact_to_the_fen_and_the_last_line_sums_them(amounts: list[int]) -> None:
    lines = [a_line(fen) for fen in amounts]
    rows = csv_rows(*lines)
    assert rows[0] == list(HEADINGS)
    assert [int(Decimal(row[9]) * 100) for row in rows[1:]] == [*amounts, sum(amounts)]
    assert [row[10] for row in rows[1:]] == [Money(fen).in_capitals() for fen in (*amounts, sum(amounts))]
    stored = ZipFile(io.BytesIO(as_xlsx(lines))).read("xl/worksheets/sheet1.xml").decode()
    numbers = re.findall(r'<c r="J\d+"[^>]*><v>([^<]*)</v>', stored)[-len(amounts) - 1 :]
    assert [int(Decimal(number) * 100) for number in numbers] == [*amounts, sum(amounts)]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_firm_stated_is_never_a_formula(text: str) -> None:
    row = csv_rows(a_line(100, text, text))[1]
    assert [row[2], row[4], row[5]] == ["'" + text] * 3
    sheet = sheet_of(a_line(100, text, text))
    cells = [sheet.cell(2, column) for column in (3, 5, 6)]
    assert [cell.data_type for cell in cells] == ["s", "s", "s"]
    assert b"<f>" not in ZipFile(io.BytesIO(as_xlsx([a_line(100, text, text)]))).read("xl/worksheets/sheet1.xml")


def test_an_account_number_stays_text_of_all_its_digits() -> None:
    assert csv_rows(a_line(1))[1][6] == "6222 0202 0012 3456 789"
    cell = sheet_of(a_line(1)).cell(2, 7)
    assert (cell.data_type, str(cell.value).replace(" ", "")) == ("s", NUMBER)


def test_plain_words_stay_as_they_are() -> None:
    row = csv_rows(a_line(5_000_000))[1]
    assert row[0:1] + row[2:6] == ["1", "绿图数据", "91652201MA0000000X", "绿图数据", "ICBC Hami"]
    assert row[9:] == ["50000.00", "伍万元整"]


@pytest.mark.parametrize(
    ("fen", "places"),
    [
        (5_000_000, "⊗⊗⊗伍零零零零零零"),
        (1, "⊗⊗⊗⊗⊗⊗⊗⊗⊗壹"),
        (9_999_999_999, "玖玖玖玖玖玖玖玖玖玖"),
        (10_000_000_000, "⊗⊗⊗⊗⊗⊗⊗⊗⊗⊗"),
    ],
)
def test_the_form_has_a_place_for_each_digit(fen: int, places: str) -> None:
    assert "".join(capitals_by_place(Money(fen))) == places
    assert len(PLACES) == len(places)
