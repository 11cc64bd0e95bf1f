"""Pages for people: find a dataset, look at one, see which notices run, read the API.

Plain HTML; nothing is loaded from elsewhere, and nothing needs JavaScript.
"""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, current_app, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.access_pages import access_pages
from api.account_pages import account_pages
from api.board_pages import board_pages
from api.calls import cursor_of, house, position_of
from api.openapi import document
from api.page import page, refused, somebody
from api.round_pages import round_pages
from api.v1.dataset_bodies import version_number
from registry.adoption import lists
from registry.adoption import service as adoption
from registry.adoption.model import AdoptionCount
from registry.awards import service as awards
from registry.awards.probing import notice_end
from registry.awards.published import contests_of
from registry.catalog import oversight
from registry.catalog import service as catalog
from registry.catalog.erasure import erasure_shown
from registry.catalog.gate import Required
from registry.catalog.industries import industry_name
from registry.catalog.lineage import Direction, lineage
from registry.catalog.model import PARENTS_MAX, Dataset, Search, Version, VersionName, VersionState
from registry.catalog.terms import standing_terms
from registry.dossier import papers
from registry.errors import InvalidValueError, NotFoundError, RuleError, SancaiError
from registry.exchange import service as exchange
from registry.exchange.model import ListingFilter, ListingState
from registry.journal.work import View
from registry.parties import service as parties
from registry.quality.snippets import Snippet, snippets_of
from registry.values.digest import Digest
from registry.values.identifiers import CaseId
from registry.values.moment import Moment
from registry.values.money import Money
from registry.values.names import PublicName

HITS_MAX: Final = 20
FILES_SHOWN_MAX: Final = 50
LISTINGS_SHOWN_MAX: Final = 10
DERIVED_SHOWN_MAX: Final = 20
NOTICES_SHOWN_MAX: Final = 200
STYLE_LIFE_S: Final = 3600
FACETS: Final = ("sector", "key_industry", "licence", "format", "price")

pages = Blueprint("pages", __name__)
pages.register_error_handler(SancaiError, refused)


def install(app: Flask) -> None:
    """Serve the pages on ``app``."""
    app.register_blueprint(pages)
    app.register_blueprint(account_pages)
    app.jinja_env.globals.update(industry_name=industry_name)
    app.register_blueprint(access_pages)
    app.register_blueprint(board_pages)
    app.register_blueprint(round_pages)
    app.jinja_env.filters.update(size=size_text, yuan=lambda fen: str(Money(fen)))


@pages.get("/static/style.css")
def style() -> Response:
    """Return the style sheet."""
    text = (files("api") / "static" / "style.css").read_text(encoding="utf-8")
    return Response(text, content_type="text/css; charset=utf-8", headers={"Cache-Control": f"max-age={STYLE_LIFE_S}"})


@pages.get("/")
def home() -> str:
    """Find datasets."""
    q = request.args.get("q", "").replace("\0", "")[:200]
    chosen = {name: request.args.get(name, "").replace("\0", "")[:100] for name in FACETS}
    position = position_of(request.args.get("cursor", ""), 3)
    wanted = Search(text=q, limit=HITS_MAX, **{name: value or None for name, value in chosen.items()})
    with house().view(somebody()) as view:
        found = catalog.search(view, wanted, (position[0], position[1], position[2]) if position else None)
        newest = [catalog.latest(view, hit.dataset.id) for hit in found.hits]
    following = cursor_of(found.next_position) if found.next_position else ""
    return page(
        "home",
        q=q,
        chosen=chosen,
        facets=[(name, _facet(q, chosen, name, found.facets.get(name, {}))) for name in FACETS],
        hits=list(zip(found.hits, newest, strict=True)),
        more=_search_url(q, **chosen, cursor=following) if following else "",
    )


def _facet(q: str, chosen: Mapping[str, str], name: str, values: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the values of a facet, the most frequent first, each with the address that chooses it or lets it go."""
    shown = dict(values) | ({chosen[name]: 0} if chosen[name] and chosen[name] not in values else {})
    return [
        {
            "value": value,
            "number": number,
            "chosen": chosen[name] == value,
            "url": _search_url(q, **{**chosen, name: "" if chosen[name] == value else value}),
        }
        for value, number in sorted(shown.items(), key=lambda item: (-item[1], item[0]))
    ]


def _search_url(q: str, **chosen: str) -> str:
    return "/?" + urlencode({name: value for name, value in {"q": q, **chosen}.items() if value})


@pages.get("/datasets/<namespace>/<slug>")
def show_dataset(namespace: str, slug: str) -> str | AnyResponse:
    """Show a dataset with one of its versions: the one asked for, else the newest that stands."""
    name = PublicName(namespace, slug)
    with house().view(somebody()) as view:
        held = catalog.dataset(view, name)
        if held.name.key != name.key:
            return redirect(f"/datasets/{held.name}", 308)
        versions = catalog.versions(view, held.id)
        shown = _version_shown(versions)
        return page(
            "dataset",
            dataset=held,
            versions=versions[::-1],
            shown=shown,
            files=_files(view, held, shown),
            terms=standing_terms(view, held),
            recall=oversight.recall_shown(view, shown) if shown else None,
            erasure=erasure_shown(view, shown) if shown else None,
            missing=_missing(view, held, shown),
            files_shown_max=FILES_SHOWN_MAX,
            publisher=parties.firm(view, held.publisher).name,
            count=_count(view, held.name),
            service_url=house().settings.public_url,
            scenes=lists.scenes_answered_by(view, held.id),
            contests=contests_of(view, held.id),
            listings=_listings(view, held),
            snippets=_snippets(held, shown),
            **_lineage(view, held, shown),
            embargo=_embargo(view, shown),
        )


def _missing(view: View, held: Dataset, shown: Version | None) -> dict[str, Required]:
    """Return what whoever looks is missing to read a version, by the name of the condition."""
    if shown is None or shown.number is None:
        return {}
    asked = catalog.explained(view, VersionName(held.name, shown.number))
    return {each.name: each for each in asked if not each.met}


def _version_shown(versions: tuple[Version, ...]) -> Version | None:
    if wanted := request.args.get("version", ""):
        number = version_number(wanted)
        for each in versions:
            if each.number == number:
                return each
        raise NotFoundError("version_not_found", name=wanted)
    standing = [each for each in versions if each.state is VersionState.PUBLISHED] or versions
    return standing[-1] if standing else None


def _lineage(view: View, held: Dataset, shown: Version | None) -> dict[str, Any]:
    """Return what the version derives from and what derives from it, one step either way."""
    if shown is None or shown.number is None:
        return {"parents": (), "derived": (), "derived_more": False}
    name = VersionName(held.name, shown.number)
    up = lineage(view, name, Direction.UP, 1, None, PARENTS_MAX)
    down = lineage(view, name, Direction.DOWN, 1, None, DERIVED_SHOWN_MAX)
    return {"parents": up.nodes[1:], "derived": down.nodes[1:], "derived_more": down.next_position is not None}


def _embargo(view: View, shown: Version | None) -> Moment | None:
    """Return when the embargo of a version ends, None when none runs."""
    end = shown.embargo_until if shown else None
    return end if end is not None and view.now < end else None


def _files(view: View, held: Dataset, shown: Version | None) -> tuple[Any, ...]:
    if shown is None or shown.number is None:
        return ()
    return catalog.version_files(view, VersionName(held.name, shown.number), "", FILES_SHOWN_MAX)


def _snippets(held: Dataset, shown: Version | None) -> tuple[Snippet, ...]:
    """Return how the version is loaded once it is pulled."""
    loads_with = shown.report.get("loads_with") if shown else None
    return snippets_of(loads_with, held.name.slug) if isinstance(loads_with, Mapping) else ()


def _listings(view: View, held: Dataset) -> list[dict[str, Any]]:
    """Return what of the dataset is on sale, each with the name of its seller."""
    found = exchange.listings(view, ListingFilter(dataset=held.id), None, LISTINGS_SHOWN_MAX)
    return [
        {"listing": each, "seller": parties.firm(view, each.seller).name}
        for each in found
        if each.state is ListingState.ON_SALE
    ]


def _count(view: View, name: PublicName) -> AdoptionCount | None:
    """Return how many adopters count; None while no authority has an award for it, or none in force."""
    try:
        return adoption.count_for_public(view, name)
    except (NotFoundError, RuleError):
        return None


@pages.get("/notices")
def show_notices() -> str:
    """Show the public notices that run."""
    with house().view(somebody()) as view:
        found = awards.notices(view, NOTICES_SHOWN_MAX)
        ends = {each.id: notice_end(each.notice, view.now) for each in found if each.notice}
        return page("notices", notices=found, ends=ends)


@pages.get("/check/<case>/<digest>")
def check_form(case: str, digest: str) -> Response:
    """Say whether a printed form is genuine: where the code on it leads, without signing in."""
    try:
        wanted, printed = CaseId(case), Digest.parse(digest)
    except InvalidValueError:  # Whatever else stands on a paper is no form of ours.
        found = papers.NOT_GENUINE
    else:
        with house().view() as view:
            found = papers.check_form(view, wanted, printed)
    shown = page("check", found=found, case=case[:60])
    return Response(shown, headers={"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})


def size_text(size_bytes: int) -> str:
    """Return a size as people read it, for example ``759.1 KiB``."""
    size, unit = float(size_bytes), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size_bytes} B" if unit == "B" else f"{size:.1f} {unit}"


@pages.get("/docs")
def show_api() -> str:
    """Show the API for people."""
    described = document(current_app)
    schemas = described["components"]["schemas"]
    by_tag: dict[str, list[dict[str, Any]]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            shown = {**operation, "path": path, "method": method.upper(), "fields": _fields(operation, schemas)}
            by_tag.setdefault(operation["tags"][0], []).append(shown)
    return page("docs", tags=[{"name": tag, "operations": found} for tag, found in sorted(by_tag.items())])


def _fields(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return parameters and body fields of an operation as rows of a table."""
    rows = [
        {
            "name": each["name"],
            "required": each["required"],
            "kind": f"{each['in']}: {_kind(each['schema'])}",
            "meaning": each.get("description", ""),
        }
        for each in operation["parameters"]
    ]
    if body := operation.get("requestBody"):
        stated = body["content"]["application/json"]["schema"]
        schema = schemas[stated["$ref"].rsplit("/", 1)[1]] if "$ref" in stated else stated
        needed = schema.get("required", ())
        rows += [
            {"name": name, "required": name in needed, "kind": _kind(each), "meaning": each.get("description", "")}
            for name, each in schema.get("properties", {}).items()
        ]
    return rows


def _kind(schema: Mapping[str, Any]) -> str:
    """Return a schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    if "anyOf" in schema:
        return " | ".join(_kind(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"[{_kind(schema.get('items', {}))}]"
    return str(schema.get("type", "any"))
