"""What was shown last: shown again, or named where a question follows it."""

from collections.abc import Sequence

from handlers.core.turn import Turn
from handlers.messages import Catalogue
from handlers.projects import browse
from handlers.questions import answer

TEXT = Catalogue.of("questions")


async def again(turn: Turn, question_id: int) -> bool:
    """Show the entry or the project again that was shown last; False where there is none.

    ``question_id`` is the row of the text that asks for it: it takes the vote on the answer.
    """
    topic = await turn.topic_before()
    if project := turn.services.knowledge.project(_project_id(topic)):
        await browse.show(turn, project.id)
        return True
    entry = turn.services.knowledge.entry(topic)
    if entry is None:
        return False
    answer.show(turn, entry, question_id)
    return True


def say_what_it_follows(turn: Turn, topic: str, shown: Sequence[str]) -> None:
    """Begin the next message with the subject that the question goes on with."""
    title = _title(turn, topic)
    if title:
        turn.begin_with(TEXT("follows", title=title, is_same=topic in shown))


def _title(turn: Turn, topic: str) -> str | None:
    knowledge = turn.services.knowledge
    if project := knowledge.project(_project_id(topic)):
        return project.title
    if entry := knowledge.entry(topic):
        return entry.title
    act = knowledge.act(topic)
    return act.title if act else None


def _project_id(topic: str) -> str:
    return topic.removeprefix(browse.PROJECT) if topic.startswith(browse.PROJECT) else ""
