"""Being called back: a number or an address typed anywhere is offered to be used, with one yes.

As little as possible is asked: what a text says besides, when, about what, who and which firm, is
read from it and read back in the recap, which also holds the information owed before personal data.
"""

from collections.abc import Iterable
from datetime import timedelta

from telegram import Update

from handlers.core import caps
from handlers.core.authority import Authority, requires
from handlers.core.buttons import CallBack, ListProjects, ShowRequest
from handlers.core.keyboards import button, column, shorten
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms import checks, contacts, engine, slips
from handlers.forms.contacts import Contact
from handlers.forms.remarks import joined
from handlers.forms.steps import Answers, Form, Step
from handlers.messages import Catalogue
from handlers.requests import changes as changed_answers
from handlers.requests import introductions, moments, proposal
from handlers.requests.administrators import notify_new
from handlers.requests.interest import confirm_change
from knowledge.text.normalise import normalise
from storage.engine.errors import NotFoundError
from storage.records.drafts import Draft
from storage.records.interests import OPEN, ContactKind, Interest, NewInterest, Role
from storage.records.questions import Question

TEXT = Catalogue.of("contact", "remarks", "callback")
NEW = "new"
_LONGEST = 1500
_LONGEST_MOMENT = 500
# A request of the same person for the same number, this young, is the same request.
_SAME = timedelta(days=1)
# What was asked this recently is probably what the call is to be about.
_RECENT = timedelta(minutes=30)
_LONGEST_TOPIC = 300
# A text of so many digits and no word is a number with a slip, rather than a question.
_DIGITS_OF_A_SLIP = range(8, 13)
# Acts are stored with these outcomes; from so many words on, they tell more than what to do.
_ACTS, _FEWEST_TOLD = frozenset({"act", "smalltalk"}), 8
_NOT_SAID = {"contact_note": "", "message": "", "company": "", "name": ""}


@requires(Authority.PERSON)
async def ask_number(_update: Update, context: BotContext) -> None:
    """Offer to be called back: at the number of an earlier request, or ask for one."""
    await begin(context.turn)


async def begin(turn: Turn) -> None:
    """Begin the form for somebody who named no number; what was just asked is its subject."""
    requests = await turn.work.read_ahead.interests((await turn.person()).id)
    asked = await _last_asked(turn)
    moment = moments.said(asked.text) if asked else ""
    told = {"message": _topic_of(asked), "contact_note": moment}
    answers = _NOT_SAID | told | _known(requests)
    if "contact" in answers:
        await engine.reopen(turn, FORM, NEW, answers)
    else:
        await engine.open_at(turn, FORM, NEW, "contact", answers)


async def take_contact(turn: Turn) -> bool:
    """Take a text that holds a number or an address as a wish to be called back.

    Return whether it does. The team's own addresses are none.
    """
    if not _found(turn):
        return await _take_slip(turn)
    requests = await turn.work.read_ahead.interests((await turn.person()).id)
    given = _contact(turn.text, _own(turn), _places(turn))
    standing = _same(turn, requests, given["contact"])
    if standing is not None:
        await _add_to(turn, standing, given)
        return True
    known = {key: value for key, value in _known(requests).items() if key != "contact"}
    answers = _NOT_SAID | known | {"message": await _topic(turn)}
    if "message" in given and answers["message"]:
        before = TEXT.label("after_question", question=answers["message"])
        given["message"] = shorten(f"{given['message']}\n{before}", _LONGEST)
    if len(turn.text) > _LONGEST:
        turn.preface = TEXT("cut")
    await _open(turn, NEW, answers, given)
    return True


async def _take_slip(turn: Turn) -> bool:
    """Ask again for a number that is typed alone, and cannot be one."""
    digits = sum(map(str.isdigit, turn.text))
    is_alone = not any(map(str.isalpha, turn.text)) and turn.text.lstrip(" (").startswith(
        ("0", "+")
    )
    if not is_alone or digits not in _DIGITS_OF_A_SLIP or contacts.find(turn.text):
        return False
    answers = _NOT_SAID | {"message": await _topic(turn)}
    turn.preface = TEXT("number_with_a_slip")
    await engine.open_at(turn, FORM, NEW, "contact", answers)
    return True


def _found(turn: Turn) -> tuple[Contact, ...]:
    """Return the contacts in the text of the turn, without the team's own."""
    own = _own(turn)
    return tuple(one for one in contacts.find(turn.text) if one.value not in own)


def _own(turn: Turn) -> frozenset[str]:
    identity = turn.services.identity
    said = (identity.contact_email, identity.contact_phone, identity.dpo_email)
    return frozenset(one.value for text in said if text for one in contacts.find(text))


def _places(turn: Turn) -> frozenset[str]:
    projects = turn.services.knowledge.projects
    return frozenset(normalise(place) for each in projects for place in each.territories)


async def _last_asked(turn: Turn) -> Question | None:
    """Return what the person asked just before, as it is kept: masked."""
    latest = await turn.work.questions.latest((await turn.person()).id)
    is_recent = latest is not None and turn.work.now - latest.asked_at <= _RECENT
    return latest if is_recent else None


async def _topic(turn: Turn) -> str:
    return _topic_of(await _last_asked(turn))


def _topic_of(asked: Question | None) -> str:
    """Return what the call may be about; empty for an act in few words, such as a greeting."""
    words = asked.text if asked else ""
    if asked and asked.outcome in _ACTS and len(words.split()) < _FEWEST_TOLD:
        return ""
    return shorten(words, _LONGEST_TOPIC) if _says_more(words, moments.spans(words)) else ""


def _known(requests: Iterable[Interest]) -> dict[str, str]:
    """Return what the latest request says of the person: number, firm and name."""
    latest = max(requests, key=lambda request: request.created_at, default=None)
    if latest is None:
        return {}
    number = {"contact": latest.contact} if latest.contact_kind is ContactKind.PHONE else {}
    return number | {"company": latest.company, "name": latest.contact_name}


def _same(turn: Turn, requests: Iterable[Interest], contact: str) -> Interest | None:
    """Return the open request to call back this number, if it is a day old at most."""
    return next(
        (
            request
            for request in requests
            if (request.role, request.contact) == (Role.CALL_BACK, contact)
            and request.status in OPEN
            and turn.work.now - request.created_at <= _SAME
        ),
        None,
    )


async def _add_to(turn: Turn, standing: Interest, given: Answers) -> None:
    """Show the request that exists; what is new in the text is offered as a change of it."""
    answers = answers_of(standing)
    new = {key: value for key, value in given.items() if answers[key] != value}
    if not new:
        show_existing(turn, standing)
        return
    if "message" in new:
        new["message"] = shorten(joined(answers["message"], new["message"]), _LONGEST)
    turn.preface = TEXT("adds_to_existing", interest=standing)
    stored = changed_answers.stored(answers)
    await _open(turn, str(standing.id), stored, new, changes=standing.number)


async def _open(
    turn: Turn, subject: str, answers: Answers, given: Answers, *, changes: str | None = None
) -> None:
    typed = turn.update.effective_message
    draft = Draft(
        (await turn.person()).id,
        FORM.name,
        "contact",
        subject,
        dict(answers),
        changes=changes,
        answered_step="contact",
        answered_in=typed.message_id if typed else None,
    )
    await engine.open_with(turn, draft, given)


def show_existing(turn: Turn, interest: Interest) -> None:
    """Say that the person is already to be called back there."""
    keyboard = column([button(TEXT.label("see_request"), ShowRequest(interest.id))])
    turn.say(TEXT("existing", interest=interest), keyboard)


def _reached_at(text: str, answers: Answers) -> dict[str, str]:
    """Accept a number or an address, and keep what the text says besides; a moment alone too."""
    if not contacts.holds(text) and moments.holds(text):
        return _moment(moments.said(text), answers)
    given = _contact(text, frozenset(), frozenset())
    if "message" in given:
        given["message"] = shorten(joined(answers.get("message", ""), given["message"]), _LONGEST)
    return given


def _contact(text: str, own: frozenset[str], places: frozenset[str]) -> dict[str, str]:
    """Return all that a text says for the form; the number is preferred to the address."""
    found = [one for one in contacts.find(text) if one.value not in own]
    if not found:
        return {"contact": checks.email(text) if "@" in text else checks.phone(text)}
    phones = [one for one in found if one.kind is ContactKind.PHONE]
    contact = (*phones, *found)[0]
    here = (contact.start, contact.end)
    # The number itself is no moment: "06 12 34 56 78" has none, nor has what it is replaced by.
    words = f"{text[: here[0]]}{' ' * (here[1] - here[0])}{text[here[1] :]}"
    introduced = introductions.read(words, places)
    said = {
        "contact": contact.value,
        "contact_note": shorten(moments.said(words), _LONGEST_MOMENT),
        "company": introduced.company,
        "name": introduced.name,
    }
    if _says_more(words, [*moments.spans(words), *introduced.spans]):
        said["message"] = _around(text, contact)
    return {key: value for key, value in said.items() if value}


def _says_more(text: str, taken: list[moments.Span]) -> bool:
    return contacts.says_something(moments.without(text, taken))


def _around(text: str, contact: Contact) -> str:
    """Return a text with its contact taken out."""
    around = f"{text[: contact.start]}\u2026{text[contact.end :]}"
    return shorten(around.strip(" \n,;:\u2026-\u2013\u2014"), _LONGEST)


def _moment(text: str, answers: Answers) -> dict[str, str]:
    return checks.passage("contact_note", longest=_LONGEST_MOMENT)(text, answers)


def _subject(turn: Turn, draft: Draft) -> dict[str, object]:
    differs = changed_answers.differing(draft)
    return {"services": turn.services, "is_new": draft.subject == NEW, "differs": differs}


async def save(turn: Turn, draft: Draft) -> None:
    """Record the request, or change the one named by the draft; notify administrators."""
    new = _request(turn, draft.answers)
    requests = await turn.work.read_ahead.interests(draft.person_id)
    standing = _same(turn, requests, new.contact) if draft.subject == NEW else None
    if draft.subject == NEW and standing is None:
        await _register(turn, draft, new)
    elif not await caps.allows(turn, caps.CHANGES, turn.user.id):
        turn.work.drafts.save(draft)
    else:
        await _change(turn, standing.id if standing else engine.row_of(draft), new)


async def _register(turn: Turn, draft: Draft, new: NewInterest) -> None:
    if not await caps.allows(turn, caps.CALL_BACKS, turn.user.id):
        # Nothing typed is lost: the form waits at its recap until it can be sent.
        turn.work.drafts.save(draft)
        return
    registration = await turn.work.interests.register(draft.person_id, new)
    await notify_new(turn, registration.interest)
    _give_receipt(turn, registration.interest, "receipt")


async def _change(turn: Turn, interest_id: int, new: NewInterest) -> None:
    try:
        changed = await turn.work.interests.change(interest_id, new)
    except NotFoundError:
        turn.say(TEXT("gone"))
        return
    await confirm_change(turn, changed)


def _give_receipt(turn: Turn, interest: Interest, name: str) -> None:
    turn.remove_buttons()
    see = button(TEXT.label("see_request"), ShowRequest(interest.id))
    projects = button(TEXT.label("projects"), ListProjects())
    turn.say(TEXT(name, interest=interest), column([see, projects]))


def _request(turn: Turn, answers: Answers) -> NewInterest:
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
    )


def answers_of(request: Interest) -> dict[str, str]:
    """Return a request as answers of the form, to change them."""
    return {
        "contact": request.contact,
        "contact_note": request.contact_note or "",
        "message": request.message or "",
        "company": request.company,
        "name": request.contact_name,
    }


FORM = Form(
    name="callback",
    text=TEXT,
    steps=(
        Step(
            "contact_note",
            _moment,
            optional=True,
            free_text=True,
            volunteered=True,
            holds=moments.holds,
        ),
        Step("contact", _reached_at, holds=contacts.holds, doubts=slips.meant),
        Step(
            "message",
            checks.passage("message", longest=_LONGEST),
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
    carries=(changed_answers.STORED,),
    ended=proposal.ended,
)

HANDLERS: tuple[Handler, ...] = (tap(CallBack, ask_number),)
