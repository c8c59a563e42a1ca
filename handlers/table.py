"""The one visible list of all handlers, in the order in which they are asked."""

from handlers import (
    administration,
    answers,
    facilitation,
    fallback,
    filling,
    general,
    groups,
    handoff,
    history,
    interest,
    projects,
    proposal,
    publication,
    questions,
    requests,
    rights,
    themes,
    trial,
    unanswered,
)
from handlers.forms import engine as forms
from handlers.routing import Handler

# Commands and buttons name what they want; a text is heard last, and the fallback takes the rest.
ALL: tuple[Handler, ...] = (
    *groups.HANDLERS,
    *general.HANDLERS,
    *themes.HANDLERS,
    *answers.HANDLERS,
    *questions.HANDLERS,
    *projects.HANDLERS,
    *interest.HANDLERS,
    *proposal.HANDLERS,
    *forms.HANDLERS,
    *requests.HANDLERS,
    *administration.HANDLERS,
    *rights.HANDLERS,
    *publication.HANDLERS,
    *history.HANDLERS,
    *trial.HANDLERS,
    *handoff.HANDLERS,
    *facilitation.HANDLERS,
    *unanswered.HANDLERS,
    *filling.HANDLERS,
    questions.HEARING,
    groups.HEARING,
    *fallback.HANDLERS,
)
