"""The buttons of all forms. Each carries the step it was shown for, so that an old one is known."""

from dataclasses import dataclass

from handlers.core.callback_data import CallbackData
from handlers.core.keyboards import Button, Keyboard, button, column, rows
from handlers.forms.steps import Form, Step
from handlers.messages import Catalogue
from storage.records.drafts import Draft

TEXT = Catalogue.of("forms")
NOTICE = "notice"
RECAP = "recap"


@dataclass(frozen=True)
class Begin(CallbackData, prefix="fb", few=True):
    """The information notice was read."""


@dataclass(frozen=True)
class Pick(CallbackData, prefix="fp", few=True):
    """One of the choices of a step."""

    step: str
    value: str


@dataclass(frozen=True)
class Skip(CallbackData, prefix="fs", few=True):
    """No answer to an optional step."""

    step: str


@dataclass(frozen=True)
class ChooseChange(CallbackData, prefix="fm"):
    """The list of answers that can be changed from the recap."""


@dataclass(frozen=True)
class AnswerAnew(CallbackData, prefix="fe"):
    """One answer to give anew."""

    step: str


@dataclass(frozen=True)
class Keep(CallbackData, prefix="fk", few=True):
    """An answer shown again stays as it is; ``RECAP``: all of them."""

    step: str


@dataclass(frozen=True)
class Confirm(CallbackData, prefix="fc", few=True):
    """The words that were asked back are the name."""

    step: str


@dataclass(frozen=True)
class Submit(CallbackData, prefix="fv"):
    """The explicit yes under the recap; the subject tells a second tap what the first one did."""

    subject: str


@dataclass(frozen=True)
class Cancel(CallbackData, prefix="fx", few=True):
    """Give the form up: asked once more (``sure`` false), then done."""

    sure: bool


@dataclass(frozen=True)
class Resume(CallbackData, prefix="fr"):
    """Go on with the form under way."""


def notice_keyboard() -> Keyboard:
    """Return the buttons under the information notice."""
    return rows([button(TEXT.label("begin"), Begin())], [_cancel()])


def step_keyboard(form: Form, step: Step, draft: Draft, offered: tuple[str, ...]) -> Keyboard:
    """Return the choices of a step, ways past it and back where there are, and a way out."""
    choices = [
        [button(form.text.label(f"choice_{step.key}_{value}"), Pick(step.key, value))]
        for value in offered
    ]
    skip = [button(TEXT.label("skip"), Skip(step.key))] if step.optional else []
    keep = [button(TEXT.label("keep"), Keep(step.key))] if step.key in draft.answers else []
    return rows(*choices, skip, keep, _back(form, draft), [_cancel()])


def sure_keyboard(form: Form, step: Step) -> Keyboard:
    """Return the yes and the no to whether some words are the name."""
    return column(
        [
            button(form.text.label(f"label_{step.key}_sure"), Confirm(step.key)),
            button(TEXT.label("not_so"), Resume()),
        ]
    )


def recap_keyboard(form: Form, subject: str) -> Keyboard:
    """Return the explicit yes, the way back to an answer, and the way out."""
    return rows(
        [button(form.text.label("submit"), Submit(subject))],
        [button(TEXT.label("change"), ChooseChange())],
        [_cancel()],
    )


def change_keyboard(form: Form, steps: tuple[Step, ...]) -> Keyboard:
    """Return the answers that can be given anew."""
    options = [button(form.text.label(f"label_{step.key}"), AnswerAnew(step.key)) for step in steps]
    return column([*options, button(TEXT.label("back_to_recap"), Keep(RECAP))])


def cancel_keyboard() -> Keyboard:
    """Return the question whether to give the form up."""
    return column(
        [
            button(TEXT.label("resume"), Resume()),
            button(TEXT.label("cancel_sure"), Cancel(sure=True)),
        ]
    )


def reminder_keyboard() -> Keyboard:
    """Return the way on in a form that was not shown again, and the way out."""
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
