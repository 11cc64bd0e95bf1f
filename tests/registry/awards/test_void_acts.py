"""What acts that became void still decide: what the bank was told, who may not act again, what is decided anew."""

from dataclasses import replace

import pytest

from registry.actors.model import Role
from registry.awards import correction_rules, lines, recusal, rules, waiting
from registry.awards.history import stood_at
from registry.awards.model import ActKind, Case, CaseKind, CaseState
from registry.errors import NotAllowedError
from registry.offices.model import Bench, Officer, Step
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, RoundId
from registry.values.money import Money
from tests.registry.awards.line_builders import a_case, after, reviewed, shanghai

AT = shanghai("2026-03-02T10:00:00")
ASSESSOR, DIVIDER, PAYER, REGISTRAR = (AccountId.new() for _ in range(4))


def assessed(case: Case, amount: int = 300) -> Case:
    stated = {"line": 1, "amount_fen": amount, "facts_digest": str(Digest.of(b"f")), "confirmed": {}, "opinion": "x"}
    return after(case, ActKind.ASSESSED, AT, ASSESSOR, **stated)


def allotted(case: Case, share: int, by: AccountId = DIVIDER) -> Case:
    return after(case, ActKind.ALLOTTED, AT, by, round=str(RoundId.new()), share_fen=share)


def instructed(case: Case) -> Case:
    stated = {
        "budget_year": 2026,
        "project_code": "p",
        "subject_code": "s",
        "payment_voucher_number": "v",
        "lines": str(case.lines_digest),
        "amount_fen": case.amount.fen,
    }
    return after(case, ActKind.INSTRUCTED, AT, PAYER, CaseState.INSTRUCTED, **stated)


def recused(case: Case, officer: AccountId) -> Case:
    void = recusal.voided_by(case, officer)
    to = recusal.state_after(case, void)
    return after(case, ActKind.RECUSED, AT, REGISTRAR, to, officer=str(officer), declared=False, voids=list(void))


def test_a_recusal_changes_the_line_and_not_what_the_bank_was_told() -> None:
    case = allotted(reviewed(assessed(a_case(1, CaseKind.GRANT)), AT), 200)
    assert lines.instructed_amount(case) == case.amount == Money(200)
    out = recused(instructed(case), ASSESSOR)
    assert out.state is CaseState.INSTRUCTED
    assert out.amount != Money(200)
    assert lines.instructed_amount(out) == Money(200)


def test_a_refusal_that_was_annulled_later_had_ended_the_case_until_then() -> None:
    filed, refused_on, annulled_on = (shanghai(f"2026-03-{day}T10:00:00") for day in ("01", "03", "09"))
    decision = {"number": "2026-0001", "code": "x", "clause": "x", "reason": "x"}
    refused = after(a_case(1), ActKind.REFUSED, refused_on, REGISTRAR, CaseState.REFUSED, **decision)
    void = list(recusal.voided_by_annulment(refused))
    case = after(refused, ActKind.REOPENED, annulled_on, REGISTRAR, CaseState.APPLIED, voids=void)
    before_and_after = {filed: True, refused_on: False, shanghai("2026-03-05T10:00:00"): False, annulled_on: True}
    assert {at: stood_at(case, at) for at in before_and_after} == before_and_after
    assert not stood_at(case, case.applied_at)


def test_some_lines_of_a_batch_come_to_their_own_amounts() -> None:
    out = instructed(reviewed(a_case(2), AT))
    assert lines.instructed_amount(lines.only(out, {2})) == Money(100)


EXPERTS = tuple(AccountId.new() for _ in range(3))


def annulled(case: Case) -> Case:
    return after(
        case, ActKind.REOPENED, AT, REGISTRAR, CaseState.APPLIED, voids=list(recusal.voided_by_annulment(case))
    )


def test_experts_whose_low_scores_were_annulled_score_no_more() -> None:
    drawn = after(a_case(1, CaseKind.GRANT), ActKind.EXPERTS_DRAWN, AT, ASSESSOR, drawn=list(EXPERTS))
    stated = {"total_hundredths": 5_000, "passed": False, "panel": list(EXPERTS)}
    low = after(drawn, ActKind.SCORES_OPENED, AT, ASSESSOR, **stated)
    assert recusal.recused_from(low) == frozenset()
    again = annulled(replace(low, state=CaseState.REFUSED))
    assert again.scores is None
    assert recusal.recused_from(again) == {*EXPERTS, ASSESSOR}


def test_a_department_that_disagreed_is_asked_again_after_an_annulment() -> None:
    asked = after(a_case(1, CaseKind.GRANT), ActKind.DEPARTMENTS_ASKED, AT, ASSESSOR, departments=["tax"])
    said = after(
        asked, ActKind.DEPARTMENT_ANSWERED, AT, ASSESSOR, department="tax", agrees=False, opinion="It owes tax."
    )
    assert [each.agrees for each in said.departments] == [False]
    again = annulled(replace(said, state=CaseState.REFUSED))
    assert again.departments == ()
    correction_rules.require_departments(again, ["tax"])


@pytest.mark.parametrize("kind", [ActKind.ANSWERED, ActKind.LATE_DECIDED, ActKind.SCORES_OPENED, ActKind.ALLOTTED])
def test_whoever_decided_on_the_way_neither_signs_nor_pays(kind: ActKind) -> None:
    head = AccountId.new()
    content: dict[ActKind, dict[str, object]] = {
        ActKind.ANSWERED: {"number": 1, "outcome": "dismissed", "answer": "x"},
        ActKind.LATE_DECIDED: {"number": 1, "hold": False, "reason": "x"},
        ActKind.SCORES_OPENED: {"total_hundredths": 9_000, "passed": True, "panel": []},
        ActKind.ALLOTTED: {"round": str(RoundId.new()), "share_fen": 100},
    }
    case = reviewed(a_case(1, CaseKind.GRANT), AT)
    case = after(case, ActKind.OBJECTED, AT, REGISTRAR, reason="x", lines=[1], late=True)
    roles = frozenset({Role.SECTION_HEAD})
    assert rules.require_signature(case, head, roles) == (1, Role.SECTION_HEAD)
    decided = after(case, kind, AT, head, **content[kind])
    with pytest.raises(NotAllowedError, match="officer_already_acted"):
        rules.require_signature(decided, head, roles)
    with pytest.raises(NotAllowedError, match="payer_already_acted"):
        rules.require_payer(decided, head)
    bench = Bench((Officer(head, "head", "head", roles),))
    wait = waiting.Wait(Step.SIGNATURE, Role.SECTION_HEAD, AT, 1)
    assert waiting.able_officers(case, wait, bench, (), None, AT)
    assert waiting.able_officers(decided, wait, bench, (), None, AT) == ()
