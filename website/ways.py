"""Where the acts that answers and lists speak of are done on the web, for who has no Telegram."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from knowledge.model import Action
from website import addresses
from website.facts import Facts


@dataclass(frozen=True, slots=True)
class Way:
    """A link: its words in the catalogue, and the page or the form that it leads to."""

    words: str
    path: str
    is_form: bool = False


PROJECTS = Way("act_projects", addresses.PROJECTS)
AREAS = Way("act_areas", addresses.AREAS)
SECTORS = Way("act_sectors", addresses.SECTORS)
# How to reach the team, where no form takes what is to be done.
REACH = Way("home_reach", f"{addresses.HOME}#joindre")
QUESTION = Way("reach_ask", "formulaires/question", is_form=True)
CALL_BACK = Way("reach_call_back", "formulaires/rappel", is_form=True)
PROPOSAL = Way("reach_propose", "formulaires/proposition", is_form=True)
LEAD = Way("act_lead", "formulaires/proposition", is_form=True)
LOST_LINK = Way("lost_link", "formulaires/lien-perdu", is_form=True)
# What stands on the page of one's own request, to which only its link leads.
_OWN = frozenset({Action.REQUESTS, Action.DATA, Action.ERASE, Action.STOP})
_WAYS: Mapping[Action, Way] = MappingProxyType(
    {
        Action.PROJECTS: PROJECTS,
        Action.INTEREST: PROJECTS,
        Action.PROPOSE: PROPOSAL,
        Action.SHARE: PROPOSAL,
        Action.LEAD: LEAD,
        Action.PHONE: CALL_BACK,
        Action.CALL_BACK: CALL_BACK,
    }
)


def to_team(facts: Facts) -> Way:
    """Return how to ask the team something."""
    if facts.forms is None:
        return REACH
    return QUESTION if facts.takes_questions else CALL_BACK


def to_propose(facts: Facts) -> Way:
    """Return how to put forward an idea or a resource."""
    return PROPOSAL if facts.forms is not None else REACH


def of_action(action: Action | None, facts: Facts) -> Way | None:
    """Return how what a button of the chat does is done here; None where there is nothing to do."""
    if action is Action.CONTACT:
        return to_team(facts)
    if action in _OWN:
        return LOST_LINK if facts.forms is not None and facts.sends_links else REACH
    way = _WAYS.get(action) if action else None
    return REACH if way and way.is_form and facts.forms is None else way
