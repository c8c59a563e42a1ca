"""Bodies of requests, of which no more is read than may come."""

from starlette.types import Message, Receive

from bot.preview.api_errors import ApiError


def too_large(what: str = "") -> ApiError:
    """Return the refusal of a body that is too large."""
    return ApiError(413, "Request Entity Too Large" + (f": {what}" if what else ""))


def bounded(receive: Receive, most: int) -> Receive:
    """Return a ``receive`` that raises ApiError 413 as soon as more than ``most`` bytes came."""
    taken = 0

    async def receive_bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise too_large()
        return message

    return receive_bounded
