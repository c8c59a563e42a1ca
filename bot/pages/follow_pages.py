"""The page on which who has no Telegram follows what they sent, opened by the link of a letter.

It does what a chat does: read where a request stands, answer, relaunch, withdraw, read all that is
kept, erase it. A GET changes nothing, since mail scanners follow links.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from bot.pages import visitor_acts
from bot.pages.forms import LARGEST_LONG, fields_of
from bot.pages.guests import BadLinkCounts, network_of
from bot.pages.visitor_acts import WITHDRAW, WORD, Own, name_of
from bot.pages.visitor_rendering import Look, is_from_elsewhere, language_of
from handlers.core import caps
from handlers.core.page_links import BadLinkError, ExpiredLinkError, FollowLink, PageLinks
from handlers.core.posting import Posting
from handlers.core.services import Services
from handlers.general import privacy
from handlers.general.data_page import DataPage
from handlers.messages import speaking, without_chat
from handlers.requests import agreement, own_history, standing
from handlers.requests.own_history import HistoryLine
from handlers.requests.standing import Standing
from storage.database import Database
from storage.records.conversation_values import Conversation, Message
from storage.records.interests import OPEN, Helped, Interest
from storage.records.introductions import Introduction
from storage.records.people import Person
from storage.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)
ERASE = "effacer"
# What is asked about once more before it is done.
_ASKED = frozenset({ERASE, WITHDRAW})
# What may be said on the page after an act; anything else in the address says nothing.
DONE = frozenset(
    {
        "modifier",
        "pareil",
        "retirer",
        "relancer",
        "contact",
        "accord",
        "mot",
        "trop",
        "rien",
        "long",
        "vide",
    }
)
_NOTHING: Mapping[str, str] = MappingProxyType({})
# Those that say that nothing was done.
UNDONE = frozenset({"trop", "rien", "long", "vide", "pareil"})


@dataclass(frozen=True, slots=True)
class Followed:
    """One request as its firm reads it, and what may be done with it."""

    request: Interest
    standing: Standing
    history: list[HistoryLine]
    introduction: Introduction | None
    question: str
    can_say_helped: bool
    contact: str | None
    can_relaunch: bool
    relaunch_from: date | None
    is_open: bool
    form: str


@dataclass(frozen=True, slots=True)
class FollowedQuestion:
    """One question for the facilitators, and what both sides wrote since."""

    exchange: Conversation
    messages: Sequence[Message]
    form: str


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who opened their link, within a transaction."""

    token: str
    person: Person
    until: datetime
    work: UnitOfWork

    @property
    def path(self) -> str:
        """The path of the page."""
        return f"/suivi/{self.token}"


class FollowPages:
    """Answers for the page of a visitor, and for what they do there."""

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
        self._look = look
        self._guests = BadLinkCounts(services.clock)

    async def show(self, request: Request) -> Response:
        """Show everything that was sent, and where it stands."""
        done = request.query_params.get("fait", "")
        return await self.visited(request, lambda visit: self._shown(visit, done))

    async def ask(self, request: Request) -> Response:
        """Ask once more before something is withdrawn or erased."""
        act, named = request.path_params["act"], request.query_params.get("demande", "")
        return await self.visited(request, lambda visit: self._sure(visit, act, named))

    async def make(self, request: Request) -> Response:
        """Do what a form confirms."""
        if is_from_elsewhere(request):
            return self._look.message("elsewhere", language_of(request), 403)
        given = await fields_of(request, LARGEST_LONG)
        if given is None:
            return self._look.message("large", language_of(request), 413)
        act = request.path_params["act"]
        answer = await self.visited(request, lambda visit: self._confirmed(visit, act, given))
        self._wake()
        return answer

    async def data(self, request: Request) -> Response:
        """Give all that is kept on the visitor, as a file."""
        return await self.visited(request, self._file)

    async def _file(self, visit: Visit) -> Response:
        spending = await caps.spend(visit.work, caps.CHANGES, visit.person.telegram_id)
        if not spending.is_allowed:
            return RedirectResponse(f"{visit.path}?fait=trop", 303)
        # It is read piece by piece once this transaction is over.
        page = DataPage(self._database.begin, self._services, visit.person.telegram_id)
        headers = {"Content-Disposition": 'attachment; filename="mes-donnees.html"'}
        pieces = _pieces(page, visit.person.tongue.language)
        return StreamingResponse(pieces, media_type="text/html; charset=utf-8", headers=headers)

    async def _sure(self, visit: Visit, act: str, named: str) -> Response:
        own = await self.own(visit, named) if act == WITHDRAW else None
        if act not in _ASKED or (act == WITHDRAW and not isinstance(own, Interest)):
            return RedirectResponse(visit.path, 303)
        return self._look.page(
            "sure",
            visit.person.tongue.language,
            visit.path.lstrip("/"),
            act=act,
            path=visit.path,
            request=own,
            form=self._form(visit, act, own),
        )

    async def _confirmed(self, visit: Visit, act: str, given: Mapping[str, str]) -> Response:
        own = await self.own(visit, given.get("demande", ""))
        if not self._is_ours(visit, act, own, given.get("form", "")):
            return self._look.message("stale", visit.person.tongue.language, 403)
        return await self._made(visit, act, own, given)

    def _link(self, request: Request) -> FollowLink | Response:
        """Return what the link says; a forged one costs no query."""
        network, spoken = network_of(request), language_of(request)
        if self._guests.is_refused(network):
            return self._look.message("crowd", spoken, 429)
        try:
            return self._links.read_follow(request.path_params["token"], self._services.clock())
        except ExpiredLinkError:
            return self._look.message("link_expired", spoken, 410)
        except BadLinkError:
            self._guests.fails(network)
            return self._look.message("link_bad", spoken, 404)

    async def visited(
        self, request: Request, answer: Callable[[Visit], Awaitable[Response]]
    ) -> Response:
        """Answer who opened a link, within a transaction."""
        link = self._link(request)
        if isinstance(link, Response):
            return link
        async with self._database.begin() as work:
            person = await work.people.get(link.person_id)
            if person is None or link.account != self._links.account(person.telegram_id):
                return self._look.message("link_erased", language_of(request), 410)
            token = request.path_params["token"]
            return await answer(Visit(token, person, link.until, work))

    async def own(self, visit: Visit, named: str) -> Own | None:
        """Return what is this visitor's; another person's is treated as nonexistent."""
        own: list[Own] = [
            *await visit.work.interests.of_person(visit.person.id),
            *await self._questions(visit),
        ]
        return next((each for each in own if name_of(each) == named), None)

    async def _questions(self, visit: Visit) -> list[Conversation]:
        exchanges = await visit.work.conversations.of_person(visit.person.id)
        return [each for each in exchanges if each.interest_id is None]

    def _form(self, visit: Visit, act: str, own: Own | None) -> str:
        about = f"{act} {name_of(own) if own else 0}"
        return self._links.form(visit.token, about, visit.work.now)

    def _is_ours(self, visit: Visit, act: str, own: Own | None, form: str) -> bool:
        """Tell whether a page of ours held this form, for this act on this request."""
        for name in {act, "tout"} - ({"tout"} if act in _ASKED else set()):
            about = f"{name} {name_of(own) if own else 0}"
            try:
                self._links.seen(form, visit.token, about)
            except BadLinkError:
                continue
            return True
        return False

    async def _shown(
        self, visit: Visit, done: str, *, written: Mapping[str, str] = _NOTHING
    ) -> Response:
        """Show the page; ``written`` are words that were not passed on, by what they are about."""
        spoken = visit.person.tongue.language
        with speaking(spoken), without_chat():
            followed = [
                await self._followed(visit, each)
                for each in await visit.work.interests.of_person(visit.person.id)
            ]
        return self._look.page(
            "follow",
            spoken,
            visit.path.lstrip("/"),
            422 if written else 200,
            path=visit.path,
            written=written,
            followed=followed,
            questions=[await self._asked(visit, each) for each in await self._questions(visit)],
            helped=tuple(Helped),
            done=done if done in DONE else "",
            undone=UNDONE,
            until=visit.until,
            by_mail=bool(visit.person.address) and self._services.can_mail,
        )

    async def _asked(self, visit: Visit, exchange: Conversation) -> FollowedQuestion:
        messages = await visit.work.conversations.messages(exchange.id)
        return FollowedQuestion(exchange, messages, self._form(visit, "tout", exchange))

    async def _followed(self, visit: Visit, request: Interest) -> Followed:
        posting, services = Posting(self._services, visit.work), self._services
        events = await visit.work.interests.events(request.id)
        words = await visit.work.conversations.last_words([request.id])
        asked = await agreement.asked(posting, request)
        is_open = request.status in OPEN
        from_day = standing.relaunch_day(services, request, events)
        waits = is_open and request.relaunched_at is None
        can_relaunch = waits and services.today() >= from_day
        return Followed(
            request,
            standing.of(services, request, events, visit.work.now, words.get(request.id)),
            own_history.lines(request, events),
            asked,
            agreement.question(posting, request, asked.named) if asked else "",
            standing.can_be_asked(request),
            standing.introduced_to(request, events),
            can_relaunch,
            from_day if waits and not can_relaunch else None,
            is_open,
            self._form(visit, "tout", request),
        )

    async def _made(
        self, visit: Visit, act: str, own: Own | None, given: Mapping[str, str]
    ) -> Response:
        spending = await caps.spend(visit.work, caps.CHANGES, visit.person.telegram_id)
        if act == ERASE:
            return await self._erased(visit)
        said = "trop" if not spending.is_allowed else "rien"
        if spending.is_allowed and own is not None:
            posting = Posting(self._services, visit.work)
            said = await visitor_acts.do(posting, visit.person, act, own, given)
            logger.info("a visitor acted on a request: %s", act if said == act else "nothing")
        if own is not None and act == WORD and said in UNDONE:
            # What was written stands in its field again: nothing typed is lost.
            return await self._shown(visit, said, written={name_of(own): given.get(WORD, "")})
        return RedirectResponse(f"{visit.path}?fait={said}", 303)

    async def _erased(self, visit: Visit) -> Response:
        erased = await visit.work.rights.erase(visit.person.id)
        privacy.tell_others(visit.work, erased)
        return self._look.message("erased", visit.person.tongue.language, 200)


async def _pieces(page: DataPage, spoken: str) -> AsyncIterator[str]:
    with speaking(spoken):
        yield page.head()
        async for piece in page.pieces():
            yield f"{piece}\n"
        yield page.end()
