"""The types of the columns."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

from storage.engine.errors import NaiveTimeError
from storage.engine.secrets_at_rest import Secret

# SQLite numbers rows by itself only in a column whose type is exactly INTEGER (64 bits there).
Id = BigInteger().with_variant(Integer(), "sqlite")


_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC; without the time zone in SQLite, which has none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time with `NaiveTimeError`."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveTimeError("a stored time needs a time zone")
        moment = value if value.tzinfo is UTC else value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 (SQLAlchemy's signature)
    ) -> datetime | None:
        """Return an aware time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], datetime | None] | None:
        """Read what is no time as the earliest one: SQLite stores any text.

        A query reads many rows: one that is spoilt must not keep the others from being read.
        """
        read = super().result_processor(dialect, coltype)

        def readable(value: object) -> datetime | None:
            try:
                return read(value) if read else None
            except (TypeError, ValueError, OverflowError):
                return _EARLIEST

        return readable if read else None


class JsonOf(TypeDecorator[Any]):
    """A JSON column of objects (`dict`) or of lists (`list`); what is another value reads as empty.

    Whoever wrote it, the person whose row it is must not be met by an error each time.
    """

    impl = JSON
    cache_ok = True

    def __init__(self, shape: type[dict[str, Any]] | type[list[Any]]) -> None:
        super().__init__()
        self.shape = shape

    def process_result_value(
        self,
        value: object,
        dialect: Dialect,  # noqa: ARG002 (SQLAlchemy's signature)
    ) -> object:
        """Return the value, or an empty one."""
        return value if isinstance(value, self.shape) else self.shape()


class Written(TypeDecorator[str]):
    """A text that a person may fill: whatever comes, no more than `longest` signs are stored.

    The forms refuse too long an answer in words; this is the limit where a check is missing.
    """

    impl = Text
    cache_ok = True

    def __init__(self, longest: int) -> None:
        super().__init__()
        self.longest = longest

    def process_bind_param(
        self,
        value: str | None,
        dialect: Dialect,  # noqa: ARG002 (SQLAlchemy's signature)
    ) -> str | None:
        """Cut what is too long, and mark the cut."""
        if value is None or len(value) <= self.longest:
            return value
        return value[: self.longest - 1] + "\u2026"


# Bot API, "Message": a text has up to 4,096 signs; masking may lengthen it. A name has two parts of
# up to 64, to which a form allows 120; an error quotes no whole message.
MESSAGE = Written(10_000)
NAME = Written(1_000)
ERROR = Written(2_000)
SECRET, SECRET_NAME = Secret(10_000), Secret(1_000)
