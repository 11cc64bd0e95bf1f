"""Archives for tests: a case that is paid or refused, its package, and the officers of its archive."""

from dataclasses import replace
from datetime import timedelta

from api.case_form import form_maker
from cli.working import filing_of
from registry.actors.model import Actor, Role
from registry.archive import service
from registry.archive.gathering import Filing
from registry.archive.model import Archive
from registry.house import House
from registry.journal import service as journal
from registry.values.identifiers import AuthorityId, CaseId
from tests.registry.awards.builders import Desk
from tests.registry.exchange.builders import an_officer, do

PUBLIC_URL = "https://sancai.test"


def filing(house: House, retention: timedelta = timedelta()) -> Filing:
    """Return what packages are made with; the store lets them go at once, unless told otherwise."""
    return replace(filing_of(house), public_url=PUBLIC_URL, form=form_maker(PUBLIC_URL), retention=retention)


def sequence(house: House) -> None:
    """Give every entry its place in the log."""
    while journal.sequence(house.database, house.clock, house.signing_key):
        pass


def archived(desk: Desk, case: CaseId, retention: timedelta = timedelta()) -> Archive:
    """Archive a case."""
    sequence(desk.house)
    made = filing(desk.house, retention)
    return do(desk.house, desk.reviewer, lambda work: service.archive_case(work, made, case))


def a_signer(authority: AuthorityId) -> Actor:
    """Return an officer of a rank who is new to everything."""
    return an_officer(authority, Role.SECTION_HEAD)
