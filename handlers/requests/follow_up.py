"""After a firm was put in touch: whether the contact happened, whether it helped, and a word.

The clock asks once (`ask`); the firm may also say it from its request. What it says may be changed:
the history keeps each answer, and the team is told where nobody contacted the firm.
"""

from dataclasses import dataclass

from telegram import Update

from handlers.core import caps
from handlers.core.authority import Authority, requires
from handlers.core.buttons import AskHelped, ShowRequest, with_person
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.posting import Posting
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.messages import PARIS, Catalogue, named
from handlers.requests import notification, own_requests, standing
from knowledge.text.length import units
from storage.masking.masking import mask
from storage.records.deadlines import DeadlineKind
from storage.records.interests import FIRM, EventKind, Helped, Interest

TEXT = Catalogue.of("requests")
LONGEST_WORD = 1000
# Where the contact happened, what is left to say is whether it helped.
CONTACTED = (Helped.HELPED, Helped.NO_USE)


@dataclass(frozen=True)
class SayHelped(CallbackData, prefix="rh"):
    """What the firm says of the contact."""

    interest_id: int
    helped: Helped


@dataclass(frozen=True)
class AddNothing(CallbackData, prefix="rx"):
    """The firm has no more to say; while this button is in sight, a text is its word."""

    interest_id: int


async def ask(posting: Posting, interest: Interest) -> None:
    """Ask the firm whether the contact happened; nothing if it said so, or is not in touch."""
    if interest.person_id is None or interest.helped or not standing.can_be_asked(interest):
        return
    # ``about`` tells ``undelivered`` which request this was for, if it cannot be sent.
    contact = await _contact(posting, interest)
    await posting.tell(
        interest.person_id, lambda: _question(interest, contact), about=interest.about_note
    )


async def question(posting: Posting, interest: Interest) -> tuple[str, Keyboard]:
    """Return the question with its answers, also for who has answered it before."""
    return _question(interest, await _contact(posting, interest))


def _question(interest: Interest, contact: str | None) -> tuple[str, Keyboard]:
    text = TEXT("follow_up", request=interest, contact=contact)
    return text, keyboard_of(interest, tuple(Helped))


async def _contact(posting: Posting, interest: Interest) -> str | None:
    return standing.introduced_to(interest, await posting.work.interests.events(interest.id))


def keyboard_of(interest: Interest, answers: tuple[Helped, ...]) -> Keyboard:
    """Return these answers as buttons, and the ways on."""
    said = [button(named(each, "helped"), SayHelped(interest.id, each)) for each in answers]
    return with_person(column([*said, button(TEXT.label("see"), ShowRequest(interest.id))]))


@requires(Authority.PERSON)
async def ask_again(update: Update, context: BotContext) -> None:
    """Ask from the card of the request: also who has answered, to change the answer."""
    turn = context.turn
    request = await own_requests.own(turn, AskHelped.of(update).interest_id)
    if request is None:
        return
    if standing.can_be_asked(request):
        turn.say(*await question(turn.posting, request), about=request.about_note)
    else:
        await _say_over(turn, request)


@requires(Authority.PERSON)
async def say_helped(update: Update, context: BotContext) -> None:
    """Note what the firm taps."""
    choice = SayHelped.of(update)
    await take(context.turn, choice.interest_id, choice.helped)


async def take(turn: Turn, interest_id: int, helped: Helped, word: str = "") -> None:
    """Note what the firm says of the contact, with a word if it added one; say so."""
    request = await own_requests.own(turn, interest_id)
    if request is None:
        return
    if not standing.can_be_asked(request):
        await _say_over(turn, request)
        return
    if request.helped is helped and not word:
        turn.toast(TEXT.label("follow_up_same", said=named(helped, "helped")))
        return
    if not await caps.allows(turn, caps.CHANGES, turn.user.id):
        return
    if helped is Helped.NO_CONTACT and is_early(turn.posting, request):
        await _say_early(turn, request, word)
        return
    said = await note(turn.posting, request, helped)
    if word:
        await take_word(turn, request.id, word)
    else:
        _ask_for_word(turn, said or request, helped)


async def note(posting: Posting, request: Interest, helped: Helped) -> Interest | None:
    """Note what the firm says, and tell the team; None where it said so before."""
    said = await posting.work.interests.say_helped(request.id, helped)
    if said is not None:
        await _tell_group(posting, before=request, said=said)
    return said


def is_early(posting: Posting, request: Interest) -> bool:
    """Tell whether nobody could have contacted the firm yet: the team is not alarmed then."""
    by = standing.silent_from(posting.services, request)
    return by is not None and posting.work.now.astimezone(PARIS).date() < by


async def _say_early(turn: Turn, request: Interest, word: str) -> None:
    """Say by when the contact is due; a word that came with the answer is passed on."""
    office, by = turn.services.office, standing.silent_from(turn.services, request)
    since = request.introduced_at or turn.work.now
    asked = office.due_day(since, office.follow_up_days)
    contact = await _contact(turn.posting, request)
    text = TEXT("too_early", request=request, contact=contact, by=by, asked=asked)
    if word:
        turn.begin_with(text)
        await take_word(turn, request.id, word)
        return
    see = button(TEXT.label("see"), ShowRequest(request.id))
    turn.say(text, with_person(column([see])), about=request.about_note)


def _ask_for_word(turn: Turn, request: Interest, helped: Helped) -> None:
    text = TEXT("follow_up_taken", request=request, helped=helped, said=named(helped, "helped"))
    nothing = button(TEXT.label("nothing_to_add"), AddNothing(request.id))
    see = button(TEXT.label("see"), ShowRequest(request.id))
    turn.rewrite(text, with_person(column([nothing, see])))


async def _tell_group(posting: Posting, *, before: Interest, said: Interest) -> None:
    """Tell the team where nobody contacted the firm, and where that is put right."""
    if said.helped is Helped.NO_CONTACT:
        contact = await _contact(posting, said)
        await notification.post_words(posting, said, "no_contact", contact=contact)
        await _hasten(posting, said)
    elif before.helped is Helped.NO_CONTACT:
        await notification.post_words(posting, said, "contact_after_all")


async def _hasten(posting: Posting, request: Interest) -> None:
    """Let what waits for the team be due as soon as for a request in hand: it is one again."""
    office, deadlines = posting.services.office, posting.work.deadlines
    soon = office.due(posting.work.now, office.untouched_days)
    for deadline in await deadlines.of(request.id):
        if deadline.kind is not DeadlineKind.FOLLOW_UP and deadline.due_at > soon:
            await deadlines.plan(request.id, deadline.kind, soon)


async def take_word(turn: Turn, interest_id: int, word: str) -> None:
    """Keep a free word in the history, and pass it on to the team; say why if it is too long."""
    request = await own_requests.own(turn, interest_id)
    if request is None:
        return
    word = word.strip()
    if units(word) > LONGEST_WORD:
        text = TEXT("word_too_long", length=units(word), longest=LONGEST_WORD)
        nothing = button(TEXT.label("nothing_to_add"), AddNothing(request.id))
        turn.say(text, with_person(column([nothing])), about=request.about_note)
        return
    if not await caps.allows(turn, caps.MESSAGES_TO_TEAM, turn.user.id):
        return
    await turn.work.interests.record(request, EventKind.FEEDBACK, FIRM, note=word)
    await notification.post_words(turn.posting, request, "feedback_word", word=mask(word))
    see = button(TEXT.label("see"), ShowRequest(request.id))
    text = TEXT("word_taken", request=request)
    turn.say(text, with_person(column([see])), about=request.about_note)


@requires(Authority.PERSON)
async def add_nothing(update: Update, context: BotContext) -> None:
    """End the wait for a word."""
    turn = context.turn
    request = await own_requests.own(turn, AddNothing.of(update).interest_id)
    if request is not None:
        see = button(TEXT.label("see"), ShowRequest(request.id))
        turn.rewrite(TEXT("no_word_taken"), with_person(column([see])))


async def _say_over(turn: Turn, request: Interest) -> None:
    turn.begin_with(TEXT("follow_up_over", request=request))
    await own_requests.show(turn, request)


HANDLERS: tuple[Handler, ...] = (
    tap(AskHelped, ask_again),
    tap(SayHelped, say_helped),
    tap(AddNothing, add_nothing),
)
