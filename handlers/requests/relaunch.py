"""The firm reminds the team of its request: once, and not before the team had its time."""

from datetime import timedelta

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.buttons import CallBack, ListRequests, Relaunch, ShowRequest, with_person
from handlers.core.keyboards import Keyboard, button, column
from handlers.core.posting import Posting
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.messages import Catalogue
from handlers.requests import notification, own_requests, standing
from storage.records.interests import OPEN, Interest

TEXT, GENERAL = Catalogue.of("requests"), Catalogue.of("general")
# A second tap this soon is a double tap: no second reminder was meant.
_SLIP = timedelta(minutes=1)


@requires(Authority.PERSON)
async def relaunch(update: Update, context: BotContext) -> None:
    """Remind the team if it is time, or say from when it is, or how else to reach somebody."""
    turn = context.turn
    request = await own_requests.own(turn, Relaunch.of(update).interest_id)
    if request is None:
        return
    if request.status not in OPEN:
        turn.begin_with(TEXT("relaunch_ended", request=request))
        await own_requests.show(turn, request)
    elif request.relaunched_at is not None:
        _refuse(turn, request)
    elif await _is_too_early(turn, request):
        return
    else:
        await _relaunch(turn, request)


async def _is_too_early(turn: Turn, request: Interest) -> bool:
    """Tell whether the team still has time; then say until when."""
    events = await turn.work.interests.events(request.id)
    from_day = standing.relaunch_day(turn.services, request, events)
    if turn.services.today() >= from_day:
        return False
    words = TEXT.label("relaunch_too_early", request=request, from_day=from_day)
    turn.toast(words, alert=True)
    return True


async def remind(posting: Posting, request: Interest) -> Interest | None:
    """Remind the team of a request; None where it was moved, or reminded of, since it was read."""
    relaunched = await posting.work.interests.relaunch(request.id)
    if relaunched is not None:
        await _tell_group(posting, relaunched)
    return relaunched


async def _relaunch(turn: Turn, request: Interest) -> None:
    relaunched = await remind(turn.posting, request)
    if relaunched is None:
        # It was moved, or reminded of, since it was read.
        await own_requests.show(turn, await turn.work.interests.get(request.id) or request)
        return
    text = TEXT("relaunched", request=relaunched, identity=turn.services.identity)
    turn.say(text, _ways_on(relaunched), about=relaunched.about_note)


async def _tell_group(posting: Posting, request: Interest) -> None:
    events = await posting.work.interests.events(request.id)
    waits_since = standing.last_news(request, events)
    await notification.post_words(posting, request, "relaunched", since=waits_since)


def _refuse(turn: Turn, request: Interest) -> None:
    """Say kindly that a request is reminded of once, and how else to reach somebody."""
    if request.relaunched_at and turn.work.now - request.relaunched_at < _SLIP:
        turn.toast(TEXT.label("relaunched_toast", request=request))
        return
    call_back = button(GENERAL.label("button_call_back"), CallBack())
    see = button(TEXT.label("all_requests"), ListRequests())
    text = TEXT("relaunch_again", request=request, identity=turn.services.identity)
    turn.say(text, with_person(column([call_back, see])), about=request.about_note)


def _ways_on(request: Interest) -> Keyboard:
    see = button(TEXT.label("see"), ShowRequest(request.id))
    return with_person(column([see]))


HANDLERS: tuple[Handler, ...] = (tap(Relaunch, relaunch),)
