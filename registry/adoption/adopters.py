"""What is known of an adopter on the day its use began: its group, lists, ties, part in the making, and trade."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta

from registry.adoption import rules
from registry.adoption.model import AdopterFacts, Receipt
from registry.catalog.model import Dataset, Version
from registry.exchange import service as exchange
from registry.journal.work import View
from registry.parties import service as parties
from registry.values.identifiers import AuthorityId, FirmId


def facts_of(
    view: View,
    authority: AuthorityId,
    dataset: Dataset,
    versions: Sequence[Version],
    receipt: Receipt,
    name: str,
    makers: Collection[FirmId] = (),
) -> AdopterFacts:
    """Return what is known of an adopter on the day its use began.

    Whoever made the dataset beside its publisher (``makers``) stands as the publisher does (RULINGS 2).
    """
    day = receipt.started_on
    control = parties.control(view, receipt.adopter, day)
    controller = control.controller
    owners = (dataset.publisher, *sorted(set(makers) - {dataset.publisher}))
    related = next(filter(None, (parties.relation(view, receipt.adopter, each, day) for each in owners)), None)
    circles = (_traded_in_circle(view, receipt.adopter, each, day) for each in owners)
    entries = parties.leader_entries(view, authority, receipt.adopter, day, dataset.sector)
    return AdopterFacts(
        controller=controller,
        controller_name=parties.firm(view, controller).name,
        leader_levels=frozenset(entry.list.level.value for entry in entries),
        related_by=(related.chain or (name,)) if related else (),
        made_it_as=_made_it_as(view, versions, receipt.adopter, name, controller, day),
        traded_in_circle=next(filter(None, circles), ()),
        controlled_by=control.chain,
    )


def _made_it_as(
    view: View, versions: Sequence[Version], adopter: FirmId, name: str, controller: FirmId, day: date
) -> str:
    """Return the role of the adopter's group in the making of any version, or nothing.

    A contributor that is not registered here is told by its name alone.
    """
    makers = {each.firm for version in versions for each in version.contributors if each.firm is not None}
    group = parties.controllers(view, makers, day) if makers else {}
    for version in versions:
        for contributor in version.contributors:
            by_name = contributor.firm is None and contributor.name.strip() == name
            by_group = contributor.firm is not None and (
                contributor.firm == adopter or group[contributor.firm] == controller
            )
            if by_name or by_group:
                return contributor.role.value
    return ""


def _traded_in_circle(view: View, adopter: FirmId, publisher: FirmId, day: date) -> tuple[str, ...]:
    """Return the names of the firms through which the adopter's money came back to it around ``day``."""
    window = timedelta(days=rules.TRADE_WINDOW_DAYS)
    trades = exchange.trades(view, {adopter, publisher}, day - window, day + window)
    if not trades:
        return ()
    traders = {adopter, publisher} | {firm for trade in trades for firm in (trade.payer, trade.payee)}
    group = parties.controllers(view, traders, day)
    grouped = [replace(trade, payer=group[trade.payer], payee=group[trade.payee]) for trade in trades]
    circle = rules.purchase_circle(grouped, group[adopter], group[publisher])
    names = parties.firms(view, set(circle))
    return tuple(names[firm].name for firm in circle)
