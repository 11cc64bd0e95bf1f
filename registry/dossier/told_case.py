"""The case that a dossier tells of, folded again from what the file holds: lines, acts, sightings of its notice."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from registry.awards.history import with_acts
from registry.awards.lines import numbers_of, only
from registry.awards.model import Act, ActKind, Case, CaseKind, CaseState, Line
from registry.awards.probe_model import ProbeTerm, Sighting
from registry.awards.probing import is_seen, spans_of, watched
from registry.awards.recusal import standing
from registry.parties.person_model import ERASED_NAME
from registry.values.digest import Digest
from registry.values.identifiers import AccountId, AuthorityId, CaseId, DatasetId, EntryId, FirmId, VoucherId
from registry.values.moment import Moment
from registry.values.money import Money

Dossier = Mapping[str, Any]


def _subject(text: str) -> DatasetId | VoucherId | Digest:
    if text.startswith("sha256:"):
        return Digest.parse(text)
    return DatasetId(text) if text.startswith(f"{DatasetId.prefix}_") else VoucherId(text)


def case_of(dossier: Dossier) -> Case:
    """Return the case a dossier tells of, folded from its acts. Raises InvalidValueError, KeyError, ValueError."""
    kept = dossier["case"]
    lines = tuple(
        Line(
            firm=FirmId(line["firm"]),
            # A natural person has no name here, and can be erased without a word of the dossier changing (RULINGS 35).
            firm_name=line.get("firm_name", ERASED_NAME),
            person="firm_name" not in line,
            subject=_subject(line["subject"]),
            instrument=line["instrument"],
            clause=line["clause"],
            standard=line["standard"],
            amount=Money(line["amount_fen"]),
            payee_digest=Digest.parse(line["payee_digest"]) if "payee_digest" in line else None,
            share_bp=line.get("share_bp"),
            number=number,
        )
        for number, line in zip(kept.get("line_numbers", range(1, len(kept["lines"]) + 1)), kept["lines"], strict=True)
    )
    base = Case(
        id=CaseId(kept["id"]),
        authority=AuthorityId(kept["authority"]),
        kind=CaseKind(kept["kind"]),
        document=kept["document"],
        instrument=kept["instrument"],
        state=CaseState(kept["state"]),
        applicant=FirmId(kept["applicant"]) if kept["applicant"] else None,
        applied_by=AccountId(kept["applied_by"]),
        applied_at=Moment.of_text(kept["applied_at"]),
        lines=lines,
        revision=Digest.parse(kept["revision"]),
        facts=Digest.parse(kept["facts_digest"]),
        sign_off_levels=tuple(kept["sign_off_levels"]),
        notice_days=kept["notice_days"],
    )
    return _probed(with_acts(base, [_act(act) for act in dossier["acts"]]), dossier.get("notice_probes"))


def as_instructed(dossier: Dossier, case: Case) -> tuple[Case, Moment]:
    """Return a paid case as it stood when its payment was instructed, and when that was."""
    told = [act for act in standing(case.acts) if act.kind is ActKind.INSTRUCTED][-1]
    before = with_acts(case, [act for act in case.acts if act.number < told.number])
    return only(_probed(before, dossier.get("notice_probes")), numbers_of(case)), told.at


def _probed(case: Case, kept: Mapping[str, Any] | None) -> Case:
    """Return a case with what the probe makes of its notice; a dossier of an office without a probe holds nothing."""
    if kept is None:
        return case
    terms = [
        ProbeTerm(
            number=each["number"],
            limit_hours=each["limit_hours"],
            organ=each["organ"],
            decided_on=date.fromisoformat(each["decided_on"]),
            text=each["text"],
            set_at=Moment.of_text(each["set_at"]),
            set_by=AccountId(each["set_by"]),
        )
        for each in kept["terms"]
    ]
    seen = [
        Moment.of_text(each["probed_at"])
        for each in kept["probes"]
        if is_seen(Sighting(each["sighting"]), late=each["late"])
    ]
    return watched(case, terms, spans_of(seen))


def _act(kept: Mapping[str, Any]) -> Act:
    return Act(
        number=kept["number"],
        kind=ActKind(kept["kind"]),
        account=AccountId(kept["account"]),
        at=Moment.of_text(kept["at"]),
        content=kept["content"],
        entry=EntryId(kept["entry"]),
    )
