"""A mail server that takes every e-mail, and keeps each as a call that was carried out."""

import asyncio
import email
import email.policy
import time
from collections import defaultdict

from aiosmtpd.smtp import SMTP, Envelope, Session

from benchmarks.soak.record import Accepted

LEAD, CORRESPONDENT = "jeanne.martin@example.fr", "nadia@example.fr"
# What stands for the chat of each in the ledger.
CHATS = {LEAD: -3001, CORRESPONDENT: -3002}


class Letters:
    """The server, and what it took by address: ``id`` is the Message-ID."""

    def __init__(self) -> None:
        self.taken: dict[str, list[Accepted]] = defaultdict(list)
        self._server: asyncio.Server | None = None

    async def start(self) -> dict[str, str]:
        """Listen on a free port; return the settings by which the bot finds it."""
        running = asyncio.get_running_loop()
        self._server = await running.create_server(lambda: SMTP(self), "127.0.0.1", 0)
        return {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self._server.sockets[0].getsockname()[1]),
            "SMTP_SECURITY": "none",
            "MAIL_FROM": "bot@example.fr",
            "ADMIN_EMAILS": f"Nadia Benali <{CORRESPONDENT}>",
        }

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep an e-mail; a process that was killed meanwhile reads no answer."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = email.message_from_bytes(content, policy=email.policy.default)
        body = message.get_body()
        values = {"id": message["Message-ID"], "text": body.get_content() if body else ""}
        answered = server.transport is not None and not server.transport.is_closing()
        for address in envelope.rcpt_tos:
            call = Accepted(time.monotonic(), CHATS[address], "email", values, answered)
            self.taken[address].append(call)
        return "250 taken"

    async def stop(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()
