"""The mail of an event in the words of its reader: subject, text, and the links to unsubscribe (RFC 8058)."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from api.wording import sentence, term, vocabulary
from registry.messages.delivery import CODE_TOPIC, Composer
from registry.messages.mail import code_of, unsubscribe_token, verify_token
from registry.messages.model import MailAddress
from storage.mail_carrier import Mail
from storage.outbox import Message

SUBJECT_LENGTH_MAX: Final = 150


def mail_composer(public_url: str, secret: bytes) -> Composer:
    """Return what writes mail; its links lead to ``public_url``."""

    def compose(address: MailAddress, message: Message) -> Mail:
        if message.topic == CODE_TOPIC:
            return _code_mail(address, public_url, secret)
        return _event_mail(address, message, public_url, secret)

    return compose


def _code_mail(address: MailAddress, public_url: str, secret: bytes) -> Mail:
    code = code_of(secret, address)
    shown = "-".join(code[place : place + 4] for place in range(0, len(code), 4))
    link = f"{public_url}/mail/verify?token={verify_token(secret, address)}"
    language = address.language.value
    subject = sentence("mail_code_subject", {}, language)
    return Mail(address.address, subject, sentence("mail_code_text", {"code": shown, "link": link}, language))


def _event_mail(address: MailAddress, message: Message, public_url: str, secret: bytes) -> Mail:
    language = address.language.value
    data = message.body.get("data", {})
    known = {name: _text(value, language) for name, value in data.items()}
    code = f"mail_{message.topic.replace('.', '_')}"
    named = data.get("name") or data.get("title") or data.get("case") or ""
    subject = f"{sentence('mail_subject', {'topic': term(code, language), 'named': named}, language)}"
    leave = f"{public_url}/mail/unsubscribe?token={unsubscribe_token(secret, address)}"
    lines = [sentence(f"{code}_text", known, language) if f"{code}_text" in vocabulary() else subject]
    lines += [f"{public_url}{_page_of(data)}"] if _page_of(data) else []
    lines += ["", sentence("mail_footer", {"link": leave}, language)]
    headers = (("List-Unsubscribe", f"<{leave}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return Mail(address.address, " ".join(subject.split())[:SUBJECT_LENGTH_MAX], "\n".join(lines) + "\n", headers)


def _text(value: Any, language: str) -> str:
    return term(str(value), language) if isinstance(value, str) else str(value) if value is not None else "—"


def _page_of(data: Mapping[str, Any]) -> str:
    """Return the page an event is about, as a path."""
    name, _, version = str(data.get("name") or "").partition("@")
    if name.count("/") != 1 or "draft" in data:  # A draft has no page.
        return ""
    return f"/datasets/{quote(name)}" + (f"?version={quote(version)}" if version else "")
