"""The buttons with which facilitators decide on changes of the files."""

from dataclasses import dataclass

from handlers.core.callback_data import CallbackData, ItemId


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
