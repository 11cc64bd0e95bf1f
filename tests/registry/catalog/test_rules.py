"""The one gate, and what a copy is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.actors.model import ANONYMOUS, Actor, Role, Scope
from registry.catalog.gate import ReadFacts
from registry.catalog.model import MOVES, Openness, VersionState
from registry.catalog.rules import access, require_move
from registry.catalog.statement_model import Grade
from registry.errors import ConflictError
from registry.values.identifiers import AccountId, AuthorityId, DatasetId, FirmId
from registry.values.moment import Moment

NOW = Moment.of_text("2026-03-02T02:00:00Z")
OWNER, OTHER, DATASET = FirmId.new(), FirmId.new(), DatasetId.new()
PUBLIC = ReadFacts(DATASET, OWNER, VersionState.PUBLISHED, Openness.PUBLIC, Grade.GENERAL, None, NOW)
GATED = replace(PUBLIC, access=Openness.GATED)


def member(firm: FirmId, role: Role = Role.READER, scope: Scope = Scope.READ) -> Actor:
    return Actor(AccountId.new(), "member", firm, None, frozenset({role}), frozenset({scope}))


def reason(actor: Actor, facts: ReadFacts) -> str:
    return access(actor, facts).reason


def test_public_content_is_open_to_everyone() -> None:
    assert access(ANONYMOUS, PUBLIC).allowed


def test_gated_content_needs_a_grant_that_lasts() -> None:
    assert reason(member(OTHER), GATED) == "grant_missing"
    assert access(member(OTHER), replace(GATED, grant_ends=(None,))).allowed
    assert reason(member(OTHER), replace(GATED, grant_ends=(NOW,))) == "grant_ended"
    assert access(member(OTHER), replace(GATED, grant_ends=(NOW.plus(timedelta(microseconds=1)),))).allowed


def test_a_grant_does_not_help_whoever_has_no_role_or_scope_to_read() -> None:
    granted = replace(GATED, grant_ends=(None,))
    assert reason(ANONYMOUS, granted) == "unauthenticated"
    assert reason(member(OTHER, Role.FINANCE), granted) == "role_missing"
    assert reason(member(OTHER, scope=Scope.TRADE), granted) == "scope_missing"


def test_important_data_is_never_open_to_the_public() -> None:
    important = replace(PUBLIC, grade=Grade.IMPORTANT)
    assert reason(ANONYMOUS, important) == "unauthenticated"
    assert reason(member(OTHER), important) == "grade_important"
    assert access(member(OTHER), replace(important, grant_ends=(None,))).allowed


def test_an_embargo_ends_at_its_instant() -> None:
    assert reason(ANONYMOUS, replace(PUBLIC, embargo_until=NOW.plus(timedelta(microseconds=1)))) == "embargo"
    assert access(ANONYMOUS, replace(PUBLIC, embargo_until=NOW)).allowed


def test_a_token_for_some_datasets_reads_no_other() -> None:
    narrowed = replace(member(OWNER), datasets=frozenset({DatasetId.new()}))
    assert reason(narrowed, PUBLIC) == "token_not_for_dataset"
    assert access(replace(narrowed, datasets=frozenset({DATASET})), PUBLIC).allowed


@pytest.mark.parametrize("state", [VersionState.ERASED, VersionState.RECALLED])
def test_what_was_erased_or_recalled_is_nobodys(state: VersionState) -> None:
    assert reason(member(OWNER), replace(PUBLIC, state=state)) == state.value


def test_what_was_withdrawn_is_left_to_its_publisher() -> None:
    withdrawn = replace(PUBLIC, state=VersionState.WITHDRAWN)
    assert access(member(OWNER), withdrawn).allowed
    assert reason(member(OTHER), withdrawn) == "withdrawn"


@given(st.sampled_from(list(VersionState)), st.sampled_from(Openness), st.sampled_from(Grade), st.booleans())
def test_nobody_but_the_publisher_reads_what_is_not_published(
    state: VersionState, openness: Openness, grade: Grade, granted: bool
) -> None:
    facts = replace(PUBLIC, state=state, access=openness, grade=grade, grant_ends=(None,) if granted else ())
    officer = Actor(AccountId.new(), "o", None, AuthorityId.new(), frozenset({Role.AUDITOR}), frozenset(Scope))
    for actor in (ANONYMOUS, member(OTHER), officer):
        if access(actor, facts).allowed:
            assert state is VersionState.PUBLISHED


def test_a_version_that_ended_goes_nowhere_and_a_published_one_is_no_draft_again() -> None:
    for current, moves in MOVES.items():
        for wanted in VersionState:
            if wanted in moves:
                require_move(current, wanted)
            else:
                with pytest.raises(ConflictError, match="version_state"):
                    require_move(current, wanted)
    assert not MOVES[VersionState.ERASED]
    assert VersionState.OPEN not in MOVES[VersionState.PUBLISHED]
