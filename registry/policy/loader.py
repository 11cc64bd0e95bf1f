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
from importlib.resources import files

from registry.errors import InvalidValueError
from registry.policy.assumptions import NUMBERS, Assumption, AssumptionValue, ValueType
from registry.policy.external import read_external
from registry.policy.instrument_reader import Shelf, read_instrument, read_status, read_unexpressed, reference
from registry.policy.model import (
    Cap,
    CapPeriod,
    CapScope,
    Instrument,
    PolicyDocument,
    Revision,
    StatusInterval,
    TermRule,
    Unexpressed,
)
from registry.policy.procedure import Authority, Procedure, SignOffLevel
from registry.policy.term_reader import read_requirement
from registry.policy.toml_table import Source, Table, canonical_content
from registry.policy.working_days import CalendarYear, WorkingCalendar
from registry.values.digest import Digest
from registry.values.money import FEN_MAX, Money

FORMAT = 3
"""The newest format; files of an older one are read as they were written."""

CALENDAR_FORMAT = 1


def load_shipped() -> tuple[PolicyDocument, ...]:
    """Return every policy document that comes with the software, every revision, by document and revision."""
    folder = files("registry.policy") / "instruments"
    entries = [entry for entry in folder.iterdir() if entry.name.endswith(".toml")]
    found = [load_document(entry.read_text(encoding="utf-8"), entry.name) for entry in entries]
    return tuple(sorted(found, key=lambda each: (each.revision.document, each.revision.number)))


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
        top.integer("format", CALENDAR_FORMAT, CALENDAR_FORMAT)
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
        written_in = top.integer("format", 1, FORMAT)
        assumptions = tuple(_assumption(each) for each in top.tables("assumption"))
        _require_distinct(top, "assumption", [each.id for each in assumptions])
        known = {each.id: each for each in assumptions}
        listed = [_cap(each, known) for each in top.tables("cap")]
        _require_distinct(top, "cap", [cap.id for cap in listed])
        unexpressed = _unexpressed(top) if written_in > 1 else ()
        external = tuple(read_external(each) for each in top.tables("external")) if written_in > 2 else ()
        instruments = _instruments(top, written_in, listed, known, may_be_none=bool(unexpressed or external))
        named = [
            *(each.id for each in instruments),
            *(each.id for each in unexpressed),
            *(each.id for each in external),
        ]
        _require_distinct(top, "instrument", named)
        _require_known(top, assumptions, {each.id for each in instruments})
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
            _term(top.table("term"), known, later=written_in > 1),
            tuple(_status(each) for each in top.tables("legal_status")),
            _procedure(top.table("procedure"), known, later=written_in > 1) if instruments else None,
            tuple(listed),
            instruments,
            assumptions,
            unexpressed,
            external,
        )


def _instruments(
    top: Table, written_in: int, caps: list[Cap], known: dict[str, Assumption], *, may_be_none: bool
) -> tuple[Instrument, ...]:
    if may_be_none and not top.has("instrument"):
        return ()
    requirements = {}
    if written_in > 1 and top.has("requirement"):
        shared = [read_requirement(each, "") for each in top.tables("requirement")]
        _require_distinct(top, "requirement", [each.id for each in shared])
        requirements = {each.id: each for each in shared}
    shelf = Shelf(written_in, {cap.id: cap for cap in caps}, known, requirements)
    instruments = tuple(read_instrument(each, shelf) for each in top.tables("instrument"))
    if not instruments:
        raise top.refusal("policy_key_missing", "instrument")
    return instruments


def _unexpressed(top: Table) -> tuple[Unexpressed, ...]:
    return tuple(read_unexpressed(each) for each in top.tables("unexpressed")) if top.has("unexpressed") else ()


def _status(table: Table) -> StatusInterval:
    with table:
        return read_status(table)


def _term(table: Table, known: dict[str, Assumption], *, later: bool) -> TermRule:
    """Read how long a document holds: months, or ``open_ended``; from its issue date, or from ``first_day``."""
    with table:
        clause = table.text("clause")
        issued = table.day("issue_date") if later and table.has("issue_date") else None
        assumption = "" if issued else reference(table, "issue_date_assumption", known)
        if assumption and known[assumption].type is not ValueType.DATE:
            raise table.refusal("policy_type_wrong", "issue_date_assumption", expected="date", given=assumption)
        first = table.day("first_day") if later and table.has("first_day") else None
        if later and table.has("open_ended"):
            if not table.flag("open_ended") or table.has("months"):
                raise table.refusal("policy_default_twice", "open_ended")
            return TermRule(None, first, issued, assumption, clause)
        return TermRule(table.integer("months", 1, 1200), first, issued, assumption, clause)


def _require_distinct(table: Table, key: str, ids: list[str]) -> None:
    if repeated := [each for place, each in enumerate(ids) if each in ids[:place]]:
        raise table.refusal("policy_duplicate_id", key, given=repeated[0])


def _require_known(table: Table, assumptions: tuple[Assumption, ...], instruments: set[str]) -> None:
    for each in assumptions:
        if unknown := sorted(set(each.applies_to) - instruments):
            raise table.refusal("policy_reference_unknown", "assumption", given=unknown[0])


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


def _procedure(table: Table, known: dict[str, Assumption], *, later: bool) -> Procedure:
    """Read the procedure. A figure equals the default of its assumption, so that a file never says two things.

    A rule that the document has itself (``clause``) rests on no assumption.
    """
    with table:
        with table.table("notice") as notice:
            days = notice.integer("days", 1, 365)
            own_notice = notice.text("clause") if later and notice.has("clause") else ""
            borrowed_notice = "" if own_notice else notice.text("borrowed_from")
            if not own_notice:
                _require_default(notice, "days", known, days)
        with table.table("sign_off") as sign_off:
            own_levels = sign_off.text("clause") if later and sign_off.has("clause") else ""
            borrowed_levels = "" if own_levels else sign_off.text("borrowed_from")
            levels = tuple(_level(each) for each in sign_off.tables("levels"))
            if not own_levels:
                _require_default(sign_off, "levels", known, tuple(level.code for level in levels))
        with table.table("claims") as claims:
            window = claims.integer("window_days", 0, 3650)
            _require_default(claims, "window_days", known, window)
        return Procedure(days, borrowed_notice, levels, borrowed_levels, window, own_notice, own_levels)


def _require_default(table: Table, key: str, known: dict[str, Assumption], value: AssumptionValue) -> None:
    assumption = known[reference(table, "assumption", known)]
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
            reference(table, "assumption", known) if table.has("assumption") else None,
        )
        assumption = known[cap.assumption] if cap.assumption else None
        if assumption and assumption.type is ValueType.AMOUNT and assumption.default != cap.amount:
            raise table.refusal("policy_default_differs", "fen", assumption=assumption.id)
        return cap


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
