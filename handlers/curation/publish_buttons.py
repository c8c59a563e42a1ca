"""The buttons with which facilitators decide on changes of the files."""

from dataclasses import dataclass

from handlers.core.callback_data import CallbackData, ItemId
from storage.records.change_requests import ChangeKind


@dataclass(frozen=True)
class Publish(CallbackData, prefix="kp"):
    """Publish an examined change; ``confirmed`` after the list of what it breaks was shown."""

    publication_id: int
    confirmed: bool


@dataclass(frozen=True)
class Abandon(CallbackData, prefix="ka"):
    """Abandon an examined change."""

    publication_id: int


@dataclass(frozen=True)
class AddReceived(CallbackData, prefix="kq"):
    """Add a received question to a change, as a phrasing of the entry that it resembles."""

    publication_id: int
    question_id: int


@dataclass(frozen=True)
class Review(CallbackData, prefix="kw"):
    """Show what the check finds in the files in service."""


@dataclass(frozen=True)
class ListVersions(CallbackData, prefix="kh"):
    """One page of the published versions, newest first."""

    page: int = 0


@dataclass(frozen=True)
class ShowVersion(CallbackData, prefix="kv"):
    """Show what a return to a version would change."""

    version_id: ItemId


@dataclass(frozen=True)
class ReturnTo(CallbackData, prefix="kr"):
    """Examine a return to a version."""

    version_id: ItemId


@dataclass(frozen=True)
class ListItems(CallbackData, prefix="kl"):
    """One page of all answers ("faq") or projects ("projets"), the hidden ones first."""

    kind: ItemId
    page: int


@dataclass(frozen=True)
class ShowItem(CallbackData, prefix="ki"):
    """An answer or a project, and what can be done with it."""

    kind: ItemId
    item_id: ItemId


@dataclass(frozen=True)
class AskChange(CallbackData, prefix="kc"):
    """Hide an item, show it again, or remove it: asked for, not yet confirmed."""

    change: ChangeKind
    kind: ItemId
    item_id: ItemId
