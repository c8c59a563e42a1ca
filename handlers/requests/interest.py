"""Declaring interest in a project: the form, its receipt, and the notification."""

from telegram import Update

from handlers.core import caps
from handlers.core.authority import Authority, requires
from handlers.core.buttons import DeclareInterest, ListProjects, ShowRequest, with_person
from handlers.core.keyboards import button, column
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms import checks
from handlers.forms.steps import Answers, Form, RefusedError, Step
from handlers.messages import Catalogue
from handlers.projects import browse
from handlers.requests import contact_steps
from handlers.requests.administrators import notify_change, notify_new
from storage.records.drafts import Draft
from storage.records.interests import ContactKind, Interest, NewInterest, Role, Status

TEXT = Catalogue.of("interest", "contact")


def role(_text: str, _answers: Answers) -> dict[str, str]:
    """Refuse any typed text; the engine itself accepts the words of the buttons."""
    raise RefusedError("bad_role")


def _offered(turn: Turn, draft: Draft, step: Step) -> tuple[str, ...]:
    """Return the roles offered; a project that has a lead offers no lead role."""
    project = turn.services.knowledge.project(draft.subject)
    is_led = project is not None and not project.seeks_lead
    return tuple(choice for choice in step.choices if not (is_led and choice == Role.LEAD))


def _subject(turn: Turn, draft: Draft) -> dict[str, object]:
    return {"project": turn.services.knowledge.project(draft.subject), "services": turn.services}


@requires(Authority.PERSON)
async def declare_interest(update: Update, context: BotContext) -> None:
    """Begin the form, or show the existing request, or say why the project is closed."""
    turn, project_id = context.turn, DeclareInterest.of(update).project_id
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
    turn.say(TEXT("existing", interest=interest), with_person(keyboard))


async def save(turn: Turn, draft: Draft) -> None:
    """Record the interest, the notification and the receipt in one transaction."""
    project = turn.services.knowledge.project(draft.subject)
    if project is None or browse.why_closed(turn, project):
        turn.say(TEXT("closed_meanwhile"))
        await browse.show(turn, draft.subject)
        return
    new = NewInterest(
        project_id=project.id,
        project_title=project.title,
        project_lead=project.lead,
        company=draft.answers["company"],
        contact_name=draft.answers["name"],
        contact_kind=ContactKind(draft.answers["contact_kind"]),
        contact=contact_steps.of(turn, draft.answers),
        role=Role(draft.answers["role"]) if draft.answers.get("role") else None,
        message=draft.answers.get("message") or None,
        siret=draft.answers.get("siret") or None,
        consent_at=turn.work.now,
    )
    cap = caps.CHANGES if draft.changes else caps.INTERESTS
    if not await caps.allows(turn, cap, turn.user.id):
        # Nothing typed is lost: the form waits at its recap until it can be sent.
        turn.work.drafts.save(draft)
        return
    registration = await turn.work.interests.register(draft.person_id, new)
    if registration.created:
        await notify_new(turn, registration.interest)
        give_receipt(turn, registration.interest, "receipt")
        return
    changed = await turn.work.interests.change(registration.interest.id, new)
    await notify_change(turn, changed)
    give_receipt(turn, changed, "receipt_changed")


def give_receipt(turn: Turn, interest: Interest, name: str) -> None:
    """Send the receipt with the number, and remove the buttons of the recap."""
    turn.remove_buttons()
    ways_on = [
        button(TEXT.label("see_request"), ShowRequest(interest.id)),
        button(TEXT.label("other_projects"), ListProjects()),
    ]
    turn.say(TEXT(name, interest=interest), with_person(column(ways_on)))


FORM = Form(
    name="interest",
    text=TEXT,
    steps=(
        *contact_steps.STEPS,
        Step("role", role, choices=(Role.PARTICIPATE, Role.LEAD, Role.LEARN), optional=True),
        Step("message", checks.passage("message", longest=1000), optional=True, free_text=True),
        Step("siret", checks.siret, optional=True),
    ),
    subject=_subject,
    submit=save,
    offers=_offered,
)

HANDLERS: tuple[Handler, ...] = (tap(DeclareInterest, declare_interest),)
