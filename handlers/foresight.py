"""What updates of several chats would each ask of the database, asked once for all of them.

Nothing is decided here: whoever handles an update finds what it asks for read already, or reads it.
"""

from collections.abc import Sequence

from telegram import Update

from handlers import flood, questions
from handlers.services import Services
from storage.work import Work


async def foresee(work: Work, services: Services, updates: Sequence[Update]) -> None:
    """Read ahead for these updates, which are of different chats and about to be handled."""
    if services.flood_limit:
        chats = [chat.id for update in updates if (chat := flood.may_hold(update))]
        await work.tempo.look(chats, services.flood_limit, flood.WITHIN)
    writers = {user.id for update in updates if (user := questions.writer(update))}
    people = await work.people.meet(writers)
    await work.drafts.look([person.id for person in people])
