"""Values behind a key or a dash: on their line, or on those below it too."""

from dataclasses import dataclass

from knowledge.files.line_columns import Columns
from knowledge.files.line_keys import DASH, is_structure, key_of
from knowledge.files.open_value import OpenValue, end_of
from knowledge.files.signs import PAIRS
from knowledge.files.text_blocks import TextBlock
from knowledge.files.written_page import WrittenPage
from knowledge.files.written_values import Value, cut_in, is_block, is_last, read_value

# Where programs fold a text without quotes, in characters.
_FULL = 80


@dataclass(frozen=True, slots=True)
class LineValues:
    """Reads the values of a page's lines."""

    page: WrittenPage
    columns: Columns

    def read(self, value: str, lead: str, *, is_text: bool, is_list: bool, parent: int) -> None:
        """Read what stands on a line behind ``lead``, under what begins in column ``parent``."""
        self.columns.opener, self.columns.plain = None, None
        if value[0] in "|>" and is_block(value.rstrip()):
            self.page.line = lead + value
            TextBlock(self.page, self.columns, parent).read()
            return
        if value[0] in "\"'[{" and end_of(value) is None and (end := self._end_of(value, parent)):
            # A text or a list of several lines is YAML's own affair, as long as it ends.
            self.page.line = lead + value
            self.page.at = end
            return
        if value[0] in "|>" and self.page.next_indent() > parent:
            self.page.tell("block_text", sign=value[0])
            self.page.line = f"{lead}|"
            TextBlock(self.page, self.columns, parent).read()
            return
        if value[0] in PAIRS and self._has_more_below(parent):
            self.columns.plain = parent
            return
        read: Value = read_value(value, is_text=is_text, is_list=is_list)
        if read.fault is not None:
            values = dict(read.fault.values)
            if "example" in values:
                values["example"] = f"{lead.strip(' -')} {values['example']}"
            self.page.tell(read.fault.code, **values)
        self.page.line = lead + read.text
        if read.text[:1] not in {'"', "'", "[", "{", ""}:
            self.columns.plain = parent

    def _has_more_below(self, parent: int) -> bool:
        """Tell whether the line below goes on with a text without quotes."""
        line = self.page.next_line()
        rest = line.lstrip(" ")
        is_further_in = len(line) - len(rest) > parent
        is_other = rest.startswith("#") or DASH.match(rest) or key_of(rest, self.page.name)
        return is_further_in and not is_other

    def _end_of(self, value: str, parent: int) -> int | None:
        """Return the line on which a value ends that its own line leaves open.

        What looks like a key or an element further in than ``parent`` is a word of the text.
        """
        scan = OpenValue()
        scan.read(value)
        for number in range(self.page.at + 1, len(self.page.lines)):
            line = self.page.lines[number]
            is_further_in = len(line) - len(line.lstrip()) > parent
            if scan.is_lost or (is_structure(line) and not is_further_in):
                return None
            if (end := scan.read(line)) is not None:
                return number if is_last(line[end:]) else None
        return None

    def goes_on(self, rest: str, indent: int) -> bool:
        """Tell whether a line goes on with the text without quotes of the lines above.

        YAML takes all that stands there for text, a dash and a sign of elsewhere too. A dash, or
        what stands in a list, is more often a mistake: there a program has folded the text, and the
        line above is full, so that this one's first word would have made it too long.
        """
        if self.columns.plain is None or indent <= self.columns.plain:
            return False
        if key_of(rest, self.page.name) is not None:
            return False
        above = len(self.page.lines[self.page.at - 1])
        is_full = above + 1 + len(rest.split(maxsplit=1)[0]) > _FULL
        in_list = any(f.is_list and f.indent == self.columns.plain for f in self.columns.frames)
        return is_full or not (in_list or DASH.match(rest))

    def go_on(self, rest: str, indent: int) -> None:
        """Read a line that goes on with the text without quotes that stands above it."""
        if (fault := cut_in(rest)) is not None:
            self.page.tell(fault.code, **fault.values)
            self.page.line = " " * indent + "…"

    def is_all_between(self, rest: str) -> bool:
        """Tell whether all that a file holds stands between brackets; go to the end of them."""
        is_open = rest[:1] in {"[", "{"} and end_of(rest) is None
        end = self._end_of(rest, -1) if is_open else None
        self.page.at = end or self.page.at
        return end is not None
