"""Texts typed during a form that are no answers: help, yes, no, keep, back, stop."""

import functools
import re

from handlers.core import assent
from handlers.core.turn import Turn
from handlers.forms.asking import form_of
from handlers.forms.form_buttons import NOTICE, RECAP, TEXT
from handlers.forms.putting_off import asks_to_wait, puts_off
from knowledge.text.normalise import normalise
from storage.records.drafts import Draft

# In words: whoever leaves may say why, a longer text is an answer.
_LONGEST_LEAVE = 22
_FEW_WORDS = 9
_SENTENCES = re.compile(r"[.,;:!?\n]+")


@functools.cache
def _phrases(label: str) -> frozenset[str]:
    # Of both languages at once: whoever fills in an English form may type "oui".
    phrases = (phrase for said in TEXT.labels(label) for phrase in said.split(";"))
    return frozenset(map(normalise, phrases))


def _is_one_of(label: str, text: str) -> bool:
    # Words may be run together: "jai compris".
    return normalise(text).replace(" ", "") in _squeezed(label)


@functools.cache
def _squeezed(label: str) -> frozenset[str]:
    return frozenset(phrase.replace(" ", "") for phrase in _phrases(label))


def sounds_like_a_question(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text typed during a form asks something instead of answering."""
    is_word = wants_to_stop(turn, draft, text) or can_wait(turn, draft, text)
    if calls_for_help(text) or is_word or says_no(draft, text):
        return False
    step = form_of(turn, draft).by_key.get(draft.step)
    if step is None:
        if form_of(turn, draft).held_in(text) or declines(turn, draft, text):
            return False
        if revises(turn, draft, text) or asks_to_repeat(text) or resumes(text):
            return False
        if keeps_all(draft, text) or step_named(turn, draft, text):
            return False
        return not _submits(turn, draft, text) and step_back(turn, draft, text) is None
    return text.rstrip().endswith("?") and not step.free_text and not step.holds(text)


def may_be_a_question(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text typed as a name begins like a question or a request."""
    step = form_of(turn, draft).by_key.get(draft.step)
    if step is None or not step.is_name or wants_to_stop(turn, draft, text):
        return False
    if can_wait(turn, draft, text):
        return False
    return opens_like_a_question(text) and not _is_one_of("back_words", text)


def opens_like_a_question(text: str) -> bool:
    """Tell whether a text begins like a question or a request."""
    normalised = f"{normalise(text)} "
    return any(normalised.startswith(f"{opening} ") for opening in _phrases("question_openings"))


def calls_for_help(text: str) -> bool:
    """Tell whether a text is only question marks."""
    return "".join(text.split()).strip("?") == "" and "?" in text


def is_yes(text: str) -> bool:
    """Tell whether a text is one of the words for yes."""
    return _is_one_of("yes_words", text) or assent.is_yes(text)


def is_no(text: str) -> bool:
    """Tell whether a text is one of the words for no."""
    return _is_one_of("no_words", text)


def _submits(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text says yes at the notice or the recap, in the words of the button too."""
    if draft.step != RECAP:
        return is_yes(text)
    form = form_of(turn, draft)
    labels = TEXT.labels("save_changes") if draft.changes else form.text.labels("submit")
    return is_yes(text) or normalise(text) in map(normalise, labels)


def can_wait(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text says that the answer to the present question comes later."""
    return puts_off(turn, draft, text) or asks_to_wait(turn, draft, text)


def means_to_leave(draft: Draft, text: str) -> bool:
    """Tell whether a text confirms leaving the form, just after the bot asked that."""
    return draft.leaving and _is_one_of("leaving_words", text)


def wants_to_stop(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text asks plainly to give the form up."""
    # A form without a recap sends any text to its addressee, stop words included.
    speaks = form_of(turn, draft).confirms and _says_to_stop(turn, draft, text)
    return speaks or means_to_leave(draft, text)


def _says_to_stop(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text is a word for stopping, or has one as a sentence of its own."""
    if _is_one_of("stop_words", text):
        return True
    form = form_of(turn, draft)
    if len(text.split()) > _LONGEST_LEAVE or form.held_in(text) or revises(turn, draft, text):
        return False
    parts = (_without_openings(part) for part in _SENTENCES.split(text))
    return any(part in _phrases("stop_words") | _phrases("waiting_words") for part in parts)


def _without_openings(part: str) -> str:
    words = normalise(part).split()
    while len(words) > 1 and words[0] in _phrases("stop_openings"):
        words = words[1:]
    return " ".join(words)


def revises(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text typed at the recap puts an answer right."""
    return draft.step == RECAP and bool(form_of(turn, draft).revised(draft, text))


def asks_to_repeat(text: str) -> bool:
    """Tell whether a text asks to hear again what was just asked."""
    parts = map(normalise, _SENTENCES.split(text))
    return len(text.split()) <= _LONGEST_LEAVE and any(
        _without_openings(part) in _phrases("repeat_words") for part in parts
    )


def resumes(text: str) -> bool:
    """Tell whether a text goes on with the form after something else: "je reprends"."""
    words = normalise(text).split()
    return len(words) <= _FEW_WORDS and not _phrases("resume_words").isdisjoint(words)


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


def keeps_doubted(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text keeps the answer that the bot doubted, just after it asked."""
    text_of = form_of(turn, draft).text
    label = f"label_{draft.step}_kept"
    if draft.unsure is None or draft.leaving or label not in text_of.names:
        return False
    return says_no(draft, text) or normalise(text) in map(normalise, text_of.labels(label))


def declines(turn: Turn, draft: Draft, text: str) -> bool:
    """Tell whether a text says no to a form that can be declined so."""
    form = form_of(turn, draft)
    step = form.by_key.get(draft.step)
    asks_all = draft.step == RECAP or (step is not None and not step.optional)
    return asks_all and "declined" in form.text.names and _is_one_of("no_words", text)


def keeps(draft: Draft, text: str) -> bool:
    """Tell whether a text asks to keep the present answer of the step."""
    if draft.step not in draft.answers:
        return False
    # While one answer is changed from the recap, "back" means back to the recap.
    return _is_one_of("keep_words", text) or (draft.editing and _is_one_of("back_words", text))


def keeps_all(draft: Draft, text: str) -> bool:
    """Tell whether a text asks to leave a request as it is, where it might be changed."""
    return draft.changes is not None and draft.step == RECAP and _is_one_of("keep_words", text)


def step_named(turn: Turn, draft: Draft, text: str) -> str | None:
    """Return the step whose answer a text asks to change, at the recap; None for other texts."""
    if draft.step != RECAP:
        return None
    form, typed = form_of(turn, draft), normalise(text)
    for verb in sorted(_phrases("change_verbs"), key=len, reverse=True):
        typed = typed.removeprefix(f"{verb} ")
    for step in form.steps:
        label = normalise(form.text.label(f"label_{step.key}"))
        if step.key in draft.answers and typed in {label, label.split(" ", 1)[-1]}:
            return step.key
    return None


def step_back(turn: Turn, draft: Draft, text: str) -> str | None:
    """Return the step to go back to if the text asks that; None if the text is an answer."""
    if draft.step == NOTICE or not _is_one_of("back_words", text):
        return None
    form = form_of(turn, draft)
    if before := form.step_before(draft):
        return before.key
    is_answer = form.by_key[draft.step].free_text and draft.step not in draft.answers
    return None if is_answer else draft.step
