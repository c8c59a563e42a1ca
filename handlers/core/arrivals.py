"""Where people come from: counted when they open a link, without saying who."""

from handlers.core.turn import Turn
from knowledge.start_links import LinkKind, Source
from storage.records.arrivals import Opened
from storage.records.arrivals import Source as Counted

_OPENED = {
    LinkKind.PROJECT: Opened.PROJECT,
    LinkKind.ANSWER: Opened.ANSWER,
    LinkKind.HOME: Opened.HOME,
}
_COUNTED = {
    Source.LINK: Counted.LINK,
    Source.POSTER: Counted.POSTER,
    Source.PAGE: Counted.PAGE,
    Source.INLINE: Counted.INLINE,
    Source.SHARED: Counted.SHARED,
}


async def count(turn: Turn, kind: LinkKind, source: Source) -> None:
    """Count one opening: of a thing of this kind, by a link that stood there."""
    # The welcome needs no link: the bot was found by its name.
    is_found = kind is LinkKind.HOME and source is Source.LINK
    await turn.work.arrivals.count(Counted.NONE if is_found else _COUNTED[source], _OPENED[kind])
