"""Filling a gap: a question becomes a phrasing of an entry, or an example out of scope."""

import asyncio

from telegram import Update

from handlers.authority import Authority, requires
from handlers.gap_buttons import (
    AddPhrasing,
    AllEntries,
    ChooseEntry,
    OutOfScope,
    ShowGap,
    back,
    turning,
)
from handlers.gaps import Gap, find
from handlers.keyboards import button, rows
from handlers.messages import Catalogue
from handlers.routing import Handler, tap
from handlers.turn import BotContext, Turn
from storage.publications import Asked, Kind
from storage.questions import Treatment

TEXT = Catalogue.of("unanswered")
ENTRIES_A_PAGE = 8
_NEAREST = 3


async def _phrasing(turn: Turn, gap: Gap) -> str | None:
    """Return the wording to keep in the files; say so where all have something masked in them."""
    if gap.phrasing is None:
        turn.toast(TEXT.label("nothing_to_add"), alert=True)
    return gap.phrasing


@requires(Authority.FACILITATORS)
async def choose_entry(update: Update, context: BotContext) -> None:
    """Offer the entries that the matcher finds nearest, and the way to all of them."""
    turn = context.turn
    gap = await find(turn, ChooseEntry.of(update).question_id)
    phrasing = await _phrasing(turn, gap) if gap else None
    if gap is None or phrasing is None:
        return
    knowledge = turn.services.knowledge
    decision = await asyncio.to_thread(knowledge.matcher.match, phrasing)
    nearest = [knowledge.entry(one.id) for one in decision.ranking[:_NEAREST]]
    await turn.rewrite(
        TEXT("which_entry", phrasing=phrasing),
        rows(
            *([button(e.title, AddPhrasing(gap.id, e.id))] for e in nearest if e),
            [button(TEXT.label("all_entries"), AllEntries(gap.id, 0))],
            [button(TEXT.label("back_to_gap"), ShowGap(gap.id))],
        ),
    )


@requires(Authority.FACILITATORS)
async def list_entries(update: Update, context: BotContext) -> None:
    """Offer all entries, a page at a time."""
    turn, choice = context.turn, AllEntries.of(update)
    gap = await find(turn, choice.question_id)
    phrasing = await _phrasing(turn, gap) if gap else None
    if gap is None or phrasing is None:
        return
    entries = turn.services.knowledge.entries
    last = max(0, (len(entries) - 1) // ENTRIES_A_PAGE)
    page = min(max(choice.page, 0), last)
    shown = entries[page * ENTRIES_A_PAGE : (page + 1) * ENTRIES_A_PAGE]
    back, on = AllEntries(gap.id, page - 1), AllEntries(gap.id, page + 1)
    await turn.rewrite(
        TEXT("which_entry", phrasing=phrasing),
        rows(
            *([button(entry.title, AddPhrasing(gap.id, entry.id))] for entry in shown),
            turning(back, on, page, last),
            [button(TEXT.label("back_to_gap"), ShowGap(gap.id))],
        ),
    )


@requires(Authority.FACILITATORS)
async def add_phrasing(update: Update, context: BotContext) -> None:
    """Ask for the publication of one more line; its check and its buttons follow by themselves."""
    turn, choice = context.turn, AddPhrasing.of(update)
    gap = await find(turn, choice.question_id)
    phrasing = await _phrasing(turn, gap) if gap else None
    entry = turn.services.knowledge.entry(choice.entry_id)
    if gap is None or phrasing is None:
        return
    if entry is None:
        turn.toast(TEXT.label("entry_gone"), alert=True)
        return
    await _publish(turn, gap, Kind.PHRASING, phrasing, entry.id)
    await turn.rewrite(TEXT("checking", phrasing=phrasing, entry=entry), back())


@requires(Authority.FACILITATORS)
async def mark_out_of_scope(update: Update, context: BotContext) -> None:
    """Ask for the publication of one more example of what is not answered."""
    turn = context.turn
    gap = await find(turn, OutOfScope.of(update).question_id)
    phrasing = await _phrasing(turn, gap) if gap else None
    if gap is None or phrasing is None:
        return
    await _publish(turn, gap, Kind.OUT_OF_SCOPE, phrasing, None)
    await turn.rewrite(TEXT("checking", phrasing=phrasing, entry=None), back())


async def _publish(turn: Turn, gap: Gap, kind: Kind, phrasing: str, entry_id: str | None) -> None:
    asked = Asked(
        kind=kind,
        actor_id=turn.user.id,
        actor_name=turn.user.full_name,
        chat_id=turn.chat_id,
        subject=entry_id,
        wording=phrasing,
        about=f"gap:{gap.id}",
    )
    publication_id = await turn.work.publications.ask(asked)
    how = Treatment.PHRASING if kind is Kind.PHRASING else Treatment.OUT_OF_SCOPE
    await turn.work.questions.treat(gap.ids, how, turn.user.id, publication_id=publication_id)


HANDLERS: tuple[Handler, ...] = (
    tap(ChooseEntry, choose_entry),
    tap(AllEntries, list_entries),
    tap(AddPhrasing, add_phrasing),
    tap(OutOfScope, mark_out_of_scope),
)
