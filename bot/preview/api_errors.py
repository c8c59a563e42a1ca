"""Refusals of calls, in Telegram's wording."""

from typing import Any


class ApiError(Exception):
    """A refused call: HTTP status, description, perhaps parameters (Bot API, "Making requests")."""

    def __init__(
        self, status: int, description: str, parameters: dict[str, Any] | None = None
    ) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters

    @property
    def retry_after(self) -> int:
        """The seconds to wait, 0 without any: the answer says them in a header too."""
        return int((self.parameters or {}).get("retry_after", 0))


def bad(reason: str, parameters: dict[str, Any] | None = None) -> ApiError:
    """Return an error 400; Telegram puts "Bad Request" before the reason."""
    return ApiError(400, f"Bad Request: {reason}", parameters)
