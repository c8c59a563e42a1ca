"""Pictures: their size in pixels, and a plain sample."""

import struct
import zlib

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
# "Start of frame" segments hold the size (ITU-T T.81, table B.1).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def size_of(body: bytes) -> tuple[int, int] | None:
    """Return the width and height in pixels of a PNG or JPEG; None for anything else."""
    try:
        if body.startswith(_PNG):
            width, height = struct.unpack(">II", body[16:24])
            return width, height
        return _jpeg_size(body) if body.startswith(_JPEG) else None
    except (struct.error, IndexError):
        return None


def _jpeg_size(body: bytes) -> tuple[int, int] | None:
    at = 2
    while body[at] == 0xFF:  # noqa: PLR2004 - every segment begins with it
        if body[at + 1] in _FRAMES:
            height, width = struct.unpack(">HH", body[at + 5 : at + 9])
            return width, height
        at += 2 + struct.unpack(">H", body[at + 2 : at + 4])[0]
    return None


def plain_png(width: int, height: int) -> bytes:
    """Return a plain grey picture."""
    rows = b"".join(b"\x00" + b"\xb0" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return _PNG + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
