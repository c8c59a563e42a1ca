"""What was decided lately, found again without keeping what anybody wrote."""

import hashlib
import secrets
from typing import Generic, TypeVar

Value = TypeVar("Value")
_MOST = 2_000
_DIGEST_BYTES = 16


class Recent(Generic[Value]):
    """Values by text, the oldest forgotten first; of a text, only a salted digest is kept.

    For one thread.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._salt = secrets.token_bytes(_DIGEST_BYTES)
        self._values: dict[bytes, Value] = {}

    def get(self, text: str) -> Value | None:
        """Return what was kept for this very text."""
        return self._values.get(self._key(text))

    def keep(self, text: str, value: Value) -> None:
        """Keep a value; where there is no room, the oldest goes."""
        if len(self._values) >= self._most:
            self._values.pop(next(iter(self._values), b""), None)
        self._values[self._key(text)] = value

    def _key(self, text: str) -> bytes:
        written = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(written, digest_size=_DIGEST_BYTES, key=self._salt).digest()
