"""The page of one request: what is known of it, what can be done, and doing it.

It is opened by a signed link, which says for whom it was made. A form changes the request only if
nothing has changed since it was shown; then it is the same move as a tap in the group.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.pages import introducing
from bot.pages.acts import LONGEST, PageAct, UnansweredError, acts_of, answered
from bot.pages.forms import fields_of
from bot.pages.guests import BadLinkCounts, network_of
from bot.pages.rendering import TEXT, message, page
from handlers.administration.replies import LONGEST_NOTE
from handlers.administration.request_history import words_of
from handlers.core import caps
from handlers.core.page_links import BadLinkError, ExpiredLinkError, PageLink, PageLinks
from handlers.core.posting import Posting
from handlers.core.services import Correspondent, Services
from handlers.requests import moves, notification, reach
from storage.database import Database
from storage.records.interests import (
    Actor,
    Ending,
    Event,
    EventKind,
    Interest,
    Particulars,
    Party,
    Reason,
    Status,
)
from storage.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)
# The steps that a page shows, the latest ones.
_MOST_STEPS = 50
# Where a line of the summary of errors leads: to the first answer of a group.
_FIRSTS = {"outcome": f"outcome-{Ending.SUCCESS}", "reason": f"reason-{Reason.OUT_OF_SCOPE}"}


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that somebody has opened, within a transaction."""

    token: str
    link: PageLink
    reader: Correspondent
    interest: Interest
    work: UnitOfWork

    @property
    def path(self) -> str:
        """The path of the page."""
        return f"/demande/{self.token}"

    @property
    def actor(self) -> Actor:
        """Who acts here, as the history names them: nobody is known to Telegram."""
        return Actor(Party.ADMINISTRATOR, None, self.reader.name)


Answer: TypeAlias = Callable[[Request, Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class PageStep:
    """One line of the history."""

    words: str
    at: datetime


class RequestPage:
    """Answers for the page of a request, and for the page of each act."""

    def __init__(
        self, database: Database, services: Services, links: PageLinks, wake: Callable[[], None]
    ) -> None:
        """``wake`` is called once something may have been put into the outbox."""
        self._database = database
        self._services = services
        self._links = links
        self._wake = wake
        self._guests = BadLinkCounts(services.clock)

    async def show(self, request: Request) -> Response:
        """Show a request; whoever follows a link changes nothing."""
        return await self._visited(request, self._shown)

    async def ask(self, request: Request) -> Response:
        """Show the form of one act."""
        return await self._visited(request, self._asked)

    async def make(self, request: Request) -> Response:
        """Do what a form confirms."""
        given = await fields_of(request)
        if given is None:
            return message("large", 413, path=_path_of(request))

        async def made(request: Request, visit: Visit) -> Response:
            return await self._made(request, visit, given)

        response = await self._visited(request, made)
        self._wake()
        return response

    async def _visited(self, request: Request, answer: Answer) -> Response:
        network = network_of(request)
        if self._guests.is_refused(network):
            return message("many", 429)
        try:
            link = self._links.read(request.path_params["token"], self._services.clock())
            reader = self._reader_of(link)
        except ExpiredLinkError:
            return message("expired", 410, contact=self._contact)
        except BadLinkError:
            self._guests.fails(network)
            return message("bad", 404, contact=self._contact)
        async with self._database.begin() as work:
            interest = await work.interests.get(link.interest_id)
            if interest is None or interest.is_anonymous:
                return message("erased", 410)
            token = request.path_params["token"]
            return await answer(request, Visit(token, link, reader, interest, work))

    @property
    def _contact(self) -> str:
        return self._services.identity.contact_email

    def _reader_of(self, link: PageLink) -> Correspondent:
        """Return whom a link was made for; BadLinkError if they have left the team."""
        for one in self._services.correspondents:
            if self._links.recipient(one.address) == link.recipient:
                return one
        raise BadLinkError

    async def _shown(self, request: Request, visit: Visit) -> Response:
        interest, events = visit.interest, await visit.work.interests.events(visit.interest.id)
        has_details = interest.status is not Status.WITHDRAWN
        posting = Posting(self._services, visit.work)
        card = await notification.text_of(posting, interest, details=has_details, is_card=True)
        return page(
            "request",
            interest=interest,
            card=card,
            acts=list(acts_of(interest)),
            reach=await reach.of(posting, interest),
            history=[_step(event) for event in events[-_MOST_STEPS:]],
            done=_just_done(request, visit, events),
            to_send=await introducing.to_send(posting, interest),
            path=visit.path,
            name=visit.reader.name,
            until=visit.link.until,
        )

    async def _asked(self, request: Request, visit: Visit) -> Response:
        act = acts_of(visit.interest).get(request.path_params["act"])
        if act is None:
            return message("not_now", 409, path=visit.path)
        if act.kind is EventKind.INTRODUCE:
            step = await introducing.step_of(Posting(self._services, visit.work), visit.interest)
            return self._introduction(visit, step)
        return await self._form(visit, act, {}, ())

    def _introduction(
        self, visit: Visit, step: introducing.IntroductionStep, status: int = 200
    ) -> Response:
        return page(
            "introduce",
            status,
            interest=visit.interest,
            step=step,
            form=self._links.form(visit.token, EventKind.INTRODUCE, visit.interest.updated_at),
            path=visit.path,
            name=visit.reader.name,
        )

    async def _form(
        self, visit: Visit, act: PageAct, given: Mapping[str, str], errors: tuple[str, ...]
    ) -> Response:
        interest = visit.interest
        return page(
            "act",
            422 if errors else 200,
            interest=interest,
            act=act.kind,
            reach=await reach.of(Posting(self._services, visit.work), interest),
            asks=act.asks,
            outcomes=list(Ending),
            reasons=list(Reason),
            firsts=_FIRSTS,
            longest=LONGEST,
            given=given,
            errors=errors,
            form=self._links.form(visit.token, act.kind, interest.updated_at),
            path=visit.path,
            name=visit.reader.name,
        )

    async def _made(self, request: Request, visit: Visit, given: Mapping[str, str]) -> Response:
        name, interest = request.path_params["act"], visit.interest
        try:
            seen = self._links.seen(given.get("form", ""), visit.token, name)
        except BadLinkError:
            return message("form", 403, path=visit.path)
        act = acts_of(interest).get(name)
        if act is None or not self._links.is_of(seen, interest.updated_at):
            return await self._too_late(visit, name)
        try:
            particulars = answered(act, given)
        except UnansweredError as missing:
            return await self._form(visit, act, given, missing.fields)
        return await self._confirmed(visit, act, particulars, given)

    async def _confirmed(
        self, visit: Visit, act: PageAct, particulars: Particulars, given: Mapping[str, str]
    ) -> Response:
        """Do what was confirmed, within the limits of the group."""
        is_note = act.kind is EventKind.NOTE
        cap = caps.NOTES if is_note else caps.MOVES
        spending = await caps.spend(visit.work, cap, visit.interest.id)
        if not spending.is_allowed:
            return message("capped_notes" if is_note else "capped", 429, path=visit.path)
        if act.kind is EventKind.INTRODUCE:
            return await self._introduced(visit, given)
        if is_note:
            return await self._noted(visit, particulars)
        return await self._moved(visit, act.kind, particulars)

    async def _moved(self, visit: Visit, kind: EventKind, particulars: Particulars) -> Response:
        posting = Posting(self._services, visit.work)
        moved = await moves.make(posting, visit.interest.id, kind, visit.actor, particulars)
        if not moved.won:
            return await self._too_late(visit, kind)
        logger.info("a request was moved on its page: %s", kind)
        return _done(visit, kind)

    async def _introduced(self, visit: Visit, given: Mapping[str, str]) -> Response:
        """Do what was shown of putting in touch; where it has changed since, show it anew."""
        posting = Posting(self._services, visit.work)
        step = await introducing.step_of(posting, visit.interest)
        if step.does is None:
            return await self._too_late(visit, EventKind.TO_FIRM)
        if step.shown != given.get("shown", ""):
            anew = await introducing.step_of(posting, visit.interest, has_changed=True)
            return self._introduction(visit, anew, 409)
        said = given.get("reponse", "")
        if not await introducing.confirmed(posting, visit.interest, step, visit.actor, said):
            return await self._too_late(visit, step.does)
        logger.info("a request was moved on its page: %s", step.does)
        return _done(visit, step.does)

    async def _noted(self, visit: Visit, particulars: Particulars) -> Response:
        last = await self._last(visit)
        # The same form sent twice, by a second click.
        is_known = (last.kind, last.note) == (EventKind.NOTE, particulars.note)
        if not (is_known and last.actor == visit.actor):
            interests = visit.work.interests
            await interests.record(
                visit.interest, EventKind.NOTE, visit.actor, note=particulars.note
            )
            posting = Posting(self._services, visit.work)
            await moves.touched(posting, visit.interest)
            await notification.refresh(posting, visit.interest)
        return _done(visit, EventKind.NOTE)

    async def _too_late(self, visit: Visit, name: str) -> Response:
        """Say who was first; where it was this reader, with this act, it is done."""
        last = await self._last(visit)
        if last.kind == name and last.actor == visit.actor:
            return _done(visit, last.kind)
        return message("late", 409, path=visit.path, step=_step(last).words)

    async def _last(self, visit: Visit) -> Event:
        return (await visit.work.interests.events(visit.interest.id))[-1]


def _path_of(request: Request) -> str:
    return f"/demande/{request.path_params['token']}"


def _done(visit: Visit, kind: EventKind) -> Response:
    # A reload of the page that follows sends no form again.
    return RedirectResponse(f"{visit.path}?fait={kind}", 303)


def _just_done(request: Request, visit: Visit, events: tuple[Event, ...]) -> str:
    """Return the act that this reader has just done; the address alone proves nothing."""
    last = events[-1] if events else None
    asked = request.query_params.get("fait", "")
    is_true = last is not None and last.kind == asked and last.actor == visit.actor
    return asked if is_true and f"done_{asked}" in TEXT.names else ""


def _step(event: Event) -> PageStep:
    return PageStep(words_of(event, longest_note=LONGEST_NOTE), event.at)
