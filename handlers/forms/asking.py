"""Showing the current step of a form: the notice, a question, the recap, or help."""

from dataclasses import replace

from handlers.core.keyboards import Keyboard
from handlers.core.turn import Turn
from handlers.forms import consent
from handlers.forms.form_buttons import (
    NOTICE,
    RECAP,
    TEXT,
    first_change_keyboard,
    notice_keyboard,
    recap_keyboard,
    reminder_keyboard,
    step_keyboard,
    sure_keyboard,
)
from handlers.forms.soundness import sound_draft
from handlers.forms.steps import Form, RefusedError, Step
from storage.records.drafts import Draft


def form_of(turn: Turn, draft: Draft) -> Form:
    """Return the form that a draft belongs to."""
    form = turn.services.forms[draft.form]
    if not isinstance(form, Form):
        raise TypeError(f"{draft.form} is no form: {form!r}")
    return form


async def current(turn: Turn) -> Draft | None:
    """Return the draft under way, checked; None also if this version of the bot lacks its form."""
    draft = await turn.work.read_ahead.draft((await turn.person()).id)
    if draft is None or draft.form not in turn.services.forms:
        return None
    return sound_draft(turn, form_of(turn, draft), draft)


def what(turn: Turn, draft: Draft) -> str:
    """Return the purpose of the form, worded to follow "your form"."""
    form = form_of(turn, draft)
    return form.text.label("what", **form.subject(turn, draft))


async def others_came_between(turn: Turn, draft: Draft) -> bool:
    """Tell whether the person sent or tapped anything else since the form last asked."""
    if draft.updated_at is None:
        return False
    return await turn.work.read_ahead.came_between(
        turn.chat_id, draft.updated_at, turn.update.update_id
    )


def ask_again(turn: Turn, draft: Draft, *, named: bool = False) -> None:
    """Show the current step and save that it was shown now; ``named`` adds which form it is."""
    form = form_of(turn, draft)
    agreed = consent.wording(turn, form, draft) if draft.step == RECAP else ""
    draft = consent.showing(draft, agreed)
    _keep(turn, draft)
    lines = [_name(turn, draft)] if named else []
    if draft.step == NOTICE:
        keyboard = notice_keyboard()
        lines.append(_message(turn, draft, "notice"))
    elif draft.step == RECAP:
        keyboard = recap_keyboard(form, draft)
        lines.append(_message(turn, draft, "recap", consent=agreed))
    else:
        step = form.by_key[draft.step]
        keyboard = _step_keyboard(turn, draft, step)
        lines += [*_progress(form, draft), question(turn, draft, step)]
        lines += _given_before(form, step, draft)
    turn.say("\n".join(lines), keyboard)


def ask_what_to_change(turn: Turn, draft: Draft) -> None:
    """Ask which answer of a request to change; the form stands at its recap meanwhile."""
    _keep(turn, draft)
    form = form_of(turn, draft)
    steps = tuple(step for step in form.steps if step.key in draft.answers)
    turn.say(TEXT("what_to_change", changes=draft.changes), first_change_keyboard(form, steps))


def remind(turn: Turn, draft: Draft) -> None:
    """Say that the form waits, after another answer; a question is repeated, a recap is not."""
    if draft.step not in (NOTICE, RECAP):
        ask_again(turn, draft, named=True)
        return
    # A yes after the reminder must not answer an earlier question of the bot: those are cleared.
    turn.work.drafts.save(replace(_without_asides(draft), reminded=True))
    turn.say(TEXT("reminder", what=what(turn, draft)), reminder_keyboard())


def wait(turn: Turn, draft: Draft) -> None:
    """Say that the form waits, and how it is resumed; what is typed next answers its question."""
    is_between = draft.step in (NOTICE, RECAP)
    turn.work.drafts.save(replace(_without_asides(draft), reminded=is_between))
    text = TEXT("waits", what=what(turn, draft), services=turn.services)
    turn.say(text, reminder_keyboard())


def question(turn: Turn, draft: Draft, step: Step) -> str:
    """Return the question of a step."""
    return _message(turn, draft, f"ask_{step.key}")


def refuse(turn: Turn, draft: Draft, refused: RefusedError) -> None:
    """Say why an answer was not accepted, and for which form."""
    _keep(turn, draft)
    form = form_of(turn, draft)
    step = form.by_key[draft.step]
    reason = _message(turn, draft, refused.reason, **refused.values)
    turn.say(f"{_name(turn, draft)}\n{reason}", _step_keyboard(turn, draft, step))


def ask_back(turn: Turn, draft: Draft, name: str) -> None:
    """Ask whether a text is really the name that the step asks for."""
    form = form_of(turn, draft)
    unsure = replace(_without_asides(draft), unsure=name)
    turn.work.drafts.save(unsure)
    text = _message(turn, unsure, f"ask_{draft.step}_sure")
    turn.say(text, sure_keyboard(form, form.by_key[draft.step]))


def explain(turn: Turn, draft: Draft) -> None:
    """Help with the current step: what is asked, why, and how to leave."""
    form = form_of(turn, draft)
    step = form.by_key.get(draft.step)
    if step is None:
        turn.say(TEXT("help_between"))
        ask_again(turn, draft)
        return
    _keep(turn, draft)
    name = f"ask_{step.key}_help"
    text = _message(turn, draft, name if name in form.text.names else f"ask_{step.key}")
    keyboard = _step_keyboard(turn, draft, step)
    turn.say(TEXT("help", said=text, name=_name(turn, draft)), keyboard)


def _keep(turn: Turn, draft: Draft) -> None:
    """Save the draft; asking again also ends a question whether to leave."""
    turn.work.drafts.save(_without_asides(draft))


def _without_asides(draft: Draft) -> Draft:
    """Return the draft without the questions asked beside the steps: leave, remind, name."""
    return replace(draft, leaving=False, reminded=False, unsure=None)


def _step_keyboard(turn: Turn, draft: Draft, step: Step) -> Keyboard:
    form = form_of(turn, draft)
    return step_keyboard(form, step, draft, form.offers(turn, draft, step))


def _message(turn: Turn, draft: Draft, name: str, **more: object) -> str:
    form = form_of(turn, draft)
    values = form.subject(turn, draft) | {"draft": draft, "turn": turn} | more
    return form.text(name, **values)


def _name(turn: Turn, draft: Draft) -> str:
    return TEXT("named", what=what(turn, draft))


def _given_before(form: Form, step: Step, draft: Draft) -> list[str]:
    given = draft.answers.get(step.key)
    if given is None:
        return []
    shown = form.text.label(f"choice_{step.key}_{given}") if given in step.choices else given
    return ["", TEXT("given_before", given=shown)]


def _progress(form: Form, draft: Draft) -> list[str]:
    place = form.place(draft)
    return [TEXT("progress", number=place[0], total=place[1])] if place else []
