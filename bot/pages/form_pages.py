"""Forms as pages: shown, checked, read again, and sent with the last yes.

Nothing is stored before that. Who sends too much is refused from memory, at the cost of no query.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from bot.pages import page_forms
from bot.pages.forms import LARGEST_LONG, fields_of
from bot.pages.guests import Crowd, network_of
from bot.pages.page_forms import CONTACT, FORMS, Checked, PageForm
from bot.pages.sending import Filled, Sending, TooManyError
from bot.pages.visitor_rendering import TEXT, Look, is_from_elsewhere
from handlers.core import caps, visitor_letters
from handlers.core.page_links import BadLinkError, ExpiredLinkError, PageLinks, Stamp
from handlers.core.services import Services
from handlers.forms import consent
from handlers.messages import ENGLISH, FRENCH, speaking, without_chat
from knowledge.model import Project
from storage.database import Database

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
        self._sending = Sending(services, links)

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
        answer = self.look.message("link_sent", spoken, 200)
        # After the answer: how long it takes would tell whether an address is known.
        answer.background = BackgroundTask(self._send_links, address, self._network(request))
        return answer

    async def _send_links(self, address: str, network: str) -> None:
        async with self._database.begin() as work:
            await self._sending.send_links(work, address, network)
        self._wake()

    def _turned_away(self, request: Request) -> Response | None:
        """Refuse what another site sends, and who sends too much, before anything is read."""
        if is_from_elsewhere(request):
            return self.look.message("elsewhere", _spoken(request), 403)
        if not self._crowd.admits(network_of(request)):
            return self.look.message("crowd", _spoken(request), 429)
        return None

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
        filled = Filled(
            asking.page_form,
            self._project(asking) if asking.page_form.of_project else None,
            found.answers,
            consent.plain(agreed),
            stamp,
            asking.spoken,
            self._network(request),
        )
        return await self._sent(request, asking, filled)

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
