"""The page of a request: read by a link, changed only by a form that was confirmed."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from dialogue import Speaker, Stage
from sqlalchemy import select
from test_dialogue_interest import registers
from test_mail_dispatcher import CLAIRE, PAUL, given, mailing

from bot.pages.acts import acts_of
from bot.pages.app import PREFIX
from bot.pages.rendering import TEXT
from handlers.core import caps
from handlers.core.posting import Posting
from handlers.messages import Catalogue
from handlers.requests import moves
from knowledge.knowledge import Knowledge
from storage.database import Database
from storage.engine.errors import DatabaseUnavailableError
from storage.engine.schema import interest_events
from storage.records.deadlines import DeadlineKind
from storage.records.interests import (
    FIRM,
    Actor,
    Ending,
    EventKind,
    Interest,
    Particulars,
    Party,
    Reason,
    Role,
    Status,
)
from storage.records.lifecycle import Required, moves_from

COLLEAGUE = Actor(Party.ADMINISTRATOR, 7, "Paul Roux")
ADMINISTRATION = Catalogue.of("administration")


@pytest.fixture(name="stage")
async def _stage(shipped: Knowledge, tmp_path: Path, blank_file: Path) -> AsyncIterator[Stage]:
    # Nothing listens at this port: no e-mail leaves, and each has its link.
    settings = given(1, listen_port=0)
    async with mailing(shipped, tmp_path, blank_file, **settings) as stage:
        yield stage


class Reader:
    """Somebody with a browser that runs no script, and a link."""

    def __init__(self, client: httpx.AsyncClient, path: str) -> None:
        self.client = client
        self.path = path
        self.answer = httpx.Response(0)

    @property
    def text(self) -> str:
        """What the page says, without its markup."""
        body = re.sub(r"<style>.*?</style>|<[^>]+>", " ", self.answer.text, flags=re.DOTALL)
        return re.sub(r"\s+", " ", html.unescape(body))

    async def opens(self, act: str = "") -> int:
        """Follow the link, or that of an act."""
        self.answer = await self.client.get(f"{self.path}/{act}" if act else self.path)
        return self.answer.status_code

    async def confirms(self, act: str, **answers: str) -> int:
        """Send the form of this act as it was shown last, and follow where it leads."""
        found = re.search(r'name="form" value="([^"]+)"', self.answer.text)
        form = {"form": found[1]} if found else {}
        return await self.sends(act, **form | answers)

    async def sends(self, act: str, **fields: str) -> int:
        self.answer = await self.client.post(f"{self.path}/{act}", data=fields)
        status = self.answer.status_code
        if status == 303:
            self.answer = await self.client.get(self.answer.headers["location"])
        return status

    async def does(self, act: str, **answers: str) -> int:
        await self.opens(act)
        return await self.confirms(act, **answers)

    def sees(self, *words: str) -> None:
        for word in words:
            assert word in self.text, f"{word!r} not in:\n{self.text}"


def reader(stage: Stage, interest_id: int = 1, address: str = CLAIRE, **options: Any) -> Reader:
    """Give somebody the link of an e-mail."""
    parts = stage.running.parts
    assert parts.pages is not None
    assert parts.services.page_links is not None
    url = parts.services.page_links.to_request(interest_id, address, stage.clock())
    transport = httpx.ASGITransport(parts.pages, **options)
    client = httpx.AsyncClient(transport=transport, base_url="https://bot.exemple.fr")
    return Reader(client, url.removeprefix("https://bot.exemple.fr"))


async def standing(stage: Stage, interest_id: int = 1) -> Interest:
    async with stage.running.parts.database.begin() as work:
        interest = await work.interests.get(interest_id)
    assert interest is not None
    return interest


async def history(stage: Stage) -> list[tuple[str, str | None, str | None]]:
    """Return the steps: what, by whom, and the note."""
    columns = interest_events.c.kind, interest_events.c.actor_name, interest_events.c.note
    return [tuple(row) for row in await stage.rows(select(*columns).order_by(interest_events.c.id))]


async def moves_elsewhere(
    stage: Stage, kind: EventKind, actor: Actor = COLLEAGUE, **particulars: Any
) -> None:
    async with stage.running.parts.database.begin() as work:
        posting = Posting(stage.running.parts.services, work)
        moved = await moves.make(posting, 1, kind, actor, Particulars(**particulars))
    assert moved.won


async def test_the_card_is_that_of_the_group_with_the_details(sme: Speaker, stage: Stage) -> None:
    number = await registers(sme, stage)
    claire = reader(stage)
    assert await claire.opens() == 200
    claire.sees(f"Demande {number}", "Mécanique du Delta", "Samira Costa", "+33 6 12 34 56 78")
    claire.sees("Nous avons un tour <b>disponible</b> & deux fraiseurs.", "Claire Aubert")
    assert "<b>disponible</b>" not in claire.answer.text
    assert re.findall(r'<a href="[^"]+/(\w+)">', claire.answer.text) == ["take", "refuse", "note"]


async def test_from_taking_to_the_outcome(
    sme: Speaker, stage: Stage, administrator: Speaker
) -> None:
    await registers(sme, stage)
    claire = reader(stage)
    assert await claire.does("take") == 303
    claire.sees("Vous avez pris cette demande en charge", "prise en charge par Claire Aubert")
    await stage.settles()
    sme.received("est prise en charge")
    administrator.received("Prise en charge par Claire Aubert")
    taken = await standing(stage)
    assert (taken.status, taken.owner_id, taken.owner_name) == (Status.TAKEN, None, "Claire Aubert")
    assert await claire.does("note", note="Rappeler\r\n<b>lundi</b>") == 303
    claire.sees("Votre note est enregistrée", "« Rappeler <b>lundi</b> »")
    assert await claire.does("close", outcome="success") == 303
    claire.sees("Cette demande est close", "Rouvrir")
    assert (await standing(stage)).outcome is Ending.SUCCESS
    assert await claire.does("reopen") == 303
    assert await claire.does("return") == 303
    assert await claire.does("refuse", reason="other", words="Hors délai.") == 303
    refused = await standing(stage)
    assert (refused.status, refused.reason) == (Status.REFUSED, Reason.OTHER)
    name = "Claire Aubert"
    assert await history(stage) == [
        ("declare", None, None),
        ("take", name, None),
        ("note", name, "Rappeler\n<b>lundi</b>"),
        ("close", name, None),
        ("reopen", name, None),
        ("return", name, None),
        ("refuse", name, "Hors délai."),
    ]
    await stage.settles()
    assert "Claire" not in str(sme.messages()), "nobody outside the team reads a name"


@pytest.mark.parametrize("act", ["take", "refuse", "note"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_following_a_link_changes_nothing(
    sme: Speaker, stage: Stage, method: str, act: str
) -> None:
    await registers(sme, stage)
    before = await standing(stage), await history(stage)
    claire = reader(stage)
    queries = {"form": "x", "reason": "duplicate", "note": "n", "fait": act}
    for path in (claire.path, f"{claire.path}/{act}"):
        assert (await claire.client.request(method, path, params=queries)).status_code == 200
    assert (await standing(stage), await history(stage)) == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "POST"])
async def test_other_methods_are_refused(sme: Speaker, stage: Stage, method: str) -> None:
    await registers(sme, stage)
    claire = reader(stage)
    assert (await claire.client.request(method, claire.path)).status_code == 405
    assert len(await history(stage)) == 1


async def test_a_form_of_another_site_changes_nothing(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    claire, paul = reader(stage), reader(stage, address=PAUL)
    assert await claire.sends("take") == 403
    assert await claire.sends("take", form="A" * 32) == 403
    # Nor does that of another act, or of another reader.
    await claire.opens("note")
    assert await claire.confirms("take") == 403
    await claire.opens("take")
    paul.answer = claire.answer
    assert await paul.confirms("take") == 403
    paul.sees("Ce formulaire n'est plus valable")
    assert len(await history(stage)) == 1


async def test_of_two_who_confirm_the_second_is_told_who_was_first(
    sme: Speaker, stage: Stage
) -> None:
    await registers(sme, stage)
    claire = reader(stage)
    await claire.opens("take")
    await moves_elsewhere(stage, EventKind.TAKE)
    assert await claire.confirms("take") == 409
    claire.sees("a changé entre-temps", "prise en charge par Paul Roux", "Revenir à la demande")
    assert (await standing(stage)).owner_name == "Paul Roux"


async def test_what_was_seen_otherwise_is_not_confirmed(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    claire = reader(stage)
    await claire.opens("refuse")
    # It may be refused again by now, but it is no longer what was read.
    await moves_elsewhere(stage, EventKind.TAKE)
    stage.clock.passes(seconds=1)
    await moves_elsewhere(stage, EventKind.RETURN)
    assert await claire.confirms("refuse", reason="duplicate") == 409
    assert (await standing(stage)).status is Status.RECEIVED


async def test_a_second_click_is_done_already(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    claire = reader(stage)
    stage.clock.passes(seconds=1)
    for act, answers in (("take", {}), ("note", {"note": "Une fois"})):
        await claire.opens(act)
        asked = claire.answer
        assert await claire.confirms(act, **answers) == 303
        claire.answer = asked
        assert await claire.confirms(act, **answers) == 303
        claire.sees(TEXT.label(f"done_{act}", reach="chat"))
    assert [step[0] for step in await history(stage)] == ["declare", "take", "note"]
    await stage.settles()
    told = [m for m in sme.messages() if "est prise en charge" in str(m.get("text"))]
    assert len(told) == 1


@pytest.mark.parametrize(
    ("act", "answers", "says"),
    [
        ("refuse", {}, "Choisissez une raison."),
        ("refuse", {"reason": "unheard of"}, "Choisissez une raison."),
        ("refuse", {"reason": "other", "words": " "}, "Écrivez la raison"),
        ("refuse", {"reason": "other", "words": "x" * 401}, "Écrivez la raison, en 400 signes"),
        ("note", {"note": ""}, "Écrivez la note"),
    ],
)
async def test_a_missing_answer_is_asked_for_and_nothing_typed_is_lost(
    sme: Speaker, stage: Stage, act: str, answers: dict[str, str], says: str
) -> None:
    await registers(sme, stage)
    claire = reader(stage)
    assert await claire.does(act, **answers) == 422
    claire.sees("La demande n'a pas changé", says)
    assert answers.get("words", "") in claire.answer.text
    (target,) = re.findall(r'<li><a href="#([\w-]+)">', claire.answer.text)
    assert f'id="{target}"' in claire.answer.text, "the summary leads to the answer"
    assert len(await history(stage)) == 1
    # The form that comes back is good.
    right = {"note": {"note": "Bien"}, "refuse": {"reason": "duplicate"}}
    assert await claire.confirms(act, **right[act]) == 303


async def test_an_outcome_is_asked_for(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    await moves_elsewhere(stage, EventKind.TAKE)
    claire = reader(stage)
    assert await claire.does("close") == 422
    claire.sees("Choisissez ce que cette demande a donné.")
    assert await claire.confirms("close", outcome="nothing") == 303
    assert (await standing(stage)).outcome is Ending.NOTHING


async def test_a_link_that_has_ended(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    claire = reader(stage)
    await claire.opens("take")
    stage.clock.passes(days=14)
    assert await claire.confirms("take") == 410
    claire.sees("Ce lien n'est plus valable", "contact@exemple.fr")
    assert await claire.opens() == 410


async def test_a_link_of_somebody_who_left_the_team(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    claire, paul = reader(stage), reader(stage, address=PAUL)
    services = stage.running.parts.services
    services.correspondents = services.correspondents[:1]
    assert (await claire.opens(), await paul.opens()) == (200, 404)
    paul.sees("Ce lien n'est pas juste")


async def test_an_erased_request(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    claire = reader(stage)
    await claire.opens("take")
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    assert await claire.confirms("take") == 410
    assert await claire.opens() == 410
    claire.sees("Cette demande a été effacée")
    assert "Delta" not in claire.text
    assert await reader(stage, interest_id=99).opens() == 410


async def test_a_withdrawn_request_shows_no_contact_and_nothing_to_do(
    sme: Speaker, stage: Stage
) -> None:
    await registers(sme, stage)
    claire = reader(stage)
    await claire.opens("take")
    await moves_elsewhere(stage, EventKind.WITHDRAW, FIRM)
    assert await claire.confirms("take") == 409
    claire.sees("retirée par l'entreprise")
    assert await claire.opens() == 200
    claire.sees("Il n'y a plus rien à faire")
    assert "612" not in claire.text.replace(" ", "")
    assert await claire.opens("take") == 409


@pytest.mark.usefixtures("low_limits")
async def test_moves_are_limited_as_in_the_group(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    claire = reader(stage)
    for number in range(caps.MOVES.most):
        assert await claire.does("return" if number % 2 else "take") == 303
        stage.clock.passes(seconds=1)
    assert await claire.does("take") == 429
    claire.sees("Trop de changements aujourd'hui")
    assert (await standing(stage)).status is Status.RECEIVED


@pytest.mark.usefixtures("low_limits")
async def test_notes_are_limited_as_in_the_group_and_apart_from_moves(
    sme: Speaker, stage: Stage
) -> None:
    await registers(sme, stage)
    claire = reader(stage)
    for number in range(caps.NOTES.most):
        assert await claire.does("note", note=f"note {number}") == 303
    assert await claire.does("note", note="de trop") == 429
    claire.sees("Trop de notes aujourd'hui")
    assert await claire.does("take") == 303


async def test_a_note_lets_the_waits_for_the_team_begin_anew(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    claire = reader(stage)
    await claire.does("take")
    before = await reminded_at(stage)
    stage.clock.passes(days=2)
    await claire.does("note", note="Vu avec le chef de file")
    assert await reminded_at(stage) >= before + timedelta(days=2)


async def reminded_at(stage: Stage) -> datetime:
    """Return when the owner of the first request is to be reminded."""
    async with stage.running.parts.database.begin() as work:
        due = {each.kind: each.due_at for each in await work.deadlines.of(1)}
    return due[DeadlineKind.UNTOUCHED]


async def test_reasons_and_outcomes_are_named_as_in_the_group(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    claire = reader(stage)
    await claire.opens("refuse")
    claire.sees(*(ADMINISTRATION.label(f"reason_{reason}") for reason in Reason))
    await claire.does("take")
    await claire.opens("close")
    claire.sees(*(ADMINISTRATION.label(f"outcome_{outcome}") for outcome in Ending))


async def test_a_network_that_guesses_is_refused_for_a_while(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    guessing = reader(stage, client=("203.0.113.9", 1))
    right = guessing.path
    for number in range(20):
        guessing.path = PREFIX + f"{number:A>47}"
        assert await guessing.opens() == 404
    guessing.path = right
    assert await guessing.opens() == 429
    guessing.sees("Attendez dix minutes")
    assert await reader(stage, client=("198.51.100.1", 1)).opens() == 200
    stage.clock.passes(minutes=10)
    assert await guessing.opens() == 200


async def test_behind_a_proxy_the_address_that_it_adds_counts(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    one = reader(stage, client=("172.18.0.5", 1))
    right, one.path = one.path, PREFIX + "A" * 47
    # What the client claims stands before what the proxy saw.
    for number in range(20):
        one.client.headers["X-Forwarded-For"] = f"198.51.{number}.1, 203.0.113.{number}"
        assert await one.opens() == 404
    one.path = right
    assert await one.opens() == 429
    one.client.headers["X-Forwarded-For"] = "203.0.113.1, 198.51.100.1"
    assert await one.opens() == 200


@pytest.mark.parametrize("status", [200, 404, 405, 409])
async def test_every_answer_keeps_to_its_reader(sme: Speaker, stage: Stage, status: int) -> None:
    await registers(sme, stage)
    claire = reader(stage)
    request = {
        200: ("GET", claire.path),
        404: ("GET", f"{PREFIX}a/b/c"),
        405: ("PUT", claire.path),
        409: ("GET", f"{claire.path}/close"),
    }[status]
    answer = await claire.client.request(*request)
    assert answer.status_code == status
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"].startswith("noindex")
    assert "set-cookie" not in answer.headers
    assert "<script" not in answer.text
    assert '<html lang="fr">' in answer.text


async def test_a_body_without_end_is_not_read(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    claire = reader(stage)
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 10**6:
            read += 1000
            yield b"note=" + b"x" * 995

    answer = await claire.client.post(f"{claire.path}/note", content=endless())
    assert answer.status_code == 413
    fields = {f"field{number}": "x" for number in range(50)}
    assert await claire.sends("take", **fields) == 403
    assert len(await history(stage)) == 1


async def test_without_the_database_the_page_says_so(
    sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await registers(sme, stage)
    claire = reader(stage)

    @asynccontextmanager
    async def away(_: Database) -> AsyncIterator[None]:
        raise DatabaseUnavailableError("away")
        yield

    with monkeypatch.context() as patch:
        patch.setattr(Database, "begin", away)
        assert await claire.opens() == 503
    claire.sees("Réessayez dans quelques minutes")
    token = claire.path.removeprefix(PREFIX)
    assert not [record for record in caplog.records if token in record.getMessage()]


async def test_without_a_public_address_there_are_no_pages(
    shipped: Knowledge, tmp_path: Path, blank_file: Path
) -> None:
    async with mailing(shipped, tmp_path, blank_file, **given(1, public_url="")) as stage:
        assert stage.running.parts.pages is None
        assert stage.running.page_port is None


async def test_a_bot_that_polls_serves_the_pages_itself(sme: Speaker, stage: Stage) -> None:
    await registers(sme, stage)
    path, port = reader(stage).path, stage.running.page_port
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.get(path)).status_code == 200
        assert (await client.head(path)).status_code == 200
        assert (await client.get("/metrics")).status_code == 404


@pytest.mark.parametrize("status", Status)
def test_the_page_offers_what_the_table_allows(status: Status) -> None:
    interest: Any = type("Standing", (), {"status": status, "role": Role.PARTICIPATE})
    allowed = {move.kind for move in moves_from(status, Party.ADMINISTRATOR)}
    offered = {act.kind for act in acts_of(interest).values()} - {EventKind.NOTE}
    assert offered == allowed - {EventKind.HAND_OVER}
    for act in acts_of(interest).values():
        words = {f"{part}_{act.kind}" for part in ("act", "title", "explain", "confirm", "done")}
        assert words <= TEXT.names
        assert act.asks in {*Required, "note"} - {Required.COLLEAGUE}
