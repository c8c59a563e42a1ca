"""Which of the buttons shown last a text means: by its label, its number, or words of its title."""

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from handlers.core.callback_data import SEPARATOR
from handlers.core.showing import TEXT, phrases, says_no, says_yes
from knowledge.text.normalise import normalise
from storage.records.contexts import Option

# Returns more words by which an option may be called, such as the place of a project.
MoreWords: TypeAlias = Callable[[Option], str]

_NUMBERED = re.compile(r"(\d{1,3})\. ")
_DIGITS = re.compile(r"(\d{1,3})([a-z]*)")
# Buttons to entries, projects, choices and requests: their titles may be called by a word. The
# words of other buttons, such as "by territory", are those of ordinary questions.
_TITLED = frozenset({"c", "e", "p", "r"})
# Buttons that no number counts: to a person, and to other pages.
_UNCOUNTED = frozenset({"h", "pg", "tp", "mp"})
_LONGEST_IN_WORDS = 8
_MOST_CALLED_BY = 4
_FEWEST_COUNTED = 2


def by_label(text: str, options: Iterable[Option]) -> Option | None:
    """Return the option whose label was typed, with or without its number."""
    typed = _squeezed(text)
    if not typed:
        return None
    names = ((each, (each.label, name_of(each))) for each in options)
    return next((each for each, said in names if typed in map(_squeezed, said)), None)


def _squeezed(text: str) -> str:
    """Return the letters alone: words may be run together, as in "jai compris"."""
    return normalise(text).replace(" ", "")


def name_of(option: Option) -> str:
    """Return a label without its number."""
    return _NUMBERED.sub("", option.label, count=1)


def number_of(option: Option) -> int | None:
    """Return the number that a label begins with."""
    match = _NUMBERED.match(option.label)
    return int(match[1]) if match else None


def counted(options: Sequence[Option]) -> dict[int, Option]:
    """Return the options that may be chosen by a number: those whose label begins with it.

    Nobody counts buttons that bear no number: a "1" there is about something else.
    """
    numbered = ((number_of(each), each) for each in reversed(options))
    return {number: each for number, each in numbered if number is not None}


def things(options: Sequence[Option]) -> list[Option]:
    """Return the options among which a yes may be asked back; none where one says yes or no."""
    if numbered := [each for each in options if number_of(each) is not None]:
        return numbered
    if any(says_yes(each) or says_no(each) for each in options):
        return []
    counted = [each for each in options if _prefix(each) not in _UNCOUNTED]
    return counted if len(counted) >= _FEWEST_COUNTED else []


def last_said(text: str) -> str:
    """Return the end of a text that corrects itself: "the second. no, the first" is the first."""
    parts = [part for part in _between_corrections().split(text) if _says_more(part)]
    return parts[-1].strip() if parts else text


def _says_more(part: str) -> bool:
    return any(word not in phrases("choice_closings") for word in normalise(part).split())


@functools.cache
def _between_corrections() -> re.Pattern[str]:
    said = (each.strip() for each in TEXT.label("correcting_words").split(";"))
    words = "|".join(re.escape(each).replace("\\ ", r"\s+") for each in said)
    return re.compile(rf"[.,;:!?\n]+|\b(?:{words})\b", re.IGNORECASE)


def number_in(text: str, options: Sequence[Option]) -> int | None:
    """Return the number that a text is about: "2", "the second", "the last"; None for others."""
    typed = normalise(text)
    words = [] if typed in phrases("both_words") else typed.split()
    while words and words[0] in phrases("choice_openings") | phrases("choice_nouns"):
        words = words[1:]
    if not words:
        return None
    number, rest = _number(words[0], options), words[1:]
    if _is_ordinal(words[0]) and rest and rest[0] in phrases("choice_nouns"):
        rest = rest[1:]
    is_all = not rest or " ".join(rest) in phrases("choice_closings")
    return number if is_all else None


def _number(word: str, options: Sequence[Option]) -> int | None:
    if word in phrases("last_words"):
        return max(counted(options), default=None)
    if (match := _DIGITS.fullmatch(word)) and match[2] in phrases("number_endings") | {""}:
        return int(match[1])
    return _spelt().get(word)


def _is_ordinal(word: str) -> bool:
    """Tell whether a number may have a noun after it: "the 2nd project", but not "2 projects"."""
    match = _DIGITS.fullmatch(word)
    return word in phrases("ordinals") or (match is not None and bool(match[2]))


@functools.cache
def _spelt() -> dict[str, int]:
    ways = enumerate(TEXT.label("numbers").split(";"), 1)
    return {normalise(word): number for number, each in ways for word in each.split(",")}


def by_words(
    text: str, options: Sequence[Option], more: MoreWords, *, is_correction: bool = False
) -> list[Option]:
    """Return the options that a short text may call by words of their titles.

    One, where only one title has all these words, or else only one option with its other words.
    Several only where the text points at one of them ("celui de…"), or corrects a choice. None for
    a question.
    """
    called = {_stem(word) for word in title_words(text)}
    if not 0 < len(called) <= _MOST_CALLED_BY:
        return []
    titled = [each for each in options if number_of(each) or _prefix(each) in _TITLED]
    by_title = [each for each in titled if called <= _stems(name_of(each))]
    others = [each for each in titled if called <= _stems(f"{name_of(each)} {more(each)}")]
    found = by_title if len(by_title) == 1 else others
    return found if len(found) == 1 or is_correction or points(text) else []


def title_words(text: str) -> list[str]:
    """Return the words by which a short text may call a title; none for a question."""
    words = normalise(text).split()
    if len(words) > _LONGEST_IN_WORDS or _asks(words):
        return []
    return [word for word in words if word not in phrases("title_fillers")]


def points(text: str) -> bool:
    """Tell whether a text begins by pointing at one of several: "celui de…"."""
    return normalise(text).partition(" ")[0] in phrases("pointing_words")


def _asks(words: Sequence[str]) -> bool:
    return not phrases("asking_words").isdisjoint(words)


def _stems(title: str) -> set[str]:
    return {_stem(word) for word in normalise(title).split()}


def _stem(word: str) -> str:
    """Return a word without the mark of its plural."""
    return word[:-1] if len(word) > _MOST_CALLED_BY and word[-1] in "sx" else word


def _prefix(option: Option) -> str:
    return option.data.partition(SEPARATOR)[0]
