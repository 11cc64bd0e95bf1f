"""Atom feeds of what is public: new versions and withdrawals, and the notices of authorities."""

import hashlib
from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.atom import MEDIA_TYPE, Entry, Feed, written
from api.calls import cursor_of, house, position_of
from api.problems import language
from api.wording import sentence, term
from registry.catalog import service as catalog
from registry.catalog.feeding import announced_datasets, namespace_owner
from registry.errors import NotFoundError
from registry.journal.work import View
from registry.messages.model import DATASET_TOPICS, Announcement, AnnouncementFilter, Topic
from registry.messages.reading import announced
from registry.parties import service as parties
from registry.policy import service as policy
from registry.values.identifiers import AnnouncementId
from registry.values.moment import Moment
from registry.values.names import PublicName, require_namespace

ENTRIES_MAX: Final = 50
KEPT_FOR_S: Final = 60
"""How long a reader, or a cache before us, need not ask again."""
NOTICE_TOPICS: Final = frozenset({Topic.NOTICE_POSTED})


def install(app: Flask) -> None:
    """Serve the feeds on ``app``."""
    app.add_url_rule("/feeds/datasets.atom", "feeds.datasets", datasets)
    app.add_url_rule("/feeds/notices.atom", "feeds.notices", notices)
    app.add_url_rule("/feeds/<namespace>.atom", "feeds.namespace", of_namespace)
    app.add_url_rule("/datasets/<namespace>/<slug>/feed.atom", "feeds.dataset", of_dataset)


def datasets() -> Response:
    """Answer with new versions and withdrawals of every dataset."""
    return _answer("datasets", _say("feed_datasets"), "/", AnnouncementFilter(DATASET_TOPICS))


def notices() -> Response:
    """Answer with the notices that authorities posted."""
    return _answer("notices", _say("feed_notices"), "/notices", AnnouncementFilter(NOTICE_TOPICS))


def of_namespace(namespace: str) -> Response:
    """Answer with new versions and withdrawals of a namespace."""
    require_namespace(namespace)
    with house().view() as view:
        if namespace_owner(view, namespace) is None:
            raise NotFoundError("namespace_not_found", namespace=namespace)
    wanted = AnnouncementFilter(DATASET_TOPICS, namespace=namespace)
    title = _say("feed_namespace", namespace=namespace)
    return _answer(namespace.lower(), title, "/", wanted, path=f"/feeds/{namespace}.atom")


def of_dataset(namespace: str, slug: str) -> AnyResponse:
    """Answer with new versions and withdrawals of a dataset; an earlier name leads to the present one."""
    name = PublicName(namespace, slug)
    with house().view() as view:
        held = catalog.dataset(view, name)
    if held.name.key != name.key:
        return redirect(f"/datasets/{held.name}/feed.atom", 308)
    page = f"/datasets/{held.name}"
    wanted = AnnouncementFilter(DATASET_TOPICS, dataset=held.id)
    return _answer(held.id, held.title, page, wanted, path=f"{page}/feed.atom")


def _say(code: str, **parameters: Any) -> str:
    return sentence(code, parameters, language())


def _answer(key: str, title: str, page: str, wanted: AnnouncementFilter, path: str = "") -> Response:
    """Answer with a page of a feed, or with 304 when the reader has it."""
    cursor = request.args.get("cursor", "")
    position = position_of(cursor, 2)
    before = (Moment.of_text(str(position[0])), AnnouncementId(str(position[1]))) if position else None
    with house().view() as view:
        found = announced(view, wanted, before, ENTRIES_MAX + 1)
        shown = found[:ENTRIES_MAX]
        authors = _authors(view, shown)
    last = shown[-1] if len(found) > ENTRIES_MAX else None
    following = cursor_of([str(last.announced_at), last.id]) if last else ""
    entries = [_entry(each, authors(each)) for each in shown]
    feed = Feed(key, title, path or f"/feeds/{key}.atom", page, entries, cursor, following)
    settings = house().settings
    document = written(feed, settings.origin, settings.public_url, language())
    answer = Response(document, content_type=f"{MEDIA_TYPE}; charset=utf-8")
    answer.set_etag(hashlib.sha256(document).hexdigest())
    answer.headers["Cache-Control"] = f"public, max-age={KEPT_FOR_S}"
    answer.headers["Vary"] = "Accept-Language"
    answer.make_conditional(request)
    return answer


def _authors(view: View, shown: list[Announcement]) -> Callable[[Announcement], str]:
    """Return what names whose event something is: the publisher's, or the authority's."""
    ids = {each.dataset for each in shown if each.dataset is not None}
    held = announced_datasets(view, ids)
    firms = parties.firms(view, {each.publisher for each in held.values()})
    offices = {str(office.id): office for office in policy.authorities(view)}

    def author(each: Announcement) -> str:
        if each.dataset is not None:
            return firms[held[each.dataset].publisher].name
        office = offices.get(str(each.data.get("authority")))
        return (office.name_zh if language() == "zh" else office.name_en) if office else house().settings.origin

    return author


def _entry(announced: Announcement, author: str) -> Entry:
    data = announced.data
    name, _, version = str(data.get("name") or "").partition("@")
    code = f"mail_{announced.topic.value.replace('.', '_')}"
    named = str(data.get("name") or data.get("case") or announced.subject)
    known = {key: "" if value is None else str(value) for key, value in data.items()}
    summary = sentence(f"{code}_text", known, language()) if data else ""
    page = f"/datasets/{name}?version={version}" if name else "/notices"
    title = f"{term(code, language())}: {named}" if language() == "en" else f"{term(code, language())}：{named}"
    return Entry(announced, title, summary, page, author)
