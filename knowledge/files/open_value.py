"""Values between quotes or brackets: where they end, on their own line or on one below it."""

import re
from dataclasses import dataclass, field

# No value of our files needs so many brackets in each other: they are mistakes, not followed far.
_DEEPEST = 20
# What stands before a quote that opens a text between brackets; elsewhere a quote is a sign.
_BEFORE_QUOTE = frozenset("[{,:")
# The rest of a text to the quote that closes it: two apostrophes within are one of the text.
_CLOSED = {
    '"': re.compile(r'(?:[^"\\]|\\.)*+"'),
    "'": re.compile(r"(?:[^']|'')*+'(?!')"),
}


@dataclass(slots=True)
class OpenValue:
    """Follows a value that begins with a quote or a bracket, line by line, until it ends."""

    # The sign that closes the text which is open; empty outside of texts.
    quote: str = ""
    depth: int = 0
    _before: str = field(default="", init=False)

    @property
    def is_lost(self) -> bool:
        """Whether brackets stand in brackets too deep to be a value of our files."""
        return self.depth > _DEEPEST

    def read(self, line: str, start: int = 0) -> int | None:
        """Read the next line of the value; return where on it the value ends, None if it goes on.

        ``start``: where on the line the value begins.
        """
        # Where no text is open, the space before a line says nothing, and there may be much of it.
        at = start if self.quote else len(line) - len(line[start:].lstrip(" "))
        while at < len(line):
            if self.quote:
                at = self._closing(line, at)
            elif line[at] == "#" and (not at or line[at - 1] in " \t"):
                return None
            else:
                self._sign(line[at])
                at += 1
            if not self.quote and not self.depth and at <= len(line):
                return at
        return None

    def _sign(self, sign: str) -> None:
        if sign in "\"'" and (not self._before or self._before in _BEFORE_QUOTE):
            self.quote = sign
        self.depth += (sign in "[{") - (sign in "]}")
        if sign not in " \t":
            self._before = sign

    def _closing(self, line: str, at: int) -> int:
        """Return the index behind the quote that closes a text; one beyond the line for none."""
        closed = _CLOSED[self.quote].match(line, at)
        if closed is None:
            return len(line) + 1
        self.quote = ""
        return closed.end()


def end_of(value: str) -> int | None:
    """Return where a value between quotes or brackets ends on its line; None if it goes on."""
    return OpenValue().read(value)
