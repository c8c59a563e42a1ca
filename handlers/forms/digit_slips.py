"""Letters among digits, and digits that a spreadsheet cut: what numbers of any kind may suffer."""

import re

from handlers.forms.steps import RefusedError

# Letters that readers of printed pages, and people, take for digits.
_DIGIT_OF = {"o": "0", "O": "0", "l": "1", "I": "1"}
# Beside a digit, and nothing else but such letters until the space.
_LOOKS_LIKE = re.compile(r"(?<![^\W\doOlI])[oOlI]+(?![^\W\doOlI])")
_BEFORE = re.compile(r"\d[\s.\-]?$")
_AFTER = re.compile(r"[\s.\-]?\d")
_REACH = 2
_CUT = re.compile(r"(?<![\w.,])\d(?:[.,]\d{1,14})?E\+?\d{1,2}(?!\w)", re.IGNORECASE)
_AMONG = re.compile(r"\d[\s.\-]?\d([^\W\d_])[\s.\-]?\d")


def as_digits(text: str) -> str:
    """Return the text, as long as it was, with digits for the letters that look so among digits."""
    return _LOOKS_LIKE.sub(_digits, text)


def _digits(match: re.Match[str]) -> str:
    """Return digits for letters, where digits stand on both sides or they are glued to one."""
    text, (start, end) = match.string, match.span()
    before = _BEFORE.search(text[max(0, start - _REACH) : start])
    after = _AFTER.match(text, end)
    is_glued = text[start - 1 : start].isdigit() or text[end : end + 1].isdigit()
    if not (is_glued or (before and after)):
        return match.group()
    return "".join(_DIGIT_OF[each] for each in match.group())


def refusal(text: str) -> RefusedError | None:
    """Return why no number is read in a text: cut by a spreadsheet, or a letter; None if neither.

    The digits that were cut are not in what was typed, so their count would say nothing.
    """
    if cut := _CUT.search(text):
        return RefusedError("bad_digits_cut", cut=cut[0])
    among = _AMONG.search(text)
    return RefusedError("bad_digits_letter", letter=among[1]) if among else None
