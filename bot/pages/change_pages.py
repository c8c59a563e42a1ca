"""Changing the answers of a request from the page on which a visitor follows it."""

import logging
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.pages.filling import Asking, Filling, Ready
from bot.pages.follow_pages import FollowPages, Visit
from bot.pages.forms import LARGEST_LONG, fields_of
from bot.pages.page_forms import CONTACT, to_change
from bot.pages.visitor_rendering import Look, is_from_elsewhere, language_of
from handlers.core import caps, visitor_letters
from handlers.core.keyboards import Keyboard
from handlers.core.page_links import PageLinks
from handlers.core.posting import Posting
from handlers.core.services import Services
from handlers.requests import notification
from storage.records.interest_rows import differences
from storage.records.interests import OPEN, Interest

logger = logging.getLogger(__name__)


class ChangePages:
    """Answers for the form of a request that was sent, with its answers."""

    def __init__(
        self,
        services: Services,
        links: PageLinks,
        following: FollowPages,
        wake: Callable[[], None],
        look: Look,
    ) -> None:
        """``wake`` is called once something may have been put into the outbox."""
        self._services = services
        self._links = links
        self._following = following
        self._filling = Filling(services, links, look)
        self._wake = wake
        self._look = look

    async def show(self, request: Request) -> Response:
        """Show the answers as they stand."""
        return await self._following.visited(
            request, lambda visit: self._shown(visit, request.path_params["number"])
        )

    async def send(self, request: Request) -> Response:
        """Check what was typed, show it to be read again, or change the request."""
        if is_from_elsewhere(request):
            return self._look.message("elsewhere", language_of(request), 403)
        typed = await fields_of(request, LARGEST_LONG)
        if typed is None:
            return self._look.message("large", language_of(request), 413)
        number = request.path_params["number"]
        answer = await self._following.visited(
            request, lambda visit: self._sent(visit, number, typed)
        )
        self._wake()
        return answer

    async def _shown(self, visit: Visit, number: str) -> Response:
        asked = await self._asking(visit, number, None)
        if isinstance(asked, Response):
            return asked
        _, asking = asked
        return self._filling.refusal(asking) or self._filling.form(asking)

    async def _sent(self, visit: Visit, number: str, typed: Mapping[str, str]) -> Response:
        asked = await self._asking(visit, number, typed)
        if isinstance(asked, Response):
            return asked
        own, asking = asked
        if refusal := self._filling.refusal(asking):
            return refusal
        ready = self._filling.check(asking)
        return ready if isinstance(ready, Response) else await self._changed(visit, own, ready)

    async def _asking(
        self, visit: Visit, number: str, typed: Mapping[str, str] | None
    ) -> tuple[Interest, Asking] | Response:
        """Return the request and its form; or the way back, where it cannot be changed."""
        own = await self._following.own(visit, number)
        if not isinstance(own, Interest) or own.status not in OPEN:
            return RedirectResponse(f"{visit.path}?fait=rien", 303)
        page_form, subject, answers = to_change(own)
        path = f"{visit.path}/modifier/{own.id}".lstrip("/")
        given = answers if typed is None else typed
        spoken = visit.person.tongue.language
        return own, Asking(page_form, subject, spoken, path, given, own.number)

    async def _changed(self, visit: Visit, own: Interest, ready: Ready) -> Response:
        """Change the request, and tell the team what differs.

        What changes nothing costs nothing; letters follow an address that was changed here.
        """
        work, posting = visit.work, Posting(self._services, visit.work)
        page_form, _, _ = to_change(own)
        if page_form.wanted is None:
            return RedirectResponse(f"{visit.path}?fait=rien", 303)
        project = self._services.knowledge.project(own.project_id) if own.project_id else None
        version = await work.consents.version_of(ready.agreed) if ready.agreed else None
        new = page_form.wanted(project, ready.answers, work.now, version)
        fields = {change.field for change in differences(own, new)}
        if not fields:
            return RedirectResponse(f"{visit.path}?fait=pareil", 303)
        moves = CONTACT in fields and "@" in new.contact and new.contact != visit.person.address
        if not await self._may(visit, new.contact if moves else ""):
            return RedirectResponse(f"{visit.path}?fait=trop", 303)
        changed = await work.interests.change(own.id, new)
        await notification.post_change(posting, changed)
        if moves:
            await self._move_letters(posting, visit, changed.interest)
        logger.info("a visitor changed a request")
        return RedirectResponse(f"{visit.path}?fait=modifier", 303)

    async def _may(self, visit: Visit, address: str) -> bool:
        """Tell whether one more change is allowed, and a letter to a new address, if there is."""
        owner = visit.person.telegram_id
        if not (await caps.spend(visit.work, caps.CHANGES, owner)).is_allowed:
            return False
        if not address:
            return True
        alias = self._links.alias(address.strip().casefold(), self._services.today().isoformat())
        return (await caps.spend(visit.work, caps.PAGE_LETTERS, alias)).is_allowed

    async def _move_letters(self, posting: Posting, visit: Visit, request: Interest) -> None:
        """Write to the new address of a request from now on; the former one is told so once."""
        former, address = visit.person.address, request.contact

        def moved() -> tuple[str, Keyboard | None]:
            return visitor_letters.TEXT("address_changed", number=request.number), None

        def again() -> tuple[str, Keyboard | None]:
            return visitor_letters.TEXT("link_again", numbers=[request.number]), None

        if former:
            posting.write(visit.person, moved, about=request.about_note, with_link=False)
        person = await posting.work.people.move(visit.person.id, address)
        if person is not None:
            posting.write(person, again, about=request.about_note)
