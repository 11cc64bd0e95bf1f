"""Ties that follow from where people are reached."""

import pytest

from registry.offices.contacts import DetectedTie, Reach, Shared, detected_ties, public_providers
from registry.values.identifiers import AccountId, FirmId

OFFICER, MEMBER, FIRM = AccountId.new(), AccountId.new(), FirmId.new()


@pytest.mark.parametrize(
    ("officer", "member", "shared"),
    [
        ("li@firm.test", "wang@firm.test", Shared.MAIL_DOMAIN),
        ("li@firm.test", "wang@other.test", None),
        # A house below another is not the same house, and neither is one with a longer name.
        ("li@mail.firm.test", "wang@firm.test", None),
        ("li@notfirm.test", "wang@firm.test", None),
        ("li@qq.com", "wang@qq.com", None),
        ("li@qq.com", "li@qq.com", Shared.MAIL_ADDRESS),
        ("Li+office@QQ.com ", "li+firm@qq.com", Shared.MAIL_ADDRESS),
        ("li@firm.test", "LI@Firm.Test", Shared.MAIL_ADDRESS),
    ],
)
def test_a_box_ties_and_a_house_ties_unless_anybody_lives_there(
    officer: str, member: str, shared: Shared | None
) -> None:
    found = detected_ties([Reach(OFFICER, None, officer)], [Reach(MEMBER, FIRM, member)], public_providers())
    assert found == ((DetectedTie(OFFICER, FIRM, shared),) if shared else ())


def test_each_pair_is_told_once_and_no_address_with_it() -> None:
    other, elsewhere = FirmId.new(), Reach(AccountId.new(), None, "x@bureau.test")
    members = [Reach(MEMBER, FIRM, "a@firm.test"), Reach(AccountId.new(), FIRM, "b@firm.test")]
    found = detected_ties(
        [Reach(OFFICER, None, "a@firm.test"), elsewhere], [*members, Reach(MEMBER, other, "c@o.test")], ()
    )
    assert found == (DetectedTie(OFFICER, FIRM, Shared.MAIL_ADDRESS),)
    assert "firm.test" not in repr((found, members))
