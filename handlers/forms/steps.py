"""What a form is made of."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias

from handlers.core.turn import Turn
from handlers.messages import Catalogue
from storage.records.drafts import Draft

Answers: TypeAlias = Mapping[str, str]


class RefusedError(Exception):
    """An answer that a step does not accept; ``reason`` names the message that says why."""

    def __init__(self, reason: str, **values: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.values = values


Check: TypeAlias = Callable[[str, Answers], dict[str, str]]


def always(_answers: Answers) -> bool:
    """Ask a step whatever was answered before."""
    return True


@dataclass(frozen=True, slots=True)
class Step:
    """One question of a form.

    ``check`` takes the typed text and the answers so far, and returns the answers that it gives
    (its own key, and others where one text says more); RefusedError where it cannot.
    ``resets`` are keys whose answers no longer hold once this one is given anew.
    ``choices`` are values shown as buttons, labelled ``choice_<key>_<value>`` in the catalogue.
    One that ``is_name`` asks back, ``ask_<key>_sure``, where the text begins as a question does.
    ``reusable`` ones are not asked where an earlier request answered them; once one is given anew,
    they no longer count as that request's.
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


class Screen(Protocol):
    """Says something about a draft, in the turn under way."""

    def __call__(self, turn: Turn, draft: Draft) -> Awaitable[None]:
        """Say it."""


def all_choices(_turn: Turn, _draft: Draft, step: Step) -> tuple[str, ...]:
    """Offer every choice of a step."""
    return step.choices


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its steps, its words, and what happens at both ends.

    One that does not confirm ends with its last answer, without a recap.
    Messages of the catalogue: ``what`` names the form after "your form", ``notice``,
    ``ask_<key>`` for each step and perhaps ``ask_<key>_help``, ``ask_<key>_sure`` and
    ``label_<key>_sure`` for a name, ``label_<key>`` for the list of what can be changed, ``recap``,
    the reasons of refusal, and perhaps ``bad_<key>_<value>`` for a choice that ``offers`` leaves
    out, and ``label_return_<key>`` for the button back to a step.
    """

    name: str
    text: Catalogue
    steps: tuple[Step, ...]
    subject: Callable[[Turn, Draft], dict[str, object]]
    submit: Screen
    confirms: bool = True
    offers: Callable[[Turn, Draft, Step], tuple[str, ...]] = all_choices
    by_key: Mapping[str, Step] = field(init=False)

    def __post_init__(self) -> None:
        """Index the steps; a frozen dataclass sets its own field only this way."""
        object.__setattr__(self, "by_key", {step.key: step for step in self.steps})

    def merge(self, draft: Draft, key: str, given: Answers) -> Draft:
        """Return the form with a step's new answers, without those that a change makes void."""
        step, before = self.by_key[key], dict(draft.answers)
        if all(before.get(k) == value for k, value in given.items()):
            return replace(draft, answers=before | dict(given))
        kept = {k: v for k, v in before.items() if k not in step.resets}
        reuses = None if step.reusable else draft.reuses
        return replace(draft, answers=kept | dict(given), reuses=reuses)

    def next_step(self, answers: Answers) -> Step | None:
        """Return the first question that has no answer yet; None where the recap comes."""
        for step in self.steps:
            if step.key not in answers and step.applies(answers):
                return step
        return None

    def step_before(self, draft: Draft) -> Step | None:
        """Return the question that is asked before the one under way; the last one at the recap.

        None at the first one, and where one answer alone is changed.
        """
        if draft.editing and draft.step in draft.answers:
            return None
        keys = [one.key for one in self._asked(draft)]
        number = keys.index(draft.step) if draft.step in keys else len(keys)
        return self.by_key[keys[number - 1]] if number else None

    def given(self, draft: Draft) -> int:
        """Count the answers that the person gave, without those taken from an earlier request."""
        return sum(bool(draft.answers.get(step.key)) for step in self._asked(draft))

    def place(self, draft: Draft) -> tuple[int, int] | None:
        """Return which question of how many is under way, from 1; None where it is given anew."""
        keys = [one.key for one in self._asked(draft)]
        if draft.editing or draft.step not in keys or len(keys) == 1:
            return None
        return keys.index(draft.step) + 1, len(keys)

    def _asked(self, draft: Draft) -> list[Step]:
        skips = draft.reuses is not None
        return [
            step
            for step in self.steps
            if step.applies(draft.answers) and not (skips and step.reusable)
        ]
