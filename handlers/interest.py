"""Saying "ça m'intéresse": the form, its receipt, and the notification of the administrators."""

from telegram import Update

from handlers import projects
from handlers.administration import notify_change, notify_new
from handlers.authority import Authority, requires
from handlers.forms import checks, engine
from handlers.forms.steps import Answers, Form, RefusedError, Step
from handlers.keyboards import button, column
from handlers.messages import Catalogue
from handlers.navigation import DeclareInterest, ListProjects, ShowRequest
from handlers.routing import Handler, tap
from handlers.turn import BotContext, Turn
from storage.drafts import Draft
from storage.interests import ContactKind, Interest, NewInterest, Role, Status

TEXT = Catalogue.of("interest")


def contact_kind(text: str, _answers: Answers) -> dict[str, str]:
    """Accept an address or a number where only the sort of contact was asked for."""
    for kind, check in ((ContactKind.EMAIL, checks.email), (ContactKind.PHONE, checks.phone)):
        try:
            return {"contact_kind": kind.value, "contact": check(text)}
        except RefusedError:
            continue
    raise RefusedError("bad_contact_kind")


def contact(text: str, answers: Answers) -> dict[str, str]:
    """Accept an address or a number, whichever was chosen."""
    check = checks.email if answers["contact_kind"] == ContactKind.EMAIL else checks.phone
    return {"contact": check(text)}


def role(_text: str, _answers: Answers) -> dict[str, str]:
    """Refuse all words but those of the buttons, which the form accepts by itself."""
    raise RefusedError("bad_role")


def _not_by_telegram(answers: Answers) -> bool:
    return answers.get("contact_kind") != ContactKind.TELEGRAM


def _subject(turn: Turn, draft: Draft) -> dict[str, object]:
    return {"project": turn.services.knowledge.project(draft.subject), "services": turn.services}


@requires(Authority.PERSON)
async def declare_interest(update: Update, context: BotContext) -> None:
    """Begin the form, or show the request that exists, or say why the project takes none."""
    turn, project_id = context.turn, DeclareInterest.of(update).project_id
    project = turn.services.knowledge.project(project_id)
    person = await turn.person()
    existing = await turn.work.interests.for_project(person.id, project_id)
    if project is None or projects.why_closed(turn, project):
        await projects.show(turn, project_id)
    elif existing and existing.status is not Status.WITHDRAWN:
        await _show_existing(turn, existing)
    else:
        await engine.begin(turn, FORM, project_id, await _known_contact(turn))


async def _known_contact(turn: Turn) -> dict[str, str]:
    """Return the contact of the person's latest request, so that nobody types it twice."""
    requests = await turn.work.interests.of_person((await turn.person()).id)
    if not requests:
        return {}
    latest = max(requests, key=lambda request: request.created_at)
    answers = answers_of(latest)
    reused = {key: answers[key] for key in ("company", "name", "contact_kind", "contact")}
    return {"reused": latest.number} | reused


def answers_of(interest: Interest) -> dict[str, str]:
    """Return the answers that a request was made of, for the form to show again."""
    return {
        "company": interest.company or "",
        "name": interest.contact_name or "",
        "contact_kind": (interest.contact_kind or ContactKind.TELEGRAM).value,
        "contact": interest.contact or "",
        "role": interest.role.value if interest.role else "",
        "message": interest.message or "",
        "siret": interest.siret or "",
    }


async def _show_existing(turn: Turn, interest: Interest) -> None:
    keyboard = column([button(TEXT.label("see_request"), ShowRequest(interest.id))])
    await turn.say(TEXT("existing", interest=interest), keyboard)


async def save(turn: Turn, draft: Draft) -> None:
    """Record the interest and owe the notification, in one transaction; then the receipt."""
    project = turn.services.knowledge.project(draft.subject)
    if project is None or projects.why_closed(turn, project):
        await turn.say(TEXT("closed_meanwhile"))
        await projects.show(turn, draft.subject)
        return
    new = NewInterest(
        project_id=project.id,
        project_title=project.title,
        project_lead=project.lead,
        company=draft.answers["company"],
        contact_name=draft.answers["name"],
        contact_kind=ContactKind(draft.answers["contact_kind"]),
        contact=_contact(turn, draft.answers),
        role=Role(draft.answers["role"]) if draft.answers.get("role") else None,
        message=draft.answers.get("message") or None,
        siret=draft.answers.get("siret") or None,
        consent_at=turn.work.now,
    )
    registration = await turn.work.interests.register(draft.person_id, new)
    if registration.created:
        await notify_new(turn, registration.interest)
        await _give_receipt(turn, registration.interest, "receipt")
        return
    changed = await turn.work.interests.change(registration.interest.id, new)
    await notify_change(turn, changed)
    await _give_receipt(turn, changed, "receipt_changed")


def _contact(turn: Turn, answers: Answers) -> str:
    if answers["contact_kind"] != ContactKind.TELEGRAM:
        return answers["contact"]
    name = turn.user.username
    return f"@{name}" if name else f"tg://user?id={turn.user.id}"


async def _give_receipt(turn: Turn, interest: Interest, name: str) -> None:
    await turn.remove_buttons()
    await turn.say(
        TEXT(name, interest=interest),
        column(
            [
                button(TEXT.label("see_request"), ShowRequest(interest.id)),
                button(TEXT.label("other_projects"), ListProjects()),
            ]
        ),
    )


FORM = engine.register(
    Form(
        name="interest",
        text=TEXT,
        steps=(
            Step("company", checks.words("company", longest=120)),
            Step("name", checks.words("name", longest=80)),
            Step(
                "contact_kind",
                contact_kind,
                choices=tuple(ContactKind),
                resets=("contact",),
            ),
            Step("contact", contact, applies=_not_by_telegram),
            Step("role", role, choices=tuple(Role), optional=True),
            Step("message", checks.passage("message", longest=1000), optional=True, free_text=True),
            Step("siret", checks.siret, optional=True),
        ),
        subject=_subject,
        submit=save,
    )
)

HANDLERS: tuple[Handler, ...] = (tap(DeclareInterest, declare_interest),)
