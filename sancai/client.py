"""A service as an object: one attribute per room, each loaded when it is first used."""

from contextlib import AbstractContextManager
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from sancai.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from sancai.access import Access
    from sancai.accounts import Accounts
    from sancai.adoption import Adoption
    from sancai.archives import Archives
    from sancai.boards import Boards
    from sancai.cases import Cases
    from sancai.contests import Contests
    from sancai.datasets import Datasets
    from sancai.desk import Desk
    from sancai.differences import Difference
    from sancai.drafts import Drafts
    from sancai.erasures import Erasures
    from sancai.evidence import EvidenceRoom
    from sancai.exchange import Exchange
    from sancai.finance import Finance
    from sancai.firm_ends import FirmEnds
    from sancai.grants import Grants
    from sancai.handles import VersionHandle
    from sancai.importing import Imported
    from sancai.log import Log
    from sancai.mail import Mail
    from sancai.messages import Messages
    from sancai.notice_probes import NoticeProbes
    from sancai.offices import Office
    from sancai.openings import Openings
    from sancai.oversight import Oversight
    from sancai.parties import Parties
    from sancai.performance import Performance
    from sancai.persons import Persons
    from sancai.policy import Policy
    from sancai.publishing import Plan, Published, Telling
    from sancai.quality import Quality
    from sancai.quotas import Quotas
    from sancai.recoveries import Recoveries
    from sancai.register_reviews import RegisterReviews
    from sancai.registers import Registers
    from sancai.remedies import Remedies
    from sancai.rounds import Experts, Rounds
    from sancai.statements import Statements
    from sancai.transfers import Uploads
    from sancai.usage import Usage
    from sancai.voucher_patterns import ExternalUses, VoucherPatterns
    from sancai.voucher_rounds import VoucherRounds
    from sancai.vouchers import Vouchers


class Client(AbstractContextManager["Client"]):
    """The functions of a service, typed."""

    def __init__(
        self, url: str, token: str | None = None, language: str = "en", ca: "Path | str | None" = None
    ) -> None:
        """Prepare a client of the service at ``url``; nothing is sent yet.

        ``ca`` names a file of private authorities to trust for the service and its object store, as ``SANCAI_CA`` does.

        Raises:
            InvalidValueError: ``url_malformed``, ``ca_unreadable``.
        """
        self.session: Final = Session(url, token, language, ca)

    @classmethod
    def configured(cls, language: str = "en") -> Self:
        """Return a client of the service of ``SANCAI_URL`` and ``SANCAI_TOKEN``, else of the last ``sancai login``.

        Raises:
            InvalidValueError: ``url_missing``: no service is known.
        """
        from sancai.config import read_config

        config = read_config()
        return cls(config.require_url(), config.token, language)

    def load(self, reference: str, *, keys: tuple[str, ...] = ()) -> "VersionHandle":
        """Return ``namespace/slug@v2``, or the newest version, as an object to read from; see ``sancai.load``."""
        from sancai.handles import load

        return load(reference, self, keys=keys)

    def diff(self, before: str, after: str | None = None) -> "Difference":
        """Return what version ``after`` (``@v2``, or the newest) changed against ``namespace/slug@v1``.

        Raises:
            SancaiError: As ``sancai.differences.difference``.
        """
        from sancai.differences import difference

        return difference(self, before, after)

    @cached_property
    def datasets(self) -> "Datasets":
        """Datasets, drafts, versions and their files."""
        from sancai.datasets import Datasets

        return Datasets(self.session)

    @cached_property
    def statements(self) -> "Statements":
        """What is stated of datasets and versions, and what derives from what."""
        from sancai.statements import Statements

        return Statements(self.session)

    @cached_property
    def access(self) -> "Access":
        """Who may read: the gate explained, terms, grants on request."""
        from sancai.access import Access

        return Access(self.session)

    @cached_property
    def oversight(self) -> "Oversight":
        """What officers do with content: read it for a while, recall it; who holds it."""
        from sancai.oversight import Oversight

        return Oversight(self.session)

    @cached_property
    def notice_probes(self) -> "NoticeProbes":
        """The probe of notice pages."""
        from sancai.notice_probes import NoticeProbes

        return NoticeProbes(self.session)

    @cached_property
    def performance(self) -> "Performance":
        """Targets of cases and what became of them."""
        from sancai.performance import Performance

        return Performance(self.session)

    @cached_property
    def erasures(self) -> "Erasures":
        """Orders to erase by law."""
        from sancai.erasures import Erasures

        return Erasures(self.session)

    @cached_property
    def drafts(self) -> "Drafts":
        """The files of drafts by the thousand."""
        from sancai.drafts import Drafts

        return Drafts(self.session)

    @cached_property
    def uploads(self) -> "Uploads":
        """Bytes on their way to the store."""
        from sancai.transfers import Uploads

        return Uploads(self.session)

    @cached_property
    def evidence(self) -> "EvidenceRoom":
        """Contracts, statements, receipts and reports."""
        from sancai.evidence import EvidenceRoom

        return EvidenceRoom(self.session, self.uploads)

    @cached_property
    def policy(self) -> "Policy":
        """Policy documents and rulings."""
        from sancai.policy import Policy

        return Policy(self.session)

    @cached_property
    def parties(self) -> "Parties":
        """Firms, control, registers and leader lists."""
        from sancai.parties import Parties

        return Parties(self.session)

    @cached_property
    def accounts(self) -> "Accounts":
        """Members, officers, service accounts and tokens."""
        from sancai.accounts import Accounts

        return Accounts(self.session)

    @cached_property
    def usage(self) -> "Usage":
        """How datasets were read."""
        from sancai.usage import Usage

        return Usage(self.session)

    @cached_property
    def quotas(self) -> "Quotas":
        """What a firm may hold and send."""
        from sancai.quotas import Quotas

        return Quotas(self.session)

    @cached_property
    def firm_ends(self) -> "FirmEnds":
        """Which firms were deregistered, merged or left an area."""
        from sancai.firm_ends import FirmEnds

        return FirmEnds(self.session)

    @cached_property
    def registers(self) -> "Registers":
        """Who controls whom, and what the registers say of a firm."""
        from sancai.registers import Registers

        return Registers(self.session)

    @cached_property
    def contests(self) -> "Contests":
        """Contests of novelty between your data and another firm's."""
        from sancai.contests import Contests

        return Contests(self.session)

    @cached_property
    def register_reviews(self) -> "RegisterReviews":
        """Backward corrections of the registers, and the cases they touch."""
        from sancai.register_reviews import RegisterReviews

        return RegisterReviews(self.session)

    @cached_property
    def recoveries(self) -> "Recoveries":
        """Money that was paid and is to come back."""
        from sancai.recoveries import Recoveries

        return Recoveries(self.session)

    @cached_property
    def remedies(self) -> "Remedies":
        """Review, reconsideration and litigation against adverse decisions."""
        from sancai.remedies import Remedies

        return Remedies(self.session)

    @cached_property
    def archives(self) -> "Archives":
        """Archives of closed cases."""
        from sancai.archives import Archives

        return Archives(self.session)

    @cached_property
    def mail(self) -> "Mail":
        """Where oneself takes mail, and which datasets one follows."""
        from sancai.mail import Mail

        return Mail(self.session)

    @cached_property
    def messages(self) -> "Messages":
        """Webhooks and how their messages fared."""
        from sancai.messages import Messages

        return Messages(self.session)

    @cached_property
    def boards(self) -> "Boards":
        """Boards, statistics of adoption, scenes, the annotation catalog."""
        from sancai.boards import Boards

        return Boards(self.session)

    @cached_property
    def adoption(self) -> "Adoption":
        """Adoption receipts and who counts."""
        from sancai.adoption import Adoption

        return Adoption(self.session)

    @cached_property
    def quality(self) -> "Quality":
        """Quality reports."""
        from sancai.quality import Quality

        return Quality(self.session)

    @cached_property
    def exchange(self) -> "Exchange":
        """Listings and orders."""
        from sancai.exchange import Exchange

        return Exchange(self.session)

    @cached_property
    def openings(self) -> "Openings":
        """Opening balances of the ledger."""
        from sancai.openings import Openings

        return Openings(self.session)

    @cached_property
    def voucher_patterns(self) -> "VoucherPatterns":
        """What patterns of fraud find at vouchers."""
        from sancai.voucher_patterns import VoucherPatterns

        return VoucherPatterns(self.session)

    @cached_property
    def external_uses(self) -> "ExternalUses":
        """Uses of pools that are not ours."""
        from sancai.voucher_patterns import ExternalUses

        return ExternalUses(self.session)

    @cached_property
    def desk(self) -> "Desk":
        """The desk of a bureau."""
        from sancai.desk import Desk

        return Desk(self.session)

    @cached_property
    def finance(self) -> "Finance":
        """Reconciliation with finance and the close of budget years."""
        from sancai.finance import Finance

        return Finance(self.session)

    @cached_property
    def vouchers(self) -> "Vouchers":
        """Quotes, vouchers, pools and the ledger."""
        from sancai.vouchers import Vouchers

        return Vouchers(self.session)

    @cached_property
    def cases(self) -> "Cases":
        """Awards and payment batches on their way to payment."""
        from sancai.cases import Cases

        return Cases(self.session)

    @cached_property
    def office(self) -> "Office":
        """The officers of your office: what is due, ties, absence, delegation, drawn reviewers."""
        from sancai.offices import Office

        return Office(self.session)

    @cached_property
    def grants(self) -> "Grants":
        """Grants of any instrument, before their review."""
        from sancai.grants import Grants

        return Grants(self.session)

    @property
    def persons(self) -> "Persons":
        """Natural persons: register one, read, erase."""
        from sancai.persons import Persons

        return Persons(self.session)

    @cached_property
    def voucher_rounds(self) -> "VoucherRounds":
        """Rounds in which vouchers of a pool are given out."""
        from sancai.voucher_rounds import VoucherRounds

        return VoucherRounds(self.session)

    @cached_property
    def rounds(self) -> "Rounds":
        """Rounds in which offices take applications."""
        from sancai.rounds import Rounds

        return Rounds(self.session)

    @cached_property
    def experts(self) -> "Experts":
        """Experts of your office, their panels and scores."""
        from sancai.rounds import Experts

        return Experts(self.session)

    @cached_property
    def log(self) -> "Log":
        """The transparency log: checkpoints and proofs."""
        from sancai.log import Log

        return Log(self.session)

    def publish(
        self,
        path: "Path | str",
        name: str | None = None,
        *,
        wait_max_s: float | None = None,
        telling: "Telling | None" = None,
        **given: Any,
    ) -> "Published":
        """Publish the file or folder at ``path`` as the next version of dataset ``name``.

        Args:
            path: A file or folder; ``sancai.toml`` or the card ``README.md`` beside the data may state the rest.
            name: ``namespace/slug``.
            wait_max_s: How long to wait for verification; None waits for as long as it takes.
            telling: Who is told of plan, steps and bytes.
            given: Title, sector, licence, source, parents, contributors … (``sancai.publish_statement.Statement``).

        Raises:
            SancaiError: As ``sancai.publishing.publish``.
        """
        from sancai.publishing import publish

        return publish(self, path, name, wait_max_s=wait_max_s, telling=telling, **given)

    def plan(self, path: "Path | str", name: str | None = None, **given: Any) -> "Plan":
        """Return what ``publish`` would do; nothing is sent and nothing is created. Raises SancaiError."""
        from sancai.publishing import plan

        return plan(self, path, name, **given)

    def import_folder(
        self,
        folder: "Path | str",
        name: str | None = None,
        *,
        publish: bool = False,
        wait_max_s: float | None = None,
        telling: "Telling | None" = None,
        **given: Any,
    ) -> "Imported":
        """Make a draft, and with ``publish`` a version, from a folder that was downloaded from another hub.

        Raises:
            SancaiError: As ``sancai.importing.import_folder``, where the arguments are explained.
        """
        from sancai.importing import import_folder

        return import_folder(self, folder, name, publish=publish, wait_max_s=wait_max_s, telling=telling, **given)

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()
