"""The parts of a form: its steps, their checks, and the form itself."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol, TypeAlias

from handlers.core.keyboards import Button
from handlers.core.turn import Turn
from handlers.messages import Catalogue
from knowledge.text.signs import plain_signs
from storage.records.drafts import Draft

Answers: TypeAlias = Mapping[str, str]


class RefusedError(Exception):
    """Raised for an answer that a step does not accept; ``reason`` names the message to show.

    ``given`` are answers to other steps that the text held: they are kept.
    """

    def __init__(
        self, reason: str, *, given: Answers = MappingProxyType({}), **values: object
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.given = given
        self.values = values


Check: TypeAlias = Callable[[str, Answers], dict[str, str]]


def always(_answers: Answers) -> bool:
    """Apply to every set of earlier answers."""
    return True


def nothing(_text: str) -> bool:
    """Find an answer in no text: only the whole text is one."""
    return False


def undoubted(_value: str) -> str | None:
    """Doubt no answer."""
    return None


@dataclass(frozen=True, slots=True)
class Step:
    """One question of a form.

    ``check`` takes the typed text and the answers so far, and returns the answers found
    (its own key, and other keys if the text answers more); it raises RefusedError if there is none.
    ``resets`` are keys whose answers become void when this one changes.
    ``choices`` are values shown as buttons, labelled ``choice_<key>_<value>`` in the catalogue.
    A step with ``is_name`` asks for confirmation (``ask_<key>_sure``) if the text begins like a
    question. ``reusable`` steps are not asked if an earlier request answered them; changing one of
    their answers makes all of them part of this form again.
    ``volunteered`` steps are never asked by themselves: their answers come beside another one, and
    can be changed at the recap. ``holds`` tells whether a text holds an answer, whatever stands
    around it: such a text is an answer even if it ends like a question, or comes at the recap.
    ``doubts`` returns what was probably meant by an accepted answer, to ask that once.
    ``remark_to`` is the step that takes what is said beside a choice.
    Callers use ``read`` in the place of ``check``.
    """

    key: str
    check: Check
    choices: tuple[str, ...] = ()
    optional: bool = False
    free_text: bool = False
    is_name: bool = False
    resets: tuple[str, ...] = ()
    applies: Callable[[Answers], bool] = always
    reusable: bool = False
    volunteered: bool = False
    holds: Callable[[str], bool] = nothing
    doubts: Callable[[str], str | None] = undoubted
    remark_to: str | None = None

    def read(self, text: str, answers: Answers) -> dict[str, str]:
        """Check a text in plain signs: the one door by which a typed text becomes an answer."""
        return self.check(plain_signs(text), answers)


class Screen(Protocol):
    """Shows something about a draft, in the current turn."""

    def __call__(self, turn: Turn, draft: Draft) -> Awaitable[None]:
        """Queue the messages in the turn."""


def all_choices(_turn: Turn, _draft: Draft, step: Step) -> tuple[str, ...]:
    """Offer every choice of a step."""
    return step.choices


def nothing_revised(_draft: Draft, _text: str) -> dict[str, str]:
    """Find a correction in no text typed at the recap."""
    return {}


async def never_gone(_turn: Turn, _draft: Draft) -> bool:
    """Tell that what a form is about cannot go: the default of ``Form.is_gone``."""
    return False


def no_buttons(_draft: Draft) -> list[Button]:
    """Add nothing to the recap."""
    return []


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its steps, its messages, and what submitting does.

    If ``confirms`` is false, the form is submitted after its last answer, without a recap.
    Messages of the catalogue: ``what`` names the form after "your form", ``notice``,
    ``ask_<key>`` for each step and perhaps ``ask_<key>_help``, ``ask_<key>_sure`` and
    ``label_<key>_sure`` for a name or a doubt (for a doubt also ``label_<key>_kept``),
    ``label_<key>`` for the list of what can be changed, ``recap``, the reasons of refusal, and
    perhaps ``bad_<key>_<value>`` for a choice that ``offers`` leaves out, ``label_return_<key>``
    for the button back to a step, ``words_<key>_<value>`` that name a choice besides its label,
    ``label_change`` and ``label_decline`` for the buttons of the recap, and ``declined``, said
    where the form is given up there.
    """

    name: str
    text: Catalogue
    steps: tuple[Step, ...]
    subject: Callable[[Turn, Draft], dict[str, object]]
    submit: Screen
    confirms: bool = True
    # Values beside the answers that a draft takes along; no step asks for them.
    carries: tuple[str, ...] = ()
    # Buttons of the recap besides the common ones, and what to say to whoever taps an old recap:
    # the name of the label, given the subject of the form that was shown.
    recap_more: Callable[[Draft], list[Button]] = no_buttons
    ended: Callable[[Turn, str], Awaitable[str]] | None = None
    offers: Callable[[Turn, Draft, Step], tuple[str, ...]] = all_choices
    # Whether what the form is about is there no more: submitting then says so.
    is_gone: Callable[[Turn, Draft], Awaitable[bool]] = never_gone
    # The answers that a text typed at the recap puts right; none where it is something else.
    revised: Callable[[Draft, str], Answers] = nothing_revised
    by_key: Mapping[str, Step] = field(init=False)

    def __post_init__(self) -> None:
        """Index the steps; a frozen dataclass can set its own field only through ``object``."""
        object.__setattr__(self, "by_key", {step.key: step for step in self.steps})

    def merge(self, draft: Draft, key: str, given: Answers) -> Draft:
        """Return the draft with a step's new answers, without those that the change makes void."""
        step, before = self.by_key[key], dict(draft.answers)
        if all(before.get(k) == value for k, value in given.items()):
            return replace(draft, answers=before | dict(given))
        still_valid = {k: v for k, v in before.items() if k not in step.resets}
        reuses = None if step.reusable else draft.reuses
        return replace(draft, answers=still_valid | dict(given), reuses=reuses)

    def next_step(self, answers: Answers) -> Step | None:
        """Return the first step without an answer; None if the form is complete."""
        for step in self.steps:
            if step.key not in answers and step.applies(answers) and not step.volunteered:
                return step
        return None

    def held_in(self, text: str) -> Step | None:
        """Return the step whose answer a text holds, whatever it was typed for."""
        return next((step for step in reversed(self.steps) if step.holds(text)), None)

    def step_before(self, draft: Draft) -> Step | None:
        """Return the step before the current one; from the recap, the last step.

        None at the first step, and while a single answer is being changed.
        """
        if draft.editing and draft.step in draft.answers:
            return None
        keys = [step.key for step in self._asked(draft)]
        number = keys.index(draft.step) if draft.step in keys else len(keys)
        return self.by_key[keys[number - 1]] if number else None

    def given(self, draft: Draft) -> int:
        """Count the answers given in this form, without those taken from an earlier request."""
        return sum(bool(draft.answers.get(step.key)) for step in self._asked(draft))

    def place(self, draft: Draft) -> tuple[int, int] | None:
        """Return (number from 1, total) of the current step; None while an answer is changed.

        None also at the notice, at the recap, and for a form of a single question.
        """
        keys = [step.key for step in self._asked(draft)]
        if draft.editing or draft.step not in keys or len(keys) == 1:
            return None
        return keys.index(draft.step) + 1, len(keys)

    def _asked(self, draft: Draft) -> list[Step]:
        skips = draft.reuses is not None
        return [
            step
            for step in self.steps
            if step.applies(draft.answers)
            and not (skips and step.reusable)
            and not step.volunteered
        ]
