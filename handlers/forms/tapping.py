"""The buttons of all forms: each is answered for the step that it was shown at."""

from dataclasses import replace

from telegram import Update

from handlers.core.authority import Authority, requires
from handlers.core.routing import Handler, tap
from handlers.core.turn import BotContext, Turn
from handlers.forms import leaving
from handlers.forms.asking import ask_again, current, form_of, question
from handlers.forms.engine import go_on, hand_over, take_name
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
    change_keyboard,
)
from handlers.forms.soundness import may_ask
from handlers.forms.steps import Form
from storage.records.drafts import Draft


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
        await go_on(context.turn, draft)
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
    if value and value not in form.offers(turn.services, draft, step):
        _refuse_tap(turn, draft, value)
        return
    merged = form.merge(draft, key, {key: value})
    turn.rewrite(_answered(form, key, value, question(turn, merged, step)))
    await go_on(turn, merged)


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
        await go_on(turn, draft)
    else:
        turn.toast(TEXT.label("step_passed"))


@requires(Authority.PERSON)
async def confirm_name(update: Update, context: BotContext) -> None:
    """Accept the text that the bot asked back about as the name, by a tap."""
    turn = context.turn
    draft = await _under_the_tap(turn)
    if draft and draft.unsure and draft.step == Confirm.of(update).step:
        await take_name(turn, draft, draft.unsure)
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
    """Submit the complete form; a later tap says what became of it."""
    turn, tapped = context.turn, Submit.of(update)
    draft = await current(turn)
    if draft is None or draft.subject != tapped.subject or tapped.form not in ("", draft.form):
        await say_ended(turn, tapped.form, tapped.subject)
    elif draft.step != RECAP:
        turn.toast(TEXT.label("incomplete"))
        ask_again(turn, draft)
    else:
        await hand_over(turn, draft)


async def say_ended(turn: Turn, name: str, subject: str) -> None:
    """Say what became of the form of an old recap, and take its buttons away."""
    form = turn.services.forms.get(name)
    if isinstance(form, Form) and form.ended is not None:
        turn.toast(await form.ended(turn, subject), alert=True)
    else:
        turn.toast(TEXT.label("ended"), alert=True)
    turn.remove_buttons()


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
