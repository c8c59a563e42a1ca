"""Forms as pages: shown, checked, read again, and sent with the last yes.

Nothing is stored before that. Who sends too much is refused from memory, at the cost of no query.
"""

import logging
from collections.abc import Callable, Mapping

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.pages.filling import Asking, Filling
from bot.pages.forms import LARGEST_LONG, fields_of
from bot.pages.guests import Crowd, network_of
from bot.pages.page_forms import FORMS
from bot.pages.sending import Filled, Sending, TooManyError
from bot.pages.visitor_rendering import Look, is_from_elsewhere
from handlers.core import caps, visitor_letters
from handlers.core.page_links import BadLinkError, ExpiredLinkError, PageLinks
from handlers.core.services import Services
from handlers.messages import ENGLISH, FRENCH, speaking
from knowledge.knowledge import Knowledge
from storage.database import Database

logger = logging.getLogger(__name__)
# As long as a flood is counted.
_RETRY_AFTER_SECONDS = "600"


class FormPages:
    """Answers for the pages of all forms, their receipts, and the lost link."""

    def __init__(
        self,
        database: Database,
        services: Services,
        links: PageLinks,
        wake: Callable[[], None],
        look: Look,
    ) -> None:
        """``wake`` is called once something may have been put into the outbox."""
        self._database = database
        self._services = services
        self._links = links
        self._wake = wake
        self.look = look
        self._crowd = Crowd(services.clock)
        # By what is said and the language: a few, whose words come from one knowledge.
        self._refusals: dict[tuple[str, str], Response] = {}
        self._refusals_of: Knowledge | None = None
        self._sending = Sending(services, links)
        self._filling = Filling(services, links, look)

    async def show(self, request: Request) -> Response:
        """Show an empty form."""
        asking = self._asking(request, {})
        if asking is None:
            return self.look.message("no_form", _spoken(request), 404)
        return self._filling.refusal(asking) or self._filling.form(asking)

    async def send(self, request: Request) -> Response:
        """Check what was typed, show it to be read again, or send it."""
        typed = await fields_of(request, LARGEST_LONG)
        if typed is None:
            return self.look.message("large", _spoken(request), 413)
        asking = self._asking(request, typed)
        if asking is None or (refusal := self._filling.refusal(asking)):
            return refusal or self.look.message("no_form", _spoken(request), 404)
        ready = self._filling.check(asking)
        if isinstance(ready, Response):
            return ready
        filled = Filled(
            asking.page_form,
            self._filling.project(asking),
            ready.answers,
            ready.agreed,
            ready.stamp,
            asking.spoken,
            self._network(request),
        )
        return await self._sent(request, asking, filled)

    async def receipt(self, request: Request) -> Response:
        """Show the number of what was just sent; and the way to follow it, where no letter goes."""
        spoken = _spoken(request)
        now = self._services.clock()
        try:
            link = self._links.read_receipt(request.path_params["token"], now)
        except (BadLinkError, ExpiredLinkError):
            return self.look.message("receipt_over", spoken, 404)
        async with self._database.begin() as work:
            person = await work.people.get(link.person_id)
            requests = await work.interests.of_person(link.person_id)
            questions = await work.conversations.of_person(link.person_id)
        is_theirs = person is not None and link.account == self._links.account(person.telegram_id)
        if person is None or not is_theirs or not (requests or questions):
            return self.look.message("receipt_over", spoken, 404)
        by_mail = bool(person.address) and self._services.can_mail
        office = self._services.office
        request_sent = requests[-1] if requests else None
        at = request_sent.created_at if request_sent else now
        return self.look.page(
            "receipt",
            spoken,
            request.url.path.lstrip("/"),
            request=request_sent,
            number=(request_sent or questions[-1]).number,
            by_mail=by_mail,
            link="" if by_mail else visitor_letters.link(self._services, person, now),
            by=office.due_day(at, office.answer_days),
            until=self._links.until(now),
            identity=self._services.identity,
        )

    async def lost(self, request: Request) -> Response:
        """Ask for the address that the letters of a lost link went to."""
        spoken = _spoken(request)
        if not self._services.can_mail:
            return self.look.message("no_links", spoken, 404)
        return self._lost(spoken, request)

    async def find(self, request: Request) -> Response:
        """Send the links again to an address; whether it is known is not told."""
        spoken = _spoken(request)
        if not self._services.can_mail:
            return self.look.message("no_links", spoken, 404)
        typed = await fields_of(request) or {}
        address = typed.get("email", "").strip()[:254]
        if "@" not in address:
            return self._lost(spoken, request, wrong=True)
        answer = self.look.message("link_sent", spoken, 200)
        # After the answer: how long it takes would tell whether an address is known.
        answer.background = BackgroundTask(self._send_links, address, self._network(request))
        return answer

    async def _send_links(self, address: str, network: str) -> None:
        async with self._database.begin() as work:
            await self._sending.send_links(work, address, network)
        self._wake()

    def turned_away(self, request: Request) -> Response | None:
        """Refuse what another site sends, and who sends too much, before anything is read."""
        if is_from_elsewhere(request):
            return self._refusal("elsewhere", _spoken(request), 403)
        if not self._crowd.admits(network_of(request)):
            return self._refusal("crowd", _spoken(request), 429)
        return None

    def _refusal(self, name: str, spoken: str, status: int) -> Response:
        """Return what is said to a flood: made once, and the last of its connection."""
        knowledge = self._services.knowledge
        if self._refusals_of is not knowledge:
            self._refusals_of = knowledge
            self._refusals.clear()
        refusal = self._refusals.get((name, spoken))
        if refusal is None:
            refusal = self.look.message(name, spoken, status)
            refusal.headers["connection"] = "close"
            if status == 429:  # noqa: PLR2004 - HTTP's "too many requests"
                refusal.headers["retry-after"] = _RETRY_AFTER_SECONDS
            self._refusals[name, spoken] = refusal
        return refusal

    def _lost(self, spoken: str, request: Request, *, wrong: bool = False) -> Response:
        path, status = request.url.path.lstrip("/"), 422 if wrong else 200
        return self.look.page("lost", spoken, path, status, wrong=wrong, path=request.url.path)

    def _asking(self, request: Request, typed: Mapping[str, str]) -> Asking | None:
        page_form = FORMS.get(request.path_params["slug"])
        subject = request.path_params.get("project_id", "")
        if page_form is None or page_form.of_project is not bool(subject):
            return None
        return Asking(
            page_form, subject or "new", _spoken(request), request.url.path.lstrip("/"), typed
        )

    async def _sent(self, request: Request, asking: Asking, filled: Filled) -> Response:
        """Register what was sent, once, however often it comes."""
        refused: TooManyError | None = None
        async with self._database.begin() as work:
            try:
                await self._sending.count(work, filled)
            except TooManyError as error:
                # The count is kept.
                refused = error
            else:
                person, otherwise = await self._sending.send(work, filled)
        self._wake()
        if refused is not None:
            return self._capped(request, asking, refused)
        if otherwise:
            return self.look.message("already_sent", asking.spoken, 409, number=otherwise)
        now = self._services.clock()
        token = self._links.receipt_token(person.id, person.telegram_id, now)
        prefix = "" if asking.spoken == FRENCH else f"/{asking.spoken}"
        return RedirectResponse(f"{prefix}/formulaires/recu/{token}", 303)

    def _capped(self, request: Request, asking: Asking, refused: TooManyError) -> Response:
        cap = refused.cap
        if cap is caps.PAGE_FORMS:
            self._crowd.refuses(network_of(request), refused.until)
        identity = self._services.identity
        with speaking(asking.spoken):
            words = caps.TEXT.label(cap.name, most=cap.most, until=refused.until, identity=identity)
        return self.look.page(
            "visitor_message", asking.spoken, asking.path, 429, name="capped", words=words
        )

    def _network(self, request: Request) -> str:
        return self._links.alias(network_of(request), self._services.today().isoformat())


def _spoken(request: Request) -> str:
    return ENGLISH if request.url.path.startswith(f"/{ENGLISH}/") else FRENCH
