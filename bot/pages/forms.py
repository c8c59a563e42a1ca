"""What a form sends: few fields, of little size."""

from urllib.parse import parse_qsl

from starlette.requests import Request

LARGEST_BODY = 16_000
# Of a form with two long texts, whose letters with accents each take six signs on the way.
LARGEST_LONG = 40_000
_MOST_FIELDS = 30
_TYPE = "application/x-www-form-urlencoded"


async def fields_of(request: Request, largest: int = LARGEST_BODY) -> dict[str, str] | None:
    """Return the fields of a form; None if it is too large, empty if it is none of ours."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > largest:
            return None
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        return {}
    text = body.decode("utf-8", "replace")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}
