"""A bureau over HTTP: an authority is founded, its first registrar takes up the account and signs every request."""

from registry.accounts import service as accounts
from registry.actors.model import ANONYMOUS
from registry.house import House
from registry.journal.work import Work
from registry.policy import service as policy
from registry.policy.activation import FoundAuthority
from registry.values.identifiers import AuthorityId
from tests.web import Web

PASSWORD = "a password of several words"


def a_bureau(web: Web, slug: str = "yizhou") -> tuple[Web, AuthorityId]:
    """Return a client of an authority's registrar, and the authority."""
    house: House = web.house
    login = f"registrar.{slug}"
    with house.database.writing() as connection:
        work = Work(connection, ANONYMOUS, house.clock.now())
        made = policy.found_authority(work, FoundAuthority(slug, "伊州区发改委（数发局）", "Yizhou", "650502"))
        code = accounts.register_registrar_within(work, made.id, login, "登记员")
    return activated(web, login, code), made.id


def activated(web: Web, login: str, code: str) -> Web:
    """Return a client of an account that takes up its activation code."""
    first = web.post("/v1/accounts/activate", {"login": login, "code": code, "password": PASSWORD})
    return web.as_token(first["token"])
