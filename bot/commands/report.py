"""``python -m bot report --quarter 2026T4``: the public report on a quarter, as HTML and PDF."""

import asyncio
from datetime import timedelta
from pathlib import Path

from bot.commands.console import fail, say
from bot.commands.output import write_output
from bot.content.compiler import compiling
from bot.figures.report import NoPdfError, Quality, Report, page_of, pdf_of
from bot.messages import TEXT
from bot.settings import Settings
from handlers.administration import in_french
from handlers.administration.periods import PeriodError, quarter_of
from handlers.messages import PARIS
from knowledge.curation.regression import expectations, verdicts
from knowledge.files.problems import KnowledgeError, Severity
from knowledge.knowledge import Knowledge
from knowledge.loading import QUESTIONS, build, read_files
from storage.database import Database, utc_now
from storage.engine.errors import DatabaseUnavailableError, StorageError
from storage.engine.faults import Fault, fault_of
from storage.operations.inspect import inspect_database
from storage.records.days import Days
from storage.records.figures import Figures

_DAY = timedelta(days=1)
# An installation without these has no figures: the bot makes them when it starts.
_NEVER_STARTED = frozenset({Fault.MISSING, Fault.EMPTY, Fault.OUTDATED})


def write_report(settings: Settings, quarter: str, folder: Path) -> int:
    """Write the page of a quarter, and its PDF where that can be made; return the exit code."""
    now = utc_now()
    today = now.astimezone(PARIS).date()
    try:
        whole = quarter_of(quarter)
    except PeriodError:
        return fail(TEXT.label("report_bad_quarter", quarter=quarter))
    if whole.first > today:
        return fail(TEXT.label("report_future_quarter", quarter=quarter))
    try:
        days = Days(whole.first, min(whole.end, today + _DAY))
        figures = asyncio.run(_figures(settings.database_url, days))
        knowledge, quality = _measured(settings)
    except KnowledgeError as error:
        directory = settings.knowledge_dir
        message = TEXT.label("knowledge_wrong", problems=error.problems, directory=directory)
        return fail(message)
    except StorageError as error:
        return fail(_of_the_database(error))
    titles = {one.id: in_french.title_of(knowledge, one.id) for one in figures.questions.entries}
    name = knowledge.initiative.name
    operator = settings.operator_name or TEXT.label("default_operator", name=name)
    page = page_of(Report(whole, figures, quality, titles, operator, now, name))
    number = (whole.first.month + 2) // 3
    return _written(folder / f"rapport-{whole.first.year}T{number}.html", page)


async def _figures(database_url: str, days: Days) -> Figures:
    """Read the figures; nothing is changed, and a bot may be running."""
    for finding in await inspect_database(database_url):
        # Rows without their parent change no figure.
        if finding.fault is not Fault.ORPHANS:
            raise DatabaseUnavailableError(finding.detail, finding.fault)
    database = Database(database_url)
    try:
        async with database.begin() as work:
            return await work.figures.read(days)
    finally:
        await database.close()


def _measured(settings: Settings) -> tuple[Knowledge, Quality]:
    """Load the knowledge and ask it the control questions. Raises KnowledgeError."""
    files = read_files(settings.knowledge_dir, fictitious=False, questions=True)
    errors = [one for one in files.problems if one.severity is Severity.ERROR]
    if errors:
        raise KnowledgeError(tuple(errors))
    knowledge = build(files.documents, compiling(settings))
    asked = verdicts(knowledge.matcher, expectations(files.documents.get(QUESTIONS)))
    inside = [one.right for one in asked if one.expectation.entries]
    outside = [one.right for one in asked if not one.expectation.entries]
    return knowledge, Quality(len(inside), sum(inside), len(outside), sum(outside))


def _written(path: Path, page: str) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_output(path, page.encode())
        say(TEXT.label("report_written", file=path))
        pdf = path.with_suffix(".pdf")
        write_output(pdf, pdf_of(page))
        say(TEXT.label("report_written", file=pdf))
    except NoPdfError:
        say(TEXT.label("report_no_pdf"))
    except OSError as error:
        return fail(TEXT.label("report_not_written", file=path, reason=error.strerror))
    return 0


def _of_the_database(error: StorageError) -> str:
    fault = fault_of(error)
    if fault in _NEVER_STARTED:
        return TEXT.label("report_no_database")
    return TEXT.label(f"database_{fault}", reason=error)
