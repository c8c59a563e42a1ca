"""The lists of everything people can do: handlers, in the order they are tried, and forms."""

from collections.abc import Mapping
from types import MappingProxyType

from handlers.administration import (
    acts,
    asking,
    cards,
    export,
    firm_search,
    handing_over,
    leads_sought,
    lists,
    meeting,
    naming,
    put_in_touch,
    refusal_words,
    replies,
    request_history,
)
from handlers.conversation import arriving, edits, hear, other_question, team_answers
from handlers.core import paging
from handlers.core.ahead import Works
from handlers.core.routing import Handler, Tap
from handlers.curation import (
    fill_gap,
    hiding,
    history,
    posters,
    publish,
    stats,
    trial,
    unanswered,
)
from handlers.forms import tapping
from handlers.forms.steps import Form
from handlers.general import fallback, groups, languages, privacy, start_and_help
from handlers.handoff import answering, facilitators, own_exchange, person
from handlers.projects import browse, subscriptions
from handlers.questions import answer, choices, themes, town
from handlers.requests import (
    agreement,
    callback,
    follow_up,
    interest,
    leads,
    own_requests,
    proposal,
    relaunch,
)

# PTB runs the first handler that matches: commands and buttons are exact, so plain texts come after
# them, and the fallback takes the rest.
ALL: tuple[Handler, ...] = (
    *groups.HANDLERS,
    *arriving.HANDLERS,
    *start_and_help.HANDLERS,
    *languages.HANDLERS,
    *paging.HANDLERS,
    *themes.HANDLERS,
    *answer.HANDLERS,
    *choices.HANDLERS,
    *town.HANDLERS,
    *edits.HANDLERS,
    *team_answers.HANDLERS,
    *other_question.HANDLERS,
    *browse.HANDLERS,
    *subscriptions.HANDLERS,
    *interest.HANDLERS,
    *proposal.HANDLERS,
    *leads.HANDLERS,
    *tapping.HANDLERS,
    *own_requests.HANDLERS,
    *relaunch.HANDLERS,
    *follow_up.HANDLERS,
    *own_exchange.HANDLERS,
    *meeting.HANDLERS,
    *acts.HANDLERS,
    *asking.HANDLERS,
    *put_in_touch.HANDLERS,
    *naming.HANDLERS,
    *leads_sought.HANDLERS,
    *agreement.HANDLERS,
    *handing_over.HANDLERS,
    *refusal_words.HANDLERS,
    *request_history.HANDLERS,
    *lists.HANDLERS,
    *cards.HANDLERS,
    *replies.HANDLERS,
    *export.HANDLERS,
    *privacy.HANDLERS,
    *publish.HANDLERS,
    *history.HANDLERS,
    *hiding.HANDLERS,
    *trial.HANDLERS,
    *posters.HANDLERS,
    *person.HANDLERS,
    *answering.HANDLERS,
    *facilitators.HANDLERS,
    *unanswered.HANDLERS,
    *stats.HANDLERS,
    *fill_gap.HANDLERS,
    hear.HEARING,
    *groups.HEARING,
    *fallback.HANDLERS,
)

# The slow work of handlers, done before their transaction.
AHEAD: Works = {
    **firm_search.AHEAD,
    **unanswered.AHEAD,
    **fill_gap.AHEAD,
    **publish.AHEAD,
    **history.AHEAD,
    **trial.AHEAD,
    **naming.AHEAD,
    **leads_sought.AHEAD,
    **stats.AHEAD,
}

# What may be typed instead of tapped, by the prefix of its callback data. What needs slow work
# first is left out: a text is not known to be a label before the transaction.
TAPS: Mapping[str, Tap] = MappingProxyType(
    {each.prefix: each for each in ALL if isinstance(each, Tap) and each.prefix not in AHEAD}
)

FORMS: tuple[Form, ...] = (
    interest.FORM,
    proposal.FORM,
    callback.FORM,
    person.FORM,
    answering.REPLY,
    answering.WORD,
)
