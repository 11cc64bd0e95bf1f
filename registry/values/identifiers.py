"""Identifiers: UUIDv7 (RFC 9562 §5.7) shown with a type prefix, for example ``ds_0193…``.

The time in front keeps neighbours together in an index; the prefix keeps a firm from being taken for an order, by
people and by the type checker alike. No identifier counts anything.
"""

import re
import time
import uuid
from typing import ClassVar, Self

from registry.errors import InvalidValueError
from registry.values.randomness import random_bytes

_FORM = re.compile(r"[0-9a-f]{32}", re.ASCII)


class Id(str):
    """An identifier: the prefix of its kind, an underscore and 32 hex digits."""

    __slots__ = ()
    prefix: ClassVar[str] = ""

    def __new__(cls, text: str) -> Self:
        """Return ``text`` as an identifier of this kind. Raises InvalidValueError."""
        head, _, tail = text.partition("_")
        if head != cls.prefix or not _FORM.fullmatch(tail):
            raise InvalidValueError("identifier_malformed", given=text[:60], expected=f"{cls.prefix}_…")
        return super().__new__(cls, text)

    @classmethod
    def new(cls) -> Self:
        """Return an identifier that was never used before."""
        return cls.of_uuid(uuid7())

    @classmethod
    def of_uuid(cls, value: uuid.UUID) -> Self:
        """Return the identifier kept in a column as ``value``."""
        return super().__new__(cls, f"{cls.prefix}_{value.hex}")

    @property
    def hex(self) -> str:
        """The 32 hex digits."""
        return self[-32:]

    @property
    def uuid(self) -> uuid.UUID:
        """What a column keeps."""
        return uuid.UUID(self.hex)


def uuid7() -> uuid.UUID:
    """Return a UUID of version 7: 48 bits of Unix milliseconds, then random bits (RFC 9562 §5.7)."""
    number = int.from_bytes(random_bytes(16)) & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62
    return uuid.UUID(int=number & (1 << 80) - 1 | time.time_ns() // 1_000_000 << 80)


class AuthorityId(Id):
    """Identifies an authority (区发改委/数发局 and its finance office act under one)."""

    prefix = "auth"


class FirmId(Id):
    """Identifies a firm; its USCC is an attribute with a history."""

    prefix = "firm"


class AccountId(Id):
    """Identifies an account: a person or a service account."""

    prefix = "acc"


class TokenId(Id):
    """Identifies an access token or client; never the secret itself."""

    prefix = "tok"


class FactId(Id):
    """Identifies one line of a register."""

    prefix = "fact"


class CorrectionId(Id):
    """Identifies a backward correction of a register."""

    prefix = "corr"


class LeaderListId(Id):
    """Identifies one version of a leader list (龙头企业名单)."""

    prefix = "list"


class RulingId(Id):
    """Identifies a ruling of the bureau."""

    prefix = "rul"


class DatasetId(Id):
    """Identifies a dataset: a public name with its versions."""

    prefix = "ds"


class VersionId(Id):
    """Identifies one version of a dataset, also while it is a draft."""

    prefix = "ver"


class StatementId(Id):
    """Identifies a signed statement about a dataset or a version."""

    prefix = "st"


class ReadId(Id):
    """Identifies one signed address of one file, given out once."""

    prefix = "read"


class UploadId(Id):
    """Identifies one upload of one file."""

    prefix = "upl"


class BlobId(Id):
    """Identifies stored bytes."""

    prefix = "blob"


class EvidenceId(Id):
    """Identifies a document that proves something."""

    prefix = "evd"


class ReceiptId(Id):
    """Identifies an adoption receipt."""

    prefix = "rcpt"


class SceneId(Id):
    """Identifies a scene of the scene list (场景机会清单)."""

    prefix = "scn"


class AnnotationId(Id):
    """Identifies an entry of the public-data annotation catalog (公共数据标注目录)."""

    prefix = "anc"


class TypicalCaseId(Id):
    """Identifies a typical case (典型案例) of a key industry."""

    prefix = "typ"


class ReportId(Id):
    """Identifies a laboratory's quality report."""

    prefix = "rep"


class GrantRequestId(Id):
    """Identifies a firm's request for a grant."""

    prefix = "req"


class StaffAccessId(Id):
    """Identifies an officer's access to a dataset for a while."""

    prefix = "sta"


class ErasureId(Id):
    """Identifies an order to erase content."""

    prefix = "era"


class ListingId(Id):
    """Identifies an offer on an exchange."""

    prefix = "lst"


class OrderId(Id):
    """Identifies an order."""

    prefix = "ord"


class InvoiceId(Id):
    """Identifies a recorded invoice."""

    prefix = "inv"


class RedLetterId(Id):
    """Identifies a red-letter invoice (红字发票)."""

    prefix = "red"


class RefundId(Id):
    """Identifies money that a seller sent back."""

    prefix = "rfd"


class DisputeId(Id):
    """Identifies a dispute over an order."""

    prefix = "dsp"


class PeriodId(Id):
    """Identifies a period of an order as its seller stated it."""

    prefix = "prd"


class PoolId(Id):
    """Identifies a pool of public money."""

    prefix = "pool"


class VoucherId(Id):
    """Identifies a voucher: a hold on a pool for one order."""

    prefix = "vch"


class CaseId(Id):
    """Identifies an award case or a payment batch."""

    prefix = "case"


class EntryId(Id):
    """Identifies a journal entry."""

    prefix = "ent"


class PostingId(Id):
    """Identifies a set of ledger postings that balance."""

    prefix = "post"


class JobId(Id):
    """Identifies a piece of work for a worker."""

    prefix = "job"


class WebhookId(Id):
    """Identifies an address on the web that a party wants messages at."""

    prefix = "hook"


class MessageId(Id):
    """Identifies a message that leaves; the same at every attempt and replay."""

    prefix = "msg"


class AnnouncementId(Id):
    """Identifies a public event as the feeds show it."""

    prefix = "ann"


class InterestId(Id):
    """Identifies an officer's tie to a firm."""

    prefix = "tie"


class AbsenceId(Id):
    """Identifies an officer's absence."""

    prefix = "abs"


class DelegationId(Id):
    """Identifies a power to sign for another officer."""

    prefix = "dlg"


class SampleId(Id):
    """Identifies a sample of paid cases."""

    prefix = "smp"


class ContestId(Id):
    """Identifies a contest of novelty between two datasets."""

    prefix = "cont"


class RecoveryId(Id):
    """Identifies the recovery (追回) of a paid line."""

    prefix = "rcv"


class RemedyId(Id):
    """Identifies a remedy (复核, 复议, 诉讼) against an adverse decision."""

    prefix = "rem"


class RoundId(Id):
    """Identifies a round in which an office takes applications (申报轮次)."""

    prefix = "rnd"


class VoucherRoundId(Id):
    """Identifies a round in which vouchers of a pool are given out."""

    prefix = "vrnd"


class VoucherRequestId(Id):
    """Identifies what was asked for in a closed round of vouchers."""

    prefix = "vreq"


class OpeningId(Id):
    """Identifies opening balances of a ledger as an officer proposed them."""

    prefix = "opening"


class ReconciliationId(Id):
    """Identifies a comparison of our payments with a file of finance."""

    prefix = "recon"


class ClosingId(Id):
    """Identifies the close of a budget year as it was proposed."""

    prefix = "close"


class ExternalUseId(Id):
    """Identifies a recorded use of a pool that is not ours."""

    prefix = "xuse"


class ArchiveHoldId(Id):
    """Identifies an order that holds the archive of a case."""

    prefix = "hold"


class DisposalId(Id):
    """Identifies the disposal of an archive."""

    prefix = "disp"
