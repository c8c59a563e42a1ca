"""The engine of all forms: begin, check answers, go to the next step, submit."""

from dataclasses import replace

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms import leaving
from handlers.forms.asking import (
    ask_again,
    ask_back,
    current,
    explain,
    form_of,
    others_came_between,
    question,
    refuse,
    remind,
    what,
)
from handlers.forms.form_buttons import (
    NOTICE,
    RECAP,
    TEXT,
    AnswerAnew,
    Begin,
    ChooseChange,
    Confirm,
    Keep,
    Pick,
    Resume,
    Skip,
    Submit,
    cancel_keyboard,
    change_keyboard,
)
from handlers.forms.soundness import may_ask, row_of, sound
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
    "HANDLERS",
    "ask_again",
    "begin",
    "correct",
    "current",
    "hear",
    "may_be_a_question",
    "open_at",
    "remind",
    "reopen",
    "row_of",
    "sounds_like_a_question",
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
        ask_again(turn, sound(turn, form, draft))
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
        ask_again(turn, sound(turn, form_of(turn, draft), draft))


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
        await _go_on(turn, draft)
    elif step := step_back(turn, draft, text):
        ask_again(turn, replace(draft, step=step))
    elif draft.step == RECAP:
        await _hand_over(turn, draft)
    elif draft.step == NOTICE:
        await _go_on(turn, draft, named=await others_came_between(turn, draft))
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
        await _take_name(turn, draft, draft.unsure)
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


async def _take_name(turn: Turn, draft: Draft, name: str) -> None:
    """Accept the text that the bot asked back about as the name."""
    await _take_given(turn, draft, {draft.step: name})


async def _take_given(turn: Turn, draft: Draft, given: Answers) -> None:
    named = await others_came_between(turn, draft)
    merged = form_of(turn, draft).merge(draft, draft.step, given)
    await _go_on(turn, merged, named=named)


def _by_words(turn: Turn, draft: Draft, step: Step, text: str) -> dict[str, str] | None:
    """Return the choice typed by its label or number, or a typed skip; None for other texts."""
    form, typed = form_of(turn, draft), normalise(text)
    offered = form.offers(turn, draft, step)
    words = {
        value: normalise(form.text.label(f"choice_{step.key}_{value}")) for value in step.choices
    }
    for number, value in enumerate(offered, 1):
        if typed in {str(number), words[value]}:
            return {step.key: value}
    for value in step.choices:
        if typed == words[value]:
            raise RefusedError(f"bad_{step.key}_{value}")
    return {step.key: ""} if step.optional and typed == normalise(TEXT.label("skip")) else None


async def _go_on(turn: Turn, draft: Draft, *, named: bool = False) -> None:
    form = form_of(turn, draft)
    step = form.next_step(draft.answers)
    if step is None and not form.confirms:
        await _hand_over(turn, draft)
        return
    key = step.key if step else RECAP
    # Reaching the recap ends the change of a single answer.
    editing = draft.editing and key != RECAP
    ask_again(turn, replace(draft, step=key, editing=editing), named=named)


async def _under_the_tap(turn: Turn) -> Draft | None:
    """Return the draft under way for a tapped button; say so if the form has ended."""
    draft = await current(turn)
    if draft is None:
        turn.toast(TEXT.label("ended"), alert=True)
    return draft


@requires(Authority.PERSON)
async def start_asking(_update: Update, context: BotContext) -> None:
    """Ask the first question after the notice."""
    draft = await _under_the_tap(context.turn)
    if draft and draft.step == NOTICE:
        await _go_on(context.turn, draft)
    elif draft:
        ask_again(context.turn, draft)


@requires(Authority.PERSON)
async def pick(update: Update, context: BotContext) -> None:
    """Take a tapped choice as the answer of its step."""
    choice = Pick.of(update)
    await _answer_by_tap(context.turn, choice.step, choice.value)


@requires(Authority.PERSON)
async def skip(update: Update, context: BotContext) -> None:
    """Leave an optional step without an answer."""
    await _answer_by_tap(context.turn, Skip.of(update).step, "")


async def _answer_by_tap(turn: Turn, key: str, value: str) -> None:
    draft = await _under_the_tap(turn)
    if draft is None:
        return
    if draft.step != key or key not in form_of(turn, draft).by_key:
        turn.toast(TEXT.label("step_passed"))
        return
    form = form_of(turn, draft)
    step = form.by_key[key]
    if not value and not step.optional:
        _expire(turn, draft)
        return
    # A choice that is no longer offered may be kept, and not be chosen anew.
    if value and value not in form.offers(turn, draft, step):
        _refuse_tap(turn, draft, value)
        return
    merged = form.merge(draft, key, {key: value})
    turn.rewrite(_answered(form, key, value, question(turn, merged, step)))
    await _go_on(turn, merged)


def _expire(turn: Turn, draft: Draft) -> None:
    """Answer a button that the present step does not show, and show the step."""
    turn.toast(TEXT.label("not_active"), alert=True)
    ask_again(turn, draft)


def _refuse_tap(turn: Turn, draft: Draft, value: str) -> None:
    """Say that a choice is no longer offered, and show the current choices."""
    name = f"bad_{draft.step}_{value}"
    text = form_of(turn, draft).text
    turn.toast(text.label(name) if name in text.names else TEXT.label("not_offered"), alert=True)
    ask_again(turn, draft)


def _answered(form: Form, key: str, value: str, question_text: str) -> str:
    if not value:
        return TEXT("passed", question=question_text)
    return TEXT("answered", question=question_text, chosen=form.text.label(f"choice_{key}_{value}"))


@requires(Authority.PERSON)
async def choose_change(_update: Update, context: BotContext) -> None:
    """Show which answers can be changed."""
    turn = context.turn
    draft = await _under_the_tap(turn)
    if draft is None:
        return
    form = form_of(turn, draft)
    steps = tuple(step for step in form.steps if step.key in draft.answers)
    if draft.step == NOTICE or not steps:
        _expire(turn, draft)
    elif len(form.steps) == 1:
        ask_again(turn, replace(draft, step=steps[0].key, editing=True))
    else:
        turn.rewrite(TEXT("which_change"), change_keyboard(form, steps))


@requires(Authority.PERSON)
async def change(update: Update, context: BotContext) -> None:
    """Ask one question again; all answers stay, this one until it is replaced."""
    turn = context.turn
    draft = await _under_the_tap(turn)
    step = AnswerAnew.of(update).step
    if draft is None:
        return
    if draft.step == NOTICE or step == RECAP or not may_ask(form_of(turn, draft), draft, step):
        _expire(turn, draft)
    else:
        editing = draft.editing or draft.step == RECAP
        ask_again(turn, replace(draft, step=step, editing=editing))


@requires(Authority.PERSON)
async def keep(update: Update, context: BotContext) -> None:
    """Keep an answer, and go to the first question without one, or to the recap."""
    turn, step = context.turn, Keep.of(update).step
    draft = await _under_the_tap(turn)
    if draft is None:
        return
    has_answer = step == RECAP or step in draft.answers
    if draft.step == NOTICE or (step == draft.step and not has_answer):
        _expire(turn, draft)
    elif step in (draft.step, RECAP):
        await _go_on(turn, draft)
    else:
        turn.toast(TEXT.label("step_passed"))


@requires(Authority.PERSON)
async def confirm_name(update: Update, context: BotContext) -> None:
    """Accept the text that the bot asked back about as the name, by a tap."""
    turn = context.turn
    draft = await _under_the_tap(turn)
    if draft and draft.unsure and draft.step == Confirm.of(update).step:
        await _take_name(turn, draft, draft.unsure)
    elif draft:
        turn.toast(TEXT.label("step_passed"))


@requires(Authority.PERSON)
async def resume(_update: Update, context: BotContext) -> None:
    """Show the current step again."""
    draft = await _under_the_tap(context.turn)
    if draft:
        ask_again(context.turn, draft)


@requires(Authority.PERSON)
async def submit(update: Update, context: BotContext) -> None:
    """Submit the complete form; a second tap says that it was submitted."""
    turn, subject = context.turn, Submit.of(update).subject
    draft = await current(turn)
    if draft is None or draft.subject != subject:
        turn.toast(TEXT.label("already_submitted" if draft is None else "ended"))
    elif draft.step != RECAP:
        turn.toast(TEXT.label("incomplete"))
        ask_again(turn, draft)
    else:
        await _hand_over(turn, draft)


async def _hand_over(turn: Turn, draft: Draft) -> None:
    """Submit a form; if an answer is missing or not accepted, ask for it instead."""
    form = form_of(turn, draft)
    checked = sound(turn, form, draft)
    missing = form.next_step(checked.answers)
    if missing is not None:
        ask_again(turn, replace(checked, step=missing.key))
        return
    await turn.work.drafts.discard(draft.person_id)
    await form.submit(turn, checked)


HANDLERS: tuple[Handler, ...] = (
    tap(Begin, start_asking),
    tap(Pick, pick),
    tap(Skip, skip),
    tap(ChooseChange, choose_change),
    tap(AnswerAnew, change),
    tap(Keep, keep),
    tap(Confirm, confirm_name),
    tap(Resume, resume),
    tap(Submit, submit),
    *leaving.HANDLERS,
)
