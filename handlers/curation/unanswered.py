"""/sansreponse: facilitators see the questions without a good answer, and act on them."""

from collections.abc import Collection
from typing import Protocol

from telegram import Update

from handlers.core.ahead import Ahead, Works
from handlers.core.authority import Authority, requires
from handlers.core.keyboards import Keyboard, button, rows
from handlers.core.paging import BUTTON_ITEMS, TEXT_ITEMS, ListPage
from handlers.core.routing import Handler, command, tap
from handlers.core.services import Services
from handlers.core.turn import BotContext, Turn
from handlers.curation.gap_buttons import (
    AddPhrasing,
    AnswerPeople,
    ChooseEntry,
    ListGaps,
    OutOfScope,
    PutBack,
    SetAside,
    ShowGap,
    back,
)
from handlers.curation.gaps import Gap, compare_ahead, find, gaps, quoted_first, uncompared
from handlers.curation.received import ReceivedQuestion, newcomer_like
from handlers.handoff.person import is_offered
from handlers.handoff.threads import Threads
from handlers.messages import Catalogue
from handlers.questions.choices import titles_of
from knowledge.curation.finding import newcomers_of, shown_with
from knowledge.model import Entry
from storage.database import Database
from storage.records.conversation_values import Conversation, NewConversation, Side
from storage.records.questions import Treatment, Unanswered

TEXT = Catalogue.of("unanswered")
# More messages at once would flood the group; the other people stay in the list.
MOST_PEOPLE = 5


@requires(Authority.FACILITATORS)
async def list_gaps(_update: Update, context: BotContext) -> None:
    """Show the first page of the list."""
    turn = context.turn
    await _show(turn, 0, turn.say)


@requires(Authority.FACILITATORS)
async def turn_page(update: Update, context: BotContext) -> None:
    """Show another page in place of this one."""
    turn = context.turn
    await _show(turn, ListGaps.of(update).page, turn.rewrite)


class _Showing(Protocol):
    def __call__(
        self, text: str, keyboard: Keyboard | None, *, quotes: Collection[int]
    ) -> None: ...


async def _show(turn: Turn, index: int, say: _Showing) -> None:
    all_gaps = await gaps(turn)
    page = ListPage.of(all_gaps, index, TEXT_ITEMS)
    waiting = len(await turn.work.questions.change_request_ids())
    left = uncompared(turn.services.likeness, all_gaps)
    text = TEXT("list", page=page, waiting=waiting, uncompared=left)
    numbers = ([button(f"{n}. {gap.wording}", ShowGap(gap.id))] for n, gap in page.numbered())
    keyboard = rows(*numbers, page.steps(ListGaps)) if page.items else None
    say(text, keyboard, quotes=quoted_first(page.items))


@requires(Authority.FACILITATORS)
async def show_gap(update: Update, context: BotContext) -> None:
    """Show a gap: its wordings, how often it was asked, what people got, and the actions."""
    turn = context.turn
    gap = await find(turn, ShowGap.of(update).question_id)
    if gap:
        titles = titles_of(turn, gap.shown)
        like = turn.ahead if isinstance(turn.ahead, ReceivedQuestion) else None
        entry = turn.services.knowledge.entry(like.entry_id) if like else None
        tenths = shown_with(newcomers_of(turn.services.knowledge).get(entry.id, 0)) if entry else 0
        turn.rewrite(
            TEXT("gap", gap=gap, titles=titles[:BUTTON_ITEMS], newcomer=entry, tenths=tenths),
            _action_keyboard(turn, gap, like, entry),
            quotes=gap.quoted(gap.wordings),
        )


async def _look_ahead(
    database: Database, services: Services, update: Update
) -> ReceivedQuestion | None:
    """Compare the questions, and find the answer with few phrasings that this gap resembles."""
    await compare_ahead(database, services)
    return await newcomer_like(database, services, ShowGap.of(update).question_id)


def _action_keyboard(
    turn: Turn, gap: Gap, like: ReceivedQuestion | None, newcomer: Entry | None
) -> Keyboard:
    """Return the actions on a gap; ``like`` is its wording for a newcomer, which comes first."""
    answer = [button(TEXT.label("answer_people"), AnswerPeople(gap.id))]
    adds = [AddPhrasing(like.question_id, newcomer.id)] if like and newcomer else []
    return rows(
        [button(TEXT.label("add_to", entry=newcomer), add) for add in adds],
        [button(TEXT.label("add"), ChooseEntry(gap.id))],
        answer if gap.people and is_offered(turn) else [],
        [button(TEXT.label("set_aside"), SetAside(gap.id))],
        [button(TEXT.label("out_of_scope"), OutOfScope(gap.id))],
        [button(TEXT.label("back"), ListGaps(0))],
    )


@requires(Authority.FACILITATORS)
async def set_aside(update: Update, context: BotContext) -> None:
    """Take a gap out of the list, with a button to put it back."""
    turn = context.turn
    gap = await find(turn, SetAside.of(update).question_id)
    if gap:
        await turn.work.questions.treat(gap.ids, Treatment.ASIDE, turn.user.id)
        keyboard = rows(
            [button(TEXT.label("put_back"), PutBack(gap.id))],
            [button(TEXT.label("back"), ListGaps(0))],
        )
        text = TEXT("aside", gap=gap, name=turn.user.full_name)
        turn.rewrite(text, keyboard, quotes=quoted_first([gap]))


@requires(Authority.FACILITATORS)
async def put_back(update: Update, context: BotContext) -> None:
    """Put a gap that was set aside back into the list."""
    turn = context.turn
    count = await turn.work.questions.put_back(PutBack.of(update).question_id)
    turn.toast(TEXT.label("put_back_done" if count else "treated_already"))
    await _show(turn, 0, turn.rewrite)


@requires(Authority.FACILITATORS)
async def answer_people(update: Update, context: BotContext) -> None:
    """Post a numbered message for each person who asked, for facilitators to reply to."""
    turn = context.turn
    gap = await find(turn, AnswerPeople.of(update).question_id)
    if gap is None:
        return
    if not (gap.people and is_offered(turn)):
        turn.toast(TEXT.label("nobody_left"), alert=True)
        return
    people = gap.people[:MOST_PEOPLE]
    opened = [await _open(turn, _newest(gap, person)) for person in people]
    answered = [question.id for question in gap.questions if question.person_id in people]
    await turn.work.questions.treat(answered, Treatment.ANSWERED, turn.user.id)
    left = len(gap.people) - len(people)
    turn.rewrite(TEXT("opened", gap=gap, opened=opened, left=left), back())


def _newest(gap: Gap, person_id: int) -> Unanswered:
    return max((q for q in gap.questions if q.person_id == person_id), key=lambda q: q.id)


async def _open(turn: Turn, question: Unanswered) -> Conversation:
    """Open a conversation with the person who asked, or reopen the one about this question."""
    person_id = question.person_id
    # The gap holds the start of a long text only.
    whole = await turn.work.questions.get(question.id, person_id) if person_id else None
    if whole is None or person_id is None:
        raise LookupError(f"nobody is known to have asked question {question.id}")
    new = NewConversation(person_id, whole.text, Side.FACILITATORS, question.id)
    opened = await turn.work.conversations.open(new)
    conversation = opened.conversation
    if conversation.closed_at is not None:
        conversation = (await turn.work.conversations.reopen(conversation.id)).conversation
    await Threads.of(turn).post_question(conversation)
    return conversation


AHEAD: Works = {ShowGap.PREFIX: Ahead(_look_ahead)} | dict.fromkeys(
    ("/sansreponse", *(b.PREFIX for b in (ListGaps, AnswerPeople, SetAside, PutBack))),
    Ahead(compare_ahead),
)
HANDLERS: tuple[Handler, ...] = (
    command("sansreponse", list_gaps),
    tap(ListGaps, turn_page),
    tap(ShowGap, show_gap),
    tap(AnswerPeople, answer_people),
    tap(SetAside, set_aside),
    tap(PutBack, put_back),
)
