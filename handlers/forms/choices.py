"""A typed answer at a step with choices: by its number, its label or its words, and what is beside.

Nothing said beside a choice is dropped: it is kept as the answer of the step that takes remarks.
"""

import functools
import re
from collections.abc import Mapping

from handlers.core.turn import Turn
from handlers.forms import cleaning, contacts
from handlers.forms.form_buttons import TEXT
from handlers.forms.remarks import with_remark
from handlers.forms.steps import Form, RefusedError, Step
from handlers.messages import Catalogue
from knowledge.text.normalise import normalise
from storage.records.drafts import Draft

# A number alone, or followed by what cannot be counted: "2 mais pas avant juin", no "2 tours".
_NUMBERED = re.compile(
    r"\s*(?:(?:n\W?|le|la|choix|r.ponse|option)\s*)?(\d)\s*(?:$|[.),;:!/–—\-]|(?=mais\b|but\b|et\b|and\b|ou\b|or\b))",
    re.IGNORECASE,
)
_NEXT_NUMBER = re.compile(r"\s*(?:et|ou|and|or|,|/|\+|&)?\s*(?:le|la)?\s*(\d)\s*$", re.IGNORECASE)
_DENIALS = frozenset({"pas", "non", "ne", "sans", "ni", "jamais", "not", "no", "don"})


def chosen(turn: Turn, form: Form, draft: Draft, step: Step, text: str) -> dict[str, str] | None:
    """Return the choice that a text names, and its remark; None if it names none.

    RefusedError if it names several, or one that is not offered.
    """
    if not step.choices:
        return None
    offered, typed = form.offers(turn.services, draft, step), normalise(text)
    numbers, rest = _numbers(text, len(offered))
    labels = {value: _labels(form, step, value) for value in step.choices}
    named = [offered[number - 1] for number in numbers]
    if not named and (same := [value for value, said in labels.items() if typed in said]):
        named, rest = same, ""
    if not named and typed in _words("both_words"):
        named = list(offered)
    if not named:
        named, rest = _named(form, step, labels, typed), text
    return _one_of(form, draft, step, offered, named, rest)


def _one_of(
    form: Form, draft: Draft, step: Step, offered: tuple[str, ...], named: list[str], rest: str
) -> dict[str, str] | None:
    if not named:
        return None
    if len(named) > 1:
        labels = [_label(form, step, value) for value in named]
        raise RefusedError("choose_one", options=labels)
    if named[0] not in offered:
        raise RefusedError(f"bad_{step.key}_{named[0]}")
    return with_remark({step.key: named[0]}, form, draft.answers, step, _beyond(form, step, rest))


def _label(form: Form, step: Step, value: str) -> str:
    return form.text.label(f"choice_{step.key}_{value}")


def _labels(form: Form, step: Step, value: str) -> frozenset[str]:
    """Return the label of a choice in each language, normalised."""
    return frozenset(map(normalise, form.text.labels(f"choice_{step.key}_{value}")))


def _numbers(text: str, most: int) -> tuple[list[int], str]:
    """Return the numbers of choices that a text begins with, and what follows them."""
    match = _NUMBERED.match(text)
    if match is None or not 0 < int(match[1]) <= most:
        return [], text
    rest = text[match.end() :]
    second = _NEXT_NUMBER.match(rest)
    if second and 0 < int(second[1]) <= most and second[1] != match[1]:
        return [int(match[1]), int(second[1])], ""
    return [int(match[1])], rest


def _named(form: Form, step: Step, labels: Mapping[str, frozenset[str]], typed: str) -> list[str]:
    """Return the choices whose words a text says, and does not deny."""
    found = []
    for value, label in labels.items():
        for words in label | _words_of(form, step, value):
            before, is_said, _after = f" {typed} ".partition(f" {words} ")
            if is_said and not _DENIALS & set(before.split()):
                found.append(value)
                break
    return found


def _beyond(form: Form, step: Step, rest: str) -> str:
    """Return the text that stands beside a choice; empty if it only names it."""
    said = f" {normalise(rest)} "
    for value in step.choices:
        for words in _labels(form, step, value) | _words_of(form, step, value):
            said = said.replace(f" {words} ", " ")
    return rest.strip(" \t\n,;:.-–—") if contacts.says_something(said) else ""


def _words_of(form: Form, step: Step, value: str) -> frozenset[str]:
    name = f"words_{step.key}_{value}"
    return _phrases(form.text, name) if name in form.text.names else frozenset()


def _words(name: str) -> frozenset[str]:
    return _phrases(contacts.TEXT, name)


@functools.cache
def _phrases(text: Catalogue, name: str) -> frozenset[str]:
    phrases = (phrase for said in text.labels(name) for phrase in said.split(";"))
    return frozenset(map(normalise, phrases))


def skipped(draft: Draft, step: Step, text: str) -> dict[str, str] | None:
    """Return the empty answer of an optional step if a text skips it, or says "aucun", "-", "non".

    Where an answer is shown, to be changed, a no may mean that it stays: it empties nothing.
    """
    if not step.optional:
        return None
    is_no = not draft.answers.get(step.key) and normalise(text) in _words("no_answer_words")
    is_skip = normalise(text) in map(normalise, TEXT.labels("skip"))
    return {step.key: ""} if is_skip or is_no or cleaning.says_nothing(text) else None
