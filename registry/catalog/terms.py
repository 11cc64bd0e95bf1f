"""Terms of a dataset: set a text, end it, read it, accept it.

Rules:
* A text never changes; another text is another number, and every reader accepts it anew.
* A dataset that is open to all takes terms by becoming one with terms; when they end it is open to all again. A gated
  dataset stays gated: its terms stand before the grant.
* What is accepted is the text that stands, named by its number and digest, by a member who may bind the firm; once for
  the whole firm. The journal holds it as evidence.
"""

from collections.abc import Iterable
from dataclasses import replace

from registry.actors.model import Action, Resource
from registry.actors.rules import require
from registry.catalog import records
from registry.catalog.access_model import Acceptance, Terms
from registry.catalog.access_rules import require_terms
from registry.catalog.model import Dataset, Openness
from registry.catalog.ownership import own_dataset
from registry.catalog.reading import dataset
from registry.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError, RuleError
from registry.journal.work import View, Work
from registry.parties import service as parties
from registry.values.digest import Digest
from registry.values.identifiers import FirmId
from registry.values.names import PublicName


def set_terms(work: Work, name: PublicName, text: str | None) -> Terms:
    """Give a dataset of one's own another text of its terms, or (None) end them.

    Raises:
        NotFoundError, NotAllowedError: It is not the actor's, or the actor may not.
        InvalidValueError: The text is empty, too long, or holds control characters.
        ConflictError: These terms stand already, or there are none to end.
    """
    held = own_dataset(work, name, Action.SET_TERMS)
    newest = records.newest_terms(work.connection, held.id)
    if text == (newest.text if newest else None):
        raise ConflictError("terms_unchanged", name=str(held.name))
    made = set_terms_within(work, held, text, (newest.number if newest else 0) + 1)
    if held.access is not Openness.GATED:
        access = Openness.PUBLIC if text is None else Openness.TERMS
        records.set_dataset(work.connection, held.id, access=access)
    work.journal(
        "catalog.terms_set",
        held.id,
        name=str(held.name),
        terms=made.number,
        sha256=made.digest.hex if made.digest else None,
    )
    return made


def set_terms_within(work: Work, held: Dataset, text: str | None, number: int = 1) -> Terms:
    """Write a text of the terms of a dataset; part of another use case. Raises InvalidValueError."""
    if text is not None:
        require_terms(text)
    digest = Digest.of(text.encode()) if text is not None else None
    made = Terms(held.id, number, text, digest, work.now)
    records.add_terms(work.connection, made, work.actor.account)
    return made


def terms_page(view: View, name: PublicName, before: int | None, limit: int) -> list[Terms]:
    """Return the texts of the terms of a dataset, the newest first; everyone may read them. Raises NotFoundError."""
    held = dataset(view, name)
    return records.terms_page(view.connection, held.id, before, limit)


def standing_terms(view: View, held: Dataset) -> Terms | None:
    """Return the text that readers of a dataset must have accepted, None without one."""
    newest = records.newest_terms(view.connection, held.id)
    return newest if newest and newest.text is not None else None


def accept_terms(work: Work, name: PublicName, number: int, digest: Digest) -> Acceptance:
    """Accept the terms of a dataset for the actor's firm.

    Raises:
        NotAllowedError: Nobody signed in, or the actor may not bind a firm.
        NotFoundError: There is no such dataset, or it has no terms.
        RuleError: Another text stands now, or the dataset is the firm's own.
        InvalidValueError: The digest is not that of the text.
        ConflictError: The firm accepted this text before.
    """
    held = dataset(work, name)
    firm = work.actor.firm
    require(work.actor, Action.ACCEPT_TERMS, Resource(firms=frozenset({firm} if firm else ()), dataset=held.id))
    if firm is None or work.actor.account is None:
        raise NotAllowedError("not_yours")
    standing = standing_terms(work, held)
    if standing is None or standing.digest is None:
        raise NotFoundError("terms_not_found", name=str(held.name))
    if held.publisher == firm:
        raise RuleError("terms_of_own", name=str(held.name))
    if number != standing.number:
        raise RuleError("terms_outdated", name=str(held.name), given=number, terms=standing.number)
    if digest != standing.digest:
        raise InvalidValueError("terms_digest_wrong", given=str(digest), seen=str(standing.digest))
    made = Acceptance(held.id, number, firm, work.actor.account, standing.digest, work.now)
    if not records.add_acceptance(work.connection, made):
        raise ConflictError("terms_accepted_already", name=str(held.name), terms=number)
    work.journal("catalog.terms_accepted", held.id, terms=number, sha256=made.digest.hex, firm=firm)
    return replace(made, firm_name=names_of(work, [firm]).get(firm, ""))


def acceptances(view: View, name: PublicName, after: tuple[FirmId, int] | None, limit: int) -> list[Acceptance]:
    """Return who accepted which text, to the publisher and to offices concerned with it.

    Raises NotFoundError, NotAllowedError.
    """
    held = require_insight(view, name)
    found = records.acceptances_of_dataset(view.connection, held.id, after, limit)
    names = names_of(view, [each.firm for each in found])
    return [replace(each, firm_name=names.get(each.firm, "")) for each in found]


def require_insight(view: View, name: PublicName) -> Dataset:
    """Return a dataset whose readers the actor may know: its publisher's, or an office's that is concerned with it.

    Raises NotFoundError, NotAllowedError.
    """
    held = dataset(view, name)
    publisher = frozenset({held.publisher})
    require(
        view.actor,
        Action.READ_ACCESS,
        Resource(publisher, parties.concerned_office(view, publisher), held.id, held.id),
    )
    return held


def names_of(view: View, firms: Iterable[FirmId]) -> dict[FirmId, str]:
    """Return the names of firms as they are today."""
    return {each.id: each.name for each in parties.firms(view, firms).values()}
