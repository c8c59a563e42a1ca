"""A mail server on loopback (aiosmtpd): what it took, and what it is told to refuse."""

import asyncio
import email
import email.policy
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class MailBox:
    """The messages that were taken, and the replies to give first: by command, in order."""

    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    replies: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    port: int = 0
    greeted: list[str] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """The texts of what was taken."""
        return [
            str(message.get_content()).replace("\u00a0", " ").replace("\r", "").strip()
            for message in self.taken
        ]

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, _envelope: Envelope, host: str, answers: list[str]
    ) -> list[str]:
        session.host_name = host
        self.greeted.append(host)
        return answers

    async def handle_RCPT(  # noqa: N802 - as above
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if waiting := self.replies.get("RCPT"):
            return waiting.pop(0)
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - as above
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if waiting := self.replies.get("DATA"):
            return waiting.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        self.recipients += envelope.rcpt_tos
        return "250 taken"


@asynccontextmanager
async def mail_server(
    box: MailBox | None = None, *, port: int = 0, **options: Any
) -> AsyncIterator[MailBox]:
    """Serve as long as the block lasts; ``options`` are aiosmtpd's."""
    box = box or MailBox()
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(box, hostname="mail.exemple.fr", **options)

    server = await loop.create_server(session, "127.0.0.1", port)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()


def knows(name: str, password: str) -> Any:
    """Return an authenticator of aiosmtpd's that knows one account."""

    def check(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any
    ) -> AuthResult:
        is_known = (given.login, given.password) == (name.encode(), password.encode())
        return AuthResult(success=is_known, handled=False)

    return check


def of_tests(certificate: str, key: str) -> ssl.SSLContext:
    """Return the context of a server with a certificate of the tests."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context
