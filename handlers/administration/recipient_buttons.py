"""The button to choose whom a request is put in touch with: two screens show it."""

from dataclasses import dataclass

from handlers.core.callback_data import CallbackData


@dataclass(frozen=True)
class ChooseRecipient(CallbackData, prefix="yr"):
    """List the leads of open projects, a page at a time."""

    interest_id: int
    page: int = 0
