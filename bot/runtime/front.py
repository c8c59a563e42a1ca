"""The front: a process that answers what is ready, and hands every other connection to the bot.

``python -m bot.runtime.front LISTENER LINK``, with the descriptors of the listening socket and of
the link to the bot (see `front_link`). It gives way to the bot where both need the same core. It
reads nothing but plain GETs: the bot goes on with a connection, and with the bytes read of it, as
if it had accepted it.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping

from bot.runtime import event_loop, front_link
from bot.runtime.client_limits import ClientLimits, Guests
from bot.runtime.plain_head import read_plain_get
from bot.runtime.ready_answers import ReadyAnswer, found

# A thirtieth of a core where the bot needs it all, and all that the bot leaves.
_NICENESS = 15
_BACKLOG = 1024
_COUNT_EVERY_SECONDS = 1.0
_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: front: %(message)s"
# As the bot's own server.
_IDLE_SECONDS = 75.0
_GRACE_SECONDS, _LOOK_EVERY_SECONDS = 2.0, 0.01
# Where the status begins in an answer as it goes over the wire; the code of the digit 0.
_STATUS_AT, _ZERO = len(b"HTTP/1.1 "), ord("0")


class Front:
    """Accepts connections, and answers them from what the bot has told."""

    def __init__(
        self, listener: socket.socket, link: socket.socket, limits: ClientLimits | None = None
    ) -> None:
        self.guests = Guests(limits or ClientLimits())
        # Shared by all connections: what is read is used before the next one reads.
        self.buffer = memoryview(bytearray(front_link.LONGEST_READ))
        self._listener = listener
        self._link = link
        self._ready: dict[bytes, ReadyAnswer] = {}
        self._counts = [0] * 6
        # Those for which the link has no room yet.
        self._leaving: list[tuple[Client, bytes]] = []

    async def run(self, told: asyncio.StreamReader) -> None:
        """Answer until the bot ends, of which ``told`` reads."""
        loop = asyncio.get_running_loop()
        self._link.settimeout(0)
        server = await loop.create_server(
            lambda: Client(self), sock=self._listener, backlog=_BACKLOG
        )
        self._link.send(front_link.ACCEPTS)
        counting = loop.create_task(self._count())
        try:
            while (news := await front_link.unpacked(told)) is not None:
                self.learn(*news)
        finally:
            counting.cancel()
            server.close()
            await self._end_connections()

    def learn(self, target: bytes, answer: ReadyAnswer | None) -> None:
        """Answer so from now on; None: forget everything."""
        if answer is None:
            self._ready.clear()
        else:
            self._ready[target] = answer

    def answer(self, target: bytes, headers: Mapping[bytes, bytes]) -> bytes | None:
        """Return what is sent for a GET, and count it; None where it is not ready."""
        ready = found(self._ready, target)
        if ready is None:
            return None
        sent = ready.to(headers)
        self._counts[sent[_STATUS_AT] - _ZERO] += 1
        return sent

    def hand_over(self, client: "Client", read: bytes) -> None:
        """Let the bot go on with a connection, of which these bytes were read."""
        self._leaving.append((client, read))
        if len(self._leaving) == 1:
            self._send_leaving()

    def _send_leaving(self) -> None:
        """Send as many as the link has room for; the rest once it has."""
        loop = asyncio.get_running_loop()
        while self._leaving:
            client, read = self._leaving[0]
            if not client.transport.is_closing():
                own = client.transport.get_extra_info("socket").fileno()
                try:
                    socket.send_fds(self._link, [front_link.CONNECTION + read], [own])
                except BlockingIOError:
                    loop.add_writer(self._link, self._send_leaving)
                    return
                except OSError:
                    # The bot has ended, or may open no more files: the client asks again.
                    pass
                # The bot has its own descriptor: this closes ours, not the connection.
                client.transport.abort()
            del self._leaving[0]
        loop.remove_writer(self._link)

    async def _end_connections(self) -> None:
        """Close all once what was answered is sent, or the time is over."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _GRACE_SECONDS
        for client in self.guests.present:
            client.transport.close()
        # A connection tells its own end, not that it is the last.
        while self.guests.present and loop.time() < until:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(_COUNT_EVERY_SECONDS)
            # Of nothing too: the bot ends a front that says nothing.
            with contextlib.suppress(OSError):
                self._link.send(front_link.counted(self._counts))
                self._counts = [0] * 6


class Client(asyncio.BufferedProtocol):
    """One connection, until it is handed over."""

    transport: asyncio.Transport

    def __init__(self, front: Front) -> None:
        self._front = front
        self._loop = asyncio.get_running_loop()
        # When the client has been silent for too long; the timer that looks.
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._reading_deadline: asyncio.TimerHandle | None = None
        # What was read, and is the bot's once all answers are sent.
        self._kept = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the client, or close the connection at once."""
        self.transport = transport  # type: ignore[assignment]  # of a socket
        peer = transport.get_extra_info("peername")
        guests = self._front.guests
        if guests.admit(self, peer[0] if peer else ""):
            guests.waits(self)
            self._allow(guests.limits.head)
        else:
            self.transport.abort()

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget the client."""
        self._front.guests.leave(self)
        for timer in (self._timer, self._reading_deadline):
            if timer is not None:
                timer.cancel()

    def get_buffer(self, _hint: int) -> memoryview:
        """Return where to read to."""
        return self._front.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Answer a plain GET that is ready; hand over everything else."""
        read = bytes(self._front.buffer[:nbytes])
        head = read_plain_get(read)
        answer = self._front.answer(head.target, head.headers) if head else None
        if head is None or answer is None:
            self._leave(read)
            return
        self.transport.write(answer)
        if not head.goes_on:
            self.transport.close()
            return
        guests = self._front.guests
        # Whoever was answered last is the last to make room.
        guests.works(self)
        guests.waits(self)
        self._allow(_IDLE_SECONDS)

    def pause_writing(self) -> None:
        """Read no further request while answers are not read; for a limited time."""
        self.transport.pause_reading()
        seconds = self._front.guests.limits.silence
        self._reading_deadline = self._loop.call_later(seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        if self._reading_deadline is not None:
            self._reading_deadline.cancel()
            self._reading_deadline = None
        if self._kept:
            self._front.hand_over(self, self._kept)
        else:
            self.transport.resume_reading()

    def _leave(self, read: bytes) -> None:
        self.transport.pause_reading()
        if self.transport.get_write_buffer_size():
            self._kept = read
            # Tells when all is sent.
            self.transport.set_write_buffer_limits(0)
        else:
            self._front.hand_over(self, read)

    def _allow(self, seconds: float) -> None:
        """Close the connection unless something comes; a timer that runs looks again at its end."""
        self._until = self._loop.time() + seconds
        if self._timer is None:
            self._timer = self._loop.call_at(self._until, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._loop.time() >= self._until:
            self.transport.abort()
        else:
            self._timer = self._loop.call_at(self._until, self._look)


async def _serve(listener: socket.socket, link: socket.socket) -> None:
    loop, told = asyncio.get_running_loop(), asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(told), sys.stdin)
    await Front(listener, link).run(told)


def main() -> None:
    """Serve until the bot ends."""
    # The bot tells the end, whoever asked for it.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    os.nice(_NICENESS)
    logging.basicConfig(format=_LOG_FORMAT)
    listener, link = (socket.socket(fileno=int(each)) for each in sys.argv[1:])
    event_loop.run(_serve(listener, link))


if __name__ == "__main__":
    main()
