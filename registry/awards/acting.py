"""What every act on a case shares: find and lock it, write the act with its journal entry, end it with a decision.

A case is found by the officers of its authority and by the firms it pays; to everyone else it does not exist.
"""

from collections.abc import Mapping
from dataclasses import replace

from registry.actors.model import Action, Actor, Resource
from registry.actors.rules import require, require_visible
from registry.awards import records, rules
from registry.awards.history import with_acts
from registry.awards.model import Act, ActKind, Case, CaseKind, CaseState
from registry.errors import NotAllowedError, NotFoundError
from registry.journal.work import View, Work
from registry.messages.announcing import announce
from registry.messages.model import Event, Topic
from registry.values.canonical import Json
from registry.values.identifiers import AccountId, CaseId, DatasetId, VoucherId
from registry.vouchers import service as vouchers


def resource_of(case: Case) -> Resource:
    """Return whose a case is."""
    dataset = next((line.subject for line in case.lines if isinstance(line.subject, DatasetId)), None)
    return Resource(
        firms=case.firms,
        authority=case.authority,
        dataset=dataset,
        subject=case.id,
    )


def account_of(actor: Actor) -> AccountId:
    """Return who acts. Raises NotAllowedError for nobody."""
    if actor.account is None:
        raise NotAllowedError("unauthenticated")
    return actor.account


def found_case(view: View, case_id: CaseId, action: Action, *, lock: bool = False) -> Case:
    """Return a case the actor may do ``action`` to, locked on request. Raises NotFoundError, NotAllowedError.

    A token without the rights is told so before anything is looked up.
    """
    require(view.actor, action)
    found = records.case_of(view.connection, case_id, lock=lock)
    if found is None:
        raise NotFoundError("case_not_found", id=case_id)
    require_visible(view.actor, action, resource_of(found), "case")
    return found


def act(
    work: Work, case: Case, kind: ActKind, entry_type: str, content: Mapping[str, Json], to: CaseState | None = None
) -> Case:
    """Write one act with its journal entry and return the case as it leaves it."""
    work.journal(entry_type, case.id, **content)
    return act_within(work, case, kind, content, to)


def act_within(work: Work, case: Case, kind: ActKind, content: Mapping[str, Json], to: CaseState | None = None) -> Case:
    """Write an act of a use case whose journal entry is made."""
    if work.entry is None:
        raise AssertionError("an act without journal entry")
    made = Act(len(case.acts) + 1, kind, account_of(work.actor), work.now, dict(content), work.entry)
    state = to or case.state
    records.add_act(work.connection, case, made, state)
    left = replace(with_acts(case, (*case.acts, made)), state=state)
    return records.with_watch(work.connection, (left,))[0]


def refuse_within(work: Work, case: Case, code: str, clause: str, reason: str) -> Case:
    """End a case in a numbered adverse decision; vouchers of a batch go back to where they were redeemed.

    The journal entry of the act that led to it is made already.
    """
    rules.require_move(case, CaseState.REFUSED)
    if case.kind is CaseKind.VOUCHER_BATCH:
        vouchers.unsettle_within(work, vouchers_of(case))
    year = work.now.civil_day().year
    number = records.take_number(work.connection, case, year)
    content: dict[str, Json] = {
        "number": f"{year}-{number:04d}",
        "code": code,
        "clause": clause,
        "reason": reason,
        "lines": str(case.lines_digest),
        # 行政复议法 20, 行政诉讼法 46: the remedies every adverse decision names (RULINGS 34).
        "remedies": [
            {"kind": "administrative_reconsideration", "days": 60},
            {"kind": "administrative_litigation", "months": 6},
        ],
    }
    refused = act_within(work, case, ActKind.REFUSED, content, CaseState.REFUSED)
    announce(work, case_event(Topic.CASE_REFUSED, refused, number=content["number"], code=code, clause=clause))
    return refused


def case_event(topic: Topic, case: Case, *, public: bool = False, **more: Json) -> Event:
    """Return what happened to a case: without its lines, since each firm of a batch may know its own only."""
    data: dict[str, Json] = {
        "case": case.id,
        "kind": case.kind.value,
        "document": case.document,
        "instrument": case.instrument,
        "authority": case.authority,
        **more,
    }
    authorities = frozenset({case.authority})
    return Event(topic, case.id, data, firms=case.firms, authorities=authorities, public=public)


def vouchers_of(case: Case) -> tuple[VoucherId, ...]:
    """Return the vouchers a batch pays."""
    return tuple(line.subject for line in case.lines if isinstance(line.subject, VoucherId))
