"""Texts that do what a button does: a label, a number, words of a title, a yes, a no.

They are read with what the person was shown last. A number or a whole label wins over everything
else that a text may mean; words of a title lose to an exact phrasing of the knowledge.
"""

from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType

from telegram import CallbackQuery, Update

from handlers.conversation import choosing, labels
from handlers.core import assent
from handlers.core.buttons import Propose, ShowProject, with_person
from handlers.core.callback_data import SEPARATOR, CallbackData
from handlers.core.keyboards import Keyboard
from handlers.core.showing import phrases, says_no
from handlers.core.turn import BotContext, Turn
from handlers.messages import Catalogue
from handlers.questions import ask
from handlers.questions.answer import Vote
from handlers.questions.choices import NO_ENTRY, Choose
from knowledge.matcher.matcher import Outcome
from knowledge.model import Action
from knowledge.text.normalise import normalise
from storage.records.contexts import Context, Option
from storage.records.interests import Role

TEXT = Catalogue.of("conversation")
# More names than this, and the question which one is meant would be as long as a list.
_MOST_NAMED = 8
_FEWEST_NAMED = 2
# What is only offered where it was understood, and begun where it was named.
_BEGUN: Mapping[Action | None, CallbackData] = MappingProxyType(
    {
        Action.PROPOSE: Propose(),
        Action.SHARE: Propose(Role.RESOURCE.value),
        Action.LEAD: Propose(Role.LEAD.value),
    }
)


async def take(turn: Turn) -> bool:
    """Do what the button does that a text means; False if it means none.

    The first reading of all: a number or a label is never anything else.
    """
    before = await turn.shown_before()
    return (
        await tap_label(turn)
        or await _tap_number(turn, before)
        or await _tap_cold(turn)
        or await _accept_or_decline(turn, before)
        or await _tap_words(turn, before)
    )


async def tap_label(turn: Turn) -> bool:
    """Do what a button shown last does whose whole label was typed; False if there is none."""
    before = await turn.shown_before()
    option = choosing.by_label(turn.text, before.options) if before else None
    return option is not None and await tap(turn, option.data)


async def tap(turn: Turn, data: str) -> bool:
    """Do what a tap on this callback data does, with its authority; False where nothing does.

    What answers a tap with a line that shows for a moment is said, if nothing else is.
    """
    typed, handler = turn.update, turn.services.taps.get(data.partition(SEPARATOR)[0])
    query = CallbackQuery("", turn.user, "", data=data)
    update = Update(typed.update_id, message=typed.effective_message, callback_query=query)
    if handler is None or not handler.check_update(update):
        return False
    turn.update = update
    try:
        await handler.callback(update, BotContext.of_tap(turn))
    finally:
        turn.update = typed
    said, turn.toast_text = turn.toast_text, None
    if said and not turn.showing.has_spoken:
        turn.say(escape(said, quote=False))
    return True


async def _tap_number(turn: Turn, before: Context | None) -> bool:
    shown = before.options if before else ()
    options = choosing.counted(shown)
    last = choosing.last_said(turn.text) if options else ""
    number = choosing.number_in(turn.text, shown) or choosing.number_in(last, shown)
    if number is not None and _is_edit(turn):
        return _say_edited(turn)
    if number is None or not options:
        return False
    if number in options:
        return await tap(turn, options[number].data)
    is_bare = normalise(turn.text) == str(number)
    if is_bare and any(map(choosing.number_of, shown)):
        least, most, keyboard = min(options), max(options), _keyboard(shown)
        turn.say(TEXT("no_such_number", number=number, first=least, last=most), keyboard)
        return True
    return False


async def _tap_cold(turn: Turn) -> bool:
    """Do what a label says that is not in sight, or say what it needs."""
    target = labels.target_of(turn.text) or _begun_by_title(turn)
    if target is not None:
        return await tap(turn, target.pack())
    guidance = labels.guidance_for(turn.text)
    if guidance is None:
        return False
    await guidance(turn)
    return True


def _begun_by_title(turn: Turn) -> CallbackData | None:
    """Return what begins the form that the title of an act names, typed in full."""
    typed = normalise(turn.text)
    for act in turn.services.knowledge.acts:
        titles = (act.title, act.en.title if act.en else None)
        if act.action in _BEGUN and typed in (normalise(title) for title in titles if title):
            return _BEGUN[act.action]
    return None


async def _accept_or_decline(turn: Turn, before: Context | None) -> bool:
    """Do what was offered, close it kindly, or ask which of several things is meant."""
    if before is None or not before.options:
        return False
    wants_both = normalise(turn.text) in phrases("both_words")
    action = None if wants_both else _action(turn, before)
    if action is None and not wants_both:
        return False
    if _is_edit(turn):
        return _say_edited(turn)
    if action is Action.NO:
        return await _decline(turn, before, is_plain=assent.is_plain_no(turn.text))
    if action is Action.YES and before.offer is not None:
        return await tap(turn, before.offer)
    return _ask_which(turn, before.options, "one_at_a_time" if wants_both else "which_one")


def _action(turn: Turn, before: Context) -> Action | None:
    """Return whether a text says yes or no; None for another text."""
    if assent.is_yes(turn.text):
        return Action.YES
    if assent.is_no(turn.text):
        return Action.NO
    is_vote = before.offer is not None and _is_vote(before.offer)
    if assent.consents(turn.text):
        # "OK" under an answer is no opinion on it, and under several buttons no choice.
        return Action.YES if before.offer is not None and not is_vote else None
    return None if is_vote else _learnt(turn, before)


def _learnt(turn: Turn, before: Context) -> Action | None:
    """Return the yes or no that a text is by what was learnt of such texts."""
    if not assent.may_be_assent(turn.text):
        return None
    decision = ask.decide(turn.services, turn.text, before.topic or "")
    act = turn.services.knowledge.act(decision.shown[0]) if decision.shown else None
    if decision.outcome is not Outcome.ACT or act is None:
        return None
    if act.action is Action.YES and before.offer is None:
        return None
    return act.action if act.action in (Action.YES, Action.NO) else None


async def _decline(turn: Turn, before: Context, *, is_plain: bool) -> bool:
    """Tap the button that says no; a polite refusal is no opinion on an answer or on choices."""
    for option in filter(says_no, before.options):
        if is_plain or not (_is_vote(option.data) or _is_none_of_these(option.data)):
            return await tap(turn, option.data)
    turn.is_about(before.topic or "")
    turn.say(TEXT("declined"), with_person())
    return True


async def _tap_words(turn: Turn, before: Context | None) -> bool:
    if before is None:
        return False
    last = choosing.last_said(turn.text)
    found = _called(turn, turn.text, before) or _called(
        turn, last, before, is_correction=last != turn.text
    )
    if not found or _is_edit(turn):
        return False
    if ask.is_exact(ask.decide(turn.services, turn.text, before.topic or "")):
        return False
    if len(found) == 1:
        return await tap(turn, found[0].data)
    return _ask_which(turn, found, "which_of_these")


def _called(turn: Turn, text: str, before: Context, *, is_correction: bool = False) -> list[Option]:
    return choosing.by_words(
        text, before.options, lambda each: _more_words(turn, each), is_correction=is_correction
    )


def _more_words(turn: Turn, option: Option) -> str:
    """Return the title and the places of a project: its label may be cut."""
    prefix, _, project_id = option.data.partition(SEPARATOR)
    project = turn.services.knowledge.project(project_id) if prefix == ShowProject.PREFIX else None
    return f"{project.title} {' '.join(project.territories)}" if project else ""


def _ask_which(turn: Turn, options: Sequence[Option], name: str) -> bool:
    """Ask which of several things is meant, by their names; False where they are too many."""
    named = choosing.things(options)
    if not _FEWEST_NAMED <= len(named) <= _MOST_NAMED:
        return False
    numbered = [
        Option(f"{number}. {choosing.name_of(each)}", each.data)
        for number, each in enumerate(named, 1)
    ]
    turn.say(TEXT(name, names=map(choosing.name_of, named)), with_person(_keyboard(numbered)))
    return True


def _keyboard(options: Sequence[Option]) -> Keyboard:
    rows = [[{"text": each.label, "callback_data": each.data}] for each in options]
    return {"inline_keyboard": rows}


def _is_vote(data: str) -> bool:
    return data.startswith(f"{Vote.PREFIX}{SEPARATOR}")


def _is_none_of_these(data: str) -> bool:
    return data.startswith(f"{Choose.PREFIX}{SEPARATOR}") and data.endswith(NO_ENTRY)


def _is_edit(turn: Turn) -> bool:
    return turn.update.edited_message is not None


def _say_edited(turn: Turn) -> bool:
    """Say that an edited choice is not followed: what is in sight by now is something else."""
    turn.say(TEXT("edited_choice"))
    return True
