"""Statements compiled once for all databases of a run: each engine would compile them anew."""

from collections.abc import Iterator
from typing import Any

import pytest
from dialogue import put_inside
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import LRUCache

from storage.engine import engines
from storage.engine.vault import Vault

# All that the bot says to a database: some hundreds.
_MOST = 2000


class Statements(LRUCache[Any, Any]):
    """Compiled statements by what they say, whichever engine they were compiled for."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Let the SQLite databases without keys share what they compile."""
    statements = Statements(_MOST)

    def open_engine(
        url: URL, *, foreign_keys: bool = True, vault: Vault | None = None
    ) -> AsyncEngine:
        engine = engines.open_engine(url, foreign_keys=foreign_keys, vault=vault)
        # What is compiled encrypts with the keys of the engine that it was compiled for.
        if engine.dialect.name == "sqlite" and not (vault and vault.ids):
            put_inside(engine.sync_engine, "compiled_cache", statements)
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("storage.database.open_engine", open_engine)
        yield
