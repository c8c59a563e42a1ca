"""How long things are kept, in the words that people read: they derive from the settings."""

from dataclasses import dataclass, field
from datetime import timedelta

from handlers.messages import Catalogue
from storage.privacy.retention import Durations, months

TEXT = Catalogue.of("kept")
# A duration is told in hours below this, and in months from the other one on.
_DAYS_FROM = timedelta(days=3)
_MONTHS_FROM = timedelta(days=180)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """The durations that people are told, each in the language spoken where it is asked for."""

    durations: Durations = field(default_factory=Durations)

    @property
    def draft(self) -> str:
        """How long a form that was not finished is kept."""
        return lasting(self.durations.draft)

    @property
    def question(self) -> str:
        """How long a question is kept."""
        return lasting(self.durations.question)

    @property
    def conversation(self) -> str:
        """How long an exchange is kept after its end."""
        return lasting(self.durations.conversation)

    @property
    def interest(self) -> str:
        """How long a request is kept after its last step."""
        return lasting(self.durations.interest)

    @property
    def handled(self) -> str:
        """How long the number of a handled message is kept."""
        return lasting(self.durations.inbox_done)

    @property
    def person(self) -> str:
        """How long an account is kept after its last message, and what it subscribed to."""
        return lasting(self.durations.person)


def lasting(duration: timedelta) -> str:
    """Return a duration in words: ``48 heures``, ``90 jours``, ``12 mois``."""
    if duration < _DAYS_FROM:
        return TEXT.label("hours", count=max(1, duration // _HOUR))
    if duration >= _MONTHS_FROM and duration == months(count := _months_in(duration)):
        return TEXT.label("months", count=count)
    return TEXT.label("days", count=duration // _DAY)


def _months_in(duration: timedelta) -> int:
    return round(duration / _DAY * 12 / 365)
