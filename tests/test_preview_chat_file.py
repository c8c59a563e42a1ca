"""The preview's chats across a restart: kept in one file, read again, or begun anew."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.preview.chats import Chats
from bot.preview.messenger import Messenger
from bot.preview.server import PreviewServer, running
from bot.preview_mode import chats_file
from bot.settings import Settings

KEYBOARD = {"inline_keyboard": [[{"text": "Oui", "callback_data": "oui"}]]}


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "preview.chats.json"


def written(file: Path) -> Any:
    """Return what the file holds, None where there is none."""
    return json.loads(file.read_bytes()) if file.exists() else None


def damage(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)


def assert_alone_and_private(file: Path) -> None:
    assert file.stat().st_mode & 0o077 == 0
    assert [one.name for one in file.parent.iterdir()] == [file.name]


async def converse(file: Path) -> Messenger:
    """Let a preview that keeps its chats run, and stop."""
    async with running(PreviewServer(chats=file)) as server:
        messenger = server.messenger
        messenger.says(messenger.sme, "Évidemment 👍")
        messenger.posts(messenger.sme.id, {"text": "?", "reply_markup": KEYBOARD})
        messenger.says(messenger.second_sme, "b")
        messenger.blocks(messenger.second_sme)
    return messenger


async def test_a_restarted_preview_shows_what_was_said(file: Path) -> None:
    before = await converse(file)
    async with running(PreviewServer(chats=file)) as server:
        after = server.messenger
        for user in (before.sme, before.second_sme):
            assert after.messages(user.id) == before.messages(user.id)
        assert after.chats.blocked == {after.second_sme.id}
        last = before.messages(before.sme.id)[-1]["message_id"]
        assert after.taps(after.sme, after.sme.id, last, "oui")
        assert after.posts(after.sme.id, {"text": "encore"})["message_id"] > last
    assert_alone_and_private(file)


async def test_a_change_is_written_while_the_preview_runs(file: Path) -> None:
    async with running(PreviewServer(chats=file)) as server:
        server.messenger.says(server.messenger.sme, "gardé")
        while not written(file):
            await server.messenger.changed_or(0.02)
        assert written(file)["messages"]["1001"][0]["text"] == "gardé"


async def test_emptied_chats_stay_empty_and_open_to_the_bot(file: Path) -> None:
    await converse(file)
    async with running(PreviewServer(chats=file)) as server:
        server.messenger.empties()
    async with running(PreviewServer(chats=file)) as server:
        messenger = server.messenger
        assert messenger.messages(messenger.sme.id) == []
        assert messenger.posts(messenger.sme.id, {"text": "a"})


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b"null", b'{"messages": {"1001": [{}]}}', b"[" * 10**5]
)
async def test_a_damaged_file_is_said_and_then_replaced(
    file: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    damage(file, content)
    async with running(PreviewServer(chats=file)) as server:
        assert "the kept chats cannot be read" in caplog.text
        assert server.messenger.messages(1001) == []
        server.messenger.says(server.messenger.sme, "a")
    assert written(file)["messages"]["1001"][0]["text"] == "a"


async def test_without_a_file_there_are_no_chats_and_none_is_made_for_nothing(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with running(PreviewServer(chats=file)):
        assert "no chats are kept yet" in caplog.text
    assert written(file) is None


async def test_a_file_that_cannot_be_written_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damage(tmp_path / "data" / "folder", b"a file where a folder should be")
    await converse(tmp_path / "data" / "folder" / "chats.json")
    assert "the chats are not kept" in caplog.text


def kept() -> dict[str, Any]:
    messenger = Messenger()
    messenger.says(messenger.sme, "a")
    return messenger.chats.kept()


def test_chats_that_no_longer_exist_are_left_out() -> None:
    former = kept()
    former["messages"]["9"] = [{**former["messages"]["1001"][0], "chat": {"id": 9}}]
    messenger = Messenger()
    messenger.chats.restore(former | {"blocked": [1001, 9]})
    assert [len(messenger.messages(chat)) for chat in (1001, 9)] == [1, 0]
    assert messenger.chats.blocked == {1001}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.just(float("inf"))
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.sampled_from(("messages", "blocked", "last_id")), JSON)
def test_whatever_the_file_holds_is_taken_whole_or_refused(name: str, value: object) -> None:
    chats: Chats = Messenger().chats
    chats.blocked = {1002}
    before = chats.kept()
    try:
        chats.restore(kept() | {name: value})
    except ValueError:
        assert chats.kept() == before
    else:
        assert set(chats.kept()) == set(before)


def test_the_file_lies_beside_the_database() -> None:
    assert chats_file(Settings.read(_env_file=None)) == Path("data/preview.chats.json")
    own = Settings.read(_env_file=None, database_url="sqlite+aiosqlite:///elsewhere/a.db")
    assert chats_file(own) == Path("elsewhere/a.chats.json")
    served = Settings.read(_env_file=None, database_url="postgresql+asyncpg://u:p@localhost/bot")
    assert chats_file(served) == Path("data/preview.chats.json")
