"""Giving a form up: with many answers, the bot asks for confirmation first."""

from dataclasses import replace

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.routing import Handler, command, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms.asking import current, form_of
from handlers.forms.form_buttons import TEXT, Cancel, cancel_keyboard
from storage.records.drafts import Draft

# With no more answers than this, giving up needs no question: they are quickly typed again.
_FEW = 2


@requires(Authority.PERSON)
async def cancel_by_tap(update: Update, context: BotContext) -> None:
    """Ask whether to give up, then do it: an accidental tap must not lose a form."""
    turn = context.turn
    draft = await current(turn)
    if Cancel.of(update).sure:
        await give_up(turn, draft)
    elif draft is None:
        turn.toast(TEXT.label("ended"), alert=True)
    else:
        ask_whether(turn, draft)


@requires(Authority.PERSON)
async def cancel(_update: Update, context: BotContext) -> None:
    """Give the form up; with many answers, only the second command does, the first one asks."""
    turn = context.turn
    draft = await current(turn)
    if draft and not draft.leaving and form_of(turn, draft).given(draft) > _FEW:
        ask_whether(turn, draft)
    else:
        await give_up(turn, draft)


async def give_up(turn: Turn, draft: Draft | None) -> None:
    """Erase the form under way, and say so."""
    discarded = await turn.work.drafts.discard((await turn.person()).id)
    changes = draft.changes if draft else None
    own = form_of(turn, draft).text if draft and not changes else TEXT
    if discarded and "declined" in own.names:
        turn.remove_buttons()
        turn.say(own("declined"))
        return
    name = "cancelled" if discarded else "nothing_to_cancel"
    turn.say(TEXT(name, changes=changes, has_projects=turn.services.has_projects))


async def leave(turn: Turn, draft: Draft) -> None:
    """Give the form up where little would be lost; else ask whether to."""
    if draft.changes is None and form_of(turn, draft).given(draft) == 0:
        await give_up(turn, draft)
    else:
        ask_whether(turn, draft)


def ask_whether(turn: Turn, draft: Draft) -> None:
    """Ask whether to give the form up; its answers are kept until the person confirms."""
    turn.work.drafts.save(replace(draft, leaving=True))
    turn.say(TEXT("cancel_question", changes=draft.changes), cancel_keyboard())


HANDLERS: tuple[Handler, ...] = (command("annuler", cancel), tap(Cancel, cancel_by_tap))
