"""Everything held on a person can be given back and erased; the schema itself is walked."""

import asyncio
from pathlib import Path

import pytest
from dialogue import inside
from sqlalchemy import JSON, LargeBinary, String, bindparam, select
from sqlalchemy.engine import make_url
from storage_fixtures import (  # noqa: F401 (fixtures)
    ON_POSTGRESQL,
    ON_SQLITE,
    START,
    TELEGRAM_ID,
    Clock,
    administrator,
    database_url,
    migrated_database,
    moved,
    new_interest,
    other_process,
    person,
    rows,
    stopped_clock,
    to_administrators,
    to_person,
)
from test_shared_database import until_blocked

from storage.database import Database
from storage.engine.errors import NotFoundError
from storage.engine.schema import JsonOf, Written, inbox, interests, metadata, people
from storage.engine.secrets_at_rest import Sealed, SecretJson
from storage.privacy.access import Section
from storage.privacy.notices import SentNotice
from storage.privacy.retention import Durations
from storage.queues.inbox import Received
from storage.queues.outbox import EMAIL, Audience, Outgoing
from storage.queues.send_pauses import SendPause
from storage.records.change_requests import GROUP, ChangeKind, NewChangeRequest
from storage.records.contexts import Context, Option
from storage.records.conversation_values import Exchange, NewConversation, NewMessage, Side
from storage.records.drafts import Draft
from storage.records.interest_values import Interest
from storage.records.interests import (
    Actor,
    ContactKind,
    EventKind,
    Particulars,
    Party,
    Status,
)
from storage.records.introductions import NamedPerson
from storage.unit_of_work import UnitOfWork

SECRET = "secret"  # noqa: S105 (stands in all that the person gave)
COLLEAGUE = 42

# A new table or column is filled by `fill`, and so exported, erased and aged below, or it is
# named here with the reason why it needs not be.
EXEMPT_TABLES = {
    "counters": "how many numbers were given, to nobody in particular",
    "chat_moves": "ids of groups; a private chat never moves",
    "workers": "processes of ours",
    "rests": "who was written to in the last minutes; tested below",
    "recurrences": "when something recurring was last done",
    "allowances": "how often something was done, under a digest, for a day at most",
    "alarms": "what is wrong with the files, as a digest",
    "deadlines": "when something is due about a request, by our words and ids; tested below",
    "known_projects": "public",
    "project_news": "public, and how far telling has come",
    "consent_wordings": "our own texts; forgotten with the last request that names them",
    "data_keys": "our own keys, as fingerprints",
    "retention_register": "how much was erased on which day",
    "alerts": "references and numbers of ours, without what they are about",
    "arrivals": "how many times a day the bot was opened from where, by nobody in particular",
    "tallies": "how many questions a day had which outcome, of nobody in particular",
}
NOT_FREE_TEXT = {
    "inbox.state": "our word",
    "inbox.reference": "ours, to find the failure in the logs",
    "inbox.claimed_by": "a worker's name",
    "outbox.claimed_by": "a worker's name",
    "publications.claimed_by": "a worker's name",
    "outbox.lane": "the chat's id, searched for as such",
    "outbox.audience": "our word",
    "outbox.method": "Telegram's word",
    "outbox.about": "our ids",
    "outbox.makes": "our word",
    "outbox.makes_of": "two dates",
    "outbox.quotes": "our ids",
    "outbox.state": "our word",
    "outbox.error": "Telegram's words about a failure",
    "drafts.form": "our word",
    "drafts.subject": "a project's id",
    "drafts.step": "our word",
    "drafts.changes": "a number; the row goes",
    "drafts.answered_step": "our word",
    "drafts.reuses": "a number; the row goes",
    "contexts.topic": "the id of an entry, of an act or of a project",
    "contexts.offer": "our word",
    "people.language": "our word; the row goes",
    "interests.number": "stays, as an anonymous figure",
    "interests.project_id": "stays, as an anonymous figure",
    "interests.project_title": "public",
    "interests.contact_kind": "our word; stays, as an anonymous figure",
    "interests.role": "our word; stays, as an anonymous figure",
    "interests.status": "our word; stays, as an anonymous figure",
    "people.address_digest": "a digest, where there is a key; the row goes",
    "interests.contact_digest": "a digest, where there is a key; see test_secrets_at_rest",
    "interests.siret": "digits: filled and searched for as such",
    "interest_events.status": "our word",
    "interest_events.kind": "our word",
    "interest_events.side": "our word",
    "interests.outcome": "our word; stays, as an anonymous figure",
    "interests.reason": "our word; stays, as an anonymous figure",
    "interests.helped": "our word; stays, as an anonymous figure",
    "introductions.project_id": "the id of a project",
    "introductions.state": "our word",
    "questions.outcome": "our word",
    "questions.treated_how": "our word",
    "conversations.number": "a number; the row goes",
    "conversations.opened_by": "our word",
    "conversation_messages.side": "our word",
    "publications.kind": "our word",
    "publications.state": "our word",
    "publications.file": "the name of one of our files",
    "publications.subject": "the id of a file, an entry or a version",
    "publications.wording": "masked, and forgotten when the change ends",
    "publications.about": "our ids",
    "publications.content": "public, or given up and forgotten",
    "publications.base": "a fingerprint",
    "publications.report": "the facilitators' own questions of control",
    "publications.version_id": "our ids",
    "questions.shown": "ids of entries",
    "questions.chosen": "an entry's id",
}
SIRET = "73282932000074"


async def fill(database: Database) -> int:
    """Leave something of the person in every table, in every state; give our id of them."""
    async with database.begin() as work:
        someone = (await work.people.seen(TELEGRAM_ID)).id
        letters = {"address": f"{SECRET}@firm.example", "address_digest": None}
        await inside(work.people, "connection").execute(people.update().values(letters))
        await work.inbox.add(
            [Received(n, TELEGRAM_ID, f"{SECRET} body {n}", n, n) for n in (1, 2, 3, 4)]
        )
        await work.inbox.done([1])
        await work.inbox.set_aside(2, "E-1")
        work.drafts.save(
            Draft(someone, "interest", "name", "a", {"company": SECRET}, unsure=SECRET)
        )
        work.contexts.save(Context(someone, "talents", "n", (Option(f"{SECRET} label", "n"),)))
        await work.subscriptions.subscribe(someone, f"{SECRET} territory", f"{SECRET} sector", 1)
        await work.questions.record(1, someone, f"{SECRET} question", "answer", ["talents"])
        interest = (
            await work.interests.register(
                someone,
                new_interest(
                    project_lead=f"{SECRET} lead",
                    company=f"{SECRET} company",
                    contact_name=f"{SECRET} name",
                    contact_kind=ContactKind.EMAIL,
                    contact=f"{SECRET}@example.fr",
                    contact_note=f"{SECRET} note beside it",
                    message=f"{SECRET} message",
                    siret=SIRET,
                ),
            )
        ).interest
        await work.interests.change(
            interest.id,
            new_interest(
                project_lead=f"{SECRET} lead",
                company=f"{SECRET} company",
                contact_name=f"{SECRET} name",
                contact_kind=ContactKind.EMAIL,
                contact=f"{SECRET}@example.fr",
                contact_note=f"{SECRET} note",
                message=f"{SECRET} message, changed",
                siret=SIRET,
            ),
        )
        await exchange(work, interest)
        by = administrator(f"{SECRET} colleague", COLLEAGUE)
        await moved(work, interest.id, Status.CLOSED, by, f"{SECRET} note")
        named = NamedPerson(f"{SECRET} lead", "talents", f"{SECRET}@example.fr")
        await work.introductions.add(interest.id, named, START)
        await converse(work, someone)
        await publish(work)
        about = interest.about
        owed = to_person(words=SECRET, attachment=b"secret", filename=f"{SECRET}.html")
        await work.outbox.add(owed)
        parked = await work.outbox.add(to_person(words=SECRET))
        await work.outbox.park(parked, "403")
        receipt = await work.outbox.add(to_person(words=SECRET, about=about))
        await work.outbox.sent(receipt, TELEGRAM_ID, 10)
        for message_id in (20, 21):
            notice = await work.outbox.add(to_administrators(SECRET, about=about))
            await work.outbox.sent(notice, -100, message_id)
        edited = await work.outbox.add(
            Outgoing(Audience.ADMINISTRATORS, "editMessageText", {"text": SECRET}, about=about)
        )
        await work.outbox.sent(edited, -100, 21)
        await work.outbox.add(to_administrators(SECRET, about=about))
        note = await work.outbox.add(to_administrators(SECRET, about=interest.about_note))
        await work.outbox.sent(note, -100, 22)
        await work.outbox.add(to_administrators(SECRET, about=interest.about_note))
    return someone


async def converse(work: UnitOfWork, someone: int) -> None:
    """Hand a question over, and act as a facilitator as well: everything is in these tables."""
    opened = await work.conversations.open(
        NewConversation(
            someone,
            f"{SECRET} question",
            Side.PERSON,
            before=(Exchange(f"{SECRET} before", "Un titre"),),
        )
    )
    await work.conversations.offer(opened.conversation.id, f"{SECRET} offered", 6)
    said = await work.conversations.say(
        NewMessage(
            conversation_id=opened.conversation.id,
            side=Side.FACILITATORS,
            text=f"{SECRET} reply",
            chat_id=TELEGRAM_ID,
            message_id=5,
            author_id=TELEGRAM_ID,
            signature=f"{SECRET} signature",
        )
    )
    await work.conversations.switch_signature(TELEGRAM_ID)
    await work.colleagues.meet(TELEGRAM_ID, f"{SECRET} colleague")
    await work.conversations.close(opened.conversation.id, TELEGRAM_ID, f"{SECRET} colleague")
    for about, message_id in (
        (opened.conversation.about, 60),
        (opened.conversation.about_copy(said.id), 61),
    ):
        notice = await work.outbox.add(
            Outgoing(Audience.FACILITATORS, "sendMessage", {"text": SECRET}, about=about)
        )
        await work.outbox.sent(notice, -200, message_id)


async def exchange(work: UnitOfWork, interest: Interest) -> None:
    """Exchange messages about the request, put it in touch by e-mail, and let all of it wait."""
    talk = await work.conversations.open_about(interest, Side.PERSON)
    for number, side in ((7, Side.PERSON), (8, Side.FACILITATORS)):
        words = NewMessage(
            conversation_id=talk.id,
            side=side,
            text=f"{SECRET} about the request",
            chat_id=TELEGRAM_ID,
            message_id=number,
        )
        said = await work.conversations.say(words)
        await work.outbox.add(to_administrators(SECRET, about=talk.about_copy(said.id)))
    await work.interests.record(interest, EventKind.NOTE, administrator(), note=f"{SECRET} note")
    for about in (interest.about_note, None):
        words_to_lead = {"subject": f"{SECRET} {interest.number}", "text": SECRET}
        await work.outbox.add(
            Outgoing(
                Audience.EMAIL, EMAIL, words_to_lead, about=about, address=f"{SECRET}@lead.example"
            )
        )


async def publish(work: UnitOfWork) -> None:
    """Change a file of the knowledge, as a facilitator."""
    name = f"{SECRET} facilitator"
    number = await work.change_requests.ask(
        NewChangeRequest(ChangeKind.UPLOAD, TELEGRAM_ID, name, -200)
    )
    await work.change_requests.offer(number, {"faq.yaml": b""}, {"faq.yaml": ("", "")}, {})
    await work.change_requests.want(number, TELEGRAM_ID, name)
    await work.change_requests.published(number, "v1", START)


async def everything(database: Database) -> dict[str, list[dict[str, object]]]:
    return {table: await rows(database, table) for table in metadata.tables}


def traces(stored: dict[str, list[dict[str, object]]]) -> list[str]:
    """Where something of the person can still be read."""
    return [
        f"{table}.{column}"
        for table, found in stored.items()
        for row in found
        for column, value in row.items()
        if any(trace in str(value) for trace in (SECRET, SIRET, str(TELEGRAM_ID)))
    ]


async def test_the_person_of_these_tests_is_in_every_table_and_every_text(
    database: Database,
) -> None:
    await fill(database)
    found = set(traces(await everything(database)))
    assert {name.split(".")[0] for name in found} == set(metadata.tables) - set(EXEMPT_TABLES)
    texts = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        if table.name not in EXEMPT_TABLES
        for column in table.columns
        if isinstance(
            column.type, String | JSON | JsonOf | LargeBinary | Written | Sealed | SecretJson
        )
    }
    assert texts - set(NOT_FREE_TEXT) <= found
    assert set(NOT_FREE_TEXT) <= texts


async def test_what_is_owed_in_the_same_transaction_is_known_and_erased(database: Database) -> None:
    someone = await person(database, TELEGRAM_ID)
    async with database.begin() as work:
        work.outbox.owe(to_person(words=SECRET))
        assert await work.access.account(TELEGRAM_ID)
        assert await work.access.count(Section.OUTGOING, TELEGRAM_ID) == 1
        work.outbox.owe(to_person(words=SECRET))
        await work.rights.erase(someone)
        work.outbox.owe(to_person(words="erased"))
    async with database.begin() as work:
        assert await work.outbox.waiting_count() == 1


async def test_an_administrator_finds_what_they_did(database: Database) -> None:
    await fill(database)
    colleague = await person(database, COLLEAGUE)
    async with database.begin() as work:
        *_, act = await work.access.page(Section.ACTS, COLLEAGUE)
        assert (act["number"], act["status"], act["at"]) == ("TI-2026-0001", Status.CLOSED, START)
        await work.rights.erase(colleague)
    event = (await rows(database, "interest_events"))[-1]
    assert (event["status"], event["actor_id"], event["actor_name"]) == ("closed", None, None)


async def test_an_administrator_s_names_go_where_a_request_was_handed_to_them(
    database: Database,
) -> None:
    """They may have changed their name since, or have been forgotten as a colleague."""
    someone, colleague = await person(database, 8), await person(database, COLLEAGUE)
    async with database.begin() as work:
        request = (await work.interests.register(someone, new_interest())).interest
        await moved(work, request.id, Status.TAKEN, administrator("Ada Before", COLLEAGUE))
        for name, id_ in (("Ada Now", COLLEAGUE), ("Bob", 43), ("Ada Before", COLLEAGUE)):
            to = Particulars(note=name, owner=administrator(name, id_))
            await work.interests.move(request.id, EventKind.HAND_OVER, administrator("Bob", 43), to)
        await work.colleagues.meet(COLLEAGUE, "Ada Now")
        await work.rights.erase(colleague)
        notes = [one.note for one in await work.interests.events(request.id)]
        kept = await work.interests.get(request.id)
    assert notes == [None, None, None, "Bob", None]
    assert kept is not None
    assert (kept.owner_id, kept.owner_name, kept.status) == (None, None, Status.TAKEN)
    assert "Ada" not in str(await everything(database))


async def test_contacts_in_the_chat_of_an_administrator_who_leaves_are_blanked(
    database: Database,
) -> None:
    """The record of that message goes with them: nobody could find it for the firm any more."""
    someone, colleague = await person(database, 8), await person(database, COLLEAGUE)
    async with database.begin() as work:
        ours, own = [
            (await work.interests.register(one, new_interest())).interest
            for one in (someone, colleague)
        ]
        for message, about in ((70, ours.about_note), (71, own.about_note)):
            details = await work.outbox.add(to_person(COLLEAGUE, about=about))
            await work.outbox.sent(details, COLLEAGUE, message)
        erased = await work.rights.erase(colleague)
    assert erased.deliveries == (SentNotice(COLLEAGUE, 70, ours.number, in_private=True),)
    assert str(COLLEAGUE) not in str([row["lane"] for row in await rows(database, "outbox")])


async def test_erasure_says_to_whom_the_contact_was_passed(database: Database) -> None:
    someone, other = await person(database), await person(database, 8)
    async with database.begin() as work:
        for one, lead in ((someone, "A lead"), (other, "Another")):
            request = (await work.interests.register(one, new_interest())).interest
            await moved(work, request.id, Status.INTRODUCED, note=lead)
            await work.interests.move(request.id, EventKind.CLOSE, administrator())
        erased = await work.rights.erase(someone)
    assert erased.passed_on == (("TI-2026-0001", "A lead"),)


@ON_POSTGRESQL
async def test_two_who_have_requests_of_each_other_in_charge_are_erased_at_once(
    database: Database, other: Database
) -> None:
    """Whatever is stored first, the lower number is locked first: neither waits for the other."""
    async with database.begin() as work:
        first, second = [await work.people.seen(TELEGRAM_ID + number) for number in (1, 2)]
        for owner, of in ((first, second), (second, first)):
            taken = await work.interests.register(of.id, new_interest())
            colleague = Actor(Party.ADMINISTRATOR, owner.telegram_id, "Ada")
            await work.interests.move(taken.interest.id, EventKind.TAKE, colleague)
    lower, higher = select(interests.c.id).where(interests.c.id == bindparam("number")), 2
    async with database.begin() as work:
        # A changed row is stored anew, behind the other one.
        await work.interests.touch(1)
    async with inside(other, "engine").begin() as holding:
        await holding.execute(lower.with_for_update(), {"number": higher})
        async with asyncio.TaskGroup() as group:
            group.create_task(_erases(database, first.id))
            await until_blocked(database)
            free = lower.with_for_update(skip_locked=True)
            assert (await holding.scalars(free, {"number": 1})).all() == []
            await holding.commit()


async def _erases(database: Database, person_id: int) -> None:
    async with database.begin() as work:
        await work.rights.erase(person_id)


async def test_erasure_leaves_nothing_that_names_the_person(database: Database) -> None:
    someone = await fill(database)
    async with database.begin() as work:
        erased = await work.rights.erase(someone)
    assert traces(await everything(database)) == []
    assert erased.counts == {
        "outbox": 15,
        "inbox": 4,
        "interest_events": 0,
        "colleagues": 1,
        "interests": 1,
        "contexts": 1,
        "drafts": 1,
        "subscriptions": 1,
        "conversations": 1,
        "questions": 1,
        "facilitation": 3,
        "people": 1,
    }


async def test_erasure_leaves_the_account_s_number_nowhere(database: Database) -> None:
    """Not in the update that asks for it, nor where the account acted in a group."""
    someone = await fill(database)
    in_group = f'{{"message":{{"from":{{"id":{TELEGRAM_ID},"first_name":"Ada"}}}}}}'
    others = f'{{"message":{{"from":{{"id":{TELEGRAM_ID}1}},"text":"{TELEGRAM_ID}2"}}}}'
    async with database.begin() as work:
        await work.inbox.add(
            [
                Received(20, -200, in_group),
                Received(21, -200, others),
                Received(22, TELEGRAM_ID, ""),
            ]
        )
        await work.inbox.set_aside(20, "E-2")
        await work.inbox.set_aside(21, "E-3")
        asked = NewChangeRequest(ChangeKind.UPLOAD, TELEGRAM_ID, SECRET, TELEGRAM_ID)
        number = await work.change_requests.ask(asked)
        await work.rights.erase(someone, keep_update_id=22)
        await work.inbox.done([22])
        change = await work.change_requests.get(number)
    assert change is not None
    assert change.chat_id == GROUP
    kept = {row["update_id"]: row["body"] for row in await rows(database, "inbox")}
    assert kept[20] is None
    assert kept[21] == others
    async with database.begin() as work:
        await inside(work.inbox, "connection").execute(
            inbox.delete().where(inbox.c.update_id == 21)
        )
    assert traces(await everything(database)) == []


async def test_erasure_forgets_that_the_person_was_just_written_to(database: Database) -> None:
    someone = await fill(database)
    async with database.begin() as work:
        await work.send_pauses.keep([SendPause(f"person:{TELEGRAM_ID}", (1.0,), START)])
        await work.send_pauses.keep([SendPause("person:8", (1.0,), START)])
        await work.rights.erase(someone)
    assert [row["lane"] for row in await rows(database, "rests")] == ["person:8"]


async def test_erasure_leaves_the_figures(database: Database) -> None:
    someone = await fill(database)
    async with database.begin() as work:
        first = (await work.interests.of_person(someone))[0]
        await work.rights.erase(someone)
        interest = await work.interests.get(first.id)
        assert interest is not None
        assert [one.status for one in await work.interests.events(interest.id)] == [
            Status.RECEIVED,
            Status.RECEIVED,
            Status.RECEIVED,
            Status.TAKEN,
            Status.CLOSED,
        ]
    assert interest.is_anonymous
    assert (interest.project_id, interest.status) == ("hydrogen", Status.CLOSED)
    assert interest.closed_at == START


async def test_erasure_tells_which_notices_to_blank(database: Database) -> None:
    someone = await fill(database)
    async with database.begin() as work:
        erased = await work.rights.erase(someone)
    assert sorted(erased.deliveries, key=lambda one: one.message_id) == [
        SentNotice(-100, 20, "TI-2026-0001"),
        SentNotice(-100, 21, "TI-2026-0001"),
        SentNotice(-100, 22, "TI-2026-0001"),
        SentNotice(-200, 60, "Q-2026-0001", of_conversation=True),
        SentNotice(-200, 61, "Q-2026-0001", of_conversation=True),
    ]


async def test_the_update_being_handled_stays_until_it_is_done(database: Database) -> None:
    someone = await fill(database)
    async with database.begin() as work:
        await work.rights.erase(someone, keep_update_id=3)
        assert [one.update_id for one in await work.inbox.claim("here", [], 10)] == [3]
        await work.inbox.done([3])
        assert await work.inbox.add([Received(4, TELEGRAM_ID, "again")]) == 0
        assert await work.inbox.backlog() == 0


async def test_erasure_spares_everybody_else(database: Database) -> None:
    someone = await fill(database)
    # Ids of people, requests and conversations are asked for alike below.
    *_, other = [await person(database, telegram_id) for telegram_id in (6, 7, 8)]
    async with database.begin() as work:
        await work.interests.register(other, new_interest())
        work.drafts.save(Draft(other, "interest", "company"))
        await work.questions.record(9, other, "mine", "none", [])
        await work.inbox.add([Received(9, 8, "mine")])
        await work.outbox.add(to_person(8))
        before = await kept_on(work, other, 8)
        await work.rights.erase(someone)
        assert await kept_on(work, other, 8) == before


async def kept_on(work: UnitOfWork, person_id: int, telegram_id: int) -> list[object]:
    """Everything that the export reads of a person."""
    account = await work.access.account(telegram_id)
    pages = [
        await work.access.page(section, of)
        for section in Section
        for of in (person_id, telegram_id)
    ]
    return [account, *pages]


async def test_who_is_unknown_has_no_rights_to_use(database: Database) -> None:
    async with database.begin() as work:
        with pytest.raises(NotFoundError):
            await work.rights.erase(404)


async def test_who_comes_back_is_somebody_new(database: Database) -> None:
    someone = await fill(database)
    async with database.begin() as work:
        await work.rights.erase(someone)
        again = await work.people.seen(TELEGRAM_ID)
        registration = await work.interests.register(again.id, new_interest())
    assert again.id != someone
    assert registration.created
    assert registration.interest.number == "TI-2026-0002"


@ON_SQLITE
async def test_what_was_erased_cannot_be_read_in_the_file(database: Database, url: str) -> None:
    someone = await fill(database)

    def readable() -> bool:
        return SECRET.encode() in Path(str(make_url(url).database)).read_bytes()

    await database.close()
    assert readable()
    async with database.begin() as work:
        await work.rights.erase(someone)
    await database.close()
    assert not readable()


async def test_time_alone_erases_it_all(database: Database, clock: Clock) -> None:
    """Retention covers every table, but what still waits to be handled or sent."""
    await fill(database)
    async with database.begin() as work:
        for update_id in (3, 4):
            await work.inbox.done([update_id])
        while waiting := await work.outbox.claim("here", [], 10, list(Audience)):
            for one in waiting:
                await work.outbox.sent(one.id, one.chat_id or -100, 30)
    clock.advance(days=366)
    async with database.begin() as work:
        await work.retention.apply(Durations())
    assert traces(await everything(database)) == []
