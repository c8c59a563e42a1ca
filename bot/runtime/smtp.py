"""E-mails over SMTP: one message a connection, within a deadline, and what a refusal means.

Nothing here writes an address, a text or the server's words (they may quote both) into a log.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from enum import Enum, StrEnum
from typing import Protocol

import aiosmtplib
from aiosmtplib import errors

# RFC 5321 §4.5.3.2 allows minutes for each command: a server that takes so long is tried later.
_COMMAND_SECONDS = 20.0
_MESSAGE_SECONDS = 60.0
# RFC 5321 §4.2.1: from here on, a reply says that trying again will not help.
_PERMANENT = 500
# RFC 1870: told of the sender where the size is announced there.
_TOO_LARGE = 552


class Security(StrEnum):
    """How a connection to the mail server is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"

    @property
    def usual_port(self) -> int:
        """The port where servers offer this (RFC 6409, RFC 8314)."""
        return {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}[self]


class MailTrouble(Enum):
    """What follows from a failed attempt."""

    # The recipient's server asks to come back, or the connection broke: it passes by itself.
    LATER = "later"
    # This e-mail will never be taken.
    NEVER = "never"
    # No e-mail is taken until a person mends the settings or the server.
    CLOSED = "closed"


class MailError(Exception):
    """An e-mail was not taken; ``why`` names words of ``handlers/messages/alerts.yaml``."""

    def __init__(self, trouble: MailTrouble, why: str) -> None:
        super().__init__(why)
        self.trouble = trouble
        self.why = why


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who e-mails come from: the name that is shown, and the address."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What stands after the at sign."""
        return self.address.rpartition("@")[2]


class Postman(Protocol):
    """Takes e-mails to their recipients."""

    async def deliver(self, message: EmailMessage) -> None:
        """Hand over one e-mail; raises MailError where it is not taken."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """The mail server of the settings."""

    host: str
    port: int
    security: Security
    head: Letterhead
    user: str = ""
    # Left out of what a log or a traceback would show.
    password: str = ""

    def __repr__(self) -> str:
        """Return the server without its password."""
        return f"MailServer({self.host}:{self.port})"

    async def deliver(self, message: EmailMessage) -> None:
        """Hand over one e-mail; raises MailError where it is not taken."""
        async with _understood(), self._connected() as client:
            await client.send_message(message, sender=self.head.address)

    async def greet(self) -> None:
        """Connect, encrypt, say EHLO and log in, and send nothing; raises MailError."""
        async with _understood(), self._connected():
            return

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            timeout=_COMMAND_SECONDS,
            use_tls=self.security is Security.TLS,
            start_tls=self.security is Security.STARTTLS,
            username=self.user or None,
            password=self.password or None,
            # By default the name of this machine, which asyncio would wait for and all would read.
            local_hostname=self.head.domain,
        )
        try:
            await client.connect()
            # Connecting says nothing yet where neither TLS nor a name is needed.
            await client.ehlo()
            yield client
        finally:
            client.close()


@asynccontextmanager
async def _understood() -> AsyncIterator[None]:
    """Raise what a failure means. Its own words may name people: they are not chained to it."""
    try:
        async with asyncio.timeout(_MESSAGE_SECONDS):
            yield
    except (errors.SMTPException, OSError, ValueError) as failure:
        meant = _meaning(failure)
    else:
        return
    raise meant


def _meaning(failure: Exception) -> MailError:
    match failure:
        case errors.SMTPRecipientsRefused(recipients=[first, *_]):
            meant = _of_code(first.code, "mail_address")
        case errors.SMTPAuthenticationError():
            meant = _closed_unless_passing(failure, "mail_access")
        case errors.SMTPSenderRefused(code=code) if code == _TOO_LARGE:
            meant = MailError(MailTrouble.NEVER, "mail_content")
        case errors.SMTPSenderRefused():
            meant = _closed_unless_passing(failure, "mail_sender")
        case errors.SMTPDataError(code=code):
            meant = _of_code(code, "mail_content")
        case errors.SMTPNotSupported() | ValueError():
            # An address in letters that the server, or SMTP, does not know.
            meant = MailError(MailTrouble.NEVER, "mail_address")
        case errors.SMTPException(message=words) if "AUTH extension" in str(words):
            meant = MailError(MailTrouble.CLOSED, "mail_access")
        case errors.SMTPException(message=words) if "STARTTLS extension" in str(words):
            meant = MailError(MailTrouble.CLOSED, "mail_tls")
        case _ if _is_of_tls(failure):
            meant = MailError(MailTrouble.CLOSED, "mail_tls")
        case _:
            meant = MailError(MailTrouble.LATER, "mail_away")
    return meant


def _is_of_tls(failure: BaseException) -> bool:
    """Tell whether encryption failed: the library tells it as a failed connection."""
    causes = [failure, failure.__cause__, failure.__context__]
    return any(isinstance(cause, ssl.SSLError) for cause in causes)


def _of_code(code: int, why: str) -> MailError:
    is_final = code >= _PERMANENT
    return MailError(MailTrouble.NEVER if is_final else MailTrouble.LATER, why)


def _closed_unless_passing(failure: errors.SMTPResponseException, why: str) -> MailError:
    is_closed = failure.code >= _PERMANENT
    return MailError(MailTrouble.CLOSED if is_closed else MailTrouble.LATER, why)
