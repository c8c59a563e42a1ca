"""A number or an address in a typed text, or shared as a contact: the way to be called back.

Nothing typed is lost: the words around it, and what was asked just before, are kept with it.
"""

from collections.abc import Iterable
from datetime import timedelta

from telegram import Update
from telegram.ext import MessageHandler
from telegram.ext import filters as on

from handlers.core.authority import Authority, requires
from handlers.core.buttons import CallBack
from handlers.core.keyboards import shorten
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms import contacts, engine
from handlers.forms.contacts import Contact
from handlers.forms.remarks import joined
from handlers.forms.steps import Answers
from handlers.messages import Catalogue
from handlers.requests import callback, changes, moments
from knowledge.text.normalise import normalise
from knowledge.text.signs import plain_signs
from storage.records.drafts import Draft
from storage.records.interests import ContactKind, Interest
from storage.records.questions import Question

TEXT = Catalogue.of("contact", "callback")
# What was asked this recently is probably what the call is to be about.
_RECENT = timedelta(minutes=30)
_LONGEST_TOPIC = 300
# A text of so many digits and no word is a number with a slip, rather than a question.
_DIGITS_OF_A_SLIP = range(8, 13)
# Acts are stored with these outcomes; from so many words on, they tell more than what to do.
_ACTS, _FEWEST_TOLD = frozenset({"act", "smalltalk"}), 8


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
    answers = callback.NOT_SAID | told | _known(requests)
    if "contact" in answers:
        await engine.reopen(turn, callback.FORM, callback.NEW, answers)
    else:
        await engine.open_at(turn, callback.FORM, callback.NEW, "contact", answers)


async def take_contact(turn: Turn) -> bool:
    """Take a text that holds a number or an address as a wish to be called back.

    Return whether it does. The team's own addresses are none.
    """
    if not _found(turn):
        return await _take_slip(turn)
    if doubted := callback.doubt(_typed(turn), _own(turn)):
        await _ask_anew(turn, TEXT(doubted.reason, **doubted.values))
        return True
    await _offer(turn, callback.read(_typed(turn), _own(turn), _places(turn)))
    return True


@requires(Authority.PERSON)
async def take_shared(update: Update, context: BotContext) -> None:
    """Take the contact that a person shares as their number; only their own is taken."""
    turn, draft = context.turn, await engine.current(context.turn)
    shared = update.message.contact if update.message else None
    number = _dialled(shared.phone_number) if shared else ""
    if shared is None or shared.user_id != turn.user.id or not contacts.holds(number):
        turn.say(TEXT("not_own_contact"))
        if draft is not None:
            engine.ask_again(turn, draft)
    elif draft is None:
        await _offer(turn, {"contact": contacts.find(number)[0].value})
    elif not await engine.take_beside(turn, draft, number):
        turn.say(TEXT("contact_not_asked"))
        engine.ask_again(turn, draft)


def _dialled(number: str) -> str:
    """Return the number of a card: with its code, or as it stands in somebody's list, 0692."""
    is_national = number.startswith("0") and not number.startswith("00")
    return number if is_national else f"+{number.lstrip('+')}"


async def _offer(turn: Turn, given: dict[str, str]) -> None:
    """Offer to call back there, or show the request that does so already."""
    requests = await turn.work.read_ahead.interests((await turn.person()).id)
    standing = callback.same(turn, requests, given["contact"])
    if standing is not None:
        await _add_to(turn, standing, given)
        return
    known = {key: value for key, value in _known(requests).items() if key != "contact"}
    answers = callback.NOT_SAID | known | {"message": await _topic(turn)}
    if "message" in given and answers["message"]:
        before = TEXT.label("after_question", question=answers["message"])
        given["message"] = shorten(f"{given['message']}\n{before}", callback.LONGEST)
    if len(turn.text) > callback.LONGEST:
        turn.preface = TEXT("cut")
    await _open(turn, callback.NEW, answers, given)


async def _take_slip(turn: Turn) -> bool:
    """Ask again for a number that is typed alone, and cannot be one."""
    typed = _typed(turn)
    digits = sum(map(str.isdigit, typed))
    is_alone = not any(map(str.isalpha, typed)) and typed.lstrip(" (").startswith(("0", "+"))
    if not is_alone or digits not in _DIGITS_OF_A_SLIP or contacts.find(typed):
        return False
    has_code = typed.strip(" (").startswith(("+", "00"))
    await _ask_anew(turn, TEXT("number_with_a_slip", digits=digits, has_code=has_code))
    return True


async def _ask_anew(turn: Turn, why: str) -> None:
    answers = callback.NOT_SAID | {"message": await _topic(turn)}
    turn.preface = why
    await engine.open_at(turn, callback.FORM, callback.NEW, "contact", answers)


def _found(turn: Turn) -> tuple[Contact, ...]:
    """Return the contacts in the text of the turn, without the team's own."""
    found = contacts.find(_typed(turn))
    own = _own(turn) if found else ()
    return tuple(one for one in found if one.value not in own)


def _typed(turn: Turn) -> str:
    return plain_signs(turn.text)


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
    return shorten(words, _LONGEST_TOPIC) if moments.says_more(words, moments.spans(words)) else ""


def _known(requests: Iterable[Interest]) -> dict[str, str]:
    """Return what the latest request says of the person: number, firm and name."""
    latest = max(requests, key=lambda request: request.created_at, default=None)
    if latest is None:
        return {}
    number = {"contact": latest.contact} if latest.contact_kind is ContactKind.PHONE else {}
    return number | {"company": latest.company, "name": latest.contact_name}


async def _add_to(turn: Turn, standing: Interest, given: Answers) -> None:
    """Show the request that exists; what is new in the text is offered as a change of it."""
    answers = callback.answers_of(standing)
    new = {key: value for key, value in given.items() if answers[key] != value}
    if not new:
        callback.show_existing(turn, standing)
        return
    if "message" in new:
        new["message"] = shorten(joined(answers["message"], new["message"]), callback.LONGEST)
    turn.preface = TEXT("adds_to_existing", interest=standing)
    stored = changes.stored(answers)
    await _open(turn, str(standing.id), stored, new, changes=standing.number)


async def _open(
    turn: Turn, subject: str, answers: Answers, given: Answers, *, changes: str | None = None
) -> None:
    typed = turn.update.effective_message
    draft = Draft(
        (await turn.person()).id,
        callback.FORM.name,
        "contact",
        subject,
        dict(answers),
        changes=changes,
        answered_step="contact",
        answered_in=typed.message_id if typed else None,
    )
    await engine.open_with(turn, draft, given)


_SHARED = on.UpdateType.MESSAGE & on.ChatType.PRIVATE & on.CONTACT
HANDLERS: tuple[Handler, ...] = (
    tap(CallBack, ask_number),
    MessageHandler(_SHARED, take_shared),
)
