"""The whole gate as a decision table, and that the verdict is what its conditions say."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.wording import vocabulary
from registry.actors.model import ANONYMOUS, Actor, Role, Scope
from registry.catalog.gate import ReadFacts, Required, conditions, verdict
from registry.catalog.model import Openness, VersionState
from registry.catalog.rules import access
from registry.catalog.statement_model import Grade
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, DatasetId, FirmId
from registry.values.moment import Moment

NOW = Moment.of_text("2026-03-02T02:00:00Z")
SOON = NOW.plus(timedelta(microseconds=1))
OWNER, OTHER, DATASET = FirmId.new(), FirmId.new(), DatasetId.new()
OPEN = ReadFacts(DATASET, OWNER, VersionState.PUBLISHED, Openness.PUBLIC, Grade.GENERAL, None, NOW)
GATED = replace(OPEN, access=Openness.GATED)
TERMS = replace(OPEN, access=Openness.TERMS, terms=2)
TEXT = Digest.of(b"terms")
CHANGED = replace(TERMS, terms_accepted=2, terms_digest=TEXT, accepted_digest=Digest.of(b"other terms"))
BOTH = replace(GATED, terms=2)
IMPORTANT = replace(OPEN, grade=Grade.IMPORTANT)


def member(firm: FirmId, role: Role = Role.READER, scope: Scope = Scope.READ) -> Actor:
    return Actor(AccountId.new(), "m", firm, None, frozenset({role}), frozenset({scope}))


def officer(role: Role = Role.AUDITOR, scope: Scope = Scope.READ) -> Actor:
    return Actor(AccountId.new(), "o", None, AuthorityId.new(), frozenset({role}), frozenset({scope}))


READER, PUBLISHER, OFFICER = member(OTHER), member(OWNER), officer()
NARROWED = replace(READER, datasets=frozenset({DatasetId.new()}))

TABLE: list[tuple[str, Actor, ReadFacts, str]] = [
    ("nobody reads what is open to all", ANONYMOUS, OPEN, "allowed"),
    ("an officer reads what is open to all", OFFICER, OPEN, "allowed"),
    ("a narrowed token reads no other dataset, not even an open one", NARROWED, OPEN, "token_not_for_dataset"),
    ("nobody has to sign in before terms", ANONYMOUS, TERMS, "unauthenticated"),
    ("terms that were not accepted", READER, TERMS, "terms_not_accepted"),
    ("terms of which an older text was accepted", READER, replace(TERMS, terms_accepted=1), "terms_not_accepted"),
    ("terms that were accepted", READER, replace(TERMS, terms_accepted=2), "allowed"),
    ("terms of that number with another digest", READER, CHANGED, "terms_not_accepted"),
    ("terms that were accepted by their digest", READER, replace(CHANGED, accepted_digest=TEXT), "allowed"),
    ("the publisher accepts no terms of its own", PUBLISHER, TERMS, "allowed"),
    ("terms need a role to read", member(OTHER, Role.FINANCE), replace(TERMS, terms_accepted=2), "role_missing"),
    ("terms need a scope to read", member(OTHER, scope=Scope.TRADE), replace(TERMS, terms_accepted=2), "scope_missing"),
    ("an officer needs an access where there are terms", OFFICER, TERMS, "staff_access_missing"),
    ("no grant", READER, GATED, "grant_missing"),
    ("a grant that lasts", READER, replace(GATED, grant_ends=(None,)), "allowed"),
    ("a grant that ends later", READER, replace(GATED, grant_ends=(SOON,)), "allowed"),
    ("a grant that ends now", READER, replace(GATED, grant_ends=(NOW,)), "grant_ended"),
    ("one of two grants lasts", READER, replace(GATED, grant_ends=(NOW, None)), "allowed"),
    ("terms stand before a grant", READER, replace(BOTH, grant_ends=(None,)), "terms_not_accepted"),
    ("accepted terms do not replace a grant", READER, replace(BOTH, terms_accepted=2), "grant_missing"),
    ("terms and a grant", READER, replace(BOTH, terms_accepted=2, grant_ends=(None,)), "allowed"),
    ("important data is open to nobody", READER, IMPORTANT, "grade_important"),
    ("important data with a grant", READER, replace(IMPORTANT, grant_ends=(None,)), "allowed"),
    ("core data, for its publisher", PUBLISHER, replace(GATED, grade=Grade.CORE), "grade_core"),
    ("an embargo", READER, replace(OPEN, embargo_until=SOON), "embargo"),
    ("an embargo that has ended", ANONYMOUS, replace(OPEN, embargo_until=NOW), "allowed"),
    ("the publisher under its own embargo", PUBLISHER, replace(GATED, embargo_until=SOON), "allowed"),
    ("an officer under an embargo", OFFICER, replace(OPEN, embargo_until=SOON), "embargo"),
    ("staff without an access", OFFICER, GATED, "staff_access_missing"),
    ("staff whose access lasts", OFFICER, replace(BOTH, staff_ends=(SOON,)), "allowed"),
    ("staff whose access has ended", OFFICER, replace(GATED, staff_ends=(NOW,)), "staff_access_ended"),
    ("staff under an embargo", OFFICER, replace(OPEN, embargo_until=SOON, staff_ends=(SOON,)), "allowed"),
    ("staff that lost its role", officer(Role.PAYER), replace(GATED, staff_ends=(SOON,)), "role_missing"),
    ("staff without the scope", officer(scope=Scope.AUDIT), replace(GATED, staff_ends=(SOON,)), "scope_missing"),
    ("withdrawn", READER, replace(OPEN, state=VersionState.WITHDRAWN), "withdrawn"),
    ("withdrawn, for its publisher", PUBLISHER, replace(GATED, state=VersionState.WITHDRAWN), "allowed"),
    ("withdrawn, for staff", OFFICER, replace(GATED, state=VersionState.WITHDRAWN, staff_ends=(SOON,)), "allowed"),
    ("a draft, for staff", OFFICER, replace(GATED, state=VersionState.VERIFIED, staff_ends=(SOON,)), "draft"),
    ("recalled, for its publisher", PUBLISHER, replace(OPEN, state=VersionState.RECALLED), "recalled"),
    ("recalled, for staff", OFFICER, replace(OPEN, state=VersionState.RECALLED, staff_ends=(SOON,)), "recalled"),
    ("erased, for its publisher", PUBLISHER, replace(OPEN, state=VersionState.ERASED), "erased"),
]


@pytest.mark.parametrize(("actor", "facts", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_gate(actor: Actor, facts: ReadFacts, expected: str) -> None:
    assert access(actor, facts).reason == expected


FACTS = st.builds(
    ReadFacts,
    dataset=st.just(DATASET),
    publisher=st.just(OWNER),
    state=st.sampled_from(VersionState),
    access=st.sampled_from(Openness),
    grade=st.sampled_from(Grade),
    embargo_until=st.sampled_from([None, NOW, SOON]),
    now=st.just(NOW),
    grant_ends=st.lists(st.sampled_from([None, NOW, SOON]), max_size=2).map(tuple),
    terms=st.sampled_from([None, 1, 2]),
    terms_accepted=st.sampled_from([None, 1, 2]),
    staff_ends=st.lists(st.sampled_from([NOW, SOON]), max_size=2).map(tuple),
)
ACTORS = st.sampled_from([ANONYMOUS, READER, PUBLISHER, OFFICER, NARROWED, member(OTHER, Role.FINANCE)])


@given(ACTORS, FACTS)
def test_the_verdict_is_what_the_conditions_say(actor: Actor, facts: ReadFacts) -> None:
    asked = conditions(actor, facts)
    assert access(actor, facts).allowed is all(each.met for each in asked)
    assert len({each.name for each in asked}) == len(asked)


@given(ACTORS, FACTS)
def test_every_condition_has_words_for_both_outcomes(actor: Actor, facts: ReadFacts) -> None:
    for each in conditions(actor, facts):
        assert (each.reason or f"access_{each.name}_met") in vocabulary()


@given(FACTS)
def test_nobody_reads_what_is_recalled_or_erased(facts: ReadFacts) -> None:
    for state in (VersionState.RECALLED, VersionState.ERASED):
        for actor in (ANONYMOUS, READER, PUBLISHER, OFFICER):
            assert access(actor, replace(facts, state=state)).reason == state.value


@given(FACTS)
def test_nobody_who_did_not_sign_in_reads_what_has_terms_or_needs_a_grant(facts: ReadFacts) -> None:
    if access(ANONYMOUS, facts).allowed:
        assert facts.terms is None
        assert facts.access is Openness.PUBLIC
        assert facts.grade is Grade.GENERAL


def test_no_condition_at_all_is_a_refusal() -> None:
    assert not verdict(()).allowed
    assert verdict((Required("standing"),)).allowed
