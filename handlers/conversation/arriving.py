"""/start: the welcome, or what the link shows that somebody followed here; what was found inline.

A link lasts as long as the paper that it stands on: one to what is gone leads to what comes near.
"""

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from telegram import Message, Update
from telegram.ext import MessageHandler
from telegram.ext import filters as on

from handlers.core import arrivals
from handlers.core.authority import Authority, requires
from handlers.core.buttons import ListThemes, ShowEntry, with_person
from handlers.core.keyboards import button, column
from handlers.core.routing import VIA_US, Handler, command
from handlers.core.turn import BotContext, Turn
from handlers.forms.reminding import reminding
from handlers.general import start_and_help
from handlers.messages import Catalogue, language
from handlers.projects import browse
from handlers.questions import themes
from handlers.questions.deciding import decide
from knowledge.model import Entry
from knowledge.start_links import LinkKind, Source, Start, parsed
from knowledge.text.near_words import nearest

TEXT = Catalogue.of("questions")
_MOST_NEAR = 3
# A similarity from 0 to 100.
_ALIKE = 75
_FOUND_INLINE = Start(LinkKind.HOME, source=Source.INLINE)


@requires(Authority.PERSON)
@reminding
async def start(_update: Update, context: BotContext) -> None:
    """Welcome the person, or show what a link leads to."""
    # What no link of ours says is a welcome, and counted as found without a link.
    await arrive(context.turn, parsed("".join(context.args or ())) or Start(LinkKind.HOME))


async def arrive(turn: Turn, followed: Start) -> None:
    """Show what a link leads to, and count where it stood."""
    await arrivals.count(turn, followed.kind, followed.source)
    if followed.kind is LinkKind.PROJECT:
        known = turn.services.knowledge
        ids = [each.id for each in (*known.projects, *known.hidden_projects)]
        await browse.show(turn, followed.among(ids) or followed.id)
    elif followed.kind is LinkKind.ANSWER:
        await _show_answer(turn, followed)
    else:
        start_and_help.welcome(turn)


async def _show_answer(turn: Turn, followed: Start) -> None:
    known = turn.services.knowledge
    entry = known.entry(followed.among([each.id for each in known.entries]) or "")
    if entry is not None:
        await themes.open_entry(turn, entry)
        return
    near = _instead_of(turn, followed)
    if not near:
        themes.show_list(turn, TEXT("entry_gone"))
        return
    titles = [each.said_in(language()).title for each in near]
    answers = [
        button(f"{number}. {title}", ShowEntry(each.id))
        for number, (title, each) in enumerate(zip(titles, near, strict=True), 1)
    ]
    all_themes = button(TEXT.label("action_themes"), ListThemes())
    turn.say(TEXT("entry_near", titles=titles), with_person(column([*answers, all_themes])))


def _instead_of(turn: Turn, followed: Start) -> Sequence[Entry]:
    """Return what a hidden answer refers to; of one that is gone, what its id would find."""
    known = turn.services.knowledge
    id_ = followed.among([each.id for each in known.hidden_entries])
    hidden = next((each for each in known.hidden_entries if each.id == id_), None)
    ids = hidden.see_also if hidden else ()
    if not any(map(known.entry, ids)) and followed.words:
        # An id that was only changed is still much like what it was.
        given = [each.id for each in known.entries]
        alike = nearest(followed.id, given, _ALIKE)
        renamed = (each for each in given if _is_longer_or_shorter(each, followed.id))
        ids = (alike or "", *renamed, *decide(turn.services, followed.words).shown)
    return list(dict.fromkeys(filter(None, map(known.entry, ids))))[:_MOST_NEAR]


def _is_longer_or_shorter(one: str, other: str) -> bool:
    """Tell whether one of two ids has all words of the other: "aides" and "aides-publiques"."""
    words, others = set(one.split("-")), set(other.split("-"))
    return words <= others or others <= words


@requires(Authority.PERSON)
@reminding
async def open_chosen(update: Update, context: BotContext) -> None:
    """Open what a person chose among inline results, in the bot's own chat."""
    await arrive(context.turn, _linked_below(update.message) or _FOUND_INLINE)


def _linked_below(message: Message | None) -> Start | None:
    """Return what the link below an inline result leads to."""
    keyboard = message.reply_markup.inline_keyboard if message and message.reply_markup else ()
    links = (urlsplit(each.url or "") for row in keyboard for each in row)
    asked = (parsed("".join(parse_qs(link.query).get("start", ()))) for link in links)
    return next(filter(None, asked), None)


HANDLERS: tuple[Handler, ...] = (
    command("start", start),
    MessageHandler(on.UpdateType.MESSAGE & on.ChatType.PRIVATE & VIA_US, open_chosen),
)
