"""Badges: how many adopted a dataset, as a picture and as JSON, bound to a content digest."""

import hashlib
import json
from html import escape
from typing import Final, Literal

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field

from api.calls import house
from api.door import Answer, Door
from api.problems import language
from api.wording import sentence
from registry.actors.model import ANONYMOUS
from registry.adoption import boards
from registry.adoption.badge import Badge, BadgeState
from registry.values.digest import Digest
from registry.values.names import PublicName

door = Door("badges", __name__, url_prefix="/v1")

LIFE_S: Final = 300
_COLOURS: Final = {"reached": "#2e7d32", "counting": "#1565c0", "broken": "#b3261e"}
_HEIGHT, _PADDING, _NARROW, _WIDE = 20, 6, 6.5, 12


class BadgeQuery(BaseModel):
    """For which content, by default the newest; in which language, by default the reader's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    digest: str = Field(default="", max_length=80)
    language: Literal["", "en", "zh"] = ""


class BadgeView(Answer):
    """A badge as shields.io reads an endpoint, with the content it is bound to and what became of it."""

    schemaVersion: int = 1  # noqa: N815 -- the name is shields.io's
    label: str
    message: str
    color: str
    isError: bool  # noqa: N815 -- the name is shields.io's
    state: str
    digest: str | None
    counted: int | None
    needed: int | None


def _badge(name: PublicName, query: BadgeQuery) -> BadgeView:
    named = Digest.parse(query.digest) if query.digest else None
    # As anybody: the answer may be kept by whoever stands between, and shown to everybody.
    with house().view(ANONYMOUS) as view:
        return _worded(boards.badge(view, name, named), query.language or language())


def _worded(badge: Badge, reader: str) -> BadgeView:
    current = badge.state is BadgeState.CURRENT
    colour = "broken" if not current else "reached" if badge.reached else "counting"
    return BadgeView(
        label=sentence("badge_label", {}, reader),
        message=sentence(f"badge_{badge.state.value}", {"counted": badge.counted, "needed": badge.needed}, reader),
        color=_COLOURS[colour],
        isError=not current,
        state=badge.state.value,
        digest=str(badge.digest) if badge.digest else None,
        counted=badge.counted if current else None,
        needed=badge.needed if current else None,
    )


def _cached(content: str, kind: str) -> Response:
    """Return an answer that may be kept for some minutes, and not sent again while it is the same."""
    made = Response(content, content_type=kind)
    made.set_etag(hashlib.sha256(content.encode()).hexdigest()[:32])
    made.headers["Cache-Control"] = f"public, max-age={LIFE_S}"
    made.vary.add("Accept-Language")
    made.make_conditional(request)
    return made


@door.operation("GET", "/datasets/<namespace>/<slug>/adoption/badge.json", {200: BadgeView, 304: None}, public=True)
def show_badge(namespace: str, slug: str, query: BadgeQuery) -> Response:
    """Return the badge of a dataset for a content; it breaks when the content is no longer the newest published one."""
    made = _badge(PublicName(namespace, slug), query)
    return _cached(json.dumps(made.model_dump(mode="json"), ensure_ascii=False), "application/json")


@door.operation(
    "GET",
    "/datasets/<namespace>/<slug>/adoption/badge.svg",
    {200: None, 304: None},
    public=True,
    media={200: "image/svg+xml"},
)
def draw_badge(namespace: str, slug: str, query: BadgeQuery) -> Response:
    """Return the badge of a dataset for a content as a picture."""
    return _cached(svg_of(_badge(PublicName(namespace, slug), query)), "image/svg+xml; charset=utf-8")


def svg_of(badge: BadgeView) -> str:
    """Return a badge as SVG that needs no font of its own; the content it is bound to stands in its title."""
    left, right = _width(badge.label), _width(badge.message)
    title = escape(f"{badge.label}: {badge.message} ({badge.digest or '—'})")
    texts = "".join(
        f'<text x="{middle:g}" y="14">{escape(text)}</text>'
        for middle, text in ((left / 2, badge.label), (left + right / 2, badge.message))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right:g}" height="{_HEIGHT}" role="img" '
        f'aria-label="{title}"><title>{title}</title>'
        f'<rect width="{left:g}" height="{_HEIGHT}" fill="#555"/>'
        f'<rect x="{left:g}" width="{right:g}" height="{_HEIGHT}" fill="{badge.color}"/>'
        f'<g fill="#fff" text-anchor="middle" font-family="Verdana,\'Noto Sans SC\',sans-serif" font-size="11">'
        f"{texts}</g></svg>\n"
    )


def _width(text: str) -> float:
    """Return how wide a text is drawn: a Chinese character takes a whole em, others about half of one."""
    return 2 * _PADDING + sum(_WIDE if ord(character) > 0x2E7F else _NARROW for character in text)
