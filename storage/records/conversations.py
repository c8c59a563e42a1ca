"""The exchanges with the team on questions and on requests, and the messages of both sides."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, select, update

from storage.engine.errors import NotFoundError
from storage.engine.repository import Repository
from storage.engine.schema import conversation_messages, conversations, questions, signatures
from storage.records.conversation_values import (
    Awaited,
    Conversation,
    Ended,
    Exchange,
    Message,
    NewConversation,
    NewMessage,
    OpenedConversation,
    Side,
)
from storage.records.interest_values import Interest
from storage.records.numbers import Numbering

PREFIX = "Q"
# What was asked, and what was shown.
_PARTS_OF_AN_EXCHANGE = 2


class Conversations(Repository):
    """The tables `conversations`, `conversation_messages` and `signatures`."""

    async def open(self, new: NewConversation) -> OpenedConversation:
        """Open a conversation, or return the one that the question already has."""
        # The conversation may refer to a question whose row has been put off.
        await self._changes.write(questions)
        standing = await self.about_question(new.question_id)
        if standing is not None:
            return OpenedConversation(standing, created=False)
        result = await self._connection.execute(
            self._insert(conversations)
            .values(
                number=await self._beside(Numbering).allocate(PREFIX),
                person_id=new.person_id,
                question_id=new.question_id,
                opened_by=new.opened_by,
                text=new.text,
                typed_in=new.typed_in,
                before=[[one.asked, one.shown] for one in new.before],
                opened_at=self._now,
                updated_at=self._now,
            )
            .on_conflict_do_nothing(index_elements=[conversations.c.question_id])
            .returning(conversations)
        )
        row = result.one_or_none()
        if row is not None:
            return OpenedConversation(_conversation(row), created=True)
        # Another worker inserted it between our read and our write.
        faster = await self.about_question(new.question_id)
        if faster is None:
            raise NotFoundError("the conversation went while it was opened")
        return OpenedConversation(faster, created=False)

    async def open_about(self, interest: Interest, opened_by: Side) -> Conversation:
        """Open the exchange about a request under its number, or return the one that it has.

        The request must belong to somebody.
        """
        standing = await self.about_request(interest.id)
        if standing is not None:
            return standing
        await self._connection.execute(
            self._insert(conversations)
            .values(
                number=interest.number,
                person_id=interest.person_id,
                interest_id=interest.id,
                opened_by=opened_by,
                text=interest.project_title,
                opened_at=self._now,
                updated_at=self._now,
                closed_at=interest.closed_at,
            )
            .on_conflict_do_nothing(index_elements=[conversations.c.interest_id])
        )
        # Perhaps that of another worker, who inserted it between our read and our write.
        opened = await self.about_request(interest.id)
        if opened is None:
            raise NotFoundError("the conversation went while it was opened")
        return opened

    async def about_request(self, interest_id: int) -> Conversation | None:
        """Find the exchange about a request."""
        return await self._find(conversations.c.interest_id == interest_id)

    async def about_question(self, question_id: int | None) -> Conversation | None:
        """Find the conversation about a question."""
        if question_id is None:
            return None
        return await self._find(conversations.c.question_id == question_id)

    async def get(self, conversation_id: int) -> Conversation | None:
        """Find a conversation by our id."""
        return await self._find(conversations.c.id == conversation_id)

    async def by_number(self, number: str) -> Conversation | None:
        """Find a conversation by the number that both sides were given."""
        return await self._find(conversations.c.number == number)

    async def typed_in(self, person_id: int, message_id: int) -> Conversation | None:
        """Find the conversation whose question the person typed in this message of their chat."""
        result = await self._connection.execute(
            select(conversations)
            .where(conversations.c.person_id == person_id, conversations.c.typed_in == message_id)
            .order_by(conversations.c.id.desc())
            .limit(1)
        )
        row = result.one_or_none()
        return None if row is None else _conversation(row)

    async def reword(self, conversation_id: int, text: str) -> Conversation:
        """Store the edited text of the question. `NotFoundError` if it was erased."""
        result = await self._connection.execute(
            update(conversations)
            .where(conversations.c.id == conversation_id)
            .values(text=text, edited_at=self._now, updated_at=self._now)
            .returning(conversations)
        )
        row = result.one_or_none()
        if row is None:
            raise NotFoundError("no such conversation")
        return _conversation(row)

    async def of_person(self, person_id: int) -> tuple[Conversation, ...]:
        """Give all of a person's conversations, oldest first."""
        return await self._all(conversations.c.person_id == person_id)

    async def awaiting(
        self, people: Collection[int], since: datetime
    ) -> dict[int, tuple[Awaited, ...]]:
        """Give by person the last reply that they got in each open conversation.

        Only replies that arrived since this time count; the latest comes last.
        """
        found: dict[int, tuple[Awaited, ...]] = dict.fromkeys(people, ())
        if not people:
            return found
        result = await self._connection.execute(_AWAITING, {"people": list(people), "since": since})
        replies = [_answered(row) for row in result]
        # Skip the second statement: seldom does anybody have a reply to answer.
        ids = [reply.conversation_id for reply, _ in replies]
        owners = await self._all(conversations.c.id.in_(ids)) if ids else ()
        by_id = {one.id: one for one in owners}
        for reply, answered_at in replies:
            conversation = by_id[reply.conversation_id]
            found[conversation.person_id] += (Awaited(conversation, reply, answered_at),)
        return found

    async def offer(self, conversation_id: int, text: str, typed_in: int) -> None:
        """Keep a text of the person while they are asked whether it is to be passed on."""
        await self._set_offered(conversation_id, text, typed_in, self._now)

    async def settle_offer(self, conversation_id: int) -> None:
        """Forget the text that the person was asked about."""
        await self._set_offered(conversation_id, None, None, None)

    async def _set_offered(
        self, conversation_id: int, text: str | None, typed_in: int | None, at: datetime | None
    ) -> None:
        await self._connection.execute(
            update(conversations)
            .where(conversations.c.id == conversation_id)
            .values(offered=text, offered_in=typed_in, offered_at=at)
        )

    async def unfinished(self) -> tuple[Conversation, ...]:
        """Give all questions whose conversation is open, oldest first."""
        return await self._all(
            conversations.c.closed_at.is_(None) & conversations.c.interest_id.is_(None)
        )

    async def open_count(self, person_id: int) -> int:
        """Count a person's open conversations that they began themselves, without requests'."""
        count = await self._connection.scalar(
            select(func.count())
            .select_from(conversations)
            .where(
                conversations.c.person_id == person_id,
                conversations.c.closed_at.is_(None),
                conversations.c.opened_by == Side.PERSON,
                conversations.c.interest_id.is_(None),
            )
        )
        return count or 0

    async def close(self, conversation_id: int, actor_id: int, actor_name: str) -> Ended:
        """Close a conversation; of two closings one wins. `NotFoundError` if it was erased."""
        return await self._turn(
            conversation_id,
            conversations.c.closed_at.is_(None),
            closed_at=self._now,
            closed_by=actor_id,
            closed_by_name=actor_name,
        )

    async def reopen(self, conversation_id: int) -> Ended:
        """Open a closed conversation again. `NotFoundError` if it was erased."""
        return await self._turn(
            conversation_id,
            conversations.c.closed_at.is_not(None),
            closed_at=None,
            closed_by=None,
            closed_by_name=None,
        )

    async def say(self, new: NewMessage) -> Message:
        """Store a message, before it is passed on."""
        result = await self._connection.execute(
            self._insert(conversation_messages)
            .values(
                conversation_id=new.conversation_id,
                side=new.side,
                text=new.text,
                author_id=new.author_id,
                signature=new.signature,
                chat_id=new.chat_id,
                message_id=new.message_id,
                at=self._now,
                stale=False,
            )
            .returning(conversation_messages)
        )
        await self._touch(new.conversation_id)
        return _message(result.one())

    async def message(self, message_id: int) -> Message | None:
        """Find a message by our id."""
        return await self._find_message(conversation_messages.c.id == message_id)

    async def typed_as(self, chat_id: int, message_id: int) -> Message | None:
        """Find a message by the Telegram message in which it was typed."""
        return await self._find_message(
            (conversation_messages.c.chat_id == chat_id)
            & (conversation_messages.c.message_id == message_id)
        )

    async def messages(self, conversation_id: int) -> tuple[Message, ...]:
        """Give all messages of a conversation, oldest first."""
        result = await self._connection.execute(
            select(conversation_messages)
            .where(conversation_messages.c.conversation_id == conversation_id)
            .order_by(conversation_messages.c.id)
        )
        return tuple(_message(row) for row in result)

    async def last_words(self, interest_ids: Collection[int]) -> dict[int, Message]:
        """Give the last message of each exchange about these requests, by request.

        It is one that the person knows: their own, or one of the team that they got.
        """
        if not interest_ids:
            return {}
        result = await self._connection.execute(_LAST_WORDS, {"requests": list(interest_ids)})
        found = {}
        for row in result.mappings():
            values = dict(row)
            interest_id = values.pop("interest_id")
            found[interest_id] = Message(**values | {"side": Side(values["side"])})
        return found

    async def last_reply(self, conversation_id: int) -> Message | None:
        """Find the team's last message that was delivered to the person."""
        result = await self._connection.execute(
            select(conversation_messages)
            .where(
                conversation_messages.c.conversation_id == conversation_id,
                conversation_messages.c.side == Side.FACILITATORS,
                conversation_messages.c.delivered_at.is_not(None),
            )
            .order_by(conversation_messages.c.id.desc())
            .limit(1)
        )
        row = result.one_or_none()
        return None if row is None else _message(row)

    async def replied_at(self, conversation_ids: Collection[int]) -> dict[int, datetime]:
        """Tell when the facilitators wrote last in these conversations, if they were read."""
        if not conversation_ids:
            return {}
        result = await self._connection.execute(_REPLIED_AT, {"ids": list(conversation_ids)})
        return {row.conversation_id: row.at for row in result}

    async def correct(self, message_id: int, text: str, *, stale: bool) -> Message:
        """Store an edited text; `stale` if its copy is not delivered yet, so cannot be edited."""
        return await self._change(message_id, text=text, edited_at=self._now, stale=stale)

    async def arrived(self, message_id: int) -> Message:
        """Record that the up-to-date copy was delivered to the other side."""
        return await self._change(message_id, delivered_at=self._now, stale=False)

    async def signs(self, telegram_id: int) -> bool:
        """Tell whether a facilitator signs with their name; updates the date of last use."""
        result = await self._connection.execute(
            update(signatures)
            .where(signatures.c.telegram_id == telegram_id)
            .values(used_at=self._now)
        )
        return result.rowcount > 0

    async def switch_signature(self, telegram_id: int) -> bool:
        """Switch a facilitator's signature on or off; returns whether it is now on."""
        if await self.forget_signature(telegram_id):
            return False
        await self._connection.execute(
            self._insert(signatures)
            .values(telegram_id=telegram_id, used_at=self._now)
            .on_conflict_do_nothing()
        )
        return True

    async def forget_signature(self, telegram_id: int) -> int:
        """Switch a facilitator's signature off; returns how many rows were deleted."""
        result = await self._connection.execute(
            delete(signatures).where(signatures.c.telegram_id == telegram_id)
        )
        return result.rowcount

    async def _turn(
        self, conversation_id: int, condition: ColumnElement[bool], **to: object
    ) -> Ended:
        result = await self._connection.execute(
            update(conversations)
            .where(conversations.c.id == conversation_id, condition)
            .values(updated_at=self._now, **to)
            .returning(conversations)
        )
        row = result.one_or_none()
        if row is not None:
            return Ended(_conversation(row), won=True)
        standing = await self.get(conversation_id)
        if standing is None:
            raise NotFoundError("no such conversation")
        return Ended(standing, won=False)

    async def _touch(self, conversation_id: int) -> None:
        await self._connection.execute(
            update(conversations)
            .where(conversations.c.id == conversation_id)
            .values(updated_at=self._now)
        )

    async def _change(self, message_id: int, **values: object) -> Message:
        result = await self._connection.execute(
            update(conversation_messages)
            .where(conversation_messages.c.id == message_id)
            .values(**values)
            .returning(conversation_messages)
        )
        return _message(result.one())

    async def _all(self, condition: ColumnElement[bool]) -> tuple[Conversation, ...]:
        result = await self._connection.execute(
            select(conversations).where(condition).order_by(conversations.c.id)
        )
        return tuple(_conversation(row) for row in result)

    async def _find(self, condition: ColumnElement[bool]) -> Conversation | None:
        row = (await self._connection.execute(select(conversations).where(condition))).one_or_none()
        return None if row is None else _conversation(row)

    async def _find_message(self, condition: ColumnElement[bool]) -> Message | None:
        result = await self._connection.execute(select(conversation_messages).where(condition))
        row = result.one_or_none()
        return None if row is None else _message(row)


_last_of_each = (
    select(func.max(conversation_messages.c.id))
    .join(conversations, conversation_messages.c.conversation_id == conversations.c.id)
    .where(
        conversations.c.person_id.in_(bindparam("people", expanding=True)),
        conversations.c.closed_at.is_(None),
        conversation_messages.c.side == Side.FACILITATORS,
    )
    .group_by(conversation_messages.c.conversation_id)
)
_answers = conversation_messages.alias("answers")
_answered_at = (
    select(func.max(_answers.c.at))
    .where(
        _answers.c.conversation_id == conversation_messages.c.conversation_id,
        _answers.c.id > conversation_messages.c.id,
    )
    .scalar_subquery()
)
_AWAITING = (
    select(conversation_messages, _answered_at.label("answered_at"))
    .where(
        conversation_messages.c.id.in_(_last_of_each),
        conversation_messages.c.delivered_at
        >= bindparam("since", type_=conversation_messages.c.delivered_at.type),
    )
    .order_by(conversation_messages.c.delivered_at, conversation_messages.c.id)
)

_last_known = (
    select(func.max(conversation_messages.c.id))
    .join(conversations, conversation_messages.c.conversation_id == conversations.c.id)
    .where(
        conversations.c.interest_id.in_(bindparam("requests", expanding=True)),
        (conversation_messages.c.side == Side.PERSON)
        | conversation_messages.c.delivered_at.is_not(None),
    )
    .group_by(conversation_messages.c.conversation_id)
)
_LAST_WORDS = (
    select(conversation_messages, conversations.c.interest_id)
    .join(conversations, conversation_messages.c.conversation_id == conversations.c.id)
    .where(conversation_messages.c.id.in_(_last_known))
)
_REPLIED_AT = (
    select(
        conversation_messages.c.conversation_id,
        func.max(conversation_messages.c.at).label("at"),
    )
    .where(
        conversation_messages.c.conversation_id.in_(bindparam("ids", expanding=True)),
        conversation_messages.c.side == Side.FACILITATORS,
        conversation_messages.c.delivered_at.is_not(None),
    )
    .group_by(conversation_messages.c.conversation_id)
)


def _conversation(row: Row[*tuple[Any, ...]]) -> Conversation:
    values = dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's documented name)
    typed = {"opened_by": Side(values["opened_by"]), "before": exchanges(values["before"])}
    return Conversation(**values | typed)


def exchanges(stored: Sequence[object]) -> tuple[Exchange, ...]:
    """Return stored exchanges as values, without what has another shape."""
    return tuple(
        Exchange(*map(str, one))
        for one in stored
        if isinstance(one, list) and len(one) == _PARTS_OF_AN_EXCHANGE
    )


def _answered(row: Row[*tuple[Any, ...]]) -> tuple[Message, datetime | None]:
    values = dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's documented name)
    answered_at = values.pop("answered_at")
    return Message(**{**values, "side": Side(values["side"])}), answered_at


def _message(row: Row[*tuple[Any, ...]]) -> Message:
    values = dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's documented name)
    return Message(**{**values, "side": Side(values["side"])})
