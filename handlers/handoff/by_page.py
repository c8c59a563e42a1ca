"""A question to the team from who has no Telegram: asked on a page, answered by e-mail."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from handlers.core import caps
from handlers.core.posting import Posting
from handlers.forms import contacts, slips
from handlers.forms.steps import Answers, RefusedError, Step
from handlers.handoff import person
from handlers.handoff.threads import Threads
from handlers.messages import Catalogue
from knowledge.text.signs import plain_signs
from storage.records.conversation_values import Conversation, NewConversation, NewMessage, Side
from storage.records.interests import ContactKind
from storage.records.people import Person

TEXT = Catalogue.of("contact", "handoff", "visitor_question")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _address(text: str, _answers: Answers) -> dict[str, str]:
    """Accept an e-mail address: the answer goes there."""
    text = plain_signs(text)
    found: Mapping[ContactKind, str] = {one.kind: one.value for one in contacts.find(text)}
    if ContactKind.EMAIL in found:
        return {"contact": found[ContactKind.EMAIL]}
    raise RefusedError("email_only") if found else contacts.refusal(text)


# The same question as in a chat; there, the answer arrives in the chat.
STEPS = (
    *person.FORM.steps,
    Step("contact", _address, holds=contacts.holds, doubts=slips.meant),
)


async def hand_over(posting: Posting, asker: Person, text: str) -> Conversation:
    """Open the exchange about a question, and post it in the facilitators' group."""
    new = NewConversation(person_id=asker.id, text=text, opened_by=Side.PERSON)
    opened = await posting.work.conversations.open(new)
    await Threads(posting.work, posting.services).post_question(opened.conversation)
    return opened.conversation


async def write_back(posting: Posting, exchange: Conversation, writer: Person, text: str) -> bool:
    """Pass on what a person wrote on a page in an exchange; False where it is too much, or over.

    RefusedError says what the text lacks.
    """
    words = person.reply_words(text.replace("\r\n", "\n"))
    work = posting.work
    if exchange.closed_at is not None:
        return False
    if not (await caps.spend(work, caps.UNANSWERED_MESSAGES, exchange.id)).is_allowed:
        return False
    # No message of Telegram's is behind it: the moment stands for its number.
    number = (work.now - _EPOCH) // timedelta(microseconds=1)
    new = NewMessage(exchange.id, Side.PERSON, words, writer.telegram_id, number)
    await Threads(work, posting.services).pass_on(exchange, await work.conversations.say(new))
    return True
