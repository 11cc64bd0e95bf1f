"""The buyer's signature on a contract."""

from dataclasses import dataclass

from registry.values.canonical import canonical_json
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, FirmId, OrderId
from registry.values.moment import Moment


@dataclass(frozen=True, slots=True)
class BuyerSignature:
    """The buyer's signature, given from its own account: the installation signs that it was (Ed25519)."""

    order: OrderId
    contract: Digest
    firm: FirmId
    account: AccountId
    signed_at: Moment
    key: str
    signature: bytes

    def statement_bytes(self) -> bytes:
        """Return what is signed. The format in it keeps it from being taken for anything else."""
        return canonical_json(
            {
                "format": "sancai/contract-signature/v1",
                "side": "buyer",
                "order": str(self.order),
                "contract": str(self.contract),
                "firm": str(self.firm),
                "account": str(self.account),
                "signed_at": str(self.signed_at),
            }
        )
