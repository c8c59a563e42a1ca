"""What is typed when no such button is in sight: the labels of all buttons, and what each does.

A label whose button needs nothing more does what the button does. Another one gets a word that says
what to do first. The labels are those of the catalogues: a test walks all screens, and fails where
a button is not listed here.
"""

import functools
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TypeAlias

from handlers.core.buttons import (
    AskErasure,
    AskHuman,
    CallBack,
    HandOver,
    ListProjects,
    ListRequests,
    ListThemes,
    Propose,
    SendData,
    ShowSubscription,
    Unsubscribe,
    with_person,
)
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import button, column
from handlers.core.turn import Turn
from handlers.general import privacy
from handlers.messages import LANGUAGES, Catalogue, language, speaking
from handlers.projects import browse
from handlers.projects.browse import ChooseFilter
from handlers.requests import own_requests
from knowledge.start_links import LinkKind, Source
from knowledge.text.normalise import normalise
from storage.records.interests import Role

TEXT = Catalogue.of("conversation")
Names: TypeAlias = Mapping[str, str]
Guidance: TypeAlias = Callable[[Turn], Awaitable[None]]

# By the callback data: names of messages, by catalogue.
_DOES: tuple[tuple[CallbackData, Names], ...] = (
    (
        ListProjects(),
        {
            "general": "button_projects",
            "questions": "action_projects",
            "projects": "back all_projects same_words with_lead_too every_territory every_sector",
            "requests": "projects first_request",
            "interest": "other_projects",
            "subscriptions": "not_now projects",
        },
    ),
    (ListProjects(seeks_lead=True), {"projects": "only_seeking_lead"}),
    (ChooseFilter("t"), {"projects": "by_territory"}),
    (ChooseFilter("s"), {"projects": "by_sector"}),
    (ListThemes(), {"general": "button_themes", "questions": "action_themes"}),
    (AskHuman(), {"general": "button_human"}),
    (Propose(), {"questions": "action_propose", "projects": "propose"}),
    (Propose(Role.RESOURCE.value), {"questions": "action_share"}),
    (Propose(Role.LEAD.value), {"questions": "action_lead"}),
    (CallBack(), {"general": "button_call_back"}),
    (ListRequests(), {"questions": "action_requests", "requests": "all_requests"}),
    (ShowSubscription(), {"general": "button_news"}),
    (Unsubscribe(), {"subscriptions": "stop"}),
    (HandOver(), {"handoff": "hand_over"}),
    (SendData(), {"questions": "action_data"}),
    (AskErasure(), {"questions": "action_erase"}),
    (privacy.Erase(sure=False), {"rights": "keep"}),
)


async def _ask_for_request(turn: Turn) -> None:
    turn.begin_with(TEXT("no_request"))
    await own_requests.show_list(turn)


async def _ask_whether_to_erase(turn: Turn) -> None:
    turn.begin_with(TEXT("no_erasure"))
    await privacy.ask_whether_to_erase(turn)


async def _share(turn: Turn) -> None:
    """Say the link to what was last shown, to be passed on."""
    topic, knowledge = await turn.topic_before(), turn.services.knowledge
    project, entry = browse.in_sight(turn, topic), knowledge.entry(topic)
    if project:
        kind, id_ = LinkKind.PROJECT, project.id
    elif entry:
        kind, id_ = LinkKind.ANSWER, entry.id
    else:
        turn.say(TEXT("nothing_to_share"), with_person(column([])))
        return
    link = turn.services.link_to(kind, id_, Source.SHARED)
    turn.say(TEXT("share_this", title=knowledge.title_of(topic, language()), link=link))


def _saying(name: str, *ways: CallbackData) -> Guidance:
    """Return what says a message, with the first listed label of each of these buttons.

    The message may name the button that was typed.
    """

    async def say(turn: Turn) -> None:
        buttons = [button(_label_of(way), way) for way in ways]
        has_projects = turn.services.has_projects
        text = TEXT(name, button=turn.text.strip(), has_projects=has_projects)
        turn.say(text, with_person(column(buttons)))

    return say


# Says that there is no list any more, and how to find it.
say_no_list: Guidance = _saying("no_list", ListProjects(), ListThemes())
# What says what to do first, and the names of messages it is said for, by catalogue.
_NEEDS: tuple[tuple[Guidance, Names], ...] = (
    (_saying("no_project", ListProjects()), {"projects": "interested"}),
    (
        _ask_for_request,
        {
            "projects": "my_request",
            "requests": "change withdraw withdraw_sure keep project",
            "interest": "see_request",
            "exchange": "add_word",
        },
    ),
    (
        _saying("no_form", ListProjects(), Propose()),
        {
            "forms": "begin skip cancel cancel_sure resume change back_to_recap question_before "
            "keep",
            "contact": "label_company_sure label_name_sure",
            "interest": "submit",
            "handoff": "submit",
        },
    ),
    (
        _saying("no_subscription", ShowSubscription()),
        {
            "subscriptions": "agree choose_territory choose_sector all_t all_s change",
        },
    ),
    (_saying("no_answer", ListThemes()), {"questions": "vote_yes vote_no none_of_these read_on"}),
    (_share, {"general": "button_share"}),
    (say_no_list, {"paging": "previous next"}),
    (_saying("no_exchange", HandOver()), {"handoff": "answer_back"}),
    (_ask_whether_to_erase, {"rights": "erase"}),
)


def target_of(text: str) -> CallbackData | None:
    """Return what the button with this label does, if it needs nothing more."""
    return _targets().get(normalise(text))


def guidance_for(text: str) -> Guidance | None:
    """Return what says what to do first, for the label of a button that needs something more."""
    return _guidance().get(normalise(text))


@functools.cache
def _targets() -> Mapping[str, CallbackData]:
    return {label: data for data, names in _DOES for label in _labels(names)}


@functools.cache
def _guidance() -> Mapping[str, Guidance]:
    return {label: guidance for guidance, names in _NEEDS for label in _labels(names)}


def _labels(names: Names) -> Iterator[str]:
    """Yield these labels in every language, as they compare."""
    for spoken in LANGUAGES:
        with speaking(spoken):
            for file, listed in names.items():
                yield from (normalise(Catalogue.of(file).label(name)) for name in listed.split())


def _label_of(target: CallbackData) -> str:
    names = next(names for data, names in _DOES if data == target)
    file, listed = next(iter(names.items()))
    return Catalogue.of(file).label(listed.split()[0])
