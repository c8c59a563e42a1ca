"""One value as it is written on a line: what YAML would read otherwise than it looks.

Each function returns the value as it was meant, and the mistake to tell, if it is one.
"""

import re
from typing import NamedTuple

from knowledge.files.foreign_notes import note_behind, note_line
from knowledge.files.open_value import end_of
from knowledge.files.signs import CLOSING, ODD_SPACES, PAIRS, name_of

_DOUBLE = re.compile(r'"(?:[^"\\]|\\.)*"')
# Possessive: two apostrophes within are one of the text, and never the closing quote.
_SINGLE = re.compile(r"'(?:[^']|'')*+'")
# What YAML does not know after a backslash, or knows as a sign that nobody means; of the others,
# those in a path of Windows, behind a drive or the name of a server, which has two signs at least.
_ESCAPE = re.compile(
    r'\\[^\\"/nux0eUt_]|(?<=(?<![A-Za-z])[A-Za-z]:)\\(?:n(?=[a-z])|[^n\\"])|(?<=^"//\w\w)\w*\\\w'
)
_COMMENT = re.compile(r"(?<![ \t])(?P<space>[ \t]++)#(?P<note>.*)$")
# Texts between quotes one after the other, without the brackets of their list.
_TEXTS_ALONE = re.compile(r'"[^"]*"(?:\s*[,;]\s*"[^"]*")+')
_BLOCK = re.compile(r"[|>](?:[+-]?[1-9]?|[1-9][+-])\s*(?:\s#.*)?")
_COLON = re.compile(r":(?=[\s\u00a0]|$)")
_RESERVED = "&*!%@`{}],"
# What these keys hold has one word, or a date: a note may well stand one space behind it.
_ONE_WORD = re.compile(r"[a-z0-9-]+|null|~|[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MARKDOWN_LINK = re.compile(r"\[[^\]]*\]\((?:mailto:)?(?P<address>[^()\s]*)\)")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


class Miswriting(NamedTuple):
    """A mistake by the code of its words, and what they name."""

    code: str
    values: dict[str, object]


class Value(NamedTuple):
    """A value rewritten as it was meant; ``fault``: what to tell of it."""

    text: str
    fault: Miswriting | None = None


def quoted(text: str) -> str:
    """Return a text between straight double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def is_block(value: str) -> bool:
    """Tell whether a value only announces a block of text on the lines below."""
    return _BLOCK.fullmatch(value) is not None


def is_last(rest: str) -> bool:
    """Tell whether nothing but a note follows a value."""
    return not rest.strip() or re.match(r"[ \t]+#", rest) is not None


def read_value(  # noqa: PLR0911 - one return for each sign that a value begins with
    value: str, *, is_text: bool, is_list: bool = False
) -> Value:
    """Return what a value that ends on its line means.

    ``is_text``: a text is wanted here, and ``is_list``: a list.
    """
    first = value[:1]
    if first and first in ODD_SPACES:
        bare = value.strip(ODD_SPACES + " ")
        return Value(read_value(bare, is_text=is_text).text, Miswriting("odd_space", _sign(first)))
    value = value.rstrip(ODD_SPACES + " \t")
    if (row := _row(value, is_text=is_text, is_list=is_list)) is not None:
        return row
    if first == "#":
        glued = is_text or (len(value) > 1 and not value[1].isspace())
        return Value(quoted(value), Miswriting("hash_first", {})) if glued else Value(value)
    if first == '"':
        return _double(value)
    if first == "'":
        return _single(value)
    if first in PAIRS:
        return _typographic(value, is_text=is_text)
    if first in "|>" and first:
        return (
            Value(value)
            if is_block(value)
            else Value(quoted(value), Miswriting("block_sign", _sign(first)))
        )
    if first and first in "[{":
        return _bracketed_text(value) if is_text else _flow(value)
    return _plain(value, is_text=is_text, is_list=is_list)


def _bracketed_text(value: str) -> Value:
    if link := _MARKDOWN_LINK.fullmatch(value):
        return Value(quoted(link["address"]), Miswriting("markdown_link", {}))
    return Value(quoted(value), Miswriting("reserved_sign", _sign(value[0])))


def _row(value: str, *, is_text: bool, is_list: bool) -> Value | None:
    """Read several texts on one line: a row of a table, or a list without its brackets."""
    whole = _DOUBLE.match(value) or _SINGLE.match(value)
    is_one = value[:1] in {"[", "{"} or (whole and is_last(value[whole.end() :]))
    cell, _, rest = value.partition("\t")
    is_row = cell.rpartition("#")[2].strip() and rest.lstrip("\t ")[:1] not in {"", "#"}
    if is_row and not is_one:
        # Its first cell is read, so that the rest of the file can be.
        read = read_value(cell.rstrip(), is_text=is_text, is_list=is_list)
        return Value(read.text, Miswriting("tab_inside", {}))
    if is_list and _TEXTS_ALONE.fullmatch(value):
        listed = f"[{value.replace(';', ',')}]"
        return Value(listed, Miswriting("list_wanted", {"example": listed[:60]}))
    return None


def _sign(sign: str) -> dict[str, object]:
    return {"sign": name_of(sign)}


def _double(value: str) -> Value:
    whole = _DOUBLE.match(value)
    if whole is None:
        return _unclosed(value, '"')
    rest = value[whole.end() :]
    if is_last(rest):
        if escape := _ESCAPE.search(whole[0].replace("\\\\", "//").replace('\\"', "  ")):
            body = re.sub(r'\\(?!["\\])', r"\\\\", whole[0])
            return Value(body + rest, Miswriting("backslash", {"escape": escape[0][-2:]}))
        return Value(value)
    return _after_quote(value, '"', whole.end())


def _single(value: str) -> Value:
    whole = _SINGLE.match(value)
    if whole is None:
        return _unclosed(value, "'")
    if is_last(value[whole.end() :]):
        return Value(value)
    return _after_quote(value, "'", whole.end())


def _after_quote(  # noqa: PLR0911 - one return for each mistake
    value: str, quote: str, end: int
) -> Value:
    """Read a value that goes on after its closing quote: it may hold quotes, or an apostrophe."""
    last = value.rfind(quote)
    inner = value[1:last] if last >= end else value[1 : end - 1] + value[end:]
    if quote == "'":
        return Value(quoted(inner), Miswriting("apostrophe", {}))
    if _TEXTS_ALONE.fullmatch(value):
        return Value(value[:end], Miswriting("texts_on_line", {}))
    if last >= end:
        return Value(quoted(inner.replace('\\"', '"')), Miswriting("inner_quote", {}))
    rest = value[end:].strip()
    if rest[0] == "#":
        return Value(value[:end], Miswriting("hash_after_quote", {}))
    if sign := note_line(rest):
        return Value(value[:end], Miswriting("foreign_note", {"sign": sign}))
    if rest in {",", ";", "."}:
        return Value(value[:end], Miswriting("sign_after_quote", {"rest": rest}))
    return Value(value[:end], Miswriting("after_quote", {"rest": rest[:40]}))


def _unclosed(value: str, quote: str) -> Value:
    bare = value[1:].rstrip(ODD_SPACES + " ")
    if bare[-1:] in {"”", "“", "»", "’", "‘"} and bare[-1:] not in _opened_inside(bare):
        meant = quoted(bare[:-1].rstrip(ODD_SPACES + " "))
        return Value(
            meant,
            Miswriting("mixed_quotes", {"opening": name_of(quote), "closing": name_of(bare[-1])}),
        )
    return Value(quoted(bare.rstrip("\\")), Miswriting("unclosed_quote", {"quote": quote}))


def _opened_inside(text: str) -> str:
    """Return the closing marks whose opening one stands in the text itself: “PME”."""
    return "".join(
        close for close, opening in CLOSING.items() if any(mark in text[:-1] for mark in opening)
    ) + ("’" if "‘" in text else "")


def _typographic(value: str, *, is_text: bool) -> Value:
    """Take the quotes that Word types for delimiters, where they stand around a whole value."""
    closing = PAIRS[value[0]]
    body, note = value, ""
    if value[-1] not in closing and (found := re.search(rf"[{closing}\"][ \t]+#", value)):
        body, note = value[: found.start() + 1], value[found.start() + 1 :]
    inner = body[1:-1].strip(ODD_SPACES + " ")
    if (
        len(body) > 1
        and body[-1] in closing
        and not any(c in inner for c in closing + value[0] if c != "’")
    ):
        return Value(quoted(inner) + note)
    if body[-1] == '"' and body.count('"') == 1:
        return Value(
            quoted(inner),
            Miswriting("mixed_quotes", {"opening": name_of(value[0]), "closing": name_of('"')}),
        )
    if any(mark in value[1:] for mark in closing) and value[0] != "’":
        # It quotes a word at its beginning: "« chef de file », ça veut dire quoi".
        return _plain(value, is_text=is_text, is_list=False)
    if value[0] == "’":
        return _plain(value, is_text=is_text, is_list=False)
    return Value(quoted(value[1:]), Miswriting("unclosed_typographic", _sign(value[0])))


def _plain(  # noqa: PLR0911 - one return for each mistake
    value: str, *, is_text: bool, is_list: bool
) -> Value:
    whole = quoted(value)
    if value[:1] and value[0] in _RESERVED:
        markdown = re.match(r"\*+[^*]+\*+", value) is not None
        code = "reserved_bold" if markdown else "reserved_sign"
        return Value(whole, Miswriting(code, _sign(value[0])))
    if value in {"-", "?"}:
        return Value(whole)
    if value[:2] in {"- ", "? "}:
        return Value(
            quoted(value[2:].strip().strip('"')),
            Miswriting("dash_first" if value[0] == "-" else "reserved_sign", _sign(value[0])),
        )
    if is_list and value[-1:] == "]":
        return Value(f"[{value}", Miswriting("no_opening_bracket", {}))
    if is_list and value[:1] == "(":
        return Value(f"[{value.strip('()')}]", Miswriting("parentheses", {}))
    if (note := note_behind(value)) is not None and cut_in(value[: note.start]) is None:
        # A text may well hold such a sign: it is told of, and stays whole.
        code = note.code_in_text if is_text else note.code
        kept = value if is_text else quoted(value[: note.start])
        return Value(kept, Miswriting(code, {"sign": note.sign}))
    comment = _COMMENT.search(value)
    said = value[: comment.start()] if comment else value
    if (cut := cut_in(value, is_text=is_text)) is not None:
        return Value(whole if cut.code == "cut_by_hash" else quoted(said), cut)
    if (fault := _not_opened(said)) is not None:
        return Value(quoted(said[:-1]), fault)
    return Value(value)


def cut_in(value: str, *, is_text: bool = True) -> Miswriting | None:
    """Find where a text without quotes would end before its line does: at a sign #, or a colon."""
    comment = _COMMENT.search(value)
    said = value[: comment.start()] if comment else value
    if comment and _cuts(value, comment, is_text=is_text):
        return Miswriting("cut_by_hash", {"kept": said[:60]})
    return Miswriting("colon_inside", {}) if _COLON.search(said) else None


def _cuts(value: str, comment: re.Match[str], *, is_text: bool) -> bool:
    """Tell a sign # that cuts a text from one that begins a note."""
    before, note = value[: comment.start()], comment["note"]
    if note and not note[0].isspace():
        return True
    is_apart = len(comment["space"]) > 1 or "\t" in comment["space"]
    return is_text and not is_apart and _ONE_WORD.fullmatch(before) is None


def _not_opened(said: str) -> Miswriting | None:
    """Find the quote that closes what none opens."""
    last = said[-1:]
    if last == '"' and said.count('"') % 2:
        return Miswriting("unopened_quote", {"sign": name_of('"')})
    if last in CLOSING and not any(mark in said[:-1] for mark in CLOSING[last]):
        return Miswriting("unopened_quote", _sign(last))
    if last in {"'", "’"} and re.search(r"[\s?!.…)]['’]$", said):
        opened = re.search(r"(?:^|[\s(])['‘](?=\S)", said[:-1])
        return None if opened else Miswriting("unopened_quote", _sign(last))
    return None


def _flow(value: str) -> Value:
    meant, fault = _delimited(value)
    end = end_of(meant)
    if end is None:
        return _open_bracket(meant, fault)
    rest = meant[end:]
    if meant[end - 1] != {"[": "]", "{": "}"}[meant[0]]:
        return _open_bracket(meant[:end], fault)
    if fault is None and ";" in (bare := _QUOTED.sub("", meant[:end])) and "," not in bare:
        return Value(meant.replace(";", ","), Miswriting("semicolon", {}))
    if not is_last(rest):
        return Value(meant[:end], fault or Miswriting("after_bracket", {"rest": rest.strip()[:40]}))
    if fault is None and re.search(r",\s*,|\[\s*,", meant[:end]):
        fault = Miswriting("empty_item", {})
        meant = re.sub(r",(?:\s*,)+", ",", meant).replace("[,", "[")
    return Value(meant, fault)


def _open_bracket(value: str, fault: Miswriting | None) -> Value:
    opening = value[0]
    closing = "]" if opening == "[" else "}"
    if (cut := re.search(r"\s#\S", value)) and value.rstrip().endswith(closing):
        items = [quoted(item.strip()) for item in value.strip()[1:-1].split(",")]
        return Value(
            f"[{', '.join(items)}]", Miswriting("cut_by_hash", {"kept": value[1 : cut.start()]})
        )
    if value.count('"') % 2:
        bare = value.replace('"', "").rstrip("]} ")
        return Value(bare + closing, fault or Miswriting("unclosed_quote", {"quote": '"'}))
    bare = re.sub(r"(?<!\s)\s++#.*$", "", value)
    wrong = {"]": "}", "}": "]"}[closing]
    bare = bare.removesuffix(wrong).rstrip(",; )")
    return Value(
        bare + closing,
        fault or Miswriting("open_bracket", {"closing": closing, "opening": opening}),
    )


def _quotes_a_word(text: str) -> bool:
    """Tell whether the mark that begins a text closes within it: «cité» avant la fin."""
    element = re.match(r"[^,\]}]*", text[1:])
    return element is not None and any(mark in PAIRS[text[0]] for mark in element[0])


def _delimited(value: str) -> tuple[str, Miswriting | None]:
    """Replace the quotes that Word types around elements of a list between brackets."""
    if value.isascii():
        return value, None
    parts: list[str] = []
    fault: Miswriting | None = None
    position = 0
    while position < len(value):
        start = position
        sign = value[position]
        before = value[:position].rstrip(" ")[-1:]
        if sign in PAIRS and before in {"[", ",", "{", ":"}:
            ends = re.compile(rf"[{PAIRS[sign]}](?=\s*[,\]}}])")
            if whole := ends.search(value, position + 1):
                inner = value[position + 1 : whole.start()].strip(ODD_SPACES + " ")
                parts.append(quoted(inner))
                position = whole.end()
                continue
            if sign != "’" and not _quotes_a_word(value[position:]):
                fault = fault or Miswriting("unclosed_typographic", _sign(sign))
                position += 1
                continue
        pattern = {'"': _DOUBLE, "'": _SINGLE}.get(sign) if before in {"[", ",", "{", ":"} else None
        if pattern is not None and (whole := pattern.match(value, position)):
            position = whole.end()
            parts.append(value[start:position])
            continue
        parts.append(sign)
        position += 1
    return "".join(parts), fault
