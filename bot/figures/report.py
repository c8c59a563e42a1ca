"""The public report on a quarter: a page without other files, and the same as PDF.

Each chart stands beside a table with the same figures. Counts of fewer than five are hidden, with
as many others as it takes (`small_counts`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.figures.small_counts import LEAST, Published, listed, published
from handlers.administration import in_french
from handlers.messages import Catalogue, moment
from storage.records.arrivals import ArrivalFigures
from storage.records.days import Days
from storage.records.figures import (
    HELPED,
    INTEREST,
    Counted,
    Figures,
    QuestionFigures,
    RequestFigures,
)
from storage.records.lifecycle import Ending, Status

TEXT = Catalogue.of("figures")
_PAGE = Path(__file__).with_name("report.html")


class NoPdfError(Exception):
    """Raised where a page cannot be made a PDF: WeasyPrint or a library that it needs is absent."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How many of the control questions are answered right: on the subject, and not on it."""

    in_scope: int
    in_scope_right: int
    out_of_scope: int
    out_of_scope_right: int


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line of a table and its bar; ``count`` None is hidden."""

    name: str
    count: int | None


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table of counts with the chart beside it; ``total`` None is hidden, or not told."""

    title: str
    head: str
    lines: tuple[ReportLine, ...]
    total: int | None = None

    @property
    def most(self) -> int:
        """The largest count, at least one."""
        return max([1, *(line.count or 0 for line in self.lines)])

    @property
    def hides(self) -> bool:
        """Whether a count is hidden."""
        return any(line.count is None for line in self.lines)


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page tells; ``provisional`` where the quarter is not over.

    ``titles`` are those of the entries, by id.
    """

    quarter: Days
    figures: Figures
    quality: Quality
    titles: Mapping[str, str]
    operator: str
    now: datetime
    # The name of the initiative; empty where the files do not say it.
    initiative: str = ""

    @property
    def provisional(self) -> bool:
        """Whether days of the quarter are still to come."""
        return self.figures.days.end < self.quarter.end

    @property
    def name(self) -> str:
        """The quarter, as it is written in French: ``4e trimestre 2026``."""
        number = (self.quarter.first.month + 2) // 3
        return TEXT.label("quarter_name", number=number, year=self.quarter.first.year)


def page_of(report: Report) -> str:
    """Return the report as one HTML page."""
    environment = Environment(
        loader=FileSystemLoader(_PAGE.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        day=in_french.long_day, moment=moment, number=in_french.number, percent=in_french.percent
    )
    return environment.get_template(_PAGE.name).render(_told(report))


def pdf_of(page: str) -> bytes:
    """Return the page as PDF, tagged for screen readers; NoPdfError where that cannot be done."""
    try:
        # An extra, and slow to import: only this needs it.
        from weasyprint import HTML  # type: ignore[import-untyped]  # noqa: PLC0415 - it has no types
    except (ImportError, OSError) as error:
        # OSError: Pango is absent.
        raise NoPdfError(type(error).__name__) from error
    written: bytes = HTML(string=page).write_pdf(pdf_variant="pdf/ua-1", pdf_tags=True)
    return written


def _told(report: Report) -> dict[str, Any]:
    figures = report.figures
    requests = _requests_told(figures.requests)
    return {
        "report": report,
        "quality": report.quality,
        "least": LEAST,
        "questions": _questions_told(report),
        "requests": requests,
        "arrivals": _arrivals_told(figures.arrivals),
        "is_empty": figures.is_empty,
    }


def _questions_told(report: Report) -> dict[str, Any]:
    asked = report.figures.questions
    halves = published({"answered": asked.answered, "unanswered": asked.asked - asked.answered})
    weeks = published({part.days: part.asked for part in asked.parts})
    # The share tells the total too, so it is hidden where either has to hide it.
    total = None if None in {weeks.total, halves.total} else asked.asked
    share = None if halves.hides or total is None else asked.share
    tables = [_weeks(weeks, is_long=report.figures.days.is_long)] if total is not None else []
    if entries := _entries(asked, report.titles):
        tables.append(entries)
    return {"total": total, "share": share, "tables": tables}


def _weeks(weeks: Published[Days], *, is_long: bool) -> ReportTable:
    name = partial(in_french.beginning, monthly=is_long)
    lines = tuple(ReportLine(name(days), count) for days, count in weeks.parts.items())
    return ReportTable(TEXT.label("report_weeks"), TEXT.label("report_week"), lines, weeks.total)


def _entries(asked: QuestionFigures, titles: Mapping[str, str]) -> ReportTable | None:
    """Return the answers given most, without a total: an answer may be of no entry."""
    shown, _others = listed(asked.entries, asked.answered)
    lines = [ReportLine(titles.get(one.id, one.id), one.count) for one in shown]
    title, head = TEXT.label("report_entries"), TEXT.label("report_entry")
    return ReportTable(title, head, tuple(lines)) if lines else None


def _requests_told(requests: RequestFigures) -> dict[str, Any]:
    states = published(_final_states(requests))
    kinds = published(requests.kinds)
    # Both tables are of the same requests: what one hides, the total of the other must not tell.
    total = None if None in {states.total, kinds.total} else states.total
    if total is None:
        return {"total": None, "tables": [], "medians": _medians(requests), "helped": None}
    tables = [
        _table("states", "value_state", states.parts, total),
        _table("kinds", "value_kind", kinds.parts, total),
    ]
    interested = kinds.parts.get(INTEREST)
    if interested and (projects := _projects(requests.projects, interested)):
        tables.append(projects)
    helped = published(requests.helped)
    if helped.total:
        tables.append(_table("helped", "value_helped", helped.parts, helped.total))
    share = requests.helped_share if helped.total and helped.parts.get(HELPED) else None
    return {"total": total, "tables": tables, "medians": _medians(requests), "helped": share}


def _arrivals_told(arrivals: ArrivalFigures) -> list[ReportTable]:
    """Return the tables of openings, which count as if each were another person's."""
    parts = (
        ("arrivals", "value_source", published(dict(arrivals.sources))),
        ("opened", "value_opened", published(dict(arrivals.opened))),
    )
    # Both tables are of the same openings: what one hides, the total of the other must not tell.
    if any(told.total is None for _, _, told in parts):
        return []
    return [_table(name, words, told.parts, arrivals.total) for name, words, told in parts]


def _final_states(requests: RequestFigures) -> dict[str, int]:
    """Return the states as parts of one whole; the closed ones by their outcome."""
    counts = {str(one): count for one, count in requests.in_order if one is not Status.CLOSED}
    closed = requests.states.get(Status.CLOSED, 0)
    by_outcome = {f"closed_{one}": requests.outcomes.get(one, 0) for one in Ending}
    rest = closed - sum(by_outcome.values())
    return (
        counts
        | {name: count for name, count in by_outcome.items() if count}
        | ({str(Status.CLOSED): rest} if rest > 0 else {})
    )


def _table(name: str, words: str, parts: Mapping[Any, int | None], total: int) -> ReportTable:
    lines = tuple(ReportLine(TEXT.label(f"{words}_{one}"), count) for one, count in parts.items())
    return ReportTable(
        TEXT.label(f"report_{name}"), TEXT.label(f"report_{name}_head"), lines, total
    )


def _projects(projects: Sequence[Counted], total: int) -> ReportTable | None:
    shown, others = listed(projects, total)
    lines = [ReportLine(in_french.project_title(one), one.count) for one in shown]
    if not lines:
        return None
    if others:
        lines.append(ReportLine(TEXT.label("report_other_projects"), others))
    title, head = TEXT.label("report_projects"), TEXT.label("report_projects_head")
    return ReportTable(title, head, tuple(lines), total)


def _medians(requests: RequestFigures) -> dict[str, float | None]:
    """Return the medians, in days, of five requests at least."""
    return {
        "take": requests.days_to_take if requests.taken >= LEAST else None,
        "contact": requests.days_to_contact if requests.introduced >= LEAST else None,
    }
