"""The text of a file's bytes: what is no text is named, and so is how to save it as text."""

import io
import re
import unicodedata
import zipfile

from knowledge.files.problems import KnowledgeError, Place, problem, words

_BEGINNINGS = (
    (b"%PDF", "pdf"),
    (b"{\\rtf", "rtf"),
    (b"\xd0\xcf\x11\xe0", "old_office"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"\x1f\x8b", "archive"),
)
_MEMBERS = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx", "index/": "pages"}
_OPEN_DOCUMENTS = {b"opendocument.text": "odt", b"opendocument.spreadsheet": "ods"}
_HTML = re.compile(rb"\s*(?:<!doctype html|<html|<\?xml)", re.IGNORECASE)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
# The bytes of French letters and quotes in Windows' own encoding.
_WINDOWS = re.compile(rb"[\x80-\x9f\xa0\xab\xbb\xb0\xc0-\xff]")
# What "é", "’" or "«" become when UTF-8 is read as Windows' encoding and saved again.
BROKEN_ACCENT = re.compile(
    r"\u00c3[\u00a0-\u00bf\u0080-\u009f€‚ƒ„…†‡ˆ‰\u0160‹\u0152Ž‘’“”•–—˜™\u0161›\u0153\u017e\u0178\ufffd]|\u00e2€[\u0080-\u00ff€™\u0153˜¦“”\ufffd]|\u00c5[“’]|\u00c2[\u00a0-\u00bf]"
    # And in the body of an e-mail that a program has saved as it travelled.
    r"|=(?:C2|C3|E2)=[89AB][0-9A-F]"
)
# What a spreadsheet makes of the lines of a file: cells, with quotes around those that have quotes.
_OF_SHEET = re.compile(r"^(?:.*;;+|\".*\"\"[^\"\n]*\"\"\"?)$", re.MULTILINE)
_MANY_ROWS = 20
_BREAKS = re.compile("\r\n?")


def text_of(body: bytes, name: str) -> str:
    """Return the text with line feeds alone and composed letters; KnowledgeError for no text.

    A Mac writes "é" as "e" and an accent where a PC writes one letter: both read the same here.
    """
    if kind := _foreign(body):
        raise KnowledgeError((problem("foreign_file", Place(name), **words("foreign")[kind]),))
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = Place(name, _line_of(body, error.start))
        code = "windows_encoding" if _WINDOWS.match(body, error.start) else "not_utf8"
        raise KnowledgeError((problem(code, at),)) from None
    text = composed(_BREAKS.sub("\n", text))
    if text.count(";;\n") + text.count('"""\n') > _MANY_ROWS and _is_sheet(text):
        raise KnowledgeError((problem("foreign_file", Place(name), **words("foreign")["csv"]),))
    return text


def _is_sheet(text: str) -> bool:
    return len(_OF_SHEET.findall(text)) > _MANY_ROWS


def composed(text: str) -> str:
    """Return a text with one character for each accented letter, as it is read from a file."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _line_of(body: bytes, position: int) -> int:
    return len(re.findall(rb"\r\n|\r|\n", body[:position])) + 1


def _foreign(body: bytes) -> str | None:
    if body.startswith(b"PK\x03\x04"):
        return _zipped(body)
    if body.startswith(_UTF16) or (len(body) > 1 and 0 in body[:2] and any(body[:2])):
        return "utf16"
    if _HTML.match(body):
        return "html"
    return next((kind for start, kind in _BEGINNINGS if body.startswith(start)), None)


def _zipped(body: bytes) -> str:
    """Tell which program's file a ZIP archive is, from the names of its members."""
    head = body[:200]
    for marker, kind in _OPEN_DOCUMENTS.items():
        if marker in head:
            return kind
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return "archive"
    kinds = (kind for start, kind in _MEMBERS.items() for n in names if n.lower().startswith(start))
    return next(kinds, "archive")
