"""Proposals: an idea for a project, a resource to share, or to lead a project."""

from datetime import datetime

from telegram import Update

from handlers.core import caps
from handlers.core.authority import Authority, requires
from handlers.core.buttons import Propose
from handlers.core.routing import Handler, command, tap
from handlers.core.services import Services
from handlers.core.turn import BotContext, Turn
from handlers.forms import checks, consent, engine
from handlers.forms.steps import Answers, Form, RefusedError, Step
from handlers.messages import Catalogue
from handlers.requests import changes, contact_steps, moves, standing
from handlers.requests.interest import confirm_change, give_receipt
from storage.engine.errors import NotFoundError
from storage.records.drafts import Draft
from storage.records.interests import ContactKind, Interest, NewInterest, Role

TEXT = Catalogue.of("proposal", "contact", "remarks")
NEW = "new"
_LONGEST = 1500


def _kind(_text: str, _answers: Answers) -> dict[str, str]:
    """Refuse any typed text; the engine itself accepts the words of the buttons."""
    raise RefusedError("bad_kind")


def _subject(services: Services, draft: Draft) -> dict[str, object]:
    return {"services": services, "differs": changes.differing(draft)}


@requires(Authority.PERSON)
async def propose(update: Update, context: BotContext) -> None:
    """Begin the proposal form; a button may have chosen what is proposed."""
    turn = context.turn
    kind = Propose.of(update).kind if update.callback_query else ""
    requests = await turn.work.read_ahead.interests((await turn.person()).id)
    await contact_steps.begin(turn, FORM, NEW, requests, {"kind": kind} if kind else {})


async def save(turn: Turn, draft: Draft) -> None:
    """Record a new proposal, or change the one named by the draft; notify administrators."""
    new = await _proposal(turn, draft)
    cap = caps.PROPOSALS if draft.subject == NEW else caps.CHANGES
    if not await caps.allows(turn, cap, turn.user.id):
        # Nothing typed is lost: the form waits at its recap until it can be sent.
        turn.work.drafts.save(draft)
        return
    if draft.subject == NEW:
        registration = await turn.work.interests.register(draft.person_id, new)
        await moves.declared(turn, registration.interest)
        give_receipt(turn, registration.interest, "receipt", by=standing.answer_day(turn))
        return
    try:
        changed = await turn.work.interests.change(engine.row_of(draft), new)
    except NotFoundError:
        turn.say(TEXT("gone"))
        return
    await confirm_change(turn, changed)


async def is_gone(turn: Turn, draft: Draft) -> bool:
    """Tell whether a request to change is there no more, or anonymous."""
    if draft.subject == NEW:
        return False
    standing_request = await turn.work.interests.get(engine.row_of(draft))
    return standing_request is None or standing_request.is_anonymous


async def ended(turn: Turn, subject: str) -> str:
    """Return what became of the form of an old recap."""
    requests = await turn.work.read_ahead.interests((await turn.person()).id)
    sent = next((request for request in requests if str(request.id) == subject), None)
    if sent is not None:
        return TEXT.label("already_sent_toast", interest=sent)
    return TEXT.label("ended_toast")


async def _proposal(turn: Turn, draft: Draft) -> NewInterest:
    answers = {**draft.answers, "contact": contact_steps.of(turn, draft.answers)}
    return wanted(answers, turn.work.now, await consent.version(turn, draft))


def wanted(answers: Answers, at: datetime, version: int | None) -> NewInterest:
    """Return what a whole form proposes; ``version`` is that of the wording agreed to."""
    kind = answers["kind"]
    return NewInterest(
        project_id=None,
        project_title=TEXT.label(f"title_{kind}"),
        company=answers["company"],
        contact_name=answers["name"],
        contact_kind=ContactKind(answers["contact_kind"]),
        contact=answers["contact"],
        contact_note=answers.get(contact_steps.NOTE) or None,
        role=Role(kind),
        message=answers["description"],
        consent_at=at,
        consent_version=version,
    )


def answers_of(proposal: Interest) -> dict[str, str]:
    """Return a proposal as answers of the form, to change them."""
    return {
        "kind": (proposal.role or Role.IDEA).value,
        "description": proposal.message or "",
        **contact_steps.answers_of(proposal),
    }


FORM = Form(
    name="proposal",
    text=TEXT,
    steps=(
        Step("kind", _kind, choices=(Role.IDEA, Role.RESOURCE, Role.LEAD), remark_to="description"),
        Step("description", checks.passage("description", longest=_LONGEST), free_text=True),
        *contact_steps.STEPS,
    ),
    subject=_subject,
    submit=save,
    carries=(changes.STORED,),
    ended=ended,
    is_gone=is_gone,
)

HANDLERS: tuple[Handler, ...] = (command("proposer", propose), tap(Propose, propose))
