"""A real PostgreSQL for the tests: one server a test process, one database a test.

The server keeps nothing (no fsync) in a folder of its own, listens on a Unix socket only, and runs
as somebody else where the tests run as root, which PostgreSQL refuses to do.
"""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # it has no stubs
import pytest

from storage.database import Database

_CONFIGURATION = """
fsync = off
synchronous_commit = off
full_page_writes = off
listen_addresses = ''
shared_buffers = 32MB
max_connections = 60
autovacuum = off
logging_collector = off
"""
_ROOM = 1 << 30
_EMPTY, _MIGRATED = "template1", "migrated"


class Server:
    """A running PostgreSQL server."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries = binaries
        self._folder = folder
        self._numbers = itertools.count(1)
        self._has_tables = False

    def initialise(self) -> None:
        """Make the server's files."""
        shutil.chown(self._folder, self._account)
        self._run("initdb", "--no-sync", "--auth=trust", "--username=bot", "--encoding=UTF8", "-D")
        with (self._data / "postgresql.conf").open("a") as configuration:
            configuration.write(f"{_CONFIGURATION}unix_socket_directories = '{self._folder}'\n")

    def start(self) -> None:
        """Start, and wait until it answers."""
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "--wait", "--silent", "--log", log, "-D")

    def stop(self) -> None:
        """Stop, cutting every connection."""
        self._run("pg_ctl", "stop", "--wait", "--silent", "--mode", "fast", "-D")

    def freeze(self) -> None:
        """Let it stand still: it keeps its connections, and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, sent: signal.Signals) -> None:
        first = int((self._data / "postmaster.pid").read_text().split()[0])
        # Its first process before those that it begins, or it would begin others.
        os.kill(first, sent)
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                if int(status.read_text().rpartition(")")[2].split()[1]) == first:
                    os.kill(int(status.parent.name), sent)

    @property
    def is_running(self) -> bool:
        """Whether it was started, and not stopped since."""
        return (self._data / "postmaster.pid").exists()

    async def create(self, *, migrated: bool) -> str:
        """Make a database, with every table or with none, and return its URL."""
        if migrated and not self._has_tables:
            await self._make_template()
        name = f"test_{next(self._numbers)}"
        template = _MIGRATED if migrated else _EMPTY
        await self._administer(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    async def drop(self, url: str) -> None:
        """Throw a database away, whoever uses it."""
        name = url.partition("@/")[2].partition("?")[0]
        await self._administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        """Return a database's URL, for SQLAlchemy."""
        return f"postgresql+asyncpg://bot@/{name}?host={self._folder}"

    async def _make_template(self) -> None:
        await self._administer(f"CREATE DATABASE {_MIGRATED}")
        database = Database(self.url(_MIGRATED))
        await database.migrate()
        await database.close()
        self._has_tables = True

    async def _administer(self, statement: str) -> None:
        connection = await asyncpg.connect(host=str(self._folder), user="bot", database="postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _account(self) -> str | int:
        if os.geteuid() != 0:
            return os.geteuid()
        known = {account.pw_name for account in pwd.getpwall()}
        return "postgres" if "postgres" in known else "nobody"

    def _run(self, programme: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programmes on the server's files, named last."""
        account = self._account if os.geteuid() == 0 else None
        done = subprocess.run(  # noqa: S603
            [self._binaries / programme, *arguments, self._data],
            user=account,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{programme} failed: {done.stderr}")


def binaries() -> Path | None:
    """Find PostgreSQL's programmes, of the latest version there is; None where there is none."""
    if asked := shutil.which("pg_config"):
        found = subprocess.run([asked, "--bindir"], capture_output=True, text=True, check=True)  # noqa: S603
        if (Path(found.stdout.strip()) / "initdb").exists():
            return Path(found.stdout.strip())
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    latest = max(installed, key=lambda path: int(path.parts[-3]), default=None)
    return latest.parent if latest else None


def _memory() -> Path | None:
    """Find a folder in memory with room for it; None for the folder that others are in.

    Not under pytest's own, which the server's account may not enter; and a socket's path is short.
    """
    memory = Path("/dev/shm")  # noqa: S108 (mkdtemp makes its own folder there)
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > _ROOM
    return memory if has_room and os.access(memory, os.W_OK) else None


@contextmanager
def running() -> Iterator[Server]:
    """Run a server; skip the test where PostgreSQL is not installed."""
    found = binaries()
    if found is None:
        pytest.skip("PostgreSQL is not installed: its tests are skipped")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=_memory()))
    server = Server(found, folder)
    try:
        server.initialise()
        server.start()
        yield server
    finally:
        if server.is_running:
            server.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session", name="postgres")
def postgres_server() -> Iterator[Server]:
    """The server of this test process."""
    with running() as server:
        yield server
