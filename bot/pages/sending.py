"""What a form of the pages becomes once it is sent: a request or a question, and its first letter.

It is counted first: by network, by address and in all.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from bot.pages.page_forms import CONTACT, PageForm
from handlers.core import caps, visitor_letters
from handlers.core.caps import Cap
from handlers.core.keyboards import Keyboard
from handlers.core.page_links import PageLinks, Stamp
from handlers.core.posting import Posting
from handlers.core.services import Services
from handlers.forms.steps import Answers
from handlers.handoff import by_page
from handlers.requests import moves
from knowledge.model import Project
from storage.queues.outbox import Audience
from storage.records.conversation_values import Conversation
from storage.records.interests import Interest
from storage.records.people import Person
from storage.subject import Subject
from storage.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)
# What tells one filling of a form from another.
_TYPED = ("company", "contact_name", "contact", "contact_note", "role", "message", "siret")


class TooManyError(Exception):
    """One more form is too many; ``cap`` says of what, until when."""

    def __init__(self, cap: Cap, until: datetime) -> None:
        super().__init__(cap.name)
        self.cap = cap
        self.until = until


@dataclass(frozen=True, slots=True)
class Filled:
    """A form that was filled, and agreed to; ``network`` stands for where it came from."""

    page_form: PageForm
    project: Project | None
    answers: Answers
    agreed: str
    stamp: Stamp
    spoken: str
    network: str

    @property
    def address(self) -> str | None:
        """Where letters go; None for a telephone number."""
        contact = self.answers[CONTACT]
        return contact if "@" in contact else None


class Sending:
    """Sends forms, each once."""

    def __init__(self, services: Services, links: PageLinks) -> None:
        self._services = services
        self._links = links

    async def send(self, work: UnitOfWork, filled: Filled) -> tuple[Person, str]:
        """Return who sent it; and the number under which other answers of this form stand.

        That is empty, unless somebody went back in their browser, changed answers, and sent again.
        """
        person, is_new = await work.people.arrive(filled.stamp.key, filled.address, filled.spoken)
        if is_new:
            await self._register(work, filled, person)
            return person, ""
        return person, await self._stands_otherwise(work, filled, person)

    async def count(self, work: UnitOfWork, filled: Filled) -> None:
        """Count one more; TooManyError where it is too many."""
        owners = [(caps.PAGE_FORMS, filled.network)]
        if filled.address is not None:
            owners.append((caps.PAGE_LETTERS, self._alias(filled.address)))
        owners.append((caps.PAGE_FORMS_IN_ALL, ""))
        for cap, owner in owners:
            spending = await caps.spend(work, cap, owner)
            if spending.is_allowed:
                continue
            logger.warning("a form of the pages was refused: %s", cap.name)
            if cap is caps.PAGE_FORMS_IN_ALL and spending.is_to_tell:
                text = visitor_letters.TEXT("too_many_forms", most=cap.most, until=spending.until)
                Posting(self._services, work).notify(Audience.ADMINISTRATORS, text)
            raise TooManyError(cap, spending.until)

    async def send_links(self, work: UnitOfWork, address: str, network: str) -> None:
        """Send the links of an address to it, if there are any, and if it is not too often."""
        posting = Posting(self._services, work)
        if not (await caps.spend(work, caps.PAGE_FORMS, network)).is_allowed:
            return
        for person in await work.people.of_address(address):
            numbers, about = await _sent_by(work, person)
            if about is None:
                continue
            if not (await caps.spend(work, caps.PAGE_LETTERS, self._alias(address))).is_allowed:
                return

            def said(numbers: list[str] = numbers) -> tuple[str, Keyboard | None]:
                return visitor_letters.TEXT("link_again", numbers=numbers), None

            posting.write(person, said, about=about)

    async def _register(self, work: UnitOfWork, filled: Filled, person: Person) -> None:
        """Keep what was sent, tell the team, and send the first letter.

        That says nothing of what was typed, as anybody may type anybody's address.
        """
        posting, page_form = Posting(self._services, work), filled.page_form
        values: dict[str, object]
        if page_form.wanted is None:
            exchange = await by_page.hand_over(posting, person, filled.answers["text"])
            values, about = {"conversation": exchange}, exchange.about_note
        else:
            agreed = filled.agreed
            version = await work.consents.version_of(agreed) if agreed else None
            new = page_form.wanted(filled.project, filled.answers, work.now, version)
            interest = (await work.interests.register(person.id, new)).interest
            await moves.begun(posting, interest)
            values, about = {"interest": interest}, interest.about_note
        logger.info("a form of the pages was sent: %s", page_form.slug)
        if not posting.writes_to(person):
            return
        office = self._services.office
        values["by"] = office.due_day(work.now, office.answer_days)
        values["operator"] = self._services.identity.operator

        def said() -> tuple[str, Keyboard | None]:
            return page_form.words("receipt", **values), None

        posting.write(person, said, about=about)

    async def _stands_otherwise(self, work: UnitOfWork, filled: Filled, person: Person) -> str:
        page_form = filled.page_form
        if page_form.wanted is None:
            questions = await _questions(work, person)
            is_same = person.address == filled.address
            return next(
                (q.number for q in questions if not is_same or q.text != filled.answers["text"]), ""
            )
        new = page_form.wanted(filled.project, filled.answers, work.now, None)
        requests = await work.interests.of_person(person.id)
        return next((each.number for each in requests if _typed(each) != _typed(new)), "")

    def _alias(self, address: str) -> str:
        return self._links.alias(address.strip().casefold(), self._services.today().isoformat())


def _typed(one: object) -> list[object]:
    return [getattr(one, name) for name in _TYPED]


async def _questions(work: UnitOfWork, person: Person) -> list[Conversation]:
    exchanges = await work.conversations.of_person(person.id)
    return [each for each in exchanges if each.interest_id is None]


async def _sent_by(work: UnitOfWork, person: Person) -> tuple[list[str], Subject | None]:
    """Return the numbers of what a visitor sent, and what a letter about them is about."""
    own: list[Interest | Conversation] = [
        *await work.interests.of_person(person.id),
        *await _questions(work, person),
    ]
    return [each.number for each in own], own[-1].about_note if own else None
