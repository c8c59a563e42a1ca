"""Refusing a request in one's own words: typed as a reply, shown once more, then sent.

Nothing is remembered. The bot's question is known by its button, and the reason is read from the
message in which the bot shows it: what the firm reads is what was shown.
"""

from dataclasses import dataclass

from telegram import Message, MessageEntity, Update

from handlers.administration.drawing import standing
from handlers.administration.making import make, may
from handlers.administration.meeting import for_administrators
from handlers.core.callback_data import CallbackData, ExpiredButtonError
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.requests import reach
from handlers.requests.notification import TEXT
from knowledge.text.signs import plain_signs
from storage.queues.outbox import Delivery
from storage.records.interests import EventKind, Interest, Particulars, Reason
from storage.subject import Kind

# As long as a reason may be: two sentences.
LONGEST_REASON = 400


@dataclass(frozen=True)
class TypeReason(CallbackData, prefix="aw"):
    """Ask for a reason in the administrator's own words."""

    interest_id: int


@dataclass(frozen=True)
class GiveUpRefusal(CallbackData, prefix="ag"):
    """Do not refuse after all. It also marks the question to which a reply is the reason."""

    interest_id: int


@dataclass(frozen=True)
class RefuseInWords(CallbackData, prefix="ax"):
    """Refuse with the reason that the message shows."""

    interest_id: int


@for_administrators
async def ask_words(update: Update, context: BotContext) -> None:
    """Post the question to which the reason is replied."""
    turn = context.turn
    interest = await standing(turn, TypeReason.of(update).interest_id)
    if interest is not None and await may(turn, interest, EventKind.REFUSE):
        reached = await reach.of(turn.posting, interest)
        _ask(turn, interest, TEXT("ask_refuse_words", number=interest.number, reach=reached))


def _ask(turn: Turn, interest: Interest, text: str) -> None:
    """Post a question to which a reply is the reason; a note, so that an erasure finds it."""
    keyboard = column([button(TEXT.label("give_up_refusal"), GiveUpRefusal(interest.id))])
    turn.say(text, keyboard, about=interest.about_note)


async def take_reason(turn: Turn, message: Message) -> bool:
    """Take a reply to that question as the reason, and show it; False for any other reply."""
    interest = await _refusing(turn, message.reply_to_message)
    if interest is None:
        return False
    words = plain_signs(message.text or "").strip()
    if not words:
        turn.say(TEXT("refusal_not_text"), reply_to=message.message_id)
    elif len(words) > LONGEST_REASON:
        text = TEXT("refusal_too_long", length=len(words), most=LONGEST_REASON)
        turn.say(text, reply_to=message.message_id)
    else:
        reached = await reach.of(turn.posting, interest)
        text = TEXT("ask_refuse_words_sure", interest=interest, words=words, reach=reached)
        turn.say(text, _choice(interest), reply_to=message.message_id, about=interest.about_note)
    return True


def _choice(interest: Interest) -> Keyboard:
    return column(
        [
            button(TEXT.label("refuse_words_sure"), RefuseInWords(interest.id)),
            button(TEXT.label("give_up_refusal"), GiveUpRefusal(interest.id)),
        ]
    )


async def _refusing(turn: Turn, question: Message | None) -> Interest | None:
    """Return the request that a question of the bot is about to refuse, by its button.

    The outbox must know the message: what another bot wrote has any buttons.
    """
    interest_id = _asked_of(question)
    if question is None or interest_id is None:
        return None
    about = await turn.work.outbox.subject_of(Delivery(question.chat.id, question.message_id))
    if about is None or about.kind is not Kind.INTEREST or about.id != interest_id:
        return None
    interest = await turn.work.interests.get(interest_id)
    return None if interest is None or interest.is_anonymous else interest


def _asked_of(question: Message | None) -> int | None:
    markup = question.reply_markup if question else None
    for line in markup.inline_keyboard if markup else ():
        for each in line:
            try:
                return GiveUpRefusal.unpack(str(each.callback_data)).interest_id
            except ExpiredButtonError:
                continue
    return None


@for_administrators
async def refuse_in_words(update: Update, context: BotContext) -> None:
    """Refuse with the reason shown, and say so in place of the question."""
    turn = context.turn
    interest = await standing(turn, RefuseInWords.of(update).interest_id)
    if interest is None or not await may(turn, interest, EventKind.REFUSE):
        return
    words = _shown(update.effective_message)
    if not words:
        turn.toast(TEXT.label("refusal_unread"), alert=True)
        return
    particulars = Particulars(reason=Reason.OTHER, note=words)
    await make(EventKind.REFUSE, update, turn, interest.id, particulars)


def _shown(message: Message | None) -> str:
    """Return the reason that a message of the bot shows, which is its only quotation."""
    quoted = message.parse_entities([MessageEntity.BLOCKQUOTE]) if message else {}
    return next(iter(quoted.values()), "").strip()[:LONGEST_REASON]


@for_administrators
async def give_up(update: Update, context: BotContext) -> None:
    """Leave the request as it is."""
    turn = context.turn
    interest = await standing(turn, GiveUpRefusal.of(update).interest_id)
    if interest is not None:
        text = TEXT("refusal_given_up", number=interest.number)
        turn.rewrite(text, about=interest.about_note)


HANDLERS: tuple[Handler, ...] = (
    tap(TypeReason, ask_words),
    tap(GiveUpRefusal, give_up),
    tap(RefuseInWords, refuse_in_words),
)
