"""Asking a firm whether its contact may be passed to somebody whom the team names.

Nothing is passed on before a yes. The answer goes back to the administrators' group; of a firm
that can only be called, the team notes it.
"""

from dataclasses import dataclass

from telegram import Update

from handlers.core import caps
from handlers.core.authority import Authority, requires
from handlers.core.buttons import ShowRequest, with_person
from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.posting import Posting
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.messages import FRENCH, Catalogue, speaking
from handlers.requests import due, notification
from handlers.requests.introduction_buttons import PutInTouch
from storage.records.interests import FIRM, Actor, EventKind, Interest, Status
from storage.records.introductions import Agreement, Introduction, NamedPerson

TEXT = Catalogue.of("introduction")
# What the history says of the question: each ends with who was named.
_NOTES = ("note_asked", "note_agreed", "note_refused", "note_said_yes", "note_said_no")
# A request that was put back meanwhile is still the same request.
_ANSWERABLE = frozenset({Status.RECEIVED, Status.TAKEN})


@dataclass(frozen=True)
class Agree(CallbackData, prefix="yo"):
    """Agree, or not, that the contact is passed to the one who was named."""

    introduction_id: int
    agrees: bool


async def ask(
    posting: Posting, interest: Interest, introduction: Introduction, actor: Actor
) -> bool:
    """Ask the firm, once; False if that was done already."""
    if interest.person_id is None or not await posting.work.introductions.ask(introduction.id):
        return False

    def words() -> tuple[str, Keyboard | None]:
        return question(posting, interest, introduction.named), _keyboard(introduction, interest)

    await posting.tell(interest.person_id, words, about=interest.about_note)
    await _record(posting, interest, EventKind.TO_FIRM, actor, "note_asked", introduction.named)
    await due.touched(posting, interest, heard=True)
    return True


def question(posting: Posting, interest: Interest, named: NamedPerson) -> str:
    """Return what the firm is asked, in the language spoken now."""
    project = posting.services.knowledge.project(named.project_id) if named.project_id else None
    return TEXT("question", interest=interest, named=named, project=project)


def _keyboard(introduction: Introduction, interest: Interest) -> Keyboard:
    return with_person(
        column(
            [
                button(TEXT.label("agree"), Agree(introduction.id, agrees=True)),
                button(TEXT.label("refuse"), Agree(introduction.id, agrees=False)),
                button(TEXT.label("see_request"), ShowRequest(interest.id)),
            ]
        )
    )


async def _record(
    posting: Posting,
    interest: Interest,
    kind: EventKind,
    actor: Actor,
    words: str,
    named: NamedPerson,
) -> None:
    with speaking(FRENCH):
        note = TEXT.label(words, named=named)
    await posting.work.interests.record(interest, kind, actor, note=note)


def in_own_language(note: str) -> str:
    """Return what a history says of the question in the language spoken now; other notes as is.

    The history of the team is in French, and the firm reads of its own request in its language.
    """
    for words in _NOTES:
        with speaking(FRENCH):
            begins = TEXT.label(words, named=NamedPerson(""))
        if note.startswith(begins):
            return TEXT.label(words, named=NamedPerson(note.removeprefix(begins).strip()))
    return note


@requires(Authority.PERSON)
async def answer(update: Update, context: BotContext) -> None:
    """Take the firm's answer, which it may change until it is put in touch."""
    turn, choice = context.turn, Agree.of(update)
    found = await _own(turn, choice.introduction_id)
    if found is None:
        turn.toast(TEXT.label("question_gone"), alert=True)
        return
    interest, introduction = found
    why_not = await _why_not(turn, interest, introduction)
    if why_not:
        see = button(TEXT.label("see_request"), ShowRequest(interest.id))
        turn.rewrite(TEXT(why_not, interest=interest), with_person(column([see])))
        return
    if not await caps.allows(turn, caps.CHANGES, turn.user.id):
        return
    await _take(turn, interest, introduction, agrees=choice.agrees)


async def _own(turn: Turn, introduction_id: int) -> tuple[Interest, Introduction] | None:
    introduction = await turn.work.introductions.get(introduction_id)
    if introduction is None:
        return None
    interest = await turn.work.interests.get(introduction.interest_id)
    if interest is None or interest.person_id != (await turn.person()).id:
        return None
    return interest, introduction


async def _why_not(turn: Turn, interest: Interest, introduction: Introduction) -> str:
    """Return the name of what says why an answer no longer counts; empty where it does."""
    if interest.status not in _ANSWERABLE:
        return "question_over"
    named = await turn.work.introductions.of(interest.id)
    return "" if named[-1].id == introduction.id else "question_replaced"


async def settle(
    posting: Posting, interest: Interest, introduction: Introduction, *, agrees: bool
) -> None:
    """Note the firm's answer, and tell the team, unless it is the one that was given before."""
    if await _answered(posting, introduction, agrees=agrees):
        words, named = "note_agreed" if agrees else "note_refused", introduction.named
        await _record(posting, interest, EventKind.FROM_FIRM, FIRM, words, named)
        await tell_group(posting, interest, named, agrees=agrees)


async def note_by_phone(
    posting: Posting, interest: Interest, introduction: Introduction, actor: Actor, *, agrees: bool
) -> bool:
    """Note what the firm said to the team on the telephone; False if that was its answer before."""
    if not await _answered(posting, introduction, agrees=agrees):
        return False
    words, named = "note_said_yes" if agrees else "note_said_no", introduction.named
    await _record(posting, interest, EventKind.FROM_FIRM, actor, words, named)
    await due.touched(posting, interest, heard=True)
    return True


async def _answered(posting: Posting, introduction: Introduction, *, agrees: bool) -> bool:
    state = Agreement.AGREED if agrees else Agreement.REFUSED
    return await posting.work.introductions.answer(introduction.id, state)


async def asked(posting: Posting, interest: Interest) -> Introduction | None:
    """Return the question that the firm may answer now, also anew; None if there is none."""
    if interest.status not in _ANSWERABLE:
        return None
    named = await posting.work.introductions.of(interest.id)
    return named[-1] if named and named[-1].state is not Agreement.NAMED else None


async def _take(
    turn: Turn, interest: Interest, introduction: Introduction, *, agrees: bool
) -> None:
    await settle(turn.posting, interest, introduction, agrees=agrees)
    has_left = _has_left(turn.posting, introduction.named)
    name, other = ("agreed_told", "refuse") if agrees else ("refused_told", "agree")
    keyboard = column(
        [
            button(TEXT.label(other), Agree(introduction.id, agrees=not agrees)),
            button(TEXT.label("see_request"), ShowRequest(interest.id)),
        ]
    )
    text = TEXT(name, interest=interest, named=introduction.named, has_left=has_left)
    turn.rewrite(text, with_person(keyboard))


def _has_left(posting: Posting, named: NamedPerson) -> bool:
    """Tell whether who was named as the lead of a project no longer is."""
    if named.project_id is None:
        return False
    project = posting.services.knowledge.project(named.project_id)
    return project is None or project.lead != named.name


async def tell_group(
    posting: Posting, interest: Interest, named: NamedPerson, *, agrees: bool, noted_by: str = ""
) -> None:
    """Tell the administrators' group what the firm answered, and who noted it."""
    with speaking(FRENCH):
        name, has_left = "answered_yes" if agrees else "answered_no", _has_left(posting, named)
        text = TEXT(name, interest=interest, named=named, has_left=has_left, noted_by=noted_by)
        put = button(TEXT.label("put_in_touch"), PutInTouch(interest.id))
    keyboard = column([put]) if interest.status is Status.TAKEN else None
    await notification.post_beside(posting.work, interest, text, keyboard)


HANDLERS: tuple[Handler, ...] = (tap(Agree, answer),)
