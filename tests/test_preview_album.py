"""Albums: several files in one call, as libraries send them."""

import json
from typing import Any

import httpx
import pytest
from preview_fixtures import SME, bare, begun, connected, refusal, serving  # noqa: F401 (fixtures)
from telegram import Bot, InputMediaAudio, InputMediaDocument, InputMediaPhoto, InputMediaVideo

from bot.preview.botapi import fits
from bot.preview.messenger import Messenger
from bot.preview.pictures import plain_png

KNOWN = {"type": "document", "media": "attach://a"}


async def test_each_file_is_a_message_of_one_group(client: Bot, messenger: Messenger) -> None:
    said = messenger.messages(SME)[-1]["message_id"]
    album = await client.send_media_group(
        SME,
        [
            InputMediaPhoto(plain_png(4, 3), caption="*é*", parse_mode="MarkdownV2"),
            InputMediaVideo(b"v", width=5, duration=9, show_caption_above_media=False),
        ],
        reply_to_message_id=said,
    )
    assert len({each.media_group_id for each in album}) == 1
    assert [each.caption for each in album] == ["é", None]
    assert album[0].caption_entities[0].type == "bold"
    assert (album[0].photo[-1].width, album[0].photo[-1].height) == (4, 3)
    assert album[1].video
    assert (album[1].video.width, album[1].video.height) == (5, 0)
    assert all(each.reply_to_message for each in album)
    assert all(fits(each, "Message") for each in messenger.messages(SME))
    again = [InputMediaPhoto(album[0].photo[-1].file_id) for _ in range(2)]
    other = await client.send_media_group(SME, again)
    assert other[0].media_group_id != album[0].media_group_id


async def test_documents_and_sounds_keep_their_names(client: Bot, messenger: Messenger) -> None:
    files = [InputMediaDocument(b"1", filename="a.csv"), InputMediaDocument(b"2", filename="b.csv")]
    album = await client.send_media_group(SME, files)
    assert [each.document.file_name for each in album if each.document] == ["a.csv", "b.csv"]
    sounds = [InputMediaAudio(b"1", title="t", performer="p"), InputMediaAudio(b"2")]
    first, second = await client.send_media_group(SME, sounds)
    assert first.audio
    assert second.audio
    assert (first.audio.title, first.audio.performer, second.audio.title) == ("t", "p", None)
    assert all(fits(each, "Message") for each in messenger.messages(SME))


@pytest.mark.parametrize(
    ("media", "reason"),
    [
        ("", 'parameter "media" is required'),
        ("{", "can't parse media JSON object"),
        ("{}", "expected an Array of InputMedia"),
        ([], "there are no messages to send"),
        ([KNOWN] * 11, "too many messages to send as an album"),
        (["x"], "can't parse InputMedia: expected an Object"),
        ([{"media": "x"}], "can't parse InputMedia: Can't find field \"type\""),
        ([{"type": "sticker"}], 'can\'t parse InputMedia: type "sticker" is unsupported'),
        ([{"type": "animation"}], 'type "animation" can\'t be used in sendMediaGroup'),
        ([{"type": "photo"}], "can't parse InputMedia: media not found"),
        ([{"type": "photo", "media": "attach://deux"}], "media not found"),
        ([{"type": "photo", "media": "autre"}], "wrong file identifier/HTTP URL specified"),
        (
            [KNOWN, {"type": "photo", "media": "x"}],
            "Document can't be mixed with other media types",
        ),
        ([KNOWN | {"caption": "*", "parse_mode": "Markdown"}], "Can't find end of the entity"),
        ([KNOWN | {"caption": "x", "parse_mode": "x"}], "Unsupported parse_mode"),
        ([KNOWN | {"caption": "x" * 1025}], "message caption is too long"),
    ],
)
async def test_what_is_no_album_is_refused_and_nothing_is_sent(
    raw: httpx.AsyncClient, messenger: Messenger, media: Any, reason: str
) -> None:
    text = media if isinstance(media, str) else json.dumps(media)
    values = {"chat_id": str(SME), "media": text}
    body = (await raw.post("/sendMediaGroup", data=values, files={"a": b"x"})).json()
    assert body["error_code"] == 400
    assert reason in body["description"]
    assert len(messenger.messages(SME)) == 1


async def test_an_album_needs_a_chat(raw: httpx.AsyncClient) -> None:
    assert "chat_id is empty" in await refusal(
        raw, "sendMediaGroup", media=[KNOWN | {"media": "x"}]
    )
