"""What follows when Telegram refuses a call: wait, post anew, tell somebody, or give up."""

import logging
from datetime import timedelta

from sqlalchemy import ColumnElement, case
from telegram.error import ChatMigrated, RetryAfter, TelegramError

from bot.outbox.addresses import Addresses
from bot.outbox.refusals import Consequence, Refusal, judge
from bot.outbox.replacements import Replacements, stays
from bot.runtime import metrics
from bot.runtime.error_reference import CrashedError, new_reference
from handlers import deliveries
from handlers.core.alerts import lost_answer
from handlers.core.posting import composed
from handlers.core.services import Services
from handlers.messages import speaking
from storage.database import Database
from storage.engine.errors import StorageError
from storage.engine.repository import LONGEST_WAIT
from storage.engine.schema import outbox
from storage.queues.alerts import Alert, AlertKind
from storage.queues.outbox import Audience, Outgoing, Pending, Priority
from storage.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)
_LONGEST_PAUSE = timedelta(minutes=5)
# After this time an answer is out of date, and Telegram has not accepted it.
_GIVE_UP_AFTER = timedelta(days=3)
# Marks the rows whose group accepts nothing, once whoever waits for them was told.
_HELD = "the group accepts nothing"
_MOST_SLIPS = 5
_MOST_PASSES = 8
# The refusals after which the person's account counts as blocked.
_GONE = frozenset({"blocked", "deactivated"})
# The refusals that a message without its quote does not meet.
_OF_QUOTES = frozenset({"quote", "topic"})


class Failures:
    """Decides by the table of refusals, and records what follows."""

    def __init__(self, database: Database, services: Services, addresses: Addresses) -> None:
        self._database = database
        self._services = services
        self._addresses = addresses
        self.replacements = Replacements(database, services, addresses)
        # Groups of which somebody may have been told that they accept nothing, by a former process
        # too.
        self._may_be_closed = {Audience.ADMINISTRATORS, Audience.FACILITATORS}

    async def meet(self, item: Pending, chat_id: int, error: TelegramError) -> None:
        """Record what follows from a refused call."""
        async with self._database.begin() as work:
            home = await self._addresses.home(work, item)
            match error:
                case RetryAfter():
                    await self._obey(work, item, error, home)
                case ChatMigrated():
                    logger.warning("a group became a supergroup: its new id is followed")
                    await work.outbox.moved(chat_id, error.new_chat_id)
                case _:
                    refusal = judge(error, in_group=home is not None)
                    await self._follow(work, item, error, refusal, home)

    async def _follow(
        self,
        work: UnitOfWork,
        item: Pending,
        error: TelegramError,
        refusal: Refusal,
        home: Audience | None,
    ) -> None:
        if refusal.why in _OF_QUOTES and "reply_parameters" in item.payload:
            await self.replacements.send_without(work, item, "reply_parameters")
            return
        # A topic may stay closed, or be gone: the chat's other calls must not wait for it.
        if refusal.why == "topic" and "message_thread_id" in item.payload:
            await self.replacements.send_without(work, item, "message_thread_id")
            return
        match refusal.consequence:
            case Consequence.DONE:
                await work.outbox.sent(item.id, self._addresses.meant(item), None)
            case Consequence.ANEW:
                await self.replacements.post_anew(work, item, is_visible=stays(error))
            case Consequence.WAIT | Consequence.HOLD if home is not None:
                await self._await_group(work, item, error, refusal, home)
            case Consequence.SKIP if self._is_tried_again(item, home):
                await self._let_pass(work, item, error)
            case Consequence.RETRY:
                await self._retry(work, item, error, home)
            case _:
                await self._park(work, item, error, refusal)

    async def _obey(
        self, work: UnitOfWork, item: Pending, error: RetryAfter, home: Audience | None
    ) -> None:
        """Send nothing until Telegram allows it again: to anybody, or to the group it is about."""
        wait = error.retry_after
        pause = wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
        logger.warning("Telegram asks for a pause of %.0f s", pause.total_seconds())
        metrics.pause(pause.total_seconds())
        # A group has limits of its own, and slow mode: people elsewhere need not wait for it. Where
        # the limit was that of all chats, the next call meets it too.
        if home is None:
            await work.send_pauses.halt(work.now + pause)
        # A row that is postponed for longer than this would count as due.
        until = work.now + min(pause, LONGEST_WAIT)
        await work.outbox.postpone(
            item.id, until, _unless_held("RetryAfter"), self._database.worker
        )

    async def _await_group(
        self,
        work: UnitOfWork,
        item: Pending,
        error: TelegramError,
        refusal: Refusal,
        home: Audience,
    ) -> None:
        """Put off a message for a group that a person must mend, however long that takes."""
        pause, worker = _pause_after(item), self._database.worker
        until = work.now + pause
        if refusal.consequence is Consequence.HOLD:
            await work.outbox.postpone(item.id, until, _HELD, worker, priority=Priority.HELD)
        else:
            for about in await work.outbox.hold(item.lane, _HELD):
                await deliveries.held(work, about, self._services)
            await work.outbox.postpone(item.id, until, _HELD, worker)
        self._may_be_closed.add(home)
        is_new = await work.change_requests.raise_alarm(
            _alarm(home, refusal.consequence), refusal.why
        )
        if is_new:
            await self._tell_other(work, home, AlertKind.GROUP_CLOSED, refusal.why)
        logger.log(
            logging.ERROR if is_new else logging.INFO,
            "the group of the %s cannot be written to (%s): its messages wait, next try in %.0f s",
            home,
            error.message,
            pause.total_seconds(),
        )

    async def works(self, item: Pending) -> bool:
        """Say that a group accepts messages again, where somebody was told that it did not.

        Returns whether it was said.
        """
        if not (item.attempts or item.audience in self._may_be_closed):
            return False
        if self._addresses.meant(item) > 0:
            return False
        async with self._database.begin() as work:
            home = await self._addresses.home(work, item)
            if home is None:
                return False
            is_closed = await self._holds_more(work, item)
            names = [] if is_closed else [_alarm(home, Consequence.WAIT)]
            names += [_alarm(home, Consequence.HOLD)] if item.has_attachment else []
            is_news = any([await work.change_requests.clear_alarm(name) for name in names])
            if is_news:
                await self._tell_other(work, home, AlertKind.GROUP_OPEN, "")
        if not is_closed:
            self._may_be_closed.discard(home)
        return is_news

    async def _holds_more(self, work: UnitOfWork, item: Pending) -> bool:
        """Tell whether messages still wait for a group, of which this call proves nothing.

        An edit, or a message in a topic, may be accepted where a message to all is not.
        """
        lanes = set(self._addresses.lanes_to(self._addresses.meant(item)))
        if not item.edits and "message_thread_id" not in item.payload:
            lanes.discard(item.lane)
        is_held = (outbox.c.error == _HELD) & outbox.c.method.startswith("send")
        conditions = (is_held, outbox.c.priority != Priority.HELD, outbox.c.id != item.id)
        return any([await work.outbox.has_waiting(lane, *conditions) for lane in sorted(lanes)])

    async def _tell_other(
        self, work: UnitOfWork, home: Audience, kind: AlertKind, why: str
    ) -> None:
        reference = new_reference()
        is_open = kind is AlertKind.GROUP_OPEN
        logger.warning("%s: the group of the %s %s", reference, home, "works" if is_open else why)
        other = self._addresses.other(home)
        if other is not None:
            await work.alerts.add(other, Alert(kind, reference, home.value, why))

    async def _retry(
        self, work: UnitOfWork, item: Pending, error: TelegramError, home: Audience | None
    ) -> None:
        pause, kind = _pause_after(item), type(error).__name__
        # What the team must read is never out of date.
        if home is None and work.now - item.created_at > _GIVE_UP_AFTER:
            await self._park(work, item, error, Refusal(Consequence.PARK, "trouble"))
            return
        until, worker = work.now + pause, self._database.worker
        await work.outbox.postpone(item.id, until, _unless_held(kind), worker)
        logger.warning("%s: next try in %.0f s", kind, pause.total_seconds())

    def _is_tried_again(self, item: Pending, home: Audience | None) -> bool:
        """Tell whether a method that the server does not know is worth another try.

        One that does not know this one is out of order; the team's messages wait until it is.
        """
        return item.method == "sendMessage" and (home is not None or item.attempts < _MOST_PASSES)

    async def _let_pass(self, work: UnitOfWork, item: Pending, error: TelegramError) -> None:
        until, kind = work.now + _pause_after(item), type(error).__name__
        worker = self._database.worker
        # A row of alerts keeps its priority, by which it is known: nothing waits behind it anyway.
        priority = item.priority if item.priority is Priority.ALERT else Priority.HELD
        await work.outbox.postpone(item.id, until, kind, worker, priority=priority)
        logger.error("the server does not know %s: it is tried again", item.method)

    async def slip(self, item: Pending, error: Exception) -> None:
        """Record that the bot failed to make a call: it is tried again some times, then parked."""
        if item.attempts >= _MOST_SLIPS:
            await self._give_up(item, error)
            return
        async with self._database.begin() as work:
            until, kind = work.now + _pause_after(item), type(error).__name__
            await work.outbox.postpone(item.id, until, kind, self._database.worker)

    async def crashed(self, item: Pending) -> None:
        """Set aside a call that two processes died of."""
        await self._give_up(item, CrashedError())

    async def _give_up(self, item: Pending, error: Exception) -> None:
        """Park a call, even where what would follow from that fails too: its lane must go on."""
        try:
            async with self._database.begin() as work:
                await self._park(work, item, error, Refusal(Consequence.PARK, "fault"))
        except StorageError:
            raise
        except Exception:
            reference, kind = new_reference(), type(error).__name__
            logger.exception("%s: outbox %d is parked, and no more: %s", reference, item.id, kind)
            metrics.PARKED.inc()
            async with self._database.begin() as work:
                await work.outbox.park(item.id, f"{kind}: {error}", self._database.worker)
                alert = Alert(AlertKind.UNDELIVERED, reference, "fault", "")
                await work.alerts.add(Audience.ADMINISTRATORS, alert)

    async def _park(
        self, work: UnitOfWork, item: Pending, error: Exception, refusal: Refusal
    ) -> None:
        """Set aside a call that can never be made; tell the person and the administrators once."""
        reference, kind = new_reference(), type(error).__name__
        words = error.message if isinstance(error, TelegramError) else str(error)
        await work.outbox.park(item.id, f"{kind}: {words}", self._database.worker)
        # Telegram's error text may quote the message: it stays in the row and out of the log.
        logger.error(
            "%s: outbox %d (%s) cannot be delivered: %s (%s)",
            reference,
            item.id,
            item.audience,
            kind,
            refusal.why,
        )
        metrics.PARKED.inc()
        if item.is_final and item.edits:
            await self.replacements.leave_visible(work, item)
            return
        is_away = refusal.consequence is Consequence.AWAY
        if is_away:
            await self._note_away(work, item, refusal)
        else:
            await self._apologise(work, item, reference)
        if await deliveries.failed(work, item, refusal.why, self._services):
            return
        # Not said to the team: what a parked alert told is told with the next ones, a list can be
        # asked for again, and whoever is away knows it.
        is_repeated = item.priority is Priority.ALERT or bool(item.quotes)
        if not is_repeated and (item.leaves_trace or not is_away):
            matter = await deliveries.matter(work, item.about)
            alert = Alert(AlertKind.UNDELIVERED, reference, refusal.why, matter)
            await work.alerts.add(Audience.ADMINISTRATORS, alert)

    async def _note_away(self, work: UnitOfWork, item: Pending, refusal: Refusal) -> None:
        chat_id = self._addresses.meant(item)
        if chat_id > 0 and refusal.why in _GONE:
            await work.people.blocked(chat_id)

    async def _apologise(self, work: UnitOfWork, item: Pending, reference: str) -> None:
        """Tell whoever waits for the message; once, however many of theirs cannot be sent."""
        if item.audience is not Audience.PERSON or item.is_final:
            return
        is_apology = outbox.c.is_final & (outbox.c.method == "sendMessage")
        if await work.outbox.has_waiting(item.lane, is_apology):
            return
        chat_id = self._addresses.meant(item)
        tongues = await work.people.tongues([chat_id])
        with speaking(tongues[chat_id].language):
            content = composed(lost_answer(reference, self._services.identity), None)
        work.outbox.owe(
            Outgoing(Audience.PERSON, "sendMessage", content, chat_id=chat_id, is_final=True)
        )


def _alarm(home: Audience, consequence: Consequence) -> str:
    return f"{'files' if consequence is Consequence.HOLD else 'group'}_{home}"


def _unless_held(kind: str) -> ColumnElement[str]:
    """Return the error to write down: the mark of a row that is held stays, or it is told twice."""
    return case((outbox.c.error == _HELD, outbox.c.error), else_=kind)


def _pause_after(item: Pending) -> timedelta:
    return min(timedelta(seconds=2 ** min(item.attempts, 10)), _LONGEST_PAUSE)
