"""How much one account may do that others see, or that fills our tables: all the limits.

Each is far beyond what a person meets. Whoever meets one is told once that this was not passed on,
when it works again and how else to reach the team, and is then left unanswered for a while.
"""

from dataclasses import dataclass
from datetime import timedelta

from telegram.constants import ChatType

from handlers.core.team import roles
from handlers.core.turn import Turn
from handlers.messages import Catalogue
from storage.records.allowances import Spending
from storage.unit_of_work import UnitOfWork

TEXT = Catalogue.of("caps")
_DAY = timedelta(days=1)
# Within this time, further attempts belong to the same burst: they hear nothing more.
_BURST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many within a period; ``name`` is also the name of the message that says so.

    Who goes on is told again after ``tell_again``.
    """

    name: str
    most: int
    within: timedelta = _DAY
    tell_again: timedelta = _BURST


# Of a person.
HANDOVERS = Cap("handovers", 10)
# In one exchange, and in all together. An answer of the team begins the count anew, so that a
# lively exchange has no limit.
UNANSWERED_MESSAGES = Cap("unanswered_messages", 20)
MESSAGES_TO_TEAM = Cap("messages_to_team", 60)
PROPOSALS = Cap("proposals", 5)
INTERESTS = Cap("interests", 20)
CALL_BACKS = Cap("call_backs", 5)
# Of requests: changed answers and withdrawals, each of which the administrators are told of.
CHANGES = Cap("changes", 20)
EDITS = Cap("edits", 30, timedelta(hours=1))
# Of the team, in one exchange or about one request: each of them is a message to the person.
REPLIES = Cap("replies", 100)
ENDS = Cap("ends", 10)
MOVES = Cap("moves", 10)
# Of the team about one request: each stays in its history.
NOTES = Cap("notes", 30)
# Of a facilitator: files sent and changes tapped, each of which is checked for some seconds.
EXAMINATIONS = Cap("examinations", 60, timedelta(hours=1))
# Of a facilitator: posters, each of which is three files to draw.
POSTERS = Cap("posters", 60, timedelta(hours=1))
# Of one member of a group of the team: what they type, not what they tap.
TEAM_MEMBER = Cap("team_member", 100, timedelta(minutes=10))
# Of all members of any other group together; told once an hour, for the group may be large.
OTHER_GROUP = Cap("other_group", 5, timedelta(hours=1), timedelta(hours=1))

# Of a network, that of an office or of a household, and of all together: forms sent by the pages.
PAGE_FORMS = Cap("page_forms", 20)
PAGE_FORMS_IN_ALL = Cap("page_forms_in_all", 200, tell_again=_DAY)
# Of an e-mail address, which a stranger may have typed: letters that a form causes.
PAGE_LETTERS = Cap("page_letters", 10)

ALL = (
    HANDOVERS,
    UNANSWERED_MESSAGES,
    MESSAGES_TO_TEAM,
    PROPOSALS,
    INTERESTS,
    CALL_BACKS,
    CHANGES,
    EDITS,
    REPLIES,
    ENDS,
    MOVES,
    NOTES,
    EXAMINATIONS,
    POSTERS,
    TEAM_MEMBER,
    OTHER_GROUP,
    PAGE_FORMS,
    PAGE_FORMS_IN_ALL,
    PAGE_LETTERS,
)


async def allows(turn: Turn, cap: Cap, owner: int) -> bool:
    """Count one more for this owner; if it is too many, say so once.

    The owner is our id of an exchange or of a request, or Telegram's id of a group or of a person:
    our own id of a person would change, and the count begin anew, with an erasure.
    """
    spending = await spend(turn.work, cap, owner)
    if spending.is_allowed:
        return True
    turn.count("cap", cap.name)
    values = {"most": cap.most, "until": spending.until, "identity": turn.services.identity}
    chat = turn.update.effective_chat
    # All subscribers of a channel would read it.
    if spending.is_to_tell and (chat is None or chat.type != ChatType.CHANNEL):
        turn.say(TEXT(cap.name, **values), reply_to=_typed_in(turn))
    turn.toast(TEXT.label("toast", until=spending.until), alert=True)
    return False


async def spend(work: UnitOfWork, cap: Cap, owner: int | str) -> Spending:
    """Count one more for this owner, where no turn is there to say that it is too many.

    A text stands for who has no number: for a network or an address, never these themselves.
    """
    return await work.allowances.spend(_key(cap, owner), cap.most, cap.within, cap.tell_again)


async def is_spent(turn: Turn, cap: Cap, owner: int) -> bool:
    """Tell whether one more would be too many, and say so to whoever taps; nothing is counted."""
    until = await turn.work.allowances.spent_until(_key(cap, owner), cap.most)
    if until is not None:
        turn.toast(TEXT.label("toast", until=until), alert=True)
    return until is not None


async def forgive(turn: Turn, cap: Cap, owner: int) -> None:
    """Begin the count of this owner anew."""
    await turn.work.allowances.forgive(_key(cap, owner))


async def hold(turn: Turn) -> bool:
    """Tell whether an update of a group is beyond what its members may ask of the bot."""
    chat, user = turn.update.effective_chat, turn.update.effective_user
    if chat is None or chat.type == ChatType.PRIVATE:
        return False
    message = turn.update.message
    if message and (message.new_chat_members or message.left_chat_member):
        # Joining or leaving asks for nothing, and gets no answer.
        return False
    if not await roles(turn):
        if turn.update.edited_message is not None:
            # Its members edit what they say to each other: that is seldom for the bot to answer.
            return False
        is_held = not await allows(turn, OTHER_GROUP, chat.id)
        # Whatever is sent again of it will not be answered either.
        turn.is_forgettable = is_held
        return is_held
    if turn.update.callback_query or turn.update.effective_message is None or user is None:
        return False
    return not await allows(turn, TEAM_MEMBER, user.id)


def _key(cap: Cap, owner: int | str) -> str:
    return f"{cap.name}:{owner}"


def _typed_in(turn: Turn) -> int | None:
    message = turn.update.message or turn.update.edited_message
    return message.message_id if message else None
