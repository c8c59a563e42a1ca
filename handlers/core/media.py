"""Photos, files and recordings: only the words that come with them are read.

The caption of a message stands in the place of its text (``bot/inbox/raw_updates.py``), so that
every handler hears it as if it were typed.
"""

from telegram.constants import ChatType

from handlers.core.turn import Turn
from handlers.messages import Catalogue

TEXT = Catalogue.of("media")


def has_caption(turn: Turn) -> bool:
    """Tell whether the text of this update came with a photo, a file or a recording."""
    message = turn.update.effective_message
    return turn.update.callback_query is None and message is not None and bool(message.caption)


async def deserves_a_word(turn: Turn) -> bool:
    """Tell whether something is to be said about what is not read: once for a whole album.

    Call it only to say so: it is remembered.
    """
    message = turn.update.effective_message
    album = message.media_group_id if message else None
    if album is None:
        return True
    return await turn.work.albums.is_first(turn.chat_id, turn.update.update_id, str(album))


async def say_what_is_read(turn: Turn) -> None:
    """Have the answer to a caption begin with what becomes of the rest; in private chats only."""
    chat = turn.update.effective_chat
    is_private = chat is not None and chat.type == ChatType.PRIVATE
    is_new = turn.update.message is not None
    if is_private and is_new and has_caption(turn) and await deserves_a_word(turn):
        turn.preface = TEXT("only_words")


async def say_what_is_passed_on(turn: Turn) -> None:
    """Tell who replied with a captioned photo that its words alone are passed on."""
    message = turn.update.effective_message
    if message is not None and has_caption(turn) and await deserves_a_word(turn):
        turn.say(TEXT("only_words_passed_on"), reply_to=message.message_id)
