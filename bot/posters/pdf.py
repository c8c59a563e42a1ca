"""A poster as PDF, with the font that was measured: Matplotlib draws it, so nothing else is needed.

WeasyPrint, which makes the report, is an extra; a poster must come out of any installation.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.posters.layout import HEIGHT, POINT, WIDTH, Bar, Layout, Sheet, laid_out
from bot.posters.measuring import drawable
from bot.posters.poster import Poster
from bot.runtime.drawing import drawing

if TYPE_CHECKING:
    from matplotlib.path import Path

_INCH = 25.4
# Its own letters are embedded as TrueType: they can be searched and copied, and print anywhere.
_TRUETYPE = 42


def pdf_of(poster: Poster, sheet: Sheet = Sheet.A4) -> bytes:
    """Return a poster as a PDF of one page; for a thread. The same poster gives the same bytes."""
    with drawing(**{"pdf.fonttype": _TRUETYPE}):
        from matplotlib.backends.backend_pdf import FigureCanvasPdf  # noqa: PLC0415 - see `drawing`
        from matplotlib.figure import Figure  # noqa: PLC0415

        width, height = sheet.value
        page = Figure(figsize=(width / _INCH, height / _INCH), facecolor="white")
        FigureCanvasPdf(page)
        _compose(page, laid_out(poster), sheet)
        target = io.BytesIO()
        about = {"Title": drawable(poster.title), "Author": poster.initiative, "CreationDate": None}
        page.savefig(target, format="pdf", metadata=about)
    return target.getvalue()


def _compose(page: Any, layout: Layout, sheet: Sheet) -> None:  # noqa: ANN401 - Matplotlib's, see `drawing`
    from matplotlib.patches import PathPatch  # noqa: PLC0415 - as above

    # The sheet's proportions are not quite those of A4: what is left is shared by both sides.
    width, height = (length / sheet.scale for length in sheet.value)
    left, top = (width - WIDTH) / 2, (height - HEIGHT) / 2
    axes = page.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(-left, WIDTH + left)
    axes.set_ylim(HEIGHT + top, -top)
    for line in layout.lines:
        weight, size = "bold" if line.is_bold else "normal", line.size / POINT * sheet.scale
        axes.text(line.x, line.y, line.text, size=size, weight=weight, va="baseline")
    for bars in ([layout.rule], layout.modules):
        axes.add_patch(PathPatch(_outline(bars), facecolor="black", linewidth=0))


def _outline(bars: Sequence[Bar]) -> "Path":
    """Return the bars as one path: drawn one by one, thin white lines would show between them."""
    from matplotlib.path import Path  # noqa: PLC0415 - see `drawing`

    corners = [
        corner
        for bar in bars
        for corner in (
            (bar.x, bar.y),
            (bar.x + bar.width, bar.y),
            (bar.x + bar.width, bar.y + bar.height),
            (bar.x, bar.y + bar.height),
            (bar.x, bar.y),
        )
    ]
    kinds = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * len(bars)
    return Path(corners, kinds)
