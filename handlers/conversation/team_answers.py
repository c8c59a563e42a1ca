"""A text typed after a reply of the team, without quoting it: passed on, or offered to be.

Telegram shows how to quote a message, and few people do: they answer as in any other conversation.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from telegram import Message, Update

from handlers.core.authority import Authority, requires
from handlers.core.callback_data import CallbackData
from handlers.core.full_text import full_text
from handlers.core.keyboards import button, column
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms import words
from handlers.forms.steps import RefusedError
from handlers.handoff import person as handoff
from handlers.messages import Catalogue
from handlers.questions import ask
from knowledge.matcher.matcher import Decision, Outcome
from knowledge.model import Action
from knowledge.text.normalise import normalise
from storage.records.conversation_values import Awaited, Conversation

TEXT = Catalogue.of("handoff")
# A reply of the team is answered within this time; later, a text is about something else.
RECENT = timedelta(hours=24)
# Whoever has answered may add something for this long.
_ADDING = timedelta(minutes=10)
# An answer to a question is seldom longer; whoever writes more is asked.
_SHORT = 15
# The reply ends in a question, perhaps with a last courtesy after it.
_ASKS = re.compile(r"\?[^?]{0,40}$")
# Of exchanges that wait for an answer, so many are offered.
_MOST = 4
_SURE = frozenset({Outcome.ANSWER, Outcome.REFERRAL, Outcome.PROJECTS})
# Reasons of a decision that leave no doubt what a text means.
_CERTAIN = frozenset({"exact phrasing", "an act", "courtesies alone"})
_ANSWERING = frozenset({Action.YES, Action.NO})


@dataclass(frozen=True)
class PassOn(CallbackData, prefix="hp"):
    """Pass on to the team what was typed in this message."""

    conversation_id: int
    message_id: int


@dataclass(frozen=True)
class NotForTeam(CallbackData, prefix="hq"):
    """Read what was typed in this message as something else than an answer to the team."""

    conversation_id: int
    message_id: int


async def answer(turn: Turn) -> bool:
    """Take what answers the team just now: a yes or no to an offer, or its question."""
    last = await _last(turn)
    typed = turn.update.effective_message
    if last is None or typed is None:
        return False
    if await _is_asked_about(turn, last.conversation):
        if words.is_yes(turn.text):
            await _take_yes(turn, last.conversation)
            return True
        if words.is_no(turn.text) or _is_label(turn.text, "not_for_team"):
            # What was offered is then read like any text: as a question, or whatever it is.
            turn.preface = TEXT("kept_from_team", conversation=last.conversation)
            await decline(turn, last.conversation, last.conversation.offered_in or 0)
            return False
    if not await _answers_at_once(turn, last):
        return False
    await _pass_on(turn, last.conversation, typed.message_id, turn.text)
    return True


async def offer(turn: Turn) -> bool:
    """Ask whether a text is for the team; False if it is surely something else."""
    waiting = await _waiting(turn)
    last = waiting[-1] if waiting else None
    typed = turn.update.effective_message
    # Just read as no answer to the team: the preface says so.
    if last is None or typed is None or turn.preface:
        return False
    if _is_something_else(turn, last, ask.decide(turn.services, turn.text)):
        return False
    await _offer(turn, _may_be_meant(waiting), turn.text, typed.message_id)
    return True


async def _last(turn: Turn) -> Awaited | None:
    """Return the last reply of the team that a text may answer."""
    waiting = await _waiting(turn)
    return waiting[-1] if waiting else None


async def _waiting(turn: Turn) -> tuple[Awaited, ...]:
    """Return the last reply of the team in each exchange, the latest last."""
    person_id = (await turn.person()).id
    awaited = turn.work.read_ahead.awaited(person_id)
    if awaited is None:
        since = turn.work.now - RECENT
        awaited = (await turn.work.conversations.awaiting([person_id], since))[person_id]
    return awaited


def _may_be_meant(waiting: Sequence[Awaited]) -> list[Conversation]:
    """Return the exchanges that a text may answer, the latest first: that one, and those waiting.

    Two teams may wait for an answer at once, and a text does not say which one it is for.
    """
    *before, last = waiting
    unanswered = [
        each.conversation for each in before if each.answered_at is None and _awaits(each)
    ]
    return [last.conversation, *reversed(unanswered)][:_MOST]


def _awaits(waiting: Awaited) -> bool:
    """Tell whether the reply of the team ends in a question."""
    return bool(_ASKS.search(waiting.reply.text.rstrip()))


async def _is_asked_about(turn: Turn, conversation: Conversation) -> bool:
    """Tell whether the last thing that the bot said here was the question what a text is."""
    if conversation.offered is None or conversation.offered_at is None:
        return False
    return not await turn.work.update_rate.came_since(
        turn.chat_id, conversation.offered_at, turn.update.update_id
    )


def _is_label(text: str, name: str) -> bool:
    return normalise(text) == normalise(TEXT.label(name))


async def _answers_at_once(turn: Turn, last: Awaited) -> bool:
    """Tell whether a text answers a question of the team that the person has just read."""
    arrived_at = last.reply.delivered_at
    if last.answered_at is not None or arrived_at is None:
        return False
    if _asks_something(turn.text) or not _awaits(last):
        return False
    if len(_may_be_meant(await _waiting(turn))) > 1:
        return False
    if _is_label(turn.text, "answer_back") or len(turn.text.split()) > _SHORT:
        return False
    decision = ask.decide(turn.services, turn.text)
    if not decision.has_words or _is_certain(turn, decision):
        return False
    return not await turn.work.update_rate.came_since(
        turn.chat_id, arrived_at, turn.update.update_id
    )


def _is_certain(turn: Turn, decision: Decision) -> bool:
    """Tell whether a text can only be what the bot knows; yes and no answer whoever asked."""
    if decision.reason not in _CERTAIN:
        return False
    act = turn.services.knowledge.act(decision.shown[0]) if decision.shown else None
    return act is None or act.action not in _ANSWERING


def _is_something_else(turn: Turn, last: Awaited, decision: Decision) -> bool:
    if not decision.has_words or decision.reason in _CERTAIN:
        return True
    # A guessed act is no more than that here: whoever answers "Zone des Paluds" wants nothing done.
    if decision.outcome in _SURE:
        return True
    if last.answered_at is None:
        return False
    # Whoever has answered may add something, and what asks something is no such addition.
    return _asks_something(turn.text) or turn.work.now - last.answered_at > _ADDING


def _asks_something(text: str) -> bool:
    return text.rstrip().endswith("?") or words.opens_like_a_question(text)


async def _offer(turn: Turn, meant: Sequence[Conversation], said: str, typed_in: int) -> None:
    """Ask whether a text is for the team, and for which exchange where several wait for one."""
    last = meant[0]
    for each in meant:
        await turn.work.conversations.offer(each.id, said, typed_in)
    if len(meant) == 1:
        ways = [button(TEXT.label("pass_on"), PassOn(last.id, typed_in))]
    else:
        ways = [
            button(
                TEXT.label("pass_on_to", number=number, conversation=each),
                PassOn(each.id, typed_in),
            )
            for number, each in enumerate(meant, 1)
        ]
    ways.append(button(TEXT.label("not_for_team"), NotForTeam(last.id, typed_in)))
    text = TEXT("is_it_for_team", conversation=last, meant=meant)
    turn.say(text, column(ways), reply_to=typed_in, about=last.about_note)


async def _take_yes(turn: Turn, conversation: Conversation) -> None:
    said, typed_in = conversation.offered or "", conversation.offered_in or 0
    meant = _may_be_meant(await _waiting(turn))
    if len(meant) > 1:
        # A yes does not say which.
        await _offer(turn, meant, said, typed_in)
        return
    await turn.work.conversations.settle_offer(conversation.id)
    await _pass_on(turn, conversation, typed_in, said)


async def _pass_on(turn: Turn, conversation: Conversation, typed_in: int, said: str) -> None:
    """Pass a text on, and say that it was, or why not."""
    # It may have been closed since it was read ahead.
    standing = await turn.work.conversations.get(conversation.id)
    try:
        checked = handoff.reply_words(said)
    except RefusedError as refused:
        turn.say(TEXT(refused.reason, **refused.values))
        return
    if standing and await handoff.pass_back(turn, standing, checked, typed_in):
        text = TEXT("passed_on", conversation=standing, said=checked)
        turn.say(text, about=standing.about_note)


@requires(Authority.PERSON)
async def pass_on(update: Update, context: BotContext) -> None:
    """Pass on the text that the person was asked about; a second tap says that it was."""
    turn, choice = context.turn, PassOn.of(update)
    conversation = await own(turn, choice.conversation_id)
    if conversation is None:
        return
    if await turn.work.conversations.typed_as(turn.chat_id, choice.message_id) is not None:
        turn.toast(TEXT.label("passed_on_toast", conversation=conversation))
        return
    said = kept(turn, conversation, choice.message_id)
    if said is None:
        turn.rewrite(TEXT("offer_gone", conversation=conversation))
        return
    await _settle(turn, conversation, choice.message_id)
    turn.remove_buttons()
    await _pass_on(turn, conversation, choice.message_id, said)


async def _settle(turn: Turn, conversation: Conversation, message_id: int) -> None:
    """Forget the text of an offer, which is kept with each exchange that it may be for."""
    kept_with = [each.conversation for each in await _waiting(turn)]
    ids = {each.id for each in kept_with if each.offered_in == message_id} | {conversation.id}
    for each in sorted(ids):
        await turn.work.conversations.settle_offer(each)


async def own(turn: Turn, conversation_id: int) -> Conversation | None:
    """Return an exchange of this person; say so if there is none, or none any more."""
    conversation = await turn.work.conversations.get(conversation_id)
    if conversation is None or conversation.person_id != (await turn.person()).id:
        turn.toast(TEXT.label("gone_toast"), alert=True)
        turn.remove_buttons()
        return None
    return conversation


def kept(turn: Turn, conversation: Conversation, message_id: int) -> str | None:
    """Return the text that a button is about: as stored, or as the tapped message quotes it."""
    if conversation.offered_in == message_id and conversation.offered:
        return conversation.offered
    query = turn.update.callback_query
    message = query.message if query else None
    quoted = message.reply_to_message if isinstance(message, Message) else None
    return full_text(quoted) or None if quoted and quoted.message_id == message_id else None


async def decline(turn: Turn, conversation: Conversation, message_id: int) -> bool:
    """Make the text that was not for the team the text of this turn; False if it is not kept."""
    said = kept(turn, conversation, message_id)
    await _settle(turn, conversation, message_id)
    if said is None:
        return False
    chat, update = turn.update.effective_chat, turn.update
    if chat is None:
        raise LookupError("a text without a chat")
    message = Message(message_id, turn.work.now, chat, from_user=turn.user, text=said)
    message.set_bot(update.get_bot())
    turn.update = Update(update.update_id, message=message, callback_query=update.callback_query)
    turn.update.set_bot(update.get_bot())
    return True


HANDLERS: tuple[Handler, ...] = (tap(PassOn, pass_on),)
