"""The types of columns whose values are encrypted where the database has a key.

Which columns: contacts, and what people wrote as they wrote it. What SQL searches, sorts or counts
stays in clear (a firm's name, a masked question), and so do our own words and numbers.
"""

from typing import Any

import orjson
from sqlalchemy import JSON, Dialect, Table, Text
from sqlalchemy.types import TypeDecorator

from storage.engine.vault import MARK, vault_of


class Sealed(TypeDecorator[str]):
    """A text, encrypted; what no key reads is read as empty, so that it keeps nobody waiting."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Encrypt the text."""
        return None if value is None else vault_of(dialect).sealed(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Decrypt the text."""
        if value is None or not value.startswith(MARK):
            return value
        return vault_of(dialect).opened(value) or ""


class Secret(Sealed):
    """A text that a person may fill: no more than `longest` signs are stored, encrypted."""

    cache_ok = True

    def __init__(self, longest: int) -> None:
        super().__init__()
        self.longest = longest

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Cut what is too long, mark the cut, and encrypt."""
        if value is not None and len(value) > self.longest:
            value = value[: self.longest - 1] + "\u2026"
        return super().process_bind_param(value, dialect)


class SecretJson(TypeDecorator[Any]):
    """JSON, encrypted as a whole: the column then holds one JSON string.

    With a `shape`, `dict` or `list`, what is another value reads as empty, as in `JsonOf`; without
    one, what cannot be read is None.
    """

    impl = JSON
    cache_ok = True

    def __init__(
        self, shape: type[dict[str, Any]] | type[list[Any]] | None = None, **options: bool
    ) -> None:
        super().__init__(**options)
        self.shape = shape

    def process_bind_param(self, value: object, dialect: Dialect) -> object:
        """Encrypt the value; an empty one tells nothing."""
        vault = vault_of(dialect)
        if not value or not vault.prefix:
            return value
        return vault.sealed(orjson.dumps(value).decode())

    def process_result_value(self, value: object, dialect: Dialect) -> object:
        """Decrypt the value."""
        if isinstance(value, str) and value.startswith(MARK):
            opened = vault_of(dialect).opened(value)
            value = None if opened is None else orjson.loads(opened)
        if self.shape is None or isinstance(value, self.shape):
            return value
        return self.shape()


def sealed_columns(table: Table) -> list[str]:
    """Return the names of a table's encrypted columns."""
    return [one.name for one in table.columns if isinstance(one.type, Sealed | SecretJson)]
