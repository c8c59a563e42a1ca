"""Being called back: a number or an address typed anywhere is offered to be used, with one yes.

As little as possible is asked: what a text says besides, when, about what, who and which firm, is
read from it and read back in the recap, which also holds the information owed before personal data.
"""

from collections.abc import Iterable
from datetime import timedelta

from handlers.core import caps
from handlers.core.buttons import ListProjects, ShowRequest, with_person
from handlers.core.keyboards import button, column, shorten
from handlers.core.turn import Turn
from handlers.forms import checks, consent, contacts, engine, slips
from handlers.forms.contacts import Contact
from handlers.forms.remarks import joined
from handlers.forms.steps import Answers, Form, RefusedError, Step
from handlers.messages import Catalogue
from handlers.requests import changes as changed_answers
from handlers.requests import (
    contact_steps,
    corrections,
    moments,
    moves,
    proposal,
    self_introductions,
    standing,
)
from handlers.requests.interest import confirm_change
from knowledge.text.signs import plain_signs
from storage.engine.errors import NotFoundError
from storage.records.drafts import Draft
from storage.records.interests import OPEN, ContactKind, Interest, NewInterest, Role

TEXT = Catalogue.of("contact", "remarks", "callback")
NEW = "new"
LONGEST = corrections.LONGEST
_LONGEST_MOMENT = corrections.LONGEST_MOMENT
# A request of the same person for the same number, this young, is the same request.
_SAME = timedelta(days=1)
NOT_SAID = {"contact_note": "", "message": "", "company": "", "name": ""}


def same(turn: Turn, requests: Iterable[Interest], contact: str) -> Interest | None:
    """Return the open request to call back this number, if it is a day old at most."""
    return next(
        (
            request
            for request in requests
            if request.role is Role.CALL_BACK
            and contact_steps.contact_of(request)["contact"] == contact
            and request.status in OPEN
            and turn.work.now - request.created_at <= _SAME
        ),
        None,
    )


def show_existing(turn: Turn, interest: Interest) -> None:
    """Say that the person is already to be called back there."""
    keyboard = column([button(TEXT.label("see_request"), ShowRequest(interest.id))])
    text = TEXT("existing", interest=interest)
    turn.say(text, with_person(keyboard), about=interest.about_note)


def _reached_at(text: str, answers: Answers) -> dict[str, str]:
    """Accept a number or an address, and keep what the text says besides; a moment alone too."""
    text = plain_signs(text)
    if not contacts.holds(text) and moments.holds(text):
        return _moment(moments.said(text), answers)
    if doubted := doubt(text, frozenset()):
        raise doubted
    given = read(text, frozenset(), frozenset())
    if "message" in given:
        given["message"] = shorten(joined(answers.get("message", ""), given["message"]), LONGEST)
    return given


def doubt(text: str, own: frozenset[str]) -> RefusedError | None:
    """Return what to ask about the number that a text of plain signs gives; None if it is sure."""
    contact = _meant(text, own)
    return contacts.doubt(text, contact) if contact else None


def _meant(text: str, own: frozenset[str]) -> Contact | None:
    found = [one for one in contacts.find(text) if one.value not in own]
    phones = [one for one in found if one.kind is ContactKind.PHONE]
    return (*phones, *found)[0] if found else contacts.meant(text)


def read(text: str, own: frozenset[str], places: frozenset[str]) -> dict[str, str]:
    """Return all that a text of plain signs says for the form; a number comes before an address."""
    contact = _meant(text, own)
    if contact is None:
        raise contacts.refusal(text)
    line, end = contacts.line_after(text, contact)
    here = (contact.start, end)
    # The number itself is no moment: "06 12 34 56 78" has none, nor has what it is replaced by.
    words = f"{text[: here[0]]}{' ' * (here[1] - here[0])}{text[here[1] :]}"
    introduced = self_introductions.read(words, places)
    said_when = (line, moments.said(words))
    said = {
        "contact": contact.value,
        "contact_note": shorten(", ".join(filter(None, said_when)), _LONGEST_MOMENT),
        "company": introduced.company,
        "name": introduced.name,
    }
    if moments.says_more(words, [*moments.spans(words), *introduced.spans]):
        said["message"] = _around(text, contact)
    return {key: value for key, value in said.items() if value}


def _around(text: str, contact: Contact) -> str:
    """Return a text with its contact taken out."""
    around = f"{text[: contact.start]}\u2026{text[contact.end :]}".replace("<\u2026>", "\u2026")
    return shorten(around.strip(" \n,;:\u2026-\u2013\u2014"), LONGEST)


def _moment(text: str, answers: Answers) -> dict[str, str]:
    return checks.passage("contact_note", longest=_LONGEST_MOMENT)(text, answers)


def _subject(turn: Turn, draft: Draft) -> dict[str, object]:
    differs = changed_answers.differing(draft)
    return {"services": turn.services, "is_new": draft.subject == NEW, "differs": differs}


async def save(turn: Turn, draft: Draft) -> None:
    """Record the request, or change the one named by the draft; notify administrators."""
    new = await _request(turn, draft)
    requests = await turn.work.read_ahead.interests(draft.person_id)
    already = same(turn, requests, new.contact) if draft.subject == NEW else None
    if draft.subject == NEW and already is None:
        await _register(turn, draft, new)
    elif not await caps.allows(turn, caps.CHANGES, turn.user.id):
        turn.work.drafts.save(draft)
    else:
        await _change(turn, already.id if already else engine.row_of(draft), new)


async def _register(turn: Turn, draft: Draft, new: NewInterest) -> None:
    if not await caps.allows(turn, caps.CALL_BACKS, turn.user.id):
        # Nothing typed is lost: the form waits at its recap until it can be sent.
        turn.work.drafts.save(draft)
        return
    registration = await turn.work.interests.register(draft.person_id, new)
    await moves.declared(turn, registration.interest)
    _give_receipt(turn, registration.interest)


async def _change(turn: Turn, interest_id: int, new: NewInterest) -> None:
    try:
        changed = await turn.work.interests.change(interest_id, new)
    except NotFoundError:
        turn.say(TEXT("gone"))
        return
    await confirm_change(turn, changed)


def _give_receipt(turn: Turn, interest: Interest) -> None:
    turn.remove_buttons()
    see = button(TEXT.label("see_request"), ShowRequest(interest.id))
    projects = button(TEXT.label("projects"), ListProjects())
    text = TEXT("receipt", interest=interest, by=standing.answer_day(turn))
    turn.say(text, with_person(column([see, projects])), about=interest.about_note)


async def _request(turn: Turn, draft: Draft) -> NewInterest:
    answers = draft.answers
    contact = answers["contact"]
    return NewInterest(
        project_id=None,
        project_title=TEXT.label("title_callback"),
        company=answers.get("company", ""),
        contact_name=answers.get("name", ""),
        contact_kind=ContactKind.EMAIL if "@" in contact else ContactKind.PHONE,
        contact=contact,
        contact_note=answers.get("contact_note") or None,
        role=Role.CALL_BACK,
        message=answers.get("message") or None,
        consent_at=turn.work.now,
        consent_version=await consent.version(turn, draft),
    )


def answers_of(request: Interest) -> dict[str, str]:
    """Return a request as answers of the form, to change them."""
    return {
        **contact_steps.contact_of(request),
        "message": request.message or "",
        "company": request.company,
        "name": request.contact_name,
    }


FORM = Form(
    name="callback",
    text=TEXT,
    steps=(
        Step("contact", _reached_at, holds=contacts.holds, doubts=slips.meant),
        Step(
            "contact_note",
            _moment,
            optional=True,
            free_text=True,
            volunteered=True,
            holds=moments.holds,
        ),
        Step(
            "message",
            checks.passage("message", longest=LONGEST),
            optional=True,
            free_text=True,
            volunteered=True,
        ),
        Step(
            "company",
            checks.words("company", longest=120),
            optional=True,
            volunteered=True,
        ),
        Step("name", checks.words("name", longest=80), optional=True, volunteered=True),
    ),
    subject=_subject,
    submit=save,
    revised=corrections.read,
    carries=(changed_answers.STORED,),
    ended=proposal.ended,
    is_gone=proposal.is_gone,
)
