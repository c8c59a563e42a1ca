"""A firm that came by the pages, and the team: what it is told, and what the team reads of that."""

import ast
import re
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dialogue import Message, Speaker, Stage, inside
from sqlalchemy import select
from test_dialogue_handoff import card, edits, replies
from test_mail_dispatcher import given, mailing
from test_page_introduction import introduces
from test_put_in_touch import CONTACT, failed, led
from test_request_page import reader, standing
from test_visitor_pages import (
    FIRM,
    OF_A_CHAT,
    Visitor,
    following,
    letters,
    link_in,
    open_project,
)

import handlers
from bot.pages.rendering import TEXT as PAGES
from bot.recurring.reminders import Reminders
from handlers import deliveries
from handlers.administration.recipients import name
from handlers.core import caps
from handlers.core.posting import Posting
from handlers.handoff.threads import Threads
from handlers.messages import Catalogue
from handlers.requests import agreement, follow_up, moves
from knowledge.knowledge import Knowledge
from storage.engine.schema import allowances, conversations, outbox, people
from storage.queues.outbox import Audience
from storage.records.conversation_values import NewMessage, Side
from storage.records.interests import Actor, Ending, EventKind, Particulars, Party, Status
from storage.records.introductions import Agreement, NamedPerson

ADMINISTRATOR = Actor(Party.ADMINISTRATOR, 7, "Paul Roux")
PHONE = {**FIRM, "contact": "06 12 34 56 78"}


@pytest.fixture(name="stage")
async def _stage(shipped: Knowledge, tmp_path: Path, blank_file: Path) -> AsyncIterator[Stage]:
    async with mailing(shipped, tmp_path, blank_file, **given(1, listen_port=0)) as stage:
        yield stage


@pytest.fixture
def facilitator(stage: Stage) -> Speaker:
    return stage.member(stage.messenger.facilitators)


async def calls_only(stage: Stage) -> Visitor:
    """Let a firm send the form of a project, with a telephone number and nothing else."""
    visitor, path = Visitor(stage), f"/formulaires/interet/{open_project(stage)}"
    await visitor.fills(path, **PHONE)
    assert await visitor.agrees(path) == 303
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    return visitor


async def asks_about(stage: Stage, somebody: str) -> None:
    """Name somebody the request could go to, and ask the firm."""
    interest = await standing(stage)
    async with stage.running.parts.database.begin() as work:
        posting = Posting(stage.running.parts.services, work)
        introduction = await name(posting, interest, NamedPerson(somebody))
        assert await agreement.ask(posting, interest, introduction, ADMINISTRATOR)


async def writes(stage: Stage, text: str) -> None:
    """Let the team write to the firm about its request."""
    request = await standing(stage)
    async with stage.running.parts.database.begin() as work:
        exchange = await work.conversations.open_about(request, Side.FACILITATORS)
        said = NewMessage(exchange.id, Side.FACILITATORS, text, -1, 5)
        message = await work.conversations.say(said)
        await Threads(work, stage.running.parts.services).pass_on(exchange, message)


async def works_days(stage: Stage, count: int, *, noting: bool = False) -> None:
    """Let days pass, the clock being looked at on each; with notes, the team does not sleep."""
    parts = stage.running.parts
    clock = Reminders(parts.database, parts.services, parts.dispatcher.wake, follow_up.ask)
    for _ in range(count):
        stage.clock.passes(days=1)
        if noting:
            request = await standing(stage)
            async with parts.database.begin() as work:
                await moves.touched(Posting(parts.services, work), request)
        await clock.catch_up()


async def moves_on(stage: Stage, kind: EventKind, **particulars: Any) -> None:
    async with stage.running.parts.database.begin() as work:
        posting = Posting(stage.running.parts.services, work)
        moved = await moves.make(posting, 1, kind, ADMINISTRATOR, Particulars(**particulars))
    assert moved.won


async def asks_the_team(stage: Stage, text: str = "Où est le guichet & quand ?") -> Visitor:
    visitor, path = Visitor(stage, "203.0.113.77"), "/formulaires/question"
    assert await visitor.fills(path, text=text, contact=FIRM["contact"]) == 200, visitor.text
    assert await visitor.agrees(path) == 303
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    return visitor


async def facilitator_answers(facilitator: Speaker, text: str) -> Message:
    return await replies(facilitator, text, card(facilitator, ""))


async def is_lost(stage: Stage) -> None:
    """Let the last message of the firm not arrive in the group."""
    async with stage.running.parts.database.begin() as work:
        exchange = await work.conversations.about_request(1)
        assert exchange is not None
        message = (await work.conversations.messages(exchange.id))[-1]
        about = exchange.about_copy(message.id)
        item = replace(
            failed(work.now), audience=Audience.ADMINISTRATORS, method="sendMessage", about=about
        )
        await deliveries.failed(work, item, "chat not found", stage.running.parts.services)


# Each place of the handlers that writes to a person: what a visitor reads of it in a letter, or
# None for what is written to people of the team, or to who asked for it in their chat.
PLACES = {
    "administration/private_details.py": None,
    "administration/reminders.py": "attend encore",
    "core/turn.py": None,
    "curation/report.py": None,
    "deliveries.py": "n'a pas pu être remis à l'équipe",
    "handoff/facilitators.py": "a clos l'échange",
    "handoff/threads.py": "Message de l'équipe",
    "projects/news.py": None,
    "requests/agreement.py": "êtes-vous d'accord",
    "requests/follow_up.py": "Le contact a-t-il eu lieu",
    "requests/moves.py": "est prise en charge",
}


def _writes(node: ast.AST) -> bool:
    """Tell whether a piece of code sends something to a person."""
    if isinstance(node, ast.IfExp):
        return "Audience.PERSON" in {ast.unparse(node.body), ast.unparse(node.orelse)}
    if not isinstance(node, ast.Call):
        return False
    is_told = isinstance(node.func, ast.Attribute) and node.func.attr in {"tell", "tell_person"}
    return is_told or any(ast.unparse(each) == "Audience.PERSON" for each in node.args)


def test_every_place_that_writes_to_a_person_is_known() -> None:
    """Walk the code: who adds a place says here what a visitor reads of it."""
    root = Path(handlers.__file__).parent
    found = {
        str(file.relative_to(root))
        for file in root.rglob("*.py")
        if any(map(_writes, ast.walk(ast.parse(file.read_text("utf-8")))))
    }
    assert found - {"core/posting.py"} == set(PLACES)


async def test_all_that_a_chat_would_say_is_said_by_letters(
    stage: Stage, facilitator: Speaker
) -> None:
    written: dict[str, dict[str, Any]] = {}

    async def then(*steps: Awaitable[object]) -> str:
        """Do these steps; return the path of the link in the newest letter."""
        for step in steps:
            await step
            # Letters that wait too long are given up, and their text goes.
            written.update({each["text"]: each for each in await letters(stage)})
        return link_in((await letters(stage))[-1])

    visitor, _ = await following(stage)
    follow = await then(
        works_days(stage, 14),
        moves_on(stage, EventKind.TAKE),
        works_days(stage, 20, noting=True),
        writes(stage, "Êtes-vous libre <jeudi> & vendredi ?"),
    )
    await visitor.opens(follow)
    assert await visitor.acts(follow, "mot", mot="Oui, jeudi.") == 303
    await then(
        is_lost(stage),
        asks_about(stage, "Fonderie Roux"),
        moves_on(stage, EventKind.INTRODUCE, note="Fonderie Roux"),
        works_days(stage, 12),
        asks_the_team(stage),
        facilitator_answers(facilitator, "Il ouvre <lundi>."),
        facilitator.taps("Clore"),
    )
    for place, words in PLACES.items():
        assert words is None or any(words in text for text in written), place
    assert any("toujours en charge" in text for text in written)
    assert any("<jeudi> & vendredi" in text for text in written)
    for text, letter in written.items():
        assert not OF_A_CHAT.search(text), text
        assert link_in(letter)


async def test_a_question_by_page_is_answered_by_letter_and_goes_on(
    stage: Stage, facilitator: Speaker
) -> None:
    visitor = await asks_the_team(stage)
    visitor.sees("Votre question Q", "est transmise", "par e-mail")
    facilitator.received("Où est le guichet & quand ?")
    assert FIRM["contact"] not in facilitator.text
    (first,) = await letters(stage)
    assert "guichet" not in first["text"]
    said = await facilitator_answers(facilitator, "Il ouvre <lundi>.")
    answer = (await letters(stage))[-1]
    assert "Il ouvre <lundi>." in answer["text"]
    await edits(facilitator, said, "Il ouvre mardi.")
    follow = link_in((await letters(stage))[-1])
    assert await visitor.opens(follow) == 200
    visitor.sees("Où est le guichet & quand ?", "Réponse de l'équipe", "Il ouvre mardi.")
    assert await visitor.acts(follow, "mot", mot="Merci, et après ?") == 303
    visitor.sees("Votre message est transmis", "Merci, et après ?")
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    facilitator.received("la personne écrit", "Merci, et après ?")
    # What belongs to requests alone is not done with a question.
    for act in ("relancer", "retirer", "contact", "accord"):
        await visitor.opens(follow)
        assert await visitor.acts(follow, act) in {303, 403}
    assert await visitor.opens(f"{follow}/donnees") == 200
    visitor.sees("Où est le guichet & quand ?", FIRM["contact"])
    await visitor.opens(f"{follow}/effacer")
    assert await visitor.acts(follow, "effacer") == 200
    assert await stage.rows(select(people)) == []
    assert await stage.rows(select(conversations)) == []


async def test_a_question_needs_an_address_and_somebody_to_answer(stage: Stage) -> None:
    visitor, path = Visitor(stage), "/formulaires/question"
    assert await visitor.fills(path, text="Où ?", contact="06 12 34 56 78") == 422
    visitor.sees("la réponse arrive par e-mail")
    assert await visitor.fills(path, text="?!", contact=FIRM["contact"]) == 422
    assert await visitor.fills(path, text="é" * 3501, contact=FIRM["contact"]) == 422
    visitor.sees("3501", "3500")
    services = stage.running.parts.services
    services.can_mail = False
    assert await visitor.opens(path) == 404
    visitor.sees("Aucune question ne peut être posée d'ici", "être rappelé")


async def test_a_firm_agrees_by_its_page_and_is_put_in_touch(stage: Stage) -> None:
    led(stage, CONTACT)
    visitor, _ = await following(stage)
    claire = reader(stage)
    assert await claire.does("take") == 303
    await asks_about(stage, "Fonderie Roux")
    follow = link_in((await letters(stage))[-1])
    await visitor.opens(follow)
    visitor.sees("L'équipe vous demande votre accord", "Fonderie Roux")
    shown = visitor.hidden
    assert await visitor.acts(follow, "accord", reponse="peut-être") == 303
    visitor.sees("Rien n'a été fait")
    for said, state in (("non", Agreement.REFUSED), ("oui", Agreement.AGREED)):
        assert await visitor.sends(f"{follow}/accord", **shown, reponse=said) == 303
        visitor.sees("Votre réponse est transmise", f"Vous avez répondu : {said}")
        async with stage.running.parts.database.begin() as work:
            assert (await work.introductions.of(1))[-1].state is state
    assert await introduces(claire) == 303
    assert (await standing(stage)).status is Status.INTRODUCED
    # Once it is done, the answer is taken no more.
    assert await visitor.sends(f"{follow}/accord", **shown, reponse="non") == 303
    visitor.sees("Rien n'a été fait")


async def test_the_question_about_somebody_else_is_not_answered_by_an_old_page(
    stage: Stage,
) -> None:
    visitor, follow = await following(stage)
    await moves_on(stage, EventKind.TAKE)
    await asks_about(stage, "Fonderie Roux")
    await visitor.opens(follow)
    shown = visitor.hidden
    await asks_about(stage, "Atelier Blanc")
    assert await visitor.sends(f"{follow}/accord", **shown, reponse="oui") == 303
    visitor.sees("Rien n'a été fait", "Atelier Blanc")


async def test_who_left_a_number_alone_is_said_to_be_called(
    stage: Stage, administrator: Speaker
) -> None:
    await calls_only(stage)
    administrator.received("ni e-mail : rien ne peut lui être écrit, appelez")
    await administrator.taps("Pris en charge")
    assert "Dites-le à l'entreprise par téléphone" in administrator.toast
    administrator.received("À dire par téléphone à l'entreprise", "est prise en charge")
    await administrator.taps("Suite…")
    await administrator.taps("Clore")
    administrator.received("Vous le direz à l'entreprise par téléphone")
    claire = reader(stage)
    await claire.opens("refuse")
    claire.sees("Dites-le à l'entreprise par téléphone", "À dire telle quelle")
    assert await claire.does("close", outcome="success") == 303
    claire.sees("Dites-le à l'entreprise par téléphone")


_CLAIMS = re.compile(
    r"[Uu]n message le di|L'entreprise (?:l[ae]s? lira|lira|l'apprendra|en est avertie)"
    r"|(?:question|message) part à l'entreprise|partiront"
)


@pytest.mark.parametrize(
    "catalogue", [Catalogue.of("administration", "introduction"), PAGES], ids=["group", "pages"]
)
def test_no_words_of_the_team_claim_a_message_that_cannot_be_sent(catalogue: Catalogue) -> None:
    """Walk the sources: what says that the firm is written to says otherwise where it is not."""
    sources: dict[str, str] = inside(catalogue, "sources")
    claiming = [key for key, source in sources.items() if _CLAIMS.search(source)]
    assert len(claiming) >= 10
    for key in claiming:
        assert 'reach == "call"' in sources[key], key


async def test_the_team_is_told_once_when_the_pages_take_no_more(
    stage: Stage, administrator: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caps, "PAGE_FORMS_IN_ALL", replace(caps.PAGE_FORMS_IN_ALL, most=1))
    path = "/formulaires/rappel"
    for number, expected in enumerate((303, 429, 429)):
        visitor = Visitor(stage, f"203.0.{113 + number}.9")
        await visitor.fills(path, contact="06 12 34 56 78")
        assert await visitor.agrees(path) == expected
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    said = [m["text"] for m in administrator.messages() if "ne prennent plus" in m["text"]]
    assert len(said) == 1
    assert "1 ont été envoyés" in said[0]


async def test_letters_that_wait_are_part_of_what_is_kept(stage: Stage) -> None:
    visitor, follow = await following(stage)
    await writes(stage, "Êtes-vous libre jeudi ?")
    await asks_the_team(stage)
    assert await visitor.opens(f"{follow}/donnees") == 200
    visitor.sees("E-mail à vous envoyer", "C'est enregistré. Votre numéro", "Message de l'équipe")
    # Neither what the team was mailed about it, nor what others get.
    assert "Nouvelle demande" not in visitor.text
    assert "Votre question porte le numéro" not in visitor.text


async def changes(visitor: Visitor, follow: str, **answers: str) -> int:
    """Change these answers of the first request, and nothing else."""
    path = f"{follow}/modifier/1"
    assert await visitor.opens(path) == 200
    fields = visitor.hidden | visitor.filled | answers
    visitor.stage.clock.passes(seconds=30)
    assert await visitor.sends(path, step="check", **fields) == 200, visitor.text
    return await visitor.agrees(path)


async def test_a_visitor_changes_answers_and_the_team_reads_which(
    stage: Stage, administrator: Speaker
) -> None:
    visitor, follow = await following(stage)
    assert await changes(visitor, follow, message="Deux tours.", company="Delta & fils") == 303
    visitor.sees("Votre demande est à jour")
    request = await standing(stage)
    assert (request.message, request.company) == ("Deux tours.", "Delta & fils")
    assert (request.contact, request.contact_name) == (FIRM["contact"], FIRM["name"])
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    administrator.received("a modifié sa demande", "Deux tours.", "Delta & fils")
    told = len(administrator.messages())
    # The same answers again disturb nobody, and use up nothing.
    before = await stage.rows(select(allowances))
    assert await changes(visitor, follow) == 303
    visitor.sees("Rien n'a changé")
    assert await stage.rows(select(allowances)) == before
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    assert len(administrator.messages()) == told
    assert len(await letters(stage)) == 1


async def test_a_changed_address_is_written_to_and_the_former_one_told(stage: Stage) -> None:
    visitor, follow = await following(stage)
    assert await changes(visitor, follow, contact="paul.roux@delta-meca.fr") == 303
    _, moved, again = await letters(stage)
    assert "l'adresse a été changée" in moved["text"]
    assert "/suivi/" not in moved["text"]
    rows = await stage.rows(select(outbox.c.address).where(outbox.c.about.is_not(None)))
    addresses = [row.address for row in rows]
    assert addresses.count("paul.roux@delta-meca.fr") == 1
    assert "paul.roux" not in moved["text"]
    # Another answer changes where letters go no more.
    assert await changes(visitor, follow, message="Deux tours.") == 303
    assert len(await letters(stage)) == 3
    await visitor.opens(link_in(again))
    await moves_on(stage, EventKind.TAKE)
    assert len(await letters(stage)) == 4
    # Who then gives a number alone still gets letters: the link is in them.
    assert await changes(visitor, follow, contact="06 12 34 56 78") == 303
    (person,) = await stage.rows(select(people.c.address))
    assert person.address == "paul.roux@delta-meca.fr"
    assert (await standing(stage)).contact == "+33 6 12 34 56 78"


async def test_what_has_ended_or_is_another_s_is_not_changed(stage: Stage) -> None:
    visitor, follow = await following(stage)
    other = await asks_the_team(stage)
    elsewhere = link_in((await letters(stage))[-1])
    for path in (f"{elsewhere}/modifier/1", f"{elsewhere}/modifier/q1", f"{follow}/modifier/9"):
        assert await other.opens(path) == 303
    assert await visitor.opens(f"{follow}/modifier/1") == 200
    typed = visitor.hidden | visitor.filled
    stage.clock.passes(seconds=30)
    await moves_on(stage, EventKind.TAKE)
    await moves_on(stage, EventKind.CLOSE, outcome=Ending.NOTHING)
    assert await visitor.sends(f"{follow}/modifier/1", step="send", **typed) == 303
    visitor.sees("Rien n'a été fait")
