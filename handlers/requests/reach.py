"""How a firm is told of what happens to its request: in its chat, by e-mail, or by a call."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from handlers.core.posting import Posting
from handlers.messages import speaking, without_chat
from storage.records.interests import Interest
from storage.records.people import Person


class Reach(StrEnum):
    """How words of the bot arrive; a ``CALL`` is made by the team, which reads what to say."""

    CHAT = "chat"
    MAIL = "mail"
    CALL = "call"


async def of(posting: Posting, interest: Interest) -> Reach:
    """Return how the firm of a request is reached; of one that was erased, nothing is sent."""
    person = await person_of(posting, interest)
    if person is None or not person.is_visitor:
        return Reach.CHAT
    return Reach.MAIL if posting.writes_to(person) else Reach.CALL


async def person_of(posting: Posting, interest: Interest) -> Person | None:
    """Return who made a request; None once it is anonymous."""
    return await posting.work.people.get(interest.person_id) if interest.person_id else None


@contextmanager
def as_read(person: Person | None, spoken: str) -> Iterator[None]:
    """Compose what this person will read, in a language: without taps for who has no chat."""
    with speaking(spoken):
        if person is not None and person.is_visitor:
            with without_chat():
                yield
        else:
            yield
