"""Values of the changes that facilitators request: their kinds, their states, what was told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from storage.subject import Subject

# The keys of a change's report: the Telegram file ids of what was sent, by file name; the
# fingerprints of each file before and after.
SENT, PRINTS = "sent", "prints"
# The id of the change that one extends, and of the one that took its place.
EXTENDS, INTO = "extends", "into"
# In the place of a chat's id: the facilitators' group, whatever its id is.
GROUP = 0


class ChangeKind(StrEnum):
    """What was requested; two change nothing.

    A comparison shows what a rollback to a version would change, a review what is to mend.
    """

    UPLOAD = "upload"
    PHRASING = "phrasing"
    OUT_OF_SCOPE = "out_of_scope"
    ROLLBACK = "rollback"
    COMPARISON = "comparison"
    HIDE = "hide"
    UNHIDE = "unhide"
    REMOVE = "remove"
    REVIEW = "review"


class ChangeState(StrEnum):
    """The state of a change; the first three are not final.

    Joined: its files became part of a later change of the same person.
    """

    ASKED = "asked"
    READY = "ready"
    WANTED = "wanted"
    PUBLISHED = "published"
    SHOWN = "shown"
    REFUSED = "refused"
    ABANDONED = "abandoned"
    OVERTAKEN = "overtaken"
    JOINED = "joined"
    FAILED = "failed"


OPEN = frozenset({ChangeState.ASKED, ChangeState.READY, ChangeState.WANTED})


@dataclass(frozen=True, slots=True)
class NewChangeRequest:
    """A change to examine.

    `subject` is a Telegram file id, the id of an entry or a project, or that of a version,
    depending on the kind; `wording`
    is a phrasing or a question, on one line; `chat_id` is the chat to report the outcome to
    (`GROUP`: that of the facilitators), and `topic_id` the topic of this group; `about` is the
    subject to look the request up by.
    """

    kind: ChangeKind
    actor_id: int
    actor_name: str
    chat_id: int
    file: str | None = None
    subject: str | None = None
    wording: str | None = None
    about: Subject | None = None
    topic_id: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A change and its state.

    `file` and `base` (the fingerprint of what it would replace) are those of a change of one file;
    of several, `prints` tells.
    """

    id: int
    kind: ChangeKind
    state: ChangeState
    actor_id: int | None
    actor_name: str | None
    chat_id: int
    file: str | None
    subject: str | None
    wording: str | None
    about: Subject | None
    asked_at: datetime
    base: str | None
    report: Mapping[str, Any] | None
    decided_by: str | None
    version_id: str | None
    published_at: datetime | None
    ended_at: datetime | None
    topic_id: int | None
    crashes: int

    @property
    def needs_confirmation(self) -> bool:
        """Whether a facilitator must confirm after reading what its publication would break."""
        return bool(self.report and self.report.get("confirm"))

    @property
    def sent(self) -> Mapping[str, str]:
        """The Telegram ids of the files that were sent, by name: those before come first."""
        earlier = dict((self.report or {}).get(SENT, {}))
        if self.kind is not ChangeKind.UPLOAD or self.file is None:
            return earlier
        return earlier | {self.file: self.subject or ""}

    @property
    def prints(self) -> Mapping[str, tuple[str, str]]:
        """The fingerprints of each examined file, before and after; the latter may be unknown."""
        told: Mapping[str, Sequence[str]] = (self.report or {}).get(PRINTS, {})
        if told:
            return {file: (pair[0], pair[1]) for file, pair in told.items()}
        return {self.file: (self.base, "")} if self.file and self.base else {}

    @property
    def extends(self) -> int | None:
        """The id of the change that this one adds something to, while it is not examined."""
        return (self.report or {}).get(EXTENDS)

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the files that it is about."""
        return tuple(self.prints or self.sent or ([self.file] if self.file else []))


@dataclass(frozen=True, slots=True)
class Alarm:
    """What was told last under a name, and when."""

    digest: str
    at: datetime
