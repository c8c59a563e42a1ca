"""The most memory that the bot takes to send one person's data, again and again.

``python -m benchmarks.export_memory`` fills a database with 5,000 questions of 4,090 signs (as the
versions before the limits kept them), asks thirty times for the file, and prints the peak of the
process's resident memory before and after, in megabytes, and the size of the file.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine, insert

from bot.preview.server import PREVIEW_TOKEN, PreviewServer, running
from storage.database import Database
from storage.engine.schema import people, questions

QUESTIONS, SIGNS, EXPORTS = 5_000, 4_090, 30
_ROOT = Path(__file__).parent.parent


def fill(path: Path, telegram_id: int) -> None:
    """Store the questions directly, past the limits."""
    now = datetime.now(UTC)
    row = {"person_id": 1, "asked_at": now, "text": "é" * SIGNS, "outcome": "none", "shown": []}
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        who = {"id": 1, "telegram_id": telegram_id, "created_at": now, "last_seen_at": now}
        connection.execute(insert(people), who)
        connection.execute(insert(questions), [row] * QUESTIONS)
    engine.dispose()


def peak(process: subprocess.Popen[bytes]) -> float:
    """Return the most memory that a process has held so far, in megabytes."""
    status = Path(f"/proc/{process.pid}/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


async def measure(folder: Path, server: PreviewServer) -> None:
    """Run the bot on a filled database, and print its peaks."""
    path, person = folder / "bot.db", server.messenger.sme
    database = Database(f"sqlite+aiosqlite:///{path}")
    await database.migrate()
    await database.close()
    await asyncio.to_thread(fill, path, person.id)
    environment = os.environ | {
        "TELEGRAM_BOT_TOKEN": PREVIEW_TOKEN,
        "TELEGRAM_API_URL": server.url,
        "DATABASE_URL": f"sqlite+aiosqlite:///{path}",
        "PYTHONPATH": str(_ROOT),
    }
    process = await asyncio.to_thread(
        subprocess.Popen, [sys.executable, "-m", "bot", "run"], cwd=folder, env=environment
    )

    async def count(words: str) -> int:
        return sum(words in str(message) for message in server.messenger.messages(person.id))

    async def said(words: str, times: int) -> None:
        while await count(words) < times:
            await server.messenger.changed_or(0.05)

    try:
        server.messenger.says(person, "/aide")
        await said("Ce que vous pouvez faire ici", 1)
        print(f"before: {peak(process):.0f} MB")
        for number in range(1, EXPORTS + 1):
            # A file that has just arrived may not be marked as sent yet: the bot says so.
            while await count("'document'") < number:
                refused = await count("en préparation")
                server.messenger.says(person, "/mesdonnees")
                while (
                    await count("'document'") < number and await count("en préparation") == refused
                ):
                    await server.messenger.changed_or(0.05)
        print(f"after {EXPORTS} files: {peak(process):.0f} MB")
        last = server.messenger.messages(person.id)[-1]["document"]
        print(f"each: {len(server.messenger.file(last['file_id'])) / 1e6:.1f} MB")
        print(f"database: {path.stat().st_size / 1e6:.1f} MB")
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)


async def main() -> None:
    """Measure in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        async with running(PreviewServer()) as server:
            await measure(Path(folder), server)


if __name__ == "__main__":
    asyncio.run(main())
