"""Reads a database's address: an SQLAlchemy URL, with libpq's options for a server.

An address holds a password, and a mistake in it may put the password anywhere: no error quotes it.
"""

import re
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from storage.engine.errors import AddressError

SQLITE, POSTGRESQL = "sqlite+aiosqlite", "postgresql+asyncpg"
_STANDARD_PORT = "5432"
_MOST_PORT = 65535
# A name, an address of version 4 or 6, or the folder of a socket: no sign of a password's end.
_HOST = re.compile(r"[\w.-]+|[0-9A-Fa-f:.]+(%\w+)?|/[^@?#]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

_SSL_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
_SESSIONS = {"any", "primary", "standby", "read-write", "read-only", "prefer-standby"}
_TLS = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}
FILES = frozenset({"sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile"})
NUMBERS = frozenset(
    {
        "connect_timeout",
        "timeout",
        "command_timeout",
        "prepared_statement_cache_size",
        "statement_cache_size",
    }
)
ENUMERATED = {
    "sslmode": _SSL_MODES,
    "ssl": _SSL_MODES | {"true"},
    "target_session_attrs": _SESSIONS,
    "ssl_min_protocol_version": _TLS,
    "ssl_max_protocol_version": _TLS,
    "sslnegotiation": {"postgres", "direct"},
    "client_encoding": {"utf8", "utf-8", "UTF8", "UTF-8", "auto"},
    # What the driver cannot do is accepted only where nothing depends on it.
    "channel_binding": {"disable", "prefer"},
    "gssencmode": {"disable", "prefer"},
}
TEXTS = frozenset({"application_name", "options", "sslpassword", "krbsrvname", "gsslib", "service"})
# libpq's finer points, which change nothing here: the bot has its own.
IGNORED = frozenset(
    {
        "keepalives",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "sslsni",
        "tcp_user_timeout",
        "fallback_application_name",
        "sslcompression",
        "load_balance_hosts",
    }
)
_PLACES = frozenset({"host", "port", "user", "password", "dbname", "database"})
OPTIONS = FILES | NUMBERS | ENUMERATED.keys() | TEXTS | IGNORED | _PLACES


def parse_address(text: str) -> URL:
    """Return the URL of an address; raises AddressError, which quotes nothing of it."""
    text = text.strip()
    if _CONTROL.search(text):
        raise AddressError("scheme")
    scheme, _, rest = text.partition("://")
    if scheme == SQLITE:
        return _file(text)
    if scheme != POSTGRESQL:
        raise AddressError("scheme")
    url = _gathered(_parsed(f"{scheme}://{_with_list(rest)}"))
    if not all("=" in part for part in rest.partition("@")[2].partition("?")[2].split("&") if part):
        raise AddressError("option")
    _check_places(url)
    for name in url.query:
        _check_option(name, one(url, name))
    return url


def one(url: URL, name: str) -> str:
    """Return an option's value, the last where it is given several times; empty without one."""
    value = url.query.get(name, "")
    return value if isinstance(value, str) else value[-1]


def places(url: URL) -> tuple[tuple[str, int], ...]:
    """Return the hosts and ports of a server's address, to be tried in turn; none: the driver's."""
    hosts = _listed(url, "host") or ([url.host] if url.host else [])
    ports = _listed(url, "port") or [_STANDARD_PORT if url.port is None else str(url.port)]
    if len(ports) == 1:
        ports *= len(hosts)
    if len(ports) != len(hosts):
        raise AddressError("port")
    return tuple(_place(host, port) for host, port in zip(hosts, ports, strict=True))


def without_secrets(url: URL) -> str:
    """Return an address to be shown: the kind, the hosts and the database."""
    hosts = ",".join(host for host, _ in places(url)) if url.drivername == POSTGRESQL else ""
    return f"{url.drivername}://{hosts}/{url.database or ''}"


def secrets_of(url: URL) -> set[str]:
    """Return the parts that no log may show, as they are and as an address writes them."""
    written = re.search(r":([^:@/]*)@", url.render_as_string(hide_password=False))
    found = {url.password, one(url, "sslpassword"), written[1] if written else ""}
    return {secret for secret in found if secret}


def _parsed(text: str) -> URL:
    try:
        return make_url(text)
    except ArgumentError as error:
        raise AddressError("scheme") from error
    except ValueError:
        # The message of a wrong port quotes it, and it may be the end of a password.
        raise AddressError("port") from None


def _file(text: str) -> URL:
    url = _parsed(text)
    # With two slashes, the first folder of the path would be taken for a host, and left out.
    is_file = url.database not in {None, "", ":memory:"} and not str(url.database).endswith("/")
    if url.host or url.username or not is_file:
        raise AddressError("file")
    return url


def _with_list(rest: str) -> str:
    """Move a list of hosts, as libpq writes it, to the options, where SQLAlchemy expects it."""
    before, at, after = rest.rpartition("@") if "@" in rest.partition("/")[0] else ("", "", rest)
    found = re.fullmatch(r"([^/?]*,[^/?]*)(/[^?]*)?(\?.*)?", after)
    if found is None:
        return rest
    hosts, path, query = found[1], found[2] or "", found[3] or ""
    listed = [
        host if re.search(r":\d+$", host) else f"{host}:{_STANDARD_PORT}"
        for host in hosts.split(",")
    ]
    options = [query[1:]] if query else []
    return f"{before}{at}{path or '/'}?{'&'.join([*options, *(f'host={one}' for one in listed)])}"


def _gathered(url: URL) -> URL:
    """Move the options that name parts of a URL to their places."""
    user, password = one(url, "user"), one(url, "password")
    database = one(url, "dbname") or one(url, "database")
    rest = {name: url.query[name] for name in url.query}
    for name in ("user", "password", "dbname", "database"):
        rest.pop(name, None)
    return url.set(
        username=user or url.username,
        password=password or url.password,
        database=database or url.database,
        query=rest,
    )


def _check_places(url: URL) -> None:
    if "@" in (url.database or ""):
        # A password with this sign ends too early: its rest was taken for a host and a database.
        raise AddressError("host")
    for host, _ in places(url):
        if not _HOST.fullmatch(host):
            raise AddressError("host")


def _check_option(name: str, value: str) -> None:
    if name not in OPTIONS:
        raise AddressError("option")
    is_wrong = (
        (name in ENUMERATED and value not in ENUMERATED[name])
        or (name in NUMBERS and not re.fullmatch(r"\d{1,6}(\.\d+)?", value))
        or (name in FILES and value != "system" and not Path(value).expanduser().is_file())
    )
    if is_wrong:
        raise AddressError("option", name)


def _listed(url: URL, name: str) -> list[str]:
    value = url.query.get(name, ())
    values = [value] if isinstance(value, str) else value
    return [each for part in values for each in part.split(",")]


def _place(host: str, port: str) -> tuple[str, int]:
    if host.lower().startswith("%2f"):
        # How libpq writes the folder of a socket in a host's place.
        host = unquote(host)
    # An address of version 6 has colons of its own, and its port only behind brackets.
    if found := re.fullmatch(r"\[([^\]]+)\]:(\d+)|([^/:]+):(\d+)", host):
        host, port = found[1] or found[3], found[2] or found[4]
    if not re.fullmatch(r"\d{1,5}", port) or not 0 < int(port) <= _MOST_PORT:
        raise AddressError("port")
    return host.strip("[]"), int(port)
