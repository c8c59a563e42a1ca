"""The process's counters, for Prometheus; metrics are named only here.

Label values come from closed lists (outcomes, classes of errors): never a chat, a person or a text.
Each worker counts for itself: scrape each of them, not the load balancer.
"""

import asyncio
import time
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from telegram import error as telegram_errors
from telegram.error import TelegramError

from handlers.core.turn import Turn

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LAG_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1)
_LAG_EVERY_SECONDS = 0.25
_KINDS = frozenset(telegram_errors.__all__)


def _counter(name: str, description: str, *labels: str) -> Counter:
    return Counter(f"bot_{name}", description, labels, registry=REGISTRY)


RECEIVED = _counter("updates_received", "Updates kept in the inbox; repetitions do not count.")
REFUSED = _counter("updates_refused", "Posts to the webhook that were not kept.", "reason")
HANDLED = _counter("updates_handled", "Updates handled whole.")
SET_ASIDE = _counter("updates_set_aside", "Updates whose handling failed for good.")
POSTPONED = _counter(
    "updates_postponed", "Handlings that the database did not allow, to be retried."
)
EVENTS = _counter("events", "What came of what people did.", "event", "kind")
INLINE = _counter("inline_queries", "What came of inline queries.", "outcome")
SENT = _counter("messages_sent", "Calls of the outbox that Telegram accepted.")
FAILED = _counter("deliveries_failed", "Calls that Telegram did not accept, by error.", "kind")
PARKED = _counter("deliveries_parked", "Messages given up for good.")
PAUSES = _counter("telegram_pauses", "Times that Telegram asked for a pause.")
LOOP_FAILURES = _counter("loop_failures", "Failures of the service's loops.", "loop")
PAUSE_SECONDS = _counter("telegram_pause_seconds", "Seconds of pause that Telegram asked for.")
HANDLING = Histogram(
    "bot_handling_seconds",
    "From the handlers to the commit, but for what was matched ahead.",
    buckets=_SECONDS,
    registry=REGISTRY,
)
WAITING = Histogram(
    "bot_waiting_seconds", "From the inbox to the commit.", buckets=_SECONDS, registry=REGISTRY
)
LAG = Histogram(
    "bot_event_loop_lag_seconds",
    "How late the event loop wakes.",
    buckets=_LAG_SECONDS,
    registry=REGISTRY,
)
BACKLOG = Gauge("bot_backlog", "Rows that wait.", ("table",), registry=REGISTRY)


class _Pages(Collector):
    """Answers to requests for pages, by class of status.

    Plain numbers, counted on the event loop alone: a ``Counter`` takes a lock for each of thousands
    of pages a second.
    """

    def __init__(self) -> None:
        # By the first digit of the status; 0 is unused.
        self.answered = [0] * 6

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Yield the counter, as Prometheus knows it."""
        family = CounterMetricFamily(
            "bot_page_requests", "Answers to requests for pages.", labels=["status"]
        )
        for digit, count in enumerate(self.answered[1:], 1):
            family.add_metric([f"{digit}xx"], count)
        yield family


_pages = _Pages()
REGISTRY.register(_pages)


def exposed() -> bytes:
    """Return all metrics in Prometheus' text format."""
    return generate_latest(REGISTRY)


def kind_of(error: BaseException) -> str:
    """Return the label of an error: the name of one of PTB's classes, or ``other``."""
    name = type(error).__name__
    return name if name in _KINDS else "other"


def handled(turn: Turn, received_at: datetime) -> None:
    """Count an update whose handling has committed, and its outcome."""
    HANDLED.inc()
    HANDLING.observe(time.perf_counter() - turn.began)
    WAITING.observe(max(0.0, (turn.services.clock() - received_at).total_seconds()))
    for event, kind in turn.happened:
        EVENTS.labels(event, kind).inc()


def failed(error: TelegramError) -> None:
    """Count a call of the outbox that Telegram did not accept."""
    FAILED.labels(kind_of(error)).inc()


def pause(seconds: float) -> None:
    """Count a pause that Telegram asked for."""
    PAUSES.inc()
    PAUSE_SECONDS.inc(seconds)


def page_answered(digit: int, number: int = 1) -> None:
    """Count answers to requests for pages; ``digit`` is the first of their status."""
    _pages.answered[digit] += number


async def watch_loop() -> None:
    """Measure, for ever, how late the event loop runs what is due."""
    while True:
        # Not the loop's own clock: uvloop's stands still while a callback runs.
        due = time.monotonic() + _LAG_EVERY_SECONDS
        await asyncio.sleep(_LAG_EVERY_SECONDS)
        LAG.observe(max(0.0, time.monotonic() - due))
