"""Firms and the registers that authorities keep on them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from sancai.session import Session
from sancai.shapes import shaped


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm; ``activation_code`` lets its first owner in and is shown once."""

    id: str
    uscc: str
    name: str
    region: str
    kind: str
    activation_code: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What every register line states: from which day on it holds, before which, and where it was looked up when."""

    valid_from: date
    source: str
    obtained_on: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Control:
    """A recorded control relation; ``share_bp`` stands for equity."""

    id: str
    controller: str
    controlled: str
    kind: str
    share_bp: int | None
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A recorded fact: true, false or unknown."""

    id: str
    firm: str
    predicate: str
    finding: str
    source: str
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """The numbered decision that admits a leader list."""

    number: str
    decided_on: date
    organ: str
    criteria: str


@dataclass(frozen=True, slots=True)
class ListedFirm:
    """One name of a leader list; ``withdrawn_on`` is the first day it is no longer on it."""

    uscc: str
    name: str
    withdrawn_on: date | None = None


@dataclass(frozen=True, slots=True)
class LeaderListInput:
    """One version of a leader list to admit; ``level`` is national, provincial or municipal."""

    name: str
    issuer: str
    level: str
    sectors: tuple[str, ...]
    batch: str
    valid_from: date
    document_sha256: str
    admission: Admission
    entries: tuple[ListedFirm, ...]
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class LeaderList:
    """One admitted version of a leader list."""

    id: str
    name: str
    issuer: str
    level: str
    sectors: tuple[str, ...]
    batch: str
    valid_from: date
    document_sha256: str
    admission: Admission
    entries: tuple[ListedFirm, ...]
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of a provider, for example ``green`` or ``cma``."""

    kind: str
    number: str
    valid_from: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """A data exchange, compute centre or quality laboratory with its licence."""

    id: str
    firm: str
    kind: str
    licence_number: str
    valid_from: date
    valid_until: date | None = None
    certificates: tuple[Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class SanctionHearing:
    """How a firm was heard and its sanction served; ``answered_on`` None: it said nothing in its term.

    ``way`` is in_person, mail, electronic, left or public_notice; ``proof_sha256`` the digest of what proves it.
    """

    notified_on: date
    until: date
    answered_on: date | None
    way: str
    proof_sha256: str


@dataclass(frozen=True, slots=True)
class SanctionInput:
    """A sanction that was served; ``scope`` names instruments, or is ``("all",)``."""

    firm: str
    organ: str
    document_number: str
    legal_basis: str
    scope: tuple[str, ...]
    served_on: date
    statement: str = ""
    hearing: SanctionHearing | None = None


@dataclass(frozen=True, slots=True)
class Sanction:
    """A recorded sanction."""

    id: str
    firm: str
    organ: str
    document_number: str
    scope: tuple[str, ...]
    served_on: date
    valid_from: date
    valid_until: date | None = None
    statement: str = ""
    hearing: SanctionHearing | None = None


class Parties:
    """Firms and registers of a service."""

    def __init__(self, session: Session) -> None:
        self._session: Final = session

    def register_firm(
        self,
        uscc: str,
        name: str,
        region: str,
        kind: str = "enterprise",
        *,
        owner_login: str | None = None,
        owner_name: str | None = None,
    ) -> Firm:
        """Register a firm and, with ``owner_login``, invite its first owner. Raises SancaiError."""
        body = {
            "uscc": uscc,
            "name": name,
            "region": region,
            "kind": kind,
            "owner_login": owner_login,
            "owner_name": owner_name,
        }
        return shaped(Firm, self._session.post("/firms", body))

    def firm(self, firm: str) -> Firm:
        """Return a firm by its id. Raises SancaiError."""
        return shaped(Firm, self._session.get(f"/firms/{firm}"))

    def firm_by_uscc(self, uscc: str) -> Firm | None:
        """Return the firm that has or had a unified social credit code, or None. Raises SancaiError."""
        items = self._session.get("/firms", uscc=uscc)["items"]
        return shaped(Firm, items[0]) if items else None

    def firms(self) -> Iterator[Firm]:
        """Yield every firm in the order of registration. Raises SancaiError."""
        for item in self._session.pages("/firms"):
            yield shaped(Firm, item)

    def change_firm(self, changed: Firm, *, valid_from: date, source: str, obtained_on: date) -> Firm:
        """Enter what the firm ``changed.id`` is from a day on. Raises SancaiError."""
        body = {
            "uscc": changed.uscc,
            "name": changed.name,
            "region": changed.region,
            "kind": changed.kind,
            "valid_from": valid_from.isoformat(),
            "source": source,
            "obtained_on": obtained_on.isoformat(),
        }
        return shaped(Firm, self._session.post(f"/firms/{changed.id}/changes", body))

    def record_control(
        self, controller: str, controlled: str, kind: str, line: Line, share_bp: int | None = None
    ) -> Control:
        """Enter a control relation: equity with a share, family, directors or loan. Raises SancaiError."""
        ends = {"controller": controller, "controlled": controlled}
        return shaped(
            Control, self._session.post("/controls", {**ends, "kind": kind, "share_bp": share_bp, **_json(line)})
        )

    def record_fact(self, firm: str, predicate: str, finding: str, line: Line) -> Fact:
        """Enter a fact; ``finding`` is true, false or unknown. Raises SancaiError."""
        body = {"firm": firm, "predicate": predicate, "finding": finding, **_json(line)}
        return shaped(Fact, self._session.post("/facts", body))

    def admit_leader_list(self, given: LeaderListInput) -> LeaderList:
        """Admit one version of a leader list. Raises SancaiError."""
        body = _json(given)
        for entry in body["entries"]:
            entry.pop("withdrawn_on")
        return shaped(LeaderList, self._session.post("/leader-lists", body))

    def leader_lists(self) -> Iterator[LeaderList]:
        """Yield the admitted leader lists. Raises SancaiError."""
        for item in self._session.pages("/leader-lists"):
            yield shaped(LeaderList, item)

    def withdraw_leader(self, leader_list: str, uscc: str, withdrawn_on: date, reason: str) -> ListedFirm:
        """Take a firm off a leader list from a day on. Raises SancaiError."""
        body = {"uscc": uscc, "withdrawn_on": withdrawn_on.isoformat(), "reason": reason}
        return shaped(ListedFirm, self._session.post(f"/leader-lists/{leader_list}/withdrawals", body))

    def register_provider(
        self, firm: str, kind: str, licence_number: str, line: Line, certificates: Sequence[Certificate] = ()
    ) -> Provider:
        """Enter a data_exchange, compute_centre or quality_laboratory. Raises SancaiError."""
        body = {
            "firm": firm,
            "kind": kind,
            "licence_number": licence_number,
            "certificates": [_json(each) for each in certificates],
            **_json(line),
        }
        return shaped(Provider, self._session.post("/providers", body))

    def providers(self) -> Iterator[Provider]:
        """Yield the registered providers. Raises SancaiError."""
        for item in self._session.pages("/providers"):
            yield shaped(Provider, item)

    def record_sanction(self, given: SanctionInput, line: Line) -> Sanction:
        """Enter a sanction that was served on a firm. Raises SancaiError."""
        return shaped(Sanction, self._session.post("/sanctions", {**_json(given), **_json(line)}))


def _json(value: Any) -> Any:
    """Return a dataclass as JSON, its days as text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_json(each) for each in value]
    return _json(asdict(value)) if hasattr(value, "__dataclass_fields__") else value
