"""Questions on policy that change nothing: what comes with the software, whether a file is right, what would be due.

Rules:
* An instrument is asked about as an authority has loaded it, with the rulings it entered; where nobody has, as it comes
  with the software, without rulings and with the issue date the document states or with none.
* A verdict goes by the rulings of its day. It says what it went by, so that it can be made again; asked with the view
  of an earlier instant, it goes by what was loaded and entered by then.
* A file that carries the number of a revision that was released, with other content, is refused: what changes comes as
  a new revision.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from registry.errors import ConflictError, NotFoundError
from registry.journal.work import View
from registry.policy import service
from registry.policy.activation import LoadedPolicy
from registry.policy.assumptions import Assumption, Ruling
from registry.policy.evaluation import Asked, InstrumentVerdict, Standing, evaluate
from registry.policy.facts import Facts, read_facts
from registry.policy.loader import load_document
from registry.policy.model import Instrument, LegalStatus, PolicyDocument
from registry.policy.rules import instrument_status, open_assumptions, rulings_needed
from registry.policy.vocabulary import vocabulary
from registry.values.identifiers import AuthorityId


@dataclass(frozen=True, slots=True)
class Held:
    """An instrument with everything a verdict on it goes by; ``loaded`` is None where no authority has loaded it."""

    document: PolicyDocument
    instrument: Instrument
    issued_on: date | None
    rulings: tuple[Ruling, ...]
    loaded: LoadedPolicy | None

    def status(self, day: date) -> LegalStatus:
        """Return how the instrument stands on ``day``."""
        acting = tuple(each for each in self.rulings if each.date <= day)
        return instrument_status(self.document, self.instrument, self.issued_on, acting, day)

    def open(self, day: date) -> tuple[Assumption, ...]:
        """Return what no ruling has answered by ``day``."""
        return open_assumptions(self.instrument, self.rulings, day)

    def needed(self, day: date) -> tuple[Assumption, ...]:
        """Return the assumptions a payment waits for on ``day``."""
        return rulings_needed(self.instrument, self.rulings, day)


@dataclass(frozen=True, slots=True)
class AskVerdict:
    """Ask what ``instrument`` comes to on ``day`` (None: today) for facts and earlier benefits of one applicant."""

    instrument: str
    day: date | None
    facts: Mapping[str, object]
    standing: Standing
    authority: AuthorityId | None


@dataclass(frozen=True, slots=True)
class Answered:
    """A verdict with what it was made from."""

    held: Held
    facts: Facts
    verdict: InstrumentVerdict


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that was read without a fault; ``newest`` is the newest released revision of its document, if any."""

    document: PolicyDocument
    newest: int | None


def held(view: View, instrument: str, authority: AuthorityId | None = None) -> Held:
    """Return an instrument as ``authority`` holds it, or without one the first authority that loaded its document.

    Raises:
        NotFoundError: No document has such an instrument, or ``authority`` has not loaded one that has.
    """
    holding = [each for each in service.shipped() if any(one.id == instrument for one in each.instruments)]
    if not holding:
        raise NotFoundError("policy_instrument_unknown", given=instrument[:60])
    newest = holding[-1]
    name = newest.revision.document
    if not service.is_loaded(view, authority, name):
        if authority is not None:
            raise NotFoundError("policy_not_loaded", document=name)
        return Held(newest, newest.instrument(instrument), newest.term_rule.issue_date, (), None)
    loaded = service.loaded_policy(view, authority, name)
    entered = (each.ruling for each in service.rulings(view, loaded.authority, name))
    found = loaded.document.instrument(instrument)
    return Held(loaded.document, found, loaded.issued_on, (*loaded.rulings_of_loading, *entered), loaded)


def verdict(view: View, question: AskVerdict) -> Answered:
    """Return what an instrument comes to; nothing is recorded, and nobody is promised anything.

    Raises:
        NotFoundError: No such instrument, or the authority has not loaded it.
        InvalidValueError: A fact is unknown to the vocabulary, of another type, or more than money can be.
    """
    facts = read_facts(question.facts, vocabulary().fact_types)
    on = held(view, question.instrument, question.authority)
    day = question.day or view.now.civil_day()
    asked = Asked(on.document, on.instrument.id, on.issued_on, on.rulings, day, facts, question.standing)
    return Answered(on, facts, evaluate(asked))


def check_file(text: str, name: str) -> CheckedFile:
    """Return what a policy file says; ``name`` is what refusals call it.

    Raises:
        InvalidValueError: Something is wrong; ``file``, ``line`` and ``key`` say where.
        ConflictError: The revision it names was released with other content.
    """
    document = load_document(text, name)
    known = [each.revision for each in service.shipped() if each.revision.document == document.revision.document]
    newest = max((each.number for each in known), default=None)
    for each in known:
        if each.number == document.revision.number and each.digest != document.revision.digest:
            raise ConflictError(
                "policy_revision_released", document=each.document, revision=each.number, next=(newest or 0) + 1
            )
    return CheckedFile(document, newest)
