"""A person's right of access: all that is stored on them, read a page at a time.

An export may be as large as years of messages. So nothing here returns all rows: each call is one
page of one section, and the caller writes it down before it asks for the next.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import (
    BindParameter,
    Column,
    Select,
    bindparam,
    exists,
    func,
    or_,
    select,
)

from storage.engine.repository import Repository
from storage.engine.schema import (
    colleagues,
    consent_wordings,
    contexts,
    conversation_messages,
    conversations,
    deadlines,
    drafts,
    inbox,
    interest_events,
    interests,
    introductions,
    outbox,
    people,
    publications,
    questions,
    signatures,
    subscriptions,
)
from storage.queues.outbox import Audience, OutboxState
from storage.subject import Kind, is_note_on, is_part_of

PersonalRow: TypeAlias = Mapping[str, Any]
# An update's raw JSON and a message waiting to leave may each be many kilobytes.
_MOST = 50
_MOST_LARGE = 5


class Section(StrEnum):
    """The sections of an export; a comment says whose id those below it are asked with."""

    # Our id of the person.
    ACCOUNT = "account"
    REQUESTS = "requests"
    DRAFT = "draft"
    CONTEXT = "context"
    SUBSCRIPTION = "subscription"
    QUESTIONS = "questions"
    CONVERSATIONS = "conversations"
    # E-mails about what they sent that have not left: to a visitor, and also to others.
    LETTERS = "letters"
    # Our id of the request or conversation.
    EVENTS = "events"
    DEADLINES = "deadlines"
    INTRODUCTIONS = "introductions"
    MESSAGES = "messages"
    # Telegram's id of the account.
    OUTGOING = "outgoing"
    DELIVERED = "delivered"
    INCOMING = "incoming"
    HANDLED = "handled"
    SIGNATURE = "signature"
    COLLEAGUE = "colleague"
    ACTS = "acts"
    REPLIES = "replies"
    CLOSED = "closed"
    TREATED = "treated"
    CHANGES = "changes"


class Access(Repository):
    """Everything stored on a person, over every table."""

    async def account(self, telegram_id: int) -> PersonalRow | None:
        """Return the person's row; None if they are unknown."""
        await self._changes.write_all()
        statement = select(people).where(people.c.telegram_id == telegram_id)
        row = (await self._connection.execute(statement)).mappings().one_or_none()
        return None if row is None else dict(row)

    async def count(self, section: Section, of: int) -> int:
        """Count the rows of a section."""
        rows, _key = _SECTIONS[section]
        statement = select(func.count()).select_from(rows.subquery())
        return await self._connection.scalar(statement, {"of": of}) or 0

    async def page(self, section: Section, of: int, after: int = -1) -> list[PersonalRow]:
        """Return the next rows of a section, oldest first: those whose `key` is after this one.

        An empty page is the end. Columns have the names that they are stored under.
        """
        rows, key = _SECTIONS[section]
        most = _MOST_LARGE if section in _LARGE else _MOST
        result = await self._connection.execute(
            rows.add_columns(key.label("key")).where(key > after).order_by(key).limit(most),
            {"of": of},
        )
        return [dict(row) for row in result.mappings()]


_LARGE = {Section.OUTGOING, Section.INCOMING, Section.LETTERS}
_OF: BindParameter[int] = bindparam("of")
# The export itself and what was queued after it, such as the reminder of a form, will have left the
# outbox by the time the page is read.
_export = outbox.alias("export")
_queued_after_the_export = exists().where(
    _export.c.lane == outbox.c.lane,
    _export.c.state == OutboxState.WAITING,
    _export.c.makes.is_not(None),
    _export.c.id < outbox.c.id,
    outbox.c.state == OutboxState.WAITING,
)
_note_on_their_request = exists().where(
    interests.c.person_id == _OF,
    is_note_on(Kind.INTEREST, interests.c.id),
)
_of_their_exchange = exists().where(
    conversations.c.person_id == _OF,
    or_(*(is_part_of(kind, conversations.c.id) for kind in (Kind.EXCHANGE, Kind.HANDOFF))),
)
_SECTIONS: Mapping[Section, tuple[Select[Any], Column[Any]]] = {
    Section.ACCOUNT: (select(people).where(people.c.id == _OF), people.c.id),
    Section.REQUESTS: (
        select(interests, consent_wordings.c.text.label("consent_wording"))
        .outerjoin_from(
            interests, consent_wordings, interests.c.consent_version == consent_wordings.c.id
        )
        .where(interests.c.person_id == _OF),
        interests.c.id,
    ),
    Section.EVENTS: (
        select(interest_events).where(interest_events.c.interest_id == _OF),
        interest_events.c.id,
    ),
    Section.DEADLINES: (select(deadlines).where(deadlines.c.interest_id == _OF), deadlines.c.id),
    Section.INTRODUCTIONS: (
        # The address is somebody else's.
        select(
            *(column for column in introductions.c if column is not introductions.c.email)
        ).where(introductions.c.interest_id == _OF),
        introductions.c.id,
    ),
    Section.DRAFT: (select(drafts).where(drafts.c.person_id == _OF), drafts.c.person_id),
    Section.CONTEXT: (select(contexts).where(contexts.c.person_id == _OF), contexts.c.person_id),
    Section.SUBSCRIPTION: (
        select(subscriptions, consent_wordings.c.text.label("consent_wording"))
        .outerjoin_from(
            subscriptions,
            consent_wordings,
            subscriptions.c.consent_version == consent_wordings.c.id,
        )
        .where(subscriptions.c.person_id == _OF),
        subscriptions.c.person_id,
    ),
    Section.QUESTIONS: (select(questions).where(questions.c.person_id == _OF), questions.c.id),
    Section.CONVERSATIONS: (
        select(conversations).where(conversations.c.person_id == _OF),
        conversations.c.id,
    ),
    Section.MESSAGES: (
        select(conversation_messages).where(conversation_messages.c.conversation_id == _OF),
        conversation_messages.c.id,
    ),
    Section.OUTGOING: (
        # The file is not read: its name tells which one it is.
        select(*(column for column in outbox.c if column is not outbox.c.attachment))
        .where(outbox.c.chat_id == _OF, outbox.c.state != OutboxState.SENT)
        .where(outbox.c.makes.is_(None), ~_queued_after_the_export),
        outbox.c.id,
    ),
    Section.LETTERS: (
        select(outbox.c.payload, outbox.c.created_at, outbox.c.parked_at)
        .where(outbox.c.audience == Audience.EMAIL, outbox.c.state != OutboxState.SENT)
        .where(or_(_note_on_their_request, _of_their_exchange)),
        outbox.c.id,
    ),
    Section.INCOMING: (
        select(inbox).where(inbox.c.chat_id == _OF, inbox.c.body.is_not(None)),
        inbox.c.update_id,
    ),
    Section.DELIVERED: (
        select(outbox.c.message_id, outbox.c.sent_at).where(
            outbox.c.chat_id == _OF, outbox.c.state == OutboxState.SENT
        ),
        outbox.c.id,
    ),
    Section.HANDLED: (
        select(inbox.c.update_id).where(inbox.c.chat_id == _OF, inbox.c.body.is_(None)),
        inbox.c.update_id,
    ),
    Section.SIGNATURE: (
        select(signatures).where(signatures.c.telegram_id == _OF),
        signatures.c.telegram_id,
    ),
    Section.COLLEAGUE: (
        select(colleagues).where(colleagues.c.telegram_id == _OF),
        colleagues.c.telegram_id,
    ),
    Section.ACTS: (
        select(interest_events, interests.c.number)
        .join_from(interest_events, interests)
        .where(interest_events.c.actor_id == _OF),
        interest_events.c.id,
    ),
    Section.REPLIES: (
        select(conversation_messages, conversations.c.number)
        .join_from(conversation_messages, conversations)
        .where(conversation_messages.c.author_id == _OF),
        conversation_messages.c.id,
    ),
    Section.CLOSED: (
        select(
            conversations.c.number, conversations.c.closed_at, conversations.c.closed_by_name
        ).where(conversations.c.closed_by == _OF),
        conversations.c.id,
    ),
    Section.TREATED: (
        select(questions.c.treated_at, questions.c.treated_how).where(
            questions.c.treated_by == _OF
        ),
        questions.c.id,
    ),
    Section.CHANGES: (
        select(
            *(column for column in publications.c if column is not publications.c.content)
        ).where((publications.c.actor_id == _OF) | (publications.c.decided_by_id == _OF)),
        publications.c.id,
    ),
}
