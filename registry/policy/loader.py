"""Reading policy documents and calendars from TOML, strictly.

Rules:
* A file says everything: an unknown key, a missing key or a wrong type is refused, naming file, line and key.
* A reference (cap, assumption) leads to something in the same file; an assumption named beside a value must apply to
  the instrument the value belongs to.
* A published file is never edited. What changes comes as a new file with the next revision number; the digest of each
  shipped revision stands in a test.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum
from importlib.resources import files

from registry.errors import InvalidValueError
from registry.policy.assumptions import NUMBERS, Assumption, AssumptionValue, ValueType, table_of
from registry.policy.kinds import (
    Fixed,
    Instalment,
    Interval,
    Kind,
    Percent,
    PerUnit,
    Schedule,
    ScoredRange,
    Terms,
    Tier,
)
from registry.policy.model import (
    Allocation,
    Authority,
    Cap,
    CapPeriod,
    CapScope,
    Exclusivity,
    Instrument,
    LegalStatus,
    NamedList,
    Others,
    PolicyDocument,
    Procedure,
    Revision,
    RewardedEvent,
    SignOffLevel,
    StatusInterval,
)
from registry.policy.toml_table import Source, Table, canonical_content
from registry.policy.working_days import CalendarYear, WorkingCalendar
from registry.values.digest import Digest
from registry.values.money import FEN_MAX, FULL_RATE_BP, Money, Rate

FORMAT = 1
_COUNT_MAX = 1_000_000_000


class _OnPrior(StrEnum):
    """What an earlier like benefit does; topping up the difference is read by no document (RULINGS 11)."""

    DENY = "deny"


def load_shipped() -> tuple[PolicyDocument, ...]:
    """Return every document that comes with the software, by file name."""
    folder = files("registry.policy") / "instruments"
    entries = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name
    )
    return tuple(load_document(entry.read_text(encoding="utf-8"), entry.name) for entry in entries)


def load_shipped_calendar() -> WorkingCalendar:
    """Return the calendar of every year that comes with the software."""
    folder = files("registry.policy") / "calendars"
    entries = [entry for entry in folder.iterdir() if entry.name.endswith(".toml")]
    return calendar_of(load_calendar_year(entry.read_text(encoding="utf-8"), entry.name) for entry in entries)


def calendar_of(years: Iterable[CalendarYear]) -> WorkingCalendar:
    """Return a calendar of ``years``; of two files for one year the one that is not provisional holds."""
    return WorkingCalendar({each.year: each for each in sorted(years, key=lambda each: not each.provisional)})


def load_calendar_year(text: str, name: str) -> CalendarYear:
    """Return the year written in ``text``. Raises InvalidValueError."""
    source = Source(name, text)
    with Table(source, source.content) as top:
        top.integer("format", FORMAT, FORMAT)
        holidays: set[date] = set()
        for entry in top.tables("holidays"):
            with entry:
                entry.text("name")
                first, last = entry.day("from"), entry.day("to")
                if not 0 <= (last - first).days <= 31:
                    raise entry.refusal("policy_days_inverted", "to", given=last.isoformat())
                holidays |= {first + timedelta(days=step) for step in range((last - first).days + 1)}
        return CalendarYear(
            top.integer("year", 2000, 2200),
            top.flag("provisional"),
            top.text("source"),
            frozenset(holidays),
            frozenset(top.days("make_up_days")),
        )


def load_document(text: str, name: str) -> PolicyDocument:
    """Return the policy document written in ``text``; ``name`` is what refusals call the file.

    Raises:
        InvalidValueError: Something is unknown, missing, of the wrong type or against a rule; the parameters ``file``,
            ``line`` and ``key`` say where.
    """
    source = Source(name, text)
    with Table(source, source.content) as top:
        top.integer("format", FORMAT, FORMAT)
        assumptions = tuple(_assumption(each) for each in top.tables("assumption"))
        _require_distinct(top, "assumption", [each.id for each in assumptions])
        known = {each.id: each for each in assumptions}
        listed = [_cap(each, known) for each in top.tables("cap")]
        _require_distinct(top, "cap", [cap.id for cap in listed])
        caps = {cap.id: cap for cap in listed}
        instruments = tuple(_instrument(each, caps, known) for each in top.tables("instrument"))
        if not instruments:
            raise top.refusal("policy_key_missing", "instrument")
        _require_distinct(top, "instrument", [each.id for each in instruments])
        _require_known(top, assumptions, {each.id for each in instruments})
        with top.table("term") as term:
            months = term.integer("months", 1, 1200)
            term.text("clause")
            issue_date = _reference(term, "issue_date_assumption", known)
            if known[issue_date].type is not ValueType.DATE:
                raise term.refusal("policy_type_wrong", "issue_date_assumption", expected="date", given=issue_date)
        return PolicyDocument(
            Revision(
                top.identifier("id"),
                top.integer("revision", 1, 10_000),
                Digest.of_json(canonical_content(source.content)),
            ),
            top.text("source"),
            top.text("title_en"),
            top.text("title_zh"),
            _authority(top.table("authority")),
            months,
            issue_date,
            tuple(_status(each) for each in top.tables("legal_status")),
            _procedure(top.table("procedure"), known),
            tuple(caps.values()),
            instruments,
            assumptions,
        )


def _require_distinct(table: Table, key: str, ids: list[str]) -> None:
    if repeated := [each for place, each in enumerate(ids) if each in ids[:place]]:
        raise table.refusal("policy_duplicate_id", key, given=repeated[0])


def _require_known(table: Table, assumptions: tuple[Assumption, ...], instruments: set[str]) -> None:
    for each in assumptions:
        if unknown := sorted(set(each.applies_to) - instruments):
            raise table.refusal("policy_reference_unknown", "assumption", given=unknown[0])


def _reference(table: Table, key: str, known: dict[str, Assumption], instrument: str | None = None) -> str:
    """Return an assumption's id after checking that it exists and applies to the instrument."""
    given = table.identifier(key)
    if given not in known or (instrument is not None and instrument not in known[given].applies_to):
        raise table.refusal("policy_reference_unknown", key, given=given)
    return given


def _authority(table: Table) -> Authority:
    with table:
        table.text("clause")
        return Authority(
            table.identifier("code"),
            table.text("name_en"),
            table.text("name_zh"),
            table.text("payer_en"),
            table.text("payer_zh"),
        )


def _status(table: Table) -> StatusInterval:
    """Read one interval; ``from`` is a day or ``issue_date``, ``to`` a day, ``term_end`` or ``open_ended``."""
    with table:
        first, last = table.raw("from"), table.raw("to")
        if first != "issue_date" and not isinstance(first, date):
            raise table.refusal("policy_type_wrong", "from", expected='date or "issue_date"', given=str(first)[:40])
        if last not in {"term_end", "open_ended"} and not isinstance(last, date):
            expected = 'date, "term_end" or "open_ended"'
            raise table.refusal("policy_type_wrong", "to", expected=expected, given=str(last)[:40])
        return StatusInterval(
            table.choice("status", LegalStatus),
            first if isinstance(first, date) else None,
            last if isinstance(last, date) else None,
            last == "open_ended",
            table.text("by") if table.has("by") else "",
            table.text("clause"),
        )


def _procedure(table: Table, known: dict[str, Assumption]) -> Procedure:
    """Read the procedure. A figure equals the default of its assumption, so that a file never says two things."""
    with table:
        with table.table("notice") as notice:
            days = notice.integer("days", 1, 365)
            borrowed_notice = notice.text("borrowed_from")
            _require_default(notice, "days", known, days)
        with table.table("sign_off") as sign_off:
            borrowed_levels = sign_off.text("borrowed_from")
            levels = tuple(_level(each) for each in sign_off.tables("levels"))
            _require_default(sign_off, "levels", known, tuple(level.code for level in levels))
        with table.table("claims") as claims:
            window = claims.integer("window_days", 0, 3650)
            _require_default(claims, "window_days", known, window)
        return Procedure(days, borrowed_notice, levels, borrowed_levels, window)


def _require_default(table: Table, key: str, known: dict[str, Assumption], value: AssumptionValue) -> None:
    assumption = known[_reference(table, "assumption", known)]
    if assumption.default != value:
        raise table.refusal("policy_default_differs", key, assumption=assumption.id)


def _level(table: Table) -> SignOffLevel:
    with table:
        return SignOffLevel(
            table.integer("rank", 1, 20), table.code("code"), table.text("title_en"), table.text("title_zh")
        )


def _cap(table: Table, known: dict[str, Assumption]) -> Cap:
    with table:
        cap = Cap(
            table.identifier("id"),
            table.choice("scope", CapScope),
            table.choice("period", CapPeriod),
            table.identifier("group"),
            Money(table.integer("fen", 1, FEN_MAX)),
            table.text("clause"),
            _reference(table, "assumption", known) if table.has("assumption") else None,
        )
        assumption = known[cap.assumption] if cap.assumption else None
        if assumption and assumption.type is ValueType.AMOUNT and assumption.default != cap.amount:
            raise table.refusal("policy_default_differs", "fen", assumption=assumption.id)
        return cap


def _instrument(table: Table, caps: dict[str, Cap], known: dict[str, Assumption]) -> Instrument:
    with table:
        instrument_id = table.identifier("id")
        resting = tuple(each for each in known.values() if instrument_id in each.applies_to)
        named_caps = table.codes("caps")
        for cap_id in named_caps:
            if cap_id not in caps or (caps[cap_id].assumption or "") not in {"", *(each.id for each in resting)}:
                raise table.refusal("policy_reference_unknown", "caps", given=cap_id)
        terms = _terms(table.table("terms"), known, instrument_id)
        if isinstance(terms, ScoredRange):
            for each in resting:
                if table_of_scores := table_of(each.default):
                    terms.require_table(table_of_scores)
        return Instrument(
            id=instrument_id,
            clause=table.text("clause"),
            title_en=table.text("title_en"),
            title_zh=table.text("title_zh"),
            terms=terms,
            event=table.choice("event", RewardedEvent),
            beneficiary=table.code("beneficiary"),
            sellers=table.codes("sellers"),
            caps=tuple(caps[cap_id] for cap_id in named_caps),
            evidence=table.codes("evidence"),
            exclusivity=_exclusivity(table.table("exclusivity"), known, instrument_id),
            allocation=table.choice("allocation", Allocation),
            once_per=table.code("once_per") if table.has("once_per") else None,
            product_kinds=_named_list(table, "product_kinds", known, instrument_id),
            purposes=_named_list(table, "purposes", known, instrument_id),
            sectors=_named_list(table, "sectors", known, instrument_id),
            assumptions=resting,
        )


def _exclusivity(table: Table, known: dict[str, Assumption], instrument: str) -> Exclusivity:
    with table:
        _reference(table, "assumption", known, instrument)
        return Exclusivity(
            table.identifier("group"), table.codes("keys"), table.choice("on_prior", _OnPrior), table.text("clause")
        )


def _named_list(parent: Table, key: str, known: dict[str, Assumption], instrument: str) -> NamedList | None:
    if not parent.has(key):
        return None
    with parent.table(key) as table:
        named = NamedList(table.codes("codes"), table.choice("others", Others), table.text("clause"))
        if table.has("assumption"):
            assumption = known[_reference(table, "assumption", known, instrument)]
            if assumption.type is ValueType.CODES and assumption.default != named.codes:
                raise table.refusal("policy_default_differs", "codes", assumption=assumption.id)
        return named


def _terms(table: Table, known: dict[str, Assumption], instrument: str) -> Terms:
    with table:
        kind = table.choice("kind", Kind)
        clause = table.text("clause")
        if table.has("assumption"):
            _reference(table, "assumption", known, instrument)
        if kind is Kind.SCORED_RANGE:
            return ScoredRange(_fen(table, "least_fen"), _fen(table, "most_fen"), clause)
        if kind is not Kind.SCHEDULE:
            return _payable(table, kind, clause)
        total = _terms(table.table("total"), known, instrument)
        if isinstance(total, Schedule | ScoredRange):
            raise table.refusal("policy_choice_unknown", "total", given="kind", offered="percent, fixed, per_unit")
        instalments = tuple(_instalment(each) for each in table.tables("instalments"))
        return Schedule(total, instalments, clause)


def _payable(table: Table, kind: Kind, clause: str) -> Percent | Fixed | PerUnit:
    """Read one of the kinds a schedule may pay in instalments."""
    if kind is Kind.PERCENT:
        return Percent(Rate(table.integer("rate_bp", 1, FULL_RATE_BP)), table.code("base"), clause)
    if kind is Kind.FIXED:
        return Fixed(table.code("measure"), tuple(_tier(each) for each in table.tables("tiers")), clause)
    return PerUnit(
        table.code("unit"),
        _fen(table, "price_fen"),
        table.integer("step", 1, _COUNT_MAX),
        table.integer("units_max", 1, _COUNT_MAX) if table.has("units_max") else None,
        clause,
    )


def _fen(table: Table, key: str) -> Money:
    return Money(table.integer(key, 1, FEN_MAX))


def _instalment(table: Table) -> Instalment:
    with table:
        return Instalment(table.integer("year", 1, 100), Rate(table.integer("share_bp", 1, FULL_RATE_BP)))


def _tier(table: Table) -> Tier:
    """Read a tier. Both flags are always written; ``most`` is left out where the interval has no end."""
    with table:
        most = table.integer("most", 0, _COUNT_MAX) if table.has("most") else None
        interval = Interval(
            table.integer("least", 0, _COUNT_MAX), table.flag("least_included"), most, table.flag("most_included")
        )
        return Tier(interval, _fen(table, "amount_fen"))


def _assumption(table: Table) -> Assumption:
    with table:
        kind = table.choice("type", ValueType)
        bounded = kind in NUMBERS
        fields = Assumption(
            id=table.identifier("id"),
            applies_to=table.codes("applies_to"),
            clause=table.text("clause"),
            question_en=table.text("question_en"),
            question_zh=table.text("question_zh"),
            type=kind,
            default=None,
            reason_en=table.text("reason_en"),
            reason_zh=table.text("reason_zh"),
            reading=table.integer("reading", 0, 1000),
            least=table.integer("least", 0, FEN_MAX) if bounded else None,
            most=table.integer("most", 0, FEN_MAX) if bounded else None,
            choices=table.codes("choices") if kind is ValueType.CHOICE or table.has("choices") else (),
        )
        if table.has("without_default"):
            if not table.flag("without_default") or table.has("default"):
                raise table.refusal("policy_default_twice", "without_default")
            return fields
        try:
            default = fields.read(table.raw("default"))
        except InvalidValueError as error:
            if "file" in error.parameters:
                raise
            raise table.refusal(
                error.code, "default", **{k: v for k, v in error.parameters.items() if k != "at"}
            ) from error
        return replace(fields, default=default)
