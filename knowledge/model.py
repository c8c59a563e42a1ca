"""What the bot knows, as values: entries, projects, acts."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Action(StrEnum):
    """What the bot does for a person, or offers by a button."""

    PROJECTS = "projets"
    PROPOSE = "proposer"
    CONTACT = "contact"
    SHARE = "partager"
    LEAD = "mener"
    INTEREST = "interet"
    CALL_BACK = "rappel"
    PHONE = "telephone"
    REQUESTS = "demandes"
    THEMES = "themes"
    HELP = "aide"
    DATA = "donnees"
    ERASE = "effacer"
    STOP = "arreter"
    REPEAT = "repeter"
    YES = "oui"
    NO = "non"
    LANGUAGE = "langue"


class Stage(StrEnum):
    """How far a project has come."""

    IDEA = "id\u00e9e"
    SETUP = "en montage"
    RUNNING = "en cours"
    CLOSED = "clos"


@dataclass(frozen=True, slots=True)
class Wording:
    """What people read of an entry, in one language.

    ``answer`` is what a phone shows at once, ``rest`` what comes behind a button; both are
    Telegram HTML, and ``rest`` may be empty.
    """

    question: str
    title: str
    answer: str
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A question that the bot can answer; ``answer`` and ``rest`` are Telegram HTML.

    ``service`` names the other service that a referral leads to; None where the answer is ours.
    """

    id: str
    question: str
    title: str
    answer: str
    phrasings: tuple[str, ...]
    see_also: tuple[str, ...]
    action: Action | None
    source: str
    verified_on: date
    valid_until: date | None
    rest: str = ""
    service: str | None = None
    en: Wording | None = None

    def said_in(self, language: str) -> Wording:
        """Return what people read in a language; in French where it is not written in theirs."""
        if language == "en" and self.en is not None:
            return self.en
        return Wording(self.question, self.title, self.answer, self.rest)


@dataclass(frozen=True, slots=True)
class LeadContact:
    """How the team reaches the lead of a project; without a name, the lead's own serves.

    No screen of a project shows it, and firms never read it: it serves to put them in touch.
    """

    name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    """A project of the census; what its file does not say is None or empty, and never guessed.

    ``lead`` names who leads it. Without a name, nobody may lead it or the file may not know:
    ``seeks_lead`` alone says that one is sought.
    """

    id: str
    title: str
    summary: str
    # What it needs besides a lead; empty where the file does not say.
    seeks: str
    lead: str | None
    territories: tuple[str, ...]
    sectors: tuple[str, ...]
    stage: Stage | None
    deadline: date | None
    updated_on: date
    withdrawn_on: date | None
    keywords: tuple[str, ...]
    fictitious: bool
    # Left out of what a log or an error might show of a project.
    lead_contact: LeadContact | None = field(default=None, repr=False)

    seeks_lead: bool = False
    # The short code that its file gives it, such as "P12"; empty where it is only computed.
    written_code: str = ""
    # The day on which its card first appeared.
    published_on: date | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The places and the sectors, each as one text; those that are not known are left out."""
        return tuple(", ".join(names) for names in (self.territories, self.sectors) if names)

    def open_on(self, day: date) -> bool:
        """Tell whether the project takes new interests on a day; its deadline is the last one."""
        withdrawn = self.withdrawn_on is not None and self.withdrawn_on <= day
        late = self.deadline is not None and self.deadline < day
        return not (withdrawn or late or self.stage is Stage.CLOSED)


@dataclass(frozen=True, slots=True)
class Presentation:
    """What the bot says of the initiative it speaks for; what the file does not say is empty.

    ``territory`` is read after the name ("dans les Bouches-du-Rhône"), ``audience`` after "je
    m'adresse à"; ``example`` is a question that people may ask.
    """

    territory: str = ""
    audience: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Initiative:
    """Whom the bot speaks for; without a name, it says only that it is an assistant."""

    name: str = ""
    french: Presentation = field(default_factory=Presentation)
    english: Presentation = field(default_factory=Presentation)

    def said_in(self, language: str) -> Presentation:
        """Return what is said in a language: what is not written in it is left out."""
        return self.english if language == "en" else self.french


@dataclass(frozen=True, slots=True)
class ActWording:
    """What people read of an act, in one language; ``reply`` is Telegram HTML."""

    title: str | None
    reply: str


@dataclass(frozen=True, slots=True)
class Act:
    """What people want done, or say besides questions, and its short reply (Telegram HTML).

    ``title`` is its label among choices; an act without one is never a choice. ``see_also`` are ids
    of entries that help as well.
    """

    id: str
    phrasings: tuple[str, ...]
    reply: str
    action: Action | None = None
    title: str | None = None
    see_also: tuple[str, ...] = ()
    en: ActWording | None = None

    def said_in(self, language: str) -> ActWording:
        """Return what people read in a language; in French where it is not written in theirs."""
        if language == "en" and self.en is not None:
            return self.en
        return ActWording(self.title, self.reply)
