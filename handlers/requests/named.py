"""A number of ours, or the date of a request, in a sentence: what it names is shown.

Of what another chat sent, nothing is said: not even whether it exists.
"""

from collections.abc import Iterable

from handlers.core.buttons import ListRequests, with_person
from handlers.core.keyboards import button, column
from handlers.core.turn import Turn
from handlers.forms.asking import form_of
from handlers.messages import PARIS, Catalogue
from handlers.requests import numbers, own_requests
from handlers.requests.numbers import Named
from handlers.requests.own_requests import Sent
from storage.records.drafts import Draft

TEXT = Catalogue.of("requests")
# Of several numbers in a text, so many are shown.
_MOST = 3
# In a step that takes any text, a question about a number has few words.
_FEW_WORDS = 10


async def show(turn: Turn) -> bool:
    """Show what a text names, or say that this chat has sent none; False if it names nothing."""
    text, today = turn.text, turn.services.today()
    named = numbers.printed_in(text) or numbers.named_in(text, today) or numbers.end_in(text)
    if named:
        await _show(turn, named)
        return True
    if numbers.asks_for_own(text) and await own_requests.everything_sent(turn):
        await own_requests.show_list(turn)
        return True
    alone = numbers.alone_in(text)
    if alone is None:
        return False
    found = _found(await own_requests.everything_sent(turn), [alone])
    if not found and numbers.may_be_a_choice(alone):
        return False
    await _show(turn, [alone])
    return True


async def show_within(turn: Turn, draft: Draft) -> bool:
    """Show what a text typed into a form names by a printed number, if it is no answer there."""
    named = numbers.printed_in(turn.text)
    step = form_of(turn, draft).by_key.get(draft.step)
    asks = turn.text.rstrip().endswith("?") and len(turn.text.split()) <= _FEW_WORDS
    if not named or (step is not None and step.free_text and not asks):
        return False
    await _show(turn, named)
    return True


async def _show(turn: Turn, named: Iterable[Named]) -> None:
    sent = await own_requests.everything_sent(turn)
    wanted = tuple(named)[:_MOST]
    found = _found(sent, wanted)
    if not found:
        _say_none(turn, wanted[0], any_sent=bool(sent))
    elif len(found) == 1 or wanted[0].number:
        for one in found:
            await own_requests.show_sent(turn, one)
    else:
        turn.say(*own_requests.listed(found, "several", 0))
    if found and len(found) < len(wanted):
        missing = next(one for one in wanted if not _found(sent, [one]))
        _say_none(turn, missing, any_sent=True)


def _found(sent: Iterable[Sent], wanted: Iterable[Named]) -> list[Sent]:
    """Return what is named; of several days, what was sent on the latest with anything."""
    wanted, days = tuple(wanted), {one: one.at.astimezone(PARIS).date() for one in sent}
    found = [one for one, day in days.items() if any(each.fits(one.number, day) for each in wanted)]
    if any(each.days for each in wanted) and found:
        latest = max(days[one] for one in found)
        return [one for one in found if days[one] == latest]
    return found


def _say_none(turn: Turn, named: Named, *, any_sent: bool) -> None:
    ways = [button(TEXT.label("all_requests"), ListRequests())] if any_sent else []
    identity = turn.services.identity
    text = TEXT("none_named", named=named, any_sent=any_sent, identity=identity)
    turn.say(text, with_person(column(ways)))
