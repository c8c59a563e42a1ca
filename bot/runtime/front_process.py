"""The bot's side of its front: starts it, tells it the answers, and takes what it hands over.

Without the front the bot accepts connections itself: before the front is ready, after it has died,
and where it cannot be started.
"""

import asyncio
import contextlib
import logging
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import bot
from bot.runtime import front_link
from bot.runtime.ready_answers import ReadyAnswers
from bot.runtime.web_server import WebServer

# A publication, and a page that was made, are told within this time.
_TELL_EVERY_SECONDS = 1.0
# The front has two seconds for the answers under way.
_END_SECONDS = 5.0
# A front that says nothing between two such looks, and again, hangs: it speaks every second.
_LOOK_EVERY_SECONDS, _MOST_SILENCES = 5.0, 2
# Messages are taken in turns with all else that the bot does.
_MOST_AT_A_TIME = 64
_LONGEST_MESSAGE = 1 + front_link.LONGEST_READ
# What Python needs of the environment. The front reads what strangers send, and needs no secret.
_NEEDED = ("LD_LIBRARY_PATH", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "TZ")
_CODE = Path(bot.__file__).parent.parent
logger = logging.getLogger(__name__)


class FrontEndedError(Exception):
    """The front has ended by itself."""


def is_possible() -> bool:
    """Tell whether this system lets a process hand over connections, message by message."""
    return sys.platform == "linux"


class FrontProcess:
    """One front at a time."""

    def __init__(
        self,
        server: WebServer,
        ready: Callable[[], ReadyAnswers],
        count: Callable[[int, int], None],
    ) -> None:
        """``ready`` returns the same object, which may grow, until its answers are outdated.

        ``count`` is told the first digit of a status, and how many such answers the front gave.
        """
        self._server = server
        self._ready = ready
        self._count = count
        self._adopting: set[asyncio.Task[None]] = set()
        self.process_id: int | None = None
        self._has_spoken = True

    async def run(self) -> None:
        """Keep one front until cancelled; FrontEndedError once it has ended, OSError if it cannot.

        Meanwhile the front alone accepts connections.
        """
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours:
            ours.settimeout(0)
            with theirs:
                process = await self._started(theirs)
            loop.add_reader(ours, self._take, ours)
            own = [loop.create_task(self._tell(process)), loop.create_task(self._watch(process))]
            try:
                await process.wait()
                raise FrontEndedError(f"the front ended with {process.returncode}")
            finally:
                loop.remove_reader(ours)
                for task in own:
                    task.cancel()
                await asyncio.gather(*own, return_exceptions=True)
                # First, so that whoever comes now need not wait.
                await self._server.accept()
                self.process_id = None
                await _end(process)

    async def _started(self, link: socket.socket) -> asyncio.subprocess.Process:
        given = (self._server.listening, link.fileno())
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            # Nothing is imported from the folder where the bot writes.
            "-P",
            "-m",
            "bot.runtime.front",
            *map(str, given),
            stdin=asyncio.subprocess.PIPE,
            pass_fds=given,
            env={name: os.environ[name] for name in _NEEDED if name in os.environ}
            | {"PYTHONPATH": str(_CODE)},
        )
        self.process_id = process.pid
        return process

    async def _tell(self, process: asyncio.subprocess.Process) -> None:
        """Tell what is ready, and what no longer is, as long as the front listens."""
        if process.stdin is None:
            return
        known: set[bytes] = set()
        told: ReadyAnswers | None = None
        with contextlib.suppress(ConnectionError):
            while True:
                ready = self._ready()
                if ready is not told:
                    told, known = ready, set()
                    process.stdin.write(front_link.packed(b"", None))
                if len(ready) > len(known):
                    # A copy: other threads add to it.
                    for target, answer in dict(ready).items():
                        if target not in known:
                            known.add(target)
                            process.stdin.write(front_link.packed(target, answer))
                            await process.stdin.drain()
                await asyncio.sleep(_TELL_EVERY_SECONDS)

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """End a front that has said nothing since two looks: all connections go through it."""
        silences = 0
        while True:
            self._has_spoken = False
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            silences = 0 if self._has_spoken else silences + 1
            if silences == _MOST_SILENCES:
                logger.error("the front says nothing: it is ended")
                process.kill()

    def _take(self, link: socket.socket) -> None:
        """Take what the front has sent."""
        for _ in range(_MOST_AT_A_TIME):
            try:
                message, descriptors, _, _ = socket.recv_fds(link, _LONGEST_MESSAGE, 1)
            except BlockingIOError:
                return
            except OSError:
                message, descriptors = b"", []
            if not message:
                # It has ended: this would be called again and again.
                asyncio.get_running_loop().remove_reader(link)
                return
            self._has_spoken = True
            self._understand(message, descriptors)

    def _understand(self, message: bytes, descriptors: list[int]) -> None:
        kind = message[:1]
        if kind == front_link.CONNECTION:
            for each in descriptors:
                connection = socket.socket(fileno=each)
                adopting = asyncio.get_running_loop().create_task(
                    self._server.adopt(connection, message[1:])
                )
                self._adopting.add(adopting)
                adopting.add_done_callback(self._adopting.discard)
        elif kind == front_link.COUNTED:
            for digit, number in enumerate(front_link.counts_in(message)):
                self._count(digit, number)
        elif kind == front_link.ACCEPTS:
            self._server.leave_accepting()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Let the front end, and make it where it does not."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(_END_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
