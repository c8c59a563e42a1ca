"""Handing a question over to a facilitator, and writing back to them."""

from telegram import Message, Update

from handlers.core import caps
from handlers.core.authority import Authority, requires
from handlers.core.buttons import HandOver, with_person
from handlers.core.full_text import full_text
from handlers.core.keyboards import Button, Keyboard, button, column
from handlers.core.routing import Handler, tap
from handlers.core.services import Services
from handlers.core.turn import BotContext, Turn
from handlers.forms import engine
from handlers.forms.steps import Answers, Form, RefusedError, Step
from handlers.handoff import recap, threads
from handlers.handoff.before import before, packed, unpacked
from handlers.handoff.replied_to import RepliedTo, replied_to
from handlers.handoff.threads import LONGEST, ReplyTo, Threads
from handlers.messages import Catalogue
from knowledge.text.length import units
from storage.records.conversation_values import Conversation, NewConversation, NewMessage, Side
from storage.records.drafts import Draft
from storage.records.interests import FIRM, EventKind
from storage.records.questions import Question, as_kept

TEXT = Catalogue.of("handoff")
# A limit of open conversations a person: nobody may flood the facilitators' group.
MOST_OPEN = 5
# The forms in which a person writes to the team in an exchange: their subject is its id.
REPLY_FORMS = frozenset({"handoff_reply", "request_word"})


def is_offered(turn: Turn) -> bool:
    """Tell whether a group of facilitators is configured."""
    return turn.services.facilitator_chat_id is not None


def offer(turn: Turn, question_id: int = 0) -> list[Button]:
    """Return the button to hand a question over; empty without facilitators."""
    if not is_offered(turn):
        return []
    return [button(TEXT.label("hand_over"), HandOver(question_id))]


@requires(Authority.PERSON)
async def begin(update: Update, context: BotContext) -> None:
    """Show the question that would be sent, or ask for one."""
    turn, question_id = context.turn, HandOver.of(update).question_id
    person = await turn.person()
    if not is_offered(turn):
        turn.toast(TEXT.label("not_offered"), alert=True)
        return
    question = await turn.work.questions.get(question_id, person.id) if question_id else None
    standing = await turn.work.conversations.about_question(question.id) if question else None
    if standing is not None:
        _say(turn, standing, "already")
    elif await may_open(turn):
        await _open_form(turn, question)


async def may_open(turn: Turn) -> bool:
    """Tell whether the person may hand over one more question; if not, say why."""
    if not is_offered(turn):
        turn.toast(TEXT.label("not_offered"), alert=True)
        return False
    if await turn.work.conversations.open_count((await turn.person()).id) >= MOST_OPEN:
        turn.say(TEXT("too_many", most=MOST_OPEN, identity=turn.services.identity))
        return False
    return True


async def _open_form(turn: Turn, question: Question | None) -> None:
    words = _words(turn, question) if question else ""
    carried = {"before": packed(await before(turn, question))}
    if question and words and units(words) <= LONGEST:
        typed_in = None if question.message_id is None else ("text", question.message_id)
        answers = {"text": words, **carried}
        await engine.reopen(turn, FORM, str(question.id), answers, answered=typed_in)
    else:
        subject = str(question.id) if question else recap.UNWRITTEN
        await engine.open_at(turn, FORM, subject, "text", carried)


def _words(turn: Turn, question: Question) -> str:
    """Return the question as typed if the tapped message quotes it, else as stored, masked."""
    query = turn.update.callback_query
    message = query.message if query else None
    quoted = message.reply_to_message if isinstance(message, Message) else None
    typed = full_text(quoted)
    is_it = as_kept(typed, turn.services.question_limits) == question.text
    return typed if typed and is_it else question.text


def subject(services: Services, draft: Draft) -> dict[str, object]:
    """Return what the messages of these forms name."""
    return {
        "operator": services.identity.operator,
        "kept": services.kept,
        "before": unpacked(draft.answers.get("before")),
    }


def _question(text: str, answers: Answers) -> dict[str, str]:
    """Accept a question that has words and is not too long."""
    if not any(map(str.isalnum, text)):
        raise RefusedError("bad_text")
    return check_reply(text, answers)


def reply_words(text: str) -> str:
    """Return a text as it is passed on; RefusedError says what it lacks."""
    return check_reply(text, {})["text"]


def check_reply(text: str, _answers: Answers) -> dict[str, str]:
    """Accept any text that is neither blank nor too long: an emoji is an answer too."""
    if not text.strip():
        raise RefusedError("bad_text")
    if units(text) > LONGEST:
        raise RefusedError("too_long", length=units(text), longest=LONGEST)
    return {"text": text.strip()}


async def hand_over(turn: Turn, draft: Draft) -> None:
    """Open the conversation, queue its card for the group, and give the person its number."""
    question = await turn.work.questions.get(engine.row_of(draft), draft.person_id)
    new = NewConversation(
        person_id=draft.person_id,
        text=draft.answers["text"],
        opened_by=Side.PERSON,
        question_id=question.id if question else None,
        typed_in=draft.answered_in if draft.answered_step == "text" else None,
        before=unpacked(draft.answers.get("before")),
    )
    if not await caps.allows(turn, caps.HANDOVERS, turn.user.id):
        turn.work.drafts.save(draft)
        return
    opened = await turn.work.conversations.open(new)
    if not opened.created:
        _say(turn, opened.conversation, "already")
        return
    await Threads.of(turn).post_question(opened.conversation)
    turn.remove_buttons()
    _say(turn, opened.conversation, "receipt", operator=turn.services.identity.operator)


def _ask_anew() -> Keyboard:
    return column([button(TEXT.label("hand_over"), HandOver())])


def _say(
    turn: Turn,
    conversation: Conversation,
    name: str,
    keyboard: Keyboard | None = None,
    **values: object,
) -> None:
    """Say something about a conversation: a reply to it belongs to that conversation."""
    text = threads.words(conversation)(name, conversation=conversation, **values)
    turn.say(text, keyboard, about=conversation.about_note)


async def take_reply(turn: Turn) -> bool:
    """Pass on a Telegram reply to a message of a conversation; False for any other message.

    Another form goes on, and so does the answer to another conversation.
    """
    quoted = await replied_to(turn, turn.update.effective_message)
    if quoted is None or not quoted.is_of_exchanges:
        return False
    if quoted.conversation_id is None:
        await _say_where_to_reply(turn, quoted)
        return True
    conversation = await turn.work.conversations.get(quoted.conversation_id)
    try:
        words = reply_words(turn.text)
    except RefusedError as refused:
        turn.say(TEXT(refused.reason, **refused.values))
        return True
    await say_back(turn, conversation, words)
    draft = await engine.current(turn)
    if draft is None:
        return True
    if draft.form in REPLY_FORMS and engine.row_of(draft) == quoted.conversation_id:
        await turn.work.drafts.discard(draft.person_id)
    else:
        engine.ask_again(turn, draft)
    return True


async def refuse_media(turn: Turn) -> bool:
    """Say that only text is passed on of a reply in a conversation; False for other messages."""
    quoted = await replied_to(turn, turn.update.effective_message)
    if quoted is None or quoted.conversation_id is None:
        return False
    conversation = await turn.work.conversations.get(quoted.conversation_id)
    if conversation is None or conversation.person_id != (await turn.person()).id:
        return False
    if conversation.closed_at is not None:
        say_closed(turn, conversation)
    else:
        _say(turn, conversation, "text_only_for_person")
    return True


def say_closed(turn: Turn, conversation: Conversation) -> None:
    """Say that nothing more is passed on in a conversation, and what can be done instead."""
    asked = conversation.interest_id is None
    keyboard = _ask_anew() if asked else with_person(column([]))
    _say(turn, conversation, "closed_for_person", keyboard)


async def _say_where_to_reply(turn: Turn, quoted: RepliedTo) -> None:
    """Offer to reply in the exchange that a message shows, if there is but one, of the person's."""
    number = quoted.numbers[0] if len(quoted.numbers) == 1 else None
    shown = await turn.work.conversations.by_number(number) if number else None
    if len(quoted.numbers) > 1:
        turn.say(TEXT("which_exchange_person"))
    elif shown is None or shown.person_id != (await turn.person()).id:
        turn.say(TEXT("gone"), _ask_anew())
    else:
        keyboard = column([button(TEXT.label("answer_back"), ReplyTo(shown.id))])
        _say(turn, shown, "reply_by_button", keyboard)


async def say_back(turn: Turn, conversation: Conversation | None, words: str) -> None:
    """Pass on what the person just typed in a conversation, and say so, or why not."""
    message = turn.update.effective_message
    if message is None:
        raise LookupError("a reply without a message")
    if conversation is None:
        turn.say(TEXT("gone"), _ask_anew())
    elif await pass_back(turn, conversation, words, message.message_id):
        _say(turn, conversation, "sent_back")


async def pass_back(turn: Turn, conversation: Conversation, words: str, typed_in: int) -> bool:
    """Pass on what the person typed in a message of their chat; if that may not be, say why."""
    if conversation.person_id != (await turn.person()).id:
        turn.say(TEXT("gone"), _ask_anew())
        return False
    if conversation.closed_at is not None:
        say_closed(turn, conversation)
        return False
    if not await _may_write(turn, conversation):
        return False
    new = NewMessage(conversation.id, Side.PERSON, words, turn.chat_id, typed_in)
    sent = await turn.work.conversations.say(new)
    await Threads.of(turn).pass_on(conversation, sent)
    await _note_in_history(turn, conversation)
    return True


async def _note_in_history(turn: Turn, conversation: Conversation) -> None:
    """Add to the history of the request, if it is about one, that the firm wrote."""
    interest_id = conversation.interest_id
    interest = await turn.work.interests.get(interest_id) if interest_id else None
    if interest is not None:
        # The words are kept in the exchange alone, where they may still be corrected.
        await turn.work.interests.record(interest, EventKind.FROM_FIRM, FIRM)


async def _may_write(turn: Turn, conversation: Conversation) -> bool:
    """Tell whether the person may add a message; a flood would bury the other exchanges."""
    if not await caps.allows(turn, caps.UNANSWERED_MESSAGES, conversation.id):
        return False
    return await caps.allows(turn, caps.MESSAGES_TO_TEAM, turn.user.id)


FORM = Form(
    name=recap.FORM,
    text=TEXT,
    steps=(Step("text", _question, free_text=True),),
    subject=subject,
    submit=hand_over,
    carries=("before",),
    recap_more=recap.alone,
    ended=recap.ended,
)
HANDLERS: tuple[Handler, ...] = (
    tap(HandOver, begin),
    *recap.HANDLERS,
)
