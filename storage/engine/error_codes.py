"""What each error code of the two databases means, and what to do about it: one table of rulings.

PostgreSQL: its manual, appendix A. A code has the ruling of its longest prefix, so a class is one
line and the codes that differ from their class have their own. SQLite: "Result and Error Codes".
"""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum, auto


class Fault(StrEnum):
    """The possible faults of a database, each with its words in French."""

    MISSING = "missing"
    NO_PLACE = "no_place"
    IS_A_FOLDER = "is_a_folder"
    READ_ONLY = "read_only"
    READ_ONLY_DISK = "read_only_disk"
    UNREACHABLE = "unreachable"
    CROWDED = "crowded"
    ACCESS_REFUSED = "access_refused"
    NO_RIGHTS = "no_rights"
    NO_DATABASE = "no_database"
    NO_TABLES = "no_tables"
    WRONG_ENCODING = "wrong_encoding"
    WRONG_OPTION = "wrong_option"
    POOLER = "pooler"
    NOT_ENCRYPTED = "not_encrypted"
    LOCKED = "locked"
    DISK_FULL = "disk_full"
    DISK_FAILS = "disk_fails"
    UNUSABLE = "unusable"
    NOT_A_DATABASE = "not_a_database"
    DAMAGED = "damaged"
    ORPHANS = "orphans"
    EMPTY = "empty"
    OUTDATED = "outdated"
    TOO_NEW = "too_new"
    NO_KEY = "no_key"
    WRONG_KEY = "wrong_key"


class Remedy(StrEnum):
    """What to do about an error."""

    # An outage: nothing is lost, and the same is tried again later.
    WAIT = auto()
    # The transaction was undone and is no outage: the same may succeed at once.
    AGAIN = auto()
    # What was to be written is at fault: that update is set aside, others go on.
    SET_ASIDE = auto()
    # The operator must mend it: a start refuses in words. It may also come about while the bot
    # runs; no update is at fault then, and it is waited for like an outage.
    REFUSE = auto()


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a code means, what to do about it, and why."""

    fault: Fault
    remedy: Remedy
    reason: str


def _wait(fault: Fault, reason: str) -> Ruling:
    return Ruling(fault, Remedy.WAIT, reason)


def _again(reason: str) -> Ruling:
    return Ruling(Fault.LOCKED, Remedy.AGAIN, reason)


def _set_aside(reason: str) -> Ruling:
    return Ruling(Fault.UNUSABLE, Remedy.SET_ASIDE, reason)


def _refuse(fault: Fault, reason: str) -> Ruling:
    return Ruling(fault, Remedy.REFUSE, reason)


OF_POSTGRESQL = {
    "00": _set_aside("success is no error: whoever raises it is at fault"),
    "01": _set_aside("a warning is no error: whoever raises it is at fault"),
    "02": _set_aside("a statement of ours expected a row"),
    "03": _set_aside("a statement of ours has not ended"),
    "08": _wait(Fault.UNREACHABLE, "the connection is lost"),
    "08P01": _wait(Fault.UNREACHABLE, "the connection is out of step, and is replaced"),
    "09": _set_aside("a trigger failed on this row"),
    "0A": _set_aside("a statement of ours asks for what this server does not have"),
    "0B": _set_aside("a statement of ours begins a transaction wrongly"),
    "0F": _set_aside("a statement of ours uses a wrong locator"),
    "0L": _refuse(Fault.NO_RIGHTS, "a right was granted by one who may not"),
    "0P": _refuse(Fault.ACCESS_REFUSED, "the role does not exist"),
    "0Z": _set_aside("a function of the server failed on this row"),
    "10": _set_aside("a statement of ours reads XML or JSON wrongly"),
    "20": _set_aside("a statement of ours has no such case"),
    "21": _set_aside("a statement of ours expected one row"),
    "22": _set_aside("the value cannot be stored"),
    "22P05": _refuse(Fault.WRONG_ENCODING, "the database's encoding lacks the character"),
    "23": _set_aside("the row breaks a rule of the tables"),
    "24": _set_aside("a statement of ours uses a cursor wrongly"),
    "25": _wait(Fault.UNREACHABLE, "the transaction is out of step, and another is begun"),
    "25001": _set_aside("a statement of ours must not run in a transaction"),
    "25006": _wait(Fault.READ_ONLY, "after a failover, a standby takes no changes yet"),
    "25P02": _set_aside("a statement of ours goes on after an error"),
    "25P03": _wait(Fault.UNREACHABLE, "the server has closed an idle transaction"),
    "26": _wait(Fault.UNREACHABLE, "a pooler gave another session; the connection is replaced"),
    "27": _set_aside("a trigger changes what this row changes"),
    "28": _refuse(Fault.ACCESS_REFUSED, "the name or the password is refused"),
    "2B": _refuse(Fault.NO_RIGHTS, "other rights depend on this one"),
    "2D": _set_aside("a statement of ours ends a transaction wrongly"),
    "2F": _set_aside("a function of the server failed on this row"),
    "34": _set_aside("a statement of ours names no cursor"),
    "38": _set_aside("a function of the server failed on this row"),
    "39": _set_aside("a function of the server failed on this row"),
    "3B": _set_aside("a statement of ours uses a savepoint wrongly"),
    "3D": _refuse(Fault.NO_DATABASE, "the database does not exist"),
    "3F": _refuse(Fault.NO_TABLES, "the schema does not exist"),
    "40": _again("transactions disturbed each other, and the server undid this one"),
    "40002": _set_aside("the row breaks a rule that is checked at the commit"),
    "42": _set_aside("a statement of ours is wrong"),
    "42501": _refuse(Fault.NO_RIGHTS, "the account may not do this"),
    "42703": _refuse(Fault.NO_TABLES, "a column is missing: the schema is not this version's"),
    "42704": _refuse(Fault.WRONG_OPTION, "the server does not know an option of the address"),
    "42P01": _refuse(Fault.NO_TABLES, "a table is missing: the schema is not this version's"),
    "42P05": _wait(Fault.UNREACHABLE, "a pooler gave another session; the connection is replaced"),
    "44": _set_aside("the row breaks a rule of a view"),
    "53": _wait(Fault.CROWDED, "the server lacks memory or connections"),
    "53100": _wait(Fault.DISK_FULL, "the server's disk is full"),
    "54": _set_aside("the value or the statement is larger than the server allows"),
    "55": _wait(Fault.LOCKED, "what is needed is being used by another"),
    "55P02": _refuse(Fault.WRONG_OPTION, "an option of the address cannot be changed now"),
    "57": _wait(Fault.UNREACHABLE, "an operator stops or restarts the server"),
    "57P04": _refuse(Fault.NO_DATABASE, "the database was removed"),
    "58": _wait(Fault.DISK_FAILS, "the server cannot read or write its files"),
    "72": _again("the snapshot is too old; another is taken"),
    "F0": _refuse(Fault.UNUSABLE, "the server's own configuration is wrong"),
    "HV": _wait(Fault.UNREACHABLE, "another server, behind a foreign table, fails"),
    "P0": _set_aside("a trigger refuses this row"),
    "XX": _wait(Fault.UNUSABLE, "the server fails within itself"),
    "XX001": _refuse(Fault.DAMAGED, "a table of the server is damaged"),
    "XX002": _refuse(Fault.DAMAGED, "an index of the server is damaged"),
}

# A plan that another's ALTER TABLE made invalid shares its code with what the server does not
# support; the driver has a class for it, other drivers only the server's words.
STALE_PLAN = _again("the tables changed, and the statement is prepared anew")
STALE_PLAN_WORDS = "cached plan must not change result type"
# PgBouncer gives this the code of a protocol out of step.
POOLER_REFUSES = _refuse(Fault.POOLER, "the pooler refuses an option, or transactions")
POOLER_WORDS = ("unsupported startup parameter", "statement pooling mode")
# A server or a pooler that asks for encryption refuses others with codes that it gives for more.
REFUSED_AS_PLAIN = _refuse(Fault.NOT_ENCRYPTED, "the server asks for an encrypted connection")
PLAIN_WORDS = ("SSL required", "no encryption")

OF_SQLITE = {
    sqlite3.SQLITE_ERROR: _set_aside("a statement of ours is wrong"),
    sqlite3.SQLITE_INTERNAL: _wait(Fault.UNUSABLE, "SQLite fails within itself"),
    sqlite3.SQLITE_PERM: _refuse(Fault.NO_PLACE, "the file cannot be given its rights"),
    sqlite3.SQLITE_ABORT: _again("the statement was undone with another"),
    sqlite3.SQLITE_BUSY: _wait(Fault.LOCKED, "another process writes"),
    sqlite3.SQLITE_BUSY_SNAPSHOT: _again("another process wrote since this one read"),
    sqlite3.SQLITE_LOCKED: _wait(Fault.LOCKED, "another connection writes"),
    sqlite3.SQLITE_NOMEM: _wait(Fault.CROWDED, "the machine lacks memory"),
    sqlite3.SQLITE_READONLY: _refuse(Fault.NO_PLACE, "the file may not be written"),
    sqlite3.SQLITE_INTERRUPT: _again("the statement was interrupted"),
    sqlite3.SQLITE_IOERR: _wait(Fault.DISK_FAILS, "the disk does not read or write"),
    sqlite3.SQLITE_IOERR_CORRUPTFS: _refuse(Fault.DAMAGED, "the file system is damaged"),
    sqlite3.SQLITE_CORRUPT: _refuse(Fault.DAMAGED, "the file is damaged"),
    sqlite3.SQLITE_NOTFOUND: _wait(Fault.DISK_FAILS, "the file system lacks an operation"),
    sqlite3.SQLITE_FULL: _wait(Fault.DISK_FULL, "the disk is full"),
    sqlite3.SQLITE_CANTOPEN: _refuse(Fault.NO_PLACE, "the file cannot be opened"),
    sqlite3.SQLITE_CANTOPEN_ISDIR: _refuse(Fault.IS_A_FOLDER, "the address names a folder"),
    sqlite3.SQLITE_PROTOCOL: _wait(Fault.LOCKED, "several processes start on the file at once"),
    sqlite3.SQLITE_EMPTY: _wait(Fault.UNUSABLE, "SQLite no longer gives this code"),
    sqlite3.SQLITE_SCHEMA: _again("the tables changed, and the statement is prepared anew"),
    sqlite3.SQLITE_TOOBIG: _set_aside("the value is larger than SQLite allows"),
    sqlite3.SQLITE_CONSTRAINT: _set_aside("the row breaks a rule of the tables"),
    sqlite3.SQLITE_MISMATCH: _set_aside("the value is of another type than its column"),
    sqlite3.SQLITE_MISUSE: _set_aside("a call of ours is wrong"),
    sqlite3.SQLITE_NOLFS: _wait(Fault.DISK_FULL, "the file system takes no larger file"),
    sqlite3.SQLITE_AUTH: _refuse(Fault.NO_RIGHTS, "the statement is not allowed here"),
    sqlite3.SQLITE_FORMAT: _refuse(Fault.DAMAGED, "SQLite no longer gives this code"),
    sqlite3.SQLITE_RANGE: _set_aside("a statement of ours has another number of values"),
    sqlite3.SQLITE_NOTADB: _refuse(Fault.NOT_A_DATABASE, "the file is no database"),
    sqlite3.SQLITE_NOTICE: _set_aside("a notice is no error: whoever raises it is at fault"),
    sqlite3.SQLITE_WARNING: _set_aside("a warning is no error: whoever raises it is at fault"),
}
# SQLite gives a missing table the code of a wrong statement: only the words tell them apart.
SQLITE_LACKS = ("no such table", "no such column", "has no column named")
LACKING = _refuse(Fault.NO_TABLES, "a table or a column is missing")

# The drivers' own errors, by package and class: they have no code, or share one with others.
OF_DRIVERS = {
    "asyncpg.InvalidCachedStatementError": STALE_PLAN,
    "asyncpg.OutdatedSchemaCacheError": STALE_PLAN,
    "asyncpg.ClientConfigurationError": _refuse(
        Fault.WRONG_OPTION, "an option of the address is wrong"
    ),
    "asyncpg.UnsupportedClientFeatureError": _refuse(
        Fault.WRONG_OPTION, "the driver does not know an option of the address"
    ),
    "asyncpg.UnsupportedServerFeatureError": _refuse(
        Fault.WRONG_OPTION, "the server lacks what the driver needs"
    ),
    "asyncpg.TargetServerAttributeNotMatched": _wait(
        Fault.READ_ONLY, "no server of the list takes changes now"
    ),
    "asyncpg.ProtocolError": _wait(
        Fault.UNREACHABLE, "the connection is out of step, and is replaced"
    ),
    "asyncpg.InternalClientError": _wait(
        Fault.UNREACHABLE, "the driver fails within itself: the connection is replaced"
    ),
    # The driver's own DataError, of a value that it cannot send, is an InterfaceError as well.
    "asyncpg.DataError": _set_aside("the value cannot be sent"),
    "asyncpg.InterfaceError": _wait(
        Fault.UNREACHABLE, "the connection is closed or busy, and is replaced"
    ),
    "sqlite3.InterfaceError": _set_aside("the value cannot be sent"),
    "sqlite3.DataError": _set_aside("the value cannot be sent"),
    "sqlite3.NotSupportedError": _set_aside("a call of ours is wrong"),
}
