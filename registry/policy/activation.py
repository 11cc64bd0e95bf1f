"""A policy document in the hands of an authority: founded, loaded, ruled upon, in force on a day.

Rules:
* A document is a text until an authority loads it with its issue date (印发之日) and the reference it was issued under.
* Loading answers the assumption of the issue date, from that date on: the issued document itself says so.
* Everything belongs to one authority; another one loads and rules for itself (RULINGS 24).
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from registry.errors import InvalidValueError, RuleError
from registry.policy import rules
from registry.policy.assumptions import Assumption, AssumptionValue, Ruling, ValueType
from registry.policy.model import Instrument, LegalStatus, PolicyDocument, Term, Verdict
from registry.policy.plain_text import require_day, require_region, require_text
from registry.policy.working_days import WorkingCalendar
from registry.values.digest import Digest
from registry.values.identifiers import AuthorityId, RulingId
from registry.values.moment import Moment

RULING_TEXT_LENGTH_MAX: Final = 20_000
_SLUG = re.compile(r"[a-z][a-z0-9-]{1,58}[a-z0-9]", re.ASCII)


@dataclass(frozen=True, slots=True)
class FoundAuthority:
    """Found an authority: an operator's act, before anybody can sign in. ``region`` is a code of GB/T 2260."""

    slug: str
    name_zh: str
    name_en: str
    region: str
    zone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        """Refuse what cannot name an authority. Raises InvalidValueError."""
        if not _SLUG.fullmatch(self.slug):
            raise InvalidValueError("authority_slug_malformed", given=self.slug[:60])
        require_text(self.name_zh, "name_zh")
        require_text(self.name_en, "name_en")
        require_region(self.region)
        # Days are reckoned in one zone (registry.values.moment); another one would be a promise nobody keeps.
        if self.zone != "Asia/Shanghai":
            raise InvalidValueError("authority_zone_unknown", given=self.zone[:60])


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority (区发改委/数发局 with its finance office) that keeps registers and decides cases."""

    id: AuthorityId
    slug: str
    name_zh: str
    name_en: str
    region: str
    zone: str
    founded_at: Moment


@dataclass(frozen=True, slots=True)
class LoadPolicy:
    """Put a shipped document into force; ``reference`` is the number it was issued under (文号)."""

    document: str
    issued_on: date
    reference: str

    def __post_init__(self) -> None:
        """Refuse a day out of range and an empty reference. Raises InvalidValueError."""
        require_day(self.issued_on, "issued_on")
        require_text(self.reference, "reference")


@dataclass(frozen=True, slots=True)
class LoadedPolicy:
    """One revision of a document that an authority has loaded."""

    authority: AuthorityId
    document: PolicyDocument
    issued_on: date
    reference: str
    loaded_at: Moment

    @property
    def term(self) -> Term:
        """From the first day, normally the issue date, to the eve of its anniversary."""
        return rules.document_term(self.document, self.issued_on)

    @property
    def claims_until(self) -> date:
        """The last day on which a claim is accepted, as the document reads without a ruling."""
        stated = self.document.stated_procedure
        # A document that only names vouchers of others accepts no claims; its term still ends.
        return rules.claims_until(self.term, stated.claims_window_days if stated else 0)

    @property
    def rulings_of_loading(self) -> tuple[Ruling, ...]:
        """The answer to the assumption of the issue date that loading gave; none where the document states the date."""
        if not self.document.issue_date_assumption:
            return ()
        answer = Ruling(
            number=self.reference,
            date=self.issued_on,
            organ=self.document.authority.name_zh,
            text_digest=self.document.revision.digest,
            assumption_id=self.document.issue_date_assumption,
            value=self.issued_on,
        )
        return (answer,)

    def status(self, day: date) -> LegalStatus:
        """Return how the document stands on ``day``."""
        return rules.legal_status(self.document, self.issued_on, day)


@dataclass(frozen=True, slots=True)
class EnterRuling:
    """Enter a decision of the bureau on one assumption; ``value`` None confirms the default.

    ``value`` is text: a day ``2026-01-31``, a whole number (days, basis points, fen), a choice, codes separated by
    commas, or a score table as JSON.
    """

    document: str
    assumption: str
    number: str
    decided_on: date
    organ: str
    text: str
    value: str | None

    def __post_init__(self) -> None:
        """Refuse missing words and days out of range. Raises InvalidValueError."""
        require_text(self.number, "number")
        require_day(self.decided_on, "decided_on")
        require_text(self.organ, "organ")
        require_text(self.text, "text", RULING_TEXT_LENGTH_MAX)

    def ruling(self, assumption: Assumption) -> Ruling:
        """Return the ruling this command enters on ``assumption``.

        Raises:
            InvalidValueError: The value is no value of the assumption, or None although there is no default.
        """
        if self.value is None:
            if assumption.default is None:
                raise InvalidValueError("ruling_value_missing", assumption=assumption.id)
            value = assumption.default
        else:
            value = assumption.read(_raw(assumption, self.value))
        return Ruling(
            number=self.number.strip(),
            date=self.decided_on,
            organ=self.organ.strip(),
            text_digest=Digest.of(self.text.encode()),
            assumption_id=assumption.id,
            value=value,
        )


def _raw(assumption: Assumption, text: str) -> object:
    """Return ``text`` in the form the assumption reads."""
    if assumption.type in {ValueType.DATE, ValueType.CHOICE}:
        return text
    if assumption.type is ValueType.CODES:
        return [code.strip() for code in text.split(",")]
    try:
        raw: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidValueError(
            "policy_type_wrong", at=assumption.id, expected=assumption.type.value, given=text[:80]
        ) from error
    return raw


@dataclass(frozen=True, slots=True)
class EnteredRuling:
    """A ruling as an authority entered it, with its text."""

    id: RulingId
    authority: AuthorityId
    document: str
    ruling: Ruling
    text: str
    recorded_at: Moment


def require_loadable(document: PolicyDocument, issued_on: date, today: date) -> None:
    """Raise RuleError unless ``document`` can be put into force today as issued on ``issued_on``.

    It grants something or names who else does, was not issued in the future, and states no other issue date than the
    one that is entered.
    """
    if not document.instruments and not document.external:
        raise RuleError("policy_grants_nothing", document=document.revision.document)
    if issued_on > today:
        raise RuleError("policy_issued_ahead", issued_on=issued_on.isoformat())
    if (stated := document.term_rule.issue_date) and stated != issued_on:
        raise RuleError("policy_issue_date_stated", issued_on=stated.isoformat())


def require_ruling_allowed(loaded: LoadedPolicy, ruling: Ruling, today: date) -> None:
    """Raise RuleError when a ruling contradicts the loading or is dated in the future.

    A ruling acts from its date on; one that is dated ahead would let today's decisions rest on what nobody has decided.
    """
    if ruling.date > today:
        raise RuleError("ruling_dated_ahead", decided_on=ruling.date.isoformat(), today=today.isoformat())
    if ruling.assumption_id == loaded.document.issue_date_assumption and ruling.value != loaded.issued_on:
        raise RuleError("policy_issue_date_differs", issued_on=loaded.issued_on.isoformat())


@dataclass(frozen=True, slots=True)
class ActiveInstrument:
    """An instrument that is in force for an authority on ``day``, with everything a decision of that day goes by."""

    authority: AuthorityId
    instrument: Instrument
    document: PolicyDocument
    issued_on: date
    day: date
    rulings: tuple[Ruling, ...]
    calendar: WorkingCalendar

    @property
    def revision(self) -> Digest:
        """The digest of the document's revision; every decision stores it."""
        return self.document.revision.digest

    @property
    def term(self) -> Term:
        """The days in which a rewarded event may fall."""
        return rules.document_term(self.document, self.issued_on)

    @property
    def open_assumptions(self) -> tuple[Assumption, ...]:
        """What no ruling has answered by this day: quoting may go on, a payment may not."""
        return rules.open_assumptions(self.instrument, self.rulings, self.day)

    @property
    def payment_verdict(self) -> Verdict:
        """Whether a payment may rest on the instrument: one condition for each assumption."""
        return rules.payment_verdict(self.instrument, self.rulings, self.day)

    def decided(self, day: date, entered: Iterable[Ruling]) -> "ActiveInstrument":
        """Return the instrument as a decision of another ``day`` finds it, by the rulings ``entered`` by then."""
        loading = tuple(each for each in self.rulings if each.assumption_id == self.document.issue_date_assumption)[:1]
        return replace(self, day=day, rulings=(*loading, *entered))

    def value(self, assumption_id: str) -> AssumptionValue:
        """Return what a decision of this day goes by. Raises NotFoundError, RuleError (neither ruling nor default)."""
        return rules.effective_value(self.instrument, assumption_id, self.rulings, self.day)
