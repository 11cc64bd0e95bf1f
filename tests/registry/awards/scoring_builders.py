"""Rounds and experts for tests: a published round with a score sheet, experts who took up their accounts, slips."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count

from registry.accounts.model import Account, AccountKind, AccountState
from registry.accounts.records import accounts as account_records
from registry.actors.model import Actor, Role, Scope
from registry.awards import rounds, scoring
from registry.awards.model import Case
from registry.awards.round_model import Criterion, PublishRound, Round, RoundTerms, ScoreSheet
from registry.awards.score_rules import EnterExpert, GiveScores, Mark
from registry.awards.scoring import CaseScores, OwnSheet
from registry.manifests.uploads import EvidenceKind
from registry.values.identifiers import AccountId, CaseId
from registry.values.moment import Moment
from tests.conftest import FixedClock
from tests.registry.adoption.builders import a_document
from tests.registry.awards.builders import Desk
from tests.registry.awards.grant_builders import Office
from tests.registry.exchange.builders import an_officer, ask, do
from tests.registry.policy.applicants import YIZHOU

SHEET = ScoreSheet((Criterion("scale", "数据规模", 40), Criterion("value", "应用价值", 60)), 60)
_logins = count(1)


def office_of(desk: Desk) -> Office:
    """Return the office of a desk, with its publisher as the firm that applies for grants."""
    scene = desk.scene
    return Office(
        desk.house,
        YIZHOU,
        scene.market.authority,
        scene.market.registrar,
        desk.reviewer,
        desk.signers,
        desk.payer,
        scene.publisher,
    )


def registrar_of(office: Office) -> Actor:
    """Return a registrar of an office with every scope."""
    return an_officer(office.authority, Role.REGISTRAR)


def minute(moment: Moment) -> Moment:
    """Return the beginning of a minute."""
    return moment.plus(-timedelta(seconds=moment.instant.second, microseconds=moment.instant.microsecond))


def some_terms(office: Office, clock: FixedClock, sheet: ScoreSheet | None = SHEET) -> RoundTerms:
    """Return terms of a round that opens in an hour and stays open for thirty days."""
    opens = minute(clock.now()).plus(timedelta(hours=1))
    guide = a_document(office.house, office.registrar, EvidenceKind.OTHER)
    return RoundTerms(
        "2026年第一轮", guide, "https://www.example.gov.cn/guide/1", opens, opens.plus(timedelta(days=30)), sheet=sheet
    )


def an_open_round(office: Office, clock: FixedClock, instrument: str, sheet: ScoreSheet | None = SHEET) -> Round:
    """Publish a round and go to the instant at which it opens."""
    command = PublishRound(instrument, some_terms(office, clock, sheet))
    made = do(office.house, office.registrar, lambda work: rounds.publish_round(work, command))
    clock.set(made.now.opens_at)
    return made


def experts(office: Office, number: int) -> tuple[Actor, ...]:
    """Enter experts who took up their accounts into the register of an office."""
    made = []
    for _ in range(number):
        account = AccountId.new()
        with office.house.database.writing() as connection:
            account_records.add_account(
                connection,
                Account(
                    id=account,
                    login=f"expert-{next(_logins)}",
                    display_name="expert",
                    kind=AccountKind.PERSON,
                    firm=None,
                    authority=office.authority,
                    roles=frozenset({Role.EXPERT}),
                    state=AccountState.ACTIVE,
                    created_at=office.house.clock.now(),
                ),
                None,
            )
        command = EnterExpert(account, (), "Senior engineer.")
        do(office.house, registrar_of(office), lambda work, c=command: scoring.enter_expert(work, c))
        made.append(
            Actor(
                account=account,
                name="expert",
                authority=office.authority,
                roles=frozenset({Role.EXPERT}),
                scopes=frozenset(Scope),
            )
        )
    return tuple(made)


def draw(office: Office, case: CaseId) -> Case:
    """Draw the experts of a case."""
    return do(office.house, office.reviewer, lambda work: scoring.draw_experts(work, case))


def give(office: Office, expert: Actor, case: CaseId, points: int) -> OwnSheet:
    """Score a case with ``points`` hundredths in all."""
    scale = min(points, 4_000)
    marks = (Mark("scale", scale, "Large enough."), Mark("value", points - scale, "Trains as it is."))
    return do(office.house, expert, lambda work: scoring.give_scores(work, GiveScores(case, marks)))


def drawn_of(office: Office, people: Sequence[Actor], case: CaseId) -> tuple[Actor, ...]:
    """Return who of ``people`` sits on the panel of a case."""
    held = {seat.expert for seat in scores_of(office, case).seats}
    return tuple(each for each in people if each.account in held)


def scores_of(office: Office, case: CaseId, actor: Actor | None = None) -> CaseScores:
    """Return where the scoring of a case stands."""
    return ask(office.house, actor or office.reviewer, lambda view: scoring.scores(view, case))


def open_scores(office: Office, case: CaseId) -> Case:
    """Open the scores of a case."""
    return do(office.house, office.reviewer, lambda work: scoring.open_scores(work, case))
