"""Logs, metrics and error reports hold nothing of what people write: by construction, and tried."""

import asyncio
import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dialogue import Speaker, Stage, inside
from sqlalchemy import delete
from test_dialogue_interest import begins
from test_webhook import Worker

from bot.runtime import logs, metrics
from bot.runtime.logs import LogFormat, describe, now_about
from storage.engine.errors import NotFoundError
from storage.engine.schema import inbox

FIRM, NAME, MAIL = "Zorglubine Mecanique", "Zenobie Quetzalcoatl", "zenobie@zorglubine.fr"
PHONE, WORDS = "06 98 76 54 32", "quincaillerie turlututu"
MARKERS = (
    "zorglub",
    "quetzal",
    "zenobie",
    "98 76 54",
    "98765432",
    "turlututu",
    "Nadia",
    "Benali",
)
TOKEN = "42:a-very-secret-token"  # noqa: S105 - a token of no bot


@contextmanager
def captured(level: str, form: LogFormat) -> Iterator[io.StringIO]:
    """Log as the program does, with every library as talkative as it can be."""
    root, hook = logging.getLogger(), sys.excepthook
    before = root.handlers[:], root.level
    packages = {name: logging.getLogger(name).level for name in logs.OUR_PACKAGES}
    for handler in before[0]:
        root.removeHandler(handler)
    stream = io.StringIO()
    ours = logs.set_up(level, [TOKEN], form)
    ours.setStream(stream)
    root.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        sys.excepthook = hook
        root.removeHandler(ours)
        for handler in before[0]:
            root.addHandler(handler)
        root.setLevel(before[1])
        for name, was in packages.items():
            logging.getLogger(name).setLevel(was)


@pytest.mark.parametrize("form", list(LogFormat))
async def test_marked_data_goes_through_every_flow_and_shows_nowhere(
    sme: Speaker,
    stage: Stage,
    administrator: Speaker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    form: LogFormat,
) -> None:
    with captured("DEBUG", form) as stream:
        logs.catch_forgotten(asyncio.get_running_loop())
        await stage.stops()
        await stage.starts()
        await _asks_and_declares(sme, stage)
        await _proposes(sme)
        await _meets_refusals(sme, stage)
        await _meets_failures(sme, stage, monkeypatch)
        await _posts(tmp_path)
        reports = [
            message["text"]
            for message in administrator.messages()
            if "Erreur technique" in message["text"] or "non remis" in message["text"]
        ]
        await stage.stops()
    told = stream.getvalue()
    assert told.count("handled") > 20
    assert told.count("RuntimeError") >= 1
    assert len(reports) >= 2
    everything = "\n".join([told, metrics.exposed().decode(), *reports]).lower()
    assert [marker for marker in MARKERS if marker.lower() in everything] == []
    # Of the metrics, what names: a count may be any number.
    names = re.findall(r"^[^# ]+", metrics.exposed().decode(), re.MULTILINE)
    assert len(names) > 50
    assert [name for name in names if str(sme.chat_id) in name] == []


async def _asks_and_declares(sme: Speaker, stage: Stage) -> None:
    await sme.says(f"{WORDS} {MAIL} {PHONE}")
    await sme.taps("Non")
    await sme.says(f"{WORDS} 732 829 320")
    await sme.says("c'est quoi territoires d'industrie ?")
    await begins(sme, stage)
    await sme.says(FIRM)
    await sme.says(NAME)
    await sme.taps("Par téléphone")
    await sme.says(f"{PHONE} 99999")
    await sme.says(PHONE)
    await sme.taps("Participer au projet")
    await sme.says(WORDS)
    await sme.says(f"732 829 320 {WORDS}")
    await sme.says("732 829 320 00074")
    await sme.taps("Oui, j'accepte et j'envoie")
    sme.sees("C'est enregistré")


async def _proposes(sme: Speaker) -> None:
    await sme.says("/proposer")
    await sme.taps("J'ai compris")
    await sme.taps("Une idée")
    await sme.says(f"{WORDS} pour {FIRM}, demander {NAME}")
    await sme.says("/annuler")


async def _meets_refusals(sme: Speaker, stage: Stage) -> None:
    faults = stage.messenger.faults
    faults.next("sendMessage", status=400, description=f"Bad Request: can't parse <{WORDS}>")
    await sme.says("/aide")
    faults.next("sendMessage", status=403, description=f"Forbidden: {NAME}")
    await sme.says("/aide")
    for status in (500, 502, 429):
        faults.next(
            "sendMessage",
            status=status,
            description=WORDS,
            parameters={"retry_after": 1} if status == 429 else None,
        )
        stage.messenger.says(sme.user, f"/{NAME.split(maxsplit=1)[0]}")
        await _passes(stage)
    faults.cut("sendMessage")
    stage.messenger.says(sme.user, f"/aide {WORDS}")
    await _passes(stage)


async def _passes(stage: Stage) -> None:
    """Let what was refused be tried again."""
    await stage.settles()
    stage.clock.passes(seconds=30)
    stage.running.parts.dispatcher.wake()
    await stage.settles()


async def _meets_failures(sme: Speaker, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: object, text: str, **_: object) -> None:
        cause = KeyError(text)
        cause.add_note(text)
        raise RuntimeError(f"cannot understand {text!r}") from cause

    with monkeypatch.context() as patch:
        patch.setattr(type(stage.knowledge.matcher), "match", fail)
        await sme.says(f"{WORDS} {FIRM} ?")
    sme.sees("Une erreur s'est produite")
    stage.messenger.delivers({"message": {"message_id": WORDS, "text": NAME}})
    await stage.settles()

    async def forgotten() -> None:
        raise ValueError(WORDS)

    task = asyncio.get_running_loop().create_task(forgotten())
    await asyncio.wait([task])
    del task
    async with stage.running.parts.database.begin() as work:
        await inside(work.inbox, "connection").execute(
            delete(inbox).where(inbox.c.state == "aside")
        )


async def _posts(folder: Path) -> None:
    worker = Worker(folder / "posted.db")
    assert await worker.post({"update_id": 1, "message": {"text": WORDS}}) == 503
    await worker.database.migrate()
    assert await worker.post({"update_id": WORDS}) == 400
    assert await worker.post(WORDS.encode()) == 400
    assert await worker.post({"update_id": 1, "message": {"text": WORDS}}) == 200
    await worker.client.aclose()
    await worker.database.close()


async def test_an_update_is_followed_to_the_message_that_answers_it(
    sme: Speaker, stage: Stage
) -> None:
    with captured("INFO", LogFormat.JSON) as stream:
        await sme.says("/aide")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    number = stage.messenger.last_update()["update_id"]
    assert [line["update"] for line in lines if line["message"] == "handled"] == [number]
    (sent,) = [line for line in lines if line["message"] == "sent"]
    assert sent["update"] == number
    assert sent["outbox"] > 0


def test_the_token_never_shows() -> None:
    for form in LogFormat:
        with captured("INFO", form) as stream:
            logging.getLogger("bot.x").error("asked %s", f"/bot{TOKEN}/getMe")
        assert "/bot<secret>/getMe" in stream.getvalue()


def test_libraries_are_heard_by_their_place_and_not_by_their_words() -> None:
    with captured("INFO", LogFormat.TEXT) as stream:
        logging.getLogger("telegram.ext").warning("update of %s", NAME)
        logging.getLogger("asyncio").error(f"task failed: {NAME}")  # noqa: G004 - as asyncio does
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert all("tests/test_logs.py:" in line for line in lines)
    assert NAME not in stream.getvalue()


def test_an_error_is_told_by_its_type_and_its_place() -> None:
    def fail() -> None:
        raise NotFoundError("no interest 12") from KeyError(NAME)

    with captured("INFO", LogFormat.JSON) as stream:
        try:
            fail()
        except NotFoundError as error:
            logging.getLogger("bot.x").error("failed: %s", error, exc_info=error)
            logging.getLogger("bot.x").warning("failed: %s", KeyError(NAME))
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first["message"] == "failed: NotFoundError: no interest 12"
    assert first["error"][0] == "NotFoundError: no interest 12"
    assert "in fail" in first["error"][2]
    assert "because of KeyError" in first["error"]
    assert second["message"] == "failed: KeyError"
    assert NAME not in stream.getvalue()


def test_an_error_that_causes_itself_is_told_once() -> None:
    one, two = ValueError(), TypeError()
    one.__cause__, two.__cause__ = two, one
    assert describe(one) == "ValueError\nbecause of TypeError"


def test_what_ends_the_program_is_told_without_words() -> None:
    with captured("INFO", LogFormat.TEXT) as stream:
        error = ValueError(NAME)
        sys.excepthook(ValueError, error, None)
    assert "the program fails\nValueError" in stream.getvalue()
    assert NAME not in stream.getvalue()


async def test_what_a_line_is_about_stays_with_its_task() -> None:
    async def works(number: int) -> None:
        now_about(update=number)
        await asyncio.sleep(0)
        logging.getLogger("bot.x").info("works")

    with captured("INFO", LogFormat.TEXT) as stream:
        await asyncio.gather(works(1), works(2))
        logging.getLogger("bot.x").info("rests")
    told = [line.split("bot.x", 1)[1] for line in stream.getvalue().splitlines()]
    assert told == [" update=1: works", " update=2: works", ": rests"]
