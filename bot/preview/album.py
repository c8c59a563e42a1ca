"""``sendMediaGroup``: the files of an album, each with its own caption, as the server reads them.

Difference from Telegram: the preview has no live photos.
"""

import itertools
import time
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import UploadFile

from bot.preview.api_errors import ApiError, bad
from bot.preview.content import caption_of, chat_of
from bot.preview.files import FileStore
from bot.preview.objects import FaultError, Ignored, read
from bot.preview.scalars import text_of

Values = dict[str, Any]
# Bot API, sendMediaGroup.
MOST_FILES = 10
_ATTACHED = "attach://"
_TYPES = {
    "photo": "InputMediaPhoto",
    "video": "InputMediaVideo",
    "audio": "InputMediaAudio",
    "document": "InputMediaDocument",
}
# An album of one of these holds nothing else; named as in the refusal.
_ALONE = {"audio": "Audio", "document": "Document"}
# By type: the numbers that the sent file always has, and the texts that it may have.
_NUMBERS = {"video": ("width", "height", "duration"), "audio": ("duration",)}
_TEXTS = {"audio": ("performer", "title")}
_numbers = itertools.count(time.time_ns())


def read_album(value: Any, files: Mapping[str, UploadFile], ignored: Ignored) -> list[Values]:  # noqa: ANN401 - any JSON
    """Return the parameter ``media`` with its uploads; ApiError in the server's words."""
    if not isinstance(value, list):
        raise bad("expected an Array of InputMedia")
    try:
        return [_read_item(each, files, ignored) for each in value]
    except FaultError as fault:
        raise bad(f"can't parse InputMedia: {fault}") from fault


def _read_item(item: Any, files: Mapping[str, UploadFile], ignored: Ignored) -> Values:  # noqa: ANN401 - any JSON
    if not isinstance(item, dict):
        raise FaultError("expected an Object")
    if "type" not in item:
        raise FaultError('Can\'t find field "type"')
    kind = text_of(item["type"])
    if kind not in _TYPES:
        unfit = "can't be used in sendMediaGroup" if kind == "animation" else "is unsupported"
        raise FaultError(f'type "{kind}" {unfit}')
    known = {name: each for name, each in item.items() if name != "thumb"}
    found: Values = read({"media": ""} | known, _TYPES[kind], "media", ignored)
    media: str = found["media"]
    upload = files.get(media.removeprefix(_ATTACHED)) if media.startswith(_ATTACHED) else media
    if not upload:
        raise FaultError("media not found")
    return found | {"media": upload}


async def album_of(files: FileStore, values: Values) -> list[Values]:
    """Keep the files of an album; return the contents of its messages."""
    items: list[Values] | None = values.get("media")
    if items is None:
        raise bad('parameter "media" is required')
    _check(items)
    captions = [_caption(item) for item in items]
    chat_of(values)
    found = [await uploaded(files, item["media"]) for item in items]
    group = {"media_group_id": str(next(_numbers))}
    return [
        group | _content(files, item, *file) | caption
        for item, file, caption in zip(items, found, captions, strict=True)
    ]


async def uploaded(files: FileStore, given: UploadFile | str) -> tuple[str, bytes]:
    """Return the name and the content of an uploaded file, or of one named by its file_id."""
    if isinstance(given, UploadFile):
        return given.filename or "file", await given.read()
    if given not in files:
        raise bad("wrong file identifier/HTTP URL specified")
    return files.name(given), files.body(given)


def _check(items: list[Values]) -> None:
    if len(items) > MOST_FILES:
        raise bad("too many messages to send as an album")
    if not items:
        raise bad("there are no messages to send")
    if len({item.get("show_caption_above_media", False) for item in items}) > 1:
        raise bad("parameter show_caption_above_media must be the same for all messages")
    kinds = {item["type"] for item in items}
    for kind in sorted(kinds & _ALONE.keys()):
        if len(kinds) > 1:
            raise bad(f"{_ALONE[kind]} can't be mixed with other media types")


def _caption(item: Values) -> Values:
    try:
        return caption_of(item)
    except ApiError as error:
        reason = error.description.removeprefix("Bad Request: ")
        if not reason.startswith(("can't parse", "unsupported")):
            raise
        raise bad(f"can't parse InputMedia: {reason[:1].upper()}{reason[1:]}") from error


def _content(files: FileStore, item: Values, name: str, body: bytes) -> Values:
    kind = item["type"]
    shown = {"show_caption_above_media": True} if item.get("show_caption_above_media") else {}
    if kind == "photo":
        return {"photo": files.photo(name, body)} | shown
    sent = files.document(name, body)
    sent |= {field: max(item.get(field, 0), 0) for field in _NUMBERS.get(kind, ())}
    sent |= {field: item[field] for field in _TEXTS.get(kind, ()) if field in item}
    return {kind: sent} | shown
