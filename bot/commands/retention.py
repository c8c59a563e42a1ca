"""``python -m bot retention``: how long things are kept, and what was erased when its time came."""

from itertools import groupby
from operator import attrgetter

from bot.commands import beside
from bot.commands.console import say
from bot.messages import TEXT
from bot.settings import Settings
from handlers.core.kept import Kept
from storage.database import Database

_MOST_DAYS = 30


def show(settings: Settings) -> int:
    """Print the durations and the counts of the latest days; return the exit code."""

    async def act(database: Database) -> int:
        async with database.begin() as work:
            entries = await work.register.latest(_MOST_DAYS)
        days = [
            (day, [(one.what, one.count) for one in of_day])
            for day, of_day in groupby(entries, key=attrgetter("day"))
        ]
        say(TEXT.label("retention_report", days=days, kept=Kept(settings.durations)))
        return 0

    return beside.run(settings.database_url, settings.keys, act)
