"""Declaring interest in a project: the form, its receipt, and the notification."""

from collections.abc import Iterable
from datetime import datetime

from telegram import Update

from handlers.core import caps
from handlers.core.authority import Authority, requires
from handlers.core.buttons import (
    DeclareInterest,
    ListProjects,
    ShowRequest,
    news_button,
    with_person,
)
from handlers.core.keyboards import Button, button, column
from handlers.core.routing import Handler, tap
from handlers.core.services import Services
from handlers.core.turn import BotContext, Turn
from handlers.forms import checks, consent, contacts
from handlers.forms.remarks import joined
from handlers.forms.steps import Answers, Form, RefusedError, Step
from handlers.messages import Catalogue
from handlers.projects import browse
from handlers.requests import changes, contact_steps, moves, notification, standing
from knowledge.model import Project
from knowledge.text.signs import plain_signs
from storage.records.drafts import Draft
from storage.records.interests import Changed, ContactKind, Interest, NewInterest, Role, Status

TEXT = Catalogue.of("interest", "contact", "remarks")
_LONGEST = 1000


def role(_text: str, _answers: Answers) -> dict[str, str]:
    """Refuse any typed text; the engine itself accepts the words of the buttons."""
    raise RefusedError("bad_role")


_message = checks.passage("message", longest=_LONGEST)


def _siret(text: str, answers: Answers) -> dict[str, str]:
    """Accept a SIRET; what is said beside it is added to the message."""
    found = contacts.siret_in(plain_signs(text))
    if found is None or not found[1]:
        return checks.siret(found[0] if found else text, answers)
    number, remark = found
    return {"siret": number} | _message(joined(answers.get("message", ""), remark), answers)


def _offered(services: Services, draft: Draft, step: Step) -> tuple[str, ...]:
    """Return the roles offered; a project that has a lead offers no lead role."""
    project = services.knowledge.project(draft.subject)
    is_led = project is not None and project.lead is not None
    return tuple(choice for choice in step.choices if not (is_led and choice == Role.LEAD))


def _subject(services: Services, draft: Draft) -> dict[str, object]:
    project = services.knowledge.project(draft.subject)
    return {"project": project, "services": services, "differs": changes.differing(draft)}


@requires(Authority.PERSON)
async def declare_interest(update: Update, context: BotContext) -> None:
    """Begin the form of the project whose button was tapped."""
    await begin(context.turn, DeclareInterest.of(update).project_id)


async def begin(turn: Turn, project_id: str) -> None:
    """Begin the form of this project, or show the existing request, or say why it is closed."""
    project = turn.services.knowledge.project(project_id)
    requests = await turn.work.read_ahead.interests((await turn.person()).id)
    existing = next((request for request in requests if request.project_id == project_id), None)
    if project is None or browse.why_closed(turn, project):
        await browse.show(turn, project_id)
    elif existing and existing.status is not Status.WITHDRAWN:
        _show_existing(turn, existing)
    else:
        await contact_steps.begin(turn, FORM, project_id, requests)


def answers_of(interest: Interest) -> dict[str, str]:
    """Return a request as answers of the form, to change them."""
    return {
        **contact_steps.answers_of(interest),
        "role": interest.role.value if interest.role else "",
        "message": interest.message or "",
        "siret": interest.siret or "",
    }


def _show_existing(turn: Turn, interest: Interest) -> None:
    keyboard = column([button(TEXT.label("see_request"), ShowRequest(interest.id))])
    text = TEXT("existing", interest=interest)
    turn.say(text, with_person(keyboard), about=interest.about_note)


def wanted(project: Project, answers: Answers, at: datetime, version: int | None) -> NewInterest:
    """Return what a whole form asks for; ``version`` is that of the wording agreed to."""
    return NewInterest(
        project_id=project.id,
        project_title=project.title,
        project_lead=project.lead,
        company=answers["company"],
        contact_name=answers["name"],
        contact_kind=ContactKind(answers["contact_kind"]),
        contact=answers["contact"],
        contact_note=answers.get(contact_steps.NOTE) or None,
        role=Role(answers["role"]) if answers.get("role") else None,
        message=answers.get("message") or None,
        siret=answers.get("siret") or None,
        consent_at=at,
        consent_version=version,
    )


async def save(turn: Turn, draft: Draft) -> None:
    """Record the interest, the notification and the receipt in one transaction."""
    project = turn.services.knowledge.project(draft.subject)
    if project is None or browse.why_closed(turn, project):
        turn.say(TEXT("closed_meanwhile"))
        await browse.show(turn, draft.subject)
        return
    answers = {**draft.answers, "contact": contact_steps.of(turn, draft.answers)}
    version = await consent.version(turn, draft)
    new = wanted(project, answers, turn.work.now, version)
    cap = caps.CHANGES if draft.changes else caps.INTERESTS
    if not await caps.allows(turn, cap, turn.user.id):
        # Nothing typed is lost: the form waits at its recap until it can be sent.
        turn.work.drafts.save(draft)
        return
    registration = await turn.work.interests.register(draft.person_id, new)
    if registration.created:
        await moves.declared(turn, registration.interest)
        is_told = await turn.work.subscriptions.of_person(draft.person_id) is not None
        offers = [] if is_told else [news_button()]
        by = standing.answer_day(turn)
        give_receipt(turn, registration.interest, "receipt", offers, by=by)
        return
    await confirm_change(turn, await turn.work.interests.change(registration.interest.id, new))


async def _is_gone(turn: Turn, draft: Draft) -> bool:
    project = turn.services.knowledge.project(draft.subject)
    return project is None or bool(browse.why_closed(turn, project))


async def confirm_change(turn: Turn, changed: Changed) -> None:
    """Tell both sides what changed in a request; where nothing did, the person alone."""
    if not changed.changes:
        give_receipt(turn, changed.interest, "receipt_unchanged")
        return
    await notification.post_change(turn.posting, changed)
    give_receipt(turn, changed.interest, "receipt_changed", lines=changes.lines(changed.changes))


async def ended(turn: Turn, subject: str) -> str:
    """Return what became of the form of an old recap."""
    requests = await turn.work.read_ahead.interests((await turn.person()).id)
    sent = next((request for request in requests if request.project_id == subject), None)
    if sent is None:
        return TEXT.label("never_sent_toast")
    withdrawn = sent.status is Status.WITHDRAWN
    return TEXT.label("withdrawn_toast" if withdrawn else "already_sent_toast", interest=sent)


def give_receipt(
    turn: Turn, interest: Interest, name: str, offers: Iterable[Button] = (), **values: object
) -> None:
    """Send the receipt with the number, and remove the buttons of the recap."""
    turn.remove_buttons()
    ways_on = [
        button(TEXT.label("see_request"), ShowRequest(interest.id)),
        button(TEXT.label("other_projects"), ListProjects()),
        *offers,
    ]
    text = TEXT(name, interest=interest, **values)
    turn.say(text, with_person(column(ways_on)), about=interest.about_note)


FORM = Form(
    name="interest",
    text=TEXT,
    steps=(
        *contact_steps.STEPS,
        Step(
            "role",
            role,
            choices=(Role.PARTICIPATE, Role.LEAD, Role.LEARN),
            optional=True,
            remark_to="message",
        ),
        Step("message", _message, optional=True, free_text=True),
        Step("siret", _siret, optional=True, holds=checks.holds_siret),
    ),
    subject=_subject,
    submit=save,
    carries=(changes.STORED,),
    ended=ended,
    offers=_offered,
    is_gone=_is_gone,
)

HANDLERS: tuple[Handler, ...] = (tap(DeclareInterest, declare_interest),)
