"""The buttons with which facilitators decide on changes of the files."""

from dataclasses import dataclass

from handlers.core.callback_data import CallbackData


@dataclass(frozen=True)
class Publish(CallbackData, prefix="kp"):
    """Put an examined change in service; ``confirmed`` once what it breaks was read."""

    publication_id: int
    confirmed: bool


@dataclass(frozen=True)
class Abandon(CallbackData, prefix="ka"):
    """Give up an examined change."""

    publication_id: int


@dataclass(frozen=True)
class ListVersions(CallbackData, prefix="kh"):
    """One page of what was published, newest first."""

    page: int = 0


@dataclass(frozen=True)
class ShowVersion(CallbackData, prefix="kv"):
    """What a return to a version would change."""

    version_id: str


@dataclass(frozen=True)
class ReturnTo(CallbackData, prefix="kr"):
    """Examine a return to a version."""

    version_id: str
