"""What a text typed during a form says, where it is no answer: help, a yes, the way back or out."""

import functools

from handlers.forms.asking import form_of
from handlers.forms.buttons import NOTICE, TEXT
from handlers.forms.steps import LEAVING
from knowledge.normalising import normalise
from storage.drafts import Draft


@functools.cache
def _phrases(label: str) -> frozenset[str]:
    return frozenset(normalise(phrase) for phrase in TEXT.label(label).split(";"))


def _is_one_of(label: str, text: str) -> bool:
    return normalise(text) in _phrases(label)


def sounds_like_a_question(text: str, draft: Draft) -> bool:
    """Tell whether a text typed during a form asks something instead of answering."""
    if calls_for_help(text) or means_to_leave(draft, text):
        return False
    step = form_of(draft).by_key.get(draft.step)
    if step is None:
        return not is_yes(text) and step_back(draft, text) is None
    return text.rstrip().endswith("?") and not step.free_text


def calls_for_help(text: str) -> bool:
    """Tell a text of question marks alone."""
    return "".join(text.split()).strip("?") == "" and "?" in text


def is_yes(text: str) -> bool:
    """Tell whether a text is a yes where one is asked for."""
    return _is_one_of("yes_words", text)


def means_to_leave(draft: Draft, text: str) -> bool:
    """Tell whether a text says yes to giving the form up, where that was just asked."""
    return LEAVING in draft.answers and _is_one_of("leaving_words", text)


def keeps(draft: Draft, text: str) -> bool:
    """Tell whether a text says that an answer shown again stays as it is."""
    if draft.step not in draft.answers:
        return False
    # Who changes one answer from the recap came from there.
    return _is_one_of("keep_words", text) or (draft.editing and _is_one_of("back_words", text))


def step_back(draft: Draft, text: str) -> str | None:
    """Return the step that a text which asks to go back leads to; None where it is an answer."""
    if draft.step == NOTICE or not _is_one_of("back_words", text):
        return None
    form = form_of(draft)
    if before := form.step_before(draft):
        return before.key
    is_answer = form.by_key[draft.step].free_text and draft.step not in draft.answers
    return None if is_answer else draft.step
