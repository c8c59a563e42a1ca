"""How wide texts are, and how they are broken into lines: measured by the font's own widths.

The font comes with Matplotlib. It is one of the widest of its kind, so that a text that fits in it
also fits in what another machine shows an SVG with. Widths and heights have the unit of ``size``,
which is the height of the letters' body.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import Any

from bot.runtime.drawing import FONT
from knowledge.text.hidden import without_hidden

# From one baseline to the next, in sizes.
LEADING = 1.22
_ELLIPSIS = "…"
# Words that are too long for a line are broken behind these, if there is one in reach.
_BREAKS = "-/._@&=?"
# French typography: no line begins or ends between these.
_GLUED = re.compile(r"(?<=«) | (?=[»:;!?%€])")


@dataclass(frozen=True, slots=True)
class Lines:
    """A text broken into lines, all of one size; ``is_cut``: its end is left out."""

    texts: tuple[str, ...]
    size: float
    is_cut: bool = False

    @property
    def height(self) -> float:
        """What the lines take, from the top of the first to below the last."""
        return len(self.texts) * self.size * LEADING


def drawable(text: str) -> str:
    """Return a text on one line, without the signs that the font has no shape for."""
    composed = unicodedata.normalize("NFC", without_hidden(text))
    shapes = _shapes(is_bold=True)
    kept = "".join(sign for sign in composed if sign.isspace() or ord(sign) in shapes)
    return _GLUED.sub("\N{NO-BREAK SPACE}", " ".join(kept.split()))


def width(text: str, size: float, *, is_bold: bool = False) -> float:
    """Return the width of a drawable text."""
    return size * sum(_advance(sign, is_bold=is_bold) for sign in text)


def fitted(
    text: str,
    room: tuple[float, float],
    sizes: Sequence[float],
    *,
    is_bold: bool = False,
    hyphen: str = "-",
) -> Lines:
    """Break a text into lines in the largest of the sizes in which it fits, or cut it.

    ``room`` is the width and the height; ``sizes`` fall. No word is broken but in the last size, in
    which what is too long ends with an ellipsis; ``hyphen`` stands where a word was broken.
    """
    for size in sizes[:-1]:
        lines = Lines(tuple(_wrapped(text, room[0], size, is_bold=is_bold)), size)
        widest = max((width(each, size, is_bold=is_bold) for each in lines.texts), default=0.0)
        if lines.height <= room[1] and widest <= room[0]:
            return lines
    words = " ".join(_broken(text, room[0], sizes[-1], is_bold=is_bold, hyphen=hyphen))
    return _cut(words, room, sizes[-1], is_bold=is_bold)


def _cut(words: str, room: tuple[float, float], size: float, *, is_bold: bool) -> Lines:
    lines = list(_wrapped(words, room[0], size, is_bold=is_bold))
    most = max(1, int(room[1] / (size * LEADING) + 1e-9))
    if len(lines) <= most:
        return Lines(tuple(lines), size)
    last = lines[most - 1]
    while last and width(last + _ELLIPSIS, size, is_bold=is_bold) > room[0]:
        last = last[:-1]
    return Lines((*lines[: most - 1], last.rstrip(" ,;:-") + _ELLIPSIS), size, is_cut=True)


def _wrapped(text: str, most: float, size: float, *, is_bold: bool) -> Iterator[str]:
    """Yield lines of whole words; a word wider than a line stands alone on it."""
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and width(longer, size, is_bold=is_bold) > most:
            yield line
            line = word
        else:
            line = longer
    if line:
        yield line


def _broken(text: str, most: float, size: float, *, is_bold: bool, hyphen: str) -> Iterator[str]:
    """Yield the words of a text, those that are wider than a line in pieces."""
    for word in text.split(" "):
        left = word
        while (fits := _beginning(left, most, size, is_bold=is_bold)) < len(left):
            room = most - width(hyphen, size, is_bold=is_bold)
            fits = max(1, _beginning(left, room, size, is_bold=is_bold))
            # Behind a sign that is there already, or else with a hyphen.
            sign = max(left.rfind(each, fits // 2, fits) for each in _BREAKS) + 1
            yield left[:sign] if sign else left[:fits] + hyphen
            left = left[sign or fits :]
        yield left


def _beginning(text: str, most: float, size: float, *, is_bold: bool) -> int:
    """Return how many signs of a text fit in a line."""
    taken = accumulate(size * _advance(sign, is_bold=is_bold) for sign in text)
    return sum(1 for _ in takewhile(lambda right: right <= most, taken))


@functools.cache
def _advance(sign: str, *, is_bold: bool) -> float:
    """Return how wide a sign is, in sizes."""
    font = _font(is_bold=is_bold)
    # In units of the font: no size, no hinting.
    glyph = font.load_char(ord(sign), _flags())
    return float(glyph.horiAdvance) / float(font.units_per_EM)


@functools.cache
def _shapes(*, is_bold: bool) -> frozenset[int]:
    return frozenset(_font(is_bold=is_bold).get_charmap())


@functools.cache
def _font(*, is_bold: bool) -> Any:  # noqa: ANN401 - Matplotlib is imported late, see `drawing`
    from matplotlib.font_manager import FontProperties, findfont  # noqa: PLC0415
    from matplotlib.ft2font import FT2Font  # noqa: PLC0415

    return FT2Font(findfont(FontProperties(family=FONT, weight="bold" if is_bold else "normal")))


def _flags() -> Any:  # noqa: ANN401 - as above
    from matplotlib.ft2font import LoadFlags  # noqa: PLC0415

    return LoadFlags.NO_SCALE
