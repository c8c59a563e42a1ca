"""Notes for oneself that begin with a sign of elsewhere: //, --, /* and <!--.

Only the sign # begins a note in our files; what another begins would be read as a text.
"""

import re
from typing import NamedTuple

# At the beginning of a line, or of what is left of one.
_BEGINS = re.compile(r"(?P<sign>//|/\*|<!--|--(?!-))")
# Behind a text: a sign of its own, which no address has before it.
_BEHIND = re.compile(r"(?<![ \t])[ \t]++(?P<sign>//|/\*|<!--|--(?=[ \t]))(?!$)")
_IN_TEXT = re.compile(r"^[ \t]*(?P<sign>//|/\*|--(?=[ \t]))|(?P<comment><!--)", re.MULTILINE)
_ENDS = {"/*": "*/", "<!--": "-->"}
_SEPARATOR = re.compile(r"([-=_*~+])\1{2,}\s*|<{7} .*|>{7} .*|={7}")


class ForeignNote(NamedTuple):
    """A note by the sign it begins with, and where in the text it begins."""

    sign: str
    start: int

    @property
    def code(self) -> str:
        """The code of the words to tell: two hyphens may well be a dash in a text."""
        return "dashes_note" if self.sign == "--" else "foreign_note"

    @property
    def code_in_text(self) -> str:
        """The code of the words to tell where the sign may be a part of a text."""
        return "dashes_note" if self.sign == "--" else "note_behind"


def note_line(rest: str) -> str:
    """Return the sign of a note that a line is, without its indent; empty for another line."""
    found = _BEGINS.match(rest)
    return found["sign"] if found else ""


def end_of_note(sign: str) -> str:
    """Return the sign that ends a note of several lines; empty where its line ends it."""
    return _ENDS.get(sign, "")


def note_behind(text: str) -> ForeignNote | None:
    """Return the note that stands behind a text."""
    found = _BEHIND.search(text)
    return ForeignNote(found["sign"], found.start()) if found else None


def note_in_text(text: str) -> ForeignNote | None:
    """Return the first note among the lines of a text."""
    found = _IN_TEXT.search(text)
    return ForeignNote(found["sign"] or found["comment"], found.start()) if found else None


def is_separator(rest: str) -> bool:
    """Tell whether a line is only there to part what is above from what is below."""
    return _SEPARATOR.fullmatch(rest) is not None
