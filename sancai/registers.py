"""Who controls whom and what the registers say of a firm, on a day and as of an instant; leader lists from files."""

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from sancai.parties import Admission, Fact, Firm, LeaderList, Provider, Sanction
from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a chain; ``share_bp`` (1/100 of a per cent) stands for equity only."""

    controller: str
    controlled: str
    kind: str
    share_bp: int | None = None


@dataclass(frozen=True, slots=True)
class FirmControl:
    """Who controls a firm: the highest below the organs of the state, with the chain down from there."""

    firm: str
    on: date
    as_of: str
    controller: str
    chain: tuple[str, ...]
    links: tuple[Link, ...]
    state_above: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """Whether two firms are related, by what, and the chain between them."""

    related: bool
    on: date
    as_of: str
    kind: str | None
    chain: tuple[str, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A leader list that names a firm."""

    list_id: str
    name: str
    issuer: str
    level: str
    sectors: tuple[str, ...]
    batch: str
    admission: str
    withdrawn_on: date | None = None


@dataclass(frozen=True, slots=True)
class SanctionElsewhere:
    """That another authority has imposed a sanction; it stops nothing here."""

    organ: str
    document_number: str
    scope: tuple[str, ...]
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the registers of your authority say of a firm; ``sha256`` is the digest of all but ``as_of``."""

    authority: str
    on: date
    as_of: str
    firm: Firm
    control: FirmControl
    facts: tuple[Mapping[str, Any], ...]
    leader_lists: tuple[Listing, ...]
    providers: tuple[Provider, ...]
    sanctions: tuple[Sanction, ...]
    sanctions_elsewhere: tuple[SanctionElsewhere, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class ListFault:
    """A line of a file that cannot stand, and what to do about it; ``parameters`` hold its number."""

    code: str
    detail: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ListReport:
    """What a file would bring in; ``faulty`` counts the lines that cannot stand, ``faults`` tells the first of them."""

    entries: int
    faulty: int
    faults: tuple[ListFault, ...]


@dataclass(frozen=True, slots=True)
class ListHead:
    """What is said of a leader list beside its names; ``level`` is national, provincial or municipal."""

    name: str
    issuer: str
    level: str
    sectors: tuple[str, ...]
    batch: str
    valid_from: date
    admission: Admission
    valid_until: date | None = None
    document_sha256: str | None = None


class Registers:
    """Questions to the registers of a service, and what comes into them from files."""

    def __init__(self, session: Session) -> None:
        """Prepare calls over ``session``."""
        self._session: Final = session

    def controller(self, firm: str, *, on: date | None = None, as_of: datetime | None = None) -> FirmControl:
        """Return who controls a firm, with the chain. Raises SancaiError."""
        return shaped(FirmControl, self._session.get(f"/firms/{firm}/controller", **_asked(on, as_of)))

    def relation(self, one: str, other: str, *, on: date | None = None, as_of: datetime | None = None) -> Relation:
        """Return whether two firms are related, with the chain. Raises SancaiError."""
        return shaped(Relation, self._session.get(f"/firms/{one}/relations/{other}", **_asked(on, as_of)))

    def sheet(self, firm: str, *, on: date | None = None, as_of: datetime | None = None) -> Sheet:
        """Return what the registers of your authority say of a firm. Raises SancaiError."""
        return shaped(Sheet, self._session.get(f"/firms/{firm}/register", **_asked(on, as_of)))

    def state_bodies(self, *, on: date | None = None, as_of: datetime | None = None) -> tuple[Firm, ...]:
        """Return the organs of the state and state holders of a day. Raises SancaiError."""
        return tuple(shaped(Firm, each) for each in self._session.get("/state-bodies", **_asked(on, as_of))["items"])

    def record_credit(
        self,
        firm: str,
        standing: str,
        *,
        queried_at: datetime,
        result_sha256: str,
        source: str,
        valid_until: date | None = None,
    ) -> Fact:
        """Enter what a public credit system answered: clean, listed or repaired. Raises SancaiError."""
        body = {
            "firm": firm,
            "standing": standing,
            "queried_at": queried_at.isoformat(),
            "result_sha256": result_sha256,
            "source": source,
            "valid_until": valid_until.isoformat() if valid_until else None,
        }
        return shaped(Fact, self._session.post("/credit-answers", body))

    def check_list(self, content: bytes) -> ListReport:
        """Report on the file of a leader list (CSV or XLSX), line by line. Raises SancaiError."""
        body = {"content_base64": base64.b64encode(content).decode()}
        return shaped(ListReport, self._session.post("/leader-lists/checks", body, keyed=False))

    def import_list(self, head: ListHead, content: bytes) -> LeaderList:
        """Admit a leader list whose names stand in a file, whole or not at all. Raises SancaiError."""
        body = asdict(head) | {
            "valid_from": head.valid_from.isoformat(),
            "valid_until": head.valid_until.isoformat() if head.valid_until else None,
            "admission": asdict(head.admission) | {"decided_on": head.admission.decided_on.isoformat()},
            "content_base64": base64.b64encode(content).decode(),
        }
        return shaped(LeaderList, self._session.post("/leader-lists/imports", body))


def _asked(on: date | None, as_of: datetime | None) -> dict[str, str]:
    """Return a question's day and instant as a query states them."""
    stated = {"on": on.isoformat() if on else "", "as_of": as_of.isoformat() if as_of else ""}
    return {name: value for name, value in stated.items() if value}
