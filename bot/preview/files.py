"""The files that were sent, kept in memory and described as by the Bot API."""

import mimetypes
import time
from typing import Any

from bot.preview.api_errors import bad
from bot.preview.pictures import size_of

Stored = dict[str, Any]
# Bot API, "Sending files": bytes.
_LARGEST = 50 * 1024 * 1024
_LARGEST_PHOTO = 10 * 1024 * 1024


class FileStore:
    """Names and contents of files, by ``file_id``."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[str, bytes]] = {}

    def __contains__(self, file_id: object) -> bool:
        return file_id in self._files

    def keep(self, name: str, body: bytes, largest: int = _LARGEST) -> Stored:
        """Keep a file; return the fields that all the Bot API's types of files share."""
        if not body:
            raise bad("file must be non-empty")
        if len(body) > largest:
            raise bad("file is too big")
        file_id = f"file-{len(self._files) + 1}-{time.time_ns()}"
        self._files[file_id] = (name, body)
        return {"file_id": file_id, "file_unique_id": file_id, "file_size": len(body)}

    def document(self, name: str, body: bytes) -> Stored:
        """Keep a file; return the Bot API's Document."""
        stored = self.keep(name, body) | {"file_name": name}
        kind, _ = mimetypes.guess_type(name)
        return stored | ({"mime_type": kind} if kind else {})

    def photo(self, name: str, body: bytes) -> list[Stored]:
        """Keep a picture; return the Bot API's list of PhotoSize, which here has one item."""
        size = size_of(body)
        if size is None:
            raise bad("IMAGE_PROCESS_FAILED")
        stored = self.keep(name, body, _LARGEST_PHOTO)
        return [stored | {"width": size[0], "height": size[1]}]

    def name(self, file_id: str) -> str:
        """Return a file's name; KeyError for an unknown file_id."""
        return self._files[file_id][0]

    def body(self, file_id: str) -> bytes:
        """Return a file's content; KeyError for an unknown file_id."""
        return self._files[file_id][1]
