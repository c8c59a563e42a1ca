"""What one unit of work has changed so far: the repositories themselves remember nothing."""

import itertools
from collections import deque
from collections.abc import Hashable, Mapping
from typing import TypeAlias

from sqlalchemy import Executable, Table
from sqlalchemy.ext.asyncio import AsyncConnection

Row: TypeAlias = dict[str, object]


class Changes:
    """Rows that are put off to be written together, and the people whose rows have changed.

    One for all the repositories of a unit of work. Whoever reads a table of which rows may be put
    off writes them first.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._rows: dict[Table, dict[Hashable, Row]] = {}
        self._statements: dict[Table, Executable] = {}
        self._people: set[int] = set()
        self._everybody = False
        # The update because of which calls are owed from now on; how many calls are owed in all.
        self.cause: int | None = None
        self.owed = 0
        # Ids for the questions to come, the last that was taken, and how many to take next.
        self.question_ids: deque[int] = deque()
        self.last_question_id = 0
        self.questions_expected = 1

    def put_off(self, table: Table, statement: Executable, key: Hashable, row: Row) -> None:
        """Write this row at the end, or before anything reads its table.

        It takes the place of one with the same key. A table has one statement.
        """
        self._statements[table] = statement
        self._rows.setdefault(table, {})[key] = row

    def take_back(self, table: Table, key: Hashable) -> bool:
        """Do not write a row that was put off; False where there is none."""
        return self._rows.get(table, {}).pop(key, None) is not None

    def rows(self, table: Table) -> Mapping[Hashable, Row]:
        """Give the rows of a table that are put off, by their keys."""
        return self._rows.get(table, {})

    async def write(self, table: Table) -> None:
        """Write the rows of a table that are put off, in the order in which they came."""
        rows = self._rows.pop(table, {})
        # Those with the same columns in one statement.
        for _, alike in itertools.groupby(rows.values(), key=dict.keys):
            await self._connection.execute(self._statements[table], list(alike))

    async def write_all(self) -> None:
        """Write all that is put off; `Database.begin` does, at the end."""
        # In one order, so that two workers do not wait for each other.
        for table in sorted(self._rows, key=lambda one: one.name):
            await self.write(table)

    def touch(self, person_id: int) -> None:
        """Note that something which may have been read ahead of a person is now different."""
        self._people.add(person_id)

    def touch_everybody(self) -> None:
        """Note that nothing is true any more of what was read ahead."""
        self._everybody = True

    @property
    def everybody_touched(self) -> bool:
        """Whether nothing that was read ahead may be trusted."""
        return self._everybody

    def touched(self, person_id: int) -> bool:
        """Tell whether something of a person has changed."""
        return self._everybody or person_id in self._people
