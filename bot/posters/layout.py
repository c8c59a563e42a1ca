"""Where each part of a poster stands, on a sheet of A4; smaller sheets are the same, scaled.

All lengths are millimetres from the upper left corner. The title is read from two metres: 40 points
or more on A4. What does not fit gets smaller letters, then an ellipsis; nothing overflows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import segno

from bot.posters.measuring import LEADING, Lines, drawable, fitted, width
from bot.posters.poster import TEXT, Poster

WIDTH, HEIGHT = 210.0, 297.0
MARGIN = 15.0
POINT = 25.4 / 72
_TEXT_WIDTH = WIDTH - 2 * MARGIN
# The modules alone: 42 mm on A5, where 40 are asked for. Four modules around them stay white
# (ISO/IEC 18004, "quiet zone").
QR_SIZE = 60.0
QUIET_MODULES = 4
_QR_LEFT, _QR_TOP = MARGIN, HEIGHT - MARGIN - QR_SIZE - 2
# The line above the foot; between it and the code, the quiet zone of the smallest codes fits.
_FOOT_TOP = _QR_TOP - 11
_FOOT_LEFT = _QR_LEFT + QR_SIZE + 13
_FOOT_WIDTH = WIDTH - MARGIN - _FOOT_LEFT
# Where the baseline stands below the upper edge of a line, in sizes.
_ASCENT = 0.93
_TITLE_ROOM = 105.0
_GAP = 7.0
_BETWEEN = 1.5
_TITLE_SIZES = tuple(POINT * size for size in (96, 84, 76, 68, 60, 54, 48, 44, 40))
_NEEDS_SIZES = tuple(POINT * size for size in (36, 30, 26, 23, 20, 18, 16, 14))
# What is sought has letters of this size at least, where a smaller title leaves it room.
_READABLE = POINT * 18
_NOTHING = Lines((), 0.0)


class Sheet(Enum):
    """The sizes of paper: width and height in millimetres."""

    A4 = (210.0, 297.0)
    A5 = (148.0, 210.0)

    @property
    def scale(self) -> float:
        """What the lengths of A4 are multiplied by."""
        return min(self.value[0] / WIDTH, self.value[1] / HEIGHT)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text; ``y`` is its baseline, ``size`` the height of the letters' body."""

    x: float
    y: float
    text: str
    size: float
    is_bold: bool = False

    @property
    def right(self) -> float:
        """Where the text ends."""
        return self.x + width(self.text, self.size, is_bold=self.is_bold)


@dataclass(frozen=True, slots=True)
class Bar:
    """A black rectangle: a rule, or neighbouring modules of the code; ``y`` is its upper edge."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A poster, ready to be drawn in any form."""

    lines: tuple[Line, ...]
    rule: Bar
    modules: tuple[Bar, ...]


def laid_out(poster: Poster) -> Layout:
    """Place all parts of a poster; for a thread that draws (`bot.runtime.drawing`)."""
    rule = Bar(MARGIN, _FOOT_TOP, _TEXT_WIDTH, 0.6)
    return Layout((*_upper(poster), *_foot(poster)), rule, tuple(_modules(poster.link)))


class _Column:
    """Lines set one below the other; ``y`` is where the next one begins."""

    def __init__(self, x: float, y: float) -> None:
        self._x = x
        self.y = y
        self.lines: list[Line] = []

    def set(self, lines: Lines, *, is_bold: bool = False, gap: float = 0.0) -> None:
        """Place lines, and leave a gap below them."""
        for text in lines.texts:
            baseline = self.y + lines.size * _ASCENT
            self.lines.append(Line(self._x, baseline, text, lines.size, is_bold=is_bold))
            self.y += lines.size * LEADING
        self.y += gap


def _upper(poster: Poster) -> tuple[Line, ...]:
    """Place what stands above the rule, with the largest title that leaves room for what is sought.

    Where none does, the title is as small as it may be.
    """
    for biggest in range(len(_TITLE_SIZES)):
        upper = _Upper(poster, _TITLE_SIZES[biggest:])
        if upper.is_readable:
            break
    return upper.lines


class _Upper:
    """What stands above the rule: who speaks, the title, what is sought, where and until when.

    ``is_readable``: the title and what is sought are whole, and the latter is not in small letters.
    """

    def __init__(self, poster: Poster, title_sizes: Sequence[float]) -> None:
        column = _Column(MARGIN, MARGIN)
        for text in filter(None, (poster.initiative, poster.notice)):
            column.set(_small(text, 17, rows=1), gap=4.0)
        room = (_TEXT_WIDTH, _TITLE_ROOM)
        title = fitted(drawable(poster.title) or poster.code, room, title_sizes, is_bold=True)
        column.set(title, is_bold=True, gap=_GAP)
        column.set(_small(poster.heading, 20, rows=1, is_bold=True), is_bold=True, gap=2.0)
        facts = [_small(fact, 17, rows=2) for fact in poster.facts]
        below = _GAP + sum(fact.height + _BETWEEN for fact in facts)
        needs = tuple(_needs(poster.needs, _FOOT_TOP - column.y - _GAP - below))
        for each, gap in (*((one, _BETWEEN) for one in needs), (_NOTHING, _GAP - _BETWEEN)):
            column.set(each, gap=gap)
        for fact in facts:
            column.set(fact, gap=_BETWEEN)
        self.lines = tuple(column.lines)
        cut = title.is_cut or any(each.is_cut for each in needs)
        self.is_readable = not cut and all(each.size >= _READABLE for each in needs)


def _needs(texts: Sequence[str], height: float) -> Iterator[Lines]:
    """Break paragraphs into lines of one size, the largest in which all of them fit."""
    paragraphs = [text for text in map(drawable, texts) if text]
    for size in _NEEDS_SIZES:
        sizes = (size, _NEEDS_SIZES[-1])
        every = [fitted(text, (_TEXT_WIDTH, height), sizes) for text in paragraphs]
        taken = sum(lines.height + _BETWEEN for lines in every)
        if taken <= height and all(lines.size == size and not lines.is_cut for lines in every):
            yield from every
            return
    left = height
    for text in paragraphs:
        lines = fitted(text, (_TEXT_WIDTH, left - _BETWEEN), _NEEDS_SIZES[-1:])
        left -= lines.height + _BETWEEN
        yield lines


def _foot(poster: Poster) -> tuple[Line, ...]:
    """Place what stands beside the code: how to go on, by the code or by typing."""
    column = _Column(_FOOT_LEFT, _FOOT_TOP + 4)
    column.set(_beside("scan", 17, rows=2, is_bold=True), is_bold=True, gap=2.5)
    column.set(_beside("or_type", 14, rows=2, bot=poster.bot))
    sizes = [POINT * size for size in (54, 48)]
    code = fitted(poster.code, (_FOOT_WIDTH, 60), sizes, is_bold=True)
    column.set(code, is_bold=True, gap=1.0)
    column.set(_beside("or_visit", 14, rows=1))
    column.set(_address(drawable(poster.address), HEIGHT - MARGIN + 4 - column.y))
    return tuple(column.lines)


def _address(text: str, height: float) -> Lines:
    """Break an address into lines without a hyphen of ours: each sign of it has to be typed."""
    for sizes in ((17, 15, 14, 13, 12), (10,), (8,)):
        points = [POINT * size for size in sizes]
        lines = fitted(text, (_FOOT_WIDTH, height), points, hyphen="")
        if not lines.is_cut:
            break
    return lines


def _beside(
    name: str, points: float, *, rows: int, is_bold: bool = False, **values: object
) -> Lines:
    text = drawable(TEXT.label(name, **values))
    sizes = [POINT * size for size in (points, points - 2, points - 4, points - 5)]
    room = (_FOOT_WIDTH, rows * sizes[0] * LEADING)
    return fitted(text, room, sizes, is_bold=is_bold)


def _small(text: str, points: float, *, rows: int, is_bold: bool = False) -> Lines:
    """Break a text into so many lines at most, a little smaller where that helps."""
    shown = drawable(text)
    sizes = [POINT * size for size in (points, points - 2, points - 4)]
    return fitted(shown, (_TEXT_WIDTH, rows * sizes[0] * LEADING), sizes, is_bold=is_bold)


def _modules(link: str) -> Iterator[Bar]:
    """Yield the black runs of each row of the QR code of a link."""
    matrix = segno.make(link, error="m", micro=False).matrix
    module = QR_SIZE / len(matrix)
    for row, modules in enumerate(matrix):
        begin = 0
        while begin < len(modules):
            end = begin
            while end < len(modules) and modules[end] == modules[begin]:
                end += 1
            if modules[begin]:
                x, y = _QR_LEFT + begin * module, _QR_TOP + row * module
                yield Bar(x, y, (end - begin) * module, module)
            begin = end
