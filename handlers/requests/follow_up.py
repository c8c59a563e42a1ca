"""What a firm is asked some days after it was put in touch."""

from handlers.core.posting import Posting
from storage.records.interests import Interest


async def ask(posting: Posting, interest: Interest) -> None:
    """Ask a firm whether the contact happened."""
