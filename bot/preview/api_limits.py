"""Telegram's rate limits for bots (Bots FAQ, "My bot is hitting limits")."""

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable

from bot.preview.api_errors import ApiError

# The methods that count: those that send or change a message.
PACED = frozenset(
    {
        "sendMessage",
        "sendDocument",
        "sendPhoto",
        "sendMediaGroup",
        "editMessageText",
        "editMessageReplyMarkup",
    }
)


class Window:
    """A sliding window: at most a number of messages in some seconds."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._times: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Return the seconds until another message may be sent."""
        while self._times and self._times[0] <= now - self._seconds:
            self._times.popleft()
        return self._times[0] + self._seconds - now if len(self._times) >= self._most else 0.0

    def count(self, now: float) -> None:
        """Count a message sent now."""
        self._times.append(now)


class ApiLimits:
    """30 messages a second in all, one a second in a chat, 20 a minute in a group."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._all = Window(30, 1.0)
        self._chats: dict[int, Window] = defaultdict(lambda: Window(1, 1.0))
        self._groups: dict[int, Window] = defaultdict(lambda: Window(20, 60.0))

    def admit(self, chat_id: int) -> None:
        """Count a message; ApiError 429 with the seconds to wait if it comes too soon."""
        now = self._clock()
        windows = [self._all, self._chats[chat_id]]
        if chat_id < 0:
            windows.append(self._groups[chat_id])
        wait = max(window.wait(now) for window in windows)
        if wait > 0:
            seconds = math.ceil(wait)
            reason = f"Too Many Requests: retry after {seconds}"
            raise ApiError(429, reason, {"retry_after": seconds})
        for window in windows:
            window.count(now)
