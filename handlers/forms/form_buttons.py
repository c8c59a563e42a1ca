"""The buttons of all forms. Each carries the step it was shown for: old buttons are recognised."""

from dataclasses import dataclass

from handlers.core.callback_data import CallbackData, FormName, ItemId, StepKey
from handlers.core.keyboards import Button, Keyboard, button, column, rows
from handlers.forms.steps import Form, Step
from handlers.messages import Catalogue
from storage.records.drafts import Draft

TEXT = Catalogue.of("forms")
NOTICE = "notice"
RECAP = "recap"


@dataclass(frozen=True)
class Begin(CallbackData, prefix="fb", few=True):
    """Start after the information notice."""


@dataclass(frozen=True)
class Pick(CallbackData, prefix="fp", few=True):
    """One of the choices of a step."""

    step: StepKey
    value: StepKey


@dataclass(frozen=True)
class Skip(CallbackData, prefix="fs", few=True):
    """Skip an optional step."""

    step: StepKey


@dataclass(frozen=True)
class ChooseChange(CallbackData, prefix="fm"):
    """The list of answers that can be changed from the recap."""


@dataclass(frozen=True)
class AnswerAnew(CallbackData, prefix="fe"):
    """Change one answer."""

    step: StepKey


@dataclass(frozen=True)
class Keep(CallbackData, prefix="fk", few=True):
    """Keep the present answer of a step; with ``RECAP``, all answers."""

    step: StepKey


@dataclass(frozen=True)
class Confirm(CallbackData, prefix="fc", few=True):
    """Confirm that the text the bot asked back about is the name."""

    step: StepKey


@dataclass(frozen=True)
class Submit(CallbackData, prefix="fv"):
    """Confirm the recap; form and subject show whether a later tap is for the same one."""

    subject: ItemId
    form: FormName = ""


@dataclass(frozen=True)
class Cancel(CallbackData, prefix="fx", few=True):
    """Give the form up: the first tap (``sure`` false) asks for confirmation."""

    sure: bool


@dataclass(frozen=True)
class Resume(CallbackData, prefix="fr"):
    """Continue the form under way."""


def notice_keyboard() -> Keyboard:
    """Return the buttons under the information notice."""
    return rows([button(TEXT.label("begin"), Begin())], [_cancel()])


def step_keyboard(form: Form, step: Step, draft: Draft, offered: tuple[str, ...]) -> Keyboard:
    """Return the choices of a step, then skip, keep and back where they apply, and cancel."""
    choices = [
        [button(form.text.label(f"choice_{step.key}_{value}"), Pick(step.key, value))]
        for value in offered
    ]
    skip = [button(TEXT.label("skip"), Skip(step.key))] if step.optional else []
    keep = [button(TEXT.label("keep"), Keep(step.key))] if step.key in draft.answers else []
    return rows(*choices, skip, keep, _back(form, draft), [_cancel()])


def sure_keyboard(form: Form, step: Step) -> Keyboard:
    """Return yes and no for the question whether a text is the name, or what was meant."""
    kept = f"label_{step.key}_kept"
    is_doubt = kept in form.text.names
    return column(
        [
            button(form.text.label(f"label_{step.key}_sure"), Confirm(step.key)),
            button(form.text.label(kept), Keep(step.key))
            if is_doubt
            else button(TEXT.label("not_so"), Resume()),
        ]
    )


def recap_keyboard(form: Form, draft: Draft) -> Keyboard:
    """Return the buttons of the recap: submit, the form's own, change an answer, cancel."""
    own = form.text
    change = own if "label_change" in own.names else TEXT
    # Whoever declines at the recap of a short form need not be asked whether to give it up.
    decline = (
        button(own.label("label_decline"), Cancel(sure=True))
        if "label_decline" in own.names
        else _cancel()
    )
    return rows(
        [button(submit_label(form, draft), Submit(draft.subject, form.name))],
        *([each] for each in form.recap_more(draft)),
        [button(change.label("label_change" if change is own else "change"), ChooseChange())],
        [decline],
    )


def submit_label(form: Form, draft: Draft) -> str:
    """Return the label of the button that sends the form."""
    return TEXT.label("save_changes") if draft.changes else form.text.label("submit")


def change_keyboard(form: Form, steps: tuple[Step, ...]) -> Keyboard:
    """Return one button for each answer that can be changed, and the way back to the recap."""
    return column([*_answers(form, steps), button(TEXT.label("back_to_recap"), Keep(RECAP))])


def first_change_keyboard(form: Form, steps: tuple[Step, ...]) -> Keyboard:
    """Return one button for each answer of a request to change, and one to change nothing."""
    return column([*_answers(form, steps), button(TEXT.label("keep_all"), Cancel(sure=True))])


def _answers(form: Form, steps: tuple[Step, ...]) -> list[Button]:
    return [button(form.text.label(f"label_{step.key}"), AnswerAnew(step.key)) for step in steps]


def cancel_keyboard() -> Keyboard:
    """Return the two answers to whether to give the form up: continue or cancel."""
    return column(
        [
            button(TEXT.label("resume"), Resume()),
            button(TEXT.label("cancel_sure"), Cancel(sure=True)),
        ]
    )


def reminder_keyboard() -> Keyboard:
    """Return the buttons under a reminder: continue the form, or cancel it."""
    return column([button(TEXT.label("resume"), Resume()), _cancel()])


def _back(form: Form, draft: Draft) -> list[Button]:
    before = form.step_before(draft)
    if before is None:
        return []
    named = f"label_return_{before.key}"
    label = form.text.label(named) if named in form.text.names else TEXT.label("question_before")
    return [button(label, AnswerAnew(before.key))]


def _cancel() -> Button:
    return button(TEXT.label("cancel"), Cancel(sure=False))
