"""Whether a page still says what was noticed: pure."""

import pytest

from sancai.cases import NoticeLine
from sancai.notice_pages import says_what_was_noticed
from sancai.notice_probes import ProbedNotice


def a_notice(*lines: tuple[str, int]) -> ProbedNotice:
    made = tuple(NoticeLine(unit, "yz-14a", "第十四条", "5万元", fen, "") for unit, fen in lines)
    at = "2026-03-02T02:00:00Z"
    return ProbedNotice("case_1", "doc", made, "sha256:" + "ab" * 32, "https://x", at, at, "cd" * 32)


ONE = a_notice(("伊州绿途数据有限公司", 5_000_000))
TWO = a_notice(("伊州绿途数据有限公司", 5_000_000), ("哈密风能公司", 1_234_567))


@pytest.mark.parametrize("amount", ["50000", "50,000.00", "50，000", "50 000 元", "5万元", "5万"])
def test_a_unit_with_its_amount_stands_in_the_page_however_it_is_written(amount: str) -> None:
    page = f"<html><body><td>伊州绿途<b>数据</b> 有限公司</td><td>{amount}</td></body></html>"
    assert says_what_was_noticed(page.encode(), ONE)


@pytest.mark.parametrize("amount", ["150000", "500000", "50000.50", "15万", "0.5万元", "0.50000", ""])
def test_another_amount_is_not_that_amount(amount: str) -> None:
    assert not says_what_was_noticed(f"<td>伊州绿途数据有限公司</td><td>{amount}元</td>".encode(), ONE)


def test_every_line_must_stand_in_the_page() -> None:
    one = "伊州绿途数据有限公司 50000"
    assert not says_what_was_noticed(one.encode(), TWO)
    assert says_what_was_noticed(f"{one} 哈密风能公司 12,345.67".encode(), TWO)


@pytest.mark.parametrize("name", ["gbk", "gb18030", "utf-8"])
def test_the_encoding_of_the_page_is_found(name: str) -> None:
    page = f'<meta charset="{name}"><p>伊州绿途数据有限公司 5万元</p>'
    assert says_what_was_noticed(page.encode(name), ONE)
    assert says_what_was_noticed(page.replace(name, "nonsense").encode(name), ONE)


def test_the_digest_or_the_number_of_the_case_is_enough_and_what_nobody_sees_is_not() -> None:
    assert says_what_was_noticed(b"<p>" + b"ab" * 32 + b"</p>", ONE)
    assert says_what_was_noticed(b"<p>case_1</p>", ONE)
    for hidden in (b"<!-- case_1 -->", b"<script>case_1</script>", b"<STYLE>case_1</STYLE >", b'<a href="case_1">'):
        assert not says_what_was_noticed(hidden, ONE), hidden
    assert not says_what_was_noticed(b"", a_notice())


@pytest.mark.parametrize("name", ["undefined", "punycode", "idna", "hex", "unicode_escape"])
def test_a_page_that_names_no_encoding_of_pages_is_read_all_the_same(name: str) -> None:
    assert says_what_was_noticed(f'<meta charset="{name}"><p>伊州绿途数据有限公司 5万元</p>'.encode(), ONE)


@pytest.mark.parametrize("piece", ["<!--", "<", "<script", "<a", "</script", "&#" + "9" * 5_000 + ";"])
def test_a_page_made_to_take_long_is_read_in_one_pass(piece: str) -> None:
    page = f"<p>case_1</p>{piece * (2_000_000 // len(piece))}"
    assert says_what_was_noticed(page.encode(), ONE)
    assert not says_what_was_noticed(page.replace("case_1", "").encode(), ONE)


def test_what_is_never_closed_hides_the_rest_and_a_sign_of_less_hides_nothing() -> None:
    for hidden in (b"<!-- case_1", b"<script>case_1", b"<script>a</scripts>case_1", b"<a title='case_1"):
        assert not says_what_was_noticed(hidden, ONE), hidden
    assert says_what_was_noticed(b"1 < 2 case_1 > 0", ONE)
