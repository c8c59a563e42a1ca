"""What the pages say besides the knowledge: who publishes them, where, how to reach the team."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from knowledge.start_links import LinkKind, Source, link_to
from knowledge.territories.town_list import TownList

LICENCE = "Licence Ouverte 2.0 / etalab-2.0"
LICENCE_ADDRESS = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"


@dataclass(frozen=True, slots=True)
class Licence:
    """Under what the data may be used again; ``address`` leads to its text, and may be empty."""

    name: str = LICENCE
    address: str = LICENCE_ADDRESS


@dataclass(frozen=True, slots=True)
class Facts:
    """Who publishes, as the settings say; what they do not say is empty, and left out.

    ``address`` is where the pages stand for everybody, with its last slash; without it there is no
    feed and no site map, which need whole addresses.
    """

    operator: str
    email: str = ""
    phone: str = ""
    postal_address: str = ""
    dpo_email: str = ""
    bot_username: str = ""
    address: str = ""
    # Where the forms stand, with its last slash; None where there are none, and empty beside the
    # pages.
    forms: str | None = None
    # Whether a form takes questions to the team, which are answered by e-mail.
    takes_questions: bool = False
    # Whether the link of a request that was lost is sent again, by e-mail.
    sends_links: bool = False
    # Whether a server reads the filters of the list of projects from its address.
    is_served: bool = False
    publication_director: str = ""
    host: str = ""
    licence: Licence = field(default_factory=Licence)
    # The page of the data set in a catalogue such as data.gouv.fr.
    dataset: str = ""
    # The official communes, for the page of areas; none where no list was imported.
    towns: TownList = field(default_factory=TownList, repr=False)
    # What is told of personal data, as Telegram HTML, by language.
    privacy: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    @property
    def root(self) -> str:
        """The path of the site on its host, with slashes around it."""
        return urlsplit(self.address).path or "/"

    @property
    def dialled(self) -> str:
        """The phone number as a phone dials it; empty where there is none."""
        return "".join(each for each in self.phone if each.isascii() and each in "+0123456789")

    @property
    def domain(self) -> str:
        """The host of the pages, which makes the ids of the feed; empty where it is not known."""
        return urlsplit(self.address).hostname or ""

    def link(self, kind: LinkKind = LinkKind.HOME, id_: str = "") -> str:
        """Return the link that opens the bot on something; empty where its name is not known."""
        if not self.bot_username:
            return ""
        return link_to(self.bot_username, kind, id_, Source.PAGE)
