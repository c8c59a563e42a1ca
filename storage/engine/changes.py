"""What one unit of work has changed so far; the repositories themselves hold no state."""

import itertools
from collections import deque
from collections.abc import Hashable, Mapping
from typing import TypeAlias

from sqlalchemy import Executable, Table
from sqlalchemy.ext.asyncio import AsyncConnection

Row: TypeAlias = dict[str, object]


class Changes:
    """Rows put off to be written together, and the people whose rows have changed.

    All repositories of a unit of work share one instance. A repository that reads a table with
    rows put off must write them first.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._rows: dict[Table, dict[Hashable, Row]] = {}
        self._statements: dict[Table, Executable] = {}
        self._people: set[int] = set()
        self._everybody = False
        # Whether rows are deleted that the law wants gone: nothing of them may stay in the file.
        self.erases = False
        # The update that causes the calls queued from now on; how many calls were queued in all.
        self.cause: int | None = None
        self.owed = 0
        # Question ids reserved and unused, the last reserved, and how many to reserve next time.
        self.question_ids: deque[int] = deque()
        self.last_question_id = 0
        self.questions_expected = 1

    def put_off(self, table: Table, statement: Executable, key: Hashable, row: Row) -> None:
        """Write this row at the end, or before anything reads its table.

        It replaces a row put off under the same key. All rows of a table use one statement.
        """
        self._statements[table] = statement
        self._rows.setdefault(table, {})[key] = row

    def take_back(self, table: Table, key: Hashable) -> bool:
        """Drop a row that was put off; False if there is none."""
        return self._rows.get(table, {}).pop(key, None) is not None

    def rows(self, table: Table) -> Mapping[Hashable, Row]:
        """Return the rows put off for a table, by their keys."""
        return self._rows.get(table, {})

    async def write(self, table: Table) -> None:
        """Write the rows put off for a table, in the order in which they came."""
        rows = self._rows.pop(table, {})
        # Successive rows with the same columns share one statement.
        for _, alike in itertools.groupby(rows.values(), key=dict.keys):
            await self._connection.execute(self._statements[table], list(alike))

    async def write_all(self) -> None:
        """Write all rows put off; `Database.begin` calls this at the end."""
        # Always in the same order of tables, so that two workers do not deadlock.
        for table in sorted(self._rows, key=lambda table: table.name):
            await self.write(table)

    def touch(self, person_id: int) -> None:
        """Note that this person's rows have changed: what was read ahead of them is out of date."""
        self._people.add(person_id)

    def touch_everybody(self) -> None:
        """Note that everything read ahead is out of date."""
        self._everybody = True

    @property
    def everybody_touched(self) -> bool:
        """Whether everything read ahead is out of date."""
        return self._everybody

    def touched(self, person_id: int) -> bool:
        """Tell whether this person's rows have changed."""
        return self._everybody or person_id in self._people
