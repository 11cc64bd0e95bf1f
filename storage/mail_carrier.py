"""Mail on its way: handed in to the operator's mail server (RFC 5321, RFC 6409), which carries it on.

Rules:
* Mail counts as delivered when the server has taken it with a 250. One that fails before that is handed in again under
  the same ``Message-ID``, so that a mail program shows a repeat once.
* A password is sent only over TLS. ``smtps`` begins with it; ``smtp`` takes it where the server offers it.
* A recipient that the server refuses for good (5xx) is not tried again.
"""

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from storage.outbox import Carrier, DeliveryFailedError, Message
from storage.settings import MailServer

TIMEOUT_S: Final = 15


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it is handed in. ``headers`` come beside those every mail has."""

    to: str
    subject: str
    text: str
    headers: tuple[tuple[str, str], ...] = ()


def mail_carrier(server: MailServer, compose: Callable[[Message], Mail]) -> Carrier:
    """Return what hands mail to ``server``.

    ``compose`` writes the mail of a message, or raises DeliveryFailedError when nobody takes it any more.
    """

    def carry(message: Message) -> None:
        mail = _written(server, message, compose(message))
        try:
            with _connected(server) as hand_in:
                hand_in.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            status = max((code for code, _ in error.recipients.values()), default=0)
            raise DeliveryFailedError(f"mail server refuses the recipient: {status}", for_good=status >= 500) from error
        except smtplib.SMTPResponseException as error:
            raise DeliveryFailedError(f"mail server answered {error.smtp_code}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise DeliveryFailedError(f"mail server: {type(error).__name__}") from error

    return carry


def _written(server: MailServer, message: Message, mail: Mail) -> EmailMessage:
    # A link in a header is longer than a line, and must not be broken or encoded.
    made = EmailMessage(policy=SMTP.clone(max_line_length=998))
    made["From"], made["To"], made["Subject"] = server.sender, mail.to, mail.subject
    made["Date"] = format_datetime(datetime.now(UTC))
    made["Message-ID"] = f"<{message.id.hex}@{server.sender.rpartition('@')[2]}>"
    # Nobody answers this: out-of-office programs stay silent (RFC 3834 §5).
    made["Auto-Submitted"] = "auto-generated"
    for name, value in mail.headers:
        made[name] = value
    # Not every server takes eight bits.
    made.set_content(mail.text, cte="base64")
    return made


def _connected(server: MailServer) -> smtplib.SMTP:
    """Return a session, over TLS where the server has it. Raises OSError, SMTPException."""
    if server.implicit_tls:
        context = ssl.create_default_context()
        hand_in: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
    else:
        hand_in = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    try:
        _greet(hand_in, server)
    except BaseException:
        hand_in.close()
        raise
    return hand_in


def _greet(hand_in: smtplib.SMTP, server: MailServer) -> None:
    hand_in.ehlo_or_helo_if_needed()
    if not server.implicit_tls and hand_in.has_extn("starttls"):
        hand_in.starttls(context=ssl.create_default_context())
        hand_in.ehlo()
    elif not server.implicit_tls and server.password:
        raise smtplib.SMTPNotSupportedError("no TLS for the password")
    if server.user and server.password:
        hand_in.login(server.user, server.password)


def checked(server: MailServer) -> None:
    """Sign in to the mail server and hand nothing in. Raises OSError, SMTPException."""
    with _connected(server):
        return
