"""What a turn shows to the person: kept after it, so that what they type next is understood."""

import functools
import re
from collections.abc import Iterable, Sequence

from handlers.core.callback_data import SEPARATOR
from handlers.core.keyboards import Keyboard
from handlers.messages import Catalogue
from knowledge.text.normalise import normalise
from storage.records.contexts import Context, Option

TEXT = Catalogue.of("typed_words")
# Prefixes of buttons that are no offers: under most messages, or ways back to the main screens.
_ALWAYS_THERE = frozenset({"h", "pg"})
_NUMBERED = re.compile(r"\d{1,3}\. ")
_WAYS_BACK = frozenset({"l", "t", "m", "tp", "mp"})


class Showing:
    """The last buttons that a turn shows in the person's chat, and what its message is about."""

    def __init__(self) -> None:
        self.has_spoken = False
        self.topic: str | None = None
        self._options: tuple[Option, ...] = ()

    def note(self, keyboard: Keyboard | None) -> None:
        """Note a message; one without buttons leaves those of another message of the turn."""
        self.has_spoken = True
        if keyboard:
            self._options = options_of(keyboard)

    def context(self, person_id: int, before: Context | None) -> Context | None:
        """Return what is to be kept after this turn; None where nothing has changed.

        A message without buttons ends an offer, since a yes would answer the later message. It
        leaves the topic, and the buttons, which can still be seen and tapped above it. So can a
        numbered list above a card or an answer: "and the 2nd one" is about that list.
        """
        if self._options:
            listed = _numbered(before.options) if before and self._stands_below_lists else ()
            options = tuple(dict.fromkeys((*self._options, *listed)))
            return Context(person_id, self.topic, offer_of(self._options), options)
        if self.topic is not None:
            return Context(person_id, self.topic, None, before.options if before else ())
        if self.has_spoken and before is not None and before.offer is not None:
            return Context(person_id, before.topic, None, before.options)
        return None

    @property
    def is_new(self) -> bool:
        """Whether there are buttons or a topic to keep."""
        return bool(self._options) or self.topic is not None

    @property
    def needs_former(self) -> bool:
        """Whether `context` depends on what was shown before."""
        return self.has_spoken and (not self._options or self._stands_below_lists)

    @property
    def _stands_below_lists(self) -> bool:
        return self.topic is not None and not _numbered(self._options)


def options_of(keyboard: Keyboard) -> tuple[Option, ...]:
    """Return the buttons of a keyboard, in their order."""
    return tuple(
        Option(each["text"], each["callback_data"])
        for row in keyboard["inline_keyboard"]
        for each in row
        if "callback_data" in each
    )


def offer_of(options: Sequence[Option]) -> str | None:
    """Return the callback data of the one thing that these buttons offer.

    It is the button that says yes; else the only one besides those to a person and to other pages;
    else the only one besides the ways back too. None where it is not plain.
    """
    accepting = [each for each in options if says_yes(each)]
    things = [each for each in options if _prefix(each) not in _ALWAYS_THERE]
    acting = [each for each in things if _prefix(each) not in _WAYS_BACK]
    for candidates in (accepting, options, things, acting):
        if len(candidates) == 1:
            return candidates[0].data
    return None


def _numbered(options: Sequence[Option]) -> tuple[Option, ...]:
    return tuple(each for each in options if _NUMBERED.match(each.label))


def says_yes(option: Option) -> bool:
    """Tell whether a button answers a question with yes."""
    return _begins_with("labels_of_yes", option)


def says_no(option: Option) -> bool:
    """Tell whether a button answers a question with no, or says that no choice is right."""
    return _begins_with("labels_of_no", option)


def _begins_with(words: str, option: Option) -> bool:
    return normalise(option.label).partition(" ")[0] in phrases(words)


def _prefix(option: Option) -> str:
    return option.data.partition(SEPARATOR)[0]


@functools.cache
def phrases(name: str) -> frozenset[str]:
    """Return the phrases of a list in the catalogue, normalised."""
    return frozenset(map(normalise, _listed(name)))


def _listed(name: str) -> Iterable[str]:
    return TEXT.label(name).split(";")
