"""What a text typed during a form says, where it is no answer: help, a yes, the way back or out."""

import functools

from handlers.core.turn import Turn
from handlers.forms.asking import form_of
from handlers.forms.form_buttons import NOTICE, TEXT
from knowledge.text.normalise import normalise
from storage.records.drafts import Draft


@functools.cache
def _phrases(label: str) -> frozenset[str]:
    return frozenset(normalise(phrase) for phrase in TEXT.label(label).split(";"))


def _is_one_of(label: str, text: str) -> bool:
    return normalise(text) in _phrases(label)


def sounds_like_a_question(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text typed during a form asks something instead of answering."""
    if calls_for_help(text) or wants_to_stop(turn, draft, text) or says_no(draft, text):
        return False
    step = form_of(turn, draft).by_key.get(draft.step)
    if step is None:
        return not is_yes(text) and step_back(turn, draft, text) is None
    return text.rstrip().endswith("?") and not step.free_text


def may_be_a_question(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text typed where a name is asked for begins as questions and wishes do."""
    step = form_of(turn, draft).by_key.get(draft.step)
    if step is None or not step.is_name or wants_to_stop(turn, draft, text):
        return False
    said = f"{normalise(text)} "
    begins = any(said.startswith(f"{opening} ") for opening in _phrases("question_openings"))
    return begins and not _is_one_of("back_words", text)


def calls_for_help(text: str) -> bool:
    """Tell a text of question marks alone."""
    return "".join(text.split()).strip("?") == "" and "?" in text


def is_yes(text: str) -> bool:
    """Tell whether a text is a yes where one is asked for."""
    return _is_one_of("yes_words", text)


def means_to_leave(draft: Draft, text: str) -> bool:
    """Tell whether a text says yes to giving the form up, where that was just asked."""
    return draft.leaving and _is_one_of("leaving_words", text)


def wants_to_stop(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text says plainly that the form is to be given up."""
    # Without a recap, all words are for whoever they go to.
    speaks = form_of(turn, draft).confirms and _is_one_of("stop_words", text)
    return speaks or means_to_leave(draft, text)


def confirms_name(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text says yes, where it was asked whether some words are the name."""
    if draft.unsure is None:
        return False
    label = form_of(turn, draft).text.label(f"label_{draft.step}_sure")
    return is_yes(text) or normalise(text) == normalise(label)


def says_no(draft: Draft, text: str) -> bool:
    """Tell whether a text says no to that, or to giving the form up."""
    asked = draft.unsure is not None or draft.leaving
    return asked and _is_one_of("no_words", text)


def keeps(draft: Draft, text: str) -> bool:
    """Tell whether a text says that an answer shown again stays as it is."""
    if draft.step not in draft.answers:
        return False
    # Who changes one answer from the recap came from there.
    return _is_one_of("keep_words", text) or (draft.editing and _is_one_of("back_words", text))


def step_back(turn: Turn, draft: Draft, text: str) -> str | None:
    """Return the step that a text which asks to go back leads to; None where it is an answer."""
    if draft.step == NOTICE or not _is_one_of("back_words", text):
        return None
    form = form_of(turn, draft)
    if before := form.step_before(draft):
        return before.key
    is_answer = form.by_key[draft.step].free_text and draft.step not in draft.answers
    return None if is_answer else draft.step
