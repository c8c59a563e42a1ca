"""The engine of all forms: begin, check answers, go to the next step, submit.

The buttons of a form are in ``tapping``.
"""

from dataclasses import replace
from types import MappingProxyType

from handlers.core.keyboards import shorten
from handlers.core.turn import Turn
from handlers.forms import consent, leaving, putting_off, signatures
from handlers.forms.asking import (
    ask_again,
    ask_back,
    ask_what_to_change,
    current,
    explain,
    form_of,
    others_came_between,
    refuse,
    remind,
    wait,
    what,
)
from handlers.forms.choices import chosen, skipped
from handlers.forms.form_buttons import NOTICE, RECAP, TEXT, cancel_keyboard
from handlers.forms.soundness import row_of, sound_draft
from handlers.forms.steps import Answers, Form, RefusedError, Step
from handlers.forms.words import (
    asks_to_repeat,
    calls_for_help,
    can_wait,
    confirms_name,
    declines,
    keeps,
    keeps_all,
    keeps_doubted,
    may_be_a_question,
    means_to_leave,
    resumes,
    revises,
    says_no,
    sounds_like_a_question,
    step_back,
    step_named,
    wants_to_stop,
)
from knowledge.text.signs import plain_signs
from storage.records.drafts import Draft

# In characters: what is left out of a text is named, not repeated.
_LONGEST_LINE = 60
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
    "open_with",
    "remind",
    "reopen",
    "row_of",
    "sounds_like_a_question",
    "take_beside",
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
    """Open a form at its recap; with ``changes``, the number of a request, ask what to change.

    ``answered`` is a step, and the message in which its answer was typed.
    """
    draft = Draft((await turn.person()).id, form.name, RECAP, subject, dict(answers))
    step, message_id = answered or (None, None)
    draft = replace(draft, changes=changes, answered_step=step, answered_in=message_id)
    if changes is None:
        await _open(turn, draft)
    else:
        await _open_to_change(turn, draft)


async def _open_to_change(turn: Turn, draft: Draft) -> None:
    """Ask what to change first; a change of the same request goes on where it was."""
    under_way = await current(turn)
    if under_way is None:
        ask_what_to_change(turn, sound_draft(turn, form_of(turn, draft), draft))
    elif (under_way.form, under_way.changes) == (draft.form, draft.changes):
        ask_again(turn, under_way)
    else:
        _offer_to_go_on(turn, under_way)


async def open_at(
    turn: Turn, form: Form, subject: str, step: str, answers: Answers = MappingProxyType({})
) -> None:
    """Open a form at one of its questions, without the notice."""
    await _open(turn, Draft((await turn.person()).id, form.name, step, subject, dict(answers)))


async def open_with(turn: Turn, draft: Draft, given: Answers) -> None:
    """Open a form as if an answer were typed into it: a slip is asked about, then it goes on."""
    under_way = await current(turn)
    if under_way and (under_way.form, under_way.subject) != (draft.form, draft.subject):
        _offer_to_go_on(turn, under_way)
    else:
        await _take_given(turn, draft, given)


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
    elif can_wait(turn, draft, text):
        await _put_off(turn, draft, text)
    elif wants_to_stop(turn, draft, text):
        await leaving.leave(turn, draft)
    elif keeps_doubted(turn, draft, text):
        await go_on(turn, draft)
    elif revises(turn, draft, text):
        await _revise(turn, replace(draft, reminded=False), text)
    elif draft.step in (NOTICE, RECAP) and resumes(text):
        ask_again(turn, draft)
    else:
        await _hear_answer(turn, draft, text)


async def _put_off(turn: Turn, draft: Draft, text: str) -> None:
    """Go on without the answer that is put off; where there must be one, let the form wait."""
    if not putting_off.puts_off(turn, draft, text) or not putting_off.is_skipped(turn, draft):
        wait(turn, draft)
        return
    kept = draft.answers.get(draft.step, "")
    turn.begin_with(TEXT("put_off", kept=kept))
    await _take_given(turn, draft, {draft.step: kept})


async def _hear_answer(turn: Turn, draft: Draft, text: str) -> None:
    if draft.step in (NOTICE, RECAP) and (held := form_of(turn, draft).held_in(text)):
        # An answer that nobody asked for now: it is kept, and the form goes on.
        await _take(turn, replace(draft, step=held.key, reminded=False), text)
    elif not draft.reminded and (declines(turn, draft, text) or keeps_all(draft, text)):
        await leaving.give_up(turn, draft)
    elif draft.reminded or says_no(draft, text) or asks_to_repeat(text):
        # A yes here may answer another message of the bot: show the step again instead.
        ask_again(turn, draft)
    elif keeps(draft, text):
        await go_on(turn, draft)
    elif step := step_back(turn, draft, text):
        ask_again(turn, replace(draft, step=step))
    elif named := step_named(turn, draft, text):
        ask_again(turn, replace(draft, step=named, editing=True))
    elif draft.step == RECAP:
        await hand_over(turn, draft)
    elif draft.step == NOTICE:
        await go_on(turn, draft, named=await others_came_between(turn, draft))
    else:
        await _take(turn, draft, text)


async def _revise(turn: Turn, draft: Draft, text: str) -> None:
    """Put answers right by a text typed at the recap, and show the recap again."""
    given = form_of(turn, draft).revised(draft, text)
    typed = turn.update.effective_message
    first = next(iter(given))
    draft = replace(draft, step=first, answered_step=first)
    draft = replace(draft, answered_in=typed.message_id if typed else None)
    await _take_given(turn, draft, given)


async def take_beside(turn: Turn, draft: Draft, text: str) -> bool:
    """Take an answer that was given for another step than the present one; False if none takes it.

    The present step is asked again, unless it was its answer.
    """
    held = form_of(turn, draft).held_in(text)
    if held is None:
        return False
    at_it = form_of(turn, draft).by_key.get(draft.step)
    step = at_it if at_it is not None and at_it.holds(text) else held
    await _take(turn, replace(draft, step=step.key, reminded=False, leaving=False), text)
    return True


async def correct(turn: Turn, draft: Draft, text: str) -> None:
    """Take the edit of the last typed answer as the answer of its step."""
    step, now = draft.answered_step, replace(draft, unsure=None, leaving=False, reminded=False)
    is_word = can_wait(turn, now, text) or wants_to_stop(turn, now, text)
    if calls_for_help(text) or is_word or step_back(turn, now, text):
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
        given = _read(turn, draft, step, text)
    except RefusedError as refused:
        refuse(turn, form.merge(draft, step.key, refused.given), refused)
        return
    if step.key in given and may_be_a_question(turn, draft, text):
        ask_back(turn, draft, given[step.key])
        return
    _say_how_it_was_read(turn, step, text, given)
    await _take_given(turn, draft, given)


def _say_how_it_was_read(turn: Turn, step: Step, text: str, given: Answers) -> None:
    """Read an answer back at once where it is not as it was typed, or not what was asked for."""
    contact = given.get("contact", "")
    if step.key not in given and step.is_name:
        turn.begin_with(TEXT("kept_for_later", value=contact))
    elif "@" in contact and contact.casefold() not in plain_signs(text).casefold():
        turn.begin_with(TEXT("read_as", value=contact))
    if not step.free_text and (lines := signatures.left_out(text, given)):
        turn.begin_with(TEXT("left_out", lines=[shorten(each, _LONGEST_LINE) for each in lines]))


async def take_name(turn: Turn, draft: Draft, name: str) -> None:
    """Accept the text that the bot asked back about as the name."""
    await _take_given(turn, draft, {draft.step: name})


async def _take_given(turn: Turn, draft: Draft, given: Answers) -> None:
    form = form_of(turn, draft)
    merged = form.merge(draft, draft.step, given)
    if doubted := _doubted(form, draft, given):
        key, meant = doubted
        ask_back(turn, replace(merged, step=key), meant)
        return
    await go_on(turn, merged, named=await others_came_between(turn, draft))


def _doubted(form: Form, draft: Draft, given: Answers) -> tuple[str, str] | None:
    """Return the step whose new answer looks like a slip, and what was probably meant."""
    for key, value in given.items():
        # An answer that was kept once is doubted no more.
        is_new = key in form.by_key and draft.answers.get(key) != value
        if is_new and (meant := form.by_key[key].doubts(value)):
            return key, meant
    return None


def _read(turn: Turn, draft: Draft, step: Step, text: str) -> Answers:
    """Return the answers that a text holds for a step; RefusedError if there is none."""
    text = plain_signs(text)
    if not step.holds(text):
        found = skipped(draft, step, text) or chosen(turn, form_of(turn, draft), draft, step, text)
        if found is not None:
            return found
    return step.read(text, draft.answers)


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
    if not consent.stands(turn, form, checked) and not await form.is_gone(turn, checked):
        turn.begin_with(TEXT("consent_changed"))
        ask_again(turn, replace(checked, step=RECAP))
        return
    await turn.work.drafts.discard(draft.person_id)
    await form.submit(turn, checked)
