"""Pages of an account: sign in and out, take up an invitation, change the password, let a device in."""

from urllib.parse import urlencode

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.auth import begin_session, counting_failures, end_session, require_own_form
from api.calls import house
from api.page import explained, page, perform, refused, said, somebody
from api.problems import status_of
from registry.accounts import devices
from registry.accounts import service as accounts
from registry.accounts.model import Activate, ChangePassword
from registry.accounts.rules import scopes_of
from registry.errors import InvalidValueError, NotAllowedError, NotFoundError, SancaiError

Answer = str | tuple[str, int] | AnyResponse

account_pages = Blueprint("account_pages", __name__)
account_pages.register_error_handler(SancaiError, refused)


@account_pages.get("/sign-in")
def ask_to_sign_in() -> str:
    """Show the sign-in form."""
    return page("sign_in", user_code=request.args.get("user_code", ""), login="", wrong="")


@account_pages.post("/sign-in")
def sign_in() -> Answer:
    """Sign a person in."""
    require_own_form()
    login, user_code = _login(), request.form.get("user_code", "")
    try:
        with counting_failures(login), house().view() as view:
            account = accounts.sign_in(view, login, request.form.get("password", ""))
    except NotAllowedError as error:
        return page("sign_in", user_code=user_code, login=login, wrong=explained(error)), status_of(error).value
    begin_session(account)
    return redirect(f"/device?{urlencode({'user_code': user_code})}" if user_code else "/", 303)


@account_pages.post("/sign-out")
def sign_out() -> str:
    """Sign out."""
    require_own_form()
    end_session()
    g.pop("signed_in", None)
    return said("page_sign_out", "page_signed_out")


@account_pages.get("/activate")
def ask_to_activate() -> str:
    """Show the form that takes up an invitation."""
    return page("activate", login=request.args.get("login", ""), wrong="")


@account_pages.post("/activate")
def activate() -> Answer:
    """Take up an invitation: choose a password and be signed in."""
    require_own_form()
    login = _login()
    try:
        command = Activate(login, request.form.get("code", ""), _new_password())
        with counting_failures(login):
            issued = perform("activate", lambda work: accounts.activate(work, command))
    except (InvalidValueError, NotAllowedError) as error:
        return page("activate", login=login, wrong=explained(error)), status_of(error).value
    begin_session(issued.account)
    g.pop("signed_in", None)
    return said("page_activate", "page_activated")


@account_pages.get("/password")
def ask_for_password() -> Answer:
    """Show the form that changes the password."""
    if somebody().is_anonymous:
        return redirect("/sign-in", 303)
    return page("password", wrong="")


@account_pages.post("/password")
def change_password() -> Answer:
    """Change the password of whoever is signed in."""
    actor = somebody()
    if actor.is_anonymous:
        return redirect("/sign-in", 303)
    require_own_form()
    try:
        command = ChangePassword(request.form.get("password", ""), _new_password())
        with counting_failures(actor.name):
            perform("change_password", lambda work: accounts.change_password(work, command))
    except (InvalidValueError, NotAllowedError) as error:
        return page("password", wrong=explained(error)), status_of(error).value
    return said("page_change_password", "page_password_changed")


@account_pages.get("/device")
def ask_about_device() -> Answer:
    """Ask for a user code, then whether to let the device in."""
    user_code = request.args.get("user_code", "")
    actor = somebody()
    if actor.is_anonymous:
        return redirect(f"/sign-in?{urlencode({'user_code': user_code})}" if user_code else "/sign-in", 303)
    if not user_code:
        return page("device", device=None, wrong="")
    try:
        with house().view(actor) as view:
            device = devices.device_to_answer(view, user_code)
    except NotFoundError as error:
        return page("device", device=None, wrong=explained(error)), 404
    scopes = sorted(scope.value for scope in device.scopes & scopes_of(actor.roles))
    return page("device", device=device, scopes=scopes, wrong="")


@account_pages.post("/device")
def answer_device() -> Answer:
    """Let a device in, or not."""
    if somebody().is_anonymous:
        return redirect("/sign-in", 303)
    require_own_form()
    approved = request.form.get("answer") == "approve"
    user_code = request.form.get("user_code", "")
    perform("answer_device", lambda work: devices.answer_device(work, user_code, approved=approved))
    return said("page_device", "page_approved" if approved else "page_denied")


def _login() -> str:
    return request.form.get("login", "").strip().lower()


def _new_password() -> str:
    """Return the password that was typed twice. Raises InvalidValueError when it was not the same."""
    chosen = request.form.get("new_password", "")
    if chosen != request.form.get("again", ""):
        raise InvalidValueError("passwords_differ")
    return chosen
