"""A Telegram reply to what the bot said of a person's request: it is for the team.

Such a reply says what it is about, so it is never an answer of the form that happens to be open. A
reply to a question of the team about the request answers that question.
"""

from telegram import InlineKeyboardMarkup, Message

from handlers.conversation import contact_said, typed_taps
from handlers.core.buttons import ShowRequest
from handlers.core.callback_data import SEPARATOR
from handlers.core.turn import Turn
from handlers.forms import engine as forms
from handlers.forms import words
from handlers.forms.steps import RefusedError
from handlers.handoff import person as handoff
from handlers.handoff.replied_to import is_by_bot
from handlers.messages import Catalogue
from handlers.questions import ask
from handlers.requests import follow_up
from handlers.requests.agreement import Agree
from handlers.requests.follow_up import AddNothing, SayHelped
from handlers.requests.own_requests import Withdraw
from knowledge.matcher.matcher import Outcome
from knowledge.text.normalise import normalise
from storage.queues.outbox import Delivery
from storage.records.conversation_values import Side
from storage.records.interests import Interest
from storage.subject import Kind

TEXT = Catalogue.of("handoff")


async def take(turn: Turn) -> bool:
    """Pass a reply about the person's own request on to the team; False for any other text."""
    message = turn.update.effective_message
    quoted = message.reply_to_message if message else None
    request = await _request_of(turn, quoted) if quoted else None
    if request is None or quoted is None:
        return False
    if await _answers(turn, quoted):
        return True
    if await forms.current(turn) is None and _is_answered_for_sure(turn):
        return False
    await _pass_on(turn, request)
    return True


def _is_answered_for_sure(turn: Turn) -> bool:
    """Tell whether a text is a question that the bot answers at once, whatever it quotes."""
    decision = ask.decide(turn.services, turn.text)
    return decision.outcome is Outcome.ANSWER and ask.is_exact(decision)


async def _request_of(turn: Turn, quoted: Message) -> Interest | None:
    """Return the person's own request that a message of the bot was sent about."""
    if not is_by_bot(turn, quoted):
        return None
    subject = await turn.work.outbox.subject_of(Delivery(quoted.chat.id, quoted.message_id))
    if subject is None or subject.kind is not Kind.INTEREST:
        return None
    request = await turn.work.interests.get(subject.id)
    is_own = request is not None and request.person_id == (await turn.person()).id
    return request if is_own else None


async def _answers(turn: Turn, quoted: Message) -> bool:
    """Take the answer to a question that the quoted message asks by its buttons."""
    if await _names_button(turn, quoted):
        return True
    is_yes, is_no = words.is_yes(turn.text), words.is_no(turn.text)
    for data in _buttons(quoted):
        prefix = data.partition(SEPARATOR)[0]
        if prefix == SayHelped.PREFIX:
            return await contact_said.answer(turn, SayHelped.unpack(data).interest_id)
        if prefix == AddNothing.PREFIX:
            await follow_up.take_word(turn, AddNothing.unpack(data).interest_id, turn.text)
            return True
        if prefix == Agree.PREFIX and (is_yes or is_no):
            choice = Agree(Agree.unpack(data).introduction_id, agrees=is_yes)
            return await typed_taps.tap(turn, choice.pack())
        if prefix == Withdraw.PREFIX and Withdraw.unpack(data).sure and (is_yes or is_no):
            request_id = Withdraw.unpack(data).interest_id
            meant = Withdraw(request_id, sure=True) if is_yes else ShowRequest(request_id)
            return await typed_taps.tap(turn, meant.pack())
    return False


async def _names_button(turn: Turn, quoted: Message) -> bool:
    """Do what a button of the quoted message does, where its label was typed: no word for us."""
    typed = normalise(turn.text)
    for label, data in _labelled(quoted):
        if typed == normalise(label):
            return await typed_taps.tap(turn, data)
    return False


def _buttons(quoted: Message) -> list[str]:
    return [data for _, data in _labelled(quoted)]


def _labelled(quoted: Message) -> list[tuple[str, str]]:
    """Return the label of each button of a message, and what a tap on it carries."""
    markup = quoted.reply_markup
    lines = markup.inline_keyboard if isinstance(markup, InlineKeyboardMarkup) else ()
    return [
        (each.text, each.callback_data)
        for line in lines
        for each in line
        if isinstance(each.callback_data, str)
    ]


async def _pass_on(turn: Turn, request: Interest) -> None:
    try:
        said = handoff.reply_words(turn.text)
    except RefusedError as refused:
        turn.say(TEXT(refused.reason, **refused.values))
        return
    exchange = await turn.work.conversations.open_about(request, Side.PERSON)
    await handoff.say_back(turn, exchange, said)
