"""The one place where a form asks, checks, asks again, and ends."""

from dataclasses import replace

from telegram import Update

from handlers.authority import Authority, requires
from handlers.forms.buttons import (
    NOTICE,
    RECAP,
    TEXT,
    Begin,
    Cancel,
    Change,
    ChooseChange,
    Pick,
    Resume,
    Skip,
    Submit,
    cancel_keyboard,
    change_keyboard,
    notice_keyboard,
    recap_keyboard,
    step_keyboard,
)
from handlers.forms.steps import Answers, Form, RefusedError
from handlers.routing import Handler, command, tap
from handlers.turn import BotContext, Turn
from knowledge.normalising import normalise
from storage.drafts import Draft

_FORMS: dict[str, Form] = {}


def register(form: Form) -> Form:
    """Make a form known by its name, which drafts are kept under."""
    _FORMS[form.name] = form
    return form


async def current(turn: Turn) -> Draft | None:
    """Return the form under way; None also for one that this version of the bot does not have."""
    draft = await turn.work.drafts.of((await turn.person()).id)
    return draft if draft and draft.form in _FORMS else None


async def begin(turn: Turn, form: Form, subject: str, answers: Answers) -> None:
    """Start a form at its notice, or offer to go on with the one under way."""
    under_way = await current(turn)
    if under_way is None:
        person = await turn.person()
        draft = Draft(person.id, form.name, NOTICE, subject, dict(answers))
        await _save(turn, draft)
        await ask_again(turn, draft)
    elif (under_way.form, under_way.subject) == (form.name, subject):
        await ask_again(turn, under_way)
    else:
        await turn.say(_under_way(turn, under_way), cancel_keyboard())


async def reopen(turn: Turn, form: Form, subject: str, answers: Answers) -> None:
    """Open a form that was handed over before at its recap, to change an answer."""
    under_way = await current(turn)
    if under_way is not None and (under_way.form, under_way.subject) != (form.name, subject):
        await turn.say(_under_way(turn, under_way), cancel_keyboard())
        return
    person = await turn.person()
    draft = Draft(person.id, form.name, RECAP, subject, dict(answers))
    await _save(turn, draft)
    await ask_again(turn, draft)


async def open_at(turn: Turn, form: Form, subject: str, step: str) -> None:
    """Open a form at one of its questions, without the notice."""
    under_way = await current(turn)
    if under_way is not None and (under_way.form, under_way.subject) != (form.name, subject):
        await turn.say(_under_way(turn, under_way), cancel_keyboard())
        return
    draft = Draft((await turn.person()).id, form.name, step, subject, {})
    await _save(turn, draft)
    await ask_again(turn, draft)


def _under_way(turn: Turn, draft: Draft) -> str:
    form = _FORMS[draft.form]
    return TEXT("under_way", what=form.text.label("what", **form.subject(turn, draft)))


async def ask_again(turn: Turn, draft: Draft) -> None:
    """Say again where the form stands: the notice, a question, or the recap."""
    form = _FORMS[draft.form]
    values = form.subject(turn, draft) | {"answers": draft.answers, "turn": turn}
    if draft.step == NOTICE:
        await turn.say(form.text("notice", **values), notice_keyboard())
    elif draft.step == RECAP:
        await turn.say(form.text("recap", **values), recap_keyboard(form, draft.subject))
    else:
        step = form.by_key[draft.step]
        await turn.say(form.text(f"ask_{step.key}", **values), step_keyboard(form, step))


def sounds_like_a_question(text: str, draft: Draft) -> bool:
    """Tell whether a text typed during a form asks something instead of answering."""
    step = _FORMS[draft.form].by_key.get(draft.step)
    if step is None:
        return not _is_yes(text)
    return text.rstrip().endswith("?") and not step.free_text


def _is_yes(text: str) -> bool:
    return normalise(text) in {normalise(word) for word in TEXT.label("yes_words").split(",")}


async def hear(turn: Turn, draft: Draft, text: str) -> None:
    """Take a typed text as the answer of the step under way; a yes where one is asked for."""
    if draft.step == NOTICE:
        await _go_on(turn, draft)
        return
    if draft.step == RECAP:
        await _hand_over(turn, draft)
        return
    form = _FORMS[draft.form]
    step = form.by_key[draft.step]
    try:
        given = _by_words(form, draft.step, text) or step.check(text, draft.answers)
    except RefusedError as refused:
        await turn.say(form.text(refused.reason, **refused.values), step_keyboard(form, step))
        return
    await _go_on(turn, replace(draft, answers=form.merge(draft.answers, step.key, given)))


def _by_words(form: Form, key: str, text: str) -> dict[str, str] | None:
    """Accept a choice typed out, by its words or its number, and a typed skip."""
    step = form.by_key[key]
    typed = normalise(text)
    for number, value in enumerate(step.choices, 1):
        if typed in {str(number), normalise(form.text.label(f"choice_{key}_{value}"))}:
            return {key: value}
    return {key: ""} if step.optional and typed == normalise(TEXT.label("skip")) else None


async def _go_on(turn: Turn, draft: Draft) -> None:
    form = _FORMS[draft.form]
    step = form.next_step(draft.answers)
    if step is None and not form.confirms:
        await _hand_over(turn, draft)
        return
    draft = replace(draft, step=step.key if step else RECAP)
    await _save(turn, draft)
    await ask_again(turn, draft)


async def _save(turn: Turn, draft: Draft) -> None:
    await turn.work.drafts.save(draft)


async def _under_the_tap(turn: Turn) -> Draft | None:
    """Return the form whose button was tapped; say so where it has ended."""
    draft = await current(turn)
    if draft is None:
        turn.toast(TEXT.label("ended"), alert=True)
    return draft


@requires(Authority.PERSON)
async def start_asking(_update: Update, context: BotContext) -> None:
    """Ask the first question, once the notice was read."""
    draft = await _under_the_tap(context.turn)
    if draft and draft.step == NOTICE:
        await _go_on(context.turn, draft)
    elif draft:
        await ask_again(context.turn, draft)


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
    if draft.step != key:
        turn.toast(TEXT.label("step_passed"))
        return
    form = _FORMS[draft.form]
    answers = form.merge(draft.answers, key, {key: value})
    chosen = form.text.label(f"choice_{key}_{value}") if value else TEXT.label("skipped")
    question = form.text(f"ask_{key}", **form.subject(turn, draft), answers=answers, turn=turn)
    await turn.rewrite(TEXT("answered", question=question, chosen=chosen))
    await _go_on(turn, replace(draft, answers=answers))


@requires(Authority.PERSON)
async def choose_change(_update: Update, context: BotContext) -> None:
    """Show which answers can be given anew."""
    turn = context.turn
    draft = await _under_the_tap(turn)
    if draft:
        form = _FORMS[draft.form]
        steps = tuple(step for step in form.steps if step.applies(draft.answers))
        await turn.rewrite(TEXT("which_change"), change_keyboard(form, steps))


@requires(Authority.PERSON)
async def change(update: Update, context: BotContext) -> None:
    """Ask one question anew; all other answers stay, and the old one until it is replaced."""
    turn = context.turn
    draft = await _under_the_tap(turn)
    step = Change.of(update).step
    if draft and step in _FORMS[draft.form].by_key:
        draft = replace(draft, step=step)
        await _save(turn, draft)
        await ask_again(turn, draft)


@requires(Authority.PERSON)
async def resume(_update: Update, context: BotContext) -> None:
    """Go on where the form stands."""
    turn = context.turn
    draft = await _under_the_tap(turn)
    if draft is None:
        return
    step = _FORMS[draft.form].next_step(draft.answers)
    if draft.step != NOTICE and step is None:
        draft = replace(draft, step=RECAP)
        await _save(turn, draft)
    await ask_again(turn, draft)


@requires(Authority.PERSON)
async def submit(update: Update, context: BotContext) -> None:
    """Hand the complete form over; a second tap finds it done."""
    turn, subject = context.turn, Submit.of(update).subject
    draft = await current(turn)
    if draft is None or draft.step != RECAP or draft.subject != subject:
        turn.toast(TEXT.label("already_submitted" if draft is None else "ended"))
        return
    await _hand_over(turn, draft)


async def _hand_over(turn: Turn, draft: Draft) -> None:
    await turn.work.drafts.discard(draft.person_id)
    await _FORMS[draft.form].submit(turn, draft)


@requires(Authority.PERSON)
async def cancel_by_tap(update: Update, context: BotContext) -> None:
    """Ask once whether to give up, then do it: a slip of the thumb must not lose a form."""
    turn = context.turn
    if Cancel.of(update).sure:
        await _give_up(turn)
    elif await _under_the_tap(turn):
        await turn.say(TEXT("cancel_question"), cancel_keyboard())


@requires(Authority.PERSON)
async def cancel(_update: Update, context: BotContext) -> None:
    """Give the form up at once: somebody who types /annuler means it."""
    await _give_up(context.turn)


async def _give_up(turn: Turn) -> None:
    discarded = await turn.work.drafts.discard((await turn.person()).id)
    await turn.say(TEXT("cancelled" if discarded else "nothing_to_cancel"))


HANDLERS: tuple[Handler, ...] = (
    command("annuler", cancel),
    tap(Begin, start_asking),
    tap(Pick, pick),
    tap(Skip, skip),
    tap(ChooseChange, choose_change),
    tap(Change, change),
    tap(Resume, resume),
    tap(Submit, submit),
    tap(Cancel, cancel_by_tap),
)
