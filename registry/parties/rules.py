"""Who controls a firm, and which firms are related.

Rules:
* The state does not tie firms together: links to organs of the state and to state holders are left out before anything
  is asked (公司法 265(四), 公告2016年第42号 二; RULINGS 1). Two central groups are strangers to each other.
* A party controls a firm when it and the firms it controls hold more than half of the shares (公司法 265(二)) or
  appoint half of the directors or more (265(三)). The controller is the highest such party; of parties that control
  each other in a ring it is the one with the lowest id. A firm nobody controls is its own controller.
* Two parties are related (公告2016年第42号 二) when one holds 25 % of the other, directly or indirectly; when a
  third holds 25 % of both; when directors tie them in the same ways; when their holders are of one family, whose shares
  are added up; or by loans.
* Looking through: who holds 25 % of a firm in the middle is taken to hold all that the firm in the middle holds: 40 %
  of a firm that holds 30 % counts as 30 %, not 12 %. Shares on several ways are added.
* Every answer follows from sets: rings of shareholdings end, and the order of the lines does not matter.
* The shares of one firm in the lines of one authority never exceed the whole on any day.
* An office is concerned with a firm that stands in its own register: it registered the firm, wrote what the firm is,
  or wrote a fact, a provider's licence, an entry of a leader list or a sanction of it (RULINGS 24). Orders, documents
  and reads belong to firms and name no authority, but an officer of one authority sees and decides nothing of
  another; the register is where an office says openly, under its name and in the journal, which firms are its affair,
  before any voucher or case of theirs. One party that stands there is enough: who supports a buyer must see what it
  bought, and who licensed a seller what it sold. A line that was corrected or has run out still counts, for what
  rested on it stays open to question. A control relation does not: it names a firm for the sake of another.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from registry.errors import Finding, RuleError
from registry.parties.model import (
    STATE_KINDS,
    Control,
    ControlKind,
    ControlLine,
    ControlLink,
    CreditStanding,
    FirmKind,
    LeaderEntry,
    Period,
    Relation,
    RelationKind,
)
from registry.values.identifiers import FirmId
from registry.values.money import FULL_RATE_BP

MAJORITY_BP: Final = FULL_RATE_BP // 2 + 1
RELATED_BP: Final = 2_500

Reached = Mapping[FirmId, tuple[ControlLink, ...]]
"""The firms a party reaches, each with the links by which it was reached."""


@dataclass(frozen=True)
class ControlGraph:
    """Firms with name and kind, and the links between them on one day."""

    names: Mapping[FirmId, str]
    kinds: Mapping[FirmId, FirmKind]
    links: frozenset[ControlLink]

    def is_state_body(self, firm: FirmId) -> bool:
        """Say whether control stops below ``firm``."""
        return self.kinds.get(firm) in STATE_KINDS

    @cached_property
    def private_links(self) -> tuple[ControlLink, ...]:
        """The links that tie, in order; of two lines about the same tie the greater share holds."""
        greatest: dict[tuple[FirmId, FirmId, ControlKind], ControlLink] = {}
        for link in sorted(self.links):
            if not self.is_state_body(link.holder) and not self.is_state_body(link.held):
                greatest[link.holder, link.held, link.kind] = link
        return tuple(greatest.values())

    @cached_property
    def holdings(self) -> Mapping[FirmId, tuple[ControlLink, ...]]:
        """The equity and director links that go out from each firm."""
        found: dict[FirmId, list[ControlLink]] = defaultdict(list)
        for link in self.private_links:
            if link.kind in {ControlKind.EQUITY, ControlKind.DIRECTORS}:
                found[link.holder].append(link)
        return {holder: tuple(links) for holder, links in found.items()}

    @cached_property
    def families(self) -> Mapping[FirmId, frozenset[FirmId]]:
        """For each firm the firms whose holders are of the same family, itself included."""
        cluster: dict[FirmId, frozenset[FirmId]] = {}
        for link in self.private_links:
            if link.kind is ControlKind.FAMILY:
                joined = _family(cluster, link.holder) | _family(cluster, link.held)
                cluster |= dict.fromkeys(joined, joined)
        return cluster

    def family_of(self, firm: FirmId) -> frozenset[FirmId]:
        """Return the firms that count as one party with ``firm``, itself included."""
        return _family(self.families, firm)


def _family(families: Mapping[FirmId, frozenset[FirmId]], firm: FirmId) -> frozenset[FirmId]:
    return families.get(firm, frozenset({firm}))


def reached(graph: ControlGraph, party: frozenset[FirmId], least_bp: int, *, by_directors: bool = True) -> Reached:
    """Return the firms in which ``party`` and the firms already reached hold ``least_bp`` or more.

    Each is found in the earliest round in which its holders suffice, so the links that lead to it never run in a ring.
    """
    found: dict[FirmId, tuple[ControlLink, ...]] = {}
    held_by_inside: dict[FirmId, list[ControlLink]] = defaultdict(list)
    frontier = sorted(party)
    while frontier:
        touched: set[FirmId] = set()
        for holder in frontier:
            for link in graph.holdings.get(holder, ()):
                if link.held not in party and link.held not in found:
                    held_by_inside[link.held].append(link)
                    touched.add(link.held)
        frontier = []
        for firm in sorted(touched):
            if sufficient := _sufficient(held_by_inside[firm], least_bp, by_directors=by_directors):
                found[firm] = sufficient
                frontier.append(firm)
    return found


def _sufficient(links: list[ControlLink], least_bp: int, *, by_directors: bool) -> tuple[ControlLink, ...]:
    """Return the links that reach a firm, or none when they do not suffice."""
    equity = sorted(link for link in links if link.kind is ControlKind.EQUITY)
    if sum(link.share_bp for link in equity) >= least_bp:
        return tuple(equity)
    directors = sorted(link for link in links if link.kind is ControlKind.DIRECTORS)
    return tuple(directors[:1]) if by_directors else ()


def share_bp(graph: ControlGraph, holder: FirmId, held: FirmId) -> int:
    """Return the share of ``held`` that ``holder`` is taken to hold, looking through firms in the middle."""
    inside = {holder, *reached(graph, frozenset({holder}), RELATED_BP, by_directors=False)} - {held}
    found = sum(
        link.share_bp
        for firm in inside
        for link in graph.holdings.get(firm, ())
        if link.held == held and link.kind is ControlKind.EQUITY
    )
    return min(found, FULL_RATE_BP)


# Control.


def controller(graph: ControlGraph, firm: FirmId) -> FirmId:
    """Return the highest party below the state that controls ``firm``; the firm itself when nobody does."""
    above = {each: reached(graph, frozenset({each}), MAJORITY_BP) for each in _above(graph, firm)}
    controlling = {each: under for each, under in above.items() if each == firm or firm in under}
    rings: list[set[FirmId]] = []
    for each, under in controlling.items():
        over = {other for other, reach in controlling.items() if each in reach}
        # At the top stands who is controlled by nobody, or only by those it controls itself: a ring.
        if over <= under.keys():
            rings.append({each} | over)
    if not rings:
        return firm
    by_shares = [ring for ring in rings if any(_holds_majority(graph, each, firm) for each in ring)]
    return min(min(ring) for ring in by_shares or rings)


def control(graph: ControlGraph, firm: FirmId) -> Control:
    """Return the controller of ``firm`` with the links that lead down from it, and the state above it, if any."""
    top = controller(graph, firm)
    party = frozenset({top})
    under = reached(graph, party, MAJORITY_BP, by_directors=False)
    if firm not in under:
        under = reached(graph, party, MAJORITY_BP)
    links = _links_to(under, firm) if top != firm else ()
    stopped_by = tuple(
        sorted(
            link
            for link in graph.links
            if link.held == top
            and graph.is_state_body(link.holder)
            and link.kind in {ControlKind.EQUITY, ControlKind.DIRECTORS}
        )
    )
    chain, stopped = (tuple(_told(graph, link) for link in each) for each in (links, stopped_by))
    return Control(firm, top, links, chain, stopped_by, stopped)


def _holds_majority(graph: ControlGraph, holder: FirmId, firm: FirmId) -> bool:
    return holder == firm or firm in reached(graph, frozenset({holder}), MAJORITY_BP, by_directors=False)


def _above(graph: ControlGraph, firm: FirmId) -> list[FirmId]:
    """Return ``firm`` and every party from which links lead to it, in order."""
    holders: dict[FirmId, list[FirmId]] = defaultdict(list)
    for holder, links in graph.holdings.items():
        for link in links:
            holders[link.held].append(holder)
    found, waiting = {firm}, [firm]
    while waiting:
        for holder in holders[waiting.pop()]:
            if holder not in found:
                found.add(holder)
                waiting.append(holder)
    return sorted(found)


# Relations.


def relation(graph: ControlGraph, one: FirmId, other: FirmId) -> Relation | None:
    """Return why two parties are related, the shortest way first, or None when nothing ties them."""
    if one == other:
        return Relation(RelationKind.SAME_FIRM, (), (_name(graph, one),))
    parties = sorted({graph.family_of(each) for each in {*_above(graph, one), *_above(graph, other)}}, key=sorted)
    ways = [found for party in parties if (found := _way(graph, party, one, other))]
    ways += [
        (RelationKind.LOAN, (link,))
        for link in graph.private_links
        if link.kind is ControlKind.LOAN and {link.holder, link.held} == {one, other}
    ]
    if not ways:
        return None
    kind, links = min(ways, key=lambda way: (len(way[1]), tuple(RelationKind).index(way[0]), way[1]))
    return Relation(kind, links, tuple(_told(graph, link) for link in links))


def _way(
    graph: ControlGraph, party: frozenset[FirmId], one: FirmId, other: FirmId
) -> tuple[RelationKind, tuple[ControlLink, ...]] | None:
    """Return how ``party`` ties two firms: by being one of them, or as the third above both."""
    under = reached(graph, party, RELATED_BP)
    if not all(each in party or each in under for each in (one, other)):
        return None
    links = tuple(dict.fromkeys((*_links_to(under, one), *_links_to(under, other))))
    tops = sorted({link.holder for link in links if link.holder in party} | ({one, other} & party))
    if len(tops) > 1:
        family = tuple(
            link
            for link in graph.private_links
            if link.kind is ControlKind.FAMILY and {link.holder, link.held} <= party
        )
        return RelationKind.FAMILY, (*family, *links)
    if not {one, other} & party:
        return RelationKind.COMMON_HOLDER, links
    by_directors = any(link.kind is ControlKind.DIRECTORS for link in links)
    return RelationKind.DIRECTORS if by_directors else RelationKind.EQUITY, links


def _links_to(under: Reached, firm: FirmId) -> tuple[ControlLink, ...]:
    """Return the links that lead down to ``firm``, the highest first."""
    found: dict[ControlLink, None] = {}
    waiting = [firm]
    seen = {firm}
    while waiting:
        for link in under.get(waiting.pop(0), ()):
            found[link] = None
            if link.holder not in seen:
                seen.add(link.holder)
                waiting.append(link.holder)
    return tuple(reversed(found))


def _name(graph: ControlGraph, firm: FirmId) -> str:
    return graph.names.get(firm, firm)


def _told(graph: ControlGraph, link: ControlLink) -> str:
    whole, part = divmod(link.share_bp, 100)
    percent = f"{whole}.{part:02d}".rstrip("0").rstrip(".") + "%"
    tie = percent if link.kind is ControlKind.EQUITY else link.kind.value
    return f"{_name(graph, link.holder)} → {_name(graph, link.held)} ({tie})"


# Lines.


def require_whole(lines: Iterable[ControlLine], added: ControlLink, valid: Period) -> None:
    """Raise RuleError when the shares of a firm would exceed the whole on a day; ``lines`` are those that stay."""
    if added.kind is not ControlKind.EQUITY:
        return
    beside = [
        line
        for line in lines
        if line.link.kind is ControlKind.EQUITY and line.link.held == added.held and line.valid.overlaps(valid)
    ]
    # The sum can only rise on a day on which a line begins.
    begins = {valid.first, *(line.valid.first for line in beside)} - {None}
    for day in sorted(each for each in begins if each is not None and valid.holds(each)):
        total = added.share_bp + sum(line.link.share_bp for line in beside if line.valid.holds(day))
        if total > FULL_RATE_BP:
            raise RuleError("shares_exceed_whole", firm=added.held, day=day.isoformat(), total_bp=total)


def is_listed(entry: LeaderEntry, day: date, sector: str | None = None) -> bool:
    """Say whether an entry makes a firm a leader of ``sector`` (None: of any) on ``day`` (RULINGS 4).

    The list is in force and was admitted by then, its sectors hold the one asked for, and the firm was not taken off.
    """
    return (
        entry.list.valid.holds(day)
        and entry.list.admission.decided_on <= day
        and (sector is None or sector in entry.list.sectors)
        and (entry.withdrawn_on is None or day < entry.withdrawn_on)
    )


def credit_finding(standing: CreditStanding) -> Finding:
    """Return whether a firm's credit is clean; a record that was repaired counts as clean (RULINGS 31)."""
    return Finding.UNMET if standing is CreditStanding.LISTED else Finding.MET
