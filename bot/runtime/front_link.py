"""What the bot and its front say to each other.

The front reads answers from its standard input: each a length of four bytes and a pickle. The bot
reads from a socket that keeps messages apart: each begins with a byte that says what it is.
"""

import asyncio
import pickle
import struct
from typing import Final

from bot.runtime.ready_answers import ReadyAnswer

# The front accepts connections from now on.
ACCEPTS: Final = b"A"
# How many answers the front gave since the last such message, by the first digit of their status.
COUNTED: Final = b"N"
# A connection to go on with, and what has been read of it.
CONNECTION: Final = b"C"
# More than the head of a request has; what is not read of a connection goes along with it.
LONGEST_READ: Final = 16 * 1024
_LENGTH, _COUNTS = struct.Struct("!I"), struct.Struct("!6Q")


def packed(target: bytes, answer: ReadyAnswer | None) -> bytes:
    """Return what tells the front of an answer; None: that it must forget all it has."""
    content = pickle.dumps((target, answer), pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(content)) + content


async def unpacked(reader: asyncio.StreamReader) -> tuple[bytes, ReadyAnswer | None] | None:
    """Return the next that the bot tells; None once it has ended."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        content = await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    # Only the bot can write here.
    told: tuple[bytes, ReadyAnswer | None] = pickle.loads(content)  # noqa: S301
    return told


def counted(counts: list[int]) -> bytes:
    """Return the message with so many answers, by digits 0 to 5."""
    return COUNTED + _COUNTS.pack(*counts)


def counts_in(message: bytes) -> tuple[int, ...]:
    """Return the counts in such a message."""
    return _COUNTS.unpack(message[len(COUNTED) :])
