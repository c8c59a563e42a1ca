"""A PostgreSQL server for the soak, on a Unix socket in its own folder; it can be crashed."""

import asyncio
import os
import pwd
import shutil
import subprocess
from pathlib import Path

_CONFIGURATION = """
listen_addresses = ''
shared_buffers = 64MB
max_connections = 60
"""


class PostgresMissingError(RuntimeError):
    """PostgreSQL's programmes are not installed."""


class Postgres:
    """A server that writes through to the disk: a crash loses nothing that was committed."""

    def __init__(self, folder: Path) -> None:
        self._binaries = _binaries()
        self._folder = folder
        self.restarts = 0

    @property
    def url(self) -> str:
        """The database's URL, for the bot."""
        return f"postgresql+asyncpg://soak@/postgres?host={self._folder}"

    async def start(self) -> None:
        """Create the server's files and start it."""
        self._folder.mkdir(parents=True)
        shutil.chown(self._folder, self._account)
        await self._run("initdb", "--auth=trust", "--username=soak", "--encoding=UTF8", "-D")
        with (self._folder / "data" / "postgresql.conf").open("a") as configuration:
            configuration.write(f"{_CONFIGURATION}unix_socket_directories = '{self._folder}'\n")
        await self._control("start")

    async def crash(self) -> None:
        """Crash it, and start it again: it recovers from its log."""
        self.restarts += 1
        await self._control("restart", "--mode", "immediate")

    async def stop(self) -> None:
        """Stop it."""
        await self._control("stop", "--mode", "fast")

    async def _control(self, act: str, *options: str) -> None:
        log = str(self._folder / "log")
        await self._run("pg_ctl", act, "--wait", "--silent", "--log", log, *options, "-D")

    @property
    def _account(self) -> str | int:
        # PostgreSQL refuses to run as root.
        if os.geteuid() != 0:
            return os.geteuid()
        accounts = {account.pw_name for account in pwd.getpwall()}
        return "postgres" if "postgres" in accounts else "nobody"

    async def _run(self, programme: str, *arguments: str) -> None:
        account = self._account if os.geteuid() == 0 else None
        command = [str(self._binaries / programme), *arguments, str(self._folder / "data")]
        done = await asyncio.to_thread(
            subprocess.run,
            command,
            user=account,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{programme} failed: {done.stderr}")


def _binaries() -> Path:
    """Find PostgreSQL's programmes, of the latest installed version."""
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=True)  # noqa: S603
        if (Path(answer.stdout.strip()) / "initdb").exists():
            return Path(answer.stdout.strip())
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    latest = max(installed, key=lambda path: int(path.parts[-3]), default=None)
    if latest is None:
        raise PostgresMissingError("PostgreSQL is not installed")
    return latest.parent
