"""Texts typed during a form that are no answers: help, yes, no, keep, back, stop."""

import functools

from handlers.core.turn import Turn
from handlers.forms.asking import form_of
from handlers.forms.form_buttons import NOTICE, TEXT
from knowledge.text.normalise import normalise
from storage.records.drafts import Draft


@functools.cache
def _phrases(label: str) -> frozenset[str]:
    # Of both languages at once: whoever fills in an English form may type "oui".
    phrases = (phrase for said in TEXT.labels(label) for phrase in said.split(";"))
    return frozenset(map(normalise, phrases))


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
    """Tell whether a text typed as a name begins like a question or a request."""
    step = form_of(turn, draft).by_key.get(draft.step)
    if step is None or not step.is_name or wants_to_stop(turn, draft, text):
        return False
    normalised = f"{normalise(text)} "
    begins = any(normalised.startswith(f"{opening} ") for opening in _phrases("question_openings"))
    return begins and not _is_one_of("back_words", text)


def calls_for_help(text: str) -> bool:
    """Tell whether a text is only question marks."""
    return "".join(text.split()).strip("?") == "" and "?" in text


def is_yes(text: str) -> bool:
    """Tell whether a text is one of the words for yes."""
    return _is_one_of("yes_words", text)


def means_to_leave(draft: Draft, text: str) -> bool:
    """Tell whether a text confirms leaving the form, just after the bot asked that."""
    return draft.leaving and _is_one_of("leaving_words", text)


def wants_to_stop(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text asks plainly to give the form up."""
    # A form without a recap sends any text to its addressee, stop words included.
    speaks = form_of(turn, draft).confirms and _is_one_of("stop_words", text)
    return speaks or means_to_leave(draft, text)


def confirms_name(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text confirms the name that the bot asked back about."""
    if draft.unsure is None:
        return False
    labels = form_of(turn, draft).text.labels(f"label_{draft.step}_sure")
    return is_yes(text) or normalise(text) in map(normalise, labels)


def says_no(draft: Draft, text: str) -> bool:
    """Tell whether a text says no to a name asked back, or to giving the form up."""
    is_asked = draft.unsure is not None or draft.leaving
    return is_asked and _is_one_of("no_words", text)


def keeps(draft: Draft, text: str) -> bool:
    """Tell whether a text asks to keep the present answer of the step."""
    if draft.step not in draft.answers:
        return False
    # While one answer is changed from the recap, "back" means back to the recap.
    return _is_one_of("keep_words", text) or (draft.editing and _is_one_of("back_words", text))


def step_back(turn: Turn, draft: Draft, text: str) -> str | None:
    """Return the step to go back to if the text asks that; None if the text is an answer."""
    if draft.step == NOTICE or not _is_one_of("back_words", text):
        return None
    form = form_of(turn, draft)
    if before := form.step_before(draft):
        return before.key
    is_answer = form.by_key[draft.step].free_text and draft.step not in draft.answers
    return None if is_answer else draft.step
