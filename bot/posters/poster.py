"""What a poster of a project says, in French, as plain texts: nothing is drawn here."""

from dataclasses import dataclass

from handlers.messages import Catalogue
from knowledge.model import Project
from knowledge.projects import code_of
from knowledge.start_links import LinkKind, Source, link_to

TEXT = Catalogue.of("posters")


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who puts posters up: the bot's user name without ``@``, and where the public pages stand.

    ``site`` ends with a slash, and is empty where there are no pages; ``initiative`` is empty where
    the files do not name it.
    """

    bot: str
    site: str = ""
    initiative: str = ""


@dataclass(frozen=True, slots=True)
class Poster:
    """The texts of one poster, from its top to its foot; an empty one is left out.

    ``link`` is what the QR code holds; ``address`` is for reading and typing, without "https://".
    """

    title: str
    heading: str
    needs: tuple[str, ...]
    facts: tuple[str, ...]
    code: str
    link: str
    bot: str
    address: str
    initiative: str = ""
    notice: str = ""


def poster_of(project: Project, publisher: Issuer) -> Poster:
    """Return the poster of a project; what its file does not say is left out, and never guessed."""
    lead = (TEXT.label("needs_lead"),) if project.seeks_lead else ()
    needs = tuple(filter(None, (*lead, project.seeks)))
    return Poster(
        title=project.title,
        heading=TEXT.label("heading_needs" if needs else "heading_summary"),
        needs=needs or (project.summary,),
        facts=tuple(_facts(project)),
        code=code_of(project),
        link=link_to(publisher.bot, LinkKind.PROJECT, project.id, Source.POSTER),
        bot=publisher.bot,
        address=_address(project, publisher),
        initiative=publisher.initiative,
        notice=TEXT.label("fictitious") if project.fictitious else "",
    )


def _facts(project: Project) -> list[str]:
    deadline = TEXT.label("deadline", day=project.deadline) if project.deadline else ""
    return [text for text in (", ".join(project.territories), deadline) if text]


def _address(project: Project, publisher: Issuer) -> str:
    """Return the address that can be typed: the project's page, or else the bot in a browser."""
    address = f"{publisher.site}projets/{project.id}.html" if publisher.site else ""
    return (address or f"https://t.me/{publisher.bot}").partition("://")[2]
