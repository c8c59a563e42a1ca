"""The lines of a file while they are read one by one, and the mistakes found on them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from knowledge.files.written_values import Miswriting

# How many lines below a mistake may be part of it.
_FAR = 100
# What a paste brings in on each of its lines.
_PASTED = frozenset(
    [
        "bullet",
        "missing_dash_text",
        "joined_line",
        "loose_line",
        "tab_inside",
        "glued_dash",
        "odd_indent",
        "odd_space",
        "key_column",
        "dashed_key",
        "mail_quote",
    ]
)


class Mistake(NamedTuple):
    """What is wrong on a line (from 1), and on those below it if ``last`` says so."""

    line: int
    fault: Miswriting
    # The last of the lines that follow each other with the same mistake.
    last: int = 0
    # The first and the last line of each other place with the same mistake, where there are many.
    others: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class WrittenPage:
    """The lines, as written or already as meant; which one is read; the mistakes so far."""

    lines: list[str]
    # The file's name.
    name: str
    at: int = 0
    mistakes: dict[int, Mistake] = field(default_factory=dict)
    # The keys that a mistake puts out of use, with their lines: they are not missing.
    lost: list[tuple[int, str]] = field(default_factory=list)
    # For each line with a mistake, the first of those above it that have the same.
    _runs: dict[int, int] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """The line that is read."""
        return self.lines[self.at]

    @line.setter
    def line(self, text: str) -> None:
        self.lines[self.at] = text

    def tell(self, code: str, **values: object) -> None:
        """Note a mistake of the line that is read; the first of a line is the one that counts."""
        number = self.at + 1
        if number in self.mistakes:
            return
        begun = self._runs.get(number - 1)
        if begun is not None and self._is_pasted(begun, code, values):
            # Pasted together: each line has the mistake, and it is one.
            self.mistakes[begun] = self.mistakes[begun]._replace(last=number)
        else:
            begun = number
            self.mistakes[number] = Mistake(number, Miswriting(code, values))
        self._runs[number] = begun

    def _is_pasted(self, begun: int, code: str, values: dict[str, object]) -> bool:
        """Tell whether a line has, like those above it, what a paste brings in on each."""
        fault = self.mistakes[begun].fault
        columns = code != "key_column" or fault.values == values
        return code in _PASTED and fault.code == code and columns

    def below(self, start: int) -> Iterator[str]:
        """Return the lines from an index on, as far as a mistake is looked for."""
        return (self.lines[n] for n in range(start, min(start + _FAR, len(self.lines))))

    def next_line(self) -> str:
        """Return the next line below with anything on it; empty if there is none."""
        return next((line for line in self.below(self.at + 1) if line.strip()), "")

    def next_indent(self) -> int:
        """Return the column where the next line below begins."""
        line = self.next_line()
        return len(line) - len(line.lstrip())
