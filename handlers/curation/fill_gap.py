"""Filling a gap: a question becomes a phrasing of an entry, or an example out of scope."""

import asyncio

from telegram import Update

from handlers.core import caps
from handlers.core.ahead import Ahead, Works
from handlers.core.authority import Authority, requires
from handlers.core.keyboards import button, rows
from handlers.core.paging import BUTTON_ITEMS, ListPage
from handlers.core.routing import Handler, tap
from handlers.core.services import Services
from handlers.core.turn import BotContext, Turn
from handlers.curation.gap_buttons import (
    AddPhrasing,
    AllEntries,
    ChooseEntry,
    OutOfScope,
    ShowGap,
    back,
)
from handlers.curation.gaps import Gap, GapWording, compare_ahead, find, wording_of
from handlers.curation.publish_buttons import AddReceived
from handlers.curation.received import received_of
from handlers.messages import Catalogue
from storage.database import Database
from storage.records.change_requests import ChangeKind, ChangeState, NewChangeRequest
from storage.records.questions import Treatment
from storage.subject import Kind, Subject

TEXT = Catalogue.of("unanswered")
_NEAREST = 3
# What a change took the place of may still be tapped: it is that change which is extended.
_EXTENSIBLE = frozenset({ChangeState.READY, ChangeState.JOINED})


async def _find(turn: Turn, question_id: int) -> tuple[Gap, GapWording] | None:
    """Return the gap and the wording of a button; say so if no wording can be added.

    A button holds the id of a question and not a position in the list of wordings: the list changes
    with every question asked, and the wording added must be the one that was shown.
    """
    gap = await find(turn, question_id)
    if gap is None:
        return None
    phrasing = gap.phrasing(question_id)
    if phrasing is None:
        turn.toast(TEXT.label("nothing_to_add"), alert=True)
        return None
    return gap, phrasing


@requires(Authority.FACILITATORS)
async def choose_entry(update: Update, context: BotContext) -> None:
    """Offer the nearest entries, the list of all entries, and the other wordings."""
    turn = context.turn
    pair = await _find(turn, ChooseEntry.of(update).question_id)
    if pair is None:
        return
    gap, phrasing = pair
    knowledge = turn.services.knowledge
    decision = turn.services.decisions.get(knowledge, phrasing.text)
    ranking = decision.ranking if decision else ()
    # Acts and projects are ranked too, and take no phrasing from here.
    nearest = [entry for ranked in ranking if (entry := knowledge.entry(ranked.id))][:_NEAREST]
    ways = gap.phrasings
    page = ListPage.of(ways, ways.index(phrasing), 1)
    turn.rewrite(
        TEXT("which_entry", phrasing=phrasing.text, place=page.place(TEXT.label("wording"))),
        rows(
            *([button(e.title, AddPhrasing(phrasing.id, e.id))] for e in nearest),
            [button(TEXT.label("all_entries"), AllEntries(phrasing.id, 0))],
            page.steps(lambda index: ChooseEntry(ways[index].id)),
            [button(TEXT.label("back_to_gap"), ShowGap(gap.id))],
        ),
        quotes=gap.quoted([phrasing.text]),
    )


async def _match_ahead(database: Database, services: Services, update: Update) -> None:
    """Compare the questions, and match the wording of the button."""
    await compare_ahead(database, services)
    knowledge = services.knowledge
    wording = await wording_of(database, services, ChooseEntry.of(update).question_id)
    if wording and services.decisions.get(knowledge, wording.text) is None:
        decision = await asyncio.to_thread(knowledge.matcher.match, wording.text)
        services.decisions.keep(knowledge, wording.text, decision)


@requires(Authority.FACILITATORS)
async def list_entries(update: Update, context: BotContext) -> None:
    """Offer all entries, a page at a time."""
    turn, choice = context.turn, AllEntries.of(update)
    pair = await _find(turn, choice.question_id)
    if pair is None:
        return
    gap, phrasing = pair
    page = ListPage.of(turn.services.knowledge.entries, choice.page, BUTTON_ITEMS)
    turn.rewrite(
        TEXT("which_entry", phrasing=phrasing.text, place=page.place()),
        rows(
            *([button(entry.title, AddPhrasing(phrasing.id, entry.id))] for entry in page.items),
            page.steps(lambda index: AllEntries(phrasing.id, index)),
            [button(TEXT.label("back_to_gap"), ShowGap(gap.id))],
        ),
        quotes=gap.quoted([phrasing.text]),
    )


@requires(Authority.FACILITATORS)
async def add_phrasing(update: Update, context: BotContext) -> None:
    """Request the publication of one more phrasing; the publisher checks it and reports."""
    turn, choice = context.turn, AddPhrasing.of(update)
    pair = await _find(turn, choice.question_id)
    if pair is None:
        return
    entry = turn.services.knowledge.entry(choice.entry_id)
    if entry is None:
        turn.toast(TEXT.label("entry_gone"), alert=True)
        return
    gap, phrasing = pair
    if not await _publish(turn, gap, ChangeKind.PHRASING, phrasing.text, entry.id):
        return
    quotes = gap.quoted([phrasing.text])
    turn.rewrite(TEXT("checking", phrasing=phrasing.text, entry=entry), back(), quotes=quotes)


@requires(Authority.FACILITATORS)
async def mark_out_of_scope(update: Update, context: BotContext) -> None:
    """Request the publication of one more example that is out of scope."""
    turn = context.turn
    pair = await _find(turn, OutOfScope.of(update).question_id)
    if pair is None:
        return
    gap, phrasing = pair
    if not await _publish(turn, gap, ChangeKind.OUT_OF_SCOPE, phrasing.text, None):
        return
    quotes = gap.quoted([phrasing.text])
    turn.rewrite(TEXT("checking", phrasing=phrasing.text, entry=None), back(), quotes=quotes)


@requires(Authority.FACILITATORS)
async def add_received(update: Update, context: BotContext) -> None:
    """Request one more phrasing in a change that waits for a decision, not published yet."""
    turn, choice = context.turn, AddReceived.of(update)
    change = await turn.work.change_requests.get(choice.publication_id)
    entry_id = received_of(change).get(choice.question_id) if change else None
    if change is None or entry_id is None or change.state not in _EXTENSIBLE:
        turn.toast(TEXT.label("change_decided"), alert=True)
        return
    pair = await _find(turn, choice.question_id)
    if pair is None:
        return
    gap, phrasing = pair
    wording = phrasing.text
    if not await _publish(turn, gap, ChangeKind.PHRASING, wording, entry_id, change.id):
        return
    turn.say(TEXT("adding", phrasing=phrasing.text), quotes=gap.quoted([phrasing.text]))


async def _publish(
    turn: Turn,
    gap: Gap,
    kind: ChangeKind,
    phrasing: str,
    entry_id: str | None,
    former_id: int | None = None,
) -> bool:
    """Request the publication, unless this person has requested too many."""
    if not await caps.allows(turn, caps.EXAMINATIONS, turn.user.id):
        return False
    request = NewChangeRequest(
        kind=kind,
        actor_id=turn.user.id,
        actor_name=turn.user.full_name,
        chat_id=turn.chat_id,
        topic_id=turn.topic,
        subject=entry_id,
        wording=phrasing,
        about=Subject(Kind.GAP, gap.id),
    )
    requests = turn.work.change_requests
    asking = requests.ask(request) if former_id is None else requests.extend(request, former_id)
    publication_id = await asking
    how = Treatment.PHRASING if kind is ChangeKind.PHRASING else Treatment.OUT_OF_SCOPE
    await turn.work.questions.treat(gap.ids, how, turn.user.id, publication_id=publication_id)
    return True


AHEAD: Works = {ChooseEntry.PREFIX: Ahead(_match_ahead)} | dict.fromkeys(
    (AllEntries.PREFIX, AddPhrasing.PREFIX, AddReceived.PREFIX, OutOfScope.PREFIX),
    Ahead(compare_ahead),
)
HANDLERS: tuple[Handler, ...] = (
    tap(ChooseEntry, choose_entry),
    tap(AllEntries, list_entries),
    tap(AddPhrasing, add_phrasing),
    tap(AddReceived, add_received),
    tap(OutOfScope, mark_out_of_scope),
)
