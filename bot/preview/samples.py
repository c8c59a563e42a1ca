"""Sample contents for messages of which only the kind matters."""

from typing import Any

from bot.preview.pictures import plain_png

# The content of the sample files below, which nobody reads.
_NOTHING = b"sample"
_FILES = {"voice": "voice.ogg", "video_note": "video.mp4", "sticker": "sticker.webp"}
_DETAILS: dict[str, dict[str, Any]] = {
    "voice": {"duration": 3, "mime_type": "audio/ogg"},
    "video_note": {"length": 240, "duration": 3},
    "sticker": {
        "type": "regular",
        "width": 512,
        "height": 512,
        "is_animated": False,
        "is_video": False,
        "emoji": "\U0001f44d",
    },
}
_FACTS: dict[str, dict[str, Any]] = {
    "location": {"latitude": 43.4, "longitude": 5.05},
    "contact": {"phone_number": "+33612345678", "first_name": "Nadia"},
}
KINDS = frozenset({"photo", "document", *_DETAILS, *_FACTS})


def file_of(kind: str) -> tuple[str, bytes] | None:
    """Return the name and the bytes of a kind's file; None for a kind without one."""
    if kind == "photo":
        return "photo.png", plain_png(160, 120)
    if kind == "document":
        return "plan.txt", _NOTHING
    return (_FILES[kind], _NOTHING) if kind in _FILES else None


def details_of(kind: str) -> dict[str, Any]:
    """Return the fields of the Bot API's type for a kind, besides those of its file."""
    return _DETAILS.get(kind) or _FACTS.get(kind) or {}
