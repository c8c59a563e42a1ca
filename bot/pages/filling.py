"""Filling a form on pages: it is shown, checked, and read again, before anything becomes of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from starlette.responses import Response

from bot.pages import page_forms
from bot.pages.page_forms import CONTACT, Checked, PageForm
from bot.pages.visitor_rendering import TEXT, Look
from handlers.core.page_links import BadLinkError, ExpiredLinkError, PageLinks, Stamp
from handlers.core.services import Services
from handlers.forms import consent
from handlers.forms.steps import Answers
from handlers.messages import speaking, without_chat
from knowledge.model import Project

# Nobody reads a form and fills it in less; who comes back with the same one is let through.
_FASTEST = timedelta(seconds=3)
# The field that people do not see, and programs fill.
TRAP = "site"
_NO_ERRORS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Asking:
    """One request for the page of a form, with what was sent.

    ``changes`` is the number of the request whose answers are changed; empty for a new one.
    """

    page_form: PageForm
    subject: str
    spoken: str
    path: str
    typed: Mapping[str, str]
    changes: str = ""

    @property
    def name(self) -> str:
        """What the stamp of the form is for."""
        return f"{self.page_form.slug} {self.subject} {self.changes}"


@dataclass(frozen=True, slots=True)
class Ready:
    """What was read again and agreed to."""

    answers: Answers
    agreed: str
    stamp: Stamp


class Filling:
    """Shows the steps of a form; what is typed comes back with each, and nothing is kept."""

    def __init__(self, services: Services, links: PageLinks, look: Look) -> None:
        self._services = services
        self._links = links
        self._look = look

    def project(self, asking: Asking) -> Project | None:
        """Return the project that a form is about, if it is about one."""
        is_of_project = asking.page_form.of_project
        return self._services.knowledge.project(asking.subject) if is_of_project else None

    def refusal(self, asking: Asking) -> Response | None:
        """Return what says that a form, or its project, takes nothing; None where it does."""
        if not page_forms.is_offered(asking.page_form, self._services):
            return self._look.message("no_questions", asking.spoken, 404)
        if not asking.page_form.of_project:
            return None
        project = self.project(asking)
        if project is None:
            return self._look.message("project_gone", asking.spoken, 404)
        if not project.open_on(self._services.today()):
            return self._look.message("project_closed", asking.spoken, 410)
        return None

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

    def check(self, asking: Asking) -> Response | Ready:
        """Return what was read again and agreed to; or the page that comes before."""
        stamp = self._stamp(asking)
        if stamp is None:
            return self.form(asking, {"": "stale"})
        if robot := self._robot(asking, stamp):
            return self.form(asking, {"": robot})
        services, page_form, subject = self._services, asking.page_form, asking.subject
        with speaking(asking.spoken), without_chat():
            missing = TEXT.label("missing_answer")
            found = page_forms.checked(page_form, services, subject, asking.typed, missing)
            errors, doubted = dict(found.errors), found.doubted
            if doubted and asking.typed.get("doubted") != doubted[0]:
                errors[CONTACT] = TEXT.label("doubted", meant=doubted[1], typed=doubted[0])
        if errors or asking.typed.get("step") == "change":
            return self.form(asking, errors, doubted[0] if doubted else "")
        with speaking(asking.spoken), without_chat():
            agreed = page_forms.agreed(
                page_form, services, subject, found.answers, asking.changes or None
            )
        mark = _digest(consent.plain(agreed))
        if asking.typed.get("step") != "send" or asking.typed.get("agreed") != mark:
            return self._recap(asking, found, agreed, mark)
        return Ready(found.answers, consent.plain(agreed), stamp)

    def form(
        self, asking: Asking, errors: Mapping[str, str] = _NO_ERRORS, doubted: str = ""
    ) -> Response:
        """Show the form with what was typed, and what is wrong with it."""
        with speaking(asking.spoken), without_chat():
            questions = page_forms.questions(asking.page_form, self._services, asking.subject)
            notice = page_forms.notice(asking.page_form, self._services, asking.subject)
        problem = errors.get("", "")
        keeps = asking.typed.get("form") if problem != "stale" and asking.typed else None
        return _gone_back_to(
            self._look.page(
                "form",
                asking.spoken,
                asking.path,
                422 if errors else 200,
                slug=asking.page_form.slug,
                changes=asking.changes,
                path=f"/{asking.path}",
                project=self.project(asking),
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
            self._look.page(
                "recap",
                asking.spoken,
                asking.path,
                path=f"/{asking.path}",
                project=self.project(asking),
                lines=lines,
                agreed=agreed,
                mark=mark,
                changes=asking.changes,
                submit=submit,
                has_changed="agreed" in asking.typed,
                hidden={key: asking.typed.get(key, "") for key in (*keys, "form", "doubted")},
            )
        )


def _gone_back_to(page: Response) -> Response:
    """Let the browser show a step of a form again by its button "back": nothing typed is lost.

    What is not stored at all it can only ask for anew, with a warning that people turn back at.
    """
    page.headers["cache-control"] = "private, no-cache"
    return page


def _digest(text: str) -> str:
    return hashlib.sha256(text.strip().casefold().encode()).hexdigest()
