"""Files of leader lists: what is read, and what is told of every line that cannot stand."""

import io
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from registry.errors import InvalidValueError, RuleError
from registry.parties.list_files import FAULTS_TOLD_MAX, FILE_BYTES_MAX, ROWS_MAX, read_list, require_faultless
from registry.parties.model import ListedFirm
from tests.registry.parties.builders import a_uscc

HEADING = "序号,企业名称,统一社会信用代码\n"


def a_workbook(*rows: tuple[Any, ...]) -> bytes:
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def told(content: bytes) -> list[tuple[str, object]]:
    """Return code and line of every fault."""
    return [(fault.code, fault.parameters["line"]) for fault in read_list(content).faults]


def test_a_list_of_csv_is_read() -> None:
    found = read_list(f"{HEADING}1,甲公司,{a_uscc(1)}\n2,乙公司,{a_uscc(2)}\n".encode())
    assert found.entries == (ListedFirm(a_uscc(1), "甲公司"), ListedFirm(a_uscc(2), "乙公司"))
    assert require_faultless(found) == found.entries


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_usual_ways_of_writing_csv_say_the_same(encoding: str, delimiter: str) -> None:
    text = f"{HEADING}1,甲公司,{a_uscc(1)}\n".replace(",", delimiter)
    assert read_list(text.encode(encoding)).entries == (ListedFirm(a_uscc(1), "甲公司"),)


def test_a_workbook_is_read_below_its_title() -> None:
    content = a_workbook(
        ("国家级新能源龙头企业名单",),
        (None,),
        ("企业名称", "统一社会信用代码"),
        ("甲公司", str(a_uscc(1))),
        (None, None),
    )
    found = read_list(content)
    assert found.entries == (ListedFirm(a_uscc(1), "甲公司"),)
    assert not found.faults


def test_full_width_digits_and_blanks_are_the_usual_ones() -> None:
    wide = "".join(chr(ord(each) + 0xFEE0) for each in str(a_uscc(1)))
    assert read_list(f"{HEADING}1, 甲公司 ,{wide}\n".encode()).entries == (ListedFirm(a_uscc(1), "甲公司"),)


def test_every_bad_line_is_told_with_its_number_and_the_good_ones_do_not_stand_alone() -> None:
    content = (
        f"国家级名单\n{HEADING}"
        f"1,甲公司,{a_uscc(1)}\n"
        "2,乙公司,91652201000000001X\n"
        "\n"
        f"3,,{a_uscc(3)}\n"
        "4,丁公司,\n"
        f"5,甲公司,{a_uscc(1)}\n"
        f"6,{'长' * 121},{a_uscc(6)}\n"
    ).encode()
    assert told(content) == [
        ("list_line_code_wrong", 4),
        ("list_line_without_name", 6),
        ("list_line_without_code", 7),
        ("list_line_twice", 8),
        ("list_line_name_wrong", 9),
    ]
    with pytest.raises(RuleError) as caught:
        require_faultless(read_list(content))
    assert caught.value.parameters["faulty"] == len(caught.value.obstacles) == 5


def test_a_line_after_a_cell_of_two_lines_has_the_number_an_editor_shows() -> None:
    content = f'{HEADING}1,"甲\n公司",{a_uscc(1)}\n2,乙公司,wrong\n'.encode()
    assert told(content) == [("list_line_code_wrong", 4)]


def test_lines_of_a_workbook_have_the_numbers_of_the_spreadsheet() -> None:
    content = a_workbook(("name", "uscc"), ("甲公司", str(a_uscc(1))), (None, None), ("乙公司", 916522010000000012))
    assert told(content) == [("list_line_code_is_number", 4)]


def test_of_very_many_bad_lines_the_first_are_told_and_all_are_counted() -> None:
    content = (HEADING + "".join(f"{number},企业{number},x\n" for number in range(FAULTS_TOLD_MAX + 7))).encode()
    found = read_list(content)
    assert (len(found.faults), found.faulty) == (FAULTS_TOLD_MAX, FAULTS_TOLD_MAX + 7)


def a_large_frame() -> bytes:
    """Return a workbook with a million bytes of styles, which are nothing when packed."""
    written = io.BytesIO(a_workbook(("name", "uscc")))
    with zipfile.ZipFile(written, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/more.xml", b"<xf/>" * 200_001)
    return written.getvalue()


def a_long_sheet() -> bytes:
    """Return a workbook whose last firm stands below all that are read."""
    book = Workbook()
    sheet = book.active
    sheet.append(("name", "uscc"))
    sheet.cell(ROWS_MAX + 1, 1, "甲公司")
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (a_large_frame(), "list_file_too_large"),
        (a_long_sheet(), "list_length"),
        (b"a,b\n1,2\n", "list_file_without_heading"),
        (b"", "list_file_without_heading"),
        (HEADING.encode(), "list_length"),
        ((HEADING + "".join(f"{number},x,y\n" for number in range(5_001))).encode(), "list_length"),
        (b"\xff\xfe\x00\x81\x00", "list_file_unreadable"),
        (b"PK\x03\x04 no archive", "list_file_unreadable"),
        (b"x" * (FILE_BYTES_MAX + 1), "list_file_too_large"),
    ],
)
def test_what_is_no_list_is_refused_as_a_whole(content: bytes, code: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        read_list(content)
    assert caught.value.code == code


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), min_size=1, max_size=8))
def test_any_line_is_either_read_or_told(lines: list[tuple[str, str]]) -> None:
    content = a_workbook(("name", "uscc"), *(("甲公司", str(a_uscc(9))), *((_plain(a), _plain(b)) for a, b in lines)))
    found = read_list(content)
    blank = sum(not _plain(a).strip() and not _plain(b).strip() for a, b in lines)
    assert len(found.entries) + found.faulty == 1 + len(lines) - blank


def _plain(text: str) -> str:
    """Return what a workbook can hold of a text, and what is no formula."""
    return "".join(each for each in text if each.isprintable() and each != "=")
