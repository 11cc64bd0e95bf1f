"""Opening balances: read whole or refused whole, by two officers, once; the next quote starts from them."""

import io

import pytest
from openpyxl import Workbook

from registry.actors.model import Actor, Role
from registry.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError, RuleError
from registry.parties import service as parties
from registry.values.digest import Digest
from registry.values.identifiers import OpeningId, OrderId
from registry.values.money import Money
from registry.vouchers import opening, service
from registry.vouchers.ledger import verify_ledger
from registry.vouchers.opening_files import read_opening
from registry.vouchers.opening_model import OpeningShown
from tests.registry.exchange.builders import Market, a_listing, an_accepted_order, an_officer, ask, do, firm_of
from tests.registry.parties.builders import a_uscc
from tests.registry.vouchers.builders import hold, ready_to_redeem, redeem

HEADING = "pool,instrument,uscc,year,base,amount,dataset\n"
ONE, TWO = str(a_uscc(1)), str(a_uscc(2))


def uscc_of(market: Market, owner: Actor) -> str:
    return str(ask(market.house, owner, lambda view: parties.firm(view, firm_of(owner))).uscc)


def a_file(market: Market, *lines: str) -> bytes:
    """Return a file; BUYER stands for the code of the market's buyer."""
    return (HEADING + "\n".join(lines)).replace("BUYER", uscc_of(market, market.buyer)).encode()


def propose(market: Market, content: bytes, actor: Actor | None = None) -> OpeningShown:
    return do(market.house, actor or market.registrar, lambda work: opening.propose(work, content))


def confirm(market: Market, made: OpeningShown, actor: Actor | None = None) -> OpeningShown:
    found = made.opening
    return do(market.house, actor or market.payer, lambda work: opening.confirm(work, found.id, found.digest))


def faults(refusal: pytest.ExceptionInfo[RuleError]) -> list[tuple[object, str]]:
    return [(each.parameters["line"], each.code) for each in refusal.value.obstacles]


def test_a_firm_at_480000_is_quoted_20000_next(market: Market) -> None:
    """Invariant 3 (firm-year): what was paid before the system counts."""
    order = an_accepted_order(market, a_listing(market), 1_000_000)
    made = propose(market, a_file(market, "yz-4,,BUYER,2026,1600000,480000.00,"))

    def quoted() -> Money:
        return ask(market.house, market.buyer, lambda view: service.quote(view, OrderId(order.id))).amount

    assert quoted() == Money.of_yuan("300000")
    assert confirm(market, made).used == Money.of_yuan("480000")
    assert quoted() == Money.of_yuan("20000")
    assert redeem(market, hold(market, order), ready_to_redeem(market, order)).amount == Money.of_yuan("20000")
    with market.house.database.reading() as connection:
        assert verify_ledger(connection).firm_years == 1
    assert ask(market.house, market.reviewer, service.pools)[0].used == Money.of_yuan("500000")


def test_the_base_of_before_counts_as_approved(market: Market) -> None:
    """Invariant 4 (rate): 30% of both bases, less what was paid before."""
    confirm(market, propose(market, a_file(market, "yz-4,,BUYER,2026,1000000,250000,")))
    order = an_accepted_order(market, a_listing(market), 100_000)
    held = hold(market, order)
    assert held.amount == Money.of_yuan("80000")
    assert redeem(market, held, ready_to_redeem(market, order)).amount == Money.of_yuan("80000")


def test_two_officers_once(market: Market) -> None:
    """Invariant 10 (separation)."""
    both = an_officer(market.authority, Role.REGISTRAR, Role.PAYER)
    made = propose(market, a_file(market, "yz-4,,BUYER,2026,100,30,"), both)
    with pytest.raises(NotAllowedError, match="opening_by_same_officer"):
        confirm(market, made, both)
    with pytest.raises(NotAllowedError):
        confirm(market, made, market.reviewer)
    with pytest.raises(NotFoundError, match="opening_not_found"):
        confirm(market, made, an_officer(type(market.authority).new(), Role.PAYER))
    with pytest.raises(ConflictError, match="opening_file_differs"):
        do(
            market.house,
            market.payer,
            lambda work: opening.confirm(work, OpeningId(made.opening.id), Digest.of(b"other")),
        )
    other = propose(market, a_file(market, "yz-4,,BUYER,2026,200,60,"))

    def listed(after: OpeningId | None = None, limit: int = 10) -> list[tuple[str, object]]:
        found = ask(market.house, market.payer, lambda view: opening.openings(view, after, limit))
        return [(each.id, each.confirmed_by) for each in found]

    assert listed() == [(other.opening.id, None), (made.opening.id, None)]
    assert listed(limit=1) == [(other.opening.id, None)]
    assert listed(other.opening.id) == [(made.opening.id, None)]
    elsewhere = an_officer(type(market.authority).new(), Role.PAYER)
    assert ask(market.house, elsewhere, lambda view: opening.openings(view, None, 10)) == []
    shown = confirm(market, made)
    assert listed()[1] == (made.opening.id, market.payer.account)
    assert shown.opening.confirmed_by == market.payer.account
    for again in (made, other):
        with pytest.raises(ConflictError, match="ledger_opened_already"):
            confirm(market, again)
    with pytest.raises(ConflictError, match="ledger_opened_already"):
        propose(market, a_file(market, "yz-4,,BUYER,2026,200,60,"))
    assert ask(market.house, market.reviewer, lambda view: opening.opening(view, made.opening.id)) == shown


def test_every_line_that_means_nothing_here_is_told_and_nothing_is_written(market: Market) -> None:
    content = a_file(
        market,
        "yz-4,,BUYER,2026,100,30,",
        f"yz-4,,{a_uscc(999_999)},2026,100,30,",
        "yz-5,,BUYER,2026,100,30,",
        "yz-4,,BUYER,2021,100,30,",
        "yz-4,,BUYER,2027,2000000,500000.01,",
        ",yz-99,BUYER,2026,,30,",
        ",yz-14a,BUYER,2026,,50000,no/such",
    )
    with pytest.raises(RuleError, match="opening_refused") as refusal:
        propose(market, content)
    assert faults(refusal) == [
        (3, "opening_firm_unknown"),
        (4, "opening_pool_unknown"),
        (5, "opening_year_outside_term"),
        (6, "opening_passes_firm_year"),
        (7, "opening_instrument_unknown"),
        (8, "opening_dataset_unknown"),
    ]


def test_what_was_used_since_the_proposal_is_looked_at_again(market: Market) -> None:
    made = propose(market, a_file(market, "yz-4,,BUYER,2026,1600000,480000,", ",yz-14a,BUYER,2026,,50000,"))
    hold(market, an_accepted_order(market, a_listing(market), 120_000))
    with pytest.raises(RuleError, match="opening_refused") as refusal:
        confirm(market, made)
    assert faults(refusal) == [(2, "opening_passes_firm_year")]
    assert ask(market.house, market.payer, lambda view: opening.opening(view, made.opening.id)).opening == made.opening
    assert ask(market.house, market.reviewer, service.pools)[0].used == Money.of_yuan("36000")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f"p,,{ONE},2026,100,100.001,", "opening_amount_malformed"),
        (f"p,,{ONE},2026,100,-1,", "opening_amount_malformed"),
        (f"p,,{ONE},2026,100,101,", "opening_amount_above_base"),
        (f"p,,{ONE},2026,100,0,", "opening_amount_above_base"),
        (f"p,i,{ONE},2026,100,1,", "opening_pool_or_instrument"),
        (f",,{ONE},2026,100,1,", "opening_pool_or_instrument"),
        (f"p,,{ONE},26,100,1,", "opening_year_malformed"),
        ("p,,91650000,2026,100,1,", "opening_code_wrong"),
        (f"p,,{ONE},2026,100,1,data/wind", "opening_dataset_of_pool"),
        (f",i,{ONE},2026,,1,wind", "opening_dataset_unknown"),
        (f"{'p' * 101},,{ONE},2026,100,1,", "opening_text_too_long"),
        (f"p,,{TWO},2026,7,1,", "opening_line_twice"),
    ],
)
def test_a_line_that_is_not_well_formed_is_told(line: str, code: str) -> None:
    good = f"p,,{TWO},2026,100,1,"
    with pytest.raises(RuleError) as refusal:
        read_opening((HEADING + good + "\n" + line).encode())
    assert faults(refusal) == [(3, code)]


def test_the_three_forms_of_a_file_say_the_same() -> None:
    csv = f"{HEADING}p,,{ONE},2026,1600000,480000,\n,i,{TWO},2026,,0.05,data/wind"
    book = Workbook()
    for row in (
        ["期初"],
        ["资金池", "条款", "统一社会信用代码", "年度", "基数", "金额", "数据集"],
        ["p", None, ONE, 2026, 1600000.0, 480000],
        [None, "i", TWO, 2026, None, 0.05, "data/wind"],
    ):
        book.active.append(row)
    packed = io.BytesIO()
    book.save(packed)
    toml = (
        f'[[line]]\npool = "p"\nuscc = "{ONE}"\nyear = 2026\nbase = 1600000\namount = "480000.00"\n'
        f'[[line]]\ninstrument = "i"\nuscc = "{TWO}"\nyear = 2026\namount = "0.05"\ndataset = "data/wind"\n'
    )
    told = [
        [(each.pool, each.instrument, each.uscc, each.year, each.base, each.amount, each.dataset) for each in lines]
        for lines in (read_opening(csv.encode()), read_opening(packed.getvalue()), read_opening(toml.encode()))
    ]
    assert told[0] == told[1] == told[2]
    assert told[0][0][5] == Money.of_yuan("480000")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "opening_without_heading"),
        (HEADING.encode(), "opening_length"),
        (b"[[line]]\nx = 1\n", "opening_column_unknown"),
        (b"[[line]]\nx", "opening_file_unreadable"),
        (b"a = 1\n[[line]]\npool = 'p'\n", "opening_file_unreadable"),
        ((HEADING + f"p,,{ONE},2026,1,1,\n" * 2_001).encode(), "opening_length"),
    ],
)
def test_what_is_no_such_file_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(InvalidValueError, match=code):
        read_opening(content)


@pytest.mark.parametrize("number", ["9" * 5_000, "0x" + "f" * 5_000, "[0x" + "f" * 5_000 + "]"])
def test_a_number_without_end_makes_a_file_unreadable(number: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        read_opening(f"[[line]]\nyear = {number}\n".encode())
    assert caught.value.code == "opening_file_unreadable"
