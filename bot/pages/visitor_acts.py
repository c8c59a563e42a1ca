"""What who has no Telegram does on their page: withdraw, relaunch, answer, write to the team."""

from collections.abc import Mapping
from typing import TypeAlias

from handlers.core.posting import Posting
from handlers.forms.steps import RefusedError
from handlers.handoff import by_page
from handlers.requests import agreement, follow_up, moves, relaunch, standing
from storage.records.conversation_values import Conversation, Side
from storage.records.interests import FIRM, OPEN, EventKind, Helped, Interest
from storage.records.people import Person

# What a visitor may act on: a request, or a question for the facilitators.
Own: TypeAlias = Interest | Conversation
WITHDRAW = "retirer"
WORD = "mot"


def name_of(own: Own) -> str:
    """Return what stands for a request or a question in a form."""
    return str(own.id) if isinstance(own, Interest) else f"q{own.id}"


async def do(
    posting: Posting, visitor: Person, act: str, own: Own, given: Mapping[str, str]
) -> str:
    """Do one thing; return what to say of it: the act, or why it was not done."""
    if act == WORD:
        return await _written(posting, visitor, own, given.get(WORD, ""))
    is_done = isinstance(own, Interest) and await _is_done(posting, visitor, act, own, given)
    return act if is_done else "rien"


async def _is_done(
    posting: Posting, visitor: Person, act: str, interest: Interest, given: Mapping[str, str]
) -> bool:
    if act == WITHDRAW and interest.status in OPEN:
        return (await moves.withdraw(posting, interest.id, visitor.id)).won
    if act == "relancer":
        return await _relaunched(posting, interest)
    if act == "contact":
        return await _said_helped(posting, interest, given.get("reponse", ""))
    return act == "accord" and await _agreed(posting, interest, given)


async def _relaunched(posting: Posting, interest: Interest) -> bool:
    events = await posting.work.interests.events(interest.id)
    if posting.services.today() < standing.relaunch_day(posting.services, interest, events):
        return False
    return await relaunch.remind(posting, interest) is not None


async def _said_helped(posting: Posting, interest: Interest, answer: str) -> bool:
    if answer not in tuple(Helped) or not standing.can_be_asked(interest):
        return False
    helped = Helped(answer)
    if helped is Helped.NO_CONTACT and follow_up.is_early(posting, interest):
        return False
    await follow_up.note(posting, interest, helped)
    return True


async def _agreed(posting: Posting, interest: Interest, given: Mapping[str, str]) -> bool:
    asked = await agreement.asked(posting, interest)
    answer = given.get("reponse", "")
    # Somebody else may have been named since the page was shown.
    if asked is None or given.get("qui") != str(asked.id) or answer not in ("oui", "non"):
        return False
    await agreement.settle(posting, interest, asked, agrees=answer == "oui")
    return True


async def _written(posting: Posting, visitor: Person, own: Own, text: str) -> str:
    """Pass a word on to the team, in the exchange about the request or the question."""
    work = posting.work
    if isinstance(own, Interest):
        if own.status not in OPEN:
            return "rien"
        exchange = await work.conversations.open_about(own, Side.PERSON)
    else:
        exchange = own
    if exchange.closed_at is not None:
        return "rien"
    if not text.strip():
        return "vide"
    try:
        if not await by_page.write_back(posting, exchange, visitor, text):
            return "trop"
    except RefusedError as refused:
        return "long" if refused.reason == "too_long" else "rien"
    if isinstance(own, Interest):
        await work.interests.record(own, EventKind.FROM_FIRM, FIRM)
    return WORD
