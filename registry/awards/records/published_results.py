"""What everybody may read of rounds and contests: which cases of a round were noticed, which contests a dataset has."""

from collections.abc import Sequence

from sqlalchemy import Index, exists, or_, select

from registry.awards.contest_model import ContestState
from registry.awards.model import ActKind, CaseState
from registry.awards.records.contests import contests
from registry.awards.records.rounds import case_rounds
from registry.awards.records.tables import acts, cases
from registry.values.identifiers import CaseId, ContestId, DatasetId, RoundId
from storage.database import Connection

Index("ix_contests_contester_dataset", contests.c.contester_dataset)
Index("ix_contests_respondent_dataset", contests.c.respondent_dataset)

_NOTICED_STATES = (CaseState.REVIEWED, CaseState.INSTRUCTED, CaseState.RETURNED, CaseState.PAID)


def noticed_of_round(connection: Connection, wanted: RoundId, after: CaseId | None, limit: int) -> Sequence[CaseId]:
    """Return the cases of a round that were noticed and did not end otherwise, in the order of their ids."""
    noticed = exists().where(acts.c.case_id == cases.c.id, acts.c.kind == ActKind.NOTICED.value)
    query = (
        select(cases.c.id)
        .join(case_rounds, case_rounds.c.case_id == cases.c.id)
        .where(case_rounds.c.round_id == wanted, cases.c.state.in_([each.value for each in _NOTICED_STATES]), noticed)
        .order_by(cases.c.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(cases.c.id > after)
    return list(connection.execute(query).scalars())


def contests_of_dataset(connection: Connection, dataset: DatasetId, limit: int) -> Sequence[ContestId]:
    """Return the contests about a dataset that were not withdrawn, the newest first."""
    query = select(contests.c.id).where(
        or_(contests.c.contester_dataset == dataset, contests.c.respondent_dataset == dataset),
        contests.c.state != ContestState.WITHDRAWN.value,
    )
    return list(connection.execute(query.order_by(contests.c.id.desc()).limit(limit)).scalars())
