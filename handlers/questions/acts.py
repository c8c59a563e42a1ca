"""What people want done: each action of an act, and what then happens.

Screens that change nothing are shown at once, after the act's own short words. What begins or ends
something is one tap away: nobody erases anything by a misread sentence. To be called back is asked
for at once: a number is all that is needed, and nothing is sent before a yes.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from handlers.core.buttons import (
    ListProjects,
    ShowEntry,
    ShowProject,
    with_person,
)
from handlers.core.keyboards import Button, button, column
from handlers.core.turn import Turn
from handlers.general import languages, privacy, start_and_help
from handlers.messages import Catalogue, language, speaking
from handlers.projects import browse
from handlers.questions import again, found_projects, themes
from handlers.questions.action_buttons import action_button
from handlers.requests import interest, leads, own_requests
from knowledge.model import Act, Action, Project

# Does what an act asks; the number is the question's, which may then be handed over.
Performance: TypeAlias = Callable[[Turn, Act, int], Awaitable[None]]

TEXT = Catalogue.of("questions")
# From so many words on, whoever asks for a person tells more than that: it can be handed over.
_FEWEST_TOLD = 8
_GIVING = frozenset({Action.SHARE, Action.PROPOSE})
# What leads to a person: where one of these may be meant, the number of the team is in sight.
TO_PEOPLE = frozenset({Action.CONTACT, Action.PHONE, Action.CALL_BACK})


async def perform(turn: Turn, act: Act, question_id: int, projects: Iterable[str] = ()) -> None:
    """Do what an act asks, or offer it by a button; ``question_id`` is the row of its message.

    ``projects``: the ids of those that what is offered or sought fits.
    """
    fitting = found_projects.open_among(turn, projects, 1)
    if fitting and act.action in _GIVING:
        _offer_with(turn, act, fitting[0])
        return
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


def _offer_with(turn: Turn, act: Act, project: Project) -> None:
    """Offer what an act asks, and the project that it fits: that one may want it already."""
    card = button(project.title, ShowProject(project.id))
    ways = filter(None, map(action_button, (act.action, Action.PROJECTS)))
    text = f"{_words(act)}\n\n{TEXT('fits', title=project.title)}"
    turn.say(text, with_person(column([card, *ways])))


async def _show_projects(turn: Turn, act: Act, _question_id: int) -> None:
    _list_under(turn, act)


def _list_under(turn: Turn, act: Act) -> None:
    """Show the projects under the words of an act, which speak of a list with something in it."""
    if turn.services.has_projects:
        turn.begin_with(_words(act))
    browse.show_page(turn, ListProjects())


async def _join(turn: Turn, act: Act, _question_id: int) -> None:
    """Begin the form of the project in sight; else ask which one, by the list."""
    project = browse.in_sight(turn, await turn.topic_before())
    if project is not None:
        await interest.begin(turn, project.id)
    else:
        _list_under(turn, act)


async def _show_requests(turn: Turn, act: Act, _question_id: int) -> None:
    await own_requests.show_standing(turn, _words(act))


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


async def _call_back(turn: Turn, act: Act, _question_id: int) -> None:
    turn.begin_with(_words(act))
    await leads.begin(turn)


async def _ask_whether_to_erase(turn: Turn, act: Act, _question_id: int) -> None:
    turn.begin_with(_words(act))
    await privacy.ask_whether_to_erase(turn)


async def _change_language(turn: Turn, act: Act, question_id: int) -> None:
    """Speak the language that was asked for, and say in it again what was last shown."""
    asked = languages.asked_in(turn.text)
    if asked is None:
        turn.begin_with(_words(act))
        languages.offer(turn)
        return
    # For now: what is typed next in another language is answered in that one. /langue is for good.
    await languages.keep(turn, asked, is_chosen=False)
    with speaking(asked):
        turn.begin_with(languages.confirmation(is_chosen=False))
        if not await again.again(turn, question_id):
            words, turn.preface = turn.preface, ""
            turn.say(words)


async def _repeat(turn: Turn, act: Act, question_id: int) -> None:
    """Show the last answer or project again; where there is none, the themes hold it."""
    turn.begin_with(_words(act))
    if not await again.again(turn, question_id):
        themes.show_list(turn)


# Courtesies and the like, after which the talk is still about what was shown before.
ONLY_REPLIES = frozenset({None, Action.YES, Action.NO, Action.REPEAT, Action.LANGUAGE})
_PERFORMED: Mapping[Action | None, Performance] = MappingProxyType(
    {
        None: _reply,
        Action.YES: _reply,
        Action.NO: _reply,
        Action.PROJECTS: _show_projects,
        Action.PROPOSE: _offering(Action.PROPOSE, Action.PROJECTS),
        Action.SHARE: _offering(Action.SHARE, Action.PROJECTS),
        Action.LEAD: _offering(Action.LEAD, Action.PROJECTS),
        Action.INTEREST: _join,
        Action.CONTACT: _introduce_team,
        Action.PHONE: _give_number,
        Action.CALL_BACK: _call_back,
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
