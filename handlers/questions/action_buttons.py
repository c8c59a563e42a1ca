"""The button of each action: under an answer, and among several wishes in one message."""

from collections.abc import Mapping
from types import MappingProxyType

from handlers.core.buttons import (
    AskErasure,
    AskHuman,
    CallBack,
    ListProjects,
    ListRequests,
    ListThemes,
    Propose,
    SendData,
)
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Button, button
from handlers.messages import Catalogue
from knowledge.model import Action
from storage.records.interests import Role

TEXT = Catalogue.of("general", "questions")
_BUTTONS: Mapping[Action, tuple[str, CallbackData]] = MappingProxyType(
    {
        Action.PROJECTS: ("action_projects", ListProjects()),
        Action.PROPOSE: ("action_propose", Propose()),
        Action.SHARE: ("action_share", Propose(Role.RESOURCE.value)),
        Action.LEAD: ("action_lead", Propose(Role.LEAD.value)),
        Action.INTEREST: ("action_projects", ListProjects()),
        Action.CONTACT: ("button_human", AskHuman()),
        Action.PHONE: ("button_human", AskHuman()),
        Action.CALL_BACK: ("button_call_back", CallBack()),
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
