"""An authority with its registrar, and firms as they are needed."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from itertools import count

import pytest

from registry.actors.model import ANONYMOUS, Actor
from registry.journal.work import View, Work
from registry.parties import service
from registry.parties.commands import RecordControl, RegisterFirm
from registry.parties.model import ControlKind, ControlLink, FirmKind, Period
from registry.values.identifiers import AuthorityId, FirmId
from tests.registry.parties.builders import a_registrar, a_uscc, found_authority

WorkAs = Callable[[Actor], AbstractContextManager[Work]]
ViewAs = Callable[..., AbstractContextManager[View]]


class Office:
    """An authority and its registrar, who writes into the registers."""

    def __init__(self, work_as: WorkAs, view_as: ViewAs, authority: AuthorityId) -> None:
        self.authority = authority
        self.registrar = a_registrar(authority)
        self._work_as, self._view_as = work_as, view_as
        self._numbers = count(1)

    @contextmanager
    def work(self) -> Iterator[Work]:
        """Open a unit of work of the registrar."""
        with self._work_as(self.registrar) as work:
            yield work

    @contextmanager
    def view(self) -> Iterator[View]:
        """Look at what stands."""
        with self._view_as() as view:
            yield view

    def firm(self, name: str = "甲公司", kind: FirmKind = FirmKind.ENTERPRISE) -> FirmId:
        """Register a firm with a code of its own."""
        with self.work() as work:
            uscc = a_uscc(next(self._numbers))
            return service.register_firm(work, RegisterFirm(uscc, name, "650502", kind)).id

    def holds(
        self,
        holder: FirmId,
        held: FirmId,
        share_bp: int,
        first: date = date(2020, 1, 1),
        until: date | None = None,
    ) -> None:
        """Record a shareholding."""
        link = ControlLink(holder, held, ControlKind.EQUITY, share_bp)
        with self.work() as work:
            service.record_control(work, RecordControl(link, Period(first, until), "register", date(2026, 3, 1)))


@pytest.fixture
def office(work_as: WorkAs, view_as: ViewAs) -> Office:
    """The office of Yizhou."""
    with work_as(ANONYMOUS) as work:
        authority = found_authority(work)
    return Office(work_as, view_as, authority)


@pytest.fixture
def neighbour(work_as: WorkAs, view_as: ViewAs) -> Office:
    """Another authority."""
    with work_as(ANONYMOUS) as work:
        authority = found_authority(work, "hami")
    return Office(work_as, view_as, authority)
