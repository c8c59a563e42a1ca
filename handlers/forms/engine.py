"""The engine of all forms: begin, check answers, go to the next step, submit.

The buttons of a form are in ``tapping``.
"""

from dataclasses import replace

from handlers.core.turn import Turn
from handlers.forms import leaving
from handlers.forms.asking import (
    ask_again,
    ask_back,
    current,
    explain,
    form_of,
    others_came_between,
    refuse,
    remind,
    what,
)
from handlers.forms.form_buttons import (
    NOTICE,
    RECAP,
    TEXT,
    cancel_keyboard,
)
from handlers.forms.soundness import row_of, sound_draft
from handlers.forms.steps import Answers, Form, RefusedError, Step
from handlers.forms.words import (
    calls_for_help,
    confirms_name,
    keeps,
    may_be_a_question,
    means_to_leave,
    says_no,
    sounds_like_a_question,
    step_back,
    wants_to_stop,
)
from knowledge.text.normalise import normalise
from storage.records.drafts import Draft

# Re-exported: features import everything about a running form from this module.
__all__ = [
    "ask_again",
    "begin",
    "correct",
    "current",
    "go_on",
    "hand_over",
    "hear",
    "may_be_a_question",
    "open_at",
    "remind",
    "reopen",
    "row_of",
    "sounds_like_a_question",
    "take_name",
]


async def begin(
    turn: Turn, form: Form, subject: str, answers: Answers, *, reuses: str | None = None
) -> None:
    """Start a form at its notice, or offer to continue the form under way.

    ``reuses`` is the number of the earlier request that the answers come from.
    """
    under_way = await current(turn)
    if under_way is None:
        person = await turn.person()
        draft = Draft(person.id, form.name, NOTICE, subject, dict(answers), reuses=reuses)
        ask_again(turn, sound_draft(turn, form, draft))
    elif (under_way.form, under_way.subject) == (form.name, subject):
        ask_again(turn, under_way)
    else:
        _offer_to_go_on(turn, under_way)


async def reopen(
    turn: Turn,
    form: Form,
    subject: str,
    answers: Answers,
    *,
    changes: str | None = None,
    answered: tuple[str, int] | None = None,
) -> None:
    """Open a form at its recap, to change an answer; ``changes`` is the number of the request.

    ``answered`` is a step, and the message in which its answer was typed.
    """
    draft = Draft((await turn.person()).id, form.name, RECAP, subject, dict(answers))
    step, message_id = answered or (None, None)
    await _open(turn, replace(draft, changes=changes, answered_step=step, answered_in=message_id))


async def open_at(turn: Turn, form: Form, subject: str, step: str) -> None:
    """Open a form at one of its questions, without the notice."""
    await _open(turn, Draft((await turn.person()).id, form.name, step, subject))


async def _open(turn: Turn, draft: Draft) -> None:
    under_way = await current(turn)
    if under_way and (under_way.form, under_way.subject) != (draft.form, draft.subject):
        _offer_to_go_on(turn, under_way)
    else:
        ask_again(turn, sound_draft(turn, form_of(turn, draft), draft))


def _offer_to_go_on(turn: Turn, draft: Draft) -> None:
    turn.say(TEXT("under_way", what=what(turn, draft)), cancel_keyboard())


async def hear(turn: Turn, draft: Draft, text: str) -> None:
    """Handle a text typed during a form: an answer, a yes, a request for help, back or leave."""
    if calls_for_help(text):
        explain(turn, draft)
    elif means_to_leave(draft, text):
        await leaving.give_up(turn, draft)
    elif wants_to_stop(turn, draft, text):
        leaving.ask_whether(turn, draft)
    elif draft.reminded or says_no(draft, text):
        # A yes here may answer another message of the bot: show the step again instead.
        ask_again(turn, draft)
    elif keeps(draft, text):
        await go_on(turn, draft)
    elif step := step_back(turn, draft, text):
        ask_again(turn, replace(draft, step=step))
    elif draft.step == RECAP:
        await hand_over(turn, draft)
    elif draft.step == NOTICE:
        await go_on(turn, draft, named=await others_came_between(turn, draft))
    else:
        await _take(turn, draft, text)


async def correct(turn: Turn, draft: Draft, text: str) -> None:
    """Take the edit of the last typed answer as the answer of its step."""
    step, now = draft.answered_step, replace(draft, unsure=None, leaving=False, reminded=False)
    if calls_for_help(text) or wants_to_stop(turn, now, text) or step_back(turn, now, text):
        # These words answer no question: they are heard as if they were typed now.
        await hear(turn, now, text)
    elif step is not None and step in form_of(turn, draft).by_key:
        await _take(turn, replace(now, step=step), text)


async def _take(turn: Turn, draft: Draft, text: str) -> None:
    typed = turn.update.effective_message
    draft = replace(
        draft, answered_step=draft.step, answered_in=typed.message_id if typed else None
    )
    if draft.unsure and confirms_name(turn, draft, text):
        await take_name(turn, draft, draft.unsure)
        return
    form = form_of(turn, draft)
    step = form.by_key[draft.step]
    try:
        given = _by_words(turn, draft, step, text) or step.check(text, draft.answers)
    except RefusedError as refused:
        refuse(turn, draft, refused)
        return
    if may_be_a_question(turn, draft, text):
        ask_back(turn, draft, given[step.key])
    else:
        await _take_given(turn, draft, given)


async def take_name(turn: Turn, draft: Draft, name: str) -> None:
    """Accept the text that the bot asked back about as the name."""
    await _take_given(turn, draft, {draft.step: name})


async def _take_given(turn: Turn, draft: Draft, given: Answers) -> None:
    named = await others_came_between(turn, draft)
    merged = form_of(turn, draft).merge(draft, draft.step, given)
    await go_on(turn, merged, named=named)


def _by_words(turn: Turn, draft: Draft, step: Step, text: str) -> dict[str, str] | None:
    """Return the choice typed by its label or number, or a typed skip; None for other texts."""
    form, typed = form_of(turn, draft), normalise(text)
    offered = form.offers(turn, draft, step)
    words = {
        value: {*map(normalise, form.text.labels(f"choice_{step.key}_{value}"))}
        for value in step.choices
    }
    for number, value in enumerate(offered, 1):
        if typed in {str(number), *words[value]}:
            return {step.key: value}
    for value in step.choices:
        if typed in words[value]:
            raise RefusedError(f"bad_{step.key}_{value}")
    is_skip = step.optional and typed in map(normalise, TEXT.labels("skip"))
    return {step.key: ""} if is_skip else None


async def go_on(turn: Turn, draft: Draft, *, named: bool = False) -> None:
    """Ask the first question without an answer, or show the recap; ``named`` as in `ask_again`."""
    form = form_of(turn, draft)
    step = form.next_step(draft.answers)
    if step is None and not form.confirms:
        await hand_over(turn, draft)
        return
    key = step.key if step else RECAP
    # Reaching the recap ends the change of a single answer.
    editing = draft.editing and key != RECAP
    ask_again(turn, replace(draft, step=key, editing=editing), named=named)


async def hand_over(turn: Turn, draft: Draft) -> None:
    """Submit a form; if an answer is missing or not accepted, ask for it instead."""
    form = form_of(turn, draft)
    checked = sound_draft(turn, form, draft)
    missing = form.next_step(checked.answers)
    if missing is not None:
        ask_again(turn, replace(checked, step=missing.key))
        return
    await turn.work.drafts.discard(draft.person_id)
    await form.submit(turn, checked)
