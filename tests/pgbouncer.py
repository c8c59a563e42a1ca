"""A real PgBouncer before the tests' PostgreSQL: it lends a session for one transaction."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_CONFIGURATION = """
[databases]
* = host={sockets} user=bot
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 2
ignore_startup_parameters = {ignored}
logfile = {folder}/log
pidfile = {folder}/pid
"""
_ENCRYPTION = """
client_tls_sslmode = require
client_tls_key_file = {0}
client_tls_cert_file = {0}
"""


def programme() -> str | None:
    """Find PgBouncer; None where it is not installed."""
    return shutil.which("pgbouncer", path=f"{os.defpath}:/usr/sbin")


@contextmanager
def pooling(
    sockets: Path, ignored: str = "", mode: str = "transaction", certificate: Path | None = None
) -> Iterator[int]:
    """Pool the server that listens in a folder, and yield the port; skip without PgBouncer.

    ``ignored``: the connections' settings that it drops instead of refusing them. With a
    ``certificate``, a file that holds its key as well, it takes encrypted connections only.
    """
    found = programme()
    if found is None:
        pytest.skip("PgBouncer is not installed: its tests are skipped")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer-"))
    values = {"sockets": sockets, "port": port, "ignored": ignored, "folder": folder, "mode": mode}
    encryption = _ENCRYPTION.format(certificate) if certificate else ""
    (folder / "ini").write_text(_CONFIGURATION.format(**values) + encryption)
    account = _account()
    shutil.chown(folder, account)
    process = subprocess.Popen(  # noqa: S603
        [found, str(folder / "ini")],
        user=account if os.geteuid() == 0 else None,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def _account() -> str | int:
    if os.geteuid() != 0:
        return os.geteuid()
    return "postgres" if "postgres" in {each.pw_name for each in pwd.getpwall()} else "nobody"


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError("PgBouncer does not listen")
