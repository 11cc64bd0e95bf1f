"""Grants to natural persons: who applies, what is kept of it, and how it is erased.

Rules:
* A person applies with an account of its own to the authority whose officer saw its original; nobody applies for it.
* One person, one benefit: the key ``person`` is filled in from the registered identity number, as a keyed digest, so
  that a person known to several authorities, or registered again after an erasure, is the same (RULINGS 35).
* Money goes to the person's own account (RULINGS 28). Account and stated keys stand in one sealed row of the case.
* Names of persons are in no line's digest, journal entry, snapshot or dossier; notices show them masked (RULINGS 25).
* Data are erased on the word of the person or of a registrar, once no case of the person may still lead to a payment
  and no recovery or remedy is open (RULINGS 36). What was decided and paid stays, by digest.
* Erased is everything of the person: the sealed rows, kept answers that name it, the names and bytes of its documents.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from registry.accounts.persons import end_account_within
from registry.actors.model import Action
from registry.awards import grants
from registry.awards.acting import account_of
from registry.awards.records import grants as grant_records
from registry.awards.records import persons as personal
from registry.awards.records.answers import erase_answers
from registry.errors import ConflictError, Finding, NotFoundError, Obstacle, RuleError
from registry.journal.work import View, Work
from registry.manifests.records import erase_documents
from registry.parties import persons, sealing
from registry.parties.person_model import Person, masked
from registry.policy.facts import Facts
from registry.policy.kinds import PerUnit
from registry.policy.model import Instrument
from registry.values.identifiers import AccountId, AuthorityId, CaseId, FirmId
from registry.values.moment import Moment
from registry.vouchers import payee
from registry.vouchers.payee import HIDDEN_NUMBER, Payee, PayeeGiven


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who applies for a grant; ``name`` is whole only as long as the application is being looked at."""

    id: FirmId
    name: str = field(repr=False)
    shown: str
    person: bool


def person_applying(view: View, party: FirmId, instrument: Instrument, office: AuthorityId) -> bool:
    """Return whether the applicant is a natural person.

    Raises:
        RuleError: The instrument is for persons and the applicant is none, or the other way round.
        NotFoundError: The person is not known to this office, or its data are erased.
    """
    found = persons.person_within(view, party)
    if (found is not None) is not (instrument.beneficiary == grants.PERSON):
        way = "firm" if found else "person"
        raise RuleError("instrument_granted_otherwise", (), instrument=instrument.id, way=way)
    if found is not None and (found.authority != office or found.erased_at is not None):
        raise NotFoundError("person_not_found", id=party)
    return found is not None


def person_key(view: View, secret: bytes, person: FirmId) -> str:
    """Return what makes two grants grants to the same person: its identity number, for digests only."""
    return persons.data_within(view, secret, person).identity_number.digits


def applicant_named(view: View, secret: bytes, person: FirmId) -> Applicant:
    """Return a person as an applicant. Raises NotFoundError once its data are erased."""
    name = persons.data_within(view, secret, person).name
    return Applicant(person, name, masked(name), person=True)


def name_obstacles(given: PayeeGiven, applicant: Applicant) -> tuple[Obstacle, ...]:
    """Return what is wrong with an account that is not the applicant's own (RULINGS 28).

    What is refused is kept for its idempotency key, so the names of persons stand in it masked.
    """
    found = payee.name_obstacles(given, applicant.name)
    if not (found and applicant.person):
        return found
    name = given.account_name.strip()
    stated = {"given": masked(name) if len(name) > 1 else "*", "expected": applicant.shown}
    return (Obstacle("payee_name_differs", "RULINGS 28", parameters=stated),)


def roster_obstacles(instrument: Instrument, facts: Facts) -> list[Obstacle]:
    """Return where a person claims for more than itself: a count for each of several people."""
    terms = instrument.terms
    if instrument.beneficiary != grants.PERSON or not isinstance(terms, PerUnit) or terms.each_max is None:
        return []
    units = facts.counts(terms.unit)
    if units is None or len(units) == 1:
        return []
    stated: dict[str, str | int | bool | None] = {"key": grants.PERSON, "named": 1, "units": len(units)}
    return [Obstacle("grant_roster_differs", terms.clause, Finding.UNMET, stated)]


def seal_payee(secret: bytes, case: CaseId, given: PayeeGiven) -> tuple[bytes, Payee]:
    """Return the sealed account of a person, and what everyone may see of it: a masked name and a digest."""
    sealed, shown = payee.seal(secret, case, given)
    name = shown.account_name
    return sealed, Payee(masked(name) if len(name) > 1 else "*", "", HIDDEN_NUMBER, shown.digest)


def keep_within(
    work: Work, secret: bytes, case: CaseId, person: FirmId, account: bytes, keys: Mapping[str, Sequence[str]]
) -> None:
    """Write account and keys of a person's case, sealed."""
    sealed, _ = sealing.seal(secret, case, {name: list(values) for name, values in keys.items()})
    personal.add_personal(work.connection, case, person, account, sealed)


def keys_stated(view: View, secret: bytes, case: CaseId) -> dict[str, tuple[str, ...]]:
    """Return the keys a person stated with a case, for those who may read it; nothing once they are erased."""
    sealed = personal.keys_of(view.connection, case)
    if sealed is None:
        return {}
    kept = sealing.opened(secret, case, sealed)
    return {name: tuple(values) for name, values in kept.items() if name != "salt"}


def erase(work: Work, wanted: FirmId, held: Callable[[View, FirmId], bool]) -> Person:
    """Erase the data of a person and end its account: its own word, or a registrar's of its authority.

    ``held`` says whether what comes after a decision still needs the data; it is asked with the person locked.

    Raises:
        NotAllowedError, NotFoundError: Not the actor's to erase.
        ConflictError: The data are erased already, a case may still lead to a payment, or they are held.
    """
    # Nobody applies meanwhile: an application takes the same lock before it looks who applies.
    grant_records.lock_grants(work.connection)
    found = persons.found_person(work, wanted, Action.ERASE_PERSON, lock=True)
    if found.erased_at is not None:
        raise ConflictError("person_erased_before", id=wanted)
    if personal.any_open(work.connection, wanted):
        raise ConflictError("person_has_open_cases", id=wanted)
    if held(work, wanted):
        raise ConflictError("person_has_open_recoveries", id=wanted)
    erase_within(work, wanted, account_of(work.actor), work.now)
    work.journal("parties.person_erased", wanted, identity=str(found.identity), data=str(found.data))
    return persons.found_person(work, wanted, Action.ERASE_PERSON)


def erase_within(work: Work, person: FirmId, by: AccountId, at: Moment) -> None:
    """Erase all that is kept of a person but digests, inside another use case, which looked whether it may be.

    The bytes of its documents are deleted by whoever carries the erasure out.
    """
    personal.erase_personal(work.connection, person)
    erase_answers(work.connection, person)
    erase_documents(work.connection, person)
    persons.erase_within(work, person, by, at)
    end_account_within(work, person)
