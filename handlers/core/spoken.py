"""In which language a person is answered: the one they chose, else the one they write in.

In groups it is French, whoever writes there.
"""

from telegram import Update, User
from telegram.constants import ChatType

from handlers.core.full_text import full_text
from handlers.core.turn import Turn
from handlers.messages import ENGLISH, FRENCH, LANGUAGES
from knowledge.text.language_id import is_only, language_of
from knowledge.text.normalise import normalise

# In words: what is longer, in a form, is more than a name.
_LONGEST_NAME = 8


def answered(update: Update) -> User | None:
    """Return the person whom an update is answered in their own language, if anybody."""
    chat = update.effective_chat
    is_private = chat is not None and chat.type == ChatType.PRIVATE
    return update.effective_user if is_private else None


async def tell_language(turn: Turn) -> str:
    """Return the language in which this turn is answered, ``fr`` or ``en``."""
    person = answered(turn.update)
    if person is None:
        return FRENCH
    tongue = await turn.work.read_ahead.tongue(person.id)
    if tongue.is_chosen:
        return tongue.language
    typed = language_typed(turn.update)
    if typed in (None, tongue.language) or await _is_answer(turn, person.id):
        return tongue.language
    turn.has_changed_language = True
    return typed


def language_typed(update: Update) -> str | None:
    """Return the language of what was just typed; None where it may be any, as in ``ok``.

    Whoever writes in a language in which nothing can be answered gets French.
    """
    message = None if update.callback_query else update.message or update.edited_message
    text = full_text(message)
    if not text or text.startswith("/") or (message and message.via_bot):
        return None
    normalised = normalise(text)
    language = language_of(normalised)
    if language is None:
        # "Hello" is borrowed in French, and a greeting where Telegram itself is in English.
        is_english = _client_is_english(update) and is_only(ENGLISH, normalised)
        return ENGLISH if is_english else None
    return language if language in LANGUAGES else FRENCH


def _client_is_english(update: Update) -> bool:
    code = update.effective_user.language_code if update.effective_user else None
    return (code or FRENCH).startswith(ENGLISH)


async def _is_answer(turn: Turn, telegram_id: int) -> bool:
    """Tell whether a text is but an answer in a form: an English firm may have a French name."""
    is_sentence = len(turn.text.split()) > _LONGEST_NAME or turn.text.rstrip().endswith("?")
    return not is_sentence and await turn.work.read_ahead.had_draft(telegram_id)


async def keep_language(turn: Turn, language: str) -> None:
    """Remember the language that a person just began to write in, for what they tap next."""
    if turn.has_changed_language:
        turn.has_changed_language = False
        await turn.work.people.speaks((await turn.person()).id, language, is_chosen=False)
