"""All communes of a list, looked up by name or postal code; small in memory, and immutable.

Thirty-five thousand communes as Python objects take some twenty megabytes, and the garbage
collector traverses them. Here they are a few byte strings and arrays.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from knowledge.territories.names import department_of, key_of, without_article
from knowledge.text.near_words import nearest

# The department of the initiative: of several communes of a name, people here mean the near one.
LOCAL: Final = "13"
# Percent (rapidfuzz, fuzz.ratio): "Mirammas" and "Vitrole" are above, "merveille" is not Marseille.
_ALIKE, _FAR_ALIKE = 84.0, 90.0
_SHORTEST_ALIKE = 5
# Far from here a slip is recognised in long names only, by the letters after the first three.
_SHORTEST_FAR_ALIKE = 7
_SAFE_LETTERS = 3
_MOST_FOUND = 60
# What follows the short form of a name: "Fos" of "Fos-sur-Mer", never "Saint" of "Saint-Denis".
_AFTER_SHORT_FORM = frozenset(
    {"sur", "sous", "en", "de", "du", "des", "d", "les", "lez", "le", "la", "l", "provence"}
)


@dataclass(frozen=True, slots=True)
class Territory:
    """A Territoire d'industrie, by its official id and name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Town:
    """A commune by its INSEE code; ``territory`` is None where it is in none."""

    insee: str
    name: str
    territory: Territory | None

    @property
    def department(self) -> str:
        """The number of its department."""
        return department_of(self.insee)

    @property
    def is_local(self) -> bool:
        """Whether it is in the department of the initiative."""
        return self.department == LOCAL


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list; ``territory_id`` and ``territory`` are empty for no territory."""

    insee: str
    name: str
    codes: tuple[int, ...]
    territory_id: str
    territory: str


class _Texts:
    """Texts in one byte string, by position."""

    def __init__(self, texts: Iterable[bytes]) -> None:
        ends, parts = array("I", [0]), []
        for text in texts:
            parts.append(text)
            ends.append(ends[-1] + len(text))
        self._ends, self._bytes = ends, b"".join(parts)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: int) -> bytes:
        return self._bytes[self._ends[index] : self._ends[index + 1]]

    def at_least(self, text: bytes) -> int:
        """Return the first position whose text is not before this one; the texts are sorted."""
        return bisect_left(range(len(self)), text, key=self.__getitem__)

    def beginning(self, prefix: bytes) -> Iterator[int]:
        """Yield the positions of the texts that begin so."""
        for index in range(self.at_least(prefix), len(self)):
            if not self[index].startswith(prefix):
                return
            yield index


class Towns:
    """The communes of a list; numbers that the methods return are rows, for ``town``."""

    def __init__(self, rows: Iterable[Row]) -> None:
        listed = sorted(rows, key=lambda row: row.insee)
        found = {(row.territory_id, row.territory) for row in listed if row.territory_id}
        self.territories = tuple(Territory(*each) for each in sorted(found))
        numbers = {each.id: number for number, each in enumerate(self.territories, 1)}
        self._insee = _Texts(row.insee.encode() for row in listed)
        self._names = _Texts(row.name.encode() for row in listed)
        self._territory = array("H", (numbers.get(row.territory_id, 0) for row in listed))
        keys = sorted({(key, row) for row, each in enumerate(listed) for key in _keys(each.name)})
        self._keys = _Texts(key.encode() for key, _ in keys)
        self._key_rows = array("I", (row for _, row in keys))
        codes = sorted({(code, row) for row, each in enumerate(listed) for code in each.codes})
        self._codes = array("I", (code for code, _ in codes))
        self._code_rows = array("I", (row for _, row in codes))
        self._local = {key: row for key, row in keys if department_of(listed[row].insee) == LOCAL}
        self.local_territories = frozenset(
            row.territory_id
            for row in listed
            if row.territory_id and department_of(row.insee) == LOCAL
        )
        self._local_squeezed = {key.replace(" ", ""): row for key, row in self._local.items()}

    def __len__(self) -> int:
        return len(self._insee)

    @property
    def in_a_territory(self) -> int:
        """How many communes are in a territory."""
        return sum(map(bool, self._territory))

    @property
    def has_codes(self) -> bool:
        """Whether the list holds postal codes."""
        return bool(self._codes)

    def town(self, row: int) -> Town:
        """Return the commune of a row."""
        number = self._territory[row]
        territory = self.territories[number - 1] if number else None
        return Town(self._insee[row].decode(), self._names[row].decode(), territory)

    def in_territory(self, territory_id: str) -> tuple[Town, ...]:
        """Return the communes of a territory, in French alphabetical order."""
        found = [
            self.town(row)
            for row, number in enumerate(self._territory)
            if number and self.territories[number - 1].id == territory_id
        ]
        return tuple(sorted(found, key=lambda town: (key_of(town.name), town.insee)))

    def by_insee(self, insee: str) -> Town | None:
        """Return the commune with this INSEE code."""
        row = self._insee.at_least(insee.encode())
        is_there = row < len(self) and self._insee[row] == insee.encode()
        return self.town(row) if is_there else None

    def begins_a_name(self, word: str) -> bool:
        """Tell whether any name begins with these letters; quick, to pass over most words."""
        return next(self._keys.beginning(word.encode()), None) is not None

    def named(self, key: str) -> tuple[int, ...]:
        """Return the communes of exactly this name (``key_of``)."""
        text = key.encode()
        found = []
        for index in range(self._keys.at_least(text), len(self._keys)):
            if self._keys[index] != text:
                break
            found.append(self._key_rows[index])
        return tuple(dict.fromkeys(found))

    def named_in_short(self, key: str, *, local: bool) -> tuple[int, ...]:
        """Return the communes whose name begins so: "Fos" is short for Fos-sur-Mer."""
        if local:
            pairs: Iterable[tuple[str, int]] = self._local.items()
        else:
            near = self._keys.beginning(f"{key} ".encode())
            pairs = ((self._keys[index].decode(), self._key_rows[index]) for index in near)
        rows = [row for name, row in pairs if _is_short_for(key, name)]
        return tuple(dict.fromkeys(rows))[:_MOST_FOUND]

    def resembling(self, key: str, *, far: bool) -> tuple[int, ...]:
        """Return the commune whose name is spelt nearly so; ``far``: outside of here too."""
        squeezed = key.replace(" ", "")
        if len(squeezed) < _SHORTEST_ALIKE:
            return ()
        if squeezed in self._local_squeezed:
            return (self._local_squeezed[squeezed],)
        alike = self._most_alike(squeezed, self._local_squeezed, _ALIKE)
        if alike or not far or len(squeezed) < _SHORTEST_FAR_ALIKE:
            return alike
        names: dict[str, int] = {}
        safe = _SAFE_LETTERS + (len("saint ") if key.startswith("saint ") else 0)
        for index in self._keys.beginning(key[:safe].encode()):
            names.setdefault(self._keys[index].decode().replace(" ", ""), self._key_rows[index])
        return self._most_alike(squeezed, names, _FAR_ALIKE)

    def _most_alike(self, squeezed: str, names: dict[str, int], least: float) -> tuple[int, ...]:
        near = [name for name in names if name[0] == squeezed[0]]
        best = nearest(squeezed, near, least)
        return (names[best],) if best else ()

    def of_code(self, code: int) -> tuple[int, ...]:
        """Return the communes of a postal code."""
        start = bisect_left(self._codes, code)
        end = bisect_left(self._codes, code + 1)
        return tuple(self._code_rows[start:end])


def _keys(name: str) -> set[str]:
    key = key_of(name)
    return {key, without_article(key)}


def _is_short_for(key: str, name: str) -> bool:
    rest = name[len(key) + 1 :].split(" ", 1)[0] if name.startswith(f"{key} ") else ""
    return rest in _AFTER_SHORT_FORM
