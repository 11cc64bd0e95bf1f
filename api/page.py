"""The frame of every page: who is signed in, the reader's language, and a refusal as a page."""

import os
import secrets
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import g, render_template

from api.auth import form_text, page_actor
from api.calls import house
from api.problems import language, status_of
from api.wording import sentence, term, vocabulary
from registry.actors.model import ANONYMOUS, Actor
from registry.errors import SancaiError
from registry.journal.work import Command, Work
from registry.values.digest import Digest

T = TypeVar("T")


def page(name: str, **shown: Any) -> str:
    """Return the template ``name`` in the reader's language."""
    actor = somebody()
    signed_in = None if actor.is_anonymous else actor
    return render_template(
        f"{name}.html", reader=language(), say=say, named=named, somebody=signed_in, form=form_text(), **shown
    )


def said(title: str, detail: str) -> str:
    """Return a page with one sentence, both by their codes."""
    return page("said", title=say(title), detail=say(detail))


def refused(error: SancaiError) -> tuple[str, int]:
    """Say on a page why something is refused."""
    status = status_of(error)
    return page("refused", title=say(f"status_{status.value}"), detail=explained(error)), status.value


def explained(error: SancaiError) -> str:
    """Return the sentence of a refusal."""
    return sentence(error.code, error.parameters, language())


def say(code: str, **parameters: Any) -> str:
    """Return the words of ``code`` in the reader's language."""
    return sentence(code, parameters, language())


def named(kind: str, value: str) -> str:
    """Return the name of a value of its kind (``finance`` is a sector and a role), else that of its code."""
    code = f"page_{kind}_{value}"
    return say(code) if code in vocabulary() else term(value, language())


def somebody() -> Actor:
    """Return who is signed in to the pages, or nobody."""
    if "signed_in" not in g:
        g.signed_in = page_actor() or ANONYMOUS
    signed_in: Actor = g.signed_in
    return signed_in


def perform(operation: str, use_case: Callable[[Work], T]) -> T:
    """Run a use case on the write path for whoever is signed in and return its result.

    A form brings no idempotency key: nothing of what was typed into it is kept, not even a digest.
    """
    made: list[T] = []

    def act(work: Work) -> Mapping[str, Any]:
        made.append(use_case(work))
        return {}

    command = Command(f"pages.{operation}", secrets.token_urlsafe(24), Digest.of(os.urandom(32)))
    house().perform(somebody(), command, act)
    return made[-1]
