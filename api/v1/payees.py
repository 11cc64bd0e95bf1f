"""The account public money is paid to, as a firm states it."""

from pydantic import Field

from api.door import Strict
from registry.vouchers.payee import PayeeGiven


class PayeeBody(Strict):
    """The firm's own account: the name on it is the firm's."""

    account_name: str = Field(min_length=1, max_length=200)
    bank: str = Field(min_length=1, max_length=200)
    account_number: str = Field(min_length=6, max_length=60)

    def given(self) -> PayeeGiven:
        """Return the account. Raises InvalidValueError."""
        return PayeeGiven(self.account_name, self.bank, self.account_number)
