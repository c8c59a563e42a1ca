"""Forms as pages: shown, checked, read again, and sent with the last yes.

Nothing is stored before that. Who sends too much is refused from memory, at the cost of no query.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.pages import page_forms
from bot.pages.forms import LARGEST_LONG, fields_of
from bot.pages.guests import Crowd, network_of
from bot.pages.page_forms import CONTACT, FORMS, Checked, PageForm
from bot.pages.visitor_rendering import TEXT, Look, is_from_elsewhere
from handlers.core import caps, visitor_letters
from handlers.core.keyboards import Keyboard
from handlers.core.page_links import BadLinkError, ExpiredLinkError, PageLinks, Stamp
from handlers.core.posting import Posting
from handlers.core.services import Services
from handlers.forms import consent
from handlers.handoff import by_page
from handlers.messages import ENGLISH, FRENCH, speaking, without_chat
from handlers.requests import moves
from knowledge.model import Project
from storage.database import Database
from storage.queues.outbox import Audience
from storage.records.people import Person
from storage.unit_of_work import UnitOfWork

logger = logging.getLogger(__name__)
# Nobody reads a form and fills it in less; who comes back with the same one is let through.
_FASTEST = timedelta(seconds=3)
# The field that people do not see, and programs fill.
TRAP = "site"


@dataclass(frozen=True, slots=True)
class Asking:
    """One request for the page of a form, with what was sent."""

    page_form: PageForm
    subject: str
    spoken: str
    path: str
    typed: Mapping[str, str]

    @property
    def name(self) -> str:
        """What the stamp of the form is for."""
        return f"{self.page_form.slug} {self.subject}"


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

    async def show(self, request: Request) -> Response:
        """Show an empty form."""
        asking = self._asking(request, {})
        if asking is None:
            return self.look.message("no_form", _spoken(request), 404)
        return self._refusal(asking) or self._form(asking, {})

    async def send(self, request: Request) -> Response:
        """Check what was typed, show it to be read again, or send it."""
        if refusal := self._turned_away(request):
            return refusal
        typed = await fields_of(request, LARGEST_LONG)
        if typed is None:
            return self.look.message("large", _spoken(request), 413)
        asking = self._asking(request, typed)
        if asking is None or (refusal := self._refusal(asking)):
            return refusal or self.look.message("no_form", _spoken(request), 404)
        stamp = self._stamp(asking)
        if stamp is None:
            return self._form(asking, {"": "stale"})
        if robot := self._robot(asking, stamp):
            return self._form(asking, {"": robot})
        return await self._checked(request, asking, stamp)

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
        return self._lost(_spoken(request), request)

    async def find(self, request: Request) -> Response:
        """Send the links again to an address; whether it is known is not told."""
        if refusal := self._turned_away(request):
            return refusal
        spoken = _spoken(request)
        typed = await fields_of(request) or {}
        address = typed.get("email", "").strip()[:254]
        if "@" not in address:
            return self._lost(spoken, request, wrong=True)
        async with self._database.begin() as work:
            await self._send_links(work, address, self._network(request))
        self._wake()
        return self.look.message("link_sent", spoken, 200)

    def _turned_away(self, request: Request) -> Response | None:
        """Refuse what another site sends, and who sends too much, before anything is read."""
        if is_from_elsewhere(request):
            return self.look.message("elsewhere", _spoken(request), 403)
        if not self._crowd.admits(network_of(request)):
            return self.look.message("crowd", _spoken(request), 429)
        return None

    async def _send_links(self, work: UnitOfWork, address: str, network: str) -> None:
        posting = Posting(self._services, work)
        if not (await caps.spend(work, caps.PAGE_FORMS, network)).is_allowed:
            return
        for person in await work.people.of_address(address):
            if not (await caps.spend(work, caps.PAGE_LETTERS, _digest(address))).is_allowed:
                return
            requests = await work.interests.of_person(person.id)
            questions = await work.conversations.of_person(person.id)
            numbers = [
                *(each.number for each in requests),
                *(each.number for each in questions if each.interest_id is None),
            ]

            def said(numbers: list[str] = numbers) -> tuple[str, Keyboard | None]:
                return visitor_letters.TEXT("link_again", numbers=numbers), None

            if numbers:
                newest = (requests or questions)[-1]
                posting.write(person, said, about=newest.about_note)

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

    def _refusal(self, asking: Asking) -> Response | None:
        """Return what says that a form, or its project, takes nothing; None where it does."""
        if not page_forms.is_offered(asking.page_form, self._services):
            return self.look.message("no_questions", asking.spoken, 404)
        if not asking.page_form.of_project:
            return None
        project = self._project(asking)
        if project is None:
            return self.look.message("project_gone", asking.spoken, 404)
        if not project.open_on(self._services.today()):
            return self.look.message("project_closed", asking.spoken, 410)
        return None

    def _project(self, asking: Asking) -> Project | None:
        return self._services.knowledge.project(asking.subject)

    def _stamp(self, asking: Asking) -> Stamp | None:
        try:
            return self._links.read_stamp(
                asking.typed.get("form", ""), asking.name, self._services.clock()
            )
        except (BadLinkError, ExpiredLinkError):
            return None

    def _robot(self, asking: Asking, stamp: Stamp) -> str:
        """Return what a person would be told of what only a program does; empty for nothing."""
        if asking.typed.get(TRAP):
            return "trap"
        is_fast = self._services.clock() - stamp.shown_at < _FASTEST
        return "fast" if is_fast else ""

    async def _checked(self, request: Request, asking: Asking, stamp: Stamp) -> Response:
        with speaking(asking.spoken), without_chat():
            found = page_forms.checked(
                asking.page_form,
                self._services,
                asking.subject,
                asking.typed,
                TEXT.label("missing_answer"),
            )
            errors = dict(found.errors)
            doubted = found.doubted
            if doubted and asking.typed.get("doubted") != doubted[0]:
                errors[CONTACT] = TEXT.label("doubted", meant=doubted[1], typed=doubted[0])
        if errors or asking.typed.get("step") == "change":
            return self._form(asking, errors, doubted[0] if doubted else "")
        with speaking(asking.spoken), without_chat():
            agreed = page_forms.agreed(
                asking.page_form, self._services, asking.subject, found.answers
            )
        mark = _digest(consent.plain(agreed))
        if asking.typed.get("step") != "send" or asking.typed.get("agreed") != mark:
            return self._recap(asking, found, agreed, mark)
        return await self._sent(request, asking, stamp, found, consent.plain(agreed))

    def _form(self, asking: Asking, errors: Mapping[str, str], doubted: str = "") -> Response:
        with speaking(asking.spoken), without_chat():
            questions = page_forms.questions(asking.page_form, self._services, asking.subject)
            notice = page_forms.notice(asking.page_form, self._services, asking.subject)
        problem = errors.get("", "")
        keeps = asking.typed.get("form") if problem != "stale" and asking.typed else None
        return _gone_back_to(
            self.look.page(
                "form",
                asking.spoken,
                asking.path,
                422 if errors else 200,
                slug=asking.page_form.slug,
                path=f"/{asking.path}",
                project=self._project(asking) if asking.page_form.of_project else None,
                questions=questions,
                notice=notice,
                given=asking.typed,
                errors={key: words for key, words in errors.items() if key},
                problem=problem,
                doubted=doubted,
                stamp=keeps or self._links.stamp(asking.name, self._services.clock()),
                trap=TRAP,
                can_mail=self._services.can_mail,
            )
        )

    def _recap(self, asking: Asking, found: Checked, agreed: str, mark: str) -> Response:
        with speaking(asking.spoken), without_chat():
            lines = page_forms.recap(asking.page_form, found.answers)
            submit = asking.page_form.form.text.label("submit")
        keys = [step.key for step in asking.page_form.steps()]
        return _gone_back_to(
            self.look.page(
                "recap",
                asking.spoken,
                asking.path,
                path=f"/{asking.path}",
                project=self._project(asking) if asking.page_form.of_project else None,
                lines=lines,
                agreed=agreed,
                mark=mark,
                submit=submit,
                has_changed="agreed" in asking.typed,
                hidden={key: asking.typed.get(key, "") for key in (*keys, "form", "doubted")},
            )
        )

    async def _sent(
        self, request: Request, asking: Asking, stamp: Stamp, found: Checked, agreed: str
    ) -> Response:
        """Register what was sent, once, however often it comes."""
        async with self._database.begin() as work:
            address = found.answers[CONTACT] if "@" in found.answers[CONTACT] else None
            refused = await self._refused(work, request, address, asking)
            if refused is None:
                person, is_new = await work.people.arrive(stamp.key, address, asking.spoken)
                if is_new:
                    await self._register(work, asking, found, agreed, person)
        self._wake()
        if refused is not None:
            return refused
        now = self._services.clock()
        token = self._links.receipt_token(person.id, person.telegram_id, now)
        prefix = "" if asking.spoken == FRENCH else f"/{asking.spoken}"
        return RedirectResponse(f"{prefix}/formulaires/recu/{token}", 303)

    async def _refused(
        self, work: UnitOfWork, request: Request, address: str | None, asking: Asking
    ) -> Response | None:
        """Count one more; return what says that it is too many."""
        owners: list[tuple[caps.Cap, str]] = [(caps.PAGE_FORMS, self._network(request))]
        if address is not None:
            owners.append((caps.PAGE_LETTERS, _digest(address)))
        owners.append((caps.PAGE_FORMS_IN_ALL, ""))
        for cap, owner in owners:
            spending = await caps.spend(work, cap, owner)
            if spending.is_allowed:
                continue
            logger.warning("a form of the pages was refused: %s", cap.name)
            if cap is caps.PAGE_FORMS:
                self._crowd.refuses(network_of(request), spending.until)
            if cap is caps.PAGE_FORMS_IN_ALL and spending.is_to_tell:
                text = visitor_letters.TEXT("too_many_forms", most=cap.most, until=spending.until)
                Posting(self._services, work).notify(Audience.ADMINISTRATORS, text)
            with speaking(asking.spoken):
                words = caps.TEXT.label(
                    cap.name,
                    most=cap.most,
                    until=spending.until,
                    identity=self._services.identity,
                )
            return self.look.page(
                "visitor_message", asking.spoken, asking.path, 429, name="capped", words=words
            )
        return None

    async def _register(
        self, work: UnitOfWork, asking: Asking, found: Checked, agreed: str, person: Person
    ) -> None:
        """Keep what was sent, tell the team, and send the first letter.

        That says nothing of what was typed, as anybody may type anybody's address.
        """
        posting, page_form = Posting(self._services, work), asking.page_form
        values: dict[str, object]
        if page_form.wanted is None:
            exchange = await by_page.hand_over(posting, person, found.answers["text"])
            values, about = {"conversation": exchange}, exchange.about_note
        else:
            version = await work.consents.version_of(agreed) if agreed else None
            project = self._project(asking) if page_form.of_project else None
            new = page_form.wanted(project, found.answers, work.now, version)
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

    def _network(self, request: Request) -> str:
        return self._links.network(network_of(request), self._services.today().isoformat())


def _gone_back_to(page: Response) -> Response:
    """Let the browser show a step of a form again by its button "back": nothing typed is lost.

    What is not stored at all it can only ask for anew, with a warning that people turn back at.
    """
    page.headers["cache-control"] = "private, no-cache"
    return page


def _digest(text: str) -> str:
    return hashlib.sha256(text.strip().casefold().encode()).hexdigest()


def _spoken(request: Request) -> str:
    return ENGLISH if request.url.path.startswith(f"/{ENGLISH}/") else FRENCH
