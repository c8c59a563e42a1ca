"""Updates on their way to the bot: by polling or by webhook to any worker; none is ever lost.

As with Telegram, an update is kept until a later offset or a 200 confirms it. Unlike with Telegram,
some come twice, and updates of different chats overtake each other.
"""

import asyncio
import json
import random
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import aiohttp

Json: TypeAlias = Any
Update: TypeAlias = dict[str, Json]

SECRET = "soak-secret"  # noqa: S105 - between processes of this machine
_BATCH = 100
_POSTS_AT_ONCE = 40
_OFTEN, _SELDOM = 0.2, 0.03
_PATIENCE = aiohttp.ClientTimeout(total=15)


class Mail:
    """All updates of a run; ``ports`` are the workers' webhooks, empty for polling."""

    def __init__(self, seed: int, ports: Sequence[int] = ()) -> None:
        self._chosen = random.Random(seed)  # noqa: S311 - the same in each run
        self._ports = ports
        self._last_id = 100_000
        self._queue: deque[Update] = deque()
        self._came = asyncio.Event()
        self._old: deque[Update] = deque(maxlen=200)
        self._chats: dict[int, deque[Update]] = defaultdict(deque)
        self._places = asyncio.Semaphore(_POSTS_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self.is_foul = False
        self._lanes: dict[int, int] = {}
        self.sent: dict[int, Update] = {}
        self.confirmed: set[int] = set()
        self.counts: Counter[str] = Counter()
        self.fetches = 0

    @property
    def waiting(self) -> int:
        """Count the unconfirmed updates."""
        return len(self.sent) - len(self.confirmed)

    def send(self, chat: int, content: Json) -> int:
        """Send an update of a chat; return its number."""
        self._last_id += 1
        update = {"update_id": self._last_id} | content
        self.sent[self._last_id] = update
        self._lanes[self._last_id] = chat
        if self._ports:
            self._chats[chat].append(update)
            if len(self._chats[chat]) == 1:
                self._spawn(self._post_chat(chat))
        else:
            self._queue.append(update)
            self._came.set()
        return self._last_id

    def forget_old(self) -> None:
        """Repeat nothing that came before now: Telegram keeps no update longer than 24 hours."""
        self._old.clear()

    async def fetch(self, offset: int) -> list[Update]:
        """Return the next batch, unconfirmed updates first; wait up to a second for one."""
        self.fetches += 1
        self._confirm(offset)
        if not self._queue:
            self._came.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._came.wait(), 1)
        batch = list(self._queue)[:_BATCH]
        if batch and self.is_foul:
            batch = self._shuffled([*batch, *self._repeated()])
        return batch

    def _confirm(self, offset: int) -> None:
        while self._queue and self._queue[0]["update_id"] < offset:
            update = self._queue.popleft()
            self.confirmed.add(update["update_id"])
            self._old.append(update)

    def _repeated(self) -> list[Update]:
        if not self._old or self._chosen.random() > _OFTEN:
            return []
        again = self._chosen.choices(self._old, k=self._chosen.randint(1, 5))
        self.counts["repeated"] += len(again)
        return again

    def _shuffled(self, batch: list[Update]) -> list[Update]:
        """Let chats overtake each other; the order within a chat stays."""
        if self._chosen.random() > _OFTEN:
            return batch
        self.counts["reordered"] += 1
        lanes: dict[int, deque[Update]] = defaultdict(deque)
        for update in batch:
            lanes[self._lanes[update["update_id"]]].append(update)
        order = [self._lanes[update["update_id"]] for update in batch]
        self._chosen.shuffle(order)
        return [lanes[lane].popleft() for lane in order]

    async def _post_chat(self, chat: int) -> None:
        """Send the waiting updates of a chat in order, each until a worker accepts it."""
        waiting = self._chats[chat]
        while waiting:
            if self.is_foul and self._chosen.random() < _SELDOM:
                self.counts["reordered"] += 1
                await asyncio.sleep(self._chosen.random())
            update = waiting[0]
            while not await self._post(update):  # noqa: ASYNC110 - time itself is awaited
                await asyncio.sleep(self._chosen.uniform(0.1, 0.5))
            self.confirmed.add(update["update_id"])
            if self.is_foul and self._chosen.random() < _SELDOM:
                self.counts["repeated"] += 1
                self._spawn(self._post_again(update, self._chosen.uniform(0, 5)))
            waiting.popleft()

    async def _post_again(self, update: Update, after: float) -> None:
        await asyncio.sleep(after)
        await self._post(update)

    async def _post(self, update: Update) -> bool:
        """Send to one of the workers' webhooks; False where it must be tried again."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_PATIENCE)
        url = f"http://127.0.0.1:{self._chosen.choice(self._ports)}/telegram"
        headers = {
            "X-Telegram-Bot-Api-Secret-Token": SECRET,
            "Content-Type": "application/json",
        }
        try:
            async with (
                self._places,
                self._session.post(url, data=json.dumps(update), headers=headers) as response,
            ):
                self.counts[f"status {response.status}"] += 1
                return response.ok
        except (aiohttp.ClientError, OSError, TimeoutError):
            self.counts["not taken"] += 1
            return False

    def _spawn(self, sending: Json) -> None:
        task = asyncio.create_task(sending)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop sending."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()
