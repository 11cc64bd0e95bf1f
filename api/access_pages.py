"""What a reader does on the page of a dataset: accept its terms, ask its owner for a grant."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.auth import require_own_form
from api.page import perform, refused, somebody
from registry.catalog import requests, terms
from registry.catalog.access_model import AskForGrant
from registry.errors import InvalidValueError, SancaiError
from registry.values.digest import Digest
from registry.values.names import PublicName

access_pages = Blueprint("access_pages", __name__)
access_pages.register_error_handler(SancaiError, refused)


@access_pages.post("/datasets/<namespace>/<slug>/accept-terms")
def accept_terms(namespace: str, slug: str) -> AnyResponse:
    """Accept the terms that the page showed, for the firm of whoever is signed in."""
    if somebody().is_anonymous:
        return redirect("/sign-in", 303)
    require_own_form()
    name, number = PublicName(namespace, slug), request.form.get("number", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 9):
        raise InvalidValueError("form_outdated")
    digest = Digest(request.form.get("sha256", ""))
    perform("accept_terms", lambda work: terms.accept_terms(work, name, int(number), digest))
    return redirect(f"/datasets/{name}#terms", 303)


@access_pages.post("/datasets/<namespace>/<slug>/request-grant")
def ask_for_grant(namespace: str, slug: str) -> AnyResponse:
    """Ask the owner for a grant, for the firm of whoever is signed in."""
    if somebody().is_anonymous:
        return redirect("/sign-in", 303)
    require_own_form()
    # A browser sends the line ends of the form's text as CR LF.
    purpose = request.form.get("purpose", "").replace("\r\n", "\n").replace("\0", "")
    command = AskForGrant(PublicName(namespace, slug), purpose, request.form.get("contact", "").replace("\0", ""))
    perform("ask_for_grant", lambda work: requests.ask_for_grant(work, command))
    return redirect(f"/datasets/{command.dataset}#access", 303)
