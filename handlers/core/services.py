"""What the handlers depend on: knowledge, identity of the service, groups, clock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from telegram.ext import BaseHandler

from handlers.core.decision_cache import DecisionCache
from handlers.core.kept import Kept
from handlers.core.office import Office
from handlers.core.page_links import PageLinks
from handlers.messages import PARIS
from knowledge.curation.clusters import Likeness
from knowledge.knowledge import Knowledge
from knowledge.start_links import LinkKind, Source, link_to
from knowledge.territories.town_list import TownList
from storage.records.questions import QuestionLimits


@dataclass(frozen=True, slots=True)
class Identity:
    """Who runs the service, as told to the people who use it."""

    operator: str
    contact_email: str
    contact_phone: str
    postal_address: str
    dpo_email: str

    @property
    def reachable(self) -> bool:
        """Whether the team can be reached without Telegram."""
        return bool(self.contact_email or self.contact_phone)


@dataclass(frozen=True, slots=True)
class Correspondent:
    """An administrator who is written to by e-mail; ``name`` stands in the history of requests."""

    name: str
    address: str


@dataclass(slots=True)
class Services:
    """One instance per process; ``knowledge`` is replaced in one assignment on a reload."""

    knowledge: Knowledge
    identity: Identity
    clock: Callable[[], datetime]
    bot_username: str = ""
    admin_chat_id: int | None = None
    facilitator_chat_id: int | None = None
    # Updates accepted from one person in 30 seconds before they are asked to wait; 0: no limit.
    flood_limit: int = 0
    facilitator_ids: frozenset[int] = frozenset()
    # Whether the contact of a request is shown to the administrator who asks, in private, or to
    # their group.
    details_in_private: bool = False
    knowledge_dir: Path = Path()
    office: Office = field(default_factory=Office)
    # Whether a mail server is set: without one, no e-mail is owed.
    can_mail: bool = False
    correspondents: tuple[Correspondent, ...] = ()
    # None where the pages have no public address: then e-mails have no link.
    page_links: PageLinks | None = None
    # Where the public pages stand, with the last slash; empty where there are none.
    site_address: str = ""
    # How long things are kept, also in words.
    kept: Kept = field(default_factory=Kept)
    question_limits: QuestionLimits = field(default_factory=QuestionLimits)
    # Forms by the name that drafts store. The values are typed ``object`` because the class Form
    # is in handlers/forms, which this package may not import.
    forms: Mapping[str, object] = field(default_factory=dict)
    # Handlers of buttons by the prefix of their data: a typed label does what a tap does.
    taps: Mapping[str, BaseHandler[Any, Any, Any]] = field(default_factory=dict, repr=False)
    # Replaced in one assignment, as the knowledge is; empty where no list was imported.
    town_list: TownList = field(default_factory=TownList, repr=False)
    decisions: DecisionCache = field(default_factory=DecisionCache, repr=False)
    likeness: Likeness = field(default_factory=Likeness, repr=False)

    @property
    def has_projects(self) -> bool:
        """Whether there is any project, open or not: an initiative may have none yet."""
        return bool(self.knowledge.projects)

    def today(self) -> date:
        """Return today's date in Paris; deadlines are dates of Paris."""
        return self.clock().astimezone(PARIS).date()

    def link_to(self, kind: LinkKind, id_: str = "", source: Source = Source.LINK) -> str:
        """Return the link that opens this bot on a project, an answer or its welcome."""
        return link_to(self.bot_username, kind, id_, source)

    def deep_link(self, payload: str) -> str:
        """Return the link that opens this bot with ``/start payload``."""
        return f"https://t.me/{self.bot_username}?start={payload}"
