"""Erasing the data of a natural person, which wait for the end of what comes after a decision (RULINGS 36)."""

from registry.aftercare import records
from registry.awards import persons
from registry.journal.work import View, Work
from registry.parties.person_model import Person
from registry.values.identifiers import FirmId


def erase_person(work: Work, wanted: FirmId) -> Person:
    """Erase the data of a person and end its account. Raises as ``awards.persons.erase``."""
    return persons.erase(work, wanted, _held)


def _held(view: View, person: FirmId) -> bool:
    """Say whether a recovery from a person or a remedy of it is open: who it is must be known until it ends."""
    return records.any_open(view.connection, person) or records.is_open_of(view.connection, person)
