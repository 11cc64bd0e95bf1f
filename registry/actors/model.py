"""Actors, roles, scopes and actions.

An actor is an account that proved who it is: a member or service account of a firm, an officer of an authority, or
nobody (anonymous). Roles come from membership and office; scopes come from the token and can only narrow them.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from registry.values.identifiers import AccountId, AuthorityId, DatasetId, FirmId, Id


class Role(StrEnum):
    """A role in a firm or an office; the offices are those of S1 四 and S0 附件3."""

    # In a firm.
    OWNER = "owner"
    PUBLISHER = "publisher"
    BUYER = "buyer"
    FINANCE = "finance"
    READER = "reader"
    # In an authority.
    REGISTRAR = "registrar"
    REVIEWER = "reviewer"
    SECTION_HEAD = "section_head"
    LEADER_IN_CHARGE = "leader_in_charge"
    PRINCIPAL_LEADER = "principal_leader"
    PAYER = "payer"
    AUDITOR = "auditor"
    EXPERT = "expert"
    """Scores the cases it was drawn for and sees nothing else of the office."""
    # A machine of an authority, with nothing but its own right.
    PROBER = "prober"
    # Of nobody but oneself.
    PERSON = "person"


FIRM_ROLES: Final = frozenset({Role.OWNER, Role.PUBLISHER, Role.BUYER, Role.FINANCE, Role.READER})
PERSON_ROLES: Final = frozenset({Role.PERSON})
"""The one role of a natural person's account, which stands for itself as a party and for nobody else."""
MACHINE_ROLES: Final = frozenset({Role.PROBER})
"""Roles of programs of an authority: each is held alone, and is no officer's."""
OFFICE_ROLES: Final = frozenset(Role) - FIRM_ROLES - PERSON_ROLES - MACHINE_ROLES
OFFICERS: Final = OFFICE_ROLES - {Role.EXPERT}
"""Who decides or keeps the books of an office: an expert only scores."""
SIGNING_RANKS: Final = (Role.SECTION_HEAD, Role.LEADER_IN_CHARGE, Role.PRINCIPAL_LEADER)
"""科室负责人, 分管领导, 主要领导: they sign in this order (S0 附件3, RULINGS 27)."""


class Scope(StrEnum):
    """What a token may be used for; a token without a scope cannot do what needs it."""

    READ = "read"
    PUBLISH = "publish"
    ADOPT = "adopt"
    TRADE = "trade"
    CLAIM = "claim"
    AWARD = "award"
    ACCOUNTS = "accounts"
    REGISTER = "register"
    REVIEW = "review"
    SIGN = "sign"
    PAY = "pay"
    AUDIT = "audit"
    PROBE = "probe"


class Action(StrEnum):
    """Everything that can be asked for behind authorisation, one line for each use case."""

    # The firm's own house.
    MANAGE_MEMBERS = "manage_members"
    MANAGE_TOKENS = "manage_tokens"
    MANAGE_WEBHOOKS = "manage_webhooks"
    TAKE_MAIL = "take_mail"
    # Registers and policy of an authority.
    LOAD_POLICY = "load_policy"
    ENTER_RULING = "enter_ruling"
    KEEP_REGISTERS = "keep_registers"
    READ_REGISTERS = "read_registers"
    SET_QUOTA = "set_quota"
    READ_QUOTA = "read_quota"
    MANAGE_OFFICERS = "manage_officers"
    SET_DEMO_CLOCK = "set_demo_clock"
    # Datasets.
    DRAFT_VERSION = "draft_version"
    PUBLISH_VERSION = "publish_version"
    WITHDRAW_VERSION = "withdraw_version"
    READ_CONTENT = "read_content"
    READ_USAGE = "read_usage"
    # Who is let in.
    SET_TERMS = "set_terms"
    SET_ACCESS = "set_access"
    ACCEPT_TERMS = "accept_terms"
    REQUEST_GRANT = "request_grant"
    ANSWER_REQUEST = "answer_request"
    READ_REQUEST = "read_request"
    READ_ACCESS = "read_access"
    OPEN_STAFF_ACCESS = "open_staff_access"
    RECALL_VERSION = "recall_version"
    ORDER_ERASURE = "order_erasure"
    CONFIRM_ERASURE = "confirm_erasure"
    READ_ERASURE = "read_erasure"
    # Adoption and quality.
    ATTEST_ADOPTION = "attest_adoption"
    COUNTERSIGN_ADOPTION = "countersign_adoption"
    PUBLISH_SCENE = "publish_scene"
    ANSWER_SCENE = "answer_scene"
    KEEP_CATALOGS = "keep_catalogs"
    FILE_EVIDENCE = "file_evidence"
    REPORT_QUALITY = "report_quality"
    READ_EVIDENCE = "read_evidence"
    # Exchange.
    OFFER_LISTING = "offer_listing"
    PLACE_ORDER = "place_order"
    ACCEPT_ORDER = "accept_order"
    STATE_PERIOD = "state_period"
    CONFIRM_DELIVERY = "confirm_delivery"
    ISSUE_INVOICE = "issue_invoice"
    RECORD_PAYMENT = "record_payment"
    VERIFY_INVOICE = "verify_invoice"
    READ_ORDER = "read_order"
    # Vouchers.
    OPEN_POOL = "open_pool"
    PUBLISH_VOUCHER_ROUND = "publish_voucher_round"
    DIVIDE_VOUCHER_ROUND = "divide_voucher_round"
    HOLD_VOUCHER = "hold_voucher"
    REDEEM_VOUCHER = "redeem_voucher"
    LESSEN_CLAIM = "lessen_claim"
    SETTLE_VOUCHERS = "settle_vouchers"
    READ_VOUCHER = "read_voucher"
    READ_LEDGER = "read_ledger"
    PROPOSE_OPENING = "propose_opening"
    CONFIRM_OPENING = "confirm_opening"
    # Cases.
    APPLY_FOR_AWARD = "apply_for_award"
    REVIEW_CASE = "review_case"
    POST_NOTICE = "post_notice"
    SIGN_CASE = "sign_case"
    APPROPRIATE = "appropriate"
    PAY_CASE = "pay_case"
    READ_CASE = "read_case"
    # The officers of an office.
    READ_OFFICE = "read_office"
    DECLARE_INTEREST = "declare_interest"
    DELEGATE_RANK = "delegate_rank"
    AUDIT = "audit"
    # Rounds and experts.
    PUBLISH_ROUND = "publish_round"
    SCORE_CASE = "score_case"
    # Programs of an office.
    PROBE_NOTICE = "probe_notice"
    # Natural persons.
    READ_PERSON = "read_person"
    ERASE_PERSON = "erase_person"


@dataclass(frozen=True, slots=True)
class Actor:
    """An account that acts, as its token shows it at this instant.

    ``firm`` and ``authority`` exclude each other; ``datasets`` narrows a token to some datasets (None: all).
    """

    account: AccountId | None = None
    name: str = ""
    firm: FirmId | None = None
    authority: AuthorityId | None = None
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    datasets: frozenset[DatasetId] | None = None

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody signed in."""
        return self.account is None

    @property
    def party(self) -> str:
        """Whom an idempotency key belongs to: the firm or authority, else the account."""
        return self.firm or self.authority or self.account or "anonymous"


ANONYMOUS: Final = Actor()


@dataclass(frozen=True, slots=True)
class Resource:
    """What an action is done to: whose it is, and which dataset, where that matters.

    ``firms`` are the parties to it (a listing has one, an order two); ``authority`` the office it belongs to.
    """

    firms: frozenset[FirmId] = frozenset()
    authority: AuthorityId | None = None
    dataset: DatasetId | None = None
    subject: Id | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Permission:
    """Who may do an action: any of ``roles``, with ``scope``, and what ties the actor to the resource.

    ``firm_roles`` are those of parties: of firms and of natural persons.
    """

    scope: Scope
    firm_roles: frozenset[Role] = frozenset()
    office_roles: frozenset[Role] = frozenset()


def _of(scope: Scope, *roles: Role) -> Permission:
    own = FIRM_ROLES | PERSON_ROLES
    return Permission(scope, frozenset(roles) & own, frozenset(roles) - own)


PERMISSIONS: Final[dict[Action, Permission]] = {
    Action.MANAGE_MEMBERS: _of(Scope.ACCOUNTS, Role.OWNER),
    Action.MANAGE_TOKENS: _of(Scope.ACCOUNTS, *FIRM_ROLES, *OFFICE_ROLES, *PERSON_ROLES),
    # A person leaves no address behind that an erasure would have to look for.
    Action.TAKE_MAIL: _of(Scope.ACCOUNTS, *FIRM_ROLES, *OFFICE_ROLES),
    Action.MANAGE_WEBHOOKS: _of(Scope.ACCOUNTS, Role.OWNER, Role.REGISTRAR),
    Action.LOAD_POLICY: _of(Scope.REGISTER, Role.REGISTRAR),
    Action.ENTER_RULING: _of(Scope.REGISTER, Role.REGISTRAR),
    Action.KEEP_REGISTERS: _of(Scope.REGISTER, Role.REGISTRAR),
    Action.READ_REGISTERS: _of(Scope.READ, Role.OWNER, *OFFICERS),
    Action.SET_QUOTA: _of(Scope.REGISTER, Role.REGISTRAR),
    Action.READ_QUOTA: _of(Scope.READ, Role.OWNER, Role.PUBLISHER, Role.REGISTRAR, Role.AUDITOR),
    Action.MANAGE_OFFICERS: _of(Scope.ACCOUNTS, Role.REGISTRAR),
    Action.SET_DEMO_CLOCK: _of(Scope.REGISTER, Role.REGISTRAR),
    Action.DRAFT_VERSION: _of(Scope.PUBLISH, Role.OWNER, Role.PUBLISHER),
    Action.PUBLISH_VERSION: _of(Scope.PUBLISH, Role.OWNER, Role.PUBLISHER),
    Action.WITHDRAW_VERSION: _of(Scope.PUBLISH, Role.OWNER, Role.PUBLISHER),
    Action.READ_CONTENT: _of(Scope.READ, Role.OWNER, Role.PUBLISHER, Role.BUYER, Role.READER),
    Action.READ_USAGE: _of(Scope.READ, Role.OWNER, Role.PUBLISHER, Role.AUDITOR),
    Action.SET_TERMS: _of(Scope.PUBLISH, Role.OWNER, Role.PUBLISHER),
    Action.SET_ACCESS: _of(Scope.PUBLISH, Role.OWNER),
    Action.ACCEPT_TERMS: _of(Scope.TRADE, Role.OWNER, Role.BUYER),
    Action.REQUEST_GRANT: _of(Scope.TRADE, Role.OWNER, Role.BUYER),
    Action.ANSWER_REQUEST: _of(Scope.TRADE, Role.OWNER, Role.PUBLISHER),
    Action.READ_REQUEST: _of(Scope.READ, Role.OWNER, Role.PUBLISHER, Role.BUYER, Role.READER),
    Action.READ_ACCESS: _of(Scope.READ, Role.OWNER, Role.PUBLISHER, Role.REVIEWER, Role.AUDITOR),
    Action.OPEN_STAFF_ACCESS: _of(Scope.READ, Role.REVIEWER, Role.AUDITOR),
    Action.RECALL_VERSION: _of(Scope.REVIEW, Role.REVIEWER),
    Action.ORDER_ERASURE: _of(Scope.REVIEW, Role.REVIEWER),
    Action.CONFIRM_ERASURE: _of(Scope.SIGN, *SIGNING_RANKS),
    Action.READ_ERASURE: _of(Scope.READ, *OFFICERS),
    Action.ATTEST_ADOPTION: _of(Scope.ADOPT, Role.OWNER),
    Action.COUNTERSIGN_ADOPTION: _of(Scope.ADOPT, Role.OWNER),
    Action.PUBLISH_SCENE: _of(Scope.PUBLISH, Role.OWNER, Role.PUBLISHER, Role.REGISTRAR),
    Action.ANSWER_SCENE: _of(Scope.PUBLISH, Role.OWNER, Role.PUBLISHER),
    Action.KEEP_CATALOGS: _of(Scope.REGISTER, Role.REGISTRAR),
    Action.FILE_EVIDENCE: _of(
        Scope.READ, Role.OWNER, Role.PUBLISHER, Role.BUYER, Role.FINANCE, Role.REGISTRAR, Role.REVIEWER, Role.PERSON
    ),
    Action.REPORT_QUALITY: _of(Scope.ADOPT, Role.OWNER),
    Action.READ_EVIDENCE: _of(Scope.READ, Role.OWNER, Role.PUBLISHER, Role.BUYER, Role.FINANCE, *OFFICERS, Role.PERSON),
    Action.OFFER_LISTING: _of(Scope.TRADE, Role.OWNER, Role.PUBLISHER),
    Action.PLACE_ORDER: _of(Scope.TRADE, Role.OWNER, Role.BUYER),
    Action.ACCEPT_ORDER: _of(Scope.TRADE, Role.OWNER, Role.PUBLISHER),
    Action.STATE_PERIOD: _of(Scope.TRADE, Role.OWNER, Role.PUBLISHER),
    Action.CONFIRM_DELIVERY: _of(Scope.TRADE, Role.OWNER, Role.BUYER),
    Action.ISSUE_INVOICE: _of(Scope.TRADE, Role.OWNER, Role.FINANCE),
    Action.RECORD_PAYMENT: _of(Scope.TRADE, Role.OWNER, Role.FINANCE),
    Action.VERIFY_INVOICE: _of(Scope.REVIEW, Role.REVIEWER),
    Action.READ_ORDER: _of(Scope.READ, Role.OWNER, Role.PUBLISHER, Role.BUYER, Role.FINANCE, Role.READER, *OFFICERS),
    Action.OPEN_POOL: _of(Scope.REGISTER, Role.REGISTRAR),
    Action.PUBLISH_VOUCHER_ROUND: _of(Scope.REGISTER, Role.REGISTRAR),
    Action.DIVIDE_VOUCHER_ROUND: _of(Scope.REVIEW, Role.REVIEWER),
    Action.HOLD_VOUCHER: _of(Scope.CLAIM, Role.OWNER, Role.BUYER),
    Action.REDEEM_VOUCHER: _of(Scope.CLAIM, Role.OWNER, Role.FINANCE),
    Action.LESSEN_CLAIM: _of(Scope.REVIEW, Role.REVIEWER),
    Action.SETTLE_VOUCHERS: _of(Scope.REVIEW, Role.REVIEWER),
    Action.READ_VOUCHER: _of(Scope.READ, Role.OWNER, Role.BUYER, Role.FINANCE, Role.READER, *OFFICERS),
    Action.READ_LEDGER: _of(Scope.READ, *OFFICERS),
    Action.PROPOSE_OPENING: _of(Scope.REGISTER, Role.REGISTRAR),
    Action.CONFIRM_OPENING: _of(Scope.PAY, Role.PAYER),
    Action.APPLY_FOR_AWARD: _of(Scope.AWARD, Role.OWNER, Role.FINANCE, Role.PERSON),
    Action.REVIEW_CASE: _of(Scope.REVIEW, Role.REVIEWER),
    Action.POST_NOTICE: _of(Scope.REVIEW, Role.REVIEWER),
    Action.SIGN_CASE: _of(Scope.SIGN, *SIGNING_RANKS),
    Action.APPROPRIATE: _of(Scope.PAY, Role.PAYER),
    Action.PAY_CASE: _of(Scope.PAY, Role.PAYER),
    Action.READ_CASE: _of(Scope.READ, Role.OWNER, Role.FINANCE, Role.READER, *OFFICERS, Role.PERSON),
    Action.READ_OFFICE: _of(Scope.READ, *OFFICERS),
    Action.DECLARE_INTEREST: _of(Scope.READ, *OFFICE_ROLES),
    Action.DELEGATE_RANK: _of(Scope.SIGN, *SIGNING_RANKS),
    Action.AUDIT: _of(Scope.AUDIT, Role.AUDITOR),
    Action.PROBE_NOTICE: _of(Scope.PROBE, Role.PROBER),
    Action.READ_PERSON: _of(Scope.READ, Role.PERSON, Role.REGISTRAR, Role.REVIEWER),
    Action.ERASE_PERSON: _of(Scope.ACCOUNTS, Role.PERSON, Role.REGISTRAR),
    Action.PUBLISH_ROUND: _of(Scope.REGISTER, Role.REGISTRAR),
    Action.SCORE_CASE: _of(Scope.REVIEW, Role.EXPERT),
}
