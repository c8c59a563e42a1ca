"""What people want done: each action of an act, and what then happens.

Screens that change nothing are shown at once, after the act's own short words. What begins or ends
something is one tap away: nobody starts a form, or erases anything, by a misread sentence.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from handlers.core.buttons import (
    AskErasure,
    AskHuman,
    CallBack,
    ListProjects,
    ListRequests,
    ListThemes,
    Propose,
    SendData,
    ShowEntry,
    with_person,
)
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Button, button, column
from handlers.core.turn import Turn
from handlers.general import languages, privacy, start_and_help
from handlers.messages import Catalogue, language, speaking
from handlers.projects import browse
from handlers.questions import again, themes
from handlers.requests import own_requests
from knowledge.model import Act, Action
from storage.records.interests import Role

# Does what an act asks; the number is the question's, which may then be handed over.
Performance: TypeAlias = Callable[[Turn, Act, int], Awaitable[None]]

TEXT = Catalogue.of("questions")
# From so many words on, whoever asks for a person tells more than that: it can be handed over.
_FEWEST_TOLD = 8
_RESOURCE = Propose(Role.RESOURCE.value)
_LEAD = Propose(Role.LEAD.value)
_BUTTONS: Mapping[Action, tuple[str, CallbackData]] = MappingProxyType(
    {
        Action.PROJECTS: ("action_projects", ListProjects()),
        Action.PROPOSE: ("action_propose", Propose()),
        Action.SHARE: ("action_share", _RESOURCE),
        Action.LEAD: ("action_lead", _LEAD),
        Action.CONTACT: ("action_contact", AskHuman()),
        Action.PHONE: ("action_contact", AskHuman()),
        Action.CALL_BACK: ("action_call_back", CallBack()),
        Action.REQUESTS: ("action_requests", ListRequests()),
        Action.THEMES: ("action_themes", ListThemes()),
        Action.DATA: ("action_data", SendData()),
        Action.ERASE: ("action_erase", AskErasure()),
        Action.STOP: ("action_erase", AskErasure()),
    }
)


def action_button(action: Action | None) -> Button | None:
    """Return the button for an action; None for one that is only a reply."""
    if action is None or action not in _BUTTONS:
        return None
    name, target = _BUTTONS[action]
    return button(TEXT.label(name), target)


async def perform(turn: Turn, act: Act, question_id: int) -> None:
    """Do what an act asks, or offer it by a button; ``question_id`` is the row of its message."""
    await _PERFORMED[act.action](turn, act, question_id)


def _words(act: Act) -> str:
    return act.said_in(language()).reply


async def _reply(turn: Turn, act: Act, _question_id: int) -> None:
    turn.say(_words(act), start_and_help.ways_on())


def _offering(*actions: Action) -> Performance:
    """Return what replies with the buttons of these actions, and one to a person."""

    async def offer(turn: Turn, act: Act, _question_id: int) -> None:
        turn.say(_words(act), with_person(column(filter(None, map(action_button, actions)))))

    return offer


async def _show_projects(turn: Turn, act: Act, _question_id: int) -> None:
    turn.begin_with(_words(act))
    browse.show_page(turn, ListProjects())


async def _show_requests(turn: Turn, act: Act, _question_id: int) -> None:
    turn.begin_with(_words(act))
    await own_requests.show_list(turn)


async def _show_themes(turn: Turn, act: Act, _question_id: int) -> None:
    themes.show_list(turn, _words(act))


async def _show_help(turn: Turn, act: Act, _question_id: int) -> None:
    turn.begin_with(_words(act))
    start_and_help.explain(turn)


async def _introduce_team(turn: Turn, act: Act, question_id: int) -> None:
    turn.begin_with(_words(act))
    tells_more = len(turn.text.split()) >= _FEWEST_TOLD
    start_and_help.introduce_team(
        turn, *_services(turn, act), question_id=question_id if tells_more else 0
    )


def _services(turn: Turn, act: Act) -> Iterator[Button]:
    """Yield the buttons to the entries that help as well; an entry may have been taken out."""
    for entry in filter(None, map(turn.services.knowledge.entry, act.see_also)):
        yield button(entry.said_in(language()).title, ShowEntry(entry.id))


async def _give_number(turn: Turn, act: Act, _question_id: int) -> None:
    turn.begin_with(_words(act))
    start_and_help.introduce_team(turn, name="phone")


async def _ask_whether_to_erase(turn: Turn, act: Act, _question_id: int) -> None:
    turn.begin_with(_words(act))
    await privacy.ask_whether_to_erase(turn)


async def _change_language(turn: Turn, act: Act, _question_id: int) -> None:
    asked = languages.asked_in(turn.text)
    if asked is None:
        turn.begin_with(_words(act))
        languages.offer(turn)
        return
    await languages.keep(turn, asked)
    with speaking(asked):
        languages.confirm(turn)


async def _repeat(turn: Turn, act: Act, question_id: int) -> None:
    """Show the last answer or project again; where there is none, the themes hold it."""
    turn.begin_with(_words(act))
    if not await again.again(turn, question_id):
        themes.show_list(turn)


# Courtesies and the like, after which the talk is still about what was shown before.
ONLY_REPLIES = frozenset({None, Action.YES, Action.NO, Action.REPEAT})
_PERFORMED: Mapping[Action | None, Performance] = MappingProxyType(
    {
        None: _reply,
        Action.YES: _reply,
        Action.NO: _reply,
        Action.PROJECTS: _show_projects,
        Action.PROPOSE: _offering(Action.PROPOSE, Action.PROJECTS),
        Action.SHARE: _offering(Action.SHARE, Action.PROJECTS),
        Action.LEAD: _offering(Action.LEAD, Action.PROJECTS),
        Action.CONTACT: _introduce_team,
        Action.PHONE: _give_number,
        Action.CALL_BACK: _offering(Action.CALL_BACK),
        Action.REQUESTS: _show_requests,
        Action.THEMES: _show_themes,
        Action.HELP: _show_help,
        Action.DATA: _offering(Action.DATA, Action.ERASE),
        Action.STOP: _offering(Action.REQUESTS, Action.ERASE),
        Action.ERASE: _ask_whether_to_erase,
        Action.REPEAT: _repeat,
        Action.LANGUAGE: _change_language,
    }
)
