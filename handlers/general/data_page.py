"""The page of ``/mesdonnees``, made a piece at a time: nobody's data is ever whole in memory.

Each page of rows is read in a short transaction of its own, so that a long export keeps nobody
waiting. What is stored while it is made may be in it or not.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

from handlers.core.services import Services
from handlers.messages import Catalogue, language
from handlers.requests import agreement
from storage.engine.schema import VISITORS_BELOW
from storage.privacy.access import PersonalRow, Section
from storage.unit_of_work import UnitOfWork

TEXT = Catalogue.of("rights")
BeginWork: TypeAlias = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
_MESSAGES = (
    (Section.OUTGOING, "data_outgoing"),
    (Section.INCOMING, "data_incoming"),
    (Section.DELIVERED, "data_delivered"),
)
_ACTS_OF_FACILITATORS = (
    (Section.REPLIES, "data_reply_rows"),
    (Section.CLOSED, "data_closed_rows"),
    (Section.TREATED, "data_treated_rows"),
    (Section.CHANGES, "data_change_rows"),
)


class DataPage:
    """The page on one Telegram account, in pieces of HTML."""

    def __init__(self, begin: BeginWork, services: Services, telegram_id: int) -> None:
        self._begin = begin
        self._services = services
        self._telegram_id = telegram_id

    async def pieces(self) -> AsyncIterator[str]:
        """Yield what stands between `head` and `end`; nothing at all for an unknown account."""
        async with self._begin() as work:
            account = await work.access.account(self._telegram_id)
        if account is None:
            return
        is_visitor = account["telegram_id"] < VISITORS_BELOW
        yield TEXT("data_account", account=account, is_visitor=is_visitor)
        for pieces in (
            self._requests(account["id"]),
            self._draft(account["id"]),
            self._context(account["id"]),
            self._subscription(account["id"]),
            self._questions(account["id"]),
            self._conversations(account["id"]),
            *([self._letters(account["id"])] if is_visitor else []),
            self._waiting(),
            self._acts(),
            self._facilitation(),
        ):
            async for piece in pieces:
                yield piece

    def head(self) -> str:
        """Return what a file begins with."""
        identity = self._services.identity
        return TEXT("data_head", now=self._services.clock(), identity=identity)

    @staticmethod
    def end() -> str:
        """Return what a file ends with."""
        return TEXT("data_end")

    async def _requests(self, person_id: int) -> AsyncIterator[str]:
        yield TEXT("data_requests", count=await self._count(Section.REQUESTS, person_id))
        async for rows in self._pages(Section.REQUESTS, person_id):
            for row in rows:
                yield TEXT("data_request", row=row)
                async for events in self._pages(Section.EVENTS, row["id"]):
                    yield TEXT("data_events", rows=[_as_read(event) for event in events])
                async for deadlines in self._pages(Section.DEADLINES, row["id"]):
                    yield TEXT("data_deadlines", rows=deadlines)
                async for named in self._pages(Section.INTRODUCTIONS, row["id"]):
                    yield TEXT("data_introductions", rows=named)

    async def _draft(self, person_id: int) -> AsyncIterator[str]:
        yield TEXT("data_draft", rows=await self._page(Section.DRAFT, person_id))

    async def _context(self, person_id: int) -> AsyncIterator[str]:
        rows = await self._page(Section.CONTEXT, person_id)
        if rows:
            yield TEXT("data_context", rows=rows)

    async def _subscription(self, person_id: int) -> AsyncIterator[str]:
        rows = await self._page(Section.SUBSCRIPTION, person_id)
        if rows:
            yield TEXT("data_subscription", rows=rows)

    async def _questions(self, person_id: int) -> AsyncIterator[str]:
        yield TEXT("data_questions", count=await self._count(Section.QUESTIONS, person_id))
        async for piece in self._listed(Section.QUESTIONS, person_id, "data_question_rows"):
            yield piece

    async def _conversations(self, person_id: int) -> AsyncIterator[str]:
        yield TEXT("data_conversations", count=await self._count(Section.CONVERSATIONS, person_id))
        async for rows in self._pages(Section.CONVERSATIONS, person_id):
            for row in rows:
                yield TEXT("data_conversation", row=row)
                async for piece in self._listed(Section.MESSAGES, row["id"], "data_messages"):
                    yield piece

    async def _letters(self, person_id: int) -> AsyncIterator[str]:
        """Yield the e-mails to a visitor that wait; those to others about them are not theirs."""
        async for rows in self._pages(Section.LETTERS, person_id):
            own = [row for row in rows if row["payload"].get("to_visitor")]
            if own:
                yield TEXT("data_letters", rows=own)

    async def _waiting(self) -> AsyncIterator[str]:
        counted = (Section.OUTGOING, Section.INCOMING, Section.HANDLED, Section.DELIVERED)
        counts = {str(one): await self._count(one, self._telegram_id) for one in counted}
        yield TEXT("data_waiting", kept=self._services.kept, **counts)
        for section, name in _MESSAGES:
            async for rows in self._pages(section, self._telegram_id):
                yield TEXT(name, rows=rows)

    async def _acts(self) -> AsyncIterator[str]:
        for row in await self._page(Section.COLLEAGUE, self._telegram_id):
            yield TEXT("data_colleague", row=row)
        if await self._count(Section.ACTS, self._telegram_id):
            yield TEXT("data_acts")
        async for piece in self._listed(Section.ACTS, self._telegram_id, "data_act_rows"):
            yield piece

    async def _facilitation(self) -> AsyncIterator[str]:
        signatures = await self._page(Section.SIGNATURE, self._telegram_id)
        acted = [
            section
            for section, _name in _ACTS_OF_FACILITATORS
            if await self._count(section, self._telegram_id)
        ]
        if not (signatures or acted):
            return
        used_at = signatures[0]["used_at"] if signatures else None
        yield TEXT("data_facilitation", signs=bool(signatures), used_at=used_at)
        for section, name in _ACTS_OF_FACILITATORS:
            async for piece in self._listed(section, self._telegram_id, name):
                yield piece

    async def _listed(self, section: Section, of: int, name: str) -> AsyncIterator[str]:
        first = 1
        async for rows in self._pages(section, of):
            yield TEXT(
                name, rows=rows, first=first, title=self._title, telegram_id=self._telegram_id
            )
            first += len(rows)

    async def _pages(self, section: Section, of: int) -> AsyncIterator[list[PersonalRow]]:
        rows = await self._page(section, of)
        while rows:
            yield rows
            rows = await self._page(section, of, rows[-1]["key"])

    async def _page(self, section: Section, of: int, after: int = -1) -> list[PersonalRow]:
        async with self._begin() as work:
            return await work.access.page(section, of, after)

    async def _count(self, section: Section, of: int) -> int:
        async with self._begin() as work:
            return await work.access.count(section, of)

    def _title(self, entry_id: str) -> str:
        """Return a title with its id: an entry's, act's or project's; only the id if it is gone."""
        title = self._services.knowledge.title_of(entry_id, language())
        return f"{title} ({entry_id})" if title else entry_id


def _as_read(event: PersonalRow) -> PersonalRow:
    """Return an event of the history with the bot's own notes in the person's language."""
    note = event["note"]
    return {**event, "note": agreement.in_own_language(note)} if note else event
