"""Choosing whom a request is put in touch with: the lead of a project, or somebody typed."""

from dataclasses import dataclass

from telegram import Message, Update

from handlers.administration import put_in_touch, recipients
from handlers.administration.introduction_words import TEXT
from handlers.administration.meeting import for_administrators
from handlers.administration.ranking import ranked
from handlers.administration.recipient_buttons import ChooseRecipient
from handlers.core import caps, team
from handlers.core.ahead import Ahead, Works
from handlers.core.authority import Authority
from handlers.core.callback_data import CallbackData, ItemId
from handlers.core.keyboards import button, column, rows
from handlers.core.paging import TEXT_ITEMS, ListPage
from handlers.core.routing import Handler, tap
from handlers.core.services import Services
from handlers.core.turn import BotContext, Turn
from handlers.forms import cleaning, contacts
from knowledge.model import Project
from knowledge.text.signs import plain_signs
from storage.database import Database
from storage.queues.outbox import Audience, Delivery
from storage.records.interests import ContactKind, Interest
from storage.records.introductions import NamedPerson
from storage.subject import Kind

_LONGEST_NAME = 120


@dataclass(frozen=True)
class PickLead(CallbackData, prefix="yp"):
    """Choose the lead of a project."""

    interest_id: int
    project_id: ItemId


@dataclass(frozen=True)
class NameSomebody(CallbackData, prefix="zn"):
    """Ask for a name, to be typed in reply."""

    interest_id: int


@for_administrators
async def choose(update: Update, context: BotContext) -> None:
    """List the leads of open projects, those of the likeliest projects first."""
    turn, choice = context.turn, ChooseRecipient.of(update)
    interest = await put_in_touch.open_request(turn, choice.interest_id)
    if interest is None:
        return
    led = [project for project in _likeliest(turn) if project.lead]
    page = ListPage.of(led, choice.page, TEXT_ITEMS)
    keyboard = rows(
        *(
            [button(f"{number}. {project.lead}", PickLead(interest.id, project.id))]
            for number, project in page.numbered()
        ),
        page.steps(lambda index: ChooseRecipient(interest.id, index)),
        [button(TEXT.label("somebody_else"), NameSomebody(interest.id))],
        [button(TEXT.label("cancel"), put_in_touch.CancelIntroduction(interest.id))],
    )
    turn.rewrite(TEXT("choose", interest=interest, page=page), keyboard, about=interest.about_note)


def _likeliest(turn: Turn) -> tuple[Project, ...]:
    """Return the open projects, as they were ranked ahead where that was done."""
    listed = turn.services.knowledge.census.listed(turn.services.today())
    order = turn.ahead if isinstance(turn.ahead, dict) else {}
    return tuple(sorted(listed, key=lambda project: order.get(project.id, len(order))))


async def _rank(database: Database, services: Services, update: Update) -> dict[str, int]:
    """Rank the projects by likeness to the request."""
    async with database.begin() as work:
        interest = await work.interests.get(ChooseRecipient.of(update).interest_id)
    return await ranked(services, interest.message or "") if interest else {}


@for_administrators
async def pick(update: Update, context: BotContext) -> None:
    """Name the lead of a project."""
    turn, choice = context.turn, PickLead.of(update)
    interest = await put_in_touch.open_request(turn, choice.interest_id)
    lead = recipients.lead_of(turn.posting, choice.project_id)
    if interest is None:
        return
    if lead is None:
        turn.toast(TEXT.label("gone_choice"), alert=True)
    elif await caps.allows(turn, caps.REPLIES, interest.id):
        await recipients.name(turn.posting, interest, lead)
        await put_in_touch.show(turn, interest, in_place=True)


@for_administrators
async def ask_name(update: Update, context: BotContext) -> None:
    """Ask for the name: the answer is a reply, since a group's bot reads nothing else."""
    turn = context.turn
    interest = await put_in_touch.open_request(turn, NameSomebody.of(update).interest_id)
    if interest is not None:
        keyboard = column(
            [button(TEXT.label("cancel"), put_in_touch.CancelIntroduction(interest.id))]
        )
        turn.rewrite(TEXT("name_somebody", interest=interest), keyboard, about=interest.about_note)


async def take_name(turn: Turn, message: Message) -> bool:
    """Take a reply to the message that asks for a name; False if it replies to another one."""
    interest = await _asked_about(turn, message)
    if interest is None:
        return False
    named = _named(turn.text)
    if named is None or len(named.name) > _LONGEST_NAME:
        text = TEXT("bad_name", long=named is not None)
        turn.say(text, reply_to=message.message_id, about=interest.about_note)
    elif (still := await put_in_touch.open_request(turn, interest.id)) is None:
        text = TEXT("over", interest=interest)
        turn.say(text, reply_to=message.message_id, about=interest.about_note)
    elif await caps.allows(turn, caps.REPLIES, interest.id):
        await recipients.name(turn.posting, still, named)
        await put_in_touch.show(turn, still)
    return True


async def _asked_about(turn: Turn, message: Message) -> Interest | None:
    """Return the request whose message asking for a name is replied to.

    The outbox tells that it is a message of ours about this request; its words, which one it is.
    """
    quoted = message.reply_to_message
    if quoted is None or not await _is_administrators(turn, message):
        return None
    about = await turn.work.outbox.subject_of(Delivery(quoted.chat.id, quoted.message_id))
    if about is None or about.kind is not Kind.INTEREST:
        return None
    interest = await turn.work.interests.get(about.id)
    if interest is None or interest.is_anonymous:
        return None
    asks = (quoted.text or "").startswith(TEXT.label("name_asked", interest=interest))
    return interest if asks else None


async def _is_administrators(turn: Turn, message: Message) -> bool:
    return Audience.ADMINISTRATORS in await team.roles_of(turn, message.chat.id)


def _named(text: str) -> NamedPerson | None:
    """Return whom a text names, with the e-mail that it holds; None without a name."""
    text = plain_signs(text)
    found = contacts.find(text)
    email = next((one.value for one in found if one.kind is ContactKind.EMAIL), None)
    rest, _others = contacts.without_others_in(text)
    name = cleaning.bare(rest.replace("<", " ").replace(">", " "), "name").strip(" ,;:-<>()")
    return NamedPerson(name, email=email) if any(map(str.isalpha, name)) else None


AHEAD: Works = {ChooseRecipient.PREFIX: Ahead(_rank, Authority.ADMINISTRATORS)}
HANDLERS: tuple[Handler, ...] = (
    tap(ChooseRecipient, choose),
    tap(PickLead, pick),
    tap(NameSomebody, ask_name),
)
