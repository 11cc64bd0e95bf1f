"""Who controls whom and what the registers say of a firm, as the door shows it."""

from collections.abc import Iterable
from datetime import date
from typing import Self

from api.door import Answer
from api.problems import ObstacleView, describe_obstacle, language
from api.v1.parties_views import FactView, FirmView, ProviderView, SanctionView
from registry.journal.work import View
from registry.parties.list_files import ReadList
from registry.parties.model import (
    Control,
    ControlKind,
    ControlLink,
    LeaderEntry,
    ListLevel,
    Relation,
    RelationKind,
    Sanction,
    Sheet,
)
from registry.values.digest import Digest


class LinkView(Answer):
    """One link of a chain; ``share_bp`` (1/100 of a per cent) stands for equity only."""

    controller: str
    controlled: str
    kind: ControlKind
    share_bp: int | None


def links_of(links: Iterable[ControlLink]) -> list[LinkView]:
    """Return the views of links."""
    return [
        LinkView(controller=link.holder, controlled=link.held, kind=link.kind, share_bp=link.share_bp or None)
        for link in links
    ]


class FirmControlView(Answer):
    """Who controls a firm: the highest below the organs of the state, with the chain down from there.

    ``state_above`` names what holds the controller and where control therefore stops (RULINGS 1); ``as_of`` is the
    instant by which everything was recorded.
    """

    firm: str
    on: date
    as_of: str
    controller: str
    chain: list[str]
    links: list[LinkView]
    state_above: list[str]

    @classmethod
    def of(cls, found: Control, day: date, view: View) -> Self:
        """Return the view of a firm's control."""
        return cls(
            firm=found.firm,
            on=day,
            as_of=str(view.now),
            controller=found.controller,
            chain=list(found.chain),
            links=links_of(found.links),
            state_above=list(found.stopped),
        )


class RelationView(Answer):
    """Whether two firms are related, by what, and the chain between them."""

    related: bool
    on: date
    as_of: str
    kind: RelationKind | None
    chain: list[str]
    links: list[LinkView]

    @classmethod
    def of(cls, found: Relation | None, day: date, view: View) -> Self:
        """Return the view of a relation."""
        return cls(
            related=found is not None,
            on=day,
            as_of=str(view.now),
            kind=found.kind if found else None,
            chain=list(found.chain) if found else [],
            links=links_of(found.links) if found else [],
        )


class LeaderListingView(Answer):
    """A leader list that names a firm."""

    list_id: str
    name: str
    issuer: str
    level: ListLevel
    sectors: list[str]
    batch: str
    admission: str
    withdrawn_on: date | None

    @classmethod
    def of(cls, entry: LeaderEntry) -> Self:
        """Return the view of an entry with its list."""
        found = entry.list
        return cls(
            list_id=found.id,
            name=found.name,
            issuer=found.issuer,
            level=found.level,
            sectors=list(found.sectors),
            batch=found.batch,
            admission=found.admission.number,
            withdrawn_on=entry.withdrawn_on,
        )


class SanctionElsewhereView(Answer):
    """That another authority has imposed a sanction: a finding, which stops nothing here (RULINGS 30)."""

    organ: str
    document_number: str
    scope: list[str]
    valid_from: date | None
    valid_until: date | None

    @classmethod
    def of(cls, found: Sanction) -> Self:
        """Return the view of another authority's sanction."""
        return cls(
            organ=found.organ,
            document_number=found.document_number,
            scope=list(found.scope),
            valid_from=found.valid.first,
            valid_until=found.valid.until,
        )


class SheetView(Answer):
    """What the registers of an authority say of a firm on a day, by what was recorded by ``as_of``.

    ``sha256`` is the digest of everything beside it, without ``as_of``: as long as nothing of the past is corrected,
    another instant gives the same.
    """

    authority: str
    on: date
    as_of: str
    firm: FirmView
    control: FirmControlView
    facts: list[FactView]
    leader_lists: list[LeaderListingView]
    providers: list[ProviderView]
    sanctions: list[SanctionView]
    sanctions_elsewhere: list[SanctionElsewhereView]
    sha256: str

    @classmethod
    def of(cls, found: Sheet, view: View) -> Self:
        """Return the view of a sheet."""
        made = cls(
            authority=found.authority,
            on=found.day,
            as_of=str(view.now),
            firm=FirmView.of(found.firm),
            control=FirmControlView.of(found.control, found.day, view),
            facts=[FactView.of(each) for each in found.facts],
            leader_lists=[LeaderListingView.of(each) for each in found.leader_entries],
            providers=[ProviderView.of(each) for each in found.providers],
            sanctions=[SanctionView.of(each) for each in found.sanctions],
            sanctions_elsewhere=[SanctionElsewhereView.of(each) for each in found.elsewhere],
            sha256="",
        )
        said = made.model_dump(mode="json", exclude={"as_of": True, "sha256": True, "control": {"as_of"}})
        return made.model_copy(update={"sha256": str(Digest.of_json(said))})


class StateBodiesView(Answer):
    """The organs of the state and state holders of a day."""

    on: date
    as_of: str
    items: list[FirmView]


class ListReportView(Answer):
    """What the file of a leader list would bring in, and every line that cannot stand.

    ``faulty`` counts these lines; of very many only the first are in ``faults``.
    """

    entries: int
    faulty: int
    faults: list[ObstacleView]

    @classmethod
    def of(cls, found: ReadList) -> Self:
        """Return the report on a file."""
        reader = language()
        return cls(
            entries=len(found.entries),
            faulty=found.faulty,
            faults=[describe_obstacle(each, reader) for each in found.faults],
        )
