"""What a form may hold: only answers that its steps accept, at a step that may be asked.

A draft may come from another version of the bot, from an earlier request, or from a tap that no
button of the bot makes. So it is checked here, and not only where an answer is given.
"""

from dataclasses import replace

from handlers.core.turn import Turn
from handlers.forms import consent
from handlers.forms.form_buttons import NOTICE, RECAP
from handlers.forms.steps import Form, RefusedError, Step
from storage.records.drafts import Draft

# The ids of rows have fewer digits; a longer number would not fit the database's integers.
_MOST_DIGITS = 18


def sound_draft(turn: Turn, form: Form, draft: Draft) -> Draft:
    """Return the draft without answers that its form refuses, at the first step that lacks one.

    A draft that stands where it may stays there. One that is moved counts as reminded: the person
    has not been shown that step, so the text they type next does not answer it.
    """
    kept: dict[str, str] = {}
    for step in form.steps:
        value, beside = draft.answers.get(step.key), replace(draft, answers=kept)
        if step.applies(kept) and is_accepted(turn, form, beside, value, step):
            kept[step.key] = str(value)
    carried = {
        key: value for key in (*form.carries, consent.KEY) if (value := draft.answers.get(key))
    }
    reusable = [step for step in form.steps if step.reusable and step.applies(kept)]
    is_reused = all(step.key in kept for step in reusable)
    checked = replace(
        draft,
        answers=kept | carried,
        reuses=draft.reuses if is_reused else None,
        unsure=draft.unsure if _asks_back(form, replace(draft, answers=kept)) else None,
    )
    place = _place(form, checked)
    return checked if place == draft.step else replace(checked, step=place, reminded=True)


def is_accepted(turn: Turn, form: Form, draft: Draft, value: object, step: Step) -> bool:
    """Tell whether a step accepts a value, beside the draft's other answers."""
    if not isinstance(value, str):
        return False
    if not value:
        return step.optional
    if step.choices:
        return value in _choosable(turn, form, draft, step)
    try:
        given = step.read(value, draft.answers)
    except RefusedError:
        return False
    others = {key: found for key, found in given.items() if key != step.key}
    return step.key in given and all(
        draft.answers.get(key) == found for key, found in others.items()
    )


def may_ask(form: Form, draft: Draft, key: str) -> bool:
    """Tell whether a step may be asked: it applies, and all steps before it have an answer.

    The words of a question may name the answers before it.
    """
    for step in form.steps:
        if not step.applies(draft.answers):
            continue
        if step.key == key:
            return True
        if step.key not in draft.answers and not step.volunteered:
            return False
    return key == RECAP and form.confirms


def row_of(draft: Draft) -> int:
    """Return the id that the draft's subject names; 0, which no row has, if it names none."""
    named = draft.subject
    is_id = named.isascii() and named.isdecimal() and len(named) <= _MOST_DIGITS
    return int(named) if is_id else 0


def _asks_back(form: Form, draft: Draft) -> bool:
    step = form.by_key.get(draft.step)
    if step is None or step.is_name:
        return step is not None
    # A doubt is about an answer that is kept meanwhile.
    return step.doubts(draft.answers.get(step.key, "")) == draft.unsure


def _choosable(turn: Turn, form: Form, draft: Draft, step: Step) -> tuple[str, ...]:
    # A request keeps a choice that is no longer offered: a firm that became the lead said so.
    return step.choices if draft.changes else form.offers(turn.services, draft, step)


def _place(form: Form, draft: Draft) -> str:
    has_notice = draft.step == NOTICE and "notice" in form.text.names
    if has_notice or may_ask(form, draft, draft.step):
        return draft.step
    missing = form.next_step(draft.answers)
    # A form that is submitted without a recap has none to show.
    complete = RECAP if form.confirms else form.steps[-1].key
    return complete if missing is None else missing.key
