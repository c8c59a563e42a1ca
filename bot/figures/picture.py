"""The figures of a period as a picture for a phone.

Matplotlib takes tens of megabytes and most of a second to import: only the first picture does it.
It draws in a thread, one picture at a time, on a `Figure` of its own: pyplot keeps every figure.
"""

import asyncio
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bot.runtime.drawing import FONT, drawing
from handlers.administration import in_french
from handlers.core.keyboards import shorten
from handlers.messages import Catalogue
from storage.records.arrivals import ArrivalFigures
from storage.records.figures import Figures, QuestionFigures, RequestFigures
from storage.records.lifecycle import Ending

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TEXT = Catalogue.of("figures")
# Pixels: as wide as phones are, and a little higher than wide, so that Telegram shows all of it.
WIDTH, HEIGHT = 1080, 1350
_DPI = 150
_MOST_ENTRIES = 5
_LONGEST_TITLE = 38
_FEWEST_BARS = 6
# Contrast with white: 7.6, 4.7 and 15; the two of the bars differ in lightness, not in hue only.
_DARK, _LIGHT, _INK, _GREY = "#1b4f8a", "#e8a33d", "#1e1e1e", "#5a5a5a"


async def png_of(figures: Figures, titles: Mapping[str, str]) -> bytes:
    """Return the picture, a PNG; ``titles`` are those of the entries, by id."""
    return await asyncio.to_thread(drawn, figures, titles)


def drawn(figures: Figures, titles: Mapping[str, str]) -> bytes:
    """Draw the picture; for a thread."""
    with drawing(**{"font.size": 11}):
        # Here, not above: see the module's own words.
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure as Sheet  # noqa: PLC0415

        sheet = Sheet(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, facecolor="white")
        FigureCanvasAgg(sheet)
        _compose(sheet, figures, titles)
        target = io.BytesIO()
        sheet.savefig(target, format="png")
    return target.getvalue()


def _compose(sheet: "Figure", figures: Figures, titles: Mapping[str, str]) -> None:
    sheet.text(0.05, 0.955, TEXT.label("picture_title"), size=19, weight="bold", color=_INK)
    sheet.text(0.05, 0.925, in_french.period(figures.days), size=12, color=_GREY)
    _entitle(sheet, 0.88, _questions_title(figures.questions))
    _draw_questions(sheet.add_axes((0.05, 0.69, 0.9, 0.145)), figures)
    _entitle(sheet, 0.6, TEXT.label("picture_entries"))
    _draw_bars(sheet.add_axes((0.47, 0.475, 0.45, 0.115)), _entries(figures.questions, titles))
    _entitle(sheet, 0.44, _states_title(figures.requests))
    _draw_bars(sheet.add_axes((0.47, 0.295, 0.45, 0.135)), _states(figures.requests))
    _entitle(sheet, 0.26, _sources_title(figures.arrivals))
    _draw_bars(sheet.add_axes((0.47, 0.115, 0.45, 0.135)), _sources(figures.arrivals))
    for place, (name, value) in enumerate(_keys(figures.requests)):
        left = 0.05 + 0.235 * place
        sheet.text(left, 0.055, value, size=17, weight="bold", color=_DARK)
        sheet.text(left, 0.03, name, size=9, color=_GREY)


def _draw_questions(axes: "Axes", figures: Figures) -> None:
    asked = figures.questions
    places = range(len(asked.parts))
    well = [part.answered for part in asked.parts]
    left = [part.asked - part.answered for part in asked.parts]
    axes.bar(places, well, color=_DARK, label=TEXT.label("picture_answered"))
    axes.bar(places, left, bottom=well, color=_LIGHT, label=TEXT.label("picture_unanswered"))
    most = max([1, *(part.asked for part in asked.parts)])
    axes.set_ylim(0, most * 1.12)
    # Few bars are no wider than many.
    axes.set_xlim(-0.6, max(_FEWEST_BARS, len(asked.parts)) - 0.4)
    for place, part in enumerate(asked.parts):
        if part.asked:
            label = in_french.number(part.asked)
            axes.text(place, part.asked + most * 0.02, label, ha="center", size=9, color=_INK)
    axes.set_yticks([])
    names = [in_french.beginning(part.days, monthly=figures.days.is_long) for part in asked.parts]
    axes.set_xticks(list(places), names, size=9, rotation=45, ha="right", rotation_mode="anchor")
    axes.tick_params(length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    if asked.asked:
        axes.legend(
            loc="lower right", bbox_to_anchor=(1.01, 0.98), ncols=2, frameon=False, fontsize=10
        )


def _draw_bars(axes: "Axes", bars: Sequence[tuple[str, int]]) -> None:
    """Draw bars to the right of their names, the first on top."""
    axes.axis("off")
    most = max((count for _, count in bars), default=1)
    axes.set_xlim(0, most * 1.15)
    axes.set_ylim(max(_MOST_ENTRIES, len(bars)) - 0.4, -0.6)
    for place, (name, count) in enumerate(bars):
        axes.barh(place, count, color=_DARK, height=0.62)
        axes.text(-most * 0.03, place, name, ha="right", va="center", size=10, color=_INK)
        label = in_french.number(count)
        axes.text(count + most * 0.02, place, label, va="center", size=10, color=_INK)


def _entitle(sheet: "Figure", height: float, title: str) -> None:
    sheet.text(0.05, height, title, size=13, weight="bold", color=_INK)


def _questions_title(asked: QuestionFigures) -> str:
    if asked.share is None:
        return TEXT.label("picture_no_question")
    return TEXT.label(
        "picture_questions",
        asked=asked.asked,
        share=asked.share,
        number=in_french.number,
        percent=in_french.percent,
    )


def _states_title(requests: RequestFigures) -> str:
    if not requests.made:
        return TEXT.label("picture_no_request")
    return TEXT.label("picture_states", made=requests.made, number=in_french.number)


def _states(requests: RequestFigures) -> list[tuple[str, int]]:
    return [(TEXT.label(f"picture_state_{one}"), count) for one, count in requests.in_order]


def _sources_title(arrivals: ArrivalFigures) -> str:
    if not arrivals.total:
        return TEXT.label("picture_no_source")
    return TEXT.label("picture_sources", total=arrivals.total, number=in_french.number)


def _sources(arrivals: ArrivalFigures) -> list[tuple[str, int]]:
    return [(TEXT.label(f"picture_source_{one}"), n) for one, n in arrivals.sources.items()]


def _entries(asked: QuestionFigures, titles: Mapping[str, str]) -> list[tuple[str, int]]:
    return [
        (shorten(_drawable(titles.get(one.id, one.id)), _LONGEST_TITLE), one.count)
        for one in asked.entries[:_MOST_ENTRIES]
    ]


def _keys(requests: RequestFigures) -> list[tuple[str, str]]:
    """Return the figures that stand alone, each with its name."""
    helped = requests.helped_share
    ended = sum(requests.outcomes.values())
    success = requests.outcomes.get(Ending.SUCCESS, 0)
    nothing = TEXT.label("picture_nothing")
    return [
        (TEXT.label("picture_key_take"), _in_days(requests.days_to_take)),
        (TEXT.label("picture_key_contact"), _in_days(requests.days_to_contact)),
        (TEXT.label("picture_key_success"), in_french.number(success) if ended else nothing),
        (
            TEXT.label("picture_key_helped"),
            nothing if helped is None else in_french.percent(helped),
        ),
    ]


def _in_days(days: float | None) -> str:
    if days is None:
        return TEXT.label("picture_nothing")
    return TEXT.label("picture_days", days=days, number=in_french.number)


def _drawable(title: str) -> str:
    """Return a title without the signs that the font has no shape for, such as emoji."""
    from matplotlib.font_manager import findfont, get_font  # noqa: PLC0415 - as above

    shapes = get_font(findfont(FONT)).get_charmap()
    return " ".join("".join(sign for sign in title if ord(sign) in shapes).split())
