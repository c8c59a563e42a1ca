"""A poster as SVG: its texts are texts, so that they can be searched, read aloud and changed."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from bot.posters.layout import HEIGHT, WIDTH, Bar, Sheet, laid_out
from bot.posters.measuring import drawable
from bot.posters.poster import TEXT, Poster
from bot.runtime.drawing import drawing

_FILE = Path(__file__).with_name("poster.svg")


def svg_of(poster: Poster, sheet: Sheet = Sheet.A4) -> bytes:
    """Return a poster as an SVG file, which can be printed at any size; for a thread."""
    with drawing():
        layout = laid_out(poster)
        title = drawable(poster.title) or poster.code
    described = TEXT.label("described", poster=poster)
    values = {"layout": layout, "sheet": sheet, "title": title, "described": drawable(described)}
    return _template().render(values, width=WIDTH, height=HEIGHT).encode()


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_FILE.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(mm=_mm, outline=_outline)
    return environment.get_template(_FILE.name)


def _mm(length: float) -> str:
    return f"{length:.3f}".rstrip("0").rstrip(".")


def _outline(bars: Iterable[Bar]) -> str:
    """Return the bars as one path: drawn one by one, thin white lines would show between them."""
    return "".join(
        f"M{_mm(bar.x)} {_mm(bar.y)}h{_mm(bar.width)}v{_mm(bar.height)}h-{_mm(bar.width)}z"
        for bar in bars
    )
