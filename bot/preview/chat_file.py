"""Saves the chats in a file, so that a restarted preview shows them again."""

import asyncio
import contextlib
import json
import logging
from pathlib import Path

from bot.preview.messenger import Messenger
from bot.runtime import json_text
from knowledge.atomic_write import replacing

logger = logging.getLogger(__name__)
_DELAY_SECONDS = 0.5


class ChatFile:
    """One JSON file with a messenger's chats, kept up to date, readable by its owner only."""

    def __init__(self, path: Path, messenger: Messenger) -> None:
        self._path = path
        self._messenger = messenger
        self._written: str | None = None
        self._seen = 0
        self._closing = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Read the file if this is the first time, and save all changes from now on."""
        if self._written is None:
            self.read()
            self._written = self._text()
        self._closing.clear()
        self._following = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Save the last changes, and stop saving."""
        following, self._following = self._following, None
        if following:
            self._closing.set()
            await following

    def read(self) -> None:
        """Restore the chats from the file; begin without any if it is missing or damaged."""
        try:
            self._messenger.chats.restore(json_text.read(self._path.read_bytes()))
        except FileNotFoundError:
            logger.info("no chats are kept yet: the preview begins without any")
        except (OSError, ValueError) as error:
            logger.warning("the kept chats cannot be read, none are shown: %s", error)

    async def _follow(self) -> None:
        while not self._closing.is_set():
            # Changes within this delay are written together.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_DELAY_SECONDS):
                    await self._closing.wait()
            await self._write()

    async def _write(self) -> None:
        if self._messenger.seq == self._seen:
            return
        self._seen, text = self._messenger.seq, self._text()
        if text == self._written:
            return
        try:
            await asyncio.to_thread(_replace, self._path, text)
            self._written = text
        except OSError as error:
            logger.warning("the chats are not kept: %s", error)

    def _text(self) -> str:
        return json.dumps(self._messenger.chats.kept())


def _replace(path: Path, text: str) -> None:
    """Replace a file by a text atomically."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(text.encode("ascii"))
