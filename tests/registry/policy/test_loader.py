import re
from importlib.resources import files

import pytest

from registry.errors import InvalidValueError
from registry.policy.kinds import Fixed, Kind, Percent, PerUnit, Schedule, ScoredRange, Terms
from registry.policy.loader import load_document
from registry.policy.model import LegalStatus

NAME = "yizhou-2-year-measures.toml"
TEXT = (files("registry.policy") / "instruments" / NAME).read_text(encoding="utf-8")
TERMS_14A = TEXT[TEXT.index('kind = "fixed"') : TEXT.index("[instrument.sectors]")]


def changed(old: str, new: str) -> str:
    """Return the shipped text with one change, at the first place that has ``old``."""
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def terms_read(toml: str) -> Terms:
    """Return the terms of yz-14a when the file states ``toml`` for them."""
    return load_document(changed(TERMS_14A, toml), NAME).instrument("yz-14a").terms


def refused(text: str) -> InvalidValueError:
    with pytest.raises(InvalidValueError) as caught:
        load_document(text, NAME)
    return caught.value


@pytest.mark.parametrize(
    ("old", "new", "code", "key"),
    [
        ("format = 1", "format = 4", "policy_number_out_of_range", "format"),
        ("format = 1", "format = 2", "policy_key_missing", "instrument[1].requires"),
        ("revision = 1", "revision = 1\nrevised = 2", "policy_key_unknown", "revised"),
        ("revision = 1\n", "", "policy_key_missing", "revision"),
        ("revision = 1\n", 'revision = "1"\n', "policy_type_wrong", "revision"),
        ("revision = 1\n", "revision = true\n", "policy_type_wrong", "revision"),
        ('source = "S1"', 'source = " "', "policy_text_malformed", "source"),
        ('id = "yizhou-2-year-measures"', 'id = "Yizhou"', "policy_text_malformed", "id"),
        ("months = 24", "months = 0", "policy_number_out_of_range", "term.months"),
        ("months = 24", "months = 24.0", "policy_type_wrong", "term.months"),
        ("months = 24\n", "months = 24\nyears = 2\n", "policy_key_unknown", "term.years"),
        ("rate_bp = 3000", "rate_bp = 10001", "policy_number_out_of_range", "instrument[1].terms.rate_bp"),
        ("rate_bp = 3000", "rate_bp = 0.3", "policy_type_wrong", "instrument[1].terms.rate_bp"),
        ('base = "data_fee"\n', "", "policy_key_missing", "instrument[1].terms.base"),
        ("fen = 50_000_000", "fen = -1", "policy_number_out_of_range", "cap[1].fen"),
        ('scope = "pool"', 'scope = "county"', "policy_choice_unknown", "cap[2].scope"),
        ('to = "term_end"', 'to = "later"', "policy_type_wrong", "legal_status[1].to"),
        ('from = "issue_date"', 'from = "then"', "policy_type_wrong", "legal_status[1].from"),
        ('status = "in_force"', 'status = "suspended"', "policy_key_missing", "legal_status[1]"),
        ('assumption = "yz-4.pool"', 'assumption = "yz-5.pool"', "policy_reference_unknown", "cap[2].assumption"),
        (
            'assumption = "yz-4.base"',
            'assumption = "yz-14b.once"',
            "policy_reference_unknown",
            "instrument[1].terms.assumption",
        ),
        ('caps = ["yz-4-firm-year",', 'caps = ["yz-5",', "policy_reference_unknown", "instrument[1].caps"),
        (
            'caps = ["yz-4-firm-year", "yz-4-pool"]',
            'caps = ["yz-14b-firm-year"]',
            "policy_reference_unknown",
            "instrument[1].caps",
        ),
        ("days = 7\n", "days = 8\n", "policy_default_differs", "procedure.notice.days"),
        ("window_days = 90", "window_days = 91", "policy_default_differs", "procedure.claims.window_days"),
        ("default = 7\n", "default = 6\n", "policy_number_out_of_range", "assumption[2].default"),
        ("without_default = true", "without_default = false", "policy_default_twice", "assumption[1].without_default"),
        ("without_default = true\n", "", "policy_key_missing", "assumption[1].default"),
        ("least_fen = 10_000_000", "least_fen = 60_000_000", "policy_range_inverted", "instrument[4].terms.most_fen"),
        ("most_fen = 50_000_000", "most_fen = 40_000_000", "policy_table_outside_range", "instrument[4]"),
        (
            "least_included = true, most_included = false",
            "most_included = false",
            "policy_key_missing",
            "instrument[3].terms.tiers[1].least_included",
        ),
        (
            "least_included = true, most_included = false",
            "least_included = true, most_included = true",
            "policy_interval_open_end",
            "instrument[3].terms.tiers[1].most_included",
        ),
        ("rank = 3", "rank = 4", "policy_ranks_unordered", "procedure.sign_off"),
        ('id = "yz-4-compute"', 'id = "yz-4-data"', "policy_duplicate_id", "instrument"),
        ('on_prior = "deny"', 'on_prior = "top_up"', "policy_choice_unknown", "instrument[1].exclusivity.on_prior"),
        ('allocation = "first_come"', "", "policy_key_missing", "instrument[1].allocation"),
    ],
)
def test_a_wrong_file_is_refused_with_the_key(old: str, new: str, code: str, key: str) -> None:
    error = refused(changed(old, new))
    assert (error.code, error.parameters["key"]) == (code, key)


@pytest.mark.parametrize("old", ["months = 24", "rate_bp = 3000", "fen = 1_000_000_000", "least_fen = 10_000_000"])
def test_a_refusal_names_the_file_and_the_line(old: str) -> None:
    line = TEXT[: TEXT.index(old)].count("\n") + 1
    error = refused(changed(old, f'{old.partition(" ")[0]} = "wrong"'))
    assert (error.parameters["file"], error.parameters["line"]) == (NAME, line)
    assert str(error.parameters["at"]).startswith(f"{NAME}:{line} ")


def test_text_that_is_not_toml_is_refused_with_the_place() -> None:
    error = refused("format = \n")
    assert error.code == "policy_not_toml"
    assert "line 1" in str(error.parameters["reason"])


def test_a_file_beyond_the_limit_is_refused() -> None:
    assert refused("#" * 1_000_001).code == "policy_file_too_long"


def test_a_file_without_instruments_is_refused() -> None:
    assert refused("format = 1\nassumption = []\ncap = []\ninstrument = []\n").code == "policy_key_missing"


def test_comments_and_layout_do_not_change_the_digest() -> None:
    loaded, again = load_document(TEXT, NAME), load_document(f"# Another comment.\n\n{TEXT}", "other.toml")
    assert loaded.revision == again.revision


def test_one_figure_changes_the_digest() -> None:
    other = load_document(changed("fen = 1_000_000_000", "fen = 1_000_000_001"), NAME)
    assert other.revision.digest != load_document(TEXT, NAME).revision.digest


def test_a_suspension_by_a_superior_rule_is_read() -> None:
    interval = (
        'status = "suspended"\nfrom = 2024-08-01\nto = "open_ended"\nby = "国务院令第783号"\nclause = "S2 cl.3"\n'
    )
    document = load_document(changed("[procedure.notice]", f"[[legal_status]]\n{interval}\n[procedure.notice]"), NAME)
    assert (document.statuses[1].status, document.statuses[1].by) == (LegalStatus.SUSPENDED, "国务院令第783号")


PERCENT = 'kind = "percent"\nclause = "S1 cl.13"\nrate_bp = 3000\nbase = "event_cost"\n'
PER_UNIT = (
    'kind = "per_unit"\nclause = "S0 art.4"\nunit = "office_area_m2"\nprice_fen = 50_000\nstep = 1\nunits_max = 5000\n'
)
SCHEDULE = """kind = "schedule"
clause = "S0 art.4"
instalments = [{ year = 1, share_bp = 6000 }, { year = 2, share_bp = 4000 }]
total = { kind = "per_unit", clause = "S0 art.4", unit = "office_area_m2", price_fen = 50_000, step = 1 }
"""
SCORED = 'kind = "scored_range"\nclause = "S1 cl.14"\nleast_fen = 1\nmost_fen = 2\n'


@pytest.mark.parametrize(
    ("toml", "kind"),
    [
        (TERMS_14A, Fixed),
        (PERCENT, Percent),
        (PER_UNIT, PerUnit),
        (SCHEDULE, Schedule),
        (SCORED, ScoredRange),
    ],
)
def test_each_of_the_five_kinds_is_read(toml: str, kind: type[Terms]) -> None:
    assert isinstance(terms_read(f"{toml}\n"), kind)


def test_the_kind_of_an_instrument_follows_its_terms() -> None:
    document = load_document(TEXT, NAME)
    assert [each.kind for each in document.instruments] == [Kind.PERCENT, Kind.PERCENT, Kind.FIXED, Kind.SCORED_RANGE]


@pytest.mark.parametrize(
    ("toml", "change", "code", "key"),
    [
        (SCHEDULE, ("4000", "3999"), "policy_shares_sum", "terms.instalments"),
        (SCHEDULE, ("year = 2", "year = 1"), "policy_years_unordered", "terms.instalments"),
        (SCHEDULE, ('"per_unit"', '"schedule"'), "policy_key_missing", "terms.total.total"),
        (SCHEDULE, ("step = 1 ", "step = 0 "), "policy_number_out_of_range", "terms.total.step"),
        (PER_UNIT, ("units_max", "units_most"), "policy_key_unknown", "terms.units_most"),
        (PER_UNIT, ("price_fen = 50_000", "price_fen = 0"), "policy_number_out_of_range", "terms.price_fen"),
        (PERCENT, ('"percent"', '"share"'), "policy_choice_unknown", "terms.kind"),
    ],
)
def test_a_wrong_kind_is_refused(toml: str, change: tuple[str, str], code: str, key: str) -> None:
    error = refused(changed(TERMS_14A, f"{toml.replace(*change)}\n"))
    assert (error.code, error.parameters["key"]) == (code, f"instrument[3].{key}")


KEY_AT_START = r"[a-z_]+ ="
LATER = "datong-2022-policies.toml"
LATER_TEXT = (files("registry.policy") / "instruments" / LATER).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "code", "key"),
    [
        ('fact = "seats"', 'fact = "seat"', "policy_name_unknown", "instrument[1].requires[1].fact"),
        ('fact = "seats"', 'fact = "credit_clean"', "policy_type_wrong", "instrument[1].requires[1].fact"),
        ("most_included = false,", "", "policy_key_missing", "instrument[1].requires[1].most_included"),
        ('beneficiary = "call_', 'beneficiary = "a_call_', "policy_name_unknown", "instrument[1].beneficiary"),
        (
            'evidence = ["worker_roster"]',
            'evidence = ["x"]',
            "policy_name_unknown",
            "instrument[1].requires[1].evidence",
        ),
        ('evidence = ["application_form"', 'evidence = ["form"', "policy_name_unknown", "instrument[1].evidence"),
        ('keys = ["worker"]', 'keys = ["people"]', "policy_name_unknown", "instrument[1].exclusivity.keys"),
        ('shared = ["operates_', 'shared = ["it_operates_', "policy_reference_unknown", "instrument[1].shared"),
        ('id = "article_3"', 'id = "annex_1"', "policy_readings_differ", "instrument[1].conflicts[1].readings"),
        (
            'unit = "effective_seats"',
            'unit = "desks"',
            "policy_name_unknown",
            "instrument[1].terms.total.unit",
        ),
        ('fact = "credit_clean"\n', 'fact = "credit"\n', "policy_name_unknown", "requirement[2].fact"),
    ],
)
def test_what_the_second_format_adds_is_refused_with_its_line(old: str, new: str, code: str, key: str) -> None:
    assert old in LATER_TEXT
    # A change of a shared requirement is looked for above the instruments, every other one from the first of them on.
    start = 0 if key.startswith("requirement") else LATER_TEXT.index("[[instrument]]")
    place = LATER_TEXT.index(old, start)
    text = LATER_TEXT[:place] + new + LATER_TEXT[place + len(old) :]
    with pytest.raises(InvalidValueError) as caught:
        load_document(text, LATER)
    assert (caught.value.code, caught.value.parameters["key"]) == (code, key)
    begun = r"\[\[instrument.conflicts\]\]" if code == "policy_readings_differ" else KEY_AT_START
    lines = text.splitlines()[: LATER_TEXT[:place].count("\n") + 1]
    assert caught.value.parameters["line"] == max(at for at, line in enumerate(lines, 1) if re.match(begun, line))


def test_a_line_that_is_not_toml_is_named() -> None:
    error = refused(changed("months = 24\n", "months = \n"))
    line = TEXT[: TEXT.index("months = 24")].count("\n") + 1
    assert (error.code, error.parameters["line"]) == ("policy_not_toml", line)


def test_a_scored_range_cannot_be_paid_in_instalments() -> None:
    total = 'total = { kind = "scored_range", clause = "x", least_fen = 1, most_fen = 2 }\n'
    toml = SCHEDULE.partition("total =")[0] + total
    assert refused(changed(TERMS_14A, f"{toml}\n")).code == "policy_choice_unknown"
