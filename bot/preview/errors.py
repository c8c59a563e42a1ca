"""Refusals, worded as Telegram words them."""

from typing import Any


class ApiError(Exception):
    """A refused call: HTTP status, description, and perhaps parameters ("Making requests")."""

    def __init__(
        self, status: int, description: str, parameters: dict[str, Any] | None = None
    ) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


def bad(reason: str, parameters: dict[str, Any] | None = None) -> ApiError:
    """Return a 400, with the words that Telegram puts before its reason."""
    return ApiError(400, f"Bad Request: {reason}", parameters)
