"""What a person agrees to by sending a form: shown in the recap, and kept word for word.

The form carries the text that its recap showed last. It is what they agreed to, even if they send
the form by a word in another language, or after the files have changed.
"""

from dataclasses import replace

from handlers.core.services import Services
from handlers.core.turn import Turn
from handlers.forms.steps import Form
from handlers.messages import LANGUAGES, speaking
from knowledge.files import telegram_html
from storage.records.drafts import Draft

# The message of a form's catalogue, and the value that the form carries beside its answers.
KEY = "consent"


def wording(services: Services, form: Form, draft: Draft) -> str:
    """Return what sending the form agrees to, as HTML; empty for a form that asks no consent."""
    if KEY not in form.text.names:
        return ""
    return form.text(KEY, **form.subject(services, draft), draft=draft)


def plain(said: str) -> str:
    """Return a wording, given as HTML, as the plain text that is kept: spaces are plain too."""
    return " ".join(telegram_html.plain(said).split())


def showing(draft: Draft, said: str) -> Draft:
    """Return the form with the wording that is shown now, given as HTML."""
    return replace(draft, answers={**draft.answers, KEY: plain(said)}) if said else draft


def stands(turn: Turn, form: Form, draft: Draft) -> bool:
    """Tell whether what was shown is still what sending agrees to, in whichever language.

    A project may have found another lead since: nobody agreed that this one be told.
    """
    if KEY not in form.text.names:
        return True
    return draft.answers.get(KEY) in {_in(turn, form, draft, spoken) for spoken in LANGUAGES}


def _in(turn: Turn, form: Form, draft: Draft, spoken: str) -> str:
    with speaking(spoken):
        return plain(wording(turn.services, form, draft))


async def version(turn: Turn, draft: Draft) -> int | None:
    """Return the version of the wording that a form being sent showed; None if it showed none."""
    shown = draft.answers.get(KEY)
    return await turn.work.consents.version_of(shown) if shown else None
