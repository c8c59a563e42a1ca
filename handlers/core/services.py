"""What the handlers are given: knowledge, identity of the service, groups, clock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from handlers.core.decision_cache import DecisionCache
from handlers.messages import PARIS
from knowledge.knowledge import Knowledge


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
        """Whether there is a way to the team without Telegram."""
        return bool(self.contact_email or self.contact_phone)


@dataclass(slots=True)
class Services:
    """One for the process. ``knowledge`` is replaced in one assignment when the files change."""

    knowledge: Knowledge
    identity: Identity
    clock: Callable[[], datetime]
    bot_username: str = ""
    admin_chat_id: int | None = None
    facilitator_chat_id: int | None = None
    # Updates of one person in half a minute, after which they are asked to wait; 0: any number.
    flood_limit: int = 0
    facilitator_ids: frozenset[int] = frozenset()
    knowledge_dir: Path = Path()
    # The forms that can be filled in, by the name that drafts keep. What a form is made of is said
    # in handlers/forms, which stands above this room.
    forms: Mapping[str, object] = field(default_factory=dict)
    decisions: DecisionCache = field(default_factory=DecisionCache, repr=False)

    def today(self) -> date:
        """Return the day in Paris, which deadlines are told in."""
        return self.clock().astimezone(PARIS).date()

    def deep_link(self, payload: str) -> str:
        """Return the link that opens this bot with ``/start payload``."""
        return f"https://t.me/{self.bot_username}?start={payload}"
