"""PostgreSQL as operators have it: behind a pooler, in any encoding, by any address."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from dialogue import inside
from pgbouncer import pooling
from postgres import Server
from sqlalchemy import text
from storage_fixtures import sqlite_url

from storage.database import Database
from storage.engine.address import parse_address, places, secrets_of, without_secrets
from storage.engine.errors import AddressError, DatabaseUnavailableError
from storage.engine.faults import Fault, fault_of
from storage.engine.postgresql import connect_arguments
from storage.operations.copy import copy_database
from storage.operations.inspect import inspect_database

SETTINGS = "lock_timeout, idle_in_transaction_session_timeout, enable_bitmapscan, jit"
ALL_IGNORED = f"{SETTINGS}, tcp_keepalives_idle"


def folder_of(postgres: Server) -> Path:
    return Path(postgres.url("x").partition("host=")[2])


def name_of(url: str) -> str:
    return str(parse_address(url).database)


@pytest.fixture(params=["", ALL_IGNORED], ids=["refuses", "drops"])
def port(request: pytest.FixtureRequest, postgres: Server) -> Iterator[int]:
    """The port of a pooler that refuses what it does not know, or drops it without a word."""
    with pooling(folder_of(postgres), request.param) as found:
        yield found


@pytest.fixture
async def pooled(postgres: Server, port: int) -> AsyncIterator[str]:
    """A database without tables, by way of the pooler."""
    url = await postgres.create(migrated=False)
    yield f"postgresql+asyncpg://bot@127.0.0.1:{port}/{name_of(url)}"
    await postgres.drop(url)


async def settings_of(database: Database) -> list[str]:
    async with database.begin() as work:
        connection = inside(work.people, "connection")
        names = SETTINGS.split(", ")
        return [str(await connection.scalar(text(f"SHOW {name}"))) for name in names]


async def test_a_pooler_serves_several_workers(pooled: str) -> None:
    """More connections than sessions, each unit of work in whatever session is free."""
    first, second = Database(pooled, worker="a"), Database(pooled, worker="b")
    await asyncio.gather(first.migrate(), second.migrate())
    await asyncio.gather(first.join(), second.join())

    async def write(database: Database, number: int) -> None:
        async with database.begin() as work:
            await work.people.seen(number % 7)
            await work.people.seen(number)

    # The sessions pass from one worker to the other, with statements of the same text.
    await asyncio.gather(*(write((first, second)[n % 2], n) for n in range(1, 60)))
    for database in (first, second):
        assert await settings_of(database) == ["10s", "1min", "off", "off"]
        await database.beat()
        await database.close()
    assert await inspect_database(pooled) == ()


async def test_a_database_is_copied_through_a_pooler(pooled: str, tmp_path: Path) -> None:
    source = Database(sqlite_url(tmp_path))
    await source.migrate()
    async with source.begin() as work:
        await work.people.seen(7)
    await source.close()
    tables = await copy_database(sqlite_url(tmp_path), pooled)
    assert next(table.rows for table in tables if table.name == "people") == 1


async def test_an_option_that_a_pooler_refuses_is_told(postgres: Server) -> None:
    with pooling(folder_of(postgres)) as port:
        url = f"postgresql+asyncpg://bot@127.0.0.1:{port}/postgres?options=-c%20jit%3Doff"
        database = Database(url)
        with pytest.raises(DatabaseUnavailableError) as raised:
            await database.migrate()
        await database.close()
        assert fault_of(raised.value) is Fault.POOLER
        assert [one.fault for one in await inspect_database(url)] == [Fault.POOLER]


async def test_a_pooler_without_transactions_is_told(postgres: Server) -> None:
    with pooling(folder_of(postgres), mode="statement") as port:
        url = f"postgresql+asyncpg://bot@127.0.0.1:{port}/postgres"
        database = Database(url)
        with pytest.raises(DatabaseUnavailableError) as raised:
            await database.migrate()
        await database.close()
        assert fault_of(raised.value) is Fault.POOLER
        assert [one.fault for one in await inspect_database(url)] == [Fault.POOLER]


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "WIN1252", "EUC_JP"])
async def test_a_database_that_cannot_hold_every_character_is_refused(
    postgres: Server, encoding: str
) -> None:
    administer = inside(postgres, "administer")
    await administer(
        f"CREATE DATABASE narrow ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
        " TEMPLATE template0"
    )
    url = postgres.url("narrow")
    database = Database(url)
    with pytest.raises(DatabaseUnavailableError, match=encoding) as raised:
        await database.migrate()
    await database.close()
    found = await inspect_database(url)
    await postgres.drop(url)
    assert fault_of(raised.value) is Fault.WRONG_ENCODING
    assert [one.fault for one in found] == [Fault.WRONG_ENCODING]
    assert encoding in found[0].detail


async def test_what_the_account_may_not_do_is_found_beforehand(postgres: Server) -> None:
    url = await postgres.create(migrated=True)
    administer = inside(postgres, "administer")
    await administer("CREATE ROLE guest LOGIN")
    found = await inspect_database(url.replace("bot@", "guest@"))
    assert {one.fault for one in found} == {Fault.NO_RIGHTS}
    assert "people" in {one.detail for one in found}
    empty = await postgres.create(migrated=False)
    found = await inspect_database(empty.replace("bot@", "guest@"))
    assert [(one.fault, one.detail) for one in found] == [(Fault.NO_RIGHTS, "public")]
    await administer(f"ALTER DATABASE {name_of(url)} SET default_transaction_read_only = on")
    assert [one.fault for one in await inspect_database(url)] == [Fault.READ_ONLY]
    await administer(f"ALTER DATABASE {name_of(url)} SET search_path = nowhere")
    await administer(f"ALTER DATABASE {name_of(url)} RESET default_transaction_read_only")
    assert [one.fault for one in await inspect_database(url)] == [Fault.NO_TABLES]
    for each in (url, empty):
        await postgres.drop(each)
    await administer("DROP ROLE guest")


LIBPQ = {
    "sslmode": "prefer",
    "connect_timeout": "5",
    "application_name": "le%20bot",
    "options": "-c%20statement_timeout%3D30s",
    "target_session_attrs": "read-write",
    "keepalives_idle": "30",
    "gssencmode": "disable",
    "channel_binding": "prefer",
    "client_encoding": "utf8",
    "ssl_min_protocol_version": "TLSv1.2",
}


async def test_the_options_of_libpq_are_understood(postgres: Server) -> None:
    url = await postgres.create(migrated=True)
    options = "&".join(f"{name}={value}" for name, value in LIBPQ.items())
    database = Database(f"{url}&{options}")
    async with database.begin() as work:
        connection = inside(work.people, "connection")
        assert await connection.scalar(text("SHOW application_name")) == "le bot"
        assert await connection.scalar(text("SHOW statement_timeout")) == "30s"
        assert await connection.scalar(text("SHOW lock_timeout")) == "10s"
    await database.close()
    await postgres.drop(url)


async def test_the_next_server_of_a_list_is_tried(postgres: Server) -> None:
    with pooling(folder_of(postgres)) as port:
        database = Database(f"postgresql+asyncpg://bot@127.0.0.1:1,127.0.0.1:{port}/postgres")
        async with database.begin() as work:
            assert await inside(work.people, "connection").scalar(text("SELECT 1")) == 1
        await database.close()


async def test_a_server_that_does_not_encrypt_is_told(postgres: Server) -> None:
    with pooling(folder_of(postgres)) as port:
        url = f"postgresql+asyncpg://bot@127.0.0.1:{port}/postgres?sslmode=require"
        assert [one.fault for one in await inspect_database(url)] == [Fault.NOT_ENCRYPTED]


@pytest.fixture
def certificate() -> Iterator[Path]:
    """A certificate of this machine with its key, that the pooler's account may read."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed: no certificate can be made")
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    key, made = folder / "key", folder / "certificate"
    names = "subjectAltName=IP:127.0.0.1"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", names, "-keyout", str(key), "-out", str(made)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    made.write_bytes(made.read_bytes() + key.read_bytes())
    made.chmod(0o644)
    yield made
    shutil.rmtree(folder)


ENCRYPTED: dict[str, Fault] = {
    "": Fault.EMPTY,
    "?sslmode=require": Fault.EMPTY,
    "?ssl=true": Fault.EMPTY,
    "?sslmode=verify-full&sslrootcert=CERTIFICATE": Fault.EMPTY,
    "?sslmode=disable": Fault.NOT_ENCRYPTED,
    "?sslrootcert=system": Fault.NOT_ENCRYPTED,
    "?sslmode=require&ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2": (
        Fault.NOT_ENCRYPTED
    ),
    "?sslnegotiation=direct": Fault.WRONG_OPTION,
}


async def test_encryption_is_as_the_address_asks(
    postgres: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    url = await postgres.create(migrated=False)
    with pooling(folder_of(postgres), certificate=certificate) as port:
        for options, fault in ENCRYPTED.items():
            asked = options.replace("CERTIFICATE", str(certificate))
            found = await inspect_database(
                f"postgresql+asyncpg://bot@127.0.0.1:{port}/{name_of(url)}{asked}"
            )
            assert [one.fault for one in found] == [fault], options
    await postgres.drop(url)


@pytest.mark.parametrize(
    ("address", "hosts", "secret", "database"),
    [
        ("bot:p%40s%2Fs@h/db", (("h", 5432),), "p@s/s", "db"),
        ("bot:p:s/#?[]@h:1/db", (("h", 1),), "p:s/#?[]", "db"),
        ("bot:pw@[::1]:5433/db", (("::1", 5433),), "pw", "db"),
        ("bot:pw@h1:1,h2/db", (("h1", 1), ("h2", 5432)), "pw", "db"),
        ("/db?host=h1,h2&port=1,2&user=u&password=pw", (("h1", 1), ("h2", 2)), "pw", "db"),
        ("bot:pw@%2Fvar%2Frun/db", (("/var/run", 5432),), "pw", "db"),
        ("bot:pw@/db?host=/var/run&port=7", (("/var/run", 7),), "pw", "db"),
        ("bot:pw@/?host=a:1&host=b:2&dbname=db", (("a", 1), ("b", 2)), "pw", "db"),
    ],
)
def test_addresses_are_read_as_they_are_written(
    address: str, hosts: tuple[tuple[str, int], ...], secret: str, database: str
) -> None:
    url = parse_address(f"postgresql+asyncpg://{address}")
    assert (places(url), url.password, url.database) == (hosts, secret, database)
    assert secret in secrets_of(url)
    assert secret not in without_secrets(url)
    told = connect_arguments(url)
    assert (told["host"], told["port"]) == tuple(map(list, zip(*hosts, strict=True)))


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("postgresql+asyncpg://bot:p@ss@h/db", "host"),
        ("postgresql+asyncpg://bot:p@s/s@h/db", "host"),
        ("postgresql+asyncpg://bot:p@s?s@h/db", "option"),
        ("postgresql+asyncpg://bot:pw@h:x/db", "port"),
        ("postgresql+asyncpg://bot:pw@h:0/db", "port"),
        ("postgresql+asyncpg://bot:pw@h:65536/db", "port"),
        ("postgresql+asyncpg://bot:pw@[::1/db", "port"),
        ("postgresql+asyncpg://bot:pw@h /db", "host"),
        ("postgresql+asyncpg://bot:pw@h/db?host=h1,h2,h3&port=1,2", "port"),
        ("postgresql+asyncpg://bot:pw@h/db?sslmode=always", "option"),
        ("postgresql+asyncpg://bot:pw@h/db?sslrootcert=/nowhere", "option"),
        ("postgresql+asyncpg://bot:pw@h/db?connect_timeout=soon", "option"),
        ("postgresql+asyncpg://bot:pw@h/db?client_encoding=latin1", "option"),
        ("postgresql+asyncpg://bot:pw@h/db?channel_binding=require", "option"),
        ("postgresql+asyncpg://bot:pw@h/db?pw=x", "option"),
        ("postgresql://bot:pw@h/db", "scheme"),
        ("bot:pw@h/db", "scheme"),
        ("postgresql+asyncpg://bot:p\nw@h/db", "scheme"),
        ("sqlite+aiosqlite://data/bot.db", "file"),
        ("sqlite+aiosqlite:///", "file"),
        ("sqlite+aiosqlite:///data/", "file"),
        # What would be left out in silence, or open another file than the one that is locked.
        ("sqlite+aiosqlite:///file:bot.db", "file"),
        ("sqlite+aiosqlite:///file:bot.db?uri=true", "file"),
        ("sqlite+aiosqlite:///bot.db?mode=memory", "file_option"),
        ("sqlite+aiosqlite:///bot.db?timeout=pw", "file_option"),
        ("sqlite+aiosqlite:///bot.db?vfs=unix-none&uri=true", "file_option"),
        *(
            (f"postgresql+asyncpg://{place}", "url")
            for place in (
                "bot:p%00w@h/db",
                "bot%00:pw@h/db",
                "bot%0a:pw@h/db",
                "bot:pw@h/d%00b",
                "bot:pw@h/db?application_name=%00",
            )
        ),
        ("sqlite+aiosqlite:///bot%00.db", "url"),
    ],
)
def test_addresses_that_are_wrong_are_told_and_not_quoted(address: str, fault: str) -> None:
    with pytest.raises(AddressError) as raised:
        parse_address(address)
    assert raised.value.fault == fault
    assert "pw" not in f"{raised.value!r} {raised.value.option}"
