"""What terms, ties, absences, delegations, lots and open steps of an office look like in answers."""

from typing import Literal, Self

from api.door import Answer
from registry.awards.waiting import Due
from registry.offices.contacts import DetectedTie
from registry.offices.model import Absence, Delegation, Draw, Interest, Readiness, Term, TermSet


class OfficerView(Answer):
    """An officer who may do a step."""

    account: str
    login: str
    name: str


class DueView(Answer):
    """A step of a case, until when it is to be done, and by whom; ``due_at`` null: the calendar of the year is missing.

    Of a contest of novelty, or a remedy against a sanction, ``case`` is its id and ``instrument`` empty.

    ``number`` is that of the rank or of the objection.
    """

    case: str
    instrument: str
    state: str
    step: str
    number: int
    role: str
    began_at: str
    due_at: str | None
    term_days: int
    term_unit: str
    days_late: int
    standing: str
    officers: list[OfficerView]

    @classmethod
    def of(cls, value: Due) -> Self:
        """Return the view of a step."""
        return cls(
            case=value.case.id,
            instrument=value.case.instrument,
            state=value.case.state.value,
            step=value.wait.step.value,
            number=value.wait.number,
            role=value.wait.role.value,
            began_at=str(value.wait.began_at),
            due_at=str(value.due_at) if value.due_at else None,
            term_days=value.term.days,
            term_unit=value.term.unit.value,
            days_late=value.days_late,
            standing=value.standing.value,
            officers=[OfficerView(account=each.account, login=each.login, name=each.name) for each in value.officers],
        )


class DuesView(Answer):
    """Everything an office has to do, the longest overdue first."""

    items: list[DueView]
    next_cursor: str | None = None


class TermView(Answer):
    """How long a step may take; without ``number`` the figure is an assumption of the release."""

    step: str
    days: int
    unit: str
    clause: str
    assumption: str
    number: str

    @classmethod
    def of(cls, value: Term) -> Self:
        """Return the view of a term."""
        return cls(
            step=value.step.value,
            days=value.days,
            unit=value.unit.value,
            clause=value.clause,
            assumption=value.assumption,
            number=value.number,
        )

    @classmethod
    def of_ruling(cls, value: TermSet) -> Self:
        """Return the view of a term as a ruling set it."""
        return cls.of(value.term)


class OfficeTermsView(Answer):
    """The term of every step."""

    items: list[TermView]
    next_cursor: str | None = None


class TieView(Answer):
    """A tie of an officer to a firm; ``declared``: by the officer, else found by a registrar."""

    id: str
    officer: str
    firm: str
    ground: str
    note: str
    declared: bool
    stated_at: str
    ended_at: str | None

    @classmethod
    def of(cls, value: Interest) -> Self:
        """Return the view of a tie."""
        return cls(
            id=value.id,
            officer=value.officer,
            firm=value.firm,
            ground=value.ground.value,
            note=value.note,
            declared=value.declared,
            stated_at=str(value.stated_at),
            ended_at=str(value.ended_at) if value.ended_at else None,
        )


class TiesView(Answer):
    """A page of the ties of an office's officers."""

    items: list[TieView]
    next_cursor: str | None = None


class AbsenceView(Answer):
    """An officer's absence, from the first through the last day."""

    id: str
    officer: str
    first: str
    last: str
    reason: str
    ended_at: str | None

    @classmethod
    def of(cls, value: Absence) -> Self:
        """Return the view of an absence."""
        return cls(
            id=value.id,
            officer=value.officer,
            first=value.first.isoformat(),
            last=value.last.isoformat(),
            reason=value.reason,
            ended_at=str(value.ended_at) if value.ended_at else None,
        )


class AbsencesView(Answer):
    """A page of the absences of an office's officers."""

    items: list[AbsenceView]
    next_cursor: str | None = None


class DelegationView(Answer):
    """Who signs for whom; ``instruments`` null: in all."""

    id: str
    principal: str
    delegate: str
    rank: str
    instruments: list[str] | None
    first: str
    last: str
    document_number: str
    made_at: str
    ended_at: str | None

    @classmethod
    def of(cls, value: Delegation) -> Self:
        """Return the view of a delegation."""
        return cls(
            id=value.id,
            principal=value.principal,
            delegate=value.delegate,
            rank=value.rank.value,
            instruments=None if value.instruments is None else list(value.instruments),
            first=value.first.isoformat(),
            last=value.last.isoformat(),
            document_number=value.document_number,
            made_at=str(value.made_at),
            ended_at=str(value.ended_at) if value.ended_at else None,
        )


class DelegationsView(Answer):
    """A page of the delegations of an office."""

    items: list[DelegationView]
    next_cursor: str | None = None


class DetectedTieView(Answer):
    """An officer who is reached where a member of a firm is; ``shared`` says what, never where."""

    officer: str
    firm: str
    shared: Literal["mail_address", "mail_domain"]

    @classmethod
    def of(cls, value: DetectedTie) -> Self:
        """Return the view of a tie."""
        return cls(officer=value.officer, firm=value.firm, shared=value.shared.value)


class DetectedTiesView(Answer):
    """The ties of an office's officers to the firms of a case that nobody declared."""

    items: list[DetectedTieView]


class DrawView(Answer):
    """A reviewer drawn by lot; ``seed`` is the commitment of ``entry`` in the log, so that anyone draws the same."""

    case: str
    number: int
    seed: str
    candidates: list[str]
    drawn: str
    reason: str
    drawn_at: str
    entry: str

    @classmethod
    def of(cls, value: Draw) -> Self:
        """Return the view of a lot."""
        return cls(
            case=value.case,
            number=value.number,
            seed=value.seed.hex(),
            candidates=list(value.candidates),
            drawn=value.drawn,
            reason=value.reason,
            drawn_at=str(value.drawn_at),
            entry=value.entry,
        )


class DrawsView(Answer):
    """Every lot that was drawn for a case."""

    items: list[DrawView]
    next_cursor: str | None = None


class ReadinessView(Answer):
    """Whether an office has a distinct officer for each place of a document's cases."""

    document: str
    ready: bool
    places: list[str]
    unfilled: list[str]

    @classmethod
    def of(cls, value: Readiness) -> Self:
        """Return the view of a readiness."""
        return cls(
            document=value.document,
            ready=value.ready,
            places=[role.value for role in value.places],
            unfilled=[role.value for role in value.unfilled],
        )


class ReadinessesView(Answer):
    """The readiness of an office for each of its documents."""

    items: list[ReadinessView]
    next_cursor: str | None = None
