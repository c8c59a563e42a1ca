"""The forms of the conversation as pages: the same steps, checks, words and consent.

All questions stand on one page. What is typed comes back with each sending, so that nothing is kept
before the last yes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from bot.pages.visitor_rendering import TEXT as WORDS
from handlers.core.services import Services
from handlers.forms import consent
from handlers.forms.steps import Answers, Form, RefusedError, Step
from handlers.handoff import by_page, person
from handlers.messages import Catalogue
from handlers.requests import callback, interest, proposal
from knowledge.files import telegram_html
from knowledge.model import Project
from storage.records.drafts import Draft
from storage.records.interests import ContactKind, Interest, NewInterest, Role

# What a form asks for in storage: of the project it is about, if any, its answers, the moment, and
# the version of the wording agreed to.
Wanted = Callable[[Project | None, Answers, datetime, int | None], NewInterest]
CONTACT = "contact"
# Which kind of contact it is shows in what is written.
_NOT_ASKED = frozenset({"contact_kind"})
_ONE_LINE = frozenset({"company", "name", CONTACT, "siret"})
# WCAG 2.2, 1.3.5: what a browser may fill in by itself.
_AUTOCOMPLETE = {"company": "organization", "name": "name"}
_OWN = Catalogue.of("visitor_letters")
# Instead of the words of the chat, which speak in the first person.
REFUSALS = Catalogue(Path(__file__).parent / "refusals.yaml")
# So many signs are read of a field; each step has its own limit below this.
_MOST_SIGNS = 4000


@dataclass(frozen=True, slots=True)
class PageForm:
    """A form and where its page stands; ``of_project``: its address ends with a project's id."""

    slug: str
    form: Form
    # None: it is a question for the facilitators, and no request.
    wanted: Wanted | None
    # Whose ``receipt`` the first letter says.
    words: Catalogue = interest.TEXT
    of_project: bool = False

    def steps(self) -> tuple[Step, ...]:
        """Return the steps that the page asks, in their order."""
        return tuple(step for step in self.form.steps if step.key not in _NOT_ASKED)


@dataclass(frozen=True, slots=True)
class PageQuestion:
    """One question as the page shows it; ``options`` are (value, label) pairs."""

    key: str
    label: str
    hint: str
    options: tuple[tuple[str, str], ...]
    is_optional: bool
    is_long: bool
    autocomplete: str
    inputmode: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a page sent: the answers that the steps accept, and why others are refused.

    ``doubted`` is an accepted contact with what was probably meant, to ask that once.
    """

    answers: Answers
    errors: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    doubted: tuple[str, str] | None = None


def _interest(
    project: Project | None, answers: Answers, at: datetime, version: int | None
) -> NewInterest:
    if project is None:
        raise LookupError("an interest needs a project")
    return interest.wanted(project, answers, at, version)


def _proposal(
    _project: Project | None, answers: Answers, at: datetime, version: int | None
) -> NewInterest:
    return proposal.wanted(answers, at, version)


def _callback(
    _project: Project | None, answers: Answers, at: datetime, version: int | None
) -> NewInterest:
    return callback.wanted(answers, at, version)


# In no chat: it asks besides where the answer goes.
_QUESTION = replace(person.FORM, text=by_page.TEXT, steps=by_page.STEPS)
FORMS: Mapping[str, PageForm] = MappingProxyType(
    {
        each.slug: each
        for each in (
            PageForm("interet", interest.FORM, _interest, of_project=True),
            PageForm("proposition", proposal.FORM, _proposal),
            PageForm("rappel", callback.FORM, _callback, callback.TEXT),
            PageForm("question", _QUESTION, None, by_page.TEXT),
        )
    }
)


def is_offered(page_form: PageForm, services: Services) -> bool:
    """Tell whether a form may be sent here: a question is answered by letter, by facilitators."""
    return page_form.wanted is not None or takes_questions(services)


def takes_questions(services: Services) -> bool:
    """Tell whether facilitators are there to be asked, and an answer can be written."""
    return services.can_mail and services.facilitator_chat_id is not None


def to_change(request: Interest) -> tuple[PageForm, str, Answers]:
    """Return the form that a request was made by, its subject, and the answers as they stand."""
    if request.project_id:
        return FORMS["interet"], request.project_id, interest.answers_of(request)
    if request.role is Role.CALL_BACK:
        return FORMS["rappel"], "new", callback.answers_of(request)
    return FORMS["proposition"], "new", proposal.answers_of(request)


def draft_of(
    page_form: PageForm, subject: str, answers: Answers, changes: str | None = None
) -> Draft:
    """Return answers as the messages of a form take them; it is never stored."""
    return Draft(0, page_form.form.name, "recap", subject, dict(answers), changes=changes)


def questions(page_form: PageForm, services: Services, subject: str) -> tuple[PageQuestion, ...]:
    """Return what the page asks, in the language spoken now."""
    draft = draft_of(page_form, subject, {})
    values = page_form.form.subject(services, draft) | {"draft": draft}
    return tuple(_question(page_form, services, draft, step, values) for step in page_form.steps())


def _question(
    page_form: PageForm,
    services: Services,
    draft: Draft,
    step: Step,
    values: Mapping[str, object],
) -> PageQuestion:
    form = page_form.form
    is_contact = step.key == CONTACT
    if is_contact and not services.can_mail:
        asked = _OWN("ask_phone")
    else:
        asked = form.text(f"ask_{step.key}", **values)
    label, _, rest = telegram_html.plain(asked).partition("\n")
    options = tuple(
        (value, form.text.label(f"choice_{step.key}_{value}"))
        for value in form.offers(services, draft, step)
    )
    mode = "" if not is_contact else "email" if services.can_mail else "tel"
    return PageQuestion(
        step.key,
        label.strip(),
        # The choices stand below as buttons.
        "" if options else " ".join(rest.split()),
        options,
        is_optional=step.optional,
        is_long=step.key not in _ONE_LINE,
        autocomplete=mode or _AUTOCOMPLETE.get(step.key, "off"),
        inputmode=mode,
    )


def checked(
    page_form: PageForm, services: Services, subject: str, typed: Mapping[str, str], missing: str
) -> Checked:
    """Check what was typed, by the steps of the form; ``missing`` says that an answer lacks."""
    answers: dict[str, str] = {}
    errors: dict[str, str] = {}
    for step in page_form.steps():
        text = typed.get(step.key, "").replace("\r\n", "\n").strip()[:_MOST_SIGNS]
        try:
            answers |= _read(page_form, services, draft_of(page_form, subject, answers), step, text)
        except RefusedError as refused:
            answers |= refused.given
            errors[step.key] = _words(page_form, services, subject, answers, refused)
        else:
            if step.key not in answers:
                errors[step.key] = missing
    step = page_form.form.by_key[CONTACT]
    meant = step.doubts(answers.get(CONTACT, "")) if CONTACT not in errors else None
    doubted = (answers[CONTACT], meant) if meant else None
    return Checked(answers, errors, doubted)


def _read(
    page_form: PageForm, services: Services, draft: Draft, step: Step, text: str
) -> dict[str, str]:
    answers = draft.answers
    if not text:
        # An answer to another question may have held this one's.
        return {step.key: answers.get(step.key, "")} if step.optional else {}
    if step.choices:
        if text not in page_form.form.offers(services, draft, step):
            raise RefusedError(f"bad_{step.key}")
        return {step.key: text}
    given = step.read(text, answers)
    if step.key == CONTACT and "@" in given.get(CONTACT, "") and not services.can_mail:
        raise RefusedError("phone_only")
    if "contact_kind" not in given and CONTACT in given:
        is_mail = "@" in given[CONTACT]
        given["contact_kind"] = ContactKind.EMAIL if is_mail else ContactKind.PHONE
    return given


def _words(
    page_form: PageForm,
    services: Services,
    subject: str,
    answers: Answers,
    refused: RefusedError,
) -> str:
    form, draft = page_form.form, draft_of(page_form, subject, answers)
    values = form.subject(services, draft) | {"draft": draft} | refused.values
    return refusal(form.text, refused.reason, values)


def refusal(text: Catalogue, reason: str, values: Mapping[str, object]) -> str:
    """Return why an answer is refused, as plain text; ``text`` has the words of the chat."""
    if reason in REFUSALS.names:
        return REFUSALS.label(reason, **values)
    said = telegram_html.plain((text if reason in text.names else _OWN)(reason, **values)).strip()
    # The chat keeps what was typed; the page itself says once that it still has it.
    for kept in "|".join(REFUSALS.labels("rest_kept")).split("|"):
        said = said.removesuffix(kept).rstrip()
    return said


def notice(page_form: PageForm, services: Services, subject: str) -> str:
    """Return the information owed before the first personal field, as HTML."""
    form, draft = page_form.form, draft_of(page_form, subject, {})
    values = form.subject(services, draft) | {"draft": draft}
    if "notice" in form.text.names:
        return form.text("notice", **values)
    return WORDS(f"notice_{page_form.slug}", kept=services.kept)


def agreed(
    page_form: PageForm,
    services: Services,
    subject: str,
    answers: Answers,
    changes: str | None = None,
) -> str:
    """Return what sending the form agrees to, as HTML; ``changes`` is as in `Draft`."""
    draft = draft_of(page_form, subject, answers, changes)
    return consent.wording(services, page_form.form, draft)


def recap(page_form: PageForm, answers: Answers) -> tuple[tuple[str, str], ...]:
    """Return the answers with their names, in the order of the questions."""
    text, form = page_form.form.text, page_form.form
    keys = [step.key for step in page_form.steps()]
    shown = []
    for key in keys:
        value = answers.get(key, "")
        if value and form.by_key[key].choices:
            value = text.label(f"choice_{key}_{value}")
        shown.append((text.label(f"label_{key}"), value))
    return tuple(shown)
