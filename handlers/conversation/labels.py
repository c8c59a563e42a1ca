"""What is typed when no such button is in sight: the labels of all buttons, and what each does.

A label whose button needs nothing more does what the button does. Another one gets a word that says
what to do first. The labels are those of the catalogues: a test walks all screens, and fails where
a button is not listed here.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
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
    with_person,
)
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.turn import Turn
from handlers.general import privacy
from handlers.messages import Catalogue
from handlers.projects.browse import ChooseFilter
from handlers.requests import own_requests
from knowledge.text.normalise import normalise
from storage.records.interests import Role

TEXT = Catalogue.of("conversation")
Names: TypeAlias = Mapping[str, str]

# By the callback data: names of messages, by catalogue.
_DOES: tuple[tuple[CallbackData, Names], ...] = (
    (
        ListProjects(),
        {
            "general": "button_projects",
            "questions": "action_projects",
            "projects": "back all_projects with_lead_too every_territory every_sector",
            "requests": "projects",
            "interest": "other_projects",
        },
    ),
    (ListProjects(seeks_lead=True), {"projects": "only_seeking_lead"}),
    (ChooseFilter("t"), {"projects": "by_territory"}),
    (ChooseFilter("s"), {"projects": "by_sector"}),
    (ListThemes(), {"general": "button_themes", "questions": "action_themes"}),
    (AskHuman(), {"general": "button_human", "questions": "action_contact"}),
    (Propose(), {"questions": "action_propose", "projects": "propose"}),
    (Propose(Role.RESOURCE.value), {"questions": "action_share"}),
    (Propose(Role.LEAD.value), {"questions": "action_lead"}),
    (CallBack(), {"general": "button_call_back", "questions": "action_call_back"}),
    (ListRequests(), {"questions": "action_requests", "requests": "all_requests"}),
    (HandOver(), {"handoff": "hand_over"}),
    (SendData(), {"questions": "action_data"}),
    (AskErasure(), {"questions": "action_erase"}),
    (privacy.Erase(sure=False), {"rights": "keep"}),
)


def _projects() -> Keyboard:
    return column([button(Catalogue.of("general").label("button_projects"), ListProjects())])


async def _ask_for_project(turn: Turn) -> None:
    turn.say(TEXT("no_project"), with_person(_projects()))


async def _ask_for_request(turn: Turn) -> None:
    turn.preface = f"{turn.preface}\n\n{TEXT('no_request')}".strip()
    await own_requests.show_list(turn)


def _saying(name: str, *ways: tuple[str, str, CallbackData]) -> "Guidance":
    """Return what says a message, with buttons given by catalogue, message and callback data."""

    async def say(turn: Turn) -> None:
        buttons = [button(Catalogue.of(file).label(label), data) for file, label, data in ways]
        turn.say(TEXT(name), with_person(column(buttons)))

    return say


async def _ask_whether_to_erase(turn: Turn) -> None:
    turn.preface = f"{turn.preface}\n\n{TEXT('no_erasure')}".strip()
    await privacy.ask_whether_to_erase(turn)


Guidance: TypeAlias = Callable[[Turn], "Awaitable[None]"]
