"""``python -m bot keys``: a fresh key, what is encrypted, and encrypting all with the newest."""

from collections.abc import Sequence

from bot.commands import beside
from bot.commands.console import fail, say
from bot.messages import TEXT
from storage.database import Database
from storage.engine.vault import new_key
from storage.operations.keys import rotate
from storage.privacy.sealing import CLEAR


def new() -> int:
    """Print a fresh key; return the exit code."""
    say(TEXT.label("keys_new", key=new_key()))
    return 0


def check(url: str, keys: Sequence[str]) -> int:
    """Print how many texts are under which key; return 1 where some are not as they should be."""
    return beside.run(url, keys, _check)


async def _check(database: Database) -> int:
    async with database.begin() as work:
        usage = await work.sealing.usage()
    ours, clear = database.vault.ids, usage.pop(CLEAR, 0)
    ordered = sorted(usage.items(), key=lambda one: (one[0] not in ours[:1], one[0]))
    say(TEXT.label("keys_report", clear=clear, counts=ordered, keys=ours))
    return int(bool(clear and ours) or not set(usage) <= set(ours))


def rotate_all(url: str, keys: Sequence[str]) -> int:
    """Encrypt everything with the first key; return the exit code."""
    if not keys:
        return fail(TEXT.label("keys_none"))

    async def act() -> int:
        done = await rotate(url, keys)
        values = {"rows": done.rows, "unread": done.unread, "retired": done.retired}
        say(TEXT.label("keys_rotated", scrubbed=done.is_scrubbed, **values))
        return int(bool(done.unread))

    return beside.run_apart(url, keys, act)
