"""Texts that put an answer off, "plus tard", or ask for a moment: no form is given up by them."""

import functools
import re

from handlers.core.turn import Turn
from handlers.forms.asking import form_of
from handlers.forms.form_buttons import TEXT
from handlers.forms.steps import Step, nothing
from knowledge.text.normalise import normalise
from storage.records.drafts import Draft

# A longer text says more than that it can wait.
_MOST_WORDS = 22
_DIGIT = re.compile(r"\d")


def puts_off(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text says that an answer comes later, "je ne l'ai pas sous la main"."""
    form = form_of(turn, draft)
    # A form without a recap sends any text to its addressee.
    if not form.confirms or form.held_in(text) or len(text.split()) > _MOST_WORDS:
        return False
    is_said, is_all = _says("later_words", text)
    return is_said and (is_all or _reads_nothing_of(form.by_key.get(draft.step), text))


def asks_to_wait(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text says that the answer is coming: "un instant, je cherche"."""
    return form_of(turn, draft).confirms and all(_says("moment_words", text))


def is_skipped(turn: Turn, draft: Draft) -> bool:
    """Tell whether the present step can be left without an answer."""
    step = form_of(turn, draft).by_key.get(draft.step)
    return step is not None and step.optional


def _reads_nothing_of(step: Step | None, text: str) -> bool:
    """Tell whether a step that takes a number or an address alone has no use for a text.

    So nothing is lost where the text says more than that it can wait, as why.
    """
    is_read = step is None or step.free_text or step.choices or step.holds is nothing
    return not is_read and not _DIGIT.search(text) and "@" not in text


def _says(label: str, text: str) -> tuple[bool, bool]:
    """Return whether a text has one of these phrases, and whether it says nothing more."""
    said = f" {normalise(text)} "
    rest = said
    for phrase in _longest_first(label):
        rest = rest.replace(f" {phrase} ", " \u00b7 ")
    return rest != said, _fillers().issuperset(rest.replace("\u00b7", " ").split())


def _phrases(label: str) -> frozenset[str]:
    phrases = (phrase for said in TEXT.labels(label) for phrase in said.split(";"))
    return frozenset(map(normalise, phrases))


@functools.cache
def _longest_first(label: str) -> tuple[str, ...]:
    return tuple(sorted(_phrases(label), key=len, reverse=True))


@functools.cache
def _fillers() -> frozenset[str]:
    return frozenset(word for phrase in _phrases("later_fillers") for word in phrase.split())
