"""E-mails of the outbox, sent to a mail server on loopback by the running bot."""

import asyncio
import logging
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from dialogue import TIMEOUT_SECONDS, Speaker, Stage, inside, staged
from mail_server import MailBox, knows, mail_server
from pydantic import SecretStr
from sqlalchemy import select, update
from test_dialogue_interest import registers

from bot.runtime.smtp import Letterhead, MailError, MailServer, MailTrouble, Security
from handlers.core.posting import Posting
from handlers.core.services import Correspondent
from handlers.requests.team_mail import mail_team
from knowledge.knowledge import Knowledge
from storage.engine.schema import outbox
from storage.privacy.retention import Durations
from storage.queues.measure import LONGEST_MAIL, LONGEST_SUBJECT
from storage.queues.outbox import Audience

CLAIRE, PAUL = "claire@exemple.fr", "paul@exemple.fr"
TEAM = (Correspondent("Claire Aubert", CLAIRE), Correspondent("paul", PAUL))
HEAD = Letterhead("Région", "assistant@exemple.fr")


def given(port: int, **more: Any) -> dict[str, Any]:
    """Return the settings of a bot that mails through this port."""
    ours: dict[str, Any] = {
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": Security.NONE,
        "mail_from": HEAD.address,
        "admin_emails": TEAM,
        "public_url": "https://bot.exemple.fr",
        # One more process for each test; test_front.py is about it.
        "front_process": False,
    }
    return ours | more


@asynccontextmanager
async def mailing(
    knowledge: Knowledge, folder: Path, blank_file: Path, **settings: Any
) -> AsyncIterator[Stage]:
    """Give a stage whose bot writes e-mails."""
    shutil.copy(blank_file, folder / "bot.db")
    async with staged(knowledge, folder / "bot.db", **settings) as stage:
        yield stage


@pytest.fixture(name="box")
async def _box() -> AsyncIterator[MailBox]:
    async with mail_server() as box:
        yield box


@pytest.fixture(name="stage")
async def _mailing_stage(
    shipped: Knowledge, tmp_path: Path, blank_file: Path, box: MailBox
) -> AsyncIterator[Stage]:
    async with mailing(shipped, tmp_path, blank_file, **given(box.port)) as stage:
        yield stage


async def until(is_so: Callable[[], bool], stage: Stage | None = None) -> None:
    """Wait for a condition; the bot looks for e-mails meanwhile."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not is_so():
            if stage is not None:
                look(stage)
            await asyncio.sleep(0.005)


def look(stage: Stage) -> None:
    dispatcher = stage.running.parts.mail_dispatcher
    assert dispatcher is not None
    dispatcher.wake()


async def mails(stage: Stage) -> list[tuple[str, str, int, str | None]]:
    """Return the e-mails in the outbox: to whom, where they stand, attempts, last error."""
    columns = outbox.c.address, outbox.c.state, outbox.c.attempts, outbox.c.error
    statement = select(*columns).where(outbox.c.audience == Audience.EMAIL).order_by(outbox.c.id)
    return [tuple(row) for row in await stage.rows(statement)]


async def until_rows(stage: Stage, *expected: tuple[str, str, int, str | None]) -> None:
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while await mails(stage) != list(expected):
            look(stage)
            await asyncio.sleep(0.005)


async def owes(stage: Stage, address: str = CLAIRE, subject: str = "S", text: str = "T") -> None:
    async with stage.running.parts.database.begin() as work:
        is_team = address in {one.address for one in TEAM}
        posting = Posting(stage.running.parts.services, work)
        assert posting.mail(address, subject, text, to_team=is_team)


async def told(stage: Stage, administrator: Speaker, *words: str) -> None:
    """Assert that the group reads an alert, once its minute is over."""
    stage.clock.passes(minutes=1)
    stage.running.parts.dispatcher.wake()
    await stage.settles()
    administrator.received(*words)


async def test_a_new_request_is_mailed_to_each_administrator_without_contacts(
    sme: Speaker, stage: Stage, box: MailBox
) -> None:
    number = await registers(sme, stage)
    await until(lambda: len(box.taken) == 2, stage)
    await until_rows(stage)
    assert sorted(box.recipients) == [CLAIRE, PAUL]
    for message, text in zip(box.taken, box.texts, strict=True):
        assert number in message["subject"]
        assert "Mécanique du Delta" in text
        assert "https://bot.exemple.fr/demande/" in text
        assert str(message["From"].addresses[0].addr_spec) == HEAD.address
        whole = message.as_string() + text
        assert not [
            word for word in ("Samira", "612345678", "6 12 34", "fraiseurs") if word in whole
        ]
    links = {line for text in box.texts for line in text.splitlines() if line.startswith("https")}
    assert len(links) == 2, "each administrator has a link of their own"


async def test_a_message_id_stays_the_same_at_each_attempt(stage: Stage, box: MailBox) -> None:
    seen: list[str] = []
    take = box.handle_DATA

    async def lost(server: SMTP, session: object, envelope: object) -> str:
        answer = await take(server, session, envelope)  # type: ignore[arg-type]  # aiosmtpd's own
        seen.append(str(box.taken[-1]["Message-ID"]))
        # The message is kept, and the answer that says so is lost.
        return answer if len(seen) > 1 else "451 lost"

    box.handle_DATA = lost  # type: ignore[method-assign,assignment]  # of this instance
    await owes(stage)
    await until_rows(stage, (CLAIRE, "waiting", 1, "mail_content"))
    stage.clock.passes(minutes=1)
    await until_rows(stage)
    assert len(seen) == 2
    assert len(set(seen)) == 1
    assert seen[0].endswith("@exemple.fr>")


async def test_greylisting_is_waited_for_and_nobody_hears_of_it(
    stage: Stage, box: MailBox, administrator: Speaker
) -> None:
    box.replies["RCPT"] = ["451 4.7.1 come back later"] * 2
    await owes(stage)
    await until_rows(stage, (CLAIRE, "waiting", 1, "mail_address"))
    look(stage)
    stage.clock.passes(seconds=31)
    await until_rows(stage, (CLAIRE, "waiting", 2, "mail_address"))
    stage.clock.passes(seconds=61)
    await until_rows(stage)
    assert len(box.taken) == 1
    assert administrator.messages() == []


async def test_a_refused_address_is_given_up_and_told_once(
    stage: Stage, box: MailBox, administrator: Speaker
) -> None:
    box.refused[CLAIRE] = "550 5.1.1 no such user"
    for _ in range(3):
        await owes(stage)
    parked = (CLAIRE, "parked", 0, "MailError: mail_address")
    await until_rows(stage, parked, parked, parked)
    await owes(stage, PAUL)
    await until_rows(stage, parked, parked, parked)
    assert box.recipients == [PAUL]
    await told(stage, administrator, "Message non remis", "refuse cette adresse e-mail")
    everything = str(administrator.messages())
    assert "messages non remis" not in everything
    assert CLAIRE not in everything


async def test_what_others_do_not_get_is_told_each_time(
    stage: Stage, box: MailBox, administrator: Speaker
) -> None:
    box.refused["chef@exemple.fr"] = "550 no such user"
    for _ in range(2):
        await owes(stage, "chef@exemple.fr")
    parked = ("chef@exemple.fr", "parked", 0, "MailError: mail_address")
    await until_rows(stage, parked, parked)
    await told(stage, administrator, "2 messages non remis")


async def test_a_server_that_is_down_and_comes_back(
    shipped: Knowledge, tmp_path: Path, blank_file: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with mailing(shipped, tmp_path, blank_file, **given(port)) as stage:
        administrator = stage.member(stage.messenger.administrators)
        await owes(stage)
        for attempts in range(1, 6):
            await until_rows(stage, (CLAIRE, "waiting", attempts, "mail_away"))
            assert administrator.messages() == []
            stage.clock.passes(minutes=29)
        await told(stage, administrator, "Les e-mails ne partent plus", "SMTP_HOST")
        async with mail_server(port=port) as box:
            stage.clock.passes(minutes=29)
            await until_rows(stage)
            assert len(box.taken) == 1
        await told(stage, administrator, "Les e-mails partent de nouveau")


async def test_what_cannot_be_mailed_for_three_days_is_given_up(
    stage: Stage, box: MailBox, administrator: Speaker
) -> None:
    box.replies["RCPT"] = ["451 later"] * 2
    await owes(stage)
    await until_rows(stage, (CLAIRE, "waiting", 1, "mail_address"))
    stage.clock.passes(days=3, minutes=1)
    await until_rows(stage, (CLAIRE, "parked", 1, "MailError: mail_trouble"))
    await told(stage, administrator, "pendant trois jours")


async def test_a_server_without_encryption_is_refused_and_told(
    shipped: Knowledge, tmp_path: Path, blank_file: Path, box: MailBox
) -> None:
    settings = given(box.port, smtp_security=Security.STARTTLS)
    async with mailing(shipped, tmp_path, blank_file, **settings) as stage:
        administrator = stage.member(stage.messenger.administrators)
        await owes(stage)
        await until_rows(stage, (CLAIRE, "waiting", 1, "mail_tls"))
        await told(stage, administrator, "La connexion chiffrée au serveur de messagerie échoue")
    assert box.taken == []


# aiosmtpd warns of passwords in clear, which a test may have.
@pytest.mark.filterwarnings("ignore:.*:UserWarning")
@pytest.mark.parametrize(("password", "is_taken"), [("right", True), ("wrong", False)])
async def test_a_server_that_wants_a_name(
    shipped: Knowledge, tmp_path: Path, blank_file: Path, password: str, is_taken: bool
) -> None:
    account = {"authenticator": knows("bot", "right"), "auth_required": True}
    async with mail_server(**account, auth_require_tls=False) as box:
        settings = given(box.port, smtp_user="bot", smtp_password=SecretStr(password))
        async with mailing(shipped, tmp_path, blank_file, **settings) as stage:
            await owes(stage)
            waiting = (CLAIRE, "waiting", 1, "mail_access")
            await until_rows(stage, *([] if is_taken else [waiting]))
    assert len(box.taken) == is_taken


async def test_what_is_too_large_is_given_up_and_the_next_one_goes(
    shipped: Knowledge, tmp_path: Path, blank_file: Path
) -> None:
    async with (
        mail_server(data_size_limit=2000) as box,
        mailing(shipped, tmp_path, blank_file, **given(box.port)) as stage,
    ):
        await owes(stage, text="long " * 2000)
        await owes(stage, text="court")
        await until(lambda: box.texts == ["court"], stage)
        await until_rows(stage, (CLAIRE, "parked", 0, "MailError: mail_content"))


async def test_a_huge_text_is_cut_and_a_subject_stays_one_line(stage: Stage, box: MailBox) -> None:
    await owes(stage, subject="Objet\r\nBcc: autre@exemple.fr " + "x" * 1000, text="é" * 10**6)
    await until(lambda: bool(box.taken), stage)
    (message,) = box.taken
    assert message["Bcc"] is None
    assert len(message["Subject"]) == LONGEST_SUBJECT
    assert len(box.texts[0]) == LONGEST_MAIL
    assert box.recipients == [CLAIRE]


async def test_a_slow_server_keeps_no_message_to_telegram_waiting(
    sme: Speaker, stage: Stage, box: MailBox
) -> None:
    hangs = asyncio.Event()
    entered = asyncio.Event()

    async def held(server: SMTP, session: object, envelope: object) -> str:
        entered.set()
        await hangs.wait()
        return "250 taken"

    box.handle_DATA = held  # type: ignore[method-assign,assignment]  # of this instance
    for number in range(8):
        await owes(stage, f"personne-{number}@exemple.fr")
    look(stage)
    await entered.wait()
    await sme.says("/aide")
    sme.sees("Ce que vous pouvez faire ici")
    hangs.set()
    await until_rows(stage)


async def test_without_a_mail_server_nothing_is_owed(
    shipped: Knowledge, tmp_path: Path, blank_file: Path
) -> None:
    async with mailing(shipped, tmp_path, blank_file) as stage:
        assert stage.running.parts.mail_dispatcher is None
        await registers(stage.person(), stage)
        async with stage.running.parts.database.begin() as work:
            posting = Posting(stage.running.parts.services, work)
            assert not posting.mail(CLAIRE, "S", "T")
        assert await mails(stage) == []


async def test_an_erasure_takes_the_e_mails_that_wait(
    sme: Speaker, stage: Stage, box: MailBox
) -> None:
    box.replies["RCPT"] = ["451 later"] * 9
    number = await registers(sme, stage)
    parts = stage.running.parts
    async with parts.database.begin() as work:
        (interest,) = await work.request_lists.waiting()
        posting = Posting(parts.services, work)
        mail_team(posting, "Corbeille", f"{number} et une autre", [interest, interest])
        mail_team(posting, "Corbeille", "Rien à signaler", None)
    assert len(await mails(stage)) == 6
    await sme.says("/supprimer")
    await sme.taps("Oui, tout effacer")
    payloads = select(outbox.c.payload).where(outbox.c.audience == Audience.EMAIL)
    left = [row[0]["text"] for row in await stage.rows(payloads)]
    assert len(left) == 2
    assert all("Rien à signaler" in text for text in left)


async def test_e_mails_that_nobody_sends_any_more_are_not_kept(stage: Stage, box: MailBox) -> None:
    box.replies["RCPT"] = ["451 later"] * 9
    await owes(stage)
    await until_rows(stage, (CLAIRE, "waiting", 1, "mail_address"))
    database = stage.running.parts.database
    stage.clock.passes(days=29)
    async with database.begin() as work:
        assert (await work.retention.apply(Durations()))["outbox"] == 0
    stage.clock.passes(days=2)
    async with database.begin() as work:
        assert (await work.retention.apply(Durations()))["outbox"] == 1


async def test_a_text_that_cannot_be_written_is_parked_at_last(stage: Stage, box: MailBox) -> None:
    await owes(stage)
    async with stage.running.parts.database.begin() as work:
        # As a row of another version may be.
        is_mail = outbox.c.audience == Audience.EMAIL
        await inside(work.outbox, "connection").execute(
            update(outbox).where(is_mail).values(payload={"text": "T"})
        )
    for attempts in range(1, 6):
        await until_rows(stage, (CLAIRE, "waiting", attempts, "KeyError"))
        stage.clock.passes(minutes=29)
    await until_rows(stage, (CLAIRE, "parked", 5, "KeyError: fault"))


async def test_no_address_and_no_text_is_logged(
    stage: Stage, box: MailBox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    box.refused[CLAIRE] = f"550 no {CLAIRE} here"
    box.replies["RCPT"] = [f"451 {CLAIRE} later"]
    await owes(stage, subject="Un objet", text="Un texte")
    await until_rows(stage, (CLAIRE, "waiting", 1, "mail_address"))
    stage.clock.passes(minutes=1)
    await until_rows(stage, (CLAIRE, "parked", 1, "MailError: mail_address"))
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("bot")]
    assert any("cannot be mailed" in line for line in ours)
    assert not [line for line in ours if "exemple.fr" in line or "Un " in line]


async def test_a_server_is_greeted_and_nothing_is_sent(box: MailBox) -> None:
    await MailServer("127.0.0.1", box.port, Security.NONE, HEAD).greet()
    assert box.greeted[0] == "exemple.fr"
    assert box.taken == []


@pytest.mark.parametrize(
    ("security", "why"), [(Security.TLS, "mail_tls"), (Security.STARTTLS, "mail_tls")]
)
async def test_a_server_without_encryption_is_never_spoken_to_in_clear(
    box: MailBox, security: Security, why: str
) -> None:
    server = MailServer("127.0.0.1", box.port, security, HEAD, "bot", "secret")
    with pytest.raises(MailError) as caught:
        await server.greet()
    assert (caught.value.trouble, caught.value.why) == (MailTrouble.CLOSED, why)
    assert "secret" not in repr(server)
